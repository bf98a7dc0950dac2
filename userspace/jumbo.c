/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "jumbo.h"

static const size_t jumbo_bytes = (size_t)JUMBO_CNT *
				  (JUMBO_HEADROOM + JUMBO_MAX);

int jumbo_init(struct jumbo *j)
{
	uint32_t i;

	*j = (struct jumbo){ 0 };
	j->area = mmap(NULL, jumbo_bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (j->area == MAP_FAILED) {
		j->area = NULL;
		return -ENOMEM;
	}
	j->free = calloc(JUMBO_CNT, sizeof(*j->free));
	j->taken = calloc(JUMBO_CNT, sizeof(*j->taken));
	if (!j->free || !j->taken) {
		jumbo_destroy(j);
		return -ENOMEM;
	}
	for (i = 0; i < JUMBO_CNT; i++)
		j->free[i] = JUMBO_CNT - 1 - i;
	j->free_cnt = JUMBO_CNT;
	return 0;
}

void jumbo_destroy(struct jumbo *j)
{
	if (j->area)
		munmap(j->area, jumbo_bytes);
	free(j->free);
	free(j->taken);
	*j = (struct jumbo){ 0 };
}

int jumbo_take(struct jumbo *j)
{
	uint32_t n;

	if (!j->free_cnt)
		return -1;
	n = j->free[--j->free_cnt];
	j->taken[n] = true;
	return n;
}

bool jumbo_put(struct jumbo *j, uint32_t n)
{
	if (n >= JUMBO_CNT || !j->taken || !j->taken[n])
		return false;
	j->taken[n] = false;
	j->free[j->free_cnt++] = n;
	return true;
}
