/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A rig's chain in user space: each packet through each NF, without receiving and
 * sending.
 */
#ifndef NFOLD_BENCH_UNFOLDED_H
#define NFOLD_BENCH_UNFOLDED_H

#include "rig.h"

#define UNFOLDED_BATCH 64

static uint64_t unfolded_now = 1000 * NF_SEC;

static inline struct oracle *unfolded_new(struct rig *r)
{
	struct oracle_conf conf = { .chain = r->file->chains,
				    .socket = rig_socket,
				    .routes = &r->routes };
	struct instance_error err;
	struct oracle *o;

	if (oracle_new(&o, &conf, &err))
		die(err.text);
	oracle_now(o, unfolded_now);
	return o;
}

static inline void unfolded_frames(uint8_t *frames, uint32_t from,
				   uint32_t flows)
{
	uint8_t frame[PKT_MAX];

	for (int i = 0; i < UNFOLDED_BATCH; i++) {
		flow_frame(frame, (from + i) * 2654435761U & (flows - 1));
		memcpy(frames + i * BENCH_LEN, frame, BENCH_LEN);
	}
}

/* ns a packet, of packets / 16. flows: a power of two. */
static inline double unfolded_run(struct oracle *o, uint32_t packets,
				  uint32_t flows)
{
	static uint8_t frames[UNFOLDED_BATCH * BENCH_LEN];
	struct nfold_punt punt = { .magic = NFOLD_PUNT_MAGIC, .family = 4,
				   .reason = NFOLD_REASON_SLOW_FLOW };
	uint32_t cnt = packets / 1024 * UNFOLDED_BATCH;
	struct engine *e = oracle_engine(o);
	double ns = 0, start;

	for (uint32_t done = 0; done < cnt; done += UNFOLDED_BATCH) {
		unfolded_frames(frames, done, flows);
		start = cpu_ns();
		engine_now(e, unfolded_now += 1000);
		for (int i = 0; i < UNFOLDED_BATCH; i++) {
			struct engine_pkt p = { .data = frames + i * BENCH_LEN,
						.len = BENCH_LEN,
						.punt = &punt };

			if (engine_packet(e, &p) == ENGINE_TX)
				engine_left(e, p.flow);
		}
		ns += cpu_ns() - start;
	}
	return ns / cnt;
}

#endif
