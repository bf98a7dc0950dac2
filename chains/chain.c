/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Chain files, second half: from the tree to chains. All or nothing. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "chain_priv.h"

/* Chains of a file: more is a mistake, not a box. */
#define CHAIN_FILE_MAX 64

static int chain_name(struct chain *c, const struct conf_word *w,
		      struct conf_error *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
	size_t len = strlen(w->text);

	if (!len || len > CHAIN_NAME_MAX || strspn(w->text, allowed) != len ||
	    *w->text == '-')
		return conf_fail(err, &w->loc,
				 "1 to 31 of a-z, 0-9, '_' and '-', not '-' first",
				 "'%s' can not be a chain's name", w->text);
	memcpy(c->name, w->text, len + 1);
	return 0;
}

static int chain_nf(struct chain *c, struct conf_stmt *s,
		    const struct nf_ops *ops, struct conf_error *err)
{
	char usage[64];

	snprintf(usage, sizeof(usage), "%s { ... } or %s;", ops->name,
		 ops->name);
	if (s->word_cnt > 1)
		return conf_fail(err, &s->words[1].loc, usage,
				 "unexpected '%s' after '%s'",
				 s->words[1].text, ops->name);
	if (c->nf_cnt == NFOLD_NF_MAX)
		return conf_fail(err, &s->loc, NULL,
				 "a chain has at most %d NFs", NFOLD_NF_MAX);
	/* `nat;` is `nat { }`: the tree gets the block, and owns it. */
	if (!s->block) {
		s->block = calloc(1, sizeof(*s->block));
		if (!s->block)
			return conf_fail(err, &s->loc, NULL, "out of memory");
		s->block->loc = s->loc;
	}
	c->nfs[c->nf_cnt++] = (struct chain_nf){ ops, s->block, s->loc };
	return 0;
}

static int chain_unknown(const struct conf_stmt *s, struct conf_error *err)
{
	const char **known = chain_known();
	int ret;

	if (!known)
		return conf_fail(err, &s->loc, NULL, "out of memory");
	ret = conf_unknown(s, known, err);
	free(known);
	return ret;
}

static int chain_stmt(struct chain *c, struct conf_stmt *s,
		      struct chain_seen *seen, struct conf_error *err)
{
	const struct nf_ops *ops;
	int ret = chain_opt(c, s, seen, err);

	if (ret <= 0)
		return ret;
	ops = nf_find(s->words[0].text);
	return ops ? chain_nf(c, s, ops, err) : chain_unknown(s, err);
}

/* In wire mode addresses are unchanged; an NF that answers for addresses of
 * its own lives by changing them. */
static int chain_check_wire(const struct chain *c, struct conf_error *err)
{
	if (c->port_cnt != 2)
		return conf_fail(err, &c->loc, "on DEVICE inside, DEVICE outside;",
				 "wire mode needs exactly two ports, chain '%s' has %u",
				 c->name, c->port_cnt);
	for (uint32_t i = 0; i < c->nf_cnt; i++)
		if (c->nfs[i].ops->claims)
			return conf_fail(err, &c->nfs[i].loc,
					 "use mode router, or take it out",
					 "'%s' changes addresses, which wire mode leaves as they are",
					 c->nfs[i].ops->name);
	return 0;
}

static int chain_check(const struct chain *c, struct conf_error *err)
{
	char *text;
	size_t len;

	if (!c->port_cnt)
		return conf_fail(err, &c->loc, "on DEVICE inside, DEVICE outside;",
				 "chain '%s' has no ports", c->name);
	if (c->wire && chain_check_wire(c, err))
		return -1;
	if (chain_nfs_check(c, err))
		return -1;
	text = chain_print(c);
	if (!text)
		return conf_fail(err, &c->loc, NULL, "out of memory");
	len = strlen(text);
	free(text);
	if (len >= NFOLD_CHAIN_TEXT_MAX)
		return conf_fail(err, &c->loc, NULL,
				 "chain '%s' is %zu bytes as text, %d are allowed",
				 c->name, len, NFOLD_CHAIN_TEXT_MAX - 1);
	return 0;
}

static int chain_read(struct chain *c, struct conf_stmt *s,
		      struct conf_error *err)
{
	struct chain_seen seen = { 0 };

	if (conf_need_words(s, 2, 2, "chain NAME { ... }", err) ||
	    chain_name(c, &s->words[1], err))
		return -1;
	c->loc = s->loc;
	chain_defaults(c);
	for (size_t i = 0; i < s->block->cnt; i++)
		if (chain_stmt(c, &s->block->stmts[i], &seen, err))
			return -1;
	return chain_check(c, err);
}

static const struct chain_port *port_shared(const struct chain *a,
					    const struct chain *b,
					    const struct chain_port **other)
{
	for (uint32_t i = 0; i < a->port_cnt; i++)
		for (uint32_t j = 0; j < b->port_cnt; j++)
			if (!strcmp(a->ports[i].name, b->ports[j].name)) {
				*other = &b->ports[j];
				return &a->ports[i];
			}
	return NULL;
}

/* Against the chains before it in the file. */
static int file_check(const struct chain_file *f, struct conf_error *err)
{
	const struct chain *c = &f->chains[f->cnt - 1];

	for (uint32_t i = 0; i + 1 < f->cnt; i++) {
		const struct chain *first = &f->chains[i];
		const struct chain_port *other, *p = port_shared(c, first, &other);

		if (!strcmp(c->name, first->name))
			return conf_fail(err, &c->loc, NULL,
					 "chain '%s' is there already, on line %d",
					 c->name, first->loc.line);
		if (p)
			return conf_fail(err, &p->loc, NULL,
					 "port '%s' is taken by chain '%s', on line %d",
					 p->name, first->name, other->loc.line);
	}
	return 0;
}

static int file_stmt(struct chain_file *f, struct conf_stmt *s,
		     struct conf_error *err)
{
	static const char *const known[] = { "chain", "define", "include", NULL };

	if (strcmp(s->words[0].text, "chain"))
		return conf_unknown(s, known, err);
	if (f->cnt == CHAIN_FILE_MAX)
		return conf_fail(err, &s->loc, NULL,
				 "a file has at most %d chains", CHAIN_FILE_MAX);
	f->cnt++;
	if (chain_read(&f->chains[f->cnt - 1], s, err))
		return -1;
	return file_check(f, err);
}

static int file_read(struct chain_file *f, struct conf_error *err)
{
	size_t cnt = f->tree->cnt < CHAIN_FILE_MAX ? f->tree->cnt : CHAIN_FILE_MAX;

	if (!f->tree->cnt)
		return conf_fail(err, &f->tree->loc, "chain NAME { ... }",
				 "no chain in this file");
	f->chains = calloc(cnt, sizeof(*f->chains));
	if (!f->chains)
		return conf_fail(err, NULL, NULL, "out of memory");
	for (size_t i = 0; i < f->tree->cnt; i++)
		if (file_stmt(f, &f->tree->stmts[i], err))
			return -1;
	return 0;
}

int chain_load(struct chain_file **out, const char *file, const char *text,
	       struct conf_error *err)
{
	struct chain_file *f = calloc(1, sizeof(*f));

	if (!f)
		return conf_fail(err, NULL, NULL, "out of memory");
	if (conf_parse(&f->tree, file, text, err) || file_read(f, err)) {
		chain_file_free(f);
		return -1;
	}
	*out = f;
	return 0;
}

void chain_file_free(struct chain_file *f)
{
	if (!f)
		return;
	free(f->chains);
	conf_free(f->tree);
	free(f);
}
