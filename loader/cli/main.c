/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* nfold: the command line. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "../control.h"
#include "../instance.h"
#include "cli.h"

static const struct cmd commands[] = {
	{ .name = "attach", .run = cmd_attach, .args = "FILE [no-fold]",
	  .summary = "load the chains of a file onto their ports" },
	{ .name = "detach", .run = cmd_detach, .args = "CHAIN",
	  .summary = "take a chain off its ports" },
	{ .name = "chain", .sub = cmds_chain,
	  .summary = "chains: list, show, check a file" },
	{ .name = "nf", .sub = cmds_nf,
	  .summary = "network functions: list, show, change them" },
	{ .name = "flow", .sub = cmds_flow,
	  .summary = "flows: list, show, count, flush" },
	{ .name = "event", .sub = cmds_event,
	  .summary = "events: registered, and the last that fired" },
	{ .name = "monitor", .run = cmd_monitor,
	  .args = "[event|alert] [CHAIN]",
	  .summary = "events or alerts as they come, until interrupted" },
	{ .name = "stat", .run = cmd_stat, .args = "[CHAIN]",
	  .summary = "packets by reason, fill of the tables" },
	{ .name = "verify", .run = cmd_verify,
	  .args = "chain FILE in PORT=FILE.pcap ...",
	  .summary = "captures, unfolded and folded: are they the same?" },
	{ .name = "replay", .run = cmd_replay,
	  .args = "chain FILE in PORT=FILE.pcap ... out DIR",
	  .summary = "captures through a chain: what leaves, and why" },
	{ .name = "explain", .run = cmd_explain,
	  .args = "chain FILE | CHAIN 'in PORT tcp A:p > B:q'",
	  .summary = "what a chain would do with a flow, NF by NF" },
	{ .name = "feature", .run = cmd_feature,
	  .summary = "what this kernel can do, tried out" },
	{ .name = "version", .run = cmd_version,
	  .summary = "versions of nfold, its libraries, kernel and daemon" },
	{ .name = "demo", .run = cmd_demo,
	  .summary = "a demonstration in network namespaces of its own" },
	{ 0 },
};

static void usage(FILE *out)
{
	cmd_help(out, "nfold", commands);
	fputs("\n"
	      "Options, before the object:\n"
	      "  -j, --json       JSON output\n"
	      "  -p, --pretty     JSON output, indented\n"
	      "  -S, --socket S   socket of nfoldd (NFOLD_SOCKET, " CONTROL_SOCKET_DEFAULT
	      ")\n"
	      "  -b, --bpffs DIR  where chains are pinned (NFOLD_BPFFS, " NFOLD_BPFFS_DEFAULT
	      ")\n"
	      "  -V, --version    the same as: nfold version\n"
	      "  -h, --help       this text\n"
	      "\n"
	      "Words may be cut to a unique prefix: nfold fl c. Exit codes: 0 done,\n"
	      "1 refused or failed, 2 usage, 3 not found, 4 daemon unreachable.\n",
	      out);
}

static const char *from_env(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value && value[0] ? value : otherwise;
}

/* -1: go on; else the exit code. */
static int parse_options(int argc, char **argv, bool *version)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "pretty", no_argument, NULL, 'p' },
		{ "socket", required_argument, NULL, 'S' },
		{ "bpffs", required_argument, NULL, 'b' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int opt;

	cli_options.socket = from_env("NFOLD_SOCKET", CONTROL_SOCKET_DEFAULT);
	cli_options.bpffs = from_env("NFOLD_BPFFS", NFOLD_BPFFS_DEFAULT);
	opterr = 0;
	/* "+": options end at the first word that is none. */
	while ((opt = getopt_long(argc, argv, "+:jpS:b:Vh", longs, NULL)) !=
	       -1) {
		switch (opt) {
		case 'p':
			cli_options.pretty = true;
			/* fall through */
		case 'j':
			cli_options.json = true;
			break;
		case 'S':
			cli_options.socket = optarg;
			break;
		case 'b':
			cli_options.bpffs = optarg;
			break;
		case 'V':
			*version = true;
			break;
		case 'h':
			usage(stdout);
			return CLI_OK;
		case ':':
			return cli_usage("option %s needs a value",
					 argv[optind - 1]);
		default:
			return cli_usage("unknown option %s. See: nfold help",
					 argv[optind - 1]);
		}
	}
	return -1;
}

int main(int argc, char **argv)
{
	bool version = false;
	int ret = parse_options(argc, argv, &version);

	if (ret >= 0)
		return ret;
	argc -= optind;
	argv += optind;
	if (version)
		return cmd_version(0, argv + argc);
	if (!argc) {
		usage(stderr);
		return CLI_USAGE;
	}
	if (!strcmp(argv[0], "help") && argc == 1) {
		usage(stdout);
		return CLI_OK;
	}
	return cmd_dispatch("nfold", commands, argc, argv);
}
