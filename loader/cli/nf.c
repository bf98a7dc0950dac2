/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* nfold nf list|show; nf_view.c has the tables. */
#include <string.h>

#include "../../chains/nf.h"
#include "cli.h"
#include "nf_view.h"
#include "view.h"

/* --- list --- */

/* ctx: object, NF name -> array of the chains that use it. */
static int users_of_view(struct view *v, void *ctx)
{
	const struct nfold_meta *meta = v->maps.meta;

	for (uint32_t n = 0; n < meta->nf_cnt && n < NFOLD_NF_MAX; n++) {
		json_t *users = json_object_get(ctx, meta->nf[n]);

		if (!users) {
			users = json_array();
			json_object_set_new(ctx, meta->nf[n], users);
		}
		json_array_append_new(users, json_string(meta->chain));
	}
	return CLI_OK;
}

static void list_line(const struct nf_ops *nf, const json_t *users)
{
	const json_t *chain;
	size_t n;

	printf("%-12s %s", nf->name, nf->summary);
	json_array_foreach(users, n, chain)
		printf("%s%s", n ? ", " : "; in chains: ",
		       json_string_value(chain));
	putchar('\n');
}

static int nf_list(int argc, char **argv)
{
	json_t *users, *out;
	int ret;

	(void)argv;
	if (argc)
		return cli_usage("usage: nfold nf list");
	users = json_object();
	out = json_array();
	ret = view_each(NULL, users_of_view, users);
	for (int n = 0; !ret && nf_table[n]; n++) {
		json_t *u = json_object_get(users, nf_table[n]->name);

		if (!cli_options.json)
			list_line(nf_table[n], u);
		else
			json_array_append_new(
				out,
				json_pack("{s:s, s:s, s:o}", "name",
					  nf_table[n]->name, "summary",
					  nf_table[n]->summary, "chains",
					  u ? json_incref(u) : json_array()));
	}
	json_decref(users);
	if (!ret && cli_options.json)
		return cli_json(out);
	json_decref(out);
	return ret;
}

/* --- show --- */

struct nf_ask {
	const char *nf;
	bool found;
	json_t *out;		/* chain -> NF -> state */
};

static bool chain_has(const struct nfold_meta *meta, const char *nf)
{
	for (uint32_t n = 0; n < meta->nf_cnt && n < NFOLD_NF_MAX; n++)
		if (!strcmp(meta->nf[n], nf))
			return true;
	return false;
}

static int ask_view(struct view *v, void *ctx)
{
	const char *chain = v->maps.meta->chain;
	struct nf_ask *ask = ctx;
	json_t *reply;
	int ret;

	if (!chain_has(v->maps.meta, ask->nf))
		return CLI_OK;
	ask->found = true;
	ret = cli_ask(json_pack("{s:s, s:s, s:s}", "cmd", "nf", "chain", chain,
				"nf", ask->nf),
		      &reply);
	if (ret)
		return ret;
	json_object_set(ask->out, chain, json_object_get(reply, "nfs"));
	json_decref(reply);
	return CLI_OK;
}

/* "a.b: 3" lines; arrays of scalars on one line. */
static void print_state(const char *path, const json_t *value)
{
	char deeper[256];
	const char *key;
	json_t *item;
	size_t n;

	if (json_is_object(value)) {
		json_object_foreach((json_t *)value, key, item) {
			snprintf(deeper, sizeof(deeper), "%s%s%s", path,
				 path[0] ? "." : "", key);
			print_state(deeper, item);
		}
	} else if (json_is_array(value)) {
		json_array_foreach(value, n, item) {
			snprintf(deeper, sizeof(deeper), "%s[%zu]", path, n);
			print_state(deeper, item);
		}
	} else {
		printf("%s: ", path);
		if (json_is_string(value))
			fputs(json_string_value(value), stdout);
		else
			json_dumpf(value, stdout, JSON_ENCODE_ANY);
		putchar('\n');
	}
}

static int show_state(const char *chain, const char *nf)
{
	struct nf_ask ask = { 0 };
	const char *key;
	json_t *nfs;
	int ret;

	ask.nf = nf;
	ask.out = json_object();
	ret = view_each(chain, ask_view, &ask);
	if (!ret && !ask.found) {
		cli_error("no chain%s%s has an NF %s. See: nfold nf list",
			  chain ? " " : "", chain ? chain : "", ask.nf);
		ret = CLI_NOT_FOUND;
	}
	if (!ret && cli_options.json)
		return cli_json(ask.out);
	json_object_foreach(ask.out, key, nfs)
		print_state(key, nfs);
	json_decref(ask.out);
	return ret;
}

static int nf_show(int argc, char **argv)
{
	static const char usage[] =
		"usage: nfold nf show [CHAIN] NAME [view VIEW [csv]]";
	const char *chain = NULL;
	int n;

	/* [CHAIN] NAME ends at the word view, or at the end. */
	for (n = 0; n < argc && n < 3; n++)
		if (n && cmd_is(argv[n], "view") && n + 1 < argc)
			break;
	if (n < 1 || n > 2)
		return cli_usage("%s", usage);
	if (n == 2)
		chain = argv[0];
	if (n == argc)
		return show_state(chain, argv[n - 1]);
	if (argc == n + 2)
		return nf_view(chain, argv[n - 1], argv[n + 1], false);
	if (argc == n + 3 && cmd_is(argv[n + 2], "csv"))
		return nf_view(chain, argv[n - 1], argv[n + 1],
			       !cli_options.json);
	return cli_usage("%s", usage);
}

const struct cmd cmds_nf[] = {
	{ .name = "list", .run = nf_list,
	  .summary = "the NFs of this build and the chains that use them" },
	{ .name = "show", .run = nf_show, .args = "[CHAIN] NAME [view VIEW [csv]]",
	  .summary = "runtime state of an NF (asks the daemon)" },
	{ .name = "set", .run = cmd_nf_set,
	  .args = "CHAIN NAME 'STATEMENTS' [file F]",
	  .summary = "change an NF while it runs" },
	{ 0 },
};
