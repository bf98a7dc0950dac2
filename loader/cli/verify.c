/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* nfold verify: captures through a side that folds and a side that does not, at
 * the captures' own times. Each packet is answered by both before the next goes
 * in, so that equal packets are in equal order too.
 */
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "offline.h"

#define USAGE "nfold verify chain FILE in PORT=FILE.pcap [in ...] [route PREFIX PORT ...] [chain-name NAME]"
#define HEX_BYTES 32	/* shown of a packet, around what differs */

struct verify {
	struct offline off;
	struct oracle *side[2];	/* folded, unfolded */
	struct captures *caps;
	uint64_t first_ns, last_ns;
	uint64_t packets, kernel, walked, differences;
	uint64_t events, alerts;	/* compared */
	uint64_t verdicts[ORACLE_HELD + 1];	/* of the folded side */
	uint64_t drops[NFOLD_REASON_CNT];	/* of the folded side */
	json_t *first;		/* difference; NULL */
	json_t *states;		/* that differ at the end; NULL */
};

static const char *const side_names[] = { "folded", "unfolded" };

/* Bytes from 16 before the difference on. */
static json_t *hex(const struct oracle_result *r, uint32_t at)
{
	uint32_t from = at < 16 ? 0 : at - 16;
	char text[3 * HEX_BYTES + 1] = "";
	size_t len = 0;

	for (uint32_t i = from; i < r->len && i < from + HEX_BYTES; i++)
		len += snprintf(text + len, sizeof(text) - len, "%02x%s",
				r->bytes[i], i + 1 == at ? "|" : " ");
	return json_pack("{s:i, s:s}", "from", (int)from, "bytes", text);
}

static json_t *side_json(struct verify *v, int side,
			 const struct oracle_result *r, uint32_t at)
{
	json_t *o = offline_result_json(&v->off, v->side[side], r);

	json_object_set_new(o, "len", json_integer(r->len));
	if (r->verdict != ORACLE_DROP)
		json_object_set_new(o, "hex", hex(r, at));
	return o;
}

/* told: [folded, unfolded], if that differs; taken over; or NULL. */
static void remember(struct verify *v, const struct capture_packet *p,
		     const struct oracle_result r[2], const char *what,
		     uint32_t at, json_t *told)
{
	json_t *flow = engine_explain(oracle_engine(v->side[0]), p->data,
				      p->len, p->port);

	v->first = json_pack(
		"{s:I, s:s, s:I, s:I, s:s, s:s, s:i, s:o, s:o, s:o, s:o*}", "index",
		(json_int_t)v->packets, "file", p->file, "record",
		(json_int_t)p->record, "time_ns", (json_int_t)p->ns, "in",
		v->off.chain->ports[p->port].name, "differs", what, "at",
		(int)at, side_names[0], side_json(v, 0, &r[0], at),
		side_names[1], side_json(v, 1, &r[1], at), "flow",
		flow ? flow : json_null(), "told", told);
}

static int run(struct verify *v, const struct capture_packet *p, int side,
	       struct oracle_result *r)
{
	int ret;

	oracle_advance(v->side[side], p->ns);
	ret = oracle_packet(v->side[side], p->port, p->data, p->len, r);
	if (ret) {
		cli_error("%s record %llu: BPF_PROG_TEST_RUN: %s", p->file,
			  (unsigned long long)p->record, strerror(-ret));
		return CLI_REFUSED;
	}
	oracle_left(v->side[side]);
	return CLI_OK;
}

static void count(struct verify *v, const struct capture_packet *p,
		  const struct oracle_result *r)
{
	if (!v->packets++)
		v->first_ns = p->ns;
	v->last_ns = p->ns;
	v->kernel += !r->punted;
	v->walked += r->walked;
	v->verdicts[r->verdict]++;
	if (r->verdict == ORACLE_DROP)
		v->drops[r->reason]++;
}

static int one(struct verify *v, const struct capture_packet *p)
{
	static struct oracle_result r[2];
	struct oracle_told told;
	const char *what, *and;
	uint32_t at;

	if (run(v, p, 0, &r[0]) || run(v, p, 1, &r[1]))
		return CLI_REFUSED;
	count(v, p, &r[0]);
	what = oracle_differ(&r[0], &r[1], &at);
	and = oracle_told_differ(v->side[0], v->side[1], &told);
	v->events += told.events;
	v->alerts += told.alerts;
	if ((what || and) && !v->differences++)
		remember(v, p, r, what ? what : and, at, told.pair);
	else
		json_decref(told.pair);
	return CLI_OK;
}

static int all(struct verify *v)
{
	struct capture_packet p;
	int ret = CLI_OK;

	while (!ret && captures_next(v->caps, &p))
		ret = one(v, &p);
	v->states = oracle_states_differ(v->side[0], v->side[1]);
	v->differences += v->states != NULL;
	return ret;
}

/* --- report --- */

static json_t *drops_json(const struct verify *v)
{
	json_t *o = json_object();

	for (int i = 0; i < NFOLD_REASON_CNT; i++)
		if (v->drops[i])
			json_object_set_new(o, reason_word(i),
					    json_integer(v->drops[i]));
	return o;
}

static json_t *report_json(const struct verify *v)
{
	return json_pack(
		"{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:I, s:O?, s:O?}",
		"chain", v->off.chain->name, "packets", (json_int_t)v->packets,
		"events", (json_int_t)v->events, "alerts", (json_int_t)v->alerts,
		"kernel", (json_int_t)v->kernel, "walked",
		(json_int_t)v->walked, "forwarded",
		(json_int_t)v->verdicts[ORACLE_SENT], "dropped",
		(json_int_t)v->verdicts[ORACLE_DROP], "host",
		(json_int_t)v->verdicts[ORACLE_HOST], "drops", drops_json(v),
		"skipped", captures_counts_json(v->caps), "differences",
		(json_int_t)v->differences, "first", v->first, "state",
		v->states);
}

/* NULL: null, or not there. */
static const char *word(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static json_int_t integer(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static void print_side(const json_t *first, const char *name)
{
	const json_t *o = json_object_get(first, name);
	const json_t *hex = json_object_get(o, "hex");
	const char *by = word(o, "out") ? word(o, "out") : word(o, "nf");

	printf("  %-8s  %s%s%s, %s, %s, %lld bytes\n", name,
	       word(o, "verdict"), by ? " by " : "", by ? by : "",
	       word(o, "reason"),
	       json_is_true(json_object_get(o, "kernel")) ? "in the kernel" :
							    "in user space",
	       (long long)integer(o, "len"));
	if (hex)
		printf("            from byte %lld: %s\n",
		       (long long)integer(hex, "from"), word(hex, "bytes"));
}

static void print_pair(const char *what, const json_t *pair)
{
	char *text = pair ? json_dumps(pair, JSON_COMPACT | JSON_SORT_KEYS |
						     JSON_ENCODE_ANY) : NULL;

	if (text)
		printf("%s, [folded, unfolded]:\n  %s\n", what, text);
	free(text);
}

static void print_first(const struct verify *v)
{
	const json_t *flow = json_object_get(v->first, "flow");
	const char *differs = word(v->first, "differs");

	printf("first difference: packet %lld (%s record %lld, in by %s): %s",
	       (long long)integer(v->first, "index"), word(v->first, "file"),
	       (long long)integer(v->first, "record"), word(v->first, "in"),
	       differs);
	if (!strcmp(differs, "bytes") || !strcmp(differs, "length"))
		printf(", from byte %lld", (long long)integer(v->first, "at"));
	putchar('\n');
	print_side(v->first, side_names[0]);
	print_side(v->first, side_names[1]);
	print_pair("told", json_object_get(v->first, "told"));
	if (json_is_object(flow))
		offline_explain_print(stdout, &v->off, flow);
	else
		puts("no entry and no record of its flow");
}

static void print_states(const struct verify *v)
{
	const char *nf;
	json_t *pair;

	json_object_foreach(v->states, nf, pair) {
		char what[96];

		snprintf(what, sizeof(what), "state of %s differs at the end",
			 nf);
		print_pair(what, pair);
	}
}

static void print(const struct verify *v)
{
	uint64_t ms = (v->last_ns - v->first_ns) / (NF_SEC / 1000);

	printf("%s: %llu packets, %llu.%03llu s\n", v->off.chain->name,
	       (unsigned long long)v->packets, (unsigned long long)ms / 1000,
	       (unsigned long long)ms % 1000);
	printf("  by the kernel alone %llu, in user space %llu, of which %llu walked the chain\n",
	       (unsigned long long)v->kernel,
	       (unsigned long long)(v->packets - v->kernel),
	       (unsigned long long)v->walked);
	printf("  forwarded %llu, to the host %llu, dropped %llu\n",
	       (unsigned long long)v->verdicts[ORACLE_SENT],
	       (unsigned long long)v->verdicts[ORACLE_HOST],
	       (unsigned long long)v->verdicts[ORACLE_DROP]);
	for (int i = 0; i < NFOLD_REASON_CNT; i++)
		if (v->drops[i])
			printf("    %-20s %llu\n", reason_word(i),
			       (unsigned long long)v->drops[i]);
	printf("  compared: each packet, %llu events, %llu alerts, and states at the end\n",
	       (unsigned long long)v->events, (unsigned long long)v->alerts);
	printf("differences: %llu\n", (unsigned long long)v->differences);
	if (v->first)
		print_first(v);
	print_states(v);
}

static int report(const struct verify *v)
{
	int ret = CLI_OK;

	captures_tell(v->caps);
	if (!v->packets)
		cli_note("no packet could be run: nothing is verified");
	if (cli_options.json)
		ret = cli_json(report_json(v));
	else
		print(v);
	return v->differences ? CLI_REFUSED : ret;
}

int cmd_verify(int argc, char **argv)
{
	struct verify v = { 0 };
	int ret = offline_parse(&v.off, argc, argv, OFFLINE_IN, USAGE);

	if (!ret)
		ret = offline_load(&v.off);
	if (!ret)
		ret = captures_open(&v.caps, v.off.in, v.off.in_cnt);
	if (!ret)
		ret = offline_start(&v.off);
	if (!ret)
		ret = offline_oracle(&v.off, true, &v.side[0]);
	if (!ret)
		ret = offline_oracle(&v.off, false, &v.side[1]);
	if (!ret)
		ret = all(&v);
	if (!ret)
		ret = report(&v);
	json_decref(v.first);
	json_decref(v.states);
	oracle_free(v.side[0]);
	oracle_free(v.side[1]);
	captures_close(v.caps);
	offline_end(&v.off);
	return ret;
}
