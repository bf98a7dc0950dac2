/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shared by the scanner, the grammar and the tree of chain files; nobody else
 * includes it. One struct conf_ctx lives for one conf_parse() and owns what is
 * under construction; the tree owns sources, so that places stay printable.
 */
#ifndef NFOLD_CONF_PRIV_H
#define NFOLD_CONF_PRIV_H

#include <sys/types.h>

#include "conf.h"

#define CONF_FILE_MAX (1 << 20)		/* bytes of a file */
#define CONF_INCLUDE_MAX 16		/* files open at a time */
#define CONF_DEPTH_MAX 64		/* blocks within blocks */
#define CONF_TOTAL_MAX (16 << 20)	/* bytes of all files and words: bounds
					 * what includes of includes and
					 * defines of defines multiply to */

/* The text of one file, or of one inclusion of it. */
struct conf_source {
	struct conf_source *next;
	const struct conf_source *parent; /* who includes it; NULL: nobody */
	char *name;
	char *text;		/* len bytes, no NUL at the end */
	size_t len;
	dev_t dev;		/* identity for cycles; 0, 0: unknown */
	ino_t ino;
	struct conf_tree *tree;
	bool raw;		/* conf_file_text()'s: not in our language */
};

/* What conf_parse() returns a part of. */
struct conf_tree {
	struct conf_block root;
	struct conf_source *sources;
	const struct conf_file *files;	/* all there is, borrowed; NULL: files
					 * are opened */
	size_t file_cnt;
};

struct conf_words {
	struct conf_word *v;
	size_t cnt;
	size_t cap;
};

struct conf_define {
	struct conf_define *next;
	struct conf_word name;
	struct conf_words value;
};

struct conf_ctx {
	struct conf_tree *tree;
	struct conf_define *defines;
	struct conf_error *err;
	bool failed;		/* err is filled: the first error stands */
	size_t total;		/* towards CONF_TOTAL_MAX */
	int depth;		/* open braces, over all files */
	int includes;		/* open files */
	struct conf_loc open[CONF_DEPTH_MAX]; /* places of open braces */
};

/* Scanner's state for one source. */
struct conf_scan {
	struct conf_ctx *ctx;
	const struct conf_source *src;
	int line;
	int col;
	int depth;		/* ctx->depth at its first byte */
	int glue_line;		/* where the last word ended */
	int glue_col;
	int since;		/* tokens since the last "{" */
	bool list;		/* the innermost braces are a list */
	bool start;		/* at the start of a statement */
	bool eol;		/* in define or include: the line's end counts */
	int eol_depth;		/* ctx->depth where that began */
};

/* conf.c: parses a source and adds its statements to a block. */
int conf_include(struct conf_ctx *ctx, struct conf_block *into,
		 const struct conf_word *file);

/* conf_parse.y: runs scanner and grammar. text: size bytes, the last two NUL; it
 * is written to. */
int conf_scan_text(struct conf_scan *scan, char *text, size_t size,
		   struct conf_block *into);

/* conf_open.c: the tree owns *out. text NULL: read the file. from: the
 * include that names it, or NULL. */
int conf_source_open(struct conf_ctx *ctx, const char *name, const char *text,
		     const struct conf_word *from,
		     const struct conf_source **out);
/* conf_source.c. Refuses NUL, invalid UTF-8 and control characters, with their place. */
int conf_source_check(struct conf_ctx *ctx, const struct conf_source *src);
/* One line of the text, without its end. */
const char *conf_source_line(const struct conf_source *src, int line,
			     size_t *len);

/* Bytes of the character at text: 0 if it is not UTF-8. */
size_t conf_source_char(const char *text, size_t left, uint32_t *code);
/* What would change the terminal that a message is printed on, or show a text
 * in another order than it is read. */
bool conf_source_forbidden(uint32_t code);

/* conf_tree.c: what they are given is theirs, also when they fail; then words
 * in the making are gone too, a block is not. All return 0, or -1 with the
 * context's error filled. */
int conf_ctx_fail(struct conf_ctx *ctx, const struct conf_loc *loc,
		  const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
int conf_ctx_nomem(struct conf_ctx *ctx);
/* Spend n bytes of CONF_TOTAL_MAX. */
int conf_ctx_spend(struct conf_ctx *ctx, size_t n, const struct conf_loc *loc);
void conf_word_free(struct conf_word *w);
void conf_words_free(struct conf_words *w);
int conf_words_add(struct conf_ctx *ctx, struct conf_words *to,
		   struct conf_word *w);
int conf_words_join(struct conf_ctx *ctx, struct conf_words *to,
		    struct conf_words *from);
struct conf_block *conf_block_new(struct conf_ctx *ctx); /* NULL: no memory */
void conf_block_free(struct conf_block *b);
void conf_block_clear(struct conf_block *b);
int conf_block_add(struct conf_ctx *ctx, struct conf_block *b,
		   struct conf_words *words, struct conf_block *sub);
int conf_block_join(struct conf_ctx *ctx, struct conf_block *b,
		    struct conf_block *from);

/* conf_define.c */
/* Adds what $name stands for; in_list: without its commas. */
int conf_words_expand(struct conf_ctx *ctx, struct conf_words *to,
		      struct conf_word *name, bool in_list);
int conf_define(struct conf_ctx *ctx, struct conf_word *name,
		struct conf_words *value);
void conf_defines_free(struct conf_ctx *ctx);

/* conf_error.c */
struct conf_snip {
	char s[48];
};
/* The text at a place, cut to what a message can hold. */
struct conf_snip conf_loc_text(const struct conf_loc *loc);

#endif
