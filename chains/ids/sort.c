// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "sort.h"

static void sink(uint32_t *v, uint32_t at, uint32_t cnt, ids_compare_fn compare,
		 const void *ctx)
{
	uint32_t x = v[at], child;

	for (; (child = 2 * at + 1) < cnt; at = child) {
		if (child + 1 < cnt && compare(ctx, v[child], v[child + 1]) < 0)
			child++;
		if (compare(ctx, x, v[child]) >= 0)
			break;
		v[at] = v[child];
	}
	v[at] = x;
}

void ids_sort(uint32_t *v, uint32_t cnt, ids_compare_fn compare,
	      const void *ctx)
{
	for (uint32_t i = cnt / 2; i; i--)
		sink(v, i - 1, cnt, compare, ctx);
	for (; cnt > 1; cnt--) {
		uint32_t last = v[cnt - 1];

		v[cnt - 1] = v[0];
		v[0] = last;
		sink(v, 0, cnt - 1, compare, ctx);
	}
}
