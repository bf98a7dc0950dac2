/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The keys of `ipfilter { ... }`; what they mean stands in README.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipfilter_parse.h"

static const char *const known[] = { "address", "rule", NULL };

static bool is_comma(const struct conf_word *w)
{
	return !w->quoted && !strcmp(w->text, ",");
}

/* The words' text, each on a line, where // comments end; *len its length.
 * NULL: no memory. */
static char *join(const struct conf_word *words, size_t cnt, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	if (!out)
		return NULL;
	for (size_t i = 0; i < cnt; i++)
		fprintf(out, "%s%s", i ? "\n" : "", words[i].text);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

/* Bytes that the first n of a word take in the file. */
static size_t written(const struct conf_word *w, size_t n)
{
	size_t len = w->quoted;

	for (size_t i = 0; i < n; i++)
		len += 1 + (w->quoted && (w->text[i] == '"' ||
					  w->text[i] == '\\'));
	return len;
}

/* The place of bytes [at, end) of the joined text. A word that a define put
 * there has no bytes of its own: then it is the define's use. */
static struct conf_loc place(const struct conf_word *words, size_t cnt,
			     size_t at, size_t end)
{
	struct conf_loc loc;
	size_t len = strlen(words->text);

	while (cnt > 1 && at > len) {
		at -= len + 1;
		end -= len + 1;
		words++;
		cnt--;
		len = strlen(words->text);
	}
	loc = words->loc;
	if (loc.end_col - loc.col != (int)written(words, len) + words->quoted)
		return loc;
	loc.end_col = loc.col + written(words, end < len ? end : len);
	loc.col += written(words, at < len ? at : len);
	if (loc.end_col <= loc.col)
		loc.end_col = loc.col + 1;
	return loc;
}

static int fail_rule(const struct conf_word *words, size_t cnt,
		     const struct ipf_error *why, struct conf_error *err)
{
	struct conf_loc loc = place(words, cnt, why->at, why->end);

	return conf_fail(err, &loc, *why->hint ? why->hint : NULL, "%s",
			 why->message);
}

void ipfilter_rule_free(struct ipf_rule *rule)
{
	free(rule->text);
	free(rule->tree.nodes);
}

/* Lines matter only behind comments: without any the rule is shown as one. */
static void one_line(char *text)
{
	if (strstr(text, "//"))
		return;
	for (; *text; text++)
		if (*text == '\n')
			*text = ' ';
}

static int read_rule(struct ipfilter *f, struct ipf_rule *rule,
		     const struct conf_word *words, size_t cnt,
		     struct conf_error *err)
{
	struct ipf_error why;
	size_t len;

	rule->text = join(words, cnt, &len);
	if (!rule->text)
		return conf_fail(err, &words->loc, NULL,
				 "no memory for a rule");
	if (len > IPF_TEXT_MAX)
		return conf_fail(err, &words->loc, "make several rules of it",
				 "rule longer than %d bytes", IPF_TEXT_MAX);
	if (ipfilter_parse(f, rule->text, &rule->allow, &rule->tree, &why))
		return fail_rule(words, cnt, &why, err);
	one_line(rule->text);
	return 0;
}

static int add_rule(struct ipfilter *f, const struct conf_word *words,
		    size_t cnt, struct conf_error *err)
{
	struct ipf_rule *rules, rule = { 0 };

	if (f->rule_cnt == IPF_RULE_MAX)
		return conf_fail(err, &words->loc, NULL,
				 "more than %d rules", IPF_RULE_MAX);
	if (read_rule(f, &rule, words, cnt, err))
		goto err_free;
	rules = realloc(f->rules, (f->rule_cnt + 1) * sizeof(*rules));
	if (!rules) {
		conf_fail(err, &words->loc, NULL, "no memory for a rule");
		goto err_free;
	}
	f->rules = rules;
	rules[f->rule_cnt++] = rule;
	return 0;

err_free:
	ipfilter_rule_free(&rule);
	return -1;
}

/* Commas separate rules, as Click's arguments; words side by side are one rule,
 * so that it can run over lines. */
static int add_rules(struct ipfilter *f, const struct conf_stmt *s,
		     struct conf_error *err)
{
	size_t first = 1;

	if (conf_need_words(s, 2, SIZE_MAX, "rule \"ACTION PATTERN\", ...",
			    err))
		return -1;
	for (size_t i = 1; i <= s->word_cnt; i++) {
		if (i < s->word_cnt && !is_comma(&s->words[i]))
			continue;
		if (i == first)
			return conf_fail(err, &s->words[i - (i == s->word_cnt)].loc,
					 "take the comma out",
					 "no rule beside this comma");
		if (add_rule(f, &s->words[first], i - first, err))
			return -1;
		first = i + 1;
	}
	return 0;
}

int ipfilter_configure(struct ipfilter *f, const struct conf_block *block,
		       struct conf_error *err)
{
	/* Names first: Click's AddressInfo may stand behind its use. */
	for (size_t i = 0; i < block->cnt; i++)
		if (!strcmp(block->stmts[i].words[0].text, "address") &&
		    ipf_add_name(f, &block->stmts[i], err))
			return -1;
	for (size_t i = 0; i < block->cnt; i++) {
		const struct conf_stmt *s = &block->stmts[i];

		if (!strcmp(s->words[0].text, "address"))
			continue;
		if (strcmp(s->words[0].text, "rule"))
			return conf_unknown(s, known, err);
		if (add_rules(f, s, err))
			return -1;
	}
	return 0;
}
