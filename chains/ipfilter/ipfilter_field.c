/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fields of packets, and which of their bits the flow key holds.
 *
 * What holds for every packet that walks a chain (maps/parse.h): whole IP
 * header, not a fragment; TCP, UDP and ICMP with their fixed headers; ICMP is
 * echo with code 0. A bit counts as the key's only if that makes it the same
 * in all packets of the flow.
 */
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include "ipfilter.h"

static uint32_t be(const uint8_t *p, uint32_t len)
{
	uint32_t v = 0;

	while (len--)
		v = v << 8 | *p++;
	return v;
}

static bool is_echo(const struct nf_pkt *pkt)
{
	return pkt->l4proto ==
	       (pkt->family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
}

/* An echo request whose identifier reads like a reply's type has the key of a
 * reply whose identifier reads like a request's (maps/flow.h): then the key
 * tells neither type nor identifier. */
static bool echo_is_ambiguous(const struct nf_pkt *pkt)
{
	bool four = pkt->family == 4;

	return ntohs(pkt->sport) == (four ? ICMP_ECHOREPLY :
					    ICMP6_ECHO_REPLY) &&
	       ntohs(pkt->dport) == (four ? ICMP_ECHO : ICMP6_ECHO_REQUEST);
}

/* Bits of byte off of the IPv4 header. */
static uint8_t ip4_key(uint32_t off)
{
	if (off == 0)
		return 0xf0;
	if (off == 6)
		return 0x3f;
	if (off == 7 || off == 9 || (off >= 12 && off < 20))
		return 0xff;
	return 0;
}

/* Bits of byte off behind the IP header. */
static uint8_t transp_key(const struct nf_pkt *pkt, uint32_t off)
{
	if (pkt->l4proto == IPPROTO_TCP || pkt->l4proto == IPPROTO_UDP)
		return off < 4 ? 0xff : 0;
	if (!is_echo(pkt))
		return 0;
	if (off == 1)
		return 0xff;
	if (off == 0 || off == 4 || off == 5)
		return echo_is_ambiguous(pkt) ? 0 : 0xff;
	return 0;
}

/* Bytes behind the IP header that every packet of the protocol has. */
static uint32_t transp_min(const struct nf_pkt *pkt)
{
	if (pkt->l4proto == IPPROTO_TCP)
		return 20;
	return pkt->l4proto == IPPROTO_UDP || is_echo(pkt) ? 8 : 0;
}

/* Of the packet, from the IP header on, without what Ethernet pads. */
static uint32_t ip_len(const struct nf_pkt *pkt)
{
	const uint8_t *ip = pkt->data + pkt->l3_off;
	uint32_t len = pkt->family == 4 ? be(ip + 2, 2) : 40 + be(ip + 4, 2);
	uint32_t have = pkt->len - pkt->l3_off;

	return len < have ? len : have;
}

static struct ipf_read absent(bool known)
{
	return (struct ipf_read){ .there_known = known };
}

struct ipf_read ipf_read_transp(const struct nf_pkt *pkt, uint32_t off,
				uint32_t len)
{
	struct ipf_read r = { .there_known = off + len <= transp_min(pkt) };

	if (pkt->l4_off - pkt->l3_off + off + len > ip_len(pkt))
		return absent(false);
	r.there = true;
	r.v = be(pkt->data + pkt->l4_off + off, len);
	for (uint32_t i = 0; i < len; i++)
		r.key = r.key << 8 | transp_key(pkt, off + i);
	return r;
}

/* Behind the header's 20 bytes come options, and what they push back. */
static struct ipf_read read_ip4(const struct nf_pkt *pkt, uint32_t off,
				uint32_t len)
{
	struct ipf_read r = { .there_known = off + len <= 20 };

	if (pkt->family != 4)
		return absent(true);
	if (off + len > ip_len(pkt))
		return absent(false);
	r.there = true;
	r.v = be(pkt->data + pkt->l3_off + off, len);
	for (uint32_t i = 0; i < len; i++)
		r.key = r.key << 8 | ip4_key(off + i);
	return r;
}

/* Fields by name, which IPv6 has too: never the key's. */
static struct ipf_read read_both(const struct nf_pkt *pkt, uint32_t v4,
				 uint32_t v6)
{
	return (struct ipf_read){ .v = pkt->family == 4 ? v4 : v6,
				  .there = true, .there_known = true };
}

static struct ipf_read read_version(const struct nf_pkt *pkt)
{
	struct ipf_read r = read_both(pkt, 4, 6);

	r.key = UINT32_MAX;
	return r;
}

struct ipf_read ipf_read_field(const struct ipf_test *t,
			       const struct nf_pkt *pkt)
{
	const uint8_t *ip = pkt->data + pkt->l3_off;
	uint8_t class = be(ip, 2) >> 4;
	struct ipf_read r;

	switch (t->field) {
	case IPF_F_IP:
		return read_ip4(pkt, t->off, t->len);
	case IPF_F_TRANSP:
		return ipf_read_transp(pkt, t->off, t->len);
	case IPF_F_VERS:
		return read_version(pkt);
	case IPF_F_HL:
		r = read_ip4(pkt, 0, 1);
		r.v &= 0x0f;
		r.key = 0;
		return r;
	case IPF_F_ID:
		return read_ip4(pkt, 4, 2);
	case IPF_F_TOS:
		return read_both(pkt, ip[1], class);
	case IPF_F_DSCP:
		return read_both(pkt, ip[1] >> 2, class >> 2);
	case IPF_F_TTL:
		return read_both(pkt, ip[8], ip[7]);
	default:
		return read_both(pkt, be(ip + 2, 2), 40 + be(ip + 4, 2));
	}
}
