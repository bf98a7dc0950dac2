// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Functions of the packet and VLAN tags: what an NF may do to a packet beside
 * addresses and ports (chains/nf.h). The real work, byte by byte; the folded
 * form of it is in maps/edit_act.h.
 */
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "../chains/nf.h"
#include "../maps/edit_act.h"

static void l3_csum_add(struct nf_pkt *pkt, uint64_t delta)
{
	uint8_t *check = pkt->data + pkt->l3_off + 10;

	store16(check, csum_apply(load16(check), csum_fold(delta)));
}

bool nf_pkt_ttl_dec(struct nf_pkt *pkt, uint8_t k)
{
	uint8_t *ip = pkt->data + pkt->l3_off;
	uint8_t *ttl = ip + (pkt->family == 4 ? 8 : 7);
	uint16_t old;

	if (*ttl <= k)
		return false;
	old = load16(ip + 8);
	*ttl -= k;
	pkt->edited = true;
	if (pkt->family == 4)
		l3_csum_add(pkt, csum_diff16(old, load16(ip + 8)));
	return true;
}

void nf_pkt_set_dscp(struct nf_pkt *pkt, uint8_t dscp)
{
	uint8_t *ip = pkt->data + pkt->l3_off;
	uint16_t old = load16(ip);

	pkt->edited = true;
	if (pkt->family == 6) {
		ip[0] = 0x60 | dscp >> 2;
		ip[1] = (dscp & 3) << 6 | (ip[1] & 0x3f);
		return;
	}
	ip[1] = dscp << 2 | (ip[1] & 3);
	l3_csum_add(pkt, csum_diff16(old, load16(ip)));
}

/* 32 bits in wire order at `at`, plus add; returns the checksum's delta. */
static uint64_t add32(uint8_t *at, uint32_t add)
{
	uint32_t old = load32(at), new = htonl(ntohl(old) + add);

	store32(at, new);
	return csum_diff32(old, new);
}

void nf_pkt_shift_seq(struct nf_pkt *pkt, uint32_t seq_add, uint32_t ack_add)
{
	uint8_t *tcp = pkt->data + pkt->l4_off;
	uint64_t delta;

	if (pkt->l4proto != IPPROTO_TCP)
		return;
	pkt->edited = true;
	delta = add32(tcp + 4, seq_add);
	if (pkt->tcp_flags & NFOLD_TCP_ACK) {
		delta += add32(tcp + 8, ack_add);
		delta += nfold_sack_shift(tcp, (tcp[12] >> 4) * 4, ack_add);
	}
	store16(tcp + 16, csum_apply(load16(tcp + 16), csum_fold(delta)));
}

static unsigned int tag_cnt(const struct nf_pkt *pkt)
{
	return pkt->zone >> NFOLD_ZONE_TAGS_SHIFT & 3;
}

static unsigned int outer_id(const struct nf_pkt *pkt)
{
	return pkt->zone >> NFOLD_ZONE_OUTER_SHIFT & 0xfff;
}

/* The MAC addresses move, the frame's start moves, the tags' count is told. */
static void set_tags(struct nf_pkt *pkt, unsigned int cnt, unsigned int outer,
		     unsigned int inner)
{
	pkt->zone = NFOLD_ZONE(NFOLD_ZONE_PORT(pkt->zone), cnt, outer, inner);
	pkt->edited = true;
}

static void frame_start(struct nf_pkt *pkt, int by)
{
	pkt->data += by;
	pkt->len -= by;
	pkt->grown -= by;
	pkt->room += by;
	pkt->l3_off -= by;
	pkt->l4_off -= by;
}

bool nf_pkt_push_vlan(struct nf_pkt *pkt, __be16 tpid, __be16 tci)
{
	unsigned int cnt = tag_cnt(pkt);

	if (pkt->room < NFOLD_VLAN_LEN || cnt == NFOLD_TAG_MAX)
		return false;
	memmove(pkt->data - NFOLD_VLAN_LEN, pkt->data, 12);
	frame_start(pkt, -NFOLD_VLAN_LEN);
	store16(pkt->data + 12, tpid);
	store16(pkt->data + 14, tci);
	set_tags(pkt, cnt + 1, ntohs(tci) & 0xfff, cnt ? outer_id(pkt) : 0);
	return true;
}

bool nf_pkt_pop_vlan(struct nf_pkt *pkt)
{
	unsigned int cnt = tag_cnt(pkt);

	if (!cnt)
		return false;
	memmove(pkt->data + NFOLD_VLAN_LEN, pkt->data, 12);
	frame_start(pkt, NFOLD_VLAN_LEN);
	set_tags(pkt, cnt - 1, cnt == 2 ? pkt->zone & 0xfff : 0, 0);
	return true;
}
