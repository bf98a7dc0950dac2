/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Chain files: from a file, or a text, to its tree. */
#include <stdlib.h>
#include <string.h>

#include "conf_priv.h"

/* The scanner writes into its text while it reads, and wants two NULs at the
 * end: a copy, so that the source stays fit for messages. */
static int source_scan(struct conf_scan *scan, struct conf_block *into)
{
	const struct conf_source *src = scan->src;
	char *text = malloc(src->len + 2);
	int err;

	if (!text)
		return conf_ctx_nomem(scan->ctx);
	memcpy(text, src->text, src->len);
	memset(text + src->len, 0, 2);
	err = conf_scan_text(scan, text, src->len + 2, into);
	free(text);
	return err;
}

static int source_parse(struct conf_ctx *ctx, const struct conf_source *src,
			struct conf_block *into)
{
	struct conf_scan scan = {
		.ctx = ctx,
		.src = src,
		.line = 1,
		.col = 1,
		.depth = ctx->depth,
		.start = true,
	};

	if (conf_source_check(ctx, src))
		return -1;
	return source_scan(&scan, into);
}

int conf_include(struct conf_ctx *ctx, struct conf_block *into,
		 const struct conf_word *file)
{
	const struct conf_source *src;
	int err;

	if (ctx->includes == CONF_INCLUDE_MAX)
		return conf_ctx_fail(ctx, &file->loc, NULL,
				     "includes are nested too deep: %d files are open",
				     CONF_INCLUDE_MAX);
	if (conf_source_open(ctx, file->text, NULL, file, &src))
		return -1;
	ctx->includes++;
	err = source_parse(ctx, src, into);
	ctx->includes--;
	return err;
}

/* The tree is ctx's; on failure it is freed. */
static int ctx_parse(struct conf_ctx *ctx, const char *name, const char *text,
		     struct conf_block **out)
{
	const struct conf_source *src;
	int ret = conf_source_open(ctx, name, text, NULL, &src);

	if (!ret) {
		ctx->includes = 1;
		ctx->tree->root.loc = (struct conf_loc){ src->name, 0, 0, 0,
							 src };
		ret = source_parse(ctx, src, &ctx->tree->root);
	}
	conf_defines_free(ctx);
	if (ret)
		conf_free(&ctx->tree->root);
	else
		*out = &ctx->tree->root;
	return ret;
}

int conf_parse(struct conf_block **out, const char *file, const char *text,
	       struct conf_error *err)
{
	struct conf_ctx ctx = { .err = err };

	memset(err, 0, sizeof(*err));
	ctx.tree = calloc(1, sizeof(*ctx.tree));
	if (!ctx.tree)
		return conf_ctx_nomem(&ctx);
	return ctx_parse(&ctx, file, text, out);
}

int conf_parse_given(struct conf_block **out, const struct conf_file *files,
		     size_t cnt, struct conf_error *err)
{
	struct conf_ctx ctx = { .err = err };

	memset(err, 0, sizeof(*err));
	ctx.tree = calloc(1, sizeof(*ctx.tree));
	if (!ctx.tree)
		return conf_ctx_nomem(&ctx);
	ctx.tree->files = files;
	ctx.tree->file_cnt = cnt;
	return ctx_parse(&ctx, files[0].name, NULL, out);
}

void conf_free(struct conf_block *root)
{
	struct conf_tree *tree = (struct conf_tree *)root;

	if (!root)
		return;
	conf_block_clear(root);
	while (tree->sources) {
		struct conf_source *src = tree->sources;

		tree->sources = src->next;
		free(src->name);
		free(src->text);
		free(src);
	}
	free(tree);
}
