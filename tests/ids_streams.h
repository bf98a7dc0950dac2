/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the tests of the stream reassembly share: a pool with one stream, and
 * what it delivered, by offset.
 */
#ifndef TESTS_IDS_STREAMS_H
#define TESTS_IDS_STREAMS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chains/ids/stream.h"

#define OUT_MAX 65536
#define SECOND UINT64_C(1000000000)

struct out {
	char bytes[OUT_MAX];	/* by offset; '.': not delivered */
	uint64_t next;		/* offset behind the last byte */
	uint32_t gaps, calls, total;
};

struct box {
	struct ids_streams *pool;
	struct ids_stream *s;
	const struct ids_streams_stats *stats;
	struct out out[2];
	const uint8_t *from, *to; /* the packet's bytes, */
	bool direct;		/* and all that came out was in them */
	uint64_t now;
};

/* Each byte comes once, in order; only a gap may lie between. */
static inline void box_deliver(void *ctx, int dir, const uint8_t *bytes,
			       uint32_t len, uint64_t offset, bool gap)
{
	struct box *b = ctx;
	struct out *o = &b->out[dir];

	assert_true(len);
	assert_true(offset + len <= OUT_MAX);
	if (gap)
		assert_true(offset > o->next);
	else
		assert_int_equal(offset, o->next);
	memcpy(o->bytes + offset, bytes, len);
	o->next = offset + len;
	o->gaps += gap;
	o->calls++;
	o->total += len;
	if (bytes < b->from || bytes + len > b->to)
		b->direct = false;
}

static inline void box_clear(struct box *b)
{
	memset(b->out, 0, sizeof(b->out));
	memset(b->out[0].bytes, '.', OUT_MAX);
	memset(b->out[1].bytes, '.', OUT_MAX);
}

static inline struct box *box_new(const struct ids_stream_limits *limits)
{
	struct box *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->pool = ids_streams_new(limits);
	assert_non_null(b->pool);
	b->stats = ids_streams_stats(b->pool);
	b->s = ids_stream_new(b->pool);
	assert_non_null(b->s);
	b->now = SECOND;
	box_clear(b);
	return b;
}

/* And no byte of memory, piece or stream is left. */
static inline void box_free(struct box *b)
{
	ids_stream_free(b->s);
	assert_int_equal(b->stats->memory, 0);
	assert_int_equal(b->stats->held, 0);
	assert_int_equal(b->stats->pieces, 0);
	assert_int_equal(b->stats->streams, 0);
	ids_streams_free(b->pool);
	free(b);
}

/* The bytes lie in a block of exactly that size, for the sanitizer. */
static inline unsigned int box_bytes(struct box *b, int dir, uint32_t seq,
				     uint8_t flags, const void *data,
				     uint32_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	unsigned int result;

	assert_non_null(copy);
	if (len)
		memcpy(copy, data, len);
	b->from = copy;
	b->to = copy + len;
	b->direct = true;
	result = ids_stream_segment(b->s, dir, seq, flags, copy, len, b->now,
				    box_deliver, b);
	free(copy);
	return result;
}

static inline unsigned int box_send(struct box *b, int dir, uint32_t seq,
				    uint8_t flags, const char *text)
{
	return box_bytes(b, dir, seq, flags, text, strlen(text));
}

/* What direction dir's first bytes are, '.' for each that is missing. */
static inline void box_expect(struct box *b, int dir, const char *text)
{
	size_t len = strlen(text);
	char got[256] = "";

	assert_true(len < sizeof(got) - 1);
	memcpy(got, b->out[dir].bytes, len + 1);
	assert_int_equal(got[len], '.');
	got[len] = 0;
	assert_string_equal(got, text);
}

/* Results are compared as words. */
static inline void box_result(unsigned int got, unsigned int want,
			      const char *file, int line)
{
	if (got == want)
		return;
	for (int i = 0; i < IDS_STREAM_BITS; i++)
		if ((got ^ want) & 1u << i)
			print_error("%s: %s\n",
				    got & 1u << i ? "not wanted" : "missing",
				    ids_stream_result_name(1u << i));
	_fail(file, line);
}

#define assert_result(got, want) box_result(got, want, __FILE__, __LINE__)

/* splitmix64 */
static inline uint64_t rnd(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

#endif
