// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Flows inside known tunnels, folded and unfolded alike (docs/FOLD.md, N11 and
 * N12): each inner flow has its own session and is folded, what NFs did before
 * the decap goes with the outer header, and what may differ there from packet to
 * packet keeps the flow slow.
 */
#include "payload_nfs.h"
#include "tunnels.h"

static struct sides s;

static const struct nf_ops *const own_first[] = { &own_ops, NULL };

static const struct {
	const char *text;
	enum pkt_tunnel_kind kind;
	int family;
} kinds[] = {
	{ VXLAN(7), PKT_VXLAN, 4 },
	{ IPIP, PKT_IPIP, 4 },
	{ GRE6, PKT_GRE, 6 },
	{ "tunnel { kind gue; local 2001:db8:77::1; remote 2001:db8:77::2; }",
	  PKT_GUE, 6 },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* From the other end's side to the inside. */
static struct pkt from_outside(int family, uint16_t sport)
{
	struct pkt k = pkt_new(family, IPPROTO_UDP);
	uint8_t src[16];

	memcpy(src, k.src, 16);
	memcpy(k.src, k.dst, 16);
	memcpy(k.dst, src, 16);
	k.sport = sport;
	return k;
}

#define FLOWS 20

static void each_inner_flow_has_a_session_and_is_folded(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * KINDS; i++) {
		struct pkt_tunnel t = pkt_tunnel_new(kinds[i / 2].kind,
						     kinds[i / 2].family);
		char text[512];

		snprintf(text, sizeof(text), "monitor; %s", kinds[i / 2].text);
		sides_new(&s, ROUTER, text, own_first);
		for (int n = 0; n < 4 * FLOWS; n++) {
			struct pkt k = from_outside(i % 2 ? 4 : 6, n % FLOWS);
			struct oracle_result res =
				tunnels_send(&s, 1, k, &t);

			k.dport = own_port(&k);
			k.ttl--;
			tunnels_left(&res, 0, &k, NULL);
			if (n >= 2 * FLOWS)
				assert_int_equal(res.reason,
						 NFOLD_REASON_FAST);
		}
		assert_int_equal(sides_sessions(&s), FLOWS);
		assert_int_equal(own.opened, 2 * FLOWS);
		own.opened = 0;
		sides_states_equal(&s);
		sides_free(&s);
	}
}

/* ECN that is lost, and all that is no tunnel's packet: dropped for each packet,
 * and no session is left of it. */
static void what_can_not_be_taken_off_is_dropped(void **state)
{
	(void)state;
	sides_new(&s, ROUTER, "monitor; " VXLAN(7) GRE6, own_first);
	for (int i = 0; i < 9; i++)
		for (int again = 0; again < 3; again++) {
			struct pkt_tunnel v = pkt_tunnel_new(PKT_VXLAN, 4);
			struct pkt_tunnel g = pkt_tunnel_new(PKT_GRE, 6);
			struct pkt k = from_outside(4, 9);
			struct oracle_result res;

			v.tos = i == 0 ? 3 : 0;
			v.vni = i == 1 ? 8 : 7;
			v.vxlan_flags = i == 2 ? 8 : 0;
			k.frag = i == 3 ? 0x2000 : 0;
			v.type = i == 4 ? 0x0806 : 0;
			g.gre = i == 5 ? 0x8000 : i == 6 ? 0x2000 : 0x1000;
			memset(k.dst, i == 8 ? 224 : 10, 4);
			res = tunnels_send(&s, 1, k,
					   i >= 5 && i < 8 ? &g : &v);
			assert_int_equal(res.verdict, ORACLE_DROP);
			assert_int_equal(res.reason, NFOLD_REASON_DECAP);
		}
	assert_int_equal(sides_sessions(&s), 0);
	sides_free(&s);
}

/* A wrong checksum inside opens no session; none outside is none that is wrong,
 * over IPv6 too. */
static void checksums_are_judged_when_a_session_opens(void **state)
{
	struct pkt_tunnel t = pkt_tunnel_new(PKT_GUE, 6);
	struct pkt k = from_outside(4, 5);
	struct oracle_result res;

	(void)state;
	sides_new(&s, ROUTER, kinds[3].text, NULL);
	k.csum = PKT_CSUM_BAD;
	res = tunnels_send(&s, 1, k, &t);
	assert_int_equal(res.reason, NFOLD_REASON_BAD_L4_CSUM);
	assert_int_equal(sides_sessions(&s), 0);
	k.csum = PKT_CSUM_PARTIAL;
	for (int i = 0; i < 4; i++)
		res = tunnels_send(&s, 1, k, &t);
	assert_int_equal(res.reason, NFOLD_REASON_FAST);
	k.csum = PKT_CSUM_FULL;
	k.ttl--;
	tunnels_left(&res, 0, &k, NULL);
	sides_free(&s);
}

/* --- N12 --- */

static void entry_is(struct pkt k, const struct pkt_tunnel *t, uint8_t verdict,
		     enum nfold_reason why)
{
	struct flow_entry e;

	assert_true(tunnels_entry(&s, 1, k, t, &e));
	assert_int_equal(e.act.verdict, verdict);
	if (verdict == NFOLD_VERDICT_SLOW)
		assert_int_equal(e.act.reason, why);
}

/* One inner flow, of which the tunnel's other end varies what it may. Then its
 * entry. */
static void vary(const char *nfs, const struct nf_ops *const *ops,
		 struct pkt_tunnel t, uint8_t verdict, enum nfold_reason why)
{
	struct pkt k = from_outside(4, 77), out = k;
	struct oracle_result res;

	sides_new(&s, ROUTER, nfs, ops);
	for (int i = 0; i < 12; i++) {
		t.sport = 50000 + i % 3;
		t.tos = i % 4 << 4;
		t.ttl = 3 + i % 5;
		t.more = 8 * (i % 2);
		res = tunnels_send(&s, 1, k, &t);
		if (res.verdict != ORACLE_SENT)
			continue;
		out.ttl = k.ttl - 1;
		tunnels_left(&res, 0, &out, NULL);
	}
	entry_is(k, &t, verdict, why);
	sides_states_equal(&s);
	sides_free(&s);
}

/* The last NF of a chain is the first on the way in. */
static void udp_tunnels_are_slow_behind_an_nf(void **state)
{
	(void)state;
	vary("monitor; " VXLAN(7), NULL, pkt_tunnel_new(PKT_VXLAN, 4),
	     NFOLD_VERDICT_FORWARD, 0);
	vary(VXLAN(7) "firewall { default allow; deny \"udp src port 50001\"; }",
	     NULL, pkt_tunnel_new(PKT_VXLAN, 4), NFOLD_VERDICT_SLOW,
	     NFOLD_REASON_ENCAP);
	vary(IPIP "firewall { default allow; deny \"src host 192.0.2.3\"; }",
	     NULL, pkt_tunnel_new(PKT_IPIP, 4), NFOLD_VERDICT_FORWARD, 0);
	vary(IPIP "firewall { default allow; deny \"src host 192.0.2.2\"; }",
	     NULL, pkt_tunnel_new(PKT_IPIP, 4), NFOLD_VERDICT_DROP, 0);
}

static enum nf_verdict hop_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct header_action ha = ha_ttl(4);

	if (!nf_pkt_ttl_dec(pkt, 4))
		return nf_drop(pkt, NFOLD_REASON_TTL_EXCEEDED);
	localmat_add_HA(nf, pkt->fid, &ha);
	return NF_FORWARD;
}

static const struct nf_ops hop_ops = { .name = "hop", .packet = hop_packet };

/* The outer TTL is not the flow's: some die at the hop. The NF is put in the
 * second's place. */
static void a_hop_before_the_decap_keeps_it_slow(void **state)
{
	const struct nf_ops *const ops[] = { &tunnel_ops, &hop_ops, NULL };

	(void)state;
	vary(IPIP "monitor;", ops, pkt_tunnel_new(PKT_IPIP, 4),
	     NFOLD_VERDICT_SLOW, NFOLD_REASON_ENCAP);
}

/* The last byte of what the outer header carries: of the inner payload here, of
 * a header where there is none. */
static enum nf_sf_result write_last(void *arg, struct nf_pkt *pkt)
{
	uint32_t len;

	(void)arg;
	nf_pkt_payload(pkt, &len);
	nf_pkt_write_payload(pkt, len - 1, "!", 1);
	return NF_SF_NEXT;
}

static enum nf_verdict writer_packet(struct nf *nf, struct nf_pkt *pkt)
{
	static const struct state_function sf = {
		.name = "last", .payload = NF_WRITE, .run = write_last };

	return nf_sf_run(nf, pkt, &sf, NULL);
}

static const struct nf_ops writer_ops = { .name = "writer",
					  .packet = writer_packet };

static void a_writer_before_the_decap_keeps_it_slow(void **state)
{
	static const struct nf_ops *const ops[] = { &tunnel_ops, &writer_ops,
						    NULL };
	struct pkt_tunnel t = pkt_tunnel_new(PKT_IPIP, 4);
	struct pkt k = from_outside(4, 77);
	struct oracle_result res;

	(void)state;
	sides_new(&s, ROUTER, IPIP "monitor;", ops);
	for (int i = 0; i < 6; i++)
		res = tunnels_send(&s, 1, k, &t);
	assert_int_equal(res.verdict, ORACLE_SENT);
	assert_int_equal(res.bytes[res.len - 1], '!');
	entry_is(k, &t, NFOLD_VERDICT_SLOW, NFOLD_REASON_ENCAP);
	sides_free(&s);
}

/* Readers may look: class payload. */
static void a_reader_before_the_decap_sees_the_outer_packet(void **state)
{
	static const struct nf_ops *const ops[] = { &tunnel_ops, &scan_ops,
						    NULL };
	struct pkt_tunnel t = pkt_tunnel_new(PKT_IPIP, 4);
	struct pkt k = from_outside(4, 77);
	struct oracle_result res;

	(void)state;
	sides_new(&s, ROUTER, IPIP "monitor;", ops);
	for (int i = 0; i < 6; i++)
		res = tunnels_send(&s, 1, k, &t);
	assert_int_equal(res.reason, NFOLD_REASON_SLOW_ENTRY);
	entry_is(k, &t, NFOLD_VERDICT_SLOW, NFOLD_REASON_STATE_FUNCTION);
	sides_states_equal(&s);
	sides_free(&s);
}

/* DSCP and tags: the one goes with the header, the others stand outside. */
static void outer_edits_before_the_decap_go_with_the_header(void **state)
{
	struct pkt_tunnel t = pkt_tunnel_new(PKT_IPIP, 4);
	struct pkt k = from_outside(6, 3), out = k;
	struct oracle_result res;

	(void)state;
	sides_new(&s, ROUTER, IPIP "mark { default dscp ef; }", NULL);
	for (int i = 0; i < 6; i++) {
		res = tunnels_send(&s, 1, k, &t);
		out.ttl = k.ttl - 1;
		tunnels_left(&res, 0, &out, NULL);
	}
	assert_int_equal(res.reason, NFOLD_REASON_FAST);
	sides_free(&s);
}

/* The second header is not folded; the session is its. */
static void a_tunnel_in_a_tunnel_is_slow(void **state)
{
	struct pkt_tunnel a = pkt_tunnel_new(PKT_IPIP, 4);
	struct pkt_tunnel b = pkt_tunnel_new(PKT_GRE, 6);
	uint8_t frame[PKT_MAX];
	struct oracle_result res;
	struct pkt out;

	(void)state;
	sides_new(&s, ROUTER, GRE6 IPIP, NULL);
	for (int i = 0; i < 8; i++) {
		struct pkt k = from_outside(4, i);
		uint32_t len;

		tunnels_to_port(&s, &k, 1);
		len = tunnels_build(&k, &b, frame);
		len = pkt_wrap(&a, frame, len, 14);
		res = sides_frame(&s, 1, frame, len);
		out = k;
		out.ttl--;
		tunnels_left(&res, 0, &out, NULL);
		assert_int_equal(res.reason, NFOLD_REASON_SLOW_WALK);
	}
	assert_int_equal(sides_sessions(&s), 1);
	sides_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SIDES_TEST(each_inner_flow_has_a_session_and_is_folded),
		SIDES_TEST(what_can_not_be_taken_off_is_dropped),
		SIDES_TEST(checksums_are_judged_when_a_session_opens),
		SIDES_TEST(udp_tunnels_are_slow_behind_an_nf),
		SIDES_TEST(a_hop_before_the_decap_keeps_it_slow),
		SIDES_TEST(a_writer_before_the_decap_keeps_it_slow),
		SIDES_TEST(a_reader_before_the_decap_sees_the_outer_packet),
		SIDES_TEST(outer_edits_before_the_decap_go_with_the_header),
		SIDES_TEST(a_tunnel_in_a_tunnel_is_slow),
	};

	return cmocka_run_group_tests_name("tunnel_flow", tests, sides_net,
					   NULL);
}
