/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* policer and dos: what they drop, what they record, whose cells they share,
 * and that they give them back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/nf_fake.h"

extern const struct nf_ops policer_ops, dos_ops;

static struct nf_pkt packet(void *session, const char *saddr, uint16_t sport)
{
	struct nf_pkt pkt = fake_pkt(session, IPPROTO_TCP, saddr, sport,
				     "192.0.2.1", 80);

	pkt.tcp_flags = NFOLD_TCP_SYN;
	pkt.len = 1000;
	return pkt;
}

static int passed(struct nf *nf, struct nf_pkt pkt, int packets)
{
	int n = 0;

	for (int i = 0; i < packets; i++)
		n += fake_run(nf, &pkt) == NF_FORWARD;
	return n;
}

static void ends(struct nf *nf, void *session)
{
	nf->ops->expire(nf, session, fake_now);
	free(session);
}

static void a_flow_has_a_bucket_of_its_own(void **state)
{
	struct nf *nf = fake_nf(&policer_ops, "rate 10pps; burst 1s;");
	void *a = fake_session(nf), *b = fake_session(nf);

	(void)state;
	assert_int_equal(passed(nf, packet(a, "10.0.0.1", 1), 30), 10);
	assert_int_equal(passed(nf, packet(b, "10.0.0.1", 2), 30), 10);
	fake_now += NF_SEC / 2;
	assert_int_equal(passed(nf, packet(a, "10.0.0.1", 1), 30), 5);
	ends(nf, a);
	ends(nf, b);
	assert_int_equal(fake_cells, 0);
	fake_nf_free(nf);
}

static void hosts_share_and_directions_do_not(void **state)
{
	struct nf *nf = fake_nf(&policer_ops,
				"rate 80kbit; burst 1s; per host;");
	void *a = fake_session(nf), *b = fake_session(nf);
	struct nf_pkt pkt = packet(a, "10.0.0.1", 1), reply;

	(void)state;
	/* 10,000 bytes a second; but a long frame fits always. */
	assert_int_equal(passed(nf, pkt, 30), 10);
	assert_int_equal(passed(nf, packet(b, "10.0.0.1", 2), 30), 0);
	reply = fake_reply(&pkt);
	assert_int_equal(passed(nf, reply, 30), 10);
	ends(nf, a);
	ends(nf, b);
	/* Kept for a while: a new flow does not wash it clean. */
	assert_int_equal(fake_cells, 2);
	a = fake_session(nf);
	assert_int_equal(passed(nf, packet(a, "10.0.0.1", 3), 30), 0);
	ends(nf, a);
	fake_now += 11 * NF_SEC;
	nf->ops->tick(nf, fake_now);
	assert_int_equal(fake_cells, 0);
	fake_nf_free(nf);
}

static void a_prefix_shares(void **state)
{
	struct nf *nf = fake_nf(&policer_ops,
				"rate 10pps; burst 1s; per prefix 24 48;");
	void *s[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		s[i] = fake_session(nf);
	assert_int_equal(passed(nf, packet(s[0], "10.0.0.1", 1), 30), 10);
	assert_int_equal(passed(nf, packet(s[1], "10.0.0.200", 1), 30), 0);
	assert_int_equal(passed(nf, packet(s[2], "2001:db8::1", 1), 30), 10);
	assert_int_equal(passed(nf, packet(s[3], "2001:db8:0:9::1", 1), 30),
			 0);
	for (int i = 0; i < 4; i++)
		ends(nf, s[i]);
	nf->ops->tick(nf, fake_now + 11 * NF_SEC);
	fake_nf_free(nf);
	assert_int_equal(fake_cells, 0);
}

static void the_drop_is_an_event_on_the_bucket(void **state)
{
	struct nf *nf = fake_nf(&policer_ops, "rate 1pps;");
	void *s = fake_session(nf);
	struct nf_pkt pkt = packet(s, "10.0.0.1", 1);

	(void)state;
	assert_int_equal(fake_run(nf, &pkt), NF_FORWARD);
	assert_int_equal(fake_run(nf, &pkt), NF_DROP);
	assert_int_equal(pkt.drop_reason, NFOLD_REASON_POLICED);
	/* Recorded are function and event, not the drop of this packet. */
	assert_int_equal(fake.cnt, 2);
	assert_int_equal(fake.records[0].sf->kernel, NFOLD_FN_BUCKET);
	assert_true(fake.records[1].is_event);
	assert_int_equal(fake.records[1].ha.kind, HA_DROP);
	assert_ptr_equal(fake.records[1].arg, fake.records[0].arg);
	ends(nf, s);
	fake_nf_free(nf);
}

static void without_a_cell_new_flows_are_dropped(void **state)
{
	struct nf *policer = fake_nf(&policer_ops, "rate 1pps;");
	struct nf *dos = fake_nf(&dos_ops, "syn-threshold 5;");
	void *s = fake_session(policer), *t = fake_session(dos);

	(void)state;
	fake_cells_max = 0;
	assert_int_equal(passed(policer, packet(s, "10.0.0.1", 1), 1), 0);
	assert_int_equal(passed(dos, packet(t, "10.0.0.1", 1), 1), 0);
	fake_cells_max = 1 << 20;
	ends(policer, s);
	ends(dos, t);
	fake_nf_free(policer);
	fake_nf_free(dos);
}

static void the_101st_syn_of_a_flow_is_dropped(void **state)
{
	struct nf *nf = fake_nf(&dos_ops, "syn-threshold 100;");
	void *a = fake_session(nf), *b = fake_session(nf);
	struct nf_pkt pkt = packet(a, "10.0.0.1", 1), reply;

	(void)state;
	assert_int_equal(passed(nf, pkt, 100), 100);
	assert_int_equal(fake_run(nf, &pkt), NF_DROP);
	assert_int_equal(pkt.drop_reason, NFOLD_REASON_SYN_FLOOD);
	reply = fake_reply(&pkt);
	assert_int_equal(fake_run(nf, &reply), NF_FORWARD);
	assert_int_equal(passed(nf, packet(b, "10.0.0.1", 2), 100), 100);
	ends(nf, a);
	ends(nf, b);
	assert_int_equal(fake_cells, 0);
	fake_nf_free(nf);
}

static void a_source_is_dropped_until_the_window_ends(void **state)
{
	struct nf *nf = fake_nf(&dos_ops, "source-rate 20; window 100ms;");
	void *a = fake_session(nf), *b = fake_session(nf);

	(void)state;
	fake_now = 5000 * NF_SEC;
	assert_int_equal(passed(nf, packet(a, "10.0.0.1", 1), 15), 15);
	assert_int_equal(passed(nf, packet(b, "10.0.0.1", 2), 15), 5);
	assert_int_equal(passed(nf, packet(a, "10.0.0.1", 1), 15), 0);
	fake_now += NF_SEC / 10;
	assert_int_equal(passed(nf, packet(a, "10.0.0.1", 1), 30), 20);
	ends(nf, a);
	ends(nf, b);
	fake_nf_free(nf);
}

static void bad_blocks_are_refused(void **state)
{
	(void)state;
	fake_refused(&policer_ops, "", "needs a rate");
	fake_refused(&policer_ops, "rate 10;", "10mbit or 1000pps");
	fake_refused(&policer_ops, "rate 0pps;", "out of range");
	fake_refused(&policer_ops, "rate 1bit;", "out of range");
	fake_refused(&policer_ops, "rate 1pps; per prefix;", "needs one");
	fake_refused(&policer_ops, "rate 1pps; per host 3;", "only prefix");
	fake_refused(&policer_ops, "rate 1pps; per prefix 33;", "33");
	fake_refused(&policer_ops, "rate 1pps; rate 2pps;", "twice");
	fake_refused(&policer_ops, "rate 1pps; color blue;", "color");
	fake_refused(&dos_ops, "", "needs a threshold");
	fake_refused(&dos_ops, "window 1s;", "needs a threshold");
	fake_refused(&dos_ops, "source-rate 5; window 1us;", "out of range");
	fake_refused(&dos_ops, "syn-threshold 0;", "0");
	fake_refused(&dos_ops, "syn 5;", "syn-threshold");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flow_has_a_bucket_of_its_own),
		cmocka_unit_test(hosts_share_and_directions_do_not),
		cmocka_unit_test(a_prefix_shares),
		cmocka_unit_test(the_drop_is_an_event_on_the_bucket),
		cmocka_unit_test(without_a_cell_new_flows_are_dropped),
		cmocka_unit_test(the_101st_syn_of_a_flow_is_dropped),
		cmocka_unit_test(a_source_is_dropped_until_the_window_ends),
		cmocka_unit_test(bad_blocks_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
