/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Event Table (SpeedyBox section V-C1): what the directions' records register,
 * what began lately, and events from outside. Conditions are not polled: XDP and
 * nf_state_run() meet them where the state changes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine_priv.h"
#include "tuple.h"

#define EVENT_LOG_MAX 256
#define EVENT_TEXT_MAX 256

struct logged {
	struct nfold_event ev;
	struct nfold_key6 key;	/* of the packet's flow, as it came in */
	bool known;		/* that */
	bool open;		/* the NF is at it: what it does is not known */
	/* from outside; of ev only time_ns and nf are set then: */
	char what[16];		/* "health", "set"; "": not from outside */
	char text[EVENT_TEXT_MAX];
	uint32_t sessions;	/* that it invalidated */
};

struct event_log {
	struct logged last[EVENT_LOG_MAX];
	uint64_t cnt;		/* ever */
};

static const char *const fire_words[] = {
	[NFOLD_FIRE_NONE] = "tell",
	[NFOLD_FIRE_DROP] = "drop",
	[NFOLD_FIRE_REFOLD] = "refold",
};

int event_init(struct engine *e)
{
	e->events = calloc(1, sizeof(*e->events));
	return e->events ? 0 : -ENOMEM;
}

void event_fini(struct engine *e)
{
	free(e->events);
}

static struct flow *flow_of_slot(struct engine *e, int family, uint32_t slot)
{
	struct flow_table *t = engine_table(e, family);
	struct flow_entry fe;

	if (!slot || slot > flow_table_slots(t) ||
	    !flow_table_read(t, slot - 1, &fe, NULL))
		return NULL;
	return flow_find(e, family, &fe.key);
}

/* The NF's own reaction, of the direction whose packet met the condition. */
static void call_update(const struct engine *e, struct flow *f,
			const struct nfold_event *ev)
{
	for (uint16_t i = 0; i < f->lmat.cnt; i++) {
		struct lmat_record *r = &f->lmat.records[i];

		if (r->kind == LMAT_EVENT && r->nf == ev->nf &&
		    r->update_function &&
		    r->arg == own_cell(e, ev->own, ev->cell))
			r->update_function(r->arg);
	}
}

/* f: NULL if it is gone. */
static struct logged *log_add(struct engine *e, const struct flow *f,
			      const struct nfold_event *ev)
{
	struct event_log *log = e->events;
	struct logged *l = &log->last[log->cnt++ % EVENT_LOG_MAX];

	*l = (struct logged){ .ev = *ev };
	if (f) {
		l->key = f->key;
		l->ev.family = f->family;
		l->known = true;
	}
	return l;
}

void event_begin(struct engine *e, struct flow *f, const struct nfold_event *ev,
		 bool tell)
{
	if (tell)
		log_add(e, f, ev);
	if (f)
		call_update(e, f, ev);
}

void event_begin_walk(struct engine *e, struct flow *f,
		      const struct nfold_event *ev, bool tell)
{
	if (tell)
		log_add(e, f, ev)->open = e->event_open = true;
	call_update(e, f, ev);
}

/* The event that the NF has recorded over the cell; NULL: none. */
static const struct lmat_record *record_of(const struct engine *e,
					   const struct lmat *m,
					   const struct nfold_event *ev)
{
	for (uint16_t i = 0; i < m->cnt; i++) {
		const struct lmat_record *r = &m->records[i];

		if (r->kind == LMAT_EVENT && r->nf == ev->nf &&
		    r->arg == own_cell(e, ev->own, ev->cell))
			return r;
	}
	return NULL;
}

void event_close(struct engine *e, const struct flow *f, bool dropped,
		 uint8_t reason)
{
	struct event_log *log = e->events;

	e->event_open = false;
	for (uint64_t i = log->cnt; i-- > 0;) {
		struct logged *l = &log->last[i % EVENT_LOG_MAX];
		const struct lmat_record *r;

		if (!l->open)
			return;
		r = record_of(e, &f->lmat, &l->ev);
		l->open = false;
		if (r ? r->update && r->action.kind == HA_DROP : dropped)
			l->ev.on_fire = NFOLD_FIRE_DROP;
		else if (r && r->update)
			l->ev.on_fire = NFOLD_FIRE_REFOLD;
		l->ev.reason = r ? r->action.reason : reason;
		if (!l->ev.reason)
			l->ev.reason = NFOLD_REASON_NF_DROP;
	}
}

/* XDP is told of each event when all are to be logged; the NF only of its own. */
static bool function_tells(const struct engine *e, const struct flow *f,
			   const struct nfold_event *ev)
{
	for (uint16_t i = 0; i < f->lmat.cnt; i++) {
		const struct lmat_record *r = &f->lmat.records[i];

		if (r->kind == LMAT_FUNCTION && r->nf == ev->nf &&
		    r->function->kernel &&
		    r->arg == own_cell(e, ev->own, ev->cell))
			return r->function->tell;
	}
	return false;
}

void engine_event(struct engine *e, const struct nfold_event *ev)
{
	struct flow *f;

	if (!own_cell(e, ev->own, ev->cell) ||
	    ev->on_fire > NFOLD_FIRE_REFOLD)
		return;
	f = flow_of_slot(e, ev->family == 6 ? 6 : 4, ev->slot);
	log_add(e, f, ev);
	if (f && (!e->conf.tell_all || function_tells(e, f, ev)))
		call_update(e, f, ev);
}

void event_outside(struct engine *e, const struct nf *nf,
		   const char *what, const char *text, uint32_t before)
{
	struct nfold_event ev = { .time_ns = e->now, .nf = nf->index };
	struct logged *l = log_add(e, NULL, &ev);

	l->sessions = e->invalidated - before;
	snprintf(l->what, sizeof(l->what), "%s", what);
	snprintf(l->text, sizeof(l->text), "%s", text);
}

/* --- shown --- */

static const char *nf_name(const struct engine *e, uint8_t nf)
{
	return nf < e->chain->nf_cnt ? e->conf.nfs[nf]->ops->name : "?";
}

static json_t *outside_json(const struct engine *e,
			    const struct logged *l)
{
	return json_pack("{s:I, s:s, s:i, s:s, s:s, s:I}", "time_ns",
			 (json_int_t)l->ev.time_ns, "nf",
			 nf_name(e, l->ev.nf), "nf_index", l->ev.nf, "action",
			 l->what, "text", l->text, "sessions",
			 (json_int_t)l->sessions);
}

static json_t *event_json(const struct engine *e, const struct logged *l)
{
	const struct nfold_event *ev = &l->ev;
	const struct nfold_cell *c = own_cell(e, ev->own, ev->cell);
	json_t *o = json_pack("{s:I, s:s, s:i, s:s, s:I, s:I}",
			      "time_ns", (json_int_t)ev->time_ns,
			      "nf", nf_name(e, ev->nf), "nf_index", ev->nf,
			      "action", fire_words[ev->on_fire],
			      "cell", (json_int_t)ev->cell,
			      "fires", (json_int_t)c->fires);

	json_object_set_new(o, "len", json_integer(ev->len));
	if (l->known)
		tuple_add(o, ev->family, l->key.l4proto, l->key.saddr,
			  l->key.sport, l->key.daddr, l->key.dport);
	if (ev->on_fire == NFOLD_FIRE_DROP)
		json_object_set_new(o, "reason",
				    json_string(reason_word(ev->reason)));
	return o;
}

json_t *engine_event_show(struct engine *e, uint64_t since)
{
	const struct event_log *log = e->events;
	uint64_t first = log->cnt > EVENT_LOG_MAX ? log->cnt - EVENT_LOG_MAX :
						    0;
	json_t *list = json_array();

	for (uint64_t i = since > first ? since : first; i < log->cnt; i++) {
		const struct logged *l = &log->last[i % EVENT_LOG_MAX];

		json_array_append_new(list, *l->what ? outside_json(e, l) :
						       event_json(e, l));
	}
	return json_pack("{s:I, s:o}", "began", (json_int_t)log->cnt, "events",
			 list);
}

/* The function that the event stands on: the NF's last before it with the same
 * cell. */
static const char *function_of(const struct lmat *m, uint16_t event)
{
	for (uint16_t i = event; i-- > 0;)
		if (m->records[i].kind == LMAT_FUNCTION &&
		    m->records[i].arg == m->records[event].arg)
			return m->records[i].function->name;
	return "condition";
}

static void list_add(const struct engine *e, json_t *all, const struct lmat *m,
		     uint16_t i)
{
	const struct lmat_record *r = &m->records[i];
	const char *action = !r->update			 ? "tell" :
			     r->action.kind == HA_DROP	 ? "drop" :
							   "refold";
	char key[128];
	json_t *o;

	snprintf(key, sizeof(key), "%u/%s/%s", r->nf, function_of(m, i),
		 action);
	o = json_object_get(all, key);
	if (!o) {
		o = json_pack("{s:s, s:i, s:s, s:s, s:i}", "nf",
			      nf_name(e, r->nf), "nf_index", r->nf, "function",
			      function_of(m, i), "action", action, "flows", 0);
		json_object_set_new(all, key, o);
	}
	json_object_set_new(o, "flows",
			    json_integer(json_integer_value(
						 json_object_get(o, "flows")) +
					 1));
}

json_t *engine_event_list(struct engine *e)
{
	json_t *all = json_object(), *list = json_array(), *o;
	const char *key;

	for (uint32_t i = 0; i < e->chain->nf_cnt; i++)
		outside_list(e, i, list);

	for (uint32_t id = 1; id <= e->flow_ids.cnt; id++) {
		struct flow *f = flow_by_id(e, id);

		for (uint16_t i = 0; f && !f->dead && i < f->lmat.cnt; i++)
			if (f->lmat.records[i].kind == LMAT_EVENT)
				list_add(e, all, &f->lmat, i);
	}
	json_object_foreach(all, key, o)
		json_array_append(list, o);
	json_decref(all);
	return list;
}
