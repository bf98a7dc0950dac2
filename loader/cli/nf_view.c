// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Text is aligned by the widths of a table's first page. CSV is RFC 4180's; JSON
 * one array of objects. Both begin each row with chain and NF.
 */
#include "nf_view.h"

#include <stdio.h>
#include <string.h>

#include "../../chains/nf.h"
#include "cli.h"
#include "view.h"

#define COLUMNS_MAX 32

struct printer {
	const char *nf, *view;
	bool csv;
	bool found;
	uint64_t rows;		/* printed, of all tables */
	const char *chain;	/* of the table */
	char label[64];
	int width[COLUMNS_MAX];	/* 0: not known yet */
};

/* --- cells --- */

static const char *cell_text(const json_t *cell, char buf[32])
{
	if (json_is_string(cell))
		return json_string_value(cell);
	snprintf(buf, 32, "%lld", (long long)json_integer_value(cell));
	return buf;
}

/* RFC 4180 section 2, rules 5 to 7. */
static void csv_field(const char *text)
{
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, stdout);
		return;
	}
	putchar('"');
	for (; *text; text++) {
		if (*text == '"')
			putchar('"');
		putchar(*text);
	}
	putchar('"');
}

static void csv_row(const char *chain, const char *label, const json_t *row)
{
	const json_t *cell;
	char buf[32];
	size_t i;

	csv_field(chain);
	putchar(',');
	csv_field(label);
	json_array_foreach(row, i, cell) {
		putchar(',');
		csv_field(cell_text(cell, buf));
	}
	fputs("\r\n", stdout);
}

static void json_row(struct printer *p, const json_t *columns, const json_t *row)
{
	json_t *o = json_pack("{s:s, s:s}", "chain", p->chain, "nf", p->label);
	const json_t *name;
	size_t i;

	json_array_foreach(columns, i, name)
		json_object_set(o, json_string_value(name),
				json_array_get(row, i));
	fputs(p->rows ? ",\n" : "", stdout);
	json_dumpf(o, stdout, cli_options.pretty ? JSON_INDENT(2) :
						   JSON_COMPACT);
	json_decref(o);
}

/* Numbers to the right. */
static void text_row(const struct printer *p, const json_t *like,
		     const json_t *row)
{
	const json_t *cell;
	char buf[32];
	size_t i;

	json_array_foreach(row, i, cell) {
		bool left = json_is_string(json_array_get(like, i));
		int width = i < COLUMNS_MAX ? p->width[i] : 0;

		if (i)
			fputs("  ", stdout);
		printf("%*s", left ? -width : width, cell_text(cell, buf));
	}
	putchar('\n');
}

static void widths_grow(struct printer *p, const json_t *row)
{
	const json_t *cell;
	char buf[32];
	size_t i;

	json_array_foreach(row, i, cell) {
		int len = strlen(cell_text(cell, buf));

		if (i < COLUMNS_MAX && len > p->width[i])
			p->width[i] = len;
	}
}

/* --- pages --- */

/* What stands before a table's first row. */
static void head_print(struct printer *p, const json_t *columns,
		       const json_t *rows)
{
	const json_t *row;
	size_t i;

	if (p->csv) {
		if (!p->rows)
			csv_row("chain", "nf", columns);
		return;
	}
	memset(p->width, 0, sizeof(p->width));
	widths_grow(p, columns);
	json_array_foreach(rows, i, row)
		widths_grow(p, row);
	printf("%s %s, %s:\n", p->chain, p->label, p->view);
	text_row(p, json_array_get(rows, 0), columns);
}

static void page_print(struct printer *p, const json_t *page, bool first)
{
	const json_t *columns = json_object_get(page, "columns");
	const json_t *rows = json_object_get(page, "rows"), *row;
	const char *note = json_string_value(json_object_get(page, "note"));
	size_t i;

	if (note)
		cli_note("%s %s: %s", p->chain, p->label, note);
	if (first && !cli_options.json)
		head_print(p, columns, rows);
	json_array_foreach(rows, i, row) {
		if (cli_options.json)
			json_row(p, columns, row);
		else if (p->csv)
			csv_row(p->chain, p->label, row);
		else
			text_row(p, row, row);
		p->rows++;
	}
}

static int table_print(struct printer *p)
{
	json_int_t from = 0;
	json_t *reply;
	int ret;

	do {
		json_t *page;
		bool first = !from;

		ret = cli_ask(json_pack("{s:s, s:s, s:s, s:s, s:I}", "cmd",
					"nf", "chain", p->chain, "nf", p->label,
					"view", p->view, "from", from),
			      &reply);
		if (ret)
			return ret;
		page = json_object_get(reply, "page");
		page_print(p, page, first);
		from = json_integer_value(json_object_get(page, "next"));
		json_decref(reply);
	} while (from);
	return CLI_OK;
}

/* --- which tables --- */

/* "monitor", and "monitor#2" for a chain's second one, as engine_nf_label(). */
static void label_of(const struct nfold_meta *meta, uint32_t n, char *label,
		     size_t size)
{
	int nth = 1;

	for (uint32_t i = 0; i < n; i++)
		nth += !strcmp(meta->nf[i], meta->nf[n]);
	if (nth == 1)
		snprintf(label, size, "%s", meta->nf[n]);
	else
		snprintf(label, size, "%s#%d", meta->nf[n], nth);
}

static int chain_tables(struct view *v, void *ctx)
{
	const struct nfold_meta *meta = v->maps.meta;
	struct printer *p = ctx;
	int ret = CLI_OK;

	for (uint32_t n = 0; !ret && n < meta->nf_cnt && n < NFOLD_NF_MAX; n++) {
		label_of(meta, n, p->label, sizeof(p->label));
		if (strcmp(p->nf, meta->nf[n]) && strcmp(p->nf, p->label))
			continue;
		p->found = true;
		p->chain = meta->chain;
		ret = table_print(p);
	}
	return ret;
}

/* The full name of a view that may be cut short; NULL, with a message. */
static const char *view_name(const char *nf, const char *word)
{
	char name[64] = "";
	const struct nf_ops *ops;
	const char *found = NULL;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(nf, "#"), nf);
	ops = nf_find(name);
	if (!ops || !ops->view) {
		cli_error("%s has no views. See: nfold nf list", nf);
		return NULL;
	}
	for (int i = 0; ops->views[i]; i++)
		if (!strcmp(ops->views[i], word))
			return ops->views[i];
		else if (cmd_is(word, ops->views[i]) && !found)
			found = ops->views[i];
	if (found)
		return found;
	fprintf(stderr, "nfold: %s has no view %s, but", nf, word);
	for (int i = 0; ops->views[i]; i++)
		fprintf(stderr, "%s %s", i ? "," : "", ops->views[i]);
	fputc('\n', stderr);
	return NULL;
}

int nf_view(const char *chain, const char *nf, const char *view, bool csv)
{
	struct printer p = { .nf = nf, .csv = csv };
	int ret;

	p.view = view_name(nf, view);
	if (!p.view)
		return CLI_NOT_FOUND;
	if (cli_options.json)
		putchar('[');
	ret = view_each(chain, chain_tables, &p);
	if (cli_options.json)
		puts("]");
	if (ret || p.found)
		return ret;
	cli_error("no chain%s%s has an NF %s. See: nfold nf list",
		  chain ? " " : "", chain ? chain : "", nf);
	return CLI_NOT_FOUND;
}
