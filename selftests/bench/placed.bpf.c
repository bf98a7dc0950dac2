// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The shipped program with the search of the flow table taken out and nothing else:
 * a slot's place is computed from the bench's own packets, which no table can do.
 * What is left is the least that a table of this layout could cost.
 */
#include <stddef.h>

#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/lookup.bpf.h"
#include "flows.h"

__u32 placed_flows;		/* power of two */

static __always_inline __u32 place_of(const struct nfold_key4 *key)
{
	__u32 flow = bpf_ntohl(key->saddr) - bench_saddr(0);

	flow = flow << 4 | (bpf_ntohs(key->sport) - bench_sport(0));
	return bench_place(flow, placed_flows,
			   config.nbuckets4 * NFOLD_BUCKET_SLOTS);
}

/* lookup4() with a place instead of a search. */
static __always_inline enum nfold_reason
placed4(const struct nfold_key4 *key, struct nfold_set4 *set, struct hit *hit)
{
	__u32 index = place_of(key), version;
	struct nfold_slot4 *slot;
	enum nfold_reason why;

	why = slot_try4(key, 0, &index, &slot, &version);
	if (why)
		return why;
	hit->slot = index + 1;
	*set = slot->set;
	hit->act = slot->act;
	hit->cells = &slot->cells;
	load_barrier();
	if (READ_ONCE(slot->head.version) != version)
		return NFOLD_REASON_BUSY;
	return NFOLD_REASON_NONE;
}

#define lookup4 placed4
#include "bpf/nfold.bpf.c"
