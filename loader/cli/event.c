/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* nfold event list|show: the Event Table, asked of the daemon. */
#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "event.h"
#include "view.h"

struct event_ask {
	const char *member;	/* of the reply */
	json_t *out;		/* chain -> member */
};

static int ask_view(struct view *v, void *ctx)
{
	const char *chain = v->maps.meta->chain;
	struct event_ask *ask = ctx;
	json_t *reply;
	int ret = cli_ask(json_pack("{s:s, s:s}", "cmd", "events", "chain",
				    chain), &reply);

	if (ret)
		return ret;
	json_object_set(ask->out, chain, json_object_get(reply, ask->member));
	json_decref(reply);
	return CLI_OK;
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static json_int_t number_of(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

/* Health of a target, a change by the operator. */
static void print_outside(const char *chain, const json_t *ev, json_int_t ns)
{
	printf("%" JSON_INTEGER_FORMAT ".%06" JSON_INTEGER_FORMAT
	       " %s %s[%" JSON_INTEGER_FORMAT "] %s %s, sessions %" JSON_INTEGER_FORMAT
	       "\n",
	       ns / 1000000000, ns / 1000 % 1000000, chain, text_of(ev, "nf"),
	       number_of(ev, "nf_index"), text_of(ev, "action"),
	       text_of(ev, "text"), number_of(ev, "sessions"));
}

static void print_end(const json_t *o, const char *addr, const char *port)
{
	const char *text = text_of(o, addr);

	printf(strchr(text, ':') ? "[%s]:%" JSON_INTEGER_FORMAT :
				   "%s:%" JSON_INTEGER_FORMAT,
	       text, number_of(o, port));
}

void event_print_tuple(const json_t *o)
{
	printf(" %s ", text_of(o, "proto"));
	print_end(o, "src", "sport");
	fputs(" > ", stdout);
	print_end(o, "dst", "dport");
}

void event_print(const char *chain, const json_t *ev)
{
	json_int_t ns = number_of(ev, "time_ns");

	if (json_object_get(ev, "text")) {
		print_outside(chain, ev, ns);
		return;
	}
	printf("%" JSON_INTEGER_FORMAT ".%06" JSON_INTEGER_FORMAT
	       " %s %s[%" JSON_INTEGER_FORMAT "] %s %s cell %" JSON_INTEGER_FORMAT
	       " fires %" JSON_INTEGER_FORMAT " len %" JSON_INTEGER_FORMAT,
	       ns / 1000000000, ns / 1000 % 1000000, chain, text_of(ev, "nf"),
	       number_of(ev, "nf_index"), text_of(ev, "action"),
	       text_of(ev, "reason"), number_of(ev, "cell"),
	       number_of(ev, "fires"), number_of(ev, "len"));
	if (json_object_get(ev, "src"))
		event_print_tuple(ev);
	putchar('\n');
}

static void print_registered(const char *chain, const json_t *list)
{
	const json_t *o;
	size_t n;

	json_array_foreach(list, n, o) {
		printf("%s %s[%" JSON_INTEGER_FORMAT "] %s: %s, ", chain,
		       text_of(o, "nf"), number_of(o, "nf_index"),
		       text_of(o, "function"), text_of(o, "action"));
		if (json_object_get(o, "targets"))
			printf("%" JSON_INTEGER_FORMAT " targets, %" JSON_INTEGER_FORMAT
			       " down\n",
			       number_of(o, "targets"), number_of(o, "down"));
		else
			printf("%" JSON_INTEGER_FORMAT " flow directions\n",
			       number_of(o, "flows"));
	}
}

static void print_log(const char *chain, const json_t *log)
{
	const json_t *ev;
	size_t n;

	json_array_foreach(json_object_get(log, "events"), n, ev)
		event_print(chain, ev);
}

static int event_ask(int argc, char **argv, const char *usage,
		     const char *member,
		     void (*print)(const char *chain, const json_t *part))
{
	struct event_ask ask = { .member = member, .out = json_object() };
	const char *chain;
	json_t *part;
	int ret;

	ret = argc > 1 ? cli_usage("usage: %s", usage) :
			 view_each(argc ? argv[0] : NULL, ask_view, &ask);
	if (!ret && cli_options.json)
		return cli_json(ask.out);
	if (!ret)
		json_object_foreach(ask.out, chain, part)
			print(chain, part);
	json_decref(ask.out);
	return ret;
}

static int event_list(int argc, char **argv)
{
	return event_ask(argc, argv, "nfold event list [CHAIN]", "registered",
			 print_registered);
}

static int event_show(int argc, char **argv)
{
	return event_ask(argc, argv, "nfold event show [CHAIN]", "log",
			 print_log);
}

const struct cmd cmds_event[] = {
	{ .name = "list", .run = event_list, .args = "[CHAIN]",
	  .summary = "events that flows have registered, by NF and function" },
	{ .name = "show", .run = event_show, .args = "[CHAIN]",
	  .summary = "the last events whose condition began to hold" },
	{ 0 },
};
