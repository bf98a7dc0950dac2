/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Packets that are drawn one by one: into nothing, and as answers to what left. */
#ifndef NFOLD_EQ_PACKET_H
#define NFOLD_EQ_PACKET_H

#include "eq_ah.h"
#include "eq_draw.h"
#include "maps/parse_tunnel.h"
#include "tests/pkt_tunnel.h"
#include "userspace/oracle.h"

#define PEERS 12	/* remembered packets that answers are made from */

/* What left the box, and where: the answers come from there. */
static struct {
	struct pkt f;
	uint32_t port;
	struct pkt_tunnel in;	/* that it left in; family 0: none */
} peers[PEERS];
static uint32_t peer_cnt;

/* The tunnels of the chain, as the other ends send. */
#define TUNNELS 8
static struct pkt_tunnel tunnels[TUNNELS];
static uint32_t tunnel_cnt;

/* What the drawn packet comes in; family 0: nothing. */
static struct pkt_tunnel draw_in;

/* One packet in so many is for the balancer's address, 10.1.9.9, which is routed
 * nowhere without one. */
static uint32_t vip_chance = 2;

static void set_addr(struct pkt *f, uint8_t *b, uint8_t net, uint8_t host)
{
	memset(b, 0, 16);
	if (f->family == 4) {
		memcpy(b, (uint8_t[]){ 10, net != 0, net, host }, 4);
		return;
	}
	memcpy(b, (uint8_t[]){ 0x20, 1, 0x0d, 0xb8, 0, net }, 6);
	b[15] = host;
}

static void random_ends(struct pkt *f, uint32_t *port, uint32_t port_cnt)
{
	static const uint16_t dports[] = { 80, 53, 8080 };

	*port = pick(port_cnt);
	set_addr(f, f->src, *port, 2 + pick(3));
	if (!pick(vip_chance))
		set_addr(f, f->dst, 9, 9);
	else
		set_addr(f, f->dst, pick(6) ? pick(3) : pick(5), 1 + pick(2));
	if (f->family == 4 && !pick(12))
		memcpy(f->dst, (uint8_t[]){ 198, 51, 100, 10 }, 4);
	f->sport = 4000 + pick(3);
	f->dport = dports[pick(3)];
	f->icmp_type = f->family == 4 ? (pick(6) ? 8 : 0) :
					(pick(6) ? 128 : 129);
	if (tunnel_cnt && pick(*port ? 3 : 40) == 1)
		draw_in = tunnels[pick(tunnel_cnt)];
}

/* Who got `to` answers. */
static void packet_answer(struct pkt *f, const struct pkt *to)
{
	f->family = to->family;
	f->proto = to->proto;
	f->tags = to->tags;
	memcpy(f->tci, to->tci, sizeof(f->tci));
	memcpy(f->src, to->dst, sizeof(f->src));
	memcpy(f->dst, to->src, sizeof(f->dst));
	f->sport = to->dport;
	f->dport = to->sport;
	if (f->proto == IPPROTO_ICMP || f->proto == IPPROTO_ICMPV6) {
		f->sport = to->sport;
		f->icmp_type = to->icmp_type ^ (f->family == 4 ? 8 : 1);
	}
}

static void answer_ends(struct pkt *f, uint32_t *port)
{
	uint32_t i = pick(peer_cnt);

	*port = peers[i].port;
	packet_answer(f, &peers[i].f);
	draw_in = pkt_tunnel_back(&peers[i].in);
}

static inline void packet_draw(struct pkt *f, uint32_t *port, uint32_t port_cnt)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_TCP,
					  IPPROTO_UDP, IPPROTO_UDP,
					  IPPROTO_ICMP, 47 };
	static const uint8_t flags[] = { 2, 0x12, 0x10, 0x10, 0x18, 0x11, 4 };

	*f = (struct pkt){ .family = pick(3) ? 4 : 6 };
	draw_in.family = 0;
	f->proto = protos[pick(sizeof(protos))];
	if (f->family == 6 && f->proto == IPPROTO_ICMP)
		f->proto = IPPROTO_ICMPV6;
	f->tags = pick(8) ? 0 : 1 + pick(2);
	f->tci[0] = 10 + pick(2);
	f->tci[1] = 20;
	f->tpid[0] = f->tags == 2 ? 0x88a8 : 0x8100;
	if (peer_cnt && pick(2))
		answer_ends(f, port);
	else
		random_ends(f, port, port_cnt);
	f->ttl = pick(16) ? 64 : pick(3);
	f->payload = pick(8) ? pick(100) : pick(1440);
	f->frag = pick(2) ? 0x4000 : 0;
	f->fill = pick(256);
	if (!pick(10) && f->family == 4)
		f->options = 4 + 4 * pick(3);
	if (!pick(10) && f->family == 6)
		f->ext_cnt = 1 + pick(3);
	memset(f->ext, IPPROTO_DSTOPTS, sizeof(f->ext));
	f->flags = flags[pick(sizeof(flags))];
	f->csum = pick(8) ? PKT_CSUM_FULL : pick(4);
	if (f->csum == PKT_CSUM_NONE && f->proto != IPPROTO_UDP)
		f->csum = PKT_CSUM_FULL;
	if (f->csum == PKT_CSUM_PARTIAL && f->proto != IPPROTO_UDP &&
	    f->proto != IPPROTO_TCP)
		f->csum = PKT_CSUM_FULL;
}

/* What may be odd about the outer header, and what differs anyway. */
static void tunnel_odd(struct pkt_tunnel *t)
{
	static const uint16_t types[] = { 0x0800, 0x86dd, 0x0806, 4, 41, 6 };

	t->tos = pick(4) ? pick(4) : pick(256);
	t->ttl = pick(8) ? 64 : pick(3);
	if (!pick(4))
		t->sport = 50000 + pick(3);
	if (!pick(10))
		t->more = 8 + 8 * pick(2);
	t->csum = !pick(4);
	switch (pick(40)) {
	case 0:
		t->vni ^= 1;
		break;
	case 1:
		t->gre = 1 << pick(16);
		break;
	case 2:
		t->vxlan_flags = 1 << pick(8);
		break;
	case 3:
		t->gue[pick(2)] = 1 << pick(8);
		break;
	case 4:
		t->type = types[pick(6)];
		break;
	case 5:
		t->src[3] ^= 1;
		break;
	case 6:
		t->frag = pick(2) ? 0x2000 : 7;
		break;
	case 7:
		t->port ^= 1;
		break;
	case 8:
		t->kind = pick(4);
		break;
	}
}

/* The built frame comes in it; returns the new length. */
static inline uint32_t packet_wrap(uint8_t *frame, uint32_t len, uint32_t l3)
{
	struct pkt_tunnel t = draw_in;

	if (!t.family)
		return len;
	tunnel_odd(&t);
	return pkt_wrap(&t, frame, len, l3);
}

/* The tunnel's header that a packet left in, and the packet in it: true. */
static bool packet_in(struct nfold_parse *p, const struct oracle_result *o,
		      struct pkt_tunnel *t)
{
	struct nfold_tunnel seen;
	struct nfold_parse in;

	t->family = 0;
	if (!nfold_parse_inner((void *)o->bytes, o->bytes + o->len, p, 0, &seen,
			       &in))
		return false;
	*t = (struct pkt_tunnel){ .kind = (enum pkt_tunnel_kind)seen.kind,
				  .family = seen.family, .ttl = 64,
				  .sport = 50000, .vni = seen.vni,
				  .port = ntohs(seen.port) };
	memcpy(t->src, seen.remote, 16);
	memcpy(t->dst, seen.local, 16);
	*p = in;
	return true;
}

/* A packet as it left: *f, what was sent, gets the header it left with. Where
 * TCP, UDP or ICMP begins, and *in the tunnel's header that it left in; NULL,
 * with *f as it was: an error message, not to be answered. */
static const uint8_t *packet_read(struct pkt *f, const struct oracle_result *o,
				  struct pkt_tunnel *in)
{
	struct nfold_parse p;
	const uint8_t *ip, *l4;

	in->family = 0;
	if (nfold_parse((void *)o->bytes, (void *)(o->bytes + o->len), o->port,
			&p))
		return NULL;
	packet_in(&p, o, in);
	if (p.family != f->family || p.l4proto != f->proto)
		return NULL;
	f->tags = p.tags;
	for (int t = 0; t < p.tags; t++)
		f->tci[t] = get16(o->bytes + 14 + 4 * t);
	ip = o->bytes + p.l3_off;
	memcpy(f->src, ip + (f->family == 4 ? 12 : 8), f->family == 4 ? 4 : 16);
	memcpy(f->dst, ip + (f->family == 4 ? 16 : 24), f->family == 4 ? 4 : 16);
	l4 = o->bytes + p.l4_off;
	if (f->proto == IPPROTO_TCP || f->proto == IPPROTO_UDP) {
		f->sport = get16(l4);
		f->dport = get16(l4 + 2);
	} else {
		f->sport = get16(l4 + 4);
	}
	return l4;
}

static inline void packet_remember(const struct pkt *sent,
				   const struct oracle_result *o)
{
	uint32_t i = peer_cnt < PEERS ? peer_cnt++ : pick(PEERS);

	peers[i].f = *sent;
	peers[i].port = o->port;
	packet_read(&peers[i].f, o, &peers[i].in);
}

/* What left in a tunnel comes back from its other end, as it is but for AH. */
static struct oracle_result wrapped;

static inline void remember_wrapped(const struct oracle_result *o)
{
	uint8_t *ip = wrapped.bytes + 14, tmp[16];
	uint32_t at, n;

	wrapped = *o;
	while (get16(ip - 2) == 0x8100 || get16(ip - 2) == 0x88a8)
		ip += 4;
	at = ip[0] >> 4 == 4 ? 12 : 8;
	n = ip[0] >> 4 == 4 ? 4 : 16;
	if ((ip[at + n + n - 1] != 2 || ip[at + n - 1] != 77) &&
	    !far_knows(wrapped.bytes, wrapped.len)) {
		wrapped.len = 0;
		return;
	}
	memcpy(tmp, ip + at, n);
	memcpy(ip + at, ip + at + n, n);
	memcpy(ip + at + n, tmp, n);
	far_seal(wrapped.bytes, wrapped.len);
}

#endif
