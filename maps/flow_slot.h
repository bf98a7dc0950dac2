/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One slot in shared memory, for the user side: the seqlock over its first line
 * (two lines for IPv6) and the relaxed copy of its cells. Private to
 * maps/flow_*.c and their tests.
 *
 * Protocol, after Boehm, "Can seqlocks get along with programming language
 * memory models?" (MSPC 2012), in the form without fences, which is right on
 * arm64 and which ThreadSanitizer can follow:
 *	writer: head = odd or 0; each word, release; head = even, release
 *	reader: head, acquire; each word, acquire; head again: unchanged?
 * A reader that met one new word has acquired the odd or zero head before it,
 * so its second look at the head can not find the old version.
 */
#ifndef NFOLD_FLOW_SLOT_H
#define NFOLD_FLOW_SLOT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "flow.h"

/* head is stored whole, so that version and hash change together. Versions come
 * from one counter per table, so that no two lives of a slot, and no two states
 * of an entry, share one (in 2^31 publications), and so that installing needs
 * no load from the slot.
 */
union slot_head {
	struct nfold_head h;
	uint64_t word;
};

#define SLOT_LINE_WORDS_MAX 16 /* before the cells: IPv4 8, IPv6 16 */
#define SLOT_CELLS_WORDS (sizeof(struct nfold_cells) / 8)

/* What lies before the cells, in the reader's or writer's own memory. */
union slot_line {
	uint64_t word[SLOT_LINE_WORDS_MAX]; /* [0] is the head */
	struct nfold_slot4 s4;
	struct nfold_slot6 s6;
};

typedef uint64_t __attribute__((may_alias)) slot_word;
typedef uint32_t __attribute__((may_alias)) slot_half;

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "the first half of a word is its low half");

static inline uint64_t slot_pair(uint32_t first, uint32_t second)
{
	return first | (uint64_t)second << 32;
}

static inline void slot_store(slot_word *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static inline union slot_head slot_head(const slot_word *slot)
{
	union slot_head head;

	head.word = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
	return head;
}

static inline void slot_set_head(slot_word *slot, uint32_t version,
				 uint32_t hash)
{
	union slot_head head = {.h = {.version = version, .hash = hash}};

	__atomic_store_n(slot, head.word, __ATOMIC_RELEASE);
}

static inline bool version_live(uint32_t version)
{
	return version && !(version & 1);
}

/* Next even version; 0 means free, so it is skipped. */
static inline uint32_t version_next(uint32_t even)
{
	return even + 2 ? even + 2 : 2;
}

/* One try to copy a live line: false if free, being written, or changed
 * meanwhile. */
static inline bool slot_copy(const slot_word *slot, union slot_line *line,
			     uint32_t words)
{
	union slot_head head = slot_head(slot);

	if (!version_live(head.h.version))
		return false;
	line->word[0] = head.word;
	for (uint32_t i = 1; i < words; i++)
		line->word[i] = __atomic_load_n(slot + i, __ATOMIC_ACQUIRE);
	return __atomic_load_n(slot, __ATOMIC_RELAXED) == head.word;
}

/* Cells are counters and words of their own: no consistency between them. But
 * acquire and release, so that a second look at the head after
 * slot_copy_cells() tells whether they are still the same flow's. */
static inline void slot_copy_cells(const slot_word *cells,
				   struct nfold_cells *out)
{
	uint64_t word[SLOT_CELLS_WORDS];

	for (uint32_t i = 0; i < SLOT_CELLS_WORDS; i++)
		word[i] = __atomic_load_n(cells + i, __ATOMIC_ACQUIRE);
	memcpy(out, word, sizeof(*out));
}

#endif
