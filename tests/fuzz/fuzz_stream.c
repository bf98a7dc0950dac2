/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fuzz target: whatever segments come, with whatever limits, bytes come out in
 * order and as some segment had them, what is missing is told as a gap, and no
 * bound is passed.
 */
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>

#include "chains/ids/stream.h"
#include "tests/fuzz/fuzz.h"

struct stream_side {
	uint64_t next;		/* offset that is to come */
	uint32_t origin;	/* number of offset 0 */
	bool placed;		/* it is known */
	bool vague;		/* or was, until a SYN's ACK said otherwise */
};

struct stream_out {
	uint64_t offset;
	uint32_t len;
	bool gap;
};

struct stream_fuzz {
	const uint8_t *pos, *end;
	struct ids_stream_limits limits;
	struct ids_streams *pool;
	struct ids_stream *s;
	struct stream_side side[2];
	uint64_t now;
	uint8_t sent[2][1 << 16]; /* by number: bit n: a segment had byte n */
	/* of one call */
	struct stream_out out[1024];
	uint32_t outs, len;
	uint8_t bytes[1 << 17];
};

static uint32_t stream_take(struct stream_fuzz *f, int bytes)
{
	uint32_t v = 0;

	while (bytes-- && f->pos < f->end)
		v = v << 8 | *f->pos++;
	return v;
}

static void stream_note(void *ctx, int dir, const uint8_t *bytes, uint32_t len,
			uint64_t offset, bool gap)
{
	struct stream_fuzz *f = ctx;

	(void)dir;
	FUZZ_CHECK(len && f->outs < 1024 && f->len + len <= sizeof(f->bytes));
	f->out[f->outs++] = (struct stream_out){ offset, len, gap };
	memcpy(f->bytes + f->len, bytes, len);
	f->len += len;
}

/* Where does the direction begin, after a segment with that result? */
static void stream_place(struct stream_fuzz *f, int dir, uint32_t seq,
			 uint8_t flags, unsigned int got)
{
	const unsigned int no = IDS_STREAM_BAD_SYN | IDS_STREAM_CLOSED |
				IDS_STREAM_BAD_RST | IDS_STREAM_RST;
	struct stream_side *side = &f->side[dir];

	if (got & IDS_STREAM_RESTART)
		memset(f->side, 0, sizeof(f->side));
	if (got & no || (side->placed && !(got & IDS_STREAM_RESYN)))
		return;
	if (!(got & IDS_STREAM_MIDSTREAM) && !(flags & TH_SYN))
		return;
	side->origin = seq + !!(flags & TH_SYN);
	side->placed = true;
}

static void stream_check(struct stream_fuzz *f, int dir)
{
	struct stream_side *side = &f->side[dir];
	const uint8_t *bytes = f->bytes;

	for (uint32_t n = 0; n < f->outs; n++) {
		struct stream_out *o = &f->out[n];

		FUZZ_CHECK(o->offset >= side->next);
		FUZZ_CHECK(o->gap == (o->offset != side->next));
		FUZZ_CHECK(side->placed);
		for (uint32_t i = 0; i < o->len; i++, bytes++) {
			uint16_t at = side->origin + o->offset + i;

			FUZZ_CHECK(*bytes < 8);
			FUZZ_CHECK(side->vague ||
				   f->sent[dir][at] & 1 << *bytes);
		}
		side->next = o->offset + o->len;
	}
}

static void stream_segment(struct stream_fuzz *f)
{
	static const uint32_t near = UINT32_C(0xffff8000); /* wraps midway */
	int dir = stream_take(f, 1) & 1;
	uint8_t flags = stream_take(f, 1), data[256];
	uint32_t seq = near + stream_take(f, 2), len = stream_take(f, 1);
	uint32_t from = seq + !!(flags & TH_SYN);
	unsigned int got;

	for (uint32_t i = 0; i < len; i++) {
		data[i] = stream_take(f, 1) & 7;
		f->sent[dir][(uint16_t)(from + i)] |= 1 << data[i];
	}
	f->now += stream_take(f, 1);
	f->outs = f->len = 0;
	got = ids_stream_segment(f->s, dir, seq, flags, data, len, f->now,
				 stream_note, f);
	FUZZ_CHECK(got < 1u << IDS_STREAM_BITS);
	FUZZ_CHECK(!(got & IDS_STREAM_DELIVERED) == !f->outs);
	stream_place(f, dir, seq, flags, got);
	stream_check(f, dir);
}

static void stream_step(struct stream_fuzz *f)
{
	const struct ids_streams_stats *stats = ids_streams_stats(f->pool);
	uint32_t op = stream_take(f, 1), ack, window;

	if (op < 230) {
		stream_segment(f);
	} else if (op < 245) {
		ack = UINT32_C(0xffff8000) + stream_take(f, 2);
		window = stream_take(f, 2);
		ids_stream_ack(f->s, op & 1, op & 2 ? TH_ACK : TH_ACK | TH_SYN,
			       ack, window);
		f->side[!(op & 1)].vague |= !(op & 2);
	} else {
		ids_streams_expire(f->pool, f->now);
	}
	FUZZ_CHECK(stats->memory <= f->limits.memory);
	FUZZ_CHECK(ids_stream_held(f->s) <= f->limits.flow_bytes);
	FUZZ_CHECK(stats->pieces <= f->limits.flow_pieces);
}

static void stream_limits(struct stream_fuzz *f)
{
	uint32_t bits;

	f->limits = ids_stream_limits_default();
	f->limits.policy = stream_take(f, 1) % IDS_POLICY_CNT;
	f->limits.memory = 1000 + stream_take(f, 2);
	f->limits.flow_bytes = stream_take(f, 2);
	f->limits.flow_pieces = stream_take(f, 1);
	f->limits.window = 1 + stream_take(f, 2);
	f->limits.history = stream_take(f, 1);
	f->limits.timeout_ns = stream_take(f, 2);
	f->limits.midstream = stream_take(f, 1) & 1;
	bits = stream_take(f, 1);
	f->limits.syn_data = bits & 1;
	f->limits.normalise = bits & 2;
}

int FUZZ_ENTRY(const uint8_t *data, size_t size)
{
	struct stream_fuzz *f = calloc(1, sizeof(*f));

	FUZZ_CHECK(f);
	f->pos = data;
	f->end = data + size;
	stream_limits(f);
	f->pool = ids_streams_new(&f->limits);
	FUZZ_CHECK(f->pool);
	f->s = ids_stream_new(f->pool);
	while (f->s && f->pos < f->end)
		stream_step(f);
	ids_stream_free(f->s);
	FUZZ_CHECK(!ids_streams_stats(f->pool)->memory);
	FUZZ_CHECK(!ids_streams_stats(f->pool)->pieces);
	ids_streams_free(f->pool);
	free(f);
	return 0;
}
