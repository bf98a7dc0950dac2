/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An own function that the verifier must refuse: nothing bounds the index. */
#ifndef NFOLD_OUTSIDE_FN_H
#define NFOLD_OUTSIDE_FN_H

#include "maps/state.h"

struct outside_cell {
	struct nfold_cell cell;
	__u64 cnt[8];
};

static __always_inline int outside_fn(struct outside_cell *c, __u32 key,
				      const struct nfold_view *v)
{
	__sync_fetch_and_add(&c->cell.packets, 1);
	c->cnt[v->len + key] = 1;
	return 0;
}

#endif
