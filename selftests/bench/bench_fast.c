// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The fast path of edge.chain beside a hand-written program over a kernel hash
 * map, at 1, 65,536 and 1,048,576 flows in random order: ns a packet in
 * BPF_PROG_TEST_RUN, minus a program that only returns. All take turns in each
 * round; with them one that only touches a slot, slot_access: what of ours is
 * memory; and ours with the search of the table taken out, placed_vs_hash: what a
 * better table could give. Prints one JSON object a figure.
 *
 *	bench_fast [ROUNDS [PACKETS [FLOWS]]]
 * in a network namespace of its own. PACKETS: of a program's turn in a round;
 * many short turns find the least time on a busy machine. FLOWS: only this
 * figure's number.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/mman.h>

#include "../../loader/instance_priv.h"
#include "../../maps/csum.h"
#include "../../userspace/consolidate.h"
#include "bpf/nfold.skel.h"
#include "flows.h"
#include "selftests/bench/access.skel.h"
#include "selftests/bench/hash.skel.h"
#include "selftests/bench/placed.skel.h"
#include "selftests/bench/wrap.skel.h"

#define NEW_SADDR 0xc633640aU	/* 198.51.100.10: the NAT pool's */
#define NEW_DADDR 0x0a010102U	/* 10.1.1.2: a server */
#define NEW_DPORT 8080
#define ROUNDS_MAX 1000

struct bench {
	struct instance *inst;
	struct flow_table *table;
	struct wrap_bpf *wrap;
	struct hash_bpf *hash;
	struct access_bpf *access;
	struct placed_bpf *placed;
	const struct instance_maps *maps;
	struct bpf_program *fast;
	uint32_t ifindex;
	uint8_t frame[BENCH_LEN];
};

static void die(const char *what)
{
	fprintf(stderr, "bench_fast: %s\n", what);
	exit(1);
}

static void shell(const char *cmd)
{
	if (system(cmd))
		die(cmd);
}

static void net_make(void)
{
	if (unshare(CLONE_NEWNET))
		die("unshare: needs root");
	shell("ip link set lo up && for p in cli0 srv0 srv1; do "
	      "ip link add $p type veth peer name peer-$p && "
	      "ip link set $p up && ip link set peer-$p up || exit 1; done; "
	      "ip addr add 10.0.0.1/24 dev cli0 && "
	      "ip addr add 10.1.1.1/24 dev srv0");
}

static void instance_make(struct bench *b, uint32_t flows)
{
	struct instance_error ierr;
	struct chain_file *file;
	struct conf_error err;

	if (chain_load(&file, "chains/edge.chain", NULL, &err)) {
		conf_error_print(stderr, &err);
		exit(1);
	}
	if (flows > file->chains[0].table_size)
		file->chains[0].table_size = flows;
	if (instance_load(&b->inst, &file->chains[0], "/sys/fs/bpf", &ierr))
		die(ierr.text);
	b->maps = instance_maps(b->inst);
	b->fast = b->inst->skel->progs.nfold_xdp;
	b->ifindex = instance_ports(b->inst, &(uint32_t){ 0 })[0].ifindex;
	chain_file_free(file);
}

static void table_make(struct bench *b)
{
	struct flow_table_conf conf = {
		.family = 4,
		.slots = b->maps->slots4,
		.tags = b->maps->tags4,
		.slot_cnt = b->maps->meta->slots4,
		.nbuckets = b->maps->meta->config.nbuckets4,
		.seed = b->maps->meta->config.seed,
		.overflow_fd = b->maps->overflow4_fd,
		.ctl = b->maps->ctl,
	};

	if (flow_table_new(&b->table, &conf))
		die("flow_table_new");
	b->maps->nexthops[1] = (union nfold_nexthop){
		.dmac = { 2, 0, 0, 0, 0, 9 }, .port = 1 + 1,
	};
}

/* What edge.chain folds a client's flow to the web service to. */
static void entry_of(struct flow_entry *e, uint32_t i)
{
	struct nf_addr nat = { { htonl(NEW_SADDR) } };
	struct nf_addr backend = { { htonl(NEW_DADDR) } };
	struct lmat_record r[] = {
		{ .action = ha_modify_addr(NFOLD_FIELD_SADDR, &nat) },
		{ .action = ha_modify_port(NFOLD_FIELD_SPORT,
					   htons(1024 + i % 60000)) },
		{ .nf = 1,
		  .action = ha_modify_addr(NFOLD_FIELD_DADDR, &backend) },
		{ .nf = 1,
		  .action = ha_modify_port(NFOLD_FIELD_DPORT,
					   htons(NEW_DPORT)) },
	};
	struct lmat m = { .records = r, .cnt = 4 };
	struct egress eg = { .verdict = NFOLD_VERDICT_FORWARD, .nexthop = 1,
			     .router = true };
	struct edit_plan plan;
	struct gmat_entry g;

	*e = (struct flow_entry){
		.key = { .saddr = { htonl(bench_saddr(i)) },
			 .daddr = { htonl(BENCH_DADDR) },
			 .sport = htons(bench_sport(i)),
			 .dport = htons(BENCH_DPORT),
			 .zone = NFOLD_ZONE(0, 0, 0, 0),
			 .l4proto = IPPROTO_UDP },
		.now_ns = 1,
	};
	if (consolidate(&g, &plan, &e->key, 4, &m, &eg) || plan.used)
		die("consolidate");
	e->set = g.set;
	e->act = g.act;
	e->act.generation = 1;
}

static void both_install(struct bench *b, uint32_t i)
{
	const struct nfold_port *out = &b->maps->ports[1];
	struct hash_val v = { .port = 1 };
	struct hash_key k = { .proto = IPPROTO_UDP };
	struct flow_entry e;

	entry_of(&e, i);
	if (flow_table_install(b->table, &e) == FLOW_SLOT_NONE)
		die("flow table full");
	k.saddr = e.key.saddr[0];
	k.daddr = e.key.daddr[0];
	k.sport = e.key.sport;
	k.dport = e.key.dport;
	v.saddr = e.set.saddr[0];
	v.daddr = e.set.daddr[0];
	v.sport = e.set.sport;
	v.dport = e.set.dport;
	v.l3_delta = e.act.l3_delta;
	v.l4_delta = e.act.l4_delta;
	memcpy(v.dmac, b->maps->nexthops[1].dmac, 6);
	memcpy(v.smac, out->mac, 6);
	if (bpf_map__update_elem(b->hash->maps.flows, &k, sizeof(k), &v,
				 sizeof(v), BPF_ANY))
		die("hash map full");
}

static void programs_make(struct bench *b, uint32_t flows)
{
	uint32_t port = 1, ifindex = b->maps->ports[1].ifindex;

	b->hash = hash_bpf__open();
	if (!b->hash ||
	    bpf_map__set_max_entries(b->hash->maps.flows, flows) ||
	    hash_bpf__load(b->hash))
		die("hash program");
	if (bpf_map__update_elem(b->hash->maps.ports, &port, sizeof(port),
				 &ifindex, sizeof(ifindex), BPF_ANY))
		die("devmap");
	b->access = access_bpf__open();
	if (!b->access || bpf_map__set_max_entries(b->access->maps.slots,
						   b->maps->meta->slots4))
		die("access program");
	b->access->rodata->slot_cnt = b->maps->meta->slots4;
	b->access->rodata->flow_cnt = flows;
	if (access_bpf__load(b->access))
		die("access program");
	b->wrap = wrap_bpf__open_and_load();
	if (!b->wrap)
		die("wrapper");
	memcpy(b->wrap->bss->dmac, b->maps->ports[0].mac, 6);
	b->wrap->bss->rng = 88172645463325252ULL;
}

/* The instance's own maps, but for the flow table. */
static void placed_share(struct bench *b)
{
	struct bpf_object *from = b->inst->skel->obj;
	struct bpf_map *to;

	bpf_object__for_each_map(to, b->placed->obj) {
		struct bpf_map *map = bpf_object__find_map_by_name(
			from, bpf_map__name(to));

		if (to == b->placed->maps.rodata)
			map = b->inst->skel->maps.rodata;
		if (to == b->placed->maps.data_ctl)
			map = b->inst->skel->maps.data_ctl;
		if (map && to != b->placed->maps.flows4 &&
		    bpf_map__reuse_fd(to, bpf_map__fd(map)))
			die("shared maps");
	}
}

/* The flows' slots, each where its packets look for it. */
static void placed_fill(struct bench *b, uint32_t flows)
{
	uint32_t cnt = b->maps->meta->slots4;
	uint32_t at, places = b->maps->meta->config.nbuckets4 *
			      NFOLD_BUCKET_SLOTS;
	const struct nfold_slot4 *from = b->maps->slots4;
	size_t size = (size_t)cnt * sizeof(*from);
	struct nfold_slot4 *to =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
		     bpf_map__fd(b->placed->maps.flows4), 0);

	if (to == MAP_FAILED)
		die("mmap");
	for (uint32_t i = 0; i < cnt; i++) {
		if (!from[i].head.version)
			continue;
		at = (ntohl(from[i].key.saddr) - bench_saddr(0)) << 4 |
		     (ntohs(from[i].key.sport) - bench_sport(0));
		to[bench_place(at, flows, places)] = from[i];
	}
	munmap(to, size);
}

static void placed_make(struct bench *b, uint32_t flows)
{
	b->placed = placed_bpf__open();
	if (!b->placed ||
	    bpf_map__set_max_entries(b->placed->maps.flows4,
				     b->maps->meta->slots4))
		die("program without a search");
	bpf_program__set_autoload(b->placed->progs.nfold_xdp_tunnels, false);
	placed_share(b);
	b->placed->bss->placed_flows = flows;
	if (placed_bpf__load(b->placed))
		die("program without a search");
	placed_fill(b, flows);
}

/* The part of the frame that the wrapper leaves alone. */
static void frame_make(struct bench *b)
{
	uint8_t *ip = b->frame + 14;
	uint64_t sum = 0;

	b->frame[12] = 0x08;
	memcpy(ip, (uint8_t[]){ 0x45, 0, 0, BENCH_LEN - 14, 0, 1, 0, 0,
				BENCH_TTL, IPPROTO_UDP, 0, 0 }, 12);
	memcpy(ip + 16, &(uint32_t){ htonl(BENCH_DADDR) }, 4);
	for (int i = 0; i < 20; i += 2)
		sum += ip[i] | ip[i + 1] << 8;
	b->wrap->bss->base_check = csum_fold(sum);
	ip[24] = 0;
	ip[25] = BENCH_LEN - 34;
	memset(ip + 26, 0x55, 2);
}

/* ns a packet of the target behind the wrapper. */
static double measure(struct bench *b, int target_fd, uint32_t repeat,
		      uint32_t expect)
{
	struct xdp_md ctx = { .data_end = BENCH_LEN,
			      .ingress_ifindex = b->ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = b->frame,
		    .data_size_in = sizeof(b->frame), .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = repeat);
	uint32_t zero = 0;

	if (bpf_map__update_elem(b->wrap->maps.target, &zero, sizeof(zero),
				 &target_fd, sizeof(target_fd), BPF_ANY))
		die("prog array");
	if (bpf_prog_test_run_opts(bpf_program__fd(b->wrap->progs.wrap),
				   &opts))
		die("BPF_PROG_TEST_RUN");
	if (opts.retval != expect)
		die("a program did not forward");
	return opts.duration;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const double *v, int n)
{
	double s[ROUNDS_MAX];

	memcpy(s, v, n * sizeof(*v));
	qsort(s, n, sizeof(*s), by_value);
	return s[n / 2];
}

static double least(const double *v, int n)
{
	double min = v[0];

	for (int i = 1; i < n; i++)
		min = v[i] < min ? v[i] : min;
	return min;
}

/* Medians, as the figure; and beside them the least of each program over the
 * rounds, which other load on the machine disturbs less. */
static void print_figure(const char *name, int rounds, const double *base,
			 double *ours, double *theirs)
{
	double ratio[ROUNDS_MAX] = { 0 }, low = 1e9, high = 0;
	double least_ours = least(ours, rounds) - least(base, rounds);
	double least_theirs = least(theirs, rounds) - least(base, rounds);

	for (int r = 0; r < rounds; r++) {
		ours[r] -= base[r];
		theirs[r] -= base[r];
		ratio[r] = ours[r] / theirs[r];
		low = ratio[r] < low ? ratio[r] : low;
		high = ratio[r] > high ? ratio[r] : high;
	}
	printf("{\"name\":\"%s\",\"value\":%.1f,\"unit\":\"ns/packet\",\"ratio\":%.3f,\"baseline\":%.1f,\"spread\":%.3f,\"least\":%.1f,\"least_baseline\":%.1f,\"least_ratio\":%.3f}\n",
	       name, median(ours, rounds), median(ratio, rounds),
	       median(theirs, rounds), (high - low) / median(ratio, rounds),
	       least_ours, least_theirs, least_ours / least_theirs);
	fflush(stdout);
}

/* The access beside the whole of ours, of which it is a part. */
static void figures(struct bench *b, uint32_t flows, int rounds,
		    uint32_t repeat, const char *const name[3])
{
	static double base[ROUNDS_MAX], ours[ROUNDS_MAX], theirs[ROUNDS_MAX];
	static double access[ROUNDS_MAX], whole[ROUNDS_MAX];
	static double placed[ROUNDS_MAX], base2[ROUNDS_MAX];
	static double theirs2[ROUNDS_MAX];

	b->wrap->bss->flow_cnt = flows;
	for (int r = -1; r < rounds; r++) {	/* round -1 warms up */
		int i = r < 0 ? 0 : r;

		base[i] = measure(
			b, bpf_program__fd(b->wrap->progs.only_return), repeat,
			XDP_PASS);
		ours[i] = measure(b, bpf_program__fd(b->fast), repeat,
				  XDP_REDIRECT);
		theirs[i] = measure(b, bpf_program__fd(b->hash->progs.hash_nat),
				    repeat, XDP_REDIRECT);
		access[i] = measure(
			b, bpf_program__fd(b->access->progs.slot_access),
			repeat, XDP_DROP);
		placed[i] = measure(
			b, bpf_program__fd(b->placed->progs.nfold_xdp), repeat,
			XDP_REDIRECT);
	}
	memcpy(whole, ours, sizeof(whole));
	memcpy(base2, base, sizeof(base2));
	memcpy(theirs2, theirs, sizeof(theirs2));
	print_figure(name[0], rounds, base, ours, theirs);
	print_figure(name[1], rounds, base, access, whole);
	print_figure(name[2], rounds, base2, placed, theirs2);
}

/* Both tables made for the number of flows that they hold. */
static void run(const char *const name[3], uint32_t flows, int rounds,
		uint32_t repeat)
{
	struct bench b = { 0 };

	instance_make(&b, flows);
	table_make(&b);
	programs_make(&b, flows);
	frame_make(&b);
	for (uint32_t i = 0; i < flows; i++)
		both_install(&b, i);
	placed_make(&b, flows);
	figures(&b, flows, rounds, repeat, name);
	placed_bpf__destroy(b.placed);
	access_bpf__destroy(b.access);
	wrap_bpf__destroy(b.wrap);
	hash_bpf__destroy(b.hash);
	flow_table_free(b.table);
	instance_free(b.inst);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name[3];
		uint32_t flows;
	} sizes[] = {
		{ { "fold_vs_hash_1", "slot_access_1", "placed_vs_hash_1" },
		  1 },
		{ { "fold_vs_hash_64k", "slot_access_64k",
		    "placed_vs_hash_64k" }, 65536 },
		{ { "fold_vs_hash_1m", "slot_access_1m", "placed_vs_hash_1m" },
		  1048576 },
	};
	int rounds = argc > 1 ? atoi(argv[1]) : 9;
	int packets = argc > 2 ? atoi(argv[2]) : 0;

	if (rounds < 1 || rounds > ROUNDS_MAX)
		die("ROUNDS is 1 to 1000");
	net_make();
	for (int i = 0; i < 3; i++) {
		uint32_t flows = sizes[i].flows;
		uint32_t repeat = flows > 1 ? 2000000 : 4000000;

		if (argc > 3 && strtoul(argv[3], NULL, 0) != flows)
			continue;
		run(sizes[i].name, flows, rounds,
		    packets > 0 ? (uint32_t)packets : repeat);
	}
	return 0;
}
