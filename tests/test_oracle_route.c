// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Routes of a chain that runs offline. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "userspace/oracle_route.h"

/* Port index, or -1: no route. */
static int port_of(struct oracle_routes *r, const char *text)
{
	const struct engine_router e = oracle_router(r);
	int family = strchr(text, ':') ? 6 : 4;
	struct nf_addr a = { 0 };
	uint16_t nexthop;

	assert_int_equal(inet_pton(family == 4 ? AF_INET : AF_INET6, text, &a),
			 1);
	if (e.lookup(e.ctx, family, &a, &nexthop) != ROUTE_OK)
		return -1;
	assert_int_equal(e.port(e.ctx, nexthop), nexthop - 1);
	return nexthop - 1;
}

static struct oracle_route route(const char *net, unsigned int len,
				 uint32_t port)
{
	struct oracle_route r = { .family = strchr(net, ':') ? 6 : 4,
				  .len = len, .port = port };

	inet_pton(r.family == 4 ? AF_INET : AF_INET6, net, &r.net);
	return r;
}

static void without_routes_two_ports_face_each_other(void **state)
{
	struct oracle_routes r = { .port_cnt = 2, .in = 0 };

	(void)state;
	assert_int_equal(port_of(&r, "10.0.0.1"), 1);
	r.in = 1;
	assert_int_equal(port_of(&r, "2001:db8::1"), 0);
}

static void without_routes_one_port_answers_by_itself(void **state)
{
	struct oracle_routes r = { .port_cnt = 1 };

	(void)state;
	assert_int_equal(port_of(&r, "10.0.0.1"), 0);
}

static void the_longest_prefix_wins(void **state)
{
	struct oracle_route v[] = {
		route("0.0.0.0", 0, 0),	       route("10.0.0.0", 8, 1),
		route("10.1.128.0", 17, 2),    route("10.1.128.7", 32, 3),
		route("2001:db8::", 32, 1),    route("2001:db8:8000::", 33, 2),
	};
	struct oracle_routes r = { .v = v, .cnt = 6, .port_cnt = 4 };

	(void)state;
	assert_int_equal(port_of(&r, "192.0.2.1"), 0);
	assert_int_equal(port_of(&r, "10.1.127.255"), 1);
	assert_int_equal(port_of(&r, "10.1.128.6"), 2);
	assert_int_equal(port_of(&r, "10.1.255.255"), 2);
	assert_int_equal(port_of(&r, "10.1.128.7"), 3);
	assert_int_equal(port_of(&r, "2001:db8:7fff::1"), 1);
	assert_int_equal(port_of(&r, "2001:db8:8000::1"), 2);
}

static void no_prefix_is_no_route(void **state)
{
	struct oracle_route v[] = { route("0.0.0.0", 0, 0) };
	struct oracle_routes r = { .v = v, .cnt = 1, .port_cnt = 2 };

	(void)state;
	assert_int_equal(port_of(&r, "2001:db8::1"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_routes_two_ports_face_each_other),
		cmocka_unit_test(without_routes_one_port_answers_by_itself),
		cmocka_unit_test(the_longest_prefix_wins),
		cmocka_unit_test(no_prefix_is_no_route),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
