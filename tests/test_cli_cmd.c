/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Command tables: prefixes, ambiguity, default row, help, exit codes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "loader/cli/cli.h"

static int last_argc;
static char **last_argv;
static const char *last_run;

static int ran(const char *name, int argc, char **argv)
{
	last_run = name;
	last_argc = argc;
	last_argv = argv;
	return 40 + argc;
}

static int run_list(int argc, char **argv)
{
	return ran("list", argc, argv);
}

static int run_load(int argc, char **argv)
{
	return ran("load", argc, argv);
}

static int run_show(int argc, char **argv)
{
	return ran("show", argc, argv);
}

static const struct cmd inner[] = {
	{ .name = "list", .run = run_list, .summary = "l" },
	{ .name = "load", .run = run_load, .summary = "l" },
	{ .name = "show", .run = run_show, .summary = "s" },
	{ 0 },
};

static const struct cmd outer[] = {
	{ .name = "flow", .sub = inner, .summary = "f" },
	{ .name = "flows", .run = run_show, .summary = "f" },
	{ .name = "stat", .run = run_show, .summary = "s" },
	{ .name = "hello", .run = run_list, .summary = "h" },
	{ 0 },
};

static int dispatch(char **words)
{
	int argc = 0;

	while (words[argc])
		argc++;
	last_run = NULL;
	return cmd_dispatch("nfold", outer, argc, words);
}

#define WORDS(...) ((char *[]){ __VA_ARGS__, NULL })

static void test_find(void **state)
{
	static const struct {
		const char *word;
		int row;
		const char *says;
	} rows[] = {
		{ "list", 0, "a whole word" },
		{ "li", 0, "a unique prefix" },
		{ "l", -2, "a prefix of two rows is ambiguous" },
		{ "s", 2, "one letter will do when it is unique" },
		{ "listx", -1, "more than the word is no prefix" },
		{ "", -1, "an empty word matches nothing" },
		{ "help", -3, "help is in every table" },
		{ "he", -3, "help may be cut too" },
		{ "List", -1, "case counts" },
	};

	(void)state;
	for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
		int row = cmd_find(inner, rows[n].word);

		if (row != rows[n].row)
			print_message("# %s: %d\n", rows[n].says, row);
		assert_int_equal(row, rows[n].row);
	}
}

static void test_exact_beats_prefix(void **state)
{
	(void)state;
	assert_int_equal(cmd_find(outer, "flow"), 0);
	assert_int_equal(cmd_find(outer, "flo"), -2);
}

static void test_help_is_a_candidate(void **state)
{
	(void)state;
	assert_int_equal(cmd_find(outer, "he"), -2);
	assert_int_equal(cmd_find(outer, "hello"), 3);
	assert_int_equal(cmd_find(outer, "help"), -3);
}

static void test_arguments(void **state)
{
	(void)state;
	assert_int_equal(dispatch(WORDS("flow", "sh", "a", "b")), 42);
	assert_string_equal(last_run, "show");
	assert_string_equal(last_argv[0], "a");
	assert_null(last_argv[2]);
	assert_int_equal(dispatch(WORDS("st", "x")), 41);
	assert_int_equal(last_argc, 1);
}

static void test_default_row(void **state)
{
	(void)state;
	assert_int_equal(dispatch(WORDS("flow")), 40);
	assert_string_equal(last_run, "list");
}

static void test_usage_errors(void **state)
{
	(void)state;
	assert_int_equal(dispatch(WORDS("nothing")), CLI_USAGE);
	assert_null(last_run);
	assert_int_equal(dispatch(WORDS("flow", "l")), CLI_USAGE);
	assert_null(last_run);
	assert_int_equal(dispatch(WORDS("flow", "help", "nothing")), CLI_USAGE);
}

static void test_help_runs_nothing(void **state)
{
	(void)state;
	assert_int_equal(dispatch(WORDS("help")), CLI_OK);
	assert_int_equal(dispatch(WORDS("flow", "help")), CLI_OK);
	assert_int_equal(dispatch(WORDS("flow", "help", "list")), CLI_OK);
	assert_int_equal(dispatch(WORDS("stat", "help")), CLI_OK);
	assert_int_equal(dispatch(WORDS("help", "flow")), CLI_OK);
	assert_null(last_run);
}

static void test_words_in_commands(void **state)
{
	(void)state;
	assert_true(cmd_is("m", "match"));
	assert_true(cmd_is("match", "match"));
	assert_false(cmd_is("", "match"));
	assert_false(cmd_is("matches", "match"));
}

#define TEST(name, func) { name, func, NULL, NULL, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("words are found by unique prefix", test_find),
		TEST("a whole word is never ambiguous",
		     test_exact_beats_prefix),
		TEST("help counts when prefixes are compared",
		     test_help_is_a_candidate),
		TEST("a command gets the words after it", test_arguments),
		TEST("an object alone is its first command", test_default_row),
		TEST("unknown and ambiguous words are usage errors and run nothing",
		     test_usage_errors),
		TEST("help at each level runs nothing", test_help_runs_nothing),
		TEST("keywords inside commands may be cut",
		     test_words_in_commands),
	};

	return cmocka_run_group_tests_name("cli cmd", tests, NULL, NULL);
}
