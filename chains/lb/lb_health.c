/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `health ...` of a service, and what comes of it. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "lb.h"

#define USAGE "health tcp | http PATH [status 200-399] [host NAME] [interval 1s] [timeout 500ms] [rise 2] [fall 3] [hold 1s] [port N]"
#define MS (NF_SEC / 1000)
#define INTERVAL_MIN (100 * MS)
#define TIME_MAX (3600 * NF_SEC)

static int read_time(const struct conf_word *w, uint64_t min, uint64_t *ns,
		     struct conf_error *err)
{
	if (conf_duration(w, ns, err))
		return -1;
	if (*ns >= min && *ns <= TIME_MAX)
		return 0;
	return conf_fail(err, &w->loc, "write for example 500ms or 2s",
			 "%s is not from %ums to 1h", w->text,
			 (unsigned int)(min / MS));
}

static int set_interval(struct nf_check *c, const struct conf_word *w,
			struct conf_error *err)
{
	return read_time(w, INTERVAL_MIN, &c->interval, err);
}

static int set_timeout(struct nf_check *c, const struct conf_word *w,
		       struct conf_error *err)
{
	return read_time(w, 10 * MS, &c->timeout, err);
}

static int set_hold(struct nf_check *c, const struct conf_word *w,
		    struct conf_error *err)
{
	return read_time(w, 0, &c->hold, err);
}

static int read_count(uint8_t *to, const struct conf_word *w,
		      struct conf_error *err)
{
	uint64_t n;

	if (conf_uint(w, 1, 100, &n, err))
		return -1;
	*to = n;
	return 0;
}

static int set_rise(struct nf_check *c, const struct conf_word *w,
		    struct conf_error *err)
{
	return read_count(&c->rise, w, err);
}

static int set_fall(struct nf_check *c, const struct conf_word *w,
		    struct conf_error *err)
{
	return read_count(&c->fall, w, err);
}

static int set_status(struct nf_check *c, const struct conf_word *w,
		      struct conf_error *err)
{
	unsigned int first, last;
	char rest;
	int n = sscanf(w->text, "%3u-%3u%c", &first, &last, &rest);

	if (n == 1 && strlen(w->text) == 3)
		last = first;
	else if (n != 2 || strlen(w->text) != 7)
		first = 0;
	if (first < 100 || last < first || last > 599)
		return conf_fail(err, &w->loc, "write 200 or 200-399",
				 "'%s' is no status from 100 to 599, or two",
				 w->text);
	c->status_first = first;
	c->status_last = last;
	return 0;
}

/* What goes into a request must not be able to end a line of it. */
static int read_text(char *to, size_t size, const struct conf_word *w,
		     const char *what, struct conf_error *err)
{
	size_t len = strlen(w->text);

	if (!len || len >= size)
		return conf_fail(err, &w->loc, NULL,
				 "%s is longer than %zu bytes, or empty", what,
				 size - 1);
	for (size_t i = 0; i < len; i++)
		if (w->text[i] <= ' ' || w->text[i] > '~')
			return conf_fail(err, &w->loc,
					 "write others as %20",
					 "%s holds other than printable ASCII",
					 what);
	memcpy(to, w->text, len + 1);
	return 0;
}

/* Where to check, if not the backend's own port. */
static int set_port(struct nf_check *c, const struct conf_word *w,
		    struct conf_error *err)
{
	uint64_t n;

	if (conf_uint(w, 1, 65535, &n, err))
		return -1;
	c->port = n;
	return 0;
}

static int set_host(struct nf_check *c, const struct conf_word *w,
		    struct conf_error *err)
{
	return read_text(c->host, sizeof(c->host), w, "the host's name", err);
}

static int set_path(struct nf_check *c, const struct conf_word *w,
		    struct conf_error *err)
{
	if (w->text[0] != '/')
		return conf_fail(err, &w->loc, "begin it with /: http /status",
				 "'%s' is no path", w->text);
	return read_text(c->path, sizeof(c->path), w, "the path", err);
}

static const struct {
	const char *key;
	bool http;		/* of http only */
	int (*set)(struct nf_check *c, const struct conf_word *w,
		   struct conf_error *err);
} keys[] = {
	{ "status", true, set_status },	   { "host", true, set_host },
	{ "interval", false, set_interval }, { "timeout", false, set_timeout },
	{ "rise", false, set_rise },	   { "fall", false, set_fall },
	{ "hold", false, set_hold },	   { "port", false, set_port },
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))

static int set_pair(struct nf_check *c, const struct conf_word *w, bool value,
		    unsigned int *seen, struct conf_error *err)
{
	const char *words[KEYS + 1] = { NULL };
	size_t i;

	for (i = 0; i < KEYS; i++)
		words[i] = keys[i].key;
	if (conf_choice(w, words, &i, err))
		return -1;
	if (*seen & 1U << i)
		return conf_fail(err, &w->loc, "remove one of them",
				 "%s is given twice", w->text);
	if (keys[i].http && c->kind != NF_CHECK_HTTP)
		return conf_fail(err, &w->loc, "write health http PATH",
				 "a tcp check has no %s", w->text);
	if (!value)
		return conf_fail(err, &w->loc, USAGE, "%s needs a value",
				 w->text);
	*seen |= 1U << i;
	return keys[i].set(c, w + 1, err);
}

int lb_set_health(struct lb_service *svc, const struct conf_stmt *s,
		  struct conf_error *err)
{
	static const char *const kinds[] = { "tcp", "http", NULL };
	struct nf_check *c = &svc->check;
	unsigned int seen = 0;
	size_t kind, i = 2;

	if (conf_need_words(s, 2, SIZE_MAX, USAGE, err) ||
	    conf_choice(&s->words[1], kinds, &kind, err))
		return -1;
	*c = (struct nf_check){ .kind = kind, .rise = 2, .fall = 3,
				.interval = NF_SEC, .timeout = 500 * MS,
				.hold = NF_SEC, .status_first = 200,
				.status_last = 399 };
	if (kind == NF_CHECK_HTTP) {
		if (s->word_cnt < 3)
			return conf_fail(err, &s->loc, USAGE,
					 "an http check needs a path");
		if (set_path(c, &s->words[i++], err))
			return -1;
	}
	for (; i < s->word_cnt; i += 2)
		if (set_pair(c, &s->words[i], i + 1 < s->word_cnt, &seen, err))
			return -1;
	if (c->timeout > c->interval)
		return conf_fail(err, &s->loc,
				 "make interval longer, or timeout shorter",
				 "a check's timeout is above its interval");
	svc->checked = true;
	return 0;
}

static void target(const struct lb_service *svc, const struct lb_backend *b,
		   nf_target_fn fn, void *ctx)
{
	struct nf_target t = {
		.id = b->id,
		.family = b->at.family,
		.addr = b->at.addr,
		.port = svc->check.port ? svc->check.port : ntohs(b->at.port),
		.up = !b->down,
		.check = svc->check,
	};

	snprintf(t.name, sizeof(t.name), "%s %s", svc->name, b->name);
	fn(ctx, &t);
}

void lb_targets(struct nf *nf, nf_target_fn fn, void *ctx)
{
	const struct lb *lb = nf->priv;

	for (uint32_t i = 0; i < lb->service_cnt; i++) {
		const struct lb_service *svc = &lb->services[i];

		for (uint32_t k = 0; svc->checked && k < svc->backend_cnt; k++)
			target(svc, svc->backends[k], fn, ctx);
	}
}

/* The first change counts at once; those behind it at once for new sessions, and
 * at the next tick, when the table is built too, for sessions that exist, which
 * are looked through once more then: many may fail at a time. */
static void changed(struct nf *nf, struct lb_service *svc)
{
	if (svc->dirty) {
		svc->late = true;
		lb_table_ready(svc);
		return;
	}
	svc->dirty = true;
	lb_changed(nf, svc);
}

void lb_tick(struct nf *nf, uint64_t now)
{
	struct lb *lb = nf->priv;

	(void)now;
	for (uint32_t i = 0; i < lb->service_cnt; i++) {
		struct lb_service *svc = &lb->services[i];

		if (!svc->dirty || lb_table_build(lb, svc))
			continue;
		if (svc->late)
			lb_changed(nf, svc);
	}
}

void lb_health(struct nf *nf, uint32_t id, bool up, uint64_t now)
{
	struct lb *lb = nf->priv;

	(void)now;
	for (uint32_t i = 0; i < lb->service_cnt; i++) {
		struct lb_service *svc = &lb->services[i];

		for (uint32_t k = 0; k < svc->backend_cnt; k++) {
			struct lb_backend *b = svc->backends[k];

			if (b->id != id || b->down == !up)
				continue;
			b->down = !up;
			changed(nf, svc);
		}
	}
}
