/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reading a rule file by hand: a text, and a place in it that goes forward.
 * Whatever fails fills the error with file, line and column.
 */
#ifndef NFOLD_IDS_RULE_SCAN_H
#define NFOLD_IDS_RULE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../conf.h"

/* Stands for each byte of "\ end of line", so that places stay: white space, but
 * not in a string. */
#define RULE_JOINED '\1'

struct rule_text {
	char *bytes;		/* lines joined */
	size_t len;
	const struct conf_source *src; /* as it was read */
	const struct conf_loc *fixed; /* not NULL: a chain file's statement,
				       * where all that is wrong is shown */
};

/* What is left of a text, or of a part of it. */
struct rule_scan {
	const struct rule_text *text;
	const char *at, *end;
	struct conf_error *err;
};

struct rule_word {
	const char *at;
	size_t len;
};

/* 0, or -1: no memory. */
int rule_text_init(struct rule_text *text, const struct conf_source *src);
void rule_text_free(struct rule_text *text);

/* Where len bytes from at stand in the file; for the time of the text. */
struct conf_loc rule_place(const struct rule_text *text, const char *at,
			   size_t len);
/* Fails at len bytes from at. -1. */
int rule_fail(const struct rule_scan *s, const char *at, size_t len,
	      const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
int rule_fail_word(const struct rule_scan *s, struct rule_word w,
		   const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

bool rule_blank(char c);
void rule_skip(struct rule_scan *s);		/* white space */
bool rule_done(struct rule_scan *s);		/* nothing but white space */
/* Skips white space; takes the character if it stands there. */
bool rule_take(struct rule_scan *s, char c);
/* Up to white space or one of the characters of stop; may be empty. */
struct rule_word rule_take_word(struct rule_scan *s, const char *stop);
/* Up to the next comma, white space around it cut off; the comma is taken.
 * False: nothing is left. */
bool rule_take_item(struct rule_scan *s, struct rule_word *item);

struct rule_word rule_trim(struct rule_word w);
bool rule_is(struct rule_word w, const char *text);
/* All of the word is a number, decimal or 0x; in range. -1 with the error:
 * "what must be MIN to MAX". */
int rule_number(const struct rule_scan *s, struct rule_word w, int64_t min,
		int64_t max, const char *what, int64_t *out);
bool rule_is_number(struct rule_word w);
/* Index among names (NULL at the end); -1 with the error: not one of `what`,
 * the nearest in the hint. */
int rule_choice(const struct rule_scan *s, struct rule_word w,
		const char *const *names, const char *what);
/* Nearest of names, or "". */
const char *rule_near(struct rule_word w, const char *const *names);
/* The whole of the scan is one thing: fails if anything follows. */
int rule_end(struct rule_scan *s);

#endif
