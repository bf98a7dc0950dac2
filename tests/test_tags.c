/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The tag index: its arithmetic against loops, and what the writer leaves in it
 * beside the slots.
 */
#include <errno.h>

#include "flow_fixture.h"
#include "maps/tags.h"

static uint8_t tag_at(uint64_t tags, int i)
{
	return tags >> 8 * i;
}

/* All places that hold the tag are found; others only above one that does. */
static void check_word(uint64_t tags, uint8_t tag)
{
	uint64_t match = nfold_tags_match(tags, tag);
	bool found = false;

	assert_int_equal(match & ~NFOLD_TAGS_HIGHS, 0);
	for (int i = 0; i < NFOLD_BUCKET_SLOTS; i++) {
		bool hit = match >> (8 * i + 7) & 1;

		if (tag_at(tags, i) == tag)
			assert_true(hit);
		else
			assert_true(!hit || found);
		if (hit && !found)
			assert_int_equal(nfold_tags_first(match), i);
		found |= hit;
	}
}

static void test_match(void **state)
{
	(void)state;
	for (int n = 0; n < 1000000; n++) {
		uint64_t tags = rng();
		uint8_t tag = nfold_tag(rng());

		/* Few values, so that they meet. */
		if (n & 1)
			tags &= 0x0303030303030303ULL, tag &= 3;
		check_word(tags, tag ? tag : 1);
	}
}

static void test_never_none(void **state)
{
	(void)state;
	for (uint32_t hash = 0; hash < 1 << 16; hash++)
		assert_int_not_equal(nfold_tag(hash << 5 | 7U << 29),
				     NFOLD_TAG_NONE);
	assert_int_equal(nfold_tags_match(0, 1), 0);
}

static void test_written(void **state)
{
	struct fixture *f = *state;
	struct flow_entry e = make_entry(f->family, 7, 3);
	uint32_t slot = flow_table_install(f->t, &e);
	uint8_t tag = nfold_tag(slot_head(raw_slot(f, slot)).h.hash);

	assert_int_equal(f->tags[slot], tag);
	flow_table_replace(f->t, slot, &e);
	flow_table_invalidate(f->t, slot);
	assert_int_equal(f->tags[slot], tag);
	flow_table_expire(f->t, slot);
	assert_int_equal(f->tags[slot], NFOLD_TAG_NONE);
	for (uint32_t i = 0; i < SLOTS; i++)
		assert_int_equal(f->tags[i], NFOLD_TAG_NONE);
}

/* The old writer died between an entry and its tag, either way. */
static void test_adopted(void **state)
{
	struct fixture *f = *state;
	struct flow_table_conf conf = fixture_conf(f, BUCKETS);
	struct flow_entry e = make_entry(f->family, 7, 3);
	uint32_t slot = flow_table_install(f->t, &e), other = slot ^ 1;
	uint8_t tag = f->tags[slot];

	flow_table_free(f->t);
	f->tags[slot] = NFOLD_TAG_NONE;
	f->tags[other] = 9;
	assert_int_equal(flow_table_new(&f->t, &conf), 0);
	assert_int_equal(f->tags[slot], tag);
	assert_int_equal(f->tags[other], NFOLD_TAG_NONE);
}

static void test_needed(void **state)
{
	struct fixture *f = *state;
	struct flow_table_conf conf = fixture_conf(f, BUCKETS);
	struct flow_table *t;

	conf.tags = NULL;
	assert_int_equal(flow_table_new(&t, &conf), -EINVAL);
	conf.reader = true;
	assert_int_equal(flow_table_new(&t, &conf), 0);
	flow_table_free(t);
}

#define BOTH(what, fn)                                  \
	{what " (IPv4)", fn, setup4, teardown, NULL},   \
	{                                               \
		what " (IPv6)", fn, setup6, teardown, NULL \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{"a bucket's word tells where a tag is", test_match, NULL, NULL,
		 NULL},
		{"no key has the tag of a free slot", test_never_none, NULL,
		 NULL, NULL},
		BOTH("an entry's tag comes and goes with it", test_written),
		BOTH("a new writer puts tags right", test_adopted),
		BOTH("a writer needs tags, a reader does not", test_needed),
	};

	rng_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
