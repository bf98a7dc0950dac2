/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* define NAME = words: what $NAME stands for from there on. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "conf_priv.h"

static struct conf_define *define_find(const struct conf_ctx *ctx,
				       const char *name)
{
	struct conf_define *d = ctx->defines;

	while (d && strcmp(d->name.text, name))
		d = d->next;
	return d;
}

/* What the scanner reads after a "$". */
static bool define_name_ok(const char *s)
{
	if (!isalpha((unsigned char)*s) && *s != '_')
		return false;
	while (*s && (isalnum((unsigned char)*s) || *s == '_' || *s == '-'))
		s++;
	return !*s;
}

static int define_check(struct conf_ctx *ctx, const struct conf_word *name)
{
	const struct conf_define *old = define_find(ctx, name->text);

	if (!define_name_ok(name->text))
		return conf_ctx_fail(ctx, &name->loc,
				     "a letter, then letters, digits, '_' and '-'",
				     "'%s' can not be a name", name->text);
	if (old)
		return conf_ctx_fail(ctx, &name->loc, NULL,
				     "'%s' is defined already, at %s:%d",
				     name->text, old->name.loc.file,
				     old->name.loc.line);
	return 0;
}

int conf_define(struct conf_ctx *ctx, struct conf_word *name,
		struct conf_words *value)
{
	struct conf_define *d;
	int err;

	err = define_check(ctx, name);
	if (err)
		goto err_free;
	err = conf_ctx_spend(ctx, sizeof(*d), &name->loc);
	if (err)
		goto err_free;
	d = calloc(1, sizeof(*d));
	if (!d) {
		err = conf_ctx_nomem(ctx);
		goto err_free;
	}
	d->name = *name;
	d->value = *value;
	d->next = ctx->defines;
	ctx->defines = d;
	return 0;

err_free:
	conf_word_free(name);
	conf_words_free(value);
	return err;
}

/* How many names a hint looks at: more than a person defines. */
#define HINT_NAMES 64

static int define_unknown(struct conf_ctx *ctx, const struct conf_word *name)
{
	const char *known[HINT_NAMES + 1], *near;
	char hint[sizeof(ctx->err->hint)] = "define it above";
	size_t n = 0;

	for (struct conf_define *d = ctx->defines; d && n < HINT_NAMES;
	     d = d->next)
		known[n++] = d->name.text;
	known[n] = NULL;
	near = conf_nearest(name->text, known);
	if (near)
		snprintf(hint, sizeof(hint), "did you mean $%s?", near);
	return conf_ctx_fail(ctx, &name->loc, hint, "$%s is not defined",
			     name->text);
}

/* The words' place is where they are used: that is what reads wrong there. */
static int define_copy(struct conf_ctx *ctx, struct conf_words *to,
		       const struct conf_define *d, const struct conf_loc *loc,
		       bool in_list)
{
	for (size_t i = 0; i < d->value.cnt; i++) {
		const struct conf_word *from = &d->value.v[i];
		struct conf_word w = { NULL, from->quoted, *loc };

		if (in_list && !from->quoted && !strcmp(from->text, ","))
			continue;
		w.text = strdup(from->text);
		if (conf_words_add(ctx, to, &w))
			return -1;
	}
	return 0;
}

int conf_words_expand(struct conf_ctx *ctx, struct conf_words *to,
		      struct conf_word *name, bool in_list)
{
	const struct conf_define *d = define_find(ctx, name->text);
	int err;

	if (d) {
		err = define_copy(ctx, to, d, &name->loc, in_list);
	} else {
		err = define_unknown(ctx, name);
		conf_words_free(to);
	}
	conf_word_free(name);
	return err;
}

void conf_defines_free(struct conf_ctx *ctx)
{
	while (ctx->defines) {
		struct conf_define *d = ctx->defines;

		ctx->defines = d->next;
		conf_word_free(&d->name);
		conf_words_free(&d->value);
		free(d);
	}
}
