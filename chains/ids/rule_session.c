// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Options on what is known of the session, and on how often a rule matched. */
#include "rule_read.h"

#include <string.h>

int rule_flow(struct rule_read *r, struct rule_scan *v, struct rule_word name)
{
	static const char *const names[] = {
		"to_server", "from_client", "to_client", "from_server",
		"established", "not_established", "stateless", "no_stream",
		"only_stream", NULL,
	};
	static const uint8_t bits[] = { 0, 0, 0, 0, IDS_FLOW_ESTABLISHED,
					IDS_FLOW_NOT_ESTABLISHED, 0,
					IDS_FLOW_NO_STREAM,
					IDS_FLOW_ONLY_STREAM };
	uint8_t dirs = 0, state = 0;
	struct ids_opt *opt;
	struct rule_word w;

	while (rule_take_item(v, &w)) {
		int n = rule_choice(v, w, names, "a word of flow");

		if (n < 0)
			return -1;
		if (n < 4)
			dirs |= n < 2 ? IDS_TO_SERVER : IDS_TO_CLIENT;
		state |= bits[n];
	}
	if (dirs == (IDS_TO_SERVER | IDS_TO_CLIENT) ||
	    (state & 3) == 3 || (state & 12) == 12)
		return rule_fail_word(v, name, "say one of the two",
				      "these words of flow exclude each other");
	if ((state & 12) && r->rule->protos != IDS_PROTO_TCP)
		return rule_fail_word(v, name, NULL, "only TCP has streams");
	if (dirs)
		r->rule->dirs = dirs;
	if (!state)
		return 0;
	opt = rule_opt_new(r, IDS_OPT_FLOW, name);
	if (!opt)
		return -1;
	opt->flow = state;
	return 0;
}

/* --- flowbits --- */

static int bit_index(struct rule_read *r, struct rule_scan *v,
		     struct rule_word w, bool group)
{
	int n;

	if (!w.len || memchr(w.at, '"', w.len))
		return rule_fail_word(v, w, NULL, "expected a name");
	n = group ? ids_rules_bit_group(r->set, w.at, w.len) :
		    ids_rules_bit(r->set, w.at, w.len);
	if (n < 0)
		return rule_fail_word(v, w, NULL,
				      "more than %d names of %s in a rule set",
				      group ? IDS_GROUPS_MAX : IDS_BITS_MAX,
				      group ? "groups" : "flowbits");
	return n;
}

/* a, a&b, a|b */
static int read_names(struct rule_read *r, struct rule_scan *v,
		      struct rule_word w, struct ids_flowbits *f)
{
	bool all = memchr(w.at, '&', w.len), any = memchr(w.at, '|', w.len);
	struct rule_scan names = *v;

	if (all && any)
		return rule_fail_word(v, w, "use two flowbits options",
				      "& and | do not go together");
	f->any = any;
	f->bits = arena_alloc(&r->set->arena, w.len * sizeof(*f->bits));
	if (!f->bits)
		return rule_nomem(r);
	names.at = w.at;
	names.end = w.at + w.len;
	do {
		int n = bit_index(r, v, rule_take_word(&names, "&|"), false);

		if (n < 0)
			return -1;
		f->bits[f->cnt++] = n;
	} while (rule_take(&names, any ? '|' : '&'));
	return rule_end(&names);
}

static int read_group(struct rule_read *r, struct rule_scan *v,
		      struct rule_word w, struct ids_flowbits *f)
{
	int n = bit_index(r, v, w, true);

	if (n < 0)
		return -1;
	f->group = n + 1;
	for (uint16_t i = 0; i < f->cnt; i++)
		r->set->group_bits[n][f->bits[i] / 64] |=
			UINT64_C(1) << (f->bits[i] % 64);
	return 0;
}

/* any:GROUP and all:GROUP, for isset and isnotset. */
static bool is_group(struct rule_word *w, struct ids_flowbits *f)
{
	if (w->len < 4 || (memcmp(w->at, "any:", 4) && memcmp(w->at, "all:", 4)))
		return false;
	f->any = !memcmp(w->at, "any:", 4);
	w->at += 4;
	w->len -= 4;
	return true;
}

static int read_operands(struct rule_read *r, struct rule_scan *v,
			 struct rule_word name, struct ids_flowbits *f)
{
	bool test = f->op >= IDS_BIT_ISSET;
	struct rule_word w;

	if (!rule_take_item(v, &w))
		return f->op == IDS_BIT_RESET ? 0 :
			rule_fail_word(v, name, "as in flowbits:set,NAME",
				       "expected the name of a flowbit");
	if (f->op == IDS_BIT_RESET || (test && is_group(&w, f)))
		return read_group(r, v, w, f);
	if (read_names(r, v, w, f))
		return -1;
	if (!test && f->any)
		return rule_fail_word(v, w, "a&b", "| is for isset and isnotset");
	if (!rule_take_item(v, &w))
		return f->op == IDS_BIT_SETX ?
			rule_fail_word(v, name, "flowbits:setx,NAME,GROUP",
				       "setx needs a group") : 0;
	if (test)
		return rule_fail_word(v, w, "as in isset,any:GROUP",
				      "a group stands in the name's place here");
	return read_group(r, v, w, f);
}

int rule_flowbits(struct rule_read *r, struct rule_scan *v,
		  struct rule_word name)
{
	static const char *const names[] = { "set", "setx", "unset", "toggle",
					     "reset", "isset", "isnotset",
					     "noalert", NULL };
	struct ids_flowbits f = { 0 };
	struct ids_opt *opt;
	struct rule_word w;
	int op;

	rule_take_item(v, &w);
	op = rule_choice(v, w, names, "what flowbits does");
	if (op < 0)
		return -1;
	f.op = op;
	if (rule_is(w, "noalert")) {
		r->rule->noalert = true;
		return 0;
	}
	if (read_operands(r, v, name, &f))
		return -1;
	if (op < IDS_BIT_ISSET) {
		if (r->rule->set_cnt == IDS_OPTS_MAX)
			return rule_fail_word(v, name, "split the rule",
					      "too many flowbits");
		r->sets[r->rule->set_cnt++] = f;
		return 0;
	}
	opt = rule_opt_new(r, IDS_OPT_FLOWBITS, name);
	if (!opt)
		return -1;
	opt->flowbits = f;
	return 0;
}

/* --- threshold, detection_filter --- */

enum { RATE_TYPE = 1, RATE_TRACK = 2, RATE_COUNT = 4, RATE_SECONDS = 8 };

static int rate_item(struct rule_scan *v, struct rule_word word,
		     struct ids_rate *rate, unsigned int *seen)
{
	static const char *const keys[] = { "type", "track", "count", "seconds",
					    NULL };
	static const char *const types[] = { "limit", "threshold", "both",
					     NULL };
	static const char *const tracks[] = { "by_src", "by_dst", NULL };
	struct rule_word arg = rule_argument(&word);
	int key = rule_choice(v, word, keys, "a word here"), n = 0;
	int64_t number = 0;

	if (key < 0)
		return -1;
	if (*seen & 1U << key)
		return rule_fail_word(v, word, "one of them is enough",
				      "'%s' stands here twice", keys[key]);
	*seen |= 1U << key;
	if (key < 2)
		n = rule_choice(v, arg, key ? tracks : types,
				key ? "by_src or by_dst" : "a type");
	else if (rule_number(v, arg, 1, key == 2 ? 1 << 20 : 1 << 24,
			     keys[key], &number))
		return -1;
	if (n < 0)
		return -1;
	if (key == 0)
		rate->type = n;
	else if (key == 1)
		rate->by_dst = n;
	else if (key == 2)
		rate->count = number;
	else
		rate->ns = number * NF_SEC;
	return 0;
}

int rule_rate(struct rule_read *r, struct rule_scan *v, struct rule_word name)
{
	bool filter = rule_is(name, "detection_filter");
	unsigned int need = RATE_TRACK | RATE_COUNT | RATE_SECONDS, seen = 0;
	struct ids_rate rate = { .type = IDS_RATE_FILTER };
	struct rule_word w;

	while (rule_take_item(v, &w))
		if (rate_item(v, w, &rate, &seen))
			return -1;
	if (seen != (filter ? need : need | RATE_TYPE))
		return rule_fail_word(v, name, filter ?
				      "track by_src, count 5, seconds 60" :
				      "type limit, track by_src, count 5, seconds 60",
				      "'%.*s' does not say all it needs, or too much",
				      (int)name.len, name.at);
	*(filter ? &r->rule->filter : &r->rule->rate) = rate;
	return 0;
}
