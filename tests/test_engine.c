// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The way of a packet through the engine: walk, fold, hand-over, drops. */
#include "tests/engine_box.h"

static void first_packet_walks_is_rewritten_and_is_folded(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000), want = f;
	uint8_t bytes[PKT_MAX];
	struct flow_entry fe;
	uint32_t len;

	(void)state;
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	set_addr(want.dst, "10.1.0.9");
	want.dport = 8080;
	want.ttl--;
	want.dmac[5] = 0x11;
	want.smac[5] = 2;
	len = pkt_build(&want, bytes);
	assert_int_equal(box.pkt.out, 1);
	assert_int_equal(box.len, len);
	assert_memory_equal(box.buf, bytes, len);
	assert_string_equal(nfs_state.order, "rcg");
	assert_true(only_entry(&fe, NULL));
	assert_int_equal(fe.set.daddr[0], inet_addr("10.1.0.9"));
	assert_int_equal(fe.writer[NFOLD_FIELD_DADDR], 1);
	assert_int_equal(fe.writer[NFOLD_FIELD_SADDR], 0);
	assert_int_equal(box.pkt.outcome, NFOLD_REASON_SLOW_WALK);
}

static void entry_does_in_user_space_what_the_walk_did(void **state)
{
	struct pkt f = request(IPPROTO_TCP, 4000);
	uint8_t walked[PKT_MAX];

	(void)state;
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	memcpy(walked, box.buf, box.len);
	assert_int_equal(punted(&f, 0), ENGINE_TX);
	assert_memory_equal(box.buf, walked, box.len);
	assert_int_equal(box.pkt.outcome, NFOLD_REASON_SLOW_ENTRY);
	assert_string_equal(nfs_state.order, "rcg");
	engine_left(box.e, box.pkt.flow);
}

static void answers_walk_backwards_and_are_put_back(void **state)
{
	struct pkt f = request(IPPROTO_TCP, 4000);
	struct pkt back = answer(IPPROTO_TCP, 4000), want = back;
	uint8_t bytes[PKT_MAX];

	(void)state;
	pass(&f, 0);
	memset(nfs_state.order, 0, sizeof(nfs_state.order));
	assert_int_equal(pass(&back, 1), ENGINE_TX);
	assert_string_equal(nfs_state.order, "gcr");
	set_addr(want.src, "198.51.100.80");
	want.sport = 80;
	want.ttl--;
	want.dmac[5] = 0x10;
	want.smac[5] = 1;
	pkt_build(&want, bytes);
	assert_memory_equal(box.buf, bytes, box.len);
	assert_int_equal(engine_sessions(box.e), 1);
}

static void hand_over_waits_for_packets_in_the_slow_path(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	uint32_t first, second;
	struct flow_entry fe;

	(void)state;
	pass(&f, 0);
	punted(&f, 0);
	first = box.pkt.flow;
	punted(&f, 0);
	second = box.pkt.flow;
	engine_left(box.e, first);
	assert_true(only_entry(&fe, NULL));
	assert_true(fe.pending);
	engine_left(box.e, second);
	assert_true(only_entry(&fe, NULL));
	assert_false(fe.pending);
	assert_int_equal(counted(NFOLD_REASON_HANDOVER_FORCED), 0);
}

static void quiet_flow_is_handed_over_after_the_bound(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	struct flow_entry fe;

	(void)state;
	pass(&f, 0);
	engine_drained(box.e);
	engine_tick(box.e);
	assert_true(only_entry(&fe, NULL));
	assert_true(fe.pending);
	advance(MS);
	engine_tick(box.e);
	assert_true(only_entry(&fe, NULL));
	assert_false(fe.pending);
	assert_int_equal(counted(NFOLD_REASON_HANDOVER_FORCED), 0);
}

static void hand_over_is_forced_and_counted_after_the_bound(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	struct flow_entry fe;

	(void)state;
	pass(&f, 0);
	punted(&f, 0);
	advance(MS);
	engine_tick(box.e);
	assert_true(only_entry(&fe, NULL));
	assert_false(fe.pending);
	assert_int_equal(counted(NFOLD_REASON_HANDOVER_FORCED), 1);
	engine_left(box.e, box.pkt.flow);
}

static void unresolved_next_hop_holds_and_delays_hand_over(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	union nfold_nexthop hop = box.nexthops[2];
	struct flow_entry fe;

	(void)state;
	box.nexthops[2].word = 0;
	box.route = ROUTE_WAIT;
	assert_int_equal(put(&f, 0, NFOLD_REASON_MISS, 0), ENGINE_HOLD);
	assert_int_equal(box.pkt.nexthop, 2);
	advance(5 * MS);
	engine_tick(box.e);
	assert_true(only_entry(&fe, NULL));
	assert_true(fe.pending);
	box.nexthops[2] = hop;
	assert_int_equal(engine_resume(box.e, &box.pkt), ENGINE_TX);
	assert_int_equal(box.buf[5], 0x11);
	engine_drained(box.e);
	engine_left(box.e, box.pkt.flow);
	assert_true(only_entry(&fe, NULL));
	assert_false(fe.pending);
}

static void ttl_that_ends_here_is_counted_by_the_nfs_and_dropped(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);

	(void)state;
	f.ttl = 1;
	assert_int_equal(pass(&f, 0), ENGINE_DROP);
	assert_int_equal(put(&f, 0, NFOLD_REASON_TTL, 0), ENGINE_DROP);
	assert_int_equal(counted(NFOLD_REASON_TTL_EXCEEDED), 2);
	json_decref(engine_nf_dump(box.e));
	assert_int_equal(total.packets, 2);
}

static void packet_beyond_the_mtu_is_dropped_under_its_reason(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);

	(void)state;
	f.payload = 1480;
	assert_int_equal(pass(&f, 0), ENGINE_DROP);
	assert_int_equal(put(&f, 0, NFOLD_REASON_MTU, 0), ENGINE_DROP);
	assert_int_equal(counted(NFOLD_REASON_TOO_BIG), 2);
}

static void recorded_drop_is_folded_and_counted_before_it(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	struct flow_entry fe;

	(void)state;
	nfs_state.drop = nfs_state.drop_recorded = true;
	assert_int_equal(pass(&f, 0), ENGINE_DROP);
	assert_true(only_entry(&fe, NULL));
	assert_int_equal(fe.act.verdict, NFOLD_VERDICT_DROP);
	assert_int_equal(fe.drop_nf, 3);
	assert_int_equal(pass(&f, 0), ENGINE_DROP);
	assert_string_equal(nfs_state.order, "rcg");
	json_decref(engine_nf_dump(box.e));
	assert_int_equal(total.packets, 2);
	assert_int_equal(counted(NFOLD_REASON_FIREWALL_DENY), 2);
}

static void unrecorded_drop_opens_no_session(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	struct flow_entry fe;

	(void)state;
	nfs_state.drop = true;
	assert_int_equal(pass(&f, 0), ENGINE_DROP);
	assert_false(only_entry(&fe, NULL));
	assert_int_equal(engine_sessions(box.e), 0);
	assert_int_equal(nfs_state.expired, 1);
}

static void nf_that_records_a_lie_makes_its_flow_slow_not_wrong(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	struct flow_entry fe;

	(void)state;
	nfs_state.lie = true;
	pass(&f, 0);
	assert_true(only_entry(&fe, NULL));
	assert_int_equal(fe.act.verdict, NFOLD_VERDICT_SLOW);
	assert_int_equal(fe.act.reason, NFOLD_REASON_RECORD_MISMATCH);
	assert_int_equal(put(&f, 0, NFOLD_REASON_SLOW_FLOW, 0), ENGINE_TX);
	engine_left(box.e, box.pkt.flow);
	assert_string_equal(nfs_state.order, "rcgrcg");
}

static void slow_flow_walks_each_time_and_counts_once(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	struct nfold_cells cells;
	struct flow_entry fe;

	(void)state;
	nfs_state.keep_slow = true;
	for (int i = 0; i < 5; i++)
		pass(&f, 0);
	assert_true(only_entry(&fe, &cells));
	assert_int_equal(fe.act.reason, NFOLD_REASON_PER_PACKET_MATCH);
	assert_int_equal(cells.packets, 5);
	json_decref(engine_nf_dump(box.e));
	assert_int_equal(total.packets, 5);
	assert_int_equal(counted(NFOLD_REASON_PER_PACKET_MATCH), 1);
}

static void kernel_counts_reach_the_nf(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	struct flow_entry fe;

	(void)state;
	pass(&f, 0);
	for (uint32_t s = 0; s < flow_table_slots(box.tables[0]); s++)
		if (flow_table_read(box.tables[0], s, &fe, NULL)) {
			flow_table_cells(box.tables[0], s)->packets += 10;
			flow_table_cells(box.tables[0], s)->bytes += 1000;
		}
	engine_flush(box.e, NULL, 0);
	assert_int_equal(total.packets, 11);
	assert_int_equal(total.bytes, 1000 + box.len);
}

static void changed_routes_fold_anew_and_keep_the_session(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);

	(void)state;
	pass(&f, 0);
	engine_invalidate_all(box.e);
	assert_int_equal(put(&f, 0, NFOLD_REASON_STALE, 0), ENGINE_TX);
	engine_left(box.e, box.pkt.flow);
	assert_string_equal(nfs_state.order, "rcgrcg");
	assert_int_equal(engine_sessions(box.e), 1);
	pass(&f, 0);
	assert_string_equal(nfs_state.order, "rcgrcg");
	json_decref(engine_nf_dump(box.e));
	assert_int_equal(total.packets, 3);
}

static void refused_routes_leave_no_session(void **state)
{
	static const struct {
		enum route_result route;
		enum nfold_reason reason;
	} cases[] = {
		{ ROUTE_NONE, NFOLD_REASON_NO_ROUTE },
		{ ROUTE_NOT_A_PORT, NFOLD_REASON_NOT_A_PORT },
		{ ROUTE_FAILED, NFOLD_REASON_NEIGH_FAILED },
	};
	struct pkt f = request(IPPROTO_UDP, 4000);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		box.route = cases[i].route;
		assert_int_equal(pass(&f, 0), ENGINE_DROP);
		assert_int_equal(counted(cases[i].reason), 1);
		assert_int_equal(engine_sessions(box.e), 0);
	}
}

static void wrong_l4_checksum_opens_no_session(void **state)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP,
					  IPPROTO_ICMP };

	(void)state;
	for (size_t i = 0; i < sizeof(protos); i++) {
		struct pkt f = request(protos[i], 4000);

		f.icmp_type = 8;
		f.csum = PKT_CSUM_BAD;
		assert_int_equal(pass(&f, 0), ENGINE_DROP);
		assert_int_equal(counted(NFOLD_REASON_BAD_L4_CSUM), i + 1);
		assert_int_equal(engine_sessions(box.e), 0);
	}
}

static void partial_checksum_leaves_complete(void **state)
{
	struct pkt f = request(IPPROTO_TCP, 4000);
	uint8_t good[PKT_MAX];
	struct flow_entry fe;

	(void)state;
	pass(&f, 0);
	memcpy(good, box.buf, box.len);
	engine_flush(box.e, NULL, 0);
	f.csum = PKT_CSUM_PARTIAL;
	pass(&f, 0);
	assert_memory_equal(box.buf, good, box.len);
	assert_true(only_entry(&fe, NULL));
	assert_true(fe.act.flags & NFOLD_ACT_CSUM_PARTIAL);
	pass(&f, 0);
	assert_memory_equal(box.buf, good, box.len);
	assert_int_equal(box.pkt.outcome, NFOLD_REASON_SLOW_ENTRY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_packet_walks_is_rewritten_and_is_folded),
		TEST(entry_does_in_user_space_what_the_walk_did),
		TEST(answers_walk_backwards_and_are_put_back),
		TEST(hand_over_waits_for_packets_in_the_slow_path),
		TEST(quiet_flow_is_handed_over_after_the_bound),
		TEST(hand_over_is_forced_and_counted_after_the_bound),
		TEST(unresolved_next_hop_holds_and_delays_hand_over),
		TEST(ttl_that_ends_here_is_counted_by_the_nfs_and_dropped),
		TEST(packet_beyond_the_mtu_is_dropped_under_its_reason),
		TEST(recorded_drop_is_folded_and_counted_before_it),
		TEST(unrecorded_drop_opens_no_session),
		TEST(nf_that_records_a_lie_makes_its_flow_slow_not_wrong),
		TEST(slow_flow_walks_each_time_and_counts_once),
		TEST(kernel_counts_reach_the_nf),
		TEST(changed_routes_fold_anew_and_keep_the_session),
		TEST(refused_routes_leave_no_session),
		TEST(wrong_l4_checksum_opens_no_session),
		TEST(partial_checksum_leaves_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
