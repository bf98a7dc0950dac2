/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What XDP tells user space when an event's condition begins to hold: a record
 * in the ring buffer "events", one for each time it begins, whatever the number
 * of CPUs that meet it.
 */
#ifndef NFOLD_EVENT_H
#define NFOLD_EVENT_H

#include <linux/types.h>

struct nfold_event {
	__u64 time_ns;		/* as in nfold_view */
	__u32 cell;		/* index */
	__u32 slot;		/* index + 1 of the entry whose packet met it */
	__u8 family;		/* 4 or 6: of the slot's table */
	__u8 nf;		/* index in the chain */
	__u8 on_fire;		/* enum nfold_fire */
	__u8 reason;		/* enum nfold_reason of FIRE_DROP */
	__u32 len;		/* of the packet, as it came in by the port */
	__u32 own;		/* number + 1 of the own function whose cell it
				 * is; 0: one of map "cells" */
	__u32 pad;
};

#define NFOLD_EVENT_RING (256 * 1024)	/* bytes; full: told later, or not:
					 * counted under events-lost */

_Static_assert(sizeof(struct nfold_event) == 32, "event is map ABI");

#endif
