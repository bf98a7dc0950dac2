/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An own function with all the stack that one may have: 64 bytes, with what
 * NFOLD_OWN() and spilled registers take of them. */
#include "bpf/own.bpf.h"
#include "selftests/prog_run/tally_fn.h"

#ifndef DEEP_WORDS
#define DEEP_WORDS 7
#endif

static __always_inline int deep_fn(struct tally_cell *c, __u32 key,
				   const struct nfold_view *v)
{
	volatile __u64 words[DEEP_WORDS];

	for (int i = 0; i < DEEP_WORDS; i++)
		words[i] = v->len;
	for (int i = 0; i < DEEP_WORDS; i++)
		__sync_fetch_and_add(&c->cnt[i % TALLY_CLASSES], words[i]);
	return tally_fn(c, key, v);
}

NFOLD_OWN(struct tally_cell, deep_fn)
