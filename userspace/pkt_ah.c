// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* An AH header in a packet in hand (RFC 4302): where it is, and the two things
 * in it that each packet has of its own.
 */
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "../maps/bytes.h"
#include "../maps/parse.h"
#include "pkt.h"

#define IP6_HEADER 40
#define AH_SEQ 8		/* offset of the sequence number */

/* Offset of what is behind the IPv6 header and the extension headers that may
 * precede AH (RFC 4302 section 3.1.1); *proto: what it is. */
static uint32_t skip_ext(const uint8_t *ip, uint32_t len, uint8_t *proto)
{
	uint32_t off = IP6_HEADER;
	int n;

	*proto = ip[6];
	while (*proto != IPPROTO_AH && nfold_is_ext(*proto) && off + 8 <= len) {
		n = nfold_ext_len(*proto, ip + off, 1);
		if (n <= 0)
			break;
		*proto = ip[off];
		off += n;
	}
	return off;
}

uint32_t nf_pkt_ah(const struct nf_pkt *pkt, uint32_t *len)
{
	const uint8_t *ip = pkt->data + pkt->l3_off;
	uint32_t end = pkt_l3_len(pkt), off;
	uint8_t proto = ip[9];

	if (pkt->l3_off + end > pkt->len)
		end = pkt->len - pkt->l3_off;
	if (pkt->family == 4)
		off = (ip[0] & 0x0f) * 4;
	else
		off = skip_ext(ip, end, &proto);
	*len = 0;
	if (proto != IPPROTO_AH)
		return 0;
	if (off + NF_AH_ICV <= end)
		*len = (ip[off + 1] + 2) * 4;
	if (*len < NF_AH_ICV || off + *len > end)
		*len = 0;
	return pkt->l3_off + off;
}

bool nf_pkt_write_ah(struct nf_pkt *pkt, uint32_t seq, const void *icv,
		     uint32_t len)
{
	uint32_t size, off = nf_pkt_ah(pkt, &size);

	if (!pkt->may_write || !off || size < NF_AH_ICV + len)
		return false;
	pkt_written(pkt, off + AH_SEQ, NF_AH_ICV - AH_SEQ + len);
	store32(pkt->data + off + AH_SEQ, htonl(seq));
	memcpy(pkt->data + off + NF_AH_ICV, icv, len);
	return true;
}
