// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* ACTION PROTOCOL ADDRESSES PORTS -> ADDRESSES PORTS */
#include "rule_read.h"

static const char *const actions[] = { "pass", "drop", "sdrop", "reject",
				       "alert", "log", NULL };

static int read_protocol(struct rule_read *r)
{
	static const char *const names[] = { "ip", "tcp", "udp", "icmp", NULL };
	static const uint8_t bits[] = { IDS_PROTO_ALL, IDS_PROTO_TCP,
					IDS_PROTO_UDP, IDS_PROTO_ICMP };
	struct rule_word w = rule_take_word(r->s, "(;");
	int n = rule_choice(r->s, w, names, "a protocol");

	if (n < 0)
		return -1;
	r->rule->protos = bits[n];
	return 0;
}

/* Only TCP and UDP have ports: in a rule on another they must be any. */
static int read_end(struct rule_read *r, struct ids_end *end)
{
	const char *start;

	if (addr_set_read(&r->set->addrs, &r->set->arena, &r->set->vars, r->s,
			  &end->addrs))
		return -1;
	rule_skip(r->s);
	start = r->s->at;
	if (port_set_read(&r->set->ports, &r->set->vars, r->s, &end->ports))
		return -1;
	if (end->ports == PORT_ANY || r->rule->protos == IDS_PROTO_TCP ||
	    r->rule->protos == IDS_PROTO_UDP)
		return 0;
	return rule_fail(r->s, start, r->s->at - start,
			 "write any, or a rule on tcp and one on udp",
			 "rules on ip and icmp have no ports");
}

static int read_arrow(struct rule_read *r)
{
	struct rule_word w = rule_take_word(r->s, "(;");

	r->rule->both_ways = rule_is(w, "<>");
	if (r->rule->both_ways || rule_is(w, "->"))
		return 0;
	return rule_fail_word(r->s, w, rule_is(w, "<-") ?
			      "put the sender first, and write ->" :
			      "-> from the first to the second, <> both ways",
			      "'%.*s' is not a direction", (int)w.len, w.at);
}

int rule_read_header(struct rule_read *r)
{
	struct rule_word w = rule_take_word(r->s, "(;");
	int action = rule_choice(r->s, w, actions,
				 "an action, ipvar, portvar, var or config");

	if (action < 0)
		return -1;
	r->rule->action = action;
	if (read_protocol(r) || read_end(r, &r->rule->src) || read_arrow(r) ||
	    read_end(r, &r->rule->dst))
		return -1;
	if (rule_take(r->s, '('))
		return 0;
	return rule_fail(r->s, r->s->at, 1,
			 "as in (msg:\"...\"; sid:1000001;)",
			 "expected the options, in parentheses");
}
