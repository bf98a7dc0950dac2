/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* dos: SpeedyBox's DoS prevention (paper, figure 3) - a flow that sends more
 * SYNs than a threshold is dropped - and the same for the packets of a source
 * in a window of time. Two state functions of the kernel tier, each with an
 * event whose new action is drop.
 */
#include "dos.h"

#include <stdlib.h>

static const struct state_function syn_sf = {
	.name = "syn-threshold",
	.payload = NF_IGNORE,
	.tell = true,
	.kernel = NFOLD_FN_THRESHOLD,
};

static const struct state_function rate_sf = {
	.name = "source-rate",
	.payload = NF_IGNORE,
	.tell = true,
	.kernel = NFOLD_FN_THRESHOLD,
};

/* Runs and records one of the two: true if it fires. */
static bool over(struct nf *nf, const struct nf_pkt *pkt,
		 const struct state_function *sf, struct nfold_cell *cell,
		 enum nfold_reason reason)
{
	struct header_action drop = ha_drop(reason);
	nf_fid fid = nf_extract_fid(pkt);

	localmat_add_SF(nf, fid, sf, cell);
	register_event(nf, fid, nf_fired, cell, &drop, NULL);
	return nf_state_run(nf, pkt, sf, cell);
}

static bool find_syn(struct dos *d, struct dos_session *s)
{
	if (s->syn)
		return true;
	s->syn = cell_map_own(&d->sources);
	if (s->syn)
		*s->syn->cell = d->syn;
	return s->syn;
}

static bool find_source(struct dos *d, struct dos_session *s,
			const struct nf_pkt *pkt)
{
	bool made = false;

	if (s->source)
		return true;
	s->source = cell_map_get(&d->sources, pkt->family, &pkt->saddr,
				 pkt->family == 4 ? 32 : 128, false, &made);
	if (s->source && made)
		*s->source->cell = d->rate;
	return s->source;
}

static enum nf_verdict dos_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct dos_session *s = nf_session(nf, pkt);
	struct dos *d = nf->priv;

	if (pkt->reply)
		return NF_FORWARD;
	if ((d->rate.limit && !find_source(d, s, pkt)) ||
	    (d->syn.limit && !find_syn(d, s)))
		return nf_drop(pkt, NFOLD_REASON_RATE_EXCEEDED);
	if (d->rate.limit && over(nf, pkt, &rate_sf, s->source->cell,
				  NFOLD_REASON_RATE_EXCEEDED))
		return nf_drop(pkt, NFOLD_REASON_RATE_EXCEEDED);
	if (d->syn.limit && over(nf, pkt, &syn_sf, s->syn->cell,
				 NFOLD_REASON_SYN_FLOOD))
		return nf_drop(pkt, NFOLD_REASON_SYN_FLOOD);
	return NF_FORWARD;
}

static void dos_expire(struct nf *nf, void *session, uint64_t now)
{
	struct dos_session *s = session;
	struct dos *d = nf->priv;

	if (s->syn)
		cell_map_put(&d->sources, s->syn, now);
	if (s->source)
		cell_map_put(&d->sources, s->source, now);
}

static void dos_tick(struct nf *nf, uint64_t now)
{
	cell_map_age(&((struct dos *)nf->priv)->sources, now);
}

static void dos_exit(struct nf *nf)
{
	struct dos *d = nf->priv;

	cell_map_free(&d->sources);
	free(d);
}

static json_t *dos_show(struct nf *nf)
{
	struct dos *d = nf->priv;

	return json_pack("{s:I, s:o}", "closed_drops",
			 (json_int_t)d->sources.fires, "sources",
			 cell_map_dump(&d->sources));
}

const struct nf_ops dos_ops = {
	.name = "dos",
	.summary = "drops SYN floods and sources above a packet rate",
	.session_size = sizeof(struct dos_session),
	.cells = 2,
	.init = dos_init,
	.exit = dos_exit,
	.packet = dos_packet,
	.expire = dos_expire,
	.tick = dos_tick,
	.show = dos_show,
};
