// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Behind the chain: route, TTL, MTU, MAC addresses; the message to the sender
 * of a packet that is too big.
 */
#include <string.h>

#include "tcp_reset.h"
#include "way_priv.h"

#define ICMP_EACH_NS (NF_SEC / 100) /* error messages: 100 a second, */
#define ICMP_BURST 50 /* 50 at once */

enum nfold_reason way_route(struct engine *e, const struct nf_pkt *pkt,
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
uint32_t way_nexthop_port(struct engine *e, uint16_t nexthop,
			  union nfold_nexthop *nh)
{
	nh->word = __atomic_load_n(&e->conf.maps.nexthops[nexthop].word,
				   __ATOMIC_RELAXED);
	return nh->port ? nh->port - 1U : UINT32_MAX;
}

/* Last step of a packet whose headers are done but for MAC addresses. */
enum engine_verdict way_emit(struct engine *e, struct engine_pkt *p,
			     uint16_t nexthop)
{
	union nfold_nexthop nh;

	p->nexthop = nexthop;
	p->out = way_nexthop_port(e, nexthop, &nh);
	if (p->out == UINT32_MAX)
		return ENGINE_HOLD;
	if (!e->chain->wire) {
		memcpy(p->data, nh.dmac, sizeof(nh.dmac));
		memcpy(p->data + sizeof(nh.dmac),
		       e->conf.maps.ports[p->out].mac, sizeof(nh.dmac));
	}
	return ENGINE_TX;
}

bool way_too_big(struct engine *e, uint32_t l3_len, uint16_t nexthop)
{
	union nfold_nexthop nh;
	uint32_t port = way_nexthop_port(e, nexthop, &nh);

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

/* The packet as it came becomes the message to its sender, from the port's
 * address, or is dropped. Counted under why either way. */
enum engine_verdict way_refuse(struct engine *e, struct engine_pkt *p,
			       enum icmp_error what, enum nfold_reason why,
			       uint32_t mtu)
{
	const struct nfold_parse *parse = e->came;
	const struct nfold_port *in = &e->conf.maps.ports[p->punt->port];
	struct nf_addr from = {0};

	if (parse->family == 4)
		from.a[0] = in->addr4;
	else
		memcpy(from.a, in->addr6, sizeof(from.a));
	if (e->chain->wire || !(from.a[0] | from.a[3]) ||
	    p->room < ICMP_ERROR_ROOM ||
	    !icmp_error_may(what, p->data, parse) || !icmp_token(e) ||
	    !icmp_error_make(what, &p->data, &p->len, &p->room, parse, &from,
			     mtu))
		return way_drop(e, why);
	p->out = p->punt->port;
	p->outcome = why;
	return ENGINE_TX;
}

/* Too long by what the chain would put around it, or without that. */
enum engine_verdict way_refuse_big(struct engine *e, struct engine_pkt *p,
				   uint16_t nexthop, uint32_t grow)
{
	union nfold_nexthop nh;
	uint32_t mtu =
		e->conf.maps.ports[way_nexthop_port(e, nexthop, &nh)].mtu;

	if (mtu <= grow)
		return way_drop(e, NFOLD_REASON_TOO_BIG);
	return way_refuse(e, p, ICMP_ERROR_TOO_BIG, NFOLD_REASON_TOO_BIG,
			  mtu - grow);
}

/* Its TTL ends here; o: as it came, NULL if it is so still. Counted, and its
 * sender told, by engine_packet(): the message is not the flow's packet. */
enum engine_verdict way_dies(struct engine *e, struct engine_pkt *p,
			     const struct origin *o)
{
	if (o && !origin_restore(o, &p->data, &p->len, &p->room))
		return way_drop(e, NFOLD_REASON_TTL_EXCEEDED);
	e->dies = true;
	return ENGINE_DROP;
}

enum engine_verdict way_resets(struct engine *e, struct engine_pkt *p,
			       const struct origin *o, enum nfold_reason why)
{
	if (!origin_restore(o, &p->data, &p->len, &p->room))
		return way_drop(e, why);
	e->resets = why;
	return ENGINE_DROP;
}

enum engine_verdict way_reset(struct engine *e, struct engine_pkt *p,
			      enum nfold_reason why)
{
	if (e->came->l4 != NFOLD_L4_TCP)
		return way_refuse(e, p, ICMP_ERROR_PORT, why, 0);
	if (!tcp_reset_make(p->data, &p->len, e->came))
		return way_drop(e, why);
	p->out = p->punt->port;
	p->outcome = why;
	return ENGINE_TX;
}

static enum engine_verdict walk_too_big(struct engine *e, struct engine_pkt *p,
					const struct nf_pkt *pkt,
					const struct origin *o,
					uint16_t nexthop)
{
	uint32_t len = pkt_l3_len(pkt);

	if (!origin_restore(o, &p->data, &p->len, &p->room))
		return way_drop(e, NFOLD_REASON_TOO_BIG);
	/* What a decap took off was not the chain's to add. */
	return way_refuse_big(e, p, nexthop,
			      len > o->parse->l3_len ? len - o->parse->l3_len
						     : 0);
}

/* Last steps of a packet that has left the chain and was not folded, in the
 * order of way_apply(). */
enum engine_verdict way_leave(struct engine *e, struct engine_pkt *p,
			      struct nf_pkt *pkt, const struct origin *o,
			      const struct egress *eg)
{
	if (eg->verdict == NFOLD_VERDICT_HOST)
		return way_drop(e, NFOLD_REASON_HOST_FIRST);
	if (eg->router && !pkt_ttl_dec(pkt))
		return way_dies(e, p, o);
	if (way_too_big(e, pkt_l3_len(pkt), eg->nexthop))
		return walk_too_big(e, p, pkt, o, eg->nexthop);
	p->data = pkt->data;
	p->len = pkt->len;
	p->room = pkt->room;
	return way_emit(e, p, eg->nexthop);
}
