/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stage: give the packet to user space, with metadata that says why. */
#ifndef NFOLD_PUNT_BPF_H
#define NFOLD_PUNT_BPF_H

#include "bpf/maps.bpf.h"
#include "maps/punt.h"

/* A hand-over count that was raised for a packet which then reached nobody is
 * taken back, so that the entry need not wait for its bound. One try: when it
 * fails, the bound (1 ms) is what ends the hand-over. */
static __always_inline void uncount_handover(struct nfold_cells *cells)
{
	__u32 old = *(volatile __u32 *)&cells->handover;

	if ((old & NFOLD_HANDOVER_PENDING) && (old & NFOLD_HANDOVER_COUNT))
		__sync_val_compare_and_swap(&cells->handover, old, old - 1);
}

/* No socket took the packet: `on-miss`. Metadata must not reach the host's
 * stack, where it would keep packets from being merged. */
static __always_inline enum nfold_reason punt_failed(struct xdp_md *ctx,
						     __u32 port)
{
	struct nfold_port *in = bpf_map_lookup_elem(&ports, &port);

	if (config.onmiss_pass)
		return bpf_xdp_adjust_meta(ctx, sizeof(struct nfold_punt)) ?
			       NFOLD_REASON_NO_META :
			       NFOLD_REASON_ONMISS_PASS;
	if (in && ctx->rx_queue_index >= in->queues)
		return NFOLD_REASON_NO_QUEUE;
	return NFOLD_REASON_NO_ENGINE;
}

/* The words of struct nfold_punt that a global function can be handed. */
#define PUNT_WHAT(why, port, family, counted)                      \
	((__u32)(why) | (__u32)(port) << 8 | (__u32)(family) << 16 | \
	 (__u32)(counted) << 24)

/* Returns the reason in what if the packet is on its way (XDP_REDIRECT), else
 * what became of it. A global function: verified once, by itself. */
__noinline int punt(struct xdp_md *ctx, __u32 what, __u32 slot, __u32 ran)
{
	__u32 queue = ctx->rx_queue_index, port = (what >> 8) & 0xff;
	struct nfold_punt *head;

	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*head)))
		return NFOLD_REASON_NO_META;
	head = (void *)(long)ctx->data_meta;
	if ((void *)(head + 1) > (void *)(long)ctx->data)
		return NFOLD_REASON_NO_META;
	head->magic = NFOLD_PUNT_MAGIC;
	head->reason = what;
	head->port = port;
	head->slot = slot;
	head->family = what >> 16;
	head->counted = what >> 24;
	head->queue = queue;
	head->ran = ran;
	/* A queue beyond the port's range must not hit the next port's. */
	if (queue < NFOLD_QUEUE_MAX &&
	    bpf_redirect_map(&xsks, port * NFOLD_QUEUE_MAX + queue, XDP_DROP) ==
		    XDP_REDIRECT)
		return what & 0xff;
	return punt_failed(ctx, port);
}

#endif
