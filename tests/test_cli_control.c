/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Control messages over real sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "loader/control.h"

static char dir[] = "/tmp/nfold-test-XXXXXX";
static char path[64];

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/sock", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static void pair(int fds[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
}

static void *send_big(void *arg)
{
	int fd = *(int *)arg;
	char *text = calloc(1, 900000);
	json_t *msg;
	long err;

	memset(text, 'x', 899999);
	msg = json_pack("{s:s}", "text", text);
	err = control_send(fd, msg);
	json_decref(msg);
	free(text);
	return (void *)err;
}

static void test_big(void **state)
{
	pthread_t thread;
	json_t *msg;
	void *err;
	int fds[2];

	(void)state;
	pair(fds);
	assert_int_equal(pthread_create(&thread, NULL, send_big, &fds[0]), 0);
	assert_int_equal(control_recv(fds[1], &msg, 5000), 0);
	pthread_join(thread, &err);
	assert_null(err);
	assert_int_equal(json_string_length(json_object_get(msg, "text")),
			 899999);
	json_decref(msg);
	close(fds[0]);
	close(fds[1]);
}

static void test_too_big(void **state)
{
	char *text = calloc(1, CONTROL_MSG_MAX + 1);
	json_t *msg;
	int fds[2];

	(void)state;
	pair(fds);
	memset(text, 'x', CONTROL_MSG_MAX);
	msg = json_pack("{s:s}", "text", text);
	assert_int_equal(control_send(fds[0], msg), -EMSGSIZE);
	json_decref(msg);
	free(text);
	close(fds[0]);
	close(fds[1]);
}

static void test_bad(void **state)
{
	static const char *const bad[] = { "{", "[1]", "7", "{\"a\":1}x",
					   "{\"a\":1,\"a\":2}", "\xff" };
	json_t *msg = NULL;
	int fds[2];

	(void)state;
	pair(fds);
	for (size_t n = 0; n < sizeof(bad) / sizeof(bad[0]); n++) {
		assert_true(send(fds[0], bad[n], strlen(bad[n]), 0) > 0);
		assert_int_equal(control_recv(fds[1], &msg, 1000), -EBADMSG);
	}
	assert_int_equal(control_recv(fds[1], &msg, 10), -ETIMEDOUT);
	close(fds[0]);
	assert_int_equal(control_recv(fds[1], &msg, 1000), -ENODATA);
	assert_null(msg);
	close(fds[1]);
}

static void test_listen(void **state)
{
	struct stat st;
	int fd, second;

	(void)state;
	assert_int_equal(control_connect(path), -ENOENT);
	fd = control_listen(path);
	assert_true(fd >= 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_int_equal(control_listen(path), -EADDRINUSE);
	second = control_connect(path);
	assert_true(second >= 0);
	close(second);
	close(fd);
	assert_int_equal(control_connect(path), -ECONNREFUSED);
	fd = control_listen(path);
	assert_true(fd >= 0);
	close(fd);
}

static void test_not_a_socket(void **state)
{
	char file[80];
	FILE *f;

	(void)state;
	snprintf(file, sizeof(file), "%s/file", dir);
	f = fopen(file, "w");
	assert_non_null(f);
	fclose(f);
	assert_int_equal(control_listen(file), -EEXIST);
	assert_int_equal(access(file, F_OK), 0);
	unlink(file);
}

static void test_long_path(void **state)
{
	char text[200];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[0] = '/';
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(control_connect(text), -ENAMETOOLONG);
	assert_int_equal(control_listen(text), -ENAMETOOLONG);
}

#define TEST(name, func) { name, func, NULL, NULL, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("a message larger than the default buffer arrives whole",
		     test_big),
		TEST("a message above the limit is refused by the sender",
		     test_too_big),
		TEST("what is no JSON object is refused", test_bad),
		TEST("a socket in use is kept, a left-over one replaced",
		     test_listen),
		TEST("a file that is no socket is not removed",
		     test_not_a_socket),
		TEST("a path that does not fit is refused", test_long_path),
	};

	return cmocka_run_group_tests_name("cli control", tests, setup,
					   teardown);
}
