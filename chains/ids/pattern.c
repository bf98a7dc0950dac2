// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "pattern.h"

#include <hs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules.h"
#include "sort.h"

#define HEX 4			/* "\x41": characters of a byte */

static int same_kind(const struct ids_rule *a, const struct ids_rule *b)
{
	int d = (int)a->fast->nocase - (int)b->fast->nocase;

	if (d)
		return d;
	d = (int)a->fast_len - (int)b->fast_len;
	return d ? d : memcmp(a->fast->bytes + a->fast_off,
			      b->fast->bytes + b->fast_off, a->fast_len);
}

static int by_pattern(const void *set, uint32_t x, uint32_t y)
{
	const struct ids_rules *s = set;
	int d = same_kind(s->rules[x], s->rules[y]);

	return d ? d : x < y ? -1 : x > y;
}

/* Rules in the order of their patterns, and where each pattern's begin. */
static int number(struct ids_patterns *p, struct ids_rules *set)
{
	uint32_t n = 0;

	p->rules = malloc((set->cnt + 1) * sizeof(*p->rules));
	p->first = malloc((set->cnt + 1) * sizeof(*p->first));
	if (!p->rules || !p->first)
		return -1;
	for (uint32_t i = 0; i < set->cnt; i++)
		if (set->rules[i]->fast && !set->rules[i]->key_only)
			p->rules[n++] = i;
	ids_sort(p->rules, n, by_pattern, set);
	for (uint32_t i = 0; i < n; i++) {
		struct ids_rule *r = set->rules[p->rules[i]];

		if (!i || same_kind(set->rules[p->rules[i - 1]], r))
			p->first[p->cnt++] = i;
		r->pattern = p->cnt - 1;
	}
	p->first[p->cnt] = n;
	return 0;
}

/* As an expression of escaped bytes: a literal of Vectorscan may not begin with
 * a zero. */
static char *expression(const struct ids_rule *r)
{
	char *text = malloc(r->fast_len * HEX + 1);

	for (uint16_t i = 0; text && i < r->fast_len; i++)
		sprintf(text + i * HEX, "\\x%02x",
			r->fast->bytes[r->fast_off + i]);
	return text;
}

struct expressions {
	char **text;
	unsigned int *flags, *ids;
};

static void expressions_free(struct expressions *x, uint32_t cnt)
{
	for (uint32_t i = 0; x->text && i < cnt; i++)
		free(x->text[i]);
	free(x->text);
	free(x->flags);
	free(x->ids);
}

static int expressions_make(struct expressions *x, const struct ids_patterns *p,
			    const struct ids_rules *set)
{
	x->text = calloc(p->cnt, sizeof(*x->text));
	x->flags = calloc(p->cnt, sizeof(*x->flags));
	x->ids = calloc(p->cnt, sizeof(*x->ids));
	for (uint32_t i = 0; x->text && x->flags && x->ids && i < p->cnt; i++) {
		const struct ids_rule *r =
			set->rules[p->rules[p->first[i]]];

		x->ids[i] = i;
		x->flags[i] = HS_FLAG_DOTALL |
			      (r->fast->nocase ? HS_FLAG_CASELESS : 0);
		x->text[i] = expression(r);
		if (!x->text[i])
			return -1;
	}
	return x->text && x->flags && x->ids ? 0 : -1;
}

/* In a packet a pattern is found once, in a stream wherever it is: what is
 * around it may still be to come. */
static int compile(struct ids_patterns *p, const struct expressions *x,
		   bool stream, int32_t *rule, char *why)
{
	hs_compile_error_t *err = NULL;

	for (uint32_t i = 0; i < p->cnt; i++)
		if (stream)
			x->flags[i] &= ~HS_FLAG_SINGLEMATCH;
		else
			x->flags[i] |= HS_FLAG_SINGLEMATCH;
	if (!hs_compile_multi((const char *const *)x->text, x->flags, x->ids,
			      p->cnt, stream ? HS_MODE_STREAM : HS_MODE_BLOCK,
			      NULL, stream ? &p->stream : &p->block, &err))
		return 0;
	snprintf(why, 256, "%s", err ? err->message : "no memory");
	if (err && err->expression >= 0)
		*rule = p->rules[p->first[err->expression]];
	hs_free_compile_error(err);
	return -1;
}

static int compile_both(struct ids_patterns *p, const struct expressions *x,
			int32_t *rule, char *why)
{
	if (compile(p, x, false, rule, why) || compile(p, x, true, rule, why))
		return -1;
	if (!hs_alloc_scratch(p->block, &p->scratch) &&
	    !hs_alloc_scratch(p->stream, &p->scratch))
		return 0;
	snprintf(why, 256, "no memory");
	return -1;
}

int ids_patterns_compile(struct ids_patterns *p, struct ids_rules *set,
			 int32_t *rule, char *why)
{
	struct expressions x = { 0 };
	int failed;

	snprintf(why, 256, "no memory");
	if (hs_valid_platform()) {
		snprintf(why, 256, "this processor is not fit for Vectorscan (SSE4.2 or NEON)");
		return -1;
	}
	if (number(p, set))
		return -1;
	if (!p->cnt)
		return 0;
	failed = expressions_make(&x, p, set);
	if (!failed)
		failed = compile_both(p, &x, rule, why);
	expressions_free(&x, p->cnt);
	return failed;
}

void ids_patterns_free(struct ids_patterns *p)
{
	hs_free_scratch(p->scratch);
	hs_free_database(p->block);
	hs_free_database(p->stream);
	free(p->first);
	free(p->rules);
	*p = (struct ids_patterns){ 0 };
}

struct found {
	ids_found_fn fn;
	void *ctx;
};

static int on_match(unsigned int id, unsigned long long from,
		    unsigned long long to, unsigned int flags, void *ctx)
{
	const struct found *f = ctx;

	(void)from;
	(void)to;
	(void)flags;
	f->fn(f->ctx, id);
	return 0;
}

void ids_patterns_scan(const struct ids_patterns *p, const uint8_t *bytes,
		       uint32_t len, ids_found_fn found, void *ctx)
{
	struct found f = { found, ctx };

	if (p->block && len)
		hs_scan(p->block, (const char *)bytes, len, 0, p->scratch,
			on_match, &f);
}

struct hs_stream *ids_patterns_open(const struct ids_patterns *p)
{
	struct hs_stream *s = NULL;

	if (p->stream && hs_open_stream(p->stream, 0, &s))
		return NULL;
	return s;
}

void ids_patterns_close(struct hs_stream *s)
{
	if (s)
		hs_close_stream(s, NULL, NULL, NULL);
}

void ids_patterns_reset(const struct ids_patterns *p, struct hs_stream *s)
{
	hs_reset_stream(s, 0, p->scratch, NULL, NULL);
}

struct ends {
	ids_ends_fn fn;
	void *ctx;
};

static int on_end(unsigned int id, unsigned long long from,
		  unsigned long long to, unsigned int flags, void *ctx)
{
	const struct ends *e = ctx;

	(void)from;
	(void)flags;
	e->fn(e->ctx, id, to);
	return 0;
}

void ids_patterns_feed(const struct ids_patterns *p, struct hs_stream *s,
		       const uint8_t *bytes, uint32_t len, ids_ends_fn found,
		       void *ctx)
{
	struct ends e = { found, ctx };

	hs_scan_stream(s, (const char *)bytes, len, 0, p->scratch, on_end, &e);
}
