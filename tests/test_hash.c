/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Quality of the flow table's hash on the sets that a network brings and on
 * those that a sender would try: how even the buckets are (chi-square), how
 * often two keys share a tag, and what share of keys overflows the buckets at
 * the designed fill. Seeds are random and printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "maps/flow_table.h"
#include "maps/hash.h"

#define KEYS 1000000
#define BUCKETS 4099
#define DEVIATION 90.5 /* of chi-square: sqrt(2 * BUCKETS) */
#define ROUNDS 9 /* seeds; the median counts */

static uint64_t rng_state;

/* xorshift64* (Vigna 2016). */
static uint64_t rng(void)
{
	rng_state ^= rng_state >> 12;
	rng_state ^= rng_state << 25;
	rng_state ^= rng_state >> 27;
	return rng_state * 0x2545f4914f6cdd1dULL;
}

static void seed_fill(__u64 *seed)
{
	for (int i = 0; i < NFOLD_HASH_SEEDS; i++)
		seed[i] = rng();
}

/* --- sets: the n-th key, as IPv6; IPv4 takes the first word of each address
 * --- */

static void set_ports(struct nfold_key6 *k, uint32_t n)
{
	k->sport = n;
	k->dport = n >> 16;
}

static void set_addresses(struct nfold_key6 *k, uint32_t n)
{
	k->saddr[0] = htobe32(0x0a000000 + n);
}

static void set_addresses_and_ports(struct nfold_key6 *k, uint32_t n)
{
	k->saddr[0] = htobe32(0x0a000000 + n % 1000);
	k->sport = htobe16(1024 + n / 1000);
}

static void set_strided(struct nfold_key6 *k, uint32_t n)
{
	k->daddr[0] = n << 12;
}

static void set_swapped(struct nfold_key6 *k, uint32_t n)
{
	k->saddr[0] = n / 1000;
	k->daddr[0] = n % 1000;
}

static void set_zones(struct nfold_key6 *k, uint32_t n)
{
	k->zone = NFOLD_ZONE(n & 15, 1, (n >> 4) & 4095, 0);
	k->sport = n >> 16;
}

static void set_random(struct nfold_key6 *k, uint32_t n)
{
	(void)n;
	k->saddr[0] = rng();
	k->daddr[0] = rng();
	k->sport = rng();
	k->dport = rng();
}

static const struct {
	const char *what;
	void (*key)(struct nfold_key6 *k, uint32_t n);
} sets[] = {
	{"sequential ports", set_ports},
	{"sequential addresses", set_addresses},
	{"1000 addresses by 1000 ports", set_addresses_and_ports},
	{"addresses 4096 apart", set_strided},
	{"1000 sources by 1000 destinations", set_swapped},
	{"ports and VLANs", set_zones},
	{"random", set_random},
};

#define SETS (sizeof(sets) / sizeof(sets[0]))

static int key_words(int family, const struct nfold_key6 *k, uint32_t *word)
{
	if (family == 6) {
		memcpy(word, k, sizeof(*k));
		return NFOLD_KEY6_WORDS;
	}
	word[0] = k->saddr[0];
	word[1] = k->daddr[0];
	word[2] = k->sport | (uint32_t)k->dport << 16;
	word[3] = k->zone;
	word[4] = k->l4proto;
	return NFOLD_KEY4_WORDS;
}

/* --- chi-square --- */

static double chi_square(int family, size_t set, int second)
{
	static uint32_t cnt[BUCKETS];
	double expect = (double)KEYS / BUCKETS, sum = 0;
	__u64 seed[NFOLD_HASH_SEEDS];

	memset(cnt, 0, sizeof(cnt));
	seed_fill(seed);
	for (uint32_t n = 0; n < KEYS; n++) {
		struct nfold_key6 k = {.l4proto = 6};
		uint32_t word[NFOLD_KEY6_WORDS], hash;
		int words;

		sets[set].key(&k, n);
		words = key_words(family, &k, word);
		hash = second ? nfold_hash2(word, words, seed)
			      : nfold_hash1(word, words, seed);
		cnt[nfold_bucket(hash, BUCKETS)]++;
	}
	for (uint32_t i = 0; i < BUCKETS; i++)
		sum += (cnt[i] - expect) * (cnt[i] - expect) / expect;
	return sum;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Structured sets may be more even than chance, not much less; the random set
 * has to be what chance gives: BUCKETS - 1, give or take DEVIATION.
 */
static void run_chi_square(int family)
{
	for (size_t set = 0; set < SETS; set++) {
		double v[ROUNDS], mid;

		for (int i = 0; i < ROUNDS; i++)
			v[i] = chi_square(family, set, i & 1);
		qsort(v, ROUNDS, sizeof(*v), compare);
		mid = v[ROUNDS / 2];
		print_message(
			"# IPv%d %s: chi-square / buckets: median %.3f, worst %.3f\n",
			family, sets[set].what, mid / BUCKETS,
			v[ROUNDS - 1] / BUCKETS);
		assert_true(mid < 1.5 * BUCKETS);
		if (sets[set].key == set_random)
			assert_true(mid > BUCKETS - 6 * DEVIATION &&
				    mid < BUCKETS + 6 * DEVIATION);
	}
}

static void test_even4(void **state)
{
	(void)state;
	run_chi_square(4);
}

static void test_even6(void **state)
{
	(void)state;
	run_chi_square(6);
}

/* --- tags --- */

static int compare_tag(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* 10^6 keys have 116 pairs with equal tags by chance (n^2 / 2^33). */
static void test_tags(void **state)
{
	uint32_t *tag = calloc(KEYS, sizeof(*tag)), equal = 0;
	__u64 seed[NFOLD_HASH_SEEDS];

	(void)state;
	assert_non_null(tag);
	seed_fill(seed);
	for (uint32_t n = 0; n < KEYS; n++) {
		struct nfold_key6 k = {.l4proto = 17};
		uint32_t word[NFOLD_KEY6_WORDS];

		set_random(&k, n);
		tag[n] = nfold_hash1(word, key_words(4, &k, word), seed);
	}
	qsort(tag, KEYS, sizeof(*tag), compare_tag);
	for (uint32_t n = 1; n < KEYS; n++)
		equal += tag[n] == tag[n - 1];
	print_message("# %u pairs of %d keys with equal tags\n", equal, KEYS);
	assert_true(equal > 40 && equal < 250);
	free(tag);
}

/* Two seeds place the same keys differently: a sender that learned one table
 * knows nothing of another. */
static void test_seeded(void **state)
{
	__u64 a[NFOLD_HASH_SEEDS], b[NFOLD_HASH_SEEDS];
	uint32_t same = 0;

	(void)state;
	seed_fill(a);
	seed_fill(b);
	for (uint32_t n = 0; n < 100000; n++) {
		struct nfold_key6 k = {.l4proto = 17};
		uint32_t word[NFOLD_KEY6_WORDS];
		int words;

		set_addresses_and_ports(&k, n);
		words = key_words(6, &k, word);
		same += nfold_bucket(nfold_hash1(word, words, a), BUCKETS) ==
			nfold_bucket(nfold_hash1(word, words, b), BUCKETS);
	}
	/* 24 by chance */
	assert_true(same < 500);
}

/* --- overflow share, by the real writer --- */

#define TABLE_BUCKETS 16384
#define TABLE_SLOTS (TABLE_BUCKETS * NFOLD_BUCKET_SLOTS)

static double overflow_share(size_t set, uint32_t percent)
{
	uint32_t flows = (uint64_t)TABLE_SLOTS * percent / 100, refused = 0;
	__u64 seed[NFOLD_HASH_SEEDS];
	struct flow_table_conf conf = {
		.family = 4,
		.slots = calloc(TABLE_SLOTS, sizeof(struct nfold_slot4)),
		.tags = calloc(TABLE_BUCKETS, NFOLD_BUCKET_SLOTS),
		.slot_cnt = TABLE_SLOTS,
		.nbuckets = TABLE_BUCKETS,
		.seed = seed,
		.overflow_fd = -1,
		.manual_grace = true,
	};
	struct flow_table *t;

	seed_fill(seed);
	assert_true(conf.slots && conf.tags);
	assert_int_equal(flow_table_new(&t, &conf), 0);
	for (uint32_t n = 0; n < flows; n++) {
		struct flow_entry e = {.key.l4proto = 17};

		sets[set].key(&e.key, n);
		refused += flow_table_install(t, &e) == FLOW_SLOT_NONE;
	}
	flow_table_free(t);
	free(conf.slots);
	free(conf.tags);
	return (double)refused / flows;
}

/* Of all seeds: none may lay a pattern on few buckets. */
static double overflow_worst(size_t set, uint32_t percent)
{
	double worst = 0;

	for (int i = 0; i < ROUNDS; i++) {
		double share = overflow_share(set, percent);

		worst = share > worst ? share : worst;
	}
	return worst;
}

static void test_overflow(void **state)
{
	(void)state;
	for (size_t set = 0; set < SETS; set++) {
		double at75 = overflow_worst(set, 75);
		double at80 = overflow_worst(set, 80);
		double at90 = overflow_worst(set, 90);

		print_message(
			"# %s: overflow %.3f %% at 75 %% fill, %.2f %% at 80, %.2f %% at 90\n",
			sets[set].what, at75 * 100, at80 * 100, at90 * 100);
		/* Patterns may vary more with the seed than chance does. */
		assert_true(at75 < 0.003);
		assert_true(at80 < 0.006);
		assert_true(at90 < 0.025);
		if (sets[set].key == set_random)
			assert_true(at75 < 0.001 && at80 < 0.003 &&
				    at90 < 0.02);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{"buckets fill evenly whatever the keys' pattern (IPv4)",
		 test_even4, NULL, NULL, NULL},
		{"buckets fill evenly whatever the keys' pattern (IPv6)",
		 test_even6, NULL, NULL, NULL},
		{"tags collide no more than chance has it", test_tags, NULL,
		 NULL, NULL},
		{"another seed is another placement", test_seeded, NULL, NULL,
		 NULL},
		{"few keys overflow at the designed fill", test_overflow, NULL,
		 NULL, NULL},
	};
	const char *env = getenv("NFOLD_SEED");

	rng_state = env ? strtoull(env, NULL, 0)
			: (uint64_t)time(NULL) * 1000003 + getpid();
	print_message("# NFOLD_SEED=%llu\n", (unsigned long long)rng_state);
	rng_state = rng_state * 0x9e3779b97f4a7c15ULL | 1;
	return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
