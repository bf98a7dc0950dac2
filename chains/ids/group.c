// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "group.h"

#include <stdlib.h>
#include <string.h>

#include "rules.h"

#define ALL_PORTS UINT32_MAX	/* instead of a pair of ports */

int ids_groups_init(struct ids_groups *groups, const struct ids_rules *set)
{
	(void)set;
	groups->buckets = calloc(IDS_GROUP_BUCKETS, sizeof(*groups->buckets));
	return groups->buckets ? 0 : -1;
}

static void group_free(struct ids_group *g)
{
	if (!g)
		return;
	free(g->pairs);
	free(g->plain);
	free(g->keyed);
	free(g);
}

void ids_groups_free(struct ids_groups *groups)
{
	for (int i = 0; groups->buckets && i < IDS_GROUP_BUCKETS; i++)
		while (groups->buckets[i]) {
			struct ids_group *next = groups->buckets[i]->next;

			group_free(groups->buckets[i]);
			groups->buckets[i] = next;
		}
	free(groups->buckets);
	*groups = (struct ids_groups){ 0 };
}

static bool in_group(const struct ids_rules *set, const struct ids_rule *r,
		     uint8_t proto, uint8_t dir, uint32_t ports)
{
	uint16_t s = ports >> 16, d = ports;

	if (!(r->protos & proto) || !(r->dirs & dir))
		return false;
	if (ports == ALL_PORTS)
		return true;
	if (port_set_has(&set->ports, r->src.ports, s) &&
	    port_set_has(&set->ports, r->dst.ports, d))
		return true;
	return r->both_ways && port_set_has(&set->ports, r->src.ports, d) &&
	       port_set_has(&set->ports, r->dst.ports, s);
}

static uint8_t wants(const struct ids_rule *r)
{
	bool drops = r->action == IDS_DROP || r->action == IDS_SDROP ||
		     r->action == IDS_REJECT;

	if (r->key_only)
		return IDS_WANT_KEY;
	return IDS_WANT_PACKETS | (drops ? IDS_WANT_DROP : 0) |
	       (r->action == IDS_PASS ? IDS_WANT_PASS : 0);
}

static void add_pair(struct ids_group *g, const struct ids_rule *r)
{
	struct ids_pair *p = g->pairs, *end = p + g->pair_cnt;

	while (p < end && (p->src != r->src.addrs || p->dst != r->dst.addrs ||
			   p->both_ways != r->both_ways))
		p++;
	if (p == end) {
		*p = (struct ids_pair){ r->src.addrs, r->dst.addrs,
					r->both_ways, 0 };
		g->pair_cnt++;
	}
	p->want |= wants(r);
}

static void shrink(void *list, size_t size)
{
	void **p = list;
	void *less = realloc(*p, size + 1);

	if (less)
		*p = less;
}

static struct ids_group *group_make(const struct ids_rules *set, uint8_t proto,
				    uint8_t dir, uint32_t ports)
{
	struct ids_group *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->pairs = malloc(set->cnt * sizeof(*g->pairs));
	g->plain = malloc(set->cnt * sizeof(*g->plain));
	g->keyed = malloc(set->cnt * sizeof(*g->keyed));
	if (!g->pairs || !g->plain || !g->keyed) {
		group_free(g);
		return NULL;
	}
	for (uint32_t i = 0; i < set->cnt; i++) {
		const struct ids_rule *r = set->rules[i];

		if (!in_group(set, r, proto, dir, ports))
			continue;
		add_pair(g, r);
		if (r->key_only)
			g->keyed[g->keyed_cnt++] = i;
		else if (r->pattern < 0)
			g->plain[g->plain_cnt++] = i;
	}
	shrink(&g->pairs, g->pair_cnt * sizeof(*g->pairs));
	shrink(&g->plain, g->plain_cnt * sizeof(*g->plain));
	shrink(&g->keyed, g->keyed_cnt * sizeof(*g->keyed));
	return g;
}

/* 4 bits of protocol, 2 of direction, the class of each port. */
static uint64_t group_key(const struct ids_rules *set, uint8_t proto,
			  uint8_t dir, uint32_t ports)
{
	uint64_t head = (uint64_t)(proto << 2 | dir) << 33;

	if (ports == ALL_PORTS)
		return head | UINT64_C(1) << 32;
	return head | (uint32_t)set->ports.class_of[ports >> 16] << 16 |
	       set->ports.class_of[ports & 0xffff];
}

static struct ids_group *group_find(struct ids_rules *set, uint8_t proto,
				    uint8_t dir, uint32_t ports)
{
	uint64_t key = group_key(set, proto, dir, ports);
	uint64_t hash = key * UINT64_C(0x9e3779b97f4a7c15);
	struct ids_group **bucket = &set->groups.buckets[hash >> 54];
	struct ids_group *g = *bucket;

	while (g && g->key != key)
		g = g->next;
	if (g || (ports != ALL_PORTS && set->groups.cnt >= IDS_GROUP_MAX))
		return g;
	g = group_make(set, proto, dir, ports);
	if (!g)
		return NULL;
	g->key = key;
	g->next = *bucket;
	*bucket = g;
	set->groups.cnt++;
	return g;
}

const struct ids_group *ids_group_get(struct ids_rules *set, uint8_t proto,
				      uint8_t dir, uint16_t sport,
				      uint16_t dport)
{
	uint32_t ports = (uint32_t)sport << 16 | dport;
	struct ids_group *g = NULL;

	/* Ports 65535 both: their class speaks for them, unless it is theirs
	 * alone; then all ports do. */
	if (ports != ALL_PORTS)
		g = group_find(set, proto, dir, ports);
	return g ? g : group_find(set, proto, dir, ALL_PORTS);
}
