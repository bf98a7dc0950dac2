/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* firewall: ordered rules of tcpdump expressions, first match wins, stateful
 * for replies.
 *
 * A rule that is a function of the flow key is evaluated on a packet made of
 * the key alone (firewall_view.c): its result can not depend on anything else.
 * Any other rule is evaluated on the real packet, for each packet, and the
 * session stays slow. That holds as soon as such a rule has to be evaluated at
 * all: it may match the next packet even if it did not match this one and a
 * later rule, key-only, decided.
 */
#include <stdlib.h>
#include <string.h>

#include "firewall.h"

struct decision {
	uint32_t rule;		/* rule_cnt: the default */
	bool allow;
	bool per_packet;	/* the next packet may be decided differently */
};

static bool is_key_only(struct fw_rule *rule, const struct nf_pkt *pkt)
{
	uint8_t *scope = &rule->scope[pkt->family == 6][pkt->l4proto];

	if (*scope == FW_UNKNOWN)
		*scope = firewall_key_only(&rule->prog, pkt->family,
					   pkt->l4proto, NULL) ?
			 FW_KEY_ONLY : FW_PER_PACKET;
	return *scope == FW_KEY_ONLY;
}

static struct decision decide(struct firewall *fw, const struct nf_pkt *pkt)
{
	struct decision d = { .rule = fw->rule_cnt,
			      .allow = fw->default_allow };
	uint8_t key[FW_KEY_LEN];
	uint32_t key_len = firewall_key_view(pkt, key), len = 0;
	const uint8_t *real = NULL;

	for (uint32_t i = 0; i < fw->rule_cnt; i++) {
		struct fw_rule *rule = &fw->rules[i];
		const struct bpf_insn *insns = rule->prog.bf_insns;
		bool hit;

		if (is_key_only(rule, pkt)) {
			hit = bpf_filter(insns, key, key_len, key_len);
		} else {
			d.per_packet = true;
			if (!real)
				real = firewall_packet_view(pkt, fw->scratch,
							    &len);
			hit = bpf_filter(insns, real, len, len);
		}
		if (hit) {
			d.rule = i;
			d.allow = rule->allow;
			break;
		}
	}
	return d;
}

static void begin_session(struct firewall *fw, struct fw_session *s,
			  const struct decision *d)
{
	if (d->rule < fw->rule_cnt)
		fw->rules[d->rule].sessions++;
	else
		fw->default_sessions++;
	if (d->per_packet)
		fw->slow_sessions++;
	s->fingerprint = fw->fingerprint;
	s->rule = d->rule;
	s->state = d->per_packet ? FW_SLOW :
		   d->allow ? FW_ALLOWED : FW_DENIED;
}

/* The same for all packets of the direction: may be folded. */
static enum nf_verdict apply(struct nf *nf, struct nf_pkt *pkt, bool allow)
{
	struct header_action ha = ha_drop(NFOLD_REASON_FIREWALL_DENY);

	if (allow)
		return NF_FORWARD;
	localmat_add_HA(nf, nf_extract_fid(pkt), &ha);
	return nf_drop(pkt, NFOLD_REASON_FIREWALL_DENY);
}

/* For this packet only: a drop is not recorded. */
static enum nf_verdict apply_once(struct nf *nf, struct nf_pkt *pkt, bool allow)
{
	localmat_keep_slow(nf, nf_extract_fid(pkt),
			   NFOLD_REASON_PER_PACKET_MATCH);
	return allow ? NF_FORWARD : nf_drop(pkt, NFOLD_REASON_FIREWALL_DENY);
}

/* Replies pass from when something was allowed that they answer. Until then
 * they are dropped one by one, unless the session is denied for good. */
static enum nf_verdict packet_reply(struct nf *nf, struct nf_pkt *pkt,
				    const struct fw_session *s)
{
	if (s->passed || s->state == FW_DENIED)
		return apply(nf, pkt, s->passed);
	return nf_drop(pkt, NFOLD_REASON_FIREWALL_DENY);
}

static enum nf_verdict firewall_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct fw_session *s = nf_session(nf, pkt);
	struct firewall *fw = nf->priv;
	struct decision d;

	if (pkt->reply)
		return packet_reply(nf, pkt, s);
	if (s->state == FW_ALLOWED || s->state == FW_DENIED)
		return apply(nf, pkt, s->state == FW_ALLOWED);
	d = decide(fw, pkt);
	if (s->state == FW_NEW)
		begin_session(fw, s, &d);
	if (d.allow)
		s->passed = 1;
	return d.per_packet ? apply_once(nf, pkt, d.allow) :
			      apply(nf, pkt, d.allow);
}

static void firewall_save(struct nf *nf, const void *session, void *blob)
{
	(void)nf;
	memcpy(blob, session, sizeof(struct fw_session));
}

/* A verdict of other rules is worth nothing. */
static int firewall_restore(struct nf *nf, void *session, const void *blob)
{
	const struct firewall *fw = nf->priv;
	struct fw_session s;

	memcpy(&s, blob, sizeof(s));
	if (s.state != FW_NEW &&
	    (s.fingerprint != fw->fingerprint || s.rule > fw->rule_cnt ||
	     s.state > FW_SLOW))
		return -1;
	memcpy(session, &s, sizeof(s));
	return 0;
}

static void firewall_exit(struct nf *nf)
{
	struct firewall *fw = nf->priv;

	if (!fw)
		return;
	for (uint32_t i = 0; i < fw->rule_cnt; i++) {
		pcap_freecode(&fw->rules[i].prog);
		free(fw->rules[i].expr);
	}
	free(fw->rules);
	free(fw->scratch);
	free(fw);
	nf->priv = NULL;
}

static int firewall_init(struct nf *nf, const struct conf_block *block,
			 struct conf_error *err)
{
	struct firewall *fw = calloc(1, sizeof(*fw));

	if (!fw)
		return conf_fail(err, &block->loc, NULL,
				 "no memory for firewall");
	nf->priv = fw;
	if (!firewall_configure(fw, block, err))
		return 0;
	firewall_exit(nf);
	return -1;
}

const struct nf_ops firewall_ops = {
	.name = "firewall",
	.summary = "ordered tcpdump expressions, stateful for replies",
	.session_size = sizeof(struct fw_session),
	.init = firewall_init,
	.exit = firewall_exit,
	.packet = firewall_packet,
	.save = firewall_save,
	.restore = firewall_restore,
	.show = firewall_show,
};
