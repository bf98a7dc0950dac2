/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An own function that was built for another map layout. */
#include "bpf/own.bpf.h"
#include "selftests/prog_run/tally_fn.h"

#undef NFOLD_ABI_VERSION
#define NFOLD_ABI_VERSION 1

NFOLD_OWN(struct tally_cell, tally_fn)
