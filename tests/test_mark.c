// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* mark: which DSCP, from which rule, and that it is recorded. The bits
 * themselves are tests/test_actions.c's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/nf_fake.h"
#include "tests/pkt.h"

extern const struct nf_ops mark_ops;

static uint8_t bytes[256];

/* A TCP packet from 10.0.0.1:4000, with bytes. */
static struct nf_pkt packet(uint16_t dport)
{
	struct nf_pkt pkt = fake_pkt(NULL, IPPROTO_TCP, "10.0.0.1", 4000,
				     "192.0.2.1", dport);

	memset(bytes, 0, sizeof(bytes));
	bytes[14] = 0x45;
	bytes[15] = 0x03;	/* ECN */
	pkt.data = bytes;
	return pkt;
}

static void is_marked(struct nf *nf, uint16_t dport, int dscp)
{
	struct nf_pkt pkt = packet(dport);

	assert_int_equal(fake_run(nf, &pkt), NF_FORWARD);
	assert_int_equal(fake.cnt, dscp >= 0);
	assert_int_equal(bytes[15], dscp >= 0 ? dscp << 2 | 3 : 3);
	if (dscp < 0)
		return;
	assert_int_equal(fake.records[0].ha.kind, HA_DSCP);
	assert_int_equal(fake.records[0].ha.value, dscp);
}

static void first_rule_that_matches_decides(void **state)
{
	struct nf *nf = fake_nf(&mark_ops,
				"rule \"tcp dst port 22\" dscp af21;"
				"rule \"tcp dst portrange 20-30\" dscp 9;"
				"default dscp cs1;");

	(void)state;
	is_marked(nf, 22, 18);
	is_marked(nf, 23, 9);
	is_marked(nf, 80, 8);
	fake_nf_free(nf);
}

static void without_default_the_rest_is_left_alone(void **state)
{
	struct nf *nf = fake_nf(&mark_ops, "rule \"udp\" dscp ef;");

	(void)state;
	is_marked(nf, 22, -1);
	fake_nf_free(nf);
}

static void sessions_are_counted_by_their_first_packet(void **state)
{
	struct nf *nf = fake_nf(&mark_ops, "rule \"tcp dst port 22\" dscp 0;");
	struct nf_pkt pkt = packet(22);
	json_t *show;

	(void)state;
	fake_run(nf, &pkt);
	pkt.opening = false;
	fake_run(nf, &pkt);
	pkt = packet(80);
	fake_run(nf, &pkt);
	show = mark_ops.show(nf);
	assert_int_equal(fake_number(show, "rules/0/sessions"), 1);
	assert_int_equal(fake_number(show, "default_sessions"), 1);
	json_decref(show);
	fake_nf_free(nf);
}

static void mistakes_are_named(void **state)
{
	(void)state;
	fake_refused(&mark_ops, "rule \"tcp\" dscp 64;", "too large");
	fake_refused(&mark_ops, "rule \"tcp\" dscp af24;", "no DSCP");
	fake_refused(&mark_ops, "rule \"tcp\" tos 3;", "dscp");
	fake_refused(&mark_ops, "rule \"tcp\";", "EXPRESSION");
	fake_refused(&mark_ops, "rule \"nonsense\" dscp 1;", "nonsense");
	fake_refused(&mark_ops, "rule \"greater 100\" dscp 1;", "length");
	fake_refused(&mark_ops, "default dscp 1; default dscp 2;", "twice");
	fake_refused(&mark_ops, "rul \"tcp\" dscp 1;", "rule");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_rule_that_matches_decides),
		cmocka_unit_test(without_default_the_rest_is_left_alone),
		cmocka_unit_test(sessions_are_counted_by_their_first_packet),
		cmocka_unit_test(mistakes_are_named),
	};

	return cmocka_run_group_tests_name("mark", tests, NULL, NULL);
}
