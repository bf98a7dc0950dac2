/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* nfoldd: the daemon's main. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "../loader/control.h"
#include "../loader/instance.h"
#include "log.h"
#include "parent.h"

static const char usage_text[] =
	"usage: nfoldd [-S SOCKET] [-b BPFFS] [-n] [-D] [FILE...]\n"
	"  -S, --socket SOCKET   control socket (NFOLD_SOCKET, " CONTROL_SOCKET_DEFAULT ")\n"
	"  -b, --bpffs DIR       where chains are pinned (NFOLD_BPFFS, " NFOLD_BPFFS_DEFAULT ")\n"
	"  -n, --no-fold         every packet walks its chain in user space\n"
	"  -D, --detach-on-exit  take the chains off their ports at the end;\n"
	"                        else they go on in the kernel\n"
	"  -F, --foreground      the default, and the only way\n"
	"  -V, --version  -h, --help\n"
	"FILE: chain files to attach at start.\n";

static const struct option options[] = {
	{ "socket", required_argument, NULL, 'S' },
	{ "bpffs", required_argument, NULL, 'b' },
	{ "no-fold", no_argument, NULL, 'n' },
	{ "detach-on-exit", no_argument, NULL, 'D' },
	{ "foreground", no_argument, NULL, 'F' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static const char *from_env(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value && *value ? value : otherwise;
}

/* -1: go on; else the exit code. */
static int take_option(struct parent_conf *conf, int opt)
{
	switch (opt) {
	case 'S':
		conf->socket = optarg;
		return -1;
	case 'b':
		conf->bpffs = optarg;
		return -1;
	case 'n':
		conf->no_fold = true;
		return -1;
	case 'D':
		conf->detach_on_exit = true;
		return -1;
	case 'F':
		return -1;
	case 'V':
		puts("nfoldd " NFOLD_VERSION);
		return 0;
	case 'h':
		fputs(usage_text, stdout);
		return 0;
	default:
		fputs(usage_text, stderr);
		return 2;
	}
}

int main(int argc, char **argv)
{
	struct parent_conf conf = {
		.socket = from_env("NFOLD_SOCKET", CONTROL_SOCKET_DEFAULT),
		.bpffs = from_env("NFOLD_BPFFS", NFOLD_BPFFS_DEFAULT),
	};
	int opt, ret;

	while ((opt = getopt_long(argc, argv, "S:b:nDFVh", options, NULL)) !=
	       -1) {
		ret = take_option(&conf, opt);
		if (ret >= 0)
			return ret;
	}
	conf.files = argv + optind;
	log_open("nfoldd");
	return parent_run(&conf);
}
