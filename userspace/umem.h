/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The packet memory of an instance: equal frames, each with exactly one owner,
 * and the stack of free ones. Owned by struct xio; the engine's thread alone.
 */
#ifndef NFOLD_UMEM_H
#define NFOLD_UMEM_H

#include <stdbool.h>
#include <stdint.h>

#define UMEM_FRAME_SIZE 4096U
#define UMEM_FRAME_NONE UINT32_MAX

enum umem_owner {
	UMEM_FREE,
	UMEM_RX,		/* fill ring, kernel, RX ring */
	UMEM_HELD,		/* handed out by xio_rx() */
	UMEM_TX,		/* TX ring, kernel, completion ring */
	UMEM_OWNERS,
};

struct umem {
	uint8_t *area;		/* page-aligned, frame_cnt * UMEM_FRAME_SIZE */
	uint32_t frame_cnt;
	uint32_t free_cnt;
	uint32_t *free;		/* stack of frame numbers */
	uint32_t *flow;		/* per frame: reported when it has been sent */
	uint8_t *owner;		/* per frame: enum umem_owner */
	uint64_t bad;		/* frames met where they could not be */
};

/* 0 or -ENOMEM. */
int umem_init(struct umem *u, uint32_t frame_cnt);
void umem_destroy(struct umem *u);

/* Takes a free frame for `to`; UMEM_FRAME_NONE if there is none. */
uint32_t umem_take(struct umem *u, enum umem_owner to);
/* Changes the owner; UMEM_FREE puts it on the stack. False: it was not
 * `from`'s, or no frame at all; counted in bad and left alone. */
bool umem_move(struct umem *u, uint32_t frame, enum umem_owner from,
	       enum umem_owner to);
/* How many frames an owner has, counted one by one. */
uint32_t umem_count(const struct umem *u, enum umem_owner owner);

static inline uint32_t umem_frame(uint64_t addr)
{
	uint64_t frame = addr / UMEM_FRAME_SIZE;

	return frame < UMEM_FRAME_NONE ? frame : UMEM_FRAME_NONE;
}

static inline uint8_t *umem_data(const struct umem *u, uint64_t addr)
{
	return u->area + addr;
}

#endif
