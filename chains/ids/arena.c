// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "arena.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 65536

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	_Alignas(16) unsigned char bytes[];
};

void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *b = a->blocks;
	void *at;

	size = (size + 15) & ~(size_t)15;
	if (!b || b->size - b->used < size) {
		size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;

		b = calloc(1, sizeof(*b) + room);
		if (!b)
			return NULL;
		b->size = room;
		b->next = a->blocks;
		a->blocks = b;
	}
	at = b->bytes + b->used;
	b->used += size;
	return at;
}

void *arena_copy(struct arena *a, const void *bytes, size_t len)
{
	char *to = arena_alloc(a, len + 1);

	if (to && len)
		memcpy(to, bytes, len);
	return to;
}

void arena_free(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *next = a->blocks->next;

		free(a->blocks);
		a->blocks = next;
	}
}
