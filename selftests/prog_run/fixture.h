/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An instance without a loader: a network namespace of our own with two veths
 * and lo as ports 0, 1 and 2, the object loaded with a test's configuration,
 * its maps mmap-ed, and entries installed by plain stores. Single-threaded.
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <xdp/xsk.h>

#include "maps/csum.h"
#include "maps/ctl.h"
#include "maps/flow.h"
#include "maps/hash.h"
#include "maps/port.h"
#include "maps/punt.h"
#include "maps/stats.h"
#include "maps/tags.h"

#include "bpf/nfold.skel.h"
#include "tests/pkt.h"

#define FX_BUCKETS 64
#define FX_SLOTS (FX_BUCKETS * NFOLD_BUCKET_SLOTS + 8)
#define FX_FRAMES 64
#define FX_PORTS 3
#define FX_NOW 123456789

struct fixture {
	struct nfold_bpf *skel;
	int prog;
	uint32_t rows;
	uint32_t ifindex[FX_PORTS];
	struct nfold_ctl *ctl;
	struct nfold_slot4 *flows4;
	struct nfold_slot6 *flows6;
	uint8_t *tags[2];	/* IPv4, IPv6 */
	struct nfold_port *ports;
	union nfold_nexthop *nexthops;
	struct nfold_stats *stats;
	void *umem_area;
	struct xsk_umem *umem;
	struct xsk_socket *xsk;
	struct xsk_ring_prod fill, tx;
	struct xsk_ring_cons comp, rx;
};

/* What became of a packet. */
struct fx_result {
	uint32_t action;	/* XDP_* */
	enum nfold_reason why;	/* the one counter that moved */
	uint32_t counted;	/* by how much all counters moved: 1 */
	uint8_t data[PKT_MAX + 64];
	uint32_t len;
	uint32_t meta;		/* bytes of metadata in front, in data */
};

#define FX_DIE(...) \
	(fprintf(stderr, __VA_ARGS__), fputc('\n', stderr), exit(1))

static inline void fx_netns(void)
{
	static bool done;

	if (done)
		return;
	if (unshare(CLONE_NEWNET) ||
	    system("ip link set lo up && ip link add fx0 type veth peer name "
		   "fx0p && ip link add fx1 type veth peer name fx1p && for d "
		   "in fx0 fx0p fx1 fx1p; do ip link set $d up; done"))
		FX_DIE("no network namespace with veths: run as root");
	done = true;
}

static inline void *fx_map(struct bpf_map *map, size_t value)
{
	size_t len = (value + 7) / 8 * 8 * bpf_map__max_entries(map);
	void *p = mmap(NULL, (len + 4095) & ~4095UL, PROT_READ | PROT_WRITE,
		       MAP_SHARED, bpf_map__fd(map), 0);

	if (p == MAP_FAILED)
		FX_DIE("mmap of %s: %s", bpf_map__name(map), strerror(errno));
	return p;
}

/* Opened, sized, and with what every test has; a test may change rodata before
 * fx_load(). */
static inline void fx_open(struct fixture *fx)
{
	static const char *const dev[FX_PORTS] = { "fx0", "fx1", "lo" };
	struct nfold_config *c;

	fx_netns();
	memset(fx, 0, sizeof(*fx));
	fx->skel = nfold_bpf__open();
	if (!fx->skel)
		FX_DIE("open of the object: %s", strerror(errno));
	fx->rows = libbpf_num_possible_cpus() + 1;
	bpf_map__set_max_entries(fx->skel->maps.stats, fx->rows);
	bpf_map__set_max_entries(fx->skel->maps.flows4, FX_SLOTS);
	bpf_map__set_max_entries(fx->skel->maps.flows6, FX_SLOTS);
	bpf_map__set_max_entries(fx->skel->maps.tags4, FX_BUCKETS);
	bpf_map__set_max_entries(fx->skel->maps.tags6, FX_BUCKETS);
	c = (struct nfold_config *)&fx->skel->rodata->config;
	for (int i = 0; i < NFOLD_HASH_SEEDS; i++)
		c->seed[i] = (uint64_t)random() << 40 ^
			     (uint64_t)random() << 20 ^ random();
	c->nbuckets4 = FX_BUCKETS;
	c->nbuckets6 = FX_BUCKETS;
	c->port_cnt = FX_PORTS;
	for (int i = 0; i < FX_PORTS; i++)
		c->ifindex[i] = fx->ifindex[i] = if_nametoindex(dev[i]);
	c->router = 1;
	c->linear = 1;
}

static inline int fx_load(struct fixture *fx)
{
	bool tunnels = fx->skel->rodata->config.tunnels.cnt;
	int err;
	uint32_t i;

	bpf_program__set_autoload(fx->skel->progs.nfold_xdp, !tunnels);
	bpf_program__set_autoload(fx->skel->progs.nfold_xdp_tunnels, tunnels);
	err = nfold_bpf__load(fx->skel);
	if (err)
		return err;
	fx->prog = bpf_program__fd(tunnels ? fx->skel->progs.nfold_xdp_tunnels :
					     fx->skel->progs.nfold_xdp);
	fx->ctl = &fx->skel->data_ctl->ctl;
	fx->flows4 = fx_map(fx->skel->maps.flows4, sizeof(*fx->flows4));
	fx->flows6 = fx_map(fx->skel->maps.flows6, sizeof(*fx->flows6));
	fx->tags[0] = fx_map(fx->skel->maps.tags4, NFOLD_BUCKET_SLOTS);
	fx->tags[1] = fx_map(fx->skel->maps.tags6, NFOLD_BUCKET_SLOTS);
	fx->ports = fx_map(fx->skel->maps.ports, sizeof(*fx->ports));
	fx->nexthops = fx_map(fx->skel->maps.nexthops, sizeof(*fx->nexthops));
	fx->stats = fx_map(fx->skel->maps.stats, sizeof(*fx->stats));
	fx->ctl->now_ns = FX_NOW;
	fx->ctl->generation = 7;
	for (i = 0; i < FX_PORTS; i++) {
		fx->ports[i].ifindex = fx->ifindex[i];
		fx->ports[i].mtu = 1500;
		fx->ports[i].queues = 1;
		fx->ports[i].wire_peer = i ^ 1;
		memcpy(fx->ports[i].mac, (uint8_t[]){ 2, 0, 0, 0, 0, i + 1 }, 6);
		/* Next hop i + 1 is behind port i. */
		memcpy(fx->nexthops[i + 1].dmac,
		       (uint8_t[]){ 2, 1, 1, 1, 1, i + 1 }, 6);
		fx->nexthops[i + 1].port = i + 1;
		bpf_map_update_elem(bpf_map__fd(fx->skel->maps.tx_ports), &i,
				    &fx->ifindex[i], 0);
	}
	return 0;
}

/* An AF_XDP socket on port 0, queue 0, so that punts have somewhere to go. */
static inline void fx_socket(struct fixture *fx)
{
	struct xsk_socket_config conf = {
		.rx_size = FX_FRAMES,
		.tx_size = FX_FRAMES,
		.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
		.bind_flags = XDP_COPY,
	};
	struct xsk_umem_config uconf = {
		.fill_size = FX_FRAMES,
		.comp_size = FX_FRAMES,
		.frame_size = 4096,
	};
	uint32_t index = 0;
	int fd;

	fx->umem_area = mmap(NULL, FX_FRAMES * 4096, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (xsk_umem__create(&fx->umem, fx->umem_area, FX_FRAMES * 4096,
			     &fx->fill, &fx->comp, &uconf) ||
	    xsk_socket__create(&fx->xsk, "fx0", 0, fx->umem, &fx->rx, &fx->tx,
			       &conf))
		FX_DIE("AF_XDP socket on fx0: %s", strerror(errno));
	fd = xsk_socket__fd(fx->xsk);
	if (bpf_map_update_elem(bpf_map__fd(fx->skel->maps.xsks), &index, &fd,
				0))
		FX_DIE("xsks[0]: %s", strerror(errno));
}

static inline void fx_close(struct fixture *fx)
{
	if (fx->xsk)
		xsk_socket__delete(fx->xsk);
	if (fx->umem)
		xsk_umem__delete(fx->umem);
	if (fx->umem_area)
		munmap(fx->umem_area, FX_FRAMES * 4096);
	if (fx->flows4) {
		munmap(fx->flows4, FX_SLOTS * sizeof(*fx->flows4));
		munmap(fx->flows6, FX_SLOTS * sizeof(*fx->flows6));
		munmap(fx->tags[0], FX_BUCKETS * NFOLD_BUCKET_SLOTS);
		munmap(fx->tags[1], FX_BUCKETS * NFOLD_BUCKET_SLOTS);
	}
	nfold_bpf__destroy(fx->skel);
	memset(fx, 0, sizeof(*fx));
}

static inline void fx_sum(const struct fixture *fx, struct nfold_stats *sum)
{
	memset(sum, 0, sizeof(*sum));
	for (uint32_t r = 0; r < fx->rows; r++)
		for (int i = 0; i < NFOLD_REASON_MAX; i++)
			sum->packets[i] += fx->stats[r].packets[i];
}

static inline void fx_diff(const struct fixture *fx, struct nfold_stats *before,
			   struct fx_result *r)
{
	struct nfold_stats after;

	fx_sum(fx, &after);
	r->counted = 0;
	r->why = NFOLD_REASON_NONE;
	for (int i = 0; i < NFOLD_REASON_MAX; i++) {
		if (after.packets[i] == before->packets[i])
			continue;
		r->counted += after.packets[i] - before->packets[i];
		r->why = i;
	}
}

/* Frames below 14 bytes are refused by the kernel's test_run itself: -EINVAL. */
static inline int fx_run(struct fixture *fx, uint32_t port, const void *frame,
			 uint32_t len, struct fx_result *r)
{
	struct xdp_md ctx = {
		.data_end = len,
		.ingress_ifindex = fx->ifindex[port],
	}, ctx_out = {};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .data_size_in = len, .data_out = r->data,
		    .data_size_out = sizeof(r->data), .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .ctx_out = &ctx_out,
		    .ctx_size_out = sizeof(ctx_out), .repeat = 1);
	struct nfold_stats before;
	int err;

	fx_sum(fx, &before);
	err = bpf_prog_test_run_opts(fx->prog, &opts);
	if (err)
		return err;
	r->action = opts.retval;
	r->len = opts.data_size_out;
	r->meta = ctx_out.data - ctx_out.data_meta;
	fx_diff(fx, &before, r);
	return 0;
}

/* --- entries --- */

/* An entry for a packet as described by `in`, which makes it `out`. */
struct fx_entry {
	struct nfold_key6 key;	/* IPv4 as in flow_table.h */
	struct nfold_set6 set;
	struct nfold_act act;
	int family;
};

static inline void fx_ports(const struct pkt *k, __be16 *sport, __be16 *dport)
{
	uint8_t reply = k->family == 4 ? 0 : 129;

	*sport = *dport = 0;
	if (k->proto == IPPROTO_TCP || k->proto == IPPROTO_UDP) {
		*sport = htons(k->sport);
		*dport = htons(k->dport);
	} else if (k->proto == IPPROTO_ICMP || k->proto == IPPROTO_ICMPV6) {
		*(k->icmp_type == reply ? dport : sport) = htons(k->sport);
		*(k->icmp_type == reply ? sport : dport) = htons(k->icmp_type);
	}
}

static inline uint32_t fx_zone(const struct pkt *k, uint32_t port)
{
	return NFOLD_ZONE(port, k->tags, k->tags ? k->tci[0] & 0xfff : 0,
			  k->tags > 1 ? k->tci[1] & 0xfff : 0);
}

/* Deltas as the contract has them: over the words that change. */
static inline void fx_deltas(const struct pkt *in, const struct pkt *out,
			     struct nfold_act *act)
{
	uint64_t addr = 0, port;
	uint32_t n = in->family == 4 ? 4 : 16, a, b;

	for (uint32_t i = 0; i < n; i += 4) {
		memcpy(&a, in->src + i, 4);
		memcpy(&b, out->src + i, 4);
		addr += csum_diff32(a, b);
		memcpy(&a, in->dst + i, 4);
		memcpy(&b, out->dst + i, 4);
		addr += csum_diff32(a, b);
	}
	port = csum_diff16(htons(in->sport), htons(out->sport)) +
	       csum_diff16(htons(in->dport), htons(out->dport));
	act->l3_delta = csum_fold(addr + csum_diff16(htons(in->ttl << 8),
						     htons(out->ttl << 8)));
	if (in->proto == IPPROTO_ICMP)
		addr = 0;
	act->l4_delta = csum_fold(addr + port);
}

static inline struct fx_entry fx_fold(const struct pkt *in,
				      const struct pkt *out, uint32_t port,
				      uint16_t nexthop)
{
	uint32_t n = in->family == 4 ? 4 : 16;
	struct fx_entry e = { .family = in->family };

	memcpy(e.key.saddr, in->src, n);
	memcpy(e.key.daddr, in->dst, n);
	fx_ports(in, &e.key.sport, &e.key.dport);
	e.key.zone = fx_zone(in, port);
	e.key.l4proto = in->proto;
	if (in->proto == IPPROTO_ICMP || in->proto == IPPROTO_ICMPV6)
		e.key.echo = in->icmp_type == 0 || in->icmp_type == 129 ?
				     NFOLD_ECHO_REPLY :
				     NFOLD_ECHO_REQUEST;
	memcpy(e.set.saddr, out->src, n);
	memcpy(e.set.daddr, out->dst, n);
	fx_ports(out, &e.set.sport, &e.set.dport);
	fx_deltas(in, out, &e.act);
	e.act.nexthop = nexthop;
	e.act.verdict = NFOLD_VERDICT_FORWARD;
	e.act.ttl_dec = in->ttl - out->ttl;
	e.act.generation = 7;
	return e;
}

static inline struct nfold_key4 fx_key4(const struct fx_entry *e)
{
	return (struct nfold_key4){
		.saddr = e->key.saddr[0],
		.daddr = e->key.daddr[0],
		.sport = e->key.sport,
		.dport = e->key.dport,
		.zone = e->key.zone,
		.l4proto = e->key.l4proto,
		.echo = e->key.echo,
		.tunnel = e->key.tunnel,
	};
}

static inline const __u64 *fx_seed(const struct fixture *fx)
{
	return (const __u64 *)fx->skel->rodata->config.seed;
}

/* Of a slot in a bucket; those of the overflow area have none. */
static inline void fx_tag(struct fixture *fx, int family, uint32_t slot,
			  uint32_t hash1)
{
	if (slot < FX_BUCKETS * NFOLD_BUCKET_SLOTS)
		fx->tags[family == 6][slot] = nfold_tag(hash1);
}

/* Writes the entry into a slot, whatever was there. */
static inline struct nfold_cells *fx_put(struct fixture *fx, uint32_t slot,
					 const struct fx_entry *e)
{
	if (e->family == 4) {
		struct nfold_slot4 *s = &fx->flows4[slot];

		memset(s, 0, sizeof(*s));
		s->key = fx_key4(e);
		s->set = (struct nfold_set4){ e->set.saddr[0], e->set.daddr[0],
					      e->set.sport, e->set.dport };
		s->act = e->act;
		s->head.hash = nfold_hash1(&s->key, NFOLD_KEY4_WORDS,
					  fx_seed(fx));
		s->head.version = 2;
		fx_tag(fx, 4, slot, s->head.hash);
		return &s->cells;
	}
	struct nfold_slot6 *s = &fx->flows6[slot];

	memset(s, 0, sizeof(*s));
	s->key = e->key;
	s->set = e->set;
	s->act = e->act;
	s->head.hash = nfold_hash1(&s->key, NFOLD_KEY6_WORDS, fx_seed(fx));
	s->head.version = 2;
	fx_tag(fx, 6, slot, s->head.hash);
	return &s->cells;
}

static inline uint32_t fx_hash1(const struct fixture *fx,
				const struct fx_entry *e)
{
	struct nfold_key4 key4 = fx_key4(e);

	if (e->family == 4)
		return nfold_hash1(&key4, NFOLD_KEY4_WORDS, fx_seed(fx));
	return nfold_hash1(&e->key, NFOLD_KEY6_WORDS, fx_seed(fx));
}

/* nth: 0..7 slots of the first bucket in order, 8..15 of the second. */
static inline uint32_t fx_slot(const struct fixture *fx,
			       const struct fx_entry *e, uint32_t nth)
{
	struct nfold_key4 key4 = fx_key4(e);
	const void *key = e->family == 4 ? (void *)&key4 : (void *)&e->key;
	int words = e->family == 4 ? NFOLD_KEY4_WORDS : NFOLD_KEY6_WORDS;
	uint32_t h = nth < NFOLD_BUCKET_SLOTS ?
			     fx_hash1(fx, e) :
			     nfold_hash2(key, words, fx_seed(fx));

	return nfold_bucket(h, FX_BUCKETS) * NFOLD_BUCKET_SLOTS +
	       nth % NFOLD_BUCKET_SLOTS;
}

static inline struct nfold_cells *fx_install(struct fixture *fx,
					     const struct fx_entry *e)
{
	return fx_put(fx, fx_slot(fx, e, 0), e);
}

static inline void fx_clear(struct fixture *fx)
{
	memset(fx->flows4, 0, FX_SLOTS * sizeof(*fx->flows4));
	memset(fx->flows6, 0, FX_SLOTS * sizeof(*fx->flows6));
	for (int i = 0; i < 2; i++)
		memset(fx->tags[i], 0, FX_BUCKETS * NFOLD_BUCKET_SLOTS);
}

#endif
