/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Inside of the stream reassembly (stream.h).
 *
 * What waits is held in pieces: a direction's pieces do not overlap, and lie in
 * a tree by sequence number. Where a new segment overlaps one, the policy says
 * who has the bytes, and the loser is cut.
 */
#ifndef NFOLD_IDS_STREAM_PRIV_H
#define NFOLD_IDS_STREAM_PRIV_H

#include <bsd/sys/tree.h>

#include "stream.h"

struct ids_piece {
	RB_ENTRY(ids_piece) node;
	uint64_t *steps;	/* the pool's */
	uint8_t *data;		/* byte at seq; in bytes[] */
	uint32_t seq, end;	/* what it has */
	uint32_t begin, stop;	/* what its segment had when it came */
	uint32_t charge;	/* bytes of memory */
	uint8_t bytes[];
};

RB_HEAD(ids_tree, ids_piece);

struct ids_half {
	struct ids_stream *s;
	struct ids_tree pieces;
	struct ids_half *before, *behind; /* the pool's list of those that wait */
	uint64_t since;		/* when it began to wait for its first gap */
	uint64_t offset;	/* of next */
	uint8_t *history;	/* ring of limits.history bytes, by offset */
	uint32_t history_len;	/* bytes before next that are in it */
	uint32_t next;		/* number of the next byte to deliver */
	uint32_t isn;
	uint32_t fin_seq;
	uint32_t edge;		/* first number that the receiver refuses */
	uint32_t lost_from, lost_to; /* given up */
	uint8_t placed : 1;	/* next is known */
	uint8_t syn : 1;
	uint8_t fin : 1;
	uint8_t ended : 1;
	uint8_t edge_known : 1;
	uint8_t lost : 1;
	uint8_t gap : 1;	/* to be told with the next delivery */
};

struct ids_stream {
	struct ids_streams *pool;
	struct ids_half half[2];
	uint32_t held, pieces;	/* both directions */
	bool reset;
};

struct ids_streams {
	struct ids_stream_limits limits;
	struct ids_streams_stats stats;
	struct ids_half *waiting; /* utlist; longest first */
};

/* One call of ids_stream_segment(). */
struct ids_call {
	struct ids_stream *s;
	struct ids_half *h;
	int dir;
	uint64_t now;
	ids_stream_fn deliver;
	void *ctx;
	unsigned int result;
};

/* Bytes on their way in: data is at seq, and shrinks from both sides. */
struct ids_new {
	const uint8_t *data;
	uint32_t seq, end;
	uint32_t begin;		/* as it came, but for old bytes */
	uint32_t stop;		/* as it came, but for refused bytes */
};

/* RFC 9293, 3.4: in a circle of 2^32. */
static inline bool seq_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static inline uint32_t seq_min(uint32_t a, uint32_t b)
{
	return seq_before(a, b) ? a : b;
}

static inline uint32_t seq_max(uint32_t a, uint32_t b)
{
	return seq_before(a, b) ? b : a;
}

/* Does the new segment get the bytes that it shares with the held piece? */
bool ids_policy_wins(enum ids_stream_policy policy, const struct ids_new *n,
		     const struct ids_piece *e);
/* Never, whatever their numbers? */
bool ids_policy_first(enum ids_stream_policy policy);

/* stream.c: memory. May the pool take as much more (*s: not at its cost)? Gives
 * up the longest waiting for it. */
bool ids_pool_room(struct ids_streams *pool, uint64_t bytes,
		   const struct ids_stream *s);
/* The same for a stream or a history: they leave a quarter to what waits. */
bool ids_pool_fixed_room(const struct ids_streams *pool, uint64_t bytes);
void ids_pool_charge(struct ids_streams *pool, uint64_t bytes);
void ids_half_drop(struct ids_half *h); /* frees its pieces */
/* It waits for its first gap, since now; without pieces, for none any more. */
void ids_half_wait(struct ids_half *h, uint64_t now);

/* stream_hold.c: pieces. */
struct ids_piece *ids_piece_first(struct ids_half *h);
void ids_piece_free(struct ids_half *h, struct ids_piece *p);
/* Takes what lies before seq from it. */
void ids_piece_cut(struct ids_piece *p, uint32_t seq);
/* Says IDS_STREAM_DIFFERS if the bytes that both have are not the same. */
void ids_piece_compare(struct ids_call *c, const struct ids_new *n,
		       const struct ids_piece *e);
/* Copies what the policy gives it; false: no room, nothing held is changed, n
 * may be shorter. */
bool ids_hold(struct ids_call *c, struct ids_new *n);
/* ids_piece_compare() with all that n overlaps. */
void ids_hold_compare(struct ids_call *c, const struct ids_new *n);
/* Nothing from seq on is held any more; true: something was. */
bool ids_hold_end(struct ids_half *h, uint32_t seq);

/* stream_data.c: n is delivered, held or ignored. */
void ids_data(struct ids_call *c, struct ids_new *n);
/* Are some of its bytes unlike an earlier copy? Changes nothing. */
bool ids_data_differs(struct ids_call *c, struct ids_new n);
/* The first gap is given up if it was waited for too long. */
void ids_data_timeout(struct ids_call *c);
/* First number that a segment may not have. */
uint32_t ids_half_limit(const struct ids_half *h);

#endif
