/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Packets that wait for the link-layer address of their next hop, in the order
 * in which they came. Bounded; owner: struct loop.
 */
#ifndef NFOLD_HOLD_H
#define NFOLD_HOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "../maps/punt.h"
#include "xio.h"

#define HOLD_MAX 256U
#define HOLD_NS UINT64_C(3000000000)	/* then the next hop has failed */

enum hold_state { HOLD_WAITS, HOLD_OK, HOLD_FAILED };

struct held {
	struct xio_pkt pkt;	/* its frame is held */
	struct nfold_punt punt;	/* below the packet new headers may come */
	uint64_t until_ns;
	uint16_t nexthop;
	uint8_t outcome;	/* of engine_pkt */
	uint8_t state;		/* enum hold_state */
};

struct hold {
	uint32_t cnt;
	bool ready;		/* some state is not WAITS */
	struct held held[HOLD_MAX];	/* oldest first */
};

/* False: full, the caller still owns the packet. */
bool hold_add(struct hold *h, const struct held *one);
/* What route tells: only marked, as it may tell in the middle of a lookup. */
void hold_resolved(struct hold *h, uint16_t nexthop, bool ok);
/* Gives done(ctx, one) those that wait no more, oldest first. done owns the
 * packet; it does not call hold_*(). */
void hold_run(struct hold *h, uint64_t now_ns,
	      void (*done)(void *ctx, struct held *one), void *ctx);

#endif
