/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Regular expressions over a payload, by PCRE2, under a limit of steps and of
 * memory: what takes longer is given up, never waited for.
 */
#ifndef NFOLD_IDS_PCRE_H
#define NFOLD_IDS_PCRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ids_pcre;

/* Steps of one match (pcre2_set_match_limit), and how deep it may go. */
#define IDS_PCRE_STEPS 5000
#define IDS_PCRE_DEPTH 1500

enum ids_pcre_result { IDS_PCRE_NO, IDS_PCRE_YES, IDS_PCRE_LIMIT };

/* flags: PCRE2_*. NULL: *at is the byte that is wrong, why (of 120) the cause. */
struct ids_pcre *ids_pcre_new(const char *text, size_t len, uint32_t flags,
			      size_t *at, char *why);
void ids_pcre_free(struct ids_pcre *p);
/* It can match at the first byte only. */
bool ids_pcre_anchored(const struct ids_pcre *p);
/* Looks from byte `from` on; *start, *end: where it is. Allocates nothing but
 * on an expression's first deep search. */
enum ids_pcre_result ids_pcre_match(const struct ids_pcre *p,
				    const uint8_t *bytes, uint32_t len,
				    uint32_t from, uint32_t *start,
				    uint32_t *end);

#endif
