/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The fast path for chains with an NF that has a state function of its own: the
 * same program, whose steps may call it. Joined with those NFs' objects at load.
 */
#define NFOLD_WITH_OWN 1
#include "bpf/nfold.bpf.c"
