/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Events from outside (docs/FOLD.md, N29): an operator's statements, the health
 * of what an NF sends to.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine_priv.h"

uint32_t nf_invalidate(struct nf *nf,
		       bool (*match)(const void *session, void *arg), void *arg)
{
	struct engine *e = nf->engine;
	uint32_t cnt = 0;

	for (uint32_t id = 1; id <= e->session_ids.cnt; id++) {
		struct session *s = session_by_id(e, id);

		if (!s || !match(s->blobs + nf->session_off, arg))
			continue;
		gmat_invalidate(e, s->dir[0]);
		gmat_invalidate(e, s->dir[1]);
		cnt++;
	}
	e->invalidated += cnt;
	return cnt;
}

int engine_nf_set(struct engine *e, const char *name,
		  const struct conf_block *block, struct conf_error *err)
{
	uint32_t before = e->invalidated;
	char label[64];

	for (struct nf **nf = e->conf.nfs; *nf; nf++) {
		engine_nf_label(e, (*nf)->index, label, sizeof(label));
		if (strcmp(name, label))
			continue;
		if (!(*nf)->ops->set)
			return -EOPNOTSUPP;
		if ((*nf)->ops->set(*nf, block, err))
			return -EINVAL;
		event_outside(e, *nf, "set", "by nfold nf set", before);
		return 0;
	}
	return -ENOENT;
}

struct target_name {
	uint32_t id;
	char name[NF_TARGET_NAME_MAX];
};

static void name_target(void *ctx, const struct nf_target *t)
{
	struct target_name *n = ctx;

	if (t->id == n->id)
		memcpy(n->name, t->name, sizeof(n->name));
}

void engine_health(struct engine *e, uint32_t index, uint32_t id, bool up,
		   const char *why)
{
	struct target_name n = { .id = id };
	uint32_t before = e->invalidated;
	char text[256];
	struct nf *nf;

	if (index >= e->chain->nf_cnt || !e->conf.nfs[index]->ops->health)
		return;
	nf = e->conf.nfs[index];
	nf->ops->targets(nf, name_target, &n);
	if (!n.name[0])
		return;
	nf->ops->health(nf, id, up, e->now);
	snprintf(text, sizeof(text), "%s is %s: %.100s", n.name,
		 up ? "up" : "down", why);
	event_outside(e, nf, "health", text, before);
}

bool engine_targets(struct engine *e, uint32_t index, nf_target_fn fn,
		    void *ctx)
{
	struct nf *nf = e->conf.nfs[index];

	if (!nf->ops->targets)
		return false;
	nf->ops->targets(nf, fn, ctx);
	return true;
}

struct target_count {
	uint32_t all, down;
};

static void count_target(void *ctx, const struct nf_target *t)
{
	struct target_count *c = ctx;

	c->all++;
	c->down += !t->up;
}

/* What comes from outside is registered by the NF, once for all flows. */
void outside_list(struct engine *e, uint32_t index, json_t *list)
{
	struct target_count c = { 0 };

	if (!engine_targets(e, index, count_target, &c) || !c.all)
		return;
	json_array_append_new(
		list, json_pack("{s:s, s:i, s:s, s:s, s:I, s:I}", "nf",
				e->conf.nfs[index]->ops->name, "nf_index", (int)index,
				"function", "health", "action", "invalidate",
				"targets", (json_int_t)c.all, "down",
				(json_int_t)c.down));
}
