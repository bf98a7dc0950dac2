/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Between a flow entry and a slot's words, for both families: the key with its
 * hashes, key, set and act, and the cells. Private to maps/flow_*.c.
 *
 * An install is bound by its slot's cache lines, which come from memory while
 * the stores to them wait in the store buffer: so it must not keep the CPU from
 * running ahead. Words are composed in registers and stored once; and fields
 * are loaded as narrow as the caller stored them a moment ago, since a load
 * that needs two stores waits until all stores before have reached the cache.
 * The two together took an install among 65,536 flows from 180 to 60 ns.
 */
#ifndef NFOLD_FLOW_LINE_H
#define NFOLD_FLOW_LINE_H

#include <stddef.h>
#include <string.h>

#include "flow_table_priv.h"
#include "hash.h"

/* Volatile, or the compiler merges neighbouring fields into one wide load. */
#define FIELD(x) (*(const volatile __typeof__(x) *)&(x))

/* A key as its table's family stores it, and its place. */
struct flow_hash {
	uint32_t word[NFOLD_KEY6_WORDS];
	uint32_t first;		/* first hash */
	uint32_t bucket[2];
};

#define KEY4_BYTES sizeof(struct nfold_key4)
#define KEY6_BYTES sizeof(struct nfold_key6)
#define SET4_BYTES sizeof(struct nfold_set4)
#define ACT_BYTES sizeof(struct nfold_act)

_Static_assert(KEY4_BYTES == 4 * NFOLD_KEY4_WORDS, "key4 words");
_Static_assert(KEY6_BYTES == 4 * NFOLD_KEY6_WORDS, "key6 words");
_Static_assert(offsetof(struct nfold_key6, sport) == 32 &&
		       offsetof(struct nfold_key6, l4proto) == 40,
	       "key6 words");
_Static_assert(offsetof(struct nfold_set6, sport) == 32, "set6 words");
_Static_assert(offsetof(struct nfold_slot4, set) == 8 + KEY4_BYTES &&
		       offsetof(struct nfold_slot4, act) ==
			       8 + KEY4_BYTES + SET4_BYTES,
	       "line_store4() knows the order");
_Static_assert(offsetof(struct nfold_slot6, act) == 8 + KEY6_BYTES &&
		       offsetof(struct nfold_slot6, set) ==
			       8 + KEY6_BYTES + ACT_BYTES,
	       "line_store6() knows the order");

/* A source port and the destination port behind it. */
static __always_inline uint32_t ports_word(const __be16 *port)
{
	return FIELD(port[0]) | (uint32_t)FIELD(port[1]) << 16;
}

static __always_inline uint32_t proto_word(const struct nfold_key6 *key)
{
	return FIELD(key->l4proto) | (uint32_t)FIELD(key->echo) << 8 |
	       (uint32_t)FIELD(key->tunnel) << 16;
}

static __always_inline void flow_hash_key4(const struct flow_table *t,
					   const struct nfold_key6 *key,
					   struct flow_hash *h)
{
	const __u64 *seed = t->conf.seed;

	h->word[0] = key->saddr[0];
	h->word[1] = key->daddr[0];
	h->word[2] = ports_word(&key->sport);
	h->word[3] = key->zone;
	h->word[4] = proto_word(key);
	h->first = nfold_hash1(h->word, NFOLD_KEY4_WORDS, seed);
	h->bucket[0] = nfold_bucket(h->first, t->conf.nbuckets);
	h->bucket[1] = nfold_bucket(
		nfold_hash2(h->word, NFOLD_KEY4_WORDS, seed), t->conf.nbuckets);
}

static __always_inline void flow_hash_key6(const struct flow_table *t,
					   const struct nfold_key6 *key,
					   struct flow_hash *h)
{
	const slot_half *k = (const slot_half *)key;
	const __u64 *seed = t->conf.seed;

	for (int i = 0; i < 8; i++)
		h->word[i] = k[i];
	h->word[8] = ports_word(&key->sport);
	h->word[9] = key->zone;
	h->word[10] = proto_word(key);
	h->first = nfold_hash1(h->word, NFOLD_KEY6_WORDS, seed);
	h->bucket[0] = nfold_bucket(h->first, t->conf.nbuckets);
	h->bucket[1] = nfold_bucket(
		nfold_hash2(h->word, NFOLD_KEY6_WORDS, seed), t->conf.nbuckets);
}

static __always_inline void flow_hash_key(const struct flow_table *t,
					  const struct nfold_key6 *key,
					  struct flow_hash *h)
{
	if (t->conf.family == 4)
		flow_hash_key4(t, key, h);
	else
		flow_hash_key6(t, key, h);
}

struct act_words {
	uint64_t w[3];
};

static __always_inline struct act_words act_words(const struct nfold_act *a)
{
	return (struct act_words){{
		FIELD(a->l3_delta) | (uint64_t)FIELD(a->l4_delta) << 16 |
			(uint64_t)FIELD(a->nexthop) << 32 |
			(uint64_t)FIELD(a->verdict) << 48 |
			(uint64_t)FIELD(a->ttl_dec) << 56,
		FIELD(a->flags) | (uint64_t)FIELD(a->grow) << 8 |
			(uint64_t)FIELD(a->reason) << 16 |
			(uint64_t)FIELD(a->chain) << 24 |
			(uint64_t)FIELD(a->edit) << 32,
		FIELD(a->generation) | (uint64_t)FIELD(a->steps) << 32,
	}};
}

_Static_assert(offsetof(struct nfold_act, verdict) == 6 &&
		       offsetof(struct nfold_act, flags) == 8 &&
		       offsetof(struct nfold_act, edit) == 12 &&
		       offsetof(struct nfold_act, generation) == 16 &&
		       offsetof(struct nfold_act, steps) == 20,
	       "act_words() knows the order");

/* Everything of the line but its head. k: the key's words. */
static __always_inline void line_store4(slot_word *s, const uint32_t *k,
					const struct flow_entry *e)
{
	struct act_words act = act_words(&e->act);

	slot_store(s + 1, slot_pair(k[0], k[1]));
	slot_store(s + 2, slot_pair(k[2], k[3]));
	slot_store(s + 3, slot_pair(k[4], e->set.saddr[0]));
	slot_store(s + 4,
		   slot_pair(e->set.daddr[0], ports_word(&e->set.sport)));
	for (int i = 0; i < 3; i++)
		slot_store(s + 5 + i, act.w[i]);
}

static __always_inline void line_store6(slot_word *s, const uint32_t *k,
					const struct flow_entry *e)
{
	struct act_words act = act_words(&e->act);
	const slot_half *set = (const slot_half *)&e->set;

	for (int i = 0; i < 5; i++)
		slot_store(s + 1 + i, slot_pair(k[2 * i], k[2 * i + 1]));
	slot_store(s + 6, slot_pair(k[10], act.w[0]));
	slot_store(s + 7, slot_pair(act.w[0] >> 32, act.w[1]));
	slot_store(s + 8, slot_pair(act.w[1] >> 32, act.w[2]));
	slot_store(s + 9, slot_pair(act.w[2] >> 32, set[0]));
	for (int i = 0; i < 3; i++)
		slot_store(s + 10 + i,
			   slot_pair(set[2 * i + 1], set[2 * i + 2]));
	slot_store(s + 13, slot_pair(set[7], ports_word(&e->set.sport)));
}

static __always_inline void line_store(const struct flow_table *t, slot_word *s,
				       const uint32_t *key,
				       const struct flow_entry *e)
{
	if (t->conf.family == 4)
		line_store4(s, key, e);
	else
		line_store6(s, key, e);
}

static __always_inline uint32_t writer_word(const uint8_t *writer)
{
	return FIELD(writer[0]) | FIELD(writer[1]) << 8 |
	       FIELD(writer[2]) << 16 | (uint32_t)FIELD(writer[3]) << 24;
}

/* The cells of a new entry. Release: a reader that met one of them has seen
 * the slot's former life end. */
static __always_inline void cells_store(slot_word *c,
					const struct flow_entry *e)
{
	slot_store(c + 0, e->packets);
	slot_store(c + 1, e->bytes);
	slot_store(c + 2, e->now_ns);
	slot_store(c + 3, e->now_ns);
	slot_store(c + 4, slot_pair(e->tcp_seen,
				    e->pending ? NFOLD_HANDOVER_PENDING : 0));
	slot_store(c + 5, slot_pair(e->peer, e->session));
	slot_store(c + 6, slot_pair(writer_word(e->writer),
				    FIELD(e->reply) | FIELD(e->drop_nf) << 8));
	slot_store(c + 7, 0);
}

_Static_assert(offsetof(struct nfold_cells, last_seen_ns) == 16 &&
		       offsetof(struct nfold_cells, tcp_seen) == 32 &&
		       offsetof(struct nfold_cells, peer) == 40 &&
		       offsetof(struct nfold_cells, writer) == 48 &&
		       offsetof(struct nfold_cells, reply) == 52,
	       "cells_store() knows the order");

#endif
