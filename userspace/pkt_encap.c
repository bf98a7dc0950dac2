// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Tunnel headers on a packet in hand: put around it, taken off (chains/nf.h).
 * The frame's start moves, VLAN tags stay outside. What an encap covers is kept
 * in pkt->under, so that a decap of the same header finds it again; a header
 * that came from the wire is read, and what is in it parsed anew.
 */
#include <string.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "../maps/edit_act.h"
#include "../maps/parse_tunnel.h"
#include "pkt.h"
#include "tmpl.h"


/* Spread over 49152 to 65535 by the flow's fields as they stand: the same for
 * each packet of it, since what NFs write is. Finaliser of MurmurHash3. */
static __be16 entropy(const struct nf_pkt *pkt)
{
	uint32_t h = pkt->l4proto, w[10];

	memcpy(w, pkt->saddr.a, 16);
	memcpy(w + 4, pkt->daddr.a, 16);
	w[8] = pkt->sport;
	w[9] = pkt->dport;
	for (int i = 0; i < 10; i++) {
		h = (h ^ w[i]) * 0x85ebca6b;
		h = (h ^ h >> 13) * 0xc2b2ae35;
		h ^= h >> 16;
	}
	return htons(NFOLD_SPORT_MIN | (h & 0x3fff));
}

static void under_save(const struct nf_pkt *pkt, struct nf_under *u)
{
	*u = (struct nf_under){
		.l4_off = pkt->l4_off - pkt->l3_off,
		.family = pkt->family,
		.l4proto = pkt->l4proto,
		.tcp_flags = pkt->tcp_flags,
		.icmp_type = pkt->icmp_type,
		.saddr = pkt->saddr,
		.daddr = pkt->daddr,
		.sport = pkt->sport,
		.dport = pkt->dport,
	};
}

static void under_restore(struct nf_pkt *pkt, const struct nf_under *u)
{
	pkt->l4_off = pkt->l3_off + u->l4_off;
	pkt->family = u->family;
	pkt->l4proto = u->l4proto;
	pkt->tcp_flags = u->tcp_flags;
	pkt->icmp_type = u->icmp_type;
	pkt->saddr = u->saddr;
	pkt->daddr = u->daddr;
	pkt->sport = u->sport;
	pkt->dport = u->dport;
}

static void set_ethertype(struct nf_pkt *pkt)
{
	store16(pkt->data + pkt->l3_off - 2,
		htons(pkt->family == 4 ? ETH_P_IP : ETH_P_IPV6));
}

/* Link layer down by len: room in front of IP. */
static void open_gap(struct nf_pkt *pkt, uint8_t len)
{
	memmove(pkt->data - len, pkt->data, pkt->l3_off);
	pkt->data -= len;
	pkt->len += len;
	pkt->grown += len;
	pkt->room -= len;
}

static void close_gap(struct nf_pkt *pkt, uint32_t len)
{
	memmove(pkt->data + len, pkt->data, pkt->l3_off);
	pkt->data += len;
	pkt->len -= len;
	pkt->grown -= len;
	pkt->room += len;
}

/* What the template leaves open, computed from scratch. */
static void fill_outer(struct nf_pkt *pkt, const struct nfold_tmpl *t,
		       uint32_t l3_len, uint8_t tos, __be16 sport)
{
	struct nfold_tmpl whole = *t;
	uint8_t *ip = whole.bytes;

	if (t->family == 4) {
		ip[1] = tos;
		store16(ip + 2, htons(l3_len));
	} else {
		ip[0] |= tos >> 4;
		ip[1] |= tos << 4;
		store16(ip + 4, htons(l3_len - 40));
	}
	tmpl_csum(&whole);
	if (t->udp_off) {
		store16(ip + t->udp_off, sport);
		store16(ip + t->udp_off + 4, htons(l3_len - t->udp_off));
	}
	memcpy(pkt->data + pkt->l3_off, ip, t->len);
}

/* AH behind the IP header: what follows is hidden from the fields. */
static bool encap_transport(struct nf_pkt *pkt, const struct nf_tunnel *tn)
{
	struct nf_under *u = &pkt->under[pkt->depth];
	uint32_t len;

	if (pkt->depth == NFOLD_LAYER_MAX)
		return false;
	under_save(pkt, u);
	if (!pkt_ah_insert(pkt, tn))
		return false;
	pkt->l4_off = nf_pkt_ah(pkt, &len);
	u->tunnel = tn;
	u->inside = len;
	pkt->depth++;
	pkt->l4proto = IPPROTO_AH;
	pkt->tcp_flags = 0;
	pkt->icmp_type = 0;
	pkt->sport = 0;
	pkt->dport = 0;
	pkt->edited = true;
	return true;
}

bool nf_pkt_encap(struct nf_pkt *pkt, const struct nf_tunnel *tn)
{
	const uint8_t *ip = pkt->data + pkt->l3_off;
	uint32_t l3_len = pkt_l3_len(pkt);
	struct nfold_tmpl t;
	struct nf_under *u;
	uint8_t tos;

	if (tn->kind == NF_TUNNEL_AH_TRANSPORT)
		return encap_transport(pkt, tn);
	tmpl_make(&t, tn, pkt->family);
	if (pkt->depth == NFOLD_LAYER_MAX || pkt->room < t.len ||
	    l3_len + t.len > 0xffff)
		return false;
	tos = nfold_tos(ip, pkt->family == 6) & 3;
	tos |= tn->copy_dscp ? nfold_tos(ip, pkt->family == 6) & 0xfc :
			       tn->dscp << 2;
	u = &pkt->under[pkt->depth++];
	under_save(pkt, u);
	u->tunnel = tn;
	u->len = t.len;
	pkt->sport = t.udp_off ? entropy(pkt) : 0;
	open_gap(pkt, t.len);
	fill_outer(pkt, &t, l3_len + t.len, tos, pkt->sport);
	pkt->family = tn->family;
	pkt->l4proto = t.bytes[tn->family == 4 ? 9 : 6];
	pkt->l4_off = pkt->l3_off + (tn->family == 4 ? 20 : 40);
	pkt->tcp_flags = 0;
	pkt->icmp_type = 0;
	pkt->saddr = tn->local;
	pkt->daddr = tn->remote;
	pkt->dport = t.udp_off ? tn->port : 0;
	set_ethertype(pkt);
	pkt->edited = true;
	return true;
}

/* --- a header that came from the wire --- */

/* The value's padding is the sender's choice (RFC 4302 section 2.6). */
static uint32_t wire_ah(const struct nf_pkt *pkt, const struct nf_tunnel *tn)
{
	uint32_t len, off = nf_pkt_ah(pkt, &len);

	return len >= nf_ah_len(4, tn->icv_len) &&
			       ntohl(load32(pkt->data + off + 4)) == tn->spi ?
		       off - pkt->l3_off + len : 0;
}

/* ECN of the inner header, RFC 6040 section 4.2, figure 4, but for what is to be
 * dropped: there is no packet inside then. */
static uint8_t ecn_decap(uint8_t inner, uint8_t outer)
{
	if (outer == 3)
		return 3;
	return inner == 2 && outer == 1 ? 1 : inner;
}

static void set_ecn(uint8_t *ip, bool is_ip6, uint8_t ecn)
{
	uint16_t old = load16(ip);

	if (is_ip6) {
		ip[1] = (ip[1] & 0xcf) | ecn << 4;
		return;
	}
	ip[1] = (ip[1] & 0xfc) | ecn;
	store16(ip + 10, csum_apply(load16(ip + 10),
				    csum_fold(csum_diff16(old, load16(ip)))));
}

/* The packet at off, in the one in hand. False: none that could be a flow. */
static bool parse_at(const struct nf_pkt *pkt, uint32_t off, uint8_t family,
		     struct nfold_parse *in)
{
	uint32_t l3_end = pkt->l3_off + pkt_l3_len(pkt);
	uint8_t *ip = pkt->data + off, *end = pkt->data + pkt->len;

	*in = (struct nfold_parse){ .l3_off = off };
	return !(family == 4 ?
			 nfold_parse_ip4(ip, end, l3_end, pkt->zone, 1, in) :
			 nfold_parse_ip6(ip, end, l3_end, pkt->zone, 1, in)) &&
	       !(in->flags & NFOLD_PARSE_GROUP);
}

/* The same for AH, which the parser does not look through. */
static bool inner_parse_ah(const struct nf_pkt *pkt, const struct nf_tunnel *tn,
			   struct nfold_parse *in)
{
	uint32_t head = wire_ah(pkt, tn), len;
	const uint8_t *ip = pkt->data + pkt->l3_off, *inner = ip + head;
	uint8_t family;

	if (pkt->family != tn->family ||
	    memcmp(&pkt->saddr, &tn->remote, sizeof(pkt->saddr)) ||
	    memcmp(&pkt->daddr, &tn->local, sizeof(pkt->daddr)) || !head ||
	    head + 20 > pkt_l3_len(pkt))
		return false;
	family = nfold_inner_proto(pkt->data[nf_pkt_ah(pkt, &len)]);
	return family &&
	       !nfold_ecn_lost(nfold_ecn(inner, family == 6),
			       nfold_ecn(ip, pkt->family == 6)) &&
	       parse_at(pkt, pkt->l3_off + head, family, in);
}

/* The packet that is in the tunnel's header, if that is what stands there and
 * the packet is one that could be a flow. */
static bool inner_parse(const struct nf_pkt *pkt, const struct nf_tunnel *tn,
			struct nfold_parse *in)
{
	const struct nfold_parse out = {
		.l3_off = pkt->l3_off,
		.l4_off = pkt->l4_off,
		.l3_len = pkt_l3_len(pkt),
		.family = pkt->family,
		.l4proto = pkt->l4proto,
	};
	struct nfold_tunnel t, there;

	if (tn->kind == NF_TUNNEL_AH)
		return inner_parse_ah(pkt, tn, in);
	return nf_tunnel_known(tn, &t) &&
	       nfold_parse_inner(pkt->data, pkt->data + pkt->len, &out,
				 pkt->zone, &there, in) &&
	       !memcmp(&t, &there, sizeof(t));
}

/* The inner packet's fields instead of the outer's; the header is still there. */
static void inner_fields(struct nf_pkt *pkt, const struct nfold_parse *p)
{
	struct nf_pkt in;

	pkt_init(&in, pkt->data, pkt->len, p);
	pkt->l4_off = p->l4_off - p->l3_off + pkt->l3_off;
	pkt->family = in.family;
	pkt->l4proto = in.l4proto;
	pkt->tcp_flags = in.tcp_flags;
	pkt->icmp_type = in.icmp_type;
	pkt->saddr = in.saddr;
	pkt->daddr = in.daddr;
	pkt->sport = in.sport;
	pkt->dport = in.dport;
}

static void unwrapped(struct nf_pkt *pkt)
{
	/* Left to the sender's device, which saw a tunnel's packet. Of a known
	 * tunnel's the engine has seen to it, as of any flow's. */
	if (!(pkt->known && !pkt->unwrapped) && pkt_csum_is_partial(pkt))
		pkt_csum_complete(pkt);
	pkt->edited = true;
	pkt->unwrapped++;
}

static bool wire_decap_transport(struct nf_pkt *pkt,
				 const struct nf_tunnel *tn)
{
	struct nfold_parse in;

	if (!wire_ah(pkt, tn) || !pkt_ah_remove(pkt) ||
	    !parse_at(pkt, pkt->l3_off, pkt->family, &in))
		return false;
	inner_fields(pkt, &in);
	unwrapped(pkt);
	return true;
}

static bool wire_decap(struct nf_pkt *pkt, const struct nf_tunnel *tn)
{
	uint8_t *ip = pkt->data + pkt->l3_off;
	uint8_t outer = nfold_tos(ip, pkt->family == 6) & 3, *inner;
	struct nfold_parse in;

	if (!inner_parse(pkt, tn, &in))
		return false;
	inner = pkt->data + in.l3_off;
	set_ecn(inner, in.family == 6,
		ecn_decap(nfold_tos(inner, in.family == 6) & 3, outer));
	inner_fields(pkt, &in);
	close_gap(pkt, in.l3_off - pkt->l3_off);
	set_ethertype(pkt);
	unwrapped(pkt);
	return true;
}

bool nf_pkt_decap(struct nf_pkt *pkt, const struct nf_tunnel *tn)
{
	const struct nf_under *u;

	if (!pkt->depth)
		return tn->kind == NF_TUNNEL_AH_TRANSPORT ?
			       wire_decap_transport(pkt, tn) :
			       wire_decap(pkt, tn);
	u = &pkt->under[pkt->depth - 1];
	if (!tmpl_same(u->tunnel, tn))
		return false;
	if (u->inside && !pkt_ah_remove(pkt))
		return false;
	close_gap(pkt, u->len);
	under_restore(pkt, u);
	pkt->depth--;
	set_ethertype(pkt);
	return true;
}
