// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "port_set.h"

#include <stdlib.h>
#include <string.h>

#define NEST_MAX 8
#define SETS_MAX 8192		/* 8 KiB each */

static int read_item(const struct ids_vars *vars, struct rule_scan *s, int nest,
		     struct port_bits *out, bool *negated);

static void invert(struct port_bits *b)
{
	for (size_t i = 0; i < PORT_CNT / 64; i++)
		b->word[i] = ~b->word[i];
}

static bool empty(const struct port_bits *b)
{
	for (size_t i = 0; i < PORT_CNT / 64; i++)
		if (b->word[i])
			return false;
	return true;
}

static int read_range(struct rule_scan *s, struct port_bits *out)
{
	static const char hint[] = "as in 80, 1024:, 20:25, [80,8080], !53, $HTTP_PORTS or any";
	struct rule_word w = rule_take_word(s, ",]();"), lo = w, hi = w;
	const char *colon = w.len ? memchr(w.at, ':', w.len) : NULL;
	int64_t a = 0, b = PORT_CNT - 1;

	if (!w.len || (colon && w.len == 1))
		return rule_fail_word(s, w, hint, "expected a port");
	if (rule_is(w, "any")) {
		memset(out, 0xff, sizeof(*out));
		return 0;
	}
	if (colon) {
		lo.len = colon - w.at;
		hi.at = colon + 1;
		hi.len = w.len - lo.len - 1;
	}
	if (lo.len && rule_number(s, lo, 0, PORT_CNT - 1, "a port", &a))
		return -1;
	if (hi.len && rule_number(s, hi, 0, PORT_CNT - 1, "a port", &b))
		return -1;
	if (a > b)
		return rule_fail_word(s, w, "the smaller port comes first",
				      "'%.*s' runs backwards", (int)w.len, w.at);
	for (; a <= b; a++)
		out->word[a / 64] |= UINT64_C(1) << (a % 64);
	return 0;
}

/* As in addresses: in one that stands plainly, in none that is negated. */
static int read_list(const struct ids_vars *vars, struct rule_scan *s, int nest,
		     struct port_bits *out)
{
	struct port_bits item, no = { { 0 } };
	const char *open = s->at - 1;
	bool negated, plain = false;

	do {
		if (read_item(vars, s, nest, &item, &negated))
			return -1;
		plain |= !negated;
		for (size_t i = 0; i < PORT_CNT / 64; i++)
			if (negated)
				no.word[i] |= ~item.word[i];
			else
				out->word[i] |= item.word[i];
	} while (rule_take(s, ','));
	if (!rule_take(s, ']'))
		return rule_fail(s, open, 1, "close the list with ]",
				 "this list is not closed");
	if (!plain)
		memset(out, 0xff, sizeof(*out));
	for (size_t i = 0; i < PORT_CNT / 64; i++)
		out->word[i] &= ~no.word[i];
	return 0;
}

static int read_var(const struct ids_vars *vars, struct rule_scan *s, int nest,
		    struct port_bits *out, bool *negated)
{
	const struct ids_var *v;
	struct rule_word name;
	struct conf_loc loc;
	struct rule_text text = { .fixed = &loc };
	struct rule_scan in = { .text = &text, .err = s->err };

	if (ids_var_use(vars, s, IDS_VAR_PORTS, &v, &name))
		return -1;
	loc = rule_place(s->text, name.at, name.len);
	text.bytes = v->value;
	text.len = strlen(v->value);
	in.at = v->value;
	in.end = v->value + text.len;
	if (read_item(vars, &in, nest, out, negated))
		return -1;
	return rule_end(&in);
}

/* *out: the ports that are meant; *negated: a ! stood before them. */
static int read_item(const struct ids_vars *vars, struct rule_scan *s, int nest,
		     struct port_bits *out, bool *negated)
{
	bool no = false;
	int err;

	memset(out, 0, sizeof(*out));
	*negated = false;
	while (rule_take(s, '!'))
		no = !no;
	rule_skip(s);
	if (nest > NEST_MAX)
		return rule_fail(s, s->at, 1, NULL,
				 "lists and variables are nested too deep");
	if (s->at < s->end && *s->at == '$')
		err = read_var(vars, s, nest + 1, out, negated);
	else if (rule_take(s, '['))
		err = read_list(vars, s, nest + 1, out);
	else
		err = read_range(s, out);
	if (!err && no)
		invert(out);
	*negated ^= no;
	return err;
}

static int keep(struct port_sets *sets, const struct port_bits *b, uint16_t *out)
{
	for (*out = 0; *out < sets->cnt; ++*out)
		if (!memcmp(sets->sets[*out], b, sizeof(*b)))
			return 0;
	if (sets->cnt == SETS_MAX)
		return -1;
	if (sets->cnt == sets->cap) {
		uint16_t cap = sets->cap ? sets->cap * 2 : 16;
		struct port_bits **more = realloc(sets->sets,
						  cap * sizeof(*more));

		if (!more)
			return -1;
		sets->sets = more;
		sets->cap = cap;
	}
	sets->sets[sets->cnt] = malloc(sizeof(*b));
	if (!sets->sets[sets->cnt])
		return -1;
	*sets->sets[sets->cnt++] = *b;
	return 0;
}

int port_sets_init(struct port_sets *sets)
{
	struct port_bits all;
	uint16_t set;

	memset(&all, 0xff, sizeof(all));
	return keep(sets, &all, &set);
}

int port_set_read(struct port_sets *sets, const struct ids_vars *vars,
		  struct rule_scan *s, uint16_t *out)
{
	const char *start;
	struct port_bits b;
	bool negated;

	rule_skip(s);
	start = s->at;
	if (read_item(vars, s, 0, &b, &negated))
		return -1;
	if (empty(&b))
		return rule_fail(s, start, s->at - start, NULL,
				 "this is no port at all");
	if (keep(sets, &b, out))
		return rule_fail(s, start, s->at - start, NULL,
				 "no memory, or more than %d different lists of ports",
				 SETS_MAX);
	return 0;
}

/* Splits each class by what is in the set and what is not. in, out: new class
 * of an old one's halves, 0 not yet. */
static void split(struct port_sets *sets, const struct port_bits *b,
		  uint32_t *in, uint32_t *out)
{
	uint32_t old = sets->class_cnt;

	memset(in, 0xff, old * sizeof(*in));
	memset(out, 0xff, old * sizeof(*out));
	for (uint32_t p = 0; p < PORT_CNT; p++) {
		uint16_t c = sets->class_of[p];
		bool is = b->word[p / 64] >> (p % 64) & 1;
		uint32_t *half = is ? &in[c] : &out[c];

		if (*half == UINT32_MAX)
			*half = (is ? out[c] : in[c]) == UINT32_MAX ?
				c : sets->class_cnt++;
		sets->class_of[p] = *half;
	}
}

int port_sets_finish(struct port_sets *sets)
{
	uint32_t *in = malloc(PORT_CNT * sizeof(*in));
	uint32_t *out = malloc(PORT_CNT * sizeof(*out));

	sets->class_of = calloc(PORT_CNT, sizeof(*sets->class_of));
	sets->class_port = calloc(PORT_CNT, sizeof(*sets->class_port));
	sets->class_cnt = 1;
	if (in && out && sets->class_of && sets->class_port) {
		for (uint16_t i = 0; i < sets->cnt; i++)
			split(sets, sets->sets[i], in, out);
		for (uint32_t p = 0; p < PORT_CNT; p++)
			sets->class_port[sets->class_of[p]] = p;
	}
	free(in);
	free(out);
	return in && out && sets->class_of && sets->class_port ? 0 : -1;
}

void port_sets_free(struct port_sets *sets)
{
	for (uint16_t i = 0; i < sets->cnt; i++)
		free(sets->sets[i]);
	free(sets->sets);
	free(sets->class_of);
	free(sets->class_port);
	*sets = (struct port_sets){ 0 };
}
