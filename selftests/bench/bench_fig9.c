// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Flow processing time (SpeedyBox, figure 9): what all packets of a connection
 * take, both directions, its first ones included, in the paper's real-world chains
 * on a data-centre mix of connections (mix.h), folded and unfolded. Each packet
 * goes through an oracle by itself, in the order of the mix:
 *
 *	XDP, as BPF_PROG_TEST_RUN tells for one run, minus a program that only
 *	returns; and, if XDP punts it, as it does every packet of the unfolded
 *	side, engine_packet() and engine_left(), minus what reading the clock takes.
 *
 * Not in it: AF_XDP's receiving, sending and wake-ups, and the engine's tick.
 * Each packet's time begins behind a system call, with the caches as that left
 * them. Of a connection the median of the rounds is taken. Both sides must put out
 * the same packets.
 *
 *	bench_fig9 [ROUNDS [CONNECTIONS]]
 * from the top of the tree, in a network namespace of its own. NFOLD_SEED. Prints
 * one JSON object a figure, and writes build/fig9_NAME.dat: share of the
 * connections, us folded, us unfolded.
 */
#include <inttypes.h>

#include "mix.h"
#include "rig.h"

#define MIX_ROUNDS_MAX 15
#define PAIR_CNT 1000
#define CHAIN1 "chains/speedybox-1.chain"
#define CHAIN2 "chains/speedybox-2.chain"

static int rounds = 3;
static uint32_t flows = 300;
static uint64_t seed = 20190707;
static double xdp_base, clock_base;	/* ns */

static double clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

/* --- what measuring takes --- */

static double return_once(void)
{
	struct xdp_md ctx = { .data_end = BENCH_LEN };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = rig_frame,
		    .data_size_in = BENCH_LEN, .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = 1);

	if (bpf_prog_test_run_opts(
		    bpf_program__fd(rig_wrap->progs.only_return), &opts))
		die("BPF_PROG_TEST_RUN");
	return opts.duration;
}

static void measure_bases(void)
{
	double xdp[PAIR_CNT], pair[PAIR_CNT];

	for (int i = 0; i < PAIR_CNT; i++) {
		xdp[i] = return_once();
		pair[i] = clock_ns();
		pair[i] = clock_ns() - pair[i];
	}
	xdp_base = median(xdp, PAIR_CNT);
	clock_base = median(pair, PAIR_CNT);
}

/* --- a side: the chain, and what came of each connection --- */

struct client {
	uint8_t saddr[4], daddr[4];	/* as its packets left */
	uint16_t sport, dport;
	double ns;
};

struct side {
	struct oracle *o;
	struct oracle_route route[2];
	struct oracle_routes routes;
	struct client *clients;
	uint64_t fast, walked, applied;	/* packets */
	uint64_t digest;		/* of what left */
};

static void set_route(struct oracle_route *r, const char *net, uint32_t len,
		      uint32_t port)
{
	*r = (struct oracle_route){ .family = 4, .len = len, .port = port };
	inet_pton(AF_INET, net, &r->net);
}

static void side_new(struct side *s, const struct chain_file *file, bool fold,
		     uint32_t cnt)
{
	struct oracle_conf conf = { .chain = file->chains, .fold = fold,
				    .kernel_clock = true,
				    .socket = rig_socket,
				    .routes = &s->routes };
	struct instance_error err;

	*s = (struct side){ .routes = { .v = s->route, .cnt = 2,
					.port_cnt = 2 } };
	set_route(&s->route[0], "0.0.0.0", 0, 1);
	set_route(&s->route[1], "10.0.0.0", 16, 0);
	s->clients = calloc(cnt, sizeof(*s->clients));
	nf_random_fixed();
	if (!s->clients || oracle_new(&s->o, &conf, &err))
		die(err.text);
	oracle_now(s->o, 1000 * NF_SEC);
}

static void side_free(struct side *s)
{
	oracle_free(s->o);
	free(s->clients);
}

/* --- packets --- */

/* Payloads are text without what chains/speedybox.rules looks for, but for a
 * packet of every tenth connection. */
static const uint8_t *payload_of(const struct mix_packet *m)
{
	static const char *const found[] = { "GET /etc/passwd ", "<script>alert(",
					     "${jndi:ldap://", "union select " };
	static uint8_t text[2 * MIX_MSS];
	static char one[MIX_MSS];

	for (uint32_t i = 0; !text[0] && i < sizeof(text); i++)
		text[sizeof(text) - 1 - i] = "the quick brown fox jumps over a "
					     "lazy dog, "[i * i / 7 % 43];
	if (m->flow % 10 || m->n != 5 || m->payload < 100)
		return text + m->n % MIX_MSS;
	memcpy(one, text, sizeof(one));
	memcpy(one + 40, found[m->flow / 10 % 4],
	       strlen(found[m->flow / 10 % 4]));
	return (const uint8_t *)one;
}

static uint32_t frame_of(const struct side *s, const struct mix_packet *m,
			 uint8_t *frame)
{
	const struct client *c = &s->clients[m->flow];
	struct pkt k = { .family = 4, .proto = IPPROTO_TCP, .ttl = 64,
			 .flags = m->flags, .csum = PKT_CSUM_FULL,
			 .payload = m->payload, .data = payload_of(m) };

	memcpy(k.dmac, oracle_maps(s->o)->ports[m->reply].mac, 6);
	k.seq = 1000 + (m->reply ? m->ack : m->seq);
	k.ack = m->flags & NFOLD_TCP_ACK ?
			1000 + (m->reply ? m->seq : m->ack) : 0;
	if (m->reply) {
		memcpy(k.src, c->daddr, 4);
		memcpy(k.dst, c->saddr, 4);
		k.sport = c->dport;
		k.dport = c->sport;
		return pkt_build(&k, frame);
	}
	memcpy(k.src, (uint8_t[]){ 10, 0, m->flow >> 8, m->flow }, 4);
	memcpy(k.dst, (uint8_t[]){ 198, 51, 100, 80 }, 4);
	k.sport = 32768 + m->flow % 28000;
	k.dport = 80;
	return pkt_build(&k, frame);
}

static void learn_answer(struct client *c, const uint8_t *bytes)
{
	memcpy(c->saddr, bytes + 26, 4);
	memcpy(c->daddr, bytes + 30, 4);
	c->sport = get16(bytes + 34);
	c->dport = get16(bytes + 36);
}

static void digest_frame(struct side *s, const struct oracle_result *r)
{
	s->digest = (s->digest ^ r->len ^ r->port << 16) * 0x100000001b3ULL;
	for (uint32_t i = 0; i < 54; i++)
		s->digest = (s->digest ^ r->bytes[i]) * 0x100000001b3ULL;
}

static void count_way(struct side *s, const struct oracle_result *r,
		      uint32_t weight)
{
	if (!r->punted)
		s->fast += weight;
	else if (r->walked)
		s->walked += weight;
	else
		s->applied += weight;
}

static void one_packet(struct side *s, const struct mix_packet *m)
{
	struct client *c = &s->clients[m->flow];
	struct oracle_result r;
	uint8_t frame[PKT_MAX];
	uint32_t len = frame_of(s, m, frame);
	double start, ns;

	oracle_advance(s->o, 1001 * NF_SEC + (uint64_t)m->at);
	if (oracle_packet(s->o, m->reply, frame, len, &r) ||
	    r.verdict != ORACLE_SENT)
		die("a packet was not sent");
	ns = r.xdp_ns - xdp_base;
	if (r.punted) {
		start = clock_ns();
		oracle_left(s->o);
		ns += clock_ns() - start - clock_base;
		ns += r.engine_ns - clock_base;
	}
	c->ns += ns * m->weight;
	count_way(s, &r, m->weight);
	digest_frame(s, &r);
	if (!m->n)
		learn_answer(c, r.bytes);
}

/* --- figures --- */

struct result {
	double *ns[2][MIX_ROUNDS_MAX];	/* folded, unfolded: by connection */
	double *mid[2];			/* median of the rounds; sorted */
	uint64_t fast, walked, applied, packets;
};

/* The whole mix through a new chain. */
static uint64_t run(struct result *res, const struct chain_file *file,
		    const struct mix *m, bool fold, int round)
{
	double *ns = calloc(m->flow_cnt, sizeof(*ns));
	struct side s;

	side_new(&s, file, fold, m->flow_cnt);
	for (uint32_t i = 0; i < m->cnt; i++)
		one_packet(&s, &m->packets[i]);
	for (uint32_t i = 0; ns && i < m->flow_cnt; i++)
		ns[i] = s.clients[i].ns;
	res->ns[!fold][round] = ns;
	if (fold) {
		res->fast = s.fast;
		res->walked = s.walked;
		res->applied = s.applied;
		res->packets = m->weight;
	} else if (s.fast || s.walked != m->weight) {
		die("the unfolded side did not walk");
	}
	side_free(&s);
	return s.digest;
}

static double quantile(const double *sorted, uint32_t cnt, double q)
{
	return sorted[(uint32_t)(q * (cnt - 1) + 0.5)];
}

static void medians(struct result *res, uint32_t cnt)
{
	for (int side = 0; side < 2; side++) {
		res->mid[side] = calloc(cnt, sizeof(double));
		for (uint32_t i = 0; i < cnt; i++) {
			double of[MIX_ROUNDS_MAX];

			for (int r = 0; r < rounds; r++)
				of[r] = res->ns[side][r][i];
			res->mid[side][i] = median(of, rounds);
		}
		qsort(res->mid[side], cnt, sizeof(double), by_value);
		for (int r = 0; r < rounds; r++)
			qsort(res->ns[side][r], cnt, sizeof(double), by_value);
	}
}

static double saved_of(double *const ns[2], uint32_t cnt, double q)
{
	return 1 - quantile(ns[0], cnt, q) / quantile(ns[1], cnt, q);
}

static void print_quantile(const char *name, const struct result *res,
			   uint32_t cnt, double q)
{
	double lo = 1, hi = -1, saved = saved_of(res->mid, cnt, q);

	for (int r = 0; r < rounds; r++) {
		double *ns[2] = { res->ns[0][r], res->ns[1][r] };
		double of = saved_of(ns, cnt, q);

		lo = of < lo ? of : lo;
		hi = of > hi ? of : hi;
	}
	printf("{\"name\":\"%s\",\"value\":%.0f,\"unit\":\"ns/flow\",\"ratio\":%.3f,\"baseline\":%.0f,\"spread\":%.3f}\n",
	       name, quantile(res->mid[0], cnt, q), saved,
	       quantile(res->mid[1], cnt, q), hi - lo);
	fflush(stdout);
}

static void write_cdf(const char *name, const struct result *res, uint32_t cnt)
{
	char path[128];
	FILE *out;

	snprintf(path, sizeof(path), "build/%s.dat", name);
	out = fopen(path, "w");
	if (!out)
		die(path);
	fprintf(out, "# share of the connections, us folded, us unfolded\n");
	for (uint32_t i = 0; i < cnt; i++)
		fprintf(out, "%.4f %.3f %.3f\n", (i + 1.0) / cnt,
			res->mid[0][i] / 1e3, res->mid[1][i] / 1e3);
	if (fclose(out))
		die(path);
}

/* text: NULL, or the chain's instead of the file's. Figures fig9_NAME_saved,
 * _p99 and _fast. */
static void figure(const char *chain, const char *text,
		   const struct mix_point *cdf, const char *name)
{
	char saved[64], p99[64], fast[64], data[64];
	struct result res = { 0 };
	struct chain_file *file;
	struct conf_error err;
	struct mix m;

	snprintf(saved, sizeof(saved), "fig9_%s_saved", name);
	snprintf(p99, sizeof(p99), "fig9_%s_p99", name);
	snprintf(fast, sizeof(fast), "fig9_%s_fast", name);
	snprintf(data, sizeof(data), "fig9_%s", name);
	if (chain_load(&file, chain, text, &err))
		die(err.message);
	mix_new(&m, cdf, flows, seed);
	for (int r = 0; r < rounds; r++)
		if (run(&res, file, &m, r & 1, r) !=
		    run(&res, file, &m, !(r & 1), r))
			die("folded and unfolded differ");
	medians(&res, flows);
	print_quantile(saved, &res, flows, 0.5);
	print_quantile(p99, &res, flows, 0.99);
	printf("{\"name\":\"%s\",\"value\":%" PRIu64 ",\"unit\":\"packets\",\"ratio\":%.3f,\"baseline\":%" PRIu64 ",\"spread\":0}\n",
	       fast, res.fast, (double)res.fast / res.packets, res.packets);
	write_cdf(data, &res, flows);
	for (int side = 0; side < 2; side++) {
		for (int r = 0; r < rounds; r++)
			free(res.ns[side][r]);
		free(res.mid[side]);
	}
	mix_free(&m);
	chain_file_free(file);
}

/* The chain with a firewall of as many rules in ipfilter's place: it remembers
 * what it decided for a session's first packet, so the unfolded chain compares no
 * other packet with the rules. That is how the paper describes its IPFilter. */
static const char *with_firewall(const char *chain, int rules)
{
	static char file[65536], text[65536];
	FILE *in = fopen(chain, "r");
	size_t len = in ? fread(file, 1, sizeof(file) - 1, in) : 0;
	char *from, *to, *at;

	file[len] = 0;
	from = strstr(file, "\tipfilter {");
	to = from ? strstr(from, "\n\t}\n") : NULL;
	if (!to)
		die(chain);
	fclose(in);
	at = text + sprintf(text, "%.*s\tfirewall {\n\t\tdefault allow;\n",
			    (int)(from - file), file);
	for (int i = 0; i < rules; i++)
		at += sprintf(at, i & 1 ? "\t\tdeny \"tcp dst port %d\";\n" :
					  "\t\tdeny \"dst host 203.0.113.%d\";\n",
			      i & 1 ? 9000 + i : 1 + i / 2);
	strcpy(at, to);
	return text;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		rounds = atoi(argv[1]);
	if (argc > 2)
		flows = atoi(argv[2]);
	if (rounds < 1 || rounds > MIX_ROUNDS_MAX || flows < 1 ||
	    flows > 20000)
		die("ROUNDS is 1 to 15, CONNECTIONS 1 to 20000");
	if (getenv("NFOLD_SEED"))
		seed = strtoull(getenv("NFOLD_SEED"), NULL, 0) | 1;
	fprintf(stderr, "bench_fig9: NFOLD_SEED=%" PRIu64 "\n", seed);
	rigs_begin_ports("cli0", "srv0");
	measure_bases();
	figure(CHAIN1, NULL, mix_web_search, "chain1");
	figure(CHAIN1, NULL, mix_data_mining, "chain1_mining");
	figure(CHAIN1, with_firewall(CHAIN1, 200), mix_web_search,
	       "chain1_firewall");
	figure(CHAIN2, NULL, mix_web_search, "chain2");
	figure(CHAIN2, NULL, mix_data_mining, "chain2_mining");
	figure(CHAIN2, with_firewall(CHAIN2, 350), mix_web_search,
	       "chain2_firewall");
	rigs_end();
	return 0;
}
