/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Texts in other languages that chain files name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_priv.h"

static struct conf_source *text_check(struct conf_source *src,
				      struct conf_error *err)
{
	struct conf_ctx ctx = { .err = err };

	if (!conf_source_check(&ctx, src))
		return src;
	conf_text_free(src);
	return NULL;
}

struct conf_source *conf_text_file(const struct conf_word *w, size_t max,
				   struct conf_error *err)
{
	const char *from = w->loc.file ? w->loc.file : "", *text;
	const char *slash = *w->text == '/' ? NULL : strrchr(from, '/');
	struct conf_source *src;
	char *name;
	size_t len;

	if (conf_file_text(w, max, &text, &len, err))
		return NULL;
	if (asprintf(&name, "%.*s%s", slash ? (int)(slash + 1 - from) : 0, from,
		     w->text) < 0) {
		conf_fail(err, &w->loc, NULL, "out of memory");
		return NULL;
	}
	src = conf_text_copy(name, text, len, err);
	free(name);
	return src;
}

struct conf_source *conf_text_copy(const char *name, const char *text,
				   size_t len, struct conf_error *err)
{
	struct conf_source *src = calloc(1, sizeof(*src));

	if (src) {
		src->name = strdup(name);
		src->text = malloc(len + 1);
		src->len = len;
	}
	if (!src || !src->name || !src->text) {
		conf_text_free(src);
		conf_fail(err, NULL, NULL, "no memory for %s", name);
		return NULL;
	}
	memcpy(src->text, text, len);
	return text_check(src, err);
}

void conf_text_free(struct conf_source *src)
{
	if (!src)
		return;
	free(src->name);
	free(src->text);
	free(src);
}

const char *conf_text_name(const struct conf_source *src)
{
	return src->name;
}

const char *conf_text_bytes(const struct conf_source *src, size_t *len)
{
	*len = src->len;
	return src->text;
}
