/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Errors in chain files: their place, their line, the caret and the hint. */
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "conf_priv.h"

/* Of a line longer than this a part is shown, and how much of it left of the
 * place, in bytes: what fits on a screen. */
#define LINE_SHOWN 160
#define LEFT_OF_PLACE 80

static bool utf8_tail(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* What a terminal can not be trusted with becomes '?', byte for byte, so that
 * columns stay. */
static void source_copy(struct conf_error *err, const char *s, size_t len)
{
	size_t n, at = 0;

	for (; len; s += n, len -= n, at += n) {
		uint32_t code = 0;
		size_t size = conf_source_char(s, len, &code);

		n = size ? size : 1;
		if (at + n > LINE_SHOWN)
			break;
		if (!size || conf_source_forbidden(code))
			memset(err->source + at, '?', n);
		else
			memcpy(err->source + at, s, n);
	}
	err->source[at] = 0;
}

/* The line; of a long one a window that has the place. */
static void error_source(struct conf_error *err, const struct conf_loc *loc)
{
	size_t len = 0, from = 0;
	const char *line = conf_source_line(loc->src, loc->line, &len);

	if (!line)
		return;
	if (len && line[len - 1] == '\r')
		len--;
	if (len > LINE_SHOWN && loc->col > LEFT_OF_PLACE)
		from = loc->col - LEFT_OF_PLACE;
	while (from && from < len && utf8_tail(line[from]))
		from++;
	if (from > len)
		return;
	err->source_col = from + 1;
	source_copy(err, line + from, len - from);
}

int conf_fail(struct conf_error *err, const struct conf_loc *loc,
	      const char *hint, const char *fmt, ...)
{
	va_list ap;

	memset(err, 0, sizeof(*err));
	va_start(ap, fmt);
	vsnprintf(err->message, sizeof(err->message), fmt, ap);
	va_end(ap);
	snprintf(err->hint, sizeof(err->hint), "%s", hint ? hint : "");
	if (!loc)
		return -1;
	snprintf(err->file, sizeof(err->file), "%s", loc->file ? loc->file : "");
	err->line = loc->line;
	err->col = loc->col;
	err->end_col = loc->end_col;
	if (loc->src && loc->line)
		error_source(err, loc);
	return -1;
}

static void print_caret(FILE *out, const struct conf_error *err)
{
	const char *s = err->source;
	int col = err->source_col;

	for (; col < err->col && *s; s++, col++)
		if (!utf8_tail(*s))
			fputc(*s == '\t' ? '\t' : ' ', out);
	do {
		if (!utf8_tail(*s))
			fputc('^', out);
		if (*s)
			s++;
	} while (++col < err->end_col && *s);
	fputc('\n', out);
}

void conf_error_print(FILE *out, const struct conf_error *err)
{
	if (*err->file)
		fprintf(out, "%s:", err->file);
	if (err->line)
		fprintf(out, "%d:%d:", err->line, err->col);
	fprintf(out, "%serror: %s\n", *err->file ? " " : "", err->message);
	if (*err->source) {
		fprintf(out, "%s\n", err->source);
		print_caret(out, err);
	}
	if (*err->hint)
		fprintf(out, "hint: %s\n", err->hint);
}

void conf_error_text(char *buf, size_t size, const struct conf_error *err)
{
	FILE *f = fmemopen(buf, size, "w");
	size_t len;

	buf[0] = '\0';
	if (f) {
		conf_error_print(f, err);
		fclose(f);
	}
	buf[size - 1] = '\0';
	len = strlen(buf);
	while (len && buf[len - 1] == '\n')
		buf[--len] = '\0';
	if (!len)
		snprintf(buf, size, "%s", err->message);
}

struct conf_snip conf_loc_text(const struct conf_loc *loc)
{
	struct conf_snip snip = { "" };
	size_t len = 0, want = loc->end_col - loc->col;
	const char *line = conf_source_line(loc->src, loc->line, &len);

	if (!line || loc->col + want > len + 1)
		return snip;
	line += loc->col - 1;
	if (want < sizeof(snip.s)) {
		memcpy(snip.s, line, want);
		return snip;
	}
	want = sizeof(snip.s) - 4;
	while (want && utf8_tail(line[want]))
		want--;
	memcpy(snip.s, line, want);
	memcpy(snip.s + want, "...", 4);
	return snip;
}

/* Words longer than this are near to nothing. */
#define NEAR_MAX 32

static int min3(int a, int b, int c)
{
	int m = a < b ? a : b;

	return m < c ? m : c;
}

/* Optimal string alignment: insert, delete, replace, swap neighbours. */
static int edit_distance(const char *a, int la, const char *b, int lb)
{
	int d[NEAR_MAX + 1][NEAR_MAX + 1];

	for (int i = 0; i <= la; i++)
		d[i][0] = i;
	for (int j = 0; j <= lb; j++)
		d[0][j] = j;
	for (int i = 1; i <= la; i++)
		for (int j = 1; j <= lb; j++) {
			int same = tolower((unsigned char)a[i - 1]) ==
				   tolower((unsigned char)b[j - 1]);

			d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1,
				       d[i - 1][j - 1] + !same);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && d[i - 2][j - 2] < d[i][j])
				d[i][j] = d[i - 2][j - 2] + 1;
		}
	return d[la][lb];
}

/* A third of the letters may be wrong; what a word begins with is near too. */
const char *conf_nearest(const char *text, const char *const *known)
{
	size_t len = strlen(text);
	const char *best = NULL;
	int least = len / 3 + 1;

	if (!len || len > NEAR_MAX)
		return NULL;
	for (; *known; known++) {
		size_t klen = strlen(*known);
		int d;

		if (klen > NEAR_MAX)
			continue;
		d = len > 1 && !strncmp(text, *known, len) ? 1 :
		    edit_distance(text, len, *known, klen);
		if (d <= least && d < (int)klen) {
			least = d - 1;
			best = *known;
		}
	}
	return best;
}
