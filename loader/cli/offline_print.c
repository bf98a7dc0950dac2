/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What became of a packet and why, as text and as JSON. */
#include <string.h>

#include "format.h"
#include "offline.h"

const char *offline_verdict(const struct oracle_result *r)
{
	static const char *const words[] = {
		[ORACLE_DROP] = "drop",
		[ORACLE_SENT] = "forward",
		[ORACLE_HOST] = "host",
		[ORACLE_HELD] = "hold",
	};

	return words[r->verdict];
}

const char *offline_drop_nf(struct oracle *side, const struct oracle_result *r,
			    char buf[64])
{
	if (!r->drop_nf)
		return NULL;
	engine_nf_label(oracle_engine(side), r->drop_nf - 1, buf, 64);
	return buf;
}

json_t *offline_result_json(const struct offline *o, struct oracle *side,
			    const struct oracle_result *r)
{
	bool sent = r->verdict == ORACLE_SENT &&
		    r->port < o->chain->port_cnt;
	const char *nf;
	char buf[64];

	nf = offline_drop_nf(side, r, buf);
	return json_pack("{s:s, s:s, s:o, s:o, s:b}", "verdict",
			 offline_verdict(r), "reason",
			 format_reason(r->reason), "out",
			 sent ? json_string(o->chain->ports[r->port].name) :
				json_null(),
			 "nf", nf ? json_string(nf) : json_null(), "kernel",
			 !r->punted);
}

/* --- engine_explain() --- */

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "?";
}

/* An address or a port. */
static void print_value(FILE *out, const json_t *v)
{
	if (json_is_integer(v))
		fprintf(out, "%lld", (long long)json_integer_value(v));
	else
		fputs(json_is_string(v) ? json_string_value(v) : "?", out);
}

static void print_action(FILE *out, const json_t *a)
{
	const char *word = text(a, "action");

	if (!strcmp(word, "modify")) {
		fprintf(out, "set %s ", text(a, "field"));
		print_value(out, json_object_get(a, "value"));
	} else if (!strcmp(word, "drop")) {
		fprintf(out, "drop (%s)", text(a, "reason"));
	} else {
		fputs(word, out);
		if (json_object_get(a, "value")) {
			fputc(' ', out);
			print_value(out, json_object_get(a, "value"));
		}
	}
}

static void print_nf(FILE *out, const json_t *nf)
{
	const json_t *list = json_object_get(nf, "actions"), *a;
	const char *comma = "";
	size_t i;

	fprintf(out, "  %-12s ", text(nf, "nf"));
	if (!json_is_true(json_object_get(nf, "ran"))) {
		fputs("did not see it: dropped before\n", out);
		return;
	}
	json_array_foreach(list, i, a) {
		fputs(comma, out);
		print_action(out, a);
		comma = ", ";
	}
	list = json_object_get(nf, "functions");
	json_array_foreach(list, i, a) {
		fprintf(out, "%sfunction %s", comma, json_string_value(a));
		comma = ", ";
	}
	list = json_object_get(nf, "events");
	json_array_foreach(list, i, a) {
		fprintf(out, "%sevent: ", comma);
		print_action(out, a);
		comma = ", ";
	}
	fputs(*comma ? "\n" : "nothing recorded: forward\n", out);
}

static void print_hop(FILE *out, const struct offline *o, const json_t *action)
{
	uint32_t hop = json_integer_value(json_object_get(action, "nexthop"));

	if (hop && hop <= o->chain->port_cnt)
		fprintf(out, " by %s", o->chain->ports[hop - 1].name);
	if (json_is_true(json_object_get(action, "keep_l2")))
		fputs(", link addresses kept", out);
	else
		fprintf(out, " (next hop %u, 02:00:00:00:01:%02x)", hop,
			hop - 1);
}

static void print_slow(FILE *out, const json_t *explained)
{
	const char *why = text(explained, "why_slow"), *nf;
	int i = 0;

	while (i < NFOLD_REASON_CNT && strcmp(reason_word(i), why))
		i++;
	nf = json_string_value(json_object_get(explained, "slow_nf"));
	fprintf(out, "folded: no, slow: %s (%s)%s%s\n", why,
		format_reason_text(i), nf ? ", says " : "", nf ? nf : "");
}

static void print_fold(FILE *out, const struct offline *o,
		       const json_t *explained)
{
	const json_t *action = json_object_get(explained, "action");
	const json_t *ttl = json_object_get(action, "ttl_dec");
	const char *verdict = text(action, "verdict");

	if (json_is_null(action)) {
		print_slow(out, explained);
		return;
	}
	fprintf(out, "folded: %s", verdict);
	if (!strcmp(verdict, "drop"))
		fprintf(out, ", %s, by %s", text(action, "reason"),
			text(action, "drop_nf"));
	if (!strcmp(verdict, "forward"))
		print_hop(out, o, action);
	if (json_integer_value(ttl))
		fprintf(out, ", TTL -%lld", (long long)json_integer_value(ttl));
	fputc('\n', out);
}

static void print_field(FILE *out, const json_t *f)
{
	const json_t *over = json_object_get(f, "overwritten"), *w;
	size_t i;

	fprintf(out, "  %-12s ", text(f, "field"));
	print_value(out, json_object_get(f, "was"));
	fputs(" -> ", out);
	print_value(out, json_object_get(f, "becomes"));
	fprintf(out, ", written by %s", text(f, "writer"));
	json_array_foreach(over, i, w) {
		fputs(", overwrites ", out);
		print_value(out, json_object_get(w, "value"));
		fprintf(out, " by %s", text(w, "nf"));
	}
	fputs(json_is_true(json_object_get(f, "cancelled")) ?
		      ", cancelled by the drop\n" : "\n", out);
}

void offline_explain_print(FILE *out, const struct offline *o,
			   const json_t *explained)
{
	const json_t *list, *item;
	size_t i;

	fprintf(out, "%s direction, recorded:\n", text(explained, "direction"));
	list = json_object_get(explained, "nfs");
	json_array_foreach(list, i, item)
		print_nf(out, item);
	print_fold(out, o, explained);
	list = json_object_get(explained, "fields");
	json_array_foreach(list, i, item)
		print_field(out, item);
}
