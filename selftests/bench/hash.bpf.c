// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The baseline: what a capable person writes by hand for the same job - NAT and
 * load balancing of known IPv4 flows - over BPF_MAP_TYPE_HASH. Parses with
 * options, rewrites, corrects checksums by precomputed deltas, counts packets
 * and bytes, redirects. No VLAN, no IPv6, no header checksum test, no age.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <linux/tcp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "flows.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);	/* set at load */
	__type(key, struct hash_key);
	__type(value, struct hash_val);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u32);
} ports SEC(".maps");

static __always_inline __u16 apply(__u16 check, __u16 delta)
{
	__u32 sum = (__u16)~check + delta;

	return ~((sum & 0xffff) + (sum >> 16));
}

SEC("xdp")
int hash_nat(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = data + sizeof(*eth);
	struct hash_key key = { 0 };
	struct hash_val *v;
	struct udphdr *l4;
	__u16 *check;

	if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	if (ip->ihl < 5 || (ip->frag_off & bpf_htons(0x3fff)))
		return XDP_PASS;
	l4 = (void *)ip + ip->ihl * 4;
	if ((void *)(l4 + 1) > end)
		return XDP_PASS;
	if (ip->protocol == IPPROTO_UDP) {
		check = &l4->check;
	} else if (ip->protocol == IPPROTO_TCP) {
		struct tcphdr *tcp = (void *)l4;

		if ((void *)(tcp + 1) > end)
			return XDP_PASS;
		check = &tcp->check;
	} else {
		return XDP_PASS;
	}
	key.saddr = ip->saddr;
	key.daddr = ip->daddr;
	key.sport = l4->source;
	key.dport = l4->dest;
	key.proto = ip->protocol;
	v = bpf_map_lookup_elem(&flows, &key);
	if (!v || ip->ttl <= 1)
		return XDP_PASS;
	ip->saddr = v->saddr;
	ip->daddr = v->daddr;
	ip->ttl--;
	ip->check = apply(ip->check, v->l3_delta);
	l4->source = v->sport;
	l4->dest = v->dport;
	if (ip->protocol == IPPROTO_TCP || *check) {
		*check = apply(*check, v->l4_delta);
		if (ip->protocol == IPPROTO_UDP && !*check)
			*check = 0xffff;
	}
	__builtin_memcpy(eth->h_dest, v->dmac, 6);
	__builtin_memcpy(eth->h_source, v->smac, 6);
	__sync_fetch_and_add(&v->packets, 1);
	__sync_fetch_and_add(&v->bytes, end - data);
	return bpf_redirect_map(&ports, v->port, 0);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
