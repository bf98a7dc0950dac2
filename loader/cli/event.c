/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* nfold event list|show and nfold monitor: the Event Table, asked of the daemon.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "view.h"

#define MONITOR_NS 100000000L	/* between two looks at the daemon's log */

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

static void print_event(const char *chain, const json_t *ev)
{
	json_int_t ns = number_of(ev, "time_ns");

	printf("%" JSON_INTEGER_FORMAT ".%06" JSON_INTEGER_FORMAT
	       " %s %s[%" JSON_INTEGER_FORMAT "] %s %s cell %" JSON_INTEGER_FORMAT
	       " fires %" JSON_INTEGER_FORMAT "\n",
	       ns / 1000000000, ns / 1000 % 1000000, chain, text_of(ev, "nf"),
	       number_of(ev, "nf_index"), text_of(ev, "action"),
	       text_of(ev, "reason"), number_of(ev, "cell"),
	       number_of(ev, "fires"));
}

static void print_registered(const char *chain, const json_t *list)
{
	const json_t *o;
	size_t n;

	json_array_foreach(list, n, o)
		printf("%s %s[%" JSON_INTEGER_FORMAT "] %s: %s, %" JSON_INTEGER_FORMAT
		       " flow directions\n",
		       chain, text_of(o, "nf"), number_of(o, "nf_index"),
		       text_of(o, "function"), text_of(o, "action"),
		       number_of(o, "flows"));
}

static void print_log(const char *chain, const json_t *log)
{
	const json_t *ev;
	size_t n;

	json_array_foreach(json_object_get(log, "events"), n, ev)
		print_event(chain, ev);
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

/* --- monitor --- */

/* Prints what began since; one JSON object a line with -j. */
static void monitor_news(const char *chain, const json_t *log,
			 json_int_t *seen)
{
	const json_t *list = json_object_get(log, "events");
	json_int_t began = number_of(log, "began"), news = began - *seen;
	size_t cnt = json_array_size(list);

	if (news > (json_int_t)cnt)
		cli_error("chain %s: %" JSON_INTEGER_FORMAT
			  " events were not shown: they came too fast",
			  chain, news - (json_int_t)cnt);
	for (size_t i = news < (json_int_t)cnt ? cnt - news : 0; i < cnt; i++) {
		json_t *ev = json_array_get(list, i);

		if (cli_options.json) {
			json_dumpf(ev, stdout, JSON_COMPACT);
			putchar('\n');
		} else {
			print_event(chain, ev);
		}
	}
	fflush(stdout);
	*seen = began;
}

int cmd_monitor(int argc, char **argv)
{
	struct event_ask ask = { .member = "log" };
	json_t *seen = json_object(), *log;
	bool first = true;
	const char *chain;
	int ret = CLI_OK;

	if (argc > 1)
		ret = cli_usage("usage: nfold monitor [CHAIN]");
	while (!ret && !ferror(stdout)) {
		ask.out = json_object();
		ret = view_each(argc ? argv[0] : NULL, ask_view, &ask);
		json_object_foreach(ask.out, chain, log) {
			json_int_t n = first ? number_of(log, "began") :
					       number_of(seen, chain);

			monitor_news(chain, log, &n);
			json_object_set_new(seen, chain, json_integer(n));
		}
		json_decref(ask.out);
		first = false;
		nanosleep(&(struct timespec){ .tv_nsec = MONITOR_NS }, NULL);
	}
	json_decref(seen);
	return ret;
}
