// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Classes of rules and their priorities: those that Snort's manual names (table
 * 3.2), and what "config classification: NAME,TEXT,PRIORITY" adds.
 */
#include "rule_read.h"

#include <string.h>

struct ids_classtype {
	struct ids_classtype *next;
	const char *name;
	uint32_t priority;
};

static const struct {
	const char *name;
	uint32_t priority;
} known[] = {
	{ "attempted-admin", 1 }, { "attempted-user", 1 },
	{ "inappropriate-content", 1 }, { "policy-violation", 1 },
	{ "shellcode-detect", 1 }, { "successful-admin", 1 },
	{ "successful-user", 1 }, { "trojan-activity", 1 },
	{ "unsuccessful-user", 1 }, { "web-application-attack", 1 },
	{ "attempted-dos", 2 }, { "attempted-recon", 2 },
	{ "bad-unknown", 2 }, { "default-login-attempt", 2 },
	{ "denial-of-service", 2 }, { "misc-attack", 2 },
	{ "non-standard-protocol", 2 }, { "rpc-portmap-decode", 2 },
	{ "successful-dos", 2 }, { "successful-recon-largescale", 2 },
	{ "successful-recon-limited", 2 }, { "suspicious-filename-detect", 2 },
	{ "suspicious-login", 2 }, { "system-call-detect", 2 },
	{ "unusual-client-port-connection", 2 },
	{ "web-application-activity", 2 }, { "icmp-event", 3 },
	{ "misc-activity", 3 }, { "network-scan", 3 },
	{ "not-suspicious", 3 }, { "protocol-command-decode", 3 },
	{ "string-detect", 3 }, { "unknown", 3 }, { "tcp-connection", 4 },
	{ "file-format", 1 }, { "malware-cnc", 1 }, { "sdf", 2 },
	{ "client-side-exploit", 1 },
};
#define KNOWN_CNT (sizeof(known) / sizeof(known[0]))

/* Priority, or 0: there is no such class. *name: one that stays. */
static uint32_t find(const struct ids_rules *set, struct rule_word w,
		     const char **name)
{
	for (const struct ids_classtype *c = set->classtypes; c; c = c->next)
		if (rule_is(w, c->name)) {
			*name = c->name;
			return c->priority;
		}
	for (size_t i = 0; i < KNOWN_CNT; i++)
		if (rule_is(w, known[i].name)) {
			*name = known[i].name;
			return known[i].priority;
		}
	return 0;
}

/* The priority that stands in the rule counts, wherever it stands. */
int rule_classtype(struct rule_read *r, struct rule_scan *v,
		   struct rule_word name)
{
	struct rule_word w = rule_take_word(v, "");
	const char *names[KNOWN_CNT + 1] = { NULL };
	uint32_t priority = find(r->set, w, &r->rule->classtype);

	(void)name;
	if (!priority) {
		for (size_t i = 0; i < KNOWN_CNT; i++)
			names[i] = known[i].name;
		return rule_fail_word(v, w, *rule_near(w, names) ?
				      rule_near(w, names) :
				      "make it known: config classification: NAME,TEXT,PRIORITY",
				      "there is no class '%.*s'", (int)w.len,
				      w.at);
	}
	if (!r->rule->priority)
		r->rule->priority = priority;
	return 0;
}

int rule_config(struct ids_rules *set, struct rule_scan *s)
{
	struct rule_word what = rule_take_word(s, ":"), name, text, prio;
	struct ids_classtype *c;
	int64_t n;

	if (!rule_is(what, "classification") || !rule_take(s, ':'))
		return rule_fail_word(s, what, "config classification: NAME,TEXT,PRIORITY",
				      "only classifications are configured here");
	if (!rule_take_item(s, &name) || !rule_take_item(s, &text) ||
	    !rule_take_item(s, &prio))
		return rule_fail_word(s, what, "config classification: NAME,TEXT,PRIORITY",
				      "expected a name, a text and a priority");
	if (rule_number(s, prio, 1, 255, "a priority", &n))
		return -1;
	c = arena_alloc(&set->arena, sizeof(*c));
	if (c)
		c->name = arena_copy(&set->arena, name.at, name.len);
	if (!c || !c->name)
		return rule_fail_word(s, what, NULL, "no memory");
	c->priority = n;
	c->next = set->classtypes;
	set->classtypes = c;
	return 0;
}
