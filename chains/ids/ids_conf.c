// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The keys of `ids { ... }`; what they mean stands in README.md. */
#include <stdlib.h>
#include <string.h>

#include "ids.h"

static const char *const known[] = {
	"rules", "var", "inspect", "on-match-limit", "on-evasion", "min-ttl",
	"stream-policy", "stream-memory", "stream-timeout", NULL,
};

/* inspect first 16k bytes; inspect first 20 packets; inspect all; */
static int set_inspect(struct ids *ids, const struct conf_stmt *s,
		       struct conf_error *err)
{
	static const char usage[] = "inspect first NUMBER bytes|packets, or inspect all";
	static const char *const units[] = { "bytes", "packets", NULL };
	uint64_t n;
	size_t unit;

	if (s->word_cnt == 2 && !strcmp(s->words[1].text, "all"))
		return 0;
	if (conf_need_words(s, 4, 4, usage, err))
		return -1;
	if (strcmp(s->words[1].text, "first"))
		return conf_fail(err, &s->words[1].loc, "inspect first 16k bytes;",
				 "expected %s", usage);
	if (conf_uint(&s->words[2], 1, UINT64_C(1) << 40, &n, err) ||
	    conf_choice(&s->words[3], units, &unit, err))
		return -1;
	*(unit ? &ids->limit_packets : &ids->limit_bytes) = n;
	return 0;
}

/* on-match-limit, on-evasion: alert or drop. */
static int set_drops(bool *drops, const struct conf_stmt *s,
		     struct conf_error *err)
{
	static const char *const choices[] = { "alert", "drop", NULL };
	size_t n;

	if (conf_need_words(s, 2, 2, "alert or drop", err) ||
	    conf_choice(&s->words[1], choices, &n, err))
		return -1;
	*drops = n;
	return 0;
}

static int set_min_ttl(struct ids *ids, const struct conf_stmt *s,
		       struct conf_error *err)
{
	uint64_t n;

	if (conf_need_words(s, 2, 2, "min-ttl NUMBER", err) ||
	    conf_uint(&s->words[1], 1, 255, &n, err))
		return -1;
	ids->min_ttl = n;
	return 0;
}

static int set_policy(struct ids_stream_limits *limits,
		      const struct conf_stmt *s, struct conf_error *err)
{
	const char *names[IDS_POLICY_CNT + 1] = { NULL };
	size_t n;

	for (n = 0; n < IDS_POLICY_CNT; n++)
		names[n] = ids_stream_policy_name(n);
	if (conf_need_words(s, 2, 2, "stream-policy NAME", err) ||
	    conf_choice(&s->words[1], names, &n, err))
		return -1;
	limits->policy = n;
	return 0;
}

static int set_stream(struct ids_stream_limits *limits,
		      const struct conf_stmt *s, struct conf_error *err)
{
	const char *key = s->words[0].text;

	if (!strcmp(key, "stream-policy"))
		return set_policy(limits, s, err);
	if (!strcmp(key, "stream-memory")) {
		if (conf_need_words(s, 2, 2, "stream-memory BYTES", err))
			return -1;
		return conf_uint(&s->words[1], 1 << 20, UINT64_C(1) << 40,
				 &limits->memory, err);
	}
	if (conf_need_words(s, 2, 2, "stream-timeout DURATION", err))
		return -1;
	return conf_duration(&s->words[1], &limits->timeout_ns, err);
}

/* var NAME VALUE: the value's words are put together again. */
static int set_var(struct ids_rules *rules, const struct conf_stmt *s,
		   struct conf_error *err)
{
	char value[4096];
	size_t len = 0;

	if (conf_need_words(s, 3, SIZE_MAX, "var NAME VALUE", err))
		return -1;
	for (size_t i = 2; i < s->word_cnt; i++) {
		len += snprintf(value + len, sizeof(value) - len, "%s",
				s->words[i].text);
		if (len >= sizeof(value))
			return conf_fail(err, &s->loc, "set it in the rule file",
					 "this value is too long");
	}
	if (ids_var_fix(&rules->vars, &rules->arena, s->words[1].text, value))
		return conf_fail(err, &s->loc, NULL, "no memory");
	return 0;
}

static int read_rules(struct ids_rules *rules, const struct conf_stmt *s,
		      struct conf_error *err)
{
	struct conf_source *src;

	if (conf_need_words(s, 2, 2, "rules \"FILE\"", err))
		return -1;
	src = conf_text_file(&s->words[1], IDS_FILE_MAX, err);
	return src ? ids_rules_read(rules, src, err) : -1;
}

/* Variables first: rule files need them, wherever they stand. */
static int set_stmt(struct ids *ids, struct ids_rules *rules,
		    const struct conf_block *block, const struct conf_stmt *s,
		    bool vars, struct conf_error *err)
{
	const char *key = s->words[0].text;

	if (!strcmp(key, "var"))
		return vars ? set_var(rules, s, err) : 0;
	if (!strcmp(key, "rules"))
		return vars ? 0 : read_rules(rules, s, err);
	if (!vars)
		return 0;
	if (conf_single(block, s, err))
		return -1;
	if (!strcmp(key, "inspect"))
		return set_inspect(ids, s, err);
	if (!strcmp(key, "on-match-limit"))
		return set_drops(&ids->drop_on_limit, s, err);
	if (!strcmp(key, "on-evasion"))
		return set_drops(&ids->drop_on_evasion, s, err);
	if (!strcmp(key, "min-ttl"))
		return set_min_ttl(ids, s, err);
	if (!strcmp(key, "stream-policy") || !strcmp(key, "stream-memory") ||
	    !strcmp(key, "stream-timeout"))
		return set_stream(&ids->reassembly.limits, s, err);
	return conf_unknown(s, known, err);
}

static int configure(struct ids *ids, struct ids_rules *rules,
		     const struct conf_block *block, struct conf_error *err)
{
	for (int vars = 1; vars >= 0; vars--)
		for (size_t i = 0; i < block->cnt; i++)
			if (set_stmt(ids, rules, block, &block->stmts[i], vars,
				     err))
				return -1;
	return ids_rules_finish(rules, &block->loc, err);
}

/* The variables of the chain file hold for what replaces its rules, but for those
 * that come along; flowbits keep their places in sessions. */
static int inherit(struct ids_rules *rules, const struct ids_rules *old)
{
	for (const struct ids_var *v = old->vars.first; v; v = v->next)
		if (v->fixed && ids_var_fix(&rules->vars, &rules->arena,
					    v->name, v->value))
			return -1;
	for (uint16_t i = 0; i < old->bit_cnt; i++)
		if (ids_rules_bit(rules, old->bits[i],
				  strlen(old->bits[i])) < 0)
			return -1;
	return 0;
}

static int read_new(struct ids_rules *rules, const struct ids_rules *old,
		    const struct conf_block *block, struct conf_error *err)
{
	static const char *const words[] = { "rules", "var", NULL };

	for (size_t i = 0; i < block->cnt; i++) {
		const struct conf_stmt *s = &block->stmts[i];

		if (!strcmp(s->words[0].text, "var")) {
			if (set_var(rules, s, err))
				return -1;
		} else if (strcmp(s->words[0].text, "rules")) {
			return conf_unknown(s, words, err);
		}
	}
	if (inherit(rules, old))
		return conf_fail(err, &block->loc, NULL, "no memory");
	for (size_t i = 0; i < block->cnt; i++)
		if (!strcmp(block->stmts[i].words[0].text, "rules") &&
		    read_rules(rules, &block->stmts[i], err))
			return -1;
	return ids_rules_finish(rules, &block->loc, err);
}

static bool any(const void *session, void *arg)
{
	(void)session;
	(void)arg;
	return true;
}

int ids_set(struct nf *nf, const struct conf_block *block,
	    struct conf_error *err)
{
	struct ids_rules *rules = ids_rules_new();
	struct ids *ids = nf->priv;
	int failed;

	if (!rules)
		return conf_fail(err, &block->loc, NULL, "no memory for rules");
	failed = read_new(rules, ids->rules, block, err);
	if (!failed && ids_rules_set(ids, rules))
		failed = conf_fail(err, &block->loc, NULL,
				   "no memory for rules");
	if (failed)
		ids_rules_free(rules);
	else
		nf_invalidate(nf, any, NULL);
	return failed;
}

int ids_rules_set(struct ids *ids, struct ids_rules *rules)
{
	uint64_t *candidates = calloc((rules->cnt + 63) / 64,
				      sizeof(*candidates));
	struct ids_count *counts = calloc(rules->cnt, sizeof(*counts));

	if (!candidates || !counts) {
		free(candidates);
		free(counts);
		return -1;
	}
	ids_tails_forget(&ids->reassembly.tails);
	free(ids->candidates);
	free(ids->counts);
	ids_rules_free(ids->rules);
	ids->candidates = candidates;
	ids->counts = counts;
	ids->rules = rules;
	ids->generation++;
	return 0;
}

static int setup(struct ids *ids, struct ids_rules *rules,
		 const struct conf_block *block, struct conf_error *err)
{
	ids->reassembly.limits = ids_stream_limits_default();
	if (configure(ids, rules, block, err))
		return -1;
	ids->reassembly.limits.normalise = ids->drop_on_evasion;
	if (!ids_rates_init(&ids->rates) &&
	    !ids_reassembly_init(&ids->reassembly) &&
	    !ids_rules_set(ids, rules))
		return 0;
	return conf_fail(err, &block->loc, NULL, "no memory for ids");
}

int ids_init(struct nf *nf, const struct conf_block *block,
	     struct conf_error *err)
{
	struct ids *ids = calloc(1, sizeof(*ids));
	struct ids_rules *rules = ids_rules_new();
	int failed;

	if (ids && rules)
		failed = setup(ids, rules, block, err);
	else
		failed = conf_fail(err, &block->loc, NULL, "no memory for ids");
	if (failed) {
		ids_rules_free(rules);
		if (ids) {
			ids_reassembly_free(&ids->reassembly);
			ids_rates_free(&ids->rates);
		}
		free(ids);
		return -1;
	}
	ids->nf = nf;
	nf->priv = ids;
	return 0;
}
