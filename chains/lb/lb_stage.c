/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who is to be a service's backend. */
#include "lb_stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int lb_member_add(struct lb_stage *st, struct lb_member m)
{
	if (st->cnt == st->room) {
		uint32_t room = st->room ? 2 * st->room : 16;
		struct lb_member *v = realloc(st->members, room * sizeof(*v));

		if (!v)
			return -1;
		st->members = v;
		st->room = room;
	}
	st->members[st->cnt++] = m;
	return 0;
}

static int stage_begin(struct lb_stage *st, struct lb_service *svc)
{
	*st = (struct lb_stage){.svc = svc};
	for (uint32_t i = 0; i < svc->backend_cnt; i++) {
		struct lb_backend *b = svc->backends[i];

		if (lb_member_add(st,
				  (struct lb_member){.b = b,
						     .weight = b->weight,
						     .drained = b->drained}))
			return -1;
	}
	return 0;
}

static int no_service(const struct lb *lb, const struct conf_word *w,
		      struct conf_error *err)
{
	const char *names[LB_SERVICE_MAX + 1] = {NULL}, *near;
	char hint[LB_NAME_MAX + 32];

	for (uint32_t i = 0; i < lb->service_cnt; i++)
		names[i] = lb->services[i].name;
	near = conf_nearest(w->text, names);
	snprintf(hint, sizeof(hint), "a service is %s", near ? near : names[0]);
	return conf_fail(err, &w->loc, hint, "no service %s", w->text);
}

struct lb_stage *lb_stage_of(struct lb_stages *all, const struct conf_word *w,
			     struct conf_error *err)
{
	struct lb *lb = all->lb;
	struct lb_stage *st;

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

struct lb_member *lb_member_find(struct lb_stage *st,
				 const struct lb_endpoint *at)
{
	for (uint32_t i = 0; i < st->cnt; i++)
		if (!memcmp(&st->members[i].b->at, at, sizeof(*at)))
			return &st->members[i];
	return NULL;
}

struct lb_member *lb_member_named(struct lb_stage *st,
				  const struct conf_word *w,
				  struct conf_error *err)
{
	struct lb_endpoint at;
	struct lb_member *m;
	char hint[LB_NAME_MAX + 32];

	if (lb_endpoint_read(st->svc, &st->svc->backend_family, w, &at, err))
		return NULL;
	m = lb_member_find(st, &at);
	if (m)
		return m;
	snprintf(hint, sizeof(hint), "one of them is %s",
		 st->members[0].b->name);
	conf_fail(err, &w->loc, hint, "service %s has no backend %s",
		  st->svc->name, w->text);
	return NULL;
}

void lb_stage_free(struct lb_stage *st)
{
	for (uint32_t i = 0; i < st->cnt; i++)
		if (st->members[i].fresh)
			free(st->members[i].b);
	free(st->members);
	free(st->list);
	free(st->gone);
	free(st->table);
}
