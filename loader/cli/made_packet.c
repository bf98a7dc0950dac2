/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "made_packet.h"

#include <stdbool.h>
#include <string.h>

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>

#include "../../maps/csum_full.h"

#define L4_LEN 20	/* the longest header that is made: TCP's */

static void put(struct made_packet *p, const void *bytes, size_t len)
{
	memcpy(p->data + p->len, bytes, len);
	p->len += len;
}

static void put16(struct made_packet *p, uint16_t host)
{
	uint16_t net = htons(host);

	put(p, &net, sizeof(net));
}

static void put_ether(struct made_packet *p, uint32_t zone, uint16_t type)
{
	uint32_t tags = (zone >> NFOLD_ZONE_TAGS_SHIFT) & 3;

	p->len = 2 * ETHER_ADDR_LEN;
	if (tags == 2) {
		put16(p, 0x88a8);
		put16(p, (zone >> NFOLD_ZONE_OUTER_SHIFT) & 0xfff);
		put16(p, ETHERTYPE_VLAN);
		put16(p, zone & 0xfff);
	} else if (tags == 1) {
		put16(p, ETHERTYPE_VLAN);
		put16(p, (zone >> NFOLD_ZONE_OUTER_SHIFT) & 0xfff);
	}
	put16(p, type);
}

static void put_ip(struct made_packet *p, int family,
		   const struct nfold_key6 *k)
{
	struct iphdr v4 = {
		.version = 4, .ihl = 5, .ttl = 64, .protocol = k->l4proto,
		.tot_len = htons(sizeof(v4) + L4_LEN),
		.saddr = k->saddr[0], .daddr = k->daddr[0],
	};
	struct ip6_hdr v6 = { 0 };

	if (family == 4) {
		put(p, &v4, sizeof(v4));
		return;
	}
	v6.ip6_vfc = 0x60;
	v6.ip6_plen = htons(L4_LEN);
	v6.ip6_nxt = k->l4proto;
	v6.ip6_hlim = 64;
	memcpy(&v6.ip6_src, k->saddr, 16);
	memcpy(&v6.ip6_dst, k->daddr, 16);
	put(p, &v6, sizeof(v6));
}

/* Room for the longest header: TCP's 20 bytes; flow.h has ICMP's layout. */
static void put_l4(struct made_packet *p, const struct nfold_key6 *k,
		   uint8_t tcp_flags)
{
	uint8_t h[L4_LEN] = { 0 };
	bool request;

	switch (k->l4proto) {
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		request = k->echo != NFOLD_ECHO_REPLY;
		memcpy(h + 4, request ? &k->sport : &k->dport, 2);
		h[0] = ntohs(request ? k->dport : k->sport);
		break;
	default:
		memcpy(h, &k->sport, 2);
		memcpy(h + 2, &k->dport, 2);
		h[5] = k->l4proto == IPPROTO_UDP ? sizeof(h) : 0;
		if (k->l4proto == IPPROTO_TCP) {
			h[12] = 0x50;
			h[13] = tcp_flags;
		}
	}
	put(p, h, sizeof(h));
}

static uint32_t csum_off(uint8_t l4proto)
{
	switch (l4proto) {
	case IPPROTO_TCP:
		return NFOLD_TCP_CSUM;
	case IPPROTO_UDP:
		return NFOLD_UDP_CSUM;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return NFOLD_ICMP_CSUM;
	}
	return 0;
}

/* ICMP over IPv4 alone has no pseudo header. */
static void put_csums(uint8_t *ip, uint8_t *l4, int family, uint8_t l4proto)
{
	uint32_t off = csum_off(l4proto);
	uint64_t sum = 0;
	uint16_t csum;

	if (family == 4)
		store16(ip + 10, ~csum_fold(nfold_csum_bytes(
					 ip, sizeof(struct iphdr))));
	if (!off)
		return;
	if (l4proto != IPPROTO_ICMP)
		sum = nfold_csum_pseudo(ip, family, l4proto, L4_LEN);
	csum = ~csum_fold(sum + nfold_csum_bytes(l4, L4_LEN));
	store16(l4 + off, l4proto == IPPROTO_UDP ? csum_udp(csum) : csum);
}

void made_packet(struct made_packet *p, int family,
		 const struct nfold_key6 *key, uint8_t tcp_flags)
{
	uint32_t l3, l4;

	memset(p, 0, sizeof(*p));
	put_ether(p, key->zone, family == 4 ? ETHERTYPE_IP : ETHERTYPE_IPV6);
	l3 = p->len;
	put_ip(p, family, key);
	l4 = p->len;
	put_l4(p, key, tcp_flags);
	put_csums(p->data + l3, p->data + l4, family, key->l4proto);
}
