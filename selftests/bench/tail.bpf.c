// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The harder baseline: a chain of up to three NFs in XDP, each a program of its
 * own that parses, looks the flow up in its own hash map, acts, and tail-calls
 * the next; the last one routes. What an NF has decided on a flow is in its map:
 * no NF's slow path is here.
 */
#include "hand.h"

#define FLOWS(n)                                          \
	struct {                                          \
		__uint(type, BPF_MAP_TYPE_HASH);          \
		__uint(max_entries, 1); /* set at load */ \
		__type(key, struct hash_key);             \
		__type(value, struct tail_val);           \
	} flows_##n SEC(".maps")

FLOWS(0);
FLOWS(1);
FLOWS(2);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, __u32);
} nfs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u32);
} ports SEC(".maps");

static __always_inline int route(const struct hand *h, const struct tail_val *v)
{
	if (h->ip->ttl <= 1)
		return XDP_PASS;
	h->ip->ttl--;
	h->ip->check = hand_apply(h->ip->check, (__u16)~bpf_htons(0x0100));
	__builtin_memcpy(h->eth->h_dest, v->set.dmac, 6);
	__builtin_memcpy(h->eth->h_source, v->set.smac, 6);
	return bpf_redirect_map(&ports, v->set.port, 0);
}

static __always_inline int run(struct xdp_md *ctx, void *flows)
{
	struct tail_val *v;
	struct hand h;

	if (hand_parse(ctx, &h))
		return XDP_PASS;
	v = bpf_map_lookup_elem(flows, &h.key);
	if (!v)
		return XDP_PASS;
	if (v->act == TAIL_DROP)
		return XDP_DROP;
	if (v->act == TAIL_MODIFY)
		hand_rewrite(&h, &v->set);
	if (v->next)
		bpf_tail_call(ctx, &nfs, v->next);
	return route(&h, v);
}

#define NF(n)                              \
	SEC("xdp")                         \
	int nf_##n(struct xdp_md *ctx)     \
	{                                  \
		return run(ctx, &flows_##n); \
	}

NF(0)
NF(1)
NF(2)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
