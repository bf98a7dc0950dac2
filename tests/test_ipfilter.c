/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ipfilter: which rules are taken, what the others are told, what rules mean, and
 * what is recorded. tests/test_ipfilter_random.c has the oracles.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/nf_fake.h"
#include "tests/nf_frame.h"

extern const struct nf_ops ipfilter_ops;

/* --- the language --- */

static void click_accepts(const char *args)
{
	char *text;

	assert_true(asprintf(&text, "rule %s;", args) > 0);
	fake_nf_free(fake_nf(&ipfilter_ops, text));
	free(text);
}

static const char *rule_text(json_t *show, int i)
{
	json_t *rule = json_array_get(json_object_get(show, "rules"), i);

	return json_string_value(json_object_get(rule, "rule"));
}

/* IPFilter(n): its example, from "Building Internet Firewalls". */
static void the_manual_s_firewall_is_accepted(void **state)
{
	struct nf *nf = fake_nf(&ipfilter_ops,
		"address INTERNALNET 10.0.0.0/8;"
		"address BASTION 192.0.2.1;"
		"address INTERNAL_SMTP 10.0.0.25; address NNTP_FEED 192.0.2.9;"
		"address INTERNAL_NNTP 10.0.0.119; address INTERNAL_DNS 10.0.0.53;"
		"rule \"// Spoof-1:\"\n\"deny src INTERNALNET\","
		"\"// HTTP-2:\"\n"
		"\"allow src BASTION && dst INTERNALNET\"\n"
		"\"   && tcp && src port www && dst port > 1023 && ack\","
		"\"allow dst INTERNALNET && tcp && src port 23 && dst port > 1023 && ack\","
		"\"allow dst INTERNALNET && tcp && src port 22 && ack\","
		"\"allow dst INTERNALNET && tcp && dst port 22\","
		"\"allow dst INTERNALNET && tcp && src port > 1023 && dst port > 1023 && ack\","
		"\"allow src BASTION && dst INTERNAL_SMTP && tcp && src port 25 && dst port > 1023 && ack\","
		"\"allow src BASTION && dst INTERNAL_SMTP && tcp && src port > 1023 && dst port 25\","
		"\"allow src NNTP_FEED && dst INTERNAL_NNTP && tcp && src port > 1023 && dst port 119\","
		"\"allow src BASTION && dst INTERNAL_DNS && udp && src port 53 && dst port 53\","
		"\"// Default-2:\" \"deny all\";");
	json_t *show = ipfilter_ops.show(nf);

	(void)state;
	assert_int_equal(json_array_size(json_object_get(show, "rules")), 11);
	assert_string_equal(rule_text(show, 0),
			    "// Spoof-1:\ndeny src INTERNALNET");
	assert_string_equal(rule_text(show, 3),
			    "allow dst INTERNALNET && tcp && src port 22 && ack");
	json_decref(show);
	fake_nf_free(nf);
}

/* IPClassifier(n)'s list of primitives and Click's own configurations and
 * tests, each with an action in front. */
static void what_click_s_documentation_shows_is_accepted(void **state)
{
	static const char *const texts[] = {
		"allow", "deny", "drop", "0", "allow -", "allow any",
		"deny all", "0 -",
		"allow ip proto tcp", "allow ip proto 6", "allow tcp",
		"allow proto icmp", "allow host 10.0.0.1",
		"allow src host 10.0.0.1", "allow dst host 10.0.0.1",
		"allow src or dst host 10.0.0.1",
		"allow src and dst host 10.0.0.1",
		"allow src host == 10.0.0.10", "allow src host != 10.0.0.10",
		"allow net 10.0.0.0/8", "allow src net 10.0.0.0 mask 255.0.0.0",
		"allow 10.0.0.0/24", "allow src 10.0.0.0/255.255.0.0",
		"allow dst net 10.0/16", "allow dst 128.230.206.0/24",
		"allow port www", "allow www", "allow src tcp port 5",
		"allow src tcp port != 5", "allow !(src tcp port == 5)",
		"allow src tcp port & 10 == 8", "allow src port 80 or 81",
		"allow dst tcp port 8000 or 8080", "allow dst tcp port > 1023",
		"allow dst tcp ssh", "allow dst tcp www or https",
		"allow src or dst port dns", "allow src tcp port ftp",
		"allow udp dst port netbios-ns", "allow udp src port bootpc",
		"allow tcp && dst port 8000 || src port 8000",
		"allow port > 4095", "allow tcpudp port >= 1024",
		"allow ip vers 4", "allow ip hl 5", "allow ip hl > 5",
		"allow ip id 0", "allow ip tos 16", "allow ip dscp 46",
		"allow ip dscp != 0", "allow ip ect", "allow ip ect 1",
		"allow ip ce", "allow ip ttl < 5", "allow ip ttl 1 or 2",
		"allow ip frag", "allow ip unfrag", "allow unfrag",
		"allow ip len > 1000",
		"allow tcp opt syn", "allow syn", "allow fin ack",
		"allow syn and not ack", "allow syn !ack",
		"allow (proto tcp and !(syn and !ack)) or (tcpudp port >= 1024)",
		"allow tcp win 0", "allow tcp win > 100",
		"allow icmp type 8", "allow icmp type echo",
		"allow icmp && icmp type echo", "allow icmp echo-reply",
		"allow icmp type echo-reply or unreachable", "allow icmp type != 3",
		"allow ip[8:1] 64", "allow ip[19]&128==0",
		"allow transp[1]&128==0 || transp[1]&128==128",
		"allow not (transp[1]&128==0)", "allow transp[1]>=16",
		"allow tcp[13] & 2 != 0", "allow udp[0:2] > 1023",
		"allow ip[2,3] > 100",
		"allow ether host 0:1:2:3:4:5", "allow src 0:1:2:3:4:5",
		"allow dst 10:20:30:40:50:60", "allow host 9:A:B:C:D:E",
		"allow ether src 00-01-02-03-04-05",
		"allow src 10.0.0.0 & 8.0.0.0 = 8.0.0.0",
		"allow true", "allow false", "deny !true",
		"allow tcp ? dst port 80 : udp",
		"allow tcp ? syn ? dst port 80 : dst port 81 : false",
		"allow (dst port www or dst port ssh) and tcp opt syn",
		"allow dst udp port 1234 /* relevant UDP packets */",
		"allow tcp 18.26.4.10", "allow host 2.2.2.2",
		"allow src port 0x50", "allow not not tcp",
		"allow src not 10.0.0.1", "allow dest port 80",
		/* beyond Click */
		"allow src 2001:db8::/32 and dst host 2001:db8::1",
		"allow icmp6 type 128 or 129", "allow icmp6 echo",
		"allow src net 2001:db8:: mask ffff:ffff::",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char *quoted;

		assert_true(asprintf(&quoted, "\"%s\"", texts[i]) > 0);
		click_accepts(quoted);
		free(quoted);
	}
}

/* A refused rule; place: the bytes that the error points at. */
static void refused_at(const char *rule, const char *message,
		       const char *place)
{
	struct conf_error err = { 0 };
	char *text;
	struct nf *nf;

	assert_true(asprintf(&text, "\nrule \"deny all\",\n\t%s;", rule) > 0);
	nf = fake_nf_try(&ipfilter_ops, text, &err);
	if (nf)
		fail_msg("accepted: %s", rule);
	if (!strstr(err.message, message) && !strstr(err.hint, message))
		fail_msg("%s: no '%s' in '%s' (%s)", rule, message,
			 err.message, err.hint);
	assert_int_equal(err.line, 3);
	if (err.end_col - err.col != (int)strlen(place) ||
	    memcmp(err.source + err.col - 1, place, strlen(place)))
		fail_msg("%s: points at '%.*s'", rule, err.end_col - err.col,
			 err.source + err.col - 1);
	free(text);
}

static void refusals_point_at_the_words(void **state)
{
	(void)state;
	refused_at("\"\"", "empty rule", "\"");
	refused_at("\"permit tcp\"", "begins with its action", "permit");
	refused_at("\"1 tcp\"", "one way only", "1");
	refused_at("\"allow src host\"", "address", "src host");
	refused_at("\"allow host 10.0.0.0/8\"", "net 10.0.0.0/8",
		   "host 10.0.0.0/8");
	refused_at("\"allow net 10.0.0.1\"", "net 10.0.0.0/8",
		   "net 10.0.0.1");
	refused_at("\"allow 10.0/24\"", "means nothing here", "10.0/24");
	refused_at("\"allow src port sssh\"", "did you mean 'ssh'?", "sssh");
	refused_at("\"allow tpc and port 80\"", "did you mean 'tcp'?", "tpc");
	refused_at("\"allow port 65536\"", "0 to 65535", "port 65536");
	refused_at("\"allow ip proto 256\"", "0 to 255", "ip proto 256");
	refused_at("\"allow ip dscp 64\"", "0 to 63", "ip dscp 64");
	refused_at("\"allow ip tos & 0x100 == 1\"", "beyond 0xff",
		   "ip tos & 0x100 == 1");
	refused_at("\"allow ip tos & 0 == 0\"", "compares nothing", "& 0");
	refused_at("\"allow ip ttl >\"", "no value", "ip ttl >");
	refused_at("\"allow echo\"", "port echo, icmp type echo", "echo");
	refused_at("\"allow tcp port echo-reply\"", "icmp type echo-reply",
		   "tcp port echo-reply");
	refused_at("\"allow icmp port 80\"", "has no ports", "icmp port 80");
	refused_at("\"allow udp opt syn\"", "means nothing here",
		   "udp opt syn");
	refused_at("\"allow tcp opt != syn\"", "no operator",
		   "tcp opt != syn");
	refused_at("\"allow icmp type echo-reply or echo\"",
		   "port echo, icmp type echo", "echo");
	refused_at("\"allow tcp udp port 80\"", "two protocols", "tcp udp");
	refused_at("\"allow src dst 10.0.0.1\"", "twice", "src dst");
	refused_at("\"allow src host > 10.0.0.1\"", "no order",
		   "src host > 10.0.0.1");
	refused_at("\"allow 80\"", "a number of what", "80");
	refused_at("\"allow src 10.0.0.1 or 80\"", "a number of what", "80");
	refused_at("\"allow (tcp or udp\"", "not closed", "(");
	refused_at("\"allow tcp)\"", "unexpected ')'", ")");
	refused_at("\"allow tcp and\"", "ends where", "\"");
	refused_at("\"allow tcp or or udp\"", "expected a test", "or");
	refused_at("\"allow not\"", "ends where", "\"");
	refused_at("\"allow tcp ? udp\"", "without ':'", "?");
	refused_at("\"allow all and tcp\"", "'true' matches", "all");
	refused_at("\"allow tcp, deny all\"", "one rule in a string", ",");
	refused_at("\"allow tcp\" \"deny all\"", "a comma between", "deny");
	refused_at("\"allow ip frag 3\"", "no value", "ip frag 3");
	refused_at("\"allow ip[8\"", "']' is missing", "[8");
	refused_at("\"allow ip[8:5] 1\"", "1 to 4", "[8:5]");
	refused_at("\"allow ip[x] 1\"", "[POS:LEN]", "[x]");
	refused_at("\"allow ip[8]\"", "value is missing", "ip[8]");
	refused_at("\"allow ether port 80\"", "hosts only", "ether port 80");
	refused_at("\"allow ip host 0:1:2:3:4:5\"", "means nothing here",
		   "0:1:2:3:4:5");
	refused_at("\"allow src BASTION\"", "address NAME", "BASTION");
	refused_at("\"allow tcp {\"", "means nothing in a rule", "{");
	refused_at("\"allow tcp /* why\"", "end it with */", "/*");
	refused_at("\"allow tcp and\" \"port or 22\"", "port is missing",
		   "port");
	refused_at("\"allow tcp dst\" \"prot 22\"", "did you mean 'port'?",
		   "prot");
	refused_at("\"allow ip\"", "not a whole test", "ip");
	refused_at("\"allow host 10.0.0.1 mask ffff::\"", "family",
		   "mask ffff::");
}

static void blocks_are_checked(void **state)
{
	(void)state;
	fake_refused(&ipfilter_ops, "rules \"allow all\";", "rule");
	fake_refused(&ipfilter_ops, "rule;", "expected rule");
	fake_refused(&ipfilter_ops, "rule \"allow\", , \"deny\";", "comma");
	fake_refused(&ipfilter_ops, "rule , \"allow\";", "comma");
	fake_refused(&ipfilter_ops, "rule \"allow\" { }", "block");
	fake_refused(&ipfilter_ops, "address A;", "expected address");
	fake_refused(&ipfilter_ops, "address tcp 10.0.0.1;", "word of the rules");
	fake_refused(&ipfilter_ops, "address src 10.0.0.1;", "word of the rules");
	fake_refused(&ipfilter_ops, "address 9a 10.0.0.1;", "a letter");
	fake_refused(&ipfilter_ops, "address A 10.0.0.256;", "no address");
	fake_refused(&ipfilter_ops, "address A 10.0.0.1 10.0.0.2;", "another name");
	fake_refused(&ipfilter_ops, "address A 10.0.0.1; address A 10.0.0.2;",
		     "already");
}

static void deep_and_long_rules_are_bounded(void **state)
{
	char text[8192], *p = text;

	(void)state;
	p += sprintf(p, "rule \"allow ");
	for (int i = 0; i < 100; i++)
		*p++ = '(';
	strcpy(p, "tcp\";");
	fake_refused(&ipfilter_ops, text, "deeper than 64");
	p = text + sprintf(text, "rule \"allow tcp");
	for (int i = 0; i < 1200; i++)
		p += sprintf(p, "||tcp");
	strcpy(p, "\";");
	fake_refused(&ipfilter_ops, text, "several rules");
	strcpy(text + strlen("rule \"allow tcp") + 5 * 700, "\";");
	fake_nf_free(fake_nf(&ipfilter_ops, text));
}

/* --- what rules mean --- */

static const struct pkt *now;

static bool allows(const char *rules)
{
	struct nf *nf = fake_nf(&ipfilter_ops, rules);
	void *s = fake_session(nf);
	struct frame fr;
	enum nf_verdict v = fake_run(nf, frame_make(&fr, now, s));

	fake_expire(nf, s);
	fake_nf_free(nf);
	return v == NF_FORWARD;
}

static bool match(const char *pattern)
{
	char *text;
	bool yes, no;

	assert_true(asprintf(&text, "rule \"allow %s\";", pattern) > 0);
	yes = allows(text);
	free(text);
	assert_true(asprintf(&text, "rule \"deny %s\", \"allow all\";",
			     pattern) > 0);
	no = allows(text);
	free(text);
	assert_int_equal(yes, !no);
	return yes;
}

static void terms_leave_out_what_the_one_before_said(void **state)
{
	struct pkt k = frame_world(4, IPPROTO_TCP, 1, 4000, 2, 81);

	(void)state;
	now = &k;
	assert_true(match("dst port 80 or 81"));
	assert_false(match("src port 80 or 81"));
	assert_true(match("src 10.0.0.2 or 10.0.0.1"));
	assert_false(match("dst 10.0.0.2 or 10.0.0.1"));
	assert_false(match("dst udp port 80 or 81"));
	assert_true(match("ip ttl 63 or 64"));
	assert_false(match("dst port 80 and true or 82"));
	assert_true(match("tcp[2:2] 80 or 81"));
	k.dport = 80;
	assert_true(match("dst tcp ssh or www"));
	assert_false(match("dst udp ssh or www"));
	assert_true(match("tcp and www"));
	assert_false(match("udp and www"));
}

/* IPClassifier(n): "DIRECTIVE != VALUE is not the same as not (DIRECTIVE ==
 * VALUE)". */
static void negation_outside_and_inside_differ(void **state)
{
	struct pkt tcp = frame_world(4, IPPROTO_TCP, 1, 5, 2, 80);
	struct pkt udp = frame_world(4, IPPROTO_UDP, 1, 5, 2, 80);

	(void)state;
	now = &udp;
	assert_false(match("src tcp port != 5"));
	assert_true(match("!(src tcp port == 5)"));
	assert_false(match("icmp type != 4"));
	assert_true(match("not icmp type 4"));
	assert_false(match("tcp win != 7"));
	now = &tcp;
	assert_false(match("src tcp port != 5"));
	assert_true(match("src tcp port != 6"));
	assert_false(match("!(src tcp port == 5)"));
	assert_true(match("src host != 10.0.0.2"));
	assert_false(match("host != 10.0.0.1"));
	assert_true(match("src not 10.0.0.2"));
}

/* Click's `<` and `<=` on either side hold if neither side is beyond. */
static void order_on_either_side_is_click_s(void **state)
{
	struct pkt k = frame_world(4, IPPROTO_TCP, 1, 4000, 2, 80);

	(void)state;
	now = &k;
	assert_true(match("port >= 1024"));
	assert_true(match("port > 1023"));
	assert_false(match("port < 1024"));
	assert_false(match("port <= 1023"));
	assert_true(match("port <= 4000"));
	assert_true(match("src and dst port > 79"));
	assert_true(match("src and dst port < 1024"));
	assert_false(match("port != 80"));
	assert_true(match("src port != 80"));
	assert_true(match("port <= 65535"));
	assert_false(match("port > 65535"));
}

static void masks_and_fields(void **state)
{
	struct pkt k = frame_world(4, IPPROTO_TCP, 1, 8, 2, 80);

	(void)state;
	k.flags = 0x12;
	k.options = 8;
	now = &k;
	assert_true(match("src tcp port & 10 == 8"));
	assert_true(match("src & 255.0.0.0 == 10.0.0.0"));
	assert_true(match("src & 255.0.0.1 10.9.9.9"));
	assert_false(match("src & 255.0.0.1 10.9.9.8"));
	assert_true(match("src & 0xff000000 10.0.0.0"));
	assert_true(match("syn ack"));
	assert_false(match("syn and not ack"));
	assert_true(match("tcp opt 18"));
	assert_true(match("tcp win 1000"));
	assert_true(match("ip id 0x1234"));
	assert_true(match("ip hl 7"));
	assert_true(match("ip vers 4"));
	assert_true(match("ip len 68"));
	assert_true(match("ip ttl <= 64 and ip ttl > 63"));
	assert_true(match("ip[0] & 0xf0 == 0x40"));
	assert_true(match("ip[12:4] == 0x0a000001"));
	assert_true(match("transp[13] & 2 == 2"));
	assert_true(match("tcp[0:2] 8"));
	assert_false(match("udp[0:2] 8"));
	assert_true(match("unfrag"));
	assert_false(match("ip frag"));
	assert_true(match("ether src 2:0:0:0:0:2"));
	assert_true(match("dst 02:00:00:00:00:01"));
	assert_true(match("host 2:0:0:0:0:2"));
	assert_false(match("src and dst 2:0:0:0:0:2"));
	assert_false(match("src host != 2:0:0:0:0:2"));
	assert_true(match("tcp ? src port 8 : false"));
	assert_false(match("udp ? src port 8 : false"));
	assert_true(match("udp ? false : tcp ? true : false"));
}

static void tos_is_dscp_and_ecn(void **state)
{
	struct pkt k = frame_world(4, IPPROTO_TCP, 1, 8, 2, 80);
	struct nf *nf = fake_nf(&ipfilter_ops,
				"rule \"allow ip dscp 46 and ip ce\","
				"\"allow ip tos 0x29 and ip ect and ip ect 1\";");
	void *s = fake_session(nf);
	struct frame fr;
	struct nf_pkt *pkt = frame_make(&fr, &k, s);

	(void)state;
	assert_int_equal(fake_run(nf, pkt), NF_DROP);
	pkt->data[15] = 46 << 2 | 3;
	assert_int_equal(fake_run(nf, pkt), NF_FORWARD);
	pkt->data[15] = 0x29;
	assert_int_equal(fake_run(nf, pkt), NF_FORWARD);
	k.family = 6;
	k = frame_world(6, IPPROTO_TCP, 1, 8, 2, 80);
	pkt = frame_make(&fr, &k, s);
	pkt->data[14] |= (46 << 2 | 3) >> 4;
	assert_int_equal(fake_run(nf, pkt), NF_DROP);
	pkt->data[15] |= (46 << 2 | 3) << 4 & 0xf0;
	assert_int_equal(fake_run(nf, pkt), NF_FORWARD);
	fake_expire(nf, s);
	fake_nf_free(nf);
}

/* Click has IPv4 only; what rules mean for IPv6 stands in the README. */
static void ipv6_has_what_it_has(void **state)
{
	struct pkt k = frame_world(6, IPPROTO_TCP, 1, 4000, 2, 80);

	(void)state;
	k.ext[0] = IPPROTO_DSTOPTS;
	k.ext_cnt = 1;
	k.flags = 2;
	now = &k;
	assert_true(match("tcp dst port 80"));
	assert_true(match("ip proto tcp"));
	assert_true(match("syn"));
	assert_true(match("src 2001:db8::/48 and dst net 2001:db8:1::/48"));
	assert_true(match("src host 2001:db8::1"));
	assert_false(match("src host 2001:db8::2"));
	assert_false(match("src 0.0.0.0/0"));
	assert_true(match("src host != 10.0.0.1"));
	assert_true(match("ip vers 6"));
	assert_true(match("ip ttl 64"));
	assert_true(match("ip len 88"));
	assert_true(match("unfrag"));
	assert_false(match("ip hl 5"));
	assert_false(match("ip hl != 5"));
	assert_false(match("ip id >= 0"));
	assert_false(match("ip[9] 6"));
	assert_true(match("tcp[2:2] 80"));
	assert_true(match("src & ffff:: 2001::"));
	k = frame_world(6, IPPROTO_ICMPV6, 1, 7, 2, 0);
	assert_false(match("icmp"));
	assert_true(match("icmp6"));
	assert_true(match("icmp6 type echo"));
	assert_true(match("icmp6 echo-reply or 128"));
	assert_false(match("icmp type 128"));
}

/* Click's test IPFilter-03: what is not there is neither equal nor unequal. */
static void a_field_beyond_the_end_is_not_there(void **state)
{
	struct pkt k = frame_world(4, 47, 1, 0, 2, 0);

	(void)state;
	k.payload = 1;
	k.pad = 40;
	now = &k;
	assert_false(match("transp[1] & 128 == 0"));
	assert_false(match("transp[1] & 128 != 0"));
	assert_true(match("not (transp[1] & 128 == 0)"));
	assert_true(match("transp[0] & 128 == 0"));
	assert_false(match("ip[20:2] >= 0"));
	k.payload = 2;
	assert_true(match("transp[1] & 128 == 0"));
	k.proto = IPPROTO_DCCP;
	assert_false(match("dccp port 1"));
	k.payload = 12;
	k.fill = 0;
	assert_true(match("dccp src port 1"));
	assert_true(match("dccp dst port 515"));
	assert_false(match("port 1"));
}

static void names_stand_for_addresses(void **state)
{
	struct pkt k = frame_world(4, IPPROTO_TCP, 1, 4000, 2, 80);

	(void)state;
	now = &k;
	assert_true(allows("address IN 10.0.0.0/24; rule \"allow src IN\";"));
	assert_true(allows("rule \"allow src host IN\"; address IN 10.0.0.1;"));
	assert_true(allows("address A 10.0.0.1/24; rule \"allow src host A and src net A\";"));
	assert_false(allows("address A 10.0.0.9/24; rule \"allow src host A\";"));
	assert_true(allows("address A 10.0.0.9/24; rule \"allow src net A\";"));
	assert_true(allows("address M 2:0:0:0:0:2 10.0.0.7;"
			   "rule \"allow ether src M\";"));
	assert_false(allows("address M 2:0:0:0:0:2 10.0.0.7;"
			    "rule \"allow src M\";"));
	assert_true(allows("address M 2:0:0:0:0:2 10.0.0.7;"
			   "rule \"allow ether src 2:0:0:0:0:9 or M\";"));
	assert_true(allows("rule \"allow src 2:0:0:0:0:9 or 10.0.0.1\";"));
	assert_true(allows("address S 2001:db8::1; rule \"deny src S\", \"allow\";"));
}

/* --- the NF --- */

static void the_first_rule_that_matches_decides(void **state)
{
	struct pkt k = frame_world(4, IPPROTO_TCP, 1, 4000, 2, 22);
	struct nf *nf = fake_nf(&ipfilter_ops,
				"rule \"deny dst port 22\";"
				"rule \"allow dst port\" \"20 or 21 or 22\";");
	struct frame fr;
	json_t *show;

	(void)state;
	for (int i = 0; i < 4; i++) {
		void *s = fake_session(nf);

		k.dport = 20 + i;
		frame_make(&fr, &k, s);
		for (int n = 0; n < 3; n++)
			assert_int_equal(fake_run(nf, &fr.pkt), i < 2 ?
					 NF_FORWARD : NF_DROP);
		fake_expire(nf, s);
	}
	show = ipfilter_ops.show(nf);
	assert_string_equal(rule_text(show, 1),
			    "allow dst port 20 or 21 or 22");
	assert_int_equal(fake_number(show, "rules/0/flows"), 1);
	assert_int_equal(fake_number(show, "rules/1/flows"), 2);
	assert_int_equal(fake_number(show, "unmatched_flows"), 1);
	assert_int_equal(fake_number(show, "slow_flows"), 0);
	json_decref(show);
	fake_nf_free(nf);
}

static void an_empty_filter_drops_everything(void **state)
{
	struct pkt k = frame_world(4, IPPROTO_TCP, 1, 4000, 2, 22);

	(void)state;
	now = &k;
	assert_false(allows(""));
	assert_false(allows("rule \"deny all\", \"allow all\";"));
	assert_true(allows("rule \"allow\";"));
}

static void replies_need_a_rule(void **state)
{
	struct pkt k = frame_world(4, IPPROTO_TCP, 1, 4000, 2, 80), r = k;
	struct nf *nf = fake_nf(&ipfilter_ops, "rule \"allow dst port 80\";");
	void *s = fake_session(nf);
	struct frame fr;
	struct nf_pkt *pkt = frame_make(&fr, &k, s);
	json_t *show;

	(void)state;
	assert_int_equal(fake_run(nf, pkt), NF_FORWARD);
	memcpy(r.src, k.dst, 4);
	memcpy(r.dst, k.src, 4);
	r.sport = 80;
	r.dport = 4000;
	pkt = frame_make(&fr, &r, s);
	pkt->reply = true;
	fake_assert_drop(fake_run(nf, pkt), pkt, NFOLD_REASON_FIREWALL_DENY);
	show = ipfilter_ops.show(nf);
	assert_int_equal(fake_number(show, "rules/0/flows"), 1);
	assert_int_equal(fake_number(show, "unmatched_flows"), 1);
	json_decref(show);
	fake_expire(nf, s);
	fake_nf_free(nf);
}

/* Is this flow folded, and how? */
static void folds(const char *rules, const struct pkt *k, bool allow,
		  bool slow)
{
	struct nf *nf = fake_nf(&ipfilter_ops, rules);
	void *s = fake_session(nf);
	struct frame fr;
	struct nf_pkt *pkt = frame_make(&fr, k, s);
	enum nf_verdict v = fake_run(nf, pkt);

	assert_int_equal(v, allow ? NF_FORWARD : NF_DROP);
	assert_int_equal(fake.why_slow, slow ? NFOLD_REASON_PER_PACKET_MATCH :
					       NFOLD_REASON_NONE);
	if (!allow && slow)
		fake_assert_drop_once(v, pkt, NFOLD_REASON_FIREWALL_DENY);
	else if (!allow)
		fake_assert_drop(v, pkt, NFOLD_REASON_FIREWALL_DENY);
	else
		assert_int_equal(fake.cnt, 0);
	fake_expire(nf, s);
	fake_nf_free(nf);
}

static void a_flow_is_slow_only_if_its_packets_may_differ(void **state)
{
	struct pkt tcp = frame_world(4, IPPROTO_TCP, 1, 4000, 2, 80);
	struct pkt udp = frame_world(4, IPPROTO_UDP, 1, 4000, 2, 80);
	struct pkt ping = frame_world(4, IPPROTO_ICMP, 1, 9, 2, 0);
	struct pkt odd = frame_world(4, IPPROTO_ICMP, 1, 0, 2, 0);
	struct pkt gre = frame_world(4, 47, 1, 0, 2, 0);

	(void)state;
	tcp.flags = 2;
	folds("rule \"allow tcp\";", &tcp, true, false);
	folds("rule \"deny tcp\", \"allow\";", &tcp, false, false);
	folds("rule \"allow syn\";", &tcp, true, true);
	folds("rule \"deny syn\", \"allow\";", &tcp, false, true);
	folds("rule \"deny fin\", \"allow\";", &tcp, true, true);
	/* The other flag rule changes nothing for UDP, or for another port. */
	folds("rule \"deny fin\", \"allow\";", &udp, true, false);
	folds("rule \"deny dst port 81 and fin\", \"allow\";", &tcp, true, false);
	/* Decided before, or the same either way. */
	folds("rule \"allow tcp\", \"deny fin\";", &tcp, true, false);
	folds("rule \"allow syn\", \"allow dst port 80\", \"deny fin\";", &tcp,
	      true, false);
	folds("rule \"deny syn\", \"deny tcp\", \"allow fin\";", &tcp, false,
	      false);
	folds("rule \"deny syn\";", &tcp, false, false);
	folds("rule \"allow tcp ? (syn or true) : fin\";", &tcp, true, false);
	folds("rule \"allow syn ? tcp : dst port 80\";", &tcp, true, false);
	folds("rule \"allow ip ttl > 10\";", &tcp, true, true);
	folds("rule \"allow ip len > 10\";", &udp, true, true);
	folds("rule \"allow ip hl 5\";", &udp, true, true);
	folds("rule \"allow unfrag and ip vers 4\";", &udp, true, false);
	folds("rule \"allow icmp type echo\";", &ping, true, false);
	folds("rule \"allow icmp type echo\";", &odd, true, true);
	odd.icmp_type = 0;
	odd.sport = 8;
	folds("rule \"allow icmp type echo\";", &odd, false, true);
	folds("rule \"allow icmp[6:2] 7\";", &ping, true, true);
	folds("rule \"allow icmp[4:2] 9\";", &ping, true, false);
	folds("rule \"allow udp[0:2] 4000 and ip[9] 17\";", &udp, true, false);
	folds("rule \"allow udp[4:2] 28\";", &udp, true, true);
	folds("rule \"allow transp[0] 0\";", &gre, true, true);
	folds("rule \"allow gre\";", &gre, true, false);
	folds("rule \"allow src 2:0:0:0:0:2\";", &udp, true, true);
	folds("rule \"allow tcp opt 0\";", &tcp, true, false);
}

static void state_survives_a_restart(void **state)
{
	struct pkt k = frame_world(4, IPPROTO_TCP, 1, 4000, 2, 80);
	struct nf *nf = fake_nf(&ipfilter_ops, "rule \"allow\";");
	void *s = fake_session(nf), *t = fake_session(nf);
	uint8_t blob[64];
	struct frame fr;
	json_t *show;

	(void)state;
	assert_true(ipfilter_ops.session_size <= sizeof(blob));
	fake_run(nf, frame_make(&fr, &k, s));
	ipfilter_ops.save(nf, s, blob);
	assert_int_equal(ipfilter_ops.restore(nf, t, blob), 0);
	fake_run(nf, frame_make(&fr, &k, t));
	show = ipfilter_ops.show(nf);
	assert_int_equal(fake_number(show, "rules/0/flows"), 1);
	json_decref(show);
	fake_expire(nf, s);
	fake_expire(nf, t);
	fake_nf_free(nf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_manual_s_firewall_is_accepted),
		cmocka_unit_test(what_click_s_documentation_shows_is_accepted),
		cmocka_unit_test(refusals_point_at_the_words),
		cmocka_unit_test(blocks_are_checked),
		cmocka_unit_test(deep_and_long_rules_are_bounded),
		cmocka_unit_test(terms_leave_out_what_the_one_before_said),
		cmocka_unit_test(negation_outside_and_inside_differ),
		cmocka_unit_test(order_on_either_side_is_click_s),
		cmocka_unit_test(masks_and_fields),
		cmocka_unit_test(tos_is_dscp_and_ecn),
		cmocka_unit_test(ipv6_has_what_it_has),
		cmocka_unit_test(a_field_beyond_the_end_is_not_there),
		cmocka_unit_test(names_stand_for_addresses),
		cmocka_unit_test(the_first_rule_that_matches_decides),
		cmocka_unit_test(an_empty_filter_drops_everything),
		cmocka_unit_test(replies_need_a_rule),
		cmocka_unit_test(a_flow_is_slow_only_if_its_packets_may_differ),
		cmocka_unit_test(state_survives_a_restart),
	};

	return cmocka_run_group_tests_name("ipfilter", tests, NULL, NULL);
}
