/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* nfold demo: the order of things. */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "demo.h"

#ifndef NFOLD_SHARE
#define NFOLD_SHARE "/usr/local/share/nfold"
#endif

/* `rel` to the directory of this binary, if it is there. */
static bool beside(const struct demo *d, const char *rel, char *out)
{
	char dir[PATH_MAX], path[PATH_MAX + 64];

	snprintf(dir, sizeof(dir), "%s", d->exe);
	snprintf(path, sizeof(path), "%s/%s", dirname(dir), rel);
	return realpath(path, out) && !access(out, R_OK);
}

/* In the source tree the binary is in build/, installed in PREFIX/sbin. */
static int find_files(struct demo *d)
{
	ssize_t n = readlink("/proc/self/exe", d->exe, sizeof(d->exe) - 1);

	if (n < 0)
		return -errno;
	d->exe[n] = '\0';
	if (!beside(d, "nfoldd", d->nfoldd))
		strcpy(d->nfoldd, "nfoldd");
	if (beside(d, "../chains/edge.chain", d->chain) ||
	    beside(d, "../share/nfold/edge.chain", d->chain))
		return 0;
	strcpy(d->chain, NFOLD_SHARE "/edge.chain");
	if (!access(d->chain, R_OK))
		return 0;
	cli_error("demo: edge.chain is neither in ../chains nor in ../share/nfold beside %s, nor %s",
		  d->exe, d->chain);
	return -ENOENT;
}

static int check_programs(struct demo *d)
{
	static const char *const needed[] = {
		"ip -V", "ethtool --version", "nsenter --version",
		"setpriv --version", "curl --version", "iperf3 --version",
		"nginx -v", "ping -V", "sysctl --version",
	};

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (demo_run(d, "%s", needed[i])) {
			cli_error("demo: %s does not run. make deps installs what is needed",
				  needed[i]);
			return -ENOENT;
		}
	return 0;
}

static int run(struct demo *d)
{
	int bad, err;

	demo_say("Making a client, the box and two servers in network namespaces\n");
	err = demo_net_up(d);
	if (err)
		return err;
	demo_say("Starting nginx, iperf3 and nfoldd\n");
	err = demo_serve(d);
	if (err)
		return err;
	demo_say("Attaching %s\n", d->chain);
	err = demo_attach(d, true);
	if (err)
		return err;
	demo_say("Sending\n");
	err = demo_traffic(d);
	if (err)
		return err;
	bad = demo_report(d);
	err = demo_measure(d, &d->folded);
	if (!err)
		err = demo_detach(d);
	if (!err)
		err = demo_attach(d, false);
	if (!err)
		err = demo_measure(d, &d->unfolded);
	if (err)
		return err;
	demo_report_cost(d);
	return bad ? -EPROTO : 0;
}

static void clean_up(struct demo *d)
{
	demo_signals(false);
	demo_stop_all(d);
	demo_net_down(d);
}

static int demo_main(struct demo *d)
{
	time_t start = time(NULL);
	int err;

	snprintf(d->name, sizeof(d->name), "nfold-demo-%d", getpid());
	snprintf(d->dir, sizeof(d->dir), "/run/%s", d->name);
	snprintf(d->bpffs, sizeof(d->bpffs), "%s/bpf", d->dir);
	snprintf(d->socket, sizeof(d->socket), "%s/nfoldd.sock", d->dir);
	demo_signals(true);
	err = find_files(d);
	if (!err)
		err = check_programs(d);
	if (err)
		return err;
	demo_net_sweep(d);
	err = run(d);
	if (err && demo_interrupted())
		err = -EINTR;	/* whatever it broke off */
	clean_up(d);
	if (err == -EINTR)
		demo_say("\nInterrupted; everything was removed.\n");
	else
		demo_say("\nDemo %s after %ld s; everything was removed.\n",
			 err ? "FAILED" : "done", (long)(time(NULL) - start));
	return err;
}

int cmd_demo(int argc, char **argv)
{
	struct demo *d;
	char bpffs[128];
	int err;

	(void)argv;
	if (argc)
		return cli_usage("usage: nfold demo");
	if (geteuid()) {
		cli_error("demo: needs root, for network namespaces and BPF");
		return CLI_REFUSED;
	}
	d = calloc(1, sizeof(*d));
	if (!d)
		return CLI_REFUSED;
	snprintf(bpffs, sizeof(bpffs), "/run/nfold-demo-%d/bpf/nfold",
		 getpid());
	cli_options.bpffs = bpffs;
	cli_options.socket = d->socket;
	err = demo_main(d);
	free(d);
	return err ? CLI_REFUSED : CLI_OK;
}
