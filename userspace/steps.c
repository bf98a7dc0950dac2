/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a direction's records to the steps of its entry: the state functions of
 * the kernel tier in chain order, each with what its event does.
 *
 * A count function costs no step: what the entry counts is what each of them
 * has counted, since all packets of an entry are treated alike. Behind an event
 * that is no longer so, and the function gets a cell of its own. The flow keeps
 * it from fold to fold, so that nothing counted meanwhile is lost.
 */
#include <stdlib.h>
#include <string.h>

#include "engine_priv.h"

static bool is_count(const struct lmat_record *r)
{
	return r->kind == LMAT_FUNCTION && r->function->count;
}

/* Of the count functions that the record's NF has recorded. */
static uint8_t nth_count(const struct lmat *m, const struct lmat_record *r)
{
	uint8_t nth = 0;

	for (const struct lmat_record *p = m->records; p < r; p++)
		nth += is_count(p) && p->nf == r->nf;
	return nth;
}

static struct count_cell *count_cell(const struct flow *f,
				     const struct lmat_record *r)
{
	uint8_t nth = nth_count(&f->lmat, r);

	for (int i = 0; i < f->count_cell_cnt; i++)
		if (f->count_cells[i].nf == r->nf &&
		    f->count_cells[i].nth == nth)
			return &f->count_cells[i];
	return NULL;
}

static struct count_cell *count_cell_new(struct engine *e, struct flow *f,
					 const struct lmat_record *r)
{
	struct nfold_cell *cell;
	struct count_cell *c;

	c = realloc(f->count_cells, (f->count_cell_cnt + 1) * sizeof(*c));
	if (!c)
		return NULL;
	f->count_cells = c;
	cell = state_count_cell(e);
	if (!cell)
		return NULL;
	c += f->count_cell_cnt++;
	*c = (struct count_cell){ .cell = cell, .nf = r->nf,
				  .nth = nth_count(&f->lmat, r) };
	return c;
}

void steps_sync(struct flow *f)
{
	for (uint16_t i = 0; i < f->lmat.cnt && f->count_cell_cnt; i++) {
		const struct lmat_record *r = &f->lmat.records[i];
		struct nf_count *count = r->arg;
		struct count_cell *c;
		uint64_t packets, bytes;

		c = is_count(r) ? count_cell(f, r) : NULL;
		if (!c)
			continue;
		packets = __atomic_load_n(&c->cell->packets, __ATOMIC_RELAXED);
		bytes = __atomic_load_n(&c->cell->bytes, __ATOMIC_RELAXED);
		count->packets += packets - c->told_packets;
		count->bytes += bytes - c->told_bytes;
		c->told_packets = packets;
		c->told_bytes = bytes;
	}
}

/* The step over the event's cell, by the same NF. */
static struct nfold_step *step_of_event(struct engine *e,
					struct nfold_steps *s,
					const struct lmat_record *r)
{
	for (int i = s->cnt; i-- > 0;)
		if (s->step[i].nf == r->nf &&
		    own_cell(e, STEP_OWN(&s->step[i]), s->step[i].cell) ==
			    r->arg)
			return &s->step[i];
	return NULL;
}

static enum nfold_reason add_event(struct engine *e, struct nfold_steps *s,
				   const struct lmat_record *r)
{
	struct nfold_step *step = step_of_event(e, s, r);

	if (!step)
		return NFOLD_REASON_RECORD_MISMATCH;
	if (!r->update)
		return NFOLD_REASON_NONE;
	step->on_fire = r->action.kind == HA_DROP ? NFOLD_FIRE_DROP :
						    NFOLD_FIRE_REFOLD;
	step->reason = r->action.reason ? r->action.reason :
					  NFOLD_REASON_NF_DROP;
	return NFOLD_REASON_NONE;
}

static enum nfold_reason add_step(struct nfold_steps *s,
				  struct nfold_step step)
{
	if (s->cnt == NFOLD_STEP_MAX)
		return NFOLD_REASON_STEPS_FULL;
	s->step[s->cnt++] = step;
	return NFOLD_REASON_NONE;
}

/* behind: an event stands before the record. */
static enum nfold_reason add_function(struct engine *e, struct flow *f,
				      struct nfold_steps *s,
				      struct lmat_record *r, bool behind)
{
	static const struct state_function count = { .kernel = NFOLD_FN_COUNT };
	struct count_cell *c;

	if (r->function->kernel)
		return add_step(s, state_step_make(e, r->nf, r->function,
						   r->arg, r->key));
	c = count_cell(f, r);
	r->own_cell = behind || c;
	if (!r->own_cell)
		return NFOLD_REASON_NONE;
	if (!c)
		c = count_cell_new(e, f, r);
	if (!c)
		return NFOLD_REASON_CELLS_FULL;
	return add_step(s, state_step_make(e, r->nf, &count, c->cell, 0));
}

static enum nfold_reason collect(struct engine *e, struct flow *f,
				 struct nfold_steps *s)
{
	enum nfold_reason why = NFOLD_REASON_NONE;
	bool behind = false;
	int cover = !!f->key.tunnel;	/* tunnel headers around it */

	for (uint16_t i = 0; i < f->lmat.cnt && !why; i++) {
		struct lmat_record *r = &f->lmat.records[i];

		if (lmat_is_payload(r))
			continue;
		if (r->kind == LMAT_ACTION) {
			cover += r->action.kind == HA_ENCAP;
			cover -= r->action.kind == HA_DECAP;
		} else if (r->kind == LMAT_FUNCTION) {
			uint8_t first = s->cnt;

			why = add_function(e, f, s, r, behind);
			if (cover > 0 && s->cnt > first)
				s->step[first].flags |= NFOLD_STEP_COVERED;
		} else if (r->kind == LMAT_EVENT) {
			why = add_event(e, s, r);
			behind |= r->update;
		}
	}
	return why;
}

/* N43: an event of which the NF is walked anew, behind a function of the same NF
 * that writes to the payload behind a header action of the same NF: the packet
 * can not be put back to where the NF met it. */
static bool can_refold(const struct lmat *m, const struct nfold_steps *s)
{
	bool edits = false, writes = false;
	int step = 0;

	for (uint16_t i = 0; i < m->cnt; i++) {
		const struct lmat_record *r = &m->records[i];

		if (i && r->nf != m->records[i - 1].nf)
			edits = writes = false;
		edits |= r->kind == LMAT_ACTION;
		writes |= edits && lmat_is_live(r) &&
			  r->function->payload == NF_WRITE;
		if (lmat_is_step(r) &&
		    s->step[step++].on_fire == NFOLD_FIRE_REFOLD && writes)
			return false;
	}
	return true;
}

enum nfold_reason steps_build(struct engine *e, struct flow *f)
{
	struct nfold_steps s = { 0 };
	enum nfold_reason why = collect(e, f, &s);
	uint32_t index;

	if (!why && !can_refold(&f->lmat, &s))
		why = NFOLD_REASON_EVENT;
	if (why || !s.cnt)
		return why;
	index = pool_take(&e->steps, e->now);
	if (index == POOL_NONE)
		return NFOLD_REASON_CELLS_FULL;
	e->conf.maps.steps[index] = s;
	f->entry.act.steps = index + 1;
	return NFOLD_REASON_NONE;
}

void steps_put(struct engine *e, uint32_t steps)
{
	if (steps)
		pool_put(&e->steps, steps - 1, e->now);
}

void steps_end(struct engine *e, struct flow *f)
{
	for (int i = 0; i < f->count_cell_cnt; i++)
		state_count_cell_free(e, f->count_cells[i].cell);
	free(f->count_cells);
	f->count_cells = NULL;
	f->count_cell_cnt = 0;
	steps_put(e, f->steps);
	f->steps = 0;
}
