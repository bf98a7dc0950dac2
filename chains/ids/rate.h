/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How often a rule has matched for an address: threshold and detection_filter.
 * A table of fixed size; when four addresses contend for a place the one that
 * began first is forgotten, and counted. Owner: the NF. One thread at a time.
 */
#ifndef NFOLD_IDS_RATE_H
#define NFOLD_IDS_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "../nf.h"
#include "../siphash.h"
#include "rule.h"

#define IDS_RATES_MAX 65536	/* a rule's counts of one address each */

struct ids_rate_cell;

struct ids_rates {
	struct ids_rate_cell *cells;
	struct siphash_key key;	/* secret, of the hash */
	uint64_t forgotten;
};

/* 0, or -1: no memory. */
int ids_rates_init(struct ids_rates *rates);
void ids_rates_free(struct ids_rates *rates);
/* The rule has matched once more: is it to be heard? rate: one of the rule's. */
bool ids_rate_hears(struct ids_rates *rates, const struct ids_rule *rule,
		    const struct ids_rate *rate, const struct nf_pkt *pkt);

#endif
