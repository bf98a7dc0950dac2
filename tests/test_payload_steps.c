// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* State functions of both tiers in one direction: each at its place in the chain
 * (docs/FOLD.md, N43). The letters are mix_nf.h's; a limit is 3.
 */
#include "tests/payload_chain.h"

/* Drops by a function are FIREWALL_DENY, by a step POLICED. */
static uint64_t denied(void)
{
	return counted(NFOLD_REASON_FIREWALL_DENY);
}

static uint64_t policed(void)
{
	return counted(NFOLD_REASON_POLICED);
}

static uint8_t dscp_of(void)
{
	return box.buf[15] >> 2;
}

static void drops(const struct pkt *f)
{
	assert_int_equal(pass(f, 0), ENGINE_DROP);
	assert_false(box.pkt.walked);
}

static void class_is(bool payload)
{
	struct flow_entry fe;

	assert_true(only_entry(&fe, NULL));
	assert_int_not_equal(fe.act.steps, 0);
	assert_int_equal(fe.act.verdict, payload ? NFOLD_VERDICT_SLOW :
						   NFOLD_VERDICT_FORWARD);
	assert_int_equal(fe.act.reason,
			 payload ? NFOLD_REASON_STATE_FUNCTION : 0);
}

/* Before: dropped packets have taken tokens. Behind: they have not. */
static void bucket_before_and_behind_a_function_that_drops(void **state)
{
	struct pkt f = good(4000), b = bad(4000);

	(void)state;
	start("b R", true);
	passes(&f, WALK);
	class_is(true);
	drops(&b);
	drops(&b);
	drops(&f);
	assert_int_equal(denied(), 2);
	assert_int_equal(policed(), 1);
	assert_int_equal(total_of(1, 0)->calls, 3);
	clean(NULL);
	start("R b", true);
	passes(&f, WALK);
	drops(&b);
	drops(&b);
	passes(&f, ENTRY);
	passes(&f, ENTRY);
	drops(&f);
	assert_int_equal(denied(), 2);
	assert_int_equal(policed(), 1);
	assert_int_equal(total_of(0, 0)->calls, 6);
}

/* A bucket that drops stands between two readers: the first sees the packet, the
 * second does not; nor does a count behind it. */
static void step_that_drops_is_a_barrier(void **state)
{
	struct pkt f = good(4000);

	(void)state;
	start("r b r c", true);
	for (int n = 0; n < 6; n++)
		assert_int_equal(pass(&f, 0), n < 3 ? ENGINE_TX : ENGINE_DROP);
	assert_int_equal(box.pkt.drop_nf, 2);
	assert_int_equal(total_of(0, 0)->calls, 6);
	assert_int_equal(total_of(2, 0)->calls, 3);
	assert_int_equal(total_of(3, 0)->packets, 3);
	assert_int_equal(total_of(1, 0)->fires, 3);
}

/* Number 3 is dropped by a function. Where the function stands behind the
 * threshold, it was counted, and number 4 is the first that is marked, by an
 * event; where it stands before, number 5 is. */
static void event_beside_a_function_that_drops(void **state)
{
	static const char *const chains[] = { "u R", "R u" };

	(void)state;
	for (int c = 0; c < 2; c++) {
		struct pkt f = good(4000), b = bad(4000);

		start(chains[c], true);
		passes(&f, WALK);
		passes(&f, ENTRY);
		drops(&b);
		for (int n = 4; n < 8; n++) {
			passes(&f, n == 4 + c ? WALK : ENTRY);
			assert_int_equal(dscp_of(), n < 4 + c ? 0 : 46);
		}
		class_is(true);
		assert_int_equal(total_of(!c, 0)->calls, 7);
		assert_int_equal(total_of(c, 0)->word, 7 - c);
		clean(NULL);
	}
	start("u R", true);
}

/* The packet that meets the condition is dropped by a function behind it, which
 * the suffix calls: once. The next walks, for the records end there. */
static void event_on_a_packet_that_a_function_drops(void **state)
{
	struct pkt f = good(4000), b = bad(4000);

	(void)state;
	start("r u R", true);
	for (int n = 0; n < 3; n++)
		passes(&f, n ? ENTRY : WALK);
	assert_int_equal(pass(&b, 0), ENGINE_DROP);
	assert_true(box.pkt.walked);
	assert_int_equal(denied(), 1);
	for (int n = 0; n < 3; n++) {
		passes(&f, n ? ENTRY : WALK);
		assert_int_equal(dscp_of(), 46);
	}
	assert_int_equal(total_of(0, 0)->calls, 7);
	assert_int_equal(total_of(1, 0)->word, 7);
	assert_int_equal(total_of(2, 0)->calls, 7);
}

/* No way out for the packet that meets the condition: nothing is folded, and the
 * entry from before does not stay, for its counts are not the new records'. */
static void event_on_a_packet_without_a_route(void **state)
{
	struct pkt f = good(4000);
	struct flow_entry fe;

	(void)state;
	start("r u c", true);
	for (int n = 0; n < 3; n++)
		passes(&f, n ? ENTRY : WALK);
	box.route = ROUTE_NONE;
	assert_int_equal(pass(&f, 0), ENGINE_DROP);
	assert_int_equal(counted(NFOLD_REASON_NO_ROUTE), 1);
	assert_true(only_entry(&fe, NULL));
	assert_int_not_equal(fe.act.generation, box.ctl.generation);
	box.route = ROUTE_OK;
	for (int n = 0; n < 3; n++) {
		passes(&f, n ? ENTRY : WALK);
		assert_int_equal(dscp_of(), 46);
	}
	assert_int_equal(total_of(2, 0)->packets, 7);
	assert_int_equal(total_of(1, 0)->word, 7);
}

/* The event of an NF is on a function behind others of its own: they have seen
 * the packet, and do not see it again in the walk. */
static void event_behind_the_nfs_own_functions(void **state)
{
	static const char *const chains[] = { "r wiu r", "x wru w", "cw cru c" };

	(void)state;
	for (int c = 0; c < 3; c++) {
		struct pkt f = good(4000);

		start(chains[c], true);
		for (int n = 0; n < 6; n++) {
			passes(&f, n == 0 || n == 3 ? WALK : ENTRY);
			assert_int_equal(dscp_of(), n < 3 ? 0 : 46);
		}
		class_is(true);
		engine_flush(box.e, NULL, 0);
		for (int n = 0; n < 3; n++)
			for (int i = 0; i < mixes[n].cnt; i++) {
				const struct mix_total *t = &mixes[n].totals[i];
				char what = mixes[n].ops[i].what;

				if (what == 'u')
					assert_int_equal(t->word, 6);
				else if (what == 'c')
					assert_int_equal(t->packets, 6);
				else if (what != 'x')
					assert_int_equal(t->calls, 6);
			}
		clean(NULL);
	}
	start("r u", true);
}

/* Such an NF that edits before it writes can not be walked anew. */
static void event_behind_the_nfs_own_edit_and_writer_is_slow(void **state)
{
	struct pkt f = good(4000);
	struct flow_entry fe;

	(void)state;
	start("xwu", true);
	passes(&f, WALK);
	passes(&f, WALK);
	assert_true(only_entry(&fe, NULL));
	assert_int_equal(fe.act.reason, NFOLD_REASON_EVENT);
	clean(NULL);
	start("x wu", true);
	passes(&f, WALK);
	passes(&f, ENTRY);
	clean(NULL);
	start("xwt", true);
	passes(&f, WALK);
	passes(&f, ENTRY);
}

/* A count of the NF whose event fires, behind another event, has a step: it
 * counts the packet once, though the NF is walked. Both classes. */
static void count_of_the_nf_that_is_walked_anew(void **state)
{
	static const char *const chains[] = { "t cu c", "t rcu c" };

	(void)state;
	for (int c = 0; c < 2; c++) {
		struct pkt f = good(4000);

		start(chains[c], true);
		mixes[0].ops[0].limit = 100;
		for (int n = 0; n < 6; n++)
			passes(&f, n == 0 || n == 3 ? WALK : ENTRY);
		assert_int_equal(total_of(1, c)->packets, 6);
		assert_int_equal(total_of(1, c)->bytes, 6 * box.len);
		assert_int_equal(total_of(2, 0)->packets, 6);
		clean(NULL);
	}
	start("r u", true);
}

/* The entry goes to the kernel with its steps. */
static void settled_with_steps(void **state)
{
	struct pkt f = good(4000);

	(void)state;
	start("s b c", true);
	for (int n = 0; n < 3; n++) {
		passes(&f, n ? ENTRY : WALK);
		class_is(n < 2);
	}
	drops(&f);
	assert_int_equal(policed(), 1);
	assert_int_equal(total_of(0, 0)->calls, 3);
	assert_int_equal(total_of(2, 0)->packets, 3);
}

/* It settles on the packet that a step behind it drops. */
static void settled_by_a_packet_that_a_step_drops(void **state)
{
	struct pkt f = good(4000);

	(void)state;
	start("s b", true);
	mixes[1].ops[0].limit = 2;
	passes(&f, WALK);
	passes(&f, ENTRY);
	class_is(true);
	drops(&f);
	class_is(false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE("N43 a bucket before and behind a function that drops",
		     bucket_before_and_behind_a_function_that_drops),
		CASE("N43 a step that drops is a barrier",
		     step_that_drops_is_a_barrier),
		CASE("N43 an event beside a function that drops",
		     event_beside_a_function_that_drops),
		CASE("N43 an event on a packet that a function drops",
		     event_on_a_packet_that_a_function_drops),
		CASE("N25 an event on a packet without a route",
		     event_on_a_packet_without_a_route),
		CASE("N43 an event behind the NF's own functions",
		     event_behind_the_nfs_own_functions),
		CASE("N43 an event behind the NF's own edit and writer is slow",
		     event_behind_the_nfs_own_edit_and_writer_is_slow),
		CASE("N25 a count of the NF that is walked anew",
		     count_of_the_nf_that_is_walked_anew),
		CASE("N43 a settled flow goes to the kernel with its steps",
		     settled_with_steps),
		CASE("N43 it settles on a packet that a step drops",
		     settled_by_a_packet_that_a_step_drops),
	};

	return cmocka_run_group_tests_name("payload steps", tests, NULL, NULL);
}
