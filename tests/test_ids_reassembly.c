/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rules over TCP streams, in the engine: what is split, out of order, sent twice
 * or sent to deceive. The streams as such are test_ids_stream*.c's.
 */
#include "tests/ids_box.h"

#include <time.h>

#define ALERT "alert tcp any any -> any any "
#define OUT ENGINE_TX
#define GONE ENGINE_DROP

/* len bytes of text from byte off of the connection on. */
static struct pkt segment(const char *text, uint32_t off, uint32_t len)
{
	struct pkt f = request(IPPROTO_TCP, 4000);

	f.flags = TCP_ACK;
	f.data = (const uint8_t *)text + off;
	f.payload = len;
	f.seq = 1001 + off;
	return f;
}

static void expect(struct pkt f, enum engine_verdict v, const char *alerts)
{
	const char *is;

	advance(MS);
	assert_int_equal(pass(&f, 0), v);
	is = told();
	if (strcmp(is, alerts))
		fail_msg("bytes from %u on: told '%s', not '%s'", f.seq - 1001,
			 is, alerts);
}

static void syn(void)
{
	struct pkt f = segment("", 0, 0);

	f.flags = TCP_SYN;
	f.seq = 1000;
	expect(f, OUT, "");
}

/* Whether it is cut at each place in two, or into single bytes: it is found in
 * the segment that ends it, and nowhere else. */
static void a_split_signature_is_found_where_it_ends(void **state)
{
	static const char text[] = "GET /some/evil/thing HTTP/1.1";
	static const char rules[] =
		ALERT "(content:\"evil\"; sid:1;)\n"
		ALERT "(content:\"GET\"; depth:3; content:\"THING\"; nocase; distance:5; within:20; sid:2;)\n"
		ALERT "(pcre:\"/some.(evil|good)/\"; sid:3;)\n"
		ALERT "(content:\"evil\"; dsize:29; sid:4;)\n"
		ALERT "(content:\"evil\"; flow:no_stream; sid:5;)\n"
		ALERT "(content:\"evil\"; flow:only_stream; sid:6;)\n";
	uint32_t len = sizeof(text) - 1;

	(void)state;
	ids_start(true, rules, "");
	syn();
	expect(segment(text, 0, len), OUT, "1 2 3 4 5 6");
	expect(segment("after it", 0, 0), OUT, "");
	ids_stop();
	for (uint32_t cut = 1; cut < len; cut++) {
		bool in_first = cut >= 14, in_second = cut <= 10;
		char first[40], second[40];

		snprintf(first, sizeof(first), "%s%s%s",
			 in_first ? "1" : "",
			 in_first ? cut >= 20 ? " 2 3" : " 3" : "",
			 in_first ? " 5 6" : "");
		snprintf(second, sizeof(second), "%s%s%s%s",
			 in_first ? "" : "1 ", cut >= 20 ? "" :
			 in_first ? "2" : "2 3",
			 in_second ? " 5" : "", in_first ? "" : " 6");
		ids_start(true, rules, "");
		syn();
		expect(segment(text, 0, cut), OUT, first);
		expect(segment(text, cut, len - cut), OUT, second);
		ids_stop();
	}
	ids_start(true, rules, "");
	syn();
	for (uint32_t i = 0; i < len; i++)
		expect(segment(text, i, 1), OUT, i == 13 ? "1 3 6" :
						 i == 19 ? "2" : "");
	ids_stop();
}

static void out_of_order_is_found_when_the_gap_is_filled(void **state)
{
	static const char text[] = "....the evil thing....";
	static const char rules[] = "drop tcp any any -> any any (content:\"evil\"; sid:1;)\n"
				    ALERT "(content:\"thing\"; sid:2;)\n";

	(void)state;
	for (int fold = 0; fold < 2; fold++) {
		ids_start(fold, rules, "");
		syn();
		expect(segment(text, 10, 12), OUT, "");	/* "il thing...." */
		expect(segment(text, 10, 12), OUT, "");
		expect(segment(text, 0, 10), GONE, "1 2");
		/* Its host has not got it, and never will. */
		expect(segment(text, 0, 10), GONE, "");
		expect(segment(text, 22, 0), GONE, "");
		ids_stop();
	}
}

static void a_position_counts_from_the_streams_begin(void **state)
{
	static const char text[] = "ABCDEFGHABCD";
	static const char rules[] = ALERT "(content:\"CD\"; offset:2; depth:2; sid:1;)\n"
				    ALERT "(pcre:\"/^AB.D/\"; sid:2;)\n"
				    ALERT "(byte_test:1,=,68,3; content:\"E\"; sid:3;)\n";

	(void)state;
	ids_start(true, rules, "");
	syn();
	expect(segment(text, 0, 3), OUT, "");
	expect(segment(text, 3, 2), OUT, "1 2 3");
	expect(segment(text, 5, 6), OUT, "");
	/* In a packet they count from its own. */
	expect(segment("...........ABCD", 11, 4), OUT, "1 2");
	ids_stop();
}

/* The first content long before the rest, but not before the tail. */
static void rules_look_back_so_far(void **state)
{
	static char text[4000];
	static const char rules[] = ALERT "(content:\"begin\"; content:\"end\"; distance:0; sid:1;)\n";

	(void)state;
	for (uint32_t gap = 900; gap < 1300; gap += 200) {
		memset(text, '.', sizeof(text));
		memcpy(text, "begin", 5);
		memcpy(text + 5 + gap, "end", 3);
		ids_start(true, rules, "");
		syn();
		for (uint32_t i = 0; i < 5 + gap; i += 100)
			expect(segment(text, i, 5 + gap - i < 100 ?
				       5 + gap - i : 100), OUT, "");
		expect(segment(text, 5 + gap, 3), OUT,
		       gap + 8 <= IDS_TAIL_BYTES ? "1" : "");
		ids_stop();
	}
}

/* More patterns in the tail than are remembered one by one. */
static void many_patterns_in_the_tail_are_not_forgotten(void **state)
{
	char rules[8000], text[500];
	size_t n = 0, len = 0;

	(void)state;
	for (int i = 0; i < 40; i++) {
		n += sprintf(rules + n, ALERT "(content:\"<p%02d>\"; content:\"z\"; distance:0; sid:%d;)\n",
			     i, i + 1);
		len += sprintf(text + len, "<p%02d>", i);
	}
	strcpy(text + len, "z");
	ids_start(true, rules, "");
	syn();
	expect(segment(text, 0, len), OUT, "");
	expect(segment(text, len, 1), OUT,
	       "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40");
	ids_stop();
}

static void rules_are_replaced_in_mid_stream(void **state)
{
	static const char second[] = ALERT "(content:\"evil\"; content:\"thing\"; distance:1; sid:7;)\n";
	static const char text[] = "an evil thing";
	static const struct conf_loc loc = { .line = 1 };
	struct conf_error err = { 0 };
	struct ids_rules *rules = ids_rules_new();

	(void)state;
	ids_start(true, ALERT "(content:\"an\"; sid:1;)\n", "");
	syn();
	expect(segment(text, 0, 9), OUT, "1");
	assert_int_equal(ids_rules_read(rules, conf_text_copy("b", second,
						strlen(second), &err), &err), 0);
	assert_int_equal(ids_rules_finish(rules, &loc, &err), 0);
	assert_int_equal(ids_rules_set(box.nf[0].priv, rules), 0);
	engine_invalidate_all(box.e);
	expect(segment(text, 9, 4), OUT, "7");
	ids_stop();
}

/* --- deception --- */

static void unlike_copies_are_told_and_may_be_dropped(void **state)
{
	static const char good[] = "say hello to all", bad[] = "say goodbye, all";
	static const char rules[] = ALERT "(content:\"hello\"; sid:1;)\n";

	(void)state;
	ids_start(true, rules, "");
	syn();
	expect(segment(good, 0, 9), OUT, "1");
	expect(segment(bad, 4, 5), OUT, "differs");
	expect(segment(bad, 4, 5), OUT, "");	/* once a session */
	assert_int_equal(shown("evasions"), 1);
	ids_stop();
	for (int fold = 0; fold < 2; fold++) {
		ids_start(fold, rules, "on-evasion drop;");
		syn();
		expect(segment(good, 0, 9), OUT, "1");
		expect(segment(bad, 4, 5), GONE, "old differs");
		expect(segment(bad, 4, 5), GONE, "");
		/* The connection goes on. */
		expect(segment(good, 9, 7), OUT, "");
		ids_stop();
	}
}

/* What its host ignores, or never gets, does not shape the stream. */
static void decoys_are_not_believed(void **state)
{
	static const char text[] = "an evil thing", decoy[] = "an even thing";
	static const char rules[] = ALERT "(content:\"evil\"; sid:1;)\n";
	struct pkt f = segment(decoy, 5, 3);

	(void)state;
	for (int fold = 0; fold < 2; fold++) {
		ids_start(fold, rules, "");
		syn();
		expect(segment(text, 0, 5), OUT, "");
		f.csum = PKT_CSUM_BAD;
		expect(f, OUT, "");
		expect(segment(text, 5, 8), OUT, "1");
		ids_stop();
		ids_start(fold, rules, "min-ttl 5;");
		syn();
		expect(segment(text, 0, 5), OUT, "");
		f.csum = PKT_CSUM_FULL;
		f.ttl = 4;
		expect(f, GONE, "");
		f.ttl = 64;
		expect(segment(text, 5, 8), OUT, "1");
		ids_stop();
	}
}

static void one_byte_segments_cost_no_more_than_others(void **state)
{
	char *text = malloc(10001);

	(void)state;
	memset(text, 'x', 10000);
	memcpy(text + 9000, "evil", 4);
	ids_start(true, ALERT "(content:\"xxxxevilxxxx\"; sid:1;)\n", "");
	syn();
	/* Every second one first. */
	for (uint32_t i = 1; i < 600; i += 2)
		expect(segment(text, i, 1), OUT, "");
	for (uint32_t i = 0; i < 600; i += 2)
		expect(segment(text, i, 1), OUT, "");
	for (uint32_t i = 600; i < 10000; i++)
		expect(segment(text, i, 1), OUT, i == 9007 ? "1" : "");
	ids_stop();
	free(text);
}

/* However a text is cut and shuffled, by copies that agree: what is told in all is
 * what one search of it finds, folded and unfolded. */
static void random_cuts_find_the_same(void **state)
{
	static const char rules[] =
		ALERT "(content:\"abc\"; sid:1;)\n"
		ALERT "(content:\"ca\"; content:\"bb\"; distance:1; within:9; sid:2;)\n"
		ALERT "(pcre:\"/c{3}b/\"; sid:3;)\n"
		ALERT "(content:\"aab\"; flowbits:set,x; flowbits:noalert; sid:4;)\n";
	const char *seed = getenv("NFOLD_SEED");
	unsigned int x = seed ? strtoul(seed, NULL, 0) : (unsigned int)time(NULL);

	(void)state;
	print_message("NFOLD_SEED=%u\n", x);
	for (int round = 0; round < 300; round++) {
		char text[121], words[2][200] = { "", "" };
		uint32_t at[60], len[60], cnt;

		srand(x + round / 2);
		for (int i = 0; i < 120; i++)
			text[i] = "aaabbbccc.,"[rand() % 11];
		text[120] = 0;
		for (int whole = 0; whole < 2; whole++) {
			bool seen[4] = { false };

			cnt = 0;
			for (uint32_t o = 0; o < 120; o += len[cnt++]) {
				at[cnt] = o;
				len[cnt] = whole ? 120 : 1 + rand() % 9;
				if (o + len[cnt] > 120)
					len[cnt] = 120 - o;
			}
			for (uint32_t i = cnt - 1; i && !whole; i--) {
				uint32_t j = i - rand() % (i < 4 ? i + 1 : 4);
				uint32_t a = at[i], l = len[i];

				at[i] = at[j];
				len[i] = len[j];
				at[j] = a;
				len[j] = l;
			}
			ids_start(round & 1, rules, "");
			syn();
			for (uint32_t i = 0; i < cnt; i++) {
				struct pkt f = segment(text, at[i], len[i]);

				advance(MS);
				assert_int_equal(pass(&f, 0), OUT);
				for (const char *w = told(); *w; w++)
					if (*w >= '1' && *w <= '3')
						seen[*w - '0'] = true;
					else
						assert_int_equal(*w, ' ');
			}
			for (int i = 1; i < 4; i++)
				if (seen[i])
					sprintf(words[whole] +
						strlen(words[whole]), "%d ", i);
			ids_stop();
		}
		if (strcmp(words[0], words[1]))
			fail_msg("round %d: cut '%s', whole '%s': %s", round,
				 words[0], words[1], text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_split_signature_is_found_where_it_ends),
		cmocka_unit_test(out_of_order_is_found_when_the_gap_is_filled),
		cmocka_unit_test(a_position_counts_from_the_streams_begin),
		cmocka_unit_test(rules_look_back_so_far),
		cmocka_unit_test(many_patterns_in_the_tail_are_not_forgotten),
		cmocka_unit_test(rules_are_replaced_in_mid_stream),
		cmocka_unit_test(unlike_copies_are_told_and_may_be_dropped),
		cmocka_unit_test(decoys_are_not_believed),
		cmocka_unit_test(one_byte_segments_cost_no_more_than_others),
		cmocka_unit_test(random_cuts_find_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
