/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Statements while it runs. They are done on lists of who is to be a service's
 * backend, each with its new table; if all went well, the lists take the place
 * of the old ones, which can not fail.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lb.h"

struct member {
	struct lb_backend *b;
	uint32_t weight;
	bool drained;
	bool fresh;		/* ours, until it is taken over */
};

/* A service as it is to be. */
struct stage {
	struct lb_service *svc;
	struct member *members;
	uint32_t cnt, room;
	struct lb_backend **list;	/* the members' */
	struct lb_backend **gone;
	uint16_t *table;
};

struct stages {
	struct lb *lb;
	struct stage s[LB_SERVICE_MAX];
	uint32_t cnt;
};

static int no_memory(const struct conf_stmt *s, struct conf_error *err)
{
	return conf_fail(err, &s->loc, NULL, "no memory");
}

static int member_add(struct stage *st, struct member m)
{
	if (st->cnt == st->room) {
		uint32_t room = st->room ? 2 * st->room : 16;
		struct member *v = realloc(st->members, room * sizeof(*v));

		if (!v)
			return -1;
		st->members = v;
		st->room = room;
	}
	st->members[st->cnt++] = m;
	return 0;
}

static int stage_begin(struct stage *st, struct lb_service *svc)
{
	*st = (struct stage){ .svc = svc };
	for (uint32_t i = 0; i < svc->backend_cnt; i++) {
		struct lb_backend *b = svc->backends[i];

		if (member_add(st, (struct member){ .b = b,
						    .weight = b->weight,
						    .drained = b->drained }))
			return -1;
	}
	return 0;
}

static int no_service(const struct lb *lb, const struct conf_word *w,
		      struct conf_error *err)
{
	const char *names[LB_SERVICE_MAX + 1] = { NULL }, *near;
	char hint[LB_NAME_MAX + 32];

	for (uint32_t i = 0; i < lb->service_cnt; i++)
		names[i] = lb->services[i].name;
	near = conf_nearest(w->text, names);
	snprintf(hint, sizeof(hint), "a service is %s",
		 near ? near : names[0]);
	return conf_fail(err, &w->loc, hint, "no service %s", w->text);
}

/* The stage of the service that a word names; NULL with err. */
static struct stage *stage_of(struct stages *all, const struct conf_word *w,
			      struct conf_error *err)
{
	struct lb *lb = all->lb;
	struct stage *st;

	for (uint32_t i = 0; i < all->cnt; i++)
		if (!strcmp(all->s[i].svc->name, w->text))
			return &all->s[i];
	for (uint32_t i = 0; i < lb->service_cnt; i++) {
		if (strcmp(lb->services[i].name, w->text))
			continue;
		st = &all->s[all->cnt++];
		if (!stage_begin(st, &lb->services[i]))
			return st;
		conf_fail(err, &w->loc, NULL, "no memory");
		return NULL;
	}
	no_service(lb, w, err);
	return NULL;
}

static struct member *member_find(struct stage *st,
				  const struct lb_endpoint *at)
{
	for (uint32_t i = 0; i < st->cnt; i++)
		if (!memcmp(&st->members[i].b->at, at, sizeof(*at)))
			return &st->members[i];
	return NULL;
}

static struct member *member_named(struct stage *st, const struct conf_word *w,
				   struct conf_error *err)
{
	struct lb_endpoint at;
	struct member *m;
	char hint[LB_NAME_MAX + 32];

	if (lb_endpoint_read(st->svc, &st->svc->backend_family, w, &at, err))
		return NULL;
	m = member_find(st, &at);
	if (m)
		return m;
	snprintf(hint, sizeof(hint), "one of them is %s",
		 st->members[0].b->name);
	conf_fail(err, &w->loc, hint, "service %s has no backend %s",
		  st->svc->name, w->text);
	return NULL;
}

/* --- the statements --- */

/* One that was removed comes back with the sessions it still has. */
static int add(struct lb *lb, struct stage *st, const struct conf_stmt *s,
	       struct conf_error *err)
{
	const struct conf_word *w = &s->words[2];
	struct member m = { 0 };
	struct lb_endpoint at;

	if (lb_backend_read(st->svc, s, 2, &at, &m.weight, err))
		return -1;
	if (member_find(st, &at))
		return conf_fail(err, &w->loc, "change it by weight or undrain",
				 "backend %s is in service %s already",
				 w->text, st->svc->name);
	if (st->cnt == MAGLEV_MEMBER_MAX)
		return conf_fail(err, &w->loc, NULL,
				 "service %s has more than %d backends",
				 st->svc->name, MAGLEV_MEMBER_MAX);
	m.b = lb_backend_find_gone(st->svc, &at);
	if (!m.b)
		m.b = lb_backend_find(st->svc, &at);	/* removed just now */
	if (!m.b) {
		m.b = lb_backend_new(lb, st->svc, &at, m.weight);
		m.fresh = true;
	}
	if (m.b && !member_add(st, m))
		return 0;
	if (m.fresh)
		free(m.b);
	return no_memory(s, err);
}

static int removing(struct stage *st, struct member *m,
		    const struct conf_stmt *s, struct conf_error *err)
{
	if (st->cnt == 1)
		return conf_fail(err, &s->loc,
				 "drain it, or add another one first",
				 "%s is the last backend of service %s",
				 m->b->name, st->svc->name);
	if (m->fresh)
		free(m->b);
	st->cnt--;
	memmove(m, m + 1, (st->members + st->cnt - m) * sizeof(*m));
	return 0;
}

static int draining(struct stage *st, struct member *m,
		    const struct conf_stmt *s, struct conf_error *err)
{
	(void)st;
	(void)err;
	m->drained = s->words[0].text[0] == 'd';
	return 0;
}

static int weighing(struct stage *st, struct member *m,
		    const struct conf_stmt *s, struct conf_error *err)
{
	uint64_t n;

	(void)st;
	if (conf_uint(&s->words[3], 0, LB_WEIGHT_MAX, &n, err))
		return -1;
	m->weight = n;
	return 0;
}

static const struct {
	const char *key, *usage;
	size_t words;
	int (*fn)(struct stage *st, struct member *m,
		  const struct conf_stmt *s, struct conf_error *err);
} verbs[] = {
	{ "drain", "drain SERVICE ADDRESS:PORT", 3, draining },
	{ "undrain", "undrain SERVICE ADDRESS:PORT", 3, draining },
	{ "weight", "weight SERVICE ADDRESS:PORT N", 4, weighing },
	{ "remove", "remove SERVICE ADDRESS:PORT", 3, removing },
};

static int do_verb(struct stages *all, size_t v, const struct conf_stmt *s,
		   struct conf_error *err)
{
	struct stage *st;
	struct member *m;

	if (conf_need_words(s, verbs[v].words, verbs[v].words, verbs[v].usage,
			    err))
		return -1;
	st = stage_of(all, &s->words[1], err);
	m = st ? member_named(st, &s->words[2], err) : NULL;
	return m ? verbs[v].fn(st, m, s, err) : -1;
}

static int do_add(struct stages *all, const struct conf_stmt *s,
		  struct conf_error *err)
{
	struct stage *st;

	if (conf_need_words(s, 3, 5, "add SERVICE ADDRESS:PORT [weight N]",
			    err))
		return -1;
	st = stage_of(all, &s->words[1], err);
	return st ? add(all->lb, st, s, err) : -1;
}

static int do_stmt(struct stages *all, const struct conf_stmt *s,
		   struct conf_error *err)
{
	static const char *const known[] = { "add", "remove", "drain",
					     "undrain", "weight", NULL };

	if (!strcmp(s->words[0].text, "add"))
		return do_add(all, s, err);
	for (size_t v = 0; v < sizeof(verbs) / sizeof(verbs[0]); v++)
		if (!strcmp(s->words[0].text, verbs[v].key))
			return do_verb(all, v, s, err);
	return conf_unknown(s, known, err);
}

/* --- from stages to services --- */

static int check_limits(const struct stages *all,
			const struct conf_block *block, struct conf_error *err)
{
	int64_t targets = all->lb->target_cnt;

	for (uint32_t i = 0; i < all->cnt; i++) {
		const struct stage *st = &all->s[i];
		const struct lb_service *svc = st->svc;

		if (svc->checked)
			targets += (int64_t)st->cnt - svc->backend_cnt;
		if (svc->gone_cnt + svc->backend_cnt > LB_GONE_MAX)
			return conf_fail(err, &block->loc,
					 "attach the chain again",
					 "more than %d backends of service %s were removed",
					 LB_GONE_MAX, svc->name);
		if (st->cnt > all->lb->table_size)
			return conf_fail(err, &block->loc,
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
static int fill_table(const struct lb *lb, struct stage *st)
{
	struct lb_backend *as = calloc(st->cnt + 1, sizeof(*as));
	int err = -1;

	if (!as)
		return -1;
	for (uint32_t i = 0; i < st->cnt; i++) {
		const struct member *m = &st->members[i];

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

static int prepare(const struct lb *lb, struct stage *st)
{
	const struct lb_service *svc = st->svc;

	st->list = calloc(st->cnt + 1, sizeof(*st->list));
	st->gone = calloc(svc->gone_cnt + svc->backend_cnt + 1,
			  sizeof(*st->gone));
	st->table = calloc(lb->table_size, sizeof(*st->table));
	if (!st->list || !st->gone || !st->table)
		return -1;
	return fill_table(lb, st);
}

static bool is_member(const struct stage *st, const struct lb_backend *b)
{
	for (uint32_t i = 0; i < st->cnt; i++)
		if (st->members[i].b == b)
			return true;
	return false;
}

static uint32_t list_gone(const struct stage *st)
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

static void take_members(struct stage *st)
{
	for (uint32_t i = 0; i < st->cnt; i++) {
		struct member *m = &st->members[i];

		m->b->weight = m->weight;
		m->b->drained = m->drained;
		m->b->down &= !m->b->gone;
		m->b->gone = false;
		m->fresh = false;
	}
}

#define SWAP(a, b) do { __auto_type t_ = a; a = b; b = t_; } while (0)

static void commit(struct nf *nf, struct stage *st)
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

static void stage_free(struct stage *st)
{
	for (uint32_t i = 0; i < st->cnt; i++)
		if (st->members[i].fresh)
			free(st->members[i].b);
	free(st->members);
	free(st->list);
	free(st->gone);
	free(st->table);
}

static int set_all(struct nf *nf, struct stages *all,
		   const struct conf_block *block, struct conf_error *err)
{
	for (size_t i = 0; i < block->cnt; i++)
		if (do_stmt(all, &block->stmts[i], err))
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
	struct stages *all = calloc(1, sizeof(*all));
	int ret;

	if (!all)
		return conf_fail(err, &block->loc, NULL, "no memory");
	all->lb = nf->priv;
	ret = set_all(nf, all, block, err);
	for (uint32_t i = 0; i < all->cnt; i++)
		stage_free(&all->s[i]);
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
