/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The few rtnetlink requests that the loader makes: addresses of the host, and
 * the facts of a device. Each call opens and closes its own socket, so there
 * is no state and no owner. Works in the caller's network namespace.
 */
#ifndef NFOLD_LOADER_NETLINK_H
#define NFOLD_LOADER_NETLINK_H

#include <stdbool.h>
#include <stdint.h>

#include "../chains/nf.h"

/* Value of IFA_PROTO on the addresses that nfold added: by it a later process
 * tells them from the host's own. Any number that no other program uses; the
 * kernel's own are 1 to 3. */
#define NETLINK_ADDR_PROTO 0x4e

struct netlink_addr {
	int family;		/* 4 or 6 */
	struct nf_addr addr;
	uint32_t ifindex;
	bool ours;		/* IFA_PROTO is NETLINK_ADDR_PROTO */
};

/* All addresses of this network namespace, malloc-ed. 0 or negative errno. */
int netlink_addrs(struct netlink_addr **out, uint32_t *cnt);
/* Adds a host route's worth of address (/32 or /128) that this host answers
 * for but never chooses as its own source. -EEXIST: it is there. */
int netlink_addr_add(const struct netlink_addr *a);
int netlink_addr_del(const struct netlink_addr *a);
/* Receive queues as the device was created with; 0 unknown. */
uint32_t netlink_rx_queues(uint32_t ifindex);
/* A pair of veth devices, down: for probes in a namespace of their own. */
int netlink_veth_add(const char *name, const char *peer);

#endif
