// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The baseline: what a capable person writes by hand to put known IPv4 flows
 * into one VXLAN tunnel over IPv4, over BPF_MAP_TYPE_HASH. Parses with options,
 * decrements the inner TTL, pushes a constant header, fills in lengths, TOS, the
 * checksum by its delta and the flow's source port, counts packets and bytes,
 * redirects. No VLAN, no IPv6, no MAC or header checksum test, no MTU, no age.
 */
#include "hand.h"

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
	ip->check = hand_apply(ip->check, (__u32)ip->tot_len + bpf_htons(tos));
	udp->source = sport;
	udp->len = bpf_htons(len + BENCH_GROW - sizeof(*ip));
	return 0;
}

SEC("xdp")
int hand_encap(struct xdp_md *ctx)
{
	struct encap_val *v;
	struct hand h;

	if (hand_parse(ctx, &h))
		return XDP_PASS;
	v = bpf_map_lookup_elem(&flows, &h.key);
	if (!v || h.ip->ttl <= 1)
		return XDP_PASS;
	h.ip->ttl--;
	h.ip->check = hand_apply(h.ip->check, (__u16)~bpf_htons(0x0100));
	hand_count(&h, &v->packets, &v->bytes);
	if (push(ctx, v->sport, bpf_ntohs(h.ip->tot_len), h.ip->tos))
		return XDP_ABORTED;
	return bpf_redirect_map(&ports, v->port, 0);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
