// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The baseline: what a capable person writes by hand to put known IPv4 flows
 * into one VXLAN tunnel over IPv4, over BPF_MAP_TYPE_HASH. Parses with options,
 * decrements the inner TTL, pushes a constant header, fills in lengths, TOS, the
 * checksum by its delta and the flow's source port, counts packets and bytes,
 * redirects. No VLAN, no IPv6, no MAC or header checksum test, no MTU, no age.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "flows.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);	/* set at load */
	__type(key, struct hash_key);
	__type(value, struct encap_val);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u32);
} ports SEC(".maps");

/* Ethernet, IPv4, UDP, VXLAN, Ethernet: lengths, TOS and source port 0, the
 * checksum right for that. */
__u8 head[BENCH_GROW + ETH_HLEN];

static __always_inline __u16 apply(__u16 check, __u32 delta)
{
	__u32 sum = (__u16)~check + delta;

	sum = (sum & 0xffff) + (sum >> 16);
	return ~((sum & 0xffff) + (sum >> 16));
}

/* len: of the inner packet. */
static __always_inline int push(struct xdp_md *ctx, __be16 sport, __u16 len,
				__u8 tos)
{
	struct ethhdr *eth;
	struct udphdr *udp;
	struct iphdr *ip;
	void *data, *end;

	if (bpf_xdp_adjust_head(ctx, -BENCH_GROW))
		return -1;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + sizeof(head) > end)
		return -1;
	__builtin_memcpy(data, head, sizeof(head));
	eth = data;
	ip = (void *)(eth + 1);
	udp = (void *)(ip + 1);
	ip->tos = tos;
	ip->tot_len = bpf_htons(len + BENCH_GROW);
	ip->check = apply(ip->check, (__u32)ip->tot_len + bpf_htons(tos));
	udp->source = sport;
	udp->len = bpf_htons(len + BENCH_GROW - sizeof(*ip));
	return 0;
}

SEC("xdp")
int hand_encap(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = data + sizeof(*eth);
	struct hash_key key = { 0 };
	struct encap_val *v;
	struct udphdr *l4;

	if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	if (ip->ihl < 5 || (ip->frag_off & bpf_htons(0x3fff)))
		return XDP_PASS;
	if (ip->protocol != IPPROTO_UDP && ip->protocol != IPPROTO_TCP)
		return XDP_PASS;
	l4 = (void *)ip + ip->ihl * 4;
	if ((void *)(l4 + 1) > end)
		return XDP_PASS;
	key.saddr = ip->saddr;
	key.daddr = ip->daddr;
	key.sport = l4->source;
	key.dport = l4->dest;
	key.proto = ip->protocol;
	v = bpf_map_lookup_elem(&flows, &key);
	if (!v || ip->ttl <= 1)
		return XDP_PASS;
	ip->ttl--;
	ip->check = apply(ip->check, (__u16)~bpf_htons(0x0100));
	__sync_fetch_and_add(&v->packets, 1);
	__sync_fetch_and_add(&v->bytes, end - data);
	if (push(ctx, v->sport, bpf_ntohs(ip->tot_len), ip->tos))
		return XDP_ABORTED;
	return bpf_redirect_map(&ports, v->port, 0);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
