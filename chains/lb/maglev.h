/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Maglev's look-up table (Eisenbud et al., "Maglev: A Fast and Reliable Software
 * Network Load Balancer", NSDI 2016, section 3.4). Pure: equal members give an
 * equal table, on every machine.
 */
#ifndef NFOLD_MAGLEV_H
#define NFOLD_MAGLEV_H

#include <stdbool.h>
#include <stdint.h>

#define MAGLEV_SIZE_DEFAULT 65537
#define MAGLEV_SIZE_MAX 655373
#define MAGLEV_NONE UINT16_MAX	/* slot of a table without members */
#define MAGLEV_MEMBER_MAX 1024

struct maglev_member {
	const char *name;	/* unique; decides the permutation */
	uint32_t weight;	/* 0: gets no slot */
};

/* Fill table[0..size-1] with indexes into members. size: prime, not less than
 * cnt. 0 or -ENOMEM. */
int maglev_fill(uint16_t *table, uint32_t size,
		const struct maglev_member *members, uint32_t cnt);

bool maglev_is_prime(uint32_t n);
/* Smallest prime >= n. */
uint32_t maglev_next_prime(uint32_t n);

#endif
