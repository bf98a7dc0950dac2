/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From single checks to health: rise, fall, and damping of what flaps. Pure.
 *
 * It goes down after `fall` failures in a row, and comes up after `rise`
 * successes in a row, but not before it has been down for the hold time. That
 * is check.hold; each time that it was up for less than ten times as long as it
 * was held, it doubles, up to 64 times check.hold; else it is check.hold again.
 * So a target that flaps has its say ever more rarely, and one that fails once
 * in a while is back soon.
 */
#ifndef NFOLD_DAMP_H
#define NFOLD_DAMP_H

#include "../chains/nf.h"

struct damp {
	bool up;
	uint8_t run;		/* checks in a row that speak against `up` */
	uint64_t since;		/* ns: it went up or down; 0: at the start */
	uint64_t hold;		/* ns: least time down */
};

void damp_init(struct damp *d, const struct nf_check *c, bool up,
	       uint64_t now);
/* A check's result. True: `up` has changed. */
bool damp_result(struct damp *d, const struct nf_check *c, bool ok,
		 uint64_t now);

#endif
