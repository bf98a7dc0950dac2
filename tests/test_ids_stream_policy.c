/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Overlap policies: the segments of the published model (Novak and Sturges,
 * "Target-Based TCP Stream Reassembly", 2007), and what each system makes of
 * them. Each segment has its own letter.
 */
#include "tests/ids_streams.h"

#define ANY UINT32_C(0x1234)

struct step {
	uint32_t at;		/* from the SYN on; 1 is the first byte */
	const char *bytes;
};

/* Nine that do not overlap, eight that overlap them in each way, and the first
 * byte, which makes the stream whole. */
static const struct step paper[] = {
	{ 2, "AAA" },  { 6, "BB" },   { 8, "CCC" }, { 12, "D" },
	{ 15, "EE" },  { 17, "FFF" }, { 20, "GG" }, { 22, "HH" },
	{ 24, "I" },   { 3, "JJJJ" }, { 8, "KKK" }, { 11, "LLL" },
	{ 14, "MMM" }, { 18, "N" },   { 21, "O" },  { 22, "P" },
	{ 24, "QQ" },  { 1, "0" },    { 0, NULL },
};

/* The new one begins before the held one. */
static const struct step before[] = {
	{ 4, "B" },    { 10, "D" },  { 13, "EE" },  { 3, "AA" },
	{ 2, "JJJJ" }, { 9, "LLL" }, { 12, "MMM" }, { 1, "0" }, { 0, NULL },
};

/* They begin the same. */
static const struct step same[] = {
	{ 2, "CCC" },  { 16, "HH" }, { 18, "II" }, { 2, "KKK" },
	{ 2, "LLLL" }, { 16, "P" },  { 16, "QQ" }, { 1, "0" }, { 0, NULL },
};

/* The new one begins after it. */
static const struct step after[] = {
	{ 2, "AA" },  { 17, "FFF" }, { 20, "GG" }, { 3, "JJ" },
	{ 21, "O" },  { 18, "N" },   { 1, "0" },   { 0, NULL },
};

static const struct model {
	const char *names[5];
	const char *paper, *before, *same, *after;
} models[] = {
	{ { "first", "vista" },
	  "0AAAJBBCCCLDLMEEFFFGGHHIQ",
	  "0JABJ...LDLMEE",
	  "0CCCL..........HHII",
	  "0AAJ............FFFGG" },
	{ { "bsd", "windows", "macos" },
	  "0AAAJJBCCCLLLMMMFFFGGHHIQ",
	  "0JJJJ...LLLMMM",
	  "0CCCL..........HHII",
	  "0AAJ............FFFGG" },
	{ { "linux", "hpux10", "irix" },
	  "0AAAJJBCCCLLLMMMFFFGGHHQQ",
	  "0JJJJ...LLLMMM",
	  "0LLLL..........HHII",
	  "0AAJ............FFFGG" },
	{ { "old-linux" },
	  "0AAAJJBKKKLLLMMMFFFGGHHQQ",
	  "0JJJJ...LLLMMM",
	  "0LLLL..........QQII",
	  "0AAJ............FFFGG" },
	{ { "solaris", "hpux11" },
	  "0AJJJBBKKKLLLMMMFFFGGHHQQ",
	  "0JJJJ...LLLMMM",
	  "0LLLL..........QQII",
	  "0AJJ............FFFGG" },
	{ { "last" },
	  "0AJJJJBKKKLLLMMMFNFGOPHQQ",
	  "0JJJJ...LLLMMM",
	  "0LLLL..........QQII",
	  "0AJJ............FNFGO" },
};

#define MODELS (sizeof(models) / sizeof(*models))

static void play(const char *policy, uint32_t isn, const struct step *steps,
		 const char *want)
{
	struct ids_stream_limits limits = ids_stream_limits_default();
	struct box *b;

	limits.policy = ids_stream_policy_parse(policy);
	assert_in_range(limits.policy, 0, IDS_POLICY_CNT - 1);
	b = box_new(&limits);
	box_send(b, 0, isn, TH_SYN, "");
	for (; steps->bytes; steps++) {
		assert_int_equal(b->out[0].calls, 0);
		box_send(b, 0, isn + steps->at, TH_ACK, steps->bytes);
	}
	while (b->stats->pieces) { /* gaps are skipped one by one */
		b->now += limits.timeout_ns;
		assert_result(box_send(b, 0, isn, TH_ACK, ""), IDS_STREAM_GAP |
			      IDS_STREAM_DELIVERED);
	}
	box_expect(b, 0, want);
	box_free(b);
}

static void each_policy_is_as_published(void **state)
{
	static const uint32_t isns[] = { 0, 1, UINT32_MAX, UINT32_MAX - 10,
					 INT32_MAX - 10, ANY };

	(void)state;
	for (size_t m = 0; m < MODELS; m++)
		for (int n = 0; models[m].names[n]; n++)
			for (size_t i = 0; i < sizeof(isns) / 4; i++) {
				const char *name = models[m].names[n];

				play(name, isns[i], paper, models[m].paper);
				play(name, isns[i], before, models[m].before);
				play(name, isns[i], same, models[m].same);
				play(name, isns[i], after, models[m].after);
			}
}

static void names_are_read_and_written(void **state)
{
	int cnt = 0;

	(void)state;
	for (int p = 0; p < IDS_POLICY_CNT; p++)
		assert_int_equal(ids_stream_policy_parse(
					 ids_stream_policy_name(p)), p);
	for (size_t m = 0; m < MODELS; m++)
		for (int n = 0; models[m].names[n]; n++)
			cnt++;
	assert_int_equal(cnt, IDS_POLICY_CNT);
	assert_int_equal(ids_stream_policy_parse("amiga"), IDS_POLICY_CNT);
	assert_int_equal(ids_stream_policy_parse(""), IDS_POLICY_CNT);
	assert_null(ids_stream_policy_name(IDS_POLICY_CNT));
}

/* linux goes by where a segment began when it came, bsd by where what is left
 * of it does: the third begins behind the second, but before its rest. */
static void a_cut_segment_begins_as_its_host_keeps_it(void **state)
{
	static const struct step steps[] = {
		{ 2, "AAAA" }, { 4, "BBBBBB" }, { 5, "CCCCCC" }, { 1, "0" },
		{ 0, NULL },
	};

	(void)state;
	play("linux", ANY, steps, "0AAAABBBBC");
	play("bsd", ANY, steps, "0AAAACCCCC");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_policy_is_as_published),
		cmocka_unit_test(names_are_read_and_written),
		cmocka_unit_test(a_cut_segment_begins_as_its_host_keeps_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
