/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A flow in words, as nfold explain takes it:
 *
 *	in PORT [vlan N [vlan N]] tcp|udp A:p > B:q
 *	in PORT [vlan N [vlan N]] icmp|icmp6 A > B [id N]
 *
 * IPv6 addresses with ports are in brackets; icmp is an echo request.
 */
#ifndef NFOLD_CLI_FLOW_SPEC_H
#define NFOLD_CLI_FLOW_SPEC_H

#include "../../maps/flow.h"
#include "offline.h"

struct flow_spec {
	uint32_t port;		/* index */
	int family;
	struct nfold_key6 key;	/* IPv4 in [0] */
	uint8_t tcp_flags;	/* SYN of TCP, else 0 */
	char text[512];		/* the words, joined */
};

/* CLI_OK, or CLI_USAGE with a message printed. */
int flow_spec_parse(struct flow_spec *s, const struct offline *o, int argc,
		    char **argv);

#endif
