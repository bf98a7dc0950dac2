/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The balancer's state as JSON. */
#include <netinet/in.h>

#include "lb.h"

static const char *state_word(const struct lb_backend *b)
{
	return b->gone ? "removed" : b->down ? "down" :
	       b->drained ? "drained" : b->weight ? "up" : "weight 0";
}

static json_t *backend_json(const struct lb_backend *b)
{
	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I}",
			 "backend", b->name, "state", state_word(b),
			 "weight", (json_int_t)b->weight,
			 "slots", (json_int_t)b->slots,
			 "sessions", (json_int_t)b->sessions,
			 "opened", (json_int_t)b->opened,
			 "moved", (json_int_t)b->moved,
			 "reset", (json_int_t)b->reset);
}

static json_t *backend_counts_json(const struct lb_backend *b)
{
	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I}",
			 "backend", b->name, "state", state_word(b),
			 "sessions", (json_int_t)b->sessions,
			 "opened", (json_int_t)b->opened,
			 "moved", (json_int_t)b->moved,
			 "reset", (json_int_t)b->reset);
}

/* Of those removed, who still has sessions. */
static json_t *backends_json(const struct lb_service *svc,
			     json_t *(*one)(const struct lb_backend *))
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < svc->backend_cnt; i++)
		json_array_append_new(list, one(svc->backends[i]));
	for (uint32_t i = 0; i < svc->gone_cnt; i++)
		if (svc->gone[i]->sessions)
			json_array_append_new(list, one(svc->gone[i]));
	return list;
}

static json_t *vips_json(const struct lb *lb, const struct lb_service *svc)
{
	json_t *list = json_array();
	char text[LB_NAME_MAX];

	for (const struct lb_vip *v = lb->vips; v; v = v->hh.next) {
		if (v->service != svc)
			continue;
		lb_endpoint_print(&v->at, text);
		json_array_append_new(list,
				      json_sprintf("%s/%s", text,
						   v->at.l4proto == IPPROTO_TCP
						   ? "tcp" : "udp"));
	}
	return list;
}

json_t *lb_show(struct nf *nf)
{
	const struct lb *lb = nf->priv;
	json_t *list = json_array();

	for (uint32_t i = 0; i < lb->service_cnt; i++) {
		const struct lb_service *svc = &lb->services[i];

		json_array_append_new(list,
			json_pack("{s:s, s:o, s:I, s:o}",
				  "service", svc->name,
				  "vips", vips_json(lb, svc),
				  "no_backend", (json_int_t)svc->refused,
				  "backends",
				  backends_json(svc, backend_json)));
	}
	return json_pack("{s:I, s:o}", "table_size",
			 (json_int_t)lb->table_size, "services", list);
}

/* Not the dropped packets: the kernel drops folded ones uncounted here. */
json_t *lb_dump(struct nf *nf)
{
	const struct lb *lb = nf->priv;
	json_t *list = json_array();

	for (uint32_t i = 0; i < lb->service_cnt; i++) {
		const struct lb_service *svc = &lb->services[i];

		json_array_append_new(list,
			json_pack("{s:s, s:o}", "service", svc->name,
				  "backends",
				  backends_json(svc, backend_counts_json)));
	}
	return json_pack("{s:o}", "services", list);
}
