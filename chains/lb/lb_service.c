/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `service NAME { ... }` of `lb`: vips and backends. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lb.h"

static const char *const known_in_service[] = { "vip", "backend", NULL };

void lb_endpoint_print(const struct lb_endpoint *at, char out[LB_NAME_MAX])
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(at->family == 4 ? AF_INET : AF_INET6, &at->addr, text,
		  sizeof(text));
	snprintf(out, LB_NAME_MAX, at->family == 4 ? "%s:%u" : "[%s]:%u", text,
		 ntohs(at->port));
}

/* An endpoint of the service's family; the first one decides which. */
static int read_endpoint(struct lb_service *svc, const struct conf_word *w,
			 struct lb_endpoint *at, struct conf_error *err)
{
	uint16_t port;
	int family;

	memset(at, 0, sizeof(*at));
	if (conf_endpoint(w, &family, &at->addr, &port, &at->l4proto, err))
		return -1;
	at->family = family;
	at->port = htons(port);
	if (!port)
		return conf_fail(err, &w->loc, "write a port from 1 to 65535",
				 "port 0 can not be used");
	if (svc->family && svc->family != family)
		return conf_fail(err, &w->loc,
				 "make one service for each family",
				 "%s is IPv%d, but service %s is IPv%d",
				 w->text, family, svc->name, svc->family);
	svc->family = family;
	return 0;
}

static int read_vip(struct lb *lb, struct lb_service *svc,
		    const struct conf_word *w, struct conf_error *err)
{
	struct lb_endpoint at;

	if (read_endpoint(svc, w, &at, err))
		return -1;
	if (!at.l4proto)
		return conf_fail(err, &w->loc, "append /tcp or /udp",
				 "vip %s has no protocol", w->text);
	if (HASH_COUNT(lb->vips) >= LB_VIP_MAX)
		return conf_fail(err, &w->loc, NULL, "more than %d vips",
				 LB_VIP_MAX);
	switch (lb_vip_add(lb, &at, svc)) {
	case 0:
		return 0;
	case -EEXIST:
		return conf_fail(err, &w->loc, "give each vip once",
				 "vip %s belongs to service %s already",
				 w->text, lb_vip_find(lb, &at)->service->name);
	}
	return conf_fail(err, &w->loc, NULL, "no memory for vip %s", w->text);
}

static int set_vips(struct lb *lb, struct lb_service *svc,
		    const struct conf_stmt *s, struct conf_error *err)
{
	if (conf_need_words(s, 2, SIZE_MAX, "vip ADDRESS:PORT/tcp|udp", err))
		return -1;
	for (size_t i = 1; i < s->word_cnt; i++)
		if (read_vip(lb, svc, &s->words[i], err))
			return -1;
	return 0;
}

static struct lb_backend *backend_new(struct lb_service *svc)
{
	struct lb_backend *b = realloc(svc->backends,
				       (svc->backend_cnt + 1) * sizeof(*b));

	if (!b)
		return NULL;
	svc->backends = b;
	b += svc->backend_cnt++;
	memset(b, 0, sizeof(*b));
	return b;
}

static int add_backend(struct lb_service *svc, const struct conf_word *w,
		       const struct lb_endpoint *at, uint64_t weight,
		       struct conf_error *err)
{
	struct lb_backend *b;

	if (at->l4proto)
		return conf_fail(err, &w->loc, "leave out /tcp or /udp",
				 "a backend's protocol is its vip's");
	for (uint32_t i = 0; i < svc->backend_cnt; i++)
		if (!memcmp(&svc->backends[i].at, at, sizeof(*at)))
			return conf_fail(err, &w->loc,
					 "give it once, with a weight",
					 "backend %s is in service %s already",
					 w->text, svc->name);
	if (svc->backend_cnt == MAGLEV_MEMBER_MAX)
		return conf_fail(err, &w->loc, NULL,
				 "service %s has more than %d backends",
				 svc->name, MAGLEV_MEMBER_MAX);
	b = backend_new(svc);
	if (!b)
		return conf_fail(err, &w->loc, NULL, "no memory for backend");
	b->at = *at;
	b->weight = weight;
	lb_endpoint_print(at, b->name);
	return 0;
}

static int set_backend(struct lb_service *svc, const struct conf_stmt *s,
		       struct conf_error *err)
{
	const char *usage = "backend ADDRESS:PORT [weight N]";
	struct lb_endpoint at;
	uint64_t weight = 1;

	if (conf_need_words(s, 2, 4, usage, err) ||
	    read_endpoint(svc, &s->words[1], &at, err))
		return -1;
	if (s->word_cnt > 2) {
		if (s->word_cnt != 4 || strcmp(s->words[2].text, "weight"))
			return conf_fail(err, &s->words[2].loc, usage,
					 "expected weight N after the address");
		if (conf_uint(&s->words[3], 0, LB_WEIGHT_MAX, &weight, err))
			return -1;
	}
	return add_backend(svc, &s->words[1], &at, weight, err);
}

static int set_in_service(struct lb *lb, struct lb_service *svc,
			  const struct conf_stmt *s, struct conf_error *err)
{
	const char *key = s->words[0].text;

	if (s->block)
		return conf_fail(err, &s->block->loc, "end it with ;",
				 "%s takes no block", key);
	if (!strcmp(key, "vip"))
		return set_vips(lb, svc, s, err);
	if (!strcmp(key, "backend"))
		return set_backend(svc, s, err);
	return conf_unknown(s, known_in_service, err);
}

static bool has_vip(const struct lb *lb, const struct lb_service *svc)
{
	for (const struct lb_vip *v = lb->vips; v; v = v->hh.next)
		if (v->service == svc)
			return true;
	return false;
}

static int name_service(struct lb *lb, struct lb_service *svc,
			const struct conf_stmt *s, struct conf_error *err)
{
	const struct conf_word *w;

	if (conf_need_words(s, 2, 2, "service NAME { ... }", err))
		return -1;
	w = &s->words[1];
	if (strlen(w->text) >= sizeof(svc->name))
		return conf_fail(err, &w->loc, "choose a shorter name",
				 "service name is longer than %zu bytes",
				 sizeof(svc->name) - 1);
	for (uint32_t i = 0; i < lb->service_cnt; i++)
		if (!strcmp(lb->services[i].name, w->text))
			return conf_fail(err, &w->loc, "choose another name",
					 "service %s is defined twice",
					 w->text);
	strcpy(svc->name, w->text);
	return 0;
}

int lb_configure_service(struct lb *lb, const struct conf_stmt *s,
			 struct conf_error *err)
{
	struct lb_service *svc = &lb->services[lb->service_cnt];

	if (lb->service_cnt == LB_SERVICE_MAX)
		return conf_fail(err, &s->loc, NULL, "more than %d services",
				 LB_SERVICE_MAX);
	if (name_service(lb, svc, s, err))
		return -1;
	if (!s->block)
		return conf_fail(err, &s->loc,
				 "write service NAME { vip ...; backend ...; }",
				 "service %s has no block", svc->name);
	lb->service_cnt++;
	for (size_t i = 0; i < s->block->cnt; i++)
		if (set_in_service(lb, svc, &s->block->stmts[i], err))
			return -1;
	if (!has_vip(lb, svc))
		return conf_fail(err, &s->loc, "add: vip 192.0.2.1:80/tcp;",
				 "service %s has no vip", svc->name);
	if (!svc->backend_cnt)
		return conf_fail(err, &s->loc, "add: backend 10.0.0.1:80;",
				 "service %s has no backend", svc->name);
	return 0;
}
