/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* lb: spreads the sessions of virtual services over backends by Maglev's table
 * and keeps each session on the backend it began with, until that is gone.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "lb.h"

static struct lb_endpoint destination(const struct nf_pkt *pkt)
{
	struct lb_endpoint at;

	memset(&at, 0, sizeof(at));
	at.addr = pkt->daddr;
	at.port = pkt->dport;
	at.family = pkt->family;
	at.l4proto = pkt->l4proto;
	return at;
}

/* Keyed hash of what selects, as it stands: a sender can not choose its backend.
 * Of three fields: the client and the service, whatever its ports, so that QUIC's
 * connections stay when the client's port changes (RFC 9000 section 9). */
static uint64_t tuple_hash(const struct lb *lb, const struct lb_service *svc,
			   const struct nf_pkt *pkt)
{
	struct {
		struct nf_addr saddr, daddr;
		__be16 sport, dport;
		uint32_t l4proto;
	} t;

	memset(&t, 0, sizeof(t));
	t.saddr = pkt->saddr;
	if (svc->tuple == 3) {
		t.l4proto = svc - lb->services;
		return siphash(&t, sizeof(t), &lb->key);
	}
	t.daddr = pkt->daddr;
	t.sport = pkt->sport;
	t.dport = pkt->dport;
	t.l4proto = pkt->l4proto;
	return siphash(&t, sizeof(t), &lb->key);
}

static struct lb_backend *choose(const struct lb *lb,
				 const struct lb_service *svc,
				 const struct nf_pkt *pkt)
{
	return lb_table_choose(lb, svc, tuple_hash(lb, svc, pkt));
}

static void bind_session(struct lb_session *s, const struct lb_vip *vip,
			 struct lb_backend *b)
{
	s->vip = vip;
	s->vip_at = vip->at;
	s->refused = NULL;
	s->backend = b;
	s->backend_at = b->at;
	b->sessions++;
	b->opened++;
}

static void move_session(struct lb_session *s, struct lb_backend *to)
{
	s->backend->sessions--;
	s->backend->moved++;
	bind_session(s, s->vip, to);
}

/* Nobody is ready: is that the operator's will? */
static enum nfold_reason why_refused(const struct lb_service *svc)
{
	for (uint32_t i = 0; i < svc->backend_cnt; i++)
		if (svc->backends[i]->weight && !svc->backends[i]->drained)
			return NFOLD_REASON_LB_ALL_DOWN;
	return NFOLD_REASON_LB_NO_BACKEND;
}

/* Recorded: the kernel drops it until somebody is ready (lb_changed()). */
static enum nf_verdict refuse(struct nf *nf, struct nf_pkt *pkt,
			      struct lb_session *s, struct lb_service *svc)
{
	enum nfold_reason why = why_refused(svc);
	struct header_action ha = ha_drop(why);

	svc->refused++;
	s->refused = svc;
	localmat_add_HA(nf, nf_extract_fid(pkt), &ha);
	return nf_drop(pkt, why);
}

static enum nf_verdict into_tunnel(struct nf *nf, struct nf_pkt *pkt,
				   const struct lb_backend *b)
{
	struct header_action ha;

	if (!nf_pkt_encap(pkt, &b->tunnel))
		return nf_drop(pkt, NFOLD_REASON_NO_ROOM);
	ha = ha_encap(&b->tunnel, pkt);
	localmat_add_HA(nf, nf_extract_fid(pkt), &ha);
	return NF_FORWARD;
}

static enum nf_verdict to_backend(struct nf *nf, struct nf_pkt *pkt,
				  const struct lb_endpoint *at)
{
	struct header_action ha = ha_modify_addr(NFOLD_FIELD_DADDR, &at->addr);
	struct header_action hp = ha_modify_port(NFOLD_FIELD_DPORT, at->port);

	nf_pkt_set_daddr(pkt, &at->addr);
	nf_pkt_set_dport(pkt, at->port);
	localmat_add_HA(nf, nf_extract_fid(pkt), &ha);
	localmat_add_HA(nf, nf_extract_fid(pkt), &hp);
	return NF_FORWARD;
}

static enum nf_verdict from_vip(struct nf *nf, struct nf_pkt *pkt,
				const struct lb_endpoint *at)
{
	struct header_action ha = ha_modify_addr(NFOLD_FIELD_SADDR, &at->addr);
	struct header_action hp = ha_modify_port(NFOLD_FIELD_SPORT, at->port);

	nf_pkt_set_saddr(pkt, &at->addr);
	nf_pkt_set_sport(pkt, at->port);
	localmat_add_HA(nf, nf_extract_fid(pkt), &ha);
	localmat_add_HA(nf, nf_extract_fid(pkt), &hp);
	return NF_FORWARD;
}

/* A first packet, or one that was dropped till now; it is so until sessions are
 * looked through: where it was folded its packets do not come here before. */
static enum nf_verdict open_session(struct nf *nf, struct nf_pkt *pkt,
				    struct lb_session *s)
{
	struct lb_endpoint at = destination(pkt);
	struct lb *lb = nf->priv;
	struct lb_vip *vip = lb_vip_find(lb, &at);
	struct lb_backend *b;

	if (!vip)
		return NF_FORWARD;
	b = s->refused && vip->service->late ? NULL :
					       choose(lb, vip->service, pkt);
	if (!b)
		return refuse(nf, pkt, s, vip->service);
	bind_session(s, vip, b);
	return NF_FORWARD;
}

static bool is_reset(const struct lb_session *s, const struct nf_pkt *pkt)
{
	return s->backend->gone && s->backend->parting == LB_RESET &&
	       pkt->l4proto == IPPROTO_TCP;
}

/* With nobody to go to it stays: the checks may be wrong. */
static void leave_backend(const struct lb *lb, struct lb_session *s,
			  const struct nf_pkt *pkt)
{
	struct lb_backend *b = choose(lb, s->vip->service, pkt);

	if (b)
		move_session(s, b);
}

static enum nf_verdict to_service(struct nf *nf, struct nf_pkt *pkt,
				  struct lb_session *s)
{
	if (is_reset(s, pkt)) {
		s->backend->reset++;
		return nf_reset(pkt, NFOLD_REASON_LB_RESET);
	}
	if (lb_backend_left(s->backend) && !s->vip->service->late)
		leave_backend(nf->priv, s, pkt);
	return s->vip->service->dsr ? into_tunnel(nf, pkt, s->backend) :
				      to_backend(nf, pkt, &s->backend_at);
}

static enum nf_verdict lb_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct lb_session *s = nf_session(nf, pkt);
	enum nf_verdict v = NF_FORWARD;

	if (!s->vip && !pkt->reply)
		v = open_session(nf, pkt, s);
	if (v == NF_DROP || !s->vip)
		return v;
	return pkt->reply ? from_vip(nf, pkt, &s->vip_at) :
			    to_service(nf, pkt, s);
}

static void lb_expire(struct nf *nf, void *session, uint64_t now)
{
	struct lb_session *s = session;

	(void)nf;
	(void)now;
	if (s->vip)
		s->backend->sessions--;
	s->vip = NULL;
}

static void lb_save(struct nf *nf, const void *session, void *blob)
{
	struct lb_session s = *(const struct lb_session *)session;

	(void)nf;
	s.saved = s.vip != NULL;
	s.vip = NULL;
	s.backend = NULL;
	s.refused = NULL;
	memcpy(blob, &s, sizeof(s));
}

/* A session whose vip or backend is gone from the configuration can not be
 * taken over: its next packet opens a new one. */
static int lb_restore(struct nf *nf, void *session, const void *blob)
{
	struct lb_backend *b;
	struct lb_session s;
	struct lb_vip *vip;

	memcpy(&s, blob, sizeof(s));
	memset(session, 0, sizeof(s));
	if (!s.saved)
		return 0;
	vip = lb_vip_find(nf->priv, &s.vip_at);
	b = vip ? lb_backend_find(vip->service, &s.backend_at) : NULL;
	if (!b)
		return -1;
	bind_session(session, vip, b);
	return 0;
}

static void lb_claims(struct nf *nf, nf_claim_fn fn, void *ctx)
{
	const struct lb *lb = nf->priv;

	for (const struct lb_vip *v = lb->vips; v; v = v->hh.next)
		fn(ctx, v->at.family, &v->at.addr, NF_CLAIM_VIP);
}

static void free_backends(struct lb_backend **list, uint32_t cnt)
{
	for (uint32_t i = 0; i < cnt; i++)
		free(list[i]);
	free(list);
}

static void lb_exit(struct nf *nf)
{
	struct lb *lb = nf->priv;

	if (!lb)
		return;
	lb_vip_free_all(lb);
	for (uint32_t i = 0; lb->services && i < LB_SERVICE_MAX; i++) {
		struct lb_service *svc = &lb->services[i];

		free_backends(svc->backends, svc->backend_cnt);
		free_backends(svc->gone, svc->gone_cnt);
		free(svc->table);
	}
	free(lb->services);
	free(lb);
	nf->priv = NULL;
}

static int lb_init(struct nf *nf, const struct conf_block *block,
		   struct conf_error *err)
{
	struct lb *lb = calloc(1, sizeof(*lb));

	if (!lb)
		return conf_fail(err, &block->loc, NULL, "no memory for lb");
	nf->priv = lb;
	lb->services = calloc(LB_SERVICE_MAX, sizeof(*lb->services));
	if (!lb->services) {
		lb_exit(nf);
		return conf_fail(err, &block->loc, NULL, "no memory for lb");
	}
	if (!lb_configure(lb, block, err))
		return 0;
	lb_exit(nf);
	return -1;
}

/* Tunnels: with direct return only. */
static bool lb_edits_of(const struct conf_block *block)
{
	for (size_t i = 0; i < block->cnt; i++)
		if (block->stmts[i].block &&
		    conf_find(block->stmts[i].block, "dsr"))
			return true;
	return false;
}

const struct nf_ops lb_ops = {
	.name = "lb",
	.summary = "load balancer: Maglev hashing, health checks, direct return",
	.session_size = sizeof(struct lb_session),
	.init = lb_init,
	.exit = lb_exit,
	.packet = lb_packet,
	.expire = lb_expire,
	.save = lb_save,
	.restore = lb_restore,
	.show = lb_show,
	.dump = lb_dump,
	.claims = lb_claims,
	.tick = lb_tick,
	.set = lb_set,
	.targets = lb_targets,
	.health = lb_health,
	.edits_of = lb_edits_of,
};
