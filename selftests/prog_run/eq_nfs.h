/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* NFs of the equivalence test's own: hops, TCP shifts, tags, one that changes its
 * mind, one that is wrong; and nf_table with them, instead of the library's.
 */
#ifndef NFOLD_EQ_NFS_H
#define NFOLD_EQ_NFS_H

#include <arpa/inet.h>

#include "own_nfs.h"
#include "payload_nfs.h"

static enum nf_verdict hop(struct nf *nf, struct nf_pkt *pkt, uint8_t k)
{
	struct header_action ha = ha_ttl(k);

	if (!nf_pkt_ttl_dec(pkt, k))
		return nf_drop(pkt, NFOLD_REASON_TTL_EXCEEDED);
	localmat_add_HA(nf, pkt->fid, &ha);
	return NF_FORWARD;
}

static enum nf_verdict hop1(struct nf *nf, struct nf_pkt *pkt)
{
	return hop(nf, pkt, 1);
}

static enum nf_verdict hop2(struct nf *nf, struct nf_pkt *pkt)
{
	return hop(nf, pkt, 2);
}

static enum nf_verdict shift(struct nf *nf, struct nf_pkt *pkt)
{
	uint32_t seq = pkt->reply ? 0 : 0x12345678;
	uint32_t ack = pkt->reply ? -0x12345678 : 0;
	struct header_action ha = ha_seq(seq, ack);

	nf_pkt_shift_seq(pkt, seq, ack);
	if (pkt->l4proto == IPPROTO_TCP)
		localmat_add_HA(nf, pkt->fid, &ha);
	return NF_FORWARD;
}

static enum nf_verdict pop(struct nf *nf, struct nf_pkt *pkt)
{
	struct header_action ha = ha_vlan_pop();

	if (nf_pkt_pop_vlan(pkt))
		localmat_add_HA(nf, pkt->fid, &ha);
	return NF_FORWARD;
}

/* A trunk: tagged outside, untagged inside. */
static enum nf_verdict trunk(struct nf *nf, struct nf_pkt *pkt)
{
	struct header_action ha = ha_vlan_push(htons(0x88a8), htons(0x604d));

	if (pkt->outside)
		return pop(nf, pkt);
	if (nf_pkt_push_vlan(pkt, ha.tpid, ha.tci))
		localmat_add_HA(nf, pkt->fid, &ha);
	return NF_FORWARD;
}

/* --- fickle: decides anew when it is told from outside --- */

#define FICKLE_MAX 16	/* instances, of both sides */
#define FICKLE_KINDS 4

struct fickle {
	uint8_t mind[FICKLE_KINDS];	/* 0 forward, 1 remark, 2 drop */
};

struct fickle_session {
	bool known;
	uint8_t kind;
};

static struct nf *fickle_nfs[FICKLE_MAX];

static int fickle_init(struct nf *nf, const struct conf_block *block,
		       struct conf_error *err)
{
	(void)block;
	(void)err;
	nf->priv = calloc(1, sizeof(struct fickle));
	for (int i = 0; i < FICKLE_MAX; i++)
		if (!fickle_nfs[i]) {
			fickle_nfs[i] = nf;
			return 0;
		}
	return -1;
}

static void fickle_exit(struct nf *nf)
{
	for (int i = 0; i < FICKLE_MAX; i++)
		if (fickle_nfs[i] == nf)
			fickle_nfs[i] = NULL;
	free(nf->priv);
}

static enum nf_verdict fickle_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct header_action remark = ha_dscp(10);
	struct header_action drop = ha_drop(NFOLD_REASON_FIREWALL_DENY);
	struct fickle_session *s = nf_session(nf, pkt);
	struct fickle *f = nf->priv;

	if (!s->known)
		s->kind = (ntohs(pkt->sport) + ntohs(pkt->dport)) %
			  FICKLE_KINDS;
	s->known = true;
	if (f->mind[s->kind] == 2) {
		localmat_add_HA(nf, pkt->fid, &drop);
		return nf_drop(pkt, NFOLD_REASON_FIREWALL_DENY);
	}
	if (f->mind[s->kind] == 1) {
		nf_pkt_set_dscp(pkt, 10);
		localmat_add_HA(nf, pkt->fid, &remark);
	}
	return NF_FORWARD;
}

static bool fickle_match(const void *session, void *arg)
{
	const struct fickle_session *s = session;

	return s->known && s->kind == *(uint8_t *)arg;
}

/* Of every instance, so of both sides: another mind about this kind. */
static inline void fickle_turn(uint8_t kind, uint8_t mind)
{
	kind %= FICKLE_KINDS;
	for (int i = 0; i < FICKLE_MAX; i++) {
		if (!fickle_nfs[i] || !fickle_nfs[i]->engine)
			continue;
		((struct fickle *)fickle_nfs[i]->priv)->mind[kind] = mind % 3;
		nf_invalidate(fickle_nfs[i], fickle_match, &kind);
	}
}

/* --- turn, knock: an event whose new action is no drop; its suffix is folded
 * anew. turn remarks from then on, knock lets nothing pass before. --- */

struct turn_session {
	struct nfold_cell *cell;	/* of both directions */
	bool turned;
};

static const struct state_function turn_sf = {
	.name = "turn", .tell = true, .kernel = NFOLD_FN_THRESHOLD,
};

/* False: no cell is left; the flow stays slow. */
static bool turn_run(struct nf *nf, struct nf_pkt *pkt,
		     struct turn_session *s, const struct header_action *update)
{
	if (!s->cell) {
		s->cell = nf_cell_new(nf);
		if (!s->cell)
			return false;
		s->cell->limit = 3 + 4 * nf->index;
	}
	localmat_add_SF(nf, pkt->fid, &turn_sf, s->cell);
	if (!s->turned)
		register_event(nf, pkt->fid, nf_fired, s->cell, update, NULL);
	s->turned |= nf_state_run(nf, pkt, &turn_sf, s->cell);
	return true;
}

static enum nf_verdict turn(struct nf *nf, struct nf_pkt *pkt)
{
	struct turn_session *s = nf_session(nf, pkt);
	struct header_action remark = ha_dscp(46);

	if (!turn_run(nf, pkt, s, &remark))
		localmat_keep_slow(nf, pkt->fid, NFOLD_REASON_CELLS_FULL);
	if (!s->turned)
		return NF_FORWARD;
	nf_pkt_set_dscp(pkt, 46);
	localmat_add_HA(nf, pkt->fid, &remark);
	return NF_FORWARD;
}

static enum nf_verdict knock(struct nf *nf, struct nf_pkt *pkt)
{
	struct turn_session *s = nf_session(nf, pkt);
	struct header_action drop = ha_drop(NFOLD_REASON_FIREWALL_DENY);
	struct header_action pass = { .kind = HA_FORWARD };

	if (!turn_run(nf, pkt, s, &pass))
		localmat_keep_slow(nf, pkt->fid, NFOLD_REASON_CELLS_FULL);
	if (s->turned)
		return NF_FORWARD;
	localmat_add_HA(nf, pkt->fid, &drop);
	return nf_drop(pkt, NFOLD_REASON_FIREWALL_DENY);
}

static void turn_expire(struct nf *nf, void *session, uint64_t now)
{
	struct turn_session *s = session;

	(void)now;
	if (s->cell)
		nf_cell_free(nf, s->cell);
}

/* --- wrong: treats packets of a flow differently and does not say so --- */

static enum nf_verdict wrong(struct nf *nf, struct nf_pkt *pkt)
{
	(void)nf;
	if (pkt->len > 500)
		return nf_drop(pkt, NFOLD_REASON_FIREWALL_DENY);
	return NF_FORWARD;
}

#define TURN_NF(n, fn) \
	{ .name = n, .packet = fn, .expire = turn_expire, .cells = 1, \
	  .session_size = sizeof(struct turn_session), .edits = true }

static const struct nf_ops turn_ops = TURN_NF("turn", turn);
static const struct nf_ops knock_ops = TURN_NF("knock", knock);
static const struct nf_ops hop1_ops = { .name = "hop1", .packet = hop1 };
static const struct nf_ops hop2_ops = { .name = "hop2", .packet = hop2 };
static const struct nf_ops wrong_ops = { .name = "wrong", .packet = wrong };
static const struct nf_ops shift_ops = { .name = "shift", .packet = shift,
					 .edits = true };
static const struct nf_ops pop_ops = { .name = "pop", .packet = pop,
				       .edits = true };
static const struct nf_ops trunk_ops = { .name = "trunk", .packet = trunk,
					 .edits = true };
static const struct nf_ops fickle_ops = {
	.name = "fickle", .session_size = sizeof(struct fickle_session),
	.init = fickle_init, .exit = fickle_exit, .packet = fickle_packet,
	.edits = true,
};

const struct nf_ops *const nf_table[] = {
	&ah_ops,      &dos_ops,	   &fickle_ops, &firewall_ops, &guard_ops, &hop1_ops,
	&hop2_ops,    &ids_ops,     &ipfilter_ops, &knock_ops,  &lb_ops,    &mark_ops,
	&monitor_ops, &nat_ops,	   &outside_ops,  &pace_ops,  &patch_ops,
	&policer_ops, &pop_ops,	   &sample_ops,	  &scan_ops,  &settle_ops,
	&shift_ops,   &sway_ops,   &tally_ops,	  &trunk_ops, &tunnel_ops,
	&turn_ops,    &wrong_ops,  NULL,
};

const struct nf_ops *nf_find(const char *name)
{
	for (size_t i = 0; nf_table[i]; i++)
		if (!strcmp(nf_table[i]->name, name))
			return nf_table[i];
	return NULL;
}

#endif
