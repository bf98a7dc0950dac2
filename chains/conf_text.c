/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Texts in other languages that chain files name. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf_priv.h"

static char *text_path(const struct conf_word *file)
{
	const char *from = file->loc.file ? file->loc.file : "";
	const char *slash = strrchr(from, '/');
	char *path;

	if (!slash || *file->text == '/')
		return strdup(file->text);
	if (asprintf(&path, "%.*s%s", (int)(slash + 1 - from), from,
		     file->text) < 0)
		return NULL;
	return path;
}

/* 0 or negative errno. A regular file: a FIFO would make the reader wait. */
static int text_read(struct conf_source *src, int fd, size_t max)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	if ((size_t)st.st_size > max)
		return -EFBIG;
	src->text = malloc(st.st_size + 1);
	if (!src->text)
		return -ENOMEM;
	while (src->len < (size_t)st.st_size) {
		n = read(fd, src->text + src->len, st.st_size - src->len);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (!n)
			break;
		src->len += n > 0 ? n : 0;
	}
	return 0;
}

static int text_open(struct conf_source *src, size_t max)
{
	int fd = open(src->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err;

	if (fd < 0)
		return -errno;
	err = text_read(src, fd, max);
	close(fd);
	return err;
}

static struct conf_source *text_check(struct conf_source *src,
				      struct conf_error *err)
{
	struct conf_ctx ctx = { .err = err };

	if (!conf_source_check(&ctx, src))
		return src;
	conf_text_free(src);
	return NULL;
}

struct conf_source *conf_text_open(const struct conf_word *file, size_t max,
				   struct conf_error *err)
{
	struct conf_source *src = calloc(1, sizeof(*src));
	int no = -ENOMEM;

	if (src)
		src->name = text_path(file);
	if (src && src->name)
		no = text_open(src, max);
	if (!no)
		return text_check(src, err);
	conf_fail(err, &file->loc, NULL, "can not read %s: %s",
		  src && src->name ? src->name : file->text,
		  no == -EFBIG ? "too large" :
		  no == -EINVAL ? "not a regular file" : strerror(-no));
	conf_text_free(src);
	return NULL;
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
