/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Internet checksums, for both sides. All values are ones' complement sums of
 * 16-bit words in memory order, so that no byte swap is ever needed (RFC 1071
 * section 2B, RFC 1624 eqn. 3).
 */
#ifndef NFOLD_CSUM_H
#define NFOLD_CSUM_H

#include <asm/byteorder.h>
#include <linux/types.h>

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

static __always_inline __u16 csum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Delta of replacing old by new: 16-bit and 32-bit words. Add up, then fold.
 * Exactly 0 where nothing changes: the other zero, 0xffff, would turn a
 * checksum of 0xffff into 0, and unchanged packets must stay as they are.
 */
static __always_inline __u64 csum_diff16(__u16 old, __u16 new)
{
	return old == new ? 0 : (__u64)(__u16)~old + new;
}

static __always_inline __u64 csum_diff32(__u32 old, __u32 new)
{
	return old == new ? 0 : (__u64)(__u32)~old + new;
}

/* Delta of TTL - 1: the TTL is the high octet of its word. */
#define CSUM_TTL_DEC ((__u16)~__constant_htons(0x0100))

/* checksum' after adding a folded delta. */
static __always_inline __u16 csum_apply(__u16 csum, __u16 delta)
{
	__u32 sum = (__u32)(__u16)~csum + delta;

	/* At most 0x1fffe: one carry. */
	return ~((sum & 0xffff) + (sum >> 16));
}

/* UDP over both families: 0 means "none", so a computed 0 is sent as 0xffff
 * (RFC 768). */
static __always_inline __u16 csum_udp(__u16 csum)
{
	return csum ? csum : 0xffff;
}

#endif
