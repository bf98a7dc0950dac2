/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bounds of the stream reassembly: memory and pieces never go over them, what
 * gives way is told, and the cost is counted in comparisons, not in seconds.
 */
#include "tests/ids_streams.h"

#define ISN UINT32_C(4294967000)	/* wraps soon */
#define MANY 10000
#define LOG 84			/* four searches of a tree of 1024, 2 log2 each */

static uint64_t seen(const struct box *b, enum ids_stream_result bit)
{
	return b->stats->seen[__builtin_ctz(bit)];
}

static unsigned int text(struct box *b, uint32_t offset, const char *bytes)
{
	return box_send(b, 0, ISN + 1 + offset, TH_ACK, bytes);
}

static struct box *box_small(struct ids_stream_limits *limits)
{
	struct box *b = box_new(limits);

	box_send(b, 0, ISN, TH_SYN, "");
	return b;
}

static void assert_bounds(struct box *b, const struct ids_stream_limits *l)
{
	assert_in_range(b->stats->memory, 0, l->memory);
	assert_in_range(ids_stream_held(b->s), 0, l->flow_bytes);
	assert_in_range(b->stats->pieces, 0, l->flow_pieces);
}

/* Offset n has byte_at(n); ctx: struct out, whose bytes are not used. */
static uint8_t byte_at(uint32_t offset)
{
	return offset * UINT32_C(2654435761) >> 24;
}

static void crowd_deliver(void *ctx, int dir, const uint8_t *bytes,
			  uint32_t len, uint64_t offset, bool gap)
{
	struct out *o = ctx;

	assert_int_equal(dir, 0);
	assert_int_equal(gap, offset != o->next);
	assert_true(offset >= o->next);
	for (uint32_t i = 0; i < len; i++)
		assert_int_equal(bytes[i], byte_at(offset + i));
	o->next = offset + len;
	o->gaps += gap;
	o->total += len;
}

/* --- one stream --- */

static void one_byte_segments_behind_a_gap(uint32_t step, bool down)
{
	struct ids_stream_limits limits = ids_stream_limits_default();
	struct box *b;

	limits.timeout_ns = 0;
	b = box_small(&limits);
	for (uint32_t i = 0; i < MANY; i++) {
		uint32_t at = step * (down ? MANY - i : i + 1);

		assert_true(text(b, at, "x") &
			    (IDS_STREAM_HELD | IDS_STREAM_DELIVERED |
			     IDS_STREAM_OLD));
		assert_bounds(b, &limits);
	}
	assert_in_range(b->stats->steps, 1, MANY * LOG);
	assert_true(seen(b, IDS_STREAM_GAP) > 0);
	assert_int_equal(b->out[0].total + b->stats->pieces +
				 seen(b, IDS_STREAM_OLD), MANY);
	box_free(b);
}

static void ten_thousand_one_byte_segments(void **state)
{
	(void)state;
	one_byte_segments_behind_a_gap(1, false);
	one_byte_segments_behind_a_gap(1, true);
}

static void gaps_that_never_fill(void **state)
{
	(void)state;
	one_byte_segments_behind_a_gap(2, false);
	one_byte_segments_behind_a_gap(2, true);
}

/* At the bound of pieces the first gap is skipped and told, and what was behind
 * it comes; the missing bytes, when they come, are known as never seen. */
static void the_first_gap_is_skipped_at_the_bound(void **state)
{
	struct ids_stream_limits limits = ids_stream_limits_default();
	struct box *b;

	(void)state;
	limits.flow_pieces = 2;
	b = box_small(&limits);
	assert_result(text(b, 0, "ab"), IDS_STREAM_DELIVERED);
	assert_result(text(b, 4, "ef"), IDS_STREAM_HELD);
	assert_result(text(b, 8, "ij"), IDS_STREAM_HELD);
	assert_result(text(b, 12, "mn"), IDS_STREAM_HELD | IDS_STREAM_GAP |
		      IDS_STREAM_DELIVERED);
	box_expect(b, 0, "ab..ef");
	assert_int_equal(b->out[0].gaps, 1);
	assert_int_equal(b->stats->gap_bytes, 2);
	assert_result(text(b, 2, "cd"), IDS_STREAM_OLD | IDS_STREAM_UNCOMPARED);
	assert_result(text(b, 4, "eX"), IDS_STREAM_OLD | IDS_STREAM_DIFFERS);
	assert_result(text(b, 6, "gh"), IDS_STREAM_DELIVERED);
	box_expect(b, 0, "ab..efghij");
	assert_result(text(b, 10, "kl"), IDS_STREAM_DELIVERED);
	box_expect(b, 0, "ab..efghijklmn");
	box_free(b);
}

static void a_segment_over_the_bound_is_delivered_at_once(void **state)
{
	struct ids_stream_limits limits = ids_stream_limits_default();
	static char big[2000];
	struct box *b;

	(void)state;
	limits.flow_bytes = 1000;
	b = box_small(&limits);
	assert_result(text(b, 2, "cd"), IDS_STREAM_HELD);
	memset(big, 'x', sizeof(big) - 1);
	assert_result(text(b, 10, big),
		      IDS_STREAM_GAP | IDS_STREAM_DELIVERED);
	assert_int_equal(b->out[0].gaps, 2);
	assert_memory_equal(b->out[0].bytes, "..cd......xxx", 13);
	assert_int_equal(b->out[0].next, 10 + sizeof(big) - 1);
	assert_int_equal(b->stats->pieces, 0);
	box_free(b);
}

/* Resending what lies in many pieces costs a step for each, not more. */
static void an_overlap_costs_a_step_a_piece(void **state)
{
	struct ids_stream_limits limits = ids_stream_limits_default();
	char big[1001] = "";

	(void)state;
	memset(big, 'x', 1000);
	for (int p = 0; p < IDS_POLICY_CNT; p++) {
		struct box *b;
		uint64_t before;

		limits.policy = p;
		b = box_small(&limits);
		for (int i = 0; i < 1000; i++)
			text(b, 1 + i, "x");
		before = b->stats->steps;
		for (int i = 0; i < 10; i++) {
			text(b, 1, big);
			assert_bounds(b, &limits);
		}
		assert_in_range(b->stats->steps - before, 10,
				10 * (1000 + 2 * LOG));
		assert_result(text(b, 0, "x"), IDS_STREAM_DELIVERED);
		assert_int_equal(b->out[0].total, 1001);
		box_free(b);
	}
}

static void a_gap_is_waited_for_until_the_timeout(void **state)
{
	struct ids_stream_limits limits = ids_stream_limits_default();
	struct box *b = box_small(&limits);

	(void)state;
	assert_result(text(b, 2, "cd"), IDS_STREAM_HELD);
	b->now += limits.timeout_ns - 1;
	assert_result(text(b, 6, "gh"), IDS_STREAM_HELD);
	b->now += 1;
	assert_result(text(b, 9, "j"), IDS_STREAM_HELD | IDS_STREAM_GAP |
		      IDS_STREAM_DELIVERED);
	box_expect(b, 0, "..cd");
	b->now += limits.timeout_ns; /* the filler is in time if it comes first */
	assert_result(text(b, 4, "ef"), IDS_STREAM_DELIVERED);
	box_expect(b, 0, "..cdefgh");
	box_free(b);
}

/* --- the pool --- */

static void half_open_streams_are_bounded(void **state)
{
	struct ids_stream_limits limits = ids_stream_limits_default();
	struct ids_stream **all = calloc(100000, sizeof(*all));
	const struct ids_streams_stats *stats;
	struct ids_streams *pool;
	uint64_t made = 0;

	(void)state;
	assert_non_null(all);
	limits.memory = 4 << 20;
	pool = ids_streams_new(&limits);
	assert_non_null(pool);
	stats = ids_streams_stats(pool);
	for (uint32_t i = 0; i < 100000; i++) {
		all[i] = ids_stream_new(pool);
		made += !!all[i];
		if (all[i])
			ids_stream_segment(all[i], 0, i, TH_SYN, NULL, 0, i,
					   NULL, NULL);
		assert_in_range(stats->memory, 0, limits.memory);
	}
	assert_in_range(made, 1000, 99999);
	assert_int_equal(stats->streams, made);
	assert_int_equal(stats->refused, 100000 - made);
	ids_stream_free(all[0]);
	all[0] = ids_stream_new(pool);	/* room again */
	assert_non_null(all[0]);
	for (uint32_t i = 0; i < 100000; i++)
		ids_stream_free(all[i]);
	assert_int_equal(stats->memory, 0);
	ids_streams_free(pool);
	free(all);
}

static void waiting_streams_are_bounded(void **state)
{
	struct ids_stream_limits limits = ids_stream_limits_default();
	const struct ids_streams_stats *stats;
	struct ids_stream *all[MANY];
	static uint8_t bytes[1460];
	struct ids_streams *pool;

	(void)state;
	limits.memory = 8 << 20;
	pool = ids_streams_new(&limits);
	assert_non_null(pool);
	stats = ids_streams_stats(pool);
	for (uint32_t i = 0; i < MANY; i++) {
		all[i] = ids_stream_new(pool);
		assert_non_null(all[i]);
		ids_stream_segment(all[i], 0, i, TH_SYN, NULL, 0, i, NULL, NULL);
		assert_result(ids_stream_segment(all[i], 0, i + 9, TH_ACK, bytes,
						 sizeof(bytes), i, NULL, NULL),
			      IDS_STREAM_HELD);
		assert_in_range(stats->memory, 0, limits.memory);
	}
	assert_int_equal(stats->pieces + stats->given_up, MANY);
	assert_int_equal(stats->given_up_bytes, stats->given_up * 1460);
	assert_int_equal(ids_stream_held(all[0]), 0); /* the oldest */
	assert_true(ids_stream_held(all[MANY - 1]) > 1460);
	assert_int_equal(stats->refused, 0);
	assert_in_range(stats->steps, 0, MANY * 4);
	for (uint32_t i = 0; i < MANY; i++)
		ids_stream_free(all[i]);
	assert_int_equal(stats->memory, 0);
	ids_streams_free(pool);
}

/* However many streams and histories there are. */
static void a_quarter_is_for_what_waits(void **state)
{
	struct ids_stream_limits limits = ids_stream_limits_default();
	struct ids_stream *all[1000];
	const struct ids_streams_stats *stats;
	struct ids_streams *pool;
	int cnt = 0;

	(void)state;
	limits.memory = 400 << 10;
	limits.history = 10000;
	pool = ids_streams_new(&limits);
	assert_non_null(pool);
	stats = ids_streams_stats(pool);
	while (cnt < 1000 && (all[cnt] = ids_stream_new(pool))) {
		struct out *o = calloc(1, sizeof(*o));

		assert_non_null(o);
		ids_stream_segment(all[cnt++], 0, 1, TH_ACK,
				   (const uint8_t *)"\0", 1, 1, crowd_deliver,
				   o);
		free(o);
	}
	assert_in_range(cnt, 30, 999);
	assert_int_equal(stats->refused, 1);
	assert_true(stats->no_history > 0);
	assert_in_range(stats->memory, 299 << 10, 300 << 10);
	for (int i = 0; i < cnt; i++)
		assert_result(ids_stream_segment(all[i], 0, 9, TH_ACK,
						 (const uint8_t *)"x", 1, 1,
						 NULL, NULL),
			      IDS_STREAM_HELD);
	assert_int_equal(stats->pieces, cnt);
	assert_int_equal(stats->given_up, 0);
	while (cnt)
		ids_stream_free(all[--cnt]);
	assert_int_equal(stats->memory, 0);
	ids_streams_free(pool);
}

static void what_was_given_up_is_a_gap(void **state)
{
	struct ids_stream_limits limits = ids_stream_limits_default();
	struct box *b = box_small(&limits);

	(void)state;
	text(b, 2, "cd");
	text(b, 6, "gh");
	ids_streams_expire(b->pool, b->now + limits.timeout_ns - 1);
	assert_int_equal(b->stats->given_up, 0);
	ids_streams_expire(b->pool, b->now + limits.timeout_ns);
	assert_int_equal(b->stats->given_up, 1);
	assert_int_equal(b->stats->given_up_bytes, 4);
	assert_int_equal(b->stats->pieces, 0);
	/* the host may have what was given up: behind the gap's bytes it goes on */
	assert_result(text(b, 0, "ab"), IDS_STREAM_DELIVERED | IDS_STREAM_LOST);
	assert_int_equal(b->out[0].gaps, 0);
	assert_result(text(b, 4, "ef"), IDS_STREAM_DELIVERED | IDS_STREAM_GAP);
	assert_result(text(b, 8, "ij"), IDS_STREAM_DELIVERED | IDS_STREAM_GAP);
	assert_int_equal(b->out[0].gaps, 2);
	box_expect(b, 0, "ab..ef..ij");
	assert_result(text(b, 12, "mn"), IDS_STREAM_HELD); /* a gap as any */
	box_free(b);
	b = box_small(&limits);
	text(b, 2, "cd");
	ids_streams_expire(b->pool, b->now + limits.timeout_ns);
	text(b, 0, "ab");
	/* or it has not, and they come again */
	assert_result(text(b, 2, "cdef"), IDS_STREAM_DELIVERED);
	assert_result(text(b, 8, "ij"), IDS_STREAM_HELD);
	box_expect(b, 0, "abcdef");
	box_free(b);
}

static void no_room_for_a_history_is_counted(void **state)
{
	struct ids_stream_limits limits = ids_stream_limits_default();
	struct box *b;

	(void)state;
	limits.memory = 4096;
	limits.history = 4096;
	b = box_small(&limits);
	assert_result(text(b, 0, "abc"), IDS_STREAM_DELIVERED);
	assert_int_equal(b->stats->no_history, 1);
	assert_result(text(b, 0, "abc"),
		      IDS_STREAM_OLD | IDS_STREAM_UNCOMPARED);
	box_free(b);
}

/* --- any limits, any segments --- */

struct crowd {
	struct ids_stream_limits limits;
	struct box *box;
	struct ids_stream *s[8];
	struct out out[8];
};

static void crowd_send(struct crowd *c, uint64_t *seed, uint64_t now)
{
	const struct ids_streams_stats *stats = ids_streams_stats(c->box->pool);
	int i = rnd(seed) % 8;
	uint32_t len = 1 + rnd(seed) % 200, at;
	uint8_t bytes[200];
	unsigned int got;

	if (!c->s[i])
		return;
	at = c->out[i].next + rnd(seed) % 600;
	at = at < 200 ? at : at - rnd(seed) % 200;
	for (uint32_t n = 0; n < len; n++)
		bytes[n] = byte_at(at + n);
	got = ids_stream_segment(c->s[i], 0, ISN + 1 + at, TH_ACK, bytes, len,
				 now, crowd_deliver, &c->out[i]);
	assert_false(got & IDS_STREAM_DIFFERS);
	assert_in_range(stats->memory, 0, c->limits.memory);
	assert_in_range(ids_stream_held(c->s[i]), 0, c->limits.flow_bytes);
	if (!(rnd(seed) % 50))
		ids_streams_expire(c->box->pool, now);
}

static void crowd_run(uint64_t *seed)
{
	struct crowd *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	c->limits = ids_stream_limits_default();
	c->limits.policy = rnd(seed) % IDS_POLICY_CNT;
	c->limits.memory = 3000 + rnd(seed) % 8000;
	c->limits.flow_bytes = rnd(seed) % 3000;
	c->limits.flow_pieces = rnd(seed) % 20;
	c->limits.history = rnd(seed) % 3 * 50;
	c->limits.timeout_ns = rnd(seed) % 100;
	c->limits.window = 1 + rnd(seed) % 1000;
	c->box = box_small(&c->limits);
	for (int i = 0; i < 8; i++) {
		c->s[i] = ids_stream_new(c->box->pool);
		if (c->s[i])
			ids_stream_segment(c->s[i], 0, ISN, TH_SYN, NULL, 0, 0,
					   NULL, NULL);
	}
	for (uint64_t now = 0; now < 500; now++)
		crowd_send(c, seed, now);
	for (int i = 0; i < 8; i++)
		ids_stream_free(c->s[i]);
	box_free(c->box);
	free(c);
}

static void any_limits_hold(void **state)
{
	const char *env = getenv("NFOLD_SEED");
	uint64_t seed = env ? strtoull(env, NULL, 0) : 20260807;

	(void)state;
	printf("# NFOLD_SEED=%llu\n", (unsigned long long)seed);
	for (int i = 0; i < 300; i++)
		crowd_run(&seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_thousand_one_byte_segments),
		cmocka_unit_test(gaps_that_never_fill),
		cmocka_unit_test(the_first_gap_is_skipped_at_the_bound),
		cmocka_unit_test(a_segment_over_the_bound_is_delivered_at_once),
		cmocka_unit_test(an_overlap_costs_a_step_a_piece),
		cmocka_unit_test(a_gap_is_waited_for_until_the_timeout),
		cmocka_unit_test(half_open_streams_are_bounded),
		cmocka_unit_test(waiting_streams_are_bounded),
		cmocka_unit_test(a_quarter_is_for_what_waits),
		cmocka_unit_test(what_was_given_up_is_a_gap),
		cmocka_unit_test(no_room_for_a_history_is_counted),
		cmocka_unit_test(any_limits_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
