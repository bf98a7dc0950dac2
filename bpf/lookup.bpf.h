/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stage: from key to a private copy of the entry. */
#ifndef NFOLD_LOOKUP_BPF_H
#define NFOLD_LOOKUP_BPF_H

#include "bpf/barrier.bpf.h"
#include "maps/hash.h"
#include "maps/tags.h"

struct hit {
	__u32 slot;		/* index + 1; 0 none */
	struct nfold_cells *cells;
	struct nfold_act act;	/* private copy */
};

/* A copy for the helper: with its address taken, the key and all that is known
 * of the packet would live in memory on the common path too (9 of 53 ns). */
static __always_inline __u32 *overflow_lookup4(const struct nfold_key4 *key)
{
	struct nfold_key4 copy = *key;

	return bpf_map_lookup_elem(&overflow4, &copy);
}

/* Not so here: what then lives in spilled registers makes the verifier (6.18,
 * clang 19) walk more than a million instructions instead of 85,000. */
static __always_inline __u32 *overflow_lookup6(const struct nfold_key6 *key)
{
	return bpf_map_lookup_elem(&overflow6, key);
}

#define KEY_WORDS NFOLD_KEY4_WORDS
#define F(name) name##4
#include "bpf/lookup_family.bpf.h"
#undef F
#undef KEY_WORDS

#define KEY_WORDS NFOLD_KEY6_WORDS
#define F(name) name##6
#include "bpf/lookup_family.bpf.h"
#undef F
#undef KEY_WORDS

#endif
