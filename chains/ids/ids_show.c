// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "ids.h"

/* Rules that have matched, in the order of evaluation. */
static json_t *rules_json(const struct ids *ids)
{
	json_t *all = json_array();

	for (uint32_t i = 0; i < ids->rules->cnt; i++) {
		const struct ids_rule *r = ids->rules->rules[i];
		const struct ids_count *c = &ids->counts[i];

		if (!c->matches)
			continue;
		json_array_append_new(all, json_pack(
			"{s:I, s:I, s:I, s:s, s:I, s:I}",
			"sid", (json_int_t)r->sid, "gid", (json_int_t)r->gid,
			"rev", (json_int_t)r->rev, "msg", r->msg,
			"matches", (json_int_t)c->matches,
			"alerts", (json_int_t)c->alerts));
	}
	return all;
}

/* Segments by what they did to their streams (docs/ids.md), and the bounds. */
static json_t *streams_json(const struct ids_reassembly *r)
{
	const struct ids_streams_stats *st = ids_streams_stats(r->pool);
	json_t *j = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
			      "open", (json_int_t)st->streams,
			      "memory", (json_int_t)st->memory,
			      "refused", (json_int_t)st->refused,
			      "tails_refused", (json_int_t)r->tails.refused,
			      "gap_bytes", (json_int_t)st->gap_bytes,
			      "given_up_bytes", (json_int_t)st->given_up_bytes,
			      "bad_checksum", (json_int_t)r->bad_csum);

	for (int i = 0; i < IDS_STREAM_BITS; i++)
		if (st->seen[i])
			json_object_set_new(j, ids_stream_result_name(1U << i),
					    json_integer(st->seen[i]));
	return j;
}

json_t *ids_show(struct nf *nf)
{
	const struct ids *ids = nf->priv;
	const struct ids_totals *t = &ids->totals;

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}",
			 "rules", (json_int_t)ids->rules->cnt,
			 "packets", (json_int_t)t->packets,
			 "payload_bytes", (json_int_t)t->bytes,
			 "alerts", (json_int_t)t->alerts,
			 "dropped", (json_int_t)t->dropped,
			 "passed", (json_int_t)t->passed,
			 "match_limits", (json_int_t)t->limits,
			 "events_lost", (json_int_t)t->events_lost,
			 "rates_forgotten", (json_int_t)ids->rates.forgotten,
			 "settled", (json_int_t)t->settled,
			 "evasions", (json_int_t)t->evasions,
			 "streams", streams_json(&ids->reassembly),
			 "matched", rules_json(ids));
}
