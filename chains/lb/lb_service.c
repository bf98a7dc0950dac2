/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `service NAME { ... }` of `lb`: vips and backends. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lb.h"

void lb_endpoint_print(const struct lb_endpoint *at, char out[LB_NAME_MAX])
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(at->family == 4 ? AF_INET : AF_INET6, &at->addr, text,
		  sizeof(text));
	snprintf(out, LB_NAME_MAX, at->family == 4 ? "%s:%u" : "[%s]:%u", text,
		 ntohs(at->port));
}

int lb_endpoint_read(const struct lb_service *svc, uint8_t *family,
		     const struct conf_word *w, struct lb_endpoint *at,
		     struct conf_error *err)
{
	uint16_t port;
	int is;

	memset(at, 0, sizeof(*at));
	if (conf_endpoint(w, &is, &at->addr, &port, &at->l4proto, err))
		return -1;
	at->family = is;
	at->port = htons(port);
	if (!port)
		return conf_fail(err, &w->loc, "write a port from 1 to 65535",
				 "port 0 can not be used");
	if (*family && *family != is)
		return conf_fail(err, &w->loc,
				 svc->dsr ? "with dsr, backends are of the family of dsr's from" :
					    "make one service for each family",
				 "%s is IPv%d, but service %s is IPv%d",
				 w->text, is, svc->name, *family);
	*family = is;
	return 0;
}

static int read_vip(struct lb *lb, struct lb_service *svc,
		    const struct conf_word *w, struct conf_error *err)
{
	struct lb_endpoint at;

	if (lb_endpoint_read(svc, &svc->family, w, &at, err))
		return -1;
	if (!svc->dsr)
		svc->backend_family = svc->family;
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

static int add_backend(struct lb *lb, struct lb_service *svc,
		       const struct lb_endpoint *at, uint32_t weight)
{
	size_t size = (svc->backend_cnt + 1) * sizeof(*svc->backends);
	struct lb_backend **list = realloc(svc->backends, size);

	if (!list)
		return -1;
	svc->backends = list;
	list[svc->backend_cnt] = lb_backend_new(lb, svc, at, weight);
	if (!list[svc->backend_cnt])
		return -1;
	svc->backend_cnt++;
	return 0;
}

static int set_backend(struct lb *lb, struct lb_service *svc,
		       const struct conf_stmt *s, struct conf_error *err)
{
	const struct conf_word *w = &s->words[1];
	struct lb_endpoint at;
	uint32_t weight;

	if (conf_need_words(s, 2, 4, "backend ADDRESS:PORT [weight N]", err) ||
	    lb_backend_read(svc, s, 1, &at, &weight, err))
		return -1;
	if (!svc->dsr)
		svc->family = svc->backend_family;
	if (lb_backend_find(svc, &at))
		return conf_fail(err, &w->loc, "give it once, with a weight",
				 "backend %s is in service %s already",
				 w->text, svc->name);
	if (svc->backend_cnt == MAGLEV_MEMBER_MAX)
		return conf_fail(err, &w->loc, NULL,
				 "service %s has more than %d backends",
				 svc->name, MAGLEV_MEMBER_MAX);
	if (add_backend(lb, svc, &at, weight))
		return conf_fail(err, &w->loc, NULL, "no memory for backend");
	return 0;
}

static int set_in_service(struct lb *lb, struct lb_service *svc,
			  const struct conf_stmt *s, struct conf_error *err)
{
	const char *key = s->words[0].text;

	if (!strcmp(key, "vip") || !strcmp(key, "backend")) {
		if (s->block)
			return conf_fail(err, &s->block->loc, "end it with ;",
					 "%s takes no block", key);
		return *key == 'v' ? set_vips(lb, svc, s, err) :
				     set_backend(lb, svc, s, err);
	}
	return 0;
}

/* Before vips and backends, since dsr decides the backends' family. */
static int set_options(struct lb_service *svc, const struct conf_block *block,
		       struct conf_error *err)
{
	for (size_t i = 0; i < block->cnt; i++) {
		const struct conf_stmt *s = &block->stmts[i];
		const char *key = s->words[0].text;

		if (strcmp(key, "vip") && strcmp(key, "backend") &&
		    (lb_set_option(svc, s, err) ||
		     conf_single(block, s, err)))
			return -1;
	}
	return 0;
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
	svc->tuple = 5;
	if (set_options(svc, s->block, err))
		return -1;
	for (size_t i = 0; i < s->block->cnt; i++)
		if (set_in_service(lb, svc, &s->block->stmts[i], err))
			return -1;
	if (!has_vip(lb, svc))
		return conf_fail(err, &s->loc, "add: vip 192.0.2.1:80/tcp;",
				 "service %s has no vip", svc->name);
	if (!svc->backend_cnt)
		return conf_fail(err, &s->loc, "add: backend 10.0.0.1:80;",
				 "service %s has no backend", svc->name);
	if (svc->checked)
		lb->target_cnt += svc->backend_cnt;
	if (lb->target_cnt > NF_TARGET_MAX)
		return conf_fail(err, &s->loc, "check fewer services",
				 "more than %d backends are checked",
				 NF_TARGET_MAX);
	return 0;
}
