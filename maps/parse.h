/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One parser for both sides: Ethernet, up to two VLAN tags, IPv4 with options,
 * IPv6 with extension headers, TCP, UDP, ICMP and ICMPv6 echo. Compiled by
 * clang for BPF and by the C compiler for user space, so that the two can not
 * disagree on what a packet is.
 */
#ifndef NFOLD_PARSE_H
#define NFOLD_PARSE_H

#include <linux/types.h>

#include "bytes.h"
#include "flow.h"
#include "reason.h"

enum nfold_l4 {
	NFOLD_L4_NONE,		/* another protocol: ports are 0 */
	NFOLD_L4_TCP,
	NFOLD_L4_UDP,
	NFOLD_L4_ECHO_REQUEST,	/* ICMP or ICMPv6 */
	NFOLD_L4_ECHO_REPLY,
};

#define NFOLD_PARSE_GROUP 0x01	/* IP destination is multicast or limited
				 * broadcast: never a flow */

struct nfold_parse {
	__u16 l3_off;		/* bytes from the frame's first */
	__u16 l4_off;
	__u16 l3_len;		/* IP's own length: v4 total, v6 40 + payload */
	__u8 family;		/* 4, 6; 0: not IP */
	__u8 l4;		/* enum nfold_l4 */
	__u8 l4proto;		/* IPPROTO_* after extension headers */
	__u8 ttl;		/* TTL or hop limit */
	__u8 tcp_flags;		/* NFOLD_TCP_*; 0 if not TCP */
	__u8 tags;		/* VLAN tags */
	__be16 ethertype;	/* after the tags */
	__u8 flags;		/* NFOLD_PARSE_* */
	__u8 icmp_type;		/* ICMP and ICMPv6 */
	union {
		struct nfold_key4 key4;
		struct nfold_key6 key6;
	};
};

/* Offsets of the parser are below this: 22 bytes of Ethernet and VLAN, 40 of
 * IPv6, six extension headers of 2048 bytes at most. */
#define NFOLD_OFF_MASK 0x3fff

static __always_inline __u8 *nfold_at(const __u8 *data, __u32 off)
{
#ifdef __bpf__
	/* The verifier (6.1 to 6.18, clang 19) has lost the offset's bound when
	 * it comes back from the stack, and clang, which knows the bound, would
	 * drop a plain mask. */
	asm volatile("%0 &= %1" : "+r"(off) : "i"(NFOLD_OFF_MASK));
#endif
	return (__u8 *)data + off;
}

#include "parse_l3.h"

#define NFOLD_ETH_LEN 14
#define NFOLD_VLAN_LEN 4
#define NFOLD_TYPE_IP4 NFOLD_BE16(0x0800)
#define NFOLD_TYPE_IP6 NFOLD_BE16(0x86dd)
#define NFOLD_TYPE_ARP NFOLD_BE16(0x0806)

static __always_inline int nfold_is_vlan(__be16 type)
{
	return type == NFOLD_BE16(0x8100) || type == NFOLD_BE16(0x88a8);
}

/* The ether type and the VLAN ids of the tags: *vlan as in NFOLD_ZONE without
 * the port. */
static __always_inline enum nfold_reason
nfold_parse_tags(const __u8 *data, const void *data_end, struct nfold_parse *p,
		 __u32 *vlan)
{
	__u32 outer;

	p->l3_off = NFOLD_ETH_LEN + NFOLD_VLAN_LEN;
	if (data + NFOLD_ETH_LEN + NFOLD_VLAN_LEN > (const __u8 *)data_end)
		return NFOLD_REASON_TRUNCATED;
	outer = NFOLD_BE16(load16(data + 14)) & 0xfff;
	p->ethertype = load16(data + 16);
	p->tags = 1;
	*vlan = NFOLD_ZONE(0, 1, outer, 0);
	if (!nfold_is_vlan(p->ethertype))
		return NFOLD_REASON_NONE;

	p->l3_off = NFOLD_ETH_LEN + 2 * NFOLD_VLAN_LEN;
	if (data + NFOLD_ETH_LEN + 2 * NFOLD_VLAN_LEN > (const __u8 *)data_end)
		return NFOLD_REASON_TRUNCATED;
	p->tags = 2;
	p->ethertype = load16(data + 20);
	*vlan = NFOLD_ZONE(0, 2, outer, NFOLD_BE16(load16(data + 18)) & 0xfff);
	return nfold_is_vlan(p->ethertype) ? NFOLD_REASON_VLAN_DEPTH :
					     NFOLD_REASON_NONE;
}

/* Ethernet and tags; *p starts anew, but for the key, which the IP stages write
 * word by word. NONE: IPv4 or IPv6 follows, by p->ethertype. *zone as in the
 * key. */
static __always_inline enum nfold_reason
nfold_parse_l2(const __u8 *data, const void *data_end, __u32 port,
	       struct nfold_parse *p, __u32 *zone)
{
	enum nfold_reason why;
	__u32 vlan = 0;

	__builtin_memset(p, 0, __builtin_offsetof(struct nfold_parse, key4));
	if (data + NFOLD_ETH_LEN > (const __u8 *)data_end)
		return NFOLD_REASON_TRUNCATED;
	p->ethertype = load16(data + 12);
	p->l3_off = NFOLD_ETH_LEN;
	if (nfold_is_vlan(p->ethertype)) {
		why = nfold_parse_tags(data, data_end, p, &vlan);
		if (why)
			return why;
	}
	*zone = vlan | port << NFOLD_ZONE_PORT_SHIFT;
	if (p->ethertype == NFOLD_TYPE_IP4 || p->ethertype == NFOLD_TYPE_IP6)
		return NFOLD_REASON_NONE;
	return NFOLD_REASON_ETHERTYPE;
}

/* The whole of it, for a frame that lies in one piece.
 * 0 (NFOLD_REASON_NONE) with *p filled, or why it can not be a flow; then
 * family, offsets and ethertype hold as far as it got, and the key has the
 * addresses if family is set. NFOLD_PARSE_GROUP is set beside any result.
 */
static inline enum nfold_reason nfold_parse(void *data, void *data_end,
					    __u32 port, struct nfold_parse *p)
{
	__u32 len = (__u8 *)data_end - (__u8 *)data, zone = 0;
	enum nfold_reason why;

	why = nfold_parse_l2(data, data_end, port, p, &zone);
	if (why)
		return why;
	if (p->ethertype == NFOLD_TYPE_IP4)
		return nfold_parse_ip4((__u8 *)data + p->l3_off, data_end, len,
				       zone, 1, p);
	return nfold_parse_ip6((__u8 *)data + p->l3_off, data_end, len, zone,
			       1, p);
}

#endif
