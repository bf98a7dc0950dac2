/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* nfold attach, nfold detach. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../instance.h"
#include "cli.h"

static void print_chain(const json_t *chain)
{
	const json_t *port, *note;
	size_t n;

	printf("chain %s attached:",
	       json_string_value(json_object_get(chain, "name")));
	json_array_foreach(json_object_get(chain, "ports"), n, port)
		printf("%s %s (%s)", n ? "," : "",
		       json_string_value(json_object_get(port, "name")),
		       json_string_value(json_object_get(port, "mode")));
	putchar('\n');
	json_array_foreach(json_object_get(chain, "notes"), n, note)
		cli_note("note: %s", json_string_value(note));
}

int cmd_attach(int argc, char **argv)
{
	bool no_fold = argc == 2 && cmd_is(argv[1], "no-fold");
	char path[PATH_MAX];
	const json_t *chain;
	json_t *reply;
	size_t n;
	int ret;

	if (argc < 1 || argc > 2 || (argc == 2 && !no_fold))
		return cli_usage("usage: nfold attach FILE [no-fold]");
	if (!realpath(argv[0], path)) {
		cli_error("%s: %s", argv[0], strerror(errno));
		return errno == ENOENT ? CLI_NOT_FOUND : CLI_REFUSED;
	}
	ret = cli_ask(json_pack("{s:s, s:s, s:b}", "cmd", "attach", "file",
				path, "no_fold", no_fold),
		      &reply);
	if (ret)
		return ret;
	if (cli_options.json)
		return cli_json(reply);
	json_array_foreach(json_object_get(reply, "chains"), n, chain)
		print_chain(chain);
	json_decref(reply);
	return CLI_OK;
}

/* No daemon serves the chain: its pins are all there is. */
static int detach_pins(const char *chain)
{
	struct instance_error err;
	struct instance_maps m;
	int ret;

	ret = pins_open(&m, cli_options.bpffs, chain, &err);
	if (!ret) {
		uint32_t pid = instance_engine_alive(m.meta) ?
				       m.meta->engine_pid :
				       0;

		pins_close(&m);
		if (pid) {
			cli_error("chain %s is served by process %u, but its daemon does not answer at %s. Name its socket by -S",
				  chain, pid, cli_options.socket);
			return CLI_UNREACHABLE;
		}
	}
	if (ret != -ENOENT)
		ret = pins_remove(cli_options.bpffs, chain, &err);
	if (ret) {
		cli_error("%s", err.text);
		return ret == -ENOENT ? CLI_NOT_FOUND : CLI_REFUSED;
	}
	return CLI_OK;
}

static bool daemon_has(const char *chain)
{
	const json_t *c, *chains;
	json_t *reply;
	bool has = false;
	size_t n;

	if (!cli_daemon_alive() ||
	    cli_ask(json_pack("{s:s}", "cmd", "status"), &reply))
		return false;
	chains = json_object_get(reply, "chains");
	json_array_foreach(chains, n, c) {
		const char *name =
			json_string_value(json_object_get(c, "name"));

		has |= name && !strcmp(name, chain);
	}
	json_decref(reply);
	return has;
}

int cmd_detach(int argc, char **argv)
{
	json_t *reply;
	int ret;

	if (argc != 1)
		return cli_usage("usage: nfold detach CHAIN");
	if (daemon_has(argv[0])) {
		ret = cli_ask(json_pack("{s:s, s:s}", "cmd", "detach", "chain",
					argv[0]),
			      &reply);
		if (!ret)
			json_decref(reply);
	} else {
		ret = detach_pins(argv[0]);
	}
	if (ret)
		return ret;
	if (cli_options.json)
		return cli_json(json_pack("{s:s, s:b}", "chain", argv[0],
					  "detached", 1));
	printf("chain %s detached\n", argv[0]);
	return CLI_OK;
}
