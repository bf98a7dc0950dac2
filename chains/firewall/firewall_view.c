/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What rules are evaluated on. Both views are untagged, and IPv6 has its last
 * header's protocol in the fixed header, with nothing in between: expressions
 * mean the same with VLAN tags and extension headers as without.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <string.h>

#include "firewall.h"

#define L3 ETH_HLEN
#define IP4_LEN 20
#define IP6_LEN 40

static void put16(uint8_t *p, uint16_t v)
{
	v = htons(v);
	memcpy(p, &v, sizeof(v));
}

static bool is_echo(const struct nf_pkt *pkt)
{
	return pkt->l4proto ==
	       (pkt->family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
}

/* Ports, or type and identifier (where it stands: maps/flow.h). */
static void write_l4(const struct nf_pkt *pkt, uint8_t *l4)
{
	bool request = pkt->icmp_type == ICMP_ECHO ||
		       pkt->icmp_type == ICMP6_ECHO_REQUEST;

	if (is_echo(pkt)) {
		l4[0] = pkt->icmp_type;
		memcpy(l4 + 4, request ? &pkt->sport : &pkt->dport, 2);
		return;
	}
	memcpy(l4, &pkt->sport, 2);
	memcpy(l4 + 2, &pkt->dport, 2);
}

static uint32_t write_ip4(const struct nf_pkt *pkt, uint8_t *ip)
{
	ip[0] = 0x45;
	put16(ip + 2, IP4_LEN + 20);
	ip[8] = 64;
	ip[9] = pkt->l4proto;
	memcpy(ip + 12, pkt->saddr.a, 4);
	memcpy(ip + 16, pkt->daddr.a, 4);
	return IP4_LEN;
}

static uint32_t write_ip6(const struct nf_pkt *pkt, uint8_t *ip)
{
	ip[0] = 0x60;
	put16(ip + 4, 20);
	ip[6] = pkt->l4proto;
	ip[7] = 64;
	memcpy(ip + 8, pkt->saddr.a, 16);
	memcpy(ip + 24, pkt->daddr.a, 16);
	return IP6_LEN;
}

uint32_t firewall_key_view(const struct nf_pkt *pkt, uint8_t out[FW_KEY_LEN])
{
	uint32_t l4 = L3;

	memset(out, 0, FW_KEY_LEN);
	put16(out + 12, pkt->family == 4 ? ETH_P_IP : ETH_P_IPV6);
	l4 += pkt->family == 4 ? write_ip4(pkt, out + L3) :
				 write_ip6(pkt, out + L3);
	write_l4(pkt, out + l4);
	return l4 + 20;
}

const uint8_t *firewall_packet_view(const struct nf_pkt *pkt, uint8_t *scratch,
				    uint32_t *len)
{
	uint32_t ip_len = pkt->family == 4 ? pkt->l4_off - pkt->l3_off :
					     IP6_LEN;
	uint32_t rest = pkt->len - pkt->l4_off;

	if (pkt->l3_off == L3 && pkt->l4_off == L3 + ip_len) {
		*len = pkt->len;
		return pkt->data;
	}
	if (rest > FW_SCRATCH - L3 - ip_len)
		rest = FW_SCRATCH - L3 - ip_len;
	memcpy(scratch, pkt->data, 12);
	put16(scratch + 12, pkt->family == 4 ? ETH_P_IP : ETH_P_IPV6);
	memcpy(scratch + L3, pkt->data + pkt->l3_off, ip_len);
	memcpy(scratch + L3 + ip_len, pkt->data + pkt->l4_off, rest);
	if (pkt->family == 6)
		scratch[L3 + 6] = pkt->l4proto;
	*len = L3 + ip_len + rest;
	return scratch;
}
