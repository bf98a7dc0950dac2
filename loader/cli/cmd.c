/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Command tables: look-up by unique prefix, help, dispatch. */
#include <stdio.h>
#include <string.h>

#include "cli.h"

bool cmd_is(const char *word, const char *keyword)
{
	return word[0] && !strncmp(word, keyword, strlen(word));
}

int cmd_find(const struct cmd *table, const char *word)
{
	int found = -1;

	for (int n = 0; table[n].name; n++) {
		if (!strcmp(table[n].name, word))
			return n;
		if (!cmd_is(word, table[n].name))
			continue;
		found = found == -1 ? n : -2;
	}
	/* "help" is a row of every table, though not written there. */
	if (found == -1 && cmd_is(word, "help"))
		return -3;
	if (found >= 0 && cmd_is(word, "help"))
		return -2;
	return found;
}

static void print_candidates(const struct cmd *table, const char *word)
{
	const char *comma = "";

	fprintf(stderr, "nfold: \"%s\" is ambiguous: ", word);
	for (int n = 0; table[n].name; n++) {
		if (!cmd_is(word, table[n].name))
			continue;
		fprintf(stderr, "%s%s", comma, table[n].name);
		comma = ", ";
	}
	fprintf(stderr, "%s\n", cmd_is(word, "help") ? ", help" : "");
}

static void print_row(FILE *out, const struct cmd *row)
{
	char words[64];

	snprintf(words, sizeof(words), "%s %s", row->name,
		 row->sub  ? "COMMAND" :
		 row->args ? row->args :
			     "");
	fprintf(out, "  %-42s %s\n", words, row->summary);
}

void cmd_help(FILE *out, const char *path, const struct cmd *table)
{
	fprintf(out, "Usage: %s %s\n\n", path,
		strchr(path, ' ') ? "COMMAND" : "[OPTIONS] OBJECT COMMAND");
	for (int n = 0; table[n].name; n++)
		print_row(out, &table[n]);
	fprintf(out, "  %-42s %s\n", "help", "this text");
}

static int row_help(const char *path, const struct cmd *row)
{
	char deeper[128];

	snprintf(deeper, sizeof(deeper), "%s %s", path, row->name);
	if (row->sub) {
		cmd_help(stdout, deeper, row->sub);
		return CLI_OK;
	}
	printf("Usage: %s%s%s\n\n  %s\n", deeper, row->args ? " " : "",
	       row->args ? row->args : "", row->summary);
	return CLI_OK;
}

/* "help WORD" below a table. */
static int help(const char *path, const struct cmd *table, int argc,
		char **argv)
{
	int n;

	if (!argc) {
		cmd_help(stdout, path, table);
		return CLI_OK;
	}
	n = cmd_find(table, argv[0]);
	if (n >= 0)
		return row_help(path, &table[n]);
	return cli_usage("no help for \"%s\". See: %s help", argv[0], path);
}

int cmd_dispatch(const char *path, const struct cmd *table, int argc,
		 char **argv)
{
	char deeper[128];
	int n = argc ? cmd_find(table, argv[0]) : 0;

	if (n == -3)
		return help(path, table, argc - 1, argv + 1);
	if (n == -2) {
		print_candidates(table, argv[0]);
		return CLI_USAGE;
	}
	if (n < 0)
		return cli_usage("unknown word \"%s\". See: %s help", argv[0],
				 path);
	if (argc) {
		argc--;
		argv++;
	}
	snprintf(deeper, sizeof(deeper), "%s %s", path, table[n].name);
	if (table[n].sub)
		return cmd_dispatch(deeper, table[n].sub, argc, argv);
	if (argc == 1 && !strcmp(argv[0], "help"))
		return row_help(path, &table[n]);
	return table[n].run(argc, argv);
}
