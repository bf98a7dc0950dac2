/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "match.h"

#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#include "cli.h"
#include "made_packet.h"
#include "view.h"

struct flow_match {
	struct bpf_program prog;
};

static char *join_words(int argc, char **argv)
{
	size_t len = 1;
	char *text;

	for (int n = 0; n < argc; n++)
		len += strlen(argv[n]) + 1;
	text = calloc(1, len);
	for (int n = 0; text && n < argc; n++) {
		if (n)
			strcat(text, " ");
		strcat(text, argv[n]);
	}
	return text;
}

struct flow_match *flow_match_new(int argc, char **argv)
{
	struct flow_match *m = calloc(1, sizeof(*m));
	char *text = join_words(argc, argv);
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);

	if (!m || !text || !p) {
		cli_error("out of memory");
	} else if (pcap_compile(p, &m->prog, text, 0, PCAP_NETMASK_UNKNOWN)) {
		cli_error("match \"%s\": %s. Expressions are tcpdump's: see pcap-filter(7)",
			  text, pcap_geterr(p));
	} else {
		pcap_close(p);
		free(text);
		return m;
	}
	if (p)
		pcap_close(p);
	free(text);
	free(m);
	return NULL;
}

void flow_match_free(struct flow_match *m)
{
	if (!m)
		return;
	pcap_freecode(&m->prog);
	free(m);
}

bool flow_match(const struct flow_match *m, const struct view_flow *f)
{
	struct pcap_pkthdr h = { 0 };
	struct made_packet p;

	if (!m)
		return true;
	made_packet(&p, f->family, &f->e.key, f->e.tcp_seen);
	h.caplen = h.len = p.len;
	return pcap_offline_filter(&m->prog, &h, p.data);
}
