// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* ah: IPsec authentication headers (RFC 4302) with keys from the chain file. What
 * comes in by an inside port and matches gets the header, in tunnel or transport
 * mode, and is sealed: the header is a header action, sequence number and
 * integrity value are a state function that writes, as in SpeedyBox's VPN
 * (paper, section IV-A1). What comes in by an outside port with the header is
 * checked and loses it (docs/FOLD.md, N13, N14).
 */
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <openssl/crypto.h>

#include "../../maps/bytes.h"
#include "ah.h"

/* --- out --- */

static enum nf_sf_result seal_run(void *arg, struct nf_pkt *pkt)
{
	struct ah_sa *sa = arg;
	uint32_t len, off = nf_pkt_ah(pkt, &len);
	uint8_t icv[AH_ICV_MAX];
	enum nfold_reason why;

	/* Folded, a header that had no room is only missed here. */
	if (!len || !pkt->depth ||
	    pkt->under[pkt->depth - 1].tunnel != &sa->header)
		return nf_sf_drop(pkt, NFOLD_REASON_NO_ROOM);
	if (sa->next > UINT32_MAX) {
		sa->drops++;
		return nf_sf_drop(pkt, NFOLD_REASON_AH_OVERFLOW);
	}
	why = ah_icv(sa, pkt, off, len, sa->next, icv);
	if (why)
		return nf_sf_drop(pkt, why);
	nf_pkt_write_ah(pkt, sa->next++, icv, sa->auth->icv_len);
	sa->packets++;
	sa->bytes += nf_pkt_in_len(pkt);
	return NF_SF_NEXT;
}

static const struct state_function seal_sf = {
	.name = "ah-seal",
	.payload = NF_WRITE,
	.may_drop = true,
	.run = seal_run,
};

/* The inner TTL is decremented before it is sealed (RFC 4301 section 5.1.2.1,
 * note 4). */
static enum nf_verdict put_in(struct nf *nf, struct nf_pkt *pkt,
			      struct ah_sa *sa)
{
	struct header_action ha;

	if (!nf_pkt_hop(pkt))
		return nf_drop(pkt, NFOLD_REASON_TTL_EXCEEDED);
	ha = ha_hop(pkt);
	localmat_add_HA(nf, nf_extract_fid(pkt), &ha);
	if (!nf_pkt_encap(pkt, &sa->header))
		return nf_drop(pkt, NFOLD_REASON_NO_ROOM);
	ha = ha_encap(&sa->header, pkt);
	localmat_add_HA(nf, nf_extract_fid(pkt), &ha);
	return nf_sf_run(nf, pkt, &seal_sf, sa);
}

static bool matches(const struct ah_sa *sa, const struct nf_pkt *pkt)
{
	return !sa->expr || key_match(&sa->match, pkt);
}

static enum nf_verdict from_inside(struct nf *nf, struct nf_pkt *pkt)
{
	struct ah *ah = nf->priv;

	for (size_t i = 0; i < ah->out_cnt; i++)
		if (matches(&ah->out[i], pkt))
			return put_in(nf, pkt, &ah->out[i]);
	return NF_FORWARD;
}

/* --- in --- */

static bool is_local(const struct nf_tunnel *t, const struct nf_pkt *pkt)
{
	return t->family == pkt->family &&
	       !memcmp(&t->local, &pkt->daddr, sizeof(t->local));
}

/* The association of an AH packet; NULL: none. */
static struct ah_sa *sa_of(struct ah *ah, const struct nf_pkt *pkt,
			   uint32_t off)
{
	uint32_t spi = ntohl(load32(pkt->data + off + 4));

	for (size_t i = 0; i < ah->in_cnt; i++) {
		const struct nf_tunnel *t = &ah->in[i].header;

		if (t->spi == spi &&
		    (t->kind == NF_TUNNEL_AH_TRANSPORT ||
		     (is_local(t, pkt) && !memcmp(&t->remote, &pkt->saddr,
						  sizeof(t->remote)))))
			return &ah->in[i];
	}
	return NULL;
}

/* The number, then the value, then the window (section 3.4). */
static enum nfold_reason check(struct ah_sa *sa, const struct nf_pkt *pkt,
			       uint32_t off, uint32_t len)
{
	uint32_t seq = ntohl(load32(pkt->data + off + 8));
	uint8_t icv[AH_ICV_MAX];
	enum nfold_reason why;

	if (!ah_window_has(sa, seq)) {
		sa->replays++;
		return NFOLD_REASON_AH_REPLAY;
	}
	why = ah_icv(sa, pkt, off, len, seq, icv);
	if (!why && CRYPTO_memcmp(icv, pkt->data + off + NF_AH_ICV,
				  sa->auth->icv_len))
		why = NFOLD_REASON_AH_ICV;
	sa->drops += why != NFOLD_REASON_NONE;
	if (!why)
		ah_window_set(sa, seq);
	return why;
}

static enum nf_sf_result check_run(void *arg, struct nf_pkt *pkt)
{
	uint32_t len, off = nf_pkt_ah(pkt, &len);
	struct ah *ah = arg;
	struct ah_sa *sa = len ? sa_of(ah, pkt, off) : NULL;
	enum nfold_reason why = NFOLD_REASON_AH_SPI;

	if (sa)
		why = check(sa, pkt, off, len);
	else
		ah->unknown++;
	if (why)
		return nf_sf_drop(pkt, why);
	sa->packets++;
	sa->bytes += nf_pkt_in_len(pkt);
	return NF_SF_NEXT;
}

static const struct state_function check_sf = {
	.name = "ah-check",
	.payload = NF_READ,
	.may_drop = true,
	.run = check_run,
};

static enum nf_verdict take_out(struct nf *nf, struct nf_pkt *pkt,
				uint32_t off)
{
	struct ah *ah = nf->priv;
	struct ah_sa *sa = sa_of(ah, pkt, off);
	struct header_action ha;

	if (nf_sf_run(nf, pkt, &check_sf, ah) == NF_DROP)
		return NF_DROP;
	if (!nf_pkt_decap(pkt, &sa->header))
		return nf_drop(pkt, NFOLD_REASON_DECAP);
	ha = ha_decap(&sa->header);
	localmat_add_HA(nf, nf_extract_fid(pkt), &ha);
	if (matches(sa, pkt))
		return NF_FORWARD;
	sa->strays++;
	return nf_drop(pkt, NFOLD_REASON_AH_POLICY);
}

/* AH for one of our ends; with transport mode, all AH. */
static bool is_ours(const struct ah *ah, const struct nf_pkt *pkt)
{
	for (size_t i = 0; i < ah->in_cnt; i++)
		if (ah->in[i].header.kind == NF_TUNNEL_AH_TRANSPORT ||
		    is_local(&ah->in[i].header, pkt))
			return true;
	return false;
}

/* What an association's match asks for may not come without it (RFC 4301 section
 * 5.2). */
static enum nf_verdict from_outside(struct nf *nf, struct nf_pkt *pkt)
{
	struct header_action drop = ha_drop(NFOLD_REASON_AH_POLICY);
	struct ah *ah = nf->priv;
	uint32_t len, off = nf_pkt_ah(pkt, &len);

	if (off && is_ours(ah, pkt))
		return len ? take_out(nf, pkt, off) :
			     nf_drop(pkt, NFOLD_REASON_DECAP);
	for (size_t i = 0; i < ah->in_cnt; i++) {
		if (!ah->in[i].expr || !matches(&ah->in[i], pkt))
			continue;
		localmat_add_HA(nf, nf_extract_fid(pkt), &drop);
		return nf_drop(pkt, NFOLD_REASON_AH_POLICY);
	}
	return NF_FORWARD;
}

/* --- the NF --- */

static enum nf_verdict ah_packet(struct nf *nf, struct nf_pkt *pkt)
{
	return pkt->outside ? from_outside(nf, pkt) : from_inside(nf, pkt);
}

static void ah_exit(struct nf *nf)
{
	struct ah *ah = nf->priv;

	ah_sas_free(ah->out, ah->out_cnt);
	ah_sas_free(ah->in, ah->in_cnt);
	free(ah);
	nf->priv = NULL;
}

static int ah_init(struct nf *nf, const struct conf_block *block,
		   struct conf_error *err)
{
	struct ah *ah = calloc(1, sizeof(*ah));

	if (!ah)
		return conf_fail(err, &block->loc, NULL, "no memory for ah");
	nf->priv = ah;
	if (!ah_configure(ah, block, err))
		return 0;
	ah_exit(nf);
	return -1;
}

static void claim(const struct ah_sa *sas, size_t cnt, nf_claim_fn fn,
		  void *ctx)
{
	for (size_t i = 0; i < cnt; i++)
		if (sas[i].header.kind == NF_TUNNEL_AH)
			fn(ctx, sas[i].header.family, &sas[i].header.local,
			   NF_CLAIM_VIP);
}

/* AH for the local ends is ours, their pings the host's. */
static void ah_claims(struct nf *nf, nf_claim_fn fn, void *ctx)
{
	const struct ah *ah = nf->priv;

	claim(ah->out, ah->out_cnt, fn, ctx);
	claim(ah->in, ah->in_cnt, fn, ctx);
}

const struct nf_ops ah_ops = {
	.name = "ah",
	.summary = "IPsec authentication headers to another box and back",
	.edits = true,
	.init = ah_init,
	.exit = ah_exit,
	.packet = ah_packet,
	.claims = ah_claims,
	.show = ah_show,
};
