/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An own function of the tests: packets by class of length, which fires while
 * the packet's class has more than cell.limit; the key is added to the length.
 */
#ifndef NFOLD_TALLY_FN_H
#define NFOLD_TALLY_FN_H

#include "maps/state.h"

#define TALLY_CLASSES 8

struct tally_cell {
	struct nfold_cell cell;
	__u64 cnt[TALLY_CLASSES];	/* of 128 bytes each */
	__u64 bytes;
};

static __always_inline int tally_fn(struct tally_cell *c, __u32 key,
				    const struct nfold_view *v)
{
	__u32 class = ((v->len + key) >> 7) & (TALLY_CLASSES - 1);

	__sync_fetch_and_add(&c->bytes, v->len);
	return __sync_fetch_and_add(&c->cnt[class], 1) + 1 > c->cell.limit;
}

#endif
