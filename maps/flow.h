/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The flow table's slots: key, folded action and per-flow cells, as they lie
 * in the two mmap-able BPF arrays (IPv4 and IPv6) that XDP reads and the
 * engine writes. One slot is one direction of one flow.
 *
 * Writer: the engine alone (maps/flow_table.c), but for struct nfold_cells,
 * which XDP and the engine both update with atomic instructions.
 */
#ifndef NFOLD_FLOW_H
#define NFOLD_FLOW_H

#include <linux/types.h>

#include "action.h"

/* Zone: where the packet came in. Host order.
 *   bits  0-11  inner VLAN id (of two tags)
 *   bits 12-23  outer VLAN id (of one or two tags)
 *   bits 24-25  number of tags, 0..2
 *   bits 26-31  port index
 * The number of tags is part of the zone: priority-tagged VLAN 0 is not
 * untagged.
 */
#define NFOLD_ZONE_PORT_SHIFT 26
#define NFOLD_ZONE_TAGS_SHIFT 24
#define NFOLD_ZONE_OUTER_SHIFT 12
#define NFOLD_ZONE(port, tags, outer, inner)                      \
	(((__u32)(port) << NFOLD_ZONE_PORT_SHIFT) |               \
	 ((__u32)(tags) << NFOLD_ZONE_TAGS_SHIFT) |               \
	 ((__u32)(outer) << NFOLD_ZONE_OUTER_SHIFT) | (__u32)(inner))
#define NFOLD_ZONE_PORT(zone) ((__u32)(zone) >> NFOLD_ZONE_PORT_SHIFT)
#define NFOLD_ZONE_VLAN(zone) ((__u32)(zone) & ((1U << NFOLD_ZONE_PORT_SHIFT) - 1))

/* Five-tuple and zone as seen on ingress, before any NF of the chain.
 * Every byte is hashed and compared: start from a zeroed struct.
 * Ports: of TCP and UDP. ICMP and ICMPv6 echo: a request has the identifier as
 * sport and htons(type) as dport, a reply htons(type) as sport and the
 * identifier as dport, so that the two directions swap like ports. Any other
 * protocol: 0.
 */
#define NFOLD_ECHO_REQUEST 1	/* identifier 0 of a request and 8 of a reply */
#define NFOLD_ECHO_REPLY 2	/* give equal ports (IPv6: 129 and 128) */

struct nfold_key4 {
	__be32 saddr;
	__be32 daddr;
	__be16 sport;
	__be16 dport;
	__u32 zone;
	__u8 l4proto;		/* IPPROTO_* */
	__u8 echo;		/* NFOLD_ECHO_* */
	__u8 tunnel;		/* known tunnel that it came in by, index + 1
				 * (tunnel.h): the rest is the inner packet's */
	__u8 pad;
};

struct nfold_key6 {
	__be32 saddr[4];
	__be32 daddr[4];
	__be16 sport;
	__be16 dport;
	__u32 zone;
	__u8 l4proto;
	__u8 echo;
	__u8 tunnel;
	__u8 pad;
};

/* Publication. Readers take the slot only if version is even and not 0, and
 * only if it is unchanged after they have copied key, set and act.
 */
struct nfold_head {
	__u32 version;		/* 0 free; odd being written; even live */
	__u32 hash;		/* the key's first, see hash.h */
};

/* What the flow's packets change in the slot. Second cache line. */
struct nfold_cells {
	__u64 packets;		/* atomic; all packets that met this entry */
	__u64 bytes;		/* atomic; frame bytes on ingress */
	__u64 last_seen_ns;	/* ctl.now_ns when last met */
	__u64 created_ns;	/* ctl.now_ns when installed first */
	__u32 tcp_seen;		/* NFOLD_TCP_* seen in this direction; atomic or */
	__u32 handover;		/* NFOLD_HANDOVER_PENDING | packets in slow path */
	__u32 peer;		/* slot of the other direction + 1; 0 none */
	__u32 session;		/* session id, same in both directions */
	__u8 writer[4];		/* NF index + 1 that wrote saddr, daddr, sport,
				 * dport last; 0 nobody; enum nfold_field */
	__u8 reply;		/* 1: the session's reply direction */
	__u8 drop_nf;		/* NF index + 1 that dropped; 0 none */
	__u8 pad[10];
};

#define NFOLD_HANDOVER_PENDING 0x80000000U
#define NFOLD_HANDOVER_COUNT 0x7fffffffU

#define NFOLD_TCP_FIN 0x01	/* as in the TCP header's flags octet */
#define NFOLD_TCP_SYN 0x02
#define NFOLD_TCP_RST 0x04
#define NFOLD_TCP_ACK 0x10
#define NFOLD_TCP_OCTET 0xff
/* Beside them, in cells: the other direction has no entry and has shown FIN or
 * RST in the slow path. */
#define NFOLD_TCP_PEER_CLOSED 0x100

enum nfold_field {
	NFOLD_FIELD_SADDR,
	NFOLD_FIELD_DADDR,
	NFOLD_FIELD_SPORT,	/* of an ICMP echo request: the identifier */
	NFOLD_FIELD_DPORT,	/* of an ICMP echo reply: the identifier */
	NFOLD_FIELD_CNT,
};

struct nfold_slot4 {
	struct nfold_head head;
	struct nfold_key4 key;
	struct nfold_set4 set;
	struct nfold_act act;
	struct nfold_cells cells;
};

struct nfold_slot6 {
	struct nfold_head head;
	struct nfold_key6 key;
	struct nfold_act act;
	struct nfold_set6 set;
	__u8 pad[16];
	struct nfold_cells cells;
};

_Static_assert(sizeof(struct nfold_key4) == 20, "key4 is map ABI");
_Static_assert(sizeof(struct nfold_key6) == 44, "key6 is map ABI");
_Static_assert(sizeof(struct nfold_cells) == 64, "cells is map ABI");
_Static_assert(sizeof(struct nfold_slot4) == 128, "slot4 is map ABI");
_Static_assert(sizeof(struct nfold_slot6) == 192, "slot6 is map ABI");

/* A bucket holds this many consecutive slots, whose tags are one word of the tag
 * index (tags.h); a key has two buckets. Slots from nbuckets * NFOLD_BUCKET_SLOTS on are the overflow area: the overflow
 * hash map leads from key to slot index.
 */
#define NFOLD_BUCKET_SLOTS 8

#endif
