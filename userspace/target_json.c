/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "target_json.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define TIME_MIN (NF_SEC / 100)
#define TIME_MAX (3600 * NF_SEC)

json_t *target_to_json(const struct nf_target *t)
{
	const struct nf_check *c = &t->check;
	char addr[INET6_ADDRSTRLEN];

	if (!inet_ntop(t->family == 4 ? AF_INET : AF_INET6, &t->addr, addr,
		       sizeof(addr)))
		return NULL;
	return json_pack("{s:I, s:s, s:i, s:s, s:i, s:b, s:i, s:s, s:s, s:i, s:i, s:I, s:I, s:I, s:i, s:i}",
			 "id", (json_int_t)t->id, "name", t->name, "family",
			 t->family, "addr", addr, "port", t->port, "up", t->up,
			 "kind", c->kind, "path", c->path, "host", c->host,
			 "status_first", c->status_first, "status_last",
			 c->status_last, "interval", (json_int_t)c->interval,
			 "timeout", (json_int_t)c->timeout, "hold",
			 (json_int_t)c->hold, "rise", c->rise, "fall",
			 c->fall);
}

static bool number(const json_t *o, const char *key, json_int_t min,
		   json_int_t max, json_int_t *out)
{
	const json_t *v = json_object_get(o, key);

	*out = json_integer_value(v);
	return json_is_integer(v) && *out >= min && *out <= max;
}

/* Printable ASCII from `first` on: what goes into a request has no space. */
static bool text(const json_t *o, const char *key, char first, char *to,
		 size_t size)
{
	const char *s = json_string_value(json_object_get(o, key));

	if (!s || strlen(s) >= size)
		return false;
	for (const char *c = s; *c; c++)
		if (*c < first || *c > '~')
			return false;
	strcpy(to, s);
	return true;
}

static bool address(struct nf_target *t, const json_t *o)
{
	const char *s = json_string_value(json_object_get(o, "addr"));
	json_int_t family, port;

	if (!s || !number(o, "family", 4, 6, &family) || family == 5 ||
	    !number(o, "port", 1, 65535, &port))
		return false;
	t->family = family;
	t->port = port;
	return inet_pton(family == 4 ? AF_INET : AF_INET6, s, &t->addr) == 1;
}

static bool check(struct nf_check *c, const json_t *o)
{
	json_int_t kind, first, last, interval, timeout, hold, rise, fall;

	if (!number(o, "kind", NF_CHECK_TCP, NF_CHECK_HTTP, &kind) ||
	    !number(o, "status_first", 0, 599, &first) ||
	    !number(o, "status_last", 0, 599, &last) ||
	    !number(o, "interval", TIME_MIN, TIME_MAX, &interval) ||
	    !number(o, "timeout", TIME_MIN, interval, &timeout) ||
	    !number(o, "hold", 0, TIME_MAX, &hold) ||
	    !number(o, "rise", 1, 100, &rise) ||
	    !number(o, "fall", 1, 100, &fall) ||
	    !text(o, "path", '!', c->path, sizeof(c->path)) ||
	    !text(o, "host", '!', c->host, sizeof(c->host)))
		return false;
	c->kind = kind;
	c->status_first = first;
	c->status_last = last;
	c->interval = interval;
	c->timeout = timeout;
	c->hold = hold;
	c->rise = rise;
	c->fall = fall;
	return kind == NF_CHECK_TCP || c->path[0] == '/';
}

bool target_from_json(struct nf_target *t, const json_t *o)
{
	json_int_t id;

	memset(t, 0, sizeof(*t));
	if (!number(o, "id", 0, UINT32_MAX, &id) ||
	    !text(o, "name", ' ', t->name, sizeof(t->name)))
		return false;
	t->id = id;
	t->up = json_is_true(json_object_get(o, "up"));
	return address(t, o) && check(&t->check, o);
}
