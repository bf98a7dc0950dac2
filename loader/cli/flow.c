/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* nfold flow list|show|count|flush: the tables as their pins show them. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "flow_pick.h"
#include "format.h"
#include "match.h"

#define FLOW_ARGS "[chain NAME] [match EXPR]"

/* --- list --- */

static void print_line(const struct view_flow *f)
{
	char key[FORMAT_TUPLE_MAX], set[FORMAT_TUPLE_MAX], writers[192];
	char state[64], idle[16] = "?", proto[8];
	const char *tcp = format_tcp(f);
	bool drop = f->e.act.verdict == NFOLD_VERDICT_DROP;
	const char *by = view_nf(f->view, f->e.drop_nf);

	format_key(key, sizeof(key), f->family, &f->e.key);
	format_set(set, sizeof(set), f);
	format_writers(writers, sizeof(writers), f);
	format_state(state, sizeof(state), f);
	if (f->view->alive)
		format_duration(idle, sizeof(idle),
				f->view->now_ns > f->cells.last_seen_ns ?
					f->view->now_ns -
						f->cells.last_seen_ns :
					0);
	printf("%s %s %s %s", f->view->maps.meta->chain,
	       format_proto(f->e.key.l4proto, proto),
	       f->e.reply ? "<-" : "->", key);
	if (drop)
		printf(" => dropped%s%s", by ? " by " : "", by ? by : "");
	else
		printf(" => %s", set);
	if (writers[0] && !drop)
		printf(" [%s]", writers);
	printf(" packets %llu bytes %llu idle %s %s%s%s\n",
	       (unsigned long long)f->cells.packets,
	       (unsigned long long)f->cells.bytes, idle, state,
	       tcp ? " " : "", tcp ? tcp : "");
}

static int list_line(const struct view_flow *f, void *ctx)
{
	(void)ctx;
	print_line(f);
	return CLI_OK;
}

/* Streamed: a million flows as one tree would need gigabytes. */
static int list_json(const struct view_flow *f, void *ctx)
{
	size_t flags = cli_options.pretty ? JSON_INDENT(2) : JSON_COMPACT;
	json_t *o = format_flow_json(f);
	bool *first = ctx;
	int ret;

	fputs(*first ? "" : ",\n", stdout);
	*first = false;
	ret = o ? json_dumpf(o, stdout, flags) : -1;
	json_decref(o);
	return ret ? CLI_REFUSED : CLI_OK;
}

static int flow_out(int argc, char **argv, flow_pick_fn text)
{
	struct flow_pick pick;
	bool first = true;
	int ret = flow_pick_parse(&pick, argc, argv);

	if (ret)
		return ret;
	if (!cli_options.json) {
		ret = flow_pick_each(&pick, text, NULL);
	} else {
		putchar('[');
		ret = flow_pick_each(&pick, list_json, &first);
		puts("]");
	}
	flow_pick_free(&pick);
	return ret;
}

static int flow_list(int argc, char **argv)
{
	return flow_out(argc, argv, list_line);
}

/* --- show: one expression, everything about what it meets --- */

static void show_action(const struct view_flow *f)
{
	const struct nfold_act *a = &f->e.act;
	const union nfold_nexthop *nh =
		&f->view->maps.nexthops[a->nexthop % NFOLD_NEXTHOP_MAX];
	char edit[256];

	if (a->verdict == NFOLD_VERDICT_FORWARD && nh->port)
		printf("  leaves by    %s (next hop %u)\n",
		       f->view->maps.ports[(nh->port - 1) % NFOLD_PORT_MAX]
			       .name,
		       a->nexthop);
	else if (a->verdict == NFOLD_VERDICT_FORWARD)
		printf("  leaves by    next hop %u, not resolved\n",
		       a->nexthop);
	printf("  class        %s\n", format_class(f));
	if (a->reason)
		printf("  reason       %s: %s\n", format_reason(a->reason),
		       format_reason_text(a->reason));
	printf("  rewrite      ttl -%u, l3 delta 0x%04x, l4 delta 0x%04x%s\n",
	       a->ttl_dec, a->l3_delta, a->l4_delta,
	       a->flags & NFOLD_ACT_KEEP_L2 ? ", link addresses kept" : "");
	format_edit(edit, sizeof(edit), f);
	if (*edit)
		printf("  edit         %s\n", edit);
}

static int show_flow(const struct view_flow *f, void *ctx)
{
	char zone[48], age[16], tunnel[2 * 46 + 32];

	(void)ctx;
	print_line(f);
	format_zone(zone, sizeof(zone), f->view, f->e.key.zone);
	format_duration(age, sizeof(age),
			f->view->now_ns > f->cells.created_ns ?
				f->view->now_ns - f->cells.created_ns :
				0);
	format_tunnel(tunnel, sizeof(tunnel), f);
	printf("  came in by   %s%s%s\n", zone, *tunnel ? ", in " : "", tunnel);
	printf("  session      %u, %s direction, other direction %s\n",
	       f->e.session, f->e.reply ? "reply" : "original",
	       f->paired ? "in the table" : "not in the table");
	printf("  slot         %u of the IPv%d table, generation %u, age %s\n",
	       f->slot, f->family, f->e.act.generation, age);
	show_action(f);
	if (f->cells.handover)
		printf("  hand-over    %s, %u packets in the slow path\n",
		       f->e.pending ? "pending" : "done",
		       f->cells.handover & NFOLD_HANDOVER_COUNT);
	return CLI_OK;
}

static int flow_show(int argc, char **argv)
{
	if (!argc)
		return cli_usage("usage: nfold flow show [chain NAME] match EXPR. All flows: nfold flow list");
	return flow_out(argc, argv, show_flow);
}

/* --- flush --- */

/* A message holds 1 MiB; a session id has at most 10 digits and a comma. */
#define FLUSH_BATCH 60000

struct flush {
	const struct flow_match *match;
	json_int_t flushed;
};

static int flush_ask(struct flush *fl, const char *chain, json_t *sessions)
{
	json_t *req, *reply;
	int ret;

	req = json_pack("{s:s, s:s}", "cmd", "flush", "chain", chain);
	if (sessions)
		json_object_set_new(req, "sessions", sessions);
	ret = cli_ask(req, &reply);
	if (ret)
		return ret;
	fl->flushed += json_integer_value(json_object_get(reply, "flushed"));
	json_decref(reply);
	return CLI_OK;
}

struct flush_batch {
	json_t *sessions;
	uint32_t last;
};

/* Both directions of a session stand side by side in the order of the walk. */
static int flush_collect(const struct view_flow *f, void *ctx)
{
	struct flush_batch *b = ctx;

	if (json_array_size(b->sessions) && b->last == f->e.session)
		return CLI_OK;
	b->last = f->e.session;
	return json_array_append_new(b->sessions,
				     json_integer(f->e.session)) ?
		       CLI_REFUSED :
		       CLI_OK;
}

static int flush_matching(struct flush *fl, struct view *v)
{
	struct flush_batch b = { .sessions = json_array() };
	size_t cnt;
	int ret;

	ret = flow_pick_view(v, fl->match, flush_collect, &b);
	cnt = json_array_size(b.sessions);
	for (size_t from = 0; !ret && from < cnt; from += FLUSH_BATCH) {
		json_t *part = json_array();

		for (size_t n = from; n < cnt && n < from + FLUSH_BATCH; n++)
			json_array_append(part, json_array_get(b.sessions, n));
		ret = flush_ask(fl, v->maps.meta->chain, part);
	}
	json_decref(b.sessions);
	return ret;
}

static int flush_view(struct view *v, void *ctx)
{
	struct flush *fl = ctx;

	if (!fl->match)
		return flush_ask(fl, v->maps.meta->chain, NULL);
	return flush_matching(fl, v);
}

static int flow_flush(int argc, char **argv)
{
	struct flush fl = { 0 };
	struct flow_pick pick;
	int ret = flow_pick_parse(&pick, argc, argv);

	if (ret)
		return ret;
	fl.match = pick.match;
	ret = view_each(pick.chain, flush_view, &fl);
	flow_pick_free(&pick);
	if (ret)
		return ret;
	if (cli_options.json)
		return cli_json(json_pack("{s:I}", "flushed", fl.flushed));
	printf("%lld sessions flushed\n", (long long)fl.flushed);
	return CLI_OK;
}

const struct cmd cmds_flow[] = {
	{ .name = "list", .run = flow_list, .args = FLOW_ARGS,
	  .summary = "one line for each direction of each flow" },
	{ .name = "show", .run = flow_show, .args = "[chain NAME] match EXPR",
	  .summary = "everything about the flows that match" },
	{ .name = "count", .run = cmd_flow_count, .args = FLOW_ARGS,
	  .summary = "how many, by state" },
	{ .name = "flush", .run = flow_flush, .args = FLOW_ARGS,
	  .summary = "end sessions (asks the daemon)" },
	{ 0 },
};
