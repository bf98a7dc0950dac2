// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reassemble.h"

#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include "../../maps/bytes.h"
#include "../../maps/csum.h"
#include "../../maps/csum_full.h"
#include "ids.h"

/* Tail, the segment, and all that may be held for the stream. */
#define SEGMENT_MAX 65536

int ids_reassembly_init(struct ids_reassembly *r)
{
	r->pool = ids_streams_new(&r->limits);
	r->work = malloc(IDS_TAIL_BYTES + SEGMENT_MAX + r->limits.flow_bytes);
	return r->pool && r->work ? 0 : -1;
}

void ids_reassembly_free(struct ids_reassembly *r)
{
	if (r->pool)
		ids_streams_free(r->pool);
	free(r->work);
}

/* One segment's way. */
struct feed {
	struct ids_reassembly *r;
	const struct ids_patterns *patterns;
	struct ids_tail *tail;
	struct ids_windows *out;
	uint32_t used;		/* bytes of work */
	ids_found_fn found;
	void *ctx;
};

/* The first window begins with the tail, if the bytes follow it. */
static void window_open(struct feed *f, uint64_t offset, bool follows)
{
	struct ids_window *w = &f->out->w[f->out->cnt];
	struct ids_tail *t = f->tail;

	if (!follows)
		ids_tail_restart(t, f->patterns, offset);
	f->out->cnt++;
	*w = (struct ids_window){
		.bytes = f->r->work + f->used, .len = t->len, .fresh = t->len,
		.begins = t->end == t->len,
	};
	memcpy(f->r->work + f->used, t->bytes, t->len);
	f->used += t->len;
}

static void on_end(void *ctx, uint32_t pattern, uint64_t end)
{
	struct feed *f = ctx;

	ids_tail_hit(f->tail, pattern, f->tail->scan_base + end);
	f->found(f->ctx, pattern);
}

/* Without memory for a scan, the whole windows are searched. */
static void scan(struct feed *f, const uint8_t *bytes, uint32_t len)
{
	struct ids_tail *t = f->tail;

	if (!t->scan) {
		t->scan = ids_patterns_open(f->patterns);
		t->scan_base = t->end;
		t->forgotten = t->end;
	}
	f->out->search |= !t->scan || ids_tail_crowded(t);
	if (t->scan)
		ids_patterns_feed(f->patterns, t->scan, bytes, len, on_end, f);
	else
		t->forgotten = t->end + len;
}

static void on_bytes(void *ctx, int dir, const uint8_t *bytes, uint32_t len,
		     uint64_t offset, bool gap)
{
	struct feed *f = ctx;
	bool follows = !gap && offset == f->tail->end;
	struct ids_window *w;

	(void)dir;
	if (!f->out->cnt || (!follows && f->out->cnt < IDS_WINDOWS_MAX))
		window_open(f, offset, follows);
	else if (!follows)
		ids_tail_restart(f->tail, f->patterns, offset);
	w = &f->out->w[f->out->cnt - 1];
	scan(f, bytes, len);
	memcpy(f->r->work + f->used, bytes, len);
	f->used += len;
	w->len += len;
	f->tail->end += len;
}

static void keep(struct feed *f)
{
	const struct ids_window *w = f->out->w + f->out->cnt;

	if (w > f->out->w)
		ids_tail_keep(f->tail, w[-1].bytes, w[-1].len);
}

/* The tail is made at the first bytes: a half-open stream has none. */
static bool have_stream(struct ids *ids, struct ids_dir *d, bool bytes)
{
	struct ids_session *s = d->session;

	if (!s->stream)
		s->stream = ids_stream_new(ids->reassembly.pool);
	if (s->stream && !d->tail && bytes)
		d->tail = ids_tail_new(&ids->reassembly.tails);
	return s->stream && (d->tail || !bytes);
}

bool ids_reassemble(struct ids *ids, struct ids_dir *d, const struct nf_pkt *pkt,
		    const uint8_t *payload, uint32_t len,
		    struct ids_windows *out, ids_found_fn found, void *ctx)
{
	const uint8_t *tcp = pkt->data + pkt->l4_off;
	struct feed f = { .r = &ids->reassembly, .out = out, .found = found,
			  .patterns = &ids->rules->patterns, .ctx = ctx };

	*out = (struct ids_windows){ 0 };
	if (!have_stream(ids, d, len))
		return false;
	f.tail = d->tail;
	for (uint8_t i = 0; f.tail && i < f.tail->hit_cnt; i++)
		found(ctx, f.tail->hits[i].pattern);
	out->result = ids_stream_segment(d->session->stream, pkt->reply,
					 ntohl(load32(tcp + 4)), tcp[13],
					 payload, len, pkt->now, on_bytes, &f);
	keep(&f);
	return true;
}

bool ids_checksum_good(const struct nf_pkt *pkt)
{
	const uint8_t *ip = pkt->data + pkt->l3_off;
	const uint8_t *l4 = pkt->data + pkt->l4_off;
	uint32_t payload, len;

	len = nf_pkt_payload(pkt, &payload) - l4 + payload;
	return csum_fold(nfold_csum_pseudo(ip, pkt->family, pkt->l4proto, len) +
			 nfold_csum_bytes(l4, len)) == 0xffff;
}

void ids_reassemble_end(struct ids *ids, struct ids_session *s, int dir)
{
	ids_tail_free(&ids->reassembly.tails, s->dirs[dir].tail);
	s->dirs[dir].tail = NULL;
}

void ids_reassemble_end_all(struct ids *ids, struct ids_session *s)
{
	ids_reassemble_end(ids, s, 0);
	ids_reassemble_end(ids, s, 1);
	ids_stream_free(s->stream);
	s->stream = NULL;
}
