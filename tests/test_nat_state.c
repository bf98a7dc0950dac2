/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* nat: keys, hand-over of state, what it shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/nf_fake.h"

extern const struct nf_ops nat_ops;

#define CONF "source 10.0.0.0/8; pool 192.0.2.1; seed 1; "

static void mistakes_are_refused_with_the_remedy(void **state)
{
	static const char *const cases[][2] = {
		{ "pool 192.0.2.1;", "source" },
		{ "source 10.0.0.0/8;", "pool" },
		{ "source 2001:db8::/32; pool 192.0.2.1;", "IPv4 only" },
		{ "source 10.0.0.0/8; pool 2001:db8::1;", "IPv4 only" },
		{ "source 10.0.0.0/8; pool 192.0.0.0-192.0.1.0;", "256" },
		{ "source 10.0.0.0/8; pool 0.0.0.0-255.255.255.255;", "256" },
		{ "source 10.0.0.0/8; pool 192.0.2.9-192.0.2.1;", "" },
		{ CONF "pool 192.0.2.0-192.0.2.3;", "already" },
		{ CONF "pool 127.0.0.1;", "source address" },
		{ CONF "pool 224.0.0.1;", "source address" },
		{ CONF "ports 2000-1000;", "" },
		{ CONF "ports 0-1000;", "1 to 65535" },
		{ CONF "ports 1000-70000;", "" },
		{ CONF "ports 1-2; ports 3-4;", "twice" },
		{ CONF "parity maybe;", "on or off" },
		{ CONF "seed x;", "" },
		{ CONF "sources 10.0.0.0/8;", "source" },
		{ CONF "parity { on; }", "" },
		{ "source;", "" },
		{ "source 10.0.0.0/33; pool 192.0.2.1;", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		fake_refused(&nat_ops, cases[i][0], cases[i][1]);
}

static void count_claim(void *ctx, int family, const struct nf_addr *addr,
			enum nf_claim_kind kind)
{
	int *cnt = ctx;

	assert_int_equal(family, 4);
	assert_int_equal(kind, NF_CLAIM_NAT);
	assert_int_equal(ntohl(addr->a[0]), 0xc0000200 + *cnt);
	(*cnt)++;
}

static void a_pool_may_have_256_addresses_and_all_are_claimed(void **state)
{
	struct nf *nf = fake_nf(&nat_ops, "source 10.0.0.0/8;"
				"pool 192.0.2.0-192.0.2.255;");
	int cnt = 0;

	(void)state;
	nat_ops.claims(nf, count_claim, &cnt);
	assert_int_equal(cnt, 256);
	fake_nf_free(nf);
}

static void *open_tcp(struct nf *nf, const char *host, uint16_t port,
		      struct nf_pkt *out)
{
	void *s = fake_session(nf);

	*out = fake_pkt(s, IPPROTO_TCP, host, port, "203.0.113.9", 80);
	assert_int_equal(fake_run(nf, out), NF_FORWARD);
	return s;
}

static void saved_sessions_keep_their_binding_in_a_new_engine(void **state)
{
	static const char conf[] = "source 10.0.0.0/8;"
				   "pool 192.0.2.1-192.0.2.4;";
	struct nf *old = fake_nf(&nat_ops, conf);
	struct nf *new = fake_nf(&nat_ops, conf);
	void *was[300], *is[300], *blob = fake_session(old);
	struct nf_pkt out[300];
	char host[16], *a, *b;

	(void)state;
	for (int i = 0; i < 300; i++) {
		snprintf(host, sizeof(host), "10.0.0.%d", i % 20);
		was[i] = open_tcp(old, host, 5000 + i % 100, &out[i]);
	}
	for (int i = 0; i < 300; i++) {
		is[i] = fake_session(new);
		nat_ops.save(old, was[i], blob);
		assert_int_equal(nat_ops.restore(new, is[i], blob), 0);
	}
	a = fake_text(nat_ops.dump(old));
	b = fake_text(nat_ops.dump(new));
	assert_string_equal(a, b);
	for (int i = 0; i < 300; i++) {
		struct nf_pkt back = fake_reply(&out[i]);

		back.engine = is[i];
		assert_int_equal(fake_run(new, &back), NF_FORWARD);
		assert_int_equal(ntohs(back.dport), 5000 + i % 100);
		fake_expire(old, was[i]);
		fake_expire(new, is[i]);
	}
	free(a);
	free(b);
	free(blob);
	fake_nf_free(old);
	fake_nf_free(new);
}

static void expect_not_restored(const char *conf, const void *blob)
{
	struct nf *nf = fake_nf(&nat_ops, conf);
	void *s = fake_session(nf);
	json_t *show;

	assert_int_equal(nat_ops.restore(nf, s, blob), -1);
	free(s);
	show = nat_ops.show(nf);
	assert_int_equal(fake_number(show, "hosts"), 0);
	json_decref(show);
	fake_nf_free(nf);
}

static void bindings_that_the_new_file_forbids_are_not_taken_over(void **state)
{
	struct nf *nf = fake_nf(&nat_ops, CONF);
	struct nf_pkt out;
	void *s = open_tcp(nf, "10.0.0.1", 5000, &out);
	void *blob = fake_session(nf);

	(void)state;
	nat_ops.save(nf, s, blob);
	expect_not_restored("source 10.0.0.0/8; pool 192.0.2.2;", blob);
	expect_not_restored("source 10.9.0.0/16; pool 192.0.2.1;", blob);
	expect_not_restored("source 10.0.0.0/8; pool 192.0.2.1;"
			    "ports 6000-7000;", blob);
	free(blob);
	fake_expire(nf, s);
	fake_nf_free(nf);
}

static void a_port_can_not_be_restored_twice(void **state)
{
	struct nf *a = fake_nf(&nat_ops, CONF), *b = fake_nf(&nat_ops, CONF);
	struct nf_pkt out;
	void *s = open_tcp(a, "10.0.0.1", 5000, &out);
	void *t = open_tcp(b, "10.0.0.2", 5000, &out);
	void *blob = fake_session(a), *u = fake_session(b);

	(void)state;
	nat_ops.save(a, s, blob);
	assert_int_equal(nat_ops.restore(b, u, blob), -1);
	free(u);
	free(blob);
	fake_expire(a, s);
	fake_expire(b, t);
	fake_nf_free(a);
	fake_nf_free(b);
}

static void show_counts_and_dump_lists_in_order(void **state)
{
	struct nf *nf = fake_nf(&nat_ops, CONF);
	struct nf_pkt out;
	void *s[3];
	json_t *show;
	char *text;

	(void)state;
	s[0] = open_tcp(nf, "10.0.0.9", 5000, &out);
	s[1] = open_tcp(nf, "10.0.0.1", 5001, &out);
	s[2] = open_tcp(nf, "10.0.0.1", 5001, &out);
	show = nat_ops.show(nf);
	assert_int_equal(fake_number(show, "mappings/tcp"), 2);
	assert_int_equal(fake_number(show, "mappings/udp"), 0);
	assert_int_equal(fake_number(show, "pool/0/hosts"), 2);
	assert_int_equal(fake_number(show, "pool/0/ports_used/tcp"), 2);
	assert_int_equal(fake_number(show, "ports_per_address"), 64512);
	json_decref(show);
	text = fake_text(nat_ops.dump(nf));
	assert_string_equal(text,
		"{\"mappings\": ["
		"{\"external\": \"192.0.2.1:5001\", "
		"\"internal\": \"10.0.0.1:5001\", "
		"\"proto\": \"tcp\", \"sessions\": 2}, "
		"{\"external\": \"192.0.2.1:5000\", "
		"\"internal\": \"10.0.0.9:5000\", "
		"\"proto\": \"tcp\", \"sessions\": 1}]}");
	free(text);
	for (int i = 0; i < 3; i++)
		fake_expire(nf, s[i]);
	text = fake_text(nat_ops.dump(nf));
	assert_string_equal(text, "{\"mappings\": []}");
	free(text);
	fake_nf_free(nf);
}

/* Opens and closes 100,000 random sessions on a small range, beside a model
 * that knows only what must hold. */
static void random_opens_and_closes_never_share_or_leak_a_port(void **state)
{
	static uint16_t users[65536];	/* sessions on that external port */
	static void *open[2000];
	static uint16_t port_of[2000];
	struct nf *nf = fake_nf(&nat_ops, CONF "ports 3000-3499;");
	unsigned int seed = 0x6e61, left;
	json_t *show;

	(void)state;
	if (getenv("SEED"))
		seed = strtoul(getenv("SEED"), NULL, 0);
	print_message("# seed %u\n", seed);
	memset(users, 0, sizeof(users));
	for (int n = 0; n < 100000; n++) {
		int i = rand_r(&seed) % 2000;
		char host[20];
		struct nf_pkt out;

		if (open[i]) {
			if (port_of[i])
				users[port_of[i]]--;
			fake_expire(nf, open[i]);
			open[i] = NULL;
			continue;
		}
		snprintf(host, sizeof(host), "10.0.%d.%d", i / 200, i % 200);
		open[i] = fake_session(nf);
		out = fake_pkt(open[i], IPPROTO_UDP, host, 3000 + i % 600,
			       "203.0.113.9", 53);
		port_of[i] = 0;
		if (fake_run(nf, &out) == NF_DROP)
			continue;
		port_of[i] = ntohs(out.sport);
		assert_in_range(port_of[i], 3000, 3499);
		assert_int_equal(users[port_of[i]]++, 0);
	}
	for (int i = 0; i < 2000; i++)
		if (open[i])
			fake_expire(nf, open[i]);
	show = nat_ops.show(nf);
	left = fake_number(show, "mappings/udp") + fake_number(show, "hosts");
	json_decref(show);
	assert_int_equal(left, 0);
	fake_nf_free(nf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_are_refused_with_the_remedy),
		cmocka_unit_test(a_pool_may_have_256_addresses_and_all_are_claimed),
		cmocka_unit_test(saved_sessions_keep_their_binding_in_a_new_engine),
		cmocka_unit_test(bindings_that_the_new_file_forbids_are_not_taken_over),
		cmocka_unit_test(a_port_can_not_be_restored_twice),
		cmocka_unit_test(show_counts_and_dump_lists_in_order),
		cmocka_unit_test(random_opens_and_closes_never_share_or_leak_a_port),
	};

	return cmocka_run_group_tests_name("nat_state", tests, NULL, NULL);
}
