// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The spine: random chains of the NFs and random packets, through a side that
 * folds (the real program and the engine behind it) and one that does not.
 * Every packet has the same verdict, port and bytes; at the end every NF has
 * the same state. NFOLD_SEED repeats a run, NFOLD_CHAINS and NFOLD_PACKETS make
 * it longer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "loader/private_net.h"
#include "maps/parse.h"
#include "payload_nfs.h"
#include "tests/pkt.h"
#include "userspace/oracle.h"

#define UNRESOLVED 4	/* a next hop that never resolves */
#define PEERS 12	/* remembered packets that answers are made from */

static uint64_t seed, rng;

static uint32_t pick(uint32_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (rng >> 16) % n;
}

static uint64_t env(const char *name, uint64_t otherwise)
{
	const char *v = getenv(name);

	return v ? strtoull(v, NULL, 0) : otherwise;
}

/* --- the box: p0 inside, p1 and p2 outside, addresses on p0 and p1 --- */

static struct oracle_socket *sock;

static void box_net(void)
{
	static const struct private_port ports[] = { { .name = "p0" },
						     { .name = "p1" },
						     { .name = "p2" } };
	struct instance_error err;

	if (private_net_enter(ports, 3, &err)) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	if (system("ip addr add 10.0.0.1/24 dev p0 && "
		   "ip addr add 10.1.1.1/24 dev p1 && "
		   "ip -6 addr add 2001:db8::1/64 dev p0 nodad") ||
	    oracle_socket_new(&sock, "p0")) {
		printf("Bail out! addresses or AF_XDP socket\n");
		exit(1);
	}
}

/* By the third octet, and for IPv6 by the sixth byte: 10.0.0/24 and
 * 2001:db8::/48 by p0, 10.1.1 and 2001:db8:1 by p1, 10.1.2 and 2001:db8:2 by
 * p2; 10.1.3 and 2001:db8:3 never resolve. */
static enum route_result box_route(void *ctx, int family,
				   const struct nf_addr *daddr,
				   uint16_t *nexthop)
{
	const uint8_t *b = (const uint8_t *)daddr->a;
	uint8_t net = family == 4 ? b[2] : b[5];

	(void)ctx;
	if (family == 4 ? b[0] != 10 : b[0] != 0x20)
		return ROUTE_NONE;
	if (net >= UNRESOLVED)
		return ROUTE_NONE;
	*nexthop = 1 + net;
	return net == UNRESOLVED - 1 ? ROUTE_WAIT : ROUTE_OK;
}

static uint32_t box_route_port(void *ctx, uint16_t nexthop)
{
	(void)ctx;
	return nexthop == UNRESOLVED ? 1 : nexthop - 1;
}

static struct oracle *side_new(const struct chain *c, bool fold)
{
	const struct oracle_conf conf = {
		.chain = c,
		.fold = fold,
		.socket = sock,
		.router = { .lookup = box_route, .port = box_route_port },
	};
	struct instance_error err;
	struct oracle *o;

	if (oracle_new(&o, &conf, &err))
		fail_msg("%s", err.text);
	return o;
}

/* --- chains --- */

static const char *const rules[] = {
	"tcp", "udp", "icmp or icmp6", "tcp dst port 8080", "dst port 80",
	"src net 10.0.0.0/24", "ip6", "host 10.1.1.2", "udp and src port 4001",
	"dst host 2001:db8:1::2", "not tcp",
#define KEY_RULES 11
	/* beyond the flow key: */
	"tcp[tcpflags] & tcp-fin != 0", "greater 120", "ip[8] > 60",
};

static int add_firewall(char *t, size_t size)
{
	int n = snprintf(t, size, "\tfirewall { default %s; per-packet slow;",
			 pick(3) ? "allow" : "deny");

	for (uint32_t i = pick(4); i; i--)
		n += snprintf(t + n, size - n, " %s \"%s\";",
			      pick(2) ? "allow" : "deny",
			      rules[pick(sizeof(rules) / sizeof(rules[0]))]);
	return n + snprintf(t + n, size - n, " }\n");
}

static const char *const patterns[] = {
	"tcp", "udp", "icmp or icmp6", "dst tcp port 8080", "dst port 80",
	"src net 10.0.0.0/24", "ip vers 6", "host 10.1.1.2",
	"src or dst port 4001 or 80", "dst host 2001:db8:1::2", "not tcp",
	"icmp type echo", "tcp ? src port > 4001 : udp", "true",
	"transp[2:2] & 0x50 == 0x50", "all", "unfrag",
	/* beyond the flow key: */
	"syn", "syn and not ack", "dst tcp port 80 and fin", "ip ttl > 60",
	"ip len > 120", "udp ? ip hl 5 : ip vers 4", "transp[8] & 1 == 1",
	"ether src 2:0:0:0:0:0 and gre",
};

static int add_ipfilter(char *t, size_t size)
{
	int n = snprintf(t, size, "\tipfilter { rule ");

	for (uint32_t i = pick(4); i; i--)
		n += snprintf(t + n, size - n, "\"%s %s\", ",
			      pick(2) ? "allow" : "deny",
			      patterns[pick(sizeof(patterns) /
					    sizeof(patterns[0]))]);
	return n + snprintf(t + n, size - n, "\"%s\"; }\n",
			    pick(3) ? "allow" : "deny all");
}

static int add_monitor(char *t, size_t size)
{
	return snprintf(t, size, "\tmonitor;\n");
}

static int add_policer(char *t, size_t size)
{
	static const char *const per[] = { "flow", "host", "prefix 24 48" };

	return snprintf(t, size,
			"\tpolicer { rate %u%s; burst %ums; per %s; }\n",
			20 + pick(1000), pick(2) ? "pps" : "kbit",
			1 + pick(100), per[pick(3)]);
}

static int add_dos(char *t, size_t size)
{
	return snprintf(t, size,
			"\tdos { syn-threshold %u; source-rate %u; window %ums; }\n",
			2 + pick(5), 5 + pick(200), 10 + pick(1000));
}

static int add_nat(char *t, size_t size)
{
	return snprintf(t, size,
			"\tnat { source 10.0.0.0/24; pool 198.51.100.10; ports %s; seed 7; }\n",
			pick(3) ? "1024-65535" : "2000-2005");
}

static int add_mark(char *t, size_t size)
{
	int n = snprintf(t, size, "\tmark {%s",
			 pick(2) ? " default dscp 0;" : "");

	for (uint32_t i = pick(3); i; i--)
		n += snprintf(t + n, size - n, " rule \"%s\" dscp %u;",
			      rules[pick(KEY_RULES)], pick(64));
	return n + snprintf(t + n, size - n, " }\n");
}

/* Ends that the side's router knows, and that are not the host's. */
static int add_tunnel(char *t, size_t size)
{
	static const char *const kinds[] = {
		"ipip;", "gre;", "gue;",
		"vxlan; vni 5; remote-mac 2:0:0:0:0:5;",
	};
	static const char *const ends[] = {
		"local 10.1.1.77; remote 10.1.1.2;",
		"local 2001:db8:1::77; remote 2001:db8:1::2;",
	};
	int n = snprintf(t, size, "\ttunnel { kind %s %s%s",
			 kinds[pick(4)], ends[pick(2)],
			 pick(2) ? " dscp af11;" : "");

	if (pick(3))
		n += snprintf(t + n, size - n, " match \"%s\";",
			      rules[pick(KEY_RULES)]);
	return n + snprintf(t + n, size - n, " }\n");
}

static int add_lb(char *t, size_t size)
{
	return snprintf(t, size,
			"\tlb { seed 9; service a { vip 10.9.9.9:80/tcp; vip 10.9.9.9:53/udp; backend 10.1.1.2:8080; backend 10.1.2.2:8080 weight 2; }\n"
			"\t  service b { vip [2001:db8:9::9]:80/tcp; backend [2001:db8:1::2]:8080; } }\n");
}

/* The last ones need router mode. */
static int (*const nfs[])(char *t, size_t size) = {
	add_monitor, add_firewall, add_ipfilter, add_policer, add_dos, add_mark,
	add_nat, add_lb, add_tunnel,
};
#define NFS (sizeof(nfs) / sizeof(nfs[0]))
#define NFS_ROUTER 3

static int add_nf(char *t, size_t size, bool wire)
{
	static const char *const payload[] = { "scan", "patch", "guard",
					       "settle" };

	if (!pick(6))
		return snprintf(t, size, "\t%s;\n", payload[pick(4)]);
	return nfs[pick(wire ? NFS - NFS_ROUTER : NFS)](t, size);
}

static void chain_text(char *t, size_t size)
{
	bool wire = !pick(4);
	int n = snprintf(t, size, "chain eq {\n\t%s\n\ttable-size %s;\n",
			 wire ? "on p0 inside, p1 outside; mode wire;" :
				"on p0 inside, p1 outside, p2 outside;",
			 pick(4) ? "1k" : "64");

	for (uint32_t i = 1 + pick(4); i; i--)
		n += add_nf(t + n, size - n, wire);
	snprintf(t + n, size - n, "}\n");
}

/* --- NFs of the test's own: hops, TCP shifts, tags --- */

static enum nf_verdict hop(struct nf *nf, struct nf_pkt *pkt, uint8_t k)
{
	struct header_action ha = ha_ttl(k);

	if (!nf_pkt_ttl_dec(pkt, k))
		return nf_drop(pkt, NFOLD_REASON_TTL_EXCEEDED);
	localmat_add_HA(nf, pkt->fid, &ha);
	return NF_FORWARD;
}

static enum nf_verdict hop1(struct nf *nf, struct nf_pkt *pkt)
{
	return hop(nf, pkt, 1);
}

static enum nf_verdict hop2(struct nf *nf, struct nf_pkt *pkt)
{
	return hop(nf, pkt, 2);
}

static enum nf_verdict shift(struct nf *nf, struct nf_pkt *pkt)
{
	uint32_t seq = pkt->reply ? 0 : 0x12345678;
	uint32_t ack = pkt->reply ? -0x12345678 : 0;
	struct header_action ha = ha_seq(seq, ack);

	nf_pkt_shift_seq(pkt, seq, ack);
	if (pkt->l4proto == IPPROTO_TCP)
		localmat_add_HA(nf, pkt->fid, &ha);
	return NF_FORWARD;
}

static enum nf_verdict pop(struct nf *nf, struct nf_pkt *pkt)
{
	struct header_action ha = ha_vlan_pop();

	if (nf_pkt_pop_vlan(pkt))
		localmat_add_HA(nf, pkt->fid, &ha);
	return NF_FORWARD;
}

/* A trunk: tagged outside, untagged inside. */
static enum nf_verdict trunk(struct nf *nf, struct nf_pkt *pkt)
{
	struct header_action ha = ha_vlan_push(htons(0x88a8), htons(0x604d));

	if (pkt->outside)
		return pop(nf, pkt);
	if (nf_pkt_push_vlan(pkt, ha.tpid, ha.tci))
		localmat_add_HA(nf, pkt->fid, &ha);
	return NF_FORWARD;
}

static const struct nf_ops test_ops[] = {
	{ .name = "hop1", .packet = hop1 },
	{ .name = "hop2", .packet = hop2 },
	{ .name = "shift", .packet = shift, .edits = true },
	{ .name = "pop", .packet = pop, .edits = true },
	{ .name = "trunk", .packet = trunk, .edits = true },
};

/* One more NF, or none, at any place of the chain. */
static void add_test_nf(struct chain *c)
{
	static const struct conf_block empty;
	uint32_t at = pick(c->nf_cnt + 1), i = pick(7);

	if (i >= sizeof(test_ops) / sizeof(test_ops[0]))
		return;
	memmove(&c->nfs[at + 1], &c->nfs[at],
		(c->nf_cnt - at) * sizeof(c->nfs[0]));
	c->nfs[at] = (struct chain_nf){ .ops = &test_ops[i], .block = &empty };
	c->nf_cnt++;
}

/* --- packets --- */

/* What left the box, and where: the answers come from there. */
static struct {
	struct pkt f;
	uint32_t port;
} peers[PEERS];
static uint32_t peer_cnt;

static void set_addr(struct pkt *f, uint8_t *b, uint8_t net, uint8_t host)
{
	memset(b, 0, 16);
	if (f->family == 4) {
		memcpy(b, (uint8_t[]){ 10, net != 0, net, host }, 4);
		return;
	}
	memcpy(b, (uint8_t[]){ 0x20, 1, 0x0d, 0xb8, 0, net }, 6);
	b[15] = host;
}

static void random_ends(struct pkt *f, uint32_t *port, uint32_t port_cnt)
{
	static const uint16_t dports[] = { 80, 53, 8080 };

	*port = pick(port_cnt);
	set_addr(f, f->src, *port, 2 + pick(3));
	if (pick(2))
		set_addr(f, f->dst, 9, 9);
	else
		set_addr(f, f->dst, pick(5), 1 + pick(2));
	if (f->family == 4 && !pick(12))
		memcpy(f->dst, (uint8_t[]){ 198, 51, 100, 10 }, 4);
	f->sport = 4000 + pick(3);
	f->dport = dports[pick(3)];
	f->icmp_type = f->family == 4 ? (pick(6) ? 8 : 0) :
					(pick(6) ? 128 : 129);
}

static void answer_ends(struct pkt *f, uint32_t *port)
{
	uint32_t i = pick(peer_cnt);
	const struct pkt *to = &peers[i].f;

	*port = peers[i].port;
	f->family = to->family;
	f->proto = to->proto;
	f->tags = to->tags;
	memcpy(f->tci, to->tci, sizeof(f->tci));
	memcpy(f->src, to->dst, sizeof(f->src));
	memcpy(f->dst, to->src, sizeof(f->dst));
	f->sport = to->dport;
	f->dport = to->sport;
	if (f->proto == IPPROTO_ICMP || f->proto == IPPROTO_ICMPV6) {
		f->sport = to->sport;
		f->icmp_type = to->icmp_type ^ (f->family == 4 ? 8 : 1);
	}
}

static void random_frame(struct pkt *f, uint32_t *port, uint32_t port_cnt)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_TCP,
					  IPPROTO_UDP, IPPROTO_UDP,
					  IPPROTO_ICMP, 47 };
	static const uint8_t flags[] = { 2, 0x12, 0x10, 0x10, 0x18, 0x11, 4 };

	*f = (struct pkt){ .family = pick(3) ? 4 : 6 };
	f->proto = protos[pick(sizeof(protos))];
	if (f->family == 6 && f->proto == IPPROTO_ICMP)
		f->proto = IPPROTO_ICMPV6;
	f->tags = pick(8) ? 0 : 1 + pick(2);
	f->tci[0] = 10 + pick(2);
	f->tci[1] = 20;
	f->tpid[0] = f->tags == 2 ? 0x88a8 : 0x8100;
	if (peer_cnt && pick(2))
		answer_ends(f, port);
	else
		random_ends(f, port, port_cnt);
	f->ttl = pick(16) ? 64 : pick(3);
	f->payload = pick(8) ? pick(100) : pick(1440);
	f->frag = pick(2) ? 0x4000 : 0;
	f->fill = pick(256);
	if (!pick(10) && f->family == 4)
		f->options = 4 + 4 * pick(3);
	if (!pick(10) && f->family == 6)
		f->ext_cnt = 1 + pick(3);
	memset(f->ext, IPPROTO_DSTOPTS, sizeof(f->ext));
	f->flags = flags[pick(sizeof(flags))];
	f->csum = pick(8) ? PKT_CSUM_FULL : pick(4);
	if (f->csum == PKT_CSUM_NONE && f->proto != IPPROTO_UDP)
		f->csum = PKT_CSUM_FULL;
	if (f->csum == PKT_CSUM_PARTIAL && f->proto != IPPROTO_UDP &&
	    f->proto != IPPROTO_TCP)
		f->csum = PKT_CSUM_FULL;
}

/* Remembers a packet that left, with the header it left with. */
static void remember(const struct pkt *sent, const struct oracle_result *o)
{
	uint32_t i = peer_cnt < PEERS ? peer_cnt++ : pick(PEERS);
	struct pkt *f = &peers[i].f;
	struct nfold_parse p;
	const uint8_t *ip, *l4;

	*f = *sent;
	peers[i].port = o->port;
	/* A tunnel's, or an error message: not to be answered. */
	if (nfold_parse((void *)o->bytes, (void *)(o->bytes + o->len), o->port,
			&p) || p.family != f->family || p.l4proto != f->proto)
		return;
	f->tags = p.tags;
	for (int t = 0; t < p.tags; t++)
		f->tci[t] = get16(o->bytes + 14 + 4 * t);
	ip = o->bytes + p.l3_off;
	if (f->family == 4) {
		memcpy(f->src, ip + 12, 4);
		memcpy(f->dst, ip + 16, 4);
		l4 = ip + 20 + f->options;
	} else {
		memcpy(f->src, ip + 8, 16);
		memcpy(f->dst, ip + 24, 16);
		l4 = ip + 40 + 8 * f->ext_cnt;
	}
	if (f->proto == IPPROTO_TCP || f->proto == IPPROTO_UDP) {
		f->sport = l4[0] << 8 | l4[1];
		f->dport = l4[2] << 8 | l4[3];
	} else {
		f->sport = l4[4] << 8 | l4[5];
	}
}

/* What left in a tunnel comes back from its other end, as it is. */
static struct oracle_result wrapped;

static void remember_wrapped(const struct oracle_result *o)
{
	uint8_t *ip = wrapped.bytes + 14, tmp[16];
	uint32_t at, n;

	wrapped = *o;
	while (get16(ip - 2) == 0x8100 || get16(ip - 2) == 0x88a8)
		ip += 4;
	at = ip[0] >> 4 == 4 ? 12 : 8;
	n = ip[0] >> 4 == 4 ? 4 : 16;
	if (ip[at + n + n - 1] != 2 || ip[at + n - 1] != 77) {
		wrapped.len = 0;
		return;
	}
	memcpy(tmp, ip + at, n);
	memcpy(ip + at, ip + at + n, n);
	memcpy(ip + at + n, tmp, n);
}

/* --- comparison --- */

static void dump_bytes(const char *name, const struct oracle_result *o)
{
	printf("# %s: verdict %d port %u len %u:", name, o->verdict, o->port,
	       o->len);
	for (uint32_t i = 0; i < o->len && i < 80; i++)
		printf("%s%02x", i % 16 ? "" : " ", o->bytes[i]);
	printf("\n");
}

/* in: the frame as it was sent, as an outcome for the sake of printing. */
static void must_equal(const struct oracle_result *a, const struct oracle_result *b,
		       const struct oracle_result *in, const char *text,
		       uint64_t chain, uint64_t n)
{
	uint32_t at;
	const char *what = oracle_differ(a, b, &at);

	if (!what)
		return;
	printf("# NFOLD_SEED=%llu: chain %llu, packet %llu\n%s",
	       (unsigned long long)seed, (unsigned long long)chain,
	       (unsigned long long)n, text);
	dump_bytes("sent    ", in);
	dump_bytes("folded  ", a);
	dump_bytes("unfolded", b);
	fail_msg("folded and unfolded differ: %s, at byte %u", what, at);
}

static void must_equal_state(struct oracle *const s[2], const char *text,
			     uint64_t chain)
{
	json_t *diff = oracle_states_differ(s[0], s[1]);

	if (!diff)
		return;
	printf("# NFOLD_SEED=%llu: chain %llu\n%s# [folded, unfolded] %s\n",
	       (unsigned long long)seed, (unsigned long long)chain, text,
	       json_dumps(diff, JSON_COMPACT | JSON_SORT_KEYS));
	fail_msg("NF states differ");
}

/* Time, ticks and the occasional operator, the same on both sides. */
static void pass_time(struct oracle *const s[2], uint64_t *now)
{
	uint32_t what = pick(200), id = 1 + pick(30);

	*now += pick(10) ? pick(1000000) : 3000000;
	if (!what)
		*now += 100 * NF_SEC;
	for (int i = 0; i < 2; i++) {
		oracle_now(s[i], *now);
		if (i || pick(2))
			oracle_left(s[i]);
		oracle_tick(s[i]);
		if (what == 1)
			engine_invalidate_all(oracle_engine(s[i]));
		if (what == 2)
			engine_flush(oracle_engine(s[i]), &id, 1);
	}
}

static uint64_t run_chain(uint64_t chain, uint64_t packets)
{
	struct chain_file *file;
	struct conf_error err;
	struct oracle_result a, b, in = { 0 };
	struct oracle *s[2];
	uint64_t now = NF_SEC, by_kernel = 0;
	char text[4096];

	chain_text(text, sizeof(text));
	if (chain_load(&file, "random.chain", text, &err)) {
		conf_error_print(stdout, &err);
		fail_msg("chain refused");
	}
	add_test_nf(file->chains);
	wrapped.len = 0;
	s[0] = side_new(file->chains, true);
	s[1] = side_new(file->chains, false);
	peer_cnt = 0;
	for (uint64_t n = 0; n < packets; n++) {
		struct pkt f;

		pass_time(s, &now);
		random_frame(&f, &in.port, file->chains[0].port_cnt);
		memcpy(f.dmac, oracle_maps(s[0])->ports[in.port].mac, 6);
		f.smac[0] = 2;
		in.len = pkt_build(&f, in.bytes);
		if (!pick(30))
			in.len -= pick(in.len - 13);
		if (wrapped.len && !pick(6)) {
			in.port = wrapped.port;
			in.len = wrapped.len;
			memcpy(in.bytes, wrapped.bytes, in.len);
			memcpy(in.bytes, oracle_maps(s[0])->ports[in.port].mac, 6);
		}
		assert_int_equal(oracle_packet(s[0], in.port, in.bytes, in.len,
					       &a), 0);
		assert_int_equal(oracle_packet(s[1], in.port, in.bytes, in.len,
					       &b), 0);
		by_kernel += !a.punted;
		must_equal(&a, &b, &in, text, chain, n);
		if (a.verdict == ORACLE_SENT)
			remember(&f, &a);
		if (a.verdict == ORACLE_SENT && !wrapped.len)
			remember_wrapped(&a);
		else if (!pick(50))
			wrapped.len = 0;
	}
	must_equal_state(s, text, chain);
	for (int i = 0; i < 2; i++)
		engine_flush(oracle_engine(s[i]), NULL, 0);
	must_equal_state(s, text, chain);
	oracle_free(s[0]);
	oracle_free(s[1]);
	chain_file_free(file);
	return by_kernel;
}

static void random_chains_folded_equal_unfolded(void **state)
{
	uint64_t chains = env("NFOLD_CHAINS", 60);
	uint64_t packets = env("NFOLD_PACKETS", 2000);
	uint64_t by_kernel = 0;

	(void)state;
	for (uint64_t i = 0; i < chains; i++) {
		rng = seed * 1000003 + i + 1;
		for (int warm = 0; warm < 16; warm++)
			pick(2);
		by_kernel += run_chain(i, packets);
	}
	printf("# seed %llu: %llu chains x %llu packets, the kernel alone decided %.0f %% of the folded side's\n",
	       (unsigned long long)seed, (unsigned long long)chains,
	       (unsigned long long)packets,
	       100.0 * by_kernel / (chains * packets));
	assert_true(by_kernel > chains * packets / 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_chains_folded_equal_unfolded),
	};

	seed = env("NFOLD_SEED", time(NULL));
	printf("# NFOLD_SEED=%llu\n", (unsigned long long)seed);
	box_net();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
