// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Makes a packet of a random flow in the test packet's place and tail-calls the
 * program to be measured. What this costs is measured with a program that only
 * returns, and subtracted.
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
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} target SEC(".maps");

__u64 rng;			/* not 0 */
__u32 flow_cnt;			/* power of two */
__u8 dmac[8];			/* of the port that receives */
__u16 base_check;		/* IPv4 sum of all but the source address */

static __always_inline __u32 next_flow(void)
{
	__u64 x = rng;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	rng = x;
	return (x >> 20) & (flow_cnt - 1);
}

/* A packet of a random flow in the frame's place. */
static __always_inline int make(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = data + sizeof(*eth);
	struct udphdr *udp = (void *)(ip + 1);
	__u32 i = next_flow();
	__u32 sum;

	if ((void *)(udp + 1) > end)
		return -1;
	*(__u32 *)eth->h_dest = *(__u32 *)dmac;
	*(__u16 *)(eth->h_dest + 4) = *(__u16 *)(dmac + 4);
	ip->saddr = bpf_htonl(bench_saddr(i));
	ip->daddr = bpf_htonl(BENCH_DADDR);
	sum = base_check + (ip->saddr >> 16) + (ip->saddr & 0xffff);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	/* Whole words, as a device would have left them long ago: a load that
	 * is wider than the store before it waits for the store. */
	*(__u32 *)&ip->ttl = BENCH_TTL | IPPROTO_UDP << 8 |
			     (__u32)(__u16)~sum << 16;
	*(__u32 *)udp = bpf_htonl((__u32)bench_sport(i) << 16 | BENCH_DPORT);
	return 0;
}

SEC("xdp")
int wrap(struct xdp_md *ctx)
{
	if (!make(ctx))
		bpf_tail_call(ctx, &target, 0);
	return XDP_ABORTED;
}

/* For targets that put BENCH_GROW bytes in front: the test's next turn begins
 * where the last one left the frame. */
SEC("xdp")
int wrap_grown(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;

	if (data + BENCH_LEN + BENCH_GROW <= end &&
	    bpf_xdp_adjust_head(ctx, BENCH_GROW))
		return XDP_ABORTED;
	if (!make(ctx))
		bpf_tail_call(ctx, &target, 0);
	return XDP_ABORTED;
}

SEC("xdp")
int only_return(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

/* Costs what wrap_grown does to take back, and as much itself. */
SEC("xdp")
int only_grow(struct xdp_md *ctx)
{
	return bpf_xdp_adjust_head(ctx, -BENCH_GROW) ? XDP_ABORTED : XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
