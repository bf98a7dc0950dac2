// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pcre.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

#define HEAP_KIB 256

struct ids_pcre {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
};

struct ids_pcre *ids_pcre_new(const char *text, size_t len, uint32_t flags,
			      size_t *at, char *why)
{
	struct ids_pcre *p = calloc(1, sizeof(*p));
	int err = 0;

	*at = 0;
	snprintf(why, 120, "no memory");
	if (!p)
		return NULL;
	p->code = pcre2_compile((PCRE2_SPTR)text, len, flags, &err, at, NULL);
	if (!p->code)
		pcre2_get_error_message(err, (PCRE2_UCHAR *)why, 120);
	else
		p->data = pcre2_match_data_create(1, NULL);
	p->limits = pcre2_match_context_create(NULL);
	if (!p->data || !p->limits) {
		ids_pcre_free(p);
		return NULL;
	}
	pcre2_set_match_limit(p->limits, IDS_PCRE_STEPS);
	pcre2_set_depth_limit(p->limits, IDS_PCRE_DEPTH);
	pcre2_set_heap_limit(p->limits, HEAP_KIB);
	return p;
}

void ids_pcre_free(struct ids_pcre *p)
{
	if (!p)
		return;
	pcre2_match_context_free(p->limits);
	pcre2_match_data_free(p->data);
	pcre2_code_free(p->code);
	free(p);
}

bool ids_pcre_anchored(const struct ids_pcre *p)
{
	uint32_t options = 0;

	pcre2_pattern_info(p->code, PCRE2_INFO_ALLOPTIONS, &options);
	return options & PCRE2_ANCHORED;
}

enum ids_pcre_result ids_pcre_match(const struct ids_pcre *p,
				    const uint8_t *bytes, uint32_t len,
				    uint32_t from, uint32_t *start,
				    uint32_t *end)
{
	const PCRE2_SIZE *where;
	int n = pcre2_match(p->code, bytes, len, from, 0, p->data, p->limits);

	if (n == PCRE2_ERROR_NOMATCH)
		return IDS_PCRE_NO;
	if (n < 0)
		return IDS_PCRE_LIMIT;
	where = pcre2_get_ovector_pointer(p->data);
	*start = where[0];
	*end = where[1];
	return IDS_PCRE_YES;
}
