// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tail.h"

#include <stdlib.h>
#include <string.h>

struct ids_tail *ids_tail_new(struct ids_tails *tails)
{
	struct ids_tail *t = NULL;

	if (tails->cnt < IDS_TAILS_MAX)
		t = calloc(1, sizeof(*t));
	if (!t) {
		tails->refused++;
		return NULL;
	}
	t->next = tails->first;
	t->prev = &tails->first;
	if (t->next)
		t->next->prev = &t->next;
	tails->first = t;
	tails->cnt++;
	return t;
}

void ids_tail_free(struct ids_tails *tails, struct ids_tail *t)
{
	if (!t)
		return;
	ids_patterns_close(t->scan);
	*t->prev = t->next;
	if (t->next)
		t->next->prev = t->prev;
	tails->cnt--;
	free(t);
}

void ids_tails_forget(struct ids_tails *tails)
{
	for (struct ids_tail *t = tails->first; t; t = t->next) {
		ids_patterns_close(t->scan);
		t->scan = NULL;
		t->hit_cnt = 0;
		t->forgotten = t->end;
	}
}

void ids_tail_restart(struct ids_tail *t, const struct ids_patterns *p,
		      uint64_t offset)
{
	t->end = offset;
	t->len = 0;
	t->hit_cnt = 0;
	t->forgotten = 0;
	t->scan_base = offset;
	if (t->scan)
		ids_patterns_reset(p, t->scan);
}

void ids_tail_hit(struct ids_tail *t, uint32_t pattern, uint64_t end)
{
	for (uint8_t i = 0; i < t->hit_cnt; i++)
		if (t->hits[i].pattern == pattern) {
			t->hits[i].end = end;
			return;
		}
	if (t->hit_cnt == IDS_TAIL_HITS) {
		t->forgotten = end;
		return;
	}
	t->hits[t->hit_cnt++] = (struct ids_hit){ pattern, end };
}

void ids_tail_keep(struct ids_tail *t, const uint8_t *bytes, uint32_t len)
{
	uint8_t n = 0;

	t->len = len < IDS_TAIL_BYTES ? len : IDS_TAIL_BYTES;
	memcpy(t->bytes, bytes + len - t->len, t->len);
	for (uint8_t i = 0; i < t->hit_cnt; i++)
		if (t->hits[i].end > t->end - t->len)
			t->hits[n++] = t->hits[i];
	t->hit_cnt = n;
}
