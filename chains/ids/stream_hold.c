/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pieces that wait: a tree of them by number, and how a new segment is fitted
 * in between.
 */
#include <stdlib.h>
#include <string.h>

#include "stream_priv.h"

static int piece_cmp(struct ids_piece *a, struct ids_piece *b)
{
	++*a->steps;
	return (int32_t)(a->seq - b->seq) < 0 ? -1 : a->seq != b->seq;
}

/* RB_GENERATE_STATIC of this version asks for __unused, which glibc lacks. */
RB_PROTOTYPE_INTERNAL(ids_tree, ids_piece, node, piece_cmp,
		     static __attribute__((__unused__)))
RB_GENERATE_INTERNAL(ids_tree, ids_piece, node, piece_cmp,
		     static __attribute__((__unused__)))

struct ids_piece *ids_piece_first(struct ids_half *h)
{
	return RB_MIN(ids_tree, &h->pieces);
}

/* The last one that does not begin after seq, or NULL. */
static struct ids_piece *piece_floor(struct ids_half *h, uint32_t seq)
{
	struct ids_piece key = { .seq = seq,
				 .steps = &h->s->pool->stats.steps };
	struct ids_piece *p = RB_NFIND(ids_tree, &h->pieces, &key);

	if (!p)
		return RB_MAX(ids_tree, &h->pieces);
	return p->seq == seq ? p : RB_PREV(ids_tree, &h->pieces, p);
}

/* NULL: no room for it, in the stream or in the pool. */
static struct ids_piece *piece_new(struct ids_half *h, const struct ids_new *n)
{
	struct ids_streams *pool = h->s->pool;
	uint32_t len = n->end - n->seq, size = sizeof(struct ids_piece) + len;
	struct ids_piece *p;

	if (h->s->held + size > pool->limits.flow_bytes ||
	    h->s->pieces >= pool->limits.flow_pieces ||
	    !ids_pool_room(pool, size, h->s))
		return NULL;
	p = malloc(size);
	if (!p)
		return NULL;
	*p = (struct ids_piece){ .steps = &pool->stats.steps,
				 .data = p->bytes,
				 .seq = n->seq,
				 .end = n->end,
				 .begin = n->begin,
				 .stop = n->stop,
				 .charge = size };
	memcpy(p->bytes, n->data, len);
	ids_pool_charge(pool, size);
	pool->stats.held += size;
	pool->stats.pieces++;
	h->s->held += size;
	h->s->pieces++;
	return p;
}

void ids_piece_free(struct ids_half *h, struct ids_piece *p)
{
	struct ids_streams_stats *stats = &h->s->pool->stats;

	RB_REMOVE(ids_tree, &h->pieces, p);
	stats->memory -= p->charge;
	stats->held -= p->charge;
	stats->pieces--;
	h->s->held -= p->charge;
	h->s->pieces--;
	free(p);
}

void ids_piece_cut(struct ids_piece *p, uint32_t seq)
{
	p->data += seq - p->seq;
	p->seq = seq;
}

void ids_piece_compare(struct ids_call *c, const struct ids_new *n,
		       const struct ids_piece *e)
{
	uint32_t from = seq_max(n->seq, e->seq), to = seq_min(n->end, e->end);

	++*e->steps;
	if (seq_before(from, to) &&
	    memcmp(n->data + (from - n->seq), e->data + (from - e->seq),
		   to - from))
		c->result |= IDS_STREAM_DIFFERS;
}

/* Takes from n's front what others keep. With `last` n may lie inside of a
 * piece, which then gets its bytes: what is left of n is empty. */
static void fit_front(struct ids_call *c, struct ids_new *n)
{
	struct ids_piece *e = piece_floor(c->h, n->seq);

	while (e && !seq_before(n->seq, e->seq) && seq_before(n->seq, e->end)) {
		bool wins = ids_policy_wins(c->s->pool->limits.policy, n, e);

		if (wins && (e->seq == n->seq || !seq_before(n->end, e->end)))
			return;
		ids_piece_compare(c, n, e);
		if (wins)
			memcpy(e->data + (n->seq - e->seq), n->data,
			       n->end - n->seq);
		n->data += seq_min(e->end, n->end) - n->seq;
		n->seq = seq_min(e->end, n->end);
		if (n->seq == n->end)
			return;
		e = RB_NEXT(ids_tree, &c->h->pieces, e);
	}
}

/* What p, the copy of n, shares with e goes to one of them. If e keeps its
 * bytes, n loses all from there to its end, to e and to others that come before
 * n in the policy's order; only `first` has no such order. */
static void fit_piece(struct ids_call *c, const struct ids_new *n,
		      struct ids_piece *p, struct ids_piece *e)
{
	enum ids_stream_policy policy = c->s->pool->limits.policy;
	bool wins = ids_policy_wins(policy, n, e);

	ids_piece_compare(c, n, e);
	if (wins && seq_before(e->seq, p->seq)) {
		e->end = p->seq;
	} else if (wins && seq_before(p->end, e->end)) {
		ids_piece_cut(e, p->end);
	} else if (wins) {
		ids_piece_free(c->h, e);
	} else if (ids_policy_first(policy) && seq_before(e->end, p->end)) {
		/* in the midst: p takes it in, as it is */
		memcpy(p->bytes + (e->seq - p->seq), e->data, e->end - e->seq);
		ids_piece_free(c->h, e);
	} else {
		p->end = seq_min(p->end, e->seq);
	}
}

/* The first one that may overlap what begins at seq. */
static struct ids_piece *piece_from(struct ids_half *h, uint32_t seq)
{
	struct ids_piece *e = piece_floor(h, seq);

	return e ? e : ids_piece_first(h);
}

void ids_hold_compare(struct ids_call *c, const struct ids_new *n)
{
	struct ids_piece *e = piece_from(c->h, n->seq);

	for (; e && seq_before(e->seq, n->end);
	     e = RB_NEXT(ids_tree, &c->h->pieces, e))
		ids_piece_compare(c, n, e);
}

bool ids_hold(struct ids_call *c, struct ids_new *n)
{
	struct ids_half *h = c->h;
	bool first = RB_EMPTY(&h->pieces);
	struct ids_piece *p, *e, *next;

	fit_front(c, n);
	if (n->seq == n->end)
		return true;
	p = piece_new(h, n);
	if (!p)
		return false;
	for (e = piece_from(h, n->seq); e && seq_before(e->seq, n->end);
	     e = next) {
		next = RB_NEXT(ids_tree, &h->pieces, e);
		if (seq_before(n->seq, e->end))
			fit_piece(c, n, p, e);
	}
	RB_INSERT(ids_tree, &h->pieces, p);
	if (first)
		ids_half_wait(h, c->now);
	c->result |= IDS_STREAM_HELD;
	return true;
}

bool ids_hold_end(struct ids_half *h, uint32_t seq)
{
	struct ids_piece *p;
	bool some = false;

	while ((p = RB_MAX(ids_tree, &h->pieces)) && seq_before(seq, p->end)) {
		some = true;
		if (seq_before(p->seq, seq))
			p->end = seq;
		else
			ids_piece_free(h, p);
	}
	if (some && !p)
		ids_half_wait(h, 0);
	return some;
}
