/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Chain files, first half: text to tree. One block language for the product:
 *
 *	statement := word+ ( ";" | "{" statement* "}" )
 *	word := bareword | "string" | $name
 *
 * with # comments, `define NAME = word+`, `include "FILE"` (both end at ";" or
 * at the end of the line) and lists `{ a, b, c }` as a value. The last
 * statement before a "}" needs no ";". Braces with a comma after the first
 * word are a list, all others are a block; one element: `{ a, }`. The tree
 * keeps the place of every word, so that whoever gives a word its meaning
 * (chain.c, an NF's init) can point at it. Thread: any; no globals.
 */
#ifndef NFOLD_CONF_H
#define NFOLD_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct nf_addr;
struct conf_source;

struct conf_loc {
	const char *file;	/* owned by the tree (conf_error: own copy) */
	int line;		/* from 1 */
	int col;		/* from 1, bytes */
	int end_col;		/* one past the last byte, on the same line */
	const struct conf_source *src; /* the text, owned by the tree; NULL:
					* not at hand */
};

struct conf_word {
	char *text;		/* after $ expansion, without quotes */
	bool quoted;		/* was a "string" */
	struct conf_loc loc;
};

struct conf_stmt;

struct conf_block {
	struct conf_stmt *stmts;
	size_t cnt;
	struct conf_loc loc;	/* of the opening brace */
};

struct conf_stmt {
	struct conf_word *words; /* at least one. `{a, b}` stands here as two
				  * words; a comma outside braces is a word
				  * of its own: on eth0, eth1; */
	size_t word_cnt;
	struct conf_block *block; /* NULL: ended by ";" */
	struct conf_loc loc;	/* first word to last */
};

/* What is wrong, where, and what to do. Fixed size: no ownership. */
struct conf_error {
	char file[256];
	int line, col, end_col;	/* line 0: no place */
	char source[512];	/* the line's text; "" if not at hand */
	int source_col;		/* column of source[0]: > 1 in long lines */
	char message[512];
	char hint[256];		/* remedy; "" none */
};

/* Parse a file (or `text`, if not NULL, naming it `file`). 0, or -1 with err
 * filled and *out untouched. Bounds: 1 MiB a file, 16 includes deep. */
int conf_parse(struct conf_block **out, const char *file, const char *text,
	       struct conf_error *err);
void conf_free(struct conf_block *root);

/* A text and the name it goes by. */
struct conf_file {
	const char *name;
	const char *text;	/* len bytes, borrowed */
	size_t len;
};
#define CONF_GIVEN_MAX (16 << 20)	/* bytes of all of them */

/* Parse files[0]; the others are what it may include or name, by the names as
 * given here. No file is opened. As conf_parse. */
int conf_parse_given(struct conf_block **out, const struct conf_file *files,
		     size_t cnt, struct conf_error *err);

/* The text of a file that a word names, for an NF with files in a language of
 * their own: at most max bytes, any bytes, a NUL behind them. From disk, where a
 * relative name begins at the folder of the file that the word stands in; in
 * conf_parse_given()'s trees from what was given. Read once a tree, which owns
 * it. 0, or -1 with err filled. */
int conf_file_text(const struct conf_word *w, size_t max, const char **text,
		   size_t *len, struct conf_error *err);

/* Fill err, pointing at loc; fetches the source line. Returns -1, so that
 * `return conf_fail(...)` reads well. hint may be NULL. */
int conf_fail(struct conf_error *err, const struct conf_loc *loc,
	      const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* file:line:col: message, source line, caret, hint: as nft prints it. */
void conf_error_print(FILE *out, const struct conf_error *err);
/* The same into a buffer, cut to it, without the last line's end. */
void conf_error_text(char *buf, size_t size, const struct conf_error *err);

/* A text in another language that a chain file names, an NF's rules, for errors
 * with places in it (conf_text.c): conf_file_text(), but UTF-8 without control
 * characters. Owned by the caller; places in it have it as conf_loc.src. NULL with
 * err filled. */
struct conf_source *conf_text_file(const struct conf_word *w, size_t max,
				   struct conf_error *err);
/* The same of a text at hand, which is copied. */
struct conf_source *conf_text_copy(const char *name, const char *text,
				   size_t len, struct conf_error *err);
void conf_text_free(struct conf_source *src);
const char *conf_text_name(const struct conf_source *src);
/* len bytes, no NUL at the end. */
const char *conf_text_bytes(const struct conf_source *src, size_t *len);

/* --- meaning of words, shared by chain.c and the NFs --- */

/* First statement that begins with `name`, or NULL. */
const struct conf_stmt *conf_find(const struct conf_block *b, const char *name);
/* Fails with "expected USAGE" unless the statement has min to max words, its
 * first one included, and a block if (and only if) usage has a "{" in it:
 * conf_need_words(s, 2, 2, "source PREFIX", err). */
int conf_need_words(const struct conf_stmt *s, size_t min, size_t max,
		    const char *usage, struct conf_error *err);
int conf_uint(const struct conf_word *w, uint64_t min, uint64_t max,
	      uint64_t *out, struct conf_error *err);	/* also 64k, 1M */
int conf_duration(const struct conf_word *w, uint64_t *ns,
		  struct conf_error *err);		/* 500ms 30s 2h4m */
int conf_addr(const struct conf_word *w, int *family, struct nf_addr *addr,
	      struct conf_error *err);
int conf_prefix(const struct conf_word *w, int *family, struct nf_addr *addr,
		unsigned int *len, struct conf_error *err); /* bare: /32 /128 */
/* 192.0.2.1 or 192.0.2.1-192.0.2.9, same family, first <= last. */
int conf_range(const struct conf_word *w, int *family, struct nf_addr *first,
	       struct nf_addr *last, struct conf_error *err);
/* 192.0.2.1:80 or [2001:db8::1]:80, optionally /tcp or /udp (0 if absent). */
int conf_endpoint(const struct conf_word *w, int *family, struct nf_addr *addr,
		  uint16_t *port, uint8_t *l4proto, struct conf_error *err);
/* 1024-65535, host order. */
int conf_port_range(const struct conf_word *w, uint16_t *first, uint16_t *last,
		    struct conf_error *err);
/* Nearest of known (NULL at the end) by edit distance; NULL: none is near. */
const char *conf_nearest(const char *text, const char *const *known);
/* Fails if the statement has a block, or the block holds one of its name before
 * it. */
int conf_single(const struct conf_block *b, const struct conf_stmt *s,
		struct conf_error *err);
/* Unknown statement: names the nearest known one in the hint. known: NULL at
 * the end. */
int conf_unknown(const struct conf_stmt *s, const char *const *known,
		 struct conf_error *err);
/* Index of the word among choices (NULL at the end), or fail naming them. */
int conf_choice(const struct conf_word *w, const char *const *choices,
		size_t *out, struct conf_error *err);

#endif
