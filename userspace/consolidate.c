// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The paper's rules (section V-B):
 *
 *  P1 drop: if the list holds a drop, the result is drop.
 *  P2 modify: of two writes of a field the later one stays.
 *  P3 modify of different fields: both stay (there: by XOR and OR).
 *  P4 encap, decap: a stack; adjacent ones of the same header cancel.
 *  P5 checksum, TTL, MAC, length: once, at the end.
 *
 * Ours, and where they differ:
 *
 *  N1 Records end with the NF that dropped: NFs after it never saw the packet,
 *     so their state functions are not in the list and do not run; those
 *     before it are, and do (P1 says nothing of them).
 *  N2 The result is final values of all four fields, not masks: a field that
 *     nobody wrote keeps the key's value, so one set of stores does for every
 *     flow.
 *  N3 Each checksum correction is one precomputed sum, since the old value of
 *     every rewritten field is a constant of the flow. TTL - 1 is part of it.
 *  N4 The result of encap and decap is a stack: what is left of the packet's own
 *     headers is stripped, what is left of ours is pushed, as templates that
 *     flows share. A decap of a tunnel header that came from the wire is folded
 *     if the key is the inner packet's (N11); any other stays slow, and so does
 *     a direction with more than two tunnels or two tags.
 *  N5 DSCP: the last writer wins; ECN is the packet's and stays. The old value
 *     is the packet's too: the checksum is corrected by arithmetic.
 *  N6 TCP sequence and acknowledgement shifts add up, modulo 2^32.
 *  N7 TTL - k adds up over the hops, the router's own included; a packet whose
 *     TTL is not above the sum dies on the way. XDP punts it, and it walks the
 *     chain, so that the NFs before its hop see it and those behind do not.
 *     This holds of a folded drop as well: it may die before the drop.
 *  N8 An action after an encap is one on the outer header: it edits the template.
 *     A decap of the same header takes that along. The router's own TTL - 1 is
 *     the inner packet's (RFC 2003 section 3.1).
 *  N9 A pop takes the last push back. A pop of the packet's own tag followed by a
 *     push of the same id is not nothing: PCP and DEI were the packet's.
 *  N10 The next hop follows the outermost destination; the MTU counts outer bytes.
 *  N11 What comes in a known tunnel's header is a flow by the packet inside. Its
 *     decap is an edit that takes off what stands in front of that.
 *  N12 What NFs before that decap do to the outer header goes with it; TTL - k of
 *     it can not be folded, and neither can what leaves with it still on.
 *  N13 The router's own TTL - 1 is done where an NF asks for it, since what it
 *     puts around the packet seals it: the sum is the same, but a packet may
 *     now die at that NF's place.
 *  N14 AH in transport mode lies where no template can be put. If functions need
 *     each packet in user space anyway, the actions are done there one by one;
 *     else it is not folded.
 */
#include "consolidate.h"

#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "../maps/csum.h"

static void modify(struct gmat_entry *g, const struct lmat_record *r)
{
	const struct header_action *ha = &r->action;

	switch (ha->field) {
	case NFOLD_FIELD_SADDR:
		memcpy(g->set.saddr, ha->addr.a, sizeof(g->set.saddr));
		break;
	case NFOLD_FIELD_DADDR:
		memcpy(g->set.daddr, ha->addr.a, sizeof(g->set.daddr));
		break;
	case NFOLD_FIELD_SPORT:
		g->set.sport = ha->port;
		break;
	case NFOLD_FIELD_DPORT:
		g->set.dport = ha->port;
		break;
	default:
		return;
	}
	g->writer[ha->field] = r->nf + 1;
}

static uint64_t addr_delta(const struct nfold_key6 *key,
			   const struct nfold_set6 *set)
{
	uint64_t delta = 0;

	for (int i = 0; i < 4; i++)
		delta += csum_diff32(key->saddr[i], set->saddr[i]) +
			 csum_diff32(key->daddr[i], set->daddr[i]);
	return delta;
}

/* N3. ICMP over IPv4 has no pseudo-header: only its identifier counts. */
static void set_deltas(struct gmat_entry *g, const struct nfold_key6 *key,
		       int family)
{
	uint64_t addrs = addr_delta(key, &g->set);
	uint64_t ports = csum_diff16(key->sport, g->set.sport) +
			 csum_diff16(key->dport, g->set.dport);

	if (family == 4)
		g->act.l3_delta = csum_fold(addrs +
					    (uint64_t)g->act.ttl_dec *
						    CSUM_TTL_DEC);
	g->act.l4_delta = csum_fold(
		key->l4proto == IPPROTO_ICMP ? ports : addrs + ports);
}

static bool set_is_key(const struct nfold_set6 *set,
		       const struct nfold_key6 *key)
{
	return !memcmp(set->saddr, key->saddr, sizeof(set->saddr)) &&
	       !memcmp(set->daddr, key->daddr, sizeof(set->daddr)) &&
	       set->sport == key->sport && set->dport == key->dport;
}

/* N7. More than any TTL is as good as any. */
static void ttl_add(struct gmat_entry *g, uint8_t k)
{
	g->act.ttl_dec = g->act.ttl_dec > 255 - k ? 255 : g->act.ttl_dec + k;
}

/* False: can not be folded. */
static bool add_action(struct gmat_entry *g, struct edit_plan *plan,
		       const struct lmat_record *r)
{
	const struct header_action *ha = &r->action;

	if (ha->kind == HA_FORWARD || ha->kind == HA_DROP)
		return true;
	if (ha->kind == HA_HOP) {
		if (plan->wrapped)
			return false;
		if (!g->hop)
			ttl_add(g, 1);
		g->hop = true;
		return true;
	}
	if (edit_plan_is_covered(plan) || plan->wrapped ||
	    (ha->kind != HA_MODIFY && ha->kind != HA_TTL))
		return edit_plan_add(plan, ha);
	if (ha->kind == HA_TTL)
		ttl_add(g, ha->value);
	else
		modify(g, r);
	return true;
}

/* P1 with N1: the drop is the list's last header action. */
static bool find_drop(struct gmat_entry *g, const struct lmat *m)
{
	for (uint16_t i = 0; i < m->cnt; i++) {
		const struct lmat_record *r = &m->records[i];

		if (r->kind != LMAT_ACTION || r->action.kind != HA_DROP)
			continue;
		g->act.verdict = NFOLD_VERDICT_DROP;
		g->act.reason = r->action.reason;
		g->drop_nf = r->nf + 1;
		return true;
	}
	return false;
}

enum nfold_reason consolidate(struct gmat_entry *out, struct edit_plan *plan,
			      const struct nfold_key6 *key, int family,
			      const struct lmat *m, const struct egress *egress)
{
	struct gmat_entry g = { 0 };

	edit_plan_begin(plan, key, family);
	if (m->why_slow)
		return m->why_slow;
	memcpy(g.set.saddr, key->saddr, sizeof(g.set.saddr));
	memcpy(g.set.daddr, key->daddr, sizeof(g.set.daddr));
	g.set.sport = key->sport;
	g.set.dport = key->dport;
	for (uint16_t i = 0; i < m->cnt; i++)
		if (m->records[i].kind == LMAT_ACTION &&
		    !add_action(&g, plan, &m->records[i]))
			return NFOLD_REASON_ENCAP;
	edit_plan_end(plan);
	if (find_drop(&g, m)) {
		plan->used = false;
	} else if (plan->wrapped) {
		return NFOLD_REASON_ENCAP;
	} else {
		if (plan->one_by_one && !lmat_has_live(m))
			return NFOLD_REASON_ENCAP;
		g.one_by_one = plan->one_by_one;
		g.act.verdict = egress->verdict;
		g.act.nexthop = egress->nexthop;
		if (egress->router && !g.hop &&
		    egress->verdict == NFOLD_VERDICT_FORWARD)
			ttl_add(&g, 1);
		g.act.flags = egress->router ? 0 : NFOLD_ACT_KEEP_L2;
	}
	set_deltas(&g, key, family);
	if (set_is_key(&g.set, key))
		g.act.flags |= NFOLD_ACT_NO_REWRITE;
	*out = g;
	return NFOLD_REASON_NONE;
}
