/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The loop's body: loop.c (packets), loop_setup.c (life), loop_control.c (the
 * parent's requests). */
#ifndef NFOLD_LOOP_PRIV_H
#define NFOLD_LOOP_PRIV_H

#include "engine.h"
#include "exports.h"
#include "hold.h"
#include "loop.h"
#include "route.h"
#include "xio.h"

struct loop {
	const struct loop_conf *conf;
	struct nfold_port *ports;
	uint32_t port_cnt;
	struct nf **nfs;
	struct flow_table *flows4;
	struct flow_table *flows6;
	struct engine *engine;
	struct route *route;	/* NULL in wire mode */
	struct xio *xio;
	struct ring_buffer *events;	/* NULL: no kernel tier in the chain */
	struct exports exports;
	struct hold hold;
	struct xio_stats seen;	/* what is in the stats row already */
	uint64_t now_ns;
	uint64_t busy_ns;	/* when a packet came in last */
	uint64_t route_ns;	/* next route_tick() */
	uint64_t second_ns;	/* next bookkeeping */
	uint64_t stop_ns;	/* stopping: drained by then; 0 not */
	bool gone;		/* the parent is */
	uint32_t target_nf;	/* whose targets the parent is told, up to */
	uint32_t target_next;	/* which */
};

/* loop_setup.c. 0, or negative errno with a message sent to the parent. */
int loop_setup(struct loop *l);
/* loop.c */
void loop_work(struct loop *l);
void loop_resolved(void *ctx, uint16_t nexthop, bool ok);
void loop_changed(void *ctx);
/* loop_control.c: what the parent said; probes to the parent. */
void loop_control(struct loop *l);
void loop_probe(void *ctx, uint32_t ifindex, int family,
		const struct nf_addr *addr);
int loop_tell(struct loop *l, const char *event, const char *error);
/* loop_set.c: the answer to "set"; new reference. Closes fd, -1: none came. */
json_t *loop_set(struct loop *l, const json_t *msg, int fd);

/* loop_health.c: all targets are to be told; tells what can be told now; what
 * became of one. */
void loop_targets_begin(struct loop *l);
void loop_targets(struct loop *l);
void loop_health(struct loop *l, const json_t *msg);

#endif
