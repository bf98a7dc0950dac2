// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The engine with edit records: taken and given back, held against what was
 * done; packets that a header makes too big; hops inside the chain.
 */
#include <unistd.h>

#include "tests/engine_box.h"

/* --- an NF that does one thing, and records it or something else --- */

static struct {
	struct header_action ha;
	bool lie;
} doing;

static enum nf_verdict do_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct header_action ha = doing.ha;

	ran('d');
	switch (ha.kind) {
	case HA_DSCP:
		nf_pkt_set_dscp(pkt, ha.value ^ doing.lie);
		break;
	case HA_TTL:
		if (!nf_pkt_ttl_dec(pkt, ha.value))
			return nf_drop(pkt, NFOLD_REASON_TTL_EXCEEDED);
		break;
	case HA_ENCAP:
		if (!nf_pkt_encap(pkt, ha.tunnel))
			return nf_drop(pkt, NFOLD_REASON_NO_ROOM);
		ha.port = pkt->sport;
		break;
	case HA_DECAP:
		if (!nf_pkt_decap(pkt, ha.tunnel))
			return nf_drop(pkt, NFOLD_REASON_DECAP);
		break;
	default:
		break;
	}
	localmat_add_HA(nf, pkt->fid, &ha);
	return NF_FORWARD;
}

static const struct nf_ops do_ops = { .name = "do", .packet = do_packet };

static int setup_do(void **state)
{
	setup(state);
	memset(&doing, 0, sizeof(doing));
	box.nf[0].ops = &do_ops;
	box.ports[0].addr4 = inet_addr("10.0.0.1");
	box.ports[0].addr6[0] = htonl(0x20010db8);
	box.ports[0].addr6[3] = htonl(1);
	return 0;
}

static const struct nf_tunnel *gre(void)
{
	static struct nf_tunnel t = { .kind = NF_TUNNEL_GRE, .family = 4,
				      .ttl = 64 };

	t.local.a[0] = inet_addr("198.51.100.7");
	t.remote.a[0] = inet_addr("10.1.0.7");
	return &t;
}

static void entry_edits_as_the_walk_did(void **state)
{
	const struct header_action all[] = { ha_dscp(33), ha_ttl(2),
		{ .kind = HA_ENCAP, .tunnel = gre() } };
	static uint8_t walked[PKT_MAX];
	struct flow_entry fe;
	uint32_t len;

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct pkt f = request(IPPROTO_UDP, 4000 + i);

		doing.ha = all[i];
		assert_int_equal(pass(&f, 0), ENGINE_TX);
		len = box.pkt.len;
		memcpy(walked, box.pkt.data, len);
		assert_int_equal(box.pkt.outcome, NFOLD_REASON_SLOW_WALK);
		assert_true(only_entry(&fe, NULL));
		assert_int_equal(fe.act.verdict, NFOLD_VERDICT_FORWARD);
		assert_int_equal(!!fe.act.edit, i != 1);
		assert_int_equal(pass(&f, 0), ENGINE_TX);
		assert_int_equal(box.pkt.outcome, NFOLD_REASON_SLOW_ENTRY);
		assert_int_equal(box.pkt.len, len);
		assert_memory_equal(box.pkt.data, walked, len);
		assert_int_equal(engine_flush(box.e, NULL, 0), 1);
	}
}

static void a_lie_keeps_the_flow_slow(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);

	(void)state;
	doing.ha = ha_dscp(33);
	doing.lie = true;
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	assert_int_equal(counted(NFOLD_REASON_RECORD_MISMATCH), 1);
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	assert_int_equal(box.pkt.outcome, NFOLD_REASON_SLOW_WALK);
	assert_int_equal(box.buf[15], 32 << 2);
}

static bool edit_is_there(uint16_t sport)
{
	struct pkt f = request(IPPROTO_UDP, sport);

	assert_int_equal(pass(&f, 0), ENGINE_TX);
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	return box.pkt.outcome == NFOLD_REASON_SLOW_ENTRY;
}

/* Records run out, and come back after a grace period. */
static void without_a_record_the_flow_stays_slow(void **state)
{
	bool back = false;

	(void)state;
	doing.ha = ha_dscp(33);
	for (int i = 0; i < BOX_EDITS; i++)
		assert_true(edit_is_there(4000 + i));
	assert_false(edit_is_there(5000));
	assert_int_equal(counted(NFOLD_REASON_TABLE_FULL), 1);
	engine_flush(box.e, NULL, 0);
	for (int i = 0; i < 2000 && !back; i++) {
		usleep(1000);
		advance(MS);
		engine_tick(box.e);
		engine_flush(box.e, NULL, 0);
		back = edit_is_there(6000 + i);
	}
	assert_true(back);
}

static void a_tunnels_answers_do_not_clash(void **state)
{
	struct pkt f = request(IPPROTO_TCP, 4000);

	(void)state;
	doing.ha = (struct header_action){ .kind = HA_ENCAP, .tunnel = gre() };
	for (int i = 0; i < 3; i++) {
		f.sport++;
		assert_int_equal(pass(&f, 0), ENGINE_TX);
	}
	assert_int_equal(engine_sessions(box.e), 3);
	assert_int_equal(counted(NFOLD_REASON_CLASH), 0);
}

static void a_header_that_is_not_there_is_a_drop(void **state)
{
	struct pkt f = request(IPPROTO_TCP, 4000);

	(void)state;
	doing.ha = ha_decap(gre());
	assert_int_equal(pass(&f, 0), ENGINE_DROP);
	assert_int_equal(counted(NFOLD_REASON_DECAP), 1);
	assert_int_equal(engine_sessions(box.e), 0);
}

/* --- hops --- */

static void the_dying_are_seen_by_the_nfs_before_their_hop(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);

	(void)state;
	box.ports[0].addr4 = 0;	/* nobody to tell the sender */
	doing.ha = ha_ttl(3);
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	memset(nfs_state.order, 0, sizeof(nfs_state.order));
	f.ttl = 3;		/* dies at the hop: count is behind it */
	assert_int_equal(pass(&f, 0), ENGINE_DROP);
	assert_string_equal(nfs_state.order, "d");
	f.ttl = 4;		/* dies at the router */
	assert_int_equal(pass(&f, 0), ENGINE_DROP);
	assert_string_equal(nfs_state.order, "ddcg");
	assert_int_equal(counted(NFOLD_REASON_TTL_EXCEEDED), 2);
	f.ttl = 5;
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	assert_string_equal(nfs_state.order, "ddcg");
	assert_int_equal(box.buf[22], 1);
}

static void the_dying_leave_the_entry_good(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	struct flow_entry fe;

	(void)state;
	doing.ha = ha_ttl(3);
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	f.ttl = 2;
	assert_int_equal(pass(&f, 0), ENGINE_TX);	/* its sender is told */
	assert_int_equal(box.pkt.outcome, NFOLD_REASON_TTL_EXCEEDED);
	assert_true(only_entry(&fe, NULL));
	assert_int_equal(fe.act.generation, box.ctl.generation);
	f.ttl = 64;
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	assert_int_equal(box.pkt.outcome, NFOLD_REASON_SLOW_ENTRY);
}

/* A packet that dies before a folded drop leaves the flow's record alone: what
 * the kernel counts afterwards still reaches the NF behind the hop. */
static void the_dying_do_not_shorten_the_record(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	struct nfold_cells *cells;
	struct flow_entry fe;
	uint32_t slot = 0;

	(void)state;
	doing.ha = ha_ttl(3);
	nfs_state.drop = nfs_state.drop_recorded = true;
	assert_int_equal(pass(&f, 0), ENGINE_DROP);
	assert_true(only_entry(&fe, NULL));
	assert_int_equal(fe.act.verdict, NFOLD_VERDICT_DROP);
	assert_int_equal(fe.act.ttl_dec, 3);
	f.ttl = 3;
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	assert_int_equal(box.pkt.outcome, NFOLD_REASON_TTL_EXCEEDED);
	while (!flow_table_read(box.tables[0], slot, &fe, NULL))
		slot++;
	cells = flow_table_cells(box.tables[0], slot);
	cells->packets += 5;
	engine_flush(box.e, NULL, 0);
	assert_int_equal(total.packets, 1 + 5);
}

/* The message, from scratch: RFC 792, RFC 1812 section 4.3.2; RFC 4443. */
static void check_exceeded(int family, const uint8_t *frame, uint32_t len)
{
	uint8_t *p = box.pkt.data, *icmp = p + 14 + (family == 4 ? 20 : 40);
	uint32_t quote = len - 14, said = 8 + quote;

	assert_int_equal(box.pkt.out, 0);
	assert_int_equal(box.pkt.flow, 0);
	assert_int_equal(box.pkt.outcome, NFOLD_REASON_TTL_EXCEEDED);
	assert_memory_equal(p, frame + 6, 6);
	assert_memory_equal(p + 6, frame, 6);
	assert_memory_equal(icmp + 8, frame + 14, quote);
	assert_int_equal(icmp[0], family == 4 ? 11 : 3);
	assert_int_equal(icmp[1], 0);
	assert_memory_equal(icmp + 4, "\0\0\0", 4);
	if (family == 4) {
		assert_int_equal(box.pkt.len, 14 + 20 + said);
		assert_memory_equal(p + 26, &box.ports[0].addr4, 4);
		assert_memory_equal(p + 30, frame + 26, 4);
		assert_int_equal(pkt_sum(p + 14, 20, 0), 0xffff);
		assert_int_equal(pkt_sum(icmp, said, 0), 0xffff);
		return;
	}
	assert_int_equal(box.pkt.len, 14 + 40 + said);
	assert_memory_equal(p + 22, box.ports[0].addr6, 16);
	assert_memory_equal(p + 38, frame + 22, 16);
	assert_int_equal(pkt_sum(icmp, said, pkt_sum(p + 22, 32, said +
						     IPPROTO_ICMPV6)), 0xffff);
}

/* At a hop (ttl up to 3) or at the router behind it (4), a flow's first packet
 * or one of a folded flow: the sender is told, with the packet as it sent it. */
static void h10_the_sender_is_told_where_the_ttl_ended(void **state)
{
	(void)state;
	doing.ha = ha_ttl(3);
	for (int i = 0; i < 16; i++) {
		struct pkt f = pkt_new(i % 2 ? 6 : 4, IPPROTO_UDP);
		uint8_t frame[PKT_MAX];
		uint32_t len;

		f.sport = 4000 + i / 8;
		if (i / 8)
			assert_int_equal(pass(&f, 0), ENGINE_TX);
		f.ttl = 1 + i / 2 % 4;
		len = pkt_build(&f, frame);
		assert_int_equal(pass(&f, 0), ENGINE_TX);
		check_exceeded(f.family, frame, len);
	}
	assert_int_equal(counted(NFOLD_REASON_TTL_EXCEEDED), 0);
}

static int answers(struct pkt *f, int n)
{
	int sent = 0;

	for (int i = 0; i < n; i++)
		sent += pass(f, 0) == ENGINE_TX;
	return sent;
}

/* RFC 1812 section 4.3.2.7 and 4.3.2.8. */
static void h10_some_are_not_told(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000), many = f;

	(void)state;
	f.ttl = many.ttl = 1;
	many.dmac[0] = 0xff;	/* link-layer broadcast */
	assert_int_equal(pass(&many, 0), ENGINE_DROP);
	set_addr(many.dst, "224.0.0.9");
	many.dmac[0] = 2;
	assert_int_equal(pass(&many, 0), ENGINE_DROP);
	assert_int_equal(answers(&f, 100), 50);
	advance(100 * MS);
	assert_int_equal(answers(&f, 100), 10);
	assert_int_equal(counted(NFOLD_REASON_TTL_EXCEEDED), 2 + 50 + 90);
	advance(NF_SEC);
	box.ports[0].addr4 = 0;
	assert_int_equal(pass(&f, 0), ENGINE_DROP);
	box.ports[0].addr4 = inet_addr("10.0.0.1");
	box.chain.wire = true;
	doing.ha = ha_ttl(3);
	engine_flush(box.e, NULL, 0);
	assert_int_equal(pass(&f, 0), ENGINE_DROP);
}

/* --- too big --- */

static void check_icmp4(const uint8_t *frame, uint32_t len)
{
	uint8_t *p = box.pkt.data;

	assert_int_equal(box.pkt.out, 0);
	assert_int_equal(box.pkt.len, 14 + 576);
	assert_memory_equal(p, frame + 6, 6);
	assert_memory_equal(p + 6, frame, 6);
	assert_int_equal(get16(p + 16), 576);
	assert_int_equal(p[23], IPPROTO_ICMP);
	assert_memory_equal(p + 26, &box.ports[0].addr4, 4);
	assert_memory_equal(p + 30, frame + 26, 4);
	assert_int_equal(pkt_sum(p + 14, 20, 0), 0xffff);
	assert_int_equal(p[34], 3);
	assert_int_equal(p[35], 4);
	assert_int_equal(get16(p + 40), 1500 - 24);
	assert_int_equal(pkt_sum(p + 34, 576 - 20, 0), 0xffff);
	assert_true(len > 600);
	assert_memory_equal(p + 42, frame + 14, 576 - 28);
}

/* The sender learns the MTU that is left, from the first packet and from later
 * ones; quoted is the packet as it sent it. */
static void too_big_for_its_header_is_answered(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	static uint8_t frame[PKT_MAX];
	uint32_t len;

	(void)state;
	doing.ha = (struct header_action){ .kind = HA_ENCAP, .tunnel = gre() };
	f.payload = 1500 - 28 - 24;
	f.frag = 0x4000;
	f.smac[0] = 2;
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	assert_int_equal(box.pkt.out, 1);
	f.payload++;
	len = pkt_build(&f, frame);
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	check_icmp4(frame, len);
	engine_flush(box.e, NULL, 0);
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	check_icmp4(frame, len);
	assert_int_equal(box.pkt.outcome, NFOLD_REASON_TOO_BIG);
	assert_int_equal(counted(NFOLD_REASON_TOO_BIG), 0);
	f.frag = 0;
	assert_int_equal(pass(&f, 0), ENGINE_DROP);
	f.frag = 0x4000;
	box.ports[0].addr4 = 0;
	assert_int_equal(pass(&f, 0), ENGINE_DROP);
	assert_int_equal(counted(NFOLD_REASON_TOO_BIG), 2);
}

static void ipv6_is_told_too(void **state)
{
	struct pkt f = pkt_new(6, IPPROTO_UDP);
	static uint8_t frame[PKT_MAX];
	uint8_t *p;

	(void)state;
	f.payload = 1500 - 48 + 1;
	pkt_build(&f, frame);
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	p = box.pkt.data;
	assert_int_equal(box.pkt.out, 0);
	assert_int_equal(box.pkt.len, 14 + 1280);
	assert_int_equal(p[54], 2);
	assert_int_equal(get16(p + 60), 1500);
	assert_memory_equal(p + 22, box.ports[0].addr6, 16);
	assert_memory_equal(p + 38, f.src, 16);
	assert_int_equal(pkt_sum(p + 54, 1240,
				 pkt_sum(p + 22, 32, 1240 + IPPROTO_ICMPV6)),
			 0xffff);
	assert_memory_equal(p + 62, frame + 14, 1280 - 48);
}

static void answers_are_limited(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);

	(void)state;
	f.payload = 1473;
	f.frag = 0x4000;
	assert_int_equal(answers(&f, 100), 50);
	advance(100 * MS);
	assert_int_equal(answers(&f, 100), 10);
	advance(60 * NF_SEC);
	assert_int_equal(answers(&f, 100), 50);
}

#define TEST_DO(f) cmocka_unit_test_setup_teardown(f, setup_do, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_DO(entry_edits_as_the_walk_did),
		TEST_DO(a_lie_keeps_the_flow_slow),
		TEST_DO(without_a_record_the_flow_stays_slow),
		TEST_DO(a_tunnels_answers_do_not_clash),
		TEST_DO(a_header_that_is_not_there_is_a_drop),
		TEST_DO(the_dying_are_seen_by_the_nfs_before_their_hop),
		TEST_DO(the_dying_leave_the_entry_good),
		TEST_DO(the_dying_do_not_shorten_the_record),
		TEST_DO(h10_the_sender_is_told_where_the_ttl_ended),
		TEST_DO(h10_some_are_not_told),
		TEST_DO(too_big_for_its_header_is_answered),
		TEST_DO(ipv6_is_told_too),
		TEST_DO(answers_are_limited),
	};

	return cmocka_run_group_tests_name("engine edits", tests, NULL, NULL);
}
