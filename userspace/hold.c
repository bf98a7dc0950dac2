/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "hold.h"

bool hold_add(struct hold *h, const struct held *one)
{
	if (h->cnt == HOLD_MAX)
		return false;
	h->held[h->cnt++] = *one;
	return true;
}

void hold_resolved(struct hold *h, uint16_t nexthop, bool ok)
{
	uint32_t i;

	for (i = 0; i < h->cnt; i++) {
		if (h->held[i].nexthop != nexthop)
			continue;
		h->held[i].state = ok ? HOLD_OK : HOLD_FAILED;
		h->ready = true;
	}
}

void hold_run(struct hold *h, uint64_t now_ns,
	      void (*done)(void *ctx, struct held *one), void *ctx)
{
	uint32_t i, kept = 0;

	/* all wait equally long: the oldest is the first */
	if (!h->cnt || (!h->ready && now_ns < h->held[0].until_ns))
		return;
	for (i = 0; i < h->cnt; i++) {
		struct held *one = &h->held[i];

		if (one->state == HOLD_WAITS && now_ns >= one->until_ns)
			one->state = HOLD_FAILED;
		if (one->state != HOLD_WAITS)
			done(ctx, one);
		else
			h->held[kept++] = *one;
	}
	h->cnt = kept;
	h->ready = false;
}
