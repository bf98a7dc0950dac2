/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* NFs' own state functions, on the engine's side: their cells, their steps, and
 * their runs in user space, without a kernel.
 */
#include <arpa/inet.h>

#include "engine_box.h"
#include "selftests/prog_run/own_nfs.h"

#define CELLS 6

static struct tally_cell tally_mem[CELLS];
static struct pace_cell pace_mem[CELLS];

static int setup_own(void **state)
{
	static const struct nf_ops *const ops[] = { &tally_ops, &pace_ops,
						    &tally_ops };
	(void)state;
	memset(&box, 0, sizeof(box));
	memset(tally_mem, 0xff, sizeof(tally_mem));
	memset(pace_mem, 0xff, sizeof(pace_mem));
	tally_limit = 1000;
	box.own[0] = (struct own_cells){ &tally_own, "tally", CELLS,
					 tally_mem };
	box.own[1] = (struct own_cells){ &pace_own, "pace", CELLS, pace_mem };
	for (int i = 0; i < 3; i++) {
		box.nf[i] = (struct nf){ .ops = ops[i], .index = i };
		box.nfs[i] = &box.nf[i];
		assert_int_equal(ops[i]->init(&box.nf[i], NULL, NULL), 0);
	}
	box_start_nfs(true, 64, 0);
	return 0;
}

static int teardown_own(void **state)
{
	teardown(state);
	for (int i = 0; i < 3; i++)
		free(box.nf[i].priv);
	return 0;
}

static void cells_are_zeroed_and_end(void **state)
{
	struct nf *nf = &box.nf[0], *other = &box.nf[2];
	struct tally_cell zero = { .bytes = 0 }, *c[CELLS];

	(void)state;
	for (int i = 0; i < CELLS; i++) {
		c[i] = nf_own_cell_new(i & 1 ? nf : other);
		assert_ptr_equal(c[i], &tally_mem[i]);
		assert_memory_equal(c[i], &zero, sizeof(zero));
	}
	assert_null(nf_own_cell_new(nf));
	assert_non_null(nf_own_cell_new(&box.nf[1]));
	/* Given away again when no packet can still be at it. */
	memset(c[3], 0x55, sizeof(*c[3]));
	nf_own_cell_free(nf, c[3]);
	assert_null(nf_own_cell_new(nf));
	advance(2 * NF_SEC);
	assert_ptr_equal(nf_own_cell_new(other), c[3]);
	assert_memory_equal(c[3], &zero, sizeof(zero));
}

/* The steps of the only entry. */
static const struct nfold_steps *only_steps(void)
{
	struct flow_entry fe;

	assert_true(only_entry(&fe, NULL));
	assert_int_not_equal(fe.act.steps, 0);
	return &box.steps[fe.act.steps - 1];
}

static void it_is_a_step_with_its_key(void **state)
{
	struct pkt f = request(IPPROTO_TCP, 4000);
	const struct nfold_steps *s;

	(void)state;
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	s = only_steps();
	assert_int_equal(s->cnt, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(s->step[i].nf, i);
	assert_int_equal(s->step[0].fn, NFOLD_FN_OWN);
	assert_int_equal(s->step[0].cell, 0);
	assert_int_equal(s->step[0].key, 0);
	assert_int_equal(s->step[0].on_fire, NFOLD_FIRE_DROP);
	assert_int_equal(s->step[0].flags, NFOLD_STEP_TELL);
	assert_int_equal(s->step[1].fn, NFOLD_FN_OWN + 1);
	assert_int_equal(s->step[1].cell, 0);
	assert_int_equal(s->step[1].key, 1);
	assert_int_equal(s->step[1].on_fire, NFOLD_FIRE_NONE);
	assert_int_equal(s->step[1].flags, NFOLD_STEP_TELL | NFOLD_STEP_TIMED);
	assert_int_equal(s->step[2].fn, NFOLD_FN_OWN);
	assert_int_equal(s->step[2].cell, 1);
}

static void it_runs_here_for_a_folded_packet(void **state)
{
	struct pkt f = request(IPPROTO_TCP, 4000);

	(void)state;
	for (int i = 1; i <= 5; i++) {
		assert_int_equal(pass(&f, 0), ENGINE_TX);
		assert_int_equal(tally_mem[0].cnt[0], i);
		assert_int_equal(tally_mem[1].cnt[0], i);
		assert_int_equal(pace_mem[0].keys, i);
	}
	assert_int_equal(box.pkt.walked, 0);
	tally_mem[1].cell.limit = 5;
	assert_int_equal(put(&f, 0, NFOLD_REASON_MISS, 0), ENGINE_DROP);
	assert_int_equal(counted(NFOLD_REASON_RATE_EXCEEDED), 1);
	assert_int_equal(box.pkt.drop_nf, 3);
	assert_int_equal(tally_mem[1].cell.fires, 1);
	assert_int_equal(tally_mem[1].cell.fired, 1);
}

static uint64_t seen_now;

static int watch_run(void *cell, __u32 key, const struct nfold_view *v)
{
	(void)cell;
	(void)key;
	seen_now = v->now;
	return 0;
}

static void the_time_is_for_those_who_look(void **state)
{
	struct pkt f = request(IPPROTO_TCP, 4000);
	static struct nf_own untimed, timed;
	static struct nf_ops ops;	/* outlive the test: teardown */

	(void)state;
	untimed = timed = tally_own;
	ops = tally_ops;
	untimed.run = timed.run = watch_run;
	timed.timed = true;
	for (int i = 0; i < 2; i++) {
		teardown_own(NULL);
		memset(&box, 0, sizeof(box));
		ops.own = i ? &timed : &untimed;
		box.own[0] = (struct own_cells){ ops.own, "tally", CELLS,
						 tally_mem };
		box.nf[0] = (struct nf){ .ops = &ops };
		box.nfs[0] = &box.nf[0];
		assert_int_equal(ops.init(&box.nf[0], NULL, NULL), 0);
		box_start_nfs(true, 64, 0);
		for (int n = 0; n < 2; n++) {	/* walked, then folded */
			seen_now = 7;
			assert_int_equal(pass(&f, 0), ENGINE_TX);
			assert_int_equal(seen_now, i ? box.now : 0);
		}
	}
}

#define OWN_TEST(f) cmocka_unit_test_setup_teardown(f, setup_own, teardown_own)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OWN_TEST(cells_are_zeroed_and_end),
		OWN_TEST(it_is_a_step_with_its_key),
		OWN_TEST(it_runs_here_for_a_folded_packet),
		OWN_TEST(the_time_is_for_those_who_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
