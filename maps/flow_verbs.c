/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The four verbs of the flow table's writer: install, replace, invalidate,
 * expire; and reclaim, which gives expired slots back.
 */
#include "flow_table.h"

#include <bpf/bpf.h>

#include "flow_line.h"
#include "flow_table_priv.h"

/* The states of a bucket as one word, slot i in byte i. */
#define BUCKET_ONES NFOLD_TAGS_ONES
_Static_assert(SLOT_FREE == 0 && SLOT_GRACE < 4, "two bits tell a state");

/* 1 in the byte of each slot that is not free. */
static uint64_t bucket_used(const struct flow_table *t, uint32_t bucket)
{
	uint64_t state;

	memcpy(&state, t->state + (size_t)bucket * NFOLD_BUCKET_SLOTS,
	       sizeof(state));
	return (state | state >> 1) & BUCKET_ONES;
}

static uint32_t bucket_cnt(uint64_t used)
{
	return used * BUCKET_ONES >> 56;
}

/* Bucket 1 while two of its slots are free, since readers look there first;
 * from then on the emptier of the two, and there the first free slot. Without
 * branches that depend on the fill: they would be mispredicted, which costs more
 * than the arithmetic.
 */
static uint32_t bucket_take(const struct flow_table *t,
			    const struct flow_hash *h)
{
	uint64_t used1 = bucket_used(t, h->bucket[0]);
	uint64_t used2 = bucket_used(t, h->bucket[1]);
	uint32_t cnt1 = bucket_cnt(used1);
	bool second = (cnt1 >= NFOLD_BUCKET_SLOTS - 2) &
		      (bucket_cnt(used2) < cnt1);
	uint64_t free = (second ? used2 : used1) ^ BUCKET_ONES;

	if (!free)
		return FLOW_SLOT_NONE;
	return h->bucket[second] * NFOLD_BUCKET_SLOTS +
	       __builtin_ctzll(free) / 8;
}

void flow_table_prefetch(const struct flow_table *t,
			 const struct nfold_key6 *key)
{
	struct flow_hash h;
	slot_word *s;
	uint32_t slot;

	flow_hash_key(t, key, &h);
	slot = bucket_take(t, &h);
	if (slot == FLOW_SLOT_NONE)
		return;
	s = slot_at(t, slot);
	__builtin_prefetch(s, 1);
	__builtin_prefetch(s + t->line_words, 1);
	if (t->line_words > 8)
		__builtin_prefetch(s + 8, 1);
}

static __always_inline void slot_fill(struct flow_table *t, uint32_t slot,
				      const struct flow_entry *e,
				      const struct flow_hash *h)
{
	slot_word *s = slot_at(t, slot);

	t->version = version_next(t->version);
	line_store(t, s, h->word, e);
	cells_store(s + t->line_words, e);
	slot_set_head(s, t->version, h->first);
	t->state[slot] = SLOT_LIVE;
	t->live++;
}

/* Slot first, then the map that leads to it, then the count that makes readers
 * look into the map. If the map refuses, no XDP program can have met the slot:
 * it needs no grace. */
static __attribute__((noinline)) uint32_t
overflow_install(struct flow_table *t, const struct flow_entry *e)
{
	struct flow_overflow *o = &t->overflow;
	struct flow_hash h;
	uint32_t i, slot;

	if (t->conf.overflow_fd < 0 || !o->free_cnt)
		return FLOW_SLOT_NONE;
	i = o->free[o->free_cnt - 1];
	slot = t->bucket_slots + i;
	flow_hash_key(t, &e->key, &h);
	slot_fill(t, slot, e, &h);
	if (bpf_map_update_elem(t->conf.overflow_fd, h.word, &slot, BPF_ANY)) {
		slot_set_head(slot_at(t, slot), 0, 0);
		t->state[slot] = SLOT_FREE;
		t->live--;
		return FLOW_SLOT_NONE;
	}
	o->free_cnt--;
	flow_overflow_link(o, h.first, i);
	__atomic_fetch_add(&t->conf.ctl->overflow_cnt, 1, __ATOMIC_RELEASE);
	return slot;
}

uint32_t flow_table_install(struct flow_table *t, const struct flow_entry *e)
{
	struct flow_hash h;
	uint32_t slot;

	flow_hash_key(t, &e->key, &h);
	slot = bucket_take(t, &h);
	if (slot == FLOW_SLOT_NONE)
		return overflow_install(t, e);
	slot_fill(t, slot, e, &h);
	tag_set(t, slot, nfold_tag(h.first));
	return slot;
}

static struct nfold_act *act_at(const struct flow_table *t, uint32_t slot)
{
	void *s = slot_at(t, slot);

	if (t->conf.family == 4)
		return &((struct nfold_slot4 *)s)->act;
	return &((struct nfold_slot6 *)s)->act;
}

void flow_table_replace(struct flow_table *t, uint32_t slot,
			const struct flow_entry *e)
{
	struct nfold_cells *cells = flow_table_cells(t, slot);
	slot_word *s = slot_at(t, slot);
	union slot_head head = slot_head(s);
	uint32_t key[NFOLD_KEY6_WORDS];

	if (t->state[slot] != SLOT_LIVE)
		return;
	memcpy(key, s + 1, t->conf.family == 4 ? KEY4_BYTES : KEY6_BYTES);
	if (e->pending)
		__atomic_fetch_or(&cells->handover, NFOLD_HANDOVER_PENDING,
				  __ATOMIC_RELAXED);
	t->version = version_next(t->version);
	slot_set_head(s, head.h.version | 1, head.h.hash);
	line_store(t, s, key, e);
	slot_set_head(s, t->version, head.h.hash);
	__atomic_store_n((uint32_t *)cells->writer, writer_word(e->writer),
			 __ATOMIC_RELAXED);
	__atomic_store_n(&cells->peer, e->peer, __ATOMIC_RELAXED);
	__atomic_store_n(&cells->drop_nf, e->drop_nf, __ATOMIC_RELAXED);
}

void flow_table_set_peer(struct flow_table *t, uint32_t slot,
			 uint32_t peer_slot_plus_1)
{
	__atomic_store_n(&flow_table_cells(t, slot)->peer, peer_slot_plus_1,
			 __ATOMIC_RELAXED);
}

/* Generations start at 1: none is 0. A reader copies the entry with the old
 * or with the new word, and both are entries that were meant. */
void flow_table_invalidate(struct flow_table *t, uint32_t slot)
{
	__atomic_store_n(&act_at(t, slot)->generation, 0, __ATOMIC_RELEASE);
}

/* --- expire, reclaim --- */

static void overflow_expire(struct flow_table *t, uint32_t slot)
{
	union slot_line line;
	const void *key = t->conf.family == 4 ? (const void *)&line.s4.key
					      : (const void *)&line.s6.key;

	slot_copy(slot_at(t, slot), &line, t->line_words);
	slot_set_head(slot_at(t, slot), 0, 0);
	bpf_map_delete_elem(t->conf.overflow_fd, key);
	flow_overflow_unlink(&t->overflow, line.s4.head.hash,
			     slot - t->bucket_slots);
	__atomic_fetch_sub(&t->conf.ctl->overflow_cnt, 1, __ATOMIC_RELEASE);
}

void flow_table_expire(struct flow_table *t, uint32_t slot)
{
	if (t->state[slot] != SLOT_LIVE)
		return;
	if (slot < t->bucket_slots) {
		tag_set(t, slot, NFOLD_TAG_NONE);
		slot_set_head(slot_at(t, slot), 0, 0);
	} else {
		overflow_expire(t, slot);
	}
	t->state[slot] = SLOT_GRACE;
	t->live--;
	t->ring[((uint64_t)t->ring_head + t->ring_cnt++) % t->conf.slot_cnt] =
		slot;
}

static void ring_free_oldest(struct flow_table *t)
{
	uint32_t slot = t->ring[t->ring_head];
	struct flow_overflow *o = &t->overflow;

	t->ring_head = t->ring_head + 1 == t->conf.slot_cnt ? 0
							    : t->ring_head + 1;
	t->ring_cnt--;
	t->state[slot] = SLOT_FREE;
	if (slot >= t->bucket_slots)
		o->free[o->free_cnt++] = slot - t->bucket_slots;
}

void flow_table_reclaim(struct flow_table *t)
{
	if (!grace_done(t->grace))
		return;
	for (; t->ring_waiting; t->ring_waiting--)
		ring_free_oldest(t);
	if (!t->ring_cnt)
		return;
	t->ring_waiting = t->ring_cnt;
	grace_begin(t->grace);
}

const char *flow_table_grace(const struct flow_table *t)
{
	static const char *const word[] = {
		[GRACE_MEMBARRIER] = "membarrier",
		[GRACE_TIME] = "time",
		[GRACE_MANUAL] = "manual",
	};

	return word[grace_kind(t->grace)];
}

void flow_table_grace_end(struct flow_table *t)
{
	grace_end(t->grace);
}
