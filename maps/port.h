/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ports and next hops of an instance.
 *
 * A port is a network device; its index is its place in the chain file, and
 * the index of its devmap and XSKMAP entries. A next hop is 8 bytes, so that
 * the engine re-routes every flow behind it by one store.
 */
#ifndef NFOLD_PORT_H
#define NFOLD_PORT_H

#include <linux/types.h>

#define NFOLD_PORT_MAX 16	/* ports of an instance */
#define NFOLD_QUEUE_MAX 64	/* receive queues of a port; XSKMAP index is
				 * port * NFOLD_QUEUE_MAX + queue */
#define NFOLD_NEXTHOP_MAX 4096	/* next hops of an instance */

#define NFOLD_PORT_GENERIC 0x0001	/* attached in generic mode */
#define NFOLD_PORT_OUTSIDE 0x0002	/* new flows from here walk backwards */
#define NFOLD_PORT_UP 0x0004

struct nfold_port {
	__u32 ifindex;
	__u32 mtu;		/* bytes above Ethernet and VLAN tags */
	__u8 mac[6];		/* source address of what leaves here */
	__u16 flags;		/* NFOLD_PORT_* */
	__u32 wire_peer;	/* wire mode: port index of the other end */
	__u32 queues;		/* receive queues served */
	char name[16];		/* IFNAMSIZ, terminated */
	__be32 addr4;		/* source of error messages; 0: none */
	__be32 addr6[4];	/* the same, global; :: none */
	__u32 pad;
};

/* All of it is one aligned 64-bit word: read and written whole. A dmac of zero
 * means unresolved: punt, reason NEIGH. In wire mode dmac is not used.
 */
union nfold_nexthop {
	struct {
		__u8 dmac[6];
		__u16 port;	/* index + 1; 0: free or unresolved */
	};
	__u64 word;
};

/* Addresses of the host itself (hash map "hosts"): packets to them that have
 * no entry are passed to the host. Key: IPv4 as v4-mapped IPv6.
 * NAT pool addresses are not in the map: their packets are punted.
 */
struct nfold_host_key {
	__be32 addr[4];
};
#define NFOLD_HOST_ALL 1	/* everything to this address */
#define NFOLD_HOST_ICMP 2	/* a virtual service's address: ICMP only */

_Static_assert(sizeof(struct nfold_port) == 64, "port is map ABI");
_Static_assert(sizeof(union nfold_nexthop) == 8, "next hop is one word");

#endif
