/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The tree of a chain file while the grammar builds it. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "conf_priv.h"

int conf_ctx_fail(struct conf_ctx *ctx, const struct conf_loc *loc,
		  const char *hint, const char *fmt, ...)
{
	char message[sizeof(ctx->err->message)];
	va_list ap;

	if (ctx->failed)
		return -1;
	ctx->failed = true;
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	return conf_fail(ctx->err, loc, hint, "%s", message);
}

int conf_ctx_nomem(struct conf_ctx *ctx)
{
	return conf_ctx_fail(ctx, NULL, NULL, "out of memory");
}

int conf_ctx_spend(struct conf_ctx *ctx, size_t n, const struct conf_loc *loc)
{
	ctx->total += n;
	if (ctx->total <= CONF_TOTAL_MAX)
		return 0;
	return conf_ctx_fail(ctx, loc, NULL,
			     "includes and defines multiply to more than 16 MiB");
}

void conf_word_free(struct conf_word *w)
{
	free(w->text);
	w->text = NULL;
}

void conf_words_free(struct conf_words *w)
{
	for (size_t i = 0; i < w->cnt; i++)
		free(w->v[i].text);
	free(w->v);
	*w = (struct conf_words){ 0 };
}

static bool words_grow(struct conf_words *w, size_t more)
{
	size_t cap = w->cap ? w->cap : 2;
	struct conf_word *v;

	while (cap < w->cnt + more)
		cap *= 2;
	if (cap == w->cap)
		return true;
	v = realloc(w->v, cap * sizeof(*v));
	if (!v)
		return false;
	w->v = v;
	w->cap = cap;
	return true;
}

int conf_words_add(struct conf_ctx *ctx, struct conf_words *to,
		   struct conf_word *w)
{
	int err = -1;

	if (!w->text || !words_grow(to, 1))
		conf_ctx_nomem(ctx);
	else
		err = conf_ctx_spend(ctx, sizeof(*w) + strlen(w->text) + 1,
				     &w->loc);
	if (err) {
		conf_word_free(w);
		conf_words_free(to);
		return err;
	}
	to->v[to->cnt++] = *w;
	return 0;
}

int conf_words_join(struct conf_ctx *ctx, struct conf_words *to,
		    struct conf_words *from)
{
	if (!words_grow(to, from->cnt)) {
		conf_words_free(to);
		conf_words_free(from);
		return conf_ctx_nomem(ctx);
	}
	if (from->cnt)
		memcpy(to->v + to->cnt, from->v, from->cnt * sizeof(*to->v));
	to->cnt += from->cnt;
	free(from->v);
	*from = (struct conf_words){ 0 };
	return 0;
}

struct conf_block *conf_block_new(struct conf_ctx *ctx)
{
	struct conf_block *b = calloc(1, sizeof(*b));

	if (!b)
		conf_ctx_nomem(ctx);
	return b;
}

/* Recursion is bounded by CONF_DEPTH_MAX. */
void conf_block_clear(struct conf_block *b)
{
	for (size_t i = 0; i < b->cnt; i++) {
		struct conf_stmt *s = &b->stmts[i];
		struct conf_words w = { .v = s->words, .cnt = s->word_cnt };

		conf_words_free(&w);
		conf_block_free(s->block);
	}
	free(b->stmts);
	b->stmts = NULL;
	b->cnt = 0;
}

void conf_block_free(struct conf_block *b)
{
	if (!b)
		return;
	conf_block_clear(b);
	free(b);
}

static size_t block_cap(size_t cnt)
{
	size_t cap = 1;

	while (cap < cnt)
		cap *= 2;
	return cap;
}

/* stmts always has room for block_cap(cnt). */
static bool block_grow(struct conf_block *b, size_t more)
{
	size_t cap = block_cap(b->cnt + more);
	struct conf_stmt *s;

	if (b->cnt && cap == block_cap(b->cnt))
		return true;
	s = realloc(b->stmts, cap * sizeof(*s));
	if (!s)
		return false;
	b->stmts = s;
	return true;
}

int conf_block_add(struct conf_ctx *ctx, struct conf_block *b,
		   struct conf_words *words, struct conf_block *sub)
{
	const struct conf_loc *first = &words->v[0].loc;
	const struct conf_loc *last = &words->v[words->cnt - 1].loc;
	struct conf_stmt *s;

	if (!block_grow(b, 1)) {
		conf_words_free(words);
		conf_block_free(sub);
		return conf_ctx_nomem(ctx);
	}
	s = &b->stmts[b->cnt++];
	*s = (struct conf_stmt){ words->v, words->cnt, sub, *first };
	if (last->line == first->line && last->src == first->src)
		s->loc.end_col = last->end_col;
	*words = (struct conf_words){ 0 };
	return 0;
}

int conf_block_join(struct conf_ctx *ctx, struct conf_block *b,
		    struct conf_block *from)
{
	int err = 0;

	if (from->cnt && !block_grow(b, from->cnt)) {
		err = conf_ctx_nomem(ctx);
	} else if (from->cnt) {
		memcpy(b->stmts + b->cnt, from->stmts,
		       from->cnt * sizeof(*b->stmts));
		b->cnt += from->cnt;
		from->cnt = 0;
	}
	conf_block_free(from);
	return err;
}
