/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Statements while it runs: add, remove, drain, undrain, weight. */
#include <stdlib.h>
#include <string.h>

#include "lb_stage.h"

static int no_memory(const struct conf_stmt *s, struct conf_error *err)
{
	return conf_fail(err, &s->loc, NULL, "no memory");
}

/* One that was removed comes back with the sessions it still has. */
static int add(struct lb *lb, struct lb_stage *st, const struct conf_stmt *s,
	       struct conf_error *err)
{
	const struct conf_word *w = &s->words[2];
	struct lb_member m = {0};
	struct lb_endpoint at;

	if (lb_backend_read(st->svc, s, 2, &at, &m.weight, err))
		return -1;
	if (lb_member_find(st, &at))
		return conf_fail(err, &w->loc, "change it by weight or undrain",
				 "backend %s is in service %s already", w->text,
				 st->svc->name);
	if (st->cnt == MAGLEV_MEMBER_MAX)
		return conf_fail(err, &w->loc, NULL,
				 "service %s has more than %d backends",
				 st->svc->name, MAGLEV_MEMBER_MAX);
	m.b = lb_backend_find_gone(st->svc, &at);
	if (!m.b)
		m.b = lb_backend_find(st->svc, &at); /* removed just now */
	if (!m.b) {
		m.b = lb_backend_new(lb, st->svc, &at, m.weight);
		m.fresh = true;
	}
	if (m.b && !lb_member_add(st, m))
		return 0;
	if (m.fresh)
		free(m.b);
	return no_memory(s, err);
}

static int removing(struct lb_stage *st, struct lb_member *m,
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

static int draining(struct lb_stage *st, struct lb_member *m,
		    const struct conf_stmt *s, struct conf_error *err)
{
	(void)st;
	(void)err;
	m->drained = s->words[0].text[0] == 'd';
	return 0;
}

static int weighing(struct lb_stage *st, struct lb_member *m,
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
	int (*fn)(struct lb_stage *st, struct lb_member *m,
		  const struct conf_stmt *s, struct conf_error *err);
} verbs[] = {
	{"drain", "drain SERVICE ADDRESS:PORT", 3, draining},
	{"undrain", "undrain SERVICE ADDRESS:PORT", 3, draining},
	{"weight", "weight SERVICE ADDRESS:PORT N", 4, weighing},
	{"remove", "remove SERVICE ADDRESS:PORT", 3, removing},
};

static int do_verb(struct lb_stages *all, size_t v, const struct conf_stmt *s,
		   struct conf_error *err)
{
	struct lb_stage *st;
	struct lb_member *m;

	if (conf_need_words(s, verbs[v].words, verbs[v].words, verbs[v].usage,
			    err))
		return -1;
	st = lb_stage_of(all, &s->words[1], err);
	m = st ? lb_member_named(st, &s->words[2], err) : NULL;
	return m ? verbs[v].fn(st, m, s, err) : -1;
}

static int do_add(struct lb_stages *all, const struct conf_stmt *s,
		  struct conf_error *err)
{
	struct lb_stage *st;

	if (conf_need_words(s, 3, 5, "add SERVICE ADDRESS:PORT [weight N]",
			    err))
		return -1;
	st = lb_stage_of(all, &s->words[1], err);
	return st ? add(all->lb, st, s, err) : -1;
}

int lb_stage_stmt(struct lb_stages *all, const struct conf_stmt *s,
		  struct conf_error *err)
{
	static const char *const known[] = {"add",     "remove", "drain",
					    "undrain", "weight", NULL};

	if (!strcmp(s->words[0].text, "add"))
		return do_add(all, s, err);
	for (size_t v = 0; v < sizeof(verbs) / sizeof(verbs[0]); v++)
		if (!strcmp(s->words[0].text, verbs[v].key))
			return do_verb(all, v, s, err);
	return conf_unknown(s, known, err);
}
