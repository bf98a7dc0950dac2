/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Last stage: from the reason to the packet's fate. */
#ifndef NFOLD_OUTCOME_BPF_H
#define NFOLD_OUTCOME_BPF_H

#include "bpf/count.bpf.h"
#include "bpf/packet.bpf.h"
#include "bpf/punt.bpf.h"

static __always_inline int outcome_punt(struct xdp_md *ctx,
					const struct packet *pkt,
					enum nfold_reason why)
{
	__u32 what = PUNT_WHAT(why, pkt->port, pkt->p.family,
			       pkt->counted != NULL);
	enum nfold_reason result = punt(ctx, what, pkt->slot, pkt->ran);

	count(result);
	if (result == why)
		return XDP_REDIRECT;
	if (pkt->counted)
		uncount_handover(pkt->counted);
	return result == NFOLD_REASON_ONMISS_PASS ? XDP_PASS : XDP_DROP;
}

/* Leaves by a port: FAST or WIRE. */
static __always_inline int outcome_send(const struct packet *pkt,
					enum nfold_reason why)
{
	int action = XDP_TX;

	if (pkt->out != pkt->port)
		action = bpf_redirect_map(&tx_ports, pkt->out, XDP_DROP);
	if (action == XDP_DROP)
		why = NFOLD_REASON_NOT_A_PORT;
	count(why);
	return action;
}

/* Any reason but a punt: counts, and returns the XDP action. */
static __always_inline int outcome_plain(const struct packet *pkt,
					 enum nfold_reason why)
{
	if (why == NFOLD_REASON_FAST || why == NFOLD_REASON_WIRE)
		return outcome_send(pkt, why);
	count(why);
	return why == NFOLD_REASON_HOST ? XDP_PASS : XDP_DROP;
}

static __always_inline int outcome(struct xdp_md *ctx, const struct packet *pkt,
				   enum nfold_reason why)
{
	if (__builtin_expect(why == NFOLD_REASON_FAST, 1))
		return outcome_send(pkt, NFOLD_REASON_FAST);
	return is_punt(why) ? outcome_punt(ctx, pkt, why) :
			      outcome_plain(pkt, why);
}

#endif
