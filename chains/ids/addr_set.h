/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sets of addresses as rules write them: any, prefixes, lists with negation in
 * lists, variables. An address is in a list if it is in one of what stands there
 * plainly (in anything, if nothing does) and in none of what is negated. Equal
 * sets are kept once.
 */
#ifndef NFOLD_IDS_ADDR_SET_H
#define NFOLD_IDS_ADDR_SET_H

#include "../nf.h"
#include "rule_var.h"

struct addr_list;

struct addr_sets {
	struct addr_list **sets;
	uint16_t cnt, cap;
};

/* Reads one where s stands; *out: its index. 0, or -1 with the error. */
int addr_set_read(struct addr_sets *sets, struct arena *arena,
		  const struct ids_vars *vars, struct rule_scan *s,
		  uint16_t *out);
bool addr_set_has(const struct addr_sets *sets, uint16_t set, int family,
		  const struct nf_addr *addr);
/* Frees the table; what it points to is the arena's. */
void addr_sets_free(struct addr_sets *sets);

#endif
