/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Chain files, first half: what words mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "chains/conf.h"
#include "chains/nf.h"

static struct conf_word word(const char *text)
{
	return (struct conf_word){ .text = (char *)text };
}

static void refused(int ret, const struct conf_error *err, const char *say)
{
	assert_int_equal(ret, -1);
	if (!strstr(err->message, say))
		fail_msg("'%s' does not say '%s'", err->message, say);
}

static void numbers(void **state)
{
	static const struct {
		const char *text;
		uint64_t min, max, want;
		const char *say;
	} rows[] = {
		{ "0", 0, 9, 0, NULL },
		{ "007", 0, 9, 7, NULL },
		{ "64k", 0, UINT64_MAX, 65536, NULL },
		{ "1K", 0, UINT64_MAX, 1024, NULL },
		{ "1M", 0, UINT64_MAX, 1 << 20, NULL },
		{ "3G", 0, UINT64_MAX, UINT64_C(3) << 30, NULL },
		{ "18446744073709551615", 0, UINT64_MAX, UINT64_MAX, NULL },
		{ "17179869183G", 0, UINT64_MAX, UINT64_C(17179869183) << 30, NULL },
		{ "18446744073709551616", 0, UINT64_MAX, 0, "too large" },
		{ "17179869184G", 0, UINT64_MAX, 0, "too large" },
		{ "10", 0, 9, 0, "too large" },
		{ "0", 1, 9, 0, "too small" },
		{ "", 0, 9, 0, "not a number" },
		{ "k", 0, 9, 0, "not a number" },
		{ "-1", 0, 9, 0, "not a number" },
		{ "+1", 0, 9, 0, "not a number" },
		{ " 1", 0, 9, 0, "not a number" },
		{ "0x10", 0, 99, 0, "not a number" },
		{ "1kk", 0, 9999, 0, "not a number" },
		{ "1T", 0, 9, 0, "not a number" },
		{ "1.5", 0, 9, 0, "not a number" },
	};
	struct conf_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct conf_word w = word(rows[i].text);
		uint64_t n = 42;
		int ret = conf_uint(&w, rows[i].min, rows[i].max, &n, &err);

		if (rows[i].say) {
			refused(ret, &err, rows[i].say);
			assert_int_equal(n, 42);
		} else {
			assert_int_equal(ret, 0);
			assert_true(n == rows[i].want);
		}
	}
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		uint64_t want;
		const char *say;
	} rows[] = {
		{ "500ms", UINT64_C(500000000), NULL },
		{ "30s", 30 * NF_SEC, NULL },
		{ "2h4m", 7440 * NF_SEC, NULL },
		{ "1d", 86400 * NF_SEC, NULL },
		{ "1m1ms", 60 * NF_SEC + 1000000, NULL },
		{ "1d1h1m1s1ms1us1ns", 90061 * NF_SEC + 1001001, NULL },
		{ "0s", 0, NULL },
		{ "213503d", UINT64_C(213503) * 86400 * NF_SEC, NULL },
		{ "213504d", 0, "too long" },
		{ "213503d24h", 0, "too long" },
		{ "99999999999999999999s", 0, "too long" },
		{ "300", 0, "not a duration" },
		{ "", 0, "not a duration" },
		{ "s", 0, "not a duration" },
		{ "1m1h", 0, "not a duration" },
		{ "1s1s", 0, "not a duration" },
		{ "1h30", 0, "not a duration" },
		{ "1 h", 0, "not a duration" },
		{ "-1s", 0, "not a duration" },
		{ "1.5s", 0, "not a duration" },
		{ "1w", 0, "not a duration" },
	};
	struct conf_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct conf_word w = word(rows[i].text);
		uint64_t ns = 42;
		int ret = conf_duration(&w, &ns, &err);

		if (rows[i].say) {
			refused(ret, &err, rows[i].say);
			assert_int_equal(ns, 42);
		} else {
			assert_int_equal(ret, 0);
			assert_true(ns == rows[i].want);
		}
	}
}

/* The text of an address, to compare with. */
static const char *show(int family, const struct nf_addr *a)
{
	static char buf[2][INET6_ADDRSTRLEN];
	static int i;

	i = !i;
	if (family == 4)
		assert_int_equal(a->a[1] | a->a[2] | a->a[3], 0);
	return inet_ntop(family == 4 ? AF_INET : AF_INET6, a->a, buf[i],
			 sizeof(buf[i]));
}

static void addresses(void **state)
{
	static const char *const bad[] = {
		"", "1.2.3", "1.2.3.256", "1.2.3.4.5", "01.2.3.4", "1.2.3.4/32",
		":::", "1::2::3", "g::", "fe80::1%eth0", "[::1]", "::1.2.3",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999", "localhost",
		"0000000000000000000000000000000000000000000000000000::1",
	};
	struct conf_word w = word("192.0.2.1");
	struct conf_error err;
	struct nf_addr a;
	int family = 42;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct conf_word b = word(bad[i]);

		refused(conf_addr(&b, &family, &a, &err), &err,
			"not an address");
		assert_int_equal(family, 42);
	}
	assert_int_equal(conf_addr(&w, &family, &a, &err), 0);
	assert_int_equal(family, 4);
	assert_int_equal(a.a[0], htonl(0xc0000201));
	assert_string_equal(show(family, &a), "192.0.2.1");
	w = word("2001:db8::1");
	assert_int_equal(conf_addr(&w, &family, &a, &err), 0);
	assert_int_equal(family, 6);
	assert_int_equal(a.a[0], htonl(0x20010db8));
	assert_int_equal(a.a[3], htonl(1));
}

static void prefixes(void **state)
{
	static const struct {
		const char *text, *addr;
		int family, len;
		const char *say, *hint;
	} rows[] = {
		{ "10.0.0.0/24", "10.0.0.0", 4, 24, NULL, NULL },
		{ "10.0.0.1", "10.0.0.1", 4, 32, NULL, NULL },
		{ "0.0.0.0/0", "0.0.0.0", 4, 0, NULL, NULL },
		{ "255.255.255.255/32", "255.255.255.255", 4, 32, NULL, NULL },
		{ "2001:db8::/33", "2001:db8::", 6, 33, NULL, NULL },
		{ "2001:db8::1", "2001:db8::1", 6, 128, NULL, NULL },
		{ "::/0", "::", 6, 0, NULL, NULL },
		{ "10.0.0.1/24", "", 0, 0, "bits set", "10.0.0.0/24" },
		{ "2001:db8::1/127", "", 0, 0, "bits set", "2001:db8::/127" },
		{ "2001:db8::8000:0:0:0/64", "", 0, 0, "bits set", "2001:db8::/64" },
		{ "0.0.0.1/0", "", 0, 0, "bits set", "0.0.0.0/0" },
		{ "10.0.0.0/33", "", 0, 0, "0 to 32", "" },
		{ "::/129", "", 0, 0, "0 to 128", "" },
		{ "10.0.0.0/", "", 0, 0, "0 to 32", "" },
		{ "10.0.0.0/-1", "", 0, 0, "0 to 32", "" },
		{ "10.0.0.0/24/24", "", 0, 0, "0 to 32", "" },
		{ "10.0.0.0/000024", "", 0, 0, "0 to 32", "" },
		{ "/24", "", 0, 0, "not a prefix", "" },
		{ "10/8", "", 0, 0, "not a prefix", "" },
		{ "", "", 0, 0, "not a prefix", "" },
	};
	struct conf_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct conf_word w = word(rows[i].text);
		unsigned int len = 42;
		struct nf_addr a;
		int family, ret = conf_prefix(&w, &family, &a, &len, &err);

		if (rows[i].say) {
			refused(ret, &err, rows[i].say);
			assert_non_null(strstr(err.hint, rows[i].hint));
			assert_int_equal(len, 42);
			continue;
		}
		assert_int_equal(ret, 0);
		assert_int_equal(family, rows[i].family);
		assert_int_equal(len, rows[i].len);
		assert_string_equal(show(family, &a), rows[i].addr);
	}
}

static void ranges(void **state)
{
	static const struct {
		const char *text, *first, *last, *say;
	} rows[] = {
		{ "192.0.2.1-192.0.2.9", "192.0.2.1", "192.0.2.9", NULL },
		{ "192.0.2.1", "192.0.2.1", "192.0.2.1", NULL },
		{ "1.0.0.2-2.0.0.1", "1.0.0.2", "2.0.0.1", NULL },
		{ "2001:db8::1-2001:db8::f", "2001:db8::1", "2001:db8::f", NULL },
		{ "192.0.2.9-192.0.2.1", "", "", "backwards" },
		{ "2.0.0.1-1.0.0.2", "", "", "backwards" },
		{ "192.0.2.1-::1", "", "", "mixes" },
		{ "192.0.2.1-", "", "", "not a range" },
		{ "-192.0.2.1", "", "", "not a range" },
		{ "192.0.2.1-9", "", "", "not a range" },
		{ "192.0.2.1-192.0.2.3-192.0.2.4", "", "", "not a range" },
		{ "x", "", "", "not an address" },
	};
	struct conf_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct conf_word w = word(rows[i].text);
		struct nf_addr a, b;
		int family, ret = conf_range(&w, &family, &a, &b, &err);

		if (rows[i].say) {
			refused(ret, &err, rows[i].say);
			continue;
		}
		assert_int_equal(ret, 0);
		assert_string_equal(show(family, &a), rows[i].first);
		assert_string_equal(show(family, &b), rows[i].last);
	}
}

static void endpoints(void **state)
{
	static const struct {
		const char *text, *addr;
		int port, proto;
		const char *say;
	} rows[] = {
		{ "192.0.2.1:80", "192.0.2.1", 80, 0, NULL },
		{ "192.0.2.1:1/tcp", "192.0.2.1", 1, IPPROTO_TCP, NULL },
		{ "192.0.2.1:65535/udp", "192.0.2.1", 65535, IPPROTO_UDP, NULL },
		{ "[2001:db8::1]:53/udp", "2001:db8::1", 53, IPPROTO_UDP, NULL },
		{ "[2001:db8::1]:80", "2001:db8::1", 80, 0, NULL },
		{ "192.0.2.1", "", 0, 0, "not an address and port" },
		{ "192.0.2.1:", "", 0, 0, "1 to 65535" },
		{ "192.0.2.1:0", "", 0, 0, "1 to 65535" },
		{ "192.0.2.1:65536", "", 0, 0, "1 to 65535" },
		{ "192.0.2.1:-1", "", 0, 0, "1 to 65535" },
		{ "192.0.2.1:99999999999", "", 0, 0, "1 to 65535" },
		{ "192.0.2.1:80/", "", 0, 0, "tcp or udp" },
		{ "192.0.2.1:80/sctp", "", 0, 0, "tcp or udp" },
		{ "192.0.2.1:80/tcp/udp", "", 0, 0, "tcp or udp" },
		{ "2001:db8::1:80", "", 0, 0, "not an address and port" },
		{ "[2001:db8::1]80", "", 0, 0, "not an address and port" },
		{ "[2001:db8::1", "", 0, 0, "not an address and port" },
		{ "[192.0.2.1]:80", "", 0, 0, "not an address and port" },
		{ "[]:80", "", 0, 0, "not an address and port" },
		{ ":80", "", 0, 0, "not an address and port" },
		{ "", "", 0, 0, "not an address and port" },
	};
	struct conf_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct conf_word w = word(rows[i].text);
		struct nf_addr a;
		uint16_t port;
		uint8_t proto;
		int family;
		int ret = conf_endpoint(&w, &family, &a, &port, &proto, &err);

		if (rows[i].say) {
			refused(ret, &err, rows[i].say);
			continue;
		}
		assert_int_equal(ret, 0);
		assert_string_equal(show(family, &a), rows[i].addr);
		assert_int_equal(port, rows[i].port);
		assert_int_equal(proto, rows[i].proto);
	}
}

static void port_ranges(void **state)
{
	static const struct {
		const char *text;
		int first, last;
		const char *say;
	} rows[] = {
		{ "1024-65535", 1024, 65535, NULL },
		{ "80", 80, 80, NULL },
		{ "1-1", 1, 1, NULL },
		{ "0-80", 0, 0, "not a range" },
		{ "1-65536", 0, 0, "not a range" },
		{ "80-", 0, 0, "not a range" },
		{ "-80", 0, 0, "not a range" },
		{ "1-2-3", 0, 0, "not a range" },
		{ "http", 0, 0, "not a range" },
		{ "", 0, 0, "not a range" },
		{ "81-80", 0, 0, "backwards" },
	};
	struct conf_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct conf_word w = word(rows[i].text);
		uint16_t a, b;
		int ret = conf_port_range(&w, &a, &b, &err);

		if (rows[i].say) {
			refused(ret, &err, rows[i].say);
			continue;
		}
		assert_int_equal(ret, 0);
		assert_int_equal(a, rows[i].first);
		assert_int_equal(b, rows[i].last);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "numbers have limits and units of 1024", numbers, NULL, NULL, NULL },
		{ "durations have descending units", durations, NULL, NULL, NULL },
		{ "addresses are IPv4 or IPv6", addresses, NULL, NULL, NULL },
		{ "prefixes have no bits beyond their length", prefixes, NULL, NULL, NULL },
		{ "ranges of addresses run forwards in one family", ranges, NULL, NULL, NULL },
		{ "endpoints have a port and may have a protocol", endpoints, NULL, NULL, NULL },
		{ "ranges of ports run forwards from 1 to 65535", port_ranges, NULL, NULL, NULL },
	};

	return cmocka_run_group_tests_name("conf words", tests, NULL, NULL);
}
