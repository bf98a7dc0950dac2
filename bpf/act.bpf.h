/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stage: what stands between a hit and the entry's action, the action, and what
 * the packet leaves in the entry's cells.
 */
#ifndef NFOLD_ACT_BPF_H
#define NFOLD_ACT_BPF_H

#include "bpf/csum.bpf.h"
#include "bpf/edit.bpf.h"
#include "bpf/lookup.bpf.h"
#include "bpf/packet.bpf.h"
#include "bpf/state.bpf.h"
#include "maps/act.h"

#define TCP_CLOSED (NFOLD_TCP_FIN | NFOLD_TCP_RST | NFOLD_TCP_PEER_CLOSED)

/* TCP flags that the session's other direction has shown. */
static __always_inline __u32 peer_tcp_seen(const struct nfold_cells *cells,
					   __u8 family)
{
	__u32 index = READ_ONCE(cells->peer) - 1;

	if (family == 4) {
		struct nfold_slot4 *slot = bpf_map_lookup_elem(&flows4, &index);

		return slot ? READ_ONCE(slot->cells.tcp_seen) : 0;
	} else {
		struct nfold_slot6 *slot = bpf_map_lookup_elem(&flows6, &index);

		return slot ? READ_ONCE(slot->cells.tcp_seen) : 0;
	}
}

/* A SYN where either side has closed: whether it opens the connection anew is
 * for the engine to say. */
static __always_inline int may_reopen(const struct packet *pkt,
				      const struct nfold_cells *cells,
				      __u8 family)
{
	if ((pkt->p.tcp_flags & (NFOLD_TCP_SYN | NFOLD_TCP_ACK)) !=
	    NFOLD_TCP_SYN)
		return 0;
	return (READ_ONCE(cells->tcp_seen) | peer_tcp_seen(cells, family)) &
	       TCP_CLOSED;
}

/* Is there a socket for what is punted from here? When the engine has died, what
 * only it could do better is left undone, and established flows go on. */
static __always_inline int has_engine(struct xdp_md *ctx,
				      const struct packet *pkt)
{
	__u32 queue = ctx->rx_queue_index;
	__u32 index = pkt->port * NFOLD_QUEUE_MAX + queue;

	return queue < NFOLD_QUEUE_MAX && bpf_map_lookup_elem(&xsks, &index);
}

/* Of an older generation: folded by routes that have changed since, but still
 * what the NFs said. 0: invalidated, which they no longer say. */
static __always_inline int is_stale(struct xdp_md *ctx,
				    const struct packet *pkt,
				    const struct hit *hit)
{
	__u32 generation = hit->act.generation;

	return generation != ctl.generation &&
	       (!generation || has_engine(ctx, pkt));
}

/* Has the slow path packets of this flow? Then this one is counted there. */
static __always_inline int is_pending(struct xdp_md *ctx, struct packet *pkt,
				      struct nfold_cells *cells)
{
	if (!(READ_ONCE(cells->handover) & NFOLD_HANDOVER_PENDING) ||
	    !has_engine(ctx, pkt))
		return 0;
	if (!(__sync_fetch_and_add(&cells->handover, 1) &
	      NFOLD_HANDOVER_PENDING))
		return 0;
	pkt->counted = cells;
	return 1;
}

/* Why the entry must not be used for this packet, or NONE. */
static __always_inline enum nfold_reason
act_refuses(struct xdp_md *ctx, struct packet *pkt, const struct hit *hit,
	    __u8 family)
{
	if (is_stale(ctx, pkt, hit))
		return NFOLD_REASON_STALE;
	if (is_pending(ctx, pkt, hit->cells))
		return NFOLD_REASON_PENDING;
	if (hit->act.verdict == NFOLD_VERDICT_SLOW)
		return NFOLD_REASON_SLOW_FLOW;
	if (may_reopen(pkt, hit->cells, family))
		return NFOLD_REASON_REOPEN;
	return NFOLD_REASON_NONE;
}

/* The entry decided on this packet. */
static __always_inline void act_count(const struct packet *pkt,
				      struct nfold_cells *cells)
{
	__sync_fetch_and_add(&cells->packets, 1);
	__sync_fetch_and_add(&cells->bytes, pkt->len);
	cells->last_seen_ns = ctl.now_ns;
	if (pkt->p.tcp_flags & ~READ_ONCE(cells->tcp_seen))
		__sync_fetch_and_or(&cells->tcp_seen, pkt->p.tcp_flags);
}

/* Where it goes. NONE, or why it can not be sent now. */
static __always_inline enum nfold_reason
act_route(const struct packet *pkt, const struct nfold_act *act,
	  union nfold_nexthop *hop, struct nfold_port **out)
{
	__u32 index = act->nexthop, port;
	union nfold_nexthop *entry;

	if (act->ttl_dec && pkt->p.ttl <= act->ttl_dec)
		return NFOLD_REASON_TTL;
	entry = bpf_map_lookup_elem(&nexthops, &index);
	if (!entry)
		return NFOLD_REASON_NEIGH;
	hop->word = READ_ONCE(entry->word);
	if (!hop->port)
		return NFOLD_REASON_NEIGH;
	if (!(act->flags & NFOLD_ACT_KEEP_L2) && !(hop->word & MAC_MASK))
		return NFOLD_REASON_NEIGH;
	port = hop->port - 1;
	*out = bpf_map_lookup_elem(&ports, &port);
	if (!*out)
		return NFOLD_REASON_NEIGH;
	if (pkt->p.l3_len + (config.edits ? act->grow : 0) > (*out)->mtu)
		return NFOLD_REASON_MTU;
	return NFOLD_REASON_NONE;
}

static __always_inline int is_generic(__u32 port)
{
	struct nfold_port *in;

	if (!config.generic)
		return 0;
	in = bpf_map_lookup_elem(&ports, &port);
	return in && (in->flags & NFOLD_PORT_GENERIC);
}

/* Rewrites the headers above Ethernet. set: struct nfold_set4 or 6, by family.
 */
static __always_inline enum nfold_reason
act_rewrite(struct xdp_md *ctx, struct packet *pkt, const struct nfold_act *act,
	    const void *set, __u8 family)
{
	__u8 *data = pkt->data, *end = pkt->data_end;
	enum nfold_reason why;
	int partial;

	partial = (act->flags & NFOLD_ACT_CSUM_PARTIAL) &&
		  csum_is_partial(data, end, &pkt->p, family);
	if (family == 4)
		why = nfold_rewrite4(data, end, &pkt->p, set, act, partial);
	else
		why = nfold_rewrite6(data, end, &pkt->p, set, act, partial);
	if (!why && partial)
		why = csum_finish(ctx, data, end, &pkt->p, family,
				  is_generic(pkt->port));
	return why;
}

/* The verifier knows nothing of what a global function returns, and clang,
 * which does, would drop a plain mask (6.18, clang 19). */
static __always_inline enum nfold_reason edit_reason(__u32 why)
{
	asm volatile("%0 &= %1" : "+r"(why) : "i"(NFOLD_REASON_MAX - 1));
	return why;
}

/* Bytes of a tunnel header from the wire in front of the packet's; inner: a
 * constant, 1 if it came in by a known tunnel. */
static __always_inline __u32 act_cover(const struct packet *pkt, int inner)
{
	return inner ? pkt->p.l3_off - NFOLD_ETH_LEN -
			       NFOLD_VLAN_LEN * pkt->p.tags : 0;
}

static __always_inline enum nfold_reason
act_edit_packet(struct xdp_md *ctx, const struct packet *pkt,
		const struct nfold_act *act, __u32 ask, int inner)
{
	if (!(act->flags & NFOLD_ACT_EDIT_PACKET))
		return NFOLD_REASON_NONE;
	return edit_reason(edit_packet(ctx, act->edit - 1,
				       EDIT_L4(pkt->p.l4_off, act->flags | ask),
				       EDIT_L3(pkt->p.l3_len,
					       act_cover(pkt, inner))));
}

/* Ethernet, and what comes between it and IP: moves the frame's start. */
static __always_inline enum nfold_reason
act_edit_frame(struct xdp_md *ctx, const struct packet *pkt,
	       const struct nfold_act *act, const union nfold_nexthop *hop,
	       const struct nfold_port *out, int inner)
{
	__u64 dmac = hop->word, smac = load64(out->mac);

	if (act->flags & NFOLD_ACT_KEEP_L2) {
		dmac = load64(pkt->data);
		smac = load64(pkt->data + 6);
	}
	if (act->edit & NFOLD_EDIT_WORD)
		return edit_reason(edit_tunnel(ctx, act->edit, pkt->p.l3_len,
					       dmac, smac));
	if (!(act->flags & NFOLD_ACT_KEEP_L2))
		nfold_set_macs(pkt->data, hop->dmac, out->mac);
	return edit_reason(edit_frame(ctx, act->edit - 1,
				      EDIT_L3(pkt->p.l3_len,
					      act_cover(pkt, inner))));
}

/* more, inner: constants; 1 if the entry has an edit or steps; if the packet
 * came in by a known tunnel. */
static __always_inline enum nfold_reason
act_forward(struct xdp_md *ctx, struct packet *pkt, const struct nfold_act *act,
	    const void *set, __u8 family, int more, int inner)
{
	int edits = more && config.edits && act->edit;
	union nfold_nexthop hop;
	enum nfold_reason why;
	struct nfold_port *out;

	why = act_route(pkt, act, &hop, &out);
	/* Whether it edits, before what must not run twice. */
	if (!why && edits && config.steps && act->steps)
		why = act_edit_packet(ctx, pkt, act, EDIT_ONLY_ASK, inner);
	if (!why && more)
		why = state_run(pkt, act, family);
	if (why)
		return why;
	if (pkt->data + NFOLD_ETH_LEN > pkt->data_end)
		return NFOLD_REASON_TRUNCATED;
	if (edits)
		why = act_edit_packet(ctx, pkt, act, 0, inner);
	if (!why)
		why = act_rewrite(ctx, pkt, act, set, family);
	if (why)
		return why;
	pkt->out = hop.port - 1;
	if (edits)
		why = act_edit_frame(ctx, pkt, act, &hop, out, inner);
	else if (!(act->flags & NFOLD_ACT_KEEP_L2))
		nfold_set_macs(pkt->data, hop.dmac, out->mac);
	return why ? why : NFOLD_REASON_FAST;
}

/* Dropped or the host's, unless an event says otherwise. */
static __always_inline enum nfold_reason
act_keep(struct packet *pkt, const struct nfold_act *act, __u8 family)
{
	int host = act->verdict == NFOLD_VERDICT_HOST;
	enum nfold_reason why;

	/* It dies at a hop before the NF that drops: N7. */
	if (!host && act->ttl_dec && pkt->p.ttl <= act->ttl_dec)
		return NFOLD_REASON_TTL;
	why = state_run(pkt, act, family);
	if (why)
		return why;
	return host ? NFOLD_REASON_HOST : NFOLD_REASON_DROP_FOLDED;
}

static __always_inline int act_has_more(const struct nfold_act *act)
{
	return (config.edits && __builtin_expect(act->edit, 0)) ||
	       (config.steps && __builtin_expect(act->steps, 0));
}

/* The entry decides. Its cells count what it decided, not what is punted: state
 * functions run once nothing else can punt the packet. */
static __always_inline enum nfold_reason
act(struct xdp_md *ctx, struct packet *pkt, const struct hit *hit,
    const void *set, __u8 family, int inner)
{
	enum nfold_reason why = act_refuses(ctx, pkt, hit, family);

	if (why)
		return why;
	/* Compiled twice: the calls in its middle cost the common path registers
	 * (2 of 50 ns). */
	if (hit->act.verdict == NFOLD_VERDICT_FORWARD && act_has_more(&hit->act))
		why = act_forward(ctx, pkt, &hit->act, set, family, 1,
				  inner);
	else if (hit->act.verdict == NFOLD_VERDICT_FORWARD)
		why = act_forward(ctx, pkt, &hit->act, set, family, 0,
				  inner);
	else
		why = act_keep(pkt, &hit->act, family);
	if (is_punt(why))
		return why;
	act_count(pkt, hit->cells);
	return why;
}

#endif
