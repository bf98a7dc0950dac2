/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which of a chain's NFs have a state function of their own in the kernel tier
 * (nf.h, struct nf_own), and the memory of its cells: one entry a kind of NF,
 * whatever the number of its instances; its index is the function's number in
 * the chain, as maps/state.h has it. Filled by the loader, used by the engine.
 */
#ifndef NFOLD_CHAINS_OWN_H
#define NFOLD_CHAINS_OWN_H

#include <stddef.h>
#include <stdint.h>

#include "nf.h"

struct chain;

struct own_cells {
	const struct nf_own *own; /* NULL: no such number */
	const char *nf;		/* name of its NF */
	uint32_t cnt;		/* cells */
	void *cells;		/* own->cell_size bytes each, mmap-ed, shared with
				 * XDP; owned by the instance. NULL: not yet */
};

/* Bytes of the cells of one kind at most; flows that find none stay slow. */
#define OWN_CELL_MEMORY (UINT64_C(1) << 30)

/* Cells that the chain's nf-th NF takes of its own at most; 0: none. */
uint32_t own_wanted(const struct chain *c, uint32_t nf);
/* In chain order. How many there are, or -E2BIG: more than NFOLD_OWN_MAX. The
 * rest is zeroed. cnt has an eighth more than the NFs want, for cells that were
 * given back and wait for their grace, and OWN_CELL_MEMORY is kept. */
int own_plan(const struct chain *c, struct own_cells all[NFOLD_OWN_MAX]);
/* Number of the function, or -1. */
int own_find(const struct own_cells all[NFOLD_OWN_MAX],
	     const struct nf_own *own);

#endif
