/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The body of a flow table's user side, for maps/flow_*.c alone.
 *
 * Where a slot is in its life is kept twice: in the slot's version, for
 * readers, and in `state`, one byte a slot, so that the search for a free slot
 * touches no other entry's cache lines.
 *
 *	FREE --install--> LIVE --expire--> GRACE --reclaim--> FREE
 *
 * Slots in GRACE wait in `ring`, in the order in which they expired. A grace
 * period frees those that were there when it began.
 */
#ifndef NFOLD_FLOW_TABLE_PRIV_H
#define NFOLD_FLOW_TABLE_PRIV_H

#include "flow_overflow.h"
#include "flow_slot.h"
#include "flow_table.h"
#include "grace.h"
#include "tags.h"

enum slot_state {
	SLOT_FREE,
	SLOT_LIVE,
	SLOT_GRACE,
};

struct flow_table {
	struct flow_table_conf conf;
	uint32_t slot_size; /* bytes */
	uint32_t line_words; /* 64-bit words before the cells */
	uint32_t bucket_slots; /* all buckets'; the overflow area follows */
	uint32_t live;
	uint32_t version; /* last one published */
	uint8_t *state; /* enum slot_state; NULL for a reader */
	struct flow_overflow overflow;
	struct grace *grace; /* NULL for a reader */
	uint32_t *ring; /* slot_cnt slots */
	uint32_t ring_head; /* oldest; runs from 0 to slot_cnt - 1 */
	uint32_t ring_cnt;
	uint32_t ring_waiting; /* of them covered by the current period */
};

static inline slot_word *slot_at(const struct flow_table *t, uint32_t slot)
{
	return (slot_word *)((char *)t->conf.slots +
			     (size_t)slot * t->slot_size);
}

/* slot: of a bucket. Release: behind or before the head's store, see tags.h. */
static inline void tag_set(const struct flow_table *t, uint32_t slot,
			   uint8_t tag)
{
	__atomic_store_n(t->conf.tags + slot, tag, __ATOMIC_RELEASE);
}

static inline slot_word *cells_at(const struct flow_table *t, uint32_t slot)
{
	return slot_at(t, slot) + t->line_words;
}

#endif
