/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The flow table's writer at full speed against XDP readers on another CPU
 * (BPF_PROG_TEST_RUN with a large repeat), over real maps. A reader that copies
 * a torn entry, or that holds a slot which is given to another key meanwhile,
 * fails the test. Two controls break the protocol on purpose and must be seen.
 * NFOLD_STRESS_SECONDS: for the whole test, 10 by default.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cmocka.h>

#include "maps/flow_slot.h"
#include "maps/flow_table.h"
#include "selftests/prog_run/table_stress.h"
#include "selftests/prog_run/table_stress.skel.h"

#define TAGS_BYTES (STRESS_BUCKETS * NFOLD_BUCKET_SLOTS)
#define SLOTS (STRESS_BUCKETS * NFOLD_BUCKET_SLOTS + STRESS_OVERFLOW)
#define REPEAT 20000
/* Expire only above this: the rest would soon all wait for its grace period,
 * and the reader find nothing. */
#define LIVE_MIN 96

struct stress {
	int family;
	struct table_stress_bpf *skel;
	void *slots;
	size_t slots_bytes;
	void *tags;
	struct flow_table *t;
	int prog_fd;
	bool stop;
	uint32_t slot[STRESS_KEYS];
	uint64_t installs;
	uint64_t replaces;
	uint64_t full;
	uint64_t marked_wrong; /* slots with another key's mark */
	int run_err;
};

static uint64_t rng_state;

static uint32_t rng(void)
{
	rng_state ^= rng_state >> 12;
	rng_state ^= rng_state << 25;
	rng_state ^= rng_state >> 27;
	return rng_state * 0x2545f4914f6cdd1dULL >> 32;
}

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* A share, in per cent, of the whole test's time. */
static uint64_t share_ns(uint32_t percent)
{
	const char *env = getenv("NFOLD_STRESS_SECONDS");
	double seconds = env ? atof(env) : 10;

	return seconds * 1e7 * percent;
}

static void pin_cpu(int cpu)
{
	cpu_set_t set;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static struct flow_entry make_entry(int family, uint32_t n, uint32_t counter)
{
	struct flow_entry e = {.session = n};
	uint32_t act[sizeof(e.act) / 4], set[9];

	act[0] = counter;
	for (uint32_t i = 1; i < sizeof(act) / 4; i++)
		act[i] = stress_act_word(n, counter, i);
	for (uint32_t i = 0; i < 9; i++)
		set[i] = stress_word(n, counter, 16 + i);
	memcpy(&e.act, act, sizeof(e.act));
	if (family == 6) {
		e.key = stress_key6(n);
		memcpy(&e.set, set, sizeof(e.set));
		return e;
	}
	e.key.saddr[0] = stress_key4(n).saddr;
	e.key.daddr[0] = stress_key4(n).daddr;
	e.key.sport = stress_key4(n).sport;
	e.key.zone = stress_key4(n).zone;
	e.key.l4proto = stress_key4(n).l4proto;
	e.set.saddr[0] = set[0];
	e.set.daddr[0] = set[1];
	memcpy(&e.set.sport, &set[2], 4);
	return e;
}

/* --- construction --- */

static void skel_prepare(struct table_stress_bpf *skel, uint32_t hold)
{
	struct nfold_config *c = (struct nfold_config *)&skel->rodata->config;

	assert_int_equal(getrandom(c->seed, sizeof(c->seed), 0),
			 sizeof(c->seed));
	c->nbuckets4 = c->nbuckets6 = STRESS_BUCKETS;
#if !defined(__x86_64__)
	c->weak_memory = 1;
#endif
	skel->rodata->stress_hold = hold;
	bpf_map__set_max_entries(skel->maps.flows4, SLOTS);
	bpf_map__set_max_entries(skel->maps.flows6, SLOTS);
	bpf_map__set_max_entries(skel->maps.tags4, STRESS_BUCKETS);
	bpf_map__set_max_entries(skel->maps.tags6, STRESS_BUCKETS);
	bpf_map__set_autocreate(skel->maps.xsks, false);
	bpf_map__set_autocreate(skel->maps.tx_ports, false);
	bpf_map__set_autocreate(skel->maps.meta, false);
}

static void stress_map(struct stress *s)
{
	size_t size = s->family == 4 ? sizeof(struct nfold_slot4)
				     : sizeof(struct nfold_slot6);
	size_t page = sysconf(_SC_PAGESIZE);
	int fd = bpf_map__fd(s->family == 4 ? s->skel->maps.flows4
					    : s->skel->maps.flows6);

	s->slots_bytes = (SLOTS * size + page - 1) / page * page;
	s->slots = mmap(NULL, s->slots_bytes, PROT_READ | PROT_WRITE,
			MAP_SHARED, fd, 0);
	assert_ptr_not_equal(s->slots, MAP_FAILED);
	fd = bpf_map__fd(s->family == 4 ? s->skel->maps.tags4 :
					  s->skel->maps.tags6);
	s->tags = mmap(NULL, TAGS_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		       0);
	assert_ptr_not_equal(s->tags, MAP_FAILED);
}

static void stress_open(struct stress *s, int family, uint32_t hold,
			bool no_grace)
{
	struct table_stress_bpf *skel = table_stress_bpf__open();
	struct flow_table_conf conf;

	memset(s, 0, sizeof(*s));
	assert_non_null(skel);
	skel_prepare(skel, hold);
	assert_int_equal(table_stress_bpf__load(skel), 0);
	s->family = family;
	s->skel = skel;
	stress_map(s);
	s->prog_fd = bpf_program__fd(family == 4 ? skel->progs.stress4
						 : skel->progs.stress6);
	conf = (struct flow_table_conf){
		.family = family,
		.slots = s->slots,
		.tags = s->tags,
		.slot_cnt = SLOTS,
		.nbuckets = STRESS_BUCKETS,
		.seed = (const __u64 *)skel->rodata->config.seed,
		.overflow_fd = bpf_map__fd(family == 4 ? skel->maps.overflow4
						       : skel->maps.overflow6),
		.ctl = &skel->data_ctl->ctl,
		.manual_grace = no_grace,
	};
	assert_int_equal(flow_table_new(&s->t, &conf), 0);
	for (uint32_t n = 0; n < STRESS_KEYS; n++)
		s->slot[n] = FLOW_SLOT_NONE;
}

static void stress_close(struct stress *s)
{
	flow_table_free(s->t);
	munmap(s->slots, s->slots_bytes);
	munmap(s->tags, TAGS_BYTES);
	table_stress_bpf__destroy(s->skel);
}

/* --- reader --- */

static void *stress_read(void *arg)
{
	struct stress *s = arg;
	char frame[64] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .data_size_in = sizeof(frame), .repeat = REPEAT);

	pin_cpu(1);
	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
		if (bpf_prog_test_run_opts(s->prog_fd, &opts) &&
		    errno != EINTR) {
			s->run_err = errno;
			break;
		}
	}
	return NULL;
}

/* --- writers --- */

static void check_mark(struct stress *s, uint32_t n)
{
	struct nfold_cells *cells = flow_table_cells(s->t, s->slot[n]);
	uint64_t mark = __atomic_load_n(&cells->last_seen_ns, __ATOMIC_RELAXED);

	if (mark && mark != n + 1)
		s->marked_wrong++;
}

/* Hot keys seldom: reader and writer shall go on meeting in them. */
static bool may_expire(const struct stress *s, uint32_t n)
{
	if (flow_table_live(s->t) <= LIVE_MIN)
		return false;
	return n >= STRESS_HOT || rng() % 256 == 0;
}

static void write_one(struct stress *s, uint32_t counter)
{
	uint32_t n = stress_pick(rng()), what = rng() % 64;
	struct flow_entry e = make_entry(s->family, n, counter);

	if (s->slot[n] == FLOW_SLOT_NONE) {
		s->slot[n] = flow_table_install(s->t, &e);
		s->installs += s->slot[n] != FLOW_SLOT_NONE;
		s->full += s->slot[n] == FLOW_SLOT_NONE;
		return;
	}
	check_mark(s, n);
	if (what == 0 && may_expire(s, n)) {
		flow_table_expire(s->t, s->slot[n]);
		s->slot[n] = FLOW_SLOT_NONE;
	} else if (what < 4) {
		flow_table_invalidate(s->t, s->slot[n]);
	} else {
		flow_table_replace(s->t, s->slot[n], &e);
		s->replaces++;
	}
}

static void write_well(struct stress *s, uint32_t counter)
{
	write_one(s, counter);
	if (counter % 64 == 0)
		flow_table_reclaim(s->t);
}

/* Control: slots come back at once, as if there were no grace period. */
static void write_without_grace(struct stress *s, uint32_t counter)
{
	uint32_t n = rng() % STRESS_KEYS;
	struct flow_entry e = make_entry(s->family, n, counter);

	if (s->slot[n] == FLOW_SLOT_NONE) {
		s->slot[n] = flow_table_install(s->t, &e);
		s->installs += s->slot[n] != FLOW_SLOT_NONE;
		return;
	}
	check_mark(s, n);
	flow_table_expire(s->t, s->slot[n]);
	s->slot[n] = FLOW_SLOT_NONE;
	flow_table_reclaim(s->t);
	flow_table_grace_end(s->t);
}

/* Control: the entry is overwritten while its version says that it is whole. */
static void write_without_version(struct stress *s, uint32_t counter)
{
	uint32_t n = stress_pick(rng());
	struct flow_entry e = make_entry(s->family, n, counter);
	struct nfold_slot4 *slot;

	if (s->slot[n] == FLOW_SLOT_NONE) {
		s->slot[n] = flow_table_install(s->t, &e);
		return;
	}
	slot = (struct nfold_slot4 *)s->slots + s->slot[n];
	slot->set.saddr = e.set.saddr[0];
	slot->set.daddr = e.set.daddr[0];
	slot->set.sport = e.set.sport;
	slot->set.dport = e.set.dport;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	slot->act = e.act;
}

static void stress_run(struct stress *s, uint32_t percent,
		       void (*write)(struct stress *, uint32_t))
{
	uint64_t end = clock_ns() + share_ns(percent);
	pthread_t reader;

	assert_int_equal(pthread_create(&reader, NULL, stress_read, s), 0);
	pin_cpu(0);
	for (uint32_t counter = 1; clock_ns() < end;) {
		for (int i = 0; i < 256; i++)
			write(s, counter++);
	}
	__atomic_store_n(&s->stop, true, __ATOMIC_RELAXED);
	pthread_join(reader, NULL);
}

static void stress_print(const struct stress *s)
{
	const struct stress_count *c = &s->skel->bss->count;

	print_message(
		"# IPv%d, grace by %s: %llu installs, %llu replaces, %llu full; reader: %llu hits (%llu overflow), %llu misses, %llu busy, %llu torn, %llu reused; %llu wrong marks\n",
		s->family, flow_table_grace(s->t),
		(unsigned long long)s->installs,
		(unsigned long long)s->replaces, (unsigned long long)s->full,
		c->hit, c->overflow, c->miss, c->busy, c->torn, c->reused,
		(unsigned long long)s->marked_wrong);
}

/* --- tests --- */

static void run_well(int family)
{
	struct stress s;
	const struct stress_count *c;

	if (geteuid()) {
		print_message("# needs root\n");
		skip();
	}
	stress_open(&s, family, 16, false);
	stress_run(&s, 40, write_well);
	stress_print(&s);
	c = &s.skel->bss->count;
	assert_int_equal(s.run_err, 0);
	assert_int_equal(c->torn, 0);
	assert_int_equal(c->reused, 0);
	assert_int_equal(s.marked_wrong, 0);
	assert_true(c->hit > 1000 && c->overflow > 0 && s.replaces > 1000);
	/* Reused, or there was nothing to get wrong. */
	assert_true(s.installs > SLOTS * 2);
	stress_close(&s);
}

static void test_ipv4(void **state)
{
	(void)state;
	run_well(4);
}

static void test_ipv6(void **state)
{
	(void)state;
	run_well(6);
}

static void test_sees_missing_version(void **state)
{
	struct stress s;

	(void)state;
	if (geteuid() || sysconf(_SC_NPROCESSORS_ONLN) < 2) {
		print_message("# needs root and two CPUs\n");
		skip();
	}
	stress_open(&s, 4, 0, false);
	stress_run(&s, 10, write_without_version);
	stress_print(&s);
	assert_true(s.skel->bss->count.torn > 0);
	stress_close(&s);
}

static void test_sees_missing_grace(void **state)
{
	struct stress s;

	(void)state;
	if (geteuid() || sysconf(_SC_NPROCESSORS_ONLN) < 2) {
		print_message("# needs root and two CPUs\n");
		skip();
	}
	stress_open(&s, 4, 4000, true);
	stress_run(&s, 10, write_without_grace);
	stress_print(&s);
	assert_int_equal(s.skel->bss->count.torn, 0);
	assert_true(s.skel->bss->count.reused + s.marked_wrong > 0);
	stress_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{"XDP readers see no torn entry and keep their slot (IPv4)",
		 test_ipv4, NULL, NULL, NULL},
		{"XDP readers see no torn entry and keep their slot (IPv6)",
		 test_ipv6, NULL, NULL, NULL},
		{"control: a writer that skips the odd version is caught",
		 test_sees_missing_version, NULL, NULL, NULL},
		{"control: a writer that skips the grace period is caught",
		 test_sees_missing_grace, NULL, NULL, NULL},
	};

	rng_state = clock_ns() | 1;
	print_message("# random state %llu\n", (unsigned long long)rng_state);
	return cmocka_run_group_tests_name("table stress", tests, NULL, NULL);
}
