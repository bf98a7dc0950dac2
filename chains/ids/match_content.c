// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A content in its window. */
#include <ctype.h>
#include <string.h>

#include "match.h"

static bool same_nocase(const uint8_t *bytes, const struct ids_content *c)
{
	for (uint16_t i = 0; i < c->len; i++)
		if (tolower(bytes[i]) != c->bytes[i])
			return false;
	return true;
}

/* The nearer of a byte's two cases. */
static const uint8_t *find_first(const uint8_t *bytes, size_t len, uint8_t low)
{
	const uint8_t *a = memchr(bytes, low, len), *b;

	if (!isalpha(low))
		return a;
	b = memchr(bytes, toupper(low), a ? (size_t)(a - bytes) : len);
	return b ? b : a;
}

static const uint8_t *find_nocase(const uint8_t *bytes, size_t len,
				  const struct ids_content *c)
{
	const uint8_t *end = bytes + len - c->len + 1;

	while (bytes < end) {
		bytes = find_first(bytes, end - bytes, c->bytes[0]);
		if (!bytes || same_nocase(bytes, c))
			return bytes;
		bytes++;
	}
	return NULL;
}

/* offset and depth, or distance and within, from the base on; a window that
 * begins before the payload loses what is not there. */
int64_t match_content(struct match *m, const struct ids_content *c,
		      uint32_t cursor, uint32_t from)
{
	const struct ids_view *v = m->view;
	int64_t start = c->relative ? cursor : 0, end = v->len;
	const uint8_t *at;

	if (c->offset.var)
		start += match_value(m, &c->offset);
	else
		start += c->offset.n;
	if (c->has_depth && start + match_value(m, &c->depth) < end)
		end = start + match_value(m, &c->depth);
	if (start < from)
		start = from;
	if (start < 0)
		start = 0;
	if (end - start < c->len)
		return -1;
	at = c->nocase ? find_nocase(v->bytes + start, end - start, c) :
			 memmem(v->bytes + start, end - start, c->bytes, c->len);
	return at ? at - v->bytes : -1;
}
