/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Kernel side of maps/csum_full.h: checksums that the sender left to its
 * device.
 */
#ifndef NFOLD_CSUM_BPF_H
#define NFOLD_CSUM_BPF_H

#include "bpf/maps.bpf.h"
#include "maps/act.h"
#include "maps/csum_full.h"

#define CSUM_CHUNK 64U		/* bytes; on the stack */
#define CSUM_CHUNKS (0x10000 / CSUM_CHUNK)

/* Sum of n <= CSUM_CHUNK bytes, zeroes behind them; negative: not readable. */
static __always_inline __s64 csum_chunk(struct xdp_md *ctx, __u32 off, __u32 n)
{
	__u32 buf[CSUM_CHUNK / 4] = {};

	if (bpf_xdp_load_bytes(ctx, off, buf, n))
		return -1;
	return bpf_csum_diff(NULL, 0, buf, sizeof(buf), 0);
}

/* Folded sum of len bytes from off, wherever they lie: linear part or
 * fragments. 0x10000: not readable. A global function, verified once, by
 * itself; whole chunks and the rest apart, because a length that varies in the
 * loop is followed through every turn by the verifier (6.18, clang 19).
 */
__noinline __u32 csum_range(struct xdp_md *ctx, __u32 off, __u32 len)
{
	__u64 sum = 0;
	__s64 part;

	for (__u32 i = 0; i < CSUM_CHUNKS; i++) {
		if (len < CSUM_CHUNK)
			break;
		part = csum_chunk(ctx, off, CSUM_CHUNK);
		if (part < 0)
			return 0x10000;
		sum += (__u32)part;
		off += CSUM_CHUNK;
		len -= CSUM_CHUNK;
	}
	if (len) {
		/* 6.1 to 6.6 do not learn from the test that it is not 0, which
		 * the helper needs (6.1, clang 19): shown by arithmetic that
		 * clang can not see through. */
		len--;
		asm volatile("" : "+r"(len));
		part = csum_chunk(ctx, off, (len & (CSUM_CHUNK - 1)) + 1);
		if (part < 0)
			return 0x10000;
		sum += (__u32)part;
	}
	return csum_fold(sum);
}

/* The L4 checksum's field of a packet whose L4 header lies in the linear part;
 * NULL if there is none. */
static __always_inline __u8 *csum_field(__u8 *data, __u8 *data_end,
					const struct nfold_parse *p)
{
	__u8 *l4 = nfold_at(data, p->l4_off);

	if (p->l4 == NFOLD_L4_TCP)
		return l4 + 20 > data_end ? NULL : l4 + NFOLD_TCP_CSUM;
	if (l4 + 8 > data_end)
		return NULL;
	if (p->l4 == NFOLD_L4_UDP)
		return l4 + NFOLD_UDP_CSUM;
	if (p->l4 == NFOLD_L4_NONE || p->l4proto != IPPROTO_ICMPV6)
		return NULL;
	return l4 + NFOLD_ICMP_CSUM;
}

/* Folded pseudo header sum of the packet as it stands, and the bytes that the
 * checksum covers in *len. 0: the headers can not be read. family is p->family,
 * here and below: a constant at the call, which clang 19 does not see in *p, so
 * that the verifier would have to believe an IPv4 header 40 bytes long. */
static __always_inline __u16 csum_pseudo(__u8 *data, __u8 *data_end,
					 const struct nfold_parse *p,
					 __u8 family, __u32 *len)
{
	__u8 *ip = nfold_at(data, p->l3_off);
	__u8 *l4 = nfold_at(data, p->l4_off);

	if (ip + 20 > data_end || l4 + 8 > data_end)
		return 0;
	if (family == 6 && ip + 40 > data_end)
		return 0;
	*len = nfold_csum_len(l4, p);
	return csum_fold(nfold_csum_pseudo(ip, family, p->l4proto, *len));
}

static __always_inline int csum_is_partial(__u8 *data, __u8 *data_end,
					   const struct nfold_parse *p,
					   __u8 family)
{
	__u8 *field = csum_field(data, data_end, p);
	__u32 len;

	return field &&
	       load16(field) == csum_pseudo(data, data_end, p, family, &len);
}

/* After the rewrite. From a port in generic mode the packet is still an skb
 * whose checksum the kernel completes when it leaves: only the pseudo header's
 * sum is brought up to date. Else the checksum is completed here.
 */
static __always_inline enum nfold_reason
csum_finish(struct xdp_md *ctx, __u8 *data, __u8 *data_end,
	    const struct nfold_parse *p, __u8 family, int generic)
{
	__u8 *field = csum_field(data, data_end, p);
	__u32 len = 0, sum, rest;

	sum = csum_pseudo(data, data_end, p, family, &len);
	if (!field || !sum)
		return NFOLD_REASON_TRUNCATED;
	if (generic) {
		store16(field, sum);
		return NFOLD_REASON_NONE;
	}
	store16(field, 0);
	rest = csum_range(ctx, p->l4_off, len);
	if (rest > 0xffff)
		return NFOLD_REASON_TRUNCATED;
	sum = (__u16)~csum_fold((__u64)sum + rest);
	store16(field, p->l4 == NFOLD_L4_UDP ? csum_udp(sum) : sum);
	return NFOLD_REASON_NONE;
}

#endif
