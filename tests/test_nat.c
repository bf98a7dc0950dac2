/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* nat against RFC 4787, 5382 and 5508, requirement by requirement. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/nf_fake.h"

extern const struct nf_ops nat_ops;

#define CONF "source 10.0.0.0/8; pool 192.0.2.1; seed 1; "
#define SERVER "203.0.113.9"

/* Opens a session from inside; *out is the packet as it left. */
static void *open_as(struct nf *nf, uint8_t proto, const char *host,
		     uint16_t port, const char *server, struct nf_pkt *out)
{
	void *session = fake_session(nf);

	*out = fake_pkt(session, proto, host, port, server, 53);
	if (proto == IPPROTO_ICMP)
		out->icmp_type = 8;
	assert_int_equal(fake_run(nf, out), NF_FORWARD);
	return session;
}

static void *open_udp(struct nf *nf, const char *host, uint16_t port,
		      struct nf_pkt *out)
{
	return open_as(nf, IPPROTO_UDP, host, port, SERVER, out);
}

static void endpoint_keeps_its_mapping_towards_every_server(void **state)
{
	struct nf *nf = fake_nf(&nat_ops, CONF "ports 20000-60000;");
	struct nf_pkt first, other;
	void *a, *b;

	(void)state;
	a = open_as(nf, IPPROTO_UDP, "10.0.0.1", 5000, SERVER, &first);
	b = open_as(nf, IPPROTO_UDP, "10.0.0.1", 5000, "203.0.113.77", &other);
	assert_true(fake_addr_is(&first.saddr, "192.0.2.1"));
	assert_in_range(ntohs(first.sport), 20000, 60000);
	assert_int_equal(first.sport, other.sport);
	assert_memory_equal(&first.saddr, &other.saddr, sizeof(first.saddr));
	fake_expire(nf, a);
	fake_expire(nf, b);
	fake_nf_free(nf);
}

static void protocols_have_mappings_of_their_own(void **state)
{
	struct nf *nf = fake_nf(&nat_ops, CONF "ports 7000-7001; parity off;");
	static const uint8_t protos[] = { IPPROTO_UDP, IPPROTO_TCP,
					  IPPROTO_ICMP };
	struct nf_pkt out;
	void *s[6];

	(void)state;
	for (int i = 0; i < 6; i++)
		s[i] = open_as(nf, protos[i % 3], i < 3 ? "10.0.0.1" :
			       "10.0.0.2", 7000, SERVER, &out);
	for (int i = 0; i < 6; i++)
		fake_expire(nf, s[i]);
	fake_nf_free(nf);
}

static void host_keeps_one_external_address_while_it_has_mappings(void **state)
{
	struct nf *nf = fake_nf(&nat_ops,
				CONF "pool 192.0.2.2-192.0.2.8;");
	struct nf_pkt out, first[8];
	void *s[8][50];

	(void)state;
	for (int h = 0; h < 8; h++) {
		char host[16];

		snprintf(host, sizeof(host), "10.0.0.%d", h + 1);
		s[h][0] = open_udp(nf, host, 4000, &first[h]);
		for (int p = 1; p < 50; p++) {
			s[h][p] = open_as(nf, p & 1 ? IPPROTO_TCP :
					  IPPROTO_UDP, host, 4000 + p, SERVER,
					  &out);
			assert_memory_equal(&out.saddr, &first[h].saddr,
					    sizeof(out.saddr));
		}
	}
	/* Hosts are spread: eight hosts, eight addresses. */
	for (int h = 1; h < 8; h++)
		assert_memory_not_equal(&first[h].saddr, &first[0].saddr,
					sizeof(out.saddr));
	for (int h = 0; h < 8; h++)
		for (int p = 0; p < 50; p++)
			fake_expire(nf, s[h][p]);
	fake_nf_free(nf);
}

static void paired_host_is_refused_when_its_address_is_full(void **state)
{
	struct nf *nf = fake_nf(&nat_ops, CONF
				"pool 192.0.2.2; ports 5000-5003;");
	struct nf_pkt out, pkt;
	void *s[5];

	(void)state;
	for (int i = 0; i < 4; i++)
		s[i] = open_udp(nf, "10.0.0.1", 5000 + i, &out);
	s[4] = fake_session(nf);
	pkt = fake_pkt(s[4], IPPROTO_UDP, "10.0.0.1", 9, SERVER, 53);
	fake_assert_drop_once(fake_run(nf, &pkt), &pkt,
			      NFOLD_REASON_NAT_EXHAUSTED);
	fake_expire(nf, s[4]);
	/* Another host finds the other address. */
	s[4] = open_udp(nf, "10.0.0.2", 5000, &pkt);
	assert_memory_not_equal(&pkt.saddr, &out.saddr, sizeof(out.saddr));
	for (int i = 0; i < 5; i++)
		fake_expire(nf, s[i]);
	fake_nf_free(nf);
}

static void no_port_is_overloaded_up_to_the_last_of_64512(void **state)
{
	static uint8_t seen[65536];
	static void *s[64512];
	struct nf *nf = fake_nf(&nat_ops, CONF);
	struct nf_pkt out, pkt;
	char host[20];

	(void)state;
	memset(seen, 0, sizeof(seen));
	for (int i = 0; i < 64512; i++) {
		/* many hosts with the same few ports: most do not get theirs */
		snprintf(host, sizeof(host), "10.%d.%d.%d", i / 40000,
			 i / 200 % 200, i % 200);
		s[i] = open_udp(nf, host, 5000 + i % 7, &out);
		assert_in_range(ntohs(out.sport), 1024, 65535);
		assert_int_equal(seen[ntohs(out.sport)]++, 0);
	}
	pkt = fake_pkt(fake_session(nf), IPPROTO_UDP, "10.9.9.9", 5000, SERVER,
		       53);
	fake_assert_drop_once(fake_run(nf, &pkt), &pkt,
			      NFOLD_REASON_NAT_EXHAUSTED);
	fake_expire(nf, pkt.engine);
	for (int i = 0; i < 64512; i++)
		fake_expire(nf, s[i]);
	fake_nf_free(nf);
}

static void free_port_of_the_host_is_preserved(void **state)
{
	struct nf *nf = fake_nf(&nat_ops, CONF);
	struct nf_pkt a, b;
	void *s, *t;

	(void)state;
	s = open_udp(nf, "10.0.0.1", 40001, &a);
	assert_int_equal(ntohs(a.sport), 40001);
	t = open_udp(nf, "10.0.0.2", 40001, &b);
	assert_int_not_equal(ntohs(b.sport), 40001);
	fake_expire(nf, s);
	fake_expire(nf, t);
	fake_nf_free(nf);
}

/* How many of 200 hosts with that port keep its parity. */
static int parity_kept(const char *conf, uint16_t port)
{
	struct nf *nf = fake_nf(&nat_ops, conf);
	struct nf_pkt out;
	void *s[200];
	char host[16];
	int kept = 0;

	for (int i = 0; i < 200; i++) {
		snprintf(host, sizeof(host), "10.0.0.%d", i);
		s[i] = open_udp(nf, host, port, &out);
		kept += (ntohs(out.sport) ^ port) % 2 == 0;
	}
	for (int i = 0; i < 200; i++)
		fake_expire(nf, s[i]);
	fake_nf_free(nf);
	return kept;
}

static void parity_is_kept_where_possible(void **state)
{
	(void)state;
	assert_int_equal(parity_kept(CONF, 5000), 200);
	assert_int_equal(parity_kept(CONF, 5001), 200);
	assert_in_range(parity_kept(CONF "parity off;", 5000), 50, 150);
	/* 300 ports, 150 of each parity */
	assert_int_equal(parity_kept(CONF "ports 8000-8299;", 5000), 150);
}

static void low_ports_stay_low_if_the_range_has_any(void **state)
{
	struct nf *nf = fake_nf(&nat_ops, CONF "ports 1000-1100;");
	struct nf_pkt out;
	void *s[100];
	char host[16];

	(void)state;
	for (int i = 0; i < 24; i++) {
		snprintf(host, sizeof(host), "10.0.0.%d", i);
		s[i] = open_udp(nf, host, 500, &out);
		assert_in_range(ntohs(out.sport), 1000, 1023);
	}
	s[24] = open_udp(nf, "10.0.1.1", 500, &out);	/* the half is full */
	assert_in_range(ntohs(out.sport), 1024, 1100);
	for (int i = 0; i < 25; i++)
		fake_expire(nf, s[i]);
	fake_nf_free(nf);
}

static void low_ports_go_anywhere_if_the_range_has_none(void **state)
{
	struct nf *nf = fake_nf(&nat_ops, CONF);
	struct nf_pkt out;
	void *s = open_udp(nf, "10.0.0.1", 500, &out);

	(void)state;
	assert_in_range(ntohs(out.sport), 1024, 65535);
	fake_expire(nf, s);
	fake_nf_free(nf);
}

static void high_ports_never_get_a_privileged_one(void **state)
{
	struct nf *nf = fake_nf(&nat_ops, CONF "ports 1000-1033;");
	struct nf_pkt out, pkt;
	void *s[10];

	(void)state;
	for (int i = 0; i < 10; i++) {
		s[i] = open_udp(nf, "10.0.0.1", 3000 + i, &out);
		assert_in_range(ntohs(out.sport), 1024, 1033);
	}
	pkt = fake_pkt(fake_session(nf), IPPROTO_UDP, "10.0.0.1", 4000, SERVER,
		       53);
	fake_assert_drop_once(fake_run(nf, &pkt), &pkt,
			      NFOLD_REASON_NAT_EXHAUSTED);
	fake_expire(nf, pkt.engine);
	for (int i = 0; i < 10; i++)
		fake_expire(nf, s[i]);
	fake_nf_free(nf);
}

static void exhaustion_leaves_mappings_alone_and_ends(void **state)
{
	struct nf *nf = fake_nf(&nat_ops, CONF "ports 6000-6001;");
	struct nf_pkt a, b, c, again;
	void *s, *t, *u;

	(void)state;
	s = open_udp(nf, "10.0.0.1", 1111, &a);
	t = open_udp(nf, "10.0.0.2", 2222, &b);
	u = fake_session(nf);
	c = fake_pkt(u, IPPROTO_UDP, "10.0.0.3", 3333, SERVER, 53);
	fake_assert_drop_once(fake_run(nf, &c), &c,
			      NFOLD_REASON_NAT_EXHAUSTED);
	again = fake_pkt(s, IPPROTO_UDP, "10.0.0.1", 1111, SERVER, 53);
	assert_int_equal(fake_run(nf, &again), NF_FORWARD);
	assert_int_equal(again.sport, a.sport);
	fake_expire(nf, t);
	c = fake_pkt(u, IPPROTO_UDP, "10.0.0.3", 3333, SERVER, 53);
	c.opening = false;
	assert_int_equal(fake_run(nf, &c), NF_FORWARD);
	assert_int_equal(c.sport, b.sport);
	fake_expire(nf, s);
	fake_expire(nf, u);
	fake_nf_free(nf);
}

static void port_is_released_with_the_last_session_only(void **state)
{
	struct nf *nf = fake_nf(&nat_ops, CONF "ports 6000-6000;");
	struct nf_pkt out, pkt;
	void *s, *t, *u = fake_session(nf);

	(void)state;
	s = open_as(nf, IPPROTO_TCP, "10.0.0.1", 1, SERVER, &out);
	t = open_as(nf, IPPROTO_TCP, "10.0.0.1", 1, "203.0.113.1", &out);
	fake_expire(nf, s);
	pkt = fake_pkt(u, IPPROTO_TCP, "10.0.0.2", 1, SERVER, 80);
	assert_int_equal(fake_run(nf, &pkt), NF_DROP);
	fake_expire(nf, t);
	pkt = fake_pkt(u, IPPROTO_TCP, "10.0.0.2", 1, SERVER, 80);
	assert_int_equal(fake_run(nf, &pkt), NF_FORWARD);
	assert_int_equal(ntohs(pkt.sport), 6000);
	fake_expire(nf, u);
	fake_nf_free(nf);
}

static void both_directions_are_written_and_recorded(void **state)
{
	struct nf *nf = fake_nf(&nat_ops, CONF);
	struct nf_pkt out, back;
	void *s = open_udp(nf, "10.0.0.1", 5000, &out);

	(void)state;
	assert_int_equal(fake.cnt, 2);
	fake_assert_addr(0, NFOLD_FIELD_SADDR, "192.0.2.1");
	fake_assert_port(1, NFOLD_FIELD_SPORT, 5000);
	back = fake_reply(&out);
	assert_int_equal(fake_run(nf, &back), NF_FORWARD);
	assert_true(fake_addr_is(&back.daddr, "10.0.0.1"));
	assert_true(fake_addr_is(&back.saddr, SERVER));
	assert_int_equal(ntohs(back.dport), 5000);
	assert_int_equal(fake.cnt, 2);
	fake_assert_addr(0, NFOLD_FIELD_DADDR, "10.0.0.1");
	fake_assert_port(1, NFOLD_FIELD_DPORT, 5000);
	fake_expire(nf, s);
	fake_nf_free(nf);
}

static void folding_anew_gives_the_same_translation(void **state)
{
	struct nf *nf = fake_nf(&nat_ops, CONF "ports 30000-40000;");
	struct nf_pkt first, again;
	void *s = open_udp(nf, "10.0.0.1", 5000, &first);

	(void)state;
	for (int i = 0; i < 3; i++) {
		again = fake_pkt(s, IPPROTO_UDP, "10.0.0.1", 5000, SERVER, 53);
		again.opening = false;
		assert_int_equal(fake_run(nf, &again), NF_FORWARD);
		assert_int_equal(again.sport, first.sport);
		assert_int_equal(fake.cnt, 2);
	}
	fake_expire(nf, s);
	fake_nf_free(nf);
}

static void echo_identifier_is_translated_like_a_port(void **state)
{
	struct nf *nf = fake_nf(&nat_ops, CONF "ports 9000-9000;");
	void *s = fake_session(nf);
	struct nf_pkt pkt = fake_pkt(s, IPPROTO_ICMP, "10.0.0.1", 77, SERVER,
				     8), back;

	(void)state;
	pkt.icmp_type = 8;
	assert_int_equal(fake_run(nf, &pkt), NF_FORWARD);
	assert_int_equal(ntohs(pkt.sport), 9000);
	assert_int_equal(ntohs(pkt.dport), 8);
	back = fake_reply(&pkt);
	back.icmp_type = 0;
	back.sport = 0;
	assert_int_equal(fake_run(nf, &back), NF_FORWARD);
	assert_int_equal(ntohs(back.dport), 77);
	assert_true(fake_addr_is(&back.daddr, "10.0.0.1"));
	fake_expire(nf, s);
	fake_nf_free(nf);
}

static void expect_drop(struct nf *nf, struct nf_pkt pkt,
			enum nfold_reason reason)
{
	enum nf_verdict v;

	pkt.engine = fake_session(nf);
	v = fake_run(nf, &pkt);
	if (reason == NFOLD_REASON_NAT_NO_BINDING)
		fake_assert_drop_once(v, &pkt, reason);
	else
		fake_assert_drop(v, &pkt, reason);
	fake_expire(nf, pkt.engine);
}

static void protocols_without_ports_are_dropped(void **state)
{
	struct nf *nf = fake_nf(&nat_ops, CONF);
	struct nf_pkt pkt;

	(void)state;
	expect_drop(nf, fake_pkt(NULL, IPPROTO_GRE, "10.0.0.1", 0, SERVER, 0),
		    NFOLD_REASON_NAT_PROTO);
	expect_drop(nf, fake_pkt(NULL, IPPROTO_SCTP, "10.0.0.1", 0, SERVER, 0),
		    NFOLD_REASON_NAT_PROTO);
	/* an echo reply that nobody asked for */
	pkt = fake_pkt(NULL, IPPROTO_ICMP, "10.0.0.1", 0, SERVER, 9);
	expect_drop(nf, pkt, NFOLD_REASON_NAT_PROTO);
	fake_nf_free(nf);
}

static void pool_takes_no_session_from_outside(void **state)
{
	struct nf *nf = fake_nf(&nat_ops, CONF);
	struct nf_pkt out, pkt;
	void *s = open_udp(nf, "10.0.0.1", 5000, &out);

	(void)state;
	pkt = fake_pkt(NULL, IPPROTO_UDP, SERVER, 53, "192.0.2.1", 6000);
	pkt.outside = true;
	expect_drop(nf, pkt, NFOLD_REASON_NAT_NO_BINDING);
	/* with a mapping: filtering is address-and-port-dependent */
	pkt = fake_pkt(NULL, IPPROTO_UDP, "198.51.100.7", 53, "192.0.2.1",
		       5000);
	pkt.outside = true;
	expect_drop(nf, pkt, NFOLD_REASON_NAT_NO_BINDING);
	/* nor from inside: no hairpin */
	pkt = fake_pkt(NULL, IPPROTO_UDP, "10.0.0.2", 53, "192.0.2.1", 5000);
	expect_drop(nf, pkt, NFOLD_REASON_NAT_NO_BINDING);
	fake_expire(nf, s);
	fake_nf_free(nf);
}

static void expect_pass(struct nf *nf, struct nf_pkt pkt)
{
	struct nf_pkt before;

	pkt.engine = fake_session(nf);
	before = pkt;
	assert_int_equal(fake_run(nf, &pkt), NF_FORWARD);
	assert_memory_equal(&pkt, &before, sizeof(pkt));
	assert_int_equal(fake.cnt, 0);
	pkt.opening = false;
	pkt.reply = true;
	assert_int_equal(fake_run(nf, &pkt), NF_FORWARD);
	assert_int_equal(fake.cnt, 0);
	fake_expire(nf, pkt.engine);
}

static void other_traffic_passes_unchanged(void **state)
{
	struct nf *nf = fake_nf(&nat_ops, CONF);
	struct nf_pkt pkt;

	(void)state;
	expect_pass(nf, fake_pkt(NULL, IPPROTO_UDP, "172.16.0.1", 1, SERVER,
				 2));
	expect_pass(nf, fake_pkt(NULL, IPPROTO_UDP, "2001:db8::1", 1,
				 "2001:db8::2", 2));
	pkt = fake_pkt(NULL, IPPROTO_TCP, SERVER, 1, "10.0.0.1", 22);
	pkt.outside = true;
	expect_pass(nf, pkt);
	/* from outside with an inside address: not ours to translate */
	pkt = fake_pkt(NULL, IPPROTO_TCP, "10.0.0.9", 1, SERVER, 22);
	pkt.outside = true;
	expect_pass(nf, pkt);
	fake_nf_free(nf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endpoint_keeps_its_mapping_towards_every_server),
		cmocka_unit_test(protocols_have_mappings_of_their_own),
		cmocka_unit_test(host_keeps_one_external_address_while_it_has_mappings),
		cmocka_unit_test(paired_host_is_refused_when_its_address_is_full),
		cmocka_unit_test(no_port_is_overloaded_up_to_the_last_of_64512),
		cmocka_unit_test(free_port_of_the_host_is_preserved),
		cmocka_unit_test(parity_is_kept_where_possible),
		cmocka_unit_test(low_ports_stay_low_if_the_range_has_any),
		cmocka_unit_test(low_ports_go_anywhere_if_the_range_has_none),
		cmocka_unit_test(high_ports_never_get_a_privileged_one),
		cmocka_unit_test(exhaustion_leaves_mappings_alone_and_ends),
		cmocka_unit_test(port_is_released_with_the_last_session_only),
		cmocka_unit_test(both_directions_are_written_and_recorded),
		cmocka_unit_test(folding_anew_gives_the_same_translation),
		cmocka_unit_test(echo_identifier_is_translated_like_a_port),
		cmocka_unit_test(protocols_without_ports_are_dropped),
		cmocka_unit_test(pool_takes_no_session_from_outside),
		cmocka_unit_test(other_traffic_passes_unchanged),
	};

	return cmocka_run_group_tests_name("nat", tests, NULL, NULL);
}
