/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "prober.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "../loader/control.h"
#include "log.h"
#include "prober_priv.h"
#include "sandbox.h"
#include "target_json.h"

#define WAIT_MAX_NS (NF_SEC / 2)
#define MS (NF_SEC / 1000)
#define FILES (PROBED_MAX + 64U)	/* a connection a target, and its own */

struct prober {
	int fd;
	CURLM *multi;
	struct probed *all;
	uint32_t cnt;
	uint64_t now_ns;
	bool news;		/* of someone in all */
	bool stop;
};

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NF_SEC + ts.tv_nsec;
}

/* --- targets --- */

static struct probed *probed_find(struct prober *p, uint32_t nf, uint32_t id)
{
	struct probed *t = p->all;

	while (t && (t->nf != nf || t->target.id != id))
		t = t->next;
	return t;
}

/* The first checks are spread over the interval: not all in one moment. */
static void probed_add(struct prober *p, uint32_t nf,
		       const struct nf_target *target)
{
	struct probed *t = p->cnt < PROBED_MAX ? calloc(1, sizeof(*t)) : NULL;

	if (!t) {
		log_err("%s is not checked: %s", target->name,
			p->cnt < PROBED_MAX ? "out of memory" :
					      "too many targets");
		return;
	}
	t->nf = nf;
	t->target = *target;
	damp_init(&t->damp, &target->check, target->up, p->now_ns);
	t->due_ns = p->now_ns + target->check.interval * (p->cnt % 16) / 16;
	t->kept = true;
	t->next = p->all;
	p->all = t;
	p->cnt++;
}

static void target_came(struct prober *p, uint32_t nf, const json_t *o)
{
	struct nf_target target;
	struct probed *t;

	if (!target_from_json(&target, o)) {
		log_err("a target of NF %u is not as it should be", nf);
		return;
	}
	t = probed_find(p, nf, target.id);
	if (t)
		t->kept = true;
	else
		probed_add(p, nf, &target);
}

static void targets_first(struct prober *p, uint32_t nf)
{
	for (struct probed *t = p->all; t; t = t->next)
		if (t->nf == nf)
			t->kept = false;
}

static void targets_last(struct prober *p, uint32_t nf)
{
	struct probed **at = &p->all, *t;

	while ((t = *at)) {
		if (t->nf != nf || t->kept) {
			at = &t->next;
			continue;
		}
		*at = t->next;
		check_abort(p->multi, t);
		free(t);
		p->cnt--;
	}
}

static void targets_came(struct prober *p, const json_t *msg)
{
	uint32_t nf = json_integer_value(json_object_get(msg, "nf"));
	const json_t *list = json_object_get(msg, "targets");

	if (json_is_true(json_object_get(msg, "first")))
		targets_first(p, nf);
	for (size_t i = 0; i < json_array_size(list); i++)
		target_came(p, nf, json_array_get(list, i));
	if (json_is_true(json_object_get(msg, "last")))
		targets_last(p, nf);
}

/* --- the parent --- */

static void parent_heard(struct prober *p)
{
	json_t *msg;
	int err;

	while (!(err = control_recv(p->fd, &msg, 0))) {
		targets_came(p, msg);
		json_decref(msg);
	}
	if (err != -ETIMEDOUT && err != -EAGAIN && err != -EBADMSG)
		p->stop = true;
}

static int tell_one(struct prober *p, const struct probed *t)
{
	json_t *msg = json_pack("{s:s, s:I, s:I, s:b, s:s}", "event", "health",
				"nf", (json_int_t)t->nf, "id",
				(json_int_t)t->target.id, "up", t->damp.up,
				"why", t->why);
	int err = msg ? control_send(p->fd, msg) : -ENOMEM;

	json_decref(msg);
	return err;
}

/* A parent that has no time is told later: checks go on. */
static void tell_news(struct prober *p)
{
	for (struct probed *t = p->all; p->news && t; t = t->next) {
		if (!t->news)
			continue;
		if (tell_one(p, t))
			return;
		t->news = false;
	}
	p->news = false;
}

/* --- checks --- */

static void result(struct prober *p, struct probed *t, bool good)
{
	if (!damp_result(&t->damp, &t->target.check, good, p->now_ns))
		return;
	t->news = true;
	p->news = true;
}

/* A check that is under way when the next is due has its timeout before it. */
static void begin_due(struct prober *p)
{
	for (struct probed *t = p->all; t; t = t->next) {
		if (t->easy || p->now_ns < t->due_ns)
			continue;
		t->due_ns += t->target.check.interval;
		if (t->due_ns <= p->now_ns)	/* it was late */
			t->due_ns = p->now_ns + t->target.check.interval;
		if (!check_begin(p->multi, t))
			result(p, t, false);
	}
}

static void ends_read(struct prober *p)
{
	struct probed *t;
	CURLMsg *msg;
	CURLcode code;
	int left;

	while ((msg = curl_multi_info_read(p->multi, &left))) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		code = msg->data.result;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &t);
		result(p, t, check_end(p->multi, t, code));
	}
}

static int wait_ms(const struct prober *p)
{
	uint64_t least = WAIT_MAX_NS;

	for (const struct probed *t = p->all; t; t = t->next) {
		uint64_t left = t->due_ns > p->now_ns ?
					t->due_ns - p->now_ns : 0;

		if (!t->easy && left < least)
			least = left;
	}
	if (p->news && least > 10 * MS)
		least = 10 * MS;
	return (least + MS - 1) / MS;
}

static void prober_round(struct prober *p)
{
	struct curl_waitfd fd = { .fd = p->fd, .events = CURL_WAIT_POLLIN };
	int running;

	curl_multi_poll(p->multi, &fd, 1, wait_ms(p), NULL);
	p->now_ns = clock_ns();
	begin_due(p);
	curl_multi_perform(p->multi, &running);
	p->now_ns = clock_ns();
	ends_read(p);
	tell_news(p);
	if (fd.revents)
		parent_heard(p);
}

/* --- life --- */

/* As many as it may have; a check without one would fail for no fault of its
 * target's. */
static unsigned int prober_files(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_max >= FILES)
		return FILES;
	log_warn("only %llu descriptors are allowed (RLIMIT_NOFILE): with more targets checks may fail for want of one",
		 (unsigned long long)r.rlim_max);
	return r.rlim_max;
}

static int prober_open(struct prober *p)
{
	int keep[] = { p->fd }, null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const char *what = "";
	int err;

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		close(null);
	}
	sandbox_close_fds(keep, 1);
	fcntl(p->fd, F_SETFL, O_NONBLOCK);
	json_object_seed(0);
	/* no TLS, no names: neither is asked for */
	if (curl_global_init(CURL_GLOBAL_NOTHING) != CURLE_OK)
		return -ENOMEM;
	p->multi = curl_multi_init();
	if (!p->multi)
		return -ENOMEM;
	curl_multi_setopt(p->multi, CURLMOPT_MAXCONNECTS, 1L);
	err = sandbox_enter(SANDBOX_PROBER, prober_files(), &what);
	if (err)
		log_err("giving up rights: %s: %s", what, strerror(-err));
	return err;
}

int prober_run(int fd)
{
	struct prober p = { .fd = fd };

	if (prober_open(&p))
		return 1;
	while (!p.stop)
		prober_round(&p);
	return 0;
}
