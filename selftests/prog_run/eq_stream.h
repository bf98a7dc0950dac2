/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Streams: packets in sequence, several at a time. TCP connections (handshake,
 * data both ways, retransmissions, out of order, half close, resets true and
 * forged, the tuple opened again), UDP questions and answers, echo. The answers
 * are to what really left the box.
 */
#ifndef NFOLD_EQ_STREAM_H
#define NFOLD_EQ_STREAM_H

#include "eq_packet.h"

#define STREAMS 6
#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10

struct stream_end {
	bool known;		/* it may send */
	struct pkt f;		/* what it sends */
	uint32_t port, seq, ack;
	struct pkt_tunnel in;	/* that it sends in; family 0: none */
	bool fin;		/* has been sent */
};

static struct stream {
	struct stream_end end[2];	/* who opened it, who answers */
	uint32_t left;			/* packets until another begins */
	bool open;			/* the handshake is over */
	int last_side;
	struct pkt last;
} streams[STREAMS];

static void stream_begin(struct stream *s, uint32_t port_cnt)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_TCP,
					  IPPROTO_TCP, IPPROTO_UDP,
					  IPPROTO_ICMP };
	struct stream_end *e = &s->end[0];

	*s = (struct stream){ .left = 3 + pick(40) };
	e->known = true;
	e->f.family = pick(3) ? 4 : 6;
	e->f.proto = protos[pick(sizeof(protos))];
	if (e->f.proto == IPPROTO_ICMP && e->f.family == 6)
		e->f.proto = IPPROTO_ICMPV6;
	e->f.tags = pick(8) ? 0 : 1;
	e->f.tci[0] = 10 + pick(2);
	e->f.ttl = 64;
	e->f.frag = pick(2) ? 0x4000 : 0;
	e->seq = pick(UINT32_MAX);
	draw_in.family = 0;
	random_ends(&e->f, &e->port, port_cnt);
	e->in = draw_in;
	e->f.icmp_type = e->f.family == 4 ? 8 : 128;
}

static void tcp_opens(struct stream *s, int side)
{
	struct stream_end *e = &s->end[side];

	e->f.payload = 0;
	if (side || !s->end[1].known || !pick(3)) {
		e->f.flags = side ? SYN | ACK : SYN;
		return;
	}
	e->f.flags = ACK;
	e->seq++;
	s->end[1].seq++;
	s->open = true;
}

static void tcp_resets(struct stream_end *e)
{
	e->f.flags = pick(2) ? RST : RST | ACK;
	e->f.payload = 0;
	if (pick(2))		/* forged: far outside any window */
		e->f.seq += 100000 + pick(1 << 30);
}

/* The same tuple, a new connection. */
static void tcp_opens_again(struct stream *s)
{
	struct stream_end *e = &s->end[0];

	s->open = false;
	s->end[0].fin = s->end[1].fin = false;
	e->seq += 1 + pick(1 << 20);
	e->f.seq = e->seq;
	e->f.flags = SYN;
	e->f.payload = 0;
}

static void tcp_data(struct stream_end *e)
{
	if (e->fin) {		/* it has closed: acknowledges, says FIN again */
		e->f.flags = pick(4) ? ACK : FIN | ACK;
		e->f.payload = 0;
		return;
	}
	e->f.flags = pick(4) ? ACK : PSH | ACK;
	if (!pick(10))
		e->f.seq += 1000;	/* one before it was lost */
	else if (!pick(10))
		e->f.seq -= 500;	/* seen already */
	else
		e->seq += e->f.payload;
}

static void tcp_next(struct stream *s, int side)
{
	struct stream_end *e = &s->end[side];

	e->f.seq = e->seq;
	e->f.ack = e->ack;
	if (!s->open) {
		tcp_opens(s, side);
		return;
	}
	if (!pick(24)) {
		tcp_resets(e);
	} else if (!pick(10) && !e->fin) {
		e->f.flags = FIN | ACK;
		e->fin = true;
	} else if (!side && !pick(s->end[0].fin && s->end[1].fin ? 4 : 30)) {
		tcp_opens_again(s);
	} else {
		tcp_data(e);
	}
}

/* The next packet of a stream, and by which port it comes in. */
static inline struct pkt stream_next(struct stream *s, uint32_t port_cnt,
				     uint32_t *port)
{
	int side;

	if (!s->left--)
		stream_begin(s, port_cnt);
	if (s->last.family && s->left && !pick(8)) { /* the same once more */
		*port = s->end[s->last_side].port;
		draw_in = s->end[s->last_side].in;
		return s->last;
	}
	side = s->end[1].known && pick(2);
	s->end[side].f.payload = pick(6) ? pick(100) : pick(1400);
	s->end[side].f.fill = pick(256);
	if (s->end[side].f.proto == IPPROTO_TCP)
		tcp_next(s, side);
	s->last_side = side;
	s->last = s->end[side].f;
	*port = s->end[side].port;
	draw_in = s->end[side].in;
	return s->last;
}

/* What stream_next() gave has left: the other end has it. */
static inline void stream_left(struct stream *s, const struct oracle_result *o)
{
	struct stream_end *to = &s->end[!s->last_side];
	struct pkt f = s->last;
	struct pkt_tunnel in;
	const uint8_t *l4 = packet_read(&f, o, &in);

	if (!l4)
		return;
	if (f.proto == IPPROTO_TCP)
		to->ack = ((uint32_t)get16(l4 + 4) << 16 | get16(l4 + 6)) +
			  f.payload + !!(f.flags & (SYN | FIN));
	if (s->last_side || (to->known && pick(4)))
		return;
	if (!to->known)
		to->seq = pick(UINT32_MAX);
	to->known = true;
	to->f.ttl = 64;
	to->f.frag = f.frag;
	packet_answer(&to->f, &f);
	to->port = o->port;
	to->in = pkt_tunnel_back(&in);
}

#endif
