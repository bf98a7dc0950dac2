/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The control socket's requests: loader/control.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../loader/texts.h"
#include "parent_priv.h"

enum { REFUSED = 1, NOT_FOUND = 3 };	/* exit codes of nfold */

static json_t *refuse(int code, const char *text)
{
	return json_pack("{s:b, s:i, s:s}", "ok", 0, "code", code, "error",
			 text);
}

static json_t *refuse_chain(const char *chain)
{
	char text[128];

	snprintf(text, sizeof(text),
		 "no chain %.40s is attached: nfold chain list shows them",
		 chain);
	return refuse(NOT_FOUND, text);
}

static const char *member(const json_t *msg, const char *name)
{
	return json_string_value(json_object_get(msg, name));
}

static json_t *request_attach(struct parent *p, const json_t *msg)
{
	struct instance_error err = { "" };
	const char *file = member(msg, "file");
	json_t *chains;

	if (!file || file[0] != '/')
		return refuse(REFUSED, "attach: file must be an absolute path");
	if (parent_attach(p, file,
			  json_is_true(json_object_get(msg, "no_fold")),
			  &chains, &err))
		return refuse(REFUSED, err.text);
	return json_pack("{s:b, s:o}", "ok", 1, "chains", chains);
}

/* The name becomes part of a path below the pins. */
static bool chain_name_ok(const char *name)
{
	return name && *name && *name != '.' && !strchr(name, '/') &&
	       strlen(name) <= CHAIN_NAME_MAX;
}

static json_t *request_detach(struct parent *p, const json_t *msg)
{
	struct instance_error err = { "" };
	const char *chain = member(msg, "chain");
	int ret;

	if (!chain_name_ok(chain))
		return refuse(REFUSED, "detach: name a chain");
	ret = parent_detach(p, chain, &err);
	if (ret == -ENOENT)
		return refuse_chain(chain);
	if (ret)
		return refuse(REFUSED, err.text);
	return json_pack("{s:b}", "ok", 1);
}

static json_t *request_status(struct parent *p, const json_t *msg)
{
	json_t *chains = json_array();
	struct child *c;

	(void)msg;
	for (c = p->children; c; c = c->next)
		json_array_append_new(chains,
				      json_pack("{s:s, s:i, s:b, s:b}", "name",
						c->chain, "engine_pid", c->pid,
						"alive", c->alive, "fold",
						c->fold));
	return json_pack("{s:b, s:s, s:i, s:o}", "ok", 1, "version",
			 NFOLD_VERSION, "pid", getpid(), "chains", chains);
}

static json_t *ask_engine(struct parent *p, const json_t *msg, int fd)
{
	const char *chain = member(msg, "chain");
	struct child *c = chain ? parent_find(p, chain) : NULL;
	char text[160];
	json_t *reply;
	int err;

	if (!chain)
		return refuse(REFUSED, "name a chain");
	if (!c)
		return refuse_chain(chain);
	err = fd >= 0 ? child_ask_fd(c, msg, fd, &reply) :
			child_ask(c, msg, &reply);
	if (!err)
		return reply;
	snprintf(text, sizeof(text), "chain %s: its engine %s", chain,
		 err == -ESRCH ? "is dead: attach the chain again" :
				 "does not answer");
	return refuse(REFUSED, text);
}

/* nf, dump, flush, events, alerts: the engine answers. */
static json_t *request_engine(struct parent *p, const json_t *msg)
{
	return ask_engine(p, msg, -1);
}

/* The engine maps what came along: it must not be able to change or shrink. */
static json_t *request_set(struct parent *p, const json_t *msg, int fd)
{
	const char *why = texts_check(msg, fd);

	return why ? refuse(REFUSED, why) : ask_engine(p, msg, fd);
}

json_t *parent_request(struct parent *p, const json_t *msg, int fd)
{
	static const struct {
		const char *cmd;
		json_t *(*fn)(struct parent *p, const json_t *msg);
	} requests[] = {
		{ "attach", request_attach }, { "detach", request_detach },
		{ "status", request_status }, { "nf", request_engine },
		{ "dump", request_engine },   { "flush", request_engine },
		{ "events", request_engine }, { "alerts", request_engine },
	};
	const char *cmd = member(msg, "cmd");
	size_t i;

	if (cmd && !strcmp(cmd, "set"))
		return request_set(p, msg, fd);
	for (i = 0; cmd && i < sizeof(requests) / sizeof(requests[0]); i++)
		if (!strcmp(cmd, requests[i].cmd))
			return requests[i].fn(p, msg);
	return refuse(REFUSED, "unknown request: are nfold and nfoldd of the same version?");
}
