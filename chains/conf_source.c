/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sources of chain files: checking their bytes, their lines. */
#include <string.h>

#include "conf_priv.h"

/* RFC 3629, section 4. */
size_t conf_source_char(const char *text, size_t left, uint32_t *code)
{
	const unsigned char *s = (const unsigned char *)text;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = *s < 0x80 ? 1 : (*s & 0xe0) == 0xc0 ? 2 :
		   (*s & 0xf0) == 0xe0 ? 3 : (*s & 0xf8) == 0xf0 ? 4 : 0;

	if (!n || n > left)
		return 0;
	*code = n == 1 ? *s : *s & (0x7f >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (s[i] & 0x3f);
	}
	if (*code < least[n] || *code > 0x10ffff ||
	    (*code >= 0xd800 && *code < 0xe000))
		return 0;
	return n;
}

bool conf_source_forbidden(uint32_t code)
{
	if (code < 0x20)
		return code != '\t' && code != '\n' && code != '\r';
	return (code >= 0x7f && code < 0xa0) ||
	       (code >= 0x202a && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

int conf_source_check(struct conf_ctx *ctx, const struct conf_source *src)
{
	struct conf_loc loc = { src->name, 1, 1, 2, src };
	const char *s = src->text;
	uint32_t code = 0;
	size_t n;

	for (size_t i = 0; i < src->len; i += n, loc.col += n) {
		loc.end_col = loc.col + 1;
		n = conf_source_char(s + i, src->len - i, &code);
		if (!n)
			return conf_ctx_fail(ctx, &loc,
					     "chain files are UTF-8 text",
					     "byte 0x%02x is not UTF-8",
					     (unsigned char)s[i]);
		if (conf_source_forbidden(code))
			return conf_ctx_fail(ctx, &loc, "remove it",
					     "control character U+%04X", code);
		if (code == '\n') {
			loc.line++;
			loc.col = 0;
		}
	}
	return 0;
}

const char *conf_source_line(const struct conf_source *src, int line,
			     size_t *len)
{
	const char *s = src->text, *end = s + src->len, *nl;

	while (--line > 0) {
		s = memchr(s, '\n', end - s);
		if (!s)
			return NULL;
		s++;
	}
	nl = memchr(s, '\n', end - s);
	*len = (nl ? nl : end) - s;
	return s;
}
