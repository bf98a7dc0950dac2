/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A backend: its words, its life, and where it is found. */
#include <stdlib.h>
#include <string.h>

#include "lb.h"

#define USAGE "backend ADDRESS:PORT [weight N]"

int lb_backend_read(struct lb_service *svc, const struct conf_stmt *s,
		    size_t first, struct lb_endpoint *at, uint32_t *weight,
		    struct conf_error *err)
{
	const struct conf_word *w = &s->words[first];
	size_t cnt = s->word_cnt - first;
	uint64_t n = 1;

	if (lb_endpoint_read(svc, &svc->backend_family, w, at, err))
		return -1;
	if (at->l4proto)
		return conf_fail(err, &w->loc, "leave out /tcp or /udp",
				 "a backend's protocol is its vip's");
	if (cnt > 1) {
		if (cnt != 3 || strcmp(w[1].text, "weight"))
			return conf_fail(err, &w[1].loc, USAGE,
					 "expected weight N after the address");
		if (conf_uint(&w[2], 0, LB_WEIGHT_MAX, &n, err))
			return -1;
	}
	*weight = n;
	return 0;
}

struct lb_backend *lb_backend_new(struct lb *lb, const struct lb_service *svc,
				  const struct lb_endpoint *at,
				  uint32_t weight)
{
	struct lb_backend *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->at = *at;
	b->id = ++lb->next_id;
	b->weight = weight;
	lb_endpoint_print(at, b->name);
	b->tunnel = svc->tunnel;
	b->tunnel.remote = at->addr;
	return b;
}

static struct lb_backend *find(struct lb_backend *const *list, uint32_t cnt,
			       const struct lb_endpoint *at)
{
	for (uint32_t i = 0; i < cnt; i++)
		if (!memcmp(&list[i]->at, at, sizeof(*at)))
			return list[i];
	return NULL;
}

struct lb_backend *lb_backend_find(const struct lb_service *svc,
				   const struct lb_endpoint *at)
{
	return find(svc->backends, svc->backend_cnt, at);
}

struct lb_backend *lb_backend_find_gone(const struct lb_service *svc,
					const struct lb_endpoint *at)
{
	return find(svc->gone, svc->gone_cnt, at);
}
