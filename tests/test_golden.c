/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Golden chain files: tests/golden/NAME.in loads and prints as NAME.ok, or is
 * refused with exactly the text in NAME.err. What is printed loads again and
 * prints the same. The first line of a file says what it shows.
 * NFOLD_GOLDEN_UPDATE=1 writes the expectations anew; read the diff.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <glob.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/chain_stub.h"

static char *chains_text(const struct chain_file *f)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	for (uint32_t i = 0; i < f->cnt; i++) {
		char *one = chain_print(&f->chains[i]);

		assert_non_null(one);
		fprintf(out, "%s%s", i ? "\n" : "", one);
		free(one);
	}
	assert_int_equal(fclose(out), 0);
	return text;
}

static char *error_text(const struct conf_error *err)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	conf_error_print(out, err);
	assert_int_equal(fclose(out), 0);
	return text;
}

/* NULL: no such file. */
static char *read_file(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!in)
		return NULL;
	if (getdelim(&text, &size, '\0', in) < 0 && text)
		*text = 0;
	fclose(in);
	return text;
}

static void write_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

/* /a/b.in and .ok: /a/b.ok */
static void sibling(char *buf, size_t size, const char *in, const char *ext)
{
	snprintf(buf, size, "%.*s%s", (int)strlen(in) - 3, in, ext);
}

static void compare(const char *in, const char *ext, const char *other,
		    const char *text)
{
	char path[512], old[512], *want;

	sibling(path, sizeof(path), in, ext);
	sibling(old, sizeof(old), in, other);
	if (getenv("NFOLD_GOLDEN_UPDATE")) {
		write_file(path, text);
		unlink(old);
	}
	assert_int_not_equal(access(old, F_OK), 0);
	want = read_file(path);
	if (!want)
		fail_msg("%s is not there; it would be:\n%s", path, text);
	assert_string_equal(text, want);
	free(want);
}

static void round_trip(const char *text)
{
	struct conf_error err;
	struct chain_file *f;
	char *again;

	if (chain_load(&f, "printed", text, &err)) {
		conf_error_print(stdout, &err);
		fail_msg("what was printed does not load:\n%s", text);
	}
	again = chains_text(f);
	assert_string_equal(again, text);
	free(again);
	chain_file_free(f);
}

static void golden(void **state)
{
	const char *in = *state;
	struct chain_file *f = NULL;
	struct conf_error err;
	char *text;

	if (chain_load(&f, in, NULL, &err)) {
		assert_null(f);
		text = error_text(&err);
		compare(in, ".err", ".ok", text);
	} else {
		text = chains_text(f);
		chain_file_free(f);
		compare(in, ".ok", ".err", text);
		round_trip(text);
	}
	free(text);
	assert_int_equal(stub_instances, 0);
}

/* "NAME: what its first line says" */
static char *title(const char *path)
{
	const char *base = strrchr(path, '/') + 1;
	char line[256] = "", *name, *from;
	FILE *in = fopen(path, "r");

	assert_non_null(in);
	if (fgets(line, sizeof(line), in))
		line[strcspn(line, "\r\n")] = 0;
	fclose(in);
	from = strstr(line, "# ");
	if (asprintf(&name, "%.*s: %s", (int)strlen(base) - 3, base,
		     from ? from + 2 : "") < 0)
		abort();
	return name;
}

int main(void)
{
	struct CMUnitTest *tests;
	glob_t g;
	int failed;

	if (glob("tests/golden/*.in", 0, NULL, &g))
		return 1;
	tests = calloc(g.gl_pathc, sizeof(*tests));
	for (size_t i = 0; i < g.gl_pathc; i++) {
		tests[i].name = title(g.gl_pathv[i]);
		tests[i].test_func = golden;
		tests[i].initial_state = g.gl_pathv[i];
	}
	failed = _cmocka_run_group_tests("golden", tests, g.gl_pathc, NULL,
					 NULL);
	for (size_t i = 0; i < g.gl_pathc; i++)
		free((char *)tests[i].name);
	free(tests);
	globfree(&g);
	return failed;
}
