/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Statements while it runs. They are done on lists of who is to be a service's
 * backend, each with its new table; if all went well, the lists take the place
 * of the old ones, which can not fail.
 */
#include <stdlib.h>

#include "lb_stage.h"

static int check_limits(const struct lb_stages *all,
			const struct conf_block *block, struct conf_error *err)
{
	int64_t targets = all->lb->target_cnt;

	for (uint32_t i = 0; i < all->cnt; i++) {
		const struct lb_stage *st = &all->s[i];
		const struct lb_service *svc = st->svc;

		if (svc->checked)
			targets += (int64_t)st->cnt - svc->backend_cnt;
		if (svc->gone_cnt + svc->backend_cnt > LB_GONE_MAX)
			return conf_fail(
				err, &block->loc, "attach the chain again",
				"more than %d backends of service %s were removed",
				LB_GONE_MAX, svc->name);
		if (st->cnt > all->lb->table_size)
			return conf_fail(
				err, &block->loc,
				"make table-size at least 100 times the number of backends",
				"service %s has more backends than its table has slots",
				svc->name);
	}
	if (targets > NF_TARGET_MAX)
		return conf_fail(err, &block->loc, NULL,
				 "more than %d backends are checked",
				 NF_TARGET_MAX);
	return 0;
}

/* Members as they will be, so that the table is of them. */
static int fill_table(const struct lb *lb, struct lb_stage *st)
{
	struct lb_backend *as = calloc(st->cnt + 1, sizeof(*as));
	int err = -1;

	if (!as)
		return -1;
	for (uint32_t i = 0; i < st->cnt; i++) {
		const struct lb_member *m = &st->members[i];

		as[i] = *m->b;
		as[i].weight = m->weight;
		as[i].drained = m->drained;
		as[i].down &= !m->b->gone;
		as[i].gone = false;
		st->list[i] = &as[i];
	}
	err = lb_table_fill(st->table, lb->table_size, st->list, st->cnt);
	for (uint32_t i = 0; i < st->cnt; i++)
		st->list[i] = st->members[i].b;
	free(as);
	return err;
}

static int prepare(const struct lb *lb, struct lb_stage *st)
{
	const struct lb_service *svc = st->svc;

	st->list = calloc(st->cnt + 1, sizeof(*st->list));
	st->gone =
		calloc(svc->gone_cnt + svc->backend_cnt + 1, sizeof(*st->gone));
	st->table = calloc(lb->table_size, sizeof(*st->table));
	if (!st->list || !st->gone || !st->table)
		return -1;
	return fill_table(lb, st);
}

static bool is_member(const struct lb_stage *st, const struct lb_backend *b)
{
	for (uint32_t i = 0; i < st->cnt; i++)
		if (st->members[i].b == b)
			return true;
	return false;
}

static uint32_t list_gone(const struct lb_stage *st)
{
	const struct lb_service *svc = st->svc;
	uint32_t n = 0;

	for (uint32_t i = 0; i < svc->gone_cnt; i++)
		if (!is_member(st, svc->gone[i]))
			st->gone[n++] = svc->gone[i];
	for (uint32_t i = 0; i < svc->backend_cnt; i++) {
		struct lb_backend *b = svc->backends[i];

		if (is_member(st, b))
			continue;
		b->gone = true;
		b->parting = svc->on_remove;
		b->slots = 0;
		st->gone[n++] = b;
	}
	return n;
}

static void take_members(struct lb_stage *st)
{
	for (uint32_t i = 0; i < st->cnt; i++) {
		struct lb_member *m = &st->members[i];

		m->b->weight = m->weight;
		m->b->drained = m->drained;
		m->b->down &= !m->b->gone;
		m->b->gone = false;
		m->fresh = false;
	}
}

#define SWAP(a, b)                  \
	do {                        \
		__auto_type t_ = a; \
		a = b;              \
		b = t_;             \
	} while (0)

static void commit(struct nf *nf, struct lb_stage *st)
{
	struct lb_service *svc = st->svc;
	struct lb *lb = nf->priv;

	if (svc->checked)
		lb->target_cnt += st->cnt - svc->backend_cnt;
	svc->gone_cnt = list_gone(st);
	take_members(st);
	svc->backend_cnt = st->cnt;
	SWAP(svc->gone, st->gone);
	SWAP(svc->backends, st->list);
	SWAP(svc->table, st->table);
	svc->dirty = false;
	lb_table_slots(lb, svc);
	lb_changed(nf, svc);
}

static int set_all(struct nf *nf, struct lb_stages *all,
		   const struct conf_block *block, struct conf_error *err)
{
	for (size_t i = 0; i < block->cnt; i++)
		if (lb_stage_stmt(all, &block->stmts[i], err))
			return -1;
	if (check_limits(all, block, err))
		return -1;
	for (uint32_t i = 0; i < all->cnt; i++)
		if (prepare(all->lb, &all->s[i]))
			return conf_fail(err, &block->loc, NULL, "no memory");
	for (uint32_t i = 0; i < all->cnt; i++)
		commit(nf, &all->s[i]);
	return 0;
}

int lb_set(struct nf *nf, const struct conf_block *block,
	   struct conf_error *err)
{
	struct lb_stages *all = calloc(1, sizeof(*all));
	int ret;

	if (!all)
		return conf_fail(err, &block->loc, NULL, "no memory");
	all->lb = nf->priv;
	ret = set_all(nf, all, block, err);
	for (uint32_t i = 0; i < all->cnt; i++)
		lb_stage_free(&all->s[i]);
	free(all);
	return ret;
}

/* Of this service: who is to leave his backend, and who waits for one. */
static bool to_walk(const void *session, void *arg)
{
	const struct lb_session *s = session;
	const struct lb_service *svc = arg;

	if (!s->vip)
		return s->refused == svc && svc->ready;
	return s->vip->service == svc && lb_backend_left(s->backend);
}

void lb_changed(struct nf *nf, struct lb_service *svc)
{
	svc->late = false;
	lb_table_ready(svc);
	nf_invalidate(nf, to_walk, svc);
}
