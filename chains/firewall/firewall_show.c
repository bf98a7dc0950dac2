/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rules and the sessions they decided, as JSON. */
#include "firewall.h"

static const char *verdict_name(bool allow)
{
	return allow ? "allow" : "deny";
}

static json_t *rule_json(const struct fw_rule *r)
{
	return json_pack("{s:s, s:s, s:b, s:I}",
			 "action", verdict_name(r->allow),
			 "match", r->expr,
			 "per_packet", r->per_packet,
			 "sessions", (json_int_t)r->sessions);
}

json_t *firewall_show(struct nf *nf)
{
	const struct firewall *fw = nf->priv;
	json_t *list = json_array();

	for (uint32_t i = 0; i < fw->rule_cnt; i++)
		json_array_append_new(list, rule_json(&fw->rules[i]));
	return json_pack("{s:o, s:s, s:I, s:I}",
			 "rules", list,
			 "default", verdict_name(fw->default_allow),
			 "default_sessions", (json_int_t)fw->default_sessions,
			 "slow_sessions", (json_int_t)fw->slow_sessions);
}
