/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A flow table on plain memory, with entries whose fields all follow from a
 * key's number and a counter: for the flow table's tests.
 */
#ifndef NFOLD_FLOW_FIXTURE_H
#define NFOLD_FLOW_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <pthread.h>

#include <cmocka.h>

#include "maps/flow_slot.h"
#include "maps/flow_table.h"
#include "maps/hash.h"

#define BUCKETS 256
#define SLOTS (BUCKETS * NFOLD_BUCKET_SLOTS)

struct fixture {
	int family;
	size_t slot_size;
	void *slots;
	__u8 *tags;
	__u64 seed[NFOLD_HASH_SEEDS];
	struct nfold_ctl ctl;
	struct flow_table *t;
};

static uint64_t rng_state;

/* xorshift64* (Vigna 2016). */
static inline uint64_t rng(void)
{
	rng_state ^= rng_state >> 12;
	rng_state ^= rng_state << 25;
	rng_state ^= rng_state >> 27;
	return rng_state * 0x2545f4914f6cdd1dULL;
}

static inline void rng_seed(void)
{
	const char *env = getenv("NFOLD_SEED");

	rng_state = env ? strtoull(env, NULL, 0)
			: (uint64_t)time(NULL) * 1000003 + getpid();
	print_message("# NFOLD_SEED=%llu\n", (unsigned long long)rng_state);
	rng_state = rng_state * 0x9e3779b97f4a7c15ULL | 1;
}

static inline struct flow_table_conf fixture_conf(struct fixture *f,
						  uint32_t nbuckets)
{
	return (struct flow_table_conf){
		.family = f->family,
		.slots = f->slots,
		.tags = f->tags,
		.slot_cnt = nbuckets * NFOLD_BUCKET_SLOTS,
		.nbuckets = nbuckets,
		.seed = f->seed,
		.overflow_fd = -1,
		.ctl = &f->ctl,
		.manual_grace = true,
	};
}

static inline struct fixture *fixture_new(int family, uint32_t nbuckets)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct flow_table_conf conf;

	assert_non_null(f);
	f->family = family;
	f->slot_size = family == 4 ? sizeof(struct nfold_slot4)
				   : sizeof(struct nfold_slot6);
	f->slots = calloc(nbuckets * NFOLD_BUCKET_SLOTS, f->slot_size);
	f->tags = calloc(nbuckets, NFOLD_BUCKET_SLOTS);
	assert_non_null(f->slots);
	assert_non_null(f->tags);
	f->ctl.generation = 1;
	for (size_t i = 0; i < NFOLD_HASH_SEEDS; i++)
		f->seed[i] = rng();
	conf = fixture_conf(f, nbuckets);
	assert_int_equal(flow_table_new(&f->t, &conf), 0);
	return f;
}

static inline void fixture_free(struct fixture *f)
{
	flow_table_free(f->t);
	free(f->slots);
	free(f->tags);
	free(f);
}

static inline int setup4(void **state)
{
	*state = fixture_new(4, BUCKETS);
	return 0;
}

static inline int setup6(void **state)
{
	*state = fixture_new(6, BUCKETS);
	return 0;
}

static inline int teardown(void **state)
{
	fixture_free(*state);
	return 0;
}

static inline struct nfold_key6 make_key(int family, uint32_t n)
{
	struct nfold_key6 key = {
		.saddr = {0x0a000000 + n},
		.daddr = {0xc0a80001},
		.sport = n,
		.dport = 80,
		.zone = NFOLD_ZONE(1, 0, 0, 0),
		.l4proto = 6,
	};

	if (family == 6) {
		key.saddr[3] = n * 7;
		key.daddr[2] = n >> 8;
	}
	return key;
}

/* Every field is derived from the key's number and a counter. */
static inline struct flow_entry make_entry(int family, uint32_t n,
					   uint32_t counter)
{
	struct flow_entry e = {
		.key = make_key(family, n),
		.set = {.saddr = {n ^ counter},
			.daddr = {~n},
			.sport = counter,
			.dport = ~counter},
		.act = {.l3_delta = counter,
			.l4_delta = counter >> 16,
			.nexthop = n,
			.verdict = NFOLD_VERDICT_FORWARD,
			.ttl_dec = 1,
			.generation = 1},
		.peer = counter + 1,
		.session = n,
		.writer = {1, 2, 3, counter},
		.reply = n & 1,
		.drop_nf = counter & 7,
		.packets = n,
		.bytes = (uint64_t)n * 64,
		.now_ns = 1000 + counter,
		.tcp_seen = NFOLD_TCP_SYN,
	};

	if (family == 6) {
		e.set.saddr[3] = n + counter;
		e.set.daddr[1] = n - counter;
	}
	return e;
}

static inline slot_word *raw_slot(struct fixture *f, uint32_t slot)
{
	return (slot_word *)((char *)f->slots + slot * f->slot_size);
}

static inline uint32_t raw_version(struct fixture *f, uint32_t slot)
{
	return slot_head(raw_slot(f, slot)).h.version;
}

/* All expired slots come back: one period for those before, so two calls. */
static inline void grace_pass(struct fixture *f)
{
	flow_table_reclaim(f->t);
	flow_table_grace_end(f->t);
	flow_table_reclaim(f->t);
}

static inline void assert_holds(struct fixture *f, uint32_t slot,
				const struct flow_entry *want)
{
	struct nfold_cells cells;
	struct flow_entry got;

	memset(&got, 0xa5, sizeof(got));
	assert_true(flow_table_read(f->t, slot, &got, &cells));
	assert_memory_equal(&got.key, &want->key, sizeof(got.key));
	assert_memory_equal(&got.set, &want->set, sizeof(got.set));
	assert_memory_equal(&got.act, &want->act, sizeof(got.act));
	assert_memory_equal(got.writer, want->writer, sizeof(got.writer));
	assert_int_equal(got.peer, want->peer);
	assert_int_equal(got.session, want->session);
	assert_int_equal(got.drop_nf, want->drop_nf);
	assert_int_equal(got.reply, want->reply);
	assert_int_equal(got.packets, want->packets);
	assert_int_equal(got.bytes, want->bytes);
	assert_int_equal(cells.peer, want->peer);
}

/* Slots that this key may take, and how many are live. */
static inline uint32_t key_slots_used(struct fixture *f, uint32_t nbuckets,
				      const struct nfold_key6 *key,
				      const uint8_t *used)
{
	struct nfold_key4 key4 = {
		.saddr = key->saddr[0],
		.daddr = key->daddr[0],
		.sport = key->sport,
		.dport = key->dport,
		.zone = key->zone,
		.l4proto = key->l4proto,
	};
	const void *k = f->family == 4 ? (const void *)&key4 : key;
	int words = f->family == 4 ? NFOLD_KEY4_WORDS : NFOLD_KEY6_WORDS;
	uint32_t h1, h2, cnt = 0;
	uint32_t word[NFOLD_KEY6_WORDS];

	memcpy(word, k, words * 4);
	h1 = nfold_hash1(word, words, f->seed);
	h2 = nfold_hash2(word, words, f->seed);
	for (uint32_t i = 0; i < NFOLD_BUCKET_SLOTS; i++) {
		cnt += used[nfold_bucket(h1, nbuckets) * NFOLD_BUCKET_SLOTS + i];
		cnt += used[nfold_bucket(h2, nbuckets) * NFOLD_BUCKET_SLOTS + i];
	}
	return cnt;
}

#endif
