// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The baseline: what a capable person writes by hand for the same job - NAT and
 * load balancing of known IPv4 flows - over BPF_MAP_TYPE_HASH. Parses with
 * options, rewrites, corrects checksums by precomputed deltas, counts packets
 * and bytes, redirects. No VLAN, no IPv6, no header checksum test, no age.
 */
#include "hand.h"

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

SEC("xdp")
int hash_nat(struct xdp_md *ctx)
{
	struct hash_val *v;
	struct hand h;

	if (hand_parse(ctx, &h))
		return XDP_PASS;
	v = bpf_map_lookup_elem(&flows, &h.key);
	if (!v || h.ip->ttl <= 1)
		return XDP_PASS;
	h.ip->ttl--;		/* l3_delta knows */
	hand_rewrite(&h, v);
	__builtin_memcpy(h.eth->h_dest, v->dmac, 6);
	__builtin_memcpy(h.eth->h_source, v->smac, 6);
	hand_count(&h, &v->packets, &v->bytes);
	return bpf_redirect_map(&ports, v->port, 0);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
