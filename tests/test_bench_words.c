// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The inspection of figure 5 (selftests/bench/words.h) finds what a search word by
 * word does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "selftests/bench/words.h"

static bool word_ends(const uint8_t *p, uint32_t end)
{
	for (int i = 0; words_list[i]; i++) {
		uint32_t len = strlen(words_list[i]);

		if (len <= end && !memcmp(p + end - len, words_list[i], len))
			return true;
	}
	return false;
}

/* Pieces of the words, one after the other: full of beginnings that fail. */
static uint32_t draw_text(uint8_t *p, uint32_t room)
{
	uint32_t len = 0;

	while (len + 16 < room) {
		const char *word = words_list[rand() % 9];
		uint32_t from = rand() % 2 ? 0 : rand() % strlen(word);
		uint32_t n = rand() % 3 ? strlen(word) - from : 1;

		memcpy(p + len, word + from, n);
		len += n;
	}
	return len;
}

static void all_are_found(void **state)
{
	const char *seed = getenv("NFOLD_SEED");
	unsigned int s = seed ? strtoul(seed, NULL, 0) : (unsigned long)time(NULL);
	static struct words w;
	uint32_t all = 0;

	(void)state;
	print_message("# NFOLD_SEED=%u\n", s);
	srand(s);
	words_build(&w);
	for (int round = 0; round < 2000; round++) {
		uint8_t text[300];
		uint32_t len = draw_text(text, sizeof(text)), want = 0;

		for (uint32_t end = 1; end <= len; end++)
			want += word_ends(text, end);
		assert_int_equal(words_find(&w, text, len), want);
		all += want;
	}
	assert_true(all > 1000);
	assert_int_equal(words_find(&w, (const uint8_t *)"no word here", 12),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(all_are_found) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
