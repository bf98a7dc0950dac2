/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Kernel tier: the NFs' own functions, on this side, and their cells. */
#include <errno.h>
#include <string.h>

#include "engine_priv.h"

int own_init(struct engine *e)
{
	int err = 0;

	for (int i = 0; i < NFOLD_OWN_MAX && !err; i++) {
		const struct own_cells *o = &e->conf.maps.own[i];

		err = pool_init(&e->own_cells[i], o->cells ? o->cnt : 0);
	}
	return err;
}

void own_fini(struct engine *e)
{
	for (int i = 0; i < NFOLD_OWN_MAX; i++)
		pool_fini(&e->own_cells[i]);
}

uint32_t own_number(const struct engine *e, uint8_t nf)
{
	return own_find(e->conf.maps.own, e->conf.nfs[nf]->ops->own) + 1;
}

uint32_t own_index(const struct engine *e, uint32_t own, const void *cell)
{
	const struct own_cells *o;

	if (!own)
		return (const struct nfold_cell *)cell - e->conf.maps.cells;
	o = &e->conf.maps.own[own - 1];
	return ((const char *)cell - (const char *)o->cells) /
	       o->own->cell_size;
}

struct nfold_cell *own_cell(const struct engine *e, uint32_t own,
			    uint32_t index)
{
	const struct own_cells *o;

	if (!own)
		return index < e->conf.maps.cell_cnt ?
			       &e->conf.maps.cells[index] : NULL;
	if (own > NFOLD_OWN_MAX)
		return NULL;
	o = &e->conf.maps.own[own - 1];
	return index < e->own_cells[own - 1].size ?
		       (void *)((char *)o->cells + index * o->own->cell_size) :
		       NULL;
}

int own_run(const struct engine *e, const struct nfold_step *s,
	    const struct nfold_view *v)
{
	const struct nf_own *own =
		e->conf.maps.own[s->fn - NFOLD_FN_OWN].own;
	struct nfold_cell *c = own_cell(e, STEP_OWN(s), s->cell);
	struct nfold_view here = *v;

	if (!(s->flags & NFOLD_STEP_TIMED))
		here.now = 0;
	if (s->flags & NFOLD_STEP_COVERED)
		here.tcp_flags = 0;
	return nfold_own_said(c, own->run(c, s->key, &here));
}

void *nf_own_cell_new(struct nf *nf)
{
	struct engine *e = nf->engine;
	uint32_t own = own_number(e, nf->index), index;
	void *cell;

	if (!own)
		return NULL;
	index = pool_take(&e->own_cells[own - 1], e->now);
	if (index == POOL_NONE)
		return NULL;
	cell = own_cell(e, own, index);
	memset(cell, 0, nf->ops->own->cell_size);
	return cell;
}

void nf_own_cell_free(struct nf *nf, void *cell)
{
	struct engine *e = nf->engine;
	uint32_t own = own_number(e, nf->index);

	pool_put(&e->own_cells[own - 1], own_index(e, own, cell), e->now);
}
