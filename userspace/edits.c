// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "edits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../maps/edit_word.h"
#include "../maps/grace.h"

struct edits {
	struct nfold_edit *v;
	struct nfold_tmpl *tmpls;
	uint32_t cnt, tmpl_cnt;
	uint32_t *free;		/* stack of indexes */
	uint32_t free_cnt;
	uint32_t word_cnt;	/* words in use or in the ring, cnt at most */
	uint32_t *ring;		/* put back, oldest first: of act.edit */
	uint32_t ring_head, ring_cnt, ring_size;
	uint32_t waiting;	/* of them, covered by the current period */
	uint32_t *tmpl_refs;	/* records and words that refer to each */
	struct grace *grace;
};

int edits_new(struct edits **out, struct nfold_edit *v, uint32_t cnt,
	      struct nfold_tmpl *tmpls, uint32_t tmpl_cnt)
{
	struct edits *e = calloc(1, sizeof(*e));
	int err = -ENOMEM;

	if (!e)
		return err;
	e->v = v;
	e->cnt = cnt;
	e->tmpls = tmpls;
	e->tmpl_cnt = tmpl_cnt;
	e->free = calloc(cnt, sizeof(*e->free));
	e->ring_size = 2 * cnt;
	e->ring = calloc(e->ring_size, sizeof(*e->ring));
	e->tmpl_refs = calloc(tmpl_cnt, sizeof(*e->tmpl_refs));
	if (e->free && e->ring && e->tmpl_refs)
		err = grace_new(&e->grace, GRACE_MEMBARRIER);
	if (err) {
		edits_free(e);
		return err;
	}
	for (uint32_t i = 0; i < cnt; i++)
		e->free[i] = cnt - 1 - i;
	e->free_cnt = cnt;
	*out = e;
	return 0;
}

void edits_free(struct edits *e)
{
	if (!e)
		return;
	if (e->grace)
		grace_free(e->grace);
	free(e->free);
	free(e->ring);
	free(e->tmpl_refs);
	free(e);
}

/* An equal template, or a free one that becomes it: index + 1; 0 none. */
static uint16_t tmpl_take(struct edits *e, const struct nfold_tmpl *t)
{
	uint32_t unused = UINT32_MAX;

	for (uint32_t i = 0; i < e->tmpl_cnt; i++) {
		if (e->tmpl_refs[i] && !memcmp(&e->tmpls[i], t, sizeof(*t))) {
			e->tmpl_refs[i]++;
			return i + 1;
		}
		if (!e->tmpl_refs[i] && unused == UINT32_MAX)
			unused = i;
	}
	if (unused == UINT32_MAX)
		return 0;
	e->tmpls[unused] = *t;
	e->tmpl_refs[unused] = 1;
	return unused + 1;
}

static void tmpls_put(struct edits *e, const struct nfold_edit *rec)
{
	for (int i = 0; i < NFOLD_LAYER_MAX; i++)
		if (rec->tmpl[i])
			e->tmpl_refs[rec->tmpl[i] - 1]--;
}

uint32_t edits_take(struct edits *e, const struct edit_plan *plan)
{
	struct nfold_edit rec = plan->edit;
	uint32_t index, word;

	if (!e->free_cnt || e->word_cnt == e->cnt)
		return 0;
	for (int i = 0; i < plan->layers; i++) {
		rec.tmpl[i] = tmpl_take(e, &plan->tmpl[i]);
		if (!rec.tmpl[i]) {
			tmpls_put(e, &rec);
			return 0;
		}
	}
	word = nfold_edit_word(&rec);
	if (word) {
		e->word_cnt++;
		return word;
	}
	index = e->free[--e->free_cnt];
	e->v[index] = rec;
	return index + 1;
}

void edits_put(struct edits *e, uint32_t ref)
{
	if (!ref)
		return;
	e->ring[(e->ring_head + e->ring_cnt) % e->ring_size] = ref;
	e->ring_cnt++;
}

static void reclaim(struct edits *e, uint32_t ref)
{
	struct nfold_edit word;

	tmpls_put(e, edits_at(e, ref, &word));
	if (ref & NFOLD_EDIT_WORD)
		e->word_cnt--;
	else
		e->free[e->free_cnt++] = ref - 1;
}

void edits_reclaim(struct edits *e)
{
	if (!e->ring_cnt || !grace_done(e->grace))
		return;
	for (; e->waiting; e->waiting--) {
		reclaim(e, e->ring[e->ring_head]);
		e->ring_head = (e->ring_head + 1) % e->ring_size;
		e->ring_cnt--;
	}
	e->waiting = e->ring_cnt;
	if (e->waiting)
		grace_begin(e->grace);
}

const struct nfold_edit *edits_at(const struct edits *e, uint32_t ref,
				  struct nfold_edit *word)
{
	if (!(ref & NFOLD_EDIT_WORD))
		return &e->v[ref - 1];
	*word = nfold_edit_of_word(ref, &e->tmpls[NFOLD_EDIT_WORD_TMPL(ref)]);
	return word;
}

const struct nfold_tmpl *edits_tmpls(const struct edits *e)
{
	return e->tmpls;
}
