/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What rules are found by: one Vectorscan database of all their fast patterns,
 * equal ones kept once.
 */
#ifndef NFOLD_IDS_PATTERN_H
#define NFOLD_IDS_PATTERN_H

#include <stddef.h>
#include <stdint.h>

struct ids_rules;
struct hs_database;
struct hs_scratch;
struct hs_stream;

struct ids_patterns {
	struct hs_database *block;	/* NULL: no rule has a pattern */
	struct hs_database *stream;	/* the same, over streams */
	struct hs_scratch *scratch;	/* of one thread at a time */
	uint32_t cnt;
	uint32_t *first;		/* of each, and the end: in rules */
	uint32_t *rules;		/* by index */
};

/* Sets rule->pattern. 0, or -1 with why (256 bytes); *rule: whose it is, -1
 * nobody's. */
int ids_patterns_compile(struct ids_patterns *p, struct ids_rules *set,
			 int32_t *rule, char *why);
void ids_patterns_free(struct ids_patterns *p);
/* found is called for each pattern in the bytes, once. */
typedef void (*ids_found_fn)(void *ctx, uint32_t pattern);
void ids_patterns_scan(const struct ids_patterns *p, const uint8_t *bytes,
		       uint32_t len, ids_found_fn found, void *ctx);

/* A direction of a stream, whose bytes come in pieces. Open: NULL if there are no
 * patterns, or no memory. Patterns that end in the piece are found, as often as
 * they are there; end: bytes from the stream's begin. */
struct hs_stream *ids_patterns_open(const struct ids_patterns *p);
void ids_patterns_close(struct hs_stream *s);
/* What came before is forgotten. */
void ids_patterns_reset(const struct ids_patterns *p, struct hs_stream *s);
typedef void (*ids_ends_fn)(void *ctx, uint32_t pattern, uint64_t end);
void ids_patterns_feed(const struct ids_patterns *p, struct hs_stream *s,
		       const uint8_t *bytes, uint32_t len, ids_ends_fn found,
		       void *ctx);

#endif
