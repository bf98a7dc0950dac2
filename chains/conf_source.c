/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sources of chain files: reading them, checking their bytes, their lines. */
#include <errno.h>
#include <fcntl.h>
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
static int source_read(struct conf_source *src, int fd)
{
	ssize_t n;

	src->text = malloc(CONF_FILE_MAX + 1);
	if (!src->text)
		return -ENOMEM;
	do {
		n = read(fd, src->text + src->len,
			 CONF_FILE_MAX + 1 - src->len);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			src->len += n;
		if (src->len > CONF_FILE_MAX)
			return -EFBIG;
	} while (n);
	return 0;
}

/* Includes must be regular files: a FIFO would make the reader wait. */
static int source_open(struct conf_source *src, bool included)
{
	int flags = O_RDONLY | O_CLOEXEC | (included ? O_NONBLOCK : 0);
	struct stat st;
	int err, fd;

	fd = open(src->name, flags);
	if (fd < 0)
		return -errno;
	err = fstat(fd, &st) ? -errno : 0;
	if (!err && S_ISDIR(st.st_mode))
		err = -EISDIR;
	if (!err && included && !S_ISREG(st.st_mode))
		err = -EINVAL;
	if (!err) {
		src->dev = st.st_dev;
		src->ino = st.st_ino;
		err = source_read(src, fd);
	}
	close(fd);
	return err;
}

static int source_copy(struct conf_source *src, const char *text)
{
	struct stat st;

	src->len = strnlen(text, CONF_FILE_MAX + 1);
	if (src->len > CONF_FILE_MAX)
		return -EFBIG;
	src->text = malloc(src->len + 1);
	if (!src->text)
		return -ENOMEM;
	memcpy(src->text, text, src->len);
	/* The text may be that of a file, which then must not include itself. */
	if (!stat(src->name, &st)) {
		src->dev = st.st_dev;
		src->ino = st.st_ino;
	}
	return 0;
}

/* Gives back what a text shorter than the largest does not need. A byte order
 * mark becomes white space. */
static void source_finish(struct conf_source *src)
{
	char *text = realloc(src->text, src->len + 1);

	if (text)
		src->text = text;
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

static int source_refuse(struct conf_ctx *ctx, const struct conf_source *src,
			 const struct conf_word *from, int err)
{
	struct conf_loc whole = { src->name, 0, 0, 0, NULL };
	const char *why = err == -EFBIG ? "larger than 1 MiB" :
			  err == -EINVAL ? "not a regular file" :
			  strerror(-err);

	if (err == -ENOMEM)
		return conf_ctx_nomem(ctx);
	if (!from)
		return conf_ctx_fail(ctx, &whole, NULL, "can not be read: %s",
				     why);
	return conf_ctx_fail(ctx, &from->loc, NULL, "can not read %s: %s",
			     src->name, why);
}

int conf_source_open(struct conf_ctx *ctx, const char *name, const char *text,
		     const struct conf_word *from,
		     const struct conf_source **out)
{
	struct conf_source *src = calloc(1, sizeof(*src));
	int err;

	if (!src)
		return conf_ctx_nomem(ctx);
	src->next = ctx->tree->sources;
	ctx->tree->sources = src;
	src->parent = from ? from->loc.src : NULL;
	src->name = source_path(src->parent, name);
	if (!src->name)
		return conf_ctx_nomem(ctx);
	err = text ? source_copy(src, text) : source_open(src, from);
	if (err)
		return source_refuse(ctx, src, from, err);
	source_finish(src);
	if (from && source_cycle(src))
		return conf_ctx_fail(ctx, &from->loc, NULL,
				     "%s includes itself", src->name);
	if (from && conf_ctx_spend(ctx, src->len, &from->loc))
		return -1;
	*out = src;
	return 0;
}

/* RFC 3629, section 4. */
size_t conf_source_char(const char *text, size_t left, uint32_t *code)
{
	const unsigned char *s = (const unsigned char *)text;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = *s < 0x80 ? 1 : (*s & 0xe0) == 0xc0 ? 2 :
		   (*s & 0xf0) == 0xe0 ? 3 : (*s & 0xf8) == 0xf0 ? 4 : 0;

	if (!n || n > left)
		return 0;
	*code = n == 1 ? *s : *s & (0x7f >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (s[i] & 0x3f);
	}
	if (*code < least[n] || *code > 0x10ffff ||
	    (*code >= 0xd800 && *code < 0xe000))
		return 0;
	return n;
}

bool conf_source_forbidden(uint32_t code)
{
	if (code < 0x20)
		return code != '\t' && code != '\n' && code != '\r';
	return (code >= 0x7f && code < 0xa0) ||
	       (code >= 0x202a && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

int conf_source_check(struct conf_ctx *ctx, const struct conf_source *src)
{
	struct conf_loc loc = { src->name, 1, 1, 2, src };
	const char *s = src->text;
	uint32_t code = 0;
	size_t n;

	for (size_t i = 0; i < src->len; i += n, loc.col += n) {
		loc.end_col = loc.col + 1;
		n = conf_source_char(s + i, src->len - i, &code);
		if (!n)
			return conf_ctx_fail(ctx, &loc,
					     "chain files are UTF-8 text",
					     "byte 0x%02x is not UTF-8",
					     (unsigned char)s[i]);
		if (conf_source_forbidden(code))
			return conf_ctx_fail(ctx, &loc, "remove it",
					     "control character U+%04X", code);
		if (code == '\n') {
			loc.line++;
			loc.col = 0;
		}
	}
	return 0;
}

const char *conf_source_line(const struct conf_source *src, int line,
			     size_t *len)
{
	const char *s = src->text, *end = s + src->len, *nl;

	while (--line > 0) {
		s = memchr(s, '\n', end - s);
		if (!s)
			return NULL;
		s++;
	}
	nl = memchr(s, '\n', end - s);
	*len = (nl ? nl : end) - s;
	return s;
}
