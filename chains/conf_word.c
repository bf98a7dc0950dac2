/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What words of chain files mean: keywords, numbers, durations. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "conf_priv.h"

const struct conf_stmt *conf_find(const struct conf_block *b, const char *name)
{
	for (size_t i = 0; i < b->cnt; i++)
		if (!strcmp(b->stmts[i].words[0].text, name))
			return &b->stmts[i];
	return NULL;
}

/* A word too many that begins a line: most often the line before it was not
 * ended. */
static int too_many(const struct conf_stmt *s, size_t max, const char *usage,
		    struct conf_error *err)
{
	const struct conf_word *first = NULL, *w = &s->words[max];
	char hint[sizeof(err->hint)];

	for (size_t i = 1; i < s->word_cnt && !first; i++)
		if (s->words[i].loc.line != s->words[i - 1].loc.line)
			first = &s->words[i];
	snprintf(hint, sizeof(hint), "expected %s", usage);
	if (first)
		snprintf(hint, sizeof(hint), "is a ';' missing before '%s'?",
			 first->text);
	return conf_fail(err, &w->loc, hint, "unexpected '%s' after '%s'",
			 w->text, s->words[max - 1].text);
}

int conf_need_words(const struct conf_stmt *s, size_t min, size_t max,
		    const char *usage, struct conf_error *err)
{
	bool block = strchr(usage, '{');

	if (s->word_cnt > max)
		return too_many(s, max, usage, err);
	if (s->word_cnt < min)
		return conf_fail(err, &s->loc, NULL, "expected %s", usage);
	if (s->block && !block)
		return conf_fail(err, &s->block->loc, NULL,
				 "'%s' takes no block: expected %s",
				 s->words[0].text, usage);
	if (!s->block && block)
		return conf_fail(err, &s->loc, NULL, "expected %s", usage);
	return 0;
}

/* Digits from *s on; false: none, or more than 64 bits hold. */
static bool digits(const char **s, uint64_t *out)
{
	const char *p = *s;

	*out = 0;
	for (; isdigit((unsigned char)*p); p++)
		if (__builtin_mul_overflow(*out, 10, out) ||
		    __builtin_add_overflow(*out, (uint64_t)(*p - '0'), out))
			return false;
	if (p == *s)
		return false;
	*s = p;
	return true;
}

/* 2^10 for k, and so on: tables and buffers are counted so. */
static bool unit_shift(const char *s, unsigned int *shift)
{
	static const char units[] = "kmg";
	const char *u = *s ? strchr(units, tolower((unsigned char)*s)) : NULL;

	*shift = 0;
	if (!*s)
		return true;
	if (!u || s[1])
		return false;
	*shift = 10 * (u - units + 1);
	return true;
}

int conf_uint(const struct conf_word *w, uint64_t min, uint64_t max,
	      uint64_t *out, struct conf_error *err)
{
	const char *s = w->text;
	unsigned int shift;
	char hint[64];
	uint64_t n;

	snprintf(hint, sizeof(hint), "%llu to %llu", (unsigned long long)min,
		 (unsigned long long)max);
	if (!isdigit((unsigned char)*s))
		return conf_fail(err, &w->loc, hint, "'%s' is not a number",
				 w->text);
	if (!digits(&s, &n) || (unit_shift(s, &shift) && n << shift >> shift != n))
		return conf_fail(err, &w->loc, hint, "'%s' is too large", w->text);
	if (!unit_shift(s, &shift))
		return conf_fail(err, &w->loc, "digits, then k, M or G or nothing",
				 "'%s' is not a number", w->text);
	n <<= shift;
	if (n < min || n > max)
		return conf_fail(err, &w->loc, hint, "'%s' is too %s", w->text,
				 n < min ? "small" : "large");
	*out = n;
	return 0;
}

static const struct {
	const char *name;
	uint64_t ns;
} time_units[] = {	/* descending; ms before m, which it begins with */
	{ "d", UINT64_C(86400000000000) },
	{ "h", UINT64_C(3600000000000) },
	{ "ms", UINT64_C(1000000) },
	{ "m", UINT64_C(60000000000) },
	{ "s", UINT64_C(1000000000) },
	{ "us", UINT64_C(1000) },
	{ "ns", UINT64_C(1) },
};

/* ns of the unit at *s; 0: none. */
static uint64_t time_unit(const char **s)
{
	for (size_t i = 0; i < sizeof(time_units) / sizeof(*time_units); i++) {
		size_t len = strlen(time_units[i].name);

		if (!strncmp(*s, time_units[i].name, len)) {
			*s += len;
			return time_units[i].ns;
		}
	}
	return 0;
}

int conf_duration(const struct conf_word *w, uint64_t *ns,
		  struct conf_error *err)
{
	static const char hint[] = "as in 500ms, 30s, 2h4m";
	uint64_t sum = 0, last = UINT64_MAX;
	const char *s = w->text;

	do {
		uint64_t n, unit;

		if (!isdigit((unsigned char)*s))
			goto refuse;
		if (!digits(&s, &n))
			goto too_long;
		unit = time_unit(&s);
		if (!unit || unit >= last)
			goto refuse;
		last = unit;
		if (__builtin_mul_overflow(n, unit, &n) ||
		    __builtin_add_overflow(sum, n, &sum))
			goto too_long;
	} while (*s);
	*ns = sum;
	return 0;

refuse:
	return conf_fail(err, &w->loc, hint, "'%s' is not a duration", w->text);
too_long:
	return conf_fail(err, &w->loc, hint, "'%s' is too long", w->text);
}

/* "a, b or c" */
static void name_all(char *buf, size_t size, const char *const *known)
{
	size_t len = 0;

	buf[0] = 0;
	for (size_t i = 0; known[i] && len < size; i++)
		len += snprintf(buf + len, size - len, "%s%s",
				!i ? "" : known[i + 1] ? ", " : " or ",
				known[i]);
}

static void name_hint(char *buf, size_t size, const char *text,
		      const char *const *known)
{
	const char *near = conf_nearest(text, known);

	if (near) {
		snprintf(buf, size, "did you mean '%s'?", near);
		return;
	}
	memcpy(buf, "known: ", 8);
	name_all(buf + 7, size - 7, known);
}

int conf_single(const struct conf_block *b, const struct conf_stmt *s,
		struct conf_error *err)
{
	const char *key = s->words[0].text;

	if (s->block)
		return conf_fail(err, &s->block->loc, "end it with ;",
				 "%s takes no block", key);
	if (conf_find(b, key) != s)
		return conf_fail(err, &s->loc, "remove one of them",
				 "%s is given twice", key);
	return 0;
}

int conf_unknown(const struct conf_stmt *s, const char *const *known,
		 struct conf_error *err)
{
	const struct conf_word *w = &s->words[0];
	char hint[sizeof(err->hint)];

	name_hint(hint, sizeof(hint), w->text, known);
	return conf_fail(err, &w->loc, hint, "unknown statement '%s'", w->text);
}

int conf_choice(const struct conf_word *w, const char *const *choices,
		size_t *out, struct conf_error *err)
{
	char hint[sizeof(err->hint)], all[256];

	for (size_t i = 0; choices[i]; i++)
		if (!strcmp(w->text, choices[i])) {
			*out = i;
			return 0;
		}
	name_all(all, sizeof(all), choices);
	name_hint(hint, sizeof(hint), w->text, choices);
	return conf_fail(err, &w->loc, conf_nearest(w->text, choices) ? hint : NULL,
			 "expected %s, not '%s'", all, w->text);
}
