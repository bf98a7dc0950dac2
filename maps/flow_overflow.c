/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Free stack and chained index of the overflow area. */
#include "flow_overflow.h"

#include <errno.h>
#include <stdlib.h>

int flow_overflow_init(struct flow_overflow *o, uint32_t cnt)
{
	uint32_t heads = 1;

	*o = (struct flow_overflow){.cnt = cnt};
	while (heads < cnt)
		heads *= 2;
	o->mask = heads - 1;
	o->free = calloc(cnt ? cnt : 1, sizeof(*o->free));
	o->head = calloc(heads, sizeof(*o->head));
	o->next = calloc(cnt ? cnt : 1, sizeof(*o->next));
	if (!o->free || !o->head || !o->next) {
		flow_overflow_fini(o);
		return -ENOMEM;
	}
	return 0;
}

void flow_overflow_fini(struct flow_overflow *o)
{
	free(o->free);
	free(o->head);
	free(o->next);
	*o = (struct flow_overflow){0};
}

void flow_overflow_link(struct flow_overflow *o, uint32_t hash, uint32_t i)
{
	uint32_t *head = &o->head[hash & o->mask];

	o->next[i] = *head;
	*head = i + 1;
}

void flow_overflow_unlink(struct flow_overflow *o, uint32_t hash, uint32_t i)
{
	uint32_t *link = &o->head[hash & o->mask];

	while (*link && *link != i + 1)
		link = &o->next[*link - 1];
	if (*link)
		*link = o->next[i];
}
