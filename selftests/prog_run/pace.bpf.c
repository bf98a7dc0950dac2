/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "bpf/own.bpf.h"
#include "selftests/prog_run/pace_fn.h"

NFOLD_OWN(struct pace_cell, pace_fn)
