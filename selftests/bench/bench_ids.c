// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The IDS's cost beside a bare Vectorscan scan of the same bytes: 18, 1,000 and
 * 10,000 rules of one content each, UDP payloads of 64 to 1,400 printable bytes,
 * one in a hundred with a match. Ours is the engine's whole way of a punted
 * packet of a folded flow (its checksums, the state function, the entry) but for
 * receiving and sending; the baseline is hs_scan() and nothing else. Prints one
 * JSON object a figure: ratio is the baseline's time over ours.
 *
 *	bench_ids [ROUNDS]
 * in a network namespace of its own.
 */
#include <hs.h>
#include <unistd.h>

#include "rig.h"

#define PACKETS 256
#define FRAME_MAX 1500
#define HEAD 42		/* Ethernet, IPv4, UDP */

static const uint32_t sizes[] = { 64, 256, 576, 1400 };
#define SIZES ((int)(sizeof(sizes) / sizeof(sizes[0])))

static uint64_t now = 1000 * NF_SEC, rng = 88172645463325252ULL;

static uint32_t draw(uint32_t below)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (rng >> 20) % below;
}

static void draw_text(char *text, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		text[i] = "abcdefghijklmnopqrstuvwxyz0123456789/=&?"[draw(40)];
	text[len] = '\0';
}

/* --- the rules, as a file and as a database of our own --- */

struct contents {
	char **text;
	uint32_t cnt;
	char file[32];
	hs_database_t *db;
	hs_scratch_t *scratch;
};

static void contents_make(struct contents *c, uint32_t cnt)
{
	FILE *f;
	int fd;

	*c = (struct contents){ .cnt = cnt, .file = "/tmp/nfold-bench-XXXXXX" };
	c->text = calloc(cnt, sizeof(*c->text));
	fd = mkstemp(c->file);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f || !c->text)
		die("rules file");
	for (uint32_t i = 0; i < cnt; i++) {
		c->text[i] = malloc(16);
		draw_text(c->text[i], 8 + i % 7);
		fprintf(f, "alert udp any any -> any any (msg:\"%u\"; content:\"%s\"; sid:%u;)\n",
			i, c->text[i], i + 1);
	}
	fclose(f);
}

static void contents_compile(struct contents *c)
{
	unsigned int *flags = calloc(c->cnt, sizeof(*flags));
	unsigned int *ids = calloc(c->cnt, sizeof(*ids));
	hs_compile_error_t *err;
	size_t *len = calloc(c->cnt, sizeof(*len));

	for (uint32_t i = 0; i < c->cnt; i++) {
		flags[i] = HS_FLAG_SINGLEMATCH;
		ids[i] = i;
		len[i] = strlen(c->text[i]);
	}
	if (hs_compile_lit_multi((const char *const *)c->text, flags, ids, len,
				 c->cnt, HS_MODE_BLOCK, NULL, &c->db, &err) ||
	    hs_alloc_scratch(c->db, &c->scratch))
		die("hs_compile_lit_multi");
	free(flags);
	free(ids);
	free(len);
}

static void contents_free(struct contents *c)
{
	for (uint32_t i = 0; i < c->cnt; i++)
		free(c->text[i]);
	free(c->text);
	unlink(c->file);
	hs_free_scratch(c->scratch);
	hs_free_database(c->db);
}

/* --- packets --- */

static uint8_t frames[PACKETS][FRAME_MAX], work[PACKETS][FRAME_MAX];

static void frames_make(const struct contents *c, uint32_t size)
{
	static char text[FRAME_MAX];
	static uint8_t built[PKT_MAX];

	for (int i = 0; i < PACKETS; i++) {
		struct pkt k = { .family = 4, .proto = IPPROTO_UDP,
				 .ttl = BENCH_TTL, .sport = 4000 + i % 16,
				 .dport = 5000, .payload = size,
				 .csum = PKT_CSUM_FULL,
				 .data = (const uint8_t *)text };

		draw_text(text, size);
		if (i % 100 == 50)
			memcpy(text, c->text[0], strlen(c->text[0]));
		memcpy(k.dmac, rig_mac, sizeof(k.dmac));
		memcpy(k.src, (uint8_t[]){ 10, 0, 0, 2 }, 4);
		memcpy(k.dst, (uint8_t[]){ 198, 51, 100, 80 }, 4);
		if (pkt_build(&k, built) != size + HEAD)
			die("frame's length");
		memcpy(frames[i], built, size + HEAD);
	}
}

/* --- the two sides, ns a packet --- */

static double ours(struct rig *r, uint32_t size)
{
	struct nfold_punt punt = { .magic = NFOLD_PUNT_MAGIC, .family = 4,
				   .reason = NFOLD_REASON_SLOW_FLOW };
	struct engine *e = oracle_engine(r->o);
	double start;

	memcpy(work, frames, sizeof(work));
	start = cpu_ns();
	for (int i = 0; i < PACKETS; i++) {
		struct engine_pkt p = { .data = work[i], .len = size + HEAD,
					.punt = &punt };

		if (i % 64 == 0)
			engine_now(e, now += 1000);
		if (engine_packet(e, &p) != ENGINE_TX)
			die("a packet was not sent");
		engine_left(e, p.flow);
	}
	return (cpu_ns() - start) / PACKETS;
}

static int on_match(unsigned int id, unsigned long long from,
		    unsigned long long to, unsigned int flags, void *ctx)
{
	(void)id;
	(void)from;
	(void)to;
	(void)flags;
	++*(uint64_t *)ctx;
	return 0;
}

static double bare(const struct contents *c, uint32_t size, uint64_t *found)
{
	double start = cpu_ns();

	for (int i = 0; i < PACKETS; i++)
		if (hs_scan(c->db, (const char *)frames[i] + HEAD, size, 0,
			    c->scratch, on_match, found))
			die("hs_scan");
	return (cpu_ns() - start) / PACKETS;
}

/* --- figures --- */

static void print_speed(const char *name, int rounds, double *o, double *b)
{
	double ratio[ROUNDS_MAX];

	for (int i = 0; i < rounds; i++)
		ratio[i] = b[i] / o[i];
	printf("{\"name\":\"%s\",\"value\":%.1f,\"unit\":\"ns/packet\",\"ratio\":%.3f,\"baseline\":%.1f,\"spread\":%.3f,\"least\":%.1f,\"least_baseline\":%.1f,\"least_ratio\":%.3f}\n",
	       name, median(o, rounds), median(ratio, rounds),
	       median(b, rounds), spread(ratio, rounds), least(o, rounds),
	       least(b, rounds), least(b, rounds) / least(o, rounds));
	fflush(stdout);
}

/* all: a packet of each size, in sum, round by round. */
static void one_size(struct rig *r, const struct contents *c, const char *name,
		     uint32_t size, int rounds, double *all_ours,
		     double *all_bare)
{
	static double o[ROUNDS_MAX], b[ROUNDS_MAX];
	uint64_t found = 0;
	char text[64];

	frames_make(c, size);
	for (int i = -1; i < rounds; i++) {	/* round -1 warms up */
		o[i < 0 ? 0 : i] = ours(r, size);
		b[i < 0 ? 0 : i] = bare(c, size, &found);
	}
	if (found < (uint64_t)rounds * 2)
		die("nothing was found");
	for (int i = 0; i < rounds; i++) {
		all_ours[i] += o[i];
		all_bare[i] += b[i];
	}
	snprintf(text, sizeof(text), "%s_%u_bytes", name, size);
	print_speed(text, rounds, o, b);
}

static void figure(uint32_t rules, const char *name, int rounds)
{
	double all_ours[ROUNDS_MAX] = { 0 }, all_bare[ROUNDS_MAX] = { 0 };
	struct contents c;
	char chain[128];
	struct rig r;

	contents_make(&c, rules);
	contents_compile(&c);
	snprintf(chain, sizeof(chain), "ids { rules \"%s\"; }", c.file);
	rig_new(&r, chain, NULL, 1024);
	for (int i = 0; i < SIZES; i++)
		one_size(&r, &c, name, sizes[i], rounds, all_ours, all_bare);
	print_speed(name, rounds, all_ours, all_bare);
	rig_free(&r);
	contents_free(&c);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 31;

	if (rounds < 1 || rounds > ROUNDS_MAX)
		die("ROUNDS is 1 to 1000");
	rigs_begin();
	figure(18, "ids_vs_vectorscan_18", rounds);
	figure(1000, "ids_vs_vectorscan_1k", rounds);
	figure(10000, "ids_vs_vectorscan_10k", rounds);
	rigs_end();
	return 0;
}
