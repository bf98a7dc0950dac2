/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stage: the packet's outcome, counted in the CPU's own row. Exactly one call
 * per packet.
 */
#ifndef NFOLD_COUNT_BPF_H
#define NFOLD_COUNT_BPF_H

#include "bpf/maps.bpf.h"

static __always_inline void count(enum nfold_reason why)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct nfold_stats *row = bpf_map_lookup_elem(&stats, &cpu);

	if (row)
		row->packets[why & (NFOLD_REASON_MAX - 1)]++;
}

#endif
