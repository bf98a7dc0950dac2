/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rules and the flows they decided, as JSON. */
#include "ipfilter.h"

json_t *ipfilter_show(struct nf *nf)
{
	const struct ipfilter *f = nf->priv;
	json_t *list = json_array();

	for (uint32_t i = 0; i < f->rule_cnt; i++)
		json_array_append_new(list, json_pack("{s:s, s:I}",
			"rule", f->rules[i].text,
			"flows", (json_int_t)f->rules[i].flows));
	return json_pack("{s:o, s:I, s:I}", "rules", list,
			 "unmatched_flows", (json_int_t)f->unmatched_flows,
			 "slow_flows", (json_int_t)f->slow_flows);
}
