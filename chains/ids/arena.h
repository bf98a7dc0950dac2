/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory that is freed all at once. One thread. */
#ifndef NFOLD_IDS_ARENA_H
#define NFOLD_IDS_ARENA_H

#include <stddef.h>

struct arena {
	struct arena_block *blocks;	/* the newest first */
};

/* Zeroed and aligned for anything; NULL: no memory. */
void *arena_alloc(struct arena *a, size_t size);
/* With a NUL behind it. */
void *arena_copy(struct arena *a, const void *bytes, size_t len);
void arena_free(struct arena *a);

#endif
