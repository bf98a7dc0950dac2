/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The keys of `firewall { ... }`; what they mean stands in README.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../siphash.h"
#include "firewall.h"

static const char *const known[] = {
	"default", "allow", "deny", "per-packet", NULL,
};

static int compile(const char *expr, bool optimise, struct bpf_program *prog,
		   char *message, size_t size)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);
	int err;

	if (!p) {
		snprintf(message, size, "no memory");
		return -1;
	}
	err = pcap_compile(p, prog, expr, optimise, PCAP_NETMASK_UNKNOWN);
	if (err)
		snprintf(message, size, "%s", pcap_geterr(p));
	pcap_close(p);
	return err ? -1 : 0;
}

/* Not optimised: libpcap 1.10.3's optimiser changes what some expressions mean.
 * But it is what notices that one can never match. */
int firewall_compile(const char *expr, struct bpf_program *prog, char *message,
		     size_t size)
{
	struct bpf_program optimised;

	if (!expr[strspn(expr, " \t\r\n")]) {
		snprintf(message, size, "it is empty: everything is for default");
		return -1;
	}
	if (firewall_check_words(expr, message, size) ||
	    compile(expr, true, &optimised, message, size))
		return -1;
	pcap_freecode(&optimised);
	return compile(expr, false, prog, message, size);
}

/* Key-only rules are always welcome; others as `per-packet` says. */
static int check_scope(const struct firewall *fw, struct fw_rule *rule,
		       const struct conf_word *w, struct conf_error *err)
{
	const char *what;

	rule->per_packet = !firewall_key_only_all(&rule->prog, &what);
	if (!rule->per_packet || fw->slow)
		return 0;
	return conf_fail(err, &w->loc,
			 "match on addresses, ports and protocol, or write per-packet slow;",
			 "the expression looks at %s, which differs between packets of a flow",
			 what);
}

static int add_rule(struct firewall *fw, const struct conf_stmt *s, bool allow,
		    struct conf_error *err)
{
	struct fw_rule *rule = &fw->rules[fw->rule_cnt];
	const struct conf_word *w;
	char message[256];

	if (conf_need_words(s, 2, 2, allow ? "allow \"EXPRESSION\"" :
					     "deny \"EXPRESSION\"", err))
		return -1;
	w = &s->words[1];
	if (fw->rule_cnt == FW_RULE_MAX)
		return conf_fail(err, &s->loc, NULL, "more than %d rules",
				 FW_RULE_MAX);
	if (strlen(w->text) > FW_EXPR_MAX)
		return conf_fail(err, &w->loc, "make several rules of it",
				 "expression longer than %d bytes",
				 FW_EXPR_MAX);
	if (firewall_compile(w->text, &rule->prog, message, sizeof(message)))
		return conf_fail(err, &w->loc, "see pcap-filter(7)",
				 "can not use \"%.100s\": %s", w->text,
				 message);
	fw->rule_cnt++;		/* from here on exit frees it */
	rule->allow = allow;
	rule->expr = strdup(w->text);
	if (!rule->expr)
		return conf_fail(err, &w->loc, NULL, "no memory for a rule");
	return check_scope(fw, rule, w, err);
}

/* KEY YES|NO, at most once. *set stays as it is if the key is absent. */
static int read_choice(const struct conf_block *block, const char *key,
		       const char *yes, const char *no, bool *set,
		       struct conf_error *err)
{
	const struct conf_stmt *s = conf_find(block, key);
	char usage[64];

	if (!s)
		return 0;
	snprintf(usage, sizeof(usage), "%s %s|%s", key, yes, no);
	if (conf_need_words(s, 2, 2, usage, err))
		return -1;
	*set = !strcmp(s->words[1].text, yes);
	if (!*set && strcmp(s->words[1].text, no))
		return conf_fail(err, &s->words[1].loc, usage,
				 "%s is %s or %s, not %s", key, yes, no,
				 s->words[1].text);
	return 0;
}

static int set_stmt(struct firewall *fw, const struct conf_block *block,
		    const struct conf_stmt *s, struct conf_error *err)
{
	const char *key = s->words[0].text;

	if (s->block)
		return conf_fail(err, &s->block->loc, "end it with ;",
				 "%s takes no block", key);
	if (!strcmp(key, "allow"))
		return add_rule(fw, s, true, err);
	if (!strcmp(key, "deny"))
		return add_rule(fw, s, false, err);
	if (strcmp(key, "default") && strcmp(key, "per-packet"))
		return conf_unknown(s, known, err);
	if (conf_find(block, key) != s)
		return conf_fail(err, &s->loc, "remove one of them",
				 "%s is given twice", key);
	return 0;		/* read before */
}

static void take_fingerprint(struct firewall *fw)
{
	struct siphash_key key = { { fw->default_allow, fw->slow } };

	for (uint32_t i = 0; i < fw->rule_cnt; i++) {
		const struct fw_rule *r = &fw->rules[i];

		key.k[0] = siphash(r->expr, strlen(r->expr), &key);
		key.k[1] += 2 + r->allow;
	}
	fw->fingerprint = siphash("", 0, &key);
}

static size_t count_rules(const struct conf_block *block)
{
	return block->cnt < FW_RULE_MAX ? block->cnt : FW_RULE_MAX;
}

int firewall_configure(struct firewall *fw, const struct conf_block *block,
		       struct conf_error *err)
{
	fw->rules = calloc(count_rules(block) + 1, sizeof(*fw->rules));
	fw->scratch = malloc(FW_SCRATCH);
	if (!fw->rules || !fw->scratch)
		return conf_fail(err, &block->loc, NULL,
				 "no memory for firewall");
	if (read_choice(block, "default", "allow", "deny", &fw->default_allow,
			err) ||
	    read_choice(block, "per-packet", "slow", "refuse", &fw->slow, err))
		return -1;
	for (size_t i = 0; i < block->cnt; i++)
		if (set_stmt(fw, block, &block->stmts[i], err))
			return -1;
	take_fingerprint(fw);
	return 0;
}
