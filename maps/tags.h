/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The tag index: one byte a slot of the buckets, in slot order, in a mmap-able
 * array of its own; a bucket's eight are one 64-bit word. A look-up finds its
 * slot in this word and touches no other flow's cache lines: the slots of
 * 65,536 flows are 11 MB, their tags 88 KB.
 *
 * Writer: the engine, a byte at a time. After an entry is published its tag is
 * stored, before it is unpublished its tag is cleared, so a reader may find a
 * tag without the entry (a miss, or another key) and, for a moment, an entry
 * without its tag (a miss).
 */
#ifndef NFOLD_TAGS_H
#define NFOLD_TAGS_H

#include <linux/types.h>

#include "flow.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#define NFOLD_TAG_NONE 0
#define NFOLD_TAGS_ONES 0x0101010101010101ULL
#define NFOLD_TAGS_HIGHS 0x8080808080808080ULL

_Static_assert(NFOLD_BUCKET_SLOTS == 8, "a bucket's tags are one word");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "the first slot's tag is the word's low byte");

/* Of a key's first hash: its low byte, since the bucket comes from the high
 * bits; 1 to 255. */
static __always_inline __u8 nfold_tag(__u32 hash1)
{
	__u8 tag = hash1;

	return tag ? tag : 1;
}

/* The high bit of each byte that equals the tag, and perhaps of one above such
 * a byte that does not (Warren, Hacker's Delight, section 6-1): the key tells.
 */
static __always_inline __u64 nfold_tags_match(__u64 tags, __u8 tag)
{
	__u64 differ = tags ^ tag * NFOLD_TAGS_ONES;

	return (differ - NFOLD_TAGS_ONES) & ~differ & NFOLD_TAGS_HIGHS;
}

/* Place in the bucket of a match's first, 0 to 7; match is not 0. BPF does not
 * count zeros: the lowest bit, moved by 8 a place, picks a byte of the constant.
 */
static __always_inline __u32 nfold_tags_first(__u64 match)
{
	return (((match & -match) >> 7) * 0x0001020304050607ULL) >> 56;
}

#endif
