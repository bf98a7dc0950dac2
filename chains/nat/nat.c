/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* nat: source NAPT for IPv4 (RFC 3022; behaviour by RFC 4787 for UDP, RFC 5382
 * for TCP, RFC 5508 for ICMP queries). Mapping is endpoint-independent,
 * filtering address-and-port-dependent: only sessions opened from inside have
 * a way back.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <string.h>

#include "nat.h"

static bool source_matches(const struct nat *nat, __be32 addr)
{
	for (uint32_t i = 0; i < nat->source_cnt; i++)
		if ((addr & nat->sources[i].mask) == nat->sources[i].addr)
			return true;
	return false;
}

/* The endpoint that opens the session; false: NAPT has no port to work with.
 * An echo reply that nobody asked for has none either (RFC 5508, REQ-1 speaks
 * of queries). */
static bool endpoint_of(const struct nf_pkt *pkt, struct nat_endpoint *in)
{
	memset(in, 0, sizeof(*in));
	in->addr = pkt->saddr.a[0];
	in->port = pkt->sport;
	switch (pkt->l4proto) {
	case IPPROTO_UDP:
		in->proto = NAT_UDP;
		return true;
	case IPPROTO_TCP:
		in->proto = NAT_TCP;
		return true;
	case IPPROTO_ICMP:
		in->proto = NAT_ICMP;
		return pkt->icmp_type == ICMP_ECHO;
	}
	return false;
}

/* For as long as the configuration stays: may be folded. */
static enum nf_verdict drop_flow(struct nf *nf, struct nf_pkt *pkt,
				 enum nfold_reason reason)
{
	struct header_action ha = ha_drop(reason);

	localmat_add_HA(nf, nf_extract_fid(pkt), &ha);
	return nf_drop(pkt, reason);
}

static enum nf_verdict translate(struct nf *nf, struct nf_pkt *pkt,
				 const struct nat_session *s)
{
	struct nf_addr addr = { { s->ext_addr } };
	struct header_action ha = ha_modify_addr(NFOLD_FIELD_SADDR, &addr);
	struct header_action hp = ha_modify_port(NFOLD_FIELD_SPORT,
						 s->ext_port);

	nf_pkt_set_saddr(pkt, &addr);
	nf_pkt_set_sport(pkt, s->ext_port);
	localmat_add_HA(nf, nf_extract_fid(pkt), &ha);
	localmat_add_HA(nf, nf_extract_fid(pkt), &hp);
	return NF_FORWARD;
}

static enum nf_verdict restore_reply(struct nf *nf, struct nf_pkt *pkt,
				     const struct nat_session *s)
{
	struct nf_addr addr = { { s->in.addr } };
	struct header_action ha = ha_modify_addr(NFOLD_FIELD_DADDR, &addr);
	struct header_action hp = ha_modify_port(NFOLD_FIELD_DPORT, s->in.port);

	nf_pkt_set_daddr(pkt, &addr);
	nf_pkt_set_dport(pkt, s->in.port);
	localmat_add_HA(nf, nf_extract_fid(pkt), &ha);
	localmat_add_HA(nf, nf_extract_fid(pkt), &hp);
	return NF_FORWARD;
}

/* A session without a mapping: gets one, passes, or is dropped. That there is
 * no port left, or no binding, may be different for the next packet: such drops
 * are this packet's own and are not recorded. */
static enum nf_verdict packet_unmapped(struct nf *nf, struct nf_pkt *pkt,
				       struct nat_session *s)
{
	struct nat *nat = nf->priv;

	if (nat_pool_has(nat, pkt->daddr.a[0], NULL))
		return nf_drop(pkt, NFOLD_REASON_NAT_NO_BINDING);
	if (pkt->reply || pkt->outside ||
	    !source_matches(nat, pkt->saddr.a[0]))
		return NF_FORWARD;
	if (!endpoint_of(pkt, &s->in))
		return drop_flow(nf, pkt, NFOLD_REASON_NAT_PROTO);
	s->map = nat_map_get(nat, &s->in);
	if (!s->map) {
		nat->exhausted++;
		return nf_drop(pkt, NFOLD_REASON_NAT_EXHAUSTED);
	}
	s->ext_addr = nat_map_addr(nat, s->map);
	s->ext_port = s->map->port;
	return translate(nf, pkt, s);
}

static enum nf_verdict nat_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct nat_session *s;

	if (pkt->family != 4)
		return NF_FORWARD;
	s = nf_session(nf, pkt);
	if (!s->map)
		return packet_unmapped(nf, pkt, s);
	return pkt->reply ? restore_reply(nf, pkt, s) : translate(nf, pkt, s);
}

static void nat_expire(struct nf *nf, void *session, uint64_t now)
{
	struct nat_session *s = session;

	(void)now;
	if (s->map)
		nat_map_put(nf->priv, s->map);
	s->map = NULL;
}

static void nat_save(struct nf *nf, const void *session, void *blob)
{
	struct nat_session s = *(const struct nat_session *)session;

	(void)nf;
	s.saved = s.map ? NAT_SAVED_MAP : NAT_SAVED_NONE;
	s.map = NULL;
	memcpy(blob, &s, sizeof(s));
}

static int nat_restore(struct nf *nf, void *session, const void *blob)
{
	struct nat *nat = nf->priv;
	struct nat_session s;

	memcpy(&s, blob, sizeof(s));
	s.map = NULL;
	if (s.saved == NAT_SAVED_MAP) {
		if (s.in.proto >= NAT_PROTO_CNT ||
		    !source_matches(nat, s.in.addr))
			return -1;
		s.map = nat_map_restore(nat, &s.in, s.ext_addr, s.ext_port);
		if (!s.map)
			return -1;
	}
	s.saved = NAT_SAVED_NONE;
	memcpy(session, &s, sizeof(s));
	return 0;
}

static void nat_claims(struct nf *nf, nf_claim_fn fn, void *ctx)
{
	const struct nat *nat = nf->priv;

	for (uint32_t i = 0; i < nat->pool_cnt; i++) {
		struct nf_addr addr = { { nat->pool[i].addr } };

		fn(ctx, 4, &addr, NF_CLAIM_NAT);
	}
}

static void nat_exit(struct nf *nf)
{
	struct nat *nat = nf->priv;

	if (!nat)
		return;
	nat_map_free_all(nat);
	free(nat->pool);
	free(nat);
	nf->priv = NULL;
}

static int nat_init(struct nf *nf, const struct conf_block *block,
		    struct conf_error *err)
{
	struct nat *nat = calloc(1, sizeof(*nat));

	if (!nat)
		return conf_fail(err, &block->loc, NULL, "no memory for nat");
	nf->priv = nat;
	if (!nat_configure(nat, block, err))
		return 0;
	nat_exit(nf);
	return -1;
}

const struct nf_ops nat_ops = {
	.name = "nat",
	.summary = "source NAPT for IPv4: TCP, UDP, ICMP echo",
	.session_size = sizeof(struct nat_session),
	.init = nat_init,
	.exit = nat_exit,
	.packet = nat_packet,
	.expire = nat_expire,
	.save = nat_save,
	.restore = nat_restore,
	.show = nat_show,
	.dump = nat_dump,
	.claims = nat_claims,
};
