/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The functions over cells (maps/state.h), by themselves: exact with several
 * threads, and to the rate.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>

#include <cmocka.h>

#include "maps/state.h"
#include "userspace/pool.h"

#define SEC UINT64_C(1000000000)

static struct nfold_view view(uint64_t now, uint32_t len, uint32_t flags)
{
	return (struct nfold_view){ .now = now, .len = len,
				    .tcp_flags = flags };
}

static int run(uint32_t fn, struct nfold_cell *c, uint64_t now, uint32_t len)
{
	struct nfold_view v = view(now, len, 0);

	return nfold_fn_run(fn, c, &v);
}

static void count_counts(void **state)
{
	struct nfold_cell c = { 0 };

	(void)state;
	for (int i = 1; i <= 10; i++)
		assert_false(run(NFOLD_FN_COUNT, &c, 0, 100 * i));
	assert_int_equal(c.packets, 10);
	assert_int_equal(c.bytes, 5500);
}

/* The paper's DoS prevention: the 101st SYN, not the 102nd. */
static void the_101st_syn_fires(void **state)
{
	struct nfold_cell c = { .limit = 100, .flags = NFOLD_CELL_SYN };
	struct nfold_view syn = view(5 * SEC, 60, NFOLD_TCP_SYN);
	struct nfold_view ack = view(5 * SEC, 60, NFOLD_TCP_ACK);
	struct nfold_view syn_ack = view(5 * SEC, 60,
					 NFOLD_TCP_SYN | NFOLD_TCP_ACK);

	(void)state;
	for (int i = 1; i <= 100; i++) {
		assert_false(nfold_fn_run(NFOLD_FN_THRESHOLD, &c, &syn));
		assert_false(nfold_fn_run(NFOLD_FN_THRESHOLD, &c, &ack));
		assert_false(nfold_fn_run(NFOLD_FN_THRESHOLD, &c, &syn_ack));
	}
	assert_true(nfold_fn_run(NFOLD_FN_THRESHOLD, &c, &syn));
	/* From now on the flow's other packets too. */
	assert_true(nfold_fn_run(NFOLD_FN_THRESHOLD, &c, &ack));
}

static void a_window_begins_anew(void **state)
{
	struct nfold_cell c = { .limit = 3, .rate = SEC };

	(void)state;
	for (uint64_t w = 1; w < 5; w++)
		for (int i = 1; i <= 5; i++)
			assert_int_equal(run(NFOLD_FN_THRESHOLD, &c,
					     w * SEC + i, 60), i > 3);
	/* A clock that is behind counts into the newer window. */
	assert_true(run(NFOLD_FN_THRESHOLD, &c, 3 * SEC, 60));
	assert_false(run(NFOLD_FN_THRESHOLD, &c, 5 * SEC, 60));
}

/* As many conform in ten seconds as the rate says, whatever comes: 1 kpps to
 * 1 Mpps, offered twice that. */
static void a_bucket_keeps_the_rate(void **state)
{
	static const uint64_t rates[] = { 1000, 10000, 333333, 1000000 };

	(void)state;
	for (int i = 0; i < 4; i++) {
		uint64_t rate = rates[i], passed = 0, now = 77 * SEC;
		struct nfold_cell c = {
			.rate = ((SEC << NFOLD_BUCKET_SHIFT) << 16) / rate,
			.limit = (SEC / 1000) << NFOLD_BUCKET_SHIFT,
		};

		for (uint64_t n = 0; n < 20 * rate; n++, now += SEC / 2 / rate)
			passed += !run(NFOLD_FN_BUCKET, &c, now, 60);
		assert_in_range(passed, 10 * rate * 98 / 100,
				10 * rate * 102 / 100);
	}
}

static void a_bucket_of_bytes_holds_its_burst(void **state)
{
	/* 1 MB/s, 100 ms: 100,000 bytes at once. */
	struct nfold_cell c = {
		.rate = ((SEC << NFOLD_BUCKET_SHIFT) << 16) / 1000000,
		.limit = (SEC / 10) << NFOLD_BUCKET_SHIFT,
		.flags = NFOLD_CELL_BYTES,
	};
	uint64_t bytes = 0;

	(void)state;
	while (!run(NFOLD_FN_BUCKET, &c, SEC, 1000))
		bytes += 1000;
	assert_in_range(bytes, 99000, 100000);
	assert_true(run(NFOLD_FN_BUCKET, &c, SEC, 1500));
	/* Without a token none is taken. */
	assert_false(run(NFOLD_FN_BUCKET, &c, SEC + SEC / 1000, 1000));
}

static void one_in_n_is_sampled(void **state)
{
	struct nfold_cell c = { .limit = 10 };
	int fired = 0;

	(void)state;
	for (int i = 1; i <= 1000; i++)
		fired += run(NFOLD_FN_SAMPLE, &c, 0, 60);
	assert_int_equal(fired, 100);
}

/* --- several threads --- */

#define THREADS 4
#define EACH 200000

struct racer {
	struct nfold_cell *cell;
	uint32_t fn;
	uint64_t passed, began;
};

static void *race(void *arg)
{
	struct racer *r = arg;

	for (int i = 0; i < EACH; i++) {
		int fires = run(r->fn, r->cell, 9 * SEC, 60);

		r->passed += !fires;
		r->began += nfold_cell_fires(r->cell, fires);
	}
	return NULL;
}

static void race_all(struct nfold_cell *c, uint32_t fn, uint64_t *passed,
		     uint64_t *began)
{
	struct racer r[THREADS] = { 0 };
	pthread_t t[THREADS];

	*passed = *began = 0;
	for (int i = 0; i < THREADS; i++) {
		r[i] = (struct racer){ .cell = c, .fn = fn };
		assert_int_equal(pthread_create(&t[i], NULL, race, &r[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(t[i], NULL);
		*passed += r[i].passed;
		*began += r[i].began;
	}
}

static void a_threshold_is_exact_whatever_the_interleaving(void **state)
{
	struct nfold_cell c = { .limit = 12345, .rate = SEC };
	uint64_t passed, began;

	(void)state;
	race_all(&c, NFOLD_FN_THRESHOLD, &passed, &began);
	assert_int_equal(passed, 12345);
	assert_int_equal(c.fires, (uint64_t)THREADS * EACH - 12345);
}

static void a_bucket_is_exact_whatever_the_interleaving(void **state)
{
	struct nfold_cell c = {
		.rate = (1000ULL << NFOLD_BUCKET_SHIFT) << 16,
		.limit = (1000ULL * 5000) << NFOLD_BUCKET_SHIFT,
	};
	uint64_t passed, began;

	(void)state;
	race_all(&c, NFOLD_FN_BUCKET, &passed, &began);
	/* Time stands still: the burst and no packet more. */
	assert_int_equal(passed, 5000);
}

static void one_begins_an_event(void **state)
{
	struct nfold_cell c = { .limit = 0 };
	uint64_t passed, began;

	(void)state;
	race_all(&c, NFOLD_FN_THRESHOLD, &passed, &began);
	assert_int_equal(passed, 0);
	assert_int_equal(began, 1);
	nfold_cell_fires(&c, 0);
	assert_true(nfold_cell_fires(&c, 1));
}

/* --- indexes --- */

static void a_freed_index_waits_for_its_grace(void **state)
{
	struct pool p;

	(void)state;
	assert_int_equal(pool_init(&p, 3), 0);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(pool_take(&p, 0), i);
	assert_int_equal(pool_take(&p, 0), POOL_NONE);
	pool_put(&p, 1, 5);
	assert_int_equal(p.used, 2);
	assert_int_equal(pool_take(&p, 5 + POOL_GRACE_NS - 1), POOL_NONE);
	assert_int_equal(pool_take(&p, 5 + POOL_GRACE_NS), 1);
	pool_fini(&p);
	assert_int_equal(pool_init(&p, 0), 0);
	assert_int_equal(pool_take(&p, 0), POOL_NONE);
	pool_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(count_counts),
		cmocka_unit_test(the_101st_syn_fires),
		cmocka_unit_test(a_window_begins_anew),
		cmocka_unit_test(a_bucket_keeps_the_rate),
		cmocka_unit_test(a_bucket_of_bytes_holds_its_burst),
		cmocka_unit_test(one_in_n_is_sampled),
		cmocka_unit_test(a_threshold_is_exact_whatever_the_interleaving),
		cmocka_unit_test(a_bucket_is_exact_whatever_the_interleaving),
		cmocka_unit_test(one_begins_an_event),
		cmocka_unit_test(a_freed_index_waits_for_its_grace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
