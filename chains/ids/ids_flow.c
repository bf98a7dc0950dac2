// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the rules want of a direction of a session: by its protocol, ports and
 * addresses, which are the same for all of its packets.
 */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "ids.h"

static uint8_t proto_of(const struct nf_pkt *pkt)
{
	switch (pkt->l4proto) {
	case IPPROTO_TCP:
		return IDS_PROTO_TCP;
	case IPPROTO_UDP:
		return IDS_PROTO_UDP;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return IDS_PROTO_ICMP;
	}
	return IDS_PROTO_OTHER;
}

/* A connection that is seen from its SYN+ACK on was opened by the other end. */
static void see(struct ids_session *s, struct ids_dir *d,
		const struct nf_pkt *pkt)
{
	uint8_t syn_ack = NFOLD_TCP_SYN | NFOLD_TCP_ACK;

	if (!s->dirs[0].seen && !s->dirs[1].seen)
		s->reversed = (pkt->tcp_flags & syn_ack) == syn_ack &&
			      !pkt->reply;
	d->seen = true;
	d->dir = pkt->reply != s->reversed ? IDS_TO_CLIENT : IDS_TO_SERVER;
}

/* Without the payload and its rules' budget. */
void ids_flow_view(const struct ids_dir *d, struct nf_pkt *pkt,
		   struct ids_view *v)
{
	struct ids_session *s = d->session;
	bool tcp = pkt->l4proto == IPPROTO_TCP;

	*v = (struct ids_view){
		.pkt = pkt,
		.proto = proto_of(pkt),
		.dir = d->dir,
		.bits = s->bits,
		.steps = IDS_PACKET_STEPS,
		.established = s->dirs[0].seen && s->dirs[1].seen &&
			       !(tcp && (pkt->tcp_flags & NFOLD_TCP_SYN)),
	};
	if (tcp || pkt->l4proto == IPPROTO_UDP) {
		v->sport = ntohs(pkt->sport);
		v->dport = ntohs(pkt->dport);
	}
}

static bool pair_has(const struct ids_rules *set, const struct ids_pair *p,
		     const struct nf_pkt *pkt)
{
	const struct addr_sets *a = &set->addrs;

	if (addr_set_has(a, p->src, pkt->family, &pkt->saddr) &&
	    addr_set_has(a, p->dst, pkt->family, &pkt->daddr))
		return true;
	return p->both_ways &&
	       addr_set_has(a, p->src, pkt->family, &pkt->daddr) &&
	       addr_set_has(a, p->dst, pkt->family, &pkt->saddr);
}

/* The first of the rules on the flow key says what becomes of the direction,
 * unless a rule that looks at packets might let some of them pass. */
static void decide_by_key(struct ids *ids, struct ids_dir *d,
			  struct ids_view *v)
{
	const struct ids_rules *set = ids->rules;

	for (uint32_t i = 0; i < d->group->keyed_cnt; i++) {
		const struct ids_rule *r = set->rules[d->group->keyed[i]];

		if (r->action >= IDS_ALERT)
			return;
		if (!ids_match_header(set, r, v) ||
		    ids_match(set, r, v) != IDS_YES)
			continue;
		if (r->action == IDS_PASS)
			d->want = 0;
		else if (d->want & IDS_WANT_PASS)
			d->want |= IDS_WANT_PACKETS | IDS_WANT_DROP;
		else
			d->denied = true;
		d->rejects = r->action == IDS_REJECT;
		return;
	}
}

static bool look_up(struct ids *ids, struct ids_dir *d, struct nf_pkt *pkt)
{
	struct ids_view v;

	ids_flow_view(d, pkt, &v);
	d->want = 0;
	d->denied = d->rejects = d->told = false;
	d->group = ids_group_get(ids->rules, v.proto, v.dir, v.sport, v.dport);
	if (!d->group)
		return false;
	for (uint32_t i = 0; i < d->group->pair_cnt; i++)
		if (pair_has(ids->rules, &d->group->pairs[i], pkt))
			d->want |= d->group->pairs[i].want;
	if (d->want & IDS_WANT_KEY)
		decide_by_key(ids, d, &v);
	d->generation = ids->generation;
	return true;
}

struct ids_dir *ids_flow_dir(struct ids *ids, struct ids_session *s,
			     struct nf_pkt *pkt)
{
	struct ids_dir *d = &s->dirs[pkt->reply];

	s->ids = ids;
	d->session = s;
	if (!d->seen)
		see(s, d, pkt);
	if (d->generation == ids->generation || look_up(ids, d, pkt))
		return d;
	return NULL;
}
