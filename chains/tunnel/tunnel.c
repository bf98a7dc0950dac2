// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* tunnel: what comes in by an inside port and matches is put into a tunnel, what
 * comes in by an outside port from the tunnel's other end is taken out
 * (docs/FOLD.md, N4, N11, N12).
 */
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "tunnel.h"

/* From the other end, and of the tunnel's protocol: nothing else is. */
static bool is_tunnel(const struct nf_tunnel *t, const struct nf_pkt *pkt)
{
	if (pkt->family != t->family ||
	    memcmp(&pkt->saddr, &t->remote, sizeof(pkt->saddr)) ||
	    memcmp(&pkt->daddr, &t->local, sizeof(pkt->daddr)))
		return false;
	if (t->kind == NF_TUNNEL_IPIP)
		return pkt->l4proto == IPPROTO_IPIP ||
		       pkt->l4proto == IPPROTO_IPV6;
	if (t->kind == NF_TUNNEL_GRE)
		return pkt->l4proto == IPPROTO_GRE;
	return pkt->l4proto == IPPROTO_UDP && pkt->dport == t->port;
}

static enum nf_verdict take_out(struct nf *nf, struct nf_pkt *pkt)
{
	struct tunnel *t = nf->priv;
	struct header_action ha = ha_decap(&t->header);

	if (!is_tunnel(&t->header, pkt))
		return NF_FORWARD;
	if (!nf_pkt_decap(pkt, &t->header)) {
		/* Another one's between the same ends, if it is known. */
		if (pkt->known && !pkt->unwrapped)
			return NF_FORWARD;
		return nf_drop(pkt, NFOLD_REASON_DECAP);
	}
	localmat_add_HA(nf, nf_extract_fid(pkt), &ha);
	t->out_sessions += pkt->opening;
	return NF_FORWARD;
}

static enum nf_verdict put_in(struct nf *nf, struct nf_pkt *pkt)
{
	struct tunnel *t = nf->priv;
	struct header_action ha;

	if (t->expr && !key_match(&t->match, pkt))
		return NF_FORWARD;
	if (!nf_pkt_encap(pkt, &t->header))
		return nf_drop(pkt, NFOLD_REASON_NO_ROOM);
	ha = ha_encap(&t->header, pkt);
	localmat_add_HA(nf, nf_extract_fid(pkt), &ha);
	t->in_sessions += pkt->opening;
	return NF_FORWARD;
}

static enum nf_verdict tunnel_packet(struct nf *nf, struct nf_pkt *pkt)
{
	return pkt->outside ? take_out(nf, pkt) : put_in(nf, pkt);
}

static void tunnel_exit(struct nf *nf)
{
	struct tunnel *t = nf->priv;

	if (t->expr)
		pcap_freecode(&t->match);
	free(t->expr);
	free(t);
	nf->priv = NULL;
}

static int tunnel_init(struct nf *nf, const struct conf_block *block,
		       struct conf_error *err)
{
	struct tunnel *t = calloc(1, sizeof(*t));

	if (!t)
		return conf_fail(err, &block->loc, NULL,
				 "no memory for tunnel");
	nf->priv = t;
	if (!tunnel_configure(t, block, err))
		return 0;
	tunnel_exit(nf);
	return -1;
}

/* Tunnelled packets for the local end are ours, its pings the host's. */
static void tunnel_claims(struct nf *nf, nf_claim_fn fn, void *ctx)
{
	const struct tunnel *t = nf->priv;

	fn(ctx, t->header.family, &t->header.local, NF_CLAIM_VIP);
}

static void tunnel_tunnels(struct nf *nf, nf_tunnel_fn fn, void *ctx)
{
	const struct tunnel *t = nf->priv;

	fn(ctx, &t->header);
}

static json_t *tunnel_show(struct nf *nf)
{
	const struct tunnel *t = nf->priv;
	char local[INET6_ADDRSTRLEN], remote[INET6_ADDRSTRLEN];
	int af = t->header.family == 4 ? AF_INET : AF_INET6;

	inet_ntop(af, t->header.local.a, local, sizeof(local));
	inet_ntop(af, t->header.remote.a, remote, sizeof(remote));
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "kind",
			 tunnel_kinds[t->header.kind], "local", local, "remote",
			 remote, "match", t->expr ? t->expr : "",
			 "sessions_in", (json_int_t)t->in_sessions,
			 "sessions_out", (json_int_t)t->out_sessions);
}

const struct nf_ops tunnel_ops = {
	.name = "tunnel",
	.summary = "IPIP, GRE, VXLAN or GUE to another box and back",
	.edits = true,
	.init = tunnel_init,
	.exit = tunnel_exit,
	.packet = tunnel_packet,
	.claims = tunnel_claims,
	.tunnels = tunnel_tunnels,
	.show = tunnel_show,
};
