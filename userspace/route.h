/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Routes and neighbours: the kernel's own, by rtnetlink (libmnl). Looks routes
 * up once per destination, keeps the next-hop array in step with neighbour
 * changes (one store re-routes all flows behind a next hop), and asks the
 * parent to probe what is unresolved. Opened with privileges, used without:
 * it reads only. One thread, the engine's.
 */
#ifndef NFOLD_ROUTE_H
#define NFOLD_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "../maps/port.h"
#include "engine.h"

struct route;

struct route_conf {
	const struct nfold_port *ports;	/* borrowed; mmap-ed */
	uint32_t port_cnt;
	union nfold_nexthop *nexthops;	/* NFOLD_NEXTHOP_MAX; [0] never used */
	/* Ask the parent to resolve a neighbour (netlink, NTF_USE). */
	void (*probe)(void *ctx, uint32_t ifindex, int family,
		      const struct nf_addr *addr);
	/* A route changed: flows must be folded anew. */
	void (*changed)(void *ctx);
	/* A next hop became usable, or failed (ok false): held packets. */
	void (*resolved)(void *ctx, uint16_t nexthop, bool ok);
	void *ctx;
};

int route_new(struct route **out, const struct route_conf *conf);
void route_free(struct route *r);
/* For poll(2): readable when the kernel has something to tell. */
int route_fd(const struct route *r);
/* Reads all pending notifications. */
void route_read(struct route *r);
/* Retries probes, times out failures (3 s), ages the cache. Each 100 ms. */
void route_tick(struct route *r, uint64_t now_ns);
/* struct engine_router.lookup */
enum route_result route_lookup(void *route, int family,
			       const struct nf_addr *daddr, uint16_t *nexthop);
/* struct engine_router.port: of a next hop, resolved or not */
uint32_t route_port(void *route, uint16_t nexthop);

#endif
