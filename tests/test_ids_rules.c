/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Snort's rule language: what a rule says once it is read, and each way in which
 * it is refused, with the place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdio.h>
#include <time.h>

#include "tests/ids_rules.h"

#define HEAD "alert tcp any any -> any any "

static struct nf_addr addr(const char *text)
{
	struct nf_addr a = { 0 };

	if (inet_pton(AF_INET, text, a.a) != 1)
		assert_int_equal(inet_pton(AF_INET6, text, a.a), 1);
	return a;
}

static bool src_has(const struct ids_rules *set, uint32_t rule,
		    const char *text)
{
	struct nf_addr a = addr(text);

	return addr_set_has(&set->addrs, set->rules[rule]->src.addrs,
			    strchr(text, ':') ? 6 : 4, &a);
}

static bool dport_has(const struct ids_rules *set, uint32_t rule, uint16_t port)
{
	return port_set_has(&set->ports, set->rules[rule]->dst.ports, port);
}

static void a_whole_rule_is_read(void **state)
{
	static const char text[] =
		"# a comment\n"
		"\n"
		"reject udp 10.0.0.0/8 1024: <> any [53,5353] ( \\\n"
		"   msg:\"a \\\"name\\\"\\; it is\"; content:!\"ab|20 0D0a|c\"; \\\n"
		"   nocase; depth:9; gid:7; rev:4; sid:12; priority:2; \\\n"
		"   classtype:trojan-activity; reference:url,example.com/a; \\\n"
		"   metadata:policy x, service dns;)\r\n";
	struct ids_rules *set = rules_of(text);
	const struct ids_rule *r = set->rules[0];
	const struct ids_content *c = &r->opts[0].content;

	(void)state;
	assert_int_equal(set->cnt, 1);
	assert_int_equal(r->action, IDS_REJECT);
	assert_int_equal(r->protos, IDS_PROTO_UDP);
	assert_true(r->both_ways);
	assert_string_equal(r->msg, "a \"name\"; it is");
	assert_int_equal(r->sid, 12);
	assert_int_equal(r->gid, 7);
	assert_int_equal(r->rev, 4);
	assert_int_equal(r->priority, 2);
	assert_string_equal(r->classtype, "trojan-activity");
	assert_int_equal(r->line, 3);
	assert_int_equal(r->col, 1);
	assert_true(src_has(set, 0, "10.255.0.1"));
	assert_false(src_has(set, 0, "11.0.0.1"));
	assert_true(dport_has(set, 0, 5353));
	assert_false(dport_has(set, 0, 54));
	assert_int_equal(r->opt_cnt, 1);
	assert_true(c->negated && c->nocase && c->has_depth && !c->relative);
	assert_int_equal(c->len, 6);
	assert_memory_equal(c->bytes, "ab \r\nc", 6);
	assert_int_equal(c->depth.n, 9);
	ids_rules_free(set);
}

static void addresses_are_sets(void **state)
{
	struct ids_rules *set = rules_of(
		"ipvar NET [10.0.0.0/8,192.168.0.0/16,![10.1.0.0/16,!10.1.2.0/24]]\n"
		"ipvar OUT !$NET\n"
		"alert ip $NET any -> any any (sid:1;)\n"
		"alert ip $OUT any -> any any (sid:2;)\n"
		"alert ip [2001:db8::/32, !2001:db8:1::/48] any -> any any (sid:3;)\n"
		"alert ip !10.0.0.0/8 any -> any any (sid:4;)\n"
		"alert ip $NET any -> $NET any (sid:5;)\n");

	(void)state;
	assert_true(src_has(set, 0, "10.0.0.1"));
	assert_true(src_has(set, 0, "192.168.7.7"));
	assert_false(src_has(set, 0, "10.1.0.1"));
	assert_true(src_has(set, 0, "10.1.2.3"));
	assert_false(src_has(set, 0, "172.16.0.1"));
	assert_false(src_has(set, 0, "2001:db8::1"));
	assert_false(src_has(set, 1, "10.0.0.1"));
	assert_true(src_has(set, 1, "10.1.0.1"));
	assert_true(src_has(set, 1, "172.16.0.1"));
	assert_true(src_has(set, 2, "2001:db8::1"));
	assert_false(src_has(set, 2, "2001:db8:1::1"));
	assert_false(src_has(set, 2, "10.0.0.1"));
	assert_true(src_has(set, 3, "11.0.0.1"));
	assert_true(src_has(set, 3, "2001:db8::1"));
	/* Equal sets are one. */
	assert_int_equal(set->rules[0]->src.addrs, set->rules[4]->src.addrs);
	assert_int_equal(set->rules[4]->src.addrs, set->rules[4]->dst.addrs);
	ids_rules_free(set);
}

static void ports_are_sets(void **state)
{
	struct ids_rules *set = rules_of(
		"portvar WEB [80,8000:8090,!8010]\n"
		"portvar NOWEB !$WEB\n"
		"alert tcp any any -> any $WEB (sid:1;)\n"
		"alert tcp any any -> any $NOWEB (sid:2;)\n"
		"alert tcp any any -> any !$NOWEB (sid:3;)\n"
		"alert tcp any any -> any :1023 (sid:4;)\n"
		"alert tcp any any -> any [!22,!80:90] (sid:5;)\n");

	(void)state;
	for (uint32_t p = 0; p < 65536; p++) {
		bool web = p == 80 || (p >= 8000 && p <= 8090 && p != 8010);

		assert_int_equal(dport_has(set, 0, p), web);
		assert_int_equal(dport_has(set, 1, p), !web);
		assert_int_equal(dport_has(set, 2, p), web);
		assert_int_equal(dport_has(set, 3, p), p < 1024);
		assert_int_equal(dport_has(set, 4, p),
				 p != 22 && (p < 80 || p > 90));
	}
	assert_int_equal(set->rules[0]->dst.ports, set->rules[2]->dst.ports);
	/* Ports of a class are in the same sets. */
	for (uint32_t p = 0; p < 65536; p++) {
		uint16_t other =
			set->ports.class_port[set->ports.class_of[p]];

		for (uint16_t s = 0; s < set->ports.cnt; s++)
			assert_int_equal(port_set_has(&set->ports, s, p),
					 port_set_has(&set->ports, s, other));
	}
	ids_rules_free(set);
}

/* Groups hold what a linear search over all rules would. */
static void groups_hold_the_rules_of_their_ports(void **state)
{
	struct ids_rules *set = rules_of(
		"alert tcp any any -> any 80 (sid:1; dsize:>1;)\n"
		"alert tcp any 80 -> any any (sid:2; dsize:>1;)\n"
		"alert tcp any 22 <> any any (sid:3; dsize:>1;)\n"
		"alert tcp any any -> any any (sid:4; dsize:>1; flow:to_client;)\n"
		"alert ip any any -> any any (sid:5;)\n"
		"alert udp any any -> any 80 (sid:6; dsize:>1;)\n"
		"drop tcp any any -> any 443 (sid:7; content:\"x\";)\n");
	static const struct {
		uint8_t proto, dir;
		uint16_t sport, dport;
		uint32_t plain;
		bool drop;
	} cases[] = {
		{ IDS_PROTO_TCP, IDS_TO_SERVER, 4000, 80, 1, false },
		{ IDS_PROTO_TCP, IDS_TO_CLIENT, 80, 4000, 2, false },
		{ IDS_PROTO_TCP, IDS_TO_SERVER, 80, 80, 2, false },
		{ IDS_PROTO_TCP, IDS_TO_SERVER, 9, 22, 1, false },
		{ IDS_PROTO_TCP, IDS_TO_CLIENT, 22, 9, 2, false },
		{ IDS_PROTO_TCP, IDS_TO_SERVER, 65535, 65535, 3, true },
		{ IDS_PROTO_TCP, IDS_TO_SERVER, 1, 443, 0, true },
		{ IDS_PROTO_UDP, IDS_TO_SERVER, 1, 80, 1, false },
		{ IDS_PROTO_ICMP, IDS_TO_SERVER, 0, 0, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct ids_group *g = ids_group_get(
			set, cases[i].proto, cases[i].dir, cases[i].sport,
			cases[i].dport);
		uint8_t want = 0;

		assert_non_null(g);
		assert_int_equal(g->plain_cnt, cases[i].plain);
		assert_int_equal(g->keyed_cnt, 1);
		for (uint32_t p = 0; p < g->pair_cnt; p++)
			want |= g->pairs[p].want;
		assert_int_equal(!!(want & IDS_WANT_DROP), cases[i].drop);
		assert_ptr_equal(g, ids_group_get(set, cases[i].proto,
						  cases[i].dir, cases[i].sport,
						  cases[i].dport));
	}
	/* Unnamed ports are of one class, and so of one group. */
	assert_ptr_equal(ids_group_get(set, IDS_PROTO_TCP, 1, 5000, 5001),
			 ids_group_get(set, IDS_PROTO_TCP, 1, 6000, 6001));
	ids_rules_free(set);
}

static void order_is_pass_drop_reject_alert_log(void **state)
{
	struct ids_rules *set = rules_of(
		"log ip any any -> any any (sid:1;)\n"
		"alert ip any any -> any any (sid:2;)\n"
		"reject ip any any -> any any (sid:3;)\n"
		"sdrop ip any any -> any any (sid:4;)\n"
		"drop ip any any -> any any (sid:5;)\n"
		"pass ip any any -> any any (sid:6;)\n"
		"alert ip any any -> any any (sid:7;)\n");
	static const uint32_t order[] = { 6, 5, 4, 3, 2, 7, 1 };

	(void)state;
	for (int i = 0; i < 7; i++)
		assert_int_equal(set->rules[i]->sid, order[i]);
	ids_rules_free(set);
}

static void the_fast_pattern_is_the_longest_or_the_named(void **state)
{
	struct ids_rules *set = rules_of(
		HEAD "(sid:1; content:\"ab\"; content:\"abcd\"; content:!\"abcdef\"; content:\"abc\";)\n"
		HEAD "(sid:2; content:\"ab\"; fast_pattern; content:\"abcd\";)\n"
		HEAD "(sid:3; content:\"abcdef\"; fast_pattern:2,3; content:\"abcdefgh\";)\n"
		HEAD "(sid:4; content:\"ABCD\"; nocase; fast_pattern:only;)\n"
		HEAD "(sid:5; content:\"x\"; content:\"abcd\";)\n"
		HEAD "(sid:6; content:!\"abcd\";)\n");
	static const char *const want[] = { "abcd", "ab", "cde", "abcd",
					    "abcd" };

	(void)state;
	for (int i = 0; i < 5; i++) {
		const struct ids_rule *r = set->rules[i];

		assert_int_equal(r->fast_len, strlen(want[i]));
		assert_memory_equal(r->fast->bytes + r->fast_off, want[i],
				    r->fast_len);
	}
	assert_true(set->rules[3]->opts[0].content.only_fast);
	/* Equal ones are one pattern; nocase is another. */
	assert_int_equal(set->rules[0]->pattern, set->rules[4]->pattern);
	assert_int_not_equal(set->rules[0]->pattern, set->rules[3]->pattern);
	assert_int_equal(set->patterns.cnt, 4);
	assert_int_equal(set->rules[5]->pattern, -1);
	ids_rules_free(set);
}

static void what_looks_at_the_key_only_is_known(void **state)
{
	static const struct {
		const char *rule;
		bool key;
	} cases[] = {
		{ "alert tcp any any -> any 80 (sid:1;)", true },
		{ "drop ip any any -> any any (sid:1; sameip;)", true },
		{ "alert ip any any -> any any (sid:1; ip_proto:47;)", true },
		{ "alert icmp any any -> any any (sid:1; itype:8;)", true },
		{ HEAD "(sid:1; flow:to_server;)", true },
		{ HEAD "(sid:1; flow:established;)", false },
		{ HEAD "(sid:1; flags:S;)", false },
		{ HEAD "(sid:1; ttl:1;)", false },
		{ HEAD "(sid:1; content:\"a\";)", false },
		{ HEAD "(sid:1; flowbits:set,a;)", false },
		{ HEAD "(sid:1; detection_filter:track by_src,count 1,seconds 1;)",
		  false },
		{ HEAD "(sid:1; threshold:type limit,track by_dst,count 1,seconds 1;)",
		  false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ids_rules *set = rules_of(cases[i].rule);

		assert_int_equal(set->rules[0]->key_only, cases[i].key);
		ids_rules_free(set);
	}
}

static void all_options_are_accepted(void **state)
{
	struct ids_rules *set = rules_of(
		HEAD "(sid:1; pcre:\"/a\\/b[;\\\"]/ismxAEGR\"; pcre:!\"/x/B\"; pcre:\"m#a/b#i\";)\n"
		HEAD "(sid:2; content:\"a\"; offset:1; depth:5; rawbytes; content:\"b\"; distance:-4; within:9;)\n"
		HEAD "(sid:3; flow:to_server,established,no_stream; flowbits:set,a&b,g; flowbits:isset,a|b; flowbits:isnotset,any:g; flowbits:setx,a,g; flowbits:unset,a; flowbits:toggle,b; flowbits:reset; flowbits:reset,g; flowbits:noalert;)\n"
		HEAD "(sid:4; byte_test:4,>=,0x100,0,relative,little,bitmask 0xff; byte_test:10,!&,1,-2,string,dec; byte_test:2,!,5,0;)\n"
		HEAD "(sid:5; byte_jump:2,0,relative,multiplier 4,align,from_beginning,post_offset -3,bitmask 0xf; byte_jump:4,1,string,hex,from_end;)\n"
		HEAD "(sid:6; byte_extract:2,0,len,relative,multiplier 2,align 4,big; content:\"z\"; offset:len; depth:len; isdataat:!len,relative,rawbytes; byte_test:1,=,len,0;)\n"
		HEAD "(sid:7; flags:SA+,CE; ttl:<=5; tos:!4; id:7; window:!0; seq:1; ack:2; dsize:10<>20; fragbits:D; fragoffset:0; ipopts:lsrr; sameip; ip_proto:tcp;)\n"
		"alert icmp any any -> any any (sid:8; itype:3<>9; icode:>1; icmp_id:5; icmp_seq:6; ttl:3-5;)\n"
		HEAD "(sid:9; detection_filter:track by_src, count 5, seconds 60; threshold:type both, track by_dst, count 1, seconds 2;)\n"
		"config classification: mine,Something of mine,2\n"
		HEAD "(sid:10; classtype:mine;)\n");

	(void)state;
	assert_int_equal(set->cnt, 10);
	assert_int_equal(set->rules[9]->priority, 2);
	assert_int_equal(set->rules[2]->set_cnt, 6);
	assert_int_equal(set->rules[2]->opt_cnt, 3);
	assert_int_equal(set->rules[2]->dirs, IDS_TO_SERVER);
	assert_true(set->rules[2]->noalert);
	assert_int_equal(set->rules[8]->filter.count, 5);
	assert_int_equal(set->rules[8]->rate.type, IDS_RATE_BOTH);
	assert_true(set->rules[8]->rate.by_dst);
	ids_rules_free(set);
}

/* What is wrong, where (line 1 if 0), and a part of message or hint. */
struct bad {
	const char *text;
	int line, col;
	const char *part;
};

#define BODY(options) HEAD "(sid:1; " options ")"
#define AT 38			/* column of the first option of a BODY */

static const struct bad bads[] = {
	/* the file and the header */
	{ "", 1, 0, "there is no rule" },
	{ "# nothing\n", 1, 0, "there is no rule" },
	{ "alart tcp any any -> any any (sid:1;)", 1, 1, "alert" },
	{ "alert sctp any any -> any any (sid:1;)", 1, 7, "protocol" },
	{ "alert tcp any -> any any (sid:1;)", 1, 15, "port" },
	{ "alert tcp any any <- any any (sid:1;)", 1, 19, "->" },
	{ "alert tcp any any any any (sid:1;)", 1, 19, "direction" },
	{ "alert tcp any any -> any any", 1, 29, "parentheses" },
	{ "alert tcp any any -> any any (sid:1;", 1, 37, "end the rule" },
	{ HEAD "(sid:1;) x", 1, 39, "too much" },
	{ HEAD "(msg:\"a\";)", 1, 1, "no sid" },
	{ HEAD "(sid:1)", 1, 31, "end each option" },
	{ "\n\n  " HEAD "(sid:1; bad;)", 3, 40, "unknown option" },
	{ "alert icmp any 80 -> any any (sid:1;)", 1, 16, "no ports" },
	{ "alert ip any any -> any 80 (sid:1;)", 1, 25, "no ports" },
	{ "a\001b", 1, 2, "control character" },
	{ "\xff", 1, 1, "UTF-8" },
	/* addresses, ports, variables */
	{ "alert tcp 10.0.0.1/8 any -> any any (sid:1;)", 1, 11, "10.0.0.0/8" },
	{ "alert tcp 10.0.0 any -> any any (sid:1;)", 1, 11, "prefix" },
	{ "alert tcp [10.0.0.1 any -> any any (sid:1;)", 1, 11, "not closed" },
	{ "alert tcp !any any -> any any (sid:1;)", 1, 12, "!any" },
	{ "alert tcp $NET any -> any any (sid:1;)", 1, 11, "ipvar" },
	{ "ipvar N $N\nalert tcp $N any -> any any (sid:1;)", 2, 11, "deep" },
	{ "ipvar N 10.0.0\nalert tcp $N any -> any any (sid:1;)", 2, 11,
	  "prefix" },
	{ "ipvar N 10.0.0.1 x\nalert tcp $N any -> any any (sid:1;)", 2, 11,
	  "too much" },
	{ "portvar P 80\nalert tcp $P any -> any any (sid:1;)", 2, 11, "ports" },
	{ "ipvar P 10.0.0.1\nalert tcp any $P -> any any (sid:1;)", 2, 15,
	  "addresses" },
	{ "ipvar\n", 1, 6, "name" },
	{ "ipvar A-B any\n", 1, 7, "name" },
	{ "ipvar A\n", 1, 7, "value" },
	{ "config nothing\n", 1, 8, "classification" },
	{ "alert tcp any 70000 -> any any (sid:1;)", 1, 15, "65535" },
	{ "alert tcp any 9:8 -> any any (sid:1;)", 1, 15, "backwards" },
	{ "alert tcp any [80,!80] -> any any (sid:1;)", 1, 15, "no port" },
	{ "alert tcp any !any -> any any (sid:1;)", 1, 15, "no port" },
	{ "alert tcp any [80 -> any any (sid:1;)", 1, 15, "not closed" },
	{ "alert tcp any http -> any any (sid:1;)", 1, 15, "number" },
	/* options as such */
	{ BODY("contant:\"a\";"), 1, AT, "content" },
	{ BODY("uricontent:\"a\";"), 1, AT, "not supported" },
	{ BODY("content:\"a\"; http_uri;"), 1, AT + 13, "not supported" },
	{ BODY("sid:2;"), 1, AT, "twice" },
	{ BODY("msg:\"a\"; msg:\"b\";"), 1, AT + 9, "twice" },
	{ BODY("nocase;"), 1, AT, "without a content" },
	{ BODY("content:\"a\"; nocase:1;"), 1, AT + 13, "no value" },
	{ BODY("content;"), 1, AT, "needs a value" },
	{ BODY("content:;"), 1, AT, "needs a value" },
	{ BODY("rev:x;"), 1, AT + 4, "number" },
	{ HEAD "(sid:0;)", 1, 35, "number" },
	{ BODY("msg:a;"), 1, AT + 4, "quotes" },
	{ BODY("msg:\"a;"), 1, AT + 4, "not closed" },
	{ BODY("msg:\"a\\n\";"), 1, AT + 6, "escape" },
	{ BODY("msg:\"a\\\nb\";"), 1, AT + 4, "over the end" },
	{ BODY("classtype:trojan;"), 1, AT + 10, "class" },
	{ BODY("reference:url;"), 1, AT + 10, "comma" },
	{ BODY("priority:0;"), 1, AT + 9, "number" },
	{ BODY("tag:session,10;"), 1, AT, "not supported" },
	/* content */
	{ BODY("content:\"\";"), 1, AT + 9, "1 to" },
	{ BODY("content:\"|4|\";"), 1, AT + 10, "hexadecimal" },
	{ BODY("content:\"|4g|\";"), 1, AT + 10, "hexadecimal" },
	{ BODY("content:\"|41\";"), 1, AT + 9, "not closed" },
	{ BODY("content:\"a\\x\";"), 1, AT + 10, "escape" },
	{ BODY("content:\"abc\"; depth:2;"), 1, AT + 21, "3 bytes" },
	{ BODY("content:\"abc\"; within:2;"), 1, AT + 22, "3 bytes" },
	{ BODY("content:\"a\"; offset:-1;"), 1, AT + 20, "number" },
	{ BODY("content:\"a\"; offset:x;"), 1, AT + 20, "byte_extract" },
	{ BODY("content:\"a\"; offset:1; offset:1;"), 1, AT + 23, "twice" },
	{ BODY("content:\"a\"; offset:1; within:1;"), 1, AT + 23, "go with" },
	{ BODY("content:\"a\"; distance:0; depth:1;"), 1, AT + 25, "go with" },
	{ BODY("content:!\"a\"; fast_pattern;"), 1, AT + 14, "negated" },
	{ BODY("content:\"a\"; fast_pattern; content:\"b\"; fast_pattern;"), 1,
	  AT + 40, "second" },
	{ BODY("content:\"abc\"; fast_pattern:1,3;"), 1, AT + 30, "number" },
	{ BODY("content:\"abc\"; fast_pattern:1;"), 1, AT + 28, "length" },
	{ BODY("content:\"abc\"; depth:9; fast_pattern:only;"), 1, 1, "only" },
	/* pcre */
	{ BODY("pcre:\"abc\";"), 1, AT + 6, "EXPRESSION" },
	{ BODY("pcre:\"/a/U\";"), 1, AT + 9, "HTTP" },
	{ BODY("pcre:\"/a/z\";"), 1, AT + 9, "unknown flag" },
	{ BODY("pcre:\"/a(/\";"), 1, AT + 6, "byte 2" },
	{ BODY("pcre:\"//\";"), 1, AT + 6, "1 to" },
	/* numbers in the payload */
	{ BODY("byte_test:5,>,1,0;"), 1, AT, "1 to 4" },
	{ BODY("byte_test:11,>,1,0,string,dec;"), 1, AT + 10, "1 to 10" },
	{ BODY("byte_test:4,~,1,0;"), 1, AT + 12, "operator" },
	{ BODY("byte_test:4,>,1;"), 1, AT, "lacks" },
	{ BODY("byte_test:4,>,1,0,string;"), 1, AT, "base" },
	{ BODY("byte_test:4,>,1,0,hex;"), 1, AT, "base" },
	{ BODY("byte_test:4,>,1,0,string,hex,little;"), 1, AT, "order" },
	{ BODY("byte_test:4,>,1,0,relativ;"), 1, AT + 18, "relative" },
	{ BODY("byte_test:4,>,1,0,dce;"), 1, AT + 18, "DCE" },
	{ BODY("byte_test:4,>,1,0,align;"), 1, AT + 18, "does not take" },
	{ BODY("byte_test:4,>,1,0,multiplier 2;"), 1, AT + 18, "does not take" },
	{ BODY("byte_test:4,>,1,0,relative 2;"), 1, AT + 27, "too much" },
	{ BODY("byte_test:4,>,1,70000;"), 1, AT + 16, "number" },
	{ BODY("byte_jump:4;"), 1, AT, "lacks" },
	{ BODY("byte_jump:4,0,multiplier;"), 1, AT + 24, "multiplier" },
	{ BODY("byte_jump:4,0,align 8;"), 1, AT + 14, "align" },
	{ BODY("byte_extract:4,0;"), 1, AT, "lacks a name" },
	{ BODY("byte_extract:4,0,9x;"), 1, AT + 17, "letter" },
	{ BODY("byte_extract:1,0,a; byte_extract:1,0,b; byte_extract:1,0,c; byte_extract:1,0,d; byte_extract:1,0,e;"),
	  1, AT + 97, "more than 4" },
	{ BODY("isdataat:x;"), 1, AT + 9, "byte_extract" },
	{ BODY("isdataat:1,relativ;"), 1, AT + 11, "relative" },
	/* headers */
	{ BODY("dsize:x;"), 1, AT + 6, "number" },
	{ BODY("dsize:20<>10;"), 1, AT + 6, "backwards" },
	{ BODY("ttl:256;"), 1, AT + 4, "255" },
	{ BODY("ttl:-;"), 1, AT + 4, "number" },
	{ BODY("tos:>3;"), 1, AT + 4, "number" },
	{ BODY("itype:8;"), 1, AT, "no itype" },
	{ "alert udp any any -> any any (sid:1; seq:1;)", 1, 38, "no seq" },
	{ "alert udp any any -> any any (sid:1; flags:S;)", 1, 38, "no flags" },
	{ BODY("flags:Q;"), 1, AT + 6, "none of" },
	{ BODY("flags:+;"), 1, AT + 7, "letters" },
	{ BODY("fragbits:X;"), 1, AT + 9, "none of" },
	{ BODY("ipopts:lsr;"), 1, AT + 7, "lsrr" },
	{ BODY("ip_proto:nothing;"), 1, AT + 9, "protocol" },
	{ BODY("sameip:1;"), 1, AT, "no value" },
	/* session and rates */
	{ BODY("flow:to_sever;"), 1, AT + 5, "to_server" },
	{ BODY("flow:to_server,to_client;"), 1, AT, "exclude" },
	{ BODY("flow:established,not_established;"), 1, AT, "exclude" },
	{ "alert udp any any -> any any (sid:1; flow:no_stream;)", 1, 38,
	  "only TCP" },
	{ BODY("flowbits:put,a;"), 1, AT + 9, "flowbits" },
	{ BODY("flowbits:set;"), 1, AT, "name" },
	{ BODY("flowbits:set,a|b;"), 1, AT + 13, "isset" },
	{ BODY("flowbits:isset,a|b&c;"), 1, AT + 15, "go together" },
	{ BODY("flowbits:setx,a;"), 1, AT, "group" },
	{ BODY("flowbits:isset,a,g;"), 1, AT + 17, "group" },
	{ BODY("threshold:type limit,track by_src,count 1;"), 1, AT,
	  "all it needs" },
	{ BODY("threshold:type some,track by_src,count 1,seconds 1;"), 1,
	  AT + 15, "type" },
	{ BODY("threshold:type limit,type limit,track by_src,count 1,seconds 1;"),
	  1, AT + 21, "twice" },
	{ BODY("detection_filter:type limit,track by_src,count 1,seconds 1;"),
	  1, AT, "too much" },
	{ BODY("detection_filter:track by_rule,count 1,seconds 1;"), 1, AT + 23,
	  "by_src" },
	{ BODY("detection_filter:track by_src,count 0,seconds 1;"), 1, AT + 36,
	  "number" },
};

static void each_error_has_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
		const struct bad *b = &bads[i];
		struct conf_error err = { 0 };
		struct ids_rules *set = rules_try(b->text, &err);

		if (set)
			fail_msg("accepted: %s", b->text);
		if (!strstr(err.message, b->part) && !strstr(err.hint, b->part))
			fail_msg("%s: no '%s' in '%s' (%s)", b->text, b->part,
				 err.message, err.hint);
		if (err.line != b->line || err.col != b->col)
			fail_msg("%s: at %d:%d, not %d:%d: %s", b->text,
				 err.line, err.col, b->line, b->col,
				 err.message);
	}
}

static void a_second_rule_with_the_sid_is_refused(void **state)
{
	struct conf_error err = { 0 };

	(void)state;
	assert_null(rules_try(HEAD "(sid:9;)\n" HEAD "(sid:8;)\n"
			      " " HEAD "(sid:9; rev:2;)\n", &err));
	assert_int_equal(err.line, 3);
	assert_int_equal(err.col, 2);
	assert_non_null(strstr(err.hint, "test.rules:1"));
	ids_rules_free(rules_of(HEAD "(sid:9;)\n" HEAD "(sid:9; gid:2;)\n"));
}

static void an_error_shows_its_line(void **state)
{
	struct conf_error err = { 0 };

	(void)state;
	assert_null(rules_try(HEAD "(sid:1; \\\n\tmsg:\"x\"; \\\n\tcontentt:\"y\";)",
			      &err));
	assert_int_equal(err.line, 3);
	assert_int_equal(err.col, 2);
	assert_string_equal(err.file, "test.rules");
	assert_string_equal(err.source, "\tcontentt:\"y\";)");
}

/* Not more than can be matched, told or remembered. */
static void limits_are_told(void **state)
{
	static char text[1 << 20];
	struct conf_error err = { 0 };
	size_t n;

	(void)state;
	n = sprintf(text, HEAD "(sid:1;");
	for (int i = 0; i <= IDS_OPTS_MAX; i++)
		n += sprintf(text + n, " content:\"a\";");
	sprintf(text + n, ")");
	assert_null(rules_try(text, &err));
	assert_non_null(strstr(err.message, "more than 64"));
	n = sprintf(text, HEAD "(sid:1; content:\"");
	memset(text + n, 'a', IDS_CONTENT_MAX + 1);
	sprintf(text + n + IDS_CONTENT_MAX + 1, "\";)");
	assert_null(rules_try(text, &err));
	assert_non_null(strstr(err.message, "2048"));
	n = sprintf(text, HEAD "(sid:1; pcre:\"/");
	memset(text + n, 'a', IDS_PCRE_MAX + 1);
	sprintf(text + n + IDS_PCRE_MAX + 1, "/\";)");
	assert_null(rules_try(text, &err));
	assert_non_null(strstr(err.message, "4096"));
	n = 0;
	for (int i = 0; i <= IDS_BITS_MAX; i++)
		n += sprintf(text + n, HEAD "(sid:%d; flowbits:set,b%d;)\n",
			     i + 1, i);
	assert_null(rules_try(text, &err));
	assert_int_equal(err.line, IDS_BITS_MAX + 1);
}

/* No text makes the reader fail in another way than with an error. */
static void random_texts_are_read_or_refused(void **state)
{
	const char *seed = getenv("NFOLD_SEED");
	uint64_t x = seed ? strtoull(seed, NULL, 0) : (uint64_t)time(NULL);
	static const char good[] =
		"drop tcp [10.0.0.0/8,!10.1.0.0/16] !80 -> $H [1:5,9] (msg:\"a\\;\"; \\\n"
		" content:!\"a|41 42|\"; offset:1; depth:9; pcre:\"/a+b/Ri\"; sid:7; \\\n"
		" byte_jump:4,-1,relative,align,multiplier 3; flowbits:isset,a|b; \\\n"
		" byte_extract:2,0,v; isdataat:!v,relative; flags:S+,12; ttl:3-5;)\n";

	(void)state;
	print_message("NFOLD_SEED=%llu\n", (unsigned long long)x);
	for (int i = 0; i < 5000; i++) {
		struct conf_error err = { 0 };
		char text[sizeof(good) + 32];

		sprintf(text, "ipvar H any\n%s", good);
		for (int n = 0; n < 1 + i % 3; n++) {
			x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
			text[12 + (x >> 33) % (sizeof(good) - 1)] =
				"\";:,|!/\\()[]\n a19-<>$"[(x >> 20) % 21];
		}
		ids_rules_free(rules_try(text, &err));
	}
}

static void five_thousand_rules_are_loaded(void **state)
{
	char *text = malloc(5000 * 300), *at = text;
	struct ids_rules *set;

	(void)state;
	at += sprintf(at, "ipvar HOME 10.0.0.0/8\nipvar OUT !$HOME\n");
	for (int i = 0; i < 5000; i++)
		at += sprintf(at,
			      "%s tcp $OUT any -> $HOME %d (msg:\"rule %d\"; flow:to_server,established; content:\"GET /%x\"; nocase; content:\"key%08x\"; distance:0; pcre:\"/id=%d[0-9]+/i\"; sid:%d; rev:1;)\n",
			      i % 7 ? "alert" : "drop", 1 + i % 400, i, i * 7919,
			      i * 2654435761U, i % 50, 1000000 + i);
	set = rules_of(text);
	assert_int_equal(set->cnt, 5000);
	assert_int_equal(set->patterns.cnt, 5000);
	assert_int_equal(set->ports.class_cnt, 401);
	assert_int_equal(set->addrs.cnt, 2);
	ids_rules_free(set);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_rule_is_read),
		cmocka_unit_test(addresses_are_sets),
		cmocka_unit_test(ports_are_sets),
		cmocka_unit_test(groups_hold_the_rules_of_their_ports),
		cmocka_unit_test(order_is_pass_drop_reject_alert_log),
		cmocka_unit_test(the_fast_pattern_is_the_longest_or_the_named),
		cmocka_unit_test(what_looks_at_the_key_only_is_known),
		cmocka_unit_test(all_options_are_accepted),
		cmocka_unit_test(each_error_has_its_place),
		cmocka_unit_test(a_second_rule_with_the_sid_is_refused),
		cmocka_unit_test(an_error_shows_its_line),
		cmocka_unit_test(limits_are_told),
		cmocka_unit_test(random_texts_are_read_or_refused),
		cmocka_unit_test(five_thousand_rules_are_loaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
