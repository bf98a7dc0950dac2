// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* State function batches: SpeedyBox's Table I, groups, order, and functions of the
 * kernel tier among them. Numbers are those of docs/FOLD.md and REFERENCE's holes.
 */
#include "tests/batch_bed.h"

/* --- Table I: do two batches run at the same time? --- */

static struct {
	int arrived;		/* atomic */
	long patience_ns;
	bool met[2];		/* it saw the other inside */
} meeting;

/* Waits inside for the other to come in. */
static enum nf_sf_result meet(void *arg, struct nf_pkt *pkt)
{
	bool *met = arg;
	uint64_t end = clock_ns() + meeting.patience_ns;

	(void)pkt;
	__atomic_add_fetch(&meeting.arrived, 1, __ATOMIC_SEQ_CST);
	do {
		*met = __atomic_load_n(&meeting.arrived, __ATOMIC_SEQ_CST) == 2;
	} while (!*met && clock_ns() < end);
	return NF_SF_NEXT;
}

static const struct state_function meet_sf[3] = {
	{ .name = "ignore", .payload = NF_IGNORE, .run = meet },
	{ .name = "read", .payload = NF_READ, .run = meet },
	{ .name = "write", .payload = NF_WRITE, .run = meet },
};

struct cell {
	enum nf_payload first, second;
	bool parallel;
};

/* Parallel: each meets the other. Else the first waits in vain, the second
 * comes in when it has gone. */
static void check_cell(const struct cell *c, unsigned int workers,
		       bool parallel)
{
	struct pkt k = request(20, 0);
	struct batch_result r;
	struct bed bed;

	bed_init(&bed, workers);
	memset(&meeting, 0, sizeof(meeting));
	meeting.patience_ns = parallel ? 20000 * MSEC : 40 * MSEC;
	add_function(&bed, 0, &meet_sf[c->first], &meeting.met[0]);
	add_function(&bed, 1, &meet_sf[c->second], &meeting.met[1]);
	bed_packet(&bed, &k);
	assert_true(bed_run(&bed, &r));
	assert_int_equal(meeting.arrived, 2);
	assert_int_equal(meeting.met[0], parallel);
	assert_true(meeting.met[1]);
	bed_free(&bed);
}

static void test_cell(void **state)
{
	const struct cell *c = *state;

	check_cell(c, 1, c->parallel);
	check_cell(c, 3, c->parallel);
	check_cell(c, 0, false);
}

/* --- groups --- */

static const struct {
	const char *batches;	/* W R I; lower case: may drop */
	const char *groups;	/* sizes */
} plans[] = {
	{ "", "" },
	{ "RRRR", "4" },
	{ "RWI", "3" },
	{ "WIR", "21" },	/* W and R are no neighbours, and no pair */
	{ "WIW", "21" },
	{ "IRIWII", "6" },
	{ "WRWR", "121" },
	{ "rR", "11" },
	{ "Rr", "2" },
	{ "IwI", "21" },
	{ "iii", "111" },
	{ "RRRRRRRRR", "81" },
};

static void test_groups(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof(plans) / sizeof(plans[0]); n++) {
		struct batch group[BATCH_GROUP_MAX];
		struct probe probes[RECORDS] = { 0 };
		char groups[RECORDS] = "";
		struct bed bed;
		struct batch_at at = { 0 };
		unsigned int cnt, len = 0;

		bed_init(&bed, 0);
		for (const char *c = plans[n].batches; *c; c++) {
			struct probe *p = &probes[bed.m.cnt];

			p->payload = strchr("iI", *c) ? NF_IGNORE :
				     strchr("rR", *c) ? NF_READ : NF_WRITE;
			p->may_drop = *c >= 'a';
			add_probe(&bed, bed.m.cnt, p);
		}
		while ((cnt = batch_group(&bed.m, NULL, &at, group, BATCH_GROUP_MAX)))
			groups[len++] = '0' + cnt;
		assert_string_equal(groups, plans[n].groups);
		bed_free(&bed);
	}
}

static void test_batch_class(void **state)
{
	struct probe read = { .payload = NF_READ };
	struct probe write = { .payload = NF_WRITE };
	struct probe drop = { .payload = NF_IGNORE, .may_drop = true };
	static const struct state_function count = { .name = "count",
						     .count = true };
	struct nf_count cell = { 0 };
	struct batch b;
	struct bed bed;
	struct batch_at at = { 0 };

	(void)state;
	bed_init(&bed, 0);
	add_function(&bed, 0, &count, &cell);
	add_probe(&bed, 0, &read);
	add_probe(&bed, 0, &read);
	add_probe(&bed, 0, &write);
	add_daddr(&bed, 0, "10.1.0.9");
	add_probe(&bed, 0, &drop);
	add_probe(&bed, 1, &read);
	assert_true(batch_next(&bed.m, NULL, &at, &b));
	assert_int_equal(b.payload, NF_WRITE);
	assert_true(b.may_drop);
	assert_int_equal(b.from, 1);
	assert_int_equal(b.to, 5);
	assert_true(batch_next(&bed.m, NULL, &at, &b));
	assert_int_equal(b.payload, NF_READ);
	assert_false(b.may_drop);
	assert_false(batch_next(&bed.m, NULL, &at, &b));
	/* N38: what has settled no longer makes the batch a writer. */
	bed.records[3].settled = bed.records[5].settled = true;
	at = (struct batch_at){ 0 };
	assert_true(batch_next(&bed.m, NULL, &at, &b));
	assert_int_equal(b.payload, NF_READ);
	assert_false(b.may_drop);
	assert_int_equal(b.to, 2);
	bed_free(&bed);
}

/* --- order within a batch --- */

static struct {
	char text[32];
} order;

static enum nf_sf_result say(void *arg, struct nf_pkt *pkt)
{
	size_t n = strlen(order.text);

	(void)pkt;
	order.text[n] = *(const char *)arg;
	return NF_SF_NEXT;
}

static void test_order(void **state)
{
	static const struct state_function sf = { .name = "say",
						  .payload = NF_READ,
						  .run = say };
	struct pkt k = request(20, 0);
	struct batch_result r;
	struct bed bed;

	(void)state;
	bed_init(&bed, 1);
	memset(&order, 0, sizeof(order));
	for (const char *c = "abcdefgh"; *c; c++)
		add_function(&bed, 0, &sf, (void *)c);
	bed_packet(&bed, &k);
	assert_true(bed_run(&bed, &r));
	assert_string_equal(order.text, "abcdefgh");
	bed_free(&bed);
}

/* --- functions of the kernel tier --- */

static const struct state_function kernel_sf = {
	.name = "kernel", .kernel = NFOLD_FN_THRESHOLD,
};

/* R reads; k is a step that lets all pass, K one that may not. Each stands in an
 * NF of its own, but for what follows a comma. */
static const struct {
	const char *records, *groups;
} step_plans[] = {
	{ "k", "1" },	    { "RkR", "3" },   { "RKR", "21" },
	{ "KR", "11" },	    { "kkR", "3" },   { "R,k", "11" },
	{ "R,k,R", "111" }, { "RRkRK", "5" },
};

static void test_step_groups(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof(step_plans) / sizeof(step_plans[0]); n++) {
		struct probe read = { .payload = NF_READ };
		struct batch group[BATCH_GROUP_MAX];
		struct nfold_steps steps = { 0 };
		struct batch_at at = { 0 };
		char groups[RECORDS] = "";
		unsigned int cnt, len = 0;
		struct bed bed;
		uint8_t nf = 0;

		bed_init(&bed, 0);
		for (const char *c = step_plans[n].records; *c; c++) {
			if (*c == 'R')
				add_probe(&bed, nf, &read);
			else if (*c == ',')
				continue;
			else
				add_function(&bed, nf, &kernel_sf, NULL);
			if (*c == 'K')
				steps.step[steps.cnt].on_fire = NFOLD_FIRE_DROP;
			steps.cnt += *c != 'R';
			nf += c[1] != ',';
		}
		while ((cnt = batch_group(&bed.m, &steps, &at, group,
					  BATCH_GROUP_MAX)))
			groups[len++] = '0' + cnt;
		assert_string_equal(groups, step_plans[n].groups);
		assert_int_equal(at.step, steps.cnt);
		bed_free(&bed);
	}
}

/* Which steps were run, and where the packet stopped. */
struct ran {
	unsigned int mask;
	int stop;		/* at this one; -1 */
};

static bool run_step(void *ctx, unsigned int n)
{
	struct ran *ran = ctx;

	ran->mask |= 1 << n;
	return ran->stop != (int)n;
}

/* Reader, step, reader, step, reader: the packet stops at a step, or at the
 * reader between them. */
static void check_steps(unsigned int workers, int stop, bool drop)
{
	struct nfold_steps steps = { .cnt = 2 };
	struct ran ran = { .stop = stop };
	struct batch_steps s = { .steps = &steps, .run = run_step,
				 .ctx = &ran };
	struct pkt k = request(100, 1);
	struct batch_result r;
	struct probe probes[3];
	struct bed bed;

	bed_init(&bed, workers);
	bed_packet(&bed, &k);
	for (int i = 0; i < 3; i++) {
		probes[i] = (struct probe){ .payload = NF_READ, .pattern = 20,
					    .may_drop = drop && i == 1 };
		add_probe(&bed, 2 * i, &probes[i]);
		if (i < 2)
			add_function(&bed, 2 * i + 1, &kernel_sf, NULL);
		if (i < 2 && stop >= 0)
			steps.step[i].on_fire = NFOLD_FIRE_DROP;
	}
	assert_int_equal(batch_run(bed.x, &bed.m, &bed.pkt, &s, &r),
			 stop < 0 && !drop);
	assert_int_equal(r.stopped, stop >= 0 ? 2 + 2 * stop : drop ? 3 : 0);
	assert_int_equal(ran.mask, !stop || (stop < 0 && drop) ? 1 : 3);
	assert_int_equal(probes[0].calls, 1);
	assert_int_equal(probes[1].calls, stop != 0);
	assert_int_equal(probes[2].calls, stop < 0 && !drop);
	bed_free(&bed);
}

static void test_steps(void **state)
{
	(void)state;
	for (unsigned int workers = 0; workers < 3; workers++) {
		for (int stop = -1; stop < 2; stop++)
			check_steps(workers, stop, false);
		check_steps(workers, -1, true);
	}
}

#define CELL(a, b, yes)                                                      \
	{ "S17 N32 Table I: " #a " then " #b ": " yes, test_cell, NULL, NULL, \
	  &(struct cell){ NF_##a, NF_##b, *yes == 'p' } }

int main(void)
{
	const struct CMUnitTest tests[] = {
		CELL(WRITE, WRITE, "one after the other"),
		CELL(WRITE, READ, "one after the other"),
		CELL(WRITE, IGNORE, "parallel"),
		CELL(READ, WRITE, "parallel"),
		CELL(READ, READ, "parallel"),
		CELL(READ, IGNORE, "parallel"),
		CELL(IGNORE, WRITE, "parallel"),
		CELL(IGNORE, READ, "parallel"),
		CELL(IGNORE, IGNORE, "parallel"),
		{ "N31 a batch has the highest class of its functions",
		  test_batch_class, NULL, NULL, NULL },
		{ "S15 N31 functions of a batch run in the order recorded",
		  test_order, NULL, NULL, NULL },
		{ "N33 a group is a run in which every pair is allowed",
		  test_groups, NULL, NULL, NULL },
		{ "N43 a step is in a group as a batch that ignores",
		  test_step_groups, NULL, NULL, NULL },
		{ "N43 a step runs unless the packet stopped before it",
		  test_steps, NULL, NULL, NULL },
	};

	seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
