// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* engine_explain(): what the engine knows of a flow, read without a change. */
#include "tests/engine_box.h"

static json_t *explained(const struct pkt *f, uint32_t port)
{
	uint8_t frame[PKT_MAX];

	return engine_explain(box.e, frame, pkt_build(f, frame), port);
}

static const char *word(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static const json_t *nth(const json_t *o, const char *list, size_t n)
{
	const json_t *e = json_array_get(json_object_get(o, list), n);

	assert_non_null(e);
	return e;
}

static void a_flow_that_is_not_known_has_nothing_to_explain(void **state)
{
	struct pkt f = request(IPPROTO_TCP, 4000);

	(void)state;
	assert_null(explained(&f, 0));
	f.src[0] = 127;
	assert_null(explained(&f, 0));
}

static void records_and_fold_of_a_rewritten_flow(void **state)
{
	struct pkt f = request(IPPROTO_TCP, 4000);
	const json_t *nf, *field;
	json_t *x;

	(void)state;
	pass(&f, 0);
	x = explained(&f, 0);
	assert_string_equal(word(x, "direction"), "original");
	nf = nth(x, "nfs", 0);
	assert_string_equal(word(nf, "nf"), "rewrite");
	assert_string_equal(word(nth(nf, "actions", 0), "field"), "daddr");
	assert_string_equal(word(nth(nf, "actions", 0), "value"), "10.1.0.9");
	assert_string_equal(word(nth(nf, "actions", 1), "field"), "dport");
	nf = nth(x, "nfs", 1);
	assert_string_equal(
		json_string_value(nth(nf, "functions", 0)), "count");
	assert_true(json_is_null(json_object_get(x, "why_slow")));
	assert_string_equal(word(json_object_get(x, "action"), "verdict"),
			    "forward");
	field = nth(x, "fields", 0);
	assert_string_equal(word(field, "was"), "198.51.100.80");
	assert_string_equal(word(field, "becomes"), "10.1.0.9");
	assert_string_equal(word(field, "writer"), "rewrite");
	assert_false(json_is_true(json_object_get(field, "cancelled")));
	json_decref(x);
}

static void explaining_changes_nothing(void **state)
{
	struct pkt f = request(IPPROTO_TCP, 4000);
	json_t *a, *b;

	(void)state;
	pass(&f, 0);
	a = explained(&f, 0);
	b = explained(&f, 0);
	assert_true(json_equal(a, b));
	assert_int_equal(engine_sessions(box.e), 1);
	json_decref(a);
	json_decref(b);
}

static void a_drop_cancels_the_writes_and_names_its_nf(void **state)
{
	struct pkt f = request(IPPROTO_TCP, 4000);
	const json_t *action;
	json_t *x;

	(void)state;
	nfs_state.drop = nfs_state.drop_recorded = true;
	pass(&f, 0);
	assert_int_equal(box.pkt.drop_nf, 3);
	assert_true(box.pkt.walked);
	x = explained(&f, 0);
	action = json_object_get(x, "action");
	assert_string_equal(word(action, "verdict"), "drop");
	assert_string_equal(word(action, "reason"), "firewall-deny");
	assert_string_equal(word(action, "drop_nf"), "gate");
	assert_true(json_is_true(
		json_object_get(nth(x, "fields", 0), "cancelled")));
	json_decref(x);
	/* The next one meets the entry: dropped by the same NF, no walk. */
	pass(&f, 0);
	assert_int_equal(box.pkt.drop_nf, 3);
	assert_false(box.pkt.walked);
}

/* Backwards: the gate comes first, and who is behind it saw nothing. */
static void nfs_behind_a_drop_did_not_run(void **state)
{
	struct pkt f = request(IPPROTO_TCP, 4000);
	json_t *x;

	(void)state;
	nfs_state.drop = nfs_state.drop_recorded = true;
	pass(&f, 1);
	x = explained(&f, 1);
	assert_string_equal(word(nth(x, "nfs", 0), "nf"), "gate");
	assert_true(json_is_true(json_object_get(nth(x, "nfs", 0), "ran")));
	assert_string_equal(word(nth(x, "nfs", 1), "nf"), "count");
	assert_false(json_is_true(json_object_get(nth(x, "nfs", 1), "ran")));
	json_decref(x);
}

static void a_slow_flow_says_why_and_who(void **state)
{
	struct pkt f = request(IPPROTO_TCP, 4000);
	json_t *x;

	(void)state;
	nfs_state.keep_slow = true;
	pass(&f, 0);
	x = explained(&f, 0);
	assert_string_equal(word(x, "why_slow"), "per-packet-match");
	assert_string_equal(word(x, "slow_nf"), "count");
	assert_true(json_is_null(json_object_get(x, "action")));
	json_decref(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_flow_that_is_not_known_has_nothing_to_explain),
		TEST(records_and_fold_of_a_rewritten_flow),
		TEST(explaining_changes_nothing),
		TEST(a_drop_cancels_the_writes_and_names_its_nf),
		TEST(nfs_behind_a_drop_did_not_run),
		TEST(a_slow_flow_says_why_and_who),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
