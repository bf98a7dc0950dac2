/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Routes of a chain that runs offline: the kernel's are unknown there. Prefixes
 * to ports; without any, a chain of one port answers by it and a chain of two
 * sends to the other one. Every next hop is resolved.
 */
#ifndef NFOLD_ORACLE_ROUTE_H
#define NFOLD_ORACLE_ROUTE_H

#include <stdint.h>

#include "engine.h"

struct oracle_route {
	int family;		/* 4 or 6 */
	struct nf_addr net;
	unsigned int len;	/* bits */
	uint32_t port;		/* index */
};

struct oracle_routes {
	struct oracle_route *v;	/* the caller's */
	uint32_t cnt;
	uint32_t port_cnt;	/* of the chain; at most 2 if cnt is 0 */
	uint32_t in;		/* the packet in hand came in by it */
};

/* The engine's view of them. The longest prefix wins; none: no route. */
struct engine_router oracle_router(struct oracle_routes *r);

#endif
