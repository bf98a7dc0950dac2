/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The steps of an edit record (edit.h), for XDP and user space alike. Who moves
 * the frame's start is the caller's matter: bpf/edit.bpf.h, userspace/edits.c.
 */
#ifndef NFOLD_EDIT_ACT_H
#define NFOLD_EDIT_ACT_H

#include "bytes.h"
#include "csum.h"
#include "csum_full.h"
#include "edit.h"
#include "parse.h"

/* Offset of IP, of two the outer one, in the packet as it came. */
static __always_inline __u32 nfold_edit_l3_off(const struct nfold_edit *e)
{
	return NFOLD_ETH_LEN +
	       NFOLD_VLAN_LEN * ((e->strip + e->keep) & 3);
}

/* DSCP and ECN octet: IPv4's TOS or IPv6's traffic class (RFC 2474, 3168). Two
 * bytes are readable. */
static __always_inline __u8 nfold_tos(const __u8 *ip, int is_ip6)
{
	return is_ip6 ? NFOLD_BE16(load16(ip)) >> 4 : ip[1];
}

/* DSCP is set, ECN stays. The old value is the packet's: arithmetic. */
static __always_inline enum nfold_reason
nfold_edit_dscp(__u8 *ip, const void *data_end, int is_ip6, __u8 dscp)
{
	__u16 old, new;

	if (ip + 20 > (const __u8 *)data_end)
		return NFOLD_REASON_TRUNCATED;
	old = load16(ip);
	if (is_ip6) {
		new = NFOLD_BE16(old) & ~0x0fc0;
		new |= dscp << 4;
		store16(ip, NFOLD_BE16(new));
		return NFOLD_REASON_NONE;
	}
	ip[1] = (ip[1] & 3) | dscp;
	new = load16(ip);
	store16(ip + 10, csum_apply(load16(ip + 10),
				    csum_fold(csum_diff16(old, new))));
	return NFOLD_REASON_NONE;
}

/* The inner header's ECN where the outer one goes (RFC 6040 section 4.2, figure
 * 4); what would have to be dropped is not an entry's packet (parse_tunnel.h). */
static __always_inline enum nfold_reason
nfold_edit_ecn(const __u8 *outer, int outer6, __u8 *ip, int is_ip6,
	       const void *data_end)
{
	__u16 old, new;
	__u8 from, ecn;

	if (outer + 2 > (const __u8 *)data_end ||
	    ip + 20 > (const __u8 *)data_end)
		return NFOLD_REASON_TRUNCATED;
	from = nfold_tos(outer, outer6) & 3;
	ecn = nfold_tos(ip, is_ip6) & 3;
	if (from != 3 && (from != 1 || ecn != 2))
		return NFOLD_REASON_NONE;
	if (is_ip6) {
		ip[1] = (ip[1] & 0xcf) | from << 4;
		return NFOLD_REASON_NONE;
	}
	old = load16(ip);
	ip[1] = (ip[1] & 0xfc) | from;
	new = load16(ip);
	store16(ip + 10, csum_apply(load16(ip + 10),
				    csum_fold(csum_diff16(old, new))));
	return NFOLD_REASON_NONE;
}

/* Has the TCP header options that may hold sequence numbers (SACK)? Known not
 * to: none, and timestamps as RFC 7323 appendix A has them. Those others are
 * shifted in user space. */
static __always_inline int nfold_seq_options(const __u8 *l4,
					     const void *data_end)
{
	if (l4 + 20 > (const __u8 *)data_end)
		return 1;
	if (l4[12] >> 4 == 5)
		return 0;
	return l4[12] >> 4 != 8 || l4 + 24 > (const __u8 *)data_end ||
	       load32(l4 + 20) != NFOLD_BE32(0x0101080a);
}

/* Adds to a 32-bit number in wire order; returns the checksum's delta. */
static __always_inline __u64 nfold_add32(__u8 *at, __u32 add)
{
	__u32 old = load32(at), new = NFOLD_BE32(old) + add;

	new = NFOLD_BE32(new);
	store32(at, new);
	return csum_diff32(old, new);
}

/* Sequence number, and acknowledgement where there is one. partial: the
 * checksum is somebody else's job. */
static __always_inline enum nfold_reason
nfold_edit_seq(__u8 *l4, const void *data_end, __u32 seq_add, __u32 ack_add,
	       int partial)
{
	__u64 delta;

	if (l4 + 20 > (const __u8 *)data_end)
		return NFOLD_REASON_TRUNCATED;
	delta = nfold_add32(l4 + 4, seq_add);
	if (l4[13] & NFOLD_TCP_ACK)
		delta += nfold_add32(l4 + 8, ack_add);
	if (!partial)
		store16(l4 + NFOLD_TCP_CSUM,
			csum_apply(load16(l4 + NFOLD_TCP_CSUM),
				   csum_fold(delta)));
	return NFOLD_REASON_NONE;
}

/* Ethernet and tags as they came. */
struct nfold_l2 {
	__u32 mac[3];
	__u32 tag[NFOLD_TAG_MAX];
};

static __always_inline enum nfold_reason
nfold_l2_save(const __u8 *data, const void *data_end, struct nfold_l2 *l2)
{
	if (data + NFOLD_ETH_LEN + 2 * NFOLD_VLAN_LEN > (const __u8 *)data_end)
		return NFOLD_REASON_TRUNCATED;
	l2->mac[0] = load32(data);
	l2->mac[1] = load32(data + 4);
	l2->mac[2] = load32(data + 8);
	l2->tag[0] = load32(data + 12);
	l2->tag[1] = load32(data + 16);
	return NFOLD_REASON_NONE;
}

/* Tags put on, then those of the packet that stay, then the ether type. No
 * frame is shorter than the most that is written. */
static __always_inline enum nfold_reason
nfold_l2_write(__u8 *data, const void *data_end, const struct nfold_edit *e,
	       const struct nfold_l2 *l2)
{
	__u8 *at = data + 12;

	if (data + NFOLD_ETH_LEN + 4 * NFOLD_VLAN_LEN > (const __u8 *)data_end)
		return NFOLD_REASON_TRUNCATED;
	store32(data, l2->mac[0]);
	store32(data + 4, l2->mac[1]);
	store32(data + 8, l2->mac[2]);
	for (int i = 0; i < NFOLD_TAG_MAX; i++) {
		if (i >= e->push)
			continue;
		store32(at, e->tag[i]);
		at += NFOLD_VLAN_LEN;
	}
	for (int i = 0; i < NFOLD_TAG_MAX; i++) {
		if (i < e->strip || i >= e->strip + e->keep)
			continue;
		store32(at, l2->tag[i]);
		at += NFOLD_VLAN_LEN;
	}
	store16(at, e->ethertype);
	return NFOLD_REASON_NONE;
}

/* RFC 6040, normal mode: ECN is the inner header's; DSCP its, or the
 * template's. */
static __always_inline __u8 nfold_tmpl_tos(const struct nfold_tmpl *t,
					   __u8 inner)
{
	__u8 dscp = t->flags & NFOLD_TMPL_COPY_DSCP ? inner & 0xfc : t->dscp;

	return dscp | (inner & 3);
}

/* A template's bytes stand at ip: what differs between packets. l3_len: of the
 * outer packet, in bytes. */
static __always_inline enum nfold_reason
nfold_tmpl_ip(__u8 *ip, const void *data_end, const struct nfold_tmpl *t,
	      __u32 l3_len, __u8 tos)
{
	__u16 first, len;

	if (ip + 20 > (const __u8 *)data_end)
		return NFOLD_REASON_TRUNCATED;
	if (t->family == 6) {
		first = 0x6000 | tos << 4;
		len = l3_len - 40;
		store16(ip, NFOLD_BE16(first));
		store16(ip + 4, NFOLD_BE16(len));
		return NFOLD_REASON_NONE;
	}
	first = tos;
	len = l3_len;
	ip[1] = tos;
	store16(ip + 2, NFOLD_BE16(len));
	store16(ip + 10, csum_apply(load16(ip + 10),
				    csum_fold((__u64)NFOLD_BE16(first) +
					      NFOLD_BE16(len))));
	return NFOLD_REASON_NONE;
}

/* udp: the outer UDP header; len: bytes from it on. */
static __always_inline enum nfold_reason
nfold_tmpl_udp(__u8 *udp, const void *data_end, __be16 sport, __u16 len)
{
	if (udp + 8 > (const __u8 *)data_end)
		return NFOLD_REASON_TRUNCATED;
	store16(udp, sport);
	store16(udp + 4, NFOLD_BE16(len));
	return NFOLD_REASON_NONE;
}

#ifndef __bpf__
/* The edges of SACK blocks (RFC 2018 section 3) of a TCP header of hlen bytes;
 * they are the other side's numbers, as the acknowledgement is. Returns the
 * checksum's delta. Options that run past the end are left alone. */
static inline __u64 nfold_sack_shift(__u8 *l4, __u32 hlen, __u32 ack_add)
{
	__u32 off = 20, len;
	__u64 delta = 0;

	while (off < hlen && l4[off]) {
		len = l4[off] == 1 ? 1 : off + 1 < hlen ? l4[off + 1] : 0;
		if (!len || (len == 1 && l4[off] != 1) || off + len > hlen)
			break;
		for (__u32 i = off + 2; l4[off] == 5 && i + 4 <= off + len;
		     i += 4) {
			__u64 d = nfold_add32(l4 + i, ack_add);

			/* At an odd offset the bytes swap lanes (RFC 1071,
			 * section 2B). */
			if (i & 1) {
				d = csum_fold(d);
				d = (d >> 8 | d << 8) & 0xffff;
			}
			delta += d;
		}
		off += len;
	}
	return delta;
}
#endif

#endif
