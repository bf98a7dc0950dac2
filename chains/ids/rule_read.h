/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Between the files of the reader: a rule in the making, and who reads which of
 * its options. All return 0, or -1 with the error filled, at its place.
 */
#ifndef NFOLD_IDS_RULE_READ_H
#define NFOLD_IDS_RULE_READ_H

#include "rule_scan.h"
#include "rules.h"

struct rule_read {
	struct ids_rules *set;
	struct ids_rule *rule;
	struct rule_scan *s;	/* of the file; for errors */
	struct ids_opt opts[IDS_OPTS_MAX];
	struct ids_flowbits sets[IDS_OPTS_MAX];
	struct ids_opt *content;	/* the last; NULL none yet */
	unsigned int positions;	/* that it has been given, bits */
	struct ids_opt *fast;	/* that fast_pattern named; NULL none */
	uint16_t fast_off, fast_len;
	struct rule_word vars[IDS_VARS_MAX];
	uint8_t var_cnt;
	uint64_t seen;		/* options that stand once, by place in the
				 * table */
};

/* An option: name, and what follows the colon. v has no more than the value. */
typedef int (*rule_option_fn)(struct rule_read *r, struct rule_scan *v,
			      struct rule_word name);

/* rule_header.c: up to the parenthesis. */
int rule_read_header(struct rule_read *r);
/* rule_options.c: what stands in the parentheses; s is behind the first. */
int rule_read_options(struct rule_read *r);
/* rule_check.c: the rule as a whole; at: where it begins. */
int rule_read_check(struct rule_read *r, struct rule_word at);

/* A place for one more option to be matched; NULL with the error. */
struct ids_opt *rule_opt_new(struct rule_read *r, enum ids_opt_kind kind,
			     struct rule_word name);
int rule_nomem(const struct rule_read *r);
/* All of v is a string in quotes; *out without them, escapes as they stand. */
int rule_string(struct rule_scan *v, struct rule_word *out);
/* A number, or a name that byte_extract made. */
int rule_value(struct rule_read *r, const struct rule_scan *v,
	       struct rule_word w, int64_t min, int64_t max, const char *what,
	       struct ids_value *out);
/* Word behind the first blank of an item: "offset 4". */
struct rule_word rule_argument(struct rule_word *item);

/* rule_content.c */
int rule_content(struct rule_read *r, struct rule_scan *v, struct rule_word n);
int rule_modifier(struct rule_read *r, struct rule_scan *v, struct rule_word n);
int rule_fast_pattern(struct rule_read *r, struct rule_scan *v,
		      struct rule_word n);
/* rule_pcre.c */
int rule_pcre(struct rule_read *r, struct rule_scan *v, struct rule_word n);
/* rule_bytes.c */
int rule_byte_test(struct rule_read *r, struct rule_scan *v, struct rule_word n);
int rule_byte_jump(struct rule_read *r, struct rule_scan *v, struct rule_word n);
int rule_byte_extract(struct rule_read *r, struct rule_scan *v,
		      struct rule_word n);
int rule_isdataat(struct rule_read *r, struct rule_scan *v, struct rule_word n);
/* rule_fields.c */
int rule_field(struct rule_read *r, struct rule_scan *v, struct rule_word n);
int rule_flags(struct rule_read *r, struct rule_scan *v, struct rule_word n);
int rule_fragbits(struct rule_read *r, struct rule_scan *v, struct rule_word n);
int rule_ipopts(struct rule_read *r, struct rule_scan *v, struct rule_word n);
int rule_sameip(struct rule_read *r, struct rule_scan *v, struct rule_word n);
/* rule_session.c */
int rule_flow(struct rule_read *r, struct rule_scan *v, struct rule_word n);
int rule_flowbits(struct rule_read *r, struct rule_scan *v, struct rule_word n);
int rule_rate(struct rule_read *r, struct rule_scan *v, struct rule_word n);
/* rule_class.c: classtype, and "config classification: ..." */
int rule_classtype(struct rule_read *r, struct rule_scan *v,
		   struct rule_word n);
int rule_config(struct ids_rules *set, struct rule_scan *s);

#endif
