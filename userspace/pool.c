/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "pool.h"

#include <errno.h>
#include <stdlib.h>

int pool_init(struct pool *p, uint32_t size)
{
	*p = (struct pool){ .size = size };
	p->ring = calloc(size ? size : 1, sizeof(*p->ring));
	p->when = calloc(size ? size : 1, sizeof(*p->when));
	if (p->ring && p->when)
		return 0;
	pool_fini(p);
	return -ENOMEM;
}

void pool_fini(struct pool *p)
{
	free(p->ring);
	free(p->when);
	*p = (struct pool){ 0 };
}

uint32_t pool_take(struct pool *p, uint64_t now)
{
	uint32_t index;

	if (p->cnt && now - p->when[p->head] >= POOL_GRACE_NS) {
		index = p->ring[p->head];
		p->head = (p->head + 1) % p->size;
		p->cnt--;
	} else if (p->fresh < p->size) {
		index = p->fresh++;
	} else {
		return POOL_NONE;
	}
	p->used++;
	return index;
}

void pool_put(struct pool *p, uint32_t index, uint64_t now)
{
	uint32_t at = ((uint64_t)p->head + p->cnt++) % p->size;

	p->ring[at] = index;
	p->when[at] = now;
	p->used--;
}
