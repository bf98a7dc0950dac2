/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the hand-written programs share: how a capable person parses known IPv4
 * flows, and corrects checksums by a delta. No VLAN, no IPv6, no MAC or header
 * checksum test.
 */
#ifndef NFOLD_BENCH_HAND_H
#define NFOLD_BENCH_HAND_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "flows.h"

struct hand {
	struct ethhdr *eth;
	struct iphdr *ip;
	struct udphdr *l4;	/* TCP has its ports there too */
	__u16 *check;		/* of L4 */
	__u32 len;		/* of the frame */
	struct hash_key key;
};

/* 0, or not for this program. */
static __always_inline int hand_parse(struct xdp_md *ctx, struct hand *h)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct iphdr *ip = data + sizeof(*h->eth);
	struct tcphdr *tcp;

	h->eth = data;
	h->ip = ip;
	if ((void *)(ip + 1) > end || h->eth->h_proto != bpf_htons(ETH_P_IP))
		return -1;
	if (ip->ihl < 5 || (ip->frag_off & bpf_htons(0x3fff)))
		return -1;
	h->l4 = (void *)ip + ip->ihl * 4;
	if ((void *)(h->l4 + 1) > end)
		return -1;
	if (ip->protocol == IPPROTO_UDP) {
		h->check = &h->l4->check;
	} else if (ip->protocol == IPPROTO_TCP) {
		tcp = (void *)h->l4;
		if ((void *)(tcp + 1) > end)
			return -1;
		h->check = &tcp->check;
	} else {
		return -1;
	}
	h->len = end - data;
	h->key = (struct hash_key){ .saddr = ip->saddr, .daddr = ip->daddr,
				    .sport = h->l4->source,
				    .dport = h->l4->dest,
				    .proto = ip->protocol };
	return 0;
}

static __always_inline __u16 hand_apply(__u16 check, __u32 delta)
{
	__u32 sum = (__u16)~check + delta;

	sum = (sum & 0xffff) + (sum >> 16);
	return ~((sum & 0xffff) + (sum >> 16));
}

/* Addresses, ports and both checksums. */
static __always_inline void hand_rewrite(const struct hand *h,
					 const struct hash_val *v)
{
	h->ip->saddr = v->saddr;
	h->ip->daddr = v->daddr;
	h->ip->check = hand_apply(h->ip->check, v->l3_delta);
	h->l4->source = v->sport;
	h->l4->dest = v->dport;
	if (h->ip->protocol == IPPROTO_UDP && !*h->check)
		return;
	*h->check = hand_apply(*h->check, v->l4_delta);
	if (h->ip->protocol == IPPROTO_UDP && !*h->check)
		*h->check = 0xffff;
}

static __always_inline void hand_count(const struct hand *h, __u64 *packets,
				       __u64 *bytes)
{
	__sync_fetch_and_add(packets, 1);
	__sync_fetch_and_add(bytes, h->len);
}

#endif
