/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is kept of one direction of a stream between its segments: its last bytes,
 * which rules look back at, and which patterns were found in them, so that they
 * need not be searched again. Owner: the NF's list. One thread at a time.
 */
#ifndef NFOLD_IDS_TAIL_H
#define NFOLD_IDS_TAIL_H

#include <stdbool.h>

#include "pattern.h"

#define IDS_TAIL_BYTES 1024
#define IDS_TAIL_HITS 16	/* patterns found in them; more: the tail is
				 * searched anew */
#define IDS_TAILS_MAX 131072	/* of an NF: about 200 MB */

struct ids_hit {
	uint32_t pattern;
	uint64_t end;		/* of the last place, in the stream */
};

struct ids_tail {
	struct ids_tail *next, **prev;
	struct hs_stream *scan;	/* NULL: none yet, or no memory */
	uint64_t scan_base;	/* where it began, in the stream */
	uint64_t end;		/* of the bytes, in the stream */
	uint64_t forgotten;	/* end of the last hit that is not in hits */
	uint32_t len;
	uint8_t hit_cnt;
	struct ids_hit hits[IDS_TAIL_HITS];
	uint8_t bytes[IDS_TAIL_BYTES];
};

struct ids_tails {
	struct ids_tail *first;
	uint32_t cnt;
	uint64_t refused;	/* beyond IDS_TAILS_MAX, or no memory */
};

/* NULL: refused. */
struct ids_tail *ids_tail_new(struct ids_tails *tails);
void ids_tail_free(struct ids_tails *tails, struct ids_tail *t); /* NULL: none */
/* The patterns are others from now on: forget what was found. */
void ids_tails_forget(struct ids_tails *tails);
/* The stream goes on at `offset` with what does not follow the tail. */
void ids_tail_restart(struct ids_tail *t, const struct ids_patterns *p,
		      uint64_t offset);
/* There may be patterns in it that hits has not. */
static inline bool ids_tail_crowded(const struct ids_tail *t)
{
	return t->forgotten > t->end - t->len;
}
void ids_tail_hit(struct ids_tail *t, uint32_t pattern, uint64_t end);
/* The stream's last len bytes are these; keeps the end of them, and the hits
 * that are in it. */
void ids_tail_keep(struct ids_tail *t, const uint8_t *bytes, uint32_t len);

#endif
