/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The words of nfold verify, replay and explain. */
#include <stdlib.h>
#include <string.h>

#include "offline.h"

/* PORT=FILE: a port's name may hold "=", a file's too: the first one parts. */
static int add_in(struct offline *o, const char *word)
{
	const char *eq = strchr(word, '=');

	if (!eq || eq == word || !eq[1])
		return cli_usage("in %s: expected PORT=FILE", word);
	if (o->in_cnt == CAPTURE_FILE_MAX)
		return cli_usage("more than %d captures", CAPTURE_FILE_MAX);
	o->in_port[o->in_cnt] = strndup(word, eq - word);
	if (!o->in_port[o->in_cnt]) {
		cli_error("out of memory");
		return CLI_REFUSED;
	}
	o->in[o->in_cnt++].file = eq + 1;
	return CLI_OK;
}

static int add_route(struct offline *o, char *prefix, char *port)
{
	if (o->routes.cnt == OFFLINE_ROUTE_MAX)
		return cli_usage("more than %d routes", OFFLINE_ROUTE_MAX);
	o->route_words[o->routes.cnt].prefix = prefix;
	o->route_words[o->routes.cnt++].port = port;
	return CLI_OK;
}

static bool is_spec(const char *word)
{
	return cmd_is(word, "in") || !strncmp(word, "in ", 3);
}

/* How many words were taken, or the exit code below 0. */
static int take(struct offline *o, int argc, char **argv, unsigned int words)
{
	int ret = CLI_OK, taken = 2;

	if (argc >= 2 && cmd_is(argv[0], "chain") && !o->file && !o->pinned)
		o->file = argv[1];
	else if (argc >= 2 && cmd_is(argv[0], "chain-name") && !o->chain_name)
		o->chain_name = argv[1];
	else if (argc >= 2 && (words & OFFLINE_IN) && cmd_is(argv[0], "in"))
		ret = add_in(o, argv[1]);
	else if (argc >= 2 && (words & OFFLINE_OUT) &&
		 cmd_is(argv[0], "out") && !o->out)
		o->out = argv[1];
	else if (argc >= 3 && cmd_is(argv[0], "route") && (taken = 3))
		ret = add_route(o, argv[1], argv[2]);
	else if ((words & OFFLINE_OUT) && cmd_is(argv[0], "no-fold") &&
		 (taken = 1))
		o->no_fold = true;
	else if ((words & OFFLINE_SPEC) && !o->file && !o->pinned &&
		 (taken = 1))
		o->pinned = argv[0];
	else
		return 0;
	return ret ? -ret : taken;
}

static bool complete(const struct offline *o, unsigned int words)
{
	if (!o->file && !o->pinned)
		return false;
	if ((words & OFFLINE_IN) && !o->in_cnt)
		return false;
	if ((words & OFFLINE_OUT) && !o->out)
		return false;
	return !(words & OFFLINE_SPEC) || o->rest_cnt;
}

int offline_parse(struct offline *o, int argc, char **argv, unsigned int words,
		  const char *usage)
{
	memset(o, 0, sizeof(*o));
	while (argc) {
		int n;

		if ((words & OFFLINE_SPEC) && is_spec(argv[0])) {
			o->rest = argv;
			o->rest_cnt = argc;
			break;
		}
		n = take(o, argc, argv, words);
		if (n < 0)
			return -n;
		if (!n)
			return cli_usage("unexpected \"%s\". Usage: %s",
					 argv[0], usage);
		argc -= n;
		argv += n;
	}
	return complete(o, words) ? CLI_OK : cli_usage("usage: %s", usage);
}
