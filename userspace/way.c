// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The way of a punted packet (DESIGN section 1):
 *
 *	parse -> flow known and folded? -> payload state functions, if any
 *	                                -> apply the entry -> send
 *	                 no             -> walk the chain, record
 *	                                -> route -> fold, install -> send
 *
 * Here a packet's flow is found and its way chosen; way_walk.c walks the chain,
 * way_apply.c applies entries, way_leave.c routes and sends.
 */
#include "../maps/csum_full.h"
#include "way_priv.h"

/* In engine_pkt.flow, above the flow's id: */
#define COUNTED 0x80000000U /* XDP counted it in the entry's hand-over */
#define WAITING 0x40000000U /* on hold for a next hop */
#define FLOW_ID 0x3fffffffU

enum engine_verdict way_drop(struct engine *e, enum nfold_reason reason)
{
	engine_count(e, reason);
	return ENGINE_DROP;
}

/* A connection that has closed on both sides, or was reset, is over when a SYN
 * asks for a new one (RFC 6191 leaves it to the hosts to judge the SYN). */
static bool reopens(struct engine *e, struct flow *f, uint8_t tcp_flags)
{
	uint32_t own, other;	/* without answers, its own FIN is all there is */

	if ((tcp_flags & (NFOLD_TCP_SYN | NFOLD_TCP_ACK)) != NFOLD_TCP_SYN)
		return false;
	own = flow_tcp_seen(e, f);
	other = f->session->dir[!f->reply]
			? flow_tcp_seen(e, f->session->dir[!f->reply])
			: f->session->one_way ? own : 0;
	return ((own | other) & NFOLD_TCP_RST) || (own & other & NFOLD_TCP_FIN);
}

/* Entry good for this packet, without a walk? */
bool way_folded(const struct engine *e, const struct flow *f)
{
	return f->slot != FLOW_SLOT_NONE && f->why_slow == NFOLD_REASON_NONE &&
	       f->generation == e->conf.maps.ctl->generation;
}

/* Marks the packet as the flow's, until engine_left(). */
static void hold(struct flow *f, struct engine_pkt *p, enum engine_verdict v)
{
	bool counted = p->punt->counted && p->punt->slot == f->slot + 1;

	f->held++;
	p->flow = f->id | (counted ? COUNTED : 0);
	if (v == ENGINE_HOLD) {
		f->waiting++;
		p->flow |= WAITING;
	}
}

/* N7: it dies at a hop of the chain, so the NFs before that must see it. */
static bool dies_inside(const struct engine *e, const struct flow *f,
			const struct nfold_parse *parse)
{
	const struct nfold_act *act = &f->entry.act;

	return parse->ttl <= act->ttl_dec &&
	       (act->ttl_dec > 1 || f->entry.hop || e->chain->wire ||
		act->verdict == NFOLD_VERDICT_DROP);
}

/* A known tunnel's UDP checksum may be none over IPv6 too (RFC 6935). */
static bool outer_csum_bad(const struct nf_pkt *pkt)
{
	if (pkt->known && pkt->l4proto == IPPROTO_UDP &&
	    !load16(pkt->data + pkt->l4_off + NFOLD_UDP_CSUM))
		return false;
	return pkt_csum_check(pkt) == PKT_CSUM_BAD;
}

/* A new session, if the packet may open one. own: the packet that makes the
 * flow. NULL with *why. */
static struct flow *open_flow(struct engine *e, const struct nf_pkt *pkt,
			      const struct nf_pkt *own,
			      const struct nfold_key6 *key,
			      enum nfold_reason *why)
{
	uint32_t port = NFOLD_ZONE_PORT(pkt->zone);
	bool outside = e->conf.maps.ports[port].flags & NFOLD_PORT_OUTSIDE;
	struct session *s;

	if (outer_csum_bad(pkt) ||
	    (pkt->known && pkt_csum_check(own) == PKT_CSUM_BAD)) {
		*why = NFOLD_REASON_BAD_L4_CSUM;
		return NULL;
	}
	s = session_open(e, own->family, key, outside);
	*why = NFOLD_REASON_TABLE_FULL_DROP;
	return s ? s->dir[0] : NULL;
}

static void packet_of_flow(struct engine *e, struct flow *f, struct nf_pkt *pkt,
			   struct nf_pkt *own, const struct nfold_punt *punt)
{
	f->session->last_ns = e->now;
	f->last_ns = e->now;
	gmat_tcp_seen(e, f, own->tcp_flags);
	if (punt->reason == NFOLD_REASON_PENDING)
		f->punted = true;
	pkt->reply = f->reply;
	pkt->fid = f->id;
	pkt->engine = f;
	pkt->now = e->now;
	pkt->router = !e->chain->wire;
	pkt->outside = e->conf.maps.ports[punt->port].flags &
		       NFOLD_PORT_OUTSIDE;
	if (!f->seen)
		f->partial = pkt_csum_check(own) == PKT_CSUM_PARTIAL;
	if (f->partial && pkt_csum_is_partial(own))
		pkt_csum_complete(own);
}

/* A dropped packet leaves the slow path here; it may have ended its session. */
static void drop_left(struct engine *e, const struct engine_pkt *p, int family,
		      const struct nfold_key6 *key)
{
	struct flow *f;

	if (!p->punt->counted)
		return;
	f = flow_find(e, family, key);
	if (f && f->slot == p->punt->slot - 1)
		flow_table_left(engine_table(e, family), f->slot, 1);
}

/* By the chain, or by the entry. own: of the packet that makes the flow. */
static enum engine_verdict handle(struct engine *e, struct flow *f,
				  struct engine_pkt *p,
				  const struct nfold_parse *own,
				  struct nf_pkt *pkt)
{
	if (!way_folded(e, f) || dies_inside(e, f, own))
		return way_walk(e, f, p, own, pkt);
	if (f->payload)
		return way_apply_payload(e, f, p, own, pkt);
	return way_apply(e, f, p, own, pkt);
}

/* What its sender gets in its place, if anything: in a tunnel's header he can not
 * be reset. */
static enum engine_verdict answer(struct engine *e, struct engine_pkt *p,
				  const struct nf_pkt *pkt,
				  enum engine_verdict v)
{
	if (e->resets)
		return pkt->known ? way_drop(e, e->resets) :
				    way_reset(e, p, e->resets);
	if (e->dies)
		return way_refuse(e, p, ICMP_ERROR_TTL,
				  NFOLD_REASON_TTL_EXCEEDED, 0);
	return v;
}

static void begin(struct engine *e, struct engine_pkt *p)
{
	p->flow = 0;
	p->walked = false;
	p->drop_nf = e->drop_nf = 0;
	e->dies = false;
	e->resets = NFOLD_REASON_NONE;
}

static enum engine_verdict packet(struct engine *e, struct engine_pkt *p)
{
	struct flow_parse parse;
	struct nfold_key6 key;
	struct nf_pkt pkt, in, *own = &pkt;
	struct flow *f;
	enum nfold_reason why;
	enum engine_verdict v;

	begin(e, p);
	why = flow_parse(&parse, p->data, p->len, p->punt->port,
			 e->conf.maps.tunnels);
	if (why)
		return way_drop(e, why);
	e->came = &parse.came;
	flow_key_from_parse(&key, parse.own);
	pkt_init(&pkt, p->data, p->len, &parse.came);
	pkt.room = p->room;
	pkt.known = key.tunnel;
	if (pkt.known) {
		pkt_init(&in, p->data, p->len, parse.own);
		own = &in;
	}
	e->tcp_flags = own->tcp_flags;
	f = flow_find(e, own->family, &key);
	if (!f && e->conf.fold)
		flow_table_prefetch(engine_table(e, own->family), &key);
	if (f && reopens(e, f, own->tcp_flags)) {
		session_end(e, f->session);
		f = NULL;
	}
	if (!f) {
		f = open_flow(e, &pkt, own, &key, &why);
		if (!f)
			return way_drop(e, why);
		pkt.opening = true;
	}
	packet_of_flow(e, f, &pkt, own, p->punt);
	state_ran(e, p->punt->ran);
	v = handle(e, f, p, parse.own, &pkt);
	p->drop_nf = e->drop_nf;
	if (v != ENGINE_DROP)
		hold(f, p, v);
	else
		drop_left(e, p, own->family, &key);
	return answer(e, p, &pkt, v);
}

enum engine_verdict engine_packet(struct engine *e, struct engine_pkt *p)
{
	enum engine_verdict v = packet(e, p);

	if (alert_raised(e))
		alert_packet_done(e);
	return v;
}

static void waited(struct flow *f, uint32_t *flow)
{
	if (*flow & WAITING)
		f->waiting--;
	*flow &= ~WAITING;
}

enum engine_verdict engine_resume(struct engine *e, struct engine_pkt *p)
{
	struct flow *f = flow_by_id(e, p->flow & FLOW_ID);
	enum engine_verdict v = way_emit(e, p, p->nexthop);

	if (v == ENGINE_TX && f)
		waited(f, &p->flow);
	return v;
}

void engine_left(struct engine *e, uint32_t flow)
{
	struct flow *f = flow_by_id(e, flow & FLOW_ID);
	bool dead;

	if (!f)
		return;
	waited(f, &flow);
	if ((flow & COUNTED) && !f->dead && f->slot != FLOW_SLOT_NONE)
		flow_table_left(engine_table(e, f->family), f->slot, 1);
	dead = f->dead;
	flow_held_put(e, f);
	if (!dead)
		gmat_try_handover(e, f);
}
