/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The flow table's writer in the long run: a million random operations beside
 * a simple model, and a writer beside user-space readers.
 */
#include "tests/flow_fixture.h"

#include <pthread.h>

/* --- property: a long random run beside a model --- */

#define MODEL_BUCKETS 64
#define MODEL_SLOTS (MODEL_BUCKETS * NFOLD_BUCKET_SLOTS)
#define MODEL_KEYS 400

struct model {
	struct fixture *f;
	struct flow_entry entry[MODEL_KEYS];
	uint32_t slot[MODEL_KEYS]; /* FLOW_SLOT_NONE: not installed */
	uint8_t used[MODEL_SLOTS]; /* live or in grace */
	uint8_t covered[MODEL_SLOTS]; /* in grace, and a period has begun */
	uint8_t grace[MODEL_SLOTS];
	uint32_t version[MODEL_SLOTS]; /* last seen live */
	uint32_t live;
	bool period, ended;
};

static void model_check(struct model *m, uint32_t n)
{
	struct fixture *f = m->f;

	assert_int_equal(flow_table_find(f->t, &m->entry[n].key), m->slot[n]);
	assert_int_equal(flow_table_live(f->t), m->live);
	if (m->slot[n] != FLOW_SLOT_NONE)
		assert_holds(f, m->slot[n], &m->entry[n]);
}

static void model_version(struct model *m, uint32_t slot)
{
	uint32_t version = raw_version(m->f, slot);

	assert_true(version_live(version));
	assert_int_not_equal(version, m->version[slot]);
	m->version[slot] = version;
}

static void model_install(struct model *m, uint32_t n, uint32_t counter)
{
	struct fixture *f = m->f;
	uint32_t before, slot;

	m->entry[n] = make_entry(f->family, n, counter);
	before = key_slots_used(f, MODEL_BUCKETS, &m->entry[n].key, m->used);
	slot = flow_table_install(f->t, &m->entry[n]);
	assert_int_equal(slot == FLOW_SLOT_NONE,
			 before == 2 * NFOLD_BUCKET_SLOTS);
	m->slot[n] = slot;
	if (slot == FLOW_SLOT_NONE)
		return;
	assert_false(m->used[slot]);
	m->used[slot] = 1;
	m->live++;
	model_version(m, slot);
}

static void model_replace(struct model *m, uint32_t n, uint32_t counter)
{
	struct flow_entry e = make_entry(m->f->family, n, counter);

	flow_table_replace(m->f->t, m->slot[n], &e);
	m->entry[n] = e;
	model_version(m, m->slot[n]);
}

static void model_expire(struct model *m, uint32_t n)
{
	flow_table_expire(m->f->t, m->slot[n]);
	m->grace[m->slot[n]] = 1;
	m->slot[n] = FLOW_SLOT_NONE;
	m->live--;
}

static void model_reclaim(struct model *m)
{
	bool any = false;

	flow_table_reclaim(m->f->t);
	if (m->period && !m->ended)
		return;
	for (uint32_t i = 0; i < MODEL_SLOTS; i++) {
		if (m->covered[i])
			m->covered[i] = m->grace[i] = m->used[i] = 0;
		m->covered[i] = m->grace[i];
		any |= m->grace[i];
	}
	m->period = any;
	m->ended = false;
}

static void model_step(struct model *m, uint32_t counter)
{
	uint32_t n = rng() % MODEL_KEYS, what = rng() % 64;

	if (what == 0) {
		model_reclaim(m);
	} else if (what == 1) {
		flow_table_grace_end(m->f->t);
		m->ended = true;
	} else if (m->slot[n] == FLOW_SLOT_NONE) {
		model_install(m, n, counter);
	} else if (what < 24) {
		model_expire(m, n);
	} else if (what < 32) {
		flow_table_invalidate(m->f->t, m->slot[n]);
		m->entry[n].act.generation = 0;
	} else if (what < 40) {
		flow_table_set_peer(m->f->t, m->slot[n], counter);
		m->entry[n].peer = counter;
	} else {
		model_replace(m, n, counter);
	}
	model_check(m, n);
}

static void run_model(int family)
{
	struct model *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	rng_seed();
	m->f = fixture_new(family, MODEL_BUCKETS);
	for (uint32_t n = 0; n < MODEL_KEYS; n++) {
		m->slot[n] = FLOW_SLOT_NONE;
		m->entry[n].key = make_key(family, n);
	}
	for (uint32_t i = 0; i < 500000; i++)
		model_step(m, i);
	for (uint32_t n = 0; n < MODEL_KEYS; n++)
		model_check(m, n);
	fixture_free(m->f);
	free(m);
}

static void test_model(void **state)
{
	(void)state;
	run_model(4);
	run_model(6);
}

/* --- concurrency: user-space readers --- */

#define RACE_KEYS 8

struct race {
	struct fixture *f;
	bool stop;
	uint64_t reads;
	uint64_t torn;
};

static bool entry_consistent(int family, const struct flow_entry *e)
{
	uint32_t n = e->session;
	uint32_t counter = e->act.l3_delta | (uint32_t)e->act.l4_delta << 16;
	struct flow_entry want = make_entry(family, n, counter);

	return !memcmp(&e->key, &want.key, sizeof(e->key)) &&
	       !memcmp(&e->set, &want.set, sizeof(e->set)) &&
	       !memcmp(&e->act, &want.act, sizeof(e->act));
}

static void *race_read(void *arg)
{
	struct race *r = arg;
	struct flow_entry e;

	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED)) {
		for (uint32_t slot = 0; slot < 2 * NFOLD_BUCKET_SLOTS; slot++) {
			if (!flow_table_read(r->f->t, slot, &e, NULL))
				continue;
			r->reads++;
			r->torn += !entry_consistent(r->f->family, &e);
		}
	}
	return NULL;
}

/* No grace here: slots change keys under the reader, who has to notice. */
static void race_write(struct fixture *f, uint32_t rounds)
{
	uint32_t slot[RACE_KEYS];

	for (uint32_t n = 0; n < RACE_KEYS; n++)
		slot[n] = FLOW_SLOT_NONE;
	for (uint32_t i = 0; i < rounds; i++) {
		uint32_t n = rng() % RACE_KEYS;
		struct flow_entry e = make_entry(f->family, n, i);

		if (slot[n] == FLOW_SLOT_NONE) {
			slot[n] = flow_table_install(f->t, &e);
		} else if (rng() % 4) {
			flow_table_replace(f->t, slot[n], &e);
		} else {
			flow_table_expire(f->t, slot[n]);
			slot[n] = FLOW_SLOT_NONE;
			grace_pass(f);
		}
	}
}

static void run_race(int family)
{
	struct race r = {.f = fixture_new(family, 2)};
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, race_read, &r), 0);
	for (int i = 0; i < 10; i++)
		race_write(r.f, 20000);
	__atomic_store_n(&r.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	print_message("# IPv%d: %llu entries read, %llu torn\n", family,
		      (unsigned long long)r.reads, (unsigned long long)r.torn);
	assert_int_equal(r.torn, 0);
	assert_true(r.reads > 0);
	fixture_free(r.f);
}

static void test_race(void **state)
{
	(void)state;
	rng_seed();
	run_race(4);
	run_race(6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{"a million random operations agree with a simple model",
		 test_model, NULL, NULL, NULL},
		{"readers beside the writer never see a torn entry", test_race,
		 NULL, NULL, NULL},
	};

	return cmocka_run_group_tests_name("flow model", tests, NULL, NULL);
}
