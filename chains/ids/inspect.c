// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One packet: which rules it might match, by its patterns and its port group;
 * which of them do, in the packet or in what it makes of its stream; what
 * becomes of it.
 */
#include "ids.h"

#include <netinet/in.h>

#define TOLD                                                          \
	(IDS_STREAM_DIFFERS | IDS_STREAM_GAP | IDS_STREAM_LOST |      \
	 IDS_STREAM_RESYN | IDS_STREAM_BAD_SYN)
/* Bytes that are matched when the stream comes to them, or have been. */
#define ELSEWHERE                                                     \
	(IDS_STREAM_HELD | IDS_STREAM_OLD | IDS_STREAM_GAP |          \
	 IDS_STREAM_LOST | IDS_STREAM_URGENT | IDS_STREAM_END)
/* All that a segment in its place and like no other does. */
#define PLAIN                                                         \
	(IDS_STREAM_DELIVERED | IDS_STREAM_MIDSTREAM |                \
	 IDS_STREAM_RESTART | IDS_STREAM_END | IDS_STREAM_URGENT)

struct search {
	struct ids *ids;
	struct ids_view *view;	/* of the packet */
	struct ids_windows windows; /* of its stream */
	bool waits;		/* its payload is matched when the stream comes
				 * to it, or has been */
	uint32_t first, last;	/* words of the candidates that are set */
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

/* The window is the packet's payload and nothing more. */
static bool is_packet(const struct search *s, const struct ids_window *w)
{
	return s->windows.cnt == 1 && !w->fresh && w->len == s->view->len;
}

static enum ids_matched match_window(struct search *s, const struct ids_rule *r,
				     const struct ids_window *w)
{
	struct ids_view v = *s->view;
	enum ids_matched m;

	if ((r->absolute && !w->begins) || (is_packet(s, w) && !r->stream_only))
		return IDS_NO;
	v.bytes = w->bytes;
	v.len = w->len;
	v.fresh = w->fresh;
	v.stream = true;
	m = ids_match(s->ids->rules, r, &v);
	s->view->steps = v.steps;
	return m;
}

/* In the packet, then in its stream. */
static enum ids_matched match_all(struct search *s, const struct ids_rule *r)
{
	enum ids_matched m = IDS_NO;

	if (!s->waits || !r->of_payload || r->packet_only)
		m = ids_match(s->ids->rules, r, s->view);
	if (!r->of_payload || r->packet_only)
		return m;
	for (unsigned int i = 0; i < s->windows.cnt && m == IDS_NO; i++)
		m = match_window(s, r, &s->windows.w[i]);
	return m;
}

static enum ids_verdict gives_up(struct ids *ids, uint32_t index)
{
	ids->totals.limits++;
	ids_event_add(ids, index, true);
	return ids->drop_on_limit ? IDS_DENY : IDS_FORWARD;
}

/* *passes: a pass rule matched, no rule behind it counts. */
static enum ids_verdict try_rule(struct search *s, uint32_t index,
				 bool *passes)
{
	struct ids *ids = s->ids;
	struct ids_view *v = s->view;
	const struct ids_rule *r = ids->rules->rules[index];
	enum ids_matched m;

	if (!ids_match_header(ids->rules, r, v))
		return IDS_FORWARD;
	m = match_all(s, r);
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
static enum ids_verdict try_all(struct search *s)
{
	enum ids_verdict all = IDS_FORWARD, one;
	bool passes = false;

	for (uint32_t w = s->first; w <= s->last; w++) {
		uint64_t bits = s->ids->candidates[w];

		s->ids->candidates[w] = 0;
		for (; bits && !passes; bits &= bits - 1) {
			one = try_rule(s, w * 64 + __builtin_ctzll(bits),
				       &passes);
			if (all == IDS_FORWARD)
				all = one;
		}
	}
	s->ids->totals.passed += passes;
	return passes ? IDS_FORWARD : all;
}

static void search_bytes(struct search *s, const uint8_t *bytes, uint32_t len)
{
	ids_patterns_scan(&s->ids->rules->patterns, bytes, len, on_pattern, s);
}

/* Candidates by their patterns: those that the stream's scan finds, and where
 * that does not see it all, by a search of the bytes at hand. */
static void find_patterns(struct search *s, struct ids_dir *d,
			  const struct nf_pkt *pkt)
{
	const struct ids_view *v = s->view;
	struct ids_windows *w = &s->windows;
	bool streams = v->proto == IDS_PROTO_TCP &&
		       ids_reassemble(s->ids, d, pkt, v->bytes, v->len, w,
				      on_pattern, s);

	s->waits = streams && v->len && !(w->result & ~ELSEWHERE);
	if (!streams || (w->result & ~PLAIN) ||
	    !(w->result & IDS_STREAM_DELIVERED))
		search_bytes(s, v->bytes, v->len);
	for (unsigned int i = 0; w->search && i < w->cnt; i++)
		search_bytes(s, w->w[i].bytes, w->w[i].len);
}

static void find(struct search *s, struct ids_dir *d, const struct nf_pkt *pkt)
{
	if (d->want & IDS_WANT_PACKETS) {
		find_patterns(s, d, pkt);
		for (uint32_t i = 0; i < d->group->plain_cnt; i++)
			add(s, d->group->plain[i]);
	}
	add_keyed(s, d);
	d->told = true;
}

enum ids_verdict ids_inspect(struct ids *ids, struct ids_dir *d,
			     struct nf_pkt *pkt)
{
	struct ids_view v;
	struct search s = { .ids = ids, .view = &v, .first = UINT32_MAX };
	enum ids_verdict verdict = IDS_FORWARD;
	bool drops;

	ids_flow_view(d, pkt, &v);
	v.bytes = nf_pkt_payload(pkt, &v.len);
	find(&s, d, pkt);
	drops = ids_evasion_drops(ids, s.windows.result);
	ids_evasion_tell(ids, d->session, pkt, drops ? s.windows.result :
			 s.windows.result & TOLD, drops);
	if (s.first <= s.last)
		verdict = try_all(&s);
	ids_alerts_tell(ids, pkt);
	ids->totals.packets++;
	ids->totals.bytes += v.len;
	d->packets++;
	d->bytes += v.len;
	if (drops && verdict == IDS_FORWARD)
		return IDS_NORMALISE;
	return verdict;
}
