/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* lb: spreads the sessions of virtual services over backends by Maglev's table
 * and keeps each session on the backend it began with.
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

/* Keyed hash of the five-tuple as it stands: a sender can not choose its
 * backend. */
static uint64_t tuple_hash(const struct lb *lb, const struct nf_pkt *pkt)
{
	struct {
		struct nf_addr saddr, daddr;
		__be16 sport, dport;
		uint32_t l4proto;
	} t;

	memset(&t, 0, sizeof(t));
	t.saddr = pkt->saddr;
	t.daddr = pkt->daddr;
	t.sport = pkt->sport;
	t.dport = pkt->dport;
	t.l4proto = pkt->l4proto;
	return siphash(&t, sizeof(t), &lb->key);
}

static struct lb_backend *choose(const struct lb *lb, struct lb_service *svc,
				 const struct nf_pkt *pkt)
{
	uint16_t i = svc->table[tuple_hash(lb, pkt) % lb->table_size];

	return i == MAGLEV_NONE ? NULL : &svc->backends[i];
}

static void bind_session(struct lb_session *s, const struct lb_vip *vip,
			 struct lb_backend *b)
{
	s->vip = vip;
	s->vip_at = vip->at;
	s->backend = b;
	s->backend_at = b->at;
	b->sessions++;
	b->opened++;
}

static enum nf_verdict drop_no_backend(struct nf *nf, struct nf_pkt *pkt,
				       struct lb_service *svc)
{
	struct header_action ha = ha_drop(NFOLD_REASON_LB_NO_BACKEND);

	svc->refused++;
	localmat_add_HA(nf, nf_extract_fid(pkt), &ha);
	return nf_drop(pkt, NFOLD_REASON_LB_NO_BACKEND);
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

static enum nf_verdict lb_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct lb_session *s = nf_session(nf, pkt);
	struct lb *lb = nf->priv;

	if (!s->vip && !pkt->reply) {
		struct lb_endpoint at = destination(pkt);
		struct lb_vip *vip = lb_vip_find(lb, &at);
		struct lb_backend *b;

		if (!vip)
			return NF_FORWARD;
		b = choose(lb, vip->service, pkt);
		if (!b)
			return drop_no_backend(nf, pkt, vip->service);
		bind_session(s, vip, b);
	}
	if (!s->vip)
		return NF_FORWARD;
	return pkt->reply ? from_vip(nf, pkt, &s->vip_at) :
			    to_backend(nf, pkt, &s->backend_at);
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
	memcpy(blob, &s, sizeof(s));
}

static struct lb_backend *find_backend(const struct lb_service *svc,
				       const struct lb_endpoint *at)
{
	for (uint32_t i = 0; i < svc->backend_cnt; i++)
		if (!memcmp(&svc->backends[i].at, at, sizeof(*at)))
			return &svc->backends[i];
	return NULL;
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
	b = vip ? find_backend(vip->service, &s.backend_at) : NULL;
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

static void lb_exit(struct nf *nf)
{
	struct lb *lb = nf->priv;

	if (!lb)
		return;
	lb_vip_free_all(lb);
	for (uint32_t i = 0; i < lb->service_cnt; i++) {
		free(lb->services[i].backends);
		free(lb->services[i].table);
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

const struct nf_ops lb_ops = {
	.name = "lb",
	.summary = "load balancer: Maglev hashing, sessions stay put",
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
};
