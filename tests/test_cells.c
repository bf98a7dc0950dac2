// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Cells and steps: how many a chain gets, and what becomes of flows that find
 * none.
 */
#include "tests/payload_chain.h"

#include "loader/state_size.h"

/* --- size --- */

static const struct nf_ops plain = { .name = "plain" };
static const struct nf_ops counts = { .name = "counts", .counts = 2 };
static const struct nf_ops many = { .name = "many", .counts = 200 };
static const struct nf_ops two = { .name = "two", .cells = 2 };
static const struct nf_ops both = { .name = "both", .cells = 1, .counts = 1 };

static void size(struct state_size *s, uint32_t table_size,
		 const struct nf_ops *const ops[])
{
	struct chain c = { .table_size = table_size };

	while (ops[c.nf_cnt]) {
		c.nfs[c.nf_cnt].ops = ops[c.nf_cnt];
		c.nf_cnt++;
	}
	state_size(&c, s);
}

#define SIZE(s, n, ...) \
	size(s, n, (const struct nf_ops *const[]){ __VA_ARGS__, NULL })

static void the_chain_says_how_many(void **state)
{
	const uint32_t dirs = 2 * 65536, sessions = 2 * 65536 + 4096;
	struct state_size s;

	(void)state;
	SIZE(&s, 65536, &plain, &counts);
	assert_int_equal(s.cells + s.count_cells + s.steps, 0);
	SIZE(&s, 65536, &two, &plain);
	assert_true(s.steps >= dirs);
	assert_int_equal(s.count_cells, 0);
	assert_true(s.cells >= 2 * sessions && s.cells < 3 * sessions);
	/* Either direction may be the one that has them behind it. */
	SIZE(&s, 65536, &two, &counts, &counts);
	assert_true(s.count_cells >= 4 * dirs && s.count_cells < 5 * dirs);
	assert_true(s.cells - s.count_cells >= 2 * sessions);
	SIZE(&s, 65536, &counts, &two);
	assert_true(s.count_cells >= 2 * dirs && s.count_cells < 3 * dirs);
	SIZE(&s, 65536, &both);
	assert_true(s.count_cells >= dirs && s.count_cells < 2 * dirs);
	/* An entry has ten steps, one of them the event's. */
	SIZE(&s, 65536, &two, &many);
	assert_true(s.count_cells >= 9 * dirs && s.count_cells < 11 * dirs);
	assert_int_equal(s.wanted, s.cells);
}

static void there_is_a_bound(void **state)
{
	struct state_size s;

	(void)state;
	SIZE(&s, 1 << 24, &two, &two, &many);
	assert_true((uint64_t)s.cells * sizeof(struct nfold_cell) <=
		    STATE_CELL_MEMORY);
	assert_true(s.wanted > s.cells);
	assert_true(s.count_cells > s.cells / 4 &&
		    s.count_cells < s.cells / 4 * 3);
	assert_true(s.steps >= 2U << 24);
}

/* --- none is left --- */

#define FLOWS 200

static void start_many(const char *letters)
{
	parse_chain(letters);
	box_start_nfs(true, 1024, 0);
	for (int i = 0; i < BOX_NFS; i++)
		mixes[i].ops[0].limit = 1000;
}

/* FLOWS packets of as many flows. Returns how many walked. */
static int round_of(uint16_t from)
{
	int walks = 0;

	for (int n = 0; n < FLOWS; n++) {
		struct pkt f = good(from + n);

		assert_int_equal(pass(&f, 0), ENGINE_TX);
		walks += box.pkt.outcome == WALK;
	}
	return walks;
}

/* Chain: threshold, and three counts behind it, of which the box has BOX_STEPS:
 * few flows fold, all count right, and when those are gone others do. */
static void counts_behind_an_event(void **state)
{
	const int fit = BOX_STEPS / 3;

	(void)state;
	start_many("t c c c");
	assert_int_equal(round_of(4000), FLOWS);
	assert_int_equal(counted(NFOLD_REASON_CELLS_FULL), FLOWS - fit);
	assert_int_equal(round_of(4000), FLOWS - fit);
	assert_int_equal(total_of(1, 0)->packets, 2 * FLOWS);
	assert_int_equal(total_of(3, 0)->packets, 2 * FLOWS);
	assert_int_equal(total_of(0, 0)->word, 2 * FLOWS);
	/* Given back, and free after their grace. */
	assert_int_equal(round_of(5000), FLOWS);
	assert_int_equal(round_of(5000), FLOWS);
	advance(2 * NF_SEC);
	engine_flush(box.e, NULL, 0);
	advance(2 * NF_SEC);
	assert_int_equal(round_of(6000), FLOWS);
	assert_int_equal(round_of(6000), FLOWS - fit);
	assert_int_equal(total_of(1, 0)->packets, 6 * FLOWS);
}

/* A flow that found none tries again after a second. */
static void slow_flows_try_again(void **state)
{
	const int fit = BOX_STEPS / 3;
	uint32_t some[BOX_STEPS];

	(void)state;
	start_many("t c c c");
	round_of(4000);
	for (int i = 0; i < fit; i++)
		some[i] = i + 1;
	assert_int_equal(engine_flush(box.e, some, fit), fit);
	for (int n = fit; n < FLOWS; n++) {
		struct pkt f = good(4000 + n);

		passes(&f, WALK);
	}
	advance(2 * NF_SEC);
	round_of(4000);
	assert_int_equal(round_of(4000), FLOWS - fit);
}

/* An NF that has no cell for a flow keeps it slow (mix_nf.h forwards it). */
static void cells_of_an_nf(void **state)
{
	const int fit = (BOX_CELLS - BOX_STEPS) / 2;	/* two a flow */

	(void)state;
	start_many("t t");
	assert_int_equal(round_of(4000), FLOWS);
	/* Steps run out even before. */
	assert_int_equal(round_of(4000), FLOWS - BOX_STEPS);
	assert_int_equal(total_of(0, 0)->word, 2 * fit);
	assert_int_equal(total_of(1, 0)->word, 2 * fit);
	advance(2 * NF_SEC);
	round_of(5000);
	assert_int_equal(round_of(5000), FLOWS - BOX_STEPS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_chain_says_how_many),
		cmocka_unit_test(there_is_a_bound),
		CASE("cells for counts behind an event run out, and come back",
		     counts_behind_an_event),
		CASE("a flow that found no cell tries again",
		     slow_flows_try_again),
		CASE("cells of an NF run out, and come back", cells_of_an_nf),
	};

	return cmocka_run_group_tests_name("cells", tests, NULL, NULL);
}
