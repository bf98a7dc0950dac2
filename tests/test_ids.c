/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The ids NF in the engine: what it tells, drops, passes and remembers; what of
 * it is folded, and that folded and unfolded are equal.
 */
#include "tests/ids_box.h"

#include <time.h>

#define ALERT "alert tcp any any -> any any "

/* Out, or dropped; and what was told. */
static void expect(struct pkt f, uint32_t port, enum engine_verdict v,
		   const char *alerts)
{
	const char *is;

	advance(MS);
	assert_int_equal(pass(&f, port), v);
	if (v == ENGINE_DROP)
		assert_int_equal(box.pkt.drop_nf, 1);
	is = told();
	if (strcmp(is, alerts))
		fail_msg("told '%s', not '%s'", is, alerts);
}

#define OUT ENGINE_TX
#define GONE ENGINE_DROP

static void an_alert_says_what_the_rule_is(void **state)
{
	struct pkt f = asks(IPPROTO_UDP, 4000, "xxevilxx");
	json_t *answer, *a;

	(void)state;
	ids_start(true, "alert udp any any -> any 80 (msg:\"an \\\"evil\\\"\"; content:\"evil\"; sid:12; gid:3; rev:4; classtype:misc-attack;)",
		  "");
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	answer = engine_alerts(box.e, 0);
	a = json_array_get(json_object_get(answer, "alerts"), 0);
	assert_string_equal(json_string_value(json_object_get(a, "src")),
			    "10.0.0.2");
	assert_string_equal(json_string_value(json_object_get(a, "nf")), "ids");
	a = json_object_get(a, "alert");
	assert_int_equal(json_integer_value(json_object_get(a, "sid")), 12);
	assert_int_equal(json_integer_value(json_object_get(a, "gid")), 3);
	assert_int_equal(json_integer_value(json_object_get(a, "rev")), 4);
	assert_int_equal(json_integer_value(json_object_get(a, "priority")), 2);
	assert_string_equal(json_string_value(json_object_get(a, "msg")),
			    "an \"evil\"");
	assert_string_equal(json_string_value(json_object_get(a, "action")),
			    "alert");
	assert_string_equal(json_string_value(json_object_get(a, "classtype")),
			    "misc-attack");
	json_decref(answer);
	assert_int_equal(shown("alerts"), 1);
	ids_stop();
}

static void events_are_told_by_priority_then_sid(void **state)
{
	(void)state;
	ids_start(true,
		  ALERT "(content:\"a\"; sid:4; priority:2;)\n"
		  ALERT "(content:\"a\"; sid:3; priority:2;)\n"
		  "log tcp any any -> any any (content:\"a\"; sid:9; priority:1;)\n"
		  ALERT "(content:\"aa\"; sid:2; priority:3;)\n"
		  ALERT "(dsize:>0; sid:7; priority:1;)\n",
		  "");
	expect(asks(IPPROTO_TCP, 4000, "aaaa"), 0, OUT, "7 9 3 4 2");
	expect(asks(IPPROTO_TCP, 4000, "-a"), 0, OUT, "7 9 3 4");
	/* The stream has two of them in a row now. */
	expect(asks(IPPROTO_TCP, 4000, "a"), 0, OUT, "7 9 3 4 2");
	expect(asks(IPPROTO_TCP, 4000, ""), 0, OUT, "");
	ids_stop();
}

/* Pass, drop, sdrop, reject, alert, log. */
static void pass_wins_over_all(void **state)
{
	static const char rules[] =
		ALERT "(content:\"evil\"; sid:1;)\n"
		"drop tcp any any -> any any (content:\"evil\"; sid:2;)\n"
		"sdrop tcp any any -> any any (content:\"quiet\"; sid:3;)\n"
		"reject tcp any any -> any any (content:\"bad\"; sid:4;)\n"
		"pass tcp any any -> any any (content:\"good\"; sid:5;)\n"
		"log tcp any any -> any any (content:\"note\"; sid:6;)\n";

	(void)state;
	for (int fold = 0; fold < 2; fold++) {
		ids_start(fold, rules, "");
		for (int n = 0; n < 2; n++)
			expect(asks(IPPROTO_TCP, 4000, "good evil quiet"), 0,
			       OUT, "");
		expect(asks(IPPROTO_TCP, 4000, "note"), 0, OUT, "6");
		expect(asks(IPPROTO_TCP, 4000, "evil"), 0, GONE, "1 2");
		expect(asks(IPPROTO_TCP, 4001, "ok"), 0, OUT, "");
		expect(asks(IPPROTO_TCP, 4001, "quiet"), 0, GONE, "");
		expect(asks(IPPROTO_TCP, 4002, "bad note"), 0, OUT, "4 6");
		assert_int_equal(box.pkt.outcome, NFOLD_REASON_IDS_REJECT);
		assert_int_equal(shown("passed"), 2);
		assert_int_equal(shown("dropped"), 3);
		assert_int_equal(counted(NFOLD_REASON_IDS_DROP), 2);
		ids_stop();
	}
}

/* Its receiver never gets the bytes, so the connection can not go on. */
static void a_drop_blocks_a_connection_and_one_datagram(void **state)
{
	static const char rules[] =
		"drop ip any any -> any any (content:\"evil\"; sid:1;)\n";

	(void)state;
	for (int fold = 0; fold < 2; fold++) {
		ids_start(fold, rules, "");
		expect(asks(IPPROTO_TCP, 4000, "fine"), 0, OUT, "");
		expect(says(IPPROTO_TCP, 4000, "fine"), 1, OUT, "");
		expect(asks(IPPROTO_TCP, 4000, "evil"), 0, GONE, "1");
		expect(asks(IPPROTO_TCP, 4000, "fine"), 0, GONE, "");
		expect(says(IPPROTO_TCP, 4000, "fine"), 1, GONE, "");
		expect(asks(IPPROTO_UDP, 4000, "fine"), 0, OUT, "");
		expect(asks(IPPROTO_UDP, 4000, "evil"), 0, GONE, "1");
		expect(asks(IPPROTO_UDP, 4000, "fine"), 0, OUT, "");
		assert_int_equal(shown("dropped"), 4);
		ids_stop();
	}
}

/* A segment as it came back: a reset for its sender? */
static bool is_reset(void)
{
	return box.pkt.out == 0 && box.pkt.data[14 + 20 + 13] & TCP_RST;
}

static void a_rejected_connection_is_reset_for_both_ends(void **state)
{
	struct pkt f;

	(void)state;
	for (int fold = 0; fold < 2; fold++) {
		ids_start(fold, "reject tcp any any -> any any (content:\"evil\"; sid:1;)\n", "");
		expect(asks(IPPROTO_TCP, 4000, "fine"), 0, OUT, "");
		expect(says(IPPROTO_TCP, 4000, "fine"), 1, OUT, "");
		expect(asks(IPPROTO_TCP, 4000, "evil"), 0, OUT, "1");
		assert_true(is_reset());
		assert_int_equal(box.pkt.outcome, NFOLD_REASON_IDS_REJECT);
		f = says(IPPROTO_TCP, 4000, "more");
		assert_int_equal(pass(&f, 1), ENGINE_TX);
		assert_int_equal(box.pkt.out, 1);
		assert_true(box.pkt.data[14 + 20 + 13] & TCP_RST);
		assert_int_equal(shown("dropped"), 2);
		ids_stop();
		/* By the flow key: each one who tries is told. */
		ids_start(fold, "reject tcp any any -> any 80 (sid:1;)\n", "");
		for (int n = 0; n < 2; n++) {
			expect(asks(IPPROTO_TCP, 4000, ""), 0, OUT, "1");
			assert_true(is_reset());
		}
		assert_int_equal(engine_sessions(box.e), 0);
		ids_stop();
	}
}

/* RFC 1122, 3.2.2.1: type 3, code 3, and the packet that it is about. */
static void a_rejected_datagram_is_unreachable(void **state)
{
	static const char rules[] = "reject udp any any -> any any (content:\"evil\"; sid:1;)\n";

	(void)state;
	for (int fold = 0; fold < 2; fold++) {
		ids_start(fold, rules, "");
		box.ports[0].addr4 = inet_addr("10.0.0.1");
		expect(asks(IPPROTO_UDP, 4000, "fine"), 0, OUT, "");
		advance(NF_SEC);
		expect(asks(IPPROTO_UDP, 4000, "evil"), 0, OUT, "1");
		assert_int_equal(box.pkt.out, 0);
		assert_int_equal(box.pkt.data[14 + 9], IPPROTO_ICMP);
		assert_int_equal(box.pkt.data[14 + 20], 3);
		assert_int_equal(box.pkt.data[14 + 21], 3);
		expect(asks(IPPROTO_UDP, 4000, "fine"), 0, OUT, "");
		ids_stop();
	}
}

static void verdict_of_entry(enum nfold_verdict verdict, uint8_t reason)
{
	struct flow_entry fe;

	assert_true(only_entry(&fe, NULL));
	assert_int_equal(fe.act.verdict, verdict);
	assert_int_equal(fe.act.reason, reason);
}

static void what_no_rule_can_match_folds_to_nothing(void **state)
{
	(void)state;
	ids_start(true,
		  "alert tcp any any -> any 443 (content:\"a\"; sid:1;)\n"
		  "alert tcp 10.9.0.0/16 any -> any 80 (content:\"a\"; sid:2;)\n"
		  "alert udp any any -> any any (content:\"a\"; sid:3;)\n"
		  "alert tcp any any -> any any (content:\"a\"; flow:to_client; sid:4;)\n",
		  "");
	expect(asks(IPPROTO_TCP, 4000, "aaa"), 0, OUT, "");
	verdict_of_entry(NFOLD_VERDICT_FORWARD, 0);
	assert_int_equal(shown("packets"), 0);
	/* The answers are for rule 4. */
	expect(says(IPPROTO_TCP, 4000, "aaa"), 1, OUT, "4");
	assert_int_equal(counted(NFOLD_REASON_STATE_FUNCTION), 1);
	ids_stop();
}

static void rules_on_the_flow_key_are_decided_once(void **state)
{
	static const char rules[] =
		"alert tcp any any -> any 80 (msg:\"web\"; sid:1;)\n"
		"drop udp any any -> any 80 (sid:2;)\n"
		"alert udp any any -> any 80 (content:\"a\"; sid:3;)\n";
	struct pkt f = asks(IPPROTO_UDP, 4000, "a");

	(void)state;
	for (int fold = 0; fold < 2; fold++) {
		ids_start(fold, rules, "");
		expect(asks(IPPROTO_TCP, 4000, "a"), 0, OUT, "1");
		expect(asks(IPPROTO_TCP, 4000, "a"), 0, OUT, "");
		if (fold)
			verdict_of_entry(NFOLD_VERDICT_FORWARD, 0);
		expect(asks(IPPROTO_TCP, 4001, "a"), 0, OUT, "1");
		ids_stop();

		ids_start(fold, rules, "");
		expect(f, 0, GONE, "2 3");
		expect(f, 0, GONE, "");
		expect(f, 0, GONE, "");
		if (fold)
			verdict_of_entry(NFOLD_VERDICT_DROP,
					 NFOLD_REASON_IDS_DROP);
		assert_int_equal(shown("packets"), 1);
		ids_stop();
	}
}

/* A pass rule on packets can save what a rule on the key would drop. */
static void a_pass_rule_keeps_a_key_drop_per_packet(void **state)
{
	static const char rules[] =
		"drop udp any any -> any 80 (sid:2;)\n"
		"pass udp any any -> any 80 (content:\"good\"; sid:3;)\n";

	(void)state;
	for (int fold = 0; fold < 2; fold++) {
		ids_start(fold, rules, "");
		expect(asks(IPPROTO_UDP, 4000, "good"), 0, OUT, "");
		expect(asks(IPPROTO_UDP, 4000, "other"), 0, GONE, "2");
		expect(asks(IPPROTO_UDP, 4000, "good"), 0, OUT, "");
		ids_stop();
	}
	ids_start(true, "pass udp any any -> any 80 (sid:1;)\n"
			"drop udp any any -> any any (content:\"a\"; sid:2;)\n", "");
	expect(asks(IPPROTO_UDP, 4000, "aaa"), 0, OUT, "");
	verdict_of_entry(NFOLD_VERDICT_FORWARD, 0);
	ids_stop();
}

static void a_settled_flow_goes_to_the_kernel(void **state)
{
	struct flow_entry fe;
	struct nfold_cells cells;

	(void)state;
	ids_start(true, ALERT "(content:\"evil\"; sid:1;)", "inspect first 3 packets;");
	for (int n = 0; n < 2; n++)
		expect(asks(IPPROTO_TCP, 4000, "evil"), 0, OUT, "1");
	verdict_of_entry(NFOLD_VERDICT_SLOW, NFOLD_REASON_STATE_FUNCTION);
	for (int n = 0; n < 2; n++)
		expect(asks(IPPROTO_TCP, 4000, "evil"), 0, OUT, n ? "" : "1");
	assert_true(only_entry(&fe, &cells));
	assert_int_equal(fe.act.verdict, NFOLD_VERDICT_FORWARD);
	assert_int_equal(cells.packets, 4);
	assert_int_equal(shown("settled"), 1);
	assert_int_equal(shown("packets"), 3);
	ids_stop();

	for (int fold = 0; fold < 2; fold++) {
		ids_start(fold, ALERT "(content:\"evil\"; sid:1;)",
			  "inspect first 8 bytes;");
		expect(asks(IPPROTO_TCP, 4000, ""), 0, OUT, "");
		expect(asks(IPPROTO_TCP, 4000, "evil..."), 0, OUT, "1");
		expect(asks(IPPROTO_TCP, 4000, "evil..."), 0, OUT, "1");
		expect(asks(IPPROTO_TCP, 4000, "evil..."), 0, OUT, "");
		/* Each direction has its own. */
		expect(says(IPPROTO_TCP, 4000, "evil..."), 1, OUT, "1");
		ids_stop();
	}
}

static void flow_knows_who_opened_and_when(void **state)
{
	static const char rules[] =
		ALERT "(flow:to_server,established; content:\"a\"; sid:1;)\n"
		ALERT "(flow:to_client,established; content:\"a\"; sid:2;)\n"
		ALERT "(flow:to_server,not_established; content:\"a\"; sid:3;)\n"
		ALERT "(flow:to_client,not_established; content:\"a\"; sid:4;)\n";
	struct pkt syn = asks(IPPROTO_TCP, 4000, "");
	struct pkt syn_ack = says(IPPROTO_TCP, 4000, "");

	(void)state;
	syn.flags = TCP_SYN;
	syn.seq--;
	syn_ack.flags = TCP_SYN | TCP_ACK;
	syn_ack.seq--;
	for (int fold = 0; fold < 2; fold++) {
		ids_start(fold, rules, "");
		expect(syn, 0, OUT, "");
		expect(asks(IPPROTO_TCP, 4000, "a"), 0, OUT, "3");
		expect(syn_ack, 1, OUT, "");
		expect(asks(IPPROTO_TCP, 4000, "a"), 0, OUT, "1");
		expect(says(IPPROTO_TCP, 4000, "a"), 1, OUT, "2");
		ids_stop();
		/* Seen from the SYN+ACK on. */
		ids_start(fold, rules, "");
		expect(syn_ack, 1, OUT, "");
		expect(says(IPPROTO_TCP, 4000, "a"), 1, OUT, "4");
		expect(asks(IPPROTO_TCP, 4000, "a"), 0, OUT, "1");
		ids_stop();
	}
}

static void flowbits_go_through_a_session(void **state)
{
	static const char rules[] =
		ALERT "(content:\"login\"; flowbits:set,in; flowbits:noalert; sid:1;)\n"
		ALERT "(content:\"get\"; flowbits:isset,in; sid:2;)\n"
		ALERT "(content:\"get\"; flowbits:isnotset,in; sid:3;)\n"
		ALERT "(content:\"bye\"; flowbits:unset,in; flowbits:noalert; sid:4;)\n";

	(void)state;
	for (int fold = 0; fold < 2; fold++) {
		ids_start(fold, rules, "");
		expect(asks(IPPROTO_TCP, 4000, "get"), 0, OUT, "3");
		expect(asks(IPPROTO_TCP, 4000, "login"), 0, OUT, "");
		expect(asks(IPPROTO_TCP, 4001, "get"), 0, OUT, "3");
		expect(asks(IPPROTO_TCP, 4000, "get"), 0, OUT, "2");
		expect(says(IPPROTO_TCP, 4000, "get"), 1, OUT, "2");
		expect(says(IPPROTO_TCP, 4000, "bye"), 1, OUT, "");
		expect(asks(IPPROTO_TCP, 4000, "get"), 0, OUT, "3");
		ids_stop();
	}
}

/* Which of 12 matches in one second, then of 2 in the next, are heard: of one
 * source, in two flows. */
static void rates(const char *option, const char *want)
{
	char rule[300], heard[32];

	snprintf(rule, sizeof(rule), ALERT "(content:\"a\"; sid:1; %s)", option);
	for (int fold = 0; fold < 2; fold++) {
		ids_start(fold, rule, "");
		for (int n = 0; n < 14; n++) {
			struct pkt f = asks(IPPROTO_TCP, 4000 + n % 2, "a");

			if (n == 12)
				advance(NF_SEC);
			advance(MS);
			assert_int_equal(pass(&f, 0), ENGINE_TX);
			heard[n] = *told() ? 'x' : '.';
		}
		heard[14] = 0;
		if (strcmp(heard, want))
			fail_msg("%s: %s, not %s", option, heard, want);
		ids_stop();
	}
}

static void rates_hold_for_addresses_and_times(void **state)
{
	(void)state;
	rates("threshold:type limit,track by_src,count 3,seconds 1;",
	      "xxx.........xx");
	rates("threshold:type threshold,track by_dst,count 4,seconds 1;",
	      "...x...x...x..");
	rates("threshold:type both,track by_src,count 4,seconds 1;",
	      "...x..........");
	rates("detection_filter:track by_src,count 4,seconds 1;",
	      "....xxxxxxxx..");
	rates("detection_filter:track by_src,count 4,seconds 9;",
	      "....xxxxxxxxxx");
	rates("detection_filter:track by_src,count 4,seconds 9; threshold:type limit,track by_src,count 2,seconds 1;",
	      "....xx......xx");
}

/* A threshold holds alerts back; what the rule does it does. */
static void a_threshold_does_not_stop_a_drop(void **state)
{
	(void)state;
	ids_start(true, "drop udp any any -> any any (content:\"a\"; sid:1; threshold:type limit,track by_src,count 1,seconds 60;)",
		  "");
	expect(asks(IPPROTO_UDP, 4000, "b"), 0, OUT, "");
	expect(asks(IPPROTO_UDP, 4000, "a"), 0, GONE, "1");
	expect(asks(IPPROTO_UDP, 4000, "a"), 0, GONE, "");
	ids_stop();
	/* A filter that is not full is no match. */
	ids_start(true, "drop udp any any -> any any (content:\"a\"; sid:1; detection_filter:track by_src,count 1,seconds 60;)",
		  "");
	expect(asks(IPPROTO_UDP, 4000, "a"), 0, OUT, "");
	expect(asks(IPPROTO_UDP, 4000, "a"), 0, GONE, "1");
	ids_stop();
}

static void a_match_limit_is_an_alert(void **state)
{
	static const char rules[] =
		"alert udp any any -> any any (pcre:\"/(a+)+$/\"; sid:1;)\n"
		"alert udp any any -> any any (content:\"a\"; sid:2;)\n";
	char text[400];

	(void)state;
	memset(text, 'a', sizeof(text));
	strcpy(text + sizeof(text) - 2, "b");
	ids_start(true, rules, "");
	expect(asks(IPPROTO_UDP, 4000, text), 0, OUT, "1! 2");
	assert_int_equal(shown("match_limits"), 1);
	ids_stop();
	ids_start(true, rules, "on-match-limit drop;");
	expect(asks(IPPROTO_UDP, 4000, "b"), 0, OUT, "");
	expect(asks(IPPROTO_UDP, 4000, text), 0, GONE, "1! 2");
	ids_stop();
}

static void too_many_events_are_counted(void **state)
{
	struct pkt f = asks(IPPROTO_TCP, 4000, "a");
	char rules[8000];
	size_t n = 0;

	(void)state;
	for (int i = 1; i <= 70; i++)
		n += sprintf(rules + n, ALERT "(content:\"a\"; sid:%d;)\n", i);
	ids_start(true, rules, "");
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	assert_int_equal(shown("alerts"), 64);
	assert_int_equal(shown("events_lost"), 6);
	ids_stop();
}

static void blocks_are_refused_with_their_place(void **state)
{
	static const char rule[] = ALERT "(content:\"a\"; sid:1;)";
	static const struct {
		const char *rules, *extra, *part;
	} bad[] = {
		{ rule, "inspect 5 packets;", "expected inspect" },
		{ rule, "inspect next 5 packets;", "expected inspect" },
		{ rule, "inspect first 5 flows;", "bytes" },
		{ rule, "inspect first 0 packets;", "0" },
		{ rule, "inspect all; inspect all;", "twice" },
		{ rule, "on-match-limit stall;", "stall" },
		{ rule, "on-evasion pass;", "pass" },
		{ rule, "min-ttl 256;", "256" },
		{ rule, "stream-policy winows;", "windows" },
		{ rule, "stream-memory 1k;", "1k" },
		{ rule, "stream-timeout 5;", "5" },
		{ rule, "var X;", "expected var" },
		{ rule, "colour blue;", "colour" },
		{ rule, "rules \"/nowhere/x.rules\";", "/nowhere/x.rules" },
		{ rule, "rules \"/tmp\";", "directory" },
		{ "alert tcp $X any -> any any (sid:1;)", "", "variable 'X'" },
		{ "alert tcp $X any -> any any (sid:1;)", "var X 10.0.0;",
		  "prefix" },
		{ "alert tcp any any -> any any (sid:1; conten:\"a\";)", "",
		  "content" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct conf_error err = { 0 };
		struct nf nf = { 0 };

		if (!ids_nf_try(&nf, bad[i].rules, bad[i].extra, &err))
			fail_msg("accepted: %s", bad[i].extra);
		if (!strstr(err.message, bad[i].part) &&
		    !strstr(err.hint, bad[i].part))
			fail_msg("no '%s' in '%s' (%s)", bad[i].part,
				 err.message, err.hint);
		assert_true(err.line > 0);
	}
}

static void variables_of_the_chain_file_count(void **state)
{
	static const char rules[] =
		"ipvar NET 10.7.0.0/16\n"
		"alert tcp $NET any -> any $PORTS (content:\"a\"; sid:1;)\n";

	(void)state;
	ids_start(true, rules, "var PORTS [80, 81];");
	expect(asks(IPPROTO_TCP, 4000, "a"), 0, OUT, "");
	ids_stop();
	ids_start(true, rules,
		  "var PORTS [80, 81]; var NET \"[!10.0.0.3, 10.0.0.0/8]\";");
	expect(asks(IPPROTO_TCP, 4000, "a"), 0, OUT, "1");
	ids_stop();
}

static void a_rule_file_is_found_beside_the_chain_file(void **state)
{
	char dir[] = "/tmp/nfold-ids-XXXXXX", path[64], chain[64];
	struct conf_block *tree = NULL;
	struct conf_error err = { 0 };
	struct nf nf = { 0 };
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/a.rules", dir);
	snprintf(chain, sizeof(chain), "%s/x.chain", dir);
	f = fopen(path, "w");
	fputs("# here\n" ALERT "(content:\"a\"; sid:1;)\n alert x", f);
	fclose(f);
	assert_int_equal(conf_parse(&tree, chain, "ids { rules \"a.rules\"; }",
				    &err), 0);
	assert_int_equal(ids_ops.init(&nf, tree->stmts[0].block, &err), -1);
	assert_string_equal(err.file, path);
	assert_int_equal(err.line, 3);
	conf_free(tree);
	unlink(path);
	rmdir(dir);
}

/* nfold nf set: statements, and the rules that they name. -1 with *err. */
static int set(const char *statements, const char *rules, struct conf_error *err)
{
	const struct conf_file files[] = {
		{ "set", statements, strlen(statements) },
		{ "b.rules", rules, strlen(rules) },
	};
	struct conf_block *block;
	int failed = conf_parse_given(&block, files, 2, err);

	if (failed)
		return failed;
	failed = ids_ops.set(&box.nf[0], block, err);
	conf_free(block);
	return failed;
}

static void rules_are_replaced_by_nf_set(void **state)
{
	static const char first[] =
		ALERT "(content:\"x\"; flowbits:set,one; flowbits:noalert; sid:9;)\n"
		"alert tcp $NET any -> any any (content:\"evil\"; sid:1;)\n";
	static const char second[] =
		"alert tcp $NET any -> any $P (content:\"good\"; sid:2;)\n"
		ALERT "(content:\"y\"; flowbits:set,two; flowbits:noalert; sid:8;)\n"
		ALERT "(content:\"z\"; flowbits:isset,one; sid:3;)\n";
	struct conf_error err = { 0 };

	(void)state;
	ids_start(true, first, "var NET 10.0.0.0/8;");
	expect(asks(IPPROTO_TCP, 4000, "x evil good"), 0, OUT, "1");
	/* A bad one is refused with its place, and nothing has changed. */
	assert_int_equal(set("rules \"b.rules\";", second, &err), -1);
	assert_string_equal(err.file, "b.rules");
	assert_int_equal(err.line, 1);
	assert_non_null(strstr(err.message, "variable 'P'"));
	assert_int_equal(set("inspect all;", second, &err), -1);
	assert_int_equal(set("rules \"c.rules\";", second, &err), -1);
	expect(asks(IPPROTO_TCP, 4000, "x evil good"), 0, OUT, "1");
	assert_int_equal(set("rules \"b.rules\"; var P 80;", second, &err), 0);
	expect(asks(IPPROTO_TCP, 4000, "y evil good"), 0, OUT, "2");
	expect(asks(IPPROTO_TCP, 4000, "z evil"), 0, OUT, "3");
	expect(asks(IPPROTO_TCP, 4001, "y z"), 0, OUT, "");
	ids_stop();
}

/* Rules are replaced: flows are looked up anew, counts begin anew. */
static void rules_are_replaced(void **state)
{
	static const char second[] =
		ALERT "(content:\"good\"; sid:7;)\n"
		"drop udp any any -> any 80 (sid:8;)\n";
	static const struct conf_loc loc = { .line = 1 };
	struct conf_error err = { 0 };
	struct ids_rules *rules = ids_rules_new();
	struct ids *ids;

	(void)state;
	ids_start(true, ALERT "(content:\"evil\"; sid:1;)\n", "");
	ids = box.nf[0].priv;
	expect(asks(IPPROTO_TCP, 4000, "evil good"), 0, OUT, "1");
	expect(asks(IPPROTO_UDP, 4000, "evil good"), 0, OUT, "");
	assert_int_equal(ids_rules_read(rules, conf_text_copy("b", second,
						strlen(second), &err), &err), 0);
	assert_int_equal(ids_rules_finish(rules, &loc, &err), 0);
	assert_int_equal(ids_rules_set(ids, rules), 0);
	engine_invalidate_all(box.e);
	expect(asks(IPPROTO_TCP, 4000, "evil good"), 0, OUT, "7");
	expect(asks(IPPROTO_TCP, 4000, "evil good"), 0, OUT, "7");
	expect(asks(IPPROTO_UDP, 4000, "evil good"), 0, GONE, "8");
	ids_stop();
}

static void a_session_survives_a_restart(void **state)
{
	struct ids_session blob, *s = calloc(1, sizeof(*s));
	struct nf_pkt pkt;

	(void)state;
	ids_start(true, "drop tcp any any -> any any (content:\"evil\"; sid:1;)\n", "");
	pkt = (struct nf_pkt){ .family = 4, .l4proto = IPPROTO_TCP };
	ids_flow_dir(box.nf[0].priv, s, &pkt);
	s->blocked = true;
	s->dirs[0].bytes = 5;
	ids_ops.save(&box.nf[0], s, &blob);
	assert_null(blob.ids);
	assert_null(blob.dirs[0].group);
	memset(s, 0, sizeof(*s));
	assert_int_equal(ids_ops.restore(&box.nf[0], s, &blob), 0);
	assert_true(s->blocked);
	assert_int_equal(s->dirs[0].bytes, 5);
	assert_non_null(ids_flow_dir(box.nf[0].priv, s, &pkt));
	assert_non_null(s->dirs[0].group);
	free(s);
	ids_stop();
}

/* --- folded equals unfolded --- */

static const char random_rules[] =
	"alert ip any any -> any any (content:\"ab\"; sid:1;)\n"
	"alert tcp any any -> any 80 (content:\"a\"; content:\"c\"; distance:0; within:3; sid:2; priority:1;)\n"
	"drop udp any any -> any any (content:\"cab\"; sid:3;)\n"
	"drop tcp any any -> any any (content:\"bcbc\"; flow:established; sid:4;)\n"
	"pass ip any any -> any any (content:\"cc\"; offset:2; depth:4; sid:5;)\n"
	"alert ip any any -> any any (content:\"b\"; flowbits:set,b; flowbits:noalert; sid:6;)\n"
	"alert ip any any -> any any (content:\"aa\"; flowbits:isset,b; flowbits:unset,b; sid:7;)\n"
	"alert ip any any -> any any (content:\"c\"; threshold:type both,track by_src,count 5,seconds 1; sid:8;)\n"
	"alert ip any any -> any any (pcre:\"/(ab|ba)c/\"; detection_filter:track by_dst,count 3,seconds 2; sid:9;)\n"
	"drop tcp any 4003 -> any any (sid:10;)\n"
	"alert tcp any any -> any any (flags:S; sid:11;)\n"
	"reject tcp any any -> any any (content:\"acacac\"; sid:12;)\n"
	"alert udp any any -> any any (byte_test:1,>,98,0; dsize:>9; sid:13;)\n";

struct outcome {
	char alerts[200];
	enum engine_verdict v;
};

static void random_run(bool fold, unsigned int seed, const char *extra,
		       struct outcome *out, int cnt, char **dump)
{
	static char text[20];
	json_t *j;

	ids_start(fold, random_rules, extra);
	srand(seed);
	for (int n = 0; n < cnt; n++) {
		uint8_t proto = rand() % 3 ? IPPROTO_TCP : IPPROTO_UDP;
		uint16_t port = 4000 + rand() % 5;
		bool reply = !(rand() % 3);
		int len = rand() % 16;
		struct pkt f;

		for (int i = 0; i < len; i++)
			text[i] = 'a' + rand() % 3;
		text[len] = 0;
		f = reply ? says(proto, port, text) : asks(proto, port, text);
		f.flags = rand() % 9 ? TCP_ACK : rand() % 2 ? TCP_SYN : TCP_FIN;
		advance((rand() % 300) * MS);
		engine_drained(box.e);
		engine_tick(box.e);
		out[n].v = pass(&f, reply);
		snprintf(out[n].alerts, sizeof(out[n].alerts), "%s", told());
	}
	j = ids_ops.show(&box.nf[0]);
	*dump = json_dumps(j, JSON_SORT_KEYS);
	json_decref(j);
	ids_stop();
}

static void random_flows_folded_equal_unfolded(void **state)
{
	static struct outcome plain[600], folded[600];
	static const char *const extras[] = { "", "inspect first 40 bytes;",
					      "inspect first 7 packets;" };
	const char *seed = getenv("NFOLD_SEED");
	unsigned int x = seed ? strtoul(seed, NULL, 0) : (unsigned int)time(NULL);
	char *dump[2];
	int drops = 0, alerts = 0;

	(void)state;
	print_message("NFOLD_SEED=%u\n", x);
	for (int round = 0; round < 30; round++) {
		random_run(false, x + round, extras[round % 3], plain, 600,
			   &dump[0]);
		random_run(true, x + round, extras[round % 3], folded, 600,
			   &dump[1]);
		for (int n = 0; n < 600; n++) {
			if (strcmp(plain[n].alerts, folded[n].alerts) ||
			    plain[n].v != folded[n].v)
				fail_msg("round %d, packet %d: %d '%s', folded %d '%s'",
					 round, n, plain[n].v, plain[n].alerts,
					 folded[n].v, folded[n].alerts);
			drops += plain[n].v == ENGINE_DROP;
			alerts += *plain[n].alerts != 0;
		}
		assert_string_equal(dump[0], dump[1]);
		free(dump[0]);
		free(dump[1]);
	}
	assert_true(drops > 100 && alerts > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_alert_says_what_the_rule_is),
		cmocka_unit_test(events_are_told_by_priority_then_sid),
		cmocka_unit_test(pass_wins_over_all),
		cmocka_unit_test(a_drop_blocks_a_connection_and_one_datagram),
		cmocka_unit_test(a_rejected_connection_is_reset_for_both_ends),
		cmocka_unit_test(a_rejected_datagram_is_unreachable),
		cmocka_unit_test(what_no_rule_can_match_folds_to_nothing),
		cmocka_unit_test(rules_on_the_flow_key_are_decided_once),
		cmocka_unit_test(a_pass_rule_keeps_a_key_drop_per_packet),
		cmocka_unit_test(a_settled_flow_goes_to_the_kernel),
		cmocka_unit_test(flow_knows_who_opened_and_when),
		cmocka_unit_test(flowbits_go_through_a_session),
		cmocka_unit_test(rates_hold_for_addresses_and_times),
		cmocka_unit_test(a_threshold_does_not_stop_a_drop),
		cmocka_unit_test(a_match_limit_is_an_alert),
		cmocka_unit_test(too_many_events_are_counted),
		cmocka_unit_test(blocks_are_refused_with_their_place),
		cmocka_unit_test(variables_of_the_chain_file_count),
		cmocka_unit_test(a_rule_file_is_found_beside_the_chain_file),
		cmocka_unit_test(rules_are_replaced_by_nf_set),
		cmocka_unit_test(rules_are_replaced),
		cmocka_unit_test(a_session_survives_a_restart),
		cmocka_unit_test(random_flows_folded_equal_unfolded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
