/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* nfold version. */
#include <stdio.h>
#include <sys/utsname.h>

#include <bpf/libbpf.h>
/* Both libraries have a struct bpf_insn. */
#define PCAP_DONT_INCLUDE_PCAP_BPF_H
#include <pcap/pcap.h>

#include "../../maps/ctl.h"
#include "cli.h"

static json_t *daemon_json(void)
{
	json_t *reply, *version, *o;

	if (!cli_daemon_alive() ||
	    cli_ask(json_pack("{s:s}", "cmd", "status"), &reply))
		return json_null();
	version = json_object_get(reply, "version");
	o = version ? json_incref(version) : json_null();
	json_decref(reply);
	return o;
}

int cmd_version(int argc, char **argv)
{
	const char *word;
	struct utsname un;
	json_t *o;

	(void)argv;
	if (argc)
		return cli_usage("usage: nfold version");
	uname(&un);
	o = json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:o}", "nfold",
		      NFOLD_VERSION, "libbpf", libbpf_version_string(), "abi",
		      NFOLD_ABI_VERSION, "libpcap", pcap_lib_version(),
		      "kernel", un.release, "machine", un.machine, "daemon",
		      daemon_json());
	if (cli_options.json)
		return cli_json(o);
	word = json_string_value(json_object_get(o, "daemon"));
	printf("nfold %s, map layout %d\n%s, libbpf %s\nkernel %s %s\nnfoldd %s\n",
	       NFOLD_VERSION, NFOLD_ABI_VERSION, pcap_lib_version(),
	       libbpf_version_string(), un.release, un.machine,
	       word ? word : "does not answer");
	json_decref(o);
	return CLI_OK;
}
