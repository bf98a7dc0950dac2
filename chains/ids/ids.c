// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* ids: rules in Snort's language over the packets of a chain. What a rule says by
 * the flow key is decided at the first packet of a direction, and folded; what
 * looks at packets is a state function that reads the payload, until it has seen
 * enough.
 */
#include "ids.h"

#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>

static void settle(struct ids *ids, struct ids_dir *d)
{
	d->settled = (ids->limit_bytes && d->bytes >= ids->limit_bytes) ||
		     (ids->limit_packets && d->packets >= ids->limit_packets);
	ids->totals.settled += d->settled;
	if (d->settled)
		ids_reassemble_end(ids, d->session, d == &d->session->dirs[1]);
}

static enum nf_sf_result deny(struct ids *ids, struct nf_pkt *pkt, bool reject)
{
	ids->totals.dropped++;
	if (reject)
		return nf_sf_reset(pkt, NFOLD_REASON_IDS_REJECT);
	return nf_sf_drop(pkt, NFOLD_REASON_IDS_DROP);
}

/* A connection is over for both its ends: its bytes do not arrive. */
static void block(struct ids_session *s, const struct nf_pkt *pkt,
		  enum ids_verdict v)
{
	if (v == IDS_NORMALISE || pkt->l4proto != IPPROTO_TCP)
		return;
	s->blocked = true;
	s->rejected = v == IDS_RESET;
}

static enum nf_sf_result ids_run(void *arg, struct nf_pkt *pkt)
{
	struct ids_dir *d = arg;
	struct ids_session *s = d->session;
	enum ids_taken taken;
	enum ids_verdict v;

	if (d->settled)
		return NF_SF_SETTLED;
	taken = ids_take(s->ids, pkt);
	if (s->blocked || taken == IDS_REFUSE)
		return deny(s->ids, pkt, s->rejected);
	if (taken == IDS_IGNORE)
		return NF_SF_NEXT;
	v = ids_inspect(s->ids, d, pkt);
	if (v == IDS_FORWARD) {
		settle(s->ids, d);
		return d->settled ? NF_SF_SETTLED : NF_SF_NEXT;
	}
	block(s, pkt, v);
	return deny(s->ids, pkt, v == IDS_RESET);
}

/* [may drop] */
static const struct state_function inspect_sf[] = {
	{ .name = "inspect", .payload = NF_READ, .run = ids_run },
	{ .name = "inspect", .payload = NF_READ, .run = ids_run,
	  .may_drop = true },
};

/* A direction that the flow key condemns: told once, then dropped unseen; what is
 * rejected is answered each time, and opens nothing. */
static enum nf_verdict denied(struct nf *nf, struct nf_pkt *pkt,
			      struct ids_dir *d)
{
	struct header_action drop = ha_drop(NFOLD_REASON_IDS_DROP);
	struct ids *ids = nf->priv;

	if (!d->told || d->rejects)
		ids_inspect(ids, d, pkt);
	if (d->rejects)
		return nf_reset(pkt, NFOLD_REASON_IDS_REJECT);
	localmat_add_HA(nf, nf_extract_fid(pkt), &drop);
	return nf_drop(pkt, NFOLD_REASON_IDS_DROP);
}

static bool may_drop(const struct ids *ids)
{
	return ids->rules->drops || ids->drop_on_limit ||
	       ids->drop_on_evasion || ids->min_ttl;
}

static enum nf_verdict ids_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct ids *ids = nf->priv;
	struct ids_dir *d = ids_flow_dir(ids, nf_session(nf, pkt), pkt);

	if (!d)
		return nf_drop(pkt, NFOLD_REASON_IDS_DROP);
	if (d->denied)
		return denied(nf, pkt, d);
	if (d->want & IDS_WANT_PACKETS)
		return nf_sf_run(nf, pkt, &inspect_sf[may_drop(ids)], d);
	if ((d->want & IDS_WANT_KEY) && !d->told)
		ids_inspect(ids, d, pkt);
	return NF_FORWARD;
}

/* What a restart does not change: how much was inspected, what is settled and
 * blocked. Flowbits are by name, whose numbers another rule set may give to
 * others: they begin anew. */
static void ids_save(struct nf *nf, const void *session, void *blob)
{
	struct ids_session s;

	(void)nf;
	memcpy(&s, session, sizeof(s));
	s.ids = NULL;
	s.stream = NULL;
	memset(s.bits, 0, sizeof(s.bits));
	for (int i = 0; i < 2; i++) {
		s.dirs[i].session = NULL;
		s.dirs[i].group = NULL;
		s.dirs[i].tail = NULL;
		s.dirs[i].generation = 0;
	}
	memcpy(blob, &s, sizeof(s));
}

static int ids_restore(struct nf *nf, void *session, const void *blob)
{
	(void)nf;
	memcpy(session, blob, sizeof(struct ids_session));
	return 0;
}

static void ids_expire(struct nf *nf, void *session, uint64_t now)
{
	(void)now;
	ids_reassemble_end_all(nf->priv, session);
}

static void ids_tick(struct nf *nf, uint64_t now)
{
	ids_streams_expire(((struct ids *)nf->priv)->reassembly.pool, now);
}

static void ids_exit(struct nf *nf)
{
	struct ids *ids = nf->priv;

	ids_reassembly_free(&ids->reassembly);
	ids_rules_free(ids->rules);
	ids_rates_free(&ids->rates);
	free(ids->counts);
	free(ids->candidates);
	free(ids);
}

const struct nf_ops ids_ops = {
	.name = "ids",
	.summary = "intrusion detection by rules in Snort's language",
	.session_size = sizeof(struct ids_session),
	.init = ids_init,
	.exit = ids_exit,
	.packet = ids_packet,
	.expire = ids_expire,
	.tick = ids_tick,
	.save = ids_save,
	.restore = ids_restore,
	.show = ids_show,
	.set = ids_set,
};
