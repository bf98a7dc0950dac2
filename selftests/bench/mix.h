/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A data-centre mix of TCP connections: sizes by published distributions, drawn
 * from a seed; who sends which packet when. The client sends the data, 1,460
 * bytes a packet, the server acknowledges every second one; three packets open
 * a connection and three close it.
 *
 * Distributions, bytes in packets of 1,460, as cumulative tables between whose
 * points sizes are spread evenly:
 * - web search: Alizadeh et al., "Data Center TCP (DCTCP)", SIGCOMM 2010;
 * - data mining: Greenberg et al., "VL2", SIGCOMM 2009;
 * both with the points that "pFabric" (Alizadeh et al., SIGCOMM 2013) published
 * for its simulations. Of data mining, sizes above MIX_CUT packets (2 % of the
 * connections) are cut to it.
 *
 * A connection's first MIX_WHOLE data packets are there one by one; of the
 * rest, two data packets and their acknowledgement stand for MIX_PART times as
 * many.
 */
#ifndef NFOLD_BENCH_MIX_H
#define NFOLD_BENCH_MIX_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "maps/flow.h"
#include "measure.h"

#define MIX_MSS 1460
#define MIX_CUT 20000U		/* packets */
#define MIX_WHOLE 256		/* data packets */
#define MIX_PART 16
/* Of web search that is about 6 Gbit/s in 50 connections at a time. */
#define MIX_RTT 200e3		/* ns, with what hosts take */
#define MIX_GAP 60e3		/* ns between data packets of a connection */
#define MIX_OPEN 2e6		/* ns between connections, in the mean */

struct mix_point {
	double packets;
	double share;		/* of the connections that have no more */
};

static const struct mix_point mix_web_search[] = {
	{ 1, 0 }, { 6, 0.15 }, { 13, 0.2 }, { 19, 0.3 }, { 33, 0.4 },
	{ 53, 0.53 }, { 133, 0.6 }, { 667, 0.7 }, { 1333, 0.8 },
	{ 3333, 0.9 }, { 6667, 0.97 }, { 20000, 1 },
};

static const struct mix_point mix_data_mining[] = {
	{ 1, 0 }, { 1, 0.5 }, { 2, 0.6 }, { 3, 0.7 }, { 7, 0.8 },
	{ 267, 0.9 }, { 2107, 0.95 }, { 66667, 0.99 }, { 666667, 1 },
};

/* A packet of a connection. */
struct mix_packet {
	double at;		/* ns from the beginning */
	uint32_t flow;		/* connection, from 0 */
	uint32_t n;		/* its place in the connection */
	uint32_t seq, ack;	/* relative to the two first */
	uint16_t payload;
	uint8_t flags;
	uint8_t weight;		/* packets that it stands for */
	bool reply;
};

struct mix {
	struct mix_packet *packets;	/* by time */
	uint32_t cnt, room;
	uint64_t weight;		/* packets that they stand for */
	uint32_t flow_cnt;
	uint64_t rng;
};

static inline double mix_random(struct mix *m)
{
	m->rng ^= m->rng << 13;
	m->rng ^= m->rng >> 7;
	m->rng ^= m->rng << 17;
	return (m->rng >> 11) * 0x1p-53;
}

/* Bytes of a connection, 1 at least. */
static inline uint64_t mix_size(struct mix *m, const struct mix_point *cdf)
{
	double u = mix_random(m), packets;

	while (u > cdf[1].share)
		cdf++;
	packets = cdf[0].packets + (cdf[1].packets - cdf[0].packets) *
					   (u - cdf[0].share) /
					   (cdf[1].share - cdf[0].share);
	if (packets > MIX_CUT)
		packets = MIX_CUT;
	return packets * MIX_MSS;
}

static inline void mix_add(struct mix *m, const struct mix_packet *p)
{
	if (m->cnt == m->room) {
		m->room = m->room ? 2 * m->room : 4096;
		m->packets = realloc(m->packets, m->room * sizeof(*p));
		if (!m->packets)
			die("memory");
	}
	m->packets[m->cnt++] = *p;
	m->weight += p->weight;
}

/* The next packet of p's connection, `after` ns behind the one before. */
static inline void mix_next(struct mix *m, struct mix_packet *p, double after,
			    bool reply, uint8_t flags, uint16_t payload)
{
	p->at += after;
	p->reply = reply;
	p->flags = flags;
	p->payload = payload;
	mix_add(m, p);
	p->n++;
	if (!reply)
		p->seq += payload + !!(flags & (NFOLD_TCP_SYN | NFOLD_TCP_FIN));
	else
		p->ack += !!(flags & (NFOLD_TCP_SYN | NFOLD_TCP_FIN));
}

/* Two data packets, or what is left, and their acknowledgement. */
static inline void mix_data(struct mix *m, struct mix_packet *p,
			    uint64_t *bytes, uint8_t weight)
{
	p->weight = weight;
	for (int i = 0; i < 2 && *bytes; i++) {
		uint16_t part = *bytes > MIX_MSS ? MIX_MSS : *bytes;

		mix_next(m, p, MIX_GAP, false, NFOLD_TCP_ACK, part);
		*bytes -= part;
	}
	mix_next(m, p, MIX_GAP / 2, true, NFOLD_TCP_ACK, 0);
	p->at += (weight - 1) * 2 * MIX_GAP;
	p->seq += (weight - 1) * 2 * MIX_MSS;
	*bytes -= (weight - 1) * 2 * MIX_MSS;
	p->weight = 1;
}

static inline void mix_connection(struct mix *m, uint32_t flow, double at,
				  uint64_t bytes)
{
	struct mix_packet p = { .at = at, .flow = flow, .weight = 1 };
	const uint8_t ack = NFOLD_TCP_ACK;

	mix_next(m, &p, 0, false, NFOLD_TCP_SYN, 0);
	mix_next(m, &p, MIX_RTT / 2, true, NFOLD_TCP_SYN | ack, 0);
	mix_next(m, &p, MIX_RTT / 2, false, ack, 0);
	while (bytes)
		mix_data(m, &p, &bytes,
			 p.seq > MIX_WHOLE * MIX_MSS &&
					 bytes >= 2 * MIX_PART * MIX_MSS ?
				 MIX_PART : 1);
	mix_next(m, &p, MIX_GAP, false, ack | NFOLD_TCP_FIN, 0);
	mix_next(m, &p, MIX_RTT / 2, true, ack | NFOLD_TCP_FIN, 0);
	mix_next(m, &p, MIX_RTT / 2, false, ack, 0);
}

static inline int mix_by_time(const void *a, const void *b)
{
	const struct mix_packet *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->flow != y->flow ? (x->flow < y->flow ? -1 : 1) :
				    (x->n > y->n) - (x->n < y->n);
}

/* flows connections, which begin at times that are independent of each other (a
 * Poisson process, given how many there are). seed: not 0. */
static inline void mix_new(struct mix *m, const struct mix_point *cdf,
			   uint32_t flows, uint64_t seed)
{
	*m = (struct mix){ .rng = seed, .flow_cnt = flows };
	for (int i = 0; i < 16; i++)	/* a small seed has few bits set */
		mix_random(m);
	for (uint32_t i = 0; i < flows; i++) {
		double at = mix_random(m) * flows * MIX_OPEN;

		mix_connection(m, i, at, mix_size(m, cdf));
	}
	qsort(m->packets, m->cnt, sizeof(*m->packets), mix_by_time);
}

static inline void mix_free(struct mix *m)
{
	free(m->packets);
}

#endif
