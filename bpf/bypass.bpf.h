/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stage: what never becomes a flow. The host's own traffic, ARP, ND and
 * multicast go to the host (router mode) or across (wire mode); the rest is
 * dropped under its reason.
 */
#ifndef NFOLD_BYPASS_BPF_H
#define NFOLD_BYPASS_BPF_H

#include "bpf/packet.bpf.h"
#include "maps/ipproto.h"

/* ICMPv6 that never leaves its link and that hosts can not do without (RFC 4890
 * section 4.4): MLD's 130 to 132, ND's 133 to 137, MLDv2's report. */
#define MLD_FIRST 130
#define ND_LAST 137
#define MLD2_REPORT 143

/* What "hosts" says of an address (memory order); 0: not the host's. A global
 * function, for the sake of its caller's stack. */
__noinline int host_flags(__u64 high, __u64 low)
{
	__u64 key[2] = { high, low };
	__u32 *flags = bpf_map_lookup_elem(&hosts, key);

	return flags ? *flags : 0;
}

/* Router mode: the packet goes to one of the host's addresses. */
static __always_inline int is_for_host(const struct nfold_parse *p)
{
	const __be32 *d = p->key6.daddr;
	__u32 flags;

	if (p->family == 4)
		flags = host_flags(0, NFOLD_PAIR32(NFOLD_BE32(0xffff),
						   p->key4.daddr));
	else
		flags = host_flags(NFOLD_PAIR32(d[0], d[1]),
				   NFOLD_PAIR32(d[2], d[3]));
	if (flags & NFOLD_HOST_ALL)
		return 1;
	return (flags & NFOLD_HOST_ICMP) &&
	       p->l4proto ==
		       (p->family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
}

static __always_inline enum nfold_reason bypass(struct packet *pkt)
{
	__u32 port = pkt->port;
	struct nfold_port *in;

	if (config.router)
		return NFOLD_REASON_HOST;
	in = bpf_map_lookup_elem(&ports, &port);
	if (!in)
		return NFOLD_REASON_NOT_A_PORT;
	pkt->out = in->wire_peer;
	return NFOLD_REASON_WIRE;
}

/* Well formed as far as the parser looked, but no flow. */
static __always_inline int is_unhandled(enum nfold_reason why)
{
	return why == NFOLD_REASON_ETHERTYPE ||
	       why == NFOLD_REASON_VLAN_DEPTH ||
	       why == NFOLD_REASON_FRAGMENT || why == NFOLD_REASON_IPV6_EXT ||
	       why == NFOLD_REASON_ICMP_OTHER;
}

/* What must pass so that neighbours can talk at all. */
static __always_inline int is_link_control(enum nfold_reason why,
					   const struct nfold_parse *p)
{
	if (why == NFOLD_REASON_ETHERTYPE)
		return p->ethertype == NFOLD_TYPE_ARP;
	return why == NFOLD_REASON_ICMP_OTHER && p->family == 6 &&
	       ((p->icmp_type >= MLD_FIRST && p->icmp_type <= ND_LAST) ||
		p->icmp_type == MLD2_REPORT);
}

/* Router mode: for many, so for the host among others. On a wire such a packet
 * belongs to a flow like any other, and the chain decides on it. */
static __always_inline int is_group(const struct packet *pkt)
{
	return config.router &&
	       (pkt->group || (pkt->p.flags & NFOLD_PARSE_GROUP));
}

/* The parser refused: why. Fragments and unknown extension headers belong to
 * flows that the chain decides on, so `unhandled pass` does not reach them.
 */
static __always_inline enum nfold_reason refuse(struct packet *pkt,
						enum nfold_reason why)
{
	const struct nfold_parse *p = &pkt->p;

	if (!is_unhandled(why))
		return why;
	if (is_link_control(why, p))
		return bypass(pkt);
	if (p->family) {
		if (is_group(pkt))
			return bypass(pkt);
		if (config.router && is_for_host(p))
			return NFOLD_REASON_HOST;
	}
	if (config.unhandled_pass && why != NFOLD_REASON_FRAGMENT &&
	    why != NFOLD_REASON_IPV6_EXT)
		return bypass(pkt);
	return why;
}

#endif
