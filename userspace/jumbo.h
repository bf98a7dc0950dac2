/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Buffers for packets that span several frames: an NF works on contiguous
 * bytes, so such a packet is gathered here, with its metadata in front, and
 * its frames go back at once. Owned by struct xio; the engine's thread alone.
 */
#ifndef NFOLD_JUMBO_H
#define NFOLD_JUMBO_H

#include <stdbool.h>
#include <stdint.h>

#define JUMBO_MAX 65536U	/* bytes of a packet */
#define JUMBO_HEADROOM 256U	/* metadata and room to grow, below it */
#define JUMBO_CNT 512U		/* a batch, and what waits for next hops */

struct jumbo {
	uint8_t *area;		/* pages are touched on first use only */
	uint16_t *free;		/* stack of buffer numbers */
	uint32_t free_cnt;
	bool *taken;
};

int jumbo_init(struct jumbo *j);	/* 0 or -ENOMEM */
void jumbo_destroy(struct jumbo *j);
/* Buffer number, or -1 when none is free. */
int jumbo_take(struct jumbo *j);
/* False: it was not taken. */
bool jumbo_put(struct jumbo *j, uint32_t n);

static inline uint8_t *jumbo_data(const struct jumbo *j, uint32_t n)
{
	return j->area + (uint64_t)n * (JUMBO_HEADROOM + JUMBO_MAX) +
	       JUMBO_HEADROOM;
}

#endif
