/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The flow table's writer, on plain memory: every verb, full buckets, grace,
 * hand-over, adoption, version wrap-around.
 */
#include "tests/flow_fixture.h"

/* --- verbs --- */

static void test_install(void **state)
{
	struct fixture *f = *state;
	struct flow_entry e = make_entry(f->family, 7, 3);
	struct nfold_cells *cells;
	uint32_t slot;

	assert_int_equal(flow_table_find(f->t, &e.key), FLOW_SLOT_NONE);
	slot = flow_table_install(f->t, &e);
	assert_int_not_equal(slot, FLOW_SLOT_NONE);
	assert_int_equal(flow_table_find(f->t, &e.key), slot);
	assert_int_equal(flow_table_live(f->t), 1);
	assert_int_equal(flow_table_slots(f->t), SLOTS);
	assert_holds(f, slot, &e);
	cells = flow_table_cells(f->t, slot);
	assert_int_equal(cells->created_ns, e.now_ns);
	assert_int_equal(cells->last_seen_ns, e.now_ns);
	assert_int_equal(cells->tcp_seen, NFOLD_TCP_SYN);
	assert_int_equal(cells->handover, 0);
}

static void test_keys_differ(void **state)
{
	struct fixture *f = *state;
	struct flow_entry e = make_entry(f->family, 7, 3);
	uint8_t *byte = (uint8_t *)&e.key;
	uint32_t slot = flow_table_install(f->t, &e);
	size_t cut = offsetof(struct nfold_key6, pad);

	for (size_t i = 0; i < cut; i++) {
		/* IPv4 lives in the first word of each address. */
		bool used = f->family == 6 || i < 4 || (i >= 16 && i < 20) ||
			    i >= 32;

		byte[i] ^= 1;
		assert_int_equal(flow_table_find(f->t, &e.key),
				 used ? FLOW_SLOT_NONE : slot);
		byte[i] ^= 1;
	}
}

static void test_replace(void **state)
{
	struct fixture *f = *state;
	struct flow_entry e = make_entry(f->family, 7, 3);
	struct flow_entry new = make_entry(f->family, 7, 4);
	uint32_t slot = flow_table_install(f->t, &e);
	struct nfold_cells *cells = flow_table_cells(f->t, slot);
	uint32_t version = raw_version(f, slot);

	cells->packets += 5;
	cells->tcp_seen |= NFOLD_TCP_FIN;
	flow_table_replace(f->t, slot, &new);
	new.packets = e.packets + 5;
	assert_holds(f, slot, &new);
	assert_int_equal(cells->tcp_seen, NFOLD_TCP_SYN | NFOLD_TCP_FIN);
	assert_true(version_live(raw_version(f, slot)));
	assert_int_not_equal(raw_version(f, slot), version);
	assert_int_equal(flow_table_find(f->t, &e.key), slot);
	assert_int_equal(cells->handover, 0);
	new.pending = true;
	flow_table_replace(f->t, slot, &new);
	assert_int_equal(cells->handover, NFOLD_HANDOVER_PENDING);
}

static void test_set_peer(void **state)
{
	struct fixture *f = *state;
	struct flow_entry e = make_entry(f->family, 7, 3);
	uint32_t slot = flow_table_install(f->t, &e);

	flow_table_set_peer(f->t, slot, 12);
	e.peer = 12;
	assert_holds(f, slot, &e);
}

static void test_invalidate(void **state)
{
	struct fixture *f = *state;
	struct flow_entry e = make_entry(f->family, 7, 3);
	uint32_t slot = flow_table_install(f->t, &e);
	uint32_t version = raw_version(f, slot);
	struct flow_entry got;

	flow_table_invalidate(f->t, slot);
	assert_true(flow_table_read(f->t, slot, &got, NULL));
	assert_int_not_equal(got.act.generation, f->ctl.generation);
	assert_int_equal(got.act.generation, 0);
	assert_int_equal(raw_version(f, slot), version);
	assert_int_equal(flow_table_find(f->t, &e.key), slot);
	flow_table_replace(f->t, slot, &e);
	assert_holds(f, slot, &e);
}

static void test_expire(void **state)
{
	struct fixture *f = *state;
	struct flow_entry e = make_entry(f->family, 7, 3);
	uint32_t slot = flow_table_install(f->t, &e);
	struct flow_entry got;

	flow_table_expire(f->t, slot);
	assert_int_equal(flow_table_find(f->t, &e.key), FLOW_SLOT_NONE);
	assert_int_equal(flow_table_live(f->t), 0);
	assert_int_equal(raw_version(f, slot), 0);
	assert_false(flow_table_read(f->t, slot, &got, NULL));
	/* Once more, and replacing what is gone, does nothing. */
	flow_table_expire(f->t, slot);
	flow_table_replace(f->t, slot, &e);
	assert_int_equal(flow_table_live(f->t), 0);
	assert_int_equal(raw_version(f, slot), 0);
}

static void test_grace_before_reuse(void **state)
{
	struct fixture *f = *state;
	struct flow_entry e = make_entry(f->family, 7, 3);
	uint32_t first = flow_table_install(f->t, &e);
	uint32_t version = raw_version(f, first), second;

	assert_string_equal(flow_table_grace(f->t), "manual");
	flow_table_reclaim(f->t); /* nothing to wait for: no period begins */
	flow_table_expire(f->t, first);
	second = flow_table_install(f->t, &e);
	assert_int_not_equal(second, first);
	flow_table_reclaim(f->t); /* begins a period for `first` */
	flow_table_expire(f->t, second); /* too late for it */
	flow_table_reclaim(f->t); /* not over */
	assert_false(flow_table_install(f->t, &e) == first);
	flow_table_expire(f->t, flow_table_find(f->t, &e.key));
	flow_table_grace_end(f->t);
	flow_table_reclaim(f->t);
	assert_int_equal(flow_table_install(f->t, &e), first);
	assert_int_not_equal(raw_version(f, first), version);
	flow_table_expire(f->t, first);
	assert_int_not_equal(flow_table_install(f->t, &e), second);
	flow_table_expire(f->t, flow_table_find(f->t, &e.key));
	grace_pass(f);
	grace_pass(f);
	assert_int_equal(flow_table_install(f->t, &e), first);
}

static void test_version_wrap(void **state)
{
	struct fixture *f = *state;
	struct flow_table_conf conf = fixture_conf(f, BUCKETS);
	struct flow_entry e = make_entry(f->family, 7, 3);
	uint32_t slot = flow_table_install(f->t, &e);
	uint32_t tag = slot_head(raw_slot(f, slot)).h.hash;

	/* A writer that takes over goes on from the highest version. */
	flow_table_free(f->t);
	slot_set_head(raw_slot(f, slot), 0xfffffffe, tag);
	assert_int_equal(flow_table_new(&f->t, &conf), 0);
	flow_table_replace(f->t, slot, &e);
	assert_int_equal(raw_version(f, slot), 2);
	flow_table_expire(f->t, slot);
	grace_pass(f);
	assert_int_equal(flow_table_install(f->t, &e), slot);
	assert_int_equal(raw_version(f, slot), 4);
	assert_holds(f, slot, &e);
}

static void test_full_buckets(void **state)
{
	struct fixture *f = *state;
	uint8_t used[SLOTS] = {0};
	uint32_t refused = 0;

	for (uint32_t n = 0; n < SLOTS * 4; n++) {
		struct flow_entry e = make_entry(f->family, n, n);
		uint32_t before = key_slots_used(f, BUCKETS, &e.key, used);
		uint32_t slot = flow_table_install(f->t, &e);

		if (slot == FLOW_SLOT_NONE) {
			assert_int_equal(before, 2 * NFOLD_BUCKET_SLOTS);
			assert_int_equal(flow_table_find(f->t, &e.key), slot);
			refused++;
			continue;
		}
		assert_false(used[slot]);
		used[slot] = 1;
		assert_holds(f, slot, &e);
	}
	assert_int_equal(flow_table_live(f->t), SLOTS * 4 - refused);
	assert_true(flow_table_live(f->t) > SLOTS * 98 / 100);
}

/* --- hand-over --- */

static void test_handover(void **state)
{
	struct fixture *f = *state;
	struct flow_entry e = make_entry(f->family, 7, 3);
	struct nfold_cells *cells;
	uint32_t slot;

	e.pending = true;
	slot = flow_table_install(f->t, &e);
	cells = flow_table_cells(f->t, slot);
	assert_int_equal(cells->handover, NFOLD_HANDOVER_PENDING);
	__atomic_fetch_add(&cells->handover, 3, __ATOMIC_RELAXED);
	assert_false(flow_table_ready(f->t, slot));
	flow_table_left(f->t, slot, 2);
	assert_int_equal(cells->handover, NFOLD_HANDOVER_PENDING | 1);
	assert_false(flow_table_ready(f->t, slot));
	flow_table_left(f->t, slot, 5); /* more than there are */
	assert_int_equal(cells->handover, NFOLD_HANDOVER_PENDING);
	assert_true(flow_table_ready(f->t, slot));
	assert_int_equal(cells->handover, 0);
	assert_false(flow_table_ready(f->t, slot));
	flow_table_left(f->t, slot, 1);
	assert_int_equal(cells->handover, 0);
}

static void test_handover_forced(void **state)
{
	struct fixture *f = *state;
	struct flow_entry e = make_entry(f->family, 7, 3);
	struct nfold_cells *cells;
	uint32_t slot;

	e.pending = true;
	slot = flow_table_install(f->t, &e);
	cells = flow_table_cells(f->t, slot);
	__atomic_fetch_add(&cells->handover, 3, __ATOMIC_RELAXED);
	flow_table_force(f->t, slot);
	assert_int_equal(cells->handover, 0);
	flow_table_left(f->t, slot, 3);
	assert_int_equal(cells->handover, 0);
	/* XDP raised it after the switch and has not taken it back yet. */
	__atomic_fetch_add(&cells->handover, 1, __ATOMIC_RELAXED);
	flow_table_left(f->t, slot, 1);
	flow_table_force(f->t, slot);
	assert_int_equal(cells->handover, 1);
}

/* --- adoption and refusals --- */

static void test_adopt(void **state)
{
	struct fixture *f = *state;
	struct flow_table_conf conf = fixture_conf(f, BUCKETS);
	struct flow_entry e = make_entry(f->family, 7, 3);
	struct flow_entry half = make_entry(f->family, 8, 3);
	uint32_t slot = flow_table_install(f->t, &e);
	uint32_t torn = flow_table_install(f->t, &half);
	slot_word *raw = raw_slot(f, torn);
	uint32_t version = raw_version(f, torn);

	/* The old writer died while it replaced `half`. */
	slot_set_head(raw, version + 1, slot_head(raw).h.hash);
	flow_table_free(f->t);
	assert_int_equal(flow_table_new(&f->t, &conf), 0);
	assert_int_equal(flow_table_live(f->t), 1);
	assert_int_equal(flow_table_find(f->t, &e.key), slot);
	assert_holds(f, slot, &e);
	assert_int_equal(flow_table_find(f->t, &half.key), FLOW_SLOT_NONE);
	assert_int_equal(flow_table_install(f->t, &half), torn);
	assert_int_equal(raw_version(f, torn), version + 2);
	assert_holds(f, torn, &half);
}

static void test_reader(void **state)
{
	struct fixture *f = *state;
	struct flow_table_conf conf = fixture_conf(f, BUCKETS);
	struct flow_entry e = make_entry(f->family, 7, 3), got;
	uint32_t slot = flow_table_install(f->t, &e);
	struct flow_table *r;

	conf.reader = true;
	assert_int_equal(flow_table_new(&r, &conf), 0);
	assert_int_equal(flow_table_find(r, &e.key), slot);
	assert_true(flow_table_read(r, slot, &got, NULL));
	assert_memory_equal(&got.set, &e.set, sizeof(got.set));
	flow_table_expire(f->t, slot);
	assert_int_equal(flow_table_find(r, &e.key), FLOW_SLOT_NONE);
	assert_false(flow_table_read(r, slot, &got, NULL));
	flow_table_free(r);
}

static void refused(struct fixture *f, void (*spoil)(struct flow_table_conf *))
{
	struct flow_table_conf conf = fixture_conf(f, BUCKETS);
	struct flow_table *out = (void *)1;

	spoil(&conf);
	assert_int_equal(flow_table_new(&out, &conf), -22);
	assert_ptr_equal(out, (void *)1);
}

static void spoil_family(struct flow_table_conf *c)
{
	c->family = 5;
}

static void spoil_slots(struct flow_table_conf *c)
{
	c->slots = NULL;
}

static void spoil_buckets(struct flow_table_conf *c)
{
	c->nbuckets = 0;
}

static void spoil_count(struct flow_table_conf *c)
{
	c->nbuckets++;
}

static void spoil_seed(struct flow_table_conf *c)
{
	c->seed = NULL;
}

static void spoil_ctl(struct flow_table_conf *c)
{
	c->overflow_fd = 0;
	c->ctl = NULL;
}

static void test_refusals(void **state)
{
	refused(*state, spoil_family);
	refused(*state, spoil_slots);
	refused(*state, spoil_buckets);
	refused(*state, spoil_count);
	refused(*state, spoil_seed);
	refused(*state, spoil_ctl);
	flow_table_free(NULL);
}

static void test_sizes(void **state)
{
	static const uint32_t flows[] = {0,	1,	 5,	    1000,
					 65536, 1048576, UINT32_MAX};
	(void)state;

	for (size_t i = 0; i < sizeof(flows) / sizeof(flows[0]); i++) {
		uint32_t nbuckets = 0, slots = 0;

		flow_table_size(6, flows[i], &nbuckets, &slots);
		assert_true(nbuckets > 0);
		assert_true((uint64_t)nbuckets * NFOLD_BUCKET_SLOTS + 64 <=
			    slots);
		assert_true(slots < UINT32_MAX);
		if (flows[i] == UINT32_MAX)
			continue;
		assert_true((uint64_t)nbuckets * NFOLD_BUCKET_SLOTS * 4 / 5 >=
			    flows[i]);
		flow_table_size(4, flows[i], &nbuckets, &slots);
		assert_true((uint64_t)nbuckets * NFOLD_BUCKET_SLOTS * 3 / 4 >=
			    flows[i]);
		assert_true(nbuckets * NFOLD_BUCKET_SLOTS + 64 <= slots);
	}
}

/* The real grace period, where membarrier exists: it must end. */
static void test_membarrier(void **state)
{
	struct fixture *f = *state;
	struct flow_table_conf conf = fixture_conf(f, BUCKETS);
	struct flow_entry e = make_entry(f->family, 7, 3);
	struct timespec ms = {.tv_nsec = 1000000};
	uint32_t slot;
	int i;

	flow_table_free(f->t);
	conf.manual_grace = false;
	assert_int_equal(flow_table_new(&f->t, &conf), 0);
	print_message("# grace by %s\n", flow_table_grace(f->t));
	slot = flow_table_install(f->t, &e);
	flow_table_expire(f->t, slot);
	for (i = 0; i < 5000; i++) {
		uint32_t now;

		flow_table_reclaim(f->t);
		now = flow_table_install(f->t, &e);
		if (now == slot)
			break;
		if (now != FLOW_SLOT_NONE)
			flow_table_expire(f->t, now);
		nanosleep(&ms, NULL);
	}
	assert_true(i < 5000);
}

#define BOTH(text, fn)                                     \
	{text " (IPv4)", fn, setup4, teardown, NULL},      \
	{                                                  \
		text " (IPv6)", fn, setup6, teardown, NULL \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH("an installed entry is found and reads back",
		     test_install),
		BOTH("every byte of the key counts", test_keys_differ),
		BOTH("replace rewrites the action and keeps the counters",
		     test_replace),
		BOTH("the peer is set by one store", test_set_peer),
		BOTH("an invalidated entry has no valid generation",
		     test_invalidate),
		BOTH("an expired entry is gone at once", test_expire),
		BOTH("a slot is reused only after its grace period",
		     test_grace_before_reuse),
		BOTH("the version skips 0 when it wraps", test_version_wrap),
		BOTH("install refuses only when both buckets are full",
		     test_full_buckets),
		BOTH("hand-over switches when the slow path is empty",
		     test_handover),
		BOTH("a forced hand-over leaves no count behind",
		     test_handover_forced),
		BOTH("a new writer takes over live entries", test_adopt),
		BOTH("a reader of the mapping finds entries", test_reader),
		BOTH("a membarrier grace period ends", test_membarrier),
		{"bad configurations are refused", test_refusals, setup4,
		 teardown, NULL},
		{"sizes keep to the designed fill at every limit", test_sizes,
		 NULL, NULL, NULL},
	};

	rng_seed();
	return cmocka_run_group_tests_name("flow table", tests, NULL, NULL);
}
