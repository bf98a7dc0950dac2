// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* AH in transport mode (RFC 4302 section 3.1.1): put in between the IP header and
 * what follows, and taken out again. The bytes only: the fields are the caller's.
 */
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "../maps/bytes.h"
#include "../maps/csum.h"
#include "../maps/parse.h"
#include "pkt.h"

#define IP6_HEADER 40

/* AH's place in IPv6: behind hop-by-hop and routing headers and destination
 * options, but for those behind a routing header, which are the last
 * destination's. The RFC leaves options free; this is where Linux puts it. */
static bool goes_before_ah(uint8_t proto, bool routed)
{
	return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING ||
	       (proto == IPPROTO_DSTOPTS && !routed);
}

/* The byte that says what is at *off, counted from the IP header, where AH is to
 * be put. NULL: nowhere; a fragment's AH is inside the whole packet. */
static uint8_t *place(const struct nf_pkt *pkt, uint32_t *off)
{
	uint8_t *ip = pkt->data + pkt->l3_off, *next = ip + 6;
	bool routed = false;

	if (pkt->family == 4) {
		*off = (ip[0] & 0x0f) * 4;
		return ip + 9;
	}
	*off = IP6_HEADER;
	while (goes_before_ah(*next, routed)) {
		routed |= *next == IPPROTO_ROUTING;
		next = ip + *off;
		*off += (next[1] + 1) * 8;
	}
	return *next == IPPROTO_FRAGMENT ? NULL : next;
}

/* The byte that says AH, which is there. */
static uint8_t *pointer(const struct nf_pkt *pkt)
{
	uint8_t *ip = pkt->data + pkt->l3_off, *next = ip + 6;

	if (pkt->family == 4)
		return ip + 9;
	for (uint32_t off = IP6_HEADER; *next != IPPROTO_AH;) {
		uint8_t proto = *next;

		next = ip + off;
		off += nfold_ext_len(proto, next, 1);
	}
	return next;
}

/* What follows, and the packet's length, which grows by `by`. */
static void set_next(struct nf_pkt *pkt, uint8_t *next, uint8_t proto, int by)
{
	uint8_t *ip = pkt->data + pkt->l3_off;
	uint8_t *len = ip + (pkt->family == 4 ? 2 : 4);
	uint16_t was[2] = { load16(len), load16(ip + 8) };
	uint64_t delta;

	*next = proto;
	store16(len, htons(ntohs(was[0]) + by));
	if (pkt->family == 6)
		return;
	delta = csum_diff16(was[0], load16(len)) +
		csum_diff16(was[1], load16(ip + 8));
	store16(ip + 10, csum_apply(load16(ip + 10), csum_fold(delta)));
}

/* The first `head` bytes of the frame move down by `by`, or up. */
static void move_head(struct nf_pkt *pkt, uint32_t head, int by)
{
	memmove(pkt->data - by, pkt->data, head);
	pkt->data -= by;
	pkt->len += by;
	pkt->grown += by;
	pkt->room -= by;
}

bool pkt_ah_insert(struct nf_pkt *pkt, const struct nf_tunnel *tn)
{
	uint8_t len = nf_ah_len(pkt->family, tn->icv_len), *next, *ah, proto;
	uint32_t off;

	next = place(pkt, &off);
	if (!next || pkt->room < len || pkt_l3_len(pkt) + len > 0xffff)
		return false;
	proto = *next;
	set_next(pkt, next, IPPROTO_AH, len);
	move_head(pkt, pkt->l3_off + off, len);
	ah = pkt->data + pkt->l3_off + off;
	memset(ah, 0, len);
	ah[0] = proto;
	ah[1] = len / 4 - 2;
	store32(ah + 4, htonl(tn->spi));
	return true;
}

bool pkt_ah_remove(struct nf_pkt *pkt)
{
	uint32_t len, off = nf_pkt_ah(pkt, &len);

	if (!len)
		return false;
	set_next(pkt, pointer(pkt), pkt->data[off], -(int)len);
	move_head(pkt, off, -(int)len);
	return true;
}
