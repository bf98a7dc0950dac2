/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* nfold feature. */
#include "feature.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "../netlink.h"
#include "cli.h"

#define FEATURE_MAX 32

static int silent(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

/* Without a namespace of its own a probe would touch the host's devices: then
 * none is run. Results go to the pipe one by one, so that those before a crash
 * are known. */
static void child(int out)
{
	int ret = unshare(CLONE_NEWNET) ? -errno : 0;

	libbpf_set_print(silent);
	if (!ret)
		ret = netlink_veth_add(FEATURE_VETH, FEATURE_PEER);
	for (int n = 0; features[n].name; n++) {
		int result = ret ? ret : features[n].probe();

		if (write(out, &result, sizeof(result)) != sizeof(result))
			_exit(1);
	}
	_exit(0);
}

static int run_probes(int results[FEATURE_MAX])
{
	int fds[2];
	pid_t pid;

	for (int n = 0; n < FEATURE_MAX; n++)
		results[n] = -EIO;
	fflush(stdout);
	if (pipe(fds))
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		close(fds[0]);
		child(fds[1]);
	}
	close(fds[1]);
	for (int n = 0; features[n].name && n < FEATURE_MAX; n++)
		if (read(fds[0], &results[n], sizeof(int)) != sizeof(int))
			break;
	close(fds[0]);
	waitpid(pid, NULL, 0);
	return 0;
}

static json_t *feature_json(const struct feature *f, int result)
{
	return json_pack("{s:s, s:b, s:b, s:o, s:s}", "name", f->name,
			 "available", !result, "needed", f->needed, "error",
			 result ? json_string(strerror(-result)) : json_null(),
			 "summary", f->summary);
}

static void print_feature(const struct feature *f, int result)
{
	printf("%-16s %-4s %s%s%s%s\n", f->name, result ? "no" : "yes",
	       f->summary, result ? ": " : "",
	       result ? strerror(-result) : "",
	       result && f->needed ? " (nfold needs it)" : "");
}

int cmd_feature(int argc, char **argv)
{
	int results[FEATURE_MAX], err;
	json_t *out;

	(void)argv;
	if (argc)
		return cli_usage("usage: nfold feature");
	err = run_probes(results);
	if (err) {
		cli_error("probing: %s", strerror(-err));
		return CLI_REFUSED;
	}
	out = json_array();
	for (int n = 0; features[n].name; n++) {
		if (cli_options.json)
			json_array_append_new(out, feature_json(&features[n],
								results[n]));
		else
			print_feature(&features[n], results[n]);
	}
	if (cli_options.json)
		return cli_json(out);
	json_decref(out);
	if (results[0] == -EPERM)
		cli_note("probing needs root");
	return CLI_OK;
}
