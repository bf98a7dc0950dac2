// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The keys of `monitor { ... }`; what they mean stands in README.md. */
#include <stdlib.h>
#include <string.h>

#include "hosts.h"
#include "ipfix_export.h"
#include "monitor.h"
#include "rules.h"

static int set_hosts(struct nf *nf, const struct conf_block *block,
		     const struct conf_stmt *s, struct conf_error *err)
{
	static const char *const max[] = { "max", NULL };
	struct monitor *m = nf->priv;
	uint64_t n = HOSTS_DEFAULT;
	size_t i;

	if (conf_single(block, s, err) ||
	    conf_need_words(s, 1, 3, "hosts [max NUMBER]", err))
		return -1;
	if (s->word_cnt == 2)
		return conf_fail(err, &s->loc, "hosts max 65536;",
				 "expected hosts [max NUMBER]");
	if (s->word_cnt == 3 && (conf_choice(&s->words[1], max, &i, err) ||
				 conf_uint(&s->words[2], 1, HOSTS_MAX, &n, err)))
		return -1;
	m->hosts = hosts_new(n);
	return m->hosts ? 0 : conf_fail(err, &s->loc, NULL,
					"no memory for hosts");
}

static int set_rule(struct nf *nf, const struct conf_block *block,
		    const struct conf_stmt *s, struct conf_error *err)
{
	struct monitor *m = nf->priv;

	(void)block;
	return rules_add(m->rules, s, err);
}

static int set_talkers(struct nf *nf, const struct conf_block *block,
		       const struct conf_stmt *s, struct conf_error *err)
{
	struct monitor *m = nf->priv;

	return conf_single(block, s, err) ? -1 :
					    talkers_set(&m->talkers, s, err);
}

static int set_export(struct nf *nf, const struct conf_block *block,
		      const struct conf_stmt *s, struct conf_error *err)
{
	if (conf_single(block, s, err))
		return -1;
	return ipfix_export_conf(nf, s, err);
}

static const struct {
	const char *key;
	int (*set)(struct nf *nf, const struct conf_block *block,
		   const struct conf_stmt *s, struct conf_error *err);
} keys[] = {
	{ "export", set_export },
	{ "hosts", set_hosts },
	{ "rule", set_rule },
	{ "top-talkers", set_talkers },
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))

static int set_stmt(struct nf *nf, const struct conf_block *block,
		    const struct conf_stmt *s, struct conf_error *err)
{
	const char *known[KEYS + 1] = { NULL };

	for (size_t i = 0; i < KEYS; i++) {
		if (!strcmp(s->words[0].text, keys[i].key))
			return keys[i].set(nf, block, s, err);
		known[i] = keys[i].key;
	}
	return conf_unknown(s, known, err);
}

void monitor_exit(struct nf *nf)
{
	struct monitor *m = nf->priv;

	if (m->export)
		ipfix_export_stop(nf);
	free(m->export);
	hosts_free(m->hosts);
	rules_free(m->rules);
	talkers_free(&m->talkers);
	free(m);
	nf->priv = NULL;
}

int monitor_init(struct nf *nf, const struct conf_block *block,
		 struct conf_error *err)
{
	struct monitor *m = calloc(1, sizeof(*m));

	if (!m)
		return conf_fail(err, &block->loc, NULL,
				 "no memory for monitor");
	nf->priv = m;
	m->rules = calloc(1, sizeof(*m->rules));
	if (!m->rules)
		conf_fail(err, &block->loc, NULL, "no memory for monitor");
	for (size_t i = 0; m->rules && i < block->cnt; i++)
		if (set_stmt(nf, block, &block->stmts[i], err))
			goto err_exit;
	if (m->rules)
		return 0;
err_exit:
	monitor_exit(nf);
	return -1;
}
