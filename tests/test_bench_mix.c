// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The data-centre mix of figure 9 (selftests/bench/mix.h): sizes follow their
 * tables, connections are whole, and the parts that stand for more add up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "selftests/bench/mix.h"

#define DRAWS 20000

/* Part of the connections that have at most so many packets of data. */
static double share(const struct mix_point *cdf, double packets)
{
	struct mix m = { .rng = 20190707 };
	uint32_t cnt = 0;

	for (int i = 0; i < DRAWS; i++)
		cnt += mix_size(&m, cdf) <= packets * MIX_MSS;
	return (double)cnt / DRAWS;
}

static void near(double got, double want)
{
	if (got < want - 0.015 || got > want + 0.015)
		fail_msg("%.3f, and should be %.3f", got, want);
}

static void sizes_follow_the_tables(void **state)
{
	(void)state;
	for (int i = 1; mix_web_search[i].share < 1; i++)
		near(share(mix_web_search, mix_web_search[i].packets),
		     mix_web_search[i].share);
	for (int i = 1; mix_data_mining[i].packets < MIX_CUT; i++)
		near(share(mix_data_mining, mix_data_mining[i].packets),
		     mix_data_mining[i].share);
	near(share(mix_data_mining, MIX_CUT), 1);
}

static void connection(uint64_t bytes)
{
	uint64_t data = (bytes + MIX_MSS - 1) / MIX_MSS, sum = 0;
	const struct mix_packet *p;
	struct mix m = { .rng = 1 };

	mix_connection(&m, 7, 1000, bytes);
	p = m.packets;
	assert_int_equal(p[0].flags, NFOLD_TCP_SYN);
	assert_true(p[1].reply && p[1].flags == (NFOLD_TCP_SYN | NFOLD_TCP_ACK));
	assert_int_equal(p[m.cnt - 3].flags, NFOLD_TCP_FIN | NFOLD_TCP_ACK);
	for (uint32_t i = 0; i < m.cnt; i++) {
		sum += (uint64_t)p[i].weight * p[i].payload;
		assert_int_equal(p[i].n, i);
		assert_true(!i || p[i].at > p[i - 1].at);
		assert_true(!i || p[i].seq >= p[i - 1].seq);
	}
	assert_int_equal(sum, bytes);
	assert_int_equal(m.weight, 6 + data + (data + 1) / 2);
	assert_int_equal(p[m.cnt - 1].seq, 2 + bytes);	/* SYN and FIN */
	mix_free(&m);
}

static void connections_are_whole(void **state)
{
	(void)state;
	for (uint64_t n = 1; n < 400; n += 7)
		for (int more = -1; more < 2; more++)
			connection(n * MIX_MSS + more);
	connection(MIX_CUT * (uint64_t)MIX_MSS);
	connection(1);
}

static void packets_are_in_order_of_time(void **state)
{
	struct mix a, b;

	(void)state;
	mix_new(&a, mix_web_search, 50, 3);
	mix_new(&b, mix_web_search, 50, 3);
	assert_int_equal(a.cnt, b.cnt);
	for (uint32_t i = 0; i < a.cnt; i++) {
		assert_true(!i || a.packets[i].at >= a.packets[i - 1].at);
		assert_int_equal(a.packets[i].flow, b.packets[i].flow);
		assert_int_equal(a.packets[i].n, b.packets[i].n);
	}
	mix_free(&a);
	mix_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_follow_the_tables),
		cmocka_unit_test(connections_are_whole),
		cmocka_unit_test(packets_are_in_order_of_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
