// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* send: for BPF_F_TEST_XDP_LIVE_FRAMES: each frame becomes the next flow's and
 * leaves by the device. Frames are recycled with what the box left in them, so
 * every header field is written anew. sink: counts and drops.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "livegen.h"

struct livegen_conf conf;
__u64 sent;
__u64 received;

SEC("xdp")
int send(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct iphdr *ip = (void *)(eth + 1);
	struct udphdr *udp = (void *)(ip + 1);
	__u32 sum;

	if ((void *)(udp + 1) > end)
		return XDP_ABORTED;
	__builtin_memcpy(eth->h_dest, conf.dmac, 6);
	__builtin_memcpy(eth->h_source, conf.smac, 6);
	eth->h_proto = bpf_htons(ETH_P_IP);
	__builtin_memset(ip, 0, sizeof(*ip));
	ip->version = 4;
	ip->ihl = 5;
	ip->tot_len = bpf_htons(LIVEGEN_LEN - sizeof(*eth));
	ip->ttl = 64;
	ip->protocol = IPPROTO_UDP;
	ip->saddr = conf.saddr;
	ip->daddr = conf.daddr;
	ip->check = conf.ip_check;
	udp->source = bpf_htons(LIVEGEN_SPORT + (sent++ & (conf.flows - 1)));
	udp->dest = conf.dport;
	udp->len = bpf_htons(LIVEGEN_LEN - sizeof(*eth) - sizeof(*ip));
	sum = conf.udp_sum + udp->source;
	sum = (sum & 0xffff) + (sum >> 16);
	udp->check = ~sum ? ~sum : 0xffff;
	return XDP_TX;
}

SEC("xdp")
int sink(struct xdp_md *ctx)
{
	(void)ctx;
	__sync_fetch_and_add(&received, 1);
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
