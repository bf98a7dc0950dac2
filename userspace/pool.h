/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Indexes of an array that XDP reads (cells, steps): one that was given back is
 * given away again only after POOL_GRACE_NS, when no packet can still be at it.
 * Engine thread.
 */
#ifndef NFOLD_POOL_H
#define NFOLD_POOL_H

#include <stdint.h>

#define POOL_NONE UINT32_MAX
#define POOL_GRACE_NS UINT64_C(1000000000)

struct pool {
	uint32_t size;
	uint32_t fresh;		/* from here on never given away */
	uint32_t used;
	uint32_t *ring;		/* given back, oldest first */
	uint64_t *when;		/* ns */
	uint32_t head, cnt;
};

int pool_init(struct pool *p, uint32_t size);	/* 0 or -ENOMEM */
void pool_fini(struct pool *p);
uint32_t pool_take(struct pool *p, uint64_t now);	/* or POOL_NONE */
void pool_put(struct pool *p, uint32_t index, uint64_t now);

#endif
