// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pkt.h"

#include <string.h>

#include <arpa/inet.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <netinet/in.h>

#include "../maps/bytes.h"
#include "../maps/csum.h"

/* Headers lie at any alignment in a frame: fields are reached by offset. */
#define IP4(field) offsetof(struct iphdr, field)
#define IP6(field) offsetof(struct ipv6hdr, field)
#define TCP_CSUM_OFF 16
#define UDP_CSUM_OFF 6
#define ICMP_CSUM_OFF 2
#define ICMP_ID_OFF 4

void pkt_init(struct nf_pkt *pkt, uint8_t *data, uint32_t len,
	      const struct nfold_parse *p)
{
	*pkt = (struct nf_pkt){
		.data = data,
		.len = len,
		.l3_off = p->l3_off,
		.l4_off = p->l4_off,
		.in_l3_off = p->l3_off,
		.family = p->family,
		.l4proto = p->l4proto,
		.tcp_flags = p->tcp_flags,
	};
	if (p->family == 4) {
		pkt->saddr.a[0] = p->key4.saddr;
		pkt->daddr.a[0] = p->key4.daddr;
		pkt->sport = p->key4.sport;
		pkt->dport = p->key4.dport;
		pkt->zone = p->key4.zone;
	} else {
		memcpy(&pkt->saddr, p->key6.saddr, sizeof(pkt->saddr));
		memcpy(&pkt->daddr, p->key6.daddr, sizeof(pkt->daddr));
		pkt->sport = p->key6.sport;
		pkt->dport = p->key6.dport;
		pkt->zone = p->key6.zone;
	}
	if (p->l4 == NFOLD_L4_ECHO_REQUEST || p->l4 == NFOLD_L4_ECHO_REPLY)
		pkt->icmp_type = data[p->l4_off];
}

static bool is_echo(const struct nf_pkt *pkt)
{
	return pkt->l4proto == IPPROTO_ICMP || pkt->l4proto == IPPROTO_ICMPV6;
}

/* Of an echo packet: which of the two ports is its identifier (flow.h). */
static bool is_echo_reply(const struct nf_pkt *pkt)
{
	return pkt->icmp_type == ICMP_ECHOREPLY ||
	       pkt->icmp_type == ICMPV6_ECHO_REPLY;
}

uint32_t pkt_l4_csum_off(const struct nf_pkt *pkt)
{
	switch (pkt->l4proto) {
	case IPPROTO_TCP:
		return pkt->l4_off + TCP_CSUM_OFF;
	case IPPROTO_UDP:
		return pkt->l4_off + UDP_CSUM_OFF;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return pkt->l4_off + ICMP_CSUM_OFF;
	}
	return 0;
}

void pkt_l4_csum_add(struct nf_pkt *pkt, uint64_t delta)
{
	uint32_t off = pkt_l4_csum_off(pkt);
	uint16_t csum;

	if (!off)
		return;
	csum = load16(pkt->data + off);
	if (pkt->l4proto == IPPROTO_UDP && !csum)
		return;
	csum = csum_apply(csum, csum_fold(delta));
	if (pkt->l4proto == IPPROTO_UDP)
		csum = csum_udp(csum);
	store16(pkt->data + off, csum);
}

static void l3_csum_add(struct nf_pkt *pkt, uint64_t delta)
{
	uint8_t *check = pkt->data + pkt->l3_off + IP4(check);

	store16(check, csum_apply(load16(check), csum_fold(delta)));
}

/* Replaces the address at bytes `at` in the packet and in its field. */
static void set_addr(struct nf_pkt *pkt, struct nf_addr *field, uint8_t *at,
		     const struct nf_addr *addr)
{
	int words = pkt->family == 4 ? 1 : 4;
	uint64_t delta = 0;

	for (int i = 0; i < words; i++)
		delta += csum_diff32(field->a[i], addr->a[i]);
	memcpy(at, addr->a, 4 * words);
	memcpy(field->a, addr->a, 4 * words);
	if (pkt->family == 4)
		l3_csum_add(pkt, delta);
	if (pkt->l4proto != IPPROTO_ICMP)
		pkt_l4_csum_add(pkt, delta);
}

void nf_pkt_set_saddr(struct nf_pkt *pkt, const struct nf_addr *addr)
{
	uint32_t off = pkt->family == 4 ? IP4(saddr) : IP6(saddr);

	set_addr(pkt, &pkt->saddr, pkt->data + pkt->l3_off + off, addr);
}

void nf_pkt_set_daddr(struct nf_pkt *pkt, const struct nf_addr *addr)
{
	uint32_t off = pkt->family == 4 ? IP4(daddr) : IP6(daddr);

	set_addr(pkt, &pkt->daddr, pkt->data + pkt->l3_off + off, addr);
}

static void set_port(struct nf_pkt *pkt, __be16 *field, uint32_t off,
		     __be16 port)
{
	pkt_l4_csum_add(pkt, csum_diff16(*field, port));
	store16(pkt->data + pkt->l4_off + off, port);
	*field = port;
}

void nf_pkt_set_sport(struct nf_pkt *pkt, __be16 port)
{
	if (!is_echo(pkt))
		set_port(pkt, &pkt->sport, 0, port);
	else if (!is_echo_reply(pkt))
		set_port(pkt, &pkt->sport, ICMP_ID_OFF, port);
}

void nf_pkt_set_dport(struct nf_pkt *pkt, __be16 port)
{
	if (!is_echo(pkt))
		set_port(pkt, &pkt->dport, 2, port);
	else if (is_echo_reply(pkt))
		set_port(pkt, &pkt->dport, ICMP_ID_OFF, port);
}

uint32_t pkt_l3_len(const struct nf_pkt *pkt)
{
	const uint8_t *l3 = pkt->data + pkt->l3_off;

	if (pkt->family == 4)
		return ntohs(load16(l3 + IP4(tot_len)));
	return sizeof(struct ipv6hdr) + ntohs(load16(l3 + IP6(payload_len)));
}

/* Bytes from the L4 header to the end of the IP packet. */
static uint32_t l4_len(const struct nf_pkt *pkt)
{
	return pkt->l3_off + pkt_l3_len(pkt) - pkt->l4_off;
}

/* Ones' complement sum of the pseudo-header (RFC 793, 8200 section 8.1), the
 * protocol and length widened to 32 bits: the same sum for both families. */
static uint16_t pseudo_sum(const struct nf_pkt *pkt)
{
	uint64_t sum = htonl(l4_len(pkt));

	if (pkt->l4proto == IPPROTO_ICMP)
		return 0;
	sum += htonl(pkt->l4proto);
	for (int i = 0; i < 4; i++)
		sum += (uint64_t)pkt->saddr.a[i] + pkt->daddr.a[i];
	return csum_fold(sum);
}

static uint16_t l4_sum(const struct nf_pkt *pkt)
{
	const uint8_t *p = pkt->data + pkt->l4_off;
	uint32_t len = l4_len(pkt);
	uint64_t sum = pseudo_sum(pkt);
	uint8_t last[2] = { 0 };

	for (; len > 1; p += 2, len -= 2)
		sum += load16(p);
	if (len) {
		last[0] = *p;
		sum += load16(last);
	}
	return csum_fold(sum);
}

bool pkt_csum_is_partial(const struct nf_pkt *pkt)
{
	uint32_t off = pkt_l4_csum_off(pkt);

	return off && !is_echo(pkt) &&
	       load16(pkt->data + off) == pseudo_sum(pkt);
}

enum pkt_csum pkt_csum_check(const struct nf_pkt *pkt)
{
	uint32_t off = pkt_l4_csum_off(pkt);
	uint16_t csum;

	if (!off)
		return PKT_CSUM_OK;
	csum = load16(pkt->data + off);
	if (pkt->l4proto == IPPROTO_UDP && !csum)
		return pkt->family == 4 ? PKT_CSUM_OK : PKT_CSUM_BAD;
	if (l4_sum(pkt) == 0xffff)
		return PKT_CSUM_OK;
	return pkt_csum_is_partial(pkt) ? PKT_CSUM_PARTIAL : PKT_CSUM_BAD;
}

void pkt_csum_complete(struct nf_pkt *pkt)
{
	uint32_t off = pkt_l4_csum_off(pkt);
	uint16_t csum;

	if (!off)
		return;
	store16(pkt->data + off, 0);
	csum = ~l4_sum(pkt);
	if (pkt->l4proto == IPPROTO_UDP)
		csum = csum_udp(csum);
	store16(pkt->data + off, csum);
}

bool nf_pkt_hop(struct nf_pkt *pkt)
{
	if (!pkt->router)
		return true;
	if (!pkt_ttl_dec(pkt))
		return false;
	pkt->edited = true;
	pkt->hopped = true;
	return true;
}

bool pkt_ttl_dec(struct nf_pkt *pkt)
{
	uint8_t family = pkt->depth ? pkt->under[0].family : pkt->family;
	uint8_t *ip = pkt->data + pkt->l3_off, *ttl;

	if (pkt->hopped)
		return true;
	/* Transport AH on a tunnel's header is in the way, on its own not. */
	for (int i = 0, below = 0; i < pkt->depth; i++) {
		ip += pkt->under[i].len + (below ? pkt->under[i].inside : 0);
		below |= pkt->under[i].len;
	}
	ttl = ip + (family == 4 ? IP4(ttl) : IP6(hop_limit));
	if (*ttl <= 1)
		return false;
	--*ttl;
	if (family == 4)
		store16(ip + IP4(check),
			csum_apply(load16(ip + IP4(check)), CSUM_TTL_DEC));
	return true;
}

void pkt_set_macs(struct nf_pkt *pkt, const uint8_t *dmac, const uint8_t *smac)
{
	memcpy(pkt->data, dmac, ETH_ALEN);
	memcpy(pkt->data + ETH_ALEN, smac, ETH_ALEN);
}
