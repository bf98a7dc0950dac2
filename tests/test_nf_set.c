/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Statements to an NF that runs: their texts on the way, and at the engine. */
#include "tests/engine_box.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chains/conf.h"
#include "loader/control.h"
#include "loader/texts.h"

#define FILE_OF(name, text) { name, text, sizeof(text) - 1 }

/* --- given texts --- */

static void given_texts_include_each_other(void **state)
{
	const struct conf_file files[] = {
		FILE_OF("statements", "include \"a.nf\"; last;"),
		FILE_OF("a.nf", "one; include \"b.nf\""),
		FILE_OF("b.nf", "two;"),
	};
	struct conf_error err;
	struct conf_block *b;

	(void)state;
	assert_int_equal(conf_parse_given(&b, files, 3, &err), 0);
	assert_int_equal(b->cnt, 3);
	assert_string_equal(b->stmts[1].words[0].text, "two");
	assert_string_equal(b->stmts[1].loc.file, "b.nf");
	conf_free(b);
}

static void expect_refused(const struct conf_file *files, size_t cnt,
			   const char *say, int line, const char *hint)
{
	struct conf_block *b = NULL;
	struct conf_error err;

	assert_int_equal(conf_parse_given(&b, files, cnt, &err), -1);
	assert_null(b);
	assert_non_null(strstr(err.message, say));
	assert_int_equal(err.line, line);
	assert_non_null(strstr(err.hint, hint));
}

/* /etc/passwd is there, but nothing is opened. */
static void given_texts_open_no_file(void **state)
{
	const struct conf_file out[] = {
		FILE_OF("statements", "\ninclude \"/etc/passwd\"") };
	const struct conf_file cycle[] = {
		FILE_OF("statements", "include \"a\""),
		FILE_OF("a", "include \"statements\"") };
	const struct conf_file bad[] = { FILE_OF("statements", "a;\nb {") };

	(void)state;
	expect_refused(out, 1, "/etc/passwd", 2, "file NAME");
	expect_refused(cycle, 2, "includes itself", 1, "");
	expect_refused(bad, 1, "", 2, "");
}

static void an_nf_reads_a_given_file(void **state)
{
	const struct conf_file files[] = { FILE_OF("statements", "rules r s;"),
					   FILE_OF("r", "x\0\xff{") };
	struct conf_error err;
	struct conf_block *b;
	const char *text, *again;
	size_t len;

	(void)state;
	assert_int_equal(conf_parse_given(&b, files, 2, &err), 0);
	assert_int_equal(conf_file_text(&b->stmts[0].words[1], 4, &text, &len,
					&err), 0);
	assert_int_equal(len, 4);
	assert_memory_equal(text, "x\0\xff{", 5);
	assert_int_equal(conf_file_text(&b->stmts[0].words[1], 4, &again,
					&len, &err), 0);
	assert_ptr_equal(text, again);
	assert_int_equal(conf_file_text(&b->stmts[0].words[2], 4, &text, &len,
					&err), -1);
	assert_int_equal(err.col, 9);
	conf_free(b);
}

static void an_nf_reads_a_file_beside_the_chain_file(void **state)
{
	char dir[] = "/tmp/nfold-test-XXXXXX", path[64], conf[64];
	struct conf_error err;
	struct conf_block *b;
	const char *text;
	size_t len;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/r", dir);
	snprintf(conf, sizeof(conf), "%s/c", dir);
	f = fopen(path, "w");
	assert_true(f && fputs("12345", f) >= 0 && !fclose(f));
	assert_int_equal(conf_parse(&b, conf, "rules r none;", &err), 0);
	assert_int_equal(conf_file_text(&b->stmts[0].words[1], 5, &text, &len,
					&err), 0);
	assert_string_equal(text, "12345");
	assert_int_equal(conf_file_text(&b->stmts[0].words[2], 5, &text, &len,
					&err), -1);
	assert_non_null(strstr(err.message, "No such file"));
	conf_free(b);
	assert_int_equal(conf_parse(&b, conf, "rules r;", &err), 0);
	assert_int_equal(conf_file_text(&b->stmts[0].words[1], 4, &text, &len,
					&err), -1);
	assert_non_null(strstr(err.message, "larger than"));
	conf_free(b);
	unlink(path);
	rmdir(dir);
}

/* --- on the way --- */

static json_t *message(const struct conf_file *files, size_t cnt)
{
	return json_pack("{s:s, s:o}", "cmd", "set", "texts",
			 texts_json(files, cnt));
}

static void texts_of_16_mib_arrive(void **state)
{
	const size_t big = CONF_GIVEN_MAX - 5;
	char *text = malloc(big);
	const struct conf_file files[] = { FILE_OF("s", "a;\nb;"),
					   { "big", text, big } };
	json_t *msg = message(files, 2), *got;
	int fds[2], passed;
	struct texts t;

	(void)state;
	memset(text, 'x', big);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	passed = texts_new(files, 2);
	assert_true(passed >= 0);
	assert_int_equal(control_send_fd(fds[0], msg, passed), 0);
	close(passed);
	assert_int_equal(control_recv_fd(fds[1], &got, &passed, 1000), 0);
	assert_true(passed >= 0);
	assert_null(texts_check(got, passed));
	assert_int_equal(texts_open(&t, got, passed), 0);
	assert_int_equal(fcntl(passed, F_GETFD), -1);
	assert_int_equal(t.cnt, 2);
	assert_string_equal(t.files[1].name, "big");
	assert_int_equal(t.files[1].len, big);
	assert_memory_equal(t.files[0].text, "a;\nb;", 5);
	assert_memory_equal(t.files[1].text, text, big);
	texts_free(&t);
	json_decref(got);
	json_decref(msg);
	free(text);
	close(fds[0]);
	close(fds[1]);
}

static void a_message_without_descriptor_has_none(void **state)
{
	json_t *msg = json_pack("{s:i}", "a", 1), *got;
	int fds[2], passed = 7;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	assert_int_equal(control_send(fds[0], msg), 0);
	assert_int_equal(control_recv_fd(fds[1], &got, &passed, 1000), 0);
	assert_int_equal(passed, -1);
	json_decref(got);
	/* not asked for: it is not kept open by who receives it */
	passed = dup(fds[0]);
	assert_int_equal(control_send_fd(fds[0], msg, passed), 0);
	assert_int_equal(control_recv(fds[1], &got, 1000), 0);
	json_decref(got);
	json_decref(msg);
	close(passed);
	close(fds[0]);
	assert_int_equal(control_recv(fds[1], &got, 1000), -ENODATA);
	close(fds[1]);
}

static void refuse_texts(const char *json, int fd, const char *say)
{
	json_error_t je;
	json_t *msg = json_loads(json, 0, &je);
	const char *why;

	assert_non_null(msg);
	why = texts_check(msg, fd);
	assert_non_null(why);
	assert_non_null(strstr(why, say));
	json_decref(msg);
}

static void what_could_change_under_the_engine_is_refused(void **state)
{
	static const struct conf_file files[] = { FILE_OF("s", "a;") };
	const char *good = "{\"texts\":[{\"name\":\"s\",\"len\":2}]}";
	int sealed = texts_new(files, 1);
	int loose = memfd_create("t", MFD_ALLOW_SEALING);

	(void)state;
	assert_int_equal(write(loose, "a;", 2), 2);
	refuse_texts(good, -1, "no descriptor");
	refuse_texts(good, loose, "not a sealed memfd");
	refuse_texts(good, STDIN_FILENO, "not a sealed memfd");
	refuse_texts("{\"texts\":[{\"name\":\"s\",\"len\":3}]}", sealed, "size");
	refuse_texts("{\"texts\":[{\"name\":\"s\",\"len\":-1}]}", sealed, "1 to");
	refuse_texts("{\"texts\":[{\"name\":7,\"len\":2}]}", sealed, "1 to");
	refuse_texts("{\"texts\":[{\"len\":2}]}", sealed, "1 to");
	refuse_texts("{\"texts\":[]}", sealed, "1 to");
	refuse_texts("{\"texts\":7}", sealed, "1 to");
	refuse_texts("{}", sealed, "1 to");
	refuse_texts("{\"texts\":[{\"name\":\"s\",\"len\":99999999}]}", sealed,
		     "1 to");
	close(loose);
	close(sealed);
}

/* --- at the engine --- */

static char last_set[64];

static int fake_set(struct nf *nf, const struct conf_block *block,
		    struct conf_error *err)
{
	if (!strcmp(block->stmts[0].words[0].text, "bad"))
		return conf_fail(err, &block->stmts[0].loc, "write good",
				 "bad is not good");
	snprintf(last_set, sizeof(last_set), "%u %s", nf->index,
		 block->stmts[0].words[0].text);
	return 0;
}

static const struct nf_ops takes_ops = { .name = "takes",
					 .packet = gate_packet,
					 .set = fake_set };

static int setup_set(void **state)
{
	static const struct nf_ops *const ops[] = { &takes_ops, &gate_ops,
						    &takes_ops };

	(void)state;
	memset(&box, 0, sizeof(box));
	last_set[0] = '\0';
	for (int i = 0; i < 3; i++) {
		box.nf[i].ops = ops[i];
		box.nfs[i] = &box.nf[i];
	}
	box_start_nfs(true, 64, 0);
	return 0;
}

static int nf_set(const char *nf, const char *text, struct conf_error *err)
{
	struct conf_file file = { "statements", text, strlen(text) };
	struct conf_block *b;
	int ret;

	assert_int_equal(conf_parse_given(&b, &file, 1, err), 0);
	ret = engine_nf_set(box.e, nf, b, err);
	conf_free(b);
	return ret;
}

static void statements_reach_the_nf_they_name(void **state)
{
	struct conf_error err = { 0 };

	(void)state;
	assert_int_equal(nf_set("takes", "a;", &err), 0);
	assert_string_equal(last_set, "0 a");
	assert_int_equal(nf_set("takes#2", "b;", &err), 0);
	assert_string_equal(last_set, "2 b");
	assert_int_equal(nf_set("takes#3", "c;", &err), -ENOENT);
	assert_int_equal(nf_set("gate", "c;", &err), -EOPNOTSUPP);
	assert_int_equal(nf_set("takes", "bad;", &err), -EINVAL);
	assert_int_equal(err.line, 1);
	assert_string_equal(err.source, "bad;");
	assert_string_equal(last_set, "2 b");
}

#undef TEST
#define TEST(t) cmocka_unit_test(t)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(given_texts_include_each_other),
		TEST(given_texts_open_no_file),
		TEST(an_nf_reads_a_given_file),
		TEST(an_nf_reads_a_file_beside_the_chain_file),
		TEST(texts_of_16_mib_arrive),
		TEST(a_message_without_descriptor_has_none),
		TEST(what_could_change_under_the_engine_is_refused),
		cmocka_unit_test_setup_teardown(
			statements_reach_the_nf_they_name, setup_set,
			teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
