/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* engine_explain(): a flow direction's records and what they folded to, as
 *
 *	{direction, nfs: [RECORD...], why_slow, slow_nf, action,
 *	 fields: [FIELD...]}
 *
 *	RECORD	{nf, actions: [{action, field, value, reason}...],
 *		 functions: [NAME...], events: [{action, ...}...]}, every NF
 *		of the chain in the order in which the direction walks it; ran
 *		false: a drop came before. value: what a modify writes, hops of
 *		ttl, dscp, or the tag's TCI of vlan-push. action of an event:
 *		what it changes to, or "tell"
 *	action	{verdict, reason, drop_nf, nexthop, ttl_dec, keep_l2,
 *		 set: {saddr, daddr, sport, dport}}; null while why_slow
 *	FIELD	{field, was, becomes, writer, overwritten: [{nf, value}...],
 *		cancelled}, one for each field that somebody wrote; cancelled:
 *		a later NF dropped, so that nothing leaves with it
 *
 * NFs are named as in engine_nf_show(); ports are in host order.
 */
#include <arpa/inet.h>
#include <string.h>

#include "../maps/flow_key.h"
#include "engine_priv.h"

static const char *const action_words[] = {
	[HA_FORWARD] = "forward", [HA_DROP] = "drop", [HA_MODIFY] = "modify",
	[HA_ENCAP] = "encap",	  [HA_DECAP] = "decap",
	[HA_VLAN_PUSH] = "vlan-push", [HA_VLAN_POP] = "vlan-pop",
	[HA_TTL] = "ttl",	  [HA_DSCP] = "dscp",
	[HA_SEQ] = "seq",	  [HA_HOP] = "hop",
};

static const char *const field_words[NFOLD_FIELD_CNT] = {
	[NFOLD_FIELD_SADDR] = "saddr",
	[NFOLD_FIELD_DADDR] = "daddr",
	[NFOLD_FIELD_SPORT] = "sport",
	[NFOLD_FIELD_DPORT] = "dport",
};

static const char *const verdict_words[] = {
	[NFOLD_VERDICT_DROP] = "drop",
	[NFOLD_VERDICT_FORWARD] = "forward",
	[NFOLD_VERDICT_HOST] = "host",
	[NFOLD_VERDICT_SLOW] = "slow",
};

static json_t *nf_json(struct engine *e, uint8_t index1)
{
	char label[64];

	if (!index1)
		return json_null();
	engine_nf_label(e, index1 - 1, label, sizeof(label));
	return json_string(label);
}

static json_t *addr_json(int family, const void *addr)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(family == 4 ? AF_INET : AF_INET6, addr, text, sizeof(text));
	return json_string(text);
}

static json_t *modify_value(const struct flow *f,
			    const struct header_action *ha)
{
	if (ha->field == NFOLD_FIELD_SADDR || ha->field == NFOLD_FIELD_DADDR)
		return addr_json(f->family, ha->addr.a);
	return json_integer(ntohs(ha->port));
}

static json_t *action_json(const struct flow *f,
			   const struct header_action *ha)
{
	json_t *o = json_pack("{s:s}", "action", action_words[ha->kind]);

	if (ha->kind == HA_MODIFY && ha->field < NFOLD_FIELD_CNT) {
		json_object_set_new(o, "field",
				    json_string(field_words[ha->field]));
		json_object_set_new(o, "value", modify_value(f, ha));
	}
	if (ha->kind == HA_TTL || ha->kind == HA_DSCP)
		json_object_set_new(o, "value", json_integer(ha->value));
	if (ha->kind == HA_VLAN_PUSH)
		json_object_set_new(o, "value", json_integer(ntohs(ha->tci)));
	if (ha->kind == HA_DROP)
		json_object_set_new(o, "reason",
				    json_string(reason_word(ha->reason)));
	return o;
}

static json_t *event_json(const struct flow *f, const struct lmat_record *r)
{
	return r->update ? action_json(f, &r->action) :
			   json_pack("{s:s}", "action", "tell");
}

static const struct lmat_record *find_drop(const struct lmat *m)
{
	for (uint16_t i = 0; i < m->cnt; i++)
		if (m->records[i].kind == LMAT_ACTION &&
		    m->records[i].action.kind == HA_DROP)
			return &m->records[i];
	return NULL;
}

static json_t *record_json(struct engine *e, const struct flow *f, uint8_t nf,
			   bool ran)
{
	json_t *actions = json_array(), *functions = json_array();
	json_t *events = json_array();

	for (uint16_t i = 0; i < f->lmat.cnt; i++) {
		const struct lmat_record *r = &f->lmat.records[i];

		if (r->nf != nf)
			continue;
		if (r->kind == LMAT_ACTION)
			json_array_append_new(actions,
					      action_json(f, &r->action));
		else if (r->kind == LMAT_EVENT)
			json_array_append_new(events, event_json(f, r));
		else
			json_array_append_new(functions,
					      json_string(r->function->name));
	}
	return json_pack("{s:o, s:b, s:o, s:o, s:o}", "nf",
			 nf_json(e, nf + 1), "ran", ran, "actions", actions,
			 "functions", functions, "events", events);
}

/* In the order of the walk; NFs behind a recorded drop never ran. */
static json_t *nfs_json(struct engine *e, const struct flow *f)
{
	const struct lmat_record *drop = find_drop(&f->lmat);
	bool backwards = f->session->outside != f->reply;
	uint32_t cnt = e->chain->nf_cnt;
	json_t *nfs = json_array();
	bool ran = true;

	for (uint32_t i = 0; i < cnt; i++) {
		uint8_t nf = backwards ? cnt - 1 - i : i;

		json_array_append_new(nfs, record_json(e, f, nf, ran));
		if (drop && drop->nf == nf)
			ran = false;
	}
	return nfs;
}

static json_t *fold_json(struct engine *e, const struct flow *f)
{
	const struct gmat_entry *g = &f->entry;
	json_t *set;

	if (f->why_slow)
		return json_null();
	set = json_pack("{s:o, s:o, s:i, s:i}", "saddr",
			addr_json(f->family, g->set.saddr), "daddr",
			addr_json(f->family, g->set.daddr), "sport",
			ntohs(g->set.sport), "dport", ntohs(g->set.dport));
	return json_pack("{s:s, s:s, s:o, s:i, s:i, s:b, s:o}", "verdict",
			 verdict_words[g->act.verdict], "reason",
			 reason_word(g->act.reason), "drop_nf",
			 nf_json(e, g->drop_nf), "nexthop", g->act.nexthop,
			 "ttl_dec", g->act.ttl_dec, "keep_l2",
			 !!(g->act.flags & NFOLD_ACT_KEEP_L2), "set", set);
}

static json_t *old_value(const struct flow *f, int field)
{
	switch (field) {
	case NFOLD_FIELD_SADDR:
		return addr_json(f->family, f->key.saddr);
	case NFOLD_FIELD_DADDR:
		return addr_json(f->family, f->key.daddr);
	case NFOLD_FIELD_SPORT:
		return json_integer(ntohs(f->key.sport));
	}
	return json_integer(ntohs(f->key.dport));
}

/* The last write stays (rule P2); those before it are listed. */
static json_t *field_json(struct engine *e, const struct flow *f, int field)
{
	const struct lmat_record *last = NULL;
	json_t *over = json_array();

	for (uint16_t i = 0; i < f->lmat.cnt; i++) {
		const struct lmat_record *r = &f->lmat.records[i];

		if (r->kind != LMAT_ACTION || r->action.kind != HA_MODIFY ||
		    (int)r->action.field != field)
			continue;
		if (last)
			json_array_append_new(
				over, json_pack("{s:o, s:o}", "nf",
						nf_json(e, last->nf + 1),
						"value",
						modify_value(f, &last->action)));
		last = r;
	}
	if (last)
		return json_pack("{s:s, s:o, s:o, s:o, s:o, s:b}", "field",
				 field_words[field], "was",
				 old_value(f, field), "becomes",
				 modify_value(f, &last->action), "writer",
				 nf_json(e, last->nf + 1), "overwritten", over,
				 "cancelled", find_drop(&f->lmat) != NULL);
	json_decref(over);
	return NULL;
}

static json_t *fields_json(struct engine *e, const struct flow *f)
{
	json_t *fields = json_array();

	for (int i = 0; i < NFOLD_FIELD_CNT; i++) {
		json_t *o = field_json(e, f, i);

		if (o)
			json_array_append_new(fields, o);
	}
	return fields;
}

static struct flow *flow_of(struct engine *e, const uint8_t *frame,
			    uint32_t len, uint32_t port)
{
	struct flow_parse parse;
	struct nfold_key6 key;

	/* The parser takes writable bytes, but writes none. */
	if (flow_parse(&parse, (void *)frame, len, port, e->conf.maps.tunnels))
		return NULL;
	flow_key_from_parse(&key, parse.own);
	return flow_find(e, parse.own->family, &key);
}

json_t *engine_explain(struct engine *e, const uint8_t *frame, uint32_t len,
		       uint32_t port)
{
	struct flow *f = flow_of(e, frame, len, port);

	if (!f)
		return NULL;
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "direction",
			 f->reply ? "reply" : "original", "nfs",
			 nfs_json(e, f), "why_slow",
			 f->why_slow ? json_string(reason_word(f->why_slow)) :
				       json_null(),
			 "slow_nf", nf_json(e, f->lmat.slow_nf),
			 "action", fold_json(e, f), "fields",
			 fields_json(e, f));
}
