// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Payload state functions through the engine: class payload, drops, counts,
 * settling. Numbers are those of docs/FOLD.md and REFERENCE's holes.
 */
#include "tests/payload_chain.h"

static void class_payload_is_punted_and_applied(void **state)
{
	struct pkt f = good(4000);
	struct nfold_cells cells;
	uint8_t walked[PKT_MAX];
	struct flow_entry fe;

	(void)state;
	start("r x w c", true);
	passes(&f, WALK);
	assert_true(only_entry(&fe, NULL));
	assert_int_equal(fe.act.verdict, NFOLD_VERDICT_SLOW);
	assert_int_equal(fe.act.reason, NFOLD_REASON_STATE_FUNCTION);
	assert_false(fe.pending);
	assert_int_equal(fe.set.dport, htons(80 ^ 0x0400));
	assert_int_equal(counted(NFOLD_REASON_STATE_FUNCTION), 1);
	for (int n = 0; n < 4; n++)
		passes(&f, ENTRY);
	assert_true(only_entry(&fe, &cells));
	assert_int_equal(cells.packets, 5);
	memcpy(walked, box.buf, box.len);
	assert_int_equal(total_of(0, 0)->calls, 5);
	assert_int_equal(total_of(2, 0)->calls, 5);
	assert_int_equal(total_of(3, 0)->packets, 5);
}

static void h4_functions_before_a_folded_drop_run(void **state)
{
	struct pkt f = good(4000);
	struct flow_entry fe;

	(void)state;
	start("rc g r c", true);
	for (int n = 0; n < 5; n++)
		assert_int_equal(pass(&f, 0), ENGINE_DROP);
	assert_true(only_entry(&fe, NULL));
	assert_int_equal(fe.act.reason, NFOLD_REASON_STATE_FUNCTION);
	assert_int_equal(fe.drop_nf, 2);
	assert_int_equal(counted(NFOLD_REASON_NAT_EXHAUSTED), 5);
	assert_int_equal(total_of(0, 0)->calls, 5);
	assert_int_equal(total_of(0, 1)->packets, 5);
	assert_int_equal(total_of(2, 0)->calls, 0);
	assert_int_equal(total_of(3, 0)->packets, 0);
}

/* The mark is the packet's function, and a drop folds nothing of it: only a walk
 * shows it to the reader. */
static void h5_reader_sees_a_mark_before_a_folded_drop(void **state)
{
	struct pkt f = good(4000);
	uint64_t digest[2];

	(void)state;
	for (int fold = 0; fold < 2; fold++) {
		if (fold)
			teardown(NULL);
		start("d r g", fold);
		for (int n = 0; n < 5; n++)
			assert_int_equal(pass(&f, 0), ENGINE_DROP);
		digest[fold] = total_of(1, 0)->digest;
	}
	assert_int_equal(digest[0], digest[1]);
}

/* The probe that a packet of the flow has met last. */
static struct probe *h5_seen;

static enum nf_verdict h5_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct mix_session *s = nf_session(nf, pkt);

	h5_seen = &s->probe[pkt->reply][0];
	return mix_packet(nf, pkt);
}

static void h5_function_sees_the_headers_of_its_place(void **state)
{
	static struct nf_ops h5_ops;
	struct pkt f = good(4000), back = answer(IPPROTO_UDP, 4000);
	struct probe seen;

	(void)state;
	h5_ops = mix_ops;
	h5_ops.packet = h5_packet;
	parse_chain("w x r x");
	box.nf[2].ops = &h5_ops;
	box_start_nfs(true, 64, 1);
	passes(&f, WALK);
	memset(&h5_seen->saddr, 0, sizeof(h5_seen->saddr));
	passes(&f, ENTRY);
	seen = *h5_seen;
	assert_int_equal(seen.calls, 2);
	assert_int_equal(seen.saddr.a[0], inet_addr("10.0.1.2"));
	assert_int_equal(seen.daddr.a[0], inet_addr("198.51.101.80"));
	assert_int_equal(seen.sport, htons(4000 ^ 0x0400));
	assert_int_equal(seen.dport, htons(80 ^ 0x0400));
	/* Backwards: behind the last NF's rewrite, before the first's. */
	set_addr(back.src, "198.51.100.80");
	back.sport = 80;
	assert_int_equal(pass(&back, 1), ENGINE_TX);
	memset(&h5_seen->saddr, 0, sizeof(h5_seen->saddr));
	assert_int_equal(pass(&back, 1), ENGINE_TX);
	assert_int_equal(box.pkt.outcome, ENTRY);
	assert_int_equal(h5_seen->calls, 2);
	assert_int_equal(h5_seen->saddr.a[0], inet_addr("198.51.101.80"));
	assert_int_equal(h5_seen->daddr.a[0], inet_addr("10.0.1.2"));
	assert_int_equal(h5_seen->dport, htons(4000 ^ 0x0400));
}

/* The second of them has no other way to see what came in. */
static void h6_reader_beside_a_writer_reads_what_came_in(void **state)
{
	uint64_t want = 0;

	(void)state;
	for (int fold = 0; fold < 2; fold++) {
		struct pkt f = good(4000);

		start("r w i r", fold);
		for (int n = 0; n < 50; n++) {
			f.fill = n;
			assert_int_equal(pass(&f, 0), ENGINE_TX);
		}
		total_of(0, 0);
		want ^= mixes[0].totals[0].digest ^ mixes[1].totals[0].digest ^
			mixes[2].totals[0].digest ^ mixes[3].totals[0].digest;
		if (!fold) {
			teardown(NULL);
			memset(&box, 0, sizeof(box));
		}
	}
	assert_true(want == 0);
}

static void h7_packet_that_is_dropped_goes_no_further(void **state)
{
	struct pkt f = good(4000), g = bad(4000);
	struct nfold_cells cells;
	struct flow_entry fe;

	(void)state;
	start("c cRc rc i c", true);
	passes(&f, WALK);
	for (int n = 0; n < 3; n++) {
		assert_int_equal(pass(&g, 0), ENGINE_DROP);
		passes(&f, ENTRY);
	}
	assert_true(only_entry(&fe, &cells));
	assert_int_equal(cells.packets, 7);
	assert_int_equal(counted(NFOLD_REASON_FIREWALL_DENY), 3);
	assert_int_equal(total_of(0, 0)->packets, 7);
	assert_int_equal(total_of(1, 0)->packets, 7);
	assert_int_equal(total_of(1, 1)->calls, 7);
	assert_int_equal(total_of(1, 2)->packets, 4);
	assert_int_equal(total_of(2, 0)->calls, 4);
	assert_int_equal(total_of(2, 1)->packets, 4);
	assert_int_equal(total_of(3, 0)->calls, 4);
	assert_int_equal(total_of(4, 0)->packets, 4);
}

static void first_packet_that_is_dropped_opens_no_session(void **state)
{
	struct pkt g = bad(4000);

	(void)state;
	start("c R", true);
	assert_int_equal(pass(&g, 0), ENGINE_DROP);
	assert_int_equal(engine_sessions(box.e), 0);
	assert_int_equal(counted(NFOLD_REASON_FIREWALL_DENY), 1);
}

static void settled_flow_goes_to_the_kernel(void **state)
{
	struct pkt f = good(4000);
	struct flow_entry fe;

	(void)state;
	start("s x s c", true);
	for (int n = 0; n < 3; n++) {
		passes(&f, n ? ENTRY : WALK);
		assert_true(only_entry(&fe, NULL));
		assert_int_equal(fe.act.verdict, n == 2 ?
				 NFOLD_VERDICT_FORWARD : NFOLD_VERDICT_SLOW);
	}
	assert_true(fe.pending);	/* handed over as any install */
	engine_drained(box.e);
	advance(MS);
	engine_tick(box.e);
	assert_true(only_entry(&fe, NULL));
	assert_false(fe.pending);
	assert_int_equal(counted(NFOLD_REASON_HANDOVER_FORCED), 0);
	for (int n = 0; n < 4; n++)
		passes(&f, ENTRY);
	/* Folded anew: what has settled stays so. */
	engine_invalidate_all(box.e);
	passes(&f, WALK);
	assert_true(only_entry(&fe, NULL));
	assert_int_equal(fe.act.verdict, NFOLD_VERDICT_FORWARD);
	assert_int_equal(total_of(0, 0)->calls, 3);
	assert_int_equal(total_of(2, 0)->calls, 3);
	assert_int_equal(total_of(3, 0)->packets, 8);
}

static void one_that_has_not_settled_keeps_it(void **state)
{
	struct pkt f = good(4000);
	struct flow_entry fe;

	(void)state;
	start("s r", true);
	for (int n = 0; n < 8; n++)
		passes(&f, n ? ENTRY : WALK);
	assert_true(only_entry(&fe, NULL));
	assert_int_equal(fe.act.reason, NFOLD_REASON_STATE_FUNCTION);
	assert_int_equal(total_of(0, 0)->calls, 3);
	assert_int_equal(total_of(1, 0)->calls, 8);
}

static void undeclared_drop_is_a_drop_and_makes_the_flow_slow(void **state)
{
	struct pkt f = good(4000), g = bad(4000);
	struct flow_entry fe;

	(void)state;
	start("c l", true);
	passes(&f, WALK);
	passes(&f, ENTRY);
	assert_int_equal(pass(&g, 0), ENGINE_DROP);
	assert_int_equal(counted(NFOLD_REASON_NF_DROP), 1);
	assert_true(only_entry(&fe, NULL));
	assert_int_equal(fe.act.reason, NFOLD_REASON_RECORD_MISMATCH);
	passes(&f, WALK);
	assert_int_equal(pass(&g, 0), ENGINE_DROP);
	assert_int_equal(total_of(0, 0)->packets, 5);
}

static enum nf_verdict empty_packet(struct nf *nf, struct nf_pkt *pkt)
{
	static const struct state_function sf = { .name = "empty" };

	localmat_add_SF(nf, pkt->fid, &sf, NULL);
	return NF_FORWARD;
}

static void function_that_can_not_be_called_keeps_the_flow_slow(void **state)
{
	static const struct nf_ops empty_ops = { .name = "empty",
						 .packet = empty_packet };
	struct pkt f = good(4000);
	struct flow_entry fe;

	(void)state;
	parse_chain("c");
	box.nf[0].ops = &empty_ops;
	box_start_nfs(true, 64, 0);
	passes(&f, WALK);
	passes(&f, WALK);
	assert_true(only_entry(&fe, NULL));
	assert_int_equal(fe.act.reason, NFOLD_REASON_RECORD_MISMATCH);
}

static void ttl_and_mtu_are_judged_behind_the_functions(void **state)
{
	static const char *const chains[] = { "rc", "x wc" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct pkt f = good(4000), ttl = f, big = f;

		start(chains[i], true);
		ttl.ttl = 1;
		big.payload = 1480;
		passes(&f, WALK);
		assert_int_equal(pass(&ttl, 0), ENGINE_DROP);
		assert_int_equal(counted(NFOLD_REASON_TTL_EXCEEDED), 1);
		assert_int_equal(pass(&big, 0), ENGINE_DROP);
		assert_int_equal(counted(NFOLD_REASON_TOO_BIG), 1);
		assert_int_equal(total_of(i, 0)->calls, 3);
		assert_int_equal(total_of(i, 1)->packets, 3);
		teardown(NULL);
		memset(&box, 0, sizeof(box));
	}
	start("c", true);
}

/* What was recorded is held against the packet, but for what was written. */
static void marked_and_written_is_folded(void **state)
{
	static const char *const chains[] = { "w d", "d w", "xd w x" };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct pkt udp = good(4000), tcp = good(4001);

		start(chains[i], true);
		tcp.proto = IPPROTO_TCP;
		tcp.flags = NFOLD_TCP_ACK;
		for (int n = 0; n < 3; n++) {
			passes(&udp, n ? ENTRY : WALK);
			passes(&tcp, n ? ENTRY : WALK);
			assert_int_equal(box.buf[15] >> 2, 11);
		}
		assert_int_equal(counted(NFOLD_REASON_RECORD_MISMATCH), 0);
		clean(NULL);
	}
	start("c", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE("class payload: XDP punts, the engine applies the entry",
		     class_payload_is_punted_and_applied),
		CASE("H4 N37 functions before a folded drop run, those behind do not",
		     h4_functions_before_a_folded_drop_run),
		CASE("H5 N36 a reader sees a mark before a folded drop",
		     h5_reader_sees_a_mark_before_a_folded_drop),
		CASE("H5 N36 a function sees the headers of its place, both ways",
		     h5_function_sees_the_headers_of_its_place),
		CASE("H6 N34 a reader beside a writer reads what came in",
		     h6_reader_beside_a_writer_reads_what_came_in),
		CASE("H7 N35 N37 a dropped packet goes no further, and is counted so far",
		     h7_packet_that_is_dropped_goes_no_further),
		CASE("N37 a first packet that is dropped opens no session",
		     first_packet_that_is_dropped_opens_no_session),
		CASE("N38 a settled flow goes to the kernel",
		     settled_flow_goes_to_the_kernel),
		CASE("N38 one function that has not settled keeps the flow",
		     one_that_has_not_settled_keeps_it),
		CASE("N37 an undeclared drop is a drop, and the flow is slow",
		     undeclared_drop_is_a_drop_and_makes_the_flow_slow),
		CASE("a function that can not be called keeps the flow slow",
		     function_that_can_not_be_called_keeps_the_flow_slow),
		CASE("a packet that is marked and written to is folded",
		     marked_and_written_is_folded),
		CASE("TTL and MTU are judged behind the functions",
		     ttl_and_mtu_are_judged_behind_the_functions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
