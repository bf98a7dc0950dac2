/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* monitor's own state function, for XDP. */
#include "bpf/own.bpf.h"
#include "chains/monitor/talkers_fn.h"

NFOLD_OWN(struct talkers_cell, talkers_fn)
