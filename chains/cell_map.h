/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Cells of an NF (nf.h), found by what they belong to: a flow direction, or all
 * flows of a host or prefix. Shared cells are counted references; one that
 * nobody uses is kept for a while, so that ending a flow does not wash it clean.
 * One thread.
 */
#ifndef NFOLD_CELL_MAP_H
#define NFOLD_CELL_MAP_H

#include <uthash.h>

#include "nf.h"

struct cell_key {
	struct nf_addr addr;	/* masked */
	uint8_t family;		/* 4 or 6; 0: a flow's own cell, not in the map */
	uint8_t reply;		/* each direction has its own */
	uint16_t pad;
};

struct cell_ref {
	struct cell_key key;
	struct nfold_cell *cell;
	uint32_t refs;
	uint64_t idle_ns;	/* since when refs is 0 */
	UT_hash_handle hh;
};

struct cell_map {
	struct nf *nf;
	struct cell_ref *all;	/* uthash head: shared ones */
	uint64_t keep_ns;	/* how long unused ones are kept */
	uint64_t fires;		/* of cells that are gone */
};

/* The shared cell of the address's prefix; made if there is none (*made). NULL:
 * no cell left. len: bits of the family. */
struct cell_ref *cell_map_get(struct cell_map *m, int family,
			      const struct nf_addr *addr, unsigned int len,
			      bool reply, bool *made);
/* One of a flow's own. */
struct cell_ref *cell_map_own(struct cell_map *m);
void cell_map_put(struct cell_map *m, struct cell_ref *r, uint64_t now);
/* From tick(): frees those that were unused for long. */
void cell_map_age(struct cell_map *m, uint64_t now);
void cell_map_free(struct cell_map *m);
/* Shared cells as JSON, by address: what they hold and how often they fired. */
json_t *cell_map_dump(struct cell_map *m);

#endif
