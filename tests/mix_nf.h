/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An NF for tests that does, in order, what its letters say:
 *	c	counts
 *	i r w	a state function that ignores, reads, writes the payload
 *	I R W	one that may drop, by what it sees
 *	s	one that reads and settles after three packets
 *	x	rewrites addresses and ports, by exclusive or, so that the way
 *		back undoes it
 *	d	marks with a DSCP
 *	g	drops the flows it is set to drop
 *	l	a reader that drops and has not said that it may
 * and of the kernel tier, over a cell of the direction:
 *	b	a token bucket that drops
 *	t	a threshold that drops when it is passed
 *	u	one that marks with a DSCP from then on
 *	k	samples, and tells of it
 */
#ifndef NFOLD_TESTS_MIX_NF_H
#define NFOLD_TESTS_MIX_NF_H

#include <arpa/inet.h>

#include "tests/payload_nf.h"

#define MIX_OPS 6

struct mix_op {
	char what;
	uint8_t pattern;
	uint32_t settle;
	uint32_t addr_xor;	/* host order */
	uint16_t port_xor;
	uint16_t drop_of;	/* g: drops one flow in so many; 1: all */
	uint16_t limit;		/* b: packets at once, t u k: of the cell */
};

struct mix_total {
	uint64_t calls, hits, digest, packets, bytes, word, fires;
};

struct mix {
	struct mix_op ops[MIX_OPS];
	int cnt;
	struct mix_total totals[MIX_OPS]; /* of sessions that are over */
};

struct mix_session {
	bool open;
	struct probe probe[2][MIX_OPS];
	struct nf_count count[2][MIX_OPS];
	struct nfold_cell *cell[2][MIX_OPS];
	bool passed[2][MIX_OPS];	/* u */
};

static inline void mix_open(const struct mix *m, struct mix_session *s)
{
	static const char classes[] = "irw";

	for (int d = 0; d < 2 && !s->open; d++)
		for (int i = 0; i < m->cnt; i++) {
			char c = m->ops[i].what | 0x20;
			const char *at = strchr(classes, c);

			s->probe[d][i] = (struct probe){
				.payload = at ? at - classes : NF_READ,
				.may_drop = m->ops[i].what < 'a',
				.pattern = m->ops[i].pattern,
				.settle = m->ops[i].settle,
			};
		}
	s->open = true;
}

/* A packet of a bucket's takes a ms. */
static inline struct nfold_cell *mix_cell(struct nf *nf, const struct mix_op *op)
{
	struct nfold_cell *c = nf_cell_new(nf);
	const uint64_t ms = NF_SEC / 1000;

	if (!c)
		return NULL;
	c->limit = op->limit;
	if (op->what == 'b') {
		c->limit = (op->limit * ms) << NFOLD_BUCKET_SHIFT;
		c->rate = ms << (NFOLD_BUCKET_SHIFT + 16);
	}
	return c;
}

static const struct state_function mix_bucket = { .name = "bucket",
						  .kernel = NFOLD_FN_BUCKET };
static const struct state_function mix_threshold = {
	.name = "threshold", .kernel = NFOLD_FN_THRESHOLD, .tell = true,
};
static const struct state_function mix_sample = {
	.name = "sample", .kernel = NFOLD_FN_SAMPLE, .tell = true,
};

/* The packet that passes u's threshold is the first that is marked. */
static inline enum nf_verdict mix_marks(struct nf *nf, struct nf_pkt *pkt,
					struct nfold_cell *cell, bool *passed)
{
	struct header_action mark = ha_dscp(46);

	localmat_add_SF(nf, pkt->fid, &mix_threshold, cell);
	*passed |= nf_state_run(nf, pkt, &mix_threshold, cell);
	if (!*passed)
		register_event(nf, pkt->fid, nf_fired, cell, &mark, NULL);
	if (!*passed)
		return NF_FORWARD;
	nf_pkt_set_dscp(pkt, 46);
	localmat_add_HA(nf, pkt->fid, &mark);
	return NF_FORWARD;
}

static inline enum nf_verdict mix_kernel(struct nf *nf, struct nf_pkt *pkt,
					 struct mix_session *s, int i)
{
	const struct mix_op *op = &((struct mix *)nf->priv)->ops[i];
	struct nfold_cell **c = &s->cell[pkt->reply][i];
	const struct state_function *sf =
		op->what == 'b' ? &mix_bucket :
		op->what == 'k' ? &mix_sample : &mix_threshold;
	struct header_action drop = ha_drop(NFOLD_REASON_POLICED);

	if (!*c)
		*c = mix_cell(nf, op);
	if (!*c) {
		localmat_keep_slow(nf, pkt->fid, NFOLD_REASON_CELLS_FULL);
		return NF_FORWARD;
	}
	if (op->what == 'u')
		return mix_marks(nf, pkt, *c, &s->passed[pkt->reply][i]);
	localmat_add_SF(nf, pkt->fid, sf, *c);
	register_event(nf, pkt->fid, nf_fired, *c,
		       op->what == 'k' ? NULL : &drop, NULL);
	return nf_state_run(nf, pkt, sf, *c) && op->what != 'k' ?
		       nf_drop(pkt, NFOLD_REASON_POLICED) : NF_FORWARD;
}

static inline void mix_rewrite(struct nf *nf, struct nf_pkt *pkt,
			       const struct mix_op *op)
{
	struct nf_addr s = pkt->saddr, d = pkt->daddr;
	uint16_t sport = pkt->sport ^ htons(op->port_xor);
	uint16_t dport = pkt->dport ^ htons(op->port_xor);
	struct header_action ha[4];
	int n = 0;

	if (pkt->family != 4)
		return;
	s.a[0] ^= htonl(op->addr_xor);
	d.a[0] ^= htonl(op->addr_xor);
	nf_pkt_set_saddr(pkt, &s);
	ha[n++] = ha_modify_addr(NFOLD_FIELD_SADDR, &s);
	nf_pkt_set_daddr(pkt, &d);
	ha[n++] = ha_modify_addr(NFOLD_FIELD_DADDR, &d);
	if (pkt->l4proto == IPPROTO_TCP || pkt->l4proto == IPPROTO_UDP) {
		nf_pkt_set_sport(pkt, sport);
		ha[n++] = ha_modify_port(NFOLD_FIELD_SPORT, sport);
		nf_pkt_set_dport(pkt, dport);
		ha[n++] = ha_modify_port(NFOLD_FIELD_DPORT, dport);
	}
	for (int i = 0; i < n; i++)
		localmat_add_HA(nf, pkt->fid, &ha[i]);
}

/* Reads, and drops for the pattern, without a word of it. */
static inline enum nf_sf_result liar_run(void *arg, struct nf_pkt *pkt)
{
	struct probe *p = arg;

	p->calls++;
	return probe_hits(pkt, p->pattern) ? NF_SF_DROP : NF_SF_NEXT;
}

static inline enum nf_verdict mix_step(struct nf *nf, struct nf_pkt *pkt, int i)
{
	static const struct state_function count = { .name = "count",
						     .count = true };
	static const struct state_function liar = { .name = "liar",
						    .payload = NF_READ,
						    .run = liar_run };
	const struct mix_op *op = &((struct mix *)nf->priv)->ops[i];
	struct header_action ha = ha_drop(NFOLD_REASON_NAT_EXHAUSTED);
	struct mix_session *s = nf_session(nf, pkt);
	struct nf_count *c = &s->count[pkt->reply][i];
	struct probe *p = &s->probe[pkt->reply][i];
	uint32_t flow = pkt->sport * 31U + pkt->dport + pkt->reply;

	switch (op->what) {
	case 'c':
		c->packets++;
		c->bytes += nf_pkt_in_len(pkt);
		localmat_add_SF(nf, pkt->fid, &count, c);
		return NF_FORWARD;
	case 'x':
		mix_rewrite(nf, pkt, op);
		return NF_FORWARD;
	case 'd':
		ha = ha_dscp(11);
		nf_pkt_set_dscp(pkt, 11);
		localmat_add_HA(nf, pkt->fid, &ha);
		return NF_FORWARD;
	case 'b':
	case 't':
	case 'u':
	case 'k':
		return mix_kernel(nf, pkt, s, i);
	case 'l':
		return nf_sf_run(nf, pkt, &liar, p);
	case 'g':
		if (flow % op->drop_of)
			return NF_FORWARD;
		localmat_add_HA(nf, pkt->fid, &ha);
		return nf_drop(pkt, NFOLD_REASON_NAT_EXHAUSTED);
	}
	return nf_sf_run(nf, pkt, probe_function(p), p);
}

static inline enum nf_verdict mix_packet(struct nf *nf, struct nf_pkt *pkt)
{
	const struct mix *m = nf->priv;
	enum nf_verdict v = NF_FORWARD;

	mix_open(m, nf_session(nf, pkt));
	for (int i = 0; i < m->cnt && v == NF_FORWARD; i++)
		v = mix_step(nf, pkt, i);
	return v;
}

static inline void mix_expire(struct nf *nf, void *session, uint64_t now)
{
	struct mix_session *s = session;
	struct mix *m = nf->priv;

	(void)now;
	for (int i = 0; i < m->cnt; i++)
		for (int d = 0; d < 2; d++) {
			struct mix_total *t = &m->totals[i];

			t->calls += s->probe[d][i].calls;
			t->hits += s->probe[d][i].hits;
			t->digest += s->probe[d][i].digest;
			t->packets += s->count[d][i].packets;
			t->bytes += s->count[d][i].bytes;
			if (!s->cell[d][i])
				continue;
			t->word += s->cell[d][i]->word;
			t->fires += s->cell[d][i]->fires;
			nf_cell_free(nf, s->cell[d][i]);
		}
}

static const struct nf_ops mix_ops = {
	.name = "mix", .session_size = sizeof(struct mix_session),
	.packet = mix_packet, .expire = mix_expire,
};

#endif
