/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The box that the equivalence test's two sides stand in: p0 inside, p1 and p2
 * outside, addresses on p0 and p1, and routes that can change.
 */
#ifndef NFOLD_EQ_BOX_H
#define NFOLD_EQ_BOX_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loader/private_net.h"
#include "userspace/oracle.h"

#define BOX_PORTS 3
#define BOX_NETS 4

static struct oracle_socket *box_socket;

/* By the third octet, and for IPv6 by the sixth byte: 10.0.0/24 and
 * 2001:db8::/48 are net 0, 10.1.1 and 2001:db8:1 net 1 and so on. */
static struct {
	uint32_t port[BOX_NETS];	/* BOX_PORTS: no route */
	bool down[BOX_PORTS];		/* next hop unresolved */
	uint32_t port_cnt;		/* of the chain */
} box;

#define BOX_NEVER 4	/* a next hop that never resolves: net 3's */

static inline void box_net(void)
{
	static const struct private_port ports[] = {
		{ .name = "p0", .mac = { 2, 0, 0, 0, 0, 0 } },
		{ .name = "p1", .mac = { 2, 0, 0, 0, 0, 1 } },
		{ .name = "p2", .mac = { 2, 0, 0, 0, 0, 2 } },
	};
	struct instance_error err;

	if (private_net_enter(ports, BOX_PORTS, &err)) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	if (system("ip addr add 10.0.0.1/24 dev p0 && "
		   "ip addr add 10.1.1.1/24 dev p1 && "
		   "ip -6 addr add 2001:db8::1/64 dev p0 nodad") ||
	    oracle_socket_new(&box_socket, "p0")) {
		printf("Bail out! addresses or AF_XDP socket\n");
		exit(1);
	}
}

static void box_reset(uint32_t port_cnt)
{
	memset(&box, 0, sizeof(box));
	box.port_cnt = port_cnt;
	for (uint32_t i = 0; i < BOX_PORTS; i++)
		box.port[i] = i < port_cnt ? i : BOX_PORTS;
}

static enum route_result box_route(void *ctx, int family,
				   const struct nf_addr *daddr,
				   uint16_t *nexthop)
{
	const uint8_t *b = (const uint8_t *)daddr->a;
	uint8_t net = family == 4 ? b[2] : b[5];

	(void)ctx;
	if ((family == 4 ? b[0] != 10 : b[0] != 0x20) || net >= BOX_NETS)
		return ROUTE_NONE;
	if (net == BOX_NETS - 1) {
		*nexthop = BOX_NEVER;
		return ROUTE_WAIT;
	}
	if (box.port[net] >= BOX_PORTS)
		return ROUTE_NONE;
	*nexthop = 1 + box.port[net];
	return box.down[box.port[net]] ? ROUTE_WAIT : ROUTE_OK;
}

static uint32_t box_route_port(void *ctx, uint16_t nexthop)
{
	(void)ctx;
	return nexthop == BOX_NEVER ? 1 : nexthop - 1;
}

/* NULL with err filled. */
static inline struct oracle *box_side(const struct chain *c, bool fold,
				      struct instance_error *err)
{
	const struct oracle_conf conf = {
		.chain = c,
		.fold = fold,
		.socket = box_socket,
		.router = { .lookup = box_route, .port = box_route_port },
	};
	struct oracle *o;

	return oracle_new(&o, &conf, err) ? NULL : o;
}

#endif
