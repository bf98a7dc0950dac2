/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How many cells and steps the state functions of a chain may need. */
#ifndef NFOLD_STATE_SIZE_H
#define NFOLD_STATE_SIZE_H

#include <stdint.h>

#include "../chains/chain.h"

/* Bytes of cells at most; what a chain wants beyond is told, and flows that find
 * none stay slow, reason cells-full. */
#define STATE_CELL_MEMORY (UINT64_C(1) << 30)

struct state_size {
	uint32_t cells;		/* all; the last count_cells are for counts */
	uint32_t count_cells;	/* behind events */
	uint32_t steps;		/* 0: no NF has state functions of the kernel
				 * tier, and none of the three is needed */
	uint64_t wanted;	/* cells without the bound */
};

/* Cells of NFs: as their sessions take (nf_ops.cells). For counts: as many as
 * each flow direction has behind the first NF with cells (nf_ops.counts). Steps:
 * one record a direction. An eighth more of each, for those which were given back
 * and wait for their grace. */
void state_size(const struct chain *c, struct state_size *s);

#endif
