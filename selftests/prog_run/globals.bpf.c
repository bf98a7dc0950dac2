/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An own function with a variable beside its cells, which is not allowed. */
#include "bpf/own.bpf.h"
#include "selftests/prog_run/tally_fn.h"

__u64 calls;

static __always_inline int globals_fn(struct tally_cell *c, __u32 key,
				      const struct nfold_view *v)
{
	calls++;
	return tally_fn(c, key, v);
}

NFOLD_OWN(struct tally_cell, globals_fn)
