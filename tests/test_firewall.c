/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* firewall: order of rules, replies, per-packet rules, keys, state. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/nf_fake.h"

extern const struct nf_ops firewall_ops;

/* A TCP packet of 10.0.0.1 with bytes behind it. */
static struct nf_pkt tcp(void *session, uint16_t dport, uint8_t flags,
			 uint8_t ttl)
{
	static uint8_t buf[60];
	struct nf_pkt pkt = fake_pkt(session, IPPROTO_TCP, "10.0.0.1", 4000,
				     "10.1.0.1", dport);

	memset(buf, 0, sizeof(buf));
	buf[12] = 0x08;
	buf[14] = 0x45;
	buf[22] = ttl;
	buf[23] = IPPROTO_TCP;
	memcpy(buf + 26, &pkt.saddr, 4);
	memcpy(buf + 30, &pkt.daddr, 4);
	memcpy(buf + 34, &pkt.sport, 2);
	memcpy(buf + 36, &pkt.dport, 2);
	buf[46] = 0x50;
	buf[47] = flags;
	pkt.data = buf;
	pkt.tcp_flags = flags;
	return pkt;
}

static void expect_forward(struct nf *nf, struct nf_pkt pkt, bool slow)
{
	assert_int_equal(fake_run(nf, &pkt), NF_FORWARD);
	assert_int_equal(fake.cnt, 0);
	assert_int_equal(fake.why_slow, slow ? NFOLD_REASON_PER_PACKET_MATCH :
					       NFOLD_REASON_NONE);
}

static void expect_deny(struct nf *nf, struct nf_pkt pkt)
{
	fake_assert_drop(fake_run(nf, &pkt), &pkt,
			 NFOLD_REASON_FIREWALL_DENY);
	assert_int_equal(fake.why_slow, NFOLD_REASON_NONE);
}

/* This packet, but perhaps not the next. */
static void expect_deny_once(struct nf *nf, struct nf_pkt pkt, bool slow)
{
	fake_assert_drop_once(fake_run(nf, &pkt), &pkt,
			      NFOLD_REASON_FIREWALL_DENY);
	assert_int_equal(fake.why_slow, slow ? NFOLD_REASON_PER_PACKET_MATCH :
					       NFOLD_REASON_NONE);
}

static bool allows(struct nf *nf, struct nf_pkt pkt)
{
	enum nf_verdict v;

	pkt.engine = fake_session(nf);
	v = fake_run(nf, &pkt);
	fake_expire(nf, pkt.engine);
	return v == NF_FORWARD;
}

static void an_empty_firewall_denies_everything(void **state)
{
	struct nf *nf = fake_nf(&firewall_ops, "");

	(void)state;
	assert_false(allows(nf, tcp(NULL, 80, 2, 64)));
	assert_false(allows(nf, fake_pkt(NULL, IPPROTO_UDP, "2001:db8::1", 1,
					 "2001:db8::2", 2)));
	fake_nf_free(nf);
}

static void the_first_rule_that_matches_decides(void **state)
{
	struct nf *nf = fake_nf(&firewall_ops, "default deny;"
				"deny \"src host 10.0.0.1 and dst port 22\";"
				"allow \"tcp dst portrange 20-25\";"
				"deny \"tcp dst port 21\";");
	json_t *show;

	(void)state;
	assert_false(allows(nf, tcp(NULL, 22, 2, 64)));
	assert_true(allows(nf, tcp(NULL, 21, 2, 64)));
	assert_true(allows(nf, tcp(NULL, 23, 2, 64)));
	assert_false(allows(nf, tcp(NULL, 80, 2, 64)));
	show = firewall_ops.show(nf);
	assert_int_equal(fake_number(show, "rules/0/sessions"), 1);
	assert_int_equal(fake_number(show, "rules/1/sessions"), 2);
	assert_int_equal(fake_number(show, "rules/2/sessions"), 0);
	assert_int_equal(fake_number(show, "default_sessions"), 1);
	json_decref(show);
	fake_nf_free(nf);
}

static void default_allow_lets_pass_what_no_rule_denies(void **state)
{
	struct nf *nf = fake_nf(&firewall_ops, "default allow;"
				"deny \"tcp dst port 25\";");

	(void)state;
	assert_false(allows(nf, tcp(NULL, 25, 2, 64)));
	assert_true(allows(nf, tcp(NULL, 26, 2, 64)));
	fake_nf_free(nf);
}

static void rules_see_ipv6_and_echo(void **state)
{
	struct nf *nf = fake_nf(&firewall_ops,
				"allow \"udp dst port 53\";"
				"allow \"icmp6 and dst net 2001:db8:1::/48\";"
				"allow \"icmp and icmp[icmptype] == 8\";");
	struct nf_pkt pkt;

	(void)state;
	assert_true(allows(nf, fake_pkt(NULL, IPPROTO_UDP, "2001:db8::1", 1,
					"2001:db8::2", 53)));
	pkt = fake_pkt(NULL, IPPROTO_ICMPV6, "2001:db8::1", 7, "2001:db8:1::2",
		       128);
	pkt.icmp_type = 128;
	assert_true(allows(nf, pkt));
	pkt.daddr = fake_addr("2001:db8:2::2");
	assert_false(allows(nf, pkt));
	pkt = fake_pkt(NULL, IPPROTO_ICMP, "10.0.0.1", 7, "10.0.0.2", 8);
	pkt.icmp_type = 8;
	assert_true(allows(nf, pkt));
	pkt = fake_pkt(NULL, IPPROTO_ICMP, "10.0.0.1", 0, "10.0.0.2", 7);
	assert_false(allows(nf, pkt));
	fake_nf_free(nf);
}

/* libpcap 1.10.3's optimiser makes of this a program that matches UDP to
 * 10.1.0.2: expressions are compiled without it. */
static void rules_mean_what_they_say(void **state)
{
	struct nf *nf = fake_nf(&firewall_ops,
				"allow \"(ip net 10.1.0.0/16 and icmp) or (not ip net 10.1.0.0/16 and not icmp)\";");
	struct nf_pkt pkt;

	(void)state;
	assert_false(allows(nf, fake_pkt(NULL, IPPROTO_UDP, "10.0.0.1", 1,
					 "10.1.0.2", 53)));
	assert_true(allows(nf, fake_pkt(NULL, IPPROTO_UDP, "10.0.0.1", 1,
					"10.2.0.2", 53)));
	pkt = fake_pkt(NULL, IPPROTO_ICMP, "10.0.0.1", 7, "10.1.0.2", 8);
	pkt.icmp_type = 8;
	assert_true(allows(nf, pkt));
	fake_nf_free(nf);
}

static void replies_pass_if_the_session_was_allowed(void **state)
{
	struct nf *nf = fake_nf(&firewall_ops, "allow \"tcp dst port 80\";");
	void *s = fake_session(nf), *t = fake_session(nf);
	struct nf_pkt yes = tcp(s, 80, 2, 64), no = tcp(t, 81, 2, 64);

	(void)state;
	expect_forward(nf, yes, false);
	expect_forward(nf, fake_reply(&yes), false);
	expect_deny(nf, no);
	expect_deny(nf, fake_reply(&no));
	fake_expire(nf, s);
	fake_expire(nf, t);
	fake_nf_free(nf);
}

static void a_reply_to_nothing_is_denied_and_not_folded(void **state)
{
	struct nf *nf = fake_nf(&firewall_ops, "allow \"tcp dst port 80\";");
	void *s = fake_session(nf);
	struct nf_pkt pkt = tcp(s, 80, 2, 64);

	(void)state;
	expect_deny_once(nf, fake_reply(&pkt), false);
	expect_forward(nf, pkt, false);
	expect_forward(nf, fake_reply(&pkt), false);
	fake_expire(nf, s);
	fake_nf_free(nf);
}

static void the_verdict_stays_with_the_session(void **state)
{
	struct nf *nf = fake_nf(&firewall_ops, "allow \"tcp dst port 80\";");
	void *s = fake_session(nf), *t = fake_session(nf);
	struct nf_pkt yes = tcp(s, 80, 2, 64), no = tcp(t, 81, 2, 64);
	json_t *show;

	(void)state;
	for (int i = 0; i < 3; i++) {
		expect_forward(nf, yes, false);
		expect_deny(nf, no);
		yes.opening = no.opening = false;
	}
	show = firewall_ops.show(nf);
	assert_int_equal(fake_number(show, "rules/0/sessions"), 1);
	assert_int_equal(fake_number(show, "default_sessions"), 1);
	json_decref(show);
	fake_expire(nf, s);
	fake_expire(nf, t);
	fake_nf_free(nf);
}

static void tcp_without_syn_opens_a_session(void **state)
{
	struct nf *nf = fake_nf(&firewall_ops, "allow \"tcp dst port 80\";");

	(void)state;
	assert_true(allows(nf, tcp(NULL, 80, NFOLD_TCP_ACK, 64)));
	fake_nf_free(nf);
}

static void per_packet_rules_are_refused_unless_asked_for(void **state)
{
	(void)state;
	fake_refused(&firewall_ops, "deny \"ip[8] < 5\";", "TTL");
	fake_refused(&firewall_ops, "deny \"ip[8] < 5\";", "per-packet slow");
	fake_refused(&firewall_ops, "per-packet refuse;"
		     "allow \"tcp[tcpflags] & tcp-syn != 0\";", "TCP flags");
	fake_nf_free(fake_nf(&firewall_ops, "per-packet slow;"
			     "deny \"ip[8] < 5\";"));
}

static void per_packet_rules_judge_each_packet(void **state)
{
	struct nf *nf = fake_nf(&firewall_ops, "per-packet slow;"
				"deny \"ip[8] < 5\"; allow \"tcp\";");
	void *s = fake_session(nf);
	struct nf_pkt pkt;

	(void)state;
	pkt = tcp(s, 80, 2, 3);
	expect_deny_once(nf, pkt, true);
	expect_deny_once(nf, fake_reply(&pkt), false);
	/* nothing of this packet matches the per-packet rule, the next may */
	pkt = tcp(s, 80, 2, 64);
	expect_forward(nf, pkt, true);
	expect_forward(nf, fake_reply(&pkt), false);
	expect_deny_once(nf, tcp(s, 80, 2, 4), true);
	expect_forward(nf, tcp(s, 80, 2, 5), true);
	fake_expire(nf, s);
	fake_nf_free(nf);
}

static void key_only_rules_before_a_per_packet_rule_keep_flows_fast(
	void **state)
{
	struct nf *nf = fake_nf(&firewall_ops, "per-packet slow;"
				"allow \"tcp dst port 80\";"
				"deny \"ip[8] < 5\"; allow \"tcp\";");
	void *s = fake_session(nf), *t = fake_session(nf);
	json_t *show;

	(void)state;
	expect_forward(nf, tcp(s, 80, 2, 1), false);
	expect_forward(nf, tcp(t, 81, 2, 64), true);
	show = firewall_ops.show(nf);
	assert_int_equal(fake_number(show, "slow_sessions"), 1);
	json_decref(show);
	fake_expire(nf, s);
	fake_expire(nf, t);
	fake_nf_free(nf);
}

/* Ports of SCTP are not in the flow key: never folded on a guess. */
static void port_rules_keep_sctp_slow(void **state)
{
	struct nf *nf = fake_nf(&firewall_ops, "default allow;"
				"deny \"port 80\";");
	void *s = fake_session(nf);
	struct nf_pkt pkt = tcp(s, 80, 0, 64);

	(void)state;
	pkt.l4proto = IPPROTO_SCTP;
	pkt.data[23] = IPPROTO_SCTP;
	pkt.sport = pkt.dport = 0;
	expect_deny_once(nf, pkt, true);
	pkt.data[37] = 81;
	expect_forward(nf, pkt, true);
	fake_expire(nf, s);
	fake_nf_free(nf);
}

static void rules_do_not_see_vlan_tags(void **state)
{
	struct nf *nf = fake_nf(&firewall_ops, "per-packet slow;"
				"deny \"ip[8] < 5\";"
				"allow \"tcp dst port 80\";");
	struct nf_pkt pkt = tcp(fake_session(nf), 80, 2, 64);
	uint8_t tagged[64];

	(void)state;
	memcpy(tagged, pkt.data, 12);
	memcpy(tagged + 12, "\x81\0\0\7", 4);
	memcpy(tagged + 16, pkt.data + 12, 48);
	pkt.data = tagged;
	pkt.len = 64;
	pkt.l3_off = 18;
	pkt.l4_off = 38;
	expect_forward(nf, pkt, true);
	tagged[26] = 4;		/* the TTL behind the tag */
	expect_deny_once(nf, pkt, true);
	fake_expire(nf, pkt.engine);
	fake_nf_free(nf);
}

static void mistakes_are_refused_with_the_remedy(void **state)
{
	static const char *const cases[][2] = {
		{ "default maybe;", "allow|deny" },
		{ "default deny; default allow;", "twice" },
		{ "per-packet fast;", "slow|refuse" },
		{ "per-packet slow; per-packet slow;", "twice" },
		{ "allow;", "" },
		{ "allow tcp port 80;", "" },
		{ "allow \"\";", "empty" },
		{ "allow \"tcp port\";", "syntax" },
		{ "allow \"host example.org\";", "not looked up" },
		{ "allow \"tcp port http\";", "not looked up" },
		{ "allow \"vlan 5\";", "VLAN" },
		{ "allow \"port 70000\";", "port" },
		{ "allow \"tcp and udp\";", "rejects all" },
		{ "permit \"tcp\";", "" },
		{ "allow \"tcp\" { }", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		fake_refused(&firewall_ops, cases[i][0], cases[i][1]);
}

static void restored_verdicts_hold_under_equal_rules_only(void **state)
{
	static const char conf[] = "allow \"tcp dst port 80\";";
	struct nf *a = fake_nf(&firewall_ops, conf);
	struct nf *b = fake_nf(&firewall_ops, conf);
	struct nf *c = fake_nf(&firewall_ops, "allow \"tcp dst port 81\";");
	void *s = fake_session(a), *t = fake_session(b), *u = fake_session(c);
	void *blob = fake_session(a);
	struct nf_pkt pkt = tcp(s, 80, 2, 64);

	(void)state;
	expect_forward(a, pkt, false);
	firewall_ops.save(a, s, blob);
	assert_int_equal(firewall_ops.restore(b, t, blob), 0);
	pkt = fake_reply(&pkt);
	pkt.engine = t;
	expect_forward(b, pkt, false);
	assert_int_equal(firewall_ops.restore(c, u, blob), -1);
	free(s);
	free(t);
	free(u);
	free(blob);
	fake_nf_free(a);
	fake_nf_free(b);
	fake_nf_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_firewall_denies_everything),
		cmocka_unit_test(the_first_rule_that_matches_decides),
		cmocka_unit_test(default_allow_lets_pass_what_no_rule_denies),
		cmocka_unit_test(rules_see_ipv6_and_echo),
		cmocka_unit_test(rules_mean_what_they_say),
		cmocka_unit_test(replies_pass_if_the_session_was_allowed),
		cmocka_unit_test(a_reply_to_nothing_is_denied_and_not_folded),
		cmocka_unit_test(the_verdict_stays_with_the_session),
		cmocka_unit_test(tcp_without_syn_opens_a_session),
		cmocka_unit_test(per_packet_rules_are_refused_unless_asked_for),
		cmocka_unit_test(per_packet_rules_judge_each_packet),
		cmocka_unit_test(key_only_rules_before_a_per_packet_rule_keep_flows_fast),
		cmocka_unit_test(port_rules_keep_sctp_slow),
		cmocka_unit_test(rules_do_not_see_vlan_tags),
		cmocka_unit_test(mistakes_are_refused_with_the_remedy),
		cmocka_unit_test(restored_verdicts_hold_under_equal_rules_only),
	};

	return cmocka_run_group_tests_name("firewall", tests, NULL, NULL);
}
