/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The key of a parsed packet in the shape that serves both families: IPv4
 * addresses in [0] (flow_table.h). User side only.
 */
#ifndef NFOLD_FLOW_KEY_H
#define NFOLD_FLOW_KEY_H

#include "flow.h"
#include "parse.h"

static inline void flow_key_from_parse(struct nfold_key6 *key,
				       const struct nfold_parse *p)
{
	if (p->family == 6) {
		*key = p->key6;
		return;
	}
	*key = (struct nfold_key6){
		.saddr = { p->key4.saddr },
		.daddr = { p->key4.daddr },
		.sport = p->key4.sport,
		.dport = p->key4.dport,
		.zone = p->key4.zone,
		.l4proto = p->key4.l4proto,
		.echo = p->key4.echo,
	};
}

#endif
