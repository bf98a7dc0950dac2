// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* byte_test, byte_jump, byte_extract, isdataat: numbers that stand in the
 * payload.
 */
#include "rule_read.h"

#include <ctype.h>
#include <string.h>

#define BINARY_MAX 4		/* bytes of a number */
#define STRING_MAX 10		/* digits of one that is text */

/* What an option takes beside what all three take. */
enum takes {
	TAKES_JUMP = 1,		/* from_beginning, from_end, post_offset */
	TAKES_SCALE = 2,	/* multiplier, align */
	TAKES_BITMASK = 4,
};

struct spec {
	struct rule_word name;
	unsigned int takes;	/* enum takes, bits */
	struct ids_number *at;
	uint32_t *multiplier;
	uint8_t *align;
	char *from;
	struct ids_value *post;
	bool endian, hex, dec, oct, string;
};

static int next_item(struct rule_scan *v, const struct spec *sp,
		     struct rule_word *w, const char *what)
{
	if (rule_take_item(v, w) && w->len)
		return 0;
	return rule_fail_word(v, sp->name, NULL, "'%.*s' lacks %s",
			      (int)sp->name.len, sp->name.at, what);
}

static int read_count(struct rule_scan *v, struct spec *sp)
{
	struct rule_word w;
	int64_t n;

	if (next_item(v, sp, &w, "the number of bytes") ||
	    rule_number(v, w, 1, STRING_MAX, "the number of bytes", &n))
		return -1;
	sp->at->cnt = n;
	return 0;
}

static int read_offset(struct rule_read *r, struct rule_scan *v,
		       struct spec *sp)
{
	struct rule_word w;

	if (next_item(v, sp, &w, "an offset"))
		return -1;
	return rule_value(r, v, w, -65535, 65535, "an offset", &sp->at->offset);
}

static int set_mask(struct rule_scan *v, struct spec *sp, struct rule_word arg)
{
	int64_t n;

	if (rule_number(v, arg, 1, UINT32_MAX, "a bitmask", &n))
		return -1;
	sp->at->mask = n;
	return 0;
}

static int set_scale(struct rule_scan *v, struct spec *sp,
		     struct rule_word word, struct rule_word arg)
{
	bool jump = sp->takes & TAKES_JUMP;
	int64_t n = 4;

	if (rule_is(word, "multiplier")) {
		if (rule_number(v, arg, 1, 65535, "a multiplier", &n))
			return -1;
		*sp->multiplier = n;
		return 0;
	}
	/* byte_jump's is four bytes; byte_extract says how many. */
	if (jump ? arg.len : !rule_is(arg, "2") && !rule_is(arg, "4"))
		return rule_fail_word(v, word, NULL, jump ?
				      "align takes no number here: it is 4" :
				      "expected align 2 or align 4");
	*sp->align = jump ? 4 : *arg.at - '0';
	return 0;
}

/* 1: it was not one of them. */
static int set_jump(struct rule_read *r, struct rule_scan *v, struct spec *sp,
		    struct rule_word word, struct rule_word arg)
{
	if (rule_is(word, "post_offset"))
		return rule_value(r, v, arg, -65535, 65535, "post_offset",
				  sp->post);
	if (!rule_is(word, "from_beginning") && !rule_is(word, "from_end"))
		return 1;
	*sp->from = rule_is(word, "from_end") ? 'e' : 'b';
	return 0;
}

/* 1: it was not one of them. */
static int set_plain(struct spec *sp, struct rule_word word)
{
	if (rule_is(word, "relative"))
		sp->at->relative = true;
	else if (rule_is(word, "big") || rule_is(word, "little"))
		sp->endian = true;
	else if (rule_is(word, "string"))
		sp->string = true;
	else if (rule_is(word, "hex"))
		sp->hex = true;
	else if (rule_is(word, "dec"))
		sp->dec = true;
	else if (rule_is(word, "oct"))
		sp->oct = true;
	else
		return 1;
	sp->at->little |= rule_is(word, "little");
	return 0;
}

static int read_modifier(struct rule_read *r, struct rule_scan *v,
			 struct spec *sp, struct rule_word word)
{
	static const char *const names[] = {
		"relative", "big", "little", "string", "hex", "dec", "oct",
		"bitmask", "multiplier", "align", "from_beginning", "from_end",
		"post_offset", NULL,
	};
	struct rule_word arg = rule_argument(&word);
	int no;

	if (!set_plain(sp, word)) {
		if (!arg.len)
			return 0;
		return rule_fail_word(v, arg, "separate them with a comma",
				      "'%.*s' is too much here", (int)arg.len,
				      arg.at);
	}
	if ((sp->takes & TAKES_BITMASK) && rule_is(word, "bitmask"))
		return set_mask(v, sp, arg);
	if ((sp->takes & TAKES_SCALE) &&
	    (rule_is(word, "multiplier") || rule_is(word, "align")))
		return set_scale(v, sp, word, arg);
	if (sp->takes & TAKES_JUMP) {
		no = set_jump(r, v, sp, word, arg);
		if (no <= 0)
			return no;
	}
	if (rule_is(word, "dce"))
		return rule_fail_word(v, word, "say big or little",
				      "no DCE/RPC is decoded");
	if (rule_choice(v, word, names, "a modifier here") < 0)
		return -1;
	return rule_fail_word(v, word, NULL, "'%.*s' does not take %.*s",
			      (int)sp->name.len, sp->name.at, (int)word.len,
			      word.at);
}

static int read_modifiers(struct rule_read *r, struct rule_scan *v,
			  struct spec *sp)
{
	struct ids_number *at = sp->at;
	struct rule_word w;

	while (rule_take_item(v, &w))
		if (read_modifier(r, v, sp, w))
			return -1;
	if (sp->hex + sp->dec + sp->oct > 1 ||
	    (sp->string != (sp->hex || sp->dec || sp->oct)))
		return rule_fail_word(v, sp->name, "string,hex, string,dec or string,oct",
				      "a number that is text has one base");
	at->base = sp->hex ? 16 : sp->oct ? 8 : sp->string ? 10 : 0;
	if (sp->string && sp->endian)
		return rule_fail_word(v, sp->name, NULL,
				      "a number that is text has no byte order");
	if (!sp->string && at->cnt > BINARY_MAX)
		return rule_fail_word(v, sp->name, "more only with string",
				      "a number has 1 to %d bytes", BINARY_MAX);
	return 0;
}

/* [!]OP; without one, = is meant. */
static int read_op(struct rule_scan *v, struct spec *sp,
		   struct ids_byte_test *t)
{
	static const char *const names[] = { "<", ">", "=", "<=", ">=", "&",
					     "^", NULL };
	static const uint8_t ops[] = { IDS_LT, IDS_GT, IDS_EQ, IDS_LE, IDS_GE,
				       IDS_AND, IDS_XOR };
	struct rule_word w;
	int n = 2;

	if (next_item(v, sp, &w, "an operator"))
		return -1;
	t->negated = *w.at == '!';
	w.at += t->negated;
	w.len -= t->negated;
	if (w.len || !t->negated)
		n = rule_choice(v, w, names, "an operator");
	if (n < 0)
		return -1;
	t->op = ops[n];
	return 0;
}

int rule_byte_test(struct rule_read *r, struct rule_scan *v,
		   struct rule_word name)
{
	struct ids_opt *opt = rule_opt_new(r, IDS_OPT_BYTE_TEST, name);
	struct spec sp = { .name = name, .takes = TAKES_BITMASK };
	struct rule_word w;
	int64_t n;

	if (!opt)
		return -1;
	sp.at = &opt->test.at;
	if (read_count(v, &sp) || read_op(v, &sp, &opt->test) ||
	    next_item(v, &sp, &w, "a value"))
		return -1;
	if (rule_is_number(w)) {
		if (rule_number(v, w, 0, UINT32_MAX, "a value", &n))
			return -1;
		opt->test.value.n = (uint32_t)n;
	} else if (rule_value(r, v, w, 0, 0, "a value", &opt->test.value)) {
		return -1;
	}
	if (read_offset(r, v, &sp))
		return -1;
	return read_modifiers(r, v, &sp);
}

int rule_byte_jump(struct rule_read *r, struct rule_scan *v,
		   struct rule_word name)
{
	struct ids_opt *opt = rule_opt_new(r, IDS_OPT_BYTE_JUMP, name);
	struct spec sp = { .name = name, .takes = TAKES_BITMASK | TAKES_SCALE |
						  TAKES_JUMP };

	if (!opt)
		return -1;
	opt->jump.multiplier = 1;
	sp.at = &opt->jump.at;
	sp.multiplier = &opt->jump.multiplier;
	sp.align = &opt->jump.align;
	sp.from = &opt->jump.from;
	sp.post = &opt->jump.post_offset;
	if (read_count(v, &sp) || read_offset(r, v, &sp))
		return -1;
	return read_modifiers(r, v, &sp);
}

static int new_var(struct rule_read *r, struct rule_scan *v, struct rule_word w,
		   uint8_t *var)
{
	if (!isalpha((unsigned char)*w.at))
		return rule_fail_word(v, w, NULL, "a name begins with a letter");
	for (uint8_t i = 0; i < r->var_cnt; i++)
		if (r->vars[i].len == w.len &&
		    !memcmp(r->vars[i].at, w.at, w.len)) {
			*var = i;
			return 0;
		}
	if (r->var_cnt == IDS_VARS_MAX)
		return rule_fail_word(v, w, NULL, "more than %d names in a rule",
				      IDS_VARS_MAX);
	*var = r->var_cnt;
	r->vars[r->var_cnt++] = w;
	return 0;
}

int rule_byte_extract(struct rule_read *r, struct rule_scan *v,
		      struct rule_word name)
{
	struct ids_opt *opt = rule_opt_new(r, IDS_OPT_BYTE_EXTRACT, name);
	struct spec sp = { .name = name, .takes = TAKES_BITMASK | TAKES_SCALE };
	struct rule_word w;

	if (!opt)
		return -1;
	opt->extract.multiplier = 1;
	sp.at = &opt->extract.at;
	sp.multiplier = &opt->extract.multiplier;
	sp.align = &opt->extract.align;
	if (read_count(v, &sp) || read_offset(r, v, &sp) ||
	    next_item(v, &sp, &w, "a name") ||
	    new_var(r, v, w, &opt->extract.var))
		return -1;
	return read_modifiers(r, v, &sp);
}

int rule_isdataat(struct rule_read *r, struct rule_scan *v,
		  struct rule_word name)
{
	static const char *const names[] = { "relative", "rawbytes", NULL };
	struct ids_opt *opt = rule_opt_new(r, IDS_OPT_ISDATAAT, name);
	struct rule_word w;

	if (!opt)
		return -1;
	opt->isdataat.negated = rule_take(v, '!');
	if (!rule_take_item(v, &w))
		return rule_fail_word(v, name, NULL, "expected a position");
	if (rule_value(r, v, w, 0, 65535, "a position", &opt->isdataat.n))
		return -1;
	while (rule_take_item(v, &w)) {
		int n = rule_choice(v, w, names, "a modifier of isdataat");

		if (n < 0)
			return -1;
		opt->isdataat.relative |= !n;
	}
	return 0;
}
