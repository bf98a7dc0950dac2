/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "health.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../chains/nf.h"
#include "../loader/control.h"
#include "../maps/ctl.h"
#include "log.h"
#include "prober.h"
#include "target_json.h"

#define AGAIN_MS 1000
#define MESSAGES_MAX (NF_TARGET_MAX / TARGETS_A_MESSAGE + 1)	/* of an NF */

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

int health_init(struct health *h, const char *chain)
{
	*h = (struct health){ .chain = chain, .fd = -1,
			      .lists = json_object() };
	return h->lists ? 0 : -ENOMEM;
}

/* --- the process --- */

static void prober_process(const char *chain, int fd)
{
	char name[64];
	sigset_t none;

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	snprintf(name, sizeof(name), "nfoldd prober %s", chain);
	log_open(name);
	snprintf(name, sizeof(name), "nfoldp/%s", chain);
	prctl(PR_SET_NAME, name, 0, 0, 0);
	_exit(prober_run(fd));
}

static int prober_fork(struct health *h)
{
	struct timeval tv = { .tv_sec = 1 };
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return -errno;
	h->pid = fork();
	if (h->pid < 0) {
		h->pid = 0;
		close(fds[0]);
		close(fds[1]);
		return -errno;
	}
	if (!h->pid)
		prober_process(h->chain, fds[1]);
	close(fds[1]);
	/* one that does not read must not stop the parent */
	setsockopt(fds[0], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	h->fd = fds[0];
	return 0;
}

static void start_later(struct health *h)
{
	h->starting = true;
	h->start_ms = now_ms() + AGAIN_MS;
}

static void prober_start(struct health *h)
{
	json_t *list, *msg;
	const char *nf;
	int err = prober_fork(h);
	size_t i;

	h->starting = false;
	if (err) {
		log_err("chain %s: starting its prober: %s", h->chain,
			strerror(-err));
		start_later(h);
		return;
	}
	json_object_foreach(h->lists, nf, list)
		json_array_foreach(list, i, msg)
			control_send(h->fd, msg);
}

int health_tick(struct health *h)
{
	int64_t left;

	if (!h->starting)
		return -1;
	left = h->start_ms - now_ms();
	if (left > 0)
		return left;
	prober_start(h);
	return h->starting ? AGAIN_MS : -1;
}

void health_reap(struct health *h)
{
	int status;

	if (!h->pid || waitpid(h->pid, &status, WNOHANG) != h->pid)
		return;
	log_err("chain %s: prober %d ended (%s %d): its targets stay as they are until another one has checked them",
		h->chain, h->pid, WIFSIGNALED(status) ? "signal" : "exit code",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	close(h->fd);
	h->fd = -1;
	h->pid = 0;
	start_later(h);
}

void health_free(struct health *h)
{
	if (h->pid) {
		kill(h->pid, SIGKILL);
		waitpid(h->pid, NULL, 0);
		close(h->fd);
	}
	h->pid = 0;
	h->fd = -1;
	h->starting = false;
	json_decref(h->lists);
	h->lists = NULL;
}

/* --- messages --- */

/* The NF's list, under its index as text; it is emptied by a first message. */
static json_t *list_of(struct health *h, const json_t *msg)
{
	json_int_t nf = json_integer_value(json_object_get(msg, "nf"));
	char key[16];
	json_t *list;

	if (nf < 0 || nf >= NFOLD_NF_MAX)
		return NULL;
	snprintf(key, sizeof(key), "%d", (int)nf);
	list = json_object_get(h->lists, key);
	if (!list) {
		list = json_array();
		if (json_object_set_new(h->lists, key, list))
			return NULL;
	}
	return list;
}

void health_targets(struct health *h, json_t *msg)
{
	size_t cnt = json_array_size(json_object_get(msg, "targets"));
	json_t *list = list_of(h, msg);

	if (!list || cnt > TARGETS_A_MESSAGE)
		return;
	if (json_is_true(json_object_get(msg, "first")))
		json_array_clear(list);
	if (json_array_size(list) == MESSAGES_MAX)
		return;
	json_array_append(list, msg);
	if (h->pid)
		control_send(h->fd, msg);
	else if (cnt && !h->starting)
		h->starting = true;	/* now: when all has been said */
}

static void set_up(json_t *list, const json_t *id, json_t *up)
{
	size_t i, k;
	json_t *msg, *t;

	json_array_foreach(list, i, msg)
		json_array_foreach(json_object_get(msg, "targets"), k, t)
			if (json_equal(json_object_get(t, "id"), id))
				json_object_set(t, "up", up);
}

json_t *health_heard(struct health *h)
{
	json_t *msg;
	int err = control_recv(h->fd, &msg, 0);

	if (err) {
		/* closed: its end is told by SIGCHLD, but not again by poll */
		if (err != -ETIMEDOUT && err != -EBADMSG && h->pid)
			kill(h->pid, SIGKILL);
		return NULL;
	}
	if (!list_of(h, msg) ||
	    !json_is_integer(json_object_get(msg, "id")) ||
	    !json_is_boolean(json_object_get(msg, "up")) ||
	    !json_is_string(json_object_get(msg, "why"))) {
		json_decref(msg);
		return NULL;
	}
	json_object_del(msg, "event");
	json_object_set_new(msg, "cmd", json_string("health"));
	return msg;
}

void health_told(struct health *h, const json_t *msg, bool taken)
{
	if (taken) {
		set_up(list_of(h, msg), json_object_get(msg, "id"),
		       json_object_get(msg, "up"));
		return;
	}
	log_err("chain %s: its engine takes no news of its targets", h->chain);
	if (h->pid)
		kill(h->pid, SIGKILL);
}
