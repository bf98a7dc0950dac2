/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Applies a folded action to a packet: the one place, in XDP and in user space,
 * where folded packets are changed. The packet was parsed by parse.h and is
 * unchanged since; set and act are private copies of an entry's.
 *
 * Each step is bounds-checked anew, because the verifier does not carry what
 * the parser proved across spilled offsets. No step fails on a packet that
 * the parser took.
 */
#ifndef NFOLD_ACT_H
#define NFOLD_ACT_H

#include <linux/types.h>

#include "action.h"
#include "bytes.h"
#include "csum.h"
#include "csum_full.h"
#include "parse.h"

/* Ports, or the echo identifier, and the L4 checksum by delta. partial: the
 * checksum is somebody else's job. */
static __always_inline enum nfold_reason
nfold_act_l4(__u8 *data, void *data_end, const struct nfold_parse *p,
	     __be16 sport, __be16 dport, const struct nfold_act *act,
	     int partial)
{
	__u8 *l4 = nfold_at(data, p->l4_off);
	__u16 csum;

	if (p->l4 == NFOLD_L4_NONE)
		return NFOLD_REASON_NONE;
	if (l4 + 8 > (__u8 *)data_end)
		return NFOLD_REASON_TRUNCATED;
	switch (p->l4) {
	case NFOLD_L4_UDP:
		store32(l4, NFOLD_PAIR16(sport, dport));
		csum = load16(l4 + NFOLD_UDP_CSUM);
		/* 0 is "no checksum": stays so (RFC 768, RFC 6936). */
		if (!partial && csum)
			store16(l4 + NFOLD_UDP_CSUM,
				csum_udp(csum_apply(csum, act->l4_delta)));
		return NFOLD_REASON_NONE;
	case NFOLD_L4_TCP:
		if (l4 + 20 > (__u8 *)data_end)
			return NFOLD_REASON_TRUNCATED;
		store32(l4, NFOLD_PAIR16(sport, dport));
		if (!partial)
			store16(l4 + NFOLD_TCP_CSUM,
				csum_apply(load16(l4 + NFOLD_TCP_CSUM),
					   act->l4_delta));
		return NFOLD_REASON_NONE;
	default:
		store16(l4 + 4, p->l4 == NFOLD_L4_ECHO_REQUEST ? sport : dport);
		if (!partial)
			store16(l4 + NFOLD_ICMP_CSUM,
				csum_apply(load16(l4 + NFOLD_ICMP_CSUM),
					   act->l4_delta));
		return NFOLD_REASON_NONE;
	}
}

/* Headers above Ethernet; L4 checksum by delta unless partial. */
static __always_inline enum nfold_reason
nfold_rewrite4(__u8 *data, void *data_end, const struct nfold_parse *p,
	       const struct nfold_set4 *set, const struct nfold_act *act,
	       int partial)
{
	__u8 *ip = nfold_at(data, p->l3_off);

	if (ip + 20 > (__u8 *)data_end)
		return NFOLD_REASON_TRUNCATED;
	ip[8] -= act->ttl_dec;
	store16(ip + 10, csum_apply(load16(ip + 10), act->l3_delta));
	if (act->flags & NFOLD_ACT_NO_REWRITE)
		return NFOLD_REASON_NONE;
	store32(ip + 12, set->saddr);
	store32(ip + 16, set->daddr);
	return nfold_act_l4(data, data_end, p, set->sport, set->dport, act,
			    partial);
}

static __always_inline enum nfold_reason
nfold_rewrite6(__u8 *data, void *data_end, const struct nfold_parse *p,
	       const struct nfold_set6 *set, const struct nfold_act *act,
	       int partial)
{
	__u8 *ip = nfold_at(data, p->l3_off);

	if (ip + 40 > (__u8 *)data_end)
		return NFOLD_REASON_TRUNCATED;
	ip[7] -= act->ttl_dec;
	if (act->flags & NFOLD_ACT_NO_REWRITE)
		return NFOLD_REASON_NONE;
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		store32(ip + 8 + 4 * i, set->saddr[i]);
		store32(ip + 24 + 4 * i, set->daddr[i]);
	}
	return nfold_act_l4(data, data_end, p, set->sport, set->dport, act,
			    partial);
}

static __always_inline void nfold_set_macs(__u8 *data, const __u8 *dmac,
					   const __u8 *smac)
{
	store32(data, load32(dmac));
	store16(data + 4, load16(dmac + 4));
	store32(data + 6, load32(smac));
	store16(data + 10, load16(smac + 4));
}

#ifndef __bpf__
/* User space: the action as a whole, but for the MAC addresses. What the sender
 * left of the L4 checksum to its device is completed: an AF_XDP socket sends
 * frames as they are.
 */
static inline enum nfold_reason
nfold_apply4(__u8 *data, void *data_end, const struct nfold_parse *p,
	     const struct nfold_set4 *set, const struct nfold_act *act)
{
	int partial = (act->flags & NFOLD_ACT_CSUM_PARTIAL) &&
		      nfold_csum_is_partial(data, data_end, p);
	enum nfold_reason why;

	why = nfold_rewrite4(data, data_end, p, set, act, partial);
	if (!why && partial)
		nfold_csum_complete(data, data_end, p);
	return why;
}

static inline enum nfold_reason
nfold_apply6(__u8 *data, void *data_end, const struct nfold_parse *p,
	     const struct nfold_set6 *set, const struct nfold_act *act)
{
	int partial = (act->flags & NFOLD_ACT_CSUM_PARTIAL) &&
		      nfold_csum_is_partial(data, data_end, p);
	enum nfold_reason why;

	why = nfold_rewrite6(data, data_end, p, set, act, partial);
	if (!why && partial)
		nfold_csum_complete(data, data_end, p);
	return why;
}
#endif

#endif
