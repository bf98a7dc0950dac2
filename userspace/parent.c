/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "parent.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../loader/control.h"
#include "log.h"
#include "parent_priv.h"

#define FIXED_FDS 3U		/* listen, signal, addr */

struct child *parent_find(struct parent *p, const char *chain)
{
	struct child *c = p->children;

	while (c && strcmp(c->chain, chain))
		c = c->next;
	return c;
}

/* --- clients --- */

static void client_accept(struct parent *p)
{
	struct timeval tv = { .tv_sec = 1 };
	int i, fd = accept4(p->listen_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	/* a client that does not read must not stop the parent */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	for (i = 0; i < PARENT_CLIENTS; i++)
		if (p->clients[i] < 0) {
			p->clients[i] = fd;
			return;
		}
	close(fd);
}

static void client_serve(struct parent *p, int i)
{
	json_t *msg = NULL, *reply;
	int fd, err = control_recv_fd(p->clients[i], &msg, &fd, 0);

	if (!err) {
		reply = parent_request(p, msg, fd);
		err = reply ? control_send(p->clients[i], reply) : -ENOMEM;
		json_decref(reply);
		json_decref(msg);
		if (fd >= 0)
			close(fd);
	}
	if (err && err != -ETIMEDOUT) {
		close(p->clients[i]);
		p->clients[i] = -1;
	}
}

/* --- signals --- */

static void parent_reap(struct parent *p)
{
	struct child *c;
	int status;

	for (c = p->children; c; c = c->next) {
		if (c->alive && waitpid(c->pid, &status, WNOHANG) == c->pid)
			child_ended(c, status);
		health_reap(&c->health);
	}
}

static void parent_signal(struct parent *p)
{
	struct signalfd_siginfo si;

	while (read(p->signal_fd, &si, sizeof(si)) == sizeof(si)) {
		if (si.ssi_signo == SIGTERM || si.ssi_signo == SIGINT)
			p->stop = true;
		else if (si.ssi_signo == SIGCHLD)
			parent_reap(p);
	}
}

static void parent_addrs(struct parent *p)
{
	struct child *c;
	int err;

	if (!instance_addr_changed(p->addr_fd))
		return;
	for (c = p->children; c; c = c->next) {
		err = instance_hosts_refresh(c->instance);
		if (err)
			log_warn("chain %s: the host's addresses: %s", c->chain,
				 strerror(-err));
	}
}

/* --- the loop --- */

static uint32_t parent_count(const struct parent *p)
{
	const struct child *c;
	uint32_t n = 0;

	for (c = p->children; c; c = c->next)
		n++;
	return n;
}

/* listen, signal, addr; the clients; the children, each with its prober. */
static uint32_t parent_fds(const struct parent *p, struct pollfd *fds)
{
	const struct child *c;
	uint32_t n = 0, i;

	fds[n++] = (struct pollfd){ .fd = p->listen_fd, .events = POLLIN };
	fds[n++] = (struct pollfd){ .fd = p->signal_fd, .events = POLLIN };
	fds[n++] = (struct pollfd){ .fd = p->addr_fd, .events = POLLIN };
	for (i = 0; i < PARENT_CLIENTS; i++)
		fds[n++] = (struct pollfd){ .fd = p->clients[i],
					    .events = POLLIN };
	for (c = p->children; c; c = c->next) {
		fds[n++] = (struct pollfd){ .fd = c->fd, .events = POLLIN };
		fds[n++] = (struct pollfd){ .fd = c->health.fd,
					    .events = POLLIN };
	}
	return n;
}

/* Children first: a request may change their list. */
static void parent_dispatch(struct parent *p, const struct pollfd *fds)
{
	const struct pollfd *pc = fds + FIXED_FDS + PARENT_CLIENTS;
	struct child *c;
	int i;

	for (c = p->children; c; c = c->next, pc += 2) {
		if (pc[0].revents && c->fd >= 0)
			child_event(c);
		if (pc[1].revents && c->health.fd == pc[1].fd)
			child_health(c);
	}
	if (fds[1].revents)
		parent_signal(p);
	if (fds[2].revents)
		parent_addrs(p);
	for (i = 0; i < PARENT_CLIENTS; i++)
		if (fds[FIXED_FDS + i].revents)
			client_serve(p, i);
	if (fds[0].revents)
		client_accept(p);
}

/* ms until a prober is to be started; -1: none is. */
static int parent_timeout(struct parent *p)
{
	struct child *c;
	int ms = -1, left;

	for (c = p->children; c; c = c->next) {
		left = c->alive ? health_tick(&c->health) : -1;
		if (left >= 0 && (ms < 0 || left < ms))
			ms = left;
	}
	return ms;
}

static int parent_loop(struct parent *p)
{
	int ms;

	struct pollfd *fds = NULL, *more;
	uint32_t n;

	while (!p->stop) {
		ms = parent_timeout(p);
		n = FIXED_FDS + PARENT_CLIENTS + 2 * parent_count(p);
		more = realloc(fds, n * sizeof(*fds));
		if (!more) {
			free(fds);
			return -ENOMEM;
		}
		fds = more;
		n = parent_fds(p, fds);
		if (poll(fds, n, ms) > 0)
			parent_dispatch(p, fds);
	}
	free(fds);
	return 0;
}

/* --- life --- */

static int parent_signals(struct parent *p)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	p->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return p->signal_fd < 0 ? -errno : 0;
}

static int parent_listen(struct parent *p)
{
	char dir[PATH_MAX];
	int err;

	snprintf(dir, sizeof(dir), "%s", p->conf->socket);
	mkdir(dirname(dir), 0755);	/* there, or control_listen() fails */
	p->listen_fd = control_listen(p->conf->socket);
	if (p->listen_fd >= 0)
		return 0;
	err = p->listen_fd;
	if (err == -EADDRINUSE)
		log_err("%s: another nfoldd listens there: stop it, or use another socket (-S)",
			p->conf->socket);
	else
		log_err("%s: %s", p->conf->socket, strerror(-err));
	return err;
}

static int parent_open(struct parent *p)
{
	int err = parent_signals(p);

	if (!err)
		err = parent_listen(p);
	if (err)
		return err;
	err = probe_new(&p->probe);
	if (err) {
		log_err("netlink: %s", strerror(-err));
		return err;
	}
	p->addr_fd = instance_addr_watch();
	if (p->addr_fd < 0)
		log_warn("changes of the host's addresses are not seen: %s",
			 strerror(-p->addr_fd));
	return 0;
}

static int parent_files(struct parent *p)
{
	struct instance_error err = { "" };
	json_t *chains;
	int i, ret;

	for (i = 0; p->conf->files && p->conf->files[i]; i++) {
		ret = parent_attach(p, p->conf->files[i], false, &chains, &err);
		if (ret) {
			log_err("%s", err.text);
			return ret;
		}
		json_decref(chains);
	}
	return 0;
}

/* Chains stay in the kernel, unless told otherwise or never fully started. */
static void parent_close(struct parent *p, bool detach)
{
	struct child *c;
	int i;

	while ((c = p->children)) {
		p->children = c->next;
		if (detach)
			instance_detach(c->instance);
		child_free(c);
	}
	for (i = 0; i < PARENT_CLIENTS; i++)
		if (p->clients[i] >= 0)
			close(p->clients[i]);
	if (p->listen_fd >= 0) {
		unlink(p->conf->socket);
		close(p->listen_fd);
	}
	if (p->addr_fd >= 0)
		close(p->addr_fd);
	if (p->signal_fd >= 0)
		close(p->signal_fd);
	probe_free(p->probe);
}

int parent_run(const struct parent_conf *conf)
{
	struct parent p = { .conf = conf, .listen_fd = -1, .signal_fd = -1,
			    .addr_fd = -1 };
	int err;

	memset(p.clients, -1, sizeof(p.clients));
	err = parent_open(&p);
	if (!err)
		err = parent_files(&p);
	if (err) {
		parent_close(&p, true);
		return 1;
	}
	log_info("ready, control socket %s", conf->socket);
	err = parent_loop(&p);
	parent_close(&p, conf->detach_on_exit);
	return err ? 1 : 0;
}
