/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How flows are written, and which of them an expression meets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "loader/cli/format.h"
#include "loader/cli/match.h"
#include "userspace/tmpl.h"

static struct nfold_ctl ctl = { .generation = 3 };
static struct nfold_meta meta = {
	.nf_cnt = 2, .port_cnt = 2, .chain = "edge", .nf = { "nat", "lb" },
};
static struct nfold_port ports[NFOLD_PORT_MAX] = {
	{ .name = "eth0" }, { .name = "eth1" },
};
static union nfold_nexthop nexthops[NFOLD_NEXTHOP_MAX];
static struct view view = {
	.maps = { .ctl = &ctl, .meta = &meta, .ports = ports,
		  .nexthops = nexthops },
	.now_ns = 10 * NF_SEC, .alive = true,
};

static void addr(__be32 *to, int family, const char *text)
{
	memset(to, 0, 16);
	assert_int_equal(inet_pton(family == 4 ? AF_INET : AF_INET6, text, to),
			 1);
}

static struct view_flow flow4(uint8_t proto, const char *saddr, uint16_t sport,
			      const char *daddr, uint16_t dport)
{
	struct view_flow f = { .view = &view, .family = 4 };

	addr(f.e.key.saddr, 4, saddr);
	addr(f.e.key.daddr, 4, daddr);
	f.e.key.sport = htons(sport);
	f.e.key.dport = htons(dport);
	f.e.key.l4proto = proto;
	if (proto == IPPROTO_ICMP)
		f.e.key.echo = dport == 8 ? NFOLD_ECHO_REQUEST :
					    NFOLD_ECHO_REPLY;
	memcpy(f.e.set.saddr, f.e.key.saddr, 16);
	memcpy(f.e.set.daddr, f.e.key.daddr, 16);
	f.e.set.sport = f.e.key.sport;
	f.e.set.dport = f.e.key.dport;
	f.e.act.verdict = NFOLD_VERDICT_FORWARD;
	f.e.act.generation = 3;
	return f;
}

static bool matches(const struct view_flow *f, char *expr)
{
	struct flow_match *m = flow_match_new(1, &expr);
	bool hit;

	assert_non_null(m);
	hit = flow_match(m, f);
	flow_match_free(m);
	return hit;
}

static void test_tuple4(void **state)
{
	struct view_flow f = flow4(IPPROTO_TCP, "10.0.0.2", 4000, "192.0.2.1",
				   80);
	char buf[FORMAT_TUPLE_MAX];

	(void)state;
	format_key(buf, sizeof(buf), 4, &f.e.key);
	assert_string_equal(buf, "10.0.0.2:4000 > 192.0.2.1:80");
	f.e.set.sport = htons(1024);
	addr(f.e.set.saddr, 4, "198.51.100.1");
	format_set(buf, sizeof(buf), &f);
	assert_string_equal(buf, "198.51.100.1:1024 > 192.0.2.1:80");
}

static void test_tuple6(void **state)
{
	struct nfold_key6 k = { .sport = htons(1), .dport = htons(65535),
				.l4proto = IPPROTO_UDP };
	char buf[FORMAT_TUPLE_MAX];

	(void)state;
	addr(k.saddr, 6, "2001:db8::1");
	addr(k.daddr, 6, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	format_key(buf, sizeof(buf), 6, &k);
	assert_string_equal(
		buf,
		"[2001:db8::1]:1 > [ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

static void test_echo(void **state)
{
	struct view_flow f = flow4(IPPROTO_ICMP, "10.0.0.2", 77, "10.0.0.3", 8);
	char buf[FORMAT_TUPLE_MAX];

	(void)state;
	format_key(buf, sizeof(buf), 4, &f.e.key);
	assert_string_equal(buf, "10.0.0.2 > 10.0.0.3 echo-request 77");
	f = flow4(IPPROTO_ICMP, "10.0.0.3", 0, "10.0.0.2", 77);
	format_key(buf, sizeof(buf), 4, &f.e.key);
	assert_string_equal(buf, "10.0.0.3 > 10.0.0.2 echo-reply 77");
}

static void test_writers(void **state)
{
	struct view_flow f = flow4(IPPROTO_TCP, "10.0.0.2", 1, "10.0.0.3", 2);
	char buf[64], small[8];

	(void)state;
	format_writers(buf, sizeof(buf), &f);
	assert_string_equal(buf, "");
	memcpy(f.e.writer, (uint8_t[]){ 1, 2, 1, 2 }, 4);
	format_writers(buf, sizeof(buf), &f);
	assert_string_equal(buf, "saddr,sport by nat, daddr,dport by lb");
	format_writers(small, sizeof(small), &f);
	assert_string_equal(small, "saddr,s");
	/* A number that the chain does not have is not looked up. */
	memcpy(f.e.writer, (uint8_t[]){ 0, 200, 0, 0 }, 4);
	format_writers(buf, sizeof(buf), &f);
	assert_string_equal(buf, "");
}

static void test_state(void **state)
{
	struct view_flow f = flow4(IPPROTO_TCP, "10.0.0.2", 1, "10.0.0.3", 2);
	char buf[64];

	(void)state;
	format_state(buf, sizeof(buf), &f);
	assert_string_equal(buf, "fast");
	f.e.pending = true;
	format_state(buf, sizeof(buf), &f);
	assert_string_equal(buf, "pending");
	f.e.act.verdict = NFOLD_VERDICT_SLOW;
	f.e.act.reason = NFOLD_REASON_TABLE_FULL;
	format_state(buf, sizeof(buf), &f);
	assert_string_equal(buf, "slow:table-full");
	assert_string_equal(format_class(&f), "slow");
	f.e.act.reason = NFOLD_REASON_STATE_FUNCTION;
	format_state(buf, sizeof(buf), &f);
	assert_string_equal(buf, "payload:state-function");
	assert_string_equal(format_class(&f), "payload");
	f.e.pending = false;
	f.e.act.verdict = NFOLD_VERDICT_DROP;
	assert_string_equal(format_class(&f), "kernel");
	f.e.act.reason = 255;
	format_state(buf, sizeof(buf), &f);
	assert_string_equal(buf, "drop:unknown");
	f.e.act.generation = 2;
	format_state(buf, sizeof(buf), &f);
	assert_string_equal(buf, "stale");
}

static void test_tcp(void **state)
{
	static const struct {
		uint32_t here, there;
		const char *word;
	} rows[] = {
		{ 0, 0, "unknown" },
		{ NFOLD_TCP_SYN, 0, "syn-sent" },
		{ NFOLD_TCP_SYN, NFOLD_TCP_SYN | NFOLD_TCP_ACK,
		  "syn-received" },
		{ NFOLD_TCP_SYN | NFOLD_TCP_ACK, NFOLD_TCP_SYN | NFOLD_TCP_ACK,
		  "established" },
		{ NFOLD_TCP_ACK, NFOLD_TCP_ACK | NFOLD_TCP_FIN, "half-closed" },
		{ NFOLD_TCP_FIN, NFOLD_TCP_FIN, "closed" },
		{ NFOLD_TCP_FIN, NFOLD_TCP_FIN | NFOLD_TCP_RST, "reset" },
	};
	struct view_flow f = flow4(IPPROTO_TCP, "10.0.0.2", 1, "10.0.0.3", 2);

	(void)state;
	for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
		f.e.tcp_seen = rows[n].here;
		f.peer_tcp_seen = rows[n].there;
		assert_string_equal(format_tcp(&f), rows[n].word);
	}
	f.e.key.l4proto = IPPROTO_UDP;
	assert_null(format_tcp(&f));
}

static void test_duration(void **state)
{
	char buf[16];

	(void)state;
	format_duration(buf, sizeof(buf), 300 * NF_SEC / 1000);
	assert_string_equal(buf, "0.3s");
	format_duration(buf, sizeof(buf), 725 * NF_SEC);
	assert_string_equal(buf, "12m05s");
	format_duration(buf, sizeof(buf), 11400 * NF_SEC);
	assert_string_equal(buf, "3h10m");
}

static void test_json(void **state)
{
	struct view_flow f = flow4(IPPROTO_TCP, "10.0.0.2", 1, "10.0.0.3", 2);
	json_t *o;

	(void)state;
	f.cells.packets = UINT64_C(1) << 40;
	f.cells.last_seen_ns = 9 * NF_SEC;
	f.e.key.zone = NFOLD_ZONE(1, 2, 10, 20);
	memcpy(f.e.writer, (uint8_t[]){ 1, 0, 0, 0 }, 4);
	o = format_flow_json(&f);
	assert_string_equal(json_string_value(json_object_get(o, "class")),
			    "kernel");
	assert_non_null(o);
	assert_int_equal(json_integer_value(json_object_get(o, "packets")),
			 INT64_C(1) << 40);
	assert_int_equal(json_integer_value(json_object_get(o, "idle_ns")),
			 NF_SEC);
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(o, "zone"),
						  "port")),
		"eth1");
	assert_int_equal(json_array_size(json_object_get(
				 json_object_get(o, "zone"), "vlans")),
			 2);
	assert_string_equal(
		json_string_value(json_object_get(
			json_object_get(o, "writers"), "saddr")),
		"nat");
	json_decref(o);
}

static void test_tunnel(void **state)
{
	static struct nfold_meta with;
	struct view_flow f = flow4(IPPROTO_TCP, "10.0.0.2", 1, "10.0.0.3", 2);
	struct nfold_tunnel *t = with.config.tunnels.v;
	struct view v = view;
	char buf[128];
	json_t *o;

	(void)state;
	with = meta;
	v.maps.meta = &with;
	f.view = &v;
	with.config.tunnels.cnt = 2;
	t[0] = (struct nfold_tunnel){ .family = 4, .kind = NFOLD_TUNNEL_VXLAN,
				      .vni = 7 };
	addr(t[0].remote, 4, "192.0.2.2");
	addr(t[0].local, 4, "192.0.2.1");
	t[1] = (struct nfold_tunnel){ .family = 6, .kind = NFOLD_TUNNEL_GRE };
	addr(t[1].remote, 6, "2001:db8::2");
	addr(t[1].local, 6, "2001:db8::1");
	format_tunnel(buf, sizeof(buf), &f);
	assert_string_equal(buf, "");
	f.e.key.tunnel = 1;
	format_tunnel(buf, sizeof(buf), &f);
	assert_string_equal(buf, "vxlan 192.0.2.2 > 192.0.2.1 vni 7");
	f.e.key.tunnel = 2;
	format_tunnel(buf, sizeof(buf), &f);
	assert_string_equal(buf, "gre 2001:db8::2 > 2001:db8::1");
	o = format_tunnel_json(&f);
	assert_string_equal(json_string_value(json_object_get(o, "kind")),
			    "gre");
	assert_true(json_is_null(json_object_get(o, "vni")));
	json_decref(o);
	f.e.key.tunnel = 3;	/* a pin of garbage */
	format_tunnel(buf, sizeof(buf), &f);
	assert_string_equal(buf, "");
}

static void test_match(void **state)
{
	struct view_flow f = flow4(IPPROTO_TCP, "10.0.0.2", 4000, "192.0.2.1",
				   80);

	(void)state;
	assert_true(matches(&f, "tcp dst port 80"));
	assert_true(matches(&f, "src host 10.0.0.2 and src port 4000"));
	assert_false(matches(&f, "udp"));
	assert_false(matches(&f, "tcp src port 80"));
	assert_false(matches(&f, "ip6"));
	assert_true(flow_match(NULL, &f));
	f.e.key.zone = NFOLD_ZONE(0, 1, 20, 0);
	assert_true(matches(&f, "vlan 20 and tcp port 80"));
	assert_false(matches(&f, "vlan 21"));
	f.e.key.zone = NFOLD_ZONE(0, 2, 20, 30);
	assert_true(matches(&f, "vlan 20 and vlan 30 and tcp port 80"));
	f = flow4(IPPROTO_ICMP, "10.0.0.2", 77, "10.0.0.3", 8);
	assert_true(matches(&f, "icmp[icmptype] == icmp-echo"));
	assert_true(matches(&f, "icmp[4:2] == 77"));
	f = flow4(IPPROTO_ICMP, "10.0.0.3", 0, "10.0.0.2", 77);
	assert_true(matches(&f, "icmp[icmptype] == icmp-echoreply"));
}

static void test_match6(void **state)
{
	struct view_flow f = { .view = &view, .family = 6 };

	(void)state;
	addr(f.e.key.saddr, 6, "2001:db8::1");
	addr(f.e.key.daddr, 6, "2001:db8::2");
	f.e.key.l4proto = IPPROTO_UDP;
	f.e.key.dport = htons(53);
	assert_true(matches(&f, "ip6 and udp dst port 53"));
	assert_true(matches(&f, "dst host 2001:db8::2"));
	assert_false(matches(&f, "dst host 2001:db8::1"));
}

static void test_match_bad(void **state)
{
	char *words[] = { "tcp", "dst", "port", "and" };

	(void)state;
	assert_null(flow_match_new(4, words));
}

#define TEST(name, func) { name, func, NULL, NULL, NULL }

/* What few flows have: in the order in which it is done. */
static void edit_is_written(void **state)
{
	static const struct nf_tunnel tn = { .kind = NF_TUNNEL_VXLAN,
					     .family = 4, .ttl = 64 };
	static struct nfold_tmpl tmpls[NFOLD_TMPL_CNT];
	static struct nfold_edit edits[2];
	struct view_flow f = flow4(IPPROTO_UDP, "10.0.0.2", 1, "192.0.2.1", 2);
	char text[256];
	json_t *o;

	(void)state;
	view.maps.edits = edits;
	view.maps.edit_cnt = 2;
	view.maps.tmpls = tmpls;
	tmpl_make(&tmpls[3], &tn, 4);
	edits[1] = (struct nfold_edit){
		.flags = NFOLD_EDIT_DSCP | NFOLD_EDIT_SEQ | NFOLD_EDIT_FRAME,
		.dscp = 46 << 2, .seq_add = 7, .ack_add = -7, .strip = 1,
		.push = 1, .tmpl = { 4 } };
	memcpy(&edits[1].tag[0], "\x88\xa8\x60\x0a", 4);
	f.e.act.verdict = NFOLD_VERDICT_FORWARD;
	format_edit(text, sizeof(text), &f);
	assert_string_equal(text, "");
	f.e.act.edit = 2;
	format_edit(text, sizeof(text), &f);
	assert_string_equal(text, "dscp 46, seq +7 ack -7, 1 tag off, "
				  "in vxlan 0.0.0.0 > 0.0.0.0, "
				  "tag 0x88a8 vlan 10 on");
	o = format_edit_json(&f);
	assert_int_equal(json_integer_value(json_object_get(o, "dscp")), 46);
	assert_int_equal(json_array_size(json_object_get(o, "tunnels")), 1);
	json_decref(o);
	f.e.act.edit = 3;	/* beyond the array: a damaged pin */
	format_edit(text, sizeof(text), &f);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edit_is_written),
		TEST("IPv4 tuples, before and after", test_tuple4),
		TEST("IPv6 endpoints are in brackets, the longest fit",
		     test_tuple6),
		TEST("ICMP echo shows its identifier", test_echo),
		TEST("fields are grouped by the NF that wrote them",
		     test_writers),
		TEST("one state word, with the reason", test_state),
		TEST("TCP's state is that of both directions", test_tcp),
		TEST("durations are short", test_duration),
		TEST("JSON keeps 64-bit counters", test_json),
		TEST("tcpdump expressions see the flow's key and its tags",
		     test_match),
		TEST("the tunnel that a flow comes in by is named", test_tunnel),
		TEST("tcpdump expressions see IPv6", test_match6),
		TEST("an expression that is none is refused", test_match_bad),
	};

	return cmocka_run_group_tests_name("cli flow", tests, NULL, NULL);
}
