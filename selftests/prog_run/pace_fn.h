/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An own function of the tests that looks at the time and at TCP flags: fires on
 * a packet that comes less than cell.limit ns after the last that did not; RST
 * never fires. Keys are summed up.
 */
#ifndef NFOLD_PACE_FN_H
#define NFOLD_PACE_FN_H

#include "maps/state.h"

struct pace_cell {
	struct nfold_cell cell;	/* word: time of the last */
	__u64 rst;
	__u64 keys;		/* sum of those met */
};

static __always_inline int pace_fn(struct pace_cell *c, __u32 key,
				   const struct nfold_view *v)
{
	__u64 last = NFOLD_ONCE(c->cell.word);

	__sync_fetch_and_add(&c->keys, key);
	if (v->tcp_flags & NFOLD_TCP_RST) {
		__sync_fetch_and_add(&c->rst, 1);
		return 0;
	}
	if (last && v->now - last < c->cell.limit)
		return 1;
	return __sync_val_compare_and_swap(&c->cell.word, last, v->now) != last;
}

#endif
