/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Chains as canonical text, which loads to the same chain. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "chain_priv.h"

/* Bare where it was bare and still can be: a define may have put a keyword of
 * the grammar where a statement begins. */
static bool needs_quotes(const struct conf_word *w, bool first)
{
	return w->quoted || (first && (!strcmp(w->text, "define") ||
				       !strcmp(w->text, "include")));
}

static void print_word(FILE *out, const struct conf_word *w, bool first)
{
	if (!needs_quotes(w, first)) {
		fputs(w->text, out);
		return;
	}
	fputc('"', out);
	for (const char *s = w->text; *s; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', out);
		fputc(*s, out);
	}
	fputc('"', out);
}

static void print_tabs(FILE *out, int depth)
{
	while (depth--)
		fputc('\t', out);
}

static void print_block(FILE *out, const struct conf_block *b, int depth);

static void print_stmt(FILE *out, const struct conf_stmt *s, int depth)
{
	print_tabs(out, depth);
	for (size_t i = 0; i < s->word_cnt; i++) {
		if (i && !chain_is_comma(&s->words[i]))
			fputc(' ', out);
		print_word(out, &s->words[i], !i);
	}
	if (s->block)
		print_block(out, s->block, depth);
	else
		fputs(";\n", out);
}

static void print_block(FILE *out, const struct conf_block *b, int depth)
{
	if (!b->cnt) {
		fputs(" { }\n", out);
		return;
	}
	fputs(" {\n", out);
	for (size_t i = 0; i < b->cnt; i++)
		print_stmt(out, &b->stmts[i], depth + 1);
	print_tabs(out, depth);
	fputs("}\n", out);
}

/* A name that is no bare word goes in quotes. */
static void print_name(FILE *out, const char *name)
{
	static const char bare[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-@+";
	struct conf_word w = { (char *)name, name[strspn(name, bare)], { 0 } };

	print_word(out, &w, false);
}

static void print_ports(FILE *out, const struct chain *c)
{
	fputs("\ton ", out);
	for (uint32_t i = 0; i < c->port_cnt; i++) {
		const struct chain_port *p = &c->ports[i];

		fputs(i ? ", " : "", out);
		print_name(out, p->name);
		if (c->port_cnt > 1 || p->outside)
			fputs(p->outside ? " outside" : " inside", out);
	}
	fputs(";\n", out);
}

/* As few units as say it exactly: 2h4m, 300ms. */
static void print_duration(FILE *out, uint64_t ns)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "h", 3600 * NF_SEC }, { "m", 60 * NF_SEC },
		{ "s", NF_SEC },	{ "ms", NF_SEC / 1000 },
		{ "us", NF_SEC / 1000000 }, { "ns", 1 },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (ns < units[i].ns)
			continue;
		fprintf(out, "%" PRIu64 "%s", ns / units[i].ns, units[i].name);
		ns %= units[i].ns;
	}
}

static void print_option(FILE *out, const char *name, size_t value,
			 const char *const *words)
{
	if (value)
		fprintf(out, "\t%s %s;\n", name, words[value]);
}

static void print_options(FILE *out, const struct chain *c)
{
	struct chain_timeouts t = c->timeouts;

	print_option(out, "mode", c->wire, chain_mode_words);
	print_option(out, "attach", c->mode, chain_attach_words);
	print_option(out, "on-miss", c->onmiss_pass, chain_onmiss_words);
	print_option(out, "on-full", c->onfull_drop, chain_onfull_words);
	print_option(out, "unhandled", c->unhandled_pass, chain_onmiss_words);
	if (c->table_size != CHAIN_TABLE_SIZE_DEFAULT)
		fprintf(out, "\ttable-size %u;\n", c->table_size);
	for (size_t i = 0; i < CHAIN_TIMEOUT_CNT; i++) {
		uint64_t ns = *chain_timeout_at(&t, i);

		if (ns == chain_timeout_table[i].def)
			continue;
		fprintf(out, "\ttimeout %s ", chain_timeout_table[i].name);
		print_duration(out, ns);
		fputs(";\n", out);
	}
}

char *chain_print(const struct chain *c)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	bool bad;

	if (!out)
		return NULL;
	fprintf(out, "chain %s {\n", c->name);
	print_ports(out, c);
	print_options(out, c);
	for (uint32_t i = 0; i < c->nf_cnt; i++) {
		fprintf(out, "\t%s", c->nfs[i].ops->name);
		print_block(out, c->nfs[i].block, 1);
	}
	fputs("}\n", out);
	bad = ferror(out);
	if (fclose(out) || bad) {
		free(text);
		return NULL;
	}
	return text;
}
