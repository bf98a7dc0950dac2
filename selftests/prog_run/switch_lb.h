/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The product's load balancer with the event that SpeedyBox's section VII-C sets:
 * behind the first packets of a direction, counted where they are handled, the
 * destination is another backend. Which sessions have the event, and behind how
 * many packets, the test says.
 */
#ifndef NFOLD_PROG_RUN_SWITCH_LB_H
#define NFOLD_PROG_RUN_SWITCH_LB_H

#include "chains/lb/lb.h"

extern const struct nf_ops lb_ops;

struct switch_session {
	struct lb_session lb;	/* first: what lb takes the blob for */
	struct nfold_cell *cell; /* NULL: without an event */
	bool switched;
};

/* Packets to the first backend of a session from that source port, wire order; 0:
 * no event. */
static uint32_t (*switch_after)(__be16 sport);
static struct nf_addr switch_to;	/* the second backend */

static inline enum nf_verdict switch_event(struct nf *nf, struct nf_pkt *pkt,
					   struct switch_session *s)
{
	static const struct state_function sf = {
		.name = "packets", .kernel = NFOLD_FN_THRESHOLD,
	};
	struct header_action ha = ha_modify_addr(NFOLD_FIELD_DADDR,
						 &switch_to);

	localmat_add_SF(nf, pkt->fid, &sf, s->cell);
	if (!s->switched)
		register_event(nf, pkt->fid, nf_fired, s->cell, &ha, NULL);
	s->switched |= nf_state_run(nf, pkt, &sf, s->cell);
	if (!s->switched)
		return NF_FORWARD;
	nf_pkt_set_daddr(pkt, &switch_to);
	localmat_add_HA(nf, pkt->fid, &ha);
	return NF_FORWARD;
}

static inline enum nf_verdict switch_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct switch_session *s = nf_session(nf, pkt);
	uint32_t after = pkt->reply ? 0 : switch_after(pkt->sport);
	enum nf_verdict v;

	if (pkt->opening && after) {
		s->cell = nf_cell_new(nf);
		if (!s->cell)
			return nf_drop(pkt, NFOLD_REASON_CELLS_FULL);
		s->cell->limit = after;
	}
	v = lb_ops.packet(nf, pkt);
	if (v != NF_FORWARD || pkt->reply || !s->cell)
		return v;
	return switch_event(nf, pkt, s);
}

static inline void switch_expire(struct nf *nf, void *session, uint64_t now)
{
	struct switch_session *s = session;

	if (s->cell)
		nf_cell_free(nf, s->cell);
	s->cell = NULL;
	lb_ops.expire(nf, session, now);
}

static inline const struct nf_ops *switch_lb_ops(void)
{
	static struct nf_ops ops;

	ops = lb_ops;
	ops.session_size = sizeof(struct switch_session);
	ops.cells = 1;
	ops.packet = switch_packet;
	ops.expire = switch_expire;
	ops.save = NULL;
	ops.restore = NULL;
	return &ops;
}

#endif
