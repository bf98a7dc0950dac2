/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* nfold monitor [event|alert]: what the daemon's engines log, as it comes. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "event.h"
#include "view.h"

#define MONITOR_NS 100000000L	/* between two looks at the daemon's log */
#define USAGE "nfold monitor [event|alert] [CHAIN]"

struct monitor {
	json_t *seen;		/* chain -> how many of its log */
	bool first;		/* what is in the log already is not news */
};

static json_int_t number_of(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static void missed(const char *chain, json_int_t n, const char *what)
{
	if (n > 0)
		cli_error("chain %s: %" JSON_INTEGER_FORMAT
			  " %s were not shown: they came too fast", chain, n,
			  what);
}

/* --- events --- */

/* Prints what began since; one JSON object a line with -j. */
static void print_events(const char *chain, const json_t *log,
			 json_int_t seen)
{
	const json_t *list = json_object_get(log, "events");
	json_int_t news = number_of(log, "began") - seen;
	size_t cnt = json_array_size(list);

	missed(chain, news - (json_int_t)cnt, "events");
	for (size_t i = news < (json_int_t)cnt ? cnt - news : 0; i < cnt; i++) {
		json_t *ev = json_array_get(list, i);

		if (cli_options.json) {
			json_dumpf(ev, stdout, JSON_COMPACT);
			putchar('\n');
		} else {
			event_print(chain, ev);
		}
	}
}

static int view_events(struct view *v, void *ctx)
{
	const char *chain = v->maps.meta->chain;
	struct monitor *m = ctx;
	const json_t *log;
	json_int_t began;
	json_t *reply;
	int ret = cli_ask(json_pack("{s:s, s:s}", "cmd", "events", "chain",
				    chain), &reply);

	if (ret)
		return ret;
	log = json_object_get(reply, "log");
	began = number_of(log, "began");
	print_events(chain, log, m->first ? began : number_of(m->seen, chain));
	json_object_set_new(m->seen, chain, json_integer(began));
	json_decref(reply);
	return CLI_OK;
}

/* --- alerts --- */

static void print_alert(const char *chain, const json_t *o)
{
	json_int_t ns = number_of(o, "time_ns");

	printf("%" JSON_INTEGER_FORMAT ".%06" JSON_INTEGER_FORMAT
	       " %s %s in %s", ns / 1000000000, ns / 1000 % 1000000, chain,
	       text_of(o, "nf"), text_of(o, "in"));
	event_print_tuple(o);
	putchar(' ');
	json_dumpf(json_object_get(o, "alert"), stdout, JSON_COMPACT);
	putchar('\n');
}

static void print_alerts(const char *chain, const json_t *list)
{
	json_t *o;
	size_t n;

	json_array_foreach(list, n, o) {
		if (!cli_options.json) {
			print_alert(chain, o);
			continue;
		}
		json_object_set_new(o, "chain", json_string(chain));
		json_dumpf(o, stdout, JSON_COMPACT);
		putchar('\n');
	}
}

/* Those from *since on, as many as one answer holds. A log that is shorter than
 * what was seen of it is a new engine's. */
static int ask_alerts(const char *chain, json_int_t *since, bool *more)
{
	json_t *reply;
	int ret = cli_ask(json_pack("{s:s, s:s, s:I}", "cmd", "alerts", "chain",
				    chain, "since", *since), &reply);

	if (ret)
		return ret;
	*more = number_of(reply, "raised") < *since && *since != INT64_MAX;
	missed(chain, number_of(reply, "missed"), "alerts");
	print_alerts(chain, json_object_get(reply, "alerts"));
	*since = *more ? 0 : number_of(reply, "next");
	*more |= *since < number_of(reply, "raised");
	json_decref(reply);
	return CLI_OK;
}

static int view_alerts(struct view *v, void *ctx)
{
	const char *chain = v->maps.meta->chain;
	struct monitor *m = ctx;
	json_int_t since = m->first ? INT64_MAX : number_of(m->seen, chain);
	bool more = true;
	int ret = CLI_OK;

	while (!ret && more)
		ret = ask_alerts(chain, &since, &more);
	json_object_set_new(m->seen, chain, json_integer(since));
	return ret;
}

int cmd_monitor(int argc, char **argv)
{
	int (*look)(struct view *v, void *ctx) = view_events;
	struct monitor m = { .seen = json_object(), .first = true };
	int ret = CLI_OK;

	if (argc && (cmd_is(argv[0], "event") || cmd_is(argv[0], "alert"))) {
		look = cmd_is(argv[0], "alert") ? view_alerts : view_events;
		argc--;
		argv++;
	}
	if (argc > 1)
		ret = cli_usage("usage: %s", USAGE);
	while (!ret && !ferror(stdout)) {
		ret = view_each(argc ? argv[0] : NULL, look, &m);
		fflush(stdout);
		m.first = false;
		nanosleep(&(struct timespec){ .tv_nsec = MONITOR_NS }, NULL);
	}
	json_decref(m.seen);
	return ret;
}
