/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A flow as JSON. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "format_priv.h"

static json_t *tuple_json(const struct format_tuple *t)
{
	uint16_t sport = ntohs(t->sport), dport = ntohs(t->dport);
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
	bool request;
	json_t *o;

	format_addr(from, sizeof(from), t->family, t->saddr);
	format_addr(to, sizeof(to), t->family, t->daddr);
	o = json_pack("{s:s, s:s}", "saddr", from, "daddr", to);
	if (tuple_is_echo(t)) {
		request = tuple_is_request(t);
		json_object_set_new(o, "icmp_type",
				    json_integer(request ? dport : sport));
		json_object_set_new(o, "icmp_id",
				    json_integer(request ? sport : dport));
		return o;
	}
	json_object_set_new(o, "sport", json_integer(sport));
	json_object_set_new(o, "dport", json_integer(dport));
	return o;
}

static json_t *zone_json(const struct view *v, uint32_t zone)
{
	uint32_t tags = (zone >> NFOLD_ZONE_TAGS_SHIFT) & 3;
	json_t *vlans = json_array();

	if (tags)
		json_array_append_new(
			vlans, json_integer((zone >> NFOLD_ZONE_OUTER_SHIFT) &
					    0xfff));
	if (tags == 2)
		json_array_append_new(vlans, json_integer(zone & 0xfff));
	return json_pack("{s:s, s:o}", "port",
			 format_port(v, NFOLD_ZONE_PORT(zone)), "vlans", vlans);
}

static json_t *writers_json(const struct view_flow *f)
{
	json_t *o = json_object();

	for (int n = 0; n < NFOLD_FIELD_CNT; n++) {
		const char *nf = view_nf(f->view, f->e.writer[n]);

		if (nf)
			json_object_set_new(o, format_fields[n],
					    json_string(nf));
	}
	return o;
}

static json_t *string_or_null(const char *s)
{
	return s ? json_string(s) : json_null();
}

static json_t *action_json(const struct view_flow *f)
{
	static const char *const verdicts[] = {
		[NFOLD_VERDICT_DROP] = "drop",
		[NFOLD_VERDICT_FORWARD] = "forward",
		[NFOLD_VERDICT_HOST] = "host",
		[NFOLD_VERDICT_SLOW] = "slow",
	};
	const struct nfold_act *a = &f->e.act;
	const union nfold_nexthop *nh =
		&f->view->maps.nexthops[a->nexthop % NFOLD_NEXTHOP_MAX];
	char dmac[18];
	json_t *o;

	o = json_pack("{s:s, s:i, s:i, s:i, s:i, s:i}", "verdict",
		      a->verdict < 4 ? verdicts[a->verdict] : "unknown",
		      "ttl_dec", a->ttl_dec, "l3_delta", a->l3_delta,
		      "l4_delta", a->l4_delta, "flags", a->flags, "generation",
		      (int)a->generation);
	if (a->verdict != NFOLD_VERDICT_FORWARD)
		return o;
	snprintf(dmac, sizeof(dmac), "%02x:%02x:%02x:%02x:%02x:%02x",
		 nh->dmac[0], nh->dmac[1], nh->dmac[2], nh->dmac[3],
		 nh->dmac[4], nh->dmac[5]);
	json_object_set_new(o, "nexthop", json_integer(a->nexthop));
	json_object_set_new(o, "out_port",
			    nh->port ? json_string(format_port(f->view,
							     nh->port - 1)) :
				       json_null());
	json_object_set_new(o, "dmac",
			    a->flags & NFOLD_ACT_KEEP_L2 ? json_null() :
							   json_string(dmac));
	json_object_set_new(o, "edit", format_edit_json(f));
	return o;
}

/* The word alone: the reason stands beside it. */
static json_t *state_json(const struct view_flow *f)
{
	char state[64];

	format_state(state, sizeof(state), f);
	state[strcspn(state, ":")] = '\0';
	return json_string(state);
}

static json_t *idle_json(const struct view_flow *f)
{
	uint64_t now = f->view->now_ns, seen = f->cells.last_seen_ns;

	if (!f->view->alive)
		return json_null();
	return json_integer(now > seen ? now - seen : 0);
}

json_t *format_flow_json(const struct view_flow *f)
{
	const struct nfold_key6 *k = &f->e.key;
	const struct format_tuple key = tuple_of_key(f->family, k);
	const struct format_tuple set = tuple_of_set(f);
	const struct nfold_act *a = &f->e.act;
	bool reason = a->verdict == NFOLD_VERDICT_DROP ||
		      a->verdict == NFOLD_VERDICT_SLOW;
	char proto[8];

	return json_pack(
		"{s:s, s:i, s:s, s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:I, s:I, s:o, s:I, s:b, s:o}",
		"chain", f->view->maps.meta->chain, "family", f->family,
		"proto", format_proto(k->l4proto, proto), "direction",
		f->e.reply ? "reply" : "original", "session",
		(json_int_t)f->e.session, "slot", (json_int_t)f->slot, "zone",
		zone_json(f->view, k->zone), "tunnel", format_tunnel_json(f), "key", tuple_json(&key),
		"becomes",
		a->verdict == NFOLD_VERDICT_DROP ? json_null() :
						   tuple_json(&set),
		"writers", writers_json(f), "drop_nf",
		string_or_null(view_nf(f->view, f->e.drop_nf)), "state",
		state_json(f), "class", format_class(f), "reason",
		string_or_null(reason ? format_reason(a->reason) : NULL),
		"tcp_state", string_or_null(format_tcp(f)), "packets",
		(json_int_t)f->cells.packets, "bytes",
		(json_int_t)f->cells.bytes, "idle_ns", idle_json(f),
		"tcp_seen", (json_int_t)f->e.tcp_seen, "paired", f->paired,
		"action", action_json(f));
}
