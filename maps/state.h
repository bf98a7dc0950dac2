/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Kernel tier of the state functions: cells, and the functions over them, each
 * one C function compiled for XDP and for user space. Whoever handles a packet
 * updates the same cell by the same code (DESIGN section 5).
 *
 * Map "cells": mmap-able array. A cell belongs to a flow, to an aggregate
 * (source, prefix) or to an NF, which is the NF's choice; the NF allocates it,
 * sets its parameters before the first packet, and frees it.
 *
 * Maps "own_0" and up: the same, of a kind of NF with a function of its own
 * (bpf/own.bpf.h); the value is a cell with the NF's fields behind it.
 */
#ifndef NFOLD_STATE_H
#define NFOLD_STATE_H

#include <linux/types.h>

#include "flow.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

enum nfold_fn {
	NFOLD_FN_NONE,
	NFOLD_FN_COUNT,		/* packets and bytes; never fires */
	NFOLD_FN_THRESHOLD,	/* fires while a count is above the limit */
	NFOLD_FN_BUCKET,	/* token bucket: fires without a token */
	NFOLD_FN_SAMPLE,	/* fires on one packet in `limit` */
	NFOLD_FN_OWN,		/* and up: an NF's own; of a step, + its number */
};

#define NFOLD_OWN_MAX 8		/* kinds of NF with an own function, a chain */

#define NFOLD_CELL_SYN 0x0001	/* THRESHOLD: only SYN without ACK counts */
#define NFOLD_CELL_BYTES 0x0002	/* BUCKET: a token is a byte, not a packet */

/* Units of a bucket's times: 1/16 ns of CLOCK_MONOTONIC, 36 years of them. */
#define NFOLD_BUCKET_SHIFT 4

struct nfold_cell {
	__u64 packets;		/* COUNT: atomic */
	__u64 bytes;
	__u64 word;		/* atomic. THRESHOLD: window << 32 | count;
				 * BUCKET: theoretical arrival time, in its units;
				 * SAMPLE: packets */
	__u64 limit;		/* THRESHOLD: packets; BUCKET: burst in its
				 * units of time; SAMPLE: one in so many */
	__u64 rate;		/* THRESHOLD: window in ns, 0: for ever;
				 * BUCKET: its units of time a token, << 16 */
	__u32 flags;		/* NFOLD_CELL_* */
	__u32 fired;		/* 1: the event is on, and was told */
	__u64 fires;		/* packets that met the condition; atomic */
	__u64 pad;
};

/* What a state function may see of a packet: the headers' constants are known
 * when the cell is chosen; these are what varies, at the NF's place. */
struct nfold_view {
	__u64 now;		/* ns, CLOCK_MONOTONIC; for nfold_fn_timed(), and
				 * for own functions that are timed: else 0 */
	__u32 len;		/* frame bytes as it came in, whatever was put
				 * around it since */
	__u32 tcp_flags;	/* NFOLD_TCP_*; 0 if not TCP */
};

#define NFOLD_ONCE(x) (*(volatile __typeof__(x) *)&(x))

static __always_inline int nfold_fn_count(struct nfold_cell *c,
					  const struct nfold_view *v)
{
	__sync_fetch_and_add(&c->packets, 1);
	__sync_fetch_and_add(&c->bytes, v->len);
	return 0;
}

/* Count of the window, with this packet. A window only moves on, so that a CPU
 * with an older clock counts into the newer one. */
static __always_inline __u32 nfold_threshold_add(struct nfold_cell *c,
						 __u32 window)
{
	__u64 old = NFOLD_ONCE(c->word), next = (__u64)window << 32 | 1;

	if ((__s32)(window - (__u32)(old >> 32)) > 0 &&
	    __sync_val_compare_and_swap(&c->word, old, next) == old)
		return 1;
	/* Must not run over into the window. */
	if ((__u32)old >= 0xffff0000U)
		return old;
	return (__u32)__sync_fetch_and_add(&c->word, 1) + 1;
}

/* The packet number limit + 1 is the first that fires, on any interleaving of
 * CPUs: each has its own number. One that does not count is judged by the count
 * as it stands. */
static __always_inline int nfold_fn_threshold(struct nfold_cell *c,
					      const struct nfold_view *v)
{
	__u32 window = c->rate ? v->now / c->rate : 0;
	__u64 word;

	if (!(c->flags & NFOLD_CELL_SYN) ||
	    (v->tcp_flags & (NFOLD_TCP_SYN | NFOLD_TCP_ACK)) == NFOLD_TCP_SYN)
		return nfold_threshold_add(c, window) > c->limit;
	word = NFOLD_ONCE(c->word);
	return (__u32)(word >> 32) == window && (__u32)word > c->limit;
}

#define NFOLD_BUCKET_TRIES 8

/* Token bucket as the generic cell rate algorithm (ITU-T I.371, virtual
 * scheduling): one word, the time at which the bucket would be full again. A
 * packet conforms if it does not move that time more than the burst ahead of
 * now. Loses against other CPUs as often as TRIES: fires. */
static __always_inline int nfold_fn_bucket(struct nfold_cell *c,
					   const struct nfold_view *v)
{
	__u64 tokens = c->flags & NFOLD_CELL_BYTES ? v->len : 1;
	__u64 now = v->now << NFOLD_BUCKET_SHIFT;
	__u64 cost = (tokens * c->rate) >> 16;

	for (int i = 0; i < NFOLD_BUCKET_TRIES; i++) {
		__u64 old = NFOLD_ONCE(c->word);
		__u64 full = (old > now ? old : now) + cost;

		if (full - now > c->limit)
			return 1;
		if (__sync_val_compare_and_swap(&c->word, old, full) == old)
			return 0;
	}
	return 1;
}

static __always_inline int nfold_fn_sample(struct nfold_cell *c)
{
	__u64 n = __sync_fetch_and_add(&c->word, 1);

	return c->limit && (n + 1) % c->limit == 0;
}

/* Does the function look at the time? The cell's parameters say. */
static __always_inline int nfold_fn_timed(__u32 fn, const struct nfold_cell *c)
{
	return fn == NFOLD_FN_BUCKET || (fn == NFOLD_FN_THRESHOLD && c->rate);
}

/* 1: the condition holds for this packet. */
static __always_inline int nfold_fn_run(__u32 fn, struct nfold_cell *c,
					const struct nfold_view *v)
{
	switch (fn) {
	case NFOLD_FN_COUNT:
		return nfold_fn_count(c, v);
	case NFOLD_FN_THRESHOLD:
		return nfold_fn_threshold(c, v);
	case NFOLD_FN_BUCKET:
		return nfold_fn_bucket(c, v);
	case NFOLD_FN_SAMPLE:
		return nfold_fn_sample(c);
	}
	return 0;
}

/* The event goes on or off: true for the one packet, on whatever CPU, that
 * turned it on. */
static __always_inline int nfold_cell_fires(struct nfold_cell *c, int fires)
{
	if (!fires) {
		if (NFOLD_ONCE(c->fired))
			__sync_val_compare_and_swap(&c->fired, 1, 0);
		return 0;
	}
	__sync_fetch_and_add(&c->fires, 1);
	return !NFOLD_ONCE(c->fired) &&
	       __sync_val_compare_and_swap(&c->fired, 0, 1) == 0;
}

/* What an own function's step says in XDP: two bits. */
#define NFOLD_OWN_FIRES 1	/* the condition holds for this packet */
#define NFOLD_OWN_BEGINS 2	/* and did not for the one before */

static __always_inline int nfold_own_said(struct nfold_cell *c, int fires)
{
	return (fires ? NFOLD_OWN_FIRES : 0) |
	       (nfold_cell_fires(c, fires) ? NFOLD_OWN_BEGINS : 0);
}

/* --- steps: the state functions of a flow direction, in chain order --- */

enum nfold_fire {
	NFOLD_FIRE_NONE,	/* goes on; told, if it is to be */
	NFOLD_FIRE_DROP,	/* the pre-folded alternative: dropped here */
	NFOLD_FIRE_REFOLD,	/* punted: folded anew from this NF on */
};

#define NFOLD_STEP_TELL 0x01	/* the event's start is told (map "events") */
#define NFOLD_STEP_COVERED 0x02	/* stands behind an encap: the header there is
				 * not TCP (docs/FOLD.md, N8) */
#define NFOLD_STEP_TIMED 0x04	/* own function: looks at the time */

struct nfold_step {
	__u8 fn;		/* enum nfold_fn */
	__u8 nf : 5;		/* index in the chain */
	__u8 flags : 3;		/* NFOLD_STEP_* */
	__u8 on_fire;		/* enum nfold_fire */
	__u8 reason;		/* enum nfold_reason of FIRE_DROP */
	__u32 cell;		/* index: of an own function, in its own cells */
	__u32 key;		/* own function: the NF's word for this flow */
};

#define NFOLD_STEP_MAX 10

/* Map "steps": mmap-able array; act.steps is an index + 1. Written before the
 * entry that leads to it is published, and not changed while one does. */
struct nfold_steps {
	__u8 cnt;
	__u8 pad[7];
	struct nfold_step step[NFOLD_STEP_MAX];
};

_Static_assert(sizeof(struct nfold_cell) == 64, "cell is map ABI");
_Static_assert(sizeof(struct nfold_step) == 12, "step is map ABI");
_Static_assert(sizeof(struct nfold_steps) == 128, "steps is map ABI");

#endif
