// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* sample: one packet in so many, of all flows, and that it is recorded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/nf_fake.h"

extern const struct nf_ops sample_ops;

static void every_third_of_all_flows(void **state)
{
	struct nf *nf = fake_nf(&sample_ops, "one-in 3;");

	(void)state;
	for (int i = 1; i <= 10; i++) {
		struct nf_pkt pkt = fake_pkt(NULL, IPPROTO_UDP, "10.0.0.1",
					     4000 + i % 2, "192.0.2.1", 53);
		json_t *show;

		assert_int_equal(fake_run(nf, &pkt), NF_FORWARD);
		assert_int_equal(fake.cnt, 2);
		assert_int_equal(fake.records[0].sf->kernel, NFOLD_FN_SAMPLE);
		assert_true(fake.records[0].sf->tell);
		assert_true(fake.records[1].is_event);
		assert_ptr_equal(fake.records[1].arg, fake.records[0].arg);
		show = nf->ops->show(nf);
		assert_int_equal(fake_number(show, "packets"), i);
		assert_int_equal(fake_number(show, "sampled"), i / 3);
		json_decref(show);
	}
	nf_cell_free(nf, fake.records[0].arg);
	fake_nf_free(nf);
}

static void without_a_cell_the_flow_is_slow(void **state)
{
	struct nf *nf = fake_nf(&sample_ops, "one-in 2;");
	struct nf_pkt pkt = fake_pkt(NULL, IPPROTO_UDP, "10.0.0.1", 4000,
				     "192.0.2.1", 53);

	(void)state;
	fake_cells_max = 0;
	assert_int_equal(fake_run(nf, &pkt), NF_FORWARD);
	assert_int_equal(fake.why_slow, NFOLD_REASON_CELLS_FULL);
	fake_nf_free(nf);
}

static void what_is_wrong_is_told(void **state)
{
	(void)state;
	fake_refused(&sample_ops, "", "how many");
	fake_refused(&sample_ops, "one-in 1;", "2");
	fake_refused(&sample_ops, "one-in;", "one-in");
	fake_refused(&sample_ops, "one-in 4; one-in 5;", "one-in");
	fake_refused(&sample_ops, "rate 4;", "rate");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_third_of_all_flows),
		cmocka_unit_test(without_a_cell_the_flow_is_slow),
		cmocka_unit_test(what_is_wrong_is_told),
	};

	return cmocka_run_group_tests_name("sample", tests, NULL, NULL);
}
