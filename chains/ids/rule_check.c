// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A rule as a whole: what it lacks, its options in the order of matching, and
 * the content by which it is found.
 */
#include <string.h>

#include <netinet/in.h>

#include "rule_read.h"

#define PRIORITY_DEFAULT 3
#define FAST_MAX 64		/* bytes of a fast pattern: more tell no more */

static bool of_payload(const struct ids_opt *opt)
{
	return opt->kind >= IDS_OPT_CONTENT;
}

/* Headers and the session first: they cost nothing. */
static int order(struct rule_read *r)
{
	struct ids_rule *rule = r->rule;
	uint16_t n = 0;

	rule->opts = arena_alloc(&r->set->arena,
				 rule->opt_cnt * sizeof(*rule->opts) + 1);
	rule->sets = arena_alloc(&r->set->arena,
				 rule->set_cnt * sizeof(*rule->sets) + 1);
	if (!rule->opts || !rule->sets)
		return rule_nomem(r);
	for (int payload = 0; payload < 2; payload++)
		for (uint16_t i = 0; i < rule->opt_cnt; i++)
			if (of_payload(&r->opts[i]) == payload)
				rule->opts[n++] = r->opts[i];
	memcpy(rule->sets, r->sets, rule->set_cnt * sizeof(*rule->sets));
	return 0;
}

static bool is_relative(const struct ids_opt *opt)
{
	switch (opt->kind) {
	case IDS_OPT_CONTENT:
		return opt->content.relative;
	case IDS_OPT_PCRE:
		return opt->pcre.relative;
	case IDS_OPT_BYTE_TEST:
		return opt->test.at.relative;
	case IDS_OPT_BYTE_JUMP:
		return opt->jump.at.relative;
	case IDS_OPT_BYTE_EXTRACT:
		return opt->extract.at.relative;
	case IDS_OPT_ISDATAAT:
		return opt->isdataat.relative;
	}
	return false;
}

/* It says where the next relative one counts from, whatever was before. */
static bool is_anchor(const struct ids_opt *opt)
{
	return !is_relative(opt) &&
	       ((opt->kind == IDS_OPT_CONTENT && !opt->content.negated) ||
		(opt->kind == IDS_OPT_PCRE && !opt->pcre.negated) ||
		opt->kind == IDS_OPT_BYTE_JUMP);
}

static void mark_again(struct ids_rule *rule)
{
	for (uint16_t i = 0; i < rule->opt_cnt; i++)
		for (uint16_t j = i + 1; j < rule->opt_cnt; j++) {
			if (is_relative(&rule->opts[j])) {
				rule->opts[i].again = true;
				break;
			}
			if (is_anchor(&rule->opts[j]))
				break;
		}
}

/* ^ without m, and A: PCRE's ways to say where the payload begins. */
static bool is_absolute(const struct ids_opt *opt)
{
	switch (opt->kind) {
	case IDS_OPT_CONTENT:
		return !opt->content.relative &&
		       (opt->content.has_depth || opt->content.offset.n ||
			opt->content.offset.var);
	case IDS_OPT_PCRE:
		return !opt->pcre.relative && opt->pcre.anchored;
	case IDS_OPT_BYTE_JUMP:
		return !opt->jump.at.relative || opt->jump.from;
	case IDS_OPT_BYTE_TEST:
	case IDS_OPT_BYTE_EXTRACT:
	case IDS_OPT_ISDATAAT:
		return !is_relative(opt);
	}
	return false;
}

/* Where its options can be matched. */
static void note_places(struct ids_rule *rule)
{
	for (uint16_t i = 0; i < rule->opt_cnt; i++) {
		const struct ids_opt *opt = &rule->opts[i];
		uint8_t flow = opt->kind == IDS_OPT_FLOW ? opt->flow : 0;

		rule->of_payload |= of_payload(opt);
		rule->absolute |= is_absolute(opt);
		rule->packet_only |= (flow & IDS_FLOW_NO_STREAM) ||
				     (opt->kind == IDS_OPT_FIELD &&
				      opt->field.field == IDS_F_DSIZE);
		rule->stream_only |= flow & IDS_FLOW_ONLY_STREAM;
	}
}

/* The same for all packets of a flow's direction: flow.h has it in the key. */
static bool of_key(const struct ids_opt *opt)
{
	return opt->kind == IDS_OPT_SAMEIP ||
	       (opt->kind == IDS_OPT_FIELD &&
		(opt->field.field == IDS_F_IP_PROTO ||
		 opt->field.field == IDS_F_ITYPE ||
		 opt->field.field == IDS_F_ICMP_ID));
}

static bool key_only(const struct ids_rule *rule)
{
	for (uint16_t i = 0; i < rule->opt_cnt; i++)
		if (!of_key(&rule->opts[i]))
			return false;
	return !rule->set_cnt && !rule->filter.count && !rule->rate.count;
}

static uint8_t proto_bit(uint32_t number)
{
	switch (number) {
	case IPPROTO_TCP:
		return IDS_PROTO_TCP;
	case IPPROTO_UDP:
		return IDS_PROTO_UDP;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return IDS_PROTO_ICMP;
	}
	return IDS_PROTO_OTHER;
}

/* ip_proto:NUMBER leaves the packets of other protocols alone. */
static void narrow(struct ids_rule *rule)
{
	for (uint16_t i = 0; i < rule->opt_cnt; i++) {
		const struct ids_opt *opt = &rule->opts[i];

		if (opt->kind == IDS_OPT_FIELD &&
		    opt->field.field == IDS_F_IP_PROTO &&
		    opt->field.op == IDS_EQ)
			rule->protos &= proto_bit(opt->field.lo);
	}
}

static int check_fast_only(struct rule_read *r, struct rule_word at)
{
	const struct ids_content *c;

	if (!r->fast || !r->fast->content.only_fast)
		return 0;
	c = &r->fast->content;
	if (!c->relative && !c->has_depth && !c->offset.n && !c->offset.var)
		return 0;
	return rule_fail_word(r->s, at, "take `only` away",
			      "a content that is fast_pattern:only has no place");
}

/* The one that was named, or the longest that must be there. */
static void choose_fast(struct rule_read *r)
{
	const struct ids_content *best = NULL;
	struct ids_rule *rule = r->rule;

	rule->pattern = -1;
	for (uint16_t i = 0; i < rule->opt_cnt; i++) {
		const struct ids_content *c = &rule->opts[i].content;

		if (rule->opts[i].kind != IDS_OPT_CONTENT || c->negated)
			continue;
		if (r->fast ? c->bytes == r->fast->content.bytes :
			      !best || c->len > best->len)
			best = c;
	}
	rule->fast = best;
	if (!best)
		return;
	rule->fast_off = r->fast ? r->fast_off : 0;
	rule->fast_len = r->fast ? r->fast_len : best->len;
	if (rule->fast_len > FAST_MAX)
		rule->fast_len = FAST_MAX;
}

int rule_read_check(struct rule_read *r, struct rule_word at)
{
	struct ids_rule *rule = r->rule;

	if (!rule->sid)
		return rule_fail_word(r->s, at, "as in sid:1000001; own rules begin there",
				      "this rule has no sid");
	if (!rule->priority)
		rule->priority = PRIORITY_DEFAULT;
	if (check_fast_only(r, at) || order(r))
		return -1;
	mark_again(rule);
	note_places(rule);
	narrow(rule);
	choose_fast(r);
	rule->key_only = key_only(rule);
	return 0;
}
