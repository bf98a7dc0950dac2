/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What stands in a chain block beside its NFs: options. */
#include <stdlib.h>
#include <string.h>

#include "chain_priv.h"

const char *const chain_mode_words[] = { "router", "wire", NULL };
const char *const chain_attach_words[] = { "auto", "native", "generic", NULL };
const char *const chain_onmiss_words[] = { "drop", "pass", NULL };
const char *const chain_onfull_words[] = { "slow", "drop", NULL };

#define TIMEOUT(word, field, seconds) \
	{ word, offsetof(struct chain_timeouts, field), seconds * NF_SEC }

/* RFC 4787 REQ-5, RFC 5508 REQ-2, RFC 5382 REQ-5 and RFC 7857 section 2. */
const struct chain_timeout chain_timeout_table[CHAIN_TIMEOUT_CNT] = {
	TIMEOUT("udp", udp, 300),
	TIMEOUT("tcp-established", tcp_established, 7440),
	TIMEOUT("tcp-transitory", tcp_transitory, 240),
	TIMEOUT("icmp", icmp, 60),
	TIMEOUT("other", other, 600),
};

void chain_defaults(struct chain *c)
{
	c->table_size = CHAIN_TABLE_SIZE_DEFAULT;
	for (size_t i = 0; i < CHAIN_TIMEOUT_CNT; i++)
		*chain_timeout_at(&c->timeouts, i) = chain_timeout_table[i].def;
}

/* --- options of one word --- */

static int one_of(const struct conf_stmt *s, const char *usage,
		  const char *const *words, size_t *out, struct conf_error *err)
{
	if (conf_need_words(s, 2, 2, usage, err))
		return -1;
	return conf_choice(&s->words[1], words, out, err);
}

static int flag(const struct conf_stmt *s, const char *usage,
		const char *const *words, bool *out, struct conf_error *err)
{
	size_t i;

	if (one_of(s, usage, words, &i, err))
		return -1;
	*out = i;
	return 0;
}

static int opt_mode(struct chain *c, const struct conf_stmt *s,
		    struct conf_error *err)
{
	return flag(s, "mode router|wire", chain_mode_words, &c->wire, err);
}

static int opt_attach(struct chain *c, const struct conf_stmt *s,
		      struct conf_error *err)
{
	size_t i;

	if (one_of(s, "attach auto|native|generic", chain_attach_words, &i,
		   err))
		return -1;
	c->mode = i;
	return 0;
}

static int opt_onmiss(struct chain *c, const struct conf_stmt *s,
		      struct conf_error *err)
{
	return flag(s, "on-miss drop|pass", chain_onmiss_words, &c->onmiss_pass,
		    err);
}

static int opt_onfull(struct chain *c, const struct conf_stmt *s,
		      struct conf_error *err)
{
	return flag(s, "on-full slow|drop", chain_onfull_words, &c->onfull_drop,
		    err);
}

static int opt_unhandled(struct chain *c, const struct conf_stmt *s,
			 struct conf_error *err)
{
	return flag(s, "unhandled drop|pass", chain_onmiss_words,
		    &c->unhandled_pass, err);
}

static int opt_table_size(struct chain *c, const struct conf_stmt *s,
			  struct conf_error *err)
{
	uint64_t n;

	if (conf_need_words(s, 2, 2, "table-size NUMBER", err) ||
	    conf_uint(&s->words[1], CHAIN_TABLE_SIZE_MIN, CHAIN_TABLE_SIZE_MAX,
		      &n, err))
		return -1;
	c->table_size = n;
	return 0;
}

/* --- timeout KIND DURATION --- */

static int twice(const struct conf_stmt *s, const struct conf_word *what,
		 const struct conf_stmt *first, struct conf_error *err)
{
	return conf_fail(err, &s->loc, NULL,
			 "'%s' is given twice, first on line %d", what->text,
			 first->loc.line);
}

static int opt_timeout(struct chain *c, const struct conf_stmt *s,
		       struct chain_seen *seen, struct conf_error *err)
{
	const char *names[CHAIN_TIMEOUT_CNT + 1] = { NULL };
	const struct conf_word *value = &s->words[2];
	uint64_t ns;
	size_t i;

	for (i = 0; i < CHAIN_TIMEOUT_CNT; i++)
		names[i] = chain_timeout_table[i].name;
	if (conf_need_words(s, 3, 3, "timeout KIND DURATION", err) ||
	    conf_choice(&s->words[1], names, &i, err) ||
	    conf_duration(value, &ns, err))
		return -1;
	if (ns < CHAIN_TIMEOUT_MIN || ns > CHAIN_TIMEOUT_MAX)
		return conf_fail(err, &value->loc, "1ms to 365d",
				 "'%s' is too %s", value->text,
				 ns < CHAIN_TIMEOUT_MIN ? "short" : "long");
	if (seen->timeout[i])
		return twice(s, &s->words[1], seen->timeout[i], err);
	seen->timeout[i] = s;
	*chain_timeout_at(&c->timeouts, i) = ns;
	return 0;
}

static const struct {
	const char *name;
	int (*load)(struct chain *c, const struct conf_stmt *s,
		    struct conf_error *err);
} opts[CHAIN_OPT_CNT] = {
	{ "on", chain_ports },
	{ "mode", opt_mode },
	{ "attach", opt_attach },
	{ "on-miss", opt_onmiss },
	{ "on-full", opt_onfull },
	{ "unhandled", opt_unhandled },
	{ "table-size", opt_table_size },
	{ "timeout", NULL },
};

int chain_opt(struct chain *c, const struct conf_stmt *s,
	      struct chain_seen *seen, struct conf_error *err)
{
	for (size_t i = 0; i < CHAIN_OPT_CNT; i++) {
		if (strcmp(opts[i].name, s->words[0].text))
			continue;
		if (!opts[i].load)
			return opt_timeout(c, s, seen, err);
		if (seen->opt[i])
			return twice(s, &s->words[0], seen->opt[i], err);
		seen->opt[i] = s;
		return opts[i].load(c, s, err);
	}
	return 1;
}

const char **chain_known(void)
{
	size_t n = 0;
	const char **known;

	while (nf_table[n])
		n++;
	known = calloc(CHAIN_OPT_CNT + n + 1, sizeof(*known));
	if (!known)
		return NULL;
	for (size_t i = 0; i < CHAIN_OPT_CNT; i++)
		known[i] = opts[i].name;
	for (size_t i = 0; i < n; i++)
		known[CHAIN_OPT_CNT + i] = nf_table[i]->name;
	return known;
}
