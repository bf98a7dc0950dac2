// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tmpl.h"

#include <string.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/in.h>

#include "../maps/bytes.h"
#include "../maps/csum.h"

#define DF 0x4000	/* of IPv4: then the identification is free (RFC 6864),
			 * and stays 0 */

static uint8_t outer_proto(const struct nf_tunnel *tn, uint8_t inner_family)
{
	switch (tn->kind) {
	case NF_TUNNEL_IPIP:
		return inner_family == 4 ? IPPROTO_IPIP : IPPROTO_IPV6;
	case NF_TUNNEL_GRE:
		return IPPROTO_GRE;
	case NF_TUNNEL_AH:
		return IPPROTO_AH;
	default:
		return IPPROTO_UDP;
	}
}

void tmpl_csum(struct nfold_tmpl *t)
{
	uint64_t sum = 0;

	if (t->family != 4)
		return;
	store16(t->bytes + 10, 0);
	for (int i = 0; i < 20; i += 2)
		sum += load16(t->bytes + i);
	store16(t->bytes + 10, ~csum_fold(sum));
}

void tmpl_set_addr(struct nfold_tmpl *t, bool source,
		   const struct nf_addr *addr)
{
	if (t->family == 4)
		memcpy(t->bytes + (source ? 12 : 16), addr->a, 4);
	else
		memcpy(t->bytes + (source ? 8 : 24), addr->a, 16);
	tmpl_csum(t);
}

/* The IP header; returns its length. */
static uint8_t put_ip(struct nfold_tmpl *t, const struct nf_tunnel *tn,
		      uint8_t proto)
{
	uint8_t *ip = t->bytes;

	t->family = tn->family;
	if (tn->family == 4) {
		ip[0] = 0x45;
		store16(ip + 6, htons(DF));
		ip[8] = tn->ttl;
		ip[9] = proto;
	} else {
		ip[0] = 0x60;
		ip[6] = proto;
		ip[7] = tn->ttl;
	}
	tmpl_set_addr(t, true, &tn->local);
	tmpl_set_addr(t, false, &tn->remote);
	return tn->family == 4 ? 20 : 40;
}

/* RFC 7348, section 5: flags, VNI, and the inner frame's Ethernet header. */
static uint8_t put_vxlan(uint8_t *at, const struct nf_tunnel *tn,
			 __be16 ethertype)
{
	at[0] = 0x08;
	store32(at + 4, htonl(tn->vni << 8));
	memcpy(at + 8, tn->dmac, ETH_ALEN);
	memcpy(at + 8 + ETH_ALEN, tn->smac, ETH_ALEN);
	store16(at + 8 + 2 * ETH_ALEN, ethertype);
	return 8 + ETH_HLEN;
}

/* draft-ietf-intarea-gue-09, section 3.1: variant 0, no extensions; data of an
 * IP protocol. */
static uint8_t put_gue(uint8_t *at, uint8_t inner_family)
{
	at[1] = inner_family == 4 ? IPPROTO_IPIP : IPPROTO_IPV6;
	return 4;
}

/* Sequence number and integrity value are each packet's own: 0 here. */
static uint8_t put_ah(uint8_t *at, const struct nf_tunnel *tn,
		      uint8_t inner_family)
{
	uint8_t len = nf_ah_len(tn->family, tn->icv_len);

	at[0] = inner_family == 4 ? IPPROTO_IPIP : IPPROTO_IPV6;
	at[1] = len / 4 - 2;
	store32(at + 4, htonl(tn->spi));
	return len;
}

void tmpl_make(struct nfold_tmpl *t, const struct nf_tunnel *tn,
	       uint8_t inner_family)
{
	__be16 type = htons(inner_family == 4 ? ETH_P_IP : ETH_P_IPV6);

	memset(t, 0, sizeof(*t));
	if (tn->kind == NF_TUNNEL_AH_TRANSPORT) {
		t->family = inner_family;
		t->len = put_ah(t->bytes, tn, inner_family);
		return;
	}
	t->flags = tn->copy_dscp ? NFOLD_TMPL_COPY_DSCP : 0;
	t->dscp = tn->copy_dscp ? 0 : tn->dscp << 2;
	t->len = put_ip(t, tn, outer_proto(tn, inner_family));
	if (tn->kind == NF_TUNNEL_GRE) {
		store16(t->bytes + t->len + 2, type);
		t->len += 4;
	}
	if (tn->kind == NF_TUNNEL_AH)
		t->len += put_ah(t->bytes + t->len, tn, inner_family);
	if (tn->kind != NF_TUNNEL_VXLAN && tn->kind != NF_TUNNEL_GUE)
		return;
	t->udp_off = t->len;
	store16(t->bytes + t->len + 2, tn->port);
	t->len += 8;
	if (tn->kind == NF_TUNNEL_VXLAN)
		t->len += put_vxlan(t->bytes + t->len, tn, type);
	else
		t->len += put_gue(t->bytes + t->len, inner_family);
}

bool tmpl_same(const struct nf_tunnel *a, const struct nf_tunnel *b)
{
	struct nfold_tmpl ta, tb;

	if ((a->kind == NF_TUNNEL_AH_TRANSPORT) !=
	    (b->kind == NF_TUNNEL_AH_TRANSPORT))
		return false;
	tmpl_make(&ta, a, 4);
	tmpl_make(&tb, b, 4);
	return !memcmp(&ta, &tb, sizeof(ta));
}
