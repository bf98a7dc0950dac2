/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* policer: a token bucket for each flow direction, host or prefix. The bucket is
 * a state function of the kernel tier, the drop an event on it: the packet
 * without a token is dropped where it is met, in XDP or here.
 */
#include "policer.h"

#include <stdlib.h>

static const struct state_function bucket_sf = {
	.name = "token-bucket",
	.payload = NF_IGNORE,
	.kernel = NFOLD_FN_BUCKET,
};

/* The host is the one that opened the session, as it stands at this place. */
static struct cell_ref *bucket_find(struct policer *p, const struct nf_pkt *pkt)
{
	const struct nf_addr *host = pkt->reply ? &pkt->daddr : &pkt->saddr;
	unsigned int len = pkt->family == 4 ? p->len4 : p->len6;
	struct cell_ref *r;
	bool made = true;

	if (p->per == POLICER_FLOW)
		r = cell_map_own(&p->buckets);
	else
		r = cell_map_get(&p->buckets, pkt->family, host, len,
				 pkt->reply, &made);
	if (r && made)
		*r->cell = p->bucket;
	return r;
}

static enum nf_verdict policer_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct policer_session *s = nf_session(nf, pkt);
	struct cell_ref **ref = &s->ref[pkt->reply];
	struct header_action drop = ha_drop(NFOLD_REASON_POLICED);
	nf_fid fid = nf_extract_fid(pkt);
	bool empty;

	if (!*ref)
		*ref = bucket_find(nf->priv, pkt);
	if (!*ref)
		return nf_drop(pkt, NFOLD_REASON_POLICED);
	empty = nf_state_run(nf, pkt, &bucket_sf, (*ref)->cell);
	localmat_add_SF(nf, fid, &bucket_sf, (*ref)->cell);
	register_event(nf, fid, nf_fired, (*ref)->cell, &drop, NULL);
	return empty ? nf_drop(pkt, NFOLD_REASON_POLICED) : NF_FORWARD;
}

static void policer_expire(struct nf *nf, void *session, uint64_t now)
{
	struct policer_session *s = session;
	struct policer *p = nf->priv;

	for (int i = 0; i < 2; i++)
		if (s->ref[i])
			cell_map_put(&p->buckets, s->ref[i], now);
}

static void policer_tick(struct nf *nf, uint64_t now)
{
	cell_map_age(&((struct policer *)nf->priv)->buckets, now);
}

static void policer_exit(struct nf *nf)
{
	struct policer *p = nf->priv;

	cell_map_free(&p->buckets);
	free(p);
}

static json_t *policer_show(struct nf *nf)
{
	struct policer *p = nf->priv;

	return json_pack("{s:I, s:o}", "closed_drops",
			 (json_int_t)p->buckets.fires, "buckets",
			 cell_map_dump(&p->buckets));
}

const struct nf_ops policer_ops = {
	.name = "policer",
	.summary = "token bucket per flow, host or prefix",
	.session_size = sizeof(struct policer_session),
	.cells = 2,
	.init = policer_init,
	.exit = policer_exit,
	.packet = policer_packet,
	.expire = policer_expire,
	.tick = policer_tick,
	.show = policer_show,
};
