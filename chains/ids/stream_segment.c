/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A segment: what its flags mean for the stream (RFC 9293, RFC 5961), then its
 * bytes.
 */
#include <netinet/tcp.h>
#include <string.h>

#include "stream_priv.h"

static const char *const words[IDS_STREAM_BITS] = {
	"delivered", "held",	"old",	    "differs",	"uncompared",
	"keepalive", "gap",	"lost",	    "outside",	"after-fin",
	"no-syn",    "midstream", "resyn",  "bad-syn",	"restart",
	"syn-data",  "end",	"rst",	    "bad-rst",	"closed",
	"urgent",    "no-ack",
};

const char *ids_stream_result_name(enum ids_stream_result bit)
{
	for (int i = 0; i < IDS_STREAM_BITS; i++)
		if (bit == 1u << i)
			return words[i];
	return NULL;
}

static void place(struct ids_half *h, uint32_t seq)
{
	h->next = seq;
	h->placed = true;
}

/* Nothing of it is known but its SYN. */
static bool untouched(const struct ids_half *h)
{
	return !h->offset && RB_EMPTY(&h->pieces) && !h->fin && !h->lost;
}

/* False: the segment is to be ignored. */
static bool on_syn(struct ids_call *c, uint32_t seq)
{
	struct ids_half *h = c->h;

	if (h->syn && h->isn == seq)
		return true;
	if (h->placed && !(h->syn && untouched(h))) {
		c->result |= IDS_STREAM_BAD_SYN;
		return false;
	}
	if (h->placed)
		c->result |= IDS_STREAM_RESYN;
	h->isn = seq;
	h->syn = true;
	h->edge_known = false;
	place(h, seq + 1);
	return true;
}

static bool begin(struct ids_call *c, uint32_t seq, uint8_t flags)
{
	if (flags & TH_SYN)
		return on_syn(c, seq);
	if (c->h->placed)
		return true;
	if (!c->s->pool->limits.midstream) {
		c->result |= IDS_STREAM_NO_SYN;
		return false;
	}
	place(c->h, seq);
	c->result |= IDS_STREAM_MIDSTREAM;
	return true;
}

/* RFC 5961, 3.2. A direction without a place has no number to judge by: then a
 * RST counts if the other's SYN is all there is: that is how one is refused. */
static bool right_rst(const struct ids_call *c, uint32_t seq)
{
	const struct ids_half *other = &c->s->half[!c->dir];

	if (c->h->placed)
		return seq == c->h->next + c->h->ended;
	return other->syn && untouched(other);
}

static void on_rst(struct ids_call *c, uint32_t seq)
{
	struct ids_stream *s = c->s;

	if (!right_rst(c, seq)) {
		c->result |= IDS_STREAM_BAD_RST;
		return;
	}
	s->reset = true;
	ids_half_drop(&s->half[0]);
	ids_half_drop(&s->half[1]);
	c->result |= IDS_STREAM_RST;
}

/* seq: the FIN's own number. The first one counts. */
static void on_fin(struct ids_call *c, uint32_t seq)
{
	struct ids_half *h = c->h;

	if (h->fin ? seq != h->fin_seq :
		     seq_before(seq, h->next) ||
			     seq_before(ids_half_limit(h), seq)) {
		c->result |= IDS_STREAM_OUTSIDE;
		return;
	}
	h->fin = true;
	h->fin_seq = seq;
	if (ids_hold_end(h, seq))
		c->result |= IDS_STREAM_AFTER_FIN;
}

static void check_end(struct ids_call *c)
{
	struct ids_half *h = c->h;

	if (!h->fin || h->ended || h->next != h->fin_seq)
		return;
	h->ended = true;
	c->result |= IDS_STREAM_END;
}

/* A new stream, on a SYN. But not if the old one's next bytes would fit: its
 * host may not have seen the end that came by here, and goes on. */
static void restart(struct ids_call *c, uint32_t isn)
{
	uint32_t next = c->h->next, window = c->s->pool->limits.window;

	if (c->h->placed && !seq_before(isn + 1, next - window) &&
	    seq_before(isn, seq_max(next, ids_half_limit(c->h)))) {
		c->result |= IDS_STREAM_BAD_SYN;
		return;
	}
	for (int i = 0; i < 2; i++) {
		struct ids_half *h = &c->s->half[i];
		uint8_t *history = h->history;

		ids_half_drop(h);
		*h = (struct ids_half){ .s = c->s, .history = history };
	}
	c->s->reset = false;
	c->result |= IDS_STREAM_RESTART;
}

static bool is_over(const struct ids_stream *s)
{
	return s->reset || (s->half[0].ended && s->half[1].ended);
}

static void take(struct ids_call *c, uint32_t seq, uint8_t flags,
		 const uint8_t *data, uint32_t len)
{
	bool syn = flags & TH_SYN, fin = !syn && flags & TH_FIN;
	struct ids_new n = { .data = data, .seq = seq + syn, .begin = seq + syn,
			     .end = seq + syn + len, .stop = seq + syn + len };

	if (!syn && !fin && !len)
		return;
	if (!begin(c, seq, flags))
		return;
	if (len && c->s->pool->limits.normalise && ids_data_differs(c, n))
		return;
	if (syn && len && !c->s->pool->limits.syn_data)
		c->result |= IDS_STREAM_SYN_DATA;
	else if (len)
		ids_data(c, &n);
	if (fin)
		on_fin(c, seq + len);
}

static void segment(struct ids_call *c, uint32_t seq, uint8_t flags,
		    const uint8_t *data, uint32_t len)
{
	if (is_over(c->s) && (flags & (TH_SYN | TH_ACK | TH_RST)) == TH_SYN)
		restart(c, seq);
	if (c->result & IDS_STREAM_BAD_SYN)
		return;
	if (c->s->reset) {
		c->result |= IDS_STREAM_CLOSED;
		return;
	}
	if (!(flags & (TH_ACK | TH_SYN | TH_RST))) {
		c->result |= IDS_STREAM_NO_ACK;
		return;
	}
	if (flags & TH_RST) {
		on_rst(c, seq);
		return;
	}
	if (flags & TH_URG)
		c->result |= IDS_STREAM_URGENT;
	take(c, seq, flags, data, len);
	ids_data_timeout(c);
	check_end(c);
}

enum ids_stream_result ids_stream_segment(struct ids_stream *s, int dir,
					  uint32_t seq, uint8_t flags,
					  const uint8_t *data, uint32_t len,
					  uint64_t now, ids_stream_fn deliver,
					  void *ctx)
{
	struct ids_call c = { .s = s, .h = &s->half[dir], .dir = dir,
			      .now = now, .deliver = deliver, .ctx = ctx };

	segment(&c, seq, flags, data, len);
	for (unsigned int left = c.result; left; left &= left - 1)
		s->pool->stats.seen[__builtin_ctz(left)]++;
	return c.result;
}

void ids_stream_ack(struct ids_stream *s, int dir, uint8_t flags, uint32_t ack,
		    uint32_t window)
{
	struct ids_half *h = &s->half[!dir];
	uint32_t edge = ack + window;

	if (!h->placed)
		return;
	if (flags & TH_SYN && h->syn && untouched(h)) {
		h->isn = ack - 1;
		place(h, ack);
	}
	h->edge = h->edge_known ? seq_max(h->edge, edge) : edge;
	h->edge_known = true;
}
