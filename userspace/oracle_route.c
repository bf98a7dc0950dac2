/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "oracle_route.h"

#include <string.h>

static bool prefix_has(const struct oracle_route *r, const struct nf_addr *addr)
{
	const uint8_t *a = (const uint8_t *)addr->a;
	const uint8_t *n = (const uint8_t *)r->net.a;
	unsigned int whole = r->len / 8, rest = r->len % 8;

	if (memcmp(a, n, whole))
		return false;
	return !rest || !((a[whole] ^ n[whole]) >> (8 - rest));
}

static enum route_result lookup(void *ctx, int family,
				const struct nf_addr *daddr, uint16_t *nexthop)
{
	const struct oracle_routes *r = ctx;
	const struct oracle_route *best = NULL;

	if (!r->cnt) {
		*nexthop = 1 + (r->port_cnt == 2 ? !r->in : r->in);
		return ROUTE_OK;
	}
	for (uint32_t i = 0; i < r->cnt; i++)
		if (r->v[i].family == family && prefix_has(&r->v[i], daddr) &&
		    (!best || r->v[i].len > best->len))
			best = &r->v[i];
	if (!best)
		return ROUTE_NONE;
	*nexthop = 1 + best->port;
	return ROUTE_OK;
}

static uint32_t port_of(void *ctx, uint16_t nexthop)
{
	(void)ctx;
	return nexthop - 1;
}

struct engine_router oracle_router(struct oracle_routes *r)
{
	return (struct engine_router){ .ctx = r, .lookup = lookup,
				       .port = port_of };
}
