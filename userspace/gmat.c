// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Global MAT: what a direction's records fold to, its entry in the flow table,
 * and the hand-over from slow path to fast path.
 *
 * Hand-over (DESIGN section 4). An entry is installed pending: XDP still punts
 * the flow's packets, but counts them in the entry. It takes over, by one
 * compare-exchange that fails if XDP has punted one more meanwhile, when
 *  (1) no packet of the flow is held by the engine or counted as punted, and
 *  (2) none that was punted before the entry existed can still be unseen: a
 *      packet punted as PENDING has been seen (rings are in order), or all
 *      rings were empty since, and the bound has passed.
 * After the bound it takes over anyway, and HANDOVER_FORCED counts it - except
 * while packets wait for a next hop, for then they would be overtaken.
 */
#include <string.h>

#include "engine_priv.h"

#define TCP_CLOSED (NFOLD_TCP_FIN | NFOLD_TCP_RST)

static void pending_add(struct engine *e, struct flow *f)
{
	f->pending = true;
	f->punted = false;
	f->drained = false;
	f->pending_ns = e->now;
	f->pending_next = e->pending;
	f->pending_prev = &e->pending;
	if (e->pending)
		e->pending->pending_prev = &f->pending_next;
	e->pending = f;
}

void gmat_pending_clear(struct flow *f)
{
	if (!f->pending)
		return;
	*f->pending_prev = f->pending_next;
	if (f->pending_next)
		f->pending_next->pending_prev = f->pending_prev;
	f->pending = false;
}

static void cells_tcp_seen(struct engine *e, struct flow *f, uint32_t bits)
{
	struct nfold_cells *c;

	if (f->slot == FLOW_SLOT_NONE || !bits)
		return;
	c = flow_table_cells(engine_table(e, f->family), f->slot);
	__atomic_fetch_or(&c->tcp_seen, bits, __ATOMIC_RELAXED);
}

/* A direction without an entry tells the other's entry that it has closed. */
static uint32_t peer_closed(const struct flow *f)
{
	const struct flow *peer = f->session->dir[!f->reply];

	return peer && peer->slot == FLOW_SLOT_NONE &&
			       (peer->tcp_seen & TCP_CLOSED) ?
		       NFOLD_TCP_PEER_CLOSED : 0;
}

void gmat_tcp_seen(struct engine *e, struct flow *f, uint8_t flags)
{
	struct flow *peer = f->session->dir[!f->reply];

	f->tcp_seen |= flags;
	cells_tcp_seen(e, f, flags);
	if (peer && (flags & TCP_CLOSED))
		cells_tcp_seen(e, peer, peer_closed(peer));
}

static void flow_entry_fill(struct engine *e, struct flow *f,
			    struct flow_entry *fe)
{
	struct flow *peer = f->session->dir[!f->reply];

	*fe = (struct flow_entry){
		.key = f->key,
		.set = f->entry.set,
		.act = f->entry.act,
		.session = f->session->id,
		.reply = f->reply,
		.drop_nf = f->entry.drop_nf,
		.now_ns = e->now,
		.tcp_seen = f->tcp_seen | peer_closed(f),
	};
	if (f->payload) {
		fe->act.verdict = NFOLD_VERDICT_SLOW;
		fe->act.reason = NFOLD_REASON_STATE_FUNCTION;
	}
	memcpy(fe->writer, f->entry.writer, sizeof(fe->writer));
	if (peer && peer->slot != FLOW_SLOT_NONE)
		fe->peer = peer->slot + 1;
}

static void peer_link(struct engine *e, struct flow *f)
{
	struct flow *peer = f->session->dir[!f->reply];

	if (peer && peer->slot != FLOW_SLOT_NONE)
		flow_table_set_peer(engine_table(e, peer->family), peer->slot,
				    f->slot + 1);
}

/* The entry's old steps go once nothing leads to them; all, if there is none. */
static void steps_follow(struct engine *e, struct flow *f)
{
	uint32_t old = f->steps;

	f->steps = f->entry.act.steps;
	if (old != f->steps)
		steps_put(e, old);
	if (f->slot != FLOW_SLOT_NONE)
		return;
	steps_put(e, f->steps);
	f->steps = 0;
}

void gmat_edit_put(struct engine *e, uint32_t *ref)
{
	if (*ref)
		edits_put(e->edits, *ref);
	*ref = 0;
}

/* The entry is published: the record of the one before it is not used. */
static void edit_replaced(struct engine *e, struct flow *f)
{
	if (f->edit != f->entry.act.edit)
		gmat_edit_put(e, &f->edit);
	f->edit = f->entry.act.edit;
}

static void install(struct engine *e, struct flow *f)
{
	struct flow_table *t = engine_table(e, f->family);
	bool forward = f->entry.act.verdict == NFOLD_VERDICT_FORWARD &&
		       !f->payload;
	struct flow_entry fe;

	flow_entry_fill(e, f, &fe);
	fe.pending = forward;
	gmat_pending_clear(f);
	if (f->slot != FLOW_SLOT_NONE) {
		flow_table_replace(t, f->slot, &fe);
		steps_follow(e, f);
		edit_replaced(e, f);
		if (forward)
			pending_add(e, f);
		return;
	}
	f->slot = flow_table_install(t, &fe);
	steps_follow(e, f);
	if (f->slot == FLOW_SLOT_NONE) {
		gmat_edit_put(e, &f->entry.act.edit);
		f->why_slow = NFOLD_REASON_TABLE_FULL;
		engine_count(e, NFOLD_REASON_TABLE_FULL);
		return;
	}
	f->told_packets = 0;
	f->told_bytes = 0;
	edit_replaced(e, f);
	peer_link(e, f);
	if (forward)
		pending_add(e, f);
}

/* Holds what the NFs recorded against what they did: an NF whose records are
 * wrong makes its flows slow, never wrong. */
static bool records_true(const struct engine *e, const struct flow *f,
			 const struct edit_plan *plan, const struct nf_pkt *pkt,
			 const struct egress *egress)
{
	const struct gmat_entry *g = &f->entry;
	bool router = egress && egress->router && !pkt->hopped &&
		      egress->verdict == NFOLD_VERDICT_FORWARD;

	if (!egress || g->act.verdict == NFOLD_VERDICT_DROP)
		return !egress && g->act.verdict == NFOLD_VERDICT_DROP;
	if (g->one_by_one)
		return e->origin && origin_gives_steps(e->origin, &f->lmat,
						       e->came, pkt);
	if (pkt->edited || plan->used || g->act.ttl_dec != router)
		return e->origin &&
		       origin_gives(e->origin, g, plan, router, pkt);
	return !memcmp(g->set.saddr, pkt->saddr.a, sizeof(g->set.saddr)) &&
	       !memcmp(g->set.daddr, pkt->daddr.a, sizeof(g->set.daddr)) &&
	       g->set.sport == pkt->sport && g->set.dport == pkt->dport;
}

static enum nfold_reason edit_take(struct engine *e, struct flow *f,
				   const struct edit_plan *plan)
{
	struct nfold_act *act = &f->entry.act;

	act->edit = e->edits ? edits_take(e->edits, plan) : 0;
	act->grow = plan->edit.grow;
	if (plan->edit.flags &
	    (NFOLD_EDIT_DSCP | NFOLD_EDIT_SEQ | NFOLD_EDIT_UNWRAP))
		act->flags |= NFOLD_ACT_EDIT_PACKET;
	return act->edit ? NFOLD_REASON_NONE : NFOLD_REASON_TABLE_FULL;
}

/* The outer header's UDP source port is not the flow's constant. */
static bool outer_varies(const struct engine *e, const struct flow *f)
{
	uint8_t kind = e->conf.maps.tunnels->v[f->key.tunnel - 1].kind;

	return kind == NFOLD_TUNNEL_VXLAN || kind == NFOLD_TUNNEL_GUE;
}

/* Is there an NF before this one (all of them: nf_cnt) that may look at it? */
static bool outer_seen(const struct engine *e, const struct flow *f, uint32_t nf)
{
	uint32_t cnt = e->chain->nf_cnt;
	bool backwards = flow_is_backwards(f);

	for (uint32_t i = 0; i < cnt; i++) {
		uint32_t at = backwards ? cnt - 1 - i : i;

		if (at == nf)
			return false;
		if (!e->conf.nfs[at]->ops->tunnels)
			return true;
	}
	return false;
}

/* N12: does an NF see the tunnel's header that the packet came in, and may it
 * find there what differs from packet to packet, or change the packet inside? */
static bool outer_matters(const struct engine *e, const struct flow *f)
{
	const struct lmat *m = &f->lmat;
	uint16_t i = 0;

	for (; i < m->cnt; i++) {
		const struct lmat_record *r = &m->records[i];

		if (r->kind == LMAT_ACTION && r->action.kind == HA_DECAP)
			break;
		if (r->kind == LMAT_FUNCTION &&
		    r->function->payload == NF_WRITE)
			return true;
	}
	return outer_varies(e, f) &&
	       outer_seen(e, f, i < m->cnt ? m->records[i].nf :
					     e->chain->nf_cnt);
}

static enum nfold_reason fold(struct engine *e, struct flow *f,
			      const struct nf_pkt *pkt,
			      const struct egress *egress)
{
	static const struct egress none = { 0 };
	struct edit_plan plan;
	enum nfold_reason why;

	if (!e->conf.fold)
		return NFOLD_REASON_NO_FOLD;
	if (f->key.tunnel && !f->lmat.why_slow && outer_matters(e, f))
		return NFOLD_REASON_ENCAP;
	why = consolidate(&f->entry, &plan, &f->key, f->family, &f->lmat,
			  egress ? egress : &none);
	if (!why && !records_true(e, f, &plan, pkt, egress))
		why = NFOLD_REASON_RECORD_MISMATCH;
	if (!why && plan.used)
		why = edit_take(e, f, &plan);
	if (!why) {
		why = steps_build(e, f);
		if (why)
			gmat_edit_put(e, &f->entry.act.edit);
	}
	return why;
}

/* Kernel, payload or slow. */
static void note_class(struct engine *e, struct flow *f, enum nfold_reason why)
{
	bool payload = !why && lmat_has_live(&f->lmat);

	/* Other kinds are a packet's outcome and counted where it is decided. */
	if (why != NFOLD_REASON_NONE && why != f->why_slow &&
	    reason_kind(why) == NFOLD_KIND_NOTE)
		engine_count(e, why);
	if (payload && !f->payload)
		engine_count(e, NFOLD_REASON_STATE_FUNCTION);
	f->why_slow = why;
	f->payload = payload;
	f->retry_ns = e->now + NF_SEC;
}

static void install_class(struct engine *e, struct flow *f)
{
	if (f->why_slow != NFOLD_REASON_NONE) {
		memset(&f->entry, 0, sizeof(f->entry));
		f->entry.act.verdict = NFOLD_VERDICT_SLOW;
		f->entry.act.reason = f->why_slow;
	}
	if (f->partial)
		f->entry.act.flags |= NFOLD_ACT_CSUM_PARTIAL;
	f->entry.act.generation = f->generation;
	install(e, f);
}

void gmat_fold(struct engine *e, struct flow *f, const struct nf_pkt *pkt,
	       const struct egress *egress)
{
	enum nfold_reason why = fold(e, f, pkt, egress);

	f->generation = e->conf.maps.ctl->generation;
	note_class(e, f, why);
	if (why == NFOLD_REASON_NO_FOLD)
		return;
	install_class(e, f);
}

void gmat_settle(struct engine *e, struct flow *f)
{
	f->payload = false;
	install(e, f);
}

void gmat_slow(struct engine *e, struct flow *f, enum nfold_reason why)
{
	note_class(e, f, why);
	install_class(e, f);
}

void gmat_invalidate(struct engine *e, struct flow *f)
{
	if (!f)
		return;
	if (f->slot != FLOW_SLOT_NONE)
		flow_table_invalidate(engine_table(e, f->family), f->slot);
	f->generation = 0;
}

void gmat_count(struct engine *e, struct flow *f, uint32_t len, bool told)
{
	struct nfold_cells *c;

	if (f->slot == FLOW_SLOT_NONE)
		return;
	c = flow_table_cells(engine_table(e, f->family), f->slot);
	__atomic_fetch_add(&c->packets, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&c->bytes, len, __ATOMIC_RELAXED);
	__atomic_store_n(&c->last_seen_ns, e->now, __ATOMIC_RELAXED);
	if (told) {
		f->told_packets++;
		f->told_bytes += len;
	}
}

void gmat_try_handover(struct engine *e, struct flow *f)
{
	if (!f->pending || f->held)
		return;
	if (!f->punted &&
	    !(f->drained && e->now - f->pending_ns >= ENGINE_HANDOVER_NS))
		return;
	if (flow_table_ready(engine_table(e, f->family), f->slot))
		gmat_pending_clear(f);
}

bool gmat_handover_tick(struct engine *e)
{
	struct flow *f, *next;
	bool under_way = false;

	for (f = e->pending; f; f = next) {
		next = f->pending_next;
		gmat_try_handover(e, f);
		if (!f->pending || f->waiting)
			continue;
		if (e->now - f->pending_ns < ENGINE_HANDOVER_NS) {
			under_way = true;
			continue;
		}
		flow_table_force(engine_table(e, f->family), f->slot);
		gmat_pending_clear(f);
		engine_count(e, NFOLD_REASON_HANDOVER_FORCED);
	}
	return under_way;
}
