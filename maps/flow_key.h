/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The key of a parsed packet in the shape that serves both families: IPv4
 * addresses in [0] (flow_table.h). User side only.
 */
#ifndef NFOLD_FLOW_KEY_H
#define NFOLD_FLOW_KEY_H

#include "flow.h"
#include "parse.h"
#include "parse_tunnel.h"

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
		.tunnel = p->key4.tunnel,
	};
}

/* A frame as the engine parses it. */
struct flow_parse {
	struct nfold_parse came; /* the packet as it came in */
	struct nfold_parse in;	/* the one inside, of a known tunnel's */
	const struct nfold_parse *own; /* of the two the one that makes the
					* flow */
};

/* NONE, or why it can not be a flow. known may be NULL. */
static inline enum nfold_reason flow_parse(struct flow_parse *p, __u8 *data,
					   __u32 len, __u32 port,
					   const struct nfold_tunnels *known)
{
	enum nfold_reason why = nfold_parse(data, data + len, port, &p->came);

	p->own = &p->came;
	if (!why && nfold_parse_tunnels(data, data + len, &p->came, known,
					&p->in))
		p->own = &p->in;
	return why;
}

#endif
