/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* And one with far more than it may have. */
#define DEEP_WORDS 32
#include "selftests/prog_run/deep.bpf.c"
