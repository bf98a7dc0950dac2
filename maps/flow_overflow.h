/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The overflow area of a flow table: which of its slots are free, and the
 * writer's own index by hash, so that finding an overflow entry costs the engine
 * no system call. Indexes are relative to the area. Private to flow_table.c.
 */
#ifndef NFOLD_FLOW_OVERFLOW_H
#define NFOLD_FLOW_OVERFLOW_H

#include <stdint.h>

struct flow_overflow {
	uint32_t cnt; /* slots in the area */
	uint32_t free_cnt;
	uint32_t *free; /* stack of free slots */
	uint32_t mask; /* of chain heads */
	uint32_t *head; /* first slot + 1 of a chain; 0 none */
	uint32_t *next; /* per slot: next slot + 1 */
};

int flow_overflow_init(struct flow_overflow *o, uint32_t cnt);
void flow_overflow_fini(struct flow_overflow *o);

void flow_overflow_link(struct flow_overflow *o, uint32_t hash, uint32_t i);
void flow_overflow_unlink(struct flow_overflow *o, uint32_t hash, uint32_t i);

#endif
