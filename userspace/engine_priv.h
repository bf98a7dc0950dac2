/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The engine's inside: one struct engine, its sessions and flows. Shared by
 * the engine's own files only:
 *	engine.c	life and control
 *	way*.c		packets: classify, walk, apply, leave
 *	session.c	sessions and flows: open, find, end
 *	gmat.c		Global MAT: fold, install, hand-over
 *	expiry.c	ageing
 *	lmat.c		Local MAT and the NFs' calls
 *	state_own.c	the NFs' own functions and their cells
 *	state.c		cells, kernel tier's functions run here
 *	steps.c		from records to an entry's steps
 *	event.c		Event Table: what is registered, what fired
 *	alert.c		what NFs tell people of packets
 *	outside.c	events from outside: operator, health
 *	explain.c	what is known of a flow, to be read
 *	batch.c		payload state functions of one packet
 */
#ifndef NFOLD_ENGINE_PRIV_H
#define NFOLD_ENGINE_PRIV_H

#include "batch.h"
#include "consolidate.h"
#include "edits.h"
#include "engine.h"
#include "lmat.h"
#include "origin.h"
#include "pkt.h"
#include "pool.h"

#include "flow_hash.h"

#define ENGINE_HANDOVER_NS (1 * NF_SEC / 1000)	/* bound, DESIGN section 4 */

struct session;

/* One direction of a session. The reply direction exists from the session's
 * start, under the key that its packets will have, so that they are known. */
struct flow {
	struct nfold_key6 key;	/* IPv4 in [0] */
	uint8_t family;
	bool reply;
	bool seen;		/* a packet of it has walked the chain */
	bool dead;		/* session ended; freed when nothing is held */
	bool partial;		/* NFOLD_ACT_CSUM_PARTIAL */
	bool pending;		/* installed, hand-over not done */
	bool punted;		/* a packet punted as PENDING has been seen */
	bool drained;		/* rings were empty since it was installed */
	bool payload;		/* class payload: folded, but punted for its
				 * state functions */
	uint8_t why_slow;	/* enum nfold_reason; NONE: folded */
	uint32_t id;		/* index in engine.flows + 1 */
	uint32_t slot;		/* in the flow table; FLOW_SLOT_NONE */
	uint32_t edit;		/* its entry's edit record + 1; 0 none */
	uint32_t generation;	/* that it was folded in */
	uint32_t held;		/* packets given out and not left */
	uint32_t waiting;	/* of them, on hold for a next hop */
	uint32_t tcp_seen;	/* NFOLD_TCP_*, in the slow path or, up to the
				 * last flow_sync(), in XDP */
	uint64_t pending_ns;	/* since */
	uint64_t retry_ns;	/* table or cells full: when to try again */
	uint64_t last_ns;	/* last packet, in the slow path or, up to the
				 * last flow_sync(), in XDP; 0 none */
	uint64_t told_packets;	/* of the cells, that NFs know of */
	uint64_t told_bytes;
	struct session *session;
	struct flow *pending_next, **pending_prev;
	struct lmat lmat;
	struct gmat_entry entry;
	uint32_t steps;		/* index + 1 of the entry's steps; 0 none */
	struct count_cell *count_cells;	/* kept across folds, see steps.c */
	uint8_t count_cell_cnt;
	UT_hash_handle hh;
};

/* The cell of a count function that stands behind an event. */
struct count_cell {
	struct nfold_cell *cell;
	uint64_t told_packets;	/* that the NF knows of */
	uint64_t told_bytes;
	uint8_t nf;
	uint8_t nth;		/* of the NF's count functions, from 0 */
};

struct session {
	uint32_t id;		/* index in engine.sessions + 1 */
	bool outside;		/* opened from an outside port */
	bool idle;		/* ends because nothing came */
	bool one_way;		/* its answers are not known as such: tunnels,
				 * direct return */
	struct flow *dir[2];	/* original, reply; reply may be NULL */
	uint64_t last_ns;	/* last packet in the slow path */
	uint8_t blobs[] __attribute__((aligned(16))); /* the NFs' nf_session() */
};

/* Objects by id, ids reused. */
struct id_table {
	void **v;
	uint32_t *free_ids;
	uint32_t cap, cnt, free_cnt, used;
};

struct engine {
	struct engine_conf conf;
	const struct chain *chain;
	uint64_t now;
	uint64_t epoch;			/* Unix time, ns, when now was 0 */
	struct flow *flows[2];		/* uthash heads: IPv4, IPv6 */
	struct id_table flow_ids;
	struct id_table session_ids;
	uint32_t session_max;
	size_t blob_size;
	struct batch_runner *batches;
	uint8_t drop_nf;		/* index + 1, of the packet in hand */
	struct edits *edits;		/* NULL: no maps for them */
	struct flow *recording;		/* whose Local MAT is being filled */
	struct origin *origin;		/* of the packet that walks */
	bool dies;			/* the packet in hand: its TTL ends */
	uint8_t resets;			/* the packet in hand: its sender is
					 * reset; enum nfold_reason, NONE: no */
	uint32_t invalidated;		/* sessions, by nf_invalidate(); ever */
	const struct nfold_parse *came;	/* the packet in hand as it came in: of
					 * two headers the outer one */
	uint8_t tcp_flags;		/* its own, of two the inner one's */
	uint64_t icmp_credit_ns;	/* token bucket of error messages */
	uint64_t icmp_ns;
	struct flow *pending;		/* hand-overs not done */
	uint32_t scan;			/* expiry: next session index */
	uint64_t scan_ns;
	uint64_t nf_tick_ns;
	struct pool cells;		/* the NFs' (maps/state.h) */
	struct pool count_cells;	/* of count functions behind an event: the
					 * last of the array, so that folding takes
					 * no cell from an NF */
	struct pool own_cells[NFOLD_OWN_MAX];
	struct pool steps;
	struct nfold_steps ran;		/* steps that ran for the packet in hand */
	bool turned;			/* it met an event that folds anew in a
					 * walk that records nothing */
	struct lmat sf_ran;		/* and payload functions, of the NF whose
					 * event fired: see lmat_ran() */
	struct event_log *events;
	bool event_open;		/* see event_close() */
	struct alert_log *alerts;
};

static inline struct flow_table *engine_table(struct engine *e, int family)
{
	return family == 4 ? e->conf.maps.flows4 : e->conf.maps.flows6;
}

/* Does the direction meet the NFs from the last to the first? */
static inline bool flow_is_backwards(const struct flow *f)
{
	return f->session->outside != f->reply;
}

/* session.c */
struct flow *flow_find(struct engine *e, int family,
		       const struct nfold_key6 *key);
/* Opens a session with its original direction; NULL: at the limit. */
struct session *session_open(struct engine *e, int family,
			     const struct nfold_key6 *key, bool outside);
/* Registers the reply direction under key (moves it if it was another).
 * False: the key is another session's. One of which no packet ever passed (its
 * first was dropped) gives way: a forged packet must not block a tuple. */
bool session_expect(struct engine *e, struct session *s,
		    const struct nfold_key6 *key);
void session_end(struct engine *e, struct session *s);
/* Hands the kernel's counts to the NFs' cells. */
void flow_sync(struct engine *e, struct flow *f);
void flow_held_put(struct engine *e, struct flow *f);
struct flow *flow_by_id(struct engine *e, uint32_t id);
struct session *session_by_id(struct engine *e, uint32_t id);
/* TCP flags seen in both directions, by XDP or here. */
uint32_t flow_tcp_seen(struct engine *e, struct flow *f);
uint64_t session_last_seen(struct engine *e, struct session *s);

/* gmat.c */
/* Consolidates the direction's records and installs or replaces its entry.
 * pkt: as it left the chain, to hold the records against. egress: NULL if the
 * chain dropped it. Sets f->why_slow. */
void gmat_fold(struct engine *e, struct flow *f, const struct nf_pkt *pkt,
	       const struct egress *egress);
/* The direction's next packet walks the chain. f may be NULL. */
void gmat_invalidate(struct engine *e, struct flow *f);
/* All payload functions of the direction have settled: class kernel. */
void gmat_settle(struct engine *e, struct flow *f);
/* Folded, but found not to be right: class slow. */
void gmat_slow(struct engine *e, struct flow *f, enum nfold_reason why);
/* Counts a packet handled in user space in the flow's cells. told: the NFs
 * counted it themselves. */
void gmat_count(struct engine *e, struct flow *f, uint32_t len, bool told);
/* TCP flags of a packet in the slow path, whatever becomes of it: XDP judges a
 * SYN by them too. */
void gmat_tcp_seen(struct engine *e, struct flow *f, uint8_t flags);
/* No entry refers to the edit record any more; *ref becomes 0. */
void gmat_edit_put(struct engine *e, uint32_t *ref);
void gmat_pending_clear(struct flow *f);
void gmat_try_handover(struct engine *e, struct flow *f);
/* True: a hand-over is under way that is not waiting for a next hop. */
bool gmat_handover_tick(struct engine *e);

/* state_own.c; own: number of an own function + 1, or 0 for map "cells" */
#define STEP_OWN(s) \
	((s)->fn < NFOLD_FN_OWN ? 0U : (uint32_t)(s)->fn - NFOLD_FN_OWN + 1)
int own_init(struct engine *e);
void own_fini(struct engine *e);
/* Of the chain's nf-th NF; 0: it uses none. */
uint32_t own_number(const struct engine *e, uint8_t nf);
uint32_t own_index(const struct engine *e, uint32_t own, const void *cell);
/* NULL: there is no such cell. */
struct nfold_cell *own_cell(const struct engine *e, uint32_t own,
			    uint32_t index);
/* Runs an own function on the step's cell: NFOLD_OWN_*. */
int own_run(const struct engine *e, const struct nfold_step *s,
	    const struct nfold_view *v);

/* state.c */
int state_init(struct engine *e);
void state_fini(struct engine *e);
struct nfold_cell *state_count_cell(struct engine *e);	/* or NULL */
void state_count_cell_free(struct engine *e, struct nfold_cell *cell);
/* What a record of a kernel-tier function is as a step. */
struct nfold_step state_step_make(const struct engine *e, uint8_t nf,
				  const struct state_function *sf,
				  const void *cell, uint32_t key);
/* What XDP ran before it gave the packet up (punt.ran); 0: nothing. */
void state_ran(struct engine *e, uint32_t ran);
/* The entry's steps, as XDP runs them. pkt: as it came. NONE; the reason of a drop; or EVENT_FIRED, with
 * e->ran. */
enum nfold_reason state_steps(struct engine *e, struct flow *f,
			      const struct nf_pkt *pkt);
/* One of them by itself, and all that there are; NULL: none. */
enum nfold_reason state_step(struct engine *e, struct flow *f,
			     const struct nf_pkt *pkt, unsigned int n);
const struct nfold_steps *state_steps_of(const struct engine *e,
					 const struct flow *f);
/* Count functions of the NF (negative: of all) among what ran take the packet
 * back: the NF, which the packet is about to meet, counts it. */
void state_uncount(struct engine *e, const struct nf_pkt *pkt, int nf);

/* steps.c */
/* Makes f->entry's steps from the records. NONE, or why it can not. */
enum nfold_reason steps_build(struct engine *e, struct flow *f);
/* Old steps, once the entry that led to them is replaced. */
void steps_put(struct engine *e, uint32_t steps);
/* Hands what cells of count functions counted to the NFs. */
void steps_sync(struct flow *f);
void steps_end(struct engine *e, struct flow *f);

/* event.c */
int event_init(struct engine *e);
void event_fini(struct engine *e);
/* A condition has begun to hold, for a packet of f: logged if it is to be told,
 * and the NF's update function called. */
void event_begin(struct engine *e, struct flow *f, const struct nfold_event *ev,
		 bool tell);
/* The same while the packet meets the NF: what is done is known when that has
 * returned, by event_close(), due if e->event_open. */
void event_begin_walk(struct engine *e, struct flow *f,
		      const struct nfold_event *ev, bool tell);
/* dropped, reason: what the NF did with the packet. */
void event_close(struct engine *e, const struct flow *f, bool dropped,
		 uint8_t reason);

/* alert.c */
int alert_init(struct engine *e);
void alert_fini(struct engine *e);
/* By the packet in hand? Then it is done: they go into the log. */
bool alert_raised(const struct engine *e);
void alert_packet_done(struct engine *e);

/* Something from outside, for the log. before: e->invalidated before it. */
void event_outside(struct engine *e, const struct nf *nf, const char *what,
		   const char *text, uint32_t before);

/* outside.c: what the NF waits for from outside, to the list of events. */
void outside_list(struct engine *e, uint32_t index, json_t *list);

/* expiry.c */
void expiry_scan(struct engine *e);

#endif
