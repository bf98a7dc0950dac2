/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../loader/control.h"
#include "log.h"
#include "loop.h"

#define READY_MS 10000
#define ASK_MS 5000
#define SET_MS 50000
#define STOP_MS 1000

/* --- in the child --- */

/* The parent decides about the end, also at ^C in a terminal. */
static void engine_signals(void)
{
	sigset_t none;

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void engine_process(const struct child *c, const struct chain *chain,
			   int fd)
{
	struct loop_conf conf = {
		.chain = chain,
		.instance = c->instance,
		.control_fd = fd,
		.fold = c->fold,
	};
	char name[64];

	engine_signals();
	snprintf(name, sizeof(name), "nfoldd engine %s", c->chain);
	log_open(name);
	snprintf(name, sizeof(name), "nfold/%s", c->chain);
	prctl(PR_SET_NAME, name, 0, 0, 0);
	_exit(loop_run(&conf));
}

/* --- in the parent --- */

static int child_fork(struct child *c, const struct chain *chain)
{
	struct timeval tv = { .tv_sec = 1 };
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return -errno;
	c->pid = fork();
	if (c->pid < 0) {
		close(fds[0]);
		close(fds[1]);
		return -errno;
	}
	if (!c->pid)
		engine_process(c, chain, fds[1]);
	close(fds[1]);
	/* an engine that does not read must not stop the parent */
	setsockopt(fds[0], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	c->fd = fds[0];
	c->alive = true;
	instance_maps(c->instance)->meta->engine_pid = c->pid;
	return 0;
}

static bool child_owns_port(const struct child *c, uint32_t ifindex)
{
	uint32_t i, cnt;
	const struct instance_port *p = instance_ports(c->instance, &cnt);

	for (i = 0; i < cnt; i++)
		if (p[i].ifindex == ifindex)
			return true;
	return false;
}

static void child_probe(struct child *c, const json_t *msg)
{
	json_int_t ifindex = json_integer_value(json_object_get(msg, "ifindex"));
	json_int_t family = json_integer_value(json_object_get(msg, "family"));
	const char *addr = json_string_value(json_object_get(msg, "addr"));

	if (!addr || (family != 4 && family != 6) || ifindex <= 0 ||
	    ifindex > INT32_MAX || !child_owns_port(c, ifindex))
		return;
	probe_send(c->probe, ifindex, family, addr);
}

static const char *child_event_name(const json_t *msg)
{
	const char *name = json_string_value(json_object_get(msg, "event"));

	return name ? name : "";
}

/* False: it is an answer. */
static bool child_said(struct child *c, json_t *msg)
{
	const char *name = child_event_name(msg);

	if (!strcmp(name, "probe"))
		child_probe(c, msg);
	else if (!strcmp(name, "targets"))
		health_targets(&c->health, msg);
	else
		return false;
	return true;
}

void child_event(struct child *c)
{
	json_t *msg;
	int err = control_recv(c->fd, &msg, 0);

	if (err) {
		/* closed: its end is reported by SIGCHLD */
		if (err != -ETIMEDOUT && err != -EBADMSG) {
			close(c->fd);
			c->fd = -1;
		}
		return;
	}
	child_said(c, msg);
	json_decref(msg);
}

void child_health(struct child *c)
{
	json_t *msg = health_heard(&c->health);

	if (msg)
		health_told(&c->health, msg,
			    c->fd >= 0 && !control_send(c->fd, msg));
	json_decref(msg);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

/* The next message that is an answer. */
static int child_recv(struct child *c, json_t **out, int timeout_ms)
{
	int64_t left, end = now_ms() + timeout_ms;
	int err;

	for (;;) {
		left = end - now_ms();
		err = control_recv(c->fd, out, left > 0 ? left : 0);
		if (err || !child_said(c, *out))
			return err;
		json_decref(*out);
		if (left <= 0)
			return -ETIMEDOUT;
	}
}

static int child_wait_ready(struct child *c, struct instance_error *err)
{
	const char *text;
	json_t *msg;
	int ret = child_recv(c, &msg, READY_MS);

	if (ret) {
		snprintf(err->text, sizeof(err->text),
			 "chain %s: its engine did not start: %s", c->chain,
			 ret == -ENODATA ? "it died, see nfoldd's log" :
					   strerror(-ret));
		return ret;
	}
	if (strcmp(child_event_name(msg), "ready")) {
		text = json_string_value(json_object_get(msg, "error"));
		snprintf(err->text, sizeof(err->text), "%s",
			 text ? text : "the engine failed to start");
		ret = -EIO;
	}
	json_decref(msg);
	return ret;
}

int child_new(struct child **out, const struct chain *chain, const char *bpffs,
	      struct probe *probe, bool fold, struct instance_error *err)
{
	struct child *c = calloc(1, sizeof(*c));
	int ret;

	if (!c) {
		snprintf(err->text, sizeof(err->text), "out of memory");
		return -ENOMEM;
	}
	snprintf(c->chain, sizeof(c->chain), "%s", chain->name);
	c->probe = probe;
	c->fold = fold;
	c->fd = -1;
	ret = health_init(&c->health, c->chain);
	if (!ret)
		ret = instance_load(&c->instance, chain, bpffs, err);
	if (ret)
		goto err_free;
	ret = child_fork(c, chain);
	if (ret) {
		snprintf(err->text, sizeof(err->text),
			 "chain %s: starting its engine: %s", c->chain,
			 strerror(-ret));
		goto err_free;
	}
	ret = child_wait_ready(c, err);
	if (ret)
		goto err_free;
	*out = c;
	return 0;

err_free:
	child_free(c);
	return ret;
}

void child_ended(struct child *c, int status)
{
	c->alive = false;
	if (WIFSIGNALED(status))
		log_err("chain %s: engine %d died of signal %d (%s); its flows go on in the kernel, attach the chain again",
			c->chain, c->pid, WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		log_err("chain %s: engine %d ended with exit code %d",
			c->chain, c->pid, WEXITSTATUS(status));
	else
		log_info("chain %s: engine %d stopped", c->chain, c->pid);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	health_free(&c->health);
}

static bool child_reap(struct child *c)
{
	int status;

	if (c->alive && waitpid(c->pid, &status, WNOHANG) == c->pid)
		child_ended(c, status);
	return !c->alive;
}

void child_stop(struct child *c)
{
	json_t *msg;
	int i, status;

	if (child_reap(c))
		return;
	msg = json_pack("{s:s}", "cmd", "stop");
	if (c->fd >= 0 && msg)
		control_send(c->fd, msg);
	json_decref(msg);
	for (i = 0; i < STOP_MS / 10; i++) {
		if (child_reap(c))
			return;
		usleep(10000);
	}
	kill(c->pid, SIGKILL);
	if (waitpid(c->pid, &status, 0) == c->pid)
		child_ended(c, status);
}

void child_free(struct child *c)
{
	if (c->pid > 0)
		child_stop(c);
	if (c->fd >= 0)
		close(c->fd);
	health_free(&c->health);
	if (c->instance)
		instance_free(c->instance);
	free(c);
}

/* The answer to this request: what comes late for one before is thrown away. */
static int child_answer(struct child *c, json_t **reply, int timeout_ms)
{
	int64_t left, end = now_ms() + timeout_ms;
	int err;

	for (;;) {
		left = end - now_ms();
		err = child_recv(c, reply, left > 0 ? left : 0);
		if (err || json_integer_value(json_object_get(*reply, "seq")) ==
				   c->seq)
			return err;
		json_decref(*reply);
	}
}

static int ask(struct child *c, const json_t *msg, int fd, json_t **reply,
	       int timeout_ms)
{
	json_t *req;
	int err;

	if (!c->alive || c->fd < 0)
		return -ESRCH;
	req = json_copy((json_t *)msg);
	json_object_set_new(req, "seq", json_integer(++c->seq));
	err = req ? control_send_fd(c->fd, req, fd) : -ENOMEM;
	json_decref(req);
	if (!err)
		err = child_answer(c, reply, timeout_ms);
	if (!err)
		json_object_del(*reply, "seq");
	return err;
}

int child_ask(struct child *c, const json_t *msg, json_t **reply)
{
	return ask(c, msg, -1, reply, ASK_MS);
}

int child_ask_fd(struct child *c, const json_t *msg, int fd, json_t **reply)
{
	return ask(c, msg, fd, reply, SET_MS);
}
