/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* NAT's state as JSON: show() for people, bounded; dump() for comparison, whole
 * and sorted. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nat.h"

#define NAT_SHOW_MAX 100	/* mappings listed by show() */

static const char *const proto_names[NAT_PROTO_CNT] = {
	[NAT_UDP] = "udp", [NAT_TCP] = "tcp", [NAT_ICMP] = "icmp",
};

static json_t *addr_json(__be32 addr)
{
	char text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &addr, text, sizeof(text));
	return json_string(text);
}

static json_t *endpoint_json(__be32 addr, __be16 port)
{
	char text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &addr, text, sizeof(text));
	return json_sprintf("%s:%u", text, ntohs(port));
}

static json_t *map_json(const struct nat *nat, const struct nat_map *m)
{
	return json_pack("{s:s, s:o, s:o, s:I}",
			 "proto", proto_names[m->in.proto],
			 "internal", endpoint_json(m->in.addr, m->in.port),
			 "external", endpoint_json(nat_map_addr(nat, m),
						   m->port),
			 "sessions", (json_int_t)m->sessions);
}

static json_t *counts_json(const struct nat *nat, uint32_t ext)
{
	json_t *o = json_object();

	for (int p = 0; p < NAT_PROTO_CNT; p++) {
		const uint32_t *used = nat->pool[ext].used[p];

		json_object_set_new(o, proto_names[p],
				    json_integer(used[NAT_LOW] +
						 used[NAT_HIGH]));
	}
	return o;
}

static json_t *pool_json(const struct nat *nat)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < nat->pool_cnt; i++) {
		json_t *o = json_pack("{s:o, s:I, s:o}",
				      "address", addr_json(nat->pool[i].addr),
				      "hosts", (json_int_t)nat->pool[i].hosts,
				      "ports_used", counts_json(nat, i));

		json_array_append_new(list, o);
	}
	return list;
}

static json_t *totals_json(const struct nat *nat)
{
	json_t *o = json_object();

	for (int p = 0; p < NAT_PROTO_CNT; p++) {
		json_int_t sum = 0;

		for (uint32_t i = 0; i < nat->pool_cnt; i++)
			sum += nat->pool[i].used[p][NAT_LOW] +
			       nat->pool[i].used[p][NAT_HIGH];
		json_object_set_new(o, proto_names[p], json_integer(sum));
	}
	return o;
}

json_t *nat_show(struct nf *nf)
{
	const struct nat *nat = nf->priv;
	json_int_t ports = nat->last - nat->first + 1;
	json_t *list = json_array();

	for (const struct nat_map *m = nat->maps; m; m = m->hh.next) {
		if (json_array_size(list) == NAT_SHOW_MAX)
			break;
		json_array_append_new(list, map_json(nat, m));
	}
	return json_pack("{s:o, s:I, s:I, s:I, s:o, s:o}",
			 "mappings", totals_json(nat),
			 "ports_per_address", ports,
			 "hosts", (json_int_t)HASH_COUNT(nat->hosts),
			 "exhausted", (json_int_t)nat->exhausted,
			 "pool", pool_json(nat),
			 "first_mappings", list);
}

static int map_compare(const void *a, const void *b)
{
	const struct nat_endpoint *x = &(*(struct nat_map *const *)a)->in;
	const struct nat_endpoint *y = &(*(struct nat_map *const *)b)->in;

	if (x->proto != y->proto)
		return x->proto < y->proto ? -1 : 1;
	if (x->addr != y->addr)
		return ntohl(x->addr) < ntohl(y->addr) ? -1 : 1;
	return (int)ntohs(x->port) - (int)ntohs(y->port);
}

json_t *nat_dump(struct nf *nf)
{
	const struct nat *nat = nf->priv;
	size_t cnt = HASH_COUNT(nat->maps), n = 0;
	struct nat_map **maps = calloc(cnt + 1, sizeof(struct nat_map *));
	json_t *list = json_array();

	if (!maps) {
		json_decref(list);
		return NULL;
	}
	for (struct nat_map *m = nat->maps; m; m = m->hh.next)
		maps[n++] = m;
	qsort(maps, cnt, sizeof(struct nat_map *), map_compare);
	for (size_t i = 0; i < cnt; i++)
		json_array_append_new(list, map_json(nat, maps[i]));
	free(maps);
	return json_pack("{s:o}", "mappings", list);
}
