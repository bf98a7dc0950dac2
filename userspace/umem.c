/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "umem.h"

int umem_init(struct umem *u, uint32_t frame_cnt)
{
	size_t size = (size_t)frame_cnt * UMEM_FRAME_SIZE;
	uint32_t i;

	*u = (struct umem){ .frame_cnt = frame_cnt };
	u->area = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (u->area == MAP_FAILED) {
		u->area = NULL;
		return -ENOMEM;
	}
	u->free = calloc(frame_cnt, sizeof(*u->free));
	u->flow = calloc(frame_cnt, sizeof(*u->flow));
	u->owner = calloc(frame_cnt, sizeof(*u->owner));
	if (!u->free || !u->flow || !u->owner) {
		umem_destroy(u);
		return -ENOMEM;
	}
	for (i = 0; i < frame_cnt; i++)
		u->free[i] = frame_cnt - 1 - i;
	u->free_cnt = frame_cnt;
	return 0;
}

void umem_destroy(struct umem *u)
{
	if (u->area)
		munmap(u->area, (size_t)u->frame_cnt * UMEM_FRAME_SIZE);
	free(u->free);
	free(u->flow);
	free(u->owner);
	*u = (struct umem){ 0 };
}

uint32_t umem_take(struct umem *u, enum umem_owner to)
{
	uint32_t frame;

	if (!u->free_cnt)
		return UMEM_FRAME_NONE;
	frame = u->free[--u->free_cnt];
	u->owner[frame] = to;
	u->flow[frame] = 0;
	return frame;
}

bool umem_move(struct umem *u, uint32_t frame, enum umem_owner from,
	       enum umem_owner to)
{
	if (frame >= u->frame_cnt || u->owner[frame] != from) {
		u->bad++;
		return false;
	}
	u->owner[frame] = to;
	if (to == UMEM_FREE)
		u->free[u->free_cnt++] = frame;
	return true;
}

uint32_t umem_count(const struct umem *u, enum umem_owner owner)
{
	uint32_t i, n = 0;

	for (i = 0; i < u->frame_cnt; i++)
		n += u->owner[i] == owner;
	return n;
}
