/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Health: from checks to up and down; targets in messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>

#include "userspace/damp.h"
#include "userspace/target_json.h"

#define MS (NF_SEC / 1000)

static const struct nf_check check = { .rise = 2, .fall = 3,
				       .interval = 100 * MS,
				       .timeout = 50 * MS, .hold = NF_SEC };
static uint64_t now;
static struct damp d;

/* 100 ms a letter: + good, - bad; true: the last one changed it. */
static bool run(const char *results)
{
	bool changed = false;

	for (; *results; results++) {
		assert_false(changed);
		now += 100 * MS;
		changed = damp_result(&d, &check, *results == '+', now);
	}
	return changed;
}

static int begin_up(void **state)
{
	(void)state;
	now = 1000 * NF_SEC;
	damp_init(&d, &check, true, now);
	return 0;
}

static void it_takes_fall_in_a_row_to_go_down(void **state)
{
	(void)state;
	assert_false(run("--+--+-+--+"));
	assert_true(d.up);
	assert_true(run("---"));
	assert_false(d.up);
	assert_false(run("-------"));
}

static void it_takes_rise_in_a_row_to_come_up(void **state)
{
	(void)state;
	run("---");
	assert_false(run("----------+-+-+-+-+-"));
	assert_true(run("++"));
	assert_true(d.up);
}

static void it_stays_down_for_the_hold_time(void **state)
{
	(void)state;
	run("---");
	assert_false(run("+++++++++"));		/* 900 ms */
	assert_true(run("+"));
}

/* ns from this fall until it is up again, all checks being good. */
static uint64_t down_time(void)
{
	uint64_t fell = now;

	assert_false(d.up);
	for (int i = 0; i < 2000; i++)
		if (run("+"))
			return now - fell;
	fail_msg("it never comes up");
	return 0;
}

static void what_flaps_is_held_down_ever_longer(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++) {
		uint64_t want = NF_SEC << (i < 6 ? i : 6);

		assert_true(run("---"));
		assert_int_equal(down_time(), want);
		assert_false(run("++++"));	/* up, but not for long */
	}
	/* at least ten times the last hold time up: forgiven */
	now += 10 * 64 * NF_SEC;
	assert_true(run("---"));
	assert_int_equal(down_time(), NF_SEC);
}

/* Ten times a second: RELIABILITY's flap. */
static void a_flapping_target_changes_seldom(void **state)
{
	int changes = 0;

	(void)state;
	for (int i = 0; i < 600; i++) {		/* a minute */
		now += 100 * MS;
		changes += damp_result(&d, &check, i / 5 % 2, now);
	}
	assert_in_range(changes, 2, 14);
}

static void one_that_begins_down_may_come_up_after_the_hold_time(void **state)
{
	(void)state;
	damp_init(&d, &check, false, now);
	assert_int_equal(down_time(), NF_SEC);
}

/* --- messages --- */

static struct nf_target whole(void)
{
	struct nf_target t = {
		.id = 77, .family = 6, .up = true, .port = 8080,
		.name = "web [2001:db8::1]:80",
		.check = { .kind = NF_CHECK_HTTP, .rise = 2, .fall = 3,
			   .status_first = 200, .status_last = 399,
			   .interval = NF_SEC, .timeout = NF_SEC / 2,
			   .hold = NF_SEC, .path = "/a?b=%20c",
			   .host = "www.example.org" },
	};

	inet_pton(AF_INET6, "2001:db8::1", &t.addr);
	return t;
}

static void a_target_survives_its_message(void **state)
{
	struct nf_target t = whole(), back;
	json_t *o;

	(void)state;
	for (int family = 4; family <= 6; family += 2) {
		t.family = family;
		if (family == 4) {
			memset(&t.addr, 0, sizeof(t.addr));
			t.addr.a[0] = inet_addr("10.0.0.1");
		} else {
			t = whole();
		}
		o = target_to_json(&t);
		assert_true(target_from_json(&back, o));
		assert_memory_equal(&back, &t, sizeof(t));
		json_decref(o);
	}
}

static void a_target_that_is_out_of_bounds_is_refused(void **state)
{
	static const struct {
		const char *key, *value;
	} bad[] = {
		{ "id", "-1" }, { "id", "4294967296" }, { "id", "\"a\"" },
		{ "family", "5" }, { "family", "10" }, { "port", "0" },
		{ "port", "65536" }, { "addr", "\"localhost\"" },
		{ "addr", "7" }, { "addr", "\"10.0.0.1\"" },
		{ "kind", "2" }, { "kind", "-1" }, { "status_last", "600" },
		{ "interval", "1" }, { "timeout", "2000000000" },
		{ "timeout", "0" }, { "hold", "-1" }, { "rise", "0" },
		{ "fall", "101" }, { "path", "\"a\"" }, { "path", "7" },
		{ "path", "\"/a b\"" }, { "path", "\"/a\\r\\nX: y\"" },
		{ "host", "\"a\\r\\nb\"" }, { "host", "null" },
		{ "name", "\"\\u001b[2J\"" },
	};
	struct nf_target t = whole(), back;
	char path[300];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		json_t *o = target_to_json(&t);

		json_object_set_new(o, bad[i].key,
				    json_loads(bad[i].value, JSON_DECODE_ANY,
					       NULL));
		if (target_from_json(&back, o))
			fail_msg("%s %s is taken", bad[i].key, bad[i].value);
		json_object_del(o, bad[i].key);
		if (target_from_json(&back, o))
			fail_msg("taken without %s", bad[i].key);
		memset(path, 'x', sizeof(path) - 1);
		path[0] = '/';
		path[sizeof(path) - 1] = '\0';
		json_object_set_new(o, "path", json_string(path));
		assert_false(target_from_json(&back, o));
		json_decref(o);
	}
}

#define TEST(t) cmocka_unit_test_setup(t, begin_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_takes_fall_in_a_row_to_go_down),
		TEST(it_takes_rise_in_a_row_to_come_up),
		TEST(it_stays_down_for_the_hold_time),
		TEST(what_flaps_is_held_down_ever_longer),
		TEST(a_flapping_target_changes_seldom),
		TEST(one_that_begins_down_may_come_up_after_the_hold_time),
		TEST(a_target_survives_its_message),
		TEST(a_target_that_is_out_of_bounds_is_refused),
	};

	return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
