/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Two oracles that had the same packets: are they the same? */
#include <string.h>

#include "oracle_priv.h"

const char *oracle_differ(const struct oracle_result *a,
			  const struct oracle_result *b, uint32_t *at)
{
	uint32_t len = a->len < b->len ? a->len : b->len;

	*at = 0;
	if (a->verdict != b->verdict)
		return "verdict";
	if (a->verdict == ORACLE_DROP)
		return NULL;
	if (a->port != b->port)
		return "port";
	while (*at < len && a->bytes[*at] == b->bytes[*at])
		++*at;
	if (a->len != b->len)
		return "length";
	return *at < len ? "bytes" : NULL;
}

/* What an event does is known to the record alone if it is no drop, and so is
 * not compared; the packets are. */
static json_t *news_of_events(struct oracle *o)
{
	json_t *log = engine_event_show(o->e, o->events_seen);
	json_t *list = json_incref(json_object_get(log, "events")), *ev;
	size_t n;

	o->events_seen = json_integer_value(json_object_get(log, "began"));
	json_decref(log);
	json_array_foreach(list, n, ev)
		json_object_del(ev, "action");
	return list;
}

static json_t *news_of_alerts(struct oracle *o)
{
	json_t *log = engine_alerts(o->e, o->alerts_seen);
	json_t *list = json_incref(json_object_get(log, "alerts"));

	o->alerts_seen = json_integer_value(json_object_get(log, "next"));
	json_decref(log);
	return list;
}

/* Drops both references. */
static bool differ(json_t *a, json_t *b, json_t **pair, uint32_t *cnt)
{
	bool same = json_equal(a, b);

	*cnt = json_array_size(a);
	if (!same)
		*pair = json_pack("[O, O]", a, b);
	json_decref(a);
	json_decref(b);
	return !same;
}

const char *oracle_told_differ(struct oracle *a, struct oracle *b,
			       struct oracle_told *told)
{
	*told = (struct oracle_told){ 0 };
	if (differ(news_of_events(a), news_of_events(b), &told->pair,
		   &told->events))
		return "events";
	if (differ(news_of_alerts(a), news_of_alerts(b), &told->pair,
		   &told->alerts))
		return "alerts";
	return NULL;
}

json_t *oracle_states_differ(struct oracle *a, struct oracle *b)
{
	json_t *of_a = engine_nf_dump(oracle_engine(a));
	json_t *of_b = engine_nf_dump(oracle_engine(b));
	uint32_t sessions_a = engine_sessions(oracle_engine(a));
	uint32_t sessions_b = engine_sessions(oracle_engine(b));
	json_t *diff = json_object(), *value;
	const char *nf;

	json_object_foreach(of_a, nf, value) {
		json_t *other = json_object_get(of_b, nf);

		if (!json_equal(value, other))
			json_object_set_new(diff, nf,
					    json_pack("[O, O]", value, other));
	}
	if (sessions_a != sessions_b)
		json_object_set_new(diff, "sessions",
				    json_pack("[i, i]", (int)sessions_a,
					      (int)sessions_b));
	json_decref(of_a);
	json_decref(of_b);
	if (json_object_size(diff))
		return diff;
	json_decref(diff);
	return NULL;
}
