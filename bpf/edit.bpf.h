/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Edits (maps/edit.h), in global functions, verified once and by themselves:
 * programs for chains without edits have none of it, and the others keep their
 * common path as it is. The record and its templates are constant
 * as long as this packet may see them (docs/MAPS.md, grace).
 */
#ifndef NFOLD_EDIT_BPF_H
#define NFOLD_EDIT_BPF_H

#include "bpf/maps.bpf.h"
#include "maps/edit_act.h"

/* A MAC address in the low bytes of a 64-bit word in memory order. */
#define MAC_MASK 0x0000ffffffffffffULL
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "MAC_MASK");

/* Does the TCP checksum's field hold the pseudo header's sum and no more? */
static __always_inline int edit_partial(const __u8 *ip, const __u8 *l4,
					const void *end, int is_ip6, __u32 len)
{
	__u64 sum;

	if (l4 + 20 > (const __u8 *)end || ip + 20 > (const __u8 *)end)
		return 0;
	/* Each family's check by its loads: 6.1 does not remember that one test
	 * of a flag is the other. */
	if (is_ip6) {
		if (ip + 40 > (const __u8 *)end)
			return 0;
		sum = nfold_csum_pseudo(ip, 6, IPPROTO_TCP, len);
	} else {
		sum = nfold_csum_pseudo(ip, 4, IPPROTO_TCP, len);
	}
	return load16(l4 + NFOLD_TCP_CSUM) == csum_fold(sum);
}

/* Offset of L4 and the entry's flags, in one word. */
#define EDIT_L4(off, flags) ((__u32)(off) | (__u32)(flags) << 16)
#define EDIT_ONLY_ASK 0x8000	/* beside the flags: change nothing */

/* IP's length in bytes, and those of a tunnel header from the wire in front of
 * it, which is taken off. */
#define EDIT_L3(len, cover) ((__u32)(len) | (__u32)(cover) << 16)
#define EDIT_LEN(l3) ((l3) & 0xffff)
#define EDIT_COVER(l3) \
	(config.tunnels.cnt ? (l3) >> 16 & NFOLD_COVER_MAX : 0)

/* First, before the packet is rewritten: refuses (SLOW_FLOW: TCP options that
 * only user space edits) with the packet unchanged, else sets DSCP and shifts
 * sequence numbers. NONE or why not.
 */
__noinline int edit_packet(struct xdp_md *ctx, __u32 index, __u32 where,
			   __u32 l3)
{
	__u32 l3_len = EDIT_LEN(l3), cover = EDIT_COVER(l3);
	__u32 l4_off = where & 0xffff, flags = where >> 16;
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct nfold_edit *e = bpf_map_lookup_elem(&edits, &index);
	__u8 *ip, *l4;
	int is_ip6, partial;

	if (!e)
		return NFOLD_REASON_STALE;
	ip = nfold_at(data, nfold_edit_l3_off(e) + cover);
	l4 = nfold_at(data, l4_off);
	is_ip6 = e->flags & NFOLD_EDIT_IP6;
	if (e->flags & NFOLD_EDIT_SEQ) {
		if (nfold_seq_options(l4, end))
			return NFOLD_REASON_SLOW_FLOW;
	}
	if (flags & EDIT_ONLY_ASK)
		return NFOLD_REASON_NONE;
	if (e->flags & NFOLD_EDIT_SEQ) {
		partial = (flags & NFOLD_ACT_CSUM_PARTIAL) &&
			  edit_partial(ip, l4, end, is_ip6,
				       nfold_edit_l3_off(e) + cover + l3_len -
					       l4_off);
		if (nfold_edit_seq(l4, end, e->seq_add, e->ack_add, partial))
			return NFOLD_REASON_TRUNCATED;
	}
	if (config.tunnels.cnt && (e->flags & NFOLD_EDIT_UNWRAP) &&
	    nfold_edit_ecn(nfold_at(data, nfold_edit_l3_off(e)),
			   e->flags & NFOLD_EDIT_OUTER6, ip, is_ip6, end))
		return NFOLD_REASON_TRUNCATED;
	if (e->flags & NFOLD_EDIT_DSCP)
		return nfold_edit_dscp(ip, end, is_ip6, e->dscp);
	return NFOLD_REASON_NONE;
}

/* The first words of a template; one check of the packet's end for all. */
static __always_inline enum nfold_reason
edit_words(__u8 *to, const void *end, const struct nfold_tmpl *t, int words)
{
	if (to + 8 * words > (const __u8 *)end)
		return NFOLD_REASON_TRUNCATED;
#pragma clang loop unroll(full)
	for (int i = 0; i < words; i++)
		store64(to + 8 * i, load64(t->bytes + 8 * i));
	return NFOLD_REASON_NONE;
}

/* A template's bytes. Its length is even and at least an IPv4 header's; the last
 * word overlaps the one before. bpf_xdp_store_bytes() takes several times as
 * long. */
static __always_inline enum nfold_reason
edit_copy(__u8 *to, const void *end, const struct nfold_tmpl *t)
{
	__u32 last = (t->len - 8) & 127, words = (last + 7) / 8;
	enum nfold_reason why = NFOLD_REASON_TRUNCATED;

	if (last > NFOLD_TMPL_MAX - 8)
		return NFOLD_REASON_TRUNCATED;
	/* Or clang takes the check to be the switch's, where the verifier does
	 * not see it. */
	asm volatile("" : "+r"(words));
	switch (words) {
#define WORDS(n)                                     \
	case n:                                      \
		why = edit_words(to, end, t, n);     \
		break
	WORDS(2); WORDS(3); WORDS(4); WORDS(5); WORDS(6); WORDS(7); WORDS(8);
#undef WORDS
	}
	if (why)
		return why;
	to = nfold_at(to, last);
	if (to + 8 > (const __u8 *)end)
		return NFOLD_REASON_TRUNCATED;
	store64(to, load64(t->bytes + last));
	return NFOLD_REASON_NONE;
}

/* Puts the i-th template around what begins at off + its length. *tos: of the
 * inner header, then of this one. */
static __always_inline enum nfold_reason
edit_layer(struct xdp_md *ctx, const struct nfold_edit *e, int i, __u32 off,
	   const struct nfold_tmpl *t, __u32 l3_len, __u8 *tos)
{
	enum nfold_reason why;
	__u8 *data, *end;

	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	why = edit_copy(nfold_at(data, off), end, t);
	if (why)
		return why;
	*tos = nfold_tmpl_tos(t, *tos);
	why = nfold_tmpl_ip(nfold_at(data, off), end, t, l3_len, *tos);
	if (why || !t->udp_off)
		return why;
	return nfold_tmpl_udp(nfold_at(data, off + t->udp_off), end,
			      e->sport[i], l3_len - t->udp_off);
}

static __always_inline const struct nfold_tmpl *edit_tmpl(__u16 ref)
{
	__u32 index = ref - 1;

	return ref ? bpf_map_lookup_elem(&tmpls, &index) : NULL;
}

/* Last, when all else is done, MAC addresses too: tags off, templates, tags on.
 * l3: of the packet as it came. NONE, or why it can not be sent. */
__noinline int edit_frame(struct xdp_md *ctx, __u32 index, __u32 l3)
{
	__u32 l3_len = EDIT_LEN(l3), cover = EDIT_COVER(l3);
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct nfold_edit *e = bpf_map_lookup_elem(&edits, &index);
	const struct nfold_tmpl *in, *out;
	enum nfold_reason why;
	struct nfold_l2 l2;
	__u32 off;
	__u8 *ip, tos;

	if (!e)
		return NFOLD_REASON_TRUNCATED;
	if (!(e->flags & NFOLD_EDIT_FRAME))
		return NFOLD_REASON_NONE;
	ip = nfold_at(data, nfold_edit_l3_off(e) + cover);
	if (ip + 2 > end || nfold_l2_save(data, end, &l2))
		return NFOLD_REASON_TRUNCATED;
	tos = nfold_tos(ip, e->flags & NFOLD_EDIT_IP6);
	if (bpf_xdp_adjust_head(ctx, NFOLD_VLAN_LEN * (e->strip - e->push) +
					     (int)cover - e->grow))
		return NFOLD_REASON_NO_ROOM;
	why = nfold_l2_write((void *)(long)ctx->data,
			     (void *)(long)ctx->data_end, e, &l2);
	off = NFOLD_ETH_LEN + NFOLD_VLAN_LEN * ((e->push + e->keep) & 3);
	in = edit_tmpl(e->tmpl[0]);
	out = edit_tmpl(e->tmpl[1]);
	if (!why && in)
		why = edit_layer(ctx, e, 0, off + (out ? out->len : 0), in,
				 l3_len + in->len, &tos);
	if (!why && in && out)
		why = edit_layer(ctx, e, 1, off, out, l3_len + e->grow, &tos);
	return why;
}

/* Instead of edit_frame() where act.edit is a word: no tags, one template.
 * Ethernet's addresses are handed over as they stand in memory: they need not
 * be written twice. */
__noinline int edit_tunnel(struct xdp_md *ctx, __u32 word, __u32 l3_len,
			   __u64 dmac, __u64 smac)
{
	__u32 index = NFOLD_EDIT_WORD_TMPL(word);
	__u16 sport = NFOLD_EDIT_WORD_SPORT(word);
	struct nfold_tmpl *t = bpf_map_lookup_elem(&tmpls, &index);
	__u8 *ip = (void *)(long)ctx->data + NFOLD_ETH_LEN, *data, *end, tos;
	enum nfold_reason why;

	if (!t || ip + 2 > (__u8 *)(long)ctx->data_end)
		return NFOLD_REASON_TRUNCATED;
	tos = nfold_tos(ip, word & NFOLD_EDIT_WORD_IP6);
	if (bpf_xdp_adjust_head(ctx, -(int)t->len))
		return NFOLD_REASON_NO_ROOM;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	ip = data + NFOLD_ETH_LEN;
	if (ip > end)
		return NFOLD_REASON_TRUNCATED;
	store64(data, (dmac & MAC_MASK) | smac << 48);
	store32(data + 8, smac >> 16);
	store16(data + 12, t->family == 4 ? NFOLD_TYPE_IP4 : NFOLD_TYPE_IP6);
	why = edit_copy(ip, end, t);
	if (!why)
		why = nfold_tmpl_ip(ip, end, t, l3_len + t->len,
				    nfold_tmpl_tos(t, tos));
	if (why || !t->udp_off)
		return why;
	return nfold_tmpl_udp(nfold_at(ip, t->udp_off), end, NFOLD_BE16(sport),
			      l3_len + t->len - t->udp_off);
}

#endif
