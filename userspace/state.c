/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Kernel tier of the state functions, on this side: the cells, and the functions
 * of maps/state.h run by the NFs' own code and for folded packets that reach
 * user space.
 */
#include <errno.h>
#include <string.h>

#include "engine_priv.h"

int state_init(struct engine *e)
{
	const struct engine_maps *m = &e->conf.maps;
	bool any = m->steps && m->cells;
	int err = pool_init(&e->cells,
			    any ? m->cell_cnt - m->count_cell_cnt : 0);

	if (!err)
		err = pool_init(&e->count_cells, any ? m->count_cell_cnt : 0);
	if (!err)
		err = pool_init(&e->steps, any ? m->steps_cnt : 0);
	if (!err)
		err = own_init(e);
	return err;
}

void state_fini(struct engine *e)
{
	pool_fini(&e->cells);
	pool_fini(&e->count_cells);
	pool_fini(&e->steps);
	own_fini(e);
}

static uint32_t cell_index(const struct engine *e, const struct nfold_cell *c)
{
	return c - e->conf.maps.cells;
}

static struct nfold_cell *cell_take(struct engine *e, struct pool *p,
				    uint32_t first)
{
	uint32_t index = pool_take(p, e->now);

	if (index == POOL_NONE)
		return NULL;
	memset(&e->conf.maps.cells[first + index], 0,
	       sizeof(struct nfold_cell));
	return &e->conf.maps.cells[first + index];
}

struct nfold_cell *nf_cell_new(struct nf *nf)
{
	struct engine *e = nf->engine;

	return cell_take(e, &e->cells, 0);
}

void nf_cell_free(struct nf *nf, struct nfold_cell *cell)
{
	struct engine *e = nf->engine;

	pool_put(&e->cells, cell_index(e, cell), e->now);
}

struct nfold_cell *state_count_cell(struct engine *e)
{
	return cell_take(e, &e->count_cells, e->cells.size);
}

void state_count_cell_free(struct engine *e, struct nfold_cell *cell)
{
	pool_put(&e->count_cells, cell_index(e, cell) - e->cells.size, e->now);
}

/* --- what has run already --- */

/* punt.ran: index + 1 of the steps record above 4 bits, how many of them ran in
 * these. A record is not reused before packets that met it are gone. */
void state_ran(struct engine *e, uint32_t ran)
{
	uint32_t index = (ran >> NFOLD_RAN_SHIFT) - 1;

	e->ran.cnt = 0;
	if (!ran || index >= e->steps.size)
		return;
	e->ran = e->conf.maps.steps[index];
	if (e->ran.cnt > (ran & NFOLD_RAN_MASK))
		e->ran.cnt = ran & NFOLD_RAN_MASK;
}

static int step_at(const struct nfold_steps *steps, const struct nfold_step *s)
{
	for (int i = 0; i < steps->cnt; i++)
		if (steps->step[i].nf == s->nf &&
		    STEP_OWN(&steps->step[i]) == STEP_OWN(s) &&
		    steps->step[i].cell == s->cell &&
		    steps->step[i].key == s->key)
			return i;
	return -1;
}

/* The last that ran is the one that fired: it alone gave the packet up. */
static int ran_at(const struct engine *e, const struct nfold_step *s)
{
	return step_at(&e->ran, s);
}

/* --- running --- */

static struct nfold_view view_of(const struct engine *e,
				 const struct nf_pkt *pkt)
{
	return (struct nfold_view){ .now = e->now,
				    .len = nf_pkt_in_len(pkt),
				    .tcp_flags = pkt->tcp_flags };
}

struct nfold_step state_step_make(const struct engine *e, uint8_t nf,
				  const struct state_function *sf,
				  const void *cell, uint32_t key)
{
	bool is_own = sf->kernel == NFOLD_FN_OWN;
	uint32_t own = is_own ? own_number(e, nf) : 0;
	struct nfold_step s = {
		.fn = sf->kernel, .nf = nf, .key = key,
		.cell = own_index(e, own, cell),
		.flags = sf->tell || (e->conf.tell_all &&
				      sf->kernel != NFOLD_FN_COUNT) ?
				 NFOLD_STEP_TELL :
				 0,
	};

	if (!is_own)
		return s;
	s.fn += own - 1;
	if (e->conf.nfs[nf]->ops->own->timed)
		s.flags |= NFOLD_STEP_TIMED;
	return s;
}

/* NFOLD_OWN_*, of one of the four too. */
static int fn_run(const struct engine *e, const struct nfold_step *s,
		  const struct nfold_view *v)
{
	struct nfold_view here = *v;
	struct nfold_cell *c;

	if (STEP_OWN(s))
		return own_run(e, s, v);
	c = &e->conf.maps.cells[s->cell];
	if (s->flags & NFOLD_STEP_COVERED)
		here.tcp_flags = 0;
	return nfold_own_said(c, nfold_fn_run(s->fn, c, &here));
}

/* Does its event, of the flow's entry, fold anew? */
static bool refolds(const struct engine *e, const struct flow *f,
		    const struct nfold_step *s)
{
	const struct nfold_steps *steps = state_steps_of(e, f);
	int at = steps ? step_at(steps, s) : -1;

	return at >= 0 && steps->step[at].on_fire == NFOLD_FIRE_REFOLD;
}

/* For the packet that meets the NF. */
static bool walk_run(struct engine *e, const struct nf_pkt *pkt,
		     const struct nfold_step *s)
{
	struct nfold_view v = view_of(e, pkt);
	int at = ran_at(e, s), said;

	if (at >= 0)
		return at == e->ran.cnt - 1;
	said = fn_run(e, s, &v);
	if (said & NFOLD_OWN_BEGINS)
		event_begin_walk(e, pkt->engine, &(struct nfold_event){
			.time_ns = e->now, .cell = s->cell, .nf = s->nf,
			.own = STEP_OWN(s), .family = pkt->family,
			.len = v.len }, s->flags & NFOLD_STEP_TELL);
	return said & NFOLD_OWN_FIRES;
}

bool nf_own_run(struct nf *nf, const struct nf_pkt *pkt,
		const struct state_function *sf, void *cell, __u32 key)
{
	struct engine *e = nf->engine;
	struct nfold_step s = state_step_make(e, nf->index, sf, cell, key);
	bool fires = walk_run(e, pkt, &s);

	if (fires && !e->recording && refolds(e, pkt->engine, &s))
		e->turned = true;
	return fires;
}

bool nf_state_run(struct nf *nf, const struct nf_pkt *pkt,
		  const struct state_function *sf, struct nfold_cell *cell)
{
	return nf_own_run(nf, pkt, sf, cell, 0);
}

static bool step_run(struct engine *e, struct flow *f,
		     const struct nfold_step *s, struct nfold_view v)
{
	int at = ran_at(e, s), said;

	if (at >= 0)
		return at == e->ran.cnt - 1;
	said = fn_run(e, s, &v);
	if (said & NFOLD_OWN_BEGINS)
		event_begin(e, f, &(struct nfold_event){
			.time_ns = v.now, .cell = s->cell, .nf = s->nf,
			.own = STEP_OWN(s), .slot = f->slot + 1,
			.family = f->family, .on_fire = s->on_fire,
			.reason = s->reason, .len = v.len },
			s->flags & NFOLD_STEP_TELL);
	return said & NFOLD_OWN_FIRES;
}

const struct nfold_steps *state_steps_of(const struct engine *e,
					 const struct flow *f)
{
	return f->steps ? &e->conf.maps.steps[f->steps - 1] : NULL;
}

enum nfold_reason state_step(struct engine *e, struct flow *f,
			     const struct nf_pkt *pkt, unsigned int n)
{
	const struct nfold_step *s = &state_steps_of(e, f)->step[n];
	struct nfold_view v = view_of(e, pkt);

	v.tcp_flags = e->tcp_flags;
	if (!step_run(e, f, s, v) || !s->on_fire)
		return NFOLD_REASON_NONE;
	if (s->on_fire == NFOLD_FIRE_DROP) {
		e->drop_nf = s->nf + 1;
		return s->reason;
	}
	state_ran(e, f->steps << NFOLD_RAN_SHIFT | (n + 1));
	return NFOLD_REASON_EVENT_FIRED;
}

enum nfold_reason state_steps(struct engine *e, struct flow *f,
			      const struct nf_pkt *pkt)
{
	const struct nfold_steps *steps = state_steps_of(e, f);
	enum nfold_reason why = NFOLD_REASON_NONE;

	for (int i = 0; steps && i < steps->cnt && !why; i++)
		why = state_step(e, f, pkt, i);
	return why;
}

void state_uncount(struct engine *e, const struct nf_pkt *pkt, int nf)
{
	for (int i = 0; i < e->ran.cnt; i++) {
		const struct nfold_step *s = &e->ran.step[i];
		struct nfold_cell *c = &e->conf.maps.cells[s->cell];

		if (s->fn != NFOLD_FN_COUNT || (nf >= 0 && s->nf != nf))
			continue;
		__sync_fetch_and_sub(&c->packets, 1);
		__sync_fetch_and_sub(&c->bytes, nf_pkt_in_len(pkt));
	}
}
