// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One packet: which rules it might match, by its patterns and its port group;
 * which of them do; what becomes of it.
 */
#include "ids.h"

#include <netinet/in.h>

/* While candidates are collected. */
struct search {
	struct ids *ids;
	const struct ids_view *view;
	uint32_t first, last;	/* words of the bits that are set */
};

static void add(struct search *s, uint32_t rule)
{
	uint32_t word = rule / 64;

	s->ids->candidates[word] |= UINT64_C(1) << (rule % 64);
	if (word < s->first)
		s->first = word;
	if (word > s->last)
		s->last = word;
}

static void on_pattern(void *ctx, uint32_t pattern)
{
	struct search *s = ctx;
	const struct ids_rules *set = s->ids->rules;
	const struct ids_patterns *p = &set->patterns;

	for (uint32_t i = p->first[pattern]; i < p->first[pattern + 1]; i++) {
		const struct ids_rule *r = set->rules[p->rules[i]];

		if ((r->protos & s->view->proto) && (r->dirs & s->view->dir))
			add(s, p->rules[i]);
	}
}

/* Rules on the flow key speak once for the direction, but for those that drop
 * what no other lets pass. */
static void add_keyed(struct search *s, const struct ids_dir *d)
{
	for (uint32_t i = 0; i < d->group->keyed_cnt; i++) {
		const struct ids_rule *r =
			s->ids->rules->rules[d->group->keyed[i]];

		if (!d->told || r->action < IDS_ALERT)
			add(s, d->group->keyed[i]);
	}
}

/* How a match is heard: by its session, and by people. */
static bool hears(struct ids *ids, uint32_t index, struct ids_view *v)
{
	const struct ids_rule *r = ids->rules->rules[index];
	bool heard;

	if (r->filter.count &&
	    !ids_rate_hears(&ids->rates, r, &r->filter, v->pkt))
		return false;
	ids_flowbits_do(ids->rules, r, v->bits);
	ids->counts[index].matches++;
	heard = !r->noalert && r->action != IDS_SDROP && r->action != IDS_PASS;
	if (heard && r->rate.count)
		heard = ids_rate_hears(&ids->rates, r, &r->rate, v->pkt);
	if (heard)
		ids_event_add(ids, index, false);
	return true;
}

static enum ids_verdict gives_up(struct ids *ids, uint32_t index)
{
	ids->totals.limits++;
	ids_event_add(ids, index, true);
	return ids->drop_on_limit ? IDS_DENY : IDS_FORWARD;
}

/* *passes: a pass rule matched, no rule behind it counts. */
static enum ids_verdict try_rule(struct ids *ids, uint32_t index,
				 struct ids_view *v, bool *passes)
{
	const struct ids_rule *r = ids->rules->rules[index];
	enum ids_matched m;

	if (!ids_match_header(ids->rules, r, v))
		return IDS_FORWARD;
	m = ids_match(ids->rules, r, v);
	if (m == IDS_LIMIT)
		return gives_up(ids, index);
	if (m == IDS_NO || !hears(ids, index, v))
		return IDS_FORWARD;
	*passes = r->action == IDS_PASS;
	if (r->action == IDS_REJECT)
		return IDS_RESET;
	return r->action == IDS_DROP || r->action == IDS_SDROP ? IDS_DENY :
								 IDS_FORWARD;
}

/* Candidates in the order of evaluation. The first drop or reject says how. */
static enum ids_verdict try_all(struct search *s, struct ids_view *v)
{
	enum ids_verdict all = IDS_FORWARD, one;
	bool passes = false;

	for (uint32_t w = s->first; w <= s->last; w++) {
		uint64_t bits = s->ids->candidates[w];

		s->ids->candidates[w] = 0;
		for (; bits && !passes; bits &= bits - 1) {
			one = try_rule(s->ids, w * 64 + __builtin_ctzll(bits),
				       v, &passes);
			if (all == IDS_FORWARD)
				all = one;
		}
	}
	s->ids->totals.passed += passes;
	return passes ? IDS_FORWARD : all;
}

enum ids_verdict ids_inspect(struct ids *ids, struct ids_dir *d,
			     struct nf_pkt *pkt)
{
	struct ids_view v;
	struct search s = { .ids = ids, .view = &v, .first = UINT32_MAX };
	enum ids_verdict verdict = IDS_FORWARD;

	ids_flow_view(d, pkt, &v);
	v.bytes = nf_pkt_payload(pkt, &v.len);
	if (d->want & IDS_WANT_PACKETS) {
		ids_patterns_scan(&ids->rules->patterns, v.bytes, v.len,
				  on_pattern, &s);
		for (uint32_t i = 0; i < d->group->plain_cnt; i++)
			add(&s, d->group->plain[i]);
	}
	add_keyed(&s, d);
	d->told = true;
	if (s.first <= s.last)
		verdict = try_all(&s, &v);
	ids_alerts_tell(ids, pkt);
	ids->totals.packets++;
	ids->totals.bytes += v.len;
	d->packets++;
	d->bytes += v.len;
	return verdict;
}
