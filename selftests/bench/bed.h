/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A chain with payload state functions in three engines that take turns on the
 * same packets: unfolded, one NF after the other; folded, one thread; folded, the
 * engine's thread and one worker. Without AF_XDP; one packet in hand at a time. UDP
 * packets of 64 flows and of several sizes, text with a word of words.h in some.
 */
#ifndef NFOLD_BENCH_BED_H
#define NFOLD_BENCH_BED_H

#include "rig.h"
#include "words.h"

#define BED_FLOWS 64
#define PACKETS_MAX 4096
#define SMALL 64	/* bytes of payload */
#define LARGE 1400

enum mode { UNFOLDED, ALONE, TWO, MODES };

static const uint32_t sizes[] = { SMALL, 128, 256, 512, 1024, LARGE };
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static int rounds = 31;
static uint32_t packets = 512;	/* of a turn */
static uint8_t frames[SIZES][BED_FLOWS][LARGE + 64];
static uint32_t frame_len[SIZES];

static inline double wall_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

/* --- packets --- */

/* Text with a word of the list now and then. */
static inline void fill_payload(uint8_t *p, uint32_t len, uint32_t flow)
{
	for (uint32_t i = 0; i < len; i++)
		p[i] = ' ' + (flow * 31 + i * 7 + i / 13) % 90;
	if (flow % 8 == 0)
		memcpy(p + len / 2, words_list[flow / 8],
		       strlen(words_list[flow / 8]));
}

static inline void make_frames(void)
{
	uint8_t payload[LARGE], frame[PKT_MAX];

	for (uint32_t s = 0; s < SIZES; s++)
		for (uint32_t f = 0; f < BED_FLOWS; f++) {
			struct pkt k = pkt_new(4, IPPROTO_UDP);

			fill_payload(payload, sizes[s], f);
			k.data = payload;
			k.payload = sizes[s];
			k.sport = 1024 + f;
			k.csum = PKT_CSUM_FULL;
			frame_len[s] = pkt_build(&k, frame);
			memcpy(frames[s][f], frame, frame_len[s]);
		}
}

/* --- engines --- */

struct bed {
	struct chain_file *file;
	struct oracle *o[MODES];
	uint64_t now;
};

static inline void send_one(struct bed *b, enum mode mode, uint32_t size,
		     uint32_t flow)
{
	struct nfold_punt punt = { .magic = NFOLD_PUNT_MAGIC, .family = 4,
				   .reason = NFOLD_REASON_STATE_FUNCTION };
	struct engine_pkt p = { .data = frames[size][flow],
				.len = frame_len[size], .punt = &punt };
	struct engine *e = oracle_engine(b->o[mode]);

	if (engine_packet(e, &p) != ENGINE_TX ||
	    p.walked != (mode == UNFOLDED))
		die("a packet did not go its way");
	engine_left(e, p.flow);
}

static inline void bed_learn(struct bed *b, enum mode mode)
{
	struct oracle_result r;

	for (uint32_t i = 0; i < 4 * BED_FLOWS; i++) {
		if (oracle_packet(b->o[mode], 0, frames[0][i % BED_FLOWS],
				  frame_len[0], &r) ||
		    r.verdict != ORACLE_SENT)
			die("a packet was not sent");
		oracle_left(b->o[mode]);
		oracle_tick(b->o[mode]);
	}
	if (mode != UNFOLDED && r.walked)
		die("a flow was not folded");
}

/* nfs: a chain's NFs as text. ops: of all NFs instead of what the text says, or
 * NULL. */
static inline void bed_new(struct bed *b, const char *nfs,
			   const struct nf_ops *ops)
{
	struct instance_error ierr;
	struct conf_error err;
	static char text[4096];

	*b = (struct bed){ .now = 1000 * NF_SEC };
	snprintf(text, sizeof(text),
		 "chain bed { on p0 inside, p1 outside; mode wire; table-size 1k; %s }",
		 nfs);
	if (chain_load(&b->file, "build/bed.chain", text, &err))
		die(err.message);
	for (uint32_t i = 0; ops && i < b->file->chains[0].nf_cnt; i++)
		b->file->chains[0].nfs[i].ops = ops;
	for (enum mode m = 0; m < MODES; m++) {
		struct oracle_conf conf = { .chain = b->file->chains,
					    .fold = m != UNFOLDED,
					    .alone = m == ALONE,
					    .kernel_clock = true,
					    .socket = rig_socket };

		if (oracle_new(&b->o[m], &conf, &ierr))
			die(ierr.text);
		oracle_now(b->o[m], b->now);
		bed_learn(b, m);
	}
}

static inline void bed_free(struct bed *b)
{
	for (enum mode m = 0; m < MODES; m++)
		oracle_free(b->o[m]);
	chain_file_free(b->file);
}

/* --- measuring --- */

struct taken {
	double ns[MODES][ROUNDS_MAX];		/* a packet, of all */
	double latency[MODES][ROUNDS_MAX];
};

static inline void turn(struct bed *b, enum mode mode, uint32_t size,
		 struct taken *t, int at)
{
	double start = wall_ns(), each[PACKETS_MAX];

	for (uint32_t i = 0; i < packets; i++)
		send_one(b, mode, size, i % BED_FLOWS);
	t->ns[mode][at] = (wall_ns() - start) / packets;
	for (uint32_t i = 0; i < packets; i++) {
		start = wall_ns();
		send_one(b, mode, size, i % BED_FLOWS);
		each[i] = wall_ns() - start;
	}
	qsort(each, packets, sizeof(*each), by_value);
	t->latency[mode][at] = each[packets / 2];
}

static inline void measure(struct bed *b, uint32_t size, struct taken *t)
{
	for (int r = -1; r < rounds; r++)	/* round -1 warms up */
		for (int i = 0; i < MODES; i++)
			turn(b, (i + r + 1) % MODES, size, t, r < 0 ? 0 : r);
}

/* --- figures --- */

/* theirs over ours (a rate's ratio is that of the times, turned over). */
static inline void print_rate(const char *what, int n, const double *ours,
		       const double *theirs)
{
	double ratio[ROUNDS_MAX] = { 0 };

	for (int r = 0; r < rounds; r++)
		ratio[r] = theirs[r] / ours[r];
	printf("{\"name\":\"%s_%d\",\"value\":%.0f,\"unit\":\"packets/s\",\"ratio\":%.3f,\"baseline\":%.0f,\"spread\":%.3f}\n",
	       what, n, 1e9 / median(ours, rounds), median(ratio, rounds),
	       1e9 / median(theirs, rounds), spread(ratio, rounds));
	fflush(stdout);
}

#endif
