/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The chain engine: sessions, Local MAT, Global MAT, installation, hand-over,
 * expiry. Knows packets and tables, no sockets: userspace/loop.c feeds it from
 * AF_XDP, the tests feed it from memory. One engine, one thread, and workers
 * which run while it waits for them (batch.h).
 */
#ifndef NFOLD_ENGINE_H
#define NFOLD_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "../chains/chain.h"
#include "../chains/own.h"
#include "../maps/ctl.h"
#include "../maps/edit.h"
#include "../maps/flow_table.h"
#include "../maps/port.h"
#include "../maps/punt.h"
#include "../maps/event.h"
#include "../maps/state.h"
#include "../maps/stats.h"

struct engine;

/* The instance's maps as the engine sees them: mmap-ed, borrowed. */
struct engine_maps {
	struct nfold_ctl *ctl;
	struct nfold_stats *stats;	/* the engine's own row */
	struct nfold_port *ports;
	union nfold_nexthop *nexthops;
	struct flow_table *flows4;
	struct flow_table *flows6;
	struct nfold_cell *cells;	/* NULL: no kernel tier */
	struct nfold_steps *steps;
	uint32_t cell_cnt;
	uint32_t count_cell_cnt;	/* of them, for counts behind events */
	uint32_t steps_cnt;
	struct own_cells own[NFOLD_OWN_MAX];	/* cells borrowed */
	struct nfold_edit *edits;	/* NULL: directions that need one stay
					 * slow */
	uint32_t edit_cnt;
	struct nfold_tmpl *tmpls;	/* NFOLD_TMPL_CNT */
	const struct nfold_tunnels *tunnels; /* as XDP has them; NULL: none */
};

/* What a packet's destination resolves to (userspace/route.c, or a test). */
enum route_result {
	ROUTE_OK,		/* *nexthop is usable */
	ROUTE_WAIT,		/* *nexthop is right but unresolved: hold */
	ROUTE_HOST,		/* to the host itself */
	ROUTE_NONE,		/* no route */
	ROUTE_NOT_A_PORT,	/* leaves by a device outside the chain */
	ROUTE_FAILED,		/* next hop does not answer */
};

struct engine_router {
	void *ctx;
	enum route_result (*lookup)(void *ctx, int family,
				    const struct nf_addr *daddr,
				    uint16_t *nexthop);
	/* Port index of a next hop, resolved or not. */
	uint32_t (*port)(void *ctx, uint16_t nexthop);
};

/* Sends an NF's datagram to its collector (userspace/exports.c, or a test): as
 * nf_export(). */
struct engine_export {
	void *ctx;
	int (*send)(void *ctx, uint32_t nf, const void *msg, size_t len);
};

struct engine_conf {
	const struct chain *chain;
	struct nf **nfs;		/* borrowed */
	struct engine_maps maps;
	struct engine_router router;	/* not used in wire mode */
	struct engine_export export;	/* send NULL: offline */
	bool fold;
	bool tell_all;		/* log each event that begins, of functions that
				 * do not tell as well: to compare two */
	unsigned int workers;	/* threads for payload state functions, beside
				 * the caller's */
};

enum engine_verdict {
	ENGINE_TX,		/* send data/len out of port `out` */
	ENGINE_DROP,		/* counted already */
	ENGINE_HOLD,		/* next hop unresolved: give it to
				 * engine_resume() later, or drop it */
};

/* A punted packet. data may be changed in place, and data and len with the
 * frame's start, within room. */
struct engine_pkt {
	uint8_t *data;
	uint32_t len;
	uint32_t room;			/* bytes that may be written below data */
	const struct nfold_punt *punt;	/* metadata as received, checked */
	uint32_t out;			/* ENGINE_TX: port index */
	uint16_t nexthop;		/* ENGINE_HOLD: which one it waits for */
	uint32_t flow;			/* for engine_left(); 0 none */
	uint8_t outcome;		/* TX and HOLD: enum nfold_reason that
					 * the caller counts once the packet is
					 * queued; or the reason it drops it */
	uint8_t drop_nf;		/* out: NF index + 1 that dropped it, now
					 * or when the flow was folded; 0 none */
	bool walked;			/* out: it met the NFs themselves */
};

/* Starts the workers: in the process that uses them, before seccomp. */
int engine_new(struct engine **out, const struct engine_conf *conf);
void engine_free(struct engine *e);

/* Once per batch, before its packets: sets the engine's and XDP's time. */
void engine_now(struct engine *e, uint64_t now_ns);
/* Unix time, ns, of what engine_now() set last. Never called: 0 is 1970. */
void engine_unix(struct engine *e, uint64_t unix_ns);
enum engine_verdict engine_packet(struct engine *e, struct engine_pkt *p);
/* A held packet whose next hop is resolved now: final MACs, ENGINE_TX; or
 * ENGINE_DROP. */
enum engine_verdict engine_resume(struct engine *e, struct engine_pkt *p);
/* The packet (p->flow) has left the slow path: sent and completed, or dropped.
 * Exactly once for each engine_packet() whose flow is not 0. */
void engine_left(struct engine *e, uint32_t flow);
/* All receive rings were seen empty: nothing punted before is still unseen. */
void engine_drained(struct engine *e);
/* Hand-over and a bounded piece of expiry; each loop. Returns ns until it wants
 * to be called again. */
uint64_t engine_tick(struct engine *e);
/* Routes changed: every flow is folded anew at its next packet. */
void engine_invalidate_all(struct engine *e);

void engine_count(struct engine *e, enum nfold_reason reason);

/* A record of the ring "events". */
void engine_event(struct engine *e, const struct nfold_event *ev);

/* Control. json: new references. */
/* Events registered, by NF and function; the last events that began, from the
 * since-th on. */
json_t *engine_event_list(struct engine *e);
json_t *engine_event_show(struct engine *e, uint64_t since);
/* Alerts from the since-th on, counted from 0 since the engine began, some at a
 * time: {"raised": how many ever, "next": since for the next call, "missed":
 * too old to be kept, "alerts": [...]}; userspace/alert.c has the keys. */
json_t *engine_alerts(struct engine *e, uint64_t since);
json_t *engine_nf_show(struct engine *e, const char *name); /* NULL: all */
json_t *engine_nf_dump(struct engine *e);
/* A page of a table of the NF of this label (nf_ops.view). NULL: there is no such
 * NF, or no such view. */
json_t *engine_nf_view(struct engine *e, const char *label, const char *view,
		       uint64_t from);
/* Statements to the NF of this label (engine_nf_label): nf_ops.set(). 0, -ENOENT:
 * no such NF, -EOPNOTSUPP: it takes none, or -EINVAL with err filled. */
int engine_nf_set(struct engine *e, const char *name,
		  const struct conf_block *block, struct conf_error *err);
/* Health of what an NF sends to: its targets (false: it has none at all), and
 * what became of one of them, why being told in the log of events. */
bool engine_targets(struct engine *e, uint32_t index, nf_target_fn fn,
		    void *ctx);
void engine_health(struct engine *e, uint32_t index, uint32_t id, bool up,
		   const char *why);
/* Name of the NF at an index of the chain: "nat", and "nat#2" for a second one. */
void engine_nf_label(const struct engine *e, uint32_t index, char *buf,
		     size_t size);
/* What is known of the flow direction of a frame as it came in by a port: who
 * recorded what in its Local MAT, in order, what that folded to, who wrote each
 * field last and whose writes were overwritten; userspace/explain.c names the
 * keys. Changes nothing. NULL: no such flow, or the frame does not parse. */
json_t *engine_explain(struct engine *e, const uint8_t *frame, uint32_t len,
		       uint32_t port);
/* End these sessions (ids as in nfold_cells.session); sessions NULL: all.
 * Returns how many there were. */
uint32_t engine_flush(struct engine *e, const uint32_t *sessions, size_t cnt);
uint32_t engine_sessions(const struct engine *e);

#endif
