/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Outer headers for the tests: a description, and a builder that puts the bytes
 * around the IP packet of a built frame, field by field, sharing no code with
 * the product. With what a tunnel's other end may get wrong.
 */
#ifndef PKT_TUNNEL_H
#define PKT_TUNNEL_H

#include "pkt.h"

enum pkt_tunnel_kind { PKT_IPIP, PKT_GRE, PKT_VXLAN, PKT_GUE };

struct pkt_tunnel {
	enum pkt_tunnel_kind kind;
	int family;		/* outer: 4, 6; 0: none */
	uint8_t src[16], dst[16]; /* IPv4 in the first four */
	uint8_t tos, ttl;
	uint8_t more;		/* bytes of IPv4 options, or of a destination
				 * options header: multiple of 4, of 8 */
	uint16_t sport, port;	/* UDP */
	bool csum;		/* UDP: right; else 0 */
	uint32_t vni;
	uint16_t frag;		/* IPv4: flags and offset field */
	uint16_t gre;		/* first two bytes; with a field behind the
				 * header for each of C, K, S */
	uint8_t vxlan_flags;	/* XOR-ed into the right ones */
	uint8_t gue[2];		/* first byte; third byte */
	uint16_t type;		/* instead of the inner ether type or protocol;
				 * 0: the right one */
};

/* 192.0.2.2 to .1, or 2001:db8:77::2 to ::1. */
static inline struct pkt_tunnel pkt_tunnel_new(enum pkt_tunnel_kind kind,
					       int family)
{
	struct pkt_tunnel t = { .kind = kind, .family = family, .ttl = 64,
				.sport = 50000, .vni = 7, .port =
				kind == PKT_GUE ? 6080 : 4789 };

	inet_pton(family == 4 ? AF_INET : AF_INET6,
		  family == 4 ? "192.0.2.2" : "2001:db8:77::2", t.src);
	inet_pton(family == 4 ? AF_INET : AF_INET6,
		  family == 4 ? "192.0.2.1" : "2001:db8:77::1", t.dst);
	return t;
}

/* What answers come in. */
static inline struct pkt_tunnel pkt_tunnel_back(const struct pkt_tunnel *t)
{
	struct pkt_tunnel back = *t;

	memcpy(back.src, t->dst, 16);
	memcpy(back.dst, t->src, 16);
	return back;
}

static inline uint8_t pkt_tunnel_proto(const struct pkt_tunnel *t, int inner)
{
	uint8_t ip = inner == 4 ? 4 : 41;

	if (t->kind == PKT_IPIP)
		return t->type ? t->type : ip;
	return t->kind == PKT_GRE ? 47 : 17;
}

/* What stands between the outer and the inner IP header; returns its length.
 * inner_len: bytes behind it. */
static inline uint32_t pkt_put_middle(const struct pkt_tunnel *t, uint8_t *p,
				      int inner, uint32_t inner_len)
{
	uint16_t type = t->type ? t->type : inner == 4 ? 0x0800 : 0x86dd;
	uint32_t len = (uint32_t[]){ 0, 4, 30, 12 }[t->kind];

	if (t->kind == PKT_GRE)
		for (uint16_t bit = 0x8000; bit >= 0x1000; bit >>= 1)
			len += t->gre & bit & 0xb000 ? 4 : 0;
	memset(p, 0, len);
	if (t->kind == PKT_GRE) {
		put16(p, t->gre);
		put16(p + 2, type);
	}
	if (t->kind < PKT_VXLAN)
		return len;
	put16(p, t->sport);
	put16(p + 2, t->port);
	put16(p + 4, len + inner_len);
	if (t->kind == PKT_GUE) {
		p[8] = t->gue[0];
		p[9] = t->type ? t->type : inner == 4 ? 4 : 41;
		p[10] = t->gue[1];
		return len;
	}
	p[8] = 8 ^ t->vxlan_flags;
	put32(p + 12, t->vni << 8);
	memcpy(p + 16, (uint8_t[]){ 2, 7, 0, 0, 0, 0, 2, 8 }, 8);
	put16(p + 28, type);
	return len;
}

static inline uint32_t pkt_put_outer(const struct pkt_tunnel *t, uint8_t *ip,
				     int inner, uint32_t len)
{
	uint32_t head = (t->family == 4 ? 20 : 40) + t->more;
	uint8_t proto = pkt_tunnel_proto(t, inner);

	memset(ip, 0, head);
	if (t->family == 6) {
		put16(ip, 0x6000 | t->tos << 4);
		put16(ip + 4, t->more + len);
		ip[6] = t->more ? 60 : proto;
		ip[7] = t->ttl;
		memcpy(ip + 8, t->src, 16);
		memcpy(ip + 24, t->dst, 16);
		for (uint32_t i = 0; i < t->more; i += 8)
			ip[40 + i] = i + 8 < t->more ? 60 : proto;
		return head;
	}
	ip[0] = 0x40 | head / 4;
	ip[1] = t->tos;
	put16(ip + 2, head + len);
	put16(ip + 6, t->frag);
	ip[8] = t->ttl;
	ip[9] = proto;
	memcpy(ip + 12, t->src, 4);
	memcpy(ip + 16, t->dst, 4);
	memset(ip + 20, 1, t->more);
	put16(ip + 10, ~pkt_sum(ip, head, 0));
	return head;
}

/* Around what stands behind the link layer of a frame of len bytes with room
 * for more; returns the new length. l3: offset of IP. */
static inline uint32_t pkt_wrap(const struct pkt_tunnel *t, uint8_t *frame,
				uint32_t len, uint32_t l3)
{
	struct pkt outer = { .family = t->family, .proto = IPPROTO_UDP };
	int inner = frame[l3] >> 4 == 4 ? 4 : 6;
	uint8_t head[160], *udp = frame + l3;
	uint32_t mid, n;

	n = (t->family == 4 ? 20 : 40) + t->more;
	mid = pkt_put_middle(t, head + n, inner, len - l3);
	pkt_put_outer(t, head, inner, mid + len - l3);
	memmove(frame + l3 + n + mid, frame + l3, len - l3);
	memcpy(frame + l3, head, n + mid);
	put16(frame + l3 - 2, t->family == 4 ? 0x0800 : 0x86dd);
	udp += n;
	if (t->kind >= PKT_VXLAN && t->csum) {
		memcpy(outer.src, t->src, 16);
		memcpy(outer.dst, t->dst, 16);
		pkt_set_csum(&outer, udp, mid + len - l3, 6, true);
	}
	return len + n + mid;
}

#endif
