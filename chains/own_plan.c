/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "own.h"

#include <errno.h>
#include <string.h>

#include "chain.h"

int own_find(const struct own_cells all[NFOLD_OWN_MAX],
	     const struct nf_own *own)
{
	for (int i = 0; own && i < NFOLD_OWN_MAX; i++)
		if (all[i].own == own)
			return i;
	return -1;
}

uint32_t own_wanted(const struct chain *c, uint32_t nf)
{
	const struct nf_own *own = c->nfs[nf].ops->own;

	return own ? own->cells(c->nfs[nf].block, chain_session_max(c)) : 0;
}

static void add(struct own_cells *o, uint32_t cells)
{
	uint64_t most = OWN_CELL_MEMORY / o->own->cell_size;
	uint64_t cnt = (uint64_t)o->cnt + cells + cells / 8;

	o->cnt = cnt < most ? cnt : most;
}

int own_plan(const struct chain *c, struct own_cells all[NFOLD_OWN_MAX])
{
	int cnt = 0;

	memset(all, 0, NFOLD_OWN_MAX * sizeof(*all));
	for (uint32_t n = 0; n < c->nf_cnt; n++) {
		const struct nf_ops *ops = c->nfs[n].ops;
		uint32_t cells = own_wanted(c, n);
		int i = own_find(all, ops->own);

		if (!cells)
			continue;
		if (i < 0 && cnt == NFOLD_OWN_MAX)
			return -E2BIG;
		if (i < 0) {
			i = cnt++;
			all[i].own = ops->own;
			all[i].nf = ops->name;
		}
		add(&all[i], cells);
	}
	return cnt;
}
