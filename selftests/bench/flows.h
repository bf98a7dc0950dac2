/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The bench's flows, by index, as the wrapper makes them and both tables hold
 * them: one client address and port an index, all to one virtual service.
 */
#ifndef NFOLD_BENCH_FLOWS_H
#define NFOLD_BENCH_FLOWS_H

#include <linux/types.h>

#define BENCH_DADDR 0xc6336450U	/* 198.51.100.80 */
#define BENCH_DPORT 80
#define BENCH_SADDR 0x0a000000U	/* 10.0.0.0 + index / 16 */
#define BENCH_SPORT 1024	/* + index % 16 */
#define BENCH_TTL 64
#define BENCH_LEN 64		/* bytes of the frame: Ethernet, IPv4, UDP */
#define BENCH_GROW 50		/* bytes of VXLAN over IPv4, with Ethernet */

static inline __u32 bench_saddr(__u32 i)
{
	return BENCH_SADDR + 2 + (i >> 4);
}

static inline __u16 bench_sport(__u32 i)
{
	return BENCH_SPORT + (i & 15);
}

/* A slot of its own for each flow, anywhere among cnt. flows: a power of two. */
static inline __u32 bench_place(__u32 flow, __u32 flows, __u32 cnt)
{
	return (__u64)(flow * 0x9e3779b1U & (flows - 1)) * cnt / flows;
}

/* Value of the hand-written program's hash map. */
struct hash_key {
	__be32 saddr;
	__be32 daddr;
	__be16 sport;
	__be16 dport;
	__u8 proto;
	__u8 pad[3];
};

struct hash_val {
	__be32 saddr;
	__be32 daddr;
	__be16 sport;
	__be16 dport;
	__u16 l3_delta;
	__u16 l4_delta;
	__u8 dmac[6];
	__u8 smac[6];
	__u32 port;
	__u64 packets;
	__u64 bytes;
};

/* Value of an NF's map in the hand-written chain: no counters, as IPFilter and
 * load balancers that only filter and rewrite have none. */
enum tail_act { TAIL_FORWARD, TAIL_MODIFY, TAIL_DROP };

struct tail_val {
	__u32 act;		/* enum tail_act */
	__u32 next;		/* NF; 0: the last */
	struct hash_val set;	/* l3_delta without the TTL */
};

/* Value of the hand-written encapsulation's. */
struct encap_val {
	__be16 sport;		/* outer */
	__u16 pad;
	__u32 port;
	__u64 packets;
	__u64 bytes;
};

#endif
