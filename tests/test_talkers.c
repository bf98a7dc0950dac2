/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* monitor's top talkers: the sketch keeps the bounds that it tells, beside exact
 * counts; names come and go.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "chains/monitor/monitor.h"
#include "tests/nf_fake.h"

extern const struct nf_ops monitor_ops;

#define SOURCES 20000
#define PACKETS 300000

static uint64_t seed;

static uint32_t draw(void)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return seed >> 33;
}

/* Few send much: source i with a weight of about 1 / i. */
static uint32_t draw_source(void)
{
	uint32_t below = 1 + draw() % SOURCES;

	return draw() % below;
}

static struct nf_pkt packet_of(void *session, uint32_t source, uint32_t len)
{
	struct nf_pkt pkt = fake_pkt(session, IPPROTO_UDP, "10.0.0.0", 1000,
				     "192.0.2.1", 53);

	pkt.saddr.a[0] = htonl(0x0a000000 + source);
	pkt.len = len;
	return pkt;
}

static const struct talkers *talkers_of(const struct nf *nf)
{
	return &((const struct monitor *)nf->priv)->talkers;
}

static json_t *shown(struct nf *nf)
{
	json_t *all = monitor_ops.show(nf);
	json_t *top = json_incref(json_object_get(all, "top-talkers"));

	json_decref(all);
	return top;
}

static uint64_t number(json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

/* The address's last three bytes. */
static uint32_t source_of(json_t *row)
{
	struct nf_addr a = fake_addr(json_string_value(
		json_object_get(row, "source")));

	return ntohl(a.a[0]) & 0xffffff;
}

static uint32_t greater(const uint64_t *exact, uint64_t than)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < SOURCES; i++)
		n += exact[i] > than;
	return n;
}

/* Every estimate is at least the truth; hardly one is above it by more than is
 * told; and who sends most is told. */
static void check_bounds(struct nf *nf, const uint64_t *exact, const char *unit)
{
	json_t *top = shown(nf), *row;
	uint64_t error = number(top, "error"), sum = 0;
	uint32_t above = 0, missing = 0, i, s;

	for (s = 0; s < SOURCES; s++)
		sum += exact[s];
	assert_int_equal(number(top, "total"), sum);
	assert_string_equal(json_string_value(json_object_get(top, "unit")),
			    unit);
	assert_int_equal(error, (uint64_t)(sum * 2.718281828459045 / 4096) + 1);
	json_array_foreach(json_object_get(top, "top"), i, row) {
		uint64_t estimate = number(row, unit);

		s = source_of(row);
		assert_true(estimate >= exact[s]);
		above += estimate > exact[s] + error;
		assert_int_equal(number(row, "at_least"),
				 estimate > error ? estimate - error : 0);
		/* Its rank is that of the truth but for the error. */
		if (greater(exact, exact[s] + error) > i + missing)
			missing = greater(exact, exact[s] + error) - i;
	}
	assert_int_equal(i, 20);
	assert_int_equal(above, 0);
	assert_in_range(missing, 0, 1);
	json_decref(top);
}

static void estimates_keep_their_bounds(void **state)
{
	static uint64_t exact[SOURCES];
	static void *sessions[SOURCES];

	(void)state;
	for (int packets = 0; packets < 2; packets++) {
		struct nf *nf = fake_nf(&monitor_ops, packets ?
					"top-talkers packets 20;" :
					"top-talkers bytes 20;");
		uint32_t over = 0;

		memset(exact, 0, sizeof(exact));
		for (int i = 0; i < PACKETS; i++) {
			uint32_t s = draw_source(), len = 60 + draw() % 1400;
			struct nf_pkt pkt;

			if (!sessions[s])
				sessions[s] = fake_session(nf);
			pkt = packet_of(sessions[s], s, len);
			assert_int_equal(fake_run(nf, &pkt), NF_FORWARD);
			exact[s] += packets ? 1 : len;
		}
		check_bounds(nf, exact, packets ? "packets" : "bytes");
		/* delta is 1.8 %: of all sources, not only of the largest. */
		for (uint32_t s = 0; s < SOURCES; s++) {
			const struct talkers *t = talkers_of(nf);
			uint64_t least = UINT64_MAX, error, sum = 0;
			struct monitor_session *ms = sessions[s];

			if (!ms)
				continue;
			for (int row = 0; row < TALKERS_ROWS; row++) {
				uint64_t n = t->cell->count[row][talkers_column(
					t->cell, row, ms->dir[0].talker->key)];

				least = n < least ? n : least;
			}
			for (int c = 0; c < TALKERS_COLS; c++)
				sum += t->cell->count[0][c];
			error = sum * 2.718281828459045 / TALKERS_COLS + 1;
			assert_true(least >= exact[s]);
			over += least > exact[s] + error;
		}
		assert_in_range(over, 0, SOURCES * 18 / 1000);
		for (uint32_t s = 0; s < SOURCES; s++) {
			if (sessions[s])
				fake_expire(nf, sessions[s]);
			sessions[s] = NULL;
		}
		/* Names of the largest outlive their sessions. */
		check_bounds(nf, exact, packets ? "packets" : "bytes");
		fake_nf_free(nf);
	}
}

static void each_direction_has_its_own_source(void **state)
{
	struct nf *nf = fake_nf(&monitor_ops, "top-talkers packets;");
	void *s = fake_session(nf);
	struct nf_pkt out = packet_of(s, 7, 100), back = fake_reply(&out);
	json_t *all, *top;

	(void)state;
	for (int i = 0; i < 3; i++)
		fake_run(nf, &out);
	assert_int_equal(fake.cnt, 2);
	assert_int_equal(fake.records[1].sf->kernel, NFOLD_FN_OWN);
	assert_ptr_equal(fake.records[1].arg, talkers_of(nf)->cell);
	for (int i = 0; i < 5; i++)
		fake_run(nf, &back);
	all = shown(nf);
	assert_int_equal(number(all, "total"), 8);
	top = json_object_get(all, "top");
	assert_int_equal(json_array_size(top), 2);
	assert_string_equal(json_string_value(json_object_get(
				    json_array_get(top, 0), "source")),
			    "192.0.2.1");
	assert_int_equal(number(json_array_get(top, 0), "packets"), 5);
	assert_int_equal(number(json_array_get(top, 1), "packets"), 3);
	json_decref(all);
	fake_expire(nf, s);
	fake_nf_free(nf);
}

/* Who is in no slot is forgotten with the last session; the idle are bounded. */
static void names_are_forgotten(void **state)
{
	struct nf *nf = fake_nf(&monitor_ops, "top-talkers;");
	const struct talkers *t = talkers_of(nf);

	(void)state;
	for (uint32_t i = 0; i < 60000; i++) {
		void *s = fake_session(nf);
		/* Later ones are larger: they take the slots. */
		struct nf_pkt pkt = packet_of(s, i, 60 + i);

		fake_run(nf, &pkt);
		fake_expire(nf, s);
		assert_true(HASH_COUNT(t->all) <= TALKERS_IDLE_MAX + 1);
		assert_int_equal(HASH_COUNT(t->all), t->idle);
	}
	assert_true(HASH_COUNT(t->all) >= TALKERS_COLS / 2);
	fake_nf_free(nf);
}

static void one_source_of_two_sessions_is_one(void **state)
{
	struct nf *nf = fake_nf(&monitor_ops, "top-talkers packets;");
	void *a = fake_session(nf), *b = fake_session(nf);
	struct nf_pkt pa = packet_of(a, 7, 100), pb = packet_of(b, 7, 100);
	const struct talkers *t = talkers_of(nf);

	(void)state;
	fake_run(nf, &pa);
	fake_run(nf, &pb);
	assert_int_equal(HASH_COUNT(t->all), 1);
	assert_int_equal(t->all->open, 2);
	fake_expire(nf, a);
	assert_int_equal(t->idle, 0);
	fake_expire(nf, b);
	assert_int_equal(t->idle, 1);
	/* And back again. */
	a = fake_session(nf);
	pa = packet_of(a, 7, 100);
	fake_run(nf, &pa);
	assert_int_equal(t->idle, 0);
	assert_int_equal(HASH_COUNT(t->all), 1);
	fake_expire(nf, a);
	fake_nf_free(nf);
}

/* As when an NF before translates the session anew. */
static void a_source_that_changes_is_counted_as_it_is(void **state)
{
	struct nf *nf = fake_nf(&monitor_ops, "top-talkers packets;");
	void *s = fake_session(nf);
	struct nf_pkt a = packet_of(s, 7, 100), b = packet_of(s, 8, 100);
	const struct talkers *t = talkers_of(nf);
	json_t *all, *top;

	(void)state;
	for (int i = 0; i < 3; i++)
		fake_run(nf, &a);
	for (int i = 0; i < 2; i++)
		fake_run(nf, &b);
	all = shown(nf);
	top = json_object_get(all, "top");
	assert_int_equal(json_array_size(top), 2);
	assert_int_equal(source_of(json_array_get(top, 0)), 7);
	assert_int_equal(number(json_array_get(top, 0), "packets"), 3);
	assert_int_equal(source_of(json_array_get(top, 1)), 8);
	assert_int_equal(number(json_array_get(top, 1), "packets"), 2);
	json_decref(all);
	assert_int_equal(t->idle, 1);
	fake_expire(nf, s);
	assert_int_equal(t->idle, 2);
	fake_nf_free(nf);
}

static void it_is_off_if_not_asked_for(void **state)
{
	struct nf *nf = fake_nf(&monitor_ops, "");
	void *s = fake_session(nf);
	struct nf_pkt pkt = packet_of(s, 7, 100);

	(void)state;
	fake_run(nf, &pkt);
	assert_int_equal(fake.cnt, 1);
	assert_null(shown(nf));
	fake_expire(nf, s);
	fake_nf_free(nf);
}

static void without_a_cell_the_flow_stays_slow(void **state)
{
	struct nf *nf = fake_nf(&monitor_ops, "top-talkers;");
	void *s = fake_session(nf);
	struct nf_pkt pkt = packet_of(s, 7, 100);

	(void)state;
	fake_own_max = 0;
	fake_run(nf, &pkt);
	fake_own_max = 4;
	assert_int_equal(fake.why_slow, NFOLD_REASON_CELLS_FULL);
	assert_int_equal(fake.cnt, 1);
	fake_expire(nf, s);
	fake_nf_free(nf);
}

static void bad_blocks_are_refused(void **state)
{
	(void)state;
	fake_refused(&monitor_ops, "top-talker;", "top-talkers");
	fake_refused(&monitor_ops, "top-talkers words;", "packets");
	fake_refused(&monitor_ops, "top-talkers bytes 0;", "0");
	fake_refused(&monitor_ops, "top-talkers bytes 1001;", "1001");
	fake_refused(&monitor_ops, "top-talkers bytes 1 2;", "top-talkers [");
	fake_refused(&monitor_ops, "top-talkers { }", "top-talkers");
	fake_refused(&monitor_ops, "top-talkers; top-talkers;", "top-talkers");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(estimates_keep_their_bounds),
		cmocka_unit_test(each_direction_has_its_own_source),
		cmocka_unit_test(names_are_forgotten),
		cmocka_unit_test(one_source_of_two_sessions_is_one),
		cmocka_unit_test(a_source_that_changes_is_counted_as_it_is),
		cmocka_unit_test(it_is_off_if_not_asked_for),
		cmocka_unit_test(without_a_cell_the_flow_stays_slow),
		cmocka_unit_test(bad_blocks_are_refused),
	};
	const char *env = getenv("NFOLD_SEED");

	seed = env ? strtoull(env, NULL, 0) : (uint64_t)time(NULL);
	printf("# NFOLD_SEED=%llu\n", (unsigned long long)seed);
	nf_random_fixed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
