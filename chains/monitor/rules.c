// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "rules.h"

#include <stdlib.h>
#include <string.h>

#include "../key_match.h"
#include "monitor.h"

static int check_name(const struct rules *r, const struct conf_word *w,
		      struct conf_error *err)
{
	if (!*w->text || strlen(w->text) > RULE_NAME_MAX)
		return conf_fail(err, &w->loc, NULL,
				 "a rule's name has 1 to %d bytes",
				 RULE_NAME_MAX);
	for (uint32_t i = 0; i < r->cnt; i++)
		if (!strcmp(r->v[i].name, w->text))
			return conf_fail(err, &w->loc, "rename one of them",
					 "there are two rules '%s'", w->text);
	return 0;
}

int rules_add(struct rules *r, const struct conf_stmt *s,
	      struct conf_error *err)
{
	struct rule *rule = &r->v[r->cnt];

	if (conf_need_words(s, 3, 3, "rule NAME \"EXPRESSION\"", err))
		return -1;
	if (r->cnt == RULES_MAX)
		return conf_fail(err, &s->loc, "use a second monitor",
				 "more than %d rules", RULES_MAX);
	if (check_name(r, &s->words[1], err) ||
	    key_match_compile(&rule->prog, &s->words[2], err))
		return -1;
	r->cnt++;		/* from here on rules_free() frees it */
	strcpy(rule->name, s->words[1].text);
	rule->expr = strdup(s->words[2].text);
	return rule->expr ? 0 : conf_fail(err, &s->loc, NULL, "no memory");
}

void rules_free(struct rules *r)
{
	if (!r)
		return;
	for (uint32_t i = 0; i < r->cnt; i++) {
		pcap_freecode(&r->v[i].prog);
		free(r->v[i].expr);
	}
	free(r);
}

uint64_t rules_open(struct rules *r, const struct monitor_key *key)
{
	struct nf_pkt pkt = {
		.family = key->family,
		.l4proto = key->l4proto,
		.icmp_type = key->icmp_type,
		.saddr = key->saddr,
		.daddr = key->daddr,
		.sport = key->sport,
		.dport = key->dport,
	};
	uint64_t set = 0;

	for (uint32_t i = 0; i < r->cnt; i++) {
		if (!key_match(&r->v[i].prog, &pkt))
			continue;
		set |= UINT64_C(1) << i;
		r->v[i].flows++;
	}
	return set;
}

void rules_close(struct rules *r, uint64_t set, const struct nf_count *c)
{
	for (uint32_t i = 0; set; i++, set >>= 1) {
		if (!(set & 1))
			continue;
		r->v[i].flows--;
		count_add(&r->v[i].closed, c);
	}
}

void rules_open_clear(struct rules *r)
{
	for (uint32_t i = 0; i < r->cnt; i++)
		r->v[i].open = (struct nf_count){ 0 };
}

void rules_open_add(struct rules *r, uint64_t set, const struct nf_count *c)
{
	for (uint32_t i = 0; set; i++, set >>= 1)
		if (set & 1)
			count_add(&r->v[i].open, c);
}

json_t *rules_show(const struct rules *r)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < r->cnt; i++) {
		struct nf_count sum = r->v[i].closed;

		count_add(&sum, &r->v[i].open);
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:i, s:I, s:I}", "rule",
					r->v[i].name, "match", r->v[i].expr,
					"flows", (int)r->v[i].flows, "packets",
					(json_int_t)sum.packets, "bytes",
					(json_int_t)sum.bytes));
	}
	return list;
}
