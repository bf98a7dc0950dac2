/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* L4 checksums that the sender left to its device (CHECKSUM_PARTIAL in Linux):
 * the field holds the folded sum of the pseudo header, not inverted, and the
 * device was to add the rest. A veth hands such packets to XDP as they are.
 * Here they are recognised and completed.
 *
 * A complete checksum that happens to equal the pseudo header's sum (one packet
 * in 65,536 of a flow flagged NFOLD_ACT_CSUM_PARTIAL) is computed anew, which
 * gives the same for an undamaged packet.
 */
#ifndef NFOLD_CSUM_FULL_H
#define NFOLD_CSUM_FULL_H

#include <linux/types.h>

#include "bytes.h"
#include "csum.h"
#include "ipproto.h"
#include "parse.h"

#define NFOLD_UDP_CSUM 6	/* byte of the L4 header */
#define NFOLD_TCP_CSUM 16
#define NFOLD_ICMP_CSUM 2

/* Byte of the L4 header where the checksum stands; 0: none we know. */
static __always_inline __u32 nfold_csum_field(const struct nfold_parse *p)
{
	switch (p->l4) {
	case NFOLD_L4_TCP:
		return NFOLD_TCP_CSUM;
	case NFOLD_L4_UDP:
		return NFOLD_UDP_CSUM;
	case NFOLD_L4_NONE:
		return 0;
	default:
		return NFOLD_ICMP_CSUM;
	}
}

/* Bytes that the L4 checksum covers. UDP's own length field may say less. */
static __always_inline __u32 nfold_csum_len(const __u8 *l4,
					    const struct nfold_parse *p)
{
	if (p->l4 == NFOLD_L4_UDP)
		return NFOLD_BE16(load16(l4 + 4));
	return p->l3_off + p->l3_len - p->l4_off;
}

/* Sum of the pseudo header (RFC 9293 section 3.1, RFC 8200 section 8.1) of the
 * IP header at ip, unfolded. The caller has checked the bounds. */
static __always_inline __u64 nfold_csum_pseudo(const __u8 *ip, __u8 family,
					       __u8 l4proto, __u32 len)
{
	__u64 sum = (__u64)NFOLD_BE32(len) + NFOLD_BE32((__u32)l4proto);

	if (family == 4)
		return sum + load32(ip + 12) + load32(ip + 16);
#pragma GCC unroll 8
	for (int i = 0; i < 8; i++)
		sum += load32(ip + 8 + 4 * i);
	return sum;
}

#ifndef __bpf__
/* Both take a packet that the parser has checked. */
static inline int nfold_csum_is_partial(const __u8 *data, const void *data_end,
					const struct nfold_parse *p)
{
	const __u8 *l4 = data + p->l4_off;
	__u32 field = nfold_csum_field(p);

	/* ICMP has no pseudo header, so nothing to leave in its field. */
	if (!field || p->l4proto == IPPROTO_ICMP ||
	    l4 + field + 2 > (const __u8 *)data_end)
		return 0;
	return load16(l4 + field) ==
	       csum_fold(nfold_csum_pseudo(data + p->l3_off, p->family,
					   p->l4proto, nfold_csum_len(l4, p)));
}

static inline __u64 nfold_csum_bytes(const __u8 *pos, __u32 len)
{
	__u64 sum = 0;

	for (; len >= 2; len -= 2, pos += 2)
		sum += load16(pos);
	if (len)
		sum += NFOLD_BE16((__u16)(*pos << 8));
	return sum;
}

static inline void nfold_csum_complete(__u8 *data, void *data_end,
				       const struct nfold_parse *p)
{
	__u8 *l4 = data + p->l4_off;
	__u32 len = nfold_csum_len(l4, p);
	__u32 field = nfold_csum_field(p);
	__u64 sum = nfold_csum_pseudo(data + p->l3_off, p->family, p->l4proto,
				      len);
	__u16 csum;

	if (l4 + len > (__u8 *)data_end)
		return;
	store16(l4 + field, 0);
	csum = ~csum_fold(sum + nfold_csum_bytes(l4, len));
	store16(l4 + field, p->l4 == NFOLD_L4_UDP ? csum_udp(csum) : csum);
}
#endif

#endif
