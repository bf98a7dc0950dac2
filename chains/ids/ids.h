/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ids, inside the folder: the NF, what it keeps of a session, and the inspection
 * of one packet. One thread at a time: the engine's, or a worker's that it waits
 * for (docs/FOLD.md, N39).
 */
#ifndef NFOLD_IDS_H
#define NFOLD_IDS_H

#include "match.h"
#include "rate.h"
#include "reassemble.h"
#include "rules.h"

#define IDS_EVENTS_MAX 64	/* of a packet; more are counted */

/* Of a rule. */
struct ids_count {
	uint64_t matches;
	uint64_t alerts;	/* told: neither noalert nor held by a
				 * threshold */
};

/* A rule that has something to say of the packet in hand. */
struct ids_event {
	uint32_t rule;		/* by index */
	bool limit;		/* that it was given up */
};

struct ids_totals {
	uint64_t packets, bytes; /* inspected; payload */
	uint64_t alerts;
	uint64_t dropped;
	uint64_t passed;	/* by a pass rule */
	uint64_t limits;	/* rules given up */
	uint64_t events_lost;	/* beyond IDS_EVENTS_MAX */
	uint64_t settled;	/* directions */
	uint64_t evasions;	/* told: of a session once for each kind */
};

struct ids {
	struct nf *nf;
	struct ids_rules *rules;
	struct ids_count *counts; /* of each rule */
	uint64_t *candidates;	/* a bit a rule; all clear between packets */
	uint32_t generation;	/* of rules; from 1 */
	struct ids_rates rates;
	uint64_t limit_bytes;	/* of payload in a direction; 0 all */
	uint64_t limit_packets;
	bool drop_on_limit;
	bool drop_on_evasion;
	uint8_t min_ttl;	/* below, the host may never get it; 0 any */
	struct ids_reassembly reassembly;
	struct ids_event events[IDS_EVENTS_MAX];
	unsigned int event_cnt;
	struct ids_totals totals;
};

/* One direction of a session: what its state function is given. */
struct ids_dir {
	struct ids_session *session;
	const struct ids_group *group;
	uint32_t generation;	/* of the rules it was looked up in; 0 never */
	uint8_t dir;		/* one of enum ids_dir_bit */
	uint8_t want;		/* enum ids_want, bits */
	bool denied;		/* a rule on the flow key drops all of it */
	bool rejects;		/* by an answer to its sender each time */
	bool told;		/* rules on the flow key have been told */
	bool settled;
	bool seen;		/* a packet of it */
	uint64_t packets, bytes;
	struct ids_tail *tail;	/* TCP; NULL: none yet */
};

/* The blob of a session. */
struct ids_session {
	struct ids *ids;	/* NULL: new */
	struct ids_dir dirs[2];	/* original, reply */
	bool reversed;		/* who opened it is the server */
	bool blocked;		/* TCP: a packet was dropped, so all that
				 * follow are */
	bool rejected;		/* and answered by a reset, each end's next */
	uint32_t evasions;	/* told, enum ids_stream_result, bits */
	struct ids_stream *stream; /* TCP; NULL: none yet */
	uint64_t bits[IDS_BITS_MAX / 64]; /* flowbits */
};

/* ids_conf.c: 0, or -1 with err filled. */
int ids_init(struct nf *nf, const struct conf_block *block,
	     struct conf_error *err);
/* rules and var, while it runs: other rules, or, with -1 and err filled, the same
 * as before. */
int ids_set(struct nf *nf, const struct conf_block *block,
	    struct conf_error *err);
/* The rules of an NF are replaced; they are its own from then on. 0, or -1: no
 * memory, and nothing has changed. */
int ids_rules_set(struct ids *ids, struct ids_rules *rules);

/* ids_flow.c: the direction of this packet, looked up in the rules if it is new
 * to them. NULL: no memory. */
struct ids_dir *ids_flow_dir(struct ids *ids, struct ids_session *s,
			     struct nf_pkt *pkt);
void ids_flow_view(const struct ids_dir *d, struct nf_pkt *pkt,
		   struct ids_view *v);

/* inspect.c: all rules on one packet. */
enum ids_verdict {
	IDS_FORWARD,
	IDS_DENY,
	IDS_RESET,
	IDS_NORMALISE,		/* drop this packet, the connection goes on */
};
enum ids_verdict ids_inspect(struct ids *ids, struct ids_dir *d,
			     struct nf_pkt *pkt);

/* alert.c: what the events of the packet say, the highest priority first, then
 * by sid; then there are none. */
void ids_alerts_tell(struct ids *ids, const struct nf_pkt *pkt);
void ids_event_add(struct ids *ids, uint32_t rule, bool limit);
/* What a segment did to its stream, if it is worth telling. */
void ids_evasion_tell(struct ids *ids, struct ids_session *s,
		      const struct nf_pkt *pkt, uint32_t result, bool drop);

/* evasion.c: what becomes of a packet that its host may not take as it looks. */
bool ids_evasion_drops(const struct ids *ids, uint32_t result);
/* Before it is inspected: it is not to be (forwarded), or dropped. */
enum ids_taken { IDS_TAKE, IDS_IGNORE, IDS_REFUSE };
enum ids_taken ids_take(struct ids *ids, const struct nf_pkt *pkt);

/* ids_show.c */
json_t *ids_show(struct nf *nf);

#endif
