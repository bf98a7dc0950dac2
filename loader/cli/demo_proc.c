/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Running other programs. Each is in a process group of its own, so that a ^C
 * at the terminal reaches the demo alone, which then ends them in order.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "demo.h"

#define ARG_MAX_CNT 64
#define LINE_MAX_LEN 4096

extern char **environ;

static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
	(void)sig;
	interrupted = 1;
}

bool demo_interrupted(void)
{
	return interrupted;
}

void demo_signals(bool on)
{
	struct sigaction sa = { .sa_handler = on ? on_signal : SIG_IGN };
	static const int sigs[] = { SIGINT, SIGTERM, SIGHUP };

	interrupted = 0;
	for (size_t i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
		sigaction(sigs[i], &sa, NULL);
}

bool demo_sleep_ms(unsigned int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&ts, NULL);
	return !interrupted;
}

/* Splits in place. */
static void split(char *line, char **argv)
{
	char *save, *word = strtok_r(line, " ", &save);
	int n = 0;

	for (; word && n < ARG_MAX_CNT - 1; n++) {
		argv[n] = word;
		word = strtok_r(NULL, " ", &save);
	}
	argv[n] = NULL;
}

/* out: descriptor for its stdout and stderr. Negative errno or its pid. */
static pid_t spawn(char *line, int out)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	char *argv[ARG_MAX_CNT];
	sigset_t none;
	pid_t pid;
	int err;

	split(line, argv);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, 1);
	posix_spawn_file_actions_adddup2(&files, out, 2);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP |
						POSIX_SPAWN_SETSIGMASK);
	err = posix_spawnp(&pid, argv[0], &files, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	if (err)
		cli_error("demo: %s: %s", argv[0], strerror(err));
	return err ? -err : pid;
}

/* Reads until the command closes its output; kills it after a signal. */
static void read_all(struct demo *d, int fd, pid_t pid)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	bool killed = false;
	char drain[4096];
	size_t len = 0;
	ssize_t n;

	for (;;) {
		if (interrupted && !killed)
			killed = !kill(pid, SIGKILL);
		if (poll(&p, 1, 200) <= 0)
			continue;
		if (len < DEMO_OUT_MAX - 1)
			n = read(fd, d->out + len, DEMO_OUT_MAX - 1 - len);
		else
			n = read(fd, drain, sizeof(drain));
		if (n <= 0 && errno != EINTR)
			break;
		if (n == 0)
			break;
		if (n > 0 && len < DEMO_OUT_MAX - 1)
			len += n;
	}
	d->out[len] = '\0';
}

static int wait_end(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (interrupted)
		return -EINTR;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EPROTO;
}

static int run_line(struct demo *d, char *line)
{
	int fds[2];
	pid_t pid;

	if (interrupted)
		return -EINTR;
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	pid = spawn(line, fds[1]);
	close(fds[1]);
	if (pid > 0)
		read_all(d, fds[0], pid);
	close(fds[0]);
	return pid < 0 ? (int)pid : wait_end(pid);
}

static void in_ns(struct demo *d, const char *ns, char *line, const char *fmt,
		  va_list ap)
{
	int n = 0;

	if (ns)
		n = snprintf(line, LINE_MAX_LEN,
			     "nsenter --net=/run/netns/%s-%s -- ", d->name, ns);
	vsnprintf(line + n, LINE_MAX_LEN - n, fmt, ap);
}

int demo_run(struct demo *d, const char *fmt, ...)
{
	char line[LINE_MAX_LEN];
	va_list ap;

	va_start(ap, fmt);
	in_ns(d, NULL, line, fmt, ap);
	va_end(ap);
	return run_line(d, line);
}

int demo_run_in(struct demo *d, const char *ns, const char *fmt, ...)
{
	char line[LINE_MAX_LEN];
	va_list ap;

	va_start(ap, fmt);
	in_ns(d, ns, line, fmt, ap);
	va_end(ap);
	return run_line(d, line);
}

static int log_open_file(const struct demo *d, const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s.log", d->dir, name);
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

int demo_start_in(struct demo *d, const char *ns, const char *name,
		  const char *fmt, ...)
{
	char line[LINE_MAX_LEN], whole[LINE_MAX_LEN + 40];
	struct demo_proc *p = &d->procs[d->proc_cnt];
	va_list ap;
	int fd;

	if (interrupted)
		return -EINTR;
	if (d->proc_cnt == DEMO_PROC_MAX)
		return -ENOSPC;
	fd = log_open_file(d, name);
	if (fd < 0)
		return -errno;
	va_start(ap, fmt);
	in_ns(d, ns, line, fmt, ap);
	va_end(ap);
	snprintf(whole, sizeof(whole), "setpriv --pdeathsig KILL %s", line);
	p->pid = spawn(whole, fd);
	close(fd);
	if (p->pid < 0)
		return p->pid;
	snprintf(p->name, sizeof(p->name), "%s", name);
	d->proc_cnt++;
	return 0;
}

/* SIGTERM, and SIGKILL for what has not ended after three seconds. */
static void stop(const struct demo_proc *p)
{
	kill(p->pid, SIGTERM);
	for (int i = 0; i < 60; i++) {
		struct timespec ts = { 0, 50000000 };

		if (waitpid(p->pid, NULL, WNOHANG))
			return;
		nanosleep(&ts, NULL);
	}
	kill(p->pid, SIGKILL);
	while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

void demo_stop_all(struct demo *d)
{
	while (d->proc_cnt)
		stop(&d->procs[--d->proc_cnt]);
}

void demo_show_log(const struct demo *d, const char *name)
{
	char path[160], line[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.log", d->dir, name);
	f = fopen(path, "re");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f))
		fprintf(stderr, "  %s: %s", name, line);
	fclose(f);
}
