// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* pcre:[!]"/EXPRESSION/FLAGS" */
#include "rule_read.h"

#include <stdio.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "pcre.h"

static const struct {
	char letter;
	uint32_t flag;
} flags[] = {
	{ 'i', PCRE2_CASELESS }, { 's', PCRE2_DOTALL },
	{ 'm', PCRE2_MULTILINE }, { 'x', PCRE2_EXTENDED },
	{ 'A', PCRE2_ANCHORED },  { 'E', PCRE2_DOLLAR_ENDONLY },
	{ 'G', PCRE2_UNGREEDY },  { 'R', 0 }, { 'B', 0 },
};

/* R: relative. B: raw bytes, as all are. */
static int read_flags(struct rule_scan *v, struct rule_word w, uint32_t *out,
		      bool *relative)
{
	for (size_t n = 0; n < w.len; n++) {
		size_t i = 0;

		while (i < sizeof(flags) / sizeof(flags[0]) &&
		       flags[i].letter != w.at[n])
			i++;
		if (i == sizeof(flags) / sizeof(flags[0]))
			return rule_fail(v, w.at + n, 1,
					 strchr("UIPHDMCKSY", w.at[n]) ?
					 "no HTTP is decoded: match the payload" :
					 w.at[n] == 'O' ?
					 "the limit of steps holds for all" :
					 "i s m x A E G R B are known",
					 "unknown flag '%c' of a pcre", w.at[n]);
		*out |= flags[i].flag;
		*relative |= w.at[n] == 'R';
	}
	return 0;
}

/* The delimiter: /, or what stands behind an m. */
static int split(struct rule_scan *v, struct rule_word all,
		 struct rule_word *expr, struct rule_word *letters)
{
	const char *start = all.at, *end = all.at + all.len, *last;
	char delim;

	if (start < end && *start == 'm')
		start++;
	delim = start < end ? *start++ : 0;
	for (last = end; last > start && last[-1] != delim;)
		last--;
	if (!delim || last == start)
		return rule_fail_word(v, all, "as in pcre:\"/^GET [^ ]+/i\"",
				      "expected /EXPRESSION/FLAGS");
	*expr = (struct rule_word){ start, last - 1 - start };
	*letters = (struct rule_word){ last, end - last };
	return 0;
}

/* \; and \" are the rule language's; the rest is PCRE's. */
static int unescape(struct rule_read *r, struct rule_word *w)
{
	char *to = arena_alloc(&r->set->arena, w->len + 1);
	size_t n = 0;

	if (!to)
		return rule_nomem(r);
	for (size_t i = 0; i < w->len; i++) {
		if (w->at[i] == '\\' && i + 1 < w->len) {
			if (!strchr(";\"", w->at[i + 1]))
				to[n++] = '\\';
			i++;
		}
		to[n++] = w->at[i];
	}
	*w = (struct rule_word){ to, n };
	return 0;
}

static int compile(struct rule_scan *v, struct rule_word all,
		   struct rule_word expr, uint32_t bits,
		   struct ids_pcre_opt *out)
{
	char why[120], hint[160];
	size_t at;

	if (!expr.len || expr.len > IDS_PCRE_MAX)
		return rule_fail_word(v, all, NULL,
				      "an expression has 1 to %d bytes",
				      IDS_PCRE_MAX);
	out->code = ids_pcre_new(expr.at, expr.len, bits, &at, why);
	if (out->code)
		return 0;
	snprintf(hint, sizeof(hint), "%s, at byte %zu of the expression", why,
		 at);
	return rule_fail_word(v, all, hint,
			      "this is no regular expression");
}

int rule_pcre(struct rule_read *r, struct rule_scan *v, struct rule_word name)
{
	struct ids_opt *opt = rule_opt_new(r, IDS_OPT_PCRE, name);
	struct rule_word all = { 0 }, expr = { 0 }, letters = { 0 };
	uint32_t bits = PCRE2_NEVER_BACKSLASH_C;

	if (!opt)
		return -1;
	opt->pcre.negated = rule_take(v, '!');
	if (rule_string(v, &all) || split(v, all, &expr, &letters) ||
	    read_flags(v, letters, &bits, &opt->pcre.relative) ||
	    unescape(r, &expr))
		return -1;
	if (compile(v, all, expr, bits, &opt->pcre))
		return -1;
	opt->pcre.anchored = ids_pcre_anchored(opt->pcre.code);
	return 0;
}
