/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "state_size.h"

#include "../chains/own.h"
#include "../maps/state.h"

#define SLACK_MIN 64

static uint64_t with_slack(uint64_t n)
{
	return n + n / 8 + SLACK_MIN;
}

/* Counts of the NFs that a direction meets from the first with cells on. */
static uint32_t counts_behind(const struct chain *c, bool backwards)
{
	uint32_t counts = 0;
	bool behind = false;

	for (uint32_t n = 0; n < c->nf_cnt; n++) {
		const struct nf_ops *ops =
			c->nfs[backwards ? c->nf_cnt - 1 - n : n].ops;

		behind |= ops->cells ||
			  (ops->own && ops->own->events);
		counts += behind ? ops->counts : 0;
	}
	/* One step at least is the event's own. */
	return counts < NFOLD_STEP_MAX ? counts : NFOLD_STEP_MAX - 1;
}

void state_size(const struct chain *c, struct state_size *s)
{
	uint64_t directions = with_slack(2 * (uint64_t)c->table_size);
	uint32_t there = counts_behind(c, false), back = counts_behind(c, true);
	uint64_t most = STATE_CELL_MEMORY / sizeof(struct nfold_cell);
	uint64_t counts = directions * (there > back ? there : back);
	uint64_t cells = 0;
	bool own = false;

	*s = (struct state_size){ 0 };
	for (uint32_t n = 0; n < c->nf_cnt; n++) {
		cells += c->nfs[n].ops->cells;
		own |= own_wanted(c, n);
	}
	if (!cells && !own)
		return;
	cells = cells * with_slack(chain_session_max(c));
	s->wanted = cells + counts;
	if (s->wanted > most) {
		counts = counts * most / s->wanted;
		cells = most - counts;
	}
	s->cells = cells + counts ? cells + counts : 1;	/* a map has one */
	s->count_cells = counts;
	s->steps = directions;
}
