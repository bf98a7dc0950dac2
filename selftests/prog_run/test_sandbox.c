/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The engine's sandbox: what it must still do, and what ends it. Each case is a
 * child process with a second thread, as an engine has. Needs root.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
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
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <cmocka.h>

#include "userspace/sandbox.h"
#include "userspace/workers.h"

#define HELD 77		/* exit code: the sandbox was entered, the try refused */

static void *sleeper(void *arg)
{
	int *fd = arg;
	char c;

	if (recv(*fd, &c, 1, 0) == 1)	/* a word from outside: try it here */
		_exit(open("/etc/passwd", O_RDONLY) < 0 ? HELD : 0);
	return NULL;
}

static bool with_pool;
static struct workers *pool;	/* for payload state functions */

static void confine(int *fd)
{
	const char *what = "";
	pthread_t t;

	if (pthread_create(&t, NULL, sleeper, fd))
		_exit(2);
	if (with_pool && workers_new(&pool, 2))
		_exit(2);
	if (sandbox_enter(SANDBOX_ENGINE, 0, &what)) {
		fprintf(stderr, "sandbox: %s\n", what);
		_exit(3);
	}
}

/* Runs attempt() inside; returns the status of wait(2). poke: when the sandbox
 * is entered, tells the other thread to try something. */
static int run_in(void (*attempt)(int fd), bool poke)
{
	int fds[2], ready[2], status;
	pid_t pid;
	char c;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		close(fds[0]);
		alarm(20);	/* a case that hangs fails */
		confine(&fds[1]);
		send(ready[1], "r", 1, 0);
		attempt(ready[1]);
		_exit(HELD);
	}
	close(fds[1]);
	close(ready[1]);
	recv(ready[0], &c, 1, 0);
	if (poke)
		send(fds[0], "x", 1, MSG_NOSIGNAL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(fds[0]);
	close(ready[0]);
	return status;
}

/* Sanitizers want some calls refused instead (sandbox_filter.c). */
static void assert_killed(int status)
{
#if defined(__SANITIZE_ADDRESS__)
	if (WIFEXITED(status) && WEXITSTATUS(status) == HELD)
		return;
#endif
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
}

/* --- attempts --- */

static void try_open(int fd)
{
	(void)fd;
	if (open("/etc/passwd", O_RDONLY) >= 0)
		_exit(0);
}

static void try_socket(int fd)
{
	(void)fd;
	if (socket(AF_INET, SOCK_STREAM, 0) >= 0)
		_exit(0);
}

static void try_exec(int fd)
{
	char *argv[] = { "/bin/true", NULL };

	(void)fd;
	execve(argv[0], argv, NULL);
}

static void try_ptrace(int fd)
{
	(void)fd;
	ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static void try_fork(int fd)
{
	(void)fd;
	if (fork() >= 0)
		_exit(0);
}

static void try_prog_load(int fd)
{
	(void)fd;
	bpf_map_create(BPF_MAP_TYPE_HASH, NULL, 4, 4, 1, NULL);
}

static void try_exec_memory(int fd)
{
	(void)fd;
	mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
	     0);
}

static void try_chroot(int fd)
{
	(void)fd;
	(void)!chroot("/");
}

static int udp_fd;

/* A connected socket would take it. */
static void try_send_elsewhere(int fd)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9),
				  .sin_addr.s_addr = htonl(0x7f000002) };

	(void)fd;
	if (sendto(udp_fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)) >= 0)
		_exit(0);
}

static void try_sendmsg(int fd)
{
	struct msghdr msg = { 0 };

	(void)fd;
	sendmsg(udp_fd, &msg, 0);
}

static void do_send(int fd)
{
	(void)fd;
	if (send(udp_fd, "x", 1, MSG_DONTWAIT) != 1)
		_exit(4);
}

static void try_connect(int fd)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9),
				  .sin_addr.s_addr = htonl(0x7f000002) };

	(void)fd;
	connect(udp_fd, (struct sockaddr *)&to, sizeof(to));
}

static void try_nothing(int fd)
{
	for (;;)
		poll(&(struct pollfd){ .fd = fd }, 1, 1000);
}

static int map_fd;

/* What an engine does all day. */
static void do_work(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint32_t key = 1, value = 2;
	struct timespec ts;
	void *m = malloc(1 << 24);

	if (!m)
		_exit(4);
	memset(m, 1, 1 << 24);
	free(m);
	if (clock_gettime(CLOCK_MONOTONIC, &ts) || poll(&p, 1, 1) != 0)
		_exit(5);
	if (bpf_map_update_elem(map_fd, &key, &value, BPF_ANY) ||
	    bpf_map_lookup_elem(map_fd, &key, &value) || value != 2 ||
	    bpf_map_delete_elem(map_fd, &key))
		_exit(6);
}

static int jobs_done;		/* atomic */

static void job(void *ctx, unsigned int n)
{
	void *m = malloc(1 << 16 << n);

	if (!m || ctx != &jobs_done)
		_exit(4);
	memset(m, 1, 1 << 16);
	free(m);
	__atomic_add_fetch(&jobs_done, 1, __ATOMIC_SEQ_CST);
}

/* Rounds with and without time to fall asleep in between; and the end. */
static void do_jobs(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	for (int i = 0; i < 300; i++) {
		workers_run(pool, job, &jobs_done, 3);
		if (i % 3 == 0)
			poll(&p, 1, 1);
	}
	workers_free(pool);
	if (jobs_done != 900)
		_exit(5);
}

/* --- tests --- */

static void test_work(void **state)
{
	int status;

	(void)state;
	map_fd = bpf_map_create(BPF_MAP_TYPE_HASH, NULL, 4, 4, 4, NULL);
	assert_true(map_fd >= 0);
	status = run_in(do_work, false);
	close(map_fd);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), HELD);
}

static void test_workers(void **state)
{
	int status;

	(void)state;
	with_pool = true;
	status = run_in(do_jobs, false);
	with_pool = false;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), HELD);
}

/* As an NF's export does: to the collector that the socket is connected to. */
static void test_send(void **state)
{
	int status = run_in(do_send, false);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), HELD);
}

/* A collector on loopback and a socket that is connected to it. */
static int open_collector(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	(void)state;
	udp_fd = socket(AF_INET, SOCK_DGRAM, 0);
	return bind(fd, (struct sockaddr *)&at, len) ||
	       getsockname(fd, (struct sockaddr *)&at, &len) ||
	       connect(udp_fd, (struct sockaddr *)&at, len);
}

static void test_killed(void **state)
{
	assert_killed(run_in((void (*)(int))*state, false));
}

static void test_other_thread(void **state)
{
	(void)state;
	assert_killed(run_in(try_nothing, true));
}

/* Values of "KEY:\t..." lines in a status file; hex or decimal text. */
static void status_word(const char *path, const char *key, char *out, size_t n)
{
	char line[256];
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	*out = 0;
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)))
			snprintf(out, n, "%s", line + strlen(key));
	fclose(f);
}

static void assert_task(pid_t pid, pid_t tid)
{
	static const char *const zero[] = { "CapEff:\t", "CapPrm:\t", "CapInh:\t",
					    "CapAmb:\t" };
	char path[64], word[64];
	size_t i;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", pid, tid);
	for (i = 0; i < sizeof(zero) / sizeof(zero[0]); i++) {
		status_word(path, zero[i], word, sizeof(word));
		assert_string_equal(word, "0000000000000000\n");
	}
	status_word(path, "Uid:\t", word, sizeof(word));
	assert_string_equal(word, "65534\t65534\t65534\t65534\n");
	status_word(path, "Gid:\t", word, sizeof(word));
	assert_string_equal(word, "65534\t65534\t65534\t65534\n");
	status_word(path, "Groups:\t", word, sizeof(word));
	assert_int_equal(strspn(word, " \n"), strlen(word));
	status_word(path, "NoNewPrivs:\t", word, sizeof(word));
	assert_string_equal(word, "1\n");
	status_word(path, "Seccomp:\t", word, sizeof(word));
	assert_string_equal(word, "2\n");
}

static int for_each_task(pid_t pid)
{
	char path[64];
	struct dirent *d;
	DIR *dir;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	assert_non_null(dir);
	while ((d = readdir(dir)))
		if (atoi(d->d_name)) {
			assert_task(pid, atoi(d->d_name));
			n++;
		}
	closedir(dir);
	return n;
}

static void assert_empty_root(pid_t pid)
{
	char path[64], to[256];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	n = readlink(path, to, sizeof(to) - 1);
	assert_true(n > 0);
	to[n] = 0;
	assert_non_null(strstr(to, "(deleted)"));
}

static void test_nothing_left(void **state)
{
	int fds[2], tasks;
	pid_t pid;
	char c;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		confine(&fds[1]);
		send(fds[1], "r", 1, 0);
		try_nothing(fds[1]);
	}
	assert_int_equal(recv(fds[0], &c, 1, 0), 1);
	tasks = for_each_task(pid);
	assert_empty_root(pid);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(tasks, 2);
}

static void test_close_fds(void **state)
{
	int keep[2], other, high;

	(void)state;
	keep[0] = dup(2);
	other = dup(2);
	keep[1] = dup(2);
	high = fcntl(2, F_DUPFD, 500);
	assert_true(keep[0] > 2 && other > 2 && keep[1] > 2 && high >= 500);
	if (!fork()) {
		sandbox_close_fds(keep, 2);
		_exit(fcntl(keep[0], F_GETFD) < 0 || fcntl(2, F_GETFD) < 0 ||
		      fcntl(keep[1], F_GETFD) < 0 ||
		      fcntl(other, F_GETFD) >= 0 || fcntl(high, F_GETFD) >= 0);
	}
	wait(&other);
	assert_int_equal(other, 0);
}

#define KILLED(name, attempt)                                                \
	{ name, test_killed, NULL, NULL, (void *)(attempt) }

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "memory, time, waiting and the overflow map still work",
		  test_work, NULL, NULL, NULL },
		{ "worker threads still work, sleep and end", test_workers, NULL,
		  NULL, NULL },
		{ "no thread has a capability, a user, or a root that is not empty",
		  test_nothing_left, NULL, NULL, NULL },
		{ "descriptors that are not wanted are closed", test_close_fds,
		  NULL, NULL, NULL },
		KILLED("opening a file kills", try_open),
		KILLED("a new socket kills", try_socket),
		{ "a datagram to the collector is sent", test_send, NULL, NULL,
		  NULL },
		KILLED("a datagram to another address kills",
		       try_send_elsewhere),
		KILLED("sendmsg kills", try_sendmsg),
		KILLED("connect kills", try_connect),
		KILLED("execve kills", try_exec),
		KILLED("ptrace kills", try_ptrace),
		KILLED("fork kills", try_fork),
		KILLED("creating a BPF map kills", try_prog_load),
		KILLED("executable memory kills", try_exec_memory),
		KILLED("chroot kills", try_chroot),
		{ "a thread that ran before is confined as well",
		  test_other_thread, NULL, NULL, NULL },
	};

	if (geteuid()) {
		printf("1..1\nok 1 - sandbox # SKIP needs root\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, open_collector, NULL);
}
