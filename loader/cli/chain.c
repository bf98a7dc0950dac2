/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* nfold chain list|show|check. */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../chains/chain.h"
#include "cli.h"
#include "view.h"

static json_t *ports_json(const struct view *v)
{
	json_t *ports = json_array();

	for (uint32_t n = 0; n < v->maps.meta->port_cnt; n++) {
		const struct nfold_port *p = &v->maps.ports[n];
		char mac[18];

		snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x",
			 p->mac[0], p->mac[1], p->mac[2], p->mac[3], p->mac[4],
			 p->mac[5]);
		json_array_append_new(
			ports,
			json_pack("{s:s, s:i, s:i, s:s, s:i, s:b, s:s}", "name",
				  p->name, "ifindex", p->ifindex, "mtu", p->mtu,
				  "mac", mac, "queues", p->queues, "outside",
				  !!(p->flags & NFOLD_PORT_OUTSIDE), "mode",
				  p->flags & NFOLD_PORT_GENERIC ? "generic" :
								  "native"));
	}
	return ports;
}

static json_t *nfs_json(const struct nfold_meta *meta)
{
	json_t *nfs = json_array();

	for (uint32_t n = 0; n < meta->nf_cnt && n < NFOLD_NF_MAX; n++)
		json_array_append_new(nfs, json_string(meta->nf[n]));
	return nfs;
}

/* RFC 3339, UTC. */
static const char *attached_at(const struct nfold_meta *meta, char text[32])
{
	time_t t = meta->attached_ns / NF_SEC;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return text;
}

static json_t *chain_json(const struct view *v, bool text)
{
	const struct nfold_meta *meta = v->maps.meta;
	char at[32];
	json_t *o;

	o = json_pack("{s:s, s:s, s:o, s:o, s:b, s:i, s:s, s:s, s:s}", "name",
		      meta->chain, "mode",
		      meta->config.router ? "router" : "wire", "ports",
		      ports_json(v), "nfs", nfs_json(meta), "engine_alive",
		      v->alive, "engine_pid", v->alive ? meta->engine_pid : 0,
		      "attached_at", attached_at(meta, at), "on_miss",
		      meta->config.onmiss_pass ? "pass" : "drop", "unhandled",
		      meta->config.unhandled_pass ? "pass" : "drop");
	json_object_set_new(o, "frags", json_boolean(meta->frags));
	if (text)
		json_object_set_new(o, "text", json_string(meta->text));
	return o;
}

/* --- list --- */

static void list_line(const struct view *v)
{
	const struct nfold_meta *meta = v->maps.meta;

	printf("%s: ", meta->chain);
	for (uint32_t n = 0; n < meta->port_cnt; n++)
		printf("%s%s (%s)", n ? ", " : "", v->maps.ports[n].name,
		       v->maps.ports[n].flags & NFOLD_PORT_GENERIC ? "generic" :
								     "native");
	printf("; %s mode; ", meta->config.router ? "router" : "wire");
	for (uint32_t n = 0; n < meta->nf_cnt; n++)
		printf("%s%s", n ? " -> " : "", meta->nf[n]);
	if (v->alive)
		printf("; engine %u\n", meta->engine_pid);
	else
		printf("; no engine: established flows run, new ones get on-miss %s\n",
		       meta->config.onmiss_pass ? "pass" : "drop");
}

static int list_view(struct view *v, void *ctx)
{
	if (!cli_options.json)
		list_line(v);
	else
		json_array_append_new(ctx, chain_json(v, false));
	return CLI_OK;
}

static int chain_list(int argc, char **argv)
{
	json_t *out;
	int ret;

	(void)argv;
	if (argc)
		return cli_usage("usage: nfold chain list");
	out = json_array();
	ret = view_each(NULL, list_view, out);
	if (!ret && cli_options.json)
		return cli_json(out);
	json_decref(out);
	return ret;
}

/* --- show --- */

static int show_view(struct view *v, void *ctx)
{
	size_t len = strnlen(v->maps.meta->text, NFOLD_CHAIN_TEXT_MAX);

	if (cli_options.json)
		json_array_append_new(ctx, chain_json(v, true));
	else
		fwrite(v->maps.meta->text, 1, len, stdout);
	return CLI_OK;
}

static int chain_show(int argc, char **argv)
{
	json_t *out, *one;
	int ret;

	if (argc > 1)
		return cli_usage("usage: nfold chain show [NAME]");
	out = json_array();
	ret = view_each(argc ? argv[0] : NULL, show_view, out);
	if (ret || !cli_options.json) {
		json_decref(out);
		return ret;
	}
	if (!argc)
		return cli_json(out);
	one = json_incref(json_array_get(out, 0));
	json_decref(out);
	return cli_json(one);
}

/* --- check --- */

static json_t *error_json(const struct conf_error *e)
{
	return json_pack("{s:s, s:i, s:i, s:i, s:s, s:s, s:s}", "file", e->file,
			 "line", e->line, "col", e->col, "end_col", e->end_col,
			 "source", e->source, "message", e->message, "hint",
			 e->hint);
}

static int check_good(const char *file, const struct chain_file *f)
{
	json_t *names = json_array();

	for (uint32_t n = 0; n < f->cnt; n++)
		json_array_append_new(names, json_string(f->chains[n].name));
	if (cli_options.json)
		return cli_json(json_pack("{s:b, s:s, s:o}", "ok", 1, "file",
					  file, "chains", names));
	json_decref(names);
	printf("%s: %u chain%s:", file, f->cnt, f->cnt == 1 ? "" : "s");
	for (uint32_t n = 0; n < f->cnt; n++)
		printf(" %s", f->chains[n].name);
	putchar('\n');
	return CLI_OK;
}

static int chain_check(int argc, char **argv)
{
	struct conf_error err = { 0 };
	struct chain_file *f;
	int ret;

	if (argc != 1)
		return cli_usage("usage: nfold chain check FILE");
	if (access(argv[0], R_OK)) {
		cli_error("%s: %s", argv[0], strerror(errno));
		return errno == ENOENT ? CLI_NOT_FOUND : CLI_REFUSED;
	}
	if (chain_load(&f, argv[0], NULL, &err)) {
		if (cli_options.json)
			cli_json(json_pack("{s:b, s:o}", "ok", 0, "error",
					   error_json(&err)));
		else
			conf_error_print(stderr, &err);
		return CLI_REFUSED;
	}
	ret = check_good(argv[0], f);
	chain_file_free(f);
	return ret;
}

const struct cmd cmds_chain[] = {
	{ .name = "list", .run = chain_list,
	  .summary = "the chains on this host, one line each" },
	{ .name = "show", .run = chain_show, .args = "[NAME]",
	  .summary = "a chain as a file that loads again" },
	{ .name = "check", .run = chain_check, .args = "FILE",
	  .summary = "parse a file, change nothing" },
	{ 0 },
};
