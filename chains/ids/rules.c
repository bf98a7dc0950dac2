// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "rules.h"

#include <stdlib.h>
#include <string.h>

#include "pcre.h"
#include "rule_read.h"
#include "sort.h"

struct ids_rules *ids_rules_new(void)
{
	struct ids_rules *set = calloc(1, sizeof(*set));

	if (set && !port_sets_init(&set->ports))
		return set;
	free(set);
	return NULL;
}

static int name_index(struct ids_rules *set, const char **names, int cnt,
		      int max, const char *name, size_t len)
{
	for (int i = 0; i < cnt; i++)
		if (strlen(names[i]) == len && !memcmp(names[i], name, len))
			return i;
	if (cnt == max)
		return -1;
	names[cnt] = arena_copy(&set->arena, name, len);
	return names[cnt] ? cnt : -1;
}

int ids_rules_bit(struct ids_rules *set, const char *name, size_t len)
{
	int n = name_index(set, set->bits, set->bit_cnt, IDS_BITS_MAX, name,
			   len);

	set->bit_cnt += n == set->bit_cnt;
	return n;
}

int ids_rules_bit_group(struct ids_rules *set, const char *name, size_t len)
{
	int n = name_index(set, set->groups_of_bits, set->group_cnt,
			   IDS_GROUPS_MAX, name, len);

	set->group_cnt += n == set->group_cnt;
	return n;
}

static int keep_rule(struct ids_rules *set, struct ids_rule *rule)
{
	if (set->cnt == set->cap) {
		uint32_t cap = set->cap ? set->cap * 2 : 64;
		struct ids_rule **more = realloc(set->rules,
						 cap * sizeof(*more));

		if (!more)
			return -1;
		set->rules = more;
		set->cap = cap;
	}
	set->rules[set->cnt++] = rule;
	return 0;
}

/* Where in a text the reader is: goes forward only. */
struct cursor {
	const char *src;	/* as it was read */
	size_t off, start;	/* start: of the line */
	uint32_t line;
};

static void cursor_to(struct cursor *c, size_t off)
{
	for (; c->off < off; c->off++)
		if (c->src[c->off] == '\n') {
			c->line++;
			c->start = c->off + 1;
		}
}

/* s has the rule's lines, and no more. */
static int read_rule(struct ids_rules *set, struct rule_scan *s,
		     const struct cursor *c, struct rule_read *r)
{
	struct rule_word at = { s->at, s->end - s->at };

	memset(r, 0, sizeof(*r));
	r->set = set;
	r->s = s;
	r->rule = arena_alloc(&set->arena, sizeof(*r->rule));
	if (!r->rule || set->cnt == IDS_RULES_MAX)
		return rule_fail_word(s, at, "split the rule set",
				      "no memory, or more than %d rules",
				      IDS_RULES_MAX);
	*r->rule = (struct ids_rule){
		.gid = 1, .msg = "", .file = s->text->src,
		.dirs = IDS_TO_SERVER | IDS_TO_CLIENT,
		.line = c->line, .col = c->off - c->start + 1,
	};
	if (!rule_read_header(r) && !rule_read_options(r) &&
	    !rule_read_check(r, at) && !keep_rule(set, r->rule))
		return 0;
	/* What it has compiled so far is nobody else's. */
	for (uint16_t i = 0; i < r->rule->opt_cnt; i++)
		if (r->opts[i].kind == IDS_OPT_PCRE)
			ids_pcre_free(r->opts[i].pcre.code);
	return -1;
}

/* s has a line, with those that it is joined to. */
static int read_line(struct ids_rules *set, struct rule_scan *s,
		     struct cursor *c, struct rule_read *r)
{
	static const char *const words[] = { "ipvar", "portvar", "var" };
	static const enum ids_var_kind kinds[] = { IDS_VAR_ADDRS, IDS_VAR_PORTS,
						   IDS_VAR_ANY };
	struct rule_word w;

	if (rule_done(s) || *s->at == '#')
		return 0;
	cursor_to(c, s->at - s->text->bytes);
	w = rule_take_word(s, "(");
	for (int i = 0; i < 3; i++)
		if (rule_is(w, words[i]))
			return ids_var_read(&set->vars, &set->arena, s,
					    kinds[i]);
	if (rule_is(w, "config"))
		return rule_config(set, s);
	s->at = w.at;
	return read_rule(set, s, c, r);
}

static int read_text(struct ids_rules *set, const struct rule_text *text,
		     struct conf_error *err)
{
	const char *at = text->bytes, *end = at + text->len;
	struct rule_read *r = malloc(sizeof(*r));
	struct cursor c = { .line = 1 };
	int failed = r ? 0 : conf_fail(err, NULL, NULL, "no memory");
	size_t len;

	c.src = conf_text_bytes(text->src, &len);
	while (!failed && at < end) {
		const char *nl = memchr(at, '\n', end - at);
		struct rule_scan s = { text, at, nl ? nl : end, err };

		failed = read_line(set, &s, &c, r);
		at = nl ? nl + 1 : end;
	}
	free(r);
	return failed;
}

static int by_id(const void *set, uint32_t a, uint32_t b)
{
	const struct ids_rule *x = ((const struct ids_rules *)set)->rules[a];
	const struct ids_rule *y = ((const struct ids_rules *)set)->rules[b];

	if (x->gid != y->gid)
		return x->gid < y->gid ? -1 : 1;
	if (x->sid != y->sid)
		return x->sid < y->sid ? -1 : 1;
	return a < b ? -1 : a > b;
}

static struct conf_loc rule_loc(const struct ids_rule *rule)
{
	struct conf_loc loc = { .line = rule->line, .col = rule->col };

	loc.end_col = loc.col + 1;
	loc.src = rule->file;
	loc.file = rule->file ? conf_text_name(rule->file) : NULL;
	return loc;
}

/* As they were read: the second of two is refused. */
static int check_ids(struct ids_rules *set, struct conf_error *err)
{
	uint32_t *sorted = malloc(set->cnt * sizeof(*sorted) + 1);
	struct conf_loc loc;
	char hint[300];
	int failed = 0;

	if (!sorted)
		return conf_fail(err, NULL, NULL, "no memory");
	for (uint32_t i = 0; i < set->cnt; i++)
		sorted[i] = i;
	ids_sort(sorted, set->cnt, by_id, set);
	for (uint32_t i = 1; i < set->cnt && !failed; i++) {
		const struct ids_rule *a = set->rules[sorted[i - 1]];
		const struct ids_rule *b = set->rules[sorted[i]];

		if (a->gid != b->gid || a->sid != b->sid)
			continue;
		loc = rule_loc(b);
		snprintf(hint, sizeof(hint), "the first is at %.200s:%u",
			 conf_text_name(a->file), a->line);
		failed = conf_fail(err, &loc, hint, "a second rule with sid %u",
				   b->sid);
	}
	free(sorted);
	return failed;
}

int ids_rules_read(struct ids_rules *set, struct conf_source *src,
		   struct conf_error *err)
{
	struct rule_text text;
	int failed;

	if (set->source_cnt == IDS_FILES_MAX) {
		conf_text_free(src);
		return conf_fail(err, NULL, NULL,
				 "more than %d rule files in a set",
				 IDS_FILES_MAX);
	}
	set->sources[set->source_cnt++] = src;
	if (rule_text_init(&text, src))
		return conf_fail(err, NULL, NULL, "no memory");
	failed = read_text(set, &text, err);
	rule_text_free(&text);
	return failed ? failed : check_ids(set, err);
}

/* Snort's default order of actions, then as they stand in the files. */
static int order_rules(struct ids_rules *set)
{
	struct ids_rule **to = malloc(set->cnt * sizeof(*to) + 1);
	uint32_t n = 0;

	if (!to)
		return -1;
	for (int action = 0; action < IDS_ACTION_CNT; action++)
		for (uint32_t i = 0; i < set->cnt; i++)
			if (set->rules[i]->action == action)
				to[n++] = set->rules[i];
	for (uint32_t i = 0; i < n; i++)
		set->drops |= to[i]->action >= IDS_DROP &&
			      to[i]->action <= IDS_REJECT;
	free(set->rules);
	set->rules = to;
	set->cap = set->cnt;
	return 0;
}

static void free_sources(struct ids_rules *set)
{
	for (uint32_t i = 0; i < set->cnt; i++)
		set->rules[i]->file = NULL;
	while (set->source_cnt)
		conf_text_free(set->sources[--set->source_cnt]);
}

int ids_rules_finish(struct ids_rules *set, const struct conf_loc *loc,
		     struct conf_error *err)
{
	struct conf_loc at;
	int32_t bad = -1;

	if (!set->cnt)
		return conf_fail(err, loc, "rules \"FILE\";",
				 "there is no rule");
	if (order_rules(set) || port_sets_finish(&set->ports) ||
	    ids_groups_init(&set->groups, set))
		return conf_fail(err, loc, NULL, "no memory for the rules");
	if (ids_patterns_compile(&set->patterns, set, &bad, err->hint)) {
		char why[sizeof(err->hint)];

		memcpy(why, err->hint, sizeof(why));
		at = bad < 0 ? *loc : rule_loc(set->rules[bad]);
		return conf_fail(err, &at, why,
				 "the patterns of the rules can not be compiled");
	}
	free_sources(set);
	return 0;
}

void ids_rules_free(struct ids_rules *set)
{
	if (!set)
		return;
	for (uint32_t i = 0; i < set->cnt; i++)
		for (uint16_t n = 0; n < set->rules[i]->opt_cnt; n++)
			if (set->rules[i]->opts[n].kind == IDS_OPT_PCRE)
				ids_pcre_free(set->rules[i]->opts[n].pcre.code);
	free_sources(set);
	ids_patterns_free(&set->patterns);
	ids_groups_free(&set->groups);
	port_sets_free(&set->ports);
	addr_sets_free(&set->addrs);
	free(set->rules);
	arena_free(&set->arena);
	free(set);
}
