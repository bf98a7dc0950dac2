/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sources of chain files: from disk, or from what was given. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf_priv.h"

/* The including file's folder and the name; malloc-ed. */
static char *source_path(const struct conf_source *parent, const char *name)
{
	const char *slash = parent ? strrchr(parent->name, '/') : NULL;
	char *path;

	if (!slash || *name == '/')
		return strdup(name);
	if (asprintf(&path, "%.*s%s", (int)(slash + 1 - parent->name),
		     parent->name, name) < 0)
		return NULL;
	return path;
}

/* 0 or negative errno. -EFBIG: too large. */
static int source_read(struct conf_source *src, int fd, size_t max)
{
	ssize_t n;

	src->text = malloc(max + 1);
	if (!src->text)
		return -ENOMEM;
	do {
		n = read(fd, src->text + src->len, max + 1 - src->len);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			src->len += n;
		if (src->len > max)
			return -EFBIG;
	} while (n);
	return 0;
}

/* Named files must be regular ones: a FIFO would make the reader wait. */
static int source_open(struct conf_source *src, bool named, size_t max)
{
	int flags = O_RDONLY | O_CLOEXEC | (named ? O_NONBLOCK : 0);
	struct stat st;
	int err, fd;

	fd = open(src->name, flags);
	if (fd < 0)
		return -errno;
	err = fstat(fd, &st) ? -errno : 0;
	if (!err && S_ISDIR(st.st_mode))
		err = -EISDIR;
	if (!err && named && !S_ISREG(st.st_mode))
		err = -EINVAL;
	if (!err) {
		src->dev = st.st_dev;
		src->ino = st.st_ino;
		err = source_read(src, fd, max);
	}
	close(fd);
	return err;
}

static int source_copy(struct conf_source *src, const char *text, size_t len,
		       size_t max)
{
	if (len > max)
		return -EFBIG;
	src->text = malloc(len + 1);
	if (!src->text)
		return -ENOMEM;
	memcpy(src->text, text, len);
	src->len = len;
	return 0;
}

/* The text may be that of a file, which then must not include itself. */
static int source_text(struct conf_source *src, const char *text)
{
	struct stat st;
	int err = source_copy(src, text, strnlen(text, CONF_FILE_MAX + 1),
			      CONF_FILE_MAX);

	if (!err && !stat(src->name, &st)) {
		src->dev = st.st_dev;
		src->ino = st.st_ino;
	}
	return err;
}

/* Its number stands for the file's. */
static int source_given(struct conf_source *src, size_t max)
{
	const struct conf_tree *tree = src->tree;

	for (size_t i = 0; i < tree->file_cnt; i++) {
		const struct conf_file *f = &tree->files[i];

		if (strcmp(f->name, src->name))
			continue;
		src->dev = 0;
		src->ino = i + 1;
		return source_copy(src, f->text, f->len, max);
	}
	return -ENOENT;
}

static int source_fetch(struct conf_source *src, bool named, size_t max)
{
	return src->tree->files ? source_given(src, max) :
				  source_open(src, named, max);
}

/* Gives back what a text shorter than the largest does not need. */
static void source_shrink(struct conf_source *src)
{
	char *text = realloc(src->text, src->len + 1);

	if (text)
		src->text = text;
}

/* A byte order mark becomes white space. */
static void source_finish(struct conf_source *src)
{
	source_shrink(src);
	if (src->len >= 3 && !memcmp(src->text, "\xef\xbb\xbf", 3))
		memset(src->text, ' ', 3);
}

static const struct conf_source *source_cycle(const struct conf_source *src)
{
	const struct conf_source *p = src->parent;

	while (p && (!p->ino || p->ino != src->ino || p->dev != src->dev))
		p = p->parent;
	return p;
}

static const char *source_why(int err, size_t max, char *buf, size_t size)
{
	if (err == -EINVAL)
		return "not a regular file";
	if (err != -EFBIG)
		return strerror(-err);
	snprintf(buf, size, "larger than %zu MiB", max >> 20);
	return buf;
}

static int source_refuse(struct conf_error *err, const struct conf_source *src,
			 const struct conf_word *from, int why, size_t max)
{
	struct conf_loc whole = { src->name, 0, 0, 0, NULL };
	char buf[32];
	const char *text = source_why(why, max, buf, sizeof(buf));

	if (!from)
		return conf_fail(err, &whole, NULL, "can not be read: %s",
				 text);
	if (src->tree->files && why == -ENOENT)
		return conf_fail(err, &from->loc,
				 "send it with the statements: file NAME",
				 "no file %s came with the statements",
				 src->name);
	return conf_fail(err, &from->loc, NULL, "can not read %s: %s",
			 src->name, text);
}

/* The tree owns it, whatever becomes of it. NULL: no memory. */
static struct conf_source *source_new(struct conf_tree *tree, const char *name,
				      const struct conf_word *from)
{
	struct conf_source *src = calloc(1, sizeof(*src));

	if (!src)
		return NULL;
	src->next = tree->sources;
	tree->sources = src;
	src->tree = tree;
	src->parent = from ? from->loc.src : NULL;
	src->name = source_path(src->parent, name);
	return src->name ? src : NULL;
}

int conf_source_open(struct conf_ctx *ctx, const char *name, const char *text,
		     const struct conf_word *from,
		     const struct conf_source **out)
{
	struct conf_source *src = source_new(ctx->tree, name, from);
	size_t max = ctx->tree->files ? CONF_GIVEN_MAX : CONF_FILE_MAX;
	int err;

	if (!src)
		return conf_ctx_nomem(ctx);
	err = text ? source_text(src, text) : source_fetch(src, from, max);
	if (err == -ENOMEM)
		return conf_ctx_nomem(ctx);
	if (err) {
		if (!ctx->failed)
			source_refuse(ctx->err, src, from, err, max);
		ctx->failed = true;
		return -1;
	}
	source_finish(src);
	if (from && source_cycle(src))
		return conf_ctx_fail(ctx, &from->loc, NULL,
				     "%s includes itself", src->name);
	if (from && conf_ctx_spend(ctx, src->len, &from->loc))
		return -1;
	*out = src;
	return 0;
}

static const struct conf_source *source_had(const struct conf_tree *tree,
					    const char *path)
{
	const struct conf_source *src = tree->sources;

	while (src && (!src->raw || strcmp(src->name, path)))
		src = src->next;
	return src;
}

static int file_read(struct conf_tree *tree, const struct conf_word *w,
		     size_t max, const struct conf_source **out,
		     struct conf_error *err)
{
	struct conf_source *src = source_new(tree, w->text, w);
	int ret = src ? source_fetch(src, true, max) : -ENOMEM;

	if (ret == -ENOMEM)
		return conf_fail(err, &w->loc, NULL, "out of memory");
	if (ret)
		return source_refuse(err, src, w, ret, max);
	source_shrink(src);
	src->text[src->len] = '\0';
	src->raw = true;
	*out = src;
	return 0;
}

int conf_file_text(const struct conf_word *w, size_t max, const char **text,
		   size_t *len, struct conf_error *err)
{
	struct conf_tree *tree = w->loc.src->tree;
	char *path = source_path(w->loc.src, w->text);
	const struct conf_source *src = path ? source_had(tree, path) : NULL;

	free(path);
	if (!src && file_read(tree, w, max, &src, err))
		return -1;
	*text = src->text;
	*len = src->len;
	return 0;
}
