/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Consolidation: from the records of one flow direction to one action in
 * normal form (SpeedyBox section V-B, DESIGN section 4). Pure: no state.
 */
#ifndef NFOLD_CONSOLIDATE_H
#define NFOLD_CONSOLIDATE_H

#include "../maps/flow.h"
#include "edit_plan.h"
#include "lmat.h"

/* Where the packet goes once the NFs are done: the last step of the chain. */
struct egress {
	uint8_t verdict;	/* enum nfold_verdict: FORWARD or HOST */
	uint16_t nexthop;
	bool router;		/* decrement TTL, set MACs; else wire */
};

/* The Global MAT's entry of a flow direction. */
struct gmat_entry {
	struct nfold_set6 set;	/* IPv4 addresses in [0] */
	struct nfold_act act;	/* without generation */
	uint8_t writer[NFOLD_FIELD_CNT]; /* NF index + 1; 0 nobody */
	uint8_t drop_nf;	/* NF index + 1; 0 none */
	bool one_by_one;	/* as in edit_plan; act's sums mean nothing */
	bool hop;		/* the router's own TTL - 1 is an NF's (N13) */
};

/* family: 4 or 6 of key. NFOLD_REASON_NONE with *out filled (but for act.edit)
 * and *plan, or why the records can not be folded. */
enum nfold_reason consolidate(struct gmat_entry *out, struct edit_plan *plan,
			      const struct nfold_key6 *key, int family,
			      const struct lmat *m, const struct egress *egress);

#endif
