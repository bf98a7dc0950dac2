/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* nfold nf set: statements to an NF that runs, and the files they name. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../texts.h"
#include "cli.h"

#define USAGE "usage: nfold nf set CHAIN NF STATEMENTS|- [file NAME]..."

struct given {
	struct conf_file files[TEXTS_MAX];
	char *read[TEXTS_MAX];	/* owned texts; NULL: not ours */
	size_t cnt;
};

/* 0 or negative errno. */
static int read_stream(FILE *f, char **out, size_t *len)
{
	char *text = malloc(CONF_GIVEN_MAX + 1);

	if (!text)
		return -ENOMEM;
	*len = fread(text, 1, CONF_GIVEN_MAX + 1, f);
	if (ferror(f) || *len > CONF_GIVEN_MAX) {
		free(text);
		return ferror(f) ? -errno : -EFBIG;
	}
	*out = text;
	return 0;
}

static int given_stream(struct given *g, const char *name, FILE *f)
{
	size_t len = 0;
	int err = read_stream(f, &g->read[g->cnt], &len);

	if (err) {
		cli_error("%s: %s", name, strerror(-err));
		return CLI_REFUSED;
	}
	g->files[g->cnt] = (struct conf_file){ name, g->read[g->cnt], len };
	g->cnt++;
	return CLI_OK;
}

static int given_file(struct given *g, const char *name)
{
	FILE *f;
	int ret;

	if (g->cnt == TEXTS_MAX)
		return cli_usage("more than %d files", TEXTS_MAX - 1);
	f = fopen(name, "r");
	if (!f) {
		cli_error("%s: %s", name, strerror(errno));
		return CLI_NOT_FOUND;
	}
	ret = given_stream(g, name, f);
	fclose(f);
	return ret;
}

static int given_read(struct given *g, int argc, char **argv)
{
	int ret = CLI_OK;

	if (!strcmp(argv[0], "-")) {
		ret = given_stream(g, "statements", stdin);
	} else {
		g->files[0] = (struct conf_file){ "statements", argv[0],
						  strlen(argv[0]) };
		g->cnt = 1;
	}
	for (int i = 1; !ret && i < argc; i += 2)
		ret = cmd_is(argv[i], "file") && argv[i + 1] ?
			      given_file(g, argv[i + 1]) :
			      cli_usage(USAGE);
	return ret;
}

static int given_send(const struct given *g, const char *chain, const char *nf)
{
	int ret, fd = texts_new(g->files, g->cnt);
	json_t *reply;

	if (fd < 0) {
		cli_error("statements: %s", strerror(-fd));
		return CLI_REFUSED;
	}
	ret = cli_ask_fd(json_pack("{s:s, s:s, s:s, s:o}", "cmd", "set",
				   "chain", chain, "nf", nf, "texts",
				   texts_json(g->files, g->cnt)),
			 fd, &reply);
	if (ret)
		return ret;
	json_decref(reply);
	if (cli_options.json)
		return cli_json(json_pack("{s:s, s:s}", "chain", chain, "nf",
					  nf));
	return CLI_OK;
}

int cmd_nf_set(int argc, char **argv)
{
	struct given *g;
	int ret;

	if (argc < 3)
		return cli_usage(USAGE);
	g = calloc(1, sizeof(*g));
	if (!g) {
		cli_error("out of memory");
		return CLI_REFUSED;
	}
	ret = given_read(g, argc - 2, argv + 2);
	if (!ret)
		ret = given_send(g, argv[0], argv[1]);
	for (size_t i = 0; i < TEXTS_MAX; i++)
		free(g->read[i]);
	free(g);
	return ret;
}
