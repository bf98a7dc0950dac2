/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The parser's L4 stage: ports, flags, echo identifier. Included by parse.h
 * only.
 */
#ifndef NFOLD_PARSE_L4_H
#define NFOLD_PARSE_L4_H

#include "bytes.h"
#include "ipproto.h"

#define NFOLD_TCP_FLAGS \
	(NFOLD_TCP_FIN | NFOLD_TCP_SYN | NFOLD_TCP_RST | NFOLD_TCP_ACK)

/* avail: bytes from l4 to the end of the IP packet. */
static __always_inline enum nfold_reason
nfold_parse_tcp(const __u8 *l4, const void *data_end, __u32 avail,
		struct nfold_parse *p, __be16 *sport, __be16 *dport)
{
	__u32 hlen;

	if (avail < 20 || l4 + 20 > (const __u8 *)data_end)
		return NFOLD_REASON_TRUNCATED;
	hlen = (l4[12] >> 4) * 4;
	if (hlen < 20)
		return NFOLD_REASON_BAD_HEADER;
	if (hlen > avail)
		return NFOLD_REASON_TRUNCATED;
	p->l4 = NFOLD_L4_TCP;
	p->tcp_flags = l4[13] & NFOLD_TCP_FLAGS;
	*sport = load16(l4);
	*dport = load16(l4 + 2);
	return NFOLD_REASON_NONE;
}

static __always_inline enum nfold_reason
nfold_parse_udp(const __u8 *l4, const void *data_end, __u32 avail,
		struct nfold_parse *p, __be16 *sport, __be16 *dport)
{
	__u32 len;

	if (avail < 8 || l4 + 8 > (const __u8 *)data_end)
		return NFOLD_REASON_TRUNCATED;
	len = NFOLD_BE16(load16(l4 + 4));
	if (len < 8 || len > avail)
		return NFOLD_REASON_BAD_HEADER;
	p->l4 = NFOLD_L4_UDP;
	*sport = load16(l4);
	*dport = load16(l4 + 2);
	return NFOLD_REASON_NONE;
}

/* Echo by the family's type numbers; see flow.h for what stands as ports. */
static __always_inline enum nfold_reason
nfold_parse_icmp(const __u8 *l4, const void *data_end, __u32 avail,
		 struct nfold_parse *p, __be16 *sport, __be16 *dport,
		 __u8 *echo)
{
	__u8 request = p->family == 4 ? 8 : 128;
	__u8 reply = p->family == 4 ? 0 : 129;

	if (avail < 8 || l4 + 8 > (const __u8 *)data_end)
		return NFOLD_REASON_TRUNCATED;
	p->icmp_type = l4[0];
	if (l4[1] != 0)
		return NFOLD_REASON_ICMP_OTHER;
	if (l4[0] == request) {
		p->l4 = NFOLD_L4_ECHO_REQUEST;
		*echo = NFOLD_ECHO_REQUEST;
		*sport = load16(l4 + 4);
		*dport = NFOLD_BE16(request);
		return NFOLD_REASON_NONE;
	}
	if (l4[0] == reply) {
		p->l4 = NFOLD_L4_ECHO_REPLY;
		*echo = NFOLD_ECHO_REPLY;
		*sport = NFOLD_BE16(reply);
		*dport = load16(l4 + 4);
		return NFOLD_REASON_NONE;
	}
	return NFOLD_REASON_ICMP_OTHER;
}

/* icmp: the family's ICMP protocol number. */
static __always_inline enum nfold_reason
nfold_parse_l4(const __u8 *l4, const void *data_end, __u32 avail, __u8 icmp,
	       struct nfold_parse *p, __be16 *sport, __be16 *dport,
	       __u8 *echo)
{
	if (p->l4proto == IPPROTO_TCP)
		return nfold_parse_tcp(l4, data_end, avail, p, sport, dport);
	if (p->l4proto == IPPROTO_UDP)
		return nfold_parse_udp(l4, data_end, avail, p, sport, dport);
	if (p->l4proto == icmp)
		return nfold_parse_icmp(l4, data_end, avail, p, sport, dport,
					echo);
	return NFOLD_REASON_NONE;
}

#endif
