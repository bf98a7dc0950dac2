/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Captures as output: DIR/PORT.pcap for each port. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <pcap/pcap.h>

#include "../../chains/nf.h"
#include "../../maps/port.h"
#include "capture.h"
#include "cli.h"

struct capture_out {
	pcap_t *dead;
	pcap_dumper_t *port[NFOLD_PORT_MAX];
	char path[NFOLD_PORT_MAX][PATH_MAX];
	uint32_t cnt;
};

static bool is_empty(DIR *d)
{
	struct dirent *e;

	while ((e = readdir(d)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			return false;
	return true;
}

static int dir_make(const char *dir)
{
	bool empty;
	DIR *d;

	if (!mkdir(dir, 0777))
		return CLI_OK;
	d = errno == EEXIST ? opendir(dir) : NULL;
	if (!d) {
		cli_error("out %s: %s", dir, strerror(errno));
		return CLI_REFUSED;
	}
	empty = is_empty(d);
	closedir(d);
	if (empty)
		return CLI_OK;
	cli_error("out %s: is not empty, and nothing is overwritten: name a new directory",
		  dir);
	return CLI_REFUSED;
}

static int port_open(struct capture_out *o, const char *dir, const char *name)
{
	char *path = o->path[o->cnt];

	if (snprintf(path, PATH_MAX, "%s/%s.pcap", dir, name) >= PATH_MAX) {
		cli_error("out %s: name too long", dir);
		return CLI_REFUSED;
	}
	o->port[o->cnt] = pcap_dump_open(o->dead, path);
	if (!o->port[o->cnt]) {
		cli_error("%s", pcap_geterr(o->dead));
		return CLI_REFUSED;
	}
	o->cnt++;
	return CLI_OK;
}

int capture_out_open(struct capture_out **out, const char *dir,
		     const char *const *names, uint32_t cnt)
{
	struct capture_out *o;
	int ret = dir_make(dir);

	if (ret)
		return ret;
	o = calloc(1, sizeof(*o));
	if (o)
		o->dead = pcap_open_dead_with_tstamp_precision(
			DLT_EN10MB, 262144, PCAP_TSTAMP_PRECISION_NANO);
	if (!o || !o->dead) {
		free(o);
		cli_error("out of memory");
		return CLI_REFUSED;
	}
	for (uint32_t i = 0; i < cnt && !ret; i++)
		ret = port_open(o, dir, names[i]);
	if (ret)
		capture_out_close(o);
	else
		*out = o;
	return ret;
}

void capture_out_packet(struct capture_out *o, uint32_t port, uint64_t ns,
			const uint8_t *data, uint32_t len)
{
	const struct pcap_pkthdr h = {
		.ts = { .tv_sec = ns / NF_SEC, .tv_usec = ns % NF_SEC },
		.caplen = len,
		.len = len,
	};

	if (port < o->cnt)
		pcap_dump((u_char *)o->port[port], &h, data);
}

int capture_out_close(struct capture_out *o)
{
	int ret = CLI_OK;

	if (!o)
		return CLI_OK;
	for (uint32_t i = 0; i < o->cnt; i++) {
		if (pcap_dump_flush(o->port[i]) ||
		    ferror(pcap_dump_file(o->port[i]))) {
			cli_error("%s: %s", o->path[i], strerror(errno));
			ret = CLI_REFUSED;
		}
		pcap_dump_close(o->port[i]);
	}
	pcap_close(o->dead);
	free(o);
	return ret;
}
