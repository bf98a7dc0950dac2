/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Random segments beside a naive model, which keeps for each byte whose it is,
 * and decides byte by byte. NFOLD_SEED repeats a run, NFOLD_STREAMS makes it
 * longer.
 */
#include "tests/ids_streams.h"

#define LEN 400			/* of a stream */
#define SEGS 512

struct seg {
	uint32_t begin, stop;	/* offsets: without old bytes */
};

struct model {
	enum ids_stream_policy policy;
	struct seg seg[SEGS];
	uint32_t segs;
	int owner[LEN];		/* of what waits; -1: nobody */
	uint8_t byte[LEN];
	uint32_t next;
	uint32_t history;
	bool normalise;
};

/* What is left of a segment begins where? */
static uint32_t begin_now(const struct model *m, int owner)
{
	uint32_t i = m->next;

	while (m->owner[i] != owner)
		i++;
	return i;
}

/* The published orders, in offsets. held_now: before the new one came. */
static bool model_wins(enum ids_stream_policy policy, const struct seg *n,
		       const struct seg *held, uint32_t held_now)
{
	switch (policy) {
	case IDS_POLICY_LAST:
		return true;
	case IDS_POLICY_BSD:
	case IDS_POLICY_WINDOWS:
	case IDS_POLICY_MACOS:
		return n->begin < held_now;
	case IDS_POLICY_LINUX:
	case IDS_POLICY_HPUX10:
	case IDS_POLICY_IRIX:
		return n->begin < held->begin ||
		       (n->begin == held->begin && n->stop > held->stop);
	case IDS_POLICY_OLD_LINUX:
		return n->begin < held->begin ||
		       (n->begin == held->begin && n->stop >= held->stop);
	case IDS_POLICY_SOLARIS:
	case IDS_POLICY_HPUX11:
		return n->stop > held->stop ||
		       (n->stop == held->stop && n->begin <= held->begin);
	default:
		return false;
	}
}

/* The results that the segment should have. */
static unsigned int model_old(const struct model *m, uint32_t at,
			      const uint8_t *bytes, uint32_t len)
{
	uint32_t kept = m->next < m->history ? 0 : m->next - m->history;
	unsigned int r = IDS_STREAM_NOTHING;

	if (at >= m->next)
		return r;
	r |= IDS_STREAM_OLD;
	if (at < kept)
		r |= IDS_STREAM_UNCOMPARED;
	if (len == 1 && at + 1 == m->next)
		r |= IDS_STREAM_KEEPALIVE;
	for (uint32_t i = at; i < at + len && i < m->next; i++)
		if (i >= kept && m->byte[i] != bytes[i - at])
			r |= IDS_STREAM_DIFFERS;
	return r;
}

/* Does it differ from what waits? */
static unsigned int model_held(const struct model *m, uint32_t at,
			       const uint8_t *bytes, uint32_t len)
{
	for (uint32_t i = at; i < at + len; i++)
		if (i >= m->next && m->owner[i] >= 0 &&
		    m->byte[i] != bytes[i - at])
			return IDS_STREAM_DIFFERS;
	return IDS_STREAM_NOTHING;
}

static unsigned int model_take(struct model *m, uint32_t at,
			       const uint8_t *bytes, uint32_t len)
{
	unsigned int r = model_old(m, at, bytes, len) |
			 model_held(m, at, bytes, len);
	uint32_t now[SEGS], next = m->next, from = at < next ? next : at;
	struct seg *n = &m->seg[m->segs];

	if (m->normalise && r & IDS_STREAM_DIFFERS)
		return r;
	*n = (struct seg){ from, at + len };
	for (uint32_t i = next; i < LEN; i++)
		if (m->owner[i] >= 0)
			now[m->owner[i]] = begin_now(m, m->owner[i]);
	for (uint32_t i = from; i < at + len; i++) {
		int o = m->owner[i];

		if (o >= 0 && !model_wins(m->policy, n, &m->seg[o], now[o]))
			continue;
		m->owner[i] = -2; /* the new one's, once all are decided */
		m->byte[i] = bytes[i - at];
	}
	for (uint32_t i = from; i < at + len; i++)
		if (m->owner[i] == -2)
			m->owner[i] = m->segs;
	m->segs++;
	while (m->next < LEN && m->owner[m->next] >= 0)
		m->next++;
	if (m->next > next)
		r |= IDS_STREAM_DELIVERED;
	return r;
}

struct run {
	uint64_t seed;
	struct box *b;
	struct model m;
	uint8_t stream[LEN];
	uint32_t isn;
	bool consistent;
	uint32_t letters;	/* else: how many there are */
};

static void run_segment(struct run *r, uint64_t *state, uint32_t at,
			uint32_t len)
{
	const unsigned int judged = ~IDS_STREAM_HELD;
	uint8_t bytes[LEN];
	unsigned int want, got;

	if (len > LEN - at)
		len = LEN - at;
	for (uint32_t i = 0; i < len; i++)
		bytes[i] = r->consistent ? r->stream[at + i] :
					   'a' + rnd(state) % r->letters;
	want = model_take(&r->m, at, bytes, len);
	got = box_bytes(r->b, 0, r->isn + 1 + at, TH_ACK, bytes, len);
	assert_result(got & judged, want);
	assert_int_equal(r->b->out[0].next, r->m.next);
	assert_memory_equal(r->b->out[0].bytes, r->m.byte, r->m.next);
}

static struct run *run_new(uint64_t *state, enum ids_stream_policy policy,
			   bool consistent)
{
	struct ids_stream_limits limits = ids_stream_limits_default();
	struct run *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	limits.policy = r->m.policy = policy;
	limits.history = r->m.history = rnd(state) % 2 ? LEN :
							 rnd(state) % 60;
	limits.timeout_ns = 0;
	limits.normalise = r->m.normalise = rnd(state) % 2;
	memset(r->m.owner, 0xff, sizeof(r->m.owner));
	r->consistent = consistent;
	r->letters = r->m.normalise ? 1 + rnd(state) % 2 : 3;
	r->isn = rnd(state) % 2 ? rnd(state) : -(uint32_t)(rnd(state) % LEN);
	for (int i = 0; i < LEN; i++)
		r->stream[i] = rnd(state);
	r->b = box_new(&limits);
	box_send(r->b, 0, r->isn, TH_SYN, "");
	return r;
}

/* Segments anywhere, mostly ahead of the stream's place, then whatever is
 * missing, in pieces. */
static void run(uint64_t *state, enum ids_stream_policy policy, bool consistent)
{
	uint32_t cnt = rnd(state) % 80, most = 1 + rnd(state) % 60, at;
	struct run *r = run_new(state, policy, consistent);

	for (uint32_t i = 0; i < cnt; i++) {
		at = rnd(state) % 3 ? r->m.next + rnd(state) % 100 :
				      rnd(state) % LEN;
		if (at < LEN)
			run_segment(r, state, at, 1 + rnd(state) % most);
	}
	while (r->m.next < LEN && r->m.segs < SEGS - 1)
		run_segment(r, state, r->m.next,
			    r->m.normalise ? 1 : 1 + rnd(state) % 40);
	run_segment(r, state, r->m.next < LEN ? r->m.next : 0, LEN);
	assert_int_equal(r->b->out[0].total, LEN);
	if (consistent)
		assert_memory_equal(r->b->out[0].bytes, r->stream, LEN);
	assert_int_equal(r->b->stats->pieces, 0);
	assert_int_equal(r->b->stats->seen[__builtin_ctz(IDS_STREAM_GAP)], 0);
	box_free(r->b);
	free(r);
}

static void runs(bool consistent)
{
	const char *env = getenv("NFOLD_SEED"), *more = getenv("NFOLD_STREAMS");
	uint64_t seed = env ? strtoull(env, NULL, 0) : 20260807;
	int cnt = more ? atoi(more) : 120;

	printf("# NFOLD_SEED=%llu\n", (unsigned long long)seed);
	for (int i = 0; i < cnt; i++)
		for (int p = 0; p < IDS_POLICY_CNT; p++)
			run(&seed, p, consistent);
}

static void equal_copies_give_the_stream(void **state)
{
	(void)state;
	runs(true);
}

static void unequal_copies_give_what_the_policy_says(void **state)
{
	(void)state;
	runs(false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_copies_give_the_stream),
		cmocka_unit_test(unequal_copies_give_what_the_policy_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
