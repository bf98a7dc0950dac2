// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A packet walks the chain: every NF, or those from an event's on. What they
 * recorded is folded, what answers will look like is registered.
 */
#include <string.h>

#include <arpa/inet.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <netinet/in.h>

#include "way_priv.h"

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
	    pkt->icmp_type == ICMPV6_ECHO_REQUEST) {
		key->sport = echo_flip(pkt->icmp_type);
		key->echo = NFOLD_ECHO_REPLY;
	} else {
		key->dport = echo_flip(pkt->icmp_type);
		key->echo = NFOLD_ECHO_REQUEST;
	}
}

/* Nothing recorded yet, or what was recorded is out of date. Unfolded too: that
 * a drop is the flow's, and not the packet's, is known from the records. */
static bool must_record(const struct engine *e, const struct flow *f)
{
	if (f->why_slow == NFOLD_REASON_TABLE_FULL ||
	    f->why_slow == NFOLD_REASON_CELLS_FULL)
		return e->now >= f->retry_ns;
	/* It dies on the way: what it would record is not the flow's. */
	if (way_folded(e, f))
		return false;
	return !f->seen || f->generation != e->conf.maps.ctl->generation;
}

/* Every NF in its order from the first-th on, until one drops. */
static enum nf_verdict walk_from(struct engine *e, const struct flow *f,
				 struct nf_pkt *pkt, uint32_t first)
{
	uint32_t cnt = e->chain->nf_cnt;
	bool backwards = flow_is_backwards(f);
	enum nf_verdict v = NF_FORWARD;

	for (uint32_t i = first; i < cnt && v == NF_FORWARD; i++) {
		struct nf *nf = e->conf.nfs[backwards ? cnt - 1 - i : i];

		v = nf->ops->packet(nf, pkt);
		e->drop_nf = v == NF_DROP ? nf->index + 1 : 0;
		if (e->event_open)
			event_close(e, f, v == NF_DROP, pkt->drop_reason);
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
 * before the event has run: steps, payload functions up to r's record (NULL:
 * none), and count functions are told here, since the entry has not counted the
 * packet. */
static enum nf_verdict walk_suffix(struct engine *e, struct flow *f,
				   struct nf_pkt *pkt, uint8_t nf,
				   const struct batch_result *r)
{
	struct lmat *m = &f->lmat;
	enum nf_verdict v;
	uint16_t end = 0;

	state_uncount(e, pkt, nf);
	flow_sync(e, f);
	while (end < m->cnt && m->records[end].nf != nf)
		end++;
	lmat_add_counts(m, end, 1, nf_pkt_in_len(pkt));
	if (r && !lmat_ran(&e->sf_ran, m, end, r->stopped - 1))
		return nf_drop(pkt, NFOLD_REASON_TABLE_FULL_DROP);
	lmat_apply(m, r ? r->place : 0, end, pkt);
	m->cnt = end;
	e->recording = f;
	v = walk_from(e, f, pkt,
		      flow_is_backwards(f) ? e->chain->nf_cnt - 1 - nf : nf);
	e->recording = NULL;
	e->sf_ran.cnt = 0;
	return v;
}

/* Its sender is told, if it is one of those. */
static enum engine_verdict drop_or_tell(struct engine *e, struct flow *f,
					struct engine_pkt *p,
					const struct nf_pkt *pkt,
					const struct origin *o, uint8_t why)
{
	if (pkt->reset) {
		if (!pkt->opening && pkt->l4proto == IPPROTO_TCP)
			gmat_tcp_seen(e, f, NFOLD_TCP_RST);
		return way_resets(e, p, o, why);
	}
	return why == NFOLD_REASON_TTL_EXCEEDED ? way_dies(e, p, o)
						: way_drop(e, why);
}

/* An NF dropped it. A drop that the records do not hold is this packet's own:
 * nothing is folded, and a session that it would have opened is not. */
static enum engine_verdict walk_dropped(struct engine *e, struct flow *f,
					struct engine_pkt *p,
					struct nf_pkt *pkt,
					const struct origin *o, bool record)
{
	const struct lmat *m = &f->lmat;
	uint8_t why = pkt->drop_reason ? pkt->drop_reason
				       : NFOLD_REASON_NF_DROP;

	/* It died on the way, which is its own affair: the entry is good. */
	if (!record && way_folded(e, f))
		return drop_or_tell(e, f, p, pkt, o, why);
	/* What was recorded before may end with another NF's drop. */
	if (m->cnt && m->records[m->cnt - 1].kind == LMAT_ACTION &&
	    m->records[m->cnt - 1].action.kind == HA_DROP &&
	    m->records[m->cnt - 1].nf + 1 == e->drop_nf) {
		gmat_fold(e, f, pkt, NULL);
		gmat_count(e, f, p->len, true);
		return way_drop(e, why);
	}
	if (pkt->opening)
		session_end(e, f->session);
	else
		gmat_invalidate(e, f); /* its records end too early now */
	return drop_or_tell(e, f, p, pkt, o, why);
}

/* No way out of the box. An entry that is older than the records is not good: what
 * it counts would be told by them. */
static enum engine_verdict walk_refused(struct engine *e, struct flow *f,
					const struct nf_pkt *pkt,
					enum nfold_reason why, bool record)
{
	if (pkt->opening)
		session_end(e, f->session);
	else if (record)
		gmat_invalidate(e, f);
	return way_drop(e, why);
}

/* Known tunnel by which answers come in to what left by port in the header that
 * the chain put around it: index + 1; 0 none. */
static uint8_t answer_tunnel(const struct engine *e, const struct nf_pkt *pkt,
			     uint32_t port)
{
	const struct nfold_tunnels *known = e->conf.maps.tunnels;
	struct nfold_tunnel t;

	if (!known || !(known->ports >> port & 1) ||
	    !nf_tunnel_known(pkt->under[0].tunnel, &t))
		return 0;
	/* NFs behind may have changed it: it is as it left. */
	memcpy(t.local, pkt->saddr.a, sizeof(t.local));
	memcpy(t.remote, pkt->daddr.a, sizeof(t.remote));
	t.port = pkt->dport;
	for (uint32_t i = 0; i < known->cnt; i++)
		if (!memcmp(&known->v[i], &t, sizeof(t)))
			return i + 1;
	return 0;
}

/* The key of answers. False: not known, as they come in headers in which many
 * flows are one. */
static bool answer_key(const struct engine *e, const struct flow *f,
		       const struct nf_pkt *pkt, uint32_t port,
		       struct nfold_key6 *key)
{
	const struct nf_under *u = &pkt->under[0];
	struct nf_pkt in = *pkt;

	if (pkt->unwrapped != !!f->key.tunnel || pkt->depth > 1)
		return false;
	if (!pkt->depth) {
		key_of_reply(key, pkt, port);
		return true;
	}
	in.saddr = u->saddr;
	in.daddr = u->daddr;
	in.sport = u->sport;
	in.dport = u->dport;
	in.l4proto = u->l4proto;
	in.icmp_type = u->icmp_type;
	key_of_reply(key, &in, port);
	key->tunnel = answer_tunnel(e, pkt, port);
	return key->tunnel && u->family == f->family;
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
	port = way_nexthop_port(e, eg->nexthop, &nh);
	if (port == UINT32_MAX)
		port = e->conf.router.port(e->conf.router.ctx, eg->nexthop);
	f->session->one_way = !answer_key(e, f, pkt, port, &key);
	if (f->session->one_way)
		return true;
	return session_expect(e, f->session, &key);
}

static bool rewritten(const struct flow *f, const struct nf_pkt *pkt)
{
	return pkt->edited ||
	       memcmp(f->key.saddr, pkt->saddr.a, sizeof(f->key.saddr)) ||
	       memcmp(f->key.daddr, pkt->daddr.a, sizeof(f->key.daddr)) ||
	       f->key.sport != pkt->sport || f->key.dport != pkt->dport;
}

/* The chain has spoken: route, fold, send. */
static enum engine_verdict walked(struct engine *e, struct flow *f,
				  struct engine_pkt *p, struct nf_pkt *pkt,
				  struct origin *o, enum nf_verdict verdict,
				  bool record)
{
	struct egress eg = {0};
	enum nfold_reason why;

	p->walked = true;
	if (verdict == NF_DROP)
		return walk_dropped(e, f, p, pkt, o, record);
	why = way_route(e, pkt, &eg);
	if (!why && eg.verdict == NFOLD_VERDICT_HOST && rewritten(f, pkt))
		why = NFOLD_REASON_NOT_A_PORT;
	if (!why && !expect_reply(e, f, pkt, &eg))
		why = NFOLD_REASON_CLASH;
	if (why)
		return walk_refused(e, f, pkt, why, record);
	e->origin = o;
	if (record)
		gmat_fold(e, f, pkt, &eg);
	e->origin = NULL;
	gmat_count(e, f, p->len, true);
	if (f->why_slow == NFOLD_REASON_TABLE_FULL && e->chain->onfull_drop)
		return walk_refused(e, f, pkt, NFOLD_REASON_TABLE_FULL_DROP,
				    false);
	f->seen = true;
	p->outcome = NFOLD_REASON_SLOW_WALK;
	return way_leave(e, p, pkt, o, &eg);
}

enum engine_verdict way_walk(struct engine *e, struct flow *f,
			     struct engine_pkt *p,
			     const struct nfold_parse *parse,
			     struct nf_pkt *pkt)
{
	bool record = must_record(e, f);
	enum engine_verdict v;
	struct origin o;

	e->turned = false;
	origin_save(&o, pkt, parse);
	state_uncount(e, pkt, -1);
	v = walked(e, f, p, pkt, &o, walk(e, f, pkt, record), record);
	if (e->turned)
		gmat_invalidate(e, f);
	return v;
}

/* e->ran: the last of it fired. */
enum engine_verdict way_refold(struct engine *e, struct flow *f,
			       struct engine_pkt *p, struct nf_pkt *pkt,
			       struct origin *o, const struct batch_result *r)
{
	uint8_t nf = e->ran.step[e->ran.cnt - 1].nf;

	return walked(e, f, p, pkt, o, walk_suffix(e, f, pkt, nf, r), true);
}
