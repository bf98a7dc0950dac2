/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A case that is drawn while it runs: answers are made from what left. */
#ifndef NFOLD_EQ_CASE_H
#define NFOLD_EQ_CASE_H

#include "eq_chain.h"
#include "eq_find.h"
#include "eq_stream.h"

/* Of the folded side's packets. */
struct eq_tally {
	uint64_t packets;
	uint64_t by_kernel;
	uint64_t tunnelled;	/* came in a tunnel's header and left */
	uint64_t tunnelled_fast;
	uint64_t reason[NFOLD_REASON_CNT];	/* final outcome */
	uint64_t punted[NFOLD_REASON_CNT];
};

struct eq_draw {
	struct eq_case *c;
	uint64_t now;
	bool fine;		/* time as nfold verify has it */
	bool lb;		/* there is one whose backends change */
	uint32_t port_cnt;
	struct stream *stream;	/* whose turn it is; NULL */
	struct pkt sent;
	struct eq_tally *tally;
};

/* Time goes by: little as a rule, so that rates are reached. */
static void draw_time(struct eq_draw *d)
{
	d->now += 1 + (pick(10) ? pick(1000000) : 3000000);
	if (!pick(200))
		d->now += 100 * NF_SEC;
}

static uint8_t draw_bits(const struct eq_draw *d)
{
	return d->fine ? 0 : pick(3);	/* none, STAYS, ONE_TICK */
}

static void draw_edit(struct eq_draw *d)
{
	static const uint8_t edits[] = "iffFrrhhhmkkkkk", lb[] = "lllif";
	uint8_t b[EDIT_LEN] = { 2, 0, 0, 0, 0, 0, 2 };

	b[11] = draw_bits(d);
	put16(b + 12, EDIT_TYPE);
	b[14] = d->lb && pick(4) ? lb[pick(sizeof(lb) - 1)] :
				   edits[pick(sizeof(edits) - 1)];
	b[15] = b[14] == EDIT_FLUSH ? 1 + pick(30) : pick(4);
	b[16] = b[14] == EDIT_ROUTE && pick(4) ? b[15] :
		b[14] == EDIT_HOP ? !pick(3) :
		b[14] == EDIT_LB ? pick(LB_CHANGES) : pick(4);
	case_add(d->c, d->now, 0, b, sizeof(b));
}

static void draw_wrapped(struct eq_draw *d)
{
	static const uint8_t mac[6] = { 2 };

	memcpy(wrapped.bytes, mac, 6);
	wrapped.bytes[5] = wrapped.port;
	wrapped.bytes[11] = draw_bits(d);
	case_add(d->c, d->now, wrapped.port, wrapped.bytes, wrapped.len);
	d->sent.family = 0;
}

static void draw_packet(struct eq_draw *d)
{
	uint8_t frame[PKT_MAX];
	uint32_t port, len;

	d->stream = pick(3) ? &streams[pick(STREAMS)] : NULL;
	if (d->stream)
		d->sent = stream_next(d->stream, d->port_cnt, &port);
	else
		packet_draw(&d->sent, &port, d->port_cnt);
	memcpy(d->sent.dmac, (uint8_t[]){ 2, 0, 0, 0, 0, port }, 6);
	memcpy(d->sent.smac, (uint8_t[]){ 2, 0, 0, 0, 9, draw_bits(d) }, 6);
	len = pkt_build(&d->sent, frame);
	len = packet_wrap(frame, len, 14 + 4 * d->sent.tags);
	if (!pick(d->stream ? 200 : 20))
		len -= pick(len - 13);
	case_add(d->c, d->now, port, frame, len);
}

static void draw_frame(struct eq_draw *d)
{
	draw_time(d);
	d->stream = NULL;
	d->sent.family = 0;
	if (!pick(d->lb ? 30 : 60))
		draw_edit(d);
	else if (wrapped.len && !pick(8))
		draw_wrapped(d);
	else
		draw_packet(d);
}

static void draw_learn(struct eq_draw *d, const struct oracle_result *o)
{
	d->tally->packets++;
	d->tally->by_kernel += !o->punted;
	d->tally->reason[o->reason]++;
	d->tally->punted[o->punted]++;
	if (d->sent.family && draw_in.family && o->verdict == ORACLE_SENT) {
		d->tally->tunnelled++;
		d->tally->tunnelled_fast += o->reason == NFOLD_REASON_FAST;
	}
	if (o->verdict != ORACLE_SENT || !d->sent.family)
		return;
	if (d->stream)
		stream_left(d->stream, o);
	packet_remember(&d->sent, o);
	if (!wrapped.len)
		remember_wrapped(o);
	else if (!pick(50))
		wrapped.len = 0;
}

/* True: all the same. Else what differs is told, and *c ends with the frame at
 * which it does. c->text is set. */
static bool case_go(struct eq_case *c, uint64_t packets,
		    struct eq_tally *tally)
{
	static struct oracle_result r[2];
	struct eq_draw d = { .c = c, .now = NF_SEC, .fine = pick(2),
			     .tally = tally };
	const char *what = NULL;
	json_t *diff = NULL;
	struct eq_sides q;
	uint32_t at;

	if (!sides_new(&q, c->text))
		return false;
	d.port_cnt = box.port_cnt;
	d.lb = strstr(c->text, "lb {");
	vip_chance = d.lb ? 2 : 16;
	wrapped.len = peer_cnt = 0;
	memset(streams, 0, sizeof(streams));
	for (uint64_t n = 0; n < packets && !what; n++) {
		draw_frame(&d);
		what = sides_frame(&q, &c->frames[c->cnt - 1], r, &at);
		if (!what && !is_edit(&c->frames[c->cnt - 1]))
			draw_learn(&d, &r[0]);
	}
	if (what)
		tell_difference(&c->frames[c->cnt - 1], r, what, at);
	else if ((diff = sides_states(&q)))
		tell_states(diff);
	if (q.told)
		tell_json("told", q.told);
	json_decref(diff);
	sides_free(&q);
	return !what && !diff;
}

/* A failed case as a directory: shrunk, if it fails again when it is repeated. */
static inline void case_keep(struct eq_case *c, const char *dir)
{
	uint32_t before = c->cnt;

	if (case_run(c, false) == UINT32_MAX)
		printf("# the frames alone, in a new run, do not fail\n");
	else
		case_shrink(c);
	printf("# %u of %u frames are left\n%s", c->cnt, before, c->text);
	case_run(c, true);
	if (case_write(c, dir))
		tell_verify(c, dir);
	fflush(stdout);
}

#endif
