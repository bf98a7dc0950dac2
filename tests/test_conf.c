/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Chain files, first half: the tree, its bounds, its messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chains/conf.h"

static struct conf_word word(const char *text)
{
	return (struct conf_word){ .text = (char *)text };
}

static void refused(int ret, const struct conf_error *err, const char *say)
{
	assert_int_equal(ret, -1);
	if (!strstr(err->message, say))
		fail_msg("'%s' does not say '%s'", err->message, say);
}

static struct conf_block *parse(const char *text)
{
	struct conf_block *b = NULL;
	struct conf_error err;

	if (conf_parse(&b, "text", text, &err)) {
		conf_error_print(stdout, &err);
		fail();
	}
	return b;
}

static void tree(void **state)
{
	struct conf_block *b = parse("a b \"c\"\n\t{ d; }\ne f, g;");
	const struct conf_stmt *s = conf_find(b, "e");

	(void)state;
	assert_int_equal(b->cnt, 2);
	assert_int_equal(b->stmts[0].word_cnt, 3);
	assert_true(b->stmts[0].words[2].quoted);
	assert_false(b->stmts[0].words[1].quoted);
	assert_int_equal(b->stmts[0].loc.col, 1);
	assert_int_equal(b->stmts[0].loc.end_col, 8);
	assert_int_equal(b->stmts[0].block->loc.line, 2);
	assert_int_equal(b->stmts[0].block->loc.col, 2);
	assert_string_equal(b->stmts[0].block->stmts[0].words[0].text, "d");
	assert_ptr_equal(s, &b->stmts[1]);
	assert_int_equal(s->word_cnt, 4);
	assert_string_equal(s->words[2].text, ",");
	assert_int_equal(s->words[3].loc.line, 3);
	assert_int_equal(s->words[3].loc.col, 6);
	assert_string_equal(s->words[3].loc.file, "text");
	assert_null(s->block);
	assert_null(conf_find(b, "d"));
	conf_free(b);
	conf_free(NULL);
}

static void expansion_place(void **state)
{
	struct conf_block *b = parse("define x = 1 \"2\"\na $x;");

	(void)state;
	assert_int_equal(b->cnt, 1);
	assert_int_equal(b->stmts[0].word_cnt, 3);
	assert_string_equal(b->stmts[0].words[2].text, "2");
	assert_true(b->stmts[0].words[2].quoted);
	for (int i = 1; i < 3; i++) {
		assert_int_equal(b->stmts[0].words[i].loc.line, 2);
		assert_int_equal(b->stmts[0].words[i].loc.col, 3);
		assert_int_equal(b->stmts[0].words[i].loc.end_col, 5);
	}
	conf_free(b);
}

static void word_counts(void **state)
{
	struct conf_block *b = parse("a b c;\nd e\n  f g;\nh { }");
	const struct conf_stmt *a = &b->stmts[0], *d = &b->stmts[1];
	const struct conf_stmt *h = &b->stmts[2];
	struct conf_error err;

	(void)state;
	assert_int_equal(conf_need_words(a, 3, 3, "a B C", &err), 0);
	assert_int_equal(conf_need_words(a, 1, SIZE_MAX, "a ...", &err), 0);
	assert_int_equal(conf_need_words(h, 1, 1, "h { ... }", &err), 0);
	refused(conf_need_words(a, 4, 4, "a B C D", &err), &err,
		"expected a B C D");
	refused(conf_need_words(a, 1, 2, "a B", &err), &err,
		"unexpected 'c' after 'b'");
	assert_int_equal(err.col, 5);
	refused(conf_need_words(d, 2, 2, "d E", &err), &err,
		"unexpected 'f' after 'e'");
	assert_string_equal(err.hint, "is a ';' missing before 'f'?");
	refused(conf_need_words(h, 1, 1, "h", &err), &err, "takes no block");
	refused(conf_need_words(a, 3, 3, "a B C { ... }", &err), &err,
		"expected a B C { ... }");
	conf_free(b);
}

static void choices(void **state)
{
	static const char *const known[] = { "deny", "allow", NULL };
	struct conf_block *b = parse("default alow; dafault x; zzz;");
	const struct conf_stmt *s = b->stmts;
	struct conf_word w = word("allow");
	struct conf_error err;
	size_t i = 42;

	(void)state;
	assert_int_equal(conf_choice(&w, known, &i, &err), 0);
	assert_int_equal(i, 1);
	refused(conf_choice(&s->words[1], known, &i, &err), &err,
		"expected deny or allow, not 'alow'");
	assert_string_equal(err.hint, "did you mean 'allow'?");
	assert_int_equal(i, 1);
	refused(conf_unknown(&s[2], known, &err), &err,
		"unknown statement 'zzz'");
	assert_string_equal(err.hint, "known: deny or allow");
	conf_free(b);
}

static void nearest(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "firewal", "firewall" }, { "monitro", "monitor" },
		{ "MONITOR", "monitor" },  { "mon", "monitor" },
		{ "nta", "nat" },	   { "lbb", "lb" },
		{ "x", NULL },		   { "zzzzzz", NULL },
		{ "table_size", "table-size" },
		{ "a-very-long-word-that-is-near-to-nothing-at-all", NULL },
	};
	static const char *const known[] = {
		"firewall", "lb", "monitor", "nat", "table-size", NULL,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct conf_word w = word(rows[i].text);
		struct conf_stmt s = { .words = &w, .word_cnt = 1 };
		struct conf_error err;
		char want[64] = "known: ";

		if (rows[i].want)
			snprintf(want, sizeof(want), "did you mean '%s'?",
				 rows[i].want);
		assert_int_equal(conf_unknown(&s, known, &err), -1);
		if (strncmp(err.hint, want, strlen(want)))
			fail_msg("%s: %s", rows[i].text, err.hint);
	}
}

static void print_without_place(void **state)
{
	struct conf_error err;
	char text[256] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	(void)state;
	assert_non_null(out);
	assert_int_equal(conf_fail(&err, NULL, NULL, "out of %s", "memory"),
			 -1);
	conf_error_print(out, &err);
	fclose(out);
	assert_string_equal(text, "error: out of memory\n");
}

static void message_bounds(void **state)
{
	static char long_text[3000];
	struct conf_word w = word(long_text);
	struct conf_error err;
	uint64_t n;

	(void)state;
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = 0;
	w.loc.file = long_text;
	assert_int_equal(conf_uint(&w, 0, 9, &n, &err), -1);
	assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
	assert_int_equal(strlen(err.file), sizeof(err.file) - 1);
}

static char *filled(size_t len)
{
	char *text = malloc(len + 1);

	assert_non_null(text);
	memset(text, ' ', len);
	text[len] = 0;
	return text;
}

static void largest_text(void **state)
{
	char *text = filled((1 << 20) + 1);
	struct conf_block *b = NULL;
	struct conf_error err;

	(void)state;
	refused(conf_parse(&b, "text", text, &err), &err, "1 MiB");
	assert_null(b);
	text[1 << 20] = 0;
	assert_int_equal(conf_parse(&b, "text", text, &err), 0);
	assert_int_equal(b->cnt, 0);
	conf_free(b);
	free(text);
}

static void largest_file(void **state)
{
	char path[] = "/tmp/test_conf.XXXXXX";
	char *text = filled(1 << 20);
	int fd = mkstemp(path);
	struct conf_block *b = NULL;
	struct conf_error err;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, 1 << 20), 1 << 20);
	assert_int_equal(conf_parse(&b, path, NULL, &err), 0);
	conf_free(b);
	b = NULL;
	assert_int_equal(write(fd, " ", 1), 1);
	refused(conf_parse(&b, path, NULL, &err), &err, "1 MiB");
	assert_string_equal(err.file, path);
	assert_null(b);
	close(fd);
	unlink(path);
	free(text);
}

static void missing_file(void **state)
{
	struct conf_block *b = NULL;
	struct conf_error err;

	(void)state;
	refused(conf_parse(&b, "/nonexistent/x", NULL, &err), &err,
		"No such file");
	assert_int_equal(err.line, 0);
	refused(conf_parse(&b, "/", NULL, &err), &err, "Is a directory");
	refused(conf_parse(&b, "/dev/zero", NULL, &err), &err, "1 MiB");
	refused(conf_parse(&b, "", NULL, &err), &err, "No such file");
	assert_null(b);
}

static void many_statements(void **state)
{
	char *text = malloc(200001);
	struct conf_block *b;

	(void)state;
	for (int i = 0; i < 100000; i++)
		memcpy(text + 2 * i, "a;", 2);
	text[200000] = 0;
	b = parse(text);
	assert_int_equal(b->cnt, 100000);
	assert_int_equal(b->stmts[99999].loc.col, 199999);
	conf_free(b);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "the tree keeps words, blocks and places", tree, NULL, NULL, NULL },
		{ "words of a variable stand where it is used", expansion_place, NULL, NULL, NULL },
		{ "a statement has the words and the block of its usage", word_counts, NULL, NULL, NULL },
		{ "a choice names what can be chosen", choices, NULL, NULL, NULL },
		{ "hints name the nearest known word", nearest, NULL, NULL, NULL },
		{ "an error without a place prints its message", print_without_place, NULL, NULL, NULL },
		{ "messages are cut to their buffers", message_bounds, NULL, NULL, NULL },
		{ "a text has at most 1 MiB", largest_text, NULL, NULL, NULL },
		{ "a file has at most 1 MiB", largest_file, NULL, NULL, NULL },
		{ "a file that can not be read is named", missing_file, NULL, NULL, NULL },
		{ "a hundred thousand statements parse", many_statements, NULL, NULL, NULL },
	};

	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
