// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* content, and what follows it to say where and how it is looked for. */
#include "rule_read.h"

#include <ctype.h>
#include <string.h>

static int hex_digit(char c)
{
	if (!isxdigit((unsigned char)c))
		return -1;
	return isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* |41 42|; *i is at the first bar, and left at the second. */
static int read_hex(struct rule_scan *v, struct rule_word w, size_t *i,
		    uint8_t *to, size_t *n)
{
	size_t open = *i;

	for (++*i; *i < w.len && w.at[*i] != '|'; ++*i) {
		int hi, lo;

		if (w.at[*i] == ' ')
			continue;
		hi = hex_digit(w.at[*i]);
		lo = *i + 1 < w.len ? hex_digit(w.at[*i + 1]) : -1;
		if (hi < 0 || lo < 0)
			return rule_fail(v, w.at + *i, 1,
					 "two digits a byte, as in |0d 0a|",
					 "expected a hexadecimal byte");
		to[(*n)++] = hi << 4 | lo;
		++*i;
	}
	if (*i == w.len)
		return rule_fail(v, w.at + open, 1, "close it with |",
				 "these bytes are not closed");
	return 0;
}

static int read_bytes(struct rule_read *r, struct rule_scan *v,
		      struct rule_word w, struct ids_content *c)
{
	uint8_t *to = arena_alloc(&r->set->arena, w.len + 1);
	size_t n = 0;

	if (!to)
		return rule_nomem(r);
	for (size_t i = 0; i < w.len; i++) {
		if (w.at[i] == '|') {
			if (read_hex(v, w, &i, to, &n))
				return -1;
			continue;
		}
		if (w.at[i] == '\\' &&
		    (++i == w.len || !strchr("\\\";:|", w.at[i])))
			return rule_fail(v, w.at + i - 1, 2,
					 "only \\\\ \\\" \\; \\: are escapes; bytes are |41 42|",
					 "unknown escape in a content");
		to[n++] = w.at[i];
	}
	if (!n || n > IDS_CONTENT_MAX)
		return rule_fail_word(v, w, NULL, "a content has 1 to %d bytes",
				      IDS_CONTENT_MAX);
	c->bytes = to;
	c->len = n;
	return 0;
}

int rule_content(struct rule_read *r, struct rule_scan *v, struct rule_word name)
{
	struct ids_opt *opt = rule_opt_new(r, IDS_OPT_CONTENT, name);
	struct rule_word w;

	if (!opt)
		return -1;
	opt->content.negated = rule_take(v, '!');
	if (rule_string(v, &w) || read_bytes(r, v, w, &opt->content))
		return -1;
	r->content = opt;
	r->positions = 0;
	return 0;
}

static int need_content(struct rule_read *r, struct rule_word name)
{
	if (r->content)
		return 0;
	return rule_fail_word(r->s, name, "put it behind the content it is for",
			      "'%.*s' without a content before it",
			      (int)name.len, name.at);
}

static int set_nocase(struct rule_read *r)
{
	struct ids_content *c = &r->content->content;
	uint8_t *low = arena_alloc(&r->set->arena, c->len);

	if (!low)
		return rule_nomem(r);
	for (uint16_t i = 0; i < c->len; i++)
		low[i] = tolower(c->bytes[i]);
	c->bytes = low;
	c->nocase = true;
	return 0;
}

enum { OFFSET = 1, DEPTH = 2, DISTANCE = 4, WITHIN = 8 };

static int set_position(struct rule_read *r, struct rule_scan *v,
			struct rule_word name, unsigned int bit)
{
	struct ids_content *c = &r->content->content;
	bool length = bit & (DEPTH | WITHIN), relative = bit & (DISTANCE | WITHIN);
	struct rule_word w = rule_take_word(v, "");
	struct ids_value value;

	if ((r->positions & bit) || (r->positions && relative != c->relative))
		return rule_fail_word(v, name,
				      "offset and depth count from the payload's begin, distance and within from the last match",
				      r->positions & bit ? "'%.*s' stands here twice" :
				      "'%.*s' does not go with what stands before it",
				      (int)name.len, name.at);
	if (rule_value(r, v, w, length ? 1 : relative ? -65535 : 0, 65535,
		       length ? "a length" : "a position", &value))
		return -1;
	if (length && !value.var && value.n < c->len)
		return rule_fail_word(v, w, NULL,
				      "the content has %u bytes: it can not be within %d",
				      c->len, value.n);
	r->positions |= bit;
	c->relative = relative;
	c->has_depth |= length;
	*(length ? &c->depth : &c->offset) = value;
	return 0;
}

/* rawbytes changes nothing: nothing is decoded, all payload is raw. */
int rule_modifier(struct rule_read *r, struct rule_scan *v,
		  struct rule_word name)
{
	static const struct {
		const char *name;
		unsigned int bit;
	} bits[] = { { "offset", OFFSET }, { "depth", DEPTH },
		     { "distance", DISTANCE }, { "within", WITHIN } };

	if (need_content(r, name))
		return -1;
	for (int i = 0; i < 4; i++)
		if (rule_is(name, bits[i].name))
			return set_position(r, v, name, bits[i].bit);
	return rule_is(name, "nocase") ? set_nocase(r) : 0;
}

/* fast_pattern:OFFSET,LENGTH */
static int read_part(struct rule_read *r, struct rule_scan *v,
		     struct rule_word first)
{
	uint16_t len = r->content->content.len;
	struct rule_word second;
	int64_t off, n;

	if (!rule_take_item(v, &second))
		return rule_fail_word(v, first, "fast_pattern, fast_pattern:only or fast_pattern:OFFSET,LENGTH",
				      "expected an offset and a length");
	if (rule_number(v, first, 0, len - 1, "the offset", &off) ||
	    rule_number(v, second, 1, len - off, "the length", &n))
		return -1;
	r->fast_off = off;
	r->fast_len = n;
	return 0;
}

int rule_fast_pattern(struct rule_read *r, struct rule_scan *v,
		      struct rule_word name)
{
	struct ids_content *c;
	struct rule_word w;

	if (need_content(r, name))
		return -1;
	c = &r->content->content;
	if (r->fast)
		return rule_fail_word(v, name, "one content of a rule can be it",
				      "a second fast_pattern");
	if (c->negated)
		return rule_fail_word(v, name, "mark another content",
				      "a negated content can not be the fast pattern");
	r->fast = r->content;
	r->fast_len = c->len;
	if (!rule_take_item(v, &w))
		return 0;
	if (!rule_is(w, "only"))
		return read_part(r, v, w);
	c->only_fast = true;
	return 0;
}
