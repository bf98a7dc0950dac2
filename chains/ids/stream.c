/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The pool of streams: its memory, and who gives way at the bound. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "stream_priv.h"

struct ids_stream_limits ids_stream_limits_default(void)
{
	return (struct ids_stream_limits){
		.policy = IDS_POLICY_LINUX,
		.memory = UINT64_C(64) << 20,
		.flow_bytes = 256 << 10,
		.flow_pieces = 1024,
		.window = 1 << 20,
		.history = 4 << 10,
		.timeout_ns = UINT64_C(30) * 1000000000,
		.midstream = true,
		.syn_data = true,
	};
}

struct ids_streams *ids_streams_new(const struct ids_stream_limits *limits)
{
	struct ids_streams *pool;

	if (limits->policy >= IDS_POLICY_CNT || !limits->window ||
	    limits->window > 1 << 30) {
		errno = EINVAL;
		return NULL;
	}
	pool = calloc(1, sizeof(*pool));
	if (pool)
		pool->limits = *limits;
	return pool;
}

void ids_streams_free(struct ids_streams *pool)
{
	free(pool);
}

const struct ids_streams_stats *
ids_streams_stats(const struct ids_streams *pool)
{
	return &pool->stats;
}

void ids_half_wait(struct ids_half *h, uint64_t now)
{
	struct ids_streams *pool = h->s->pool;

	if (h->before)
		DL_DELETE2(pool->waiting, h, before, behind);
	h->before = h->behind = NULL;
	h->since = now;
	if (!RB_EMPTY(&h->pieces))
		DL_APPEND2(pool->waiting, h, before, behind);
}

void ids_half_drop(struct ids_half *h)
{
	struct ids_piece *p;

	while ((p = RB_ROOT(&h->pieces)))
		ids_piece_free(h, p);
	ids_half_wait(h, 0);
}

/* Its bytes will be missing: where they were is remembered, so that the stream
 * goes on behind them as soon as that is all that is missing. */
static void give_up(struct ids_half *h)
{
	struct ids_streams_stats *stats = &h->s->pool->stats;
	uint32_t from = h->lost ? h->lost_from : ids_piece_first(h)->seq;
	uint32_t to = h->lost ? h->lost_to : from;
	struct ids_piece *p;

	while ((p = ids_piece_first(h))) {
		from = seq_min(from, p->seq);
		to = seq_max(to, p->end);
		stats->given_up_bytes += p->end - p->seq;
		ids_piece_free(h, p);
	}
	ids_half_wait(h, 0);
	stats->given_up++;
	h->lost = true;
	h->lost_from = from;
	h->lost_to = to;
}

void ids_streams_expire(struct ids_streams *pool, uint64_t now)
{
	uint64_t timeout = pool->limits.timeout_ns;

	while (timeout && pool->waiting &&
	       now - pool->waiting->since >= timeout)
		give_up(pool->waiting);
}

bool ids_pool_room(struct ids_streams *pool, uint64_t bytes,
		   const struct ids_stream *s)
{
	while (pool->stats.memory + bytes > pool->limits.memory) {
		if (!pool->waiting || pool->waiting->s == s)
			return false;
		give_up(pool->waiting);
	}
	return true;
}

bool ids_pool_fixed_room(const struct ids_streams *pool, uint64_t bytes)
{
	uint64_t all = pool->limits.memory;

	return pool->stats.memory - pool->stats.held + bytes <= all - all / 4;
}

void ids_pool_charge(struct ids_streams *pool, uint64_t bytes)
{
	struct ids_streams_stats *stats = &pool->stats;

	stats->memory += bytes;
	if (stats->memory > stats->memory_peak)
		stats->memory_peak = stats->memory;
}

struct ids_stream *ids_stream_new(struct ids_streams *pool)
{
	struct ids_stream *s = NULL;

	if (ids_pool_fixed_room(pool, sizeof(*s)) &&
	    ids_pool_room(pool, sizeof(*s), NULL))
		s = calloc(1, sizeof(*s));
	if (!s) {
		pool->stats.refused++;
		return NULL;
	}
	s->pool = pool;
	s->half[0].s = s->half[1].s = s;
	ids_pool_charge(pool, sizeof(*s));
	pool->stats.streams++;
	return s;
}

void ids_stream_free(struct ids_stream *s)
{
	struct ids_streams *pool;

	if (!s)
		return;
	pool = s->pool;
	for (int i = 0; i < 2; i++) {
		ids_half_drop(&s->half[i]);
		if (s->half[i].history)
			pool->stats.memory -= pool->limits.history;
		free(s->half[i].history);
	}
	pool->stats.memory -= sizeof(*s);
	pool->stats.streams--;
	free(s);
}

uint32_t ids_stream_held(const struct ids_stream *s)
{
	return s->held;
}
