/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The payload of a packet, for state functions. */
#include <string.h>

#include <netinet/in.h>

#include "../maps/bytes.h"
#include "../maps/csum.h"
#include "pkt.h"

#define TCP_DATA_OFF 12		/* byte with the header's length in words */
#define L4_HEADER 8		/* UDP, ICMP echo */

static uint32_t l4_header_len(const struct nf_pkt *pkt)
{
	switch (pkt->l4proto) {
	case IPPROTO_TCP:
		return (pkt->data[pkt->l4_off + TCP_DATA_OFF] >> 4) * 4;
	case IPPROTO_UDP:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return L4_HEADER;
	}
	return 0;
}

const uint8_t *nf_pkt_payload(const struct nf_pkt *pkt, uint32_t *len)
{
	uint32_t start = pkt->l4_off + l4_header_len(pkt);
	uint32_t end = pkt->l3_off + pkt_l3_len(pkt);

	if (end > pkt->len)
		end = pkt->len;
	*len = start < end ? end - start : 0;
	return pkt->data + start;
}

/* Delta of replacing len bytes, the first of which is the second of its 16-bit
 * word if odd. */
static uint64_t bytes_delta(const uint8_t *old, const uint8_t *new,
			    uint32_t len, uint32_t odd)
{
	uint64_t delta = 0;

	for (uint32_t i = 0; i < len; i++) {
		uint8_t was[2] = { 0 }, is[2] = { 0 };

		was[(i + odd) & 1] = old[i];
		is[(i + odd) & 1] = new[i];
		delta += csum_diff16(load16(was), load16(is));
	}
	return delta;
}

void pkt_written(struct nf_pkt *pkt, uint32_t off, uint32_t len)
{
	struct nf_written w = { pkt->len - off, len };

	for (int i = 0; i < pkt->written_cnt && i < NF_WRITTEN_MAX; i++)
		if (!memcmp(&pkt->written[i], &w, sizeof(w)))
			return;
	if (pkt->written_cnt < NF_WRITTEN_MAX)
		pkt->written[pkt->written_cnt] = w;
	pkt->written_cnt += pkt->written_cnt <= NF_WRITTEN_MAX;
}

bool nf_pkt_write_payload(struct nf_pkt *pkt, uint32_t off, const void *bytes,
			  uint32_t len)
{
	uint32_t size;
	uint8_t *at = pkt->data + (nf_pkt_payload(pkt, &size) - pkt->data);

	if (!pkt->may_write || off > size || len > size - off)
		return false;
	pkt_written(pkt, at - pkt->data, size);
	if (pkt_l4_csum_off(pkt))
		pkt_written(pkt, pkt_l4_csum_off(pkt), 2);
	at += off;
	pkt_l4_csum_add(pkt, bytes_delta(at, bytes, len,
					 (at - pkt->data - pkt->l4_off) & 1));
	memcpy(at, bytes, len);
	return true;
}
