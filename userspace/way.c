// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The way of a punted packet (DESIGN section 1):
 *
 *	parse -> flow known and folded? -> payload state functions, if any
 *	                                -> apply the entry -> send
 *	                 no             -> walk the chain, record
 *	                                -> route -> fold, install -> send
 */
#include <string.h>

#include <arpa/inet.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <netinet/in.h>

#include "../maps/act.h"
#include "../maps/flow_key.h"
#include "engine_priv.h"
#include "icmp_error.h"

#define ICMP_EACH_NS (NF_SEC / 100)	/* error messages: 100 a second, */
#define ICMP_BURST 50			/* 50 at once */

/* In engine_pkt.flow, above the flow's id: */
#define COUNTED 0x80000000U	/* XDP counted it in the entry's hand-over */
#define WAITING 0x40000000U	/* on hold for a next hop */
#define FLOW_ID 0x3fffffffU

static enum engine_verdict drop(struct engine *e, enum nfold_reason reason)
{
	engine_count(e, reason);
	return ENGINE_DROP;
}

/* Echo request and reply swap roles in the reply direction (flow.h). */
static __be16 echo_flip(uint8_t icmp_type)
{
	switch (icmp_type) {
	case ICMP_ECHO:
		return htons(ICMP_ECHOREPLY);
	case ICMP_ECHOREPLY:
		return htons(ICMP_ECHO);
	case ICMPV6_ECHO_REQUEST:
		return htons(ICMPV6_ECHO_REPLY);
	}
	return htons(ICMPV6_ECHO_REQUEST);
}

/* The key that answers to the packet will have when they come in by port. */
static void key_of_reply(struct nfold_key6 *key, const struct nf_pkt *pkt,
			 uint32_t port)
{
	*key = (struct nfold_key6){
		.sport = pkt->dport,
		.dport = pkt->sport,
		.zone = NFOLD_ZONE(port, 0, 0, 0) | NFOLD_ZONE_VLAN(pkt->zone),
		.l4proto = pkt->l4proto,
	};
	memcpy(key->saddr, pkt->daddr.a, sizeof(key->saddr));
	memcpy(key->daddr, pkt->saddr.a, sizeof(key->daddr));
	if (pkt->l4proto != IPPROTO_ICMP && pkt->l4proto != IPPROTO_ICMPV6)
		return;
	if (pkt->icmp_type == ICMP_ECHO ||
	    pkt->icmp_type == ICMPV6_ECHO_REQUEST)
		key->sport = echo_flip(pkt->icmp_type);
	else
		key->dport = echo_flip(pkt->icmp_type);
}

/* A connection that has closed on both sides, or was reset, is over when a SYN
 * asks for a new one (RFC 6191 leaves it to the hosts to judge the SYN). */
static bool reopens(struct engine *e, struct flow *f, uint8_t tcp_flags)
{
	uint32_t own, other;

	if ((tcp_flags & (NFOLD_TCP_SYN | NFOLD_TCP_ACK)) != NFOLD_TCP_SYN)
		return false;
	own = flow_tcp_seen(e, f);
	other = f->session->dir[!f->reply] ?
			flow_tcp_seen(e, f->session->dir[!f->reply]) : 0;
	return ((own | other) & NFOLD_TCP_RST) || (own & other & NFOLD_TCP_FIN);
}

/* Nothing recorded yet, or what was recorded is out of date. Unfolded too: that
 * a drop is the flow's, and not the packet's, is known from the records. */
static bool must_record(const struct engine *e, const struct flow *f)
{
	if (f->why_slow == NFOLD_REASON_TABLE_FULL)
		return e->now >= f->retry_ns;
	return !f->seen || f->generation != e->conf.maps.ctl->generation;
}

static bool is_backwards(const struct flow *f)
{
	return f->session->outside != f->reply;
}

/* Every NF in its order from the first-th on, until one drops. */
static enum nf_verdict walk_from(struct engine *e, const struct flow *f,
				 struct nf_pkt *pkt, uint32_t first)
{
	uint32_t cnt = e->chain->nf_cnt;
	bool backwards = is_backwards(f);
	enum nf_verdict v = NF_FORWARD;

	for (uint32_t i = first; i < cnt && v == NF_FORWARD; i++) {
		struct nf *nf = e->conf.nfs[backwards ? cnt - 1 - i : i];

		v = nf->ops->packet(nf, pkt);
		e->drop_nf = v == NF_DROP ? nf->index + 1 : 0;
	}
	return v;
}

/* record: fill f's Local MAT. */
static enum nf_verdict walk(struct engine *e, struct flow *f,
			    struct nf_pkt *pkt, bool record)
{
	enum nf_verdict v;

	if (record) {
		flow_sync(e, f);
		lmat_clear(&f->lmat);
		e->recording = f;
	}
	v = walk_from(e, f, pkt, 0);
	e->recording = NULL;
	return v;
}

/* An event of this NF fired: the records of those before it stay, and are done
 * to the packet; from it on the chain is walked and recorded anew. What ran
 * before the event has run: maps/state.h's functions in XDP, and count functions
 * are told here, since the entry has not counted the packet. */
static enum nf_verdict walk_suffix(struct engine *e, struct flow *f,
				   struct nf_pkt *pkt, uint8_t nf)
{
	struct lmat *m = &f->lmat;
	enum nf_verdict v;
	uint16_t end = 0;

	flow_sync(e, f);
	while (end < m->cnt && m->records[end].nf != nf)
		end++;
	lmat_add_counts(m, end, 1, pkt->len);
	lmat_apply(m, end, pkt);
	m->cnt = end;
	e->recording = f;
	v = walk_from(e, f, pkt, is_backwards(f) ? e->chain->nf_cnt - 1 - nf :
						   nf);
	e->recording = NULL;
	return v;
}

static enum nfold_reason route(struct engine *e, const struct nf_pkt *pkt,
			       struct egress *eg)
{
	uint32_t in = NFOLD_ZONE_PORT(pkt->zone);
	const struct engine_router *r = &e->conf.router;

	eg->verdict = NFOLD_VERDICT_FORWARD;
	eg->router = !e->chain->wire;
	if (e->chain->wire) {
		eg->nexthop = 1 + e->conf.maps.ports[in].wire_peer;
		return NFOLD_REASON_NONE;
	}
	switch (r->lookup(r->ctx, pkt->family, &pkt->daddr, &eg->nexthop)) {
	case ROUTE_OK:
	case ROUTE_WAIT:
		return NFOLD_REASON_NONE;
	case ROUTE_HOST:
		eg->verdict = NFOLD_VERDICT_HOST;
		return NFOLD_REASON_NONE;
	case ROUTE_NOT_A_PORT:
		return NFOLD_REASON_NOT_A_PORT;
	case ROUTE_FAILED:
		return NFOLD_REASON_NEIGH_FAILED;
	case ROUTE_NONE:
		break;
	}
	return NFOLD_REASON_NO_ROUTE;
}

/* The port a next hop leaves by; UINT32_MAX while it is unresolved. */
static uint32_t nexthop_port(struct engine *e, uint16_t nexthop,
			     union nfold_nexthop *nh)
{
	nh->word = __atomic_load_n(&e->conf.maps.nexthops[nexthop].word,
				   __ATOMIC_RELAXED);
	return nh->port ? nh->port - 1U : UINT32_MAX;
}

/* Last step of a packet whose headers are done but for MAC addresses. */
static enum engine_verdict emit(struct engine *e, struct engine_pkt *p,
				uint16_t nexthop)
{
	union nfold_nexthop nh;

	p->nexthop = nexthop;
	p->out = nexthop_port(e, nexthop, &nh);
	if (p->out == UINT32_MAX)
		return ENGINE_HOLD;
	if (!e->chain->wire) {
		memcpy(p->data, nh.dmac, sizeof(nh.dmac));
		memcpy(p->data + sizeof(nh.dmac),
		       e->conf.maps.ports[p->out].mac, sizeof(nh.dmac));
	}
	return ENGINE_TX;
}

static bool too_big(struct engine *e, uint32_t l3_len, uint16_t nexthop)
{
	union nfold_nexthop nh;
	uint32_t port = nexthop_port(e, nexthop, &nh);

	return port != UINT32_MAX && l3_len > e->conf.maps.ports[port].mtu;
}

static bool icmp_token(struct engine *e)
{
	e->icmp_credit_ns += e->now - e->icmp_ns;
	e->icmp_ns = e->now;
	if (e->icmp_credit_ns > ICMP_BURST * ICMP_EACH_NS)
		e->icmp_credit_ns = ICMP_BURST * ICMP_EACH_NS;
	if (e->icmp_credit_ns < ICMP_EACH_NS)
		return false;
	e->icmp_credit_ns -= ICMP_EACH_NS;
	return true;
}

/* The packet as it came, too long by what the chain would put around it or
 * without that: it becomes the message to its sender, from the port's address,
 * or is dropped. Counted as too big either way. */
static enum engine_verdict refuse_big(struct engine *e, struct engine_pkt *p,
				      const struct nfold_parse *parse,
				      uint16_t nexthop, uint32_t grow)
{
	const struct nfold_port *in = &e->conf.maps.ports[p->punt->port];
	struct nf_addr from = { 0 };
	union nfold_nexthop nh;
	uint32_t mtu = e->conf.maps.ports[nexthop_port(e, nexthop, &nh)].mtu;

	if (parse->family == 4)
		from.a[0] = in->addr4;
	else
		memcpy(from.a, in->addr6, sizeof(from.a));
	if (e->chain->wire || !(from.a[0] | from.a[3]) || mtu <= grow ||
	    p->room < ICMP_ERROR_ROOM || !icmp_error_may(p->data, parse) ||
	    !icmp_token(e) ||
	    !icmp_error_too_big(&p->data, &p->len, &p->room, parse, &from,
				mtu - grow))
		return drop(e, NFOLD_REASON_TOO_BIG);
	p->out = p->punt->port;
	p->outcome = NFOLD_REASON_TOO_BIG;
	return ENGINE_TX;
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

/* An NF dropped it. A drop that the records do not hold is this packet's own:
 * nothing is folded, and a session that it would have opened is not. */
static enum engine_verdict walk_dropped(struct engine *e, struct flow *f,
					struct engine_pkt *p,
					struct nf_pkt *pkt)
{
	const struct lmat *m = &f->lmat;
	uint8_t why = pkt->drop_reason ? pkt->drop_reason :
					 NFOLD_REASON_NF_DROP;

	drop(e, why);
	if (m->cnt && m->records[m->cnt - 1].kind == LMAT_ACTION &&
	    m->records[m->cnt - 1].action.kind == HA_DROP) {
		gmat_fold(e, f, pkt, NULL);
		gmat_count(e, f, p->len, true);
	} else if (pkt->opening) {
		session_end(e, f->session);
	} else {
		gmat_invalidate(e, f);	/* its records end too early now */
	}
	return ENGINE_DROP;
}

static enum engine_verdict walk_refused(struct engine *e, struct flow *f,
					const struct nf_pkt *pkt,
					enum nfold_reason why)
{
	if (pkt->opening)
		session_end(e, f->session);
	return drop(e, why);
}

/* Registers what the other direction will look like. */
static bool expect_reply(struct engine *e, struct flow *f,
			 const struct nf_pkt *pkt, const struct egress *eg)
{
	struct nfold_key6 key;
	union nfold_nexthop nh;
	uint32_t port;

	if (f->reply || eg->verdict != NFOLD_VERDICT_FORWARD)
		return true;
	/* The tunnel's answers are one flow of many that are in it. */
	if (pkt->depth || pkt->unwrapped)
		return true;
	port = nexthop_port(e, eg->nexthop, &nh);
	if (port == UINT32_MAX)
		port = e->conf.router.port(e->conf.router.ctx, eg->nexthop);
	key_of_reply(&key, pkt, port);
	return session_expect(e, f->session, &key);
}

static bool rewritten(const struct flow *f, const struct nf_pkt *pkt)
{
	return pkt->edited ||
	       memcmp(f->key.saddr, pkt->saddr.a, sizeof(f->key.saddr)) ||
	       memcmp(f->key.daddr, pkt->daddr.a, sizeof(f->key.daddr)) ||
	       f->key.sport != pkt->sport || f->key.dport != pkt->dport;
}

static enum engine_verdict walk_too_big(struct engine *e, struct engine_pkt *p,
					const struct nf_pkt *pkt,
					const struct origin *o,
					uint16_t nexthop)
{
	uint32_t len = pkt_l3_len(pkt);

	if (!origin_restore(o, &p->data, &p->len, &p->room))
		return drop(e, NFOLD_REASON_TOO_BIG);
	/* What a decap took off was not the chain's to add. */
	return refuse_big(e, p, o->parse, nexthop,
			  len > o->parse->l3_len ? len - o->parse->l3_len : 0);
}

/* Last steps of a packet that has left the chain and was not folded, in the
 * order of apply_entry(). */
static enum engine_verdict leave(struct engine *e, struct engine_pkt *p,
				 struct nf_pkt *pkt, const struct origin *o,
				 const struct egress *eg)
{
	if (eg->verdict == NFOLD_VERDICT_HOST)
		return drop(e, NFOLD_REASON_HOST_FIRST);
	if (eg->router && !pkt_ttl_dec(pkt))
		return drop(e, NFOLD_REASON_TTL_EXCEEDED);
	if (too_big(e, pkt_l3_len(pkt), eg->nexthop))
		return walk_too_big(e, p, pkt, o, eg->nexthop);
	p->data = pkt->data;
	p->len = pkt->len;
	p->room = pkt->room;
	return emit(e, p, eg->nexthop);
}

/* The chain has spoken: route, fold, send. */
static enum engine_verdict walked(struct engine *e, struct flow *f,
				  struct engine_pkt *p, struct nf_pkt *pkt,
				  struct origin *o, enum nf_verdict verdict,
				  bool record)
{
	struct egress eg = { 0 };
	enum nfold_reason why;

	p->walked = true;
	if (verdict == NF_DROP)
		return walk_dropped(e, f, p, pkt);
	why = route(e, pkt, &eg);
	if (!why && eg.verdict == NFOLD_VERDICT_HOST && rewritten(f, pkt))
		why = NFOLD_REASON_NOT_A_PORT;
	if (!why && !expect_reply(e, f, pkt, &eg))
		why = NFOLD_REASON_CLASH;
	if (why)
		return walk_refused(e, f, pkt, why);
	e->origin = o;
	if (record)
		gmat_fold(e, f, pkt, &eg);
	e->origin = NULL;
	gmat_count(e, f, p->len, true);
	if (f->why_slow == NFOLD_REASON_TABLE_FULL && e->chain->onfull_drop)
		return walk_refused(e, f, pkt, NFOLD_REASON_TABLE_FULL_DROP);
	f->seen = true;
	p->outcome = NFOLD_REASON_SLOW_WALK;
	return leave(e, p, pkt, o, &eg);
}

static enum engine_verdict walk_and_fold(struct engine *e, struct flow *f,
					 struct engine_pkt *p,
					 const struct nfold_parse *parse,
					 struct nf_pkt *pkt)
{
	bool record = must_record(e, f);
	struct origin o;

	origin_save(&o, pkt, parse);
	return walked(e, f, p, pkt, &o, walk(e, f, pkt, record), record);
}

/* e->ran: the last of it fired. */
static enum engine_verdict refold(struct engine *e, struct flow *f,
				  struct engine_pkt *p,
				  const struct nfold_parse *parse,
				  struct nf_pkt *pkt)
{
	uint8_t nf = e->ran.step[e->ran.cnt - 1].nf;
	struct origin o;

	origin_save(&o, pkt, parse);
	return walked(e, f, p, pkt, &o, walk_suffix(e, f, pkt, nf), true);
}

/* The folded action on the packet, by the code that XDP applies it with. */
static enum nfold_reason apply_action(struct engine *e, const struct flow *f,
				      struct engine_pkt *p,
				      const struct nfold_parse *parse,
				      const struct nfold_edit *edit)
{
	const struct gmat_entry *g = &f->entry;
	struct nfold_set4 set4 = {
		.saddr = g->set.saddr[0], .daddr = g->set.daddr[0],
		.sport = g->set.sport, .dport = g->set.dport,
	};

	if (edit)
		edit_packet(edit, &g->act, p->data, p->len, parse);
	if (f->family == 4)
		nfold_apply4(p->data, p->data + p->len, parse, &set4, &g->act);
	else
		nfold_apply6(p->data, p->data + p->len, parse, &g->set,
			     &g->act);
	if (!edit)
		return NFOLD_REASON_NONE;
	return edit_frame(edit, edits_tmpls(e->edits), &p->data, &p->len,
			  &p->room, parse->l3_len);
}

/* The entry, without the NFs: state functions of the kernel tier, verdict,
 * action. */
static enum engine_verdict apply_entry(struct engine *e, struct flow *f,
				       struct engine_pkt *p,
				       const struct nfold_parse *parse,
				       struct nf_pkt *pkt)
{
	const struct nfold_act *act = &f->entry.act;
	const struct nfold_edit *edit = act->edit ?
						edits_at(e->edits, act->edit) :
						NULL;
	uint32_t grow = edit ? edit->grow : 0;
	enum nfold_reason why = state_steps(e, f, pkt);

	if (why == NFOLD_REASON_EVENT_FIRED)
		return refold(e, f, p, parse, pkt);
	gmat_count(e, f, p->len, false);
	if (why)
		return drop(e, why);
	if (act->verdict == NFOLD_VERDICT_DROP) {
		e->drop_nf = f->entry.drop_nf;
		return drop(e, act->reason);
	}
	if (act->verdict == NFOLD_VERDICT_HOST)
		return drop(e, NFOLD_REASON_HOST_FIRST);
	if (act->ttl_dec && parse->ttl <= act->ttl_dec)
		return drop(e, NFOLD_REASON_TTL_EXCEEDED);
	if (too_big(e, parse->l3_len + grow, act->nexthop))
		return refuse_big(e, p, parse, act->nexthop, grow);
	why = apply_action(e, f, p, parse, edit);
	if (why)
		return drop(e, why);
	p->outcome = NFOLD_REASON_SLOW_ENTRY;
	return emit(e, p, act->nexthop);
}

/* A payload function dropped it: the NFs before have counted it, those behind
 * never saw it. */
static enum engine_verdict payload_dropped(struct engine *e, struct flow *f,
					   const struct engine_pkt *p,
					   const struct nf_pkt *pkt,
					   uint16_t record)
{
	struct lmat_record *r = &f->lmat.records[record];

	lmat_add_counts(&f->lmat, record, 1, p->len);
	gmat_count(e, f, p->len, true);
	if (!r->function->may_drop)
		gmat_slow(e, f, NFOLD_REASON_RECORD_MISMATCH);
	return drop(e, pkt->drop_reason ? pkt->drop_reason :
					  NFOLD_REASON_NF_DROP);
}

/* Class payload: the state functions, then the folded action; where a function
 * wrote behind a header action, the rest of the header actions one by one. */
static enum engine_verdict apply_payload(struct engine *e, struct flow *f,
					 struct engine_pkt *p,
					 const struct nfold_parse *parse,
					 struct nf_pkt *pkt)
{
	const struct nfold_act *act = &f->entry.act;
	struct egress eg = { .verdict = act->verdict,
			     .nexthop = act->nexthop,
			     .router = !e->chain->wire };
	struct batch_result r;
	struct origin o;

	origin_save(&o, pkt, parse);
	if (!batch_run(e->batches, &f->lmat, pkt, &r))
		return payload_dropped(e, f, p, pkt, r.dropped - 1);
	if (r.settled && !lmat_has_live(&f->lmat))
		gmat_settle(e, f);
	if (!r.moved || act->verdict == NFOLD_VERDICT_DROP)
		return apply_entry(e, f, p, parse, pkt);
	gmat_count(e, f, p->len, false);
	if (!batch_finish(&f->lmat, &r, pkt))
		return drop(e, NFOLD_REASON_NO_ROOM);
	p->outcome = NFOLD_REASON_SLOW_ENTRY;
	return leave(e, p, pkt, &o, &eg);
}

/* Entry good for this packet, without a walk? */
static bool folded(struct engine *e, const struct flow *f)
{
	return f->slot != FLOW_SLOT_NONE && f->why_slow == NFOLD_REASON_NONE &&
	       f->generation == e->conf.maps.ctl->generation;
}

/* N7: it dies at a hop of the chain, so the NFs before that must see it. */
static bool dies_inside(const struct engine *e, const struct flow *f,
			const struct nfold_parse *parse)
{
	const struct nfold_act *act = &f->entry.act;

	return parse->ttl <= act->ttl_dec &&
	       (act->ttl_dec > 1 || e->chain->wire ||
		act->verdict == NFOLD_VERDICT_DROP);
}

/* A new session, if the packet may open one. NULL with *why. */
static struct flow *open_flow(struct engine *e, const struct nf_pkt *pkt,
			      const struct nfold_key6 *key,
			      enum nfold_reason *why)
{
	uint32_t port = NFOLD_ZONE_PORT(pkt->zone);
	bool outside = e->conf.maps.ports[port].flags & NFOLD_PORT_OUTSIDE;
	struct session *s;

	if (pkt_csum_check(pkt) == PKT_CSUM_BAD) {
		*why = NFOLD_REASON_BAD_L4_CSUM;
		return NULL;
	}
	s = session_open(e, pkt->family, key, outside);
	*why = NFOLD_REASON_TABLE_FULL_DROP;
	return s ? s->dir[0] : NULL;
}

static void packet_of_flow(struct engine *e, struct flow *f,
			   struct nf_pkt *pkt, const struct nfold_punt *punt)
{
	f->session->last_ns = e->now;
	gmat_tcp_seen(e, f, pkt->tcp_flags);
	if (punt->reason == NFOLD_REASON_PENDING)
		f->punted = true;
	pkt->reply = f->reply;
	pkt->fid = f->id;
	pkt->engine = f;
	pkt->now = e->now;
	pkt->outside = e->conf.maps.ports[punt->port].flags &
		       NFOLD_PORT_OUTSIDE;
	if (!f->seen)
		f->partial = pkt_csum_check(pkt) == PKT_CSUM_PARTIAL;
	if (f->partial && pkt_csum_is_partial(pkt))
		pkt_csum_complete(pkt);
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

enum engine_verdict engine_packet(struct engine *e, struct engine_pkt *p)
{
	struct nfold_parse parse;
	struct nfold_key6 key;
	struct nf_pkt pkt;
	struct flow *f;
	enum nfold_reason why;
	enum engine_verdict v;

	p->flow = 0;
	p->walked = false;
	p->drop_nf = e->drop_nf = 0;
	why = nfold_parse(p->data, p->data + p->len, p->punt->port, &parse);
	if (why)
		return drop(e, why);
	flow_key_from_parse(&key, &parse);
	pkt_init(&pkt, p->data, p->len, &parse);
	pkt.room = p->room;
	f = flow_find(e, parse.family, &key);
	if (!f && e->conf.fold)
		flow_table_prefetch(engine_table(e, parse.family), &key);
	if (f && reopens(e, f, parse.tcp_flags)) {
		session_end(e, f->session);
		f = NULL;
	}
	if (!f) {
		f = open_flow(e, &pkt, &key, &why);
		if (!f)
			return drop(e, why);
		pkt.opening = true;
	}
	packet_of_flow(e, f, &pkt, p->punt);
	state_ran(e, p->punt->ran);
	if (!folded(e, f) || dies_inside(e, f, &parse))
		v = walk_and_fold(e, f, p, &parse, &pkt);
	else if (e->ran.cnt)
		v = refold(e, f, p, &parse, &pkt);
	else if (f->payload)
		v = apply_payload(e, f, p, &parse, &pkt);
	else
		v = apply_entry(e, f, p, &parse, &pkt);
	p->drop_nf = e->drop_nf;
	if (v != ENGINE_DROP)
		hold(f, p, v);
	else
		drop_left(e, p, parse.family, &key);
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
	enum engine_verdict v = emit(e, p, p->nexthop);

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
