/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Consolidation of what goes to an edit record: DSCP, sequence numbers, tags,
 * tunnels (rules N4 to N10 in consolidate.c). Pure; used by consolidate.c.
 */
#ifndef NFOLD_EDIT_PLAN_H
#define NFOLD_EDIT_PLAN_H

#include "../chains/nf.h"
#include "../maps/edit.h"

/* The record as it would be, and the templates that it would refer to. */
struct edit_plan {
	struct nfold_edit edit;	/* but for tmpl */
	struct nfold_tmpl tmpl[NFOLD_LAYER_MAX]; /* innermost first */
	uint8_t layers;
	bool used;		/* there is something to edit */
	bool one_by_one;	/* no record says it: the actions are to be done
				 * one after the other, in user space (N14) */
	bool wrapped;		/* a known tunnel's header that it came in is
				 * still around it */
	/* while records are read: */
	const struct nf_tunnel *tunnel[NFOLD_LAYER_MAX];
	uint8_t family;		/* of the packet as it came */
	uint8_t tags;		/* of the packet as it came */
};

void edit_plan_begin(struct edit_plan *p, const struct nfold_key6 *key,
		     int family);
/* Is a tunnel's header outermost? (Transport AH leaves the packet's own.) */
bool edit_plan_is_covered(const struct edit_plan *p);
/* One header action: of the kinds above, or any but a drop while a tunnel
 * header is outermost, ours or the one it came in. False: it can not be
 * folded. */
bool edit_plan_add(struct edit_plan *p, const struct header_action *ha);
void edit_plan_end(struct edit_plan *p);

#endif
