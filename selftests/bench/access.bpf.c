// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What memory takes of any program that keeps flows as ours does, and of
 * nothing else: one slot of a mapped array of the flow table's size, the place
 * taken from the packet, its first line read and two counters and a word
 * of the second written.
 */
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "flows.h"
#include "maps/bytes.h"

struct slot {
	__u64 line[8];
	__u64 cells[8];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);	/* set at load */
	__type(key, __u32);
	__type(value, struct slot);
} slots SEC(".maps");

const volatile __u32 slot_cnt = 1;
const volatile __u32 flow_cnt = 1;	/* power of two */

SEC("xdp")
int slot_access(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 index, flow;
	__u64 bits = 0;
	struct slot *s;

	if (data + BENCH_LEN > end)
		return XDP_ABORTED;
	flow = bpf_ntohl(load32(data + 26)) - bench_saddr(0);
	flow = flow << 4 | (bpf_ntohs(load16(data + 34)) - bench_sport(0));
	index = bench_place(flow, flow_cnt, slot_cnt);
	s = bpf_map_lookup_elem(&slots, &index);
	if (!s)
		return XDP_ABORTED;
#pragma GCC unroll 8
	for (int i = 0; i < 8; i++)
		bits |= *(volatile __u64 *)&s->line[i];
	__sync_fetch_and_add(&s->cells[0], 1);
	__sync_fetch_and_add(&s->cells[1], end - data);
	*(volatile __u64 *)&s->cells[2] = index;
	return bits ? XDP_ABORTED : XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
