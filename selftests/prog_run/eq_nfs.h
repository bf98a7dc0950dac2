/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* NFs of the equivalence test's own: hops, TCP shifts, tags, one that changes its
 * mind, one that is wrong; and nf_table with them, instead of the library's.
 */
#ifndef NFOLD_EQ_NFS_H
#define NFOLD_EQ_NFS_H

#include <arpa/inet.h>

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

/* --- wrong: treats packets of a flow differently and does not say so --- */

static enum nf_verdict wrong(struct nf *nf, struct nf_pkt *pkt)
{
	(void)nf;
	if (pkt->len > 500)
		return nf_drop(pkt, NFOLD_REASON_FIREWALL_DENY);
	return NF_FORWARD;
}

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
	&dos_ops,     &fickle_ops, &firewall_ops, &guard_ops, &hop1_ops,
	&hop2_ops,    &ipfilter_ops, &lb_ops,	  &mark_ops,  &monitor_ops,
	&nat_ops,     &patch_ops,  &policer_ops,  &pop_ops,   &scan_ops,
	&settle_ops,  &shift_ops,  &trunk_ops,	  &tunnel_ops, &wrong_ops,
	NULL,
};

const struct nf_ops *nf_find(const char *name)
{
	for (size_t i = 0; nf_table[i]; i++)
		if (!strcmp(nf_table[i]->name, name))
			return nf_table[i];
	return NULL;
}

#endif
