/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* lb: services, selection, both directions, keys, hand-over of state. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/nf_fake.h"

extern const struct nf_ops lb_ops;

#define VIP "198.51.100.80"
#define WEB "seed 1; " WEB_ANY_KEY
#define WEB_ANY_KEY "service web { vip " VIP ":80/tcp; " \
	    "backend 10.1.1.2:8080; backend 10.1.2.2:8081; }"
#define WEB6 "seed 1; service web6 { vip [2001:db8:f::80]:80/tcp; " \
	     "backend [2001:db8:1::2]:8080; backend [2001:db8:2::2]:8081; }"

static void *open_port(struct nf *nf, uint16_t sport, struct nf_pkt *out)
{
	void *s = fake_session(nf);

	*out = fake_pkt(s, IPPROTO_TCP, "10.0.0.1", sport, VIP, 80);
	assert_int_equal(fake_run(nf, out), NF_FORWARD);
	return s;
}

static void both_directions_are_written_and_recorded(void **state)
{
	struct nf *nf = fake_nf(&lb_ops, WEB);
	struct nf_pkt out, back;
	void *s = open_port(nf, 4000, &out);
	bool first = fake_addr_is(&out.daddr, "10.1.1.2");

	(void)state;
	assert_true(first || fake_addr_is(&out.daddr, "10.1.2.2"));
	assert_int_equal(ntohs(out.dport), first ? 8080 : 8081);
	assert_int_equal(fake.cnt, 2);
	fake_assert_addr(0, NFOLD_FIELD_DADDR, first ? "10.1.1.2" : "10.1.2.2");
	fake_assert_port(1, NFOLD_FIELD_DPORT, first ? 8080 : 8081);
	back = fake_reply(&out);
	assert_int_equal(fake_run(nf, &back), NF_FORWARD);
	assert_true(fake_addr_is(&back.saddr, VIP));
	assert_true(fake_addr_is(&back.daddr, "10.0.0.1"));
	assert_int_equal(ntohs(back.sport), 80);
	assert_int_equal(fake.cnt, 2);
	fake_assert_addr(0, NFOLD_FIELD_SADDR, VIP);
	fake_assert_port(1, NFOLD_FIELD_SPORT, 80);
	fake_expire(nf, s);
	fake_nf_free(nf);
}

static void ipv6_works_alike(void **state)
{
	struct nf *nf = fake_nf(&lb_ops, WEB6);
	void *s = fake_session(nf);
	struct nf_pkt pkt = fake_pkt(s, IPPROTO_TCP, "2001:db8::1", 4000,
				     "2001:db8:f::80", 80), back;

	(void)state;
	assert_int_equal(fake_run(nf, &pkt), NF_FORWARD);
	assert_true(fake_addr_is(&pkt.daddr, "2001:db8:1::2") ||
		    fake_addr_is(&pkt.daddr, "2001:db8:2::2"));
	back = fake_reply(&pkt);
	assert_int_equal(fake_run(nf, &back), NF_FORWARD);
	assert_true(fake_addr_is(&back.saddr, "2001:db8:f::80"));
	assert_int_equal(ntohs(back.sport), 80);
	fake_expire(nf, s);
	fake_nf_free(nf);
}

static void session_stays_with_its_backend(void **state)
{
	struct nf *nf = fake_nf(&lb_ops, WEB);
	struct nf_pkt first, again;
	void *s = open_port(nf, 4000, &first);

	(void)state;
	again = fake_pkt(s, IPPROTO_TCP, "10.0.0.1", 4000, VIP, 80);
	again.opening = false;
	assert_int_equal(fake_run(nf, &again), NF_FORWARD);
	assert_memory_equal(&again.daddr, &first.daddr, sizeof(first.daddr));
	assert_int_equal(fake.cnt, 2);
	fake_expire(nf, s);
	fake_nf_free(nf);
}

static json_int_t opened(struct nf *nf, const char *path)
{
	json_t *show = lb_ops.show(nf);
	json_int_t n = fake_number(show, path);

	json_decref(show);
	return n;
}

static void sessions_are_spread_by_weight(void **state)
{
	struct nf *nf = fake_nf(&lb_ops, "seed 1; service w { vip " VIP
				":80/tcp; backend 10.1.1.1:80 weight 3;"
				"backend 10.1.1.2:80; }");
	struct nf_pkt out;
	json_int_t a, b;

	(void)state;
	for (int i = 0; i < 4000; i++)
		fake_expire(nf, open_port(nf, 1024 + i, &out));
	a = opened(nf, "services/0/backends/0/opened");
	b = opened(nf, "services/0/backends/1/opened");
	assert_int_equal(a + b, 4000);
	assert_in_range(a, 2880, 3120);	/* 3000 and 4 standard deviations */
	assert_int_equal(opened(nf, "services/0/backends/0/sessions"), 0);
	fake_nf_free(nf);
}

static void selection_depends_on_the_key(void **state)
{
	struct nf *a = fake_nf(&lb_ops, WEB);
	struct nf *b = fake_nf(&lb_ops, WEB_ANY_KEY);
	struct nf_pkt x, y;
	int same = 0;

	(void)state;
	for (int i = 0; i < 400; i++) {
		fake_expire(a, open_port(a, 1024 + i, &x));
		fake_expire(b, open_port(b, 1024 + i, &y));
		same += x.daddr.a[0] == y.daddr.a[0];
	}
	assert_in_range(same, 120, 280);
	fake_nf_free(a);
	fake_nf_free(b);
}

static void expect_pass(struct nf *nf, struct nf_pkt pkt)
{
	struct nf_pkt before;

	pkt.engine = fake_session(nf);
	before = pkt;
	assert_int_equal(fake_run(nf, &pkt), NF_FORWARD);
	assert_memory_equal(&pkt, &before, sizeof(pkt));
	assert_int_equal(fake.cnt, 0);
	pkt.reply = true;
	assert_int_equal(fake_run(nf, &pkt), NF_FORWARD);
	assert_int_equal(fake.cnt, 0);
	fake_expire(nf, pkt.engine);
}

static void what_is_not_for_a_vip_passes_unchanged(void **state)
{
	struct nf *nf = fake_nf(&lb_ops, WEB);

	(void)state;
	expect_pass(nf, fake_pkt(NULL, IPPROTO_TCP, "10.0.0.1", 1, VIP, 81));
	expect_pass(nf, fake_pkt(NULL, IPPROTO_UDP, "10.0.0.1", 1, VIP, 80));
	expect_pass(nf, fake_pkt(NULL, IPPROTO_TCP, "10.0.0.1", 1,
				 "198.51.100.81", 80));
	expect_pass(nf, fake_pkt(NULL, IPPROTO_TCP, "2001:db8::1", 1,
				 "2001:db8::2", 80));
	fake_nf_free(nf);
}

static void sessions_from_outside_are_balanced(void **state)
{
	struct nf *nf = fake_nf(&lb_ops, WEB);
	struct nf_pkt pkt = fake_pkt(fake_session(nf), IPPROTO_TCP,
				     "203.0.113.1", 1, VIP, 80);

	(void)state;
	pkt.outside = true;
	assert_int_equal(fake_run(nf, &pkt), NF_FORWARD);
	assert_false(fake_addr_is(&pkt.daddr, VIP));
	fake_expire(nf, pkt.engine);
	fake_nf_free(nf);
}

static void a_service_without_weight_drops(void **state)
{
	struct nf *nf = fake_nf(&lb_ops, "service w { vip " VIP ":80/tcp;"
				"backend 10.1.1.1:80 weight 0; }");
	struct nf_pkt pkt = fake_pkt(fake_session(nf), IPPROTO_TCP,
				     "10.0.0.1", 1, VIP, 80);

	(void)state;
	fake_assert_drop(fake_run(nf, &pkt), &pkt, NFOLD_REASON_LB_NO_BACKEND);
	assert_int_equal(opened(nf, "services/0/no_backend"), 1);
	fake_expire(nf, pkt.engine);
	fake_nf_free(nf);
}

static void services_have_vips_of_their_own(void **state)
{
	struct nf *nf = fake_nf(&lb_ops, "service a { vip " VIP ":80/tcp "
				VIP ":443/tcp; backend 10.1.1.1:80; }"
				"service b { vip " VIP ":80/udp;"
				"backend 10.1.1.2:80; }");
	static const struct {
		uint8_t proto;
		uint16_t port;
		const char *to;
	} cases[] = {
		{ IPPROTO_TCP, 80, "10.1.1.1" },
		{ IPPROTO_TCP, 443, "10.1.1.1" },
		{ IPPROTO_UDP, 80, "10.1.1.2" },
	};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct nf_pkt pkt = fake_pkt(fake_session(nf), cases[i].proto,
					     "10.0.0.1", 1, VIP,
					     cases[i].port);

		assert_int_equal(fake_run(nf, &pkt), NF_FORWARD);
		assert_true(fake_addr_is(&pkt.daddr, cases[i].to));
		fake_expire(nf, pkt.engine);
	}
	fake_nf_free(nf);
}

static void count_claim(void *ctx, int family, const struct nf_addr *addr,
			enum nf_claim_kind kind)
{
	assert_int_equal(kind, NF_CLAIM_VIP);
	assert_int_equal(family, 6);
	assert_true(fake_addr_is(addr, "2001:db8:f::80"));
	++*(int *)ctx;
}

static void vips_are_claimed(void **state)
{
	struct nf *nf = fake_nf(&lb_ops, WEB6);
	int cnt = 0;

	(void)state;
	lb_ops.claims(nf, count_claim, &cnt);
	assert_int_equal(cnt, 1);
	fake_nf_free(nf);
}

#define IN_SERVICE(x) "service s { vip " VIP ":80/tcp; " \
		      "backend 10.1.1.1:80; " x " }"

static void mistakes_are_refused_with_the_remedy(void **state)
{
	static const char *const cases[][2] = {
		{ "", "no service" },
		{ "service s { backend 10.1.1.1:80; }", "no vip" },
		{ "service s { vip " VIP ":80/tcp; }", "no backend" },
		{ "service s;", "service NAME" },
		{ "service { }", "service NAME" },
		{ IN_SERVICE("vip " VIP ":80/tcp;"), "already" },
		{ IN_SERVICE("") "service t { vip " VIP ":80/tcp; }",
		  "already" },
		{ IN_SERVICE("") IN_SERVICE(""), "twice" },
		{ IN_SERVICE("vip " VIP ":81;"), "/tcp or /udp" },
		{ IN_SERVICE("vip [2001:db8::1]:80/tcp;"), "IPv4" },
		{ IN_SERVICE("backend [2001:db8::1]:80;"), "IPv4" },
		{ IN_SERVICE("backend 10.1.1.1:80;"), "already" },
		{ IN_SERVICE("backend 10.1.1.2:80/tcp;"), "leave out" },
		{ IN_SERVICE("backend 10.1.1.2:80 weight;"), "weight N" },
		{ IN_SERVICE("backend 10.1.1.2:80 height 3;"), "weight N" },
		{ IN_SERVICE("backend 10.1.1.2:80 weight 65536;"), "" },
		{ IN_SERVICE("backend 10.1.1.2;"), "" },
		{ IN_SERVICE("helth tcp;"), "health" },
		{ IN_SERVICE("health;"), "health tcp" },
		{ IN_SERVICE("health icmp;"), "tcp" },
		{ IN_SERVICE("health http;"), "a path" },
		{ IN_SERVICE("health http status;"), "no path" },
		{ IN_SERVICE("health http \"/a b\";"), "printable" },
		{ IN_SERVICE("health tcp status 200;"), "no status" },
		{ IN_SERVICE("health tcp host a;"), "no host" },
		{ IN_SERVICE("health http / status 99;"), "status" },
		{ IN_SERVICE("health http / status 2000;"), "status" },
		{ IN_SERVICE("health http / status 300-200;"), "status" },
		{ IN_SERVICE("health http / status 200-600;"), "status" },
		{ IN_SERVICE("health http / status 200-300x;"), "status" },
		{ IN_SERVICE("health tcp interval;"), "needs a value" },
		{ IN_SERVICE("health tcp interval 50ms;"), "100ms" },
		{ IN_SERVICE("health tcp interval 2h;"), "1h" },
		{ IN_SERVICE("health tcp timeout 2s;"), "above its interval" },
		{ IN_SERVICE("health tcp rise 0;"), "" },
		{ IN_SERVICE("health tcp fall 101;"), "" },
		{ IN_SERVICE("health tcp rise 1 rise 2;"), "twice" },
		{ IN_SERVICE("health tcp raise 1;"), "rise" },
		{ IN_SERVICE("health tcp port 0;"), "" },
		{ IN_SERVICE("health tcp; health tcp;"), "twice" },
		{ IN_SERVICE("health tcp { }"), "" },
		{ IN_SERVICE("on-remove;"), "drain|rehash|reset" },
		{ IN_SERVICE("on-remove kill;"), "rehash" },
		{ IN_SERVICE("tuple 4;"), "3" },
		{ IN_SERVICE("dsr;"), "ipip|gue" },
		{ IN_SERVICE("dsr vxlan from 10.1.0.1;"), "gue" },
		{ IN_SERVICE("dsr ipip;"), "begin at" },
		{ IN_SERVICE("dsr ipip from;"), "needs a value" },
		{ IN_SERVICE("dsr ipip v6 from 10.1.0.1;"), "not IPv6" },
		{ IN_SERVICE("dsr ipip from 10.1.0.1 port 7;"), "no port" },
		{ IN_SERVICE("dsr gue from 10.1.0.1 port 0;"), "" },
		{ IN_SERVICE("dsr ipip from 2001:db8::1;"), "dsr's from" },
		{ "table-size 65536; " IN_SERVICE(""), "65537" },
		{ "table-size 700001; " IN_SERVICE(""), "" },
		{ "table-size 1; " IN_SERVICE(""), "" },
		{ "table-size 7; table-size 7; " IN_SERVICE(""), "twice" },
		{ "table-size 2; " IN_SERVICE("backend 10.1.1.2:80;"
		  "backend 10.1.1.3:80;"), "more backends" },
		{ IN_SERVICE("") "seed 1;", "before the services" },
		{ "tablesize 7; " IN_SERVICE(""), "table-size" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		fake_refused(&lb_ops, cases[i][0], cases[i][1]);
}

static void saved_sessions_keep_their_backend(void **state)
{
	struct nf *old = fake_nf(&lb_ops, WEB);
	/* another key, and the backends in another order */
	struct nf *new = fake_nf(&lb_ops, "service web { vip " VIP ":80/tcp;"
				 "backend 10.1.2.2:8081; "
				 "backend 10.1.1.2:8080; }");
	void *blob = fake_session(old);

	(void)state;
	for (int i = 0; i < 50; i++) {
		struct nf_pkt was, is;
		void *s = open_port(old, 5000 + i, &was);
		void *t = fake_session(new);

		lb_ops.save(old, s, blob);
		assert_int_equal(lb_ops.restore(new, t, blob), 0);
		is = fake_pkt(t, IPPROTO_TCP, "10.0.0.1", 5000 + i, VIP, 80);
		is.opening = false;
		assert_int_equal(fake_run(new, &is), NF_FORWARD);
		assert_memory_equal(&is.daddr, &was.daddr, sizeof(is.daddr));
		assert_int_equal(is.dport, was.dport);
		fake_expire(old, s);
		fake_expire(new, t);
	}
	free(blob);
	fake_nf_free(old);
	fake_nf_free(new);
}

static void sessions_of_removed_backends_are_not_taken_over(void **state)
{
	struct nf *old = fake_nf(&lb_ops, WEB);
	struct nf *new = fake_nf(&lb_ops, "service web { vip " VIP ":80/tcp;"
				 "backend 10.1.3.2:8080; }");
	void *blob = fake_session(old), *t = fake_session(new), *s;
	struct nf_pkt out;

	(void)state;
	s = open_port(old, 5000, &out);
	lb_ops.save(old, s, blob);
	assert_int_equal(lb_ops.restore(new, t, blob), -1);
	free(t);
	free(blob);
	fake_expire(old, s);
	fake_nf_free(old);
	fake_nf_free(new);
}

static void dump_counts_sessions_of_each_backend(void **state)
{
	struct nf *nf = fake_nf(&lb_ops, WEB);
	struct nf_pkt out;
	void *s = open_port(nf, 4000, &out);
	bool first = fake_addr_is(&out.daddr, "10.1.1.2");
	json_t *dump = lb_ops.dump(nf);

	(void)state;
	assert_int_equal(fake_number(dump, "services/0/backends/0/sessions"),
			 first);
	assert_int_equal(fake_number(dump, "services/0/backends/1/sessions"),
			 !first);
	json_decref(dump);
	assert_int_equal(opened(nf, "services/0/backends/0/slots") +
			 opened(nf, "services/0/backends/1/slots"), 65537);
	fake_expire(nf, s);
	fake_nf_free(nf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_directions_are_written_and_recorded),
		cmocka_unit_test(ipv6_works_alike),
		cmocka_unit_test(session_stays_with_its_backend),
		cmocka_unit_test(sessions_are_spread_by_weight),
		cmocka_unit_test(selection_depends_on_the_key),
		cmocka_unit_test(what_is_not_for_a_vip_passes_unchanged),
		cmocka_unit_test(sessions_from_outside_are_balanced),
		cmocka_unit_test(a_service_without_weight_drops),
		cmocka_unit_test(services_have_vips_of_their_own),
		cmocka_unit_test(vips_are_claimed),
		cmocka_unit_test(mistakes_are_refused_with_the_remedy),
		cmocka_unit_test(saved_sessions_keep_their_backend),
		cmocka_unit_test(sessions_of_removed_backends_are_not_taken_over),
		cmocka_unit_test(dump_counts_sessions_of_each_backend),
	};

	return cmocka_run_group_tests_name("lb", tests, NULL, NULL);
}
