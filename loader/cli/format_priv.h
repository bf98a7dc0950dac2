/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What text and JSON have in common: loader/cli/format*.c alone. */
#ifndef NFOLD_CLI_FORMAT_PRIV_H
#define NFOLD_CLI_FORMAT_PRIV_H

#include <netinet/in.h>

#include "format.h"

#define ICMP_TYPE_ECHO 8	/* RFC 792 */
#define ICMPV6_TYPE_ECHO 128	/* RFC 4443 */

struct format_tuple {
	int family;
	uint8_t l4proto;
	const __be32 *saddr, *daddr;
	__be16 sport, dport;
};

static inline struct format_tuple tuple_of_key(int family,
					       const struct nfold_key6 *k)
{
	return (struct format_tuple){ family, k->l4proto, k->saddr, k->daddr,
				      k->sport, k->dport };
}

static inline struct format_tuple tuple_of_set(const struct view_flow *f)
{
	const struct nfold_set6 *s = &f->e.set;

	return (struct format_tuple){ f->family, f->e.key.l4proto, s->saddr,
				      s->daddr, s->sport, s->dport };
}

static inline bool tuple_is_echo(const struct format_tuple *t)
{
	return t->l4proto == IPPROTO_ICMP || t->l4proto == IPPROTO_ICMPV6;
}

/* A request has its type on the destination's side, a reply on the source's
 * (flow.h). */
static inline bool tuple_is_request(const struct format_tuple *t)
{
	return ntohs(t->dport) == (t->l4proto == IPPROTO_ICMP ?
					   ICMP_TYPE_ECHO :
					   ICMPV6_TYPE_ECHO);
}

extern const char *const format_fields[NFOLD_FIELD_CNT];
void format_addr(char *buf, size_t size, int family, const __be32 *addr);
const char *format_port(const struct view *v, uint32_t port);

#endif
