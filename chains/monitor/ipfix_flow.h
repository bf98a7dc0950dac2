/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which information elements (IANA's registry; RFC 5102, RFC 7012) a flow record
 * of the monitor has: one direction of a session, in a template by family and by
 * whether it has ports or, of ICMP echo, a type.
 */
#ifndef NFOLD_MONITOR_IPFIX_FLOW_H
#define NFOLD_MONITOR_IPFIX_FLOW_H

#include "ipfix.h"
#include "monitor.h"

/* flowEndReason */
enum ipfix_reason {
	IPFIX_IDLE = 1,
	IPFIX_ACTIVE = 2,
	IPFIX_ENDED = 3,	/* TCP: both sides are done, or a reset */
	IPFIX_FORCED = 4,
};

struct ipfix_flow {
	const struct monitor_key *key;
	struct nf_count count;	/* since the last record */
	uint16_t l2_len;	/* of each frame's bytes: before the IP header */
	uint8_t tcp_flags;
	enum ipfix_reason reason;
	uint64_t start_ms, end_ms; /* Unix time */
};

#define IPFIX_FLOW_TEMPLATES 4
extern const struct ipfix_template ipfix_flow_templates[IPFIX_FLOW_TEMPLATES];

/* Appends the record. False: no room. */
bool ipfix_put_flow(struct ipfix_msg *m, const struct ipfix_flow *f);

#endif
