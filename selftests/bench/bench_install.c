/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Installs per second: flow_table_install() into the mmap-ed array of a real
 * map, beside bpf_map_update_elem() of as many bytes into a kernel hash map.
 * The two take turns, in turning order, within one run. And the memory that
 * a flow direction costs, as the kernel and the allocator account for it.
 * Prints one JSON object a line.
 */
#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "maps/flow_table.h"

#define FLOWS 65536
#define ROUNDS 15
#define AHEAD                                              \
	8 /* installs between hint and install: the engine \
	   * gives the hint, then walks the chain */
#define BYTES_BOUND 256 /* per flow direction */
/* set, act and cells of an IPv4 slot: what the hash map's value holds too */
#define VALUE_BYTES                                               \
	(sizeof(struct nfold_slot4) - sizeof(struct nfold_head) - \
	 sizeof(struct nfold_key4))

struct bench {
	int family;
	int slots_fd;
	int overflow_fd;
	int hash_fd;
	uint32_t nbuckets;
	uint32_t slot_cnt;
	size_t slot_bytes;
	void *slots;
	int tags_fd;
	__u8 *tags;
	size_t mapped;
	__u64 seed[NFOLD_HASH_SEEDS];
	struct nfold_ctl ctl;
	struct flow_table *t;
	size_t heap_bytes; /* of t */
	uint32_t slot[FLOWS];
};

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "bench_install: %s: %s (needs root)\n", what,
		strerror(errno));
	exit(1);
}

static size_t heap_used(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

/* What the kernel charges for a map, from its fdinfo. */
static size_t map_bytes(int fd)
{
	char path[64], line[128];
	size_t bytes = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "r");
	if (!f)
		die(path);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "memlock: %zu", &bytes) == 1)
			break;
	}
	fclose(f);
	return bytes;
}

static int map_new(enum bpf_map_type type, uint32_t key, uint32_t value,
		   uint32_t entries, uint32_t flags)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = flags);
	int fd = bpf_map_create(type, "bench_install", key, value, entries,
				&opts);

	if (fd < 0)
		die("cannot create a map");
	return fd;
}

static void bench_map_slots(struct bench *b)
{
	size_t page = sysconf(_SC_PAGESIZE);

	b->mapped = (b->slot_cnt * b->slot_bytes + page - 1) / page * page;
	b->slots = mmap(NULL, b->mapped, PROT_READ | PROT_WRITE, MAP_SHARED,
			b->slots_fd, 0);
	b->tags = mmap(NULL, b->nbuckets * NFOLD_BUCKET_SLOTS,
		       PROT_READ | PROT_WRITE, MAP_SHARED, b->tags_fd, 0);
	if (b->slots == MAP_FAILED || b->tags == MAP_FAILED)
		die("cannot map the table");
}

static void bench_open(struct bench *b, int family)
{
	uint32_t key = family == 4 ? sizeof(struct nfold_key4)
				   : sizeof(struct nfold_key6);
	struct flow_table_conf conf;
	size_t heap;

	memset(b, 0, sizeof(*b));
	b->family = family;
	b->slot_bytes = family == 4 ? sizeof(struct nfold_slot4)
				    : sizeof(struct nfold_slot6);
	flow_table_size(family, FLOWS, &b->nbuckets, &b->slot_cnt);
	b->slots_fd = map_new(BPF_MAP_TYPE_ARRAY, 4, b->slot_bytes, b->slot_cnt,
			      BPF_F_MMAPABLE);
	b->tags_fd = map_new(BPF_MAP_TYPE_ARRAY, 4, NFOLD_BUCKET_SLOTS,
			     b->nbuckets, BPF_F_MMAPABLE);
	b->overflow_fd = map_new(BPF_MAP_TYPE_HASH, key, 4,
				 b->slot_cnt - b->nbuckets * NFOLD_BUCKET_SLOTS,
				 BPF_F_NO_PREALLOC);
	b->hash_fd = map_new(BPF_MAP_TYPE_HASH, key, VALUE_BYTES, FLOWS, 0);
	bench_map_slots(b);
	if (getrandom(b->seed, sizeof(b->seed), 0) != sizeof(b->seed))
		die("getrandom");
	conf = (struct flow_table_conf){
		.family = family,
		.slots = b->slots,
		.tags = b->tags,
		.slot_cnt = b->slot_cnt,
		.nbuckets = b->nbuckets,
		.seed = b->seed,
		.overflow_fd = b->overflow_fd,
		.ctl = &b->ctl,
		.manual_grace = true,
	};
	heap = heap_used();
	errno = -flow_table_new(&b->t, &conf);
	if (errno)
		die("flow_table_new");
	b->heap_bytes = heap_used() - heap;
}

static void bench_close(struct bench *b)
{
	flow_table_free(b->t);
	munmap(b->slots, b->mapped);
	munmap(b->tags, b->nbuckets * NFOLD_BUCKET_SLOTS);
	close(b->slots_fd);
	close(b->tags_fd);
	close(b->overflow_fd);
	close(b->hash_fd);
}

/* What both install, but for the fields that bench_vary() sets. */
static const struct flow_entry template = {
	.key = {.daddr = {0xc0a80001},
		.dport = 80,
		.zone = NFOLD_ZONE(1, 0, 0, 0),
		.l4proto = 17},
	.set = {.saddr = {0xc6336401}, .daddr = {0x0a640001}, .dport = 8080},
	.act = {.verdict = NFOLD_VERDICT_FORWARD, .generation = 1, .ttl_dec = 1},
};

static void bench_vary(struct flow_entry *e, uint32_t n)
{
	e->key.saddr[0] = 0x0a000000 + (n >> 4);
	e->key.sport = n;
	e->set.sport = n;
	e->act.l3_delta = n;
	e->act.l4_delta = n;
	e->session = n;
	e->now_ns = n;
}

/* --- the two contestants: ns for FLOWS installs --- */

static uint64_t run_table(struct bench *b, uint32_t *full)
{
	struct flow_entry e = template, next = template;
	uint64_t start = clock_ns(), ns;

	for (uint32_t n = 0; n < FLOWS; n++) {
		bench_vary(&next, n + AHEAD);
		flow_table_prefetch(b->t, &next.key);
		bench_vary(&e, n);
		b->slot[n] = flow_table_install(b->t, &e);
	}
	ns = clock_ns() - start;
	*full = 0;
	for (uint32_t n = 0; n < FLOWS; n++) {
		if (b->slot[n] == FLOW_SLOT_NONE)
			++*full;
		else
			flow_table_expire(b->t, b->slot[n]);
	}
	flow_table_reclaim(b->t);
	flow_table_grace_end(b->t);
	flow_table_reclaim(b->t);
	return ns;
}

/* The same key and as many bytes, of which the same are set. */
static void hash_fill(const struct flow_entry *e, struct nfold_key4 *key,
		      uint8_t *value)
{
	key->saddr = e->key.saddr[0];
	key->sport = e->key.sport;
	memcpy(value, &e->act, sizeof(e->act));
	memcpy(value + sizeof(e->act), &e->set.sport, sizeof(e->set.sport));
}

static uint64_t run_hash(struct bench *b)
{
	struct nfold_key4 key = {.daddr = template.key.daddr[0],
				 .dport = 80,
				 .zone = template.key.zone,
				 .l4proto = 17};
	uint8_t value[VALUE_BYTES] = {0};
	struct flow_entry e = template;
	uint64_t start = clock_ns(), ns;

	for (uint32_t n = 0; n < FLOWS; n++) {
		bench_vary(&e, n);
		hash_fill(&e, &key, value);
		if (bpf_map_update_elem(b->hash_fd, &key, value, BPF_NOEXIST))
			die("cannot update the hash map");
	}
	ns = clock_ns() - start;
	for (uint32_t n = 0; n < FLOWS; n++) {
		bench_vary(&e, n);
		hash_fill(&e, &key, value);
		bpf_map_delete_elem(b->hash_fd, &key);
	}
	return ns;
}

/* --- figures --- */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts. */
static double median(double *v, int cnt)
{
	qsort(v, cnt, sizeof(*v), compare);
	return cnt % 2 ? v[cnt / 2] : (v[cnt / 2 - 1] + v[cnt / 2]) / 2;
}

static void print_figure(const char *name, double value, const char *unit,
			 double ratio, double baseline, double spread)
{
	printf("{\"name\":\"%s\",\"value\":%.1f,\"unit\":\"%s\",\"ratio\":%.3f,\"baseline\":%.1f,\"spread\":%.3f}\n",
	       name, value, unit, ratio, baseline, spread);
}

static void bench_rate(struct bench *b)
{
	double ours[ROUNDS], theirs[ROUNDS], ratio[ROUNDS], mid;
	uint32_t full = 0;

	run_table(b, &full); /* warm both up: not counted */
	run_hash(b);
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t t = 0, h;

		if (i % 2)
			t = run_table(b, &full);
		h = run_hash(b);
		if (!(i % 2))
			t = run_table(b, &full);
		ours[i] = (FLOWS - full) * 1e9 / t;
		theirs[i] = FLOWS * 1e9 / h;
		ratio[i] = ours[i] / theirs[i];
	}
	mid = median(ratio, ROUNDS);
	print_figure("install_vs_syscall", median(ours, ROUNDS), "flows/s", mid,
		     median(theirs, ROUNDS),
		     (ratio[ROUNDS - 1] - ratio[0]) / mid);
}

/* The arrays, the writer's memory and the overflow map with all its entries. */
static void bench_bytes(struct bench *b, const char *name)
{
	uint32_t area = b->slot_cnt - b->nbuckets * NFOLD_BUCKET_SLOTS;
	struct nfold_key6 key = {0};
	double bytes;

	for (uint32_t i = 0; i < area; i++) {
		key.saddr[0] = i;
		if (bpf_map_update_elem(b->overflow_fd, &key, &i, BPF_ANY))
			die("cannot fill the overflow map");
	}
	bytes = (double)(map_bytes(b->slots_fd) + map_bytes(b->tags_fd) +
			 map_bytes(b->overflow_fd) + b->heap_bytes) /
		FLOWS;
	print_figure(name, bytes, "bytes", bytes / BYTES_BOUND, BYTES_BOUND, 0);
}

int main(void)
{
	static struct bench b;

	bench_open(&b, 4);
	bench_rate(&b);
	bench_bytes(&b, "bytes_per_flow");
	bench_close(&b);
	bench_open(&b, 6);
	bench_bytes(&b, "bytes_per_flow_ipv6");
	bench_close(&b);
	return 0;
}
