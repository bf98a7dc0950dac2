/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The sources that send most, in memory that does not grow with their number: a
 * count-min sketch (Cormode and Muthukrishnan, "An improved data stream summary:
 * the count-min sketch and its applications", J. Algorithms 55, 2005), and for
 * each column of its first row the source that was the largest there. One
 * function, for XDP and for user space; chains/monitor/README.md has the bounds.
 */
#ifndef NFOLD_MONITOR_TALKERS_FN_H
#define NFOLD_MONITOR_TALKERS_FN_H

#include "maps/state.h"

#define TALKERS_ROWS 4
#define TALKERS_COL_BITS 12
#define TALKERS_COLS (1 << TALKERS_COL_BITS)

struct talkers_slot {
	__u32 key;		/* a source's */
	__u32 pad;
	__u64 estimate;		/* when it last sent; 0: nobody yet */
};

struct talkers_cell {
	struct nfold_cell cell;	/* flags: NFOLD_CELL_BYTES */
	__u64 a[TALKERS_ROWS];	/* secret: a row's column of a key is the top */
	__u64 b[TALKERS_ROWS];	/* bits of a * key + b */
	__u64 count[TALKERS_ROWS][TALKERS_COLS]; /* packets or bytes; atomic */
	struct talkers_slot slot[TALKERS_COLS];
};

/* Strongly universal for 32-bit keys: two keys share a column with probability
 * 1 / TALKERS_COLS (Thorup, "High speed hashing for integers and strings", 2015,
 * section 3.3). */
static __always_inline __u32 talkers_column(const struct talkers_cell *c,
					    int row, __u32 key)
{
	return (c->a[row] * key + c->b[row]) >> (64 - TALKERS_COL_BITS);
}

/* key: of the packet's source, a hash of its address with a secret. CPUs that
 * race for a slot may leave one's key with the other's estimate, until the larger
 * one's next packet. */
static __always_inline int talkers_fn(struct talkers_cell *c, __u32 key,
				      const struct nfold_view *v)
{
	__u64 add = c->cell.flags & NFOLD_CELL_BYTES ? v->len : 1;
	__u64 estimate = ~0ULL;
	struct talkers_slot *slot;

	for (int row = 0; row < TALKERS_ROWS; row++) {
		__u64 *n = &c->count[row][talkers_column(c, row, key)];
		__u64 sum = __sync_fetch_and_add(n, add) + add;

		if (sum < estimate)
			estimate = sum;
	}
	slot = &c->slot[talkers_column(c, 0, key)];
	if (NFOLD_ONCE(slot->key) == key ||
	    estimate > NFOLD_ONCE(slot->estimate)) {
		NFOLD_ONCE(slot->key) = key;
		NFOLD_ONCE(slot->estimate) = estimate;
	}
	return 0;
}

#endif
