/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ipfilter: Click's IPFilter. Ordered rules, the first that matches decides, what
 * no rule matches is dropped; each packet for itself, replies too.
 *
 * A direction is folded if the rules say the same for every packet it can have:
 * each rule is true, false, or hangs on the packet (ipfilter_eval.c), and the
 * actions of all rules that may decide, up to the first that is sure to, are
 * the same. Otherwise it stays slow and each packet is judged.
 */
#include <stdlib.h>
#include <string.h>

#include "ipfilter.h"

struct decision {
	uint32_t rule;		/* rule_cnt: none matched */
	bool allow;
	bool per_packet;	/* the next packet may be decided otherwise */
};

static struct decision decide(const struct ipfilter *f,
			      const struct nf_pkt *pkt)
{
	struct decision d = { .rule = f->rule_cnt };
	bool decided = false, may_allow = false, may_deny = false;
	bool sure = false;

	for (uint32_t i = 0; i < f->rule_cnt && !sure; i++) {
		const struct ipf_rule *rule = &f->rules[i];
		struct ipf_value v = ipf_eval(&rule->tree, pkt);

		if (v.is && !decided) {
			d.rule = i;
			d.allow = rule->allow;
			decided = true;
		}
		if (v.is || !v.known) {
			may_allow |= rule->allow;
			may_deny |= !rule->allow;
		}
		sure = v.is && v.known;
	}
	may_deny |= !sure;
	d.per_packet = may_allow && may_deny;
	return d;
}

static void count_flow(struct ipfilter *f, const struct decision *d)
{
	if (d->rule < f->rule_cnt)
		f->rules[d->rule].flows++;
	else
		f->unmatched_flows++;
	f->slow_flows += d->per_packet;
}

static enum nf_verdict ipfilter_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct header_action ha = ha_drop(NFOLD_REASON_FIREWALL_DENY);
	struct ipf_session *s = nf_session(nf, pkt);
	struct decision d = decide(nf->priv, pkt);

	if (!s->counted[pkt->reply])
		count_flow(nf->priv, &d);
	s->counted[pkt->reply] = 1;
	if (d.per_packet)
		localmat_keep_slow(nf, nf_extract_fid(pkt),
				   NFOLD_REASON_PER_PACKET_MATCH);
	if (d.allow)
		return NF_FORWARD;
	if (!d.per_packet)
		localmat_add_HA(nf, nf_extract_fid(pkt), &ha);
	return nf_drop(pkt, NFOLD_REASON_FIREWALL_DENY);
}

static void ipfilter_save(struct nf *nf, const void *session, void *blob)
{
	(void)nf;
	memcpy(blob, session, sizeof(struct ipf_session));
}

static int ipfilter_restore(struct nf *nf, void *session, const void *blob)
{
	(void)nf;
	memcpy(session, blob, sizeof(struct ipf_session));
	return 0;
}

static void ipfilter_exit(struct nf *nf)
{
	struct ipfilter *f = nf->priv;

	if (!f)
		return;
	for (uint32_t i = 0; i < f->rule_cnt; i++)
		ipfilter_rule_free(&f->rules[i]);
	for (uint32_t i = 0; i < f->name_cnt; i++)
		free(f->names[i].name);
	free(f->rules);
	free(f->names);
	free(f);
	nf->priv = NULL;
}

static int ipfilter_init(struct nf *nf, const struct conf_block *block,
			 struct conf_error *err)
{
	nf->priv = calloc(1, sizeof(struct ipfilter));
	if (!nf->priv)
		return conf_fail(err, &block->loc, NULL,
				 "no memory for ipfilter");
	if (!ipfilter_configure(nf->priv, block, err))
		return 0;
	ipfilter_exit(nf);
	return -1;
}

const struct nf_ops ipfilter_ops = {
	.name = "ipfilter",
	.summary = "the rules of Click's IPFilter, packet by packet",
	.session_size = sizeof(struct ipf_session),
	.init = ipfilter_init,
	.exit = ipfilter_exit,
	.packet = ipfilter_packet,
	.save = ipfilter_save,
	.restore = ipfilter_restore,
	.show = ipfilter_show,
};
