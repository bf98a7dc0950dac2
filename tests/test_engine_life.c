// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sessions in the engine: full tables, expiry, TCP's end, clashing keys. */
#include "tests/engine_box.h"

static void full_table_keeps_flows_slow_or_refuses_them(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 1);
	int slow = 0;

	(void)state;
	for (int i = 0; i < 120; i++, f.sport++)
		slow += pass(&f, 0) == ENGINE_TX;
	assert_int_equal(slow, 120);
	assert_true(counted(NFOLD_REASON_TABLE_FULL) > 0);
	box.chain.onfull_drop = true;
	for (int i = 0; i < 100; i++, f.sport++)
		pass(&f, 0);
	assert_true(counted(NFOLD_REASON_TABLE_FULL_DROP) > 0);
	f = request(IPPROTO_UDP, 1);
	assert_int_equal(pass(&f, 0), ENGINE_TX);
}

static void idle_udp_session_expires(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);

	(void)state;
	pass(&f, 0);
	idle(290 * NF_SEC);
	assert_int_equal(engine_sessions(box.e), 1);
	idle(20 * NF_SEC);
	assert_int_equal(engine_sessions(box.e), 0);
	assert_int_equal(nfs_state.expired, 1);
	assert_int_equal(flow_table_live(box.tables[0]), 0);
}

static void tcp(uint8_t flags, bool back)
{
	struct pkt f = back ? answer(IPPROTO_TCP, 4000) :
				request(IPPROTO_TCP, 4000);

	f.flags = flags;
	assert_int_equal(pass(&f, back), ENGINE_TX);
}

static void tcp_establish(void)
{
	tcp(TCP_SYN, false);
	tcp(TCP_SYN | TCP_ACK, true);
	tcp(TCP_ACK, false);
}

static void unanswered_syn_expires_in_the_transitory_time(void **state)
{
	(void)state;
	tcp(TCP_SYN, false);
	idle(250 * NF_SEC);
	assert_int_equal(engine_sessions(box.e), 0);
}

static void half_closed_connection_is_kept(void **state)
{
	(void)state;
	tcp_establish();
	tcp(TCP_FIN, false);
	idle(7000 * NF_SEC);
	assert_int_equal(engine_sessions(box.e), 1);
	tcp(TCP_FIN, true);
	idle(250 * NF_SEC);
	assert_int_equal(engine_sessions(box.e), 0);
}

static void reset_connection_lingers(void **state)
{
	(void)state;
	tcp_establish();
	tcp(TCP_RST, true);
	idle(200 * NF_SEC);
	assert_int_equal(engine_sessions(box.e), 1);
	idle(60 * NF_SEC);
	assert_int_equal(engine_sessions(box.e), 0);
}

static void syn_opens_a_closed_connection_anew(void **state)
{
	(void)state;
	tcp_establish();
	tcp(TCP_SYN, false);
	assert_int_equal(nfs_state.expired, 0);
	tcp(TCP_FIN, false);
	tcp(TCP_FIN, true);
	tcp(TCP_SYN, false);
	assert_int_equal(nfs_state.expired, 1);
	assert_int_equal(engine_sessions(box.e), 1);
}

static void session_whose_replies_clash_is_refused(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000), direct = f;

	(void)state;
	pass(&f, 0);
	set_addr(direct.dst, "10.1.0.9");
	direct.dport = 8080;
	assert_int_equal(pass(&direct, 0), ENGINE_DROP);
	assert_int_equal(counted(NFOLD_REASON_CLASH), 1);
	assert_int_equal(engine_sessions(box.e), 1);
}

/* From outside, to the tuple that answers to a later session will have. */
static void dropped_session_does_not_block_a_key(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	struct pkt forged = answer(IPPROTO_UDP, 4000);

	(void)state;
	nfs_state.drop = nfs_state.drop_recorded = true;
	assert_int_equal(pass(&forged, 1), ENGINE_DROP);
	assert_int_equal(engine_sessions(box.e), 1);
	nfs_state.drop = false;
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	assert_int_equal(engine_sessions(box.e), 1);
	assert_int_equal(pass(&forged, 1), ENGINE_TX);
}

static void unfolded_engine_installs_nothing(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	struct flow_entry fe;

	teardown(state);
	memset(&box, 0, sizeof(box));
	box_start(false, 64);
	pass(&f, 0);
	pass(&f, 0);
	assert_false(only_entry(&fe, NULL));
	assert_string_equal(nfs_state.order, "rcgrcg");
	assert_int_equal(total.packets, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(full_table_keeps_flows_slow_or_refuses_them),
		TEST(idle_udp_session_expires),
		TEST(unanswered_syn_expires_in_the_transitory_time),
		TEST(half_closed_connection_is_kept),
		TEST(reset_connection_lingers),
		TEST(syn_opens_a_closed_connection_anew),
		TEST(session_whose_replies_clash_is_refused),
		TEST(dropped_session_does_not_block_a_key),
		TEST(unfolded_engine_installs_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
