// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Local MATs that are too long for what is to be kept of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "../userspace/engine_priv.h"

static enum nf_sf_result never(void *arg, struct nf_pkt *pkt)
{
	(void)arg;
	(void)pkt;
	return NF_SF_NEXT;
}

static const struct state_function reads = {
	.name = "reads", .payload = NF_READ, .run = never,
};

static struct lmat long_one(uint16_t cnt)
{
	struct lmat m = { .records = calloc(cnt, sizeof(*m.records)),
			  .cnt = cnt, .cap = cnt };

	assert_non_null(m.records);
	for (uint16_t i = 0; i < cnt; i++)
		m.records[i] = (struct lmat_record){ .kind = LMAT_FUNCTION,
						     .function = &reads };
	return m;
}

static void what_has_run_is_kept_whole(void **state)
{
	struct lmat m = long_one(20000), ran = { 0 };

	(void)state;
	assert_true(lmat_ran(&ran, &m, 5, 19995));
	assert_int_equal(ran.cnt, 19990);
	lmat_free(&ran);
	lmat_free(&m);
}

/* Half of it would make the next packet's walk skip functions. */
static void or_not_at_all(void **state)
{
	struct lmat m = long_one(40000), ran = { 0 };

	(void)state;
	assert_false(lmat_ran(&ran, &m, 0, 40000));
	assert_int_equal(ran.cnt, 0);
	assert_true(lmat_ran(&ran, &m, 0, 10));
	assert_int_equal(ran.cnt, 10);
	lmat_free(&ran);
	lmat_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_has_run_is_kept_whole),
		cmocka_unit_test(or_not_at_all),
	};

	return cmocka_run_group_tests_name("lmat", tests, NULL, NULL);
}
