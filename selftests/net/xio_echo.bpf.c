/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every packet of a port to user space, with the punt metadata: what xio needs
 * of an XDP program, and nothing else.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "maps/port.h"
#include "maps/punt.h"

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, NFOLD_PORT_MAX *NFOLD_QUEUE_MAX);
	__type(key, __u32);
	__type(value, __u32);
} xsks SEC(".maps");

const volatile __u32 ifindex[2];

static __always_inline int punt(struct xdp_md *ctx)
{
	__u32 port = ctx->ingress_ifindex == ifindex[1];
	struct nfold_punt *p;

	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*p)))
		return XDP_ABORTED;
	p = (void *)(long)ctx->data_meta;
	if ((void *)(p + 1) > (void *)(long)ctx->data)
		return XDP_ABORTED;
	__builtin_memset(p, 0, sizeof(*p));
	p->magic = NFOLD_PUNT_MAGIC;
	p->port = port;
	p->queue = ctx->rx_queue_index;
	return bpf_redirect_map(&xsks,
				port * NFOLD_QUEUE_MAX + ctx->rx_queue_index,
				XDP_DROP);
}

SEC("xdp")
int echo(struct xdp_md *ctx)
{
	return punt(ctx);
}

SEC("xdp.frags")
int echo_frags(struct xdp_md *ctx)
{
	return punt(ctx);
}

char _license[] SEC("license") = "Dual BSD/GPL";
