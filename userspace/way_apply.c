// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A packet of a folded flow that reached user space: its payload state functions
 * if it has any, then the entry, by the code that XDP applies it with.
 */
#include <netinet/in.h>

#include "../maps/act.h"
#include "way_priv.h"

/* The folded action on the packet, by the code that XDP applies it with. */
static enum nfold_reason apply_action(struct engine *e, const struct flow *f,
				      struct engine_pkt *p,
				      const struct nfold_parse *parse,
				      const struct nfold_edit *edit)
{
	const struct gmat_entry *g = &f->entry;
	struct nfold_set4 set4 = {
		.saddr = g->set.saddr[0],
		.daddr = g->set.daddr[0],
		.sport = g->set.sport,
		.dport = g->set.dport,
	};

	if (edit)
		edit_packet(edit, &g->act, p->data, p->len, parse);
	if (f->family == 4)
		nfold_apply4(p->data, p->data + p->len, parse, &set4, &g->act);
	else
		nfold_apply6(p->data, p->data + p->len, parse, &g->set,
			     &g->act);
	if (!edit)
		return NFOLD_REASON_NONE;
	return edit_frame(edit, edits_tmpls(e->edits), &p->data, &p->len,
			  &p->room, parse);
}

/* The entry, behind its state functions: verdict, action. o: the packet as it
 * came, if it may have been written to. */
static enum engine_verdict apply_entry(struct engine *e, struct flow *f,
				       struct engine_pkt *p,
				       const struct nfold_parse *parse,
				       const struct origin *o)
{
	const struct nfold_act *act = &f->entry.act;
	struct nfold_edit word;
	const struct nfold_edit *edit =
		act->edit ? edits_at(e->edits, act->edit, &word) : NULL;
	enum nfold_reason why;

	if (act->verdict == NFOLD_VERDICT_DROP) {
		e->drop_nf = f->entry.drop_nf;
		return way_drop(e, act->reason);
	}
	if (act->verdict == NFOLD_VERDICT_HOST)
		return way_drop(e, NFOLD_REASON_HOST_FIRST);
	if (act->ttl_dec && parse->ttl <= act->ttl_dec)
		return way_dies(e, p, o);
	if (way_too_big(e, parse->l3_len + act->grow, act->nexthop)) {
		if (o && !origin_restore(o, &p->data, &p->len, &p->room))
			return way_drop(e, NFOLD_REASON_TOO_BIG);
		return way_refuse_big(e, p, act->nexthop, act->grow);
	}
	why = apply_action(e, f, p, parse, edit);
	if (why)
		return way_drop(e, why);
	p->outcome = NFOLD_REASON_SLOW_ENTRY;
	return way_emit(e, p, act->nexthop);
}

enum engine_verdict way_apply(struct engine *e, struct flow *f,
			      struct engine_pkt *p,
			      const struct nfold_parse *parse,
			      struct nf_pkt *pkt)
{
	enum nfold_reason why = e->ran.cnt ? NFOLD_REASON_EVENT_FIRED :
					     state_steps(e, f, pkt);
	struct origin o;

	if (why == NFOLD_REASON_EVENT_FIRED) {
		origin_save(&o, pkt, parse);
		return way_refold(e, f, p, pkt, &o, NULL);
	}
	gmat_count(e, f, p->len, false);
	if (why)
		return way_drop(e, why);
	return apply_entry(e, f, p, parse, NULL);
}

/* A payload function dropped it: the NFs before have counted it, those behind
 * never saw it. */
static enum engine_verdict payload_dropped(struct engine *e, struct flow *f,
					   struct engine_pkt *p,
					   const struct nf_pkt *pkt,
					   const struct origin *o,
					   uint16_t record)
{
	struct lmat_record *r = &f->lmat.records[record];
	uint8_t why = pkt->drop_reason ? pkt->drop_reason
				       : NFOLD_REASON_NF_DROP;

	e->drop_nf = r->nf + 1;
	lmat_add_counts(&f->lmat, record, 1, p->len);
	gmat_count(e, f, p->len, true);
	if (!r->function->may_drop)
		gmat_slow(e, f, NFOLD_REASON_RECORD_MISMATCH);
	if (!pkt->reset)
		return way_drop(e, why);
	if (pkt->l4proto == IPPROTO_TCP)
		gmat_tcp_seen(e, f, NFOLD_TCP_RST);
	return way_resets(e, p, o, why);
}

struct steps_ctx {
	struct engine *e;
	struct flow *f;
	const struct nf_pkt *pkt;
	enum nfold_reason why;	/* it goes no further: as state_steps() */
};

static bool run_step(void *ctx, unsigned int n)
{
	struct steps_ctx *s = ctx;

	s->why = state_step(s->e, s->f, s->pkt, n);
	return !s->why;
}

/* Class payload: the state functions, those of the kernel tier at their places
 * (N43), then the folded action; where a function wrote behind a header action,
 * or no entry can say them (N14), the rest of the header actions one by one. */
enum engine_verdict way_apply_payload(struct engine *e, struct flow *f,
				      struct engine_pkt *p,
				      const struct nfold_parse *parse,
				      struct nf_pkt *pkt)
{
	const struct nfold_act *act = &f->entry.act;
	struct egress eg = {.verdict = act->verdict,
			    .nexthop = act->nexthop,
			    .router = !e->chain->wire};
	struct steps_ctx ctx = { .e = e, .f = f, .pkt = pkt };
	struct batch_steps steps = { .steps = state_steps_of(e, f),
				     .run = run_step, .ctx = &ctx };
	struct batch_result r;
	struct origin o;

	origin_save(&o, pkt, parse);
	if (!batch_run(e->batches, &f->lmat, pkt, &steps, &r) && !ctx.why)
		return payload_dropped(e, f, p, pkt, &o, r.stopped - 1);
	if (ctx.why == NFOLD_REASON_EVENT_FIRED)
		return way_refold(e, f, p, pkt, &o, &r);
	if (r.settled && !lmat_has_live(&f->lmat) && !f->entry.one_by_one)
		gmat_settle(e, f);
	gmat_count(e, f, p->len, false);
	if (ctx.why)
		return way_drop(e, ctx.why);
	if ((!r.moved && !f->entry.one_by_one) ||
	    act->verdict == NFOLD_VERDICT_DROP)
		return apply_entry(e, f, p, parse, &o);
	if (!batch_finish(&f->lmat, &r, pkt))
		return way_drop(e, NFOLD_REASON_NO_ROOM);
	p->outcome = NFOLD_REASON_SLOW_ENTRY;
	return way_leave(e, p, pkt, &o, &eg);
}
