/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The prober as a process, against servers of the test's own on the loopback:
 * what counts as healthy, that one that hangs delays nobody, what it may do, and
 * that nothing is left behind. Needs root, to be given up.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "loader/control.h"
#include "userspace/log.h"
#include "userspace/prober.h"
#include "userspace/target_json.h"

#define MS (NF_SEC / 1000)

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

/* --- servers --- */

static uint16_t http_port, http6_port, full_port, closed_port;
static char last_request[2048];	/* of the path /note */

static int listen_on(int family, int backlog, uint16_t *port)
{
	struct sockaddr_in6 sa6 = { .sin6_family = AF_INET6,
				    .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in sa4 = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr *sa = family == AF_INET ? (void *)&sa4 : (void *)&sa6;
	socklen_t len = family == AF_INET ? sizeof(sa4) : sizeof(sa6);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, sa, len), 0);
	assert_int_equal(listen(fd, backlog), 0);
	assert_int_equal(getsockname(fd, sa, &len), 0);
	*port = ntohs(family == AF_INET ? sa4.sin_port : sa6.sin6_port);
	return fd;
}

static const char *answer_to(const char *request)
{
	if (strstr(request, "GET /503 "))
		return "HTTP/1.1 503 Sorry\r\nContent-Length: 0\r\n\r\n";
	if (strstr(request, "GET /302 "))
		return "HTTP/1.1 302 Found\r\nLocation: /503\r\nContent-Length: 0\r\n\r\n";
	if (strstr(request, "GET /garbage "))
		return "\x01\x02 nonsense\r\n\r\n";
	if (strstr(request, "GET /half "))
		return "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc";
	return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
}

static void send_endless(int fd)
{
	char page[4096] = "HTTP/1.1 200 OK\r\n\r\n";

	while (send(fd, page, sizeof(page), MSG_NOSIGNAL) > 0)
		;
}

static void *serve_one(void *arg)
{
	int fd = (intptr_t)arg;
	char request[2048];
	ssize_t n = recv(fd, request, sizeof(request) - 1, 0);

	request[n > 0 ? n : 0] = '\0';
	if (strstr(request, "GET /note "))
		memcpy(last_request, request, sizeof(last_request));
	if (strstr(request, "GET /hang "))
		recv(fd, request, sizeof(request), 0);	/* until it goes */
	else if (strstr(request, "GET /endless "))
		send_endless(fd);
	else if (n > 0)
		send(fd, answer_to(request), strlen(answer_to(request)),
		     MSG_NOSIGNAL);
	/* half an answer: and nothing more */
	if (strstr(request, "GET /half "))
		recv(fd, request, sizeof(request), 0);
	close(fd);
	return NULL;
}

static void *serve(void *arg)
{
	int lfd = (intptr_t)arg;

	for (;;) {
		pthread_t t;
		int fd = accept4(lfd, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			return NULL;
		if (!pthread_create(&t, NULL, serve_one, (void *)(intptr_t)fd))
			pthread_detach(t);
	}
}

/* Its backlog is full: it answers no SYN. */
static void fill_backlog(uint16_t port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	for (int i = 0; i < 4; i++) {
		int fd = socket(AF_INET,
				SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

		connect(fd, (struct sockaddr *)&sa, sizeof(sa));
	}
}

static int servers(void **state)
{
	pthread_t t;
	int fd;

	(void)state;
	fd = listen_on(AF_INET, 512, &http_port);
	pthread_create(&t, NULL, serve, (void *)(intptr_t)fd);
	fd = listen_on(AF_INET6, 512, &http6_port);
	pthread_create(&t, NULL, serve, (void *)(intptr_t)fd);
	listen_on(AF_INET, 0, &full_port);
	fill_backlog(full_port);
	close(listen_on(AF_INET, 1, &closed_port));
	return 0;
}

/* --- the prober --- */

static pid_t pid;
static int fd_to;

static int prober_begin(void **state)
{
	int fds[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return -1;
	pid = fork();
	if (!pid) {
		log_open("test prober");
		_exit(prober_run(fds[1]));
	}
	close(fds[1]);
	fd_to = fds[0];
	return 0;
}

static int prober_end(void **state)
{
	int status;

	(void)state;
	close(fd_to);
	for (int i = 0; i < 300; i++, usleep(10000))
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 :
									   -1;
	kill(pid, SIGKILL);
	return -1;
}

static struct nf_target target(uint32_t id, uint8_t kind, const char *path,
			       uint16_t port)
{
	struct nf_target t = {
		.id = id, .family = 4, .port = port,
		.addr.a[0] = htonl(INADDR_LOOPBACK), .up = true, .name = "t",
		.check = { .kind = kind, .rise = 1, .fall = 1,
			   .status_first = 200, .status_last = 399,
			   .interval = 200 * MS, .timeout = 150 * MS },
	};

	snprintf(t.check.path, sizeof(t.check.path), "%s", path);
	return t;
}

static void send_targets(const struct nf_target *t, uint32_t cnt, bool first,
			 bool last)
{
	json_t *list = json_array(), *msg;

	for (uint32_t i = 0; i < cnt; i++)
		json_array_append_new(list, target_to_json(&t[i]));
	msg = json_pack("{s:s, s:i, s:b, s:b, s:o}", "cmd", "targets", "nf", 3,
			"first", first, "last", last, "targets", list);
	assert_int_equal(control_send(fd_to, msg), 0);
	json_decref(msg);
}

#define IDS 600

static struct {
	int told[IDS];
	bool up[IDS];
	int64_t at_ms[IDS];
	char why[IDS][128];
} heard;

/* What it says within a time, or until somebody is told. */
static void hear(int ms, uint32_t until)
{
	int64_t end = now_ms() + ms;
	json_t *msg;

	while (now_ms() < end && (!until || !heard.told[until])) {
		uint32_t id;

		if (control_recv(fd_to, &msg, 20))
			continue;
		assert_string_equal(json_string_value(json_object_get(
					    msg, "event")), "health");
		assert_int_equal(json_integer_value(json_object_get(msg,
								    "nf")), 3);
		id = json_integer_value(json_object_get(msg, "id"));
		assert_in_range(id, 1, IDS - 1);
		heard.told[id]++;
		heard.up[id] = json_is_true(json_object_get(msg, "up"));
		heard.at_ms[id] = now_ms();
		snprintf(heard.why[id], sizeof(heard.why[id]), "%s",
			 json_string_value(json_object_get(msg, "why")));
		json_decref(msg);
	}
}

static const struct {
	uint8_t kind;
	const char *path;
	uint16_t *port;
	bool good;
	const char *why;
} cases[] = {
	{ NF_CHECK_TCP, "", &http_port, true, "connected" },
	{ NF_CHECK_HTTP, "/", &http_port, true, "status 200" },
	{ NF_CHECK_HTTP, "/302", &http_port, true, "status 302" },
	{ NF_CHECK_HTTP, "/endless", &http_port, true, "status 200" },
	{ NF_CHECK_HTTP, "/503", &http_port, false, "status 503" },
	{ NF_CHECK_HTTP, "/garbage", &http_port, false, "" },
	{ NF_CHECK_HTTP, "/hang", &http_port, false, "timed out" },
	{ NF_CHECK_HTTP, "/half", &http_port, false, "timed out" },
	{ NF_CHECK_TCP, "", &closed_port, false, "connect" },
	{ NF_CHECK_HTTP, "/", &closed_port, false, "connect" },
	{ NF_CHECK_TCP, "", &full_port, false, "imed out" },
	{ NF_CHECK_HTTP, "/", &full_port, false, "imed out" },
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

/* Each twice: taken to be up, and taken to be down. */
static void what_is_healthy_and_what_is_not(void **state)
{
	struct nf_target t[2 * CASES];

	(void)state;
	memset(&heard, 0, sizeof(heard));
	for (uint32_t i = 0; i < 2 * CASES; i++) {
		t[i] = target(i + 1, cases[i / 2].kind, cases[i / 2].path,
			      *cases[i / 2].port);
		t[i].up = i % 2;
		/* a busy machine is no failure */
		t[i].check.interval = 500 * MS;
		t[i].check.timeout = 400 * MS;
		t[i].check.fall = 2;
	}
	send_targets(t, 2 * CASES, true, true);
	hear(2500, 0);
	for (uint32_t i = 0; i < 2 * CASES; i++) {
		bool good = cases[i / 2].good;
		bool changes = t[i].up != good;

		if (heard.told[i + 1] != changes ||
		    (changes && heard.up[i + 1] != good))
			fail_msg("%s of port %u, %s: told %d times, up %d, %s",
				 cases[i / 2].path, t[i].port,
				 t[i].up ? "up" : "down", heard.told[i + 1],
				 heard.up[i + 1], heard.why[i + 1]);
		if (changes && !strstr(heard.why[i + 1], cases[i / 2].why))
			fail_msg("%s: no '%s' in '%s'", cases[i / 2].path,
				 cases[i / 2].why, heard.why[i + 1]);
	}
}

static void ipv6_and_the_request(void **state)
{
	struct nf_target t[2];

	(void)state;
	memset(&heard, 0, sizeof(heard));
	t[0] = target(1, NF_CHECK_HTTP, "/", http6_port);
	t[0].up = false;
	t[0].family = 6;
	t[0].addr = (struct nf_addr){ { 0, 0, 0, htonl(1) } };
	t[1] = target(2, NF_CHECK_HTTP, "/note", http_port);
	t[1].up = false;
	snprintf(t[1].check.host, sizeof(t[1].check.host), "www.example.org");
	send_targets(t, 2, true, true);
	hear(1000, 1);
	hear(1000, 2);
	assert_true(heard.up[1]);
	assert_true(heard.up[2]);
	assert_non_null(strstr(last_request, "GET /note HTTP/1.1\r\n"));
	assert_non_null(strstr(last_request, "\r\nHost: www.example.org\r\n"));
	assert_non_null(strstr(last_request, "\r\nConnection: close\r\n"));
	assert_null(strstr(last_request, "Host: 127"));
}

/* 500 that hang, with the longest timeout; one that answers. */
static void those_that_hang_delay_nobody(void **state)
{
	static struct nf_target t[64];
	struct nf_target good = target(501, NF_CHECK_HTTP, "/", http_port);
	int64_t begun;

	(void)state;
	memset(&heard, 0, sizeof(heard));
	for (uint32_t id = 1; id <= 500; id += 64) {
		uint32_t n = 501 - id < 64 ? 501 - id : 64;

		for (uint32_t i = 0; i < n; i++) {
			t[i] = target(id + i, NF_CHECK_HTTP, "/", full_port);
			t[i].check.interval = 10 * NF_SEC;
			t[i].check.timeout = 10 * NF_SEC;
		}
		send_targets(t, n, id == 1, false);
	}
	good.up = false;
	begun = now_ms();
	send_targets(&good, 1, false, true);
	hear(5000, 501);
	assert_true(heard.up[501]);
	/* its first check begins within its interval of 200 ms */
	assert_in_range(heard.at_ms[501] - begun, 0, 1000);
}

static void rise_and_fall_are_kept_while_lists_are_sent_anew(void **state)
{
	struct nf_target t[2];

	(void)state;
	memset(&heard, 0, sizeof(heard));
	t[0] = target(1, NF_CHECK_TCP, "", closed_port);
	t[1] = target(2, NF_CHECK_TCP, "", closed_port);
	t[0].check.fall = t[1].check.fall = 6;	/* 1.2 s */
	send_targets(t, 2, true, true);
	hear(700, 0);
	assert_int_equal(heard.told[1] + heard.told[2], 0);
	send_targets(t, 1, true, true);		/* without the second */
	hear(1500, 1);
	assert_int_equal(heard.told[1], 1);
	assert_false(heard.up[1]);
	hear(600, 0);
	assert_int_equal(heard.told[1], 1);
	assert_int_equal(heard.told[2], 0);
}

static int open_files(void)
{
	char path[64];
	struct dirent *e;
	int n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	assert_non_null(dir);
	while ((e = readdir(dir)))
		n += e->d_name[0] != '.';
	closedir(dir);
	return n;
}

static bool status_has(const char *line)
{
	char path[64], text[256];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "r");
	while (f && fgets(text, sizeof(text), f))
		found |= !strncmp(text, line, strlen(line));
	if (f)
		fclose(f);
	return found;
}

static void it_has_no_rights_and_leaves_no_descriptor(void **state)
{
	struct nf_target t[2];
	int before, after;

	(void)state;
	memset(&heard, 0, sizeof(heard));
	t[0] = target(1, NF_CHECK_TCP, "", http_port);
	t[1] = target(2, NF_CHECK_HTTP, "/endless", http_port);
	for (int i = 0; i < 2; i++) {
		t[i].up = false;
		t[i].check.interval = t[i].check.timeout = 20 * MS;
	}
	send_targets(t, 2, true, true);
	hear(1000, 1);
	hear(1000, 2);
	before = open_files();
	hear(2000, 0);			/* some 200 checks */
	after = open_files();
	assert_in_range(after, 0, before + 2);	/* of checks under way */
	assert_true(status_has("CapEff:\t0000000000000000"));
	assert_true(status_has("CapBnd:") && status_has("NoNewPrivs:\t1"));
	assert_true(status_has("Uid:\t65534\t65534\t65534\t65534"));
	assert_true(status_has("Seccomp:\t2"));
}

/* Messages that make no sense end nothing. */
static void nonsense_is_ignored(void **state)
{
	static const char *const bad[] = {
		"{}", "{\"cmd\":\"targets\"}",
		"{\"cmd\":\"targets\",\"nf\":3,\"targets\":[7,{},null]}",
		"{\"cmd\":\"targets\",\"nf\":\"x\",\"targets\":{\"a\":1}}",
	};
	struct nf_target t = target(1, NF_CHECK_HTTP, "/", http_port);

	(void)state;
	memset(&heard, 0, sizeof(heard));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_true(send(fd_to, bad[i], strlen(bad[i]), 0) > 0);
	assert_true(send(fd_to, "\xff{", 2, 0) > 0);
	t.up = false;
	send_targets(&t, 1, true, true);
	hear(2000, 1);
	assert_true(heard.up[1]);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, prober_begin, prober_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_healthy_and_what_is_not),
		TEST(ipv6_and_the_request),
		TEST(those_that_hang_delay_nobody),
		TEST(rise_and_fall_are_kept_while_lists_are_sent_anew),
		TEST(it_has_no_rights_and_leaves_no_descriptor),
		TEST(nonsense_is_ignored),
	};

	if (geteuid()) {
		printf("1..0 # SKIP needs root\n");
		return 0;
	}
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("prober", tests, servers, NULL);
}
