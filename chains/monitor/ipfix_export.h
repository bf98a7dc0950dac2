/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The monitor's exporting process (RFC 7011): when a direction's counts become a
 * record, messages to the collector, templates again and again, what was lost.
 * Over UDP, without waiting: what can not be sent is counted and gone.
 *
 * A direction has a record when it has been idle, when it has been active for
 * long, and when its session is over; each tells what was counted since the one
 * before. Sessions are looked at in turn, a bounded piece each tick. One thread.
 */
#ifndef NFOLD_MONITOR_IPFIX_EXPORT_H
#define NFOLD_MONITOR_IPFIX_EXPORT_H

#include "ipfix_flow.h"

struct ipfix_export {
	uint64_t active_ns, idle_ns;
	uint64_t refresh_ns;		/* templates: at least so often, ... */
	uint32_t refresh_msgs;		/* ... and before so many messages */
	uint32_t domain;		/* observation domain id */

	struct ipfix_msg msg;		/* being filled */
	uint32_t sequence;		/* data records of messages before it */
	uint64_t template_ns;		/* when they were sent last; 0 never */
	uint32_t since_template;	/* messages */
	uint64_t now;			/* of the last tick */
	struct monitor_session *look;	/* next to be looked at; NULL: the first */

	uint64_t messages, records, templates;	/* sent; template sets */
	uint64_t lost_messages, lost_records;	/* not sent */
	uint64_t refused;	/* messages, says the collector's host */
};

/* ipfix_conf.c: export ipfix ADDR:PORT ...; 0, or -1 with err filled. */
int ipfix_export_conf(struct nf *nf, const struct conf_stmt *s,
		      struct conf_error *err);
/* The direction's counts become a record, if there are any. seen: of its
 * session. d: its index. */
void ipfix_export_half(struct nf *nf, struct monitor_session *s, int d,
		       const struct nf_seen *seen, uint64_t now,
		       enum ipfix_reason reason);
/* The session is over. */
void ipfix_export_end(struct nf *nf, struct monitor_session *s, uint64_t now);
/* Each tick: looks at sessions, sends what is waiting. */
void ipfix_export_tick(struct nf *nf, uint64_t now);
/* The engine stops: records for all that is open. */
void ipfix_export_stop(struct nf *nf);
json_t *ipfix_export_show(const struct nf *nf);

#endif
