/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Packets by reason. Map "stats": mmap-able array, one row a CPU, written by
 * that CPU alone, and one more (index = number of possible CPUs) written by
 * the engine.
 */
#ifndef NFOLD_STATS_H
#define NFOLD_STATS_H

#include <linux/types.h>

#include "reason.h"

struct nfold_stats {
	__u64 packets[NFOLD_REASON_MAX]; /* index: enum nfold_reason */
};

#endif
