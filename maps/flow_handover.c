/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Hand-over of a flow from the slow path to its entry: the cells' handover word
 * is PENDING | packets of the flow in the slow path, and 0 once the entry has
 * taken over. XDP raises the count (docs/MAPS.md), the engine lowers it and
 * switches.
 */
#include "flow_table.h"

/* Only a pending slot's count is the slow path's to lower: once it is switched,
 * a reader may hold it at 1 for a moment before it takes that back. */
void flow_table_left(struct flow_table *t, uint32_t slot, uint32_t n)
{
	uint32_t *word = &flow_table_cells(t, slot)->handover;
	uint32_t old = __atomic_load_n(word, __ATOMIC_RELAXED);
	uint32_t cnt, new;

	do {
		if (!(old & NFOLD_HANDOVER_PENDING))
			return;
		cnt = old & NFOLD_HANDOVER_COUNT;
		new = NFOLD_HANDOVER_PENDING | (cnt > n ? cnt - n : 0);
	} while (!__atomic_compare_exchange_n(
		word, &old, new, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

bool flow_table_ready(struct flow_table *t, uint32_t slot)
{
	uint32_t *word = &flow_table_cells(t, slot)->handover;
	uint32_t idle = NFOLD_HANDOVER_PENDING;

	return __atomic_compare_exchange_n(word, &idle, 0, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

void flow_table_force(struct flow_table *t, uint32_t slot)
{
	uint32_t *word = &flow_table_cells(t, slot)->handover;
	uint32_t old = __atomic_load_n(word, __ATOMIC_RELAXED);

	while ((old & NFOLD_HANDOVER_PENDING) &&
	       !__atomic_compare_exchange_n(word, &old, 0, true,
					    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		;
}
