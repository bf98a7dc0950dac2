// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Alerts: the events of one packet, each rule's once, in order. */
#include <stdlib.h>

#include "ids.h"

static const char *const actions[IDS_ACTION_CNT] = {
	"pass", "drop", "sdrop", "reject", "alert", "log",
};

void ids_event_add(struct ids *ids, uint32_t rule, bool limit)
{
	if (ids->event_cnt == IDS_EVENTS_MAX) {
		ids->totals.events_lost++;
		return;
	}
	ids->events[ids->event_cnt++] = (struct ids_event){ rule, limit };
}

/* By priority, then sid; as they came where both are equal. */
static bool is_before(const struct ids *ids, const struct ids_event *a,
		      const struct ids_event *b)
{
	const struct ids_rule *x = ids->rules->rules[a->rule];
	const struct ids_rule *y = ids->rules->rules[b->rule];

	if (x->priority != y->priority)
		return x->priority < y->priority;
	return x->sid < y->sid;
}

static void order(struct ids *ids)
{
	for (unsigned int i = 1; i < ids->event_cnt; i++) {
		struct ids_event e = ids->events[i];
		unsigned int n = i;

		for (; n && is_before(ids, &e, &ids->events[n - 1]); n--)
			ids->events[n] = ids->events[n - 1];
		ids->events[n] = e;
	}
}

static json_t *event_json(const struct ids_rule *r, bool limit)
{
	json_t *j = json_pack("{s:I, s:I, s:I, s:I, s:s}",
			      "sid", (json_int_t)r->sid,
			      "gid", (json_int_t)r->gid,
			      "rev", (json_int_t)r->rev,
			      "priority", (json_int_t)r->priority,
			      "action", actions[r->action]);

	if (*r->msg)
		json_object_set_new(j, "msg", json_string(r->msg));
	if (r->classtype)
		json_object_set_new(j, "classtype", json_string(r->classtype));
	if (limit)
		json_object_set_new(j, "limit", json_true());
	return j;
}

void ids_alerts_tell(struct ids *ids, const struct nf_pkt *pkt)
{
	order(ids);
	for (unsigned int i = 0; i < ids->event_cnt; i++) {
		const struct ids_event *e = &ids->events[i];

		nf_alert(ids->nf, pkt,
			 event_json(ids->rules->rules[e->rule], e->limit));
		ids->counts[e->rule].alerts += !e->limit;
		ids->totals.alerts++;
	}
	ids->event_cnt = 0;
}

/* Of what a segment is told to be (docs/ids.md), each once a session. */
void ids_evasion_tell(struct ids *ids, struct ids_session *s,
		      const struct nf_pkt *pkt, uint32_t result, bool drop)
{
	uint32_t new = result & ~s->evasions;

	s->evasions |= result;
	for (; new; new &= new - 1) {
		const char *word = ids_stream_result_name(new & -new);

		ids->totals.evasions++;
		ids->totals.alerts++;
		nf_alert(ids->nf, pkt, json_pack(
			"{s:s, s:s, s:i}", "stream", word, "action",
			drop ? "drop" : "alert", "priority", 2));
	}
}
