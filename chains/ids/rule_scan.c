// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "rule_scan.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lines that end with a backslash go on. */
static void join_lines(char *s, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++) {
		size_t n = s[i] != '\\'	      ? 0 :
			   s[i + 1] == '\n'   ? 2 :
			   s[i + 1] == '\r' && i + 2 < len &&
					   s[i + 2] == '\n' ? 3 : 0;

		memset(s + i, RULE_JOINED, n);
	}
}

int rule_text_init(struct rule_text *text, const struct conf_source *src)
{
	const char *bytes = conf_text_bytes(src, &text->len);

	text->src = src;
	text->fixed = NULL;
	text->bytes = malloc(text->len + 1);
	if (!text->bytes)
		return -1;
	memcpy(text->bytes, bytes, text->len);
	text->bytes[text->len] = 0;
	join_lines(text->bytes, text->len);
	return 0;
}

void rule_text_free(struct rule_text *text)
{
	free(text->bytes);
	text->bytes = NULL;
}

/* Lines are those of the text as it was read. */
struct conf_loc rule_place(const struct rule_text *text, const char *at,
			   size_t len)
{
	struct conf_loc loc = { .src = text->src, .line = 1 };
	size_t n, off = at - text->bytes, start = 0;
	const char *s;

	if (text->fixed)
		return *text->fixed;
	s = conf_text_bytes(text->src, &n);
	for (size_t i = 0; i < off && i < n; i++)
		if (s[i] == '\n') {
			loc.line++;
			start = i + 1;
		}
	loc.file = conf_text_name(text->src);
	loc.col = off - start + 1;
	for (n = 0; n < len && at[n] != RULE_JOINED && at[n] != '\n';)
		n++;
	loc.end_col = loc.col + (n ? n : 1);
	return loc;
}

int rule_fail(const struct rule_scan *s, const char *at, size_t len,
	      const char *hint, const char *fmt, ...)
{
	struct conf_loc loc = rule_place(s->text, at, len);
	char message[sizeof(s->err->message)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	return conf_fail(s->err, &loc, hint, "%s", message);
}

int rule_fail_word(const struct rule_scan *s, struct rule_word w,
		   const char *hint, const char *fmt, ...)
{
	char message[sizeof(s->err->message)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	return rule_fail(s, w.at, w.len, hint, "%s", message);
}

bool rule_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == RULE_JOINED;
}

void rule_skip(struct rule_scan *s)
{
	while (s->at < s->end && rule_blank(*s->at))
		s->at++;
}

bool rule_done(struct rule_scan *s)
{
	rule_skip(s);
	return s->at == s->end;
}

bool rule_take(struct rule_scan *s, char c)
{
	rule_skip(s);
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

struct rule_word rule_take_word(struct rule_scan *s, const char *stop)
{
	struct rule_word w;

	rule_skip(s);
	w.at = s->at;
	while (s->at < s->end && !rule_blank(*s->at) && !strchr(stop, *s->at))
		s->at++;
	w.len = s->at - w.at;
	return w;
}

struct rule_word rule_trim(struct rule_word w)
{
	while (w.len && rule_blank(*w.at)) {
		w.at++;
		w.len--;
	}
	while (w.len && rule_blank(w.at[w.len - 1]))
		w.len--;
	return w;
}

bool rule_take_item(struct rule_scan *s, struct rule_word *item)
{
	const char *comma;

	if (rule_done(s))
		return false;
	comma = memchr(s->at, ',', s->end - s->at);
	item->at = s->at;
	item->len = (comma ? comma : s->end) - s->at;
	s->at = comma ? comma + 1 : s->end;
	*item = rule_trim(*item);
	return true;
}

bool rule_is(struct rule_word w, const char *text)
{
	return w.len == strlen(text) && !strncasecmp(w.at, text, w.len);
}

/* 0, or -1: not a number that fits. */
static int number(struct rule_word w, int64_t *out)
{
	char buf[24], *end;

	if (!w.len || w.len >= sizeof(buf))
		return -1;
	memcpy(buf, w.at, w.len);
	buf[w.len] = 0;
	if (!isdigit((unsigned char)buf[0]) &&
	    !(buf[0] == '-' && isdigit((unsigned char)buf[1])))
		return -1;
	errno = 0;
	*out = strtoll(buf, &end, strncasecmp(buf, "0x", 2) ? 10 : 16);
	return errno || *end ? -1 : 0;
}

bool rule_is_number(struct rule_word w)
{
	return w.len && (isdigit((unsigned char)*w.at) || *w.at == '-');
}

int rule_number(const struct rule_scan *s, struct rule_word w, int64_t min,
		int64_t max, const char *what, int64_t *out)
{
	int64_t n;

	if (number(w, &n) || n < min || n > max)
		return rule_fail_word(s, w, NULL,
				      "%s must be a number from %lld to %lld",
				      what, (long long)min, (long long)max);
	*out = n;
	return 0;
}

const char *rule_near(struct rule_word w, const char *const *names)
{
	char buf[40];
	const char *near;

	snprintf(buf, sizeof(buf), "%.*s", (int)w.len, w.at);
	near = conf_nearest(buf, names);
	return near ? near : "";
}

int rule_choice(const struct rule_scan *s, struct rule_word w,
		const char *const *names, const char *what)
{
	char hint[200];
	const char *near;
	size_t n = 0;

	for (int i = 0; names[i]; i++)
		if (rule_is(w, names[i]))
			return i;
	near = rule_near(w, names);
	if (*near) {
		snprintf(hint, sizeof(hint), "did you mean %s?", near);
	} else {
		n = snprintf(hint, sizeof(hint), "one of");
		for (int i = 0; names[i] && n < sizeof(hint); i++)
			n += snprintf(hint + n, sizeof(hint) - n, "%s %s",
				      i ? "," : "", names[i]);
	}
	return rule_fail_word(s, w, hint, "'%.*s' is not %s", (int)w.len, w.at,
			      what);
}

int rule_end(struct rule_scan *s)
{
	if (rule_done(s))
		return 0;
	return rule_fail(s, s->at, s->end - s->at, "remove it",
			 "'%.*s' is too much here",
			 s->end - s->at > 40 ? 40 : (int)(s->end - s->at),
			 s->at);
}
