/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A chain as its pins show it: maps mapped read-only, tables as readers. Needs
 * no daemon. Owner: the command that opened it.
 */
#ifndef NFOLD_CLI_VIEW_H
#define NFOLD_CLI_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "../../maps/flow_table.h"
#include "../instance.h"

struct view {
	struct instance_maps maps;
	struct flow_table *table[2];	/* IPv4, IPv6 */
	bool alive;			/* its engine */
	uint64_t now_ns;		/* CLOCK_MONOTONIC when opened */
};

/* CLI_OK, or the exit code with a message printed. */
int view_open(struct view *v, const char *chain);
void view_close(struct view *v);

/* Calls fn with each chain, or the one that is named. Ends at the first result
 * that is not CLI_OK, and returns it. */
int view_each(const char *chain, int (*fn)(struct view *v, void *ctx),
	      void *ctx);

/* Name of NF number `index1 - 1` of the chain; NULL for 0. */
const char *view_nf(const struct view *v, uint8_t index1);

/* One direction of one flow, copied out. */
struct view_flow {
	const struct view *view;
	int family;			/* 4 or 6 */
	uint32_t slot;
	struct flow_entry e;
	struct nfold_cells cells;
	bool paired;			/* the other direction has an entry */
	uint32_t peer_tcp_seen;
};

/* false: the slot is free, or was freed meanwhile. */
bool view_flow_read(const struct view *v, int family, uint32_t slot,
		    struct view_flow *f);

#endif
