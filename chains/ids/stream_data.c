/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A segment's bytes: what is old is compared, what is refused is cut, what is
 * in order is delivered with all that it makes whole, and the rest is held.
 */
#include <stdlib.h>
#include <string.h>

#include "stream_priv.h"

/* --- history: the last delivered bytes, in a ring --- */

static bool history_new(struct ids_half *h)
{
	struct ids_streams *pool = h->s->pool;

	if (pool->stats.memory + pool->limits.history > pool->limits.memory ||
	    !ids_pool_fixed_room(pool, pool->limits.history))
		return false;
	h->history = malloc(pool->limits.history);
	if (h->history)
		ids_pool_charge(pool, pool->limits.history);
	return h->history;
}

static void history_add(struct ids_half *h, const uint8_t *bytes, uint32_t len)
{
	uint32_t size = h->s->pool->limits.history, at, part;
	uint64_t offset = h->offset;

	if (!size)
		return;
	if (!h->history && !history_new(h)) {
		h->s->pool->stats.no_history++;
		return;
	}
	h->history_len = len < size - h->history_len ? h->history_len + len : size;
	if (len > size) {
		bytes += len - size;
		offset += len - size;
		len = size;
	}
	at = offset % size;
	part = len < size - at ? len : size - at;
	memcpy(h->history + at, bytes, part);
	memcpy(h->history, bytes + part, len - part);
}

/* Are the bytes at seq, all of them in the history, as they were? */
static bool history_same(const struct ids_half *h, uint32_t seq,
			 const uint8_t *bytes, uint32_t len)
{
	uint32_t size = h->s->pool->limits.history, at, part;

	at = (h->offset - (h->next - seq)) % size;
	part = len < size - at ? len : size - at;
	return !memcmp(h->history + at, bytes, part) &&
	       !memcmp(h->history, bytes + part, len - part);
}

static void compare_old(struct ids_call *c, const struct ids_new *n,
			uint32_t end)
{
	uint32_t from = seq_max(n->seq, c->h->next - c->h->history_len);

	c->result |= IDS_STREAM_OLD;
	if (n->end == c->h->next && n->end - n->seq == 1)
		c->result |= IDS_STREAM_KEEPALIVE;
	if (from != n->seq)
		c->result |= IDS_STREAM_UNCOMPARED;
	if (seq_before(from, end) &&
	    !history_same(c->h, from, n->data + (from - n->seq), end - from))
		c->result |= IDS_STREAM_DIFFERS;
}

/* --- what is not taken --- */

uint32_t ids_half_limit(const struct ids_half *h)
{
	uint32_t far = h->next + h->s->pool->limits.window;

	return h->edge_known ? seq_min(h->edge, far) : far;
}

static void cut_old(struct ids_call *c, struct ids_new *n)
{
	uint32_t next = c->h->next, end = seq_min(n->end, next);

	if (n->seq == n->end || !seq_before(n->seq, next))
		return;
	if (next - n->seq > c->s->pool->limits.window) {
		c->result |= IDS_STREAM_OUTSIDE;
		n->end = n->seq;
		return;
	}
	compare_old(c, n, end);
	n->data += end - n->seq;
	n->seq = n->begin = end;
}

static void cut_end(struct ids_call *c, struct ids_new *n, uint32_t limit,
		    enum ids_stream_result why)
{
	if (n->seq == n->end || !seq_before(limit, n->end))
		return;
	c->result |= why;
	n->end = n->stop = seq_max(limit, n->seq);
}

static void cut(struct ids_call *c, struct ids_new *n)
{
	cut_old(c, n);
	cut_end(c, n, ids_half_limit(c->h), IDS_STREAM_OUTSIDE);
	if (c->h->fin)
		cut_end(c, n, c->h->fin_seq, IDS_STREAM_AFTER_FIN);
}

bool ids_data_differs(struct ids_call *c, struct ids_new n)
{
	cut(c, &n);
	if (n.seq != n.end)
		ids_hold_compare(c, &n);
	return c->result & IDS_STREAM_DIFFERS;
}

/* --- what is --- */

static void deliver(struct ids_call *c, const uint8_t *bytes, uint32_t len)
{
	struct ids_half *h = c->h;
	uint64_t offset = h->offset;
	bool gap = h->gap;

	if (!len)
		return;
	history_add(h, bytes, len);
	h->next += len;
	h->offset += len;
	h->gap = false;
	c->result |= IDS_STREAM_DELIVERED;
	c->deliver(c->ctx, c->dir, bytes, len, offset, gap);
}

static void deliver_piece(struct ids_call *c, struct ids_piece *p)
{
	deliver(c, p->data, p->end - p->seq);
	ids_piece_free(c->h, p);
}

/* n up to seq. */
static void deliver_new(struct ids_call *c, struct ids_new *n, uint32_t seq)
{
	deliver(c, n->data, seq - n->seq);
	n->data += seq - n->seq;
	n->seq = seq;
}

static void deliver_held(struct ids_call *c)
{
	struct ids_half *h = c->h;
	struct ids_piece *p;

	if (RB_EMPTY(&h->pieces) && !h->before)
		return;
	while ((p = ids_piece_first(h)) && p->seq == h->next)
		deliver_piece(c, p);
	ids_half_wait(h, c->now);
}

/* n, from the stream's place on, and what is held amidst of it. */
static void in_order(struct ids_call *c, struct ids_new *n)
{
	enum ids_stream_policy policy = c->s->pool->limits.policy;
	struct ids_half *h = c->h;
	struct ids_piece *p;

	while (n->seq != n->end && (p = ids_piece_first(h)) &&
	       seq_before(p->seq, n->end)) {
		ids_piece_compare(c, n, p);
		if (!ids_policy_wins(policy, n, p)) {
			uint32_t end = seq_min(p->end, n->end);

			deliver_new(c, n, p->seq);
			deliver_piece(c, p);
			n->data += end - n->seq;
			n->seq = end;
		} else if (seq_before(n->end, p->end)) {
			ids_piece_cut(p, n->end);
		} else {
			ids_piece_free(h, p);
		}
	}
	deliver_new(c, n, n->end);
	deliver_held(c);
}

/* --- gaps --- */

static void skip(struct ids_call *c, uint32_t to)
{
	struct ids_half *h = c->h;

	if (h->fin)
		to = seq_min(to, h->fin_seq);
	c->s->pool->stats.gap_bytes += to - h->next;
	h->offset += to - h->next;
	h->next = to;
	h->history_len = 0;
	h->gap = true;
	c->result |= IDS_STREAM_GAP;
	deliver_held(c);
}

/* Is the place inside of what was given up? */
static bool at_lost(struct ids_half *h)
{
	if (h->lost && !seq_before(h->next, h->lost_to))
		h->lost = false;
	return h->lost && !seq_before(h->next, h->lost_from);
}

/* The first gap goes, up to what is held or comes, or to `most` at most. */
static void skip_first(struct ids_call *c, uint32_t most)
{
	struct ids_piece *p = ids_piece_first(c->h);

	skip(c, p ? seq_min(p->seq, most) : most);
}

void ids_data(struct ids_call *c, struct ids_new *n)
{
	struct ids_half *h = c->h;
	bool was_lost = at_lost(h);

	for (cut(c, n); n->seq != n->end; cut(c, n)) {
		if (n->seq == h->next)
			in_order(c, n);
		else if (at_lost(h))
			skip_first(c, seq_min(n->seq, h->lost_to));
		else if (ids_hold(c, n))
			break;
		else
			skip_first(c, n->seq); /* no room */
	}
	if (at_lost(h) && !was_lost)
		c->result |= IDS_STREAM_LOST;
}

void ids_data_timeout(struct ids_call *c)
{
	uint64_t timeout = c->s->pool->limits.timeout_ns;

	if (timeout && c->h->before && c->now - c->h->since >= timeout)
		skip(c, ids_piece_first(c->h)->seq);
}
