/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One complete nfold in a test: the specialised program under BPF_PROG_TEST_RUN
 * and an engine behind it, in a network namespace of the test's own. Two of
 * them, one that folds and one that does not, get the same packets.
 */
#ifndef NFOLD_PROG_RUN_SIDE_H
#define NFOLD_PROG_RUN_SIDE_H

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "loader/instance_priv.h"
#include "tests/pkt.h"
#include "userspace/engine.h"
#include "userspace/xio.h"
#include "bpf/nfold.skel.h"

#define SIDE_PORTS 3
#define SIDE_HELD_MAX 8
#define SIDE_ROOM 256	/* in front of a packet that the engine gets */
#define SIDE_UNRESOLVED 4	/* a next hop that never resolves */

struct side {
	struct instance *inst;
	const struct instance_maps *maps;
	struct flow_table *tables[2];
	struct nf **nfs;
	struct engine *e;
	struct xio *xio;	/* sockets, so that punts find one; no traffic */
	uint32_t held[SIDE_HELD_MAX]; /* flows of packets not yet left */
	uint32_t held_cnt;
	uint64_t by_kernel;	/* packets that XDP decided alone */
};

enum outcome_verdict { OUT_DROP, OUT_SENT, OUT_HOST, OUT_HELD };

struct outcome {
	enum outcome_verdict verdict;
	uint32_t port;
	uint32_t len;
	uint8_t bytes[PKT_MAX + SIDE_ROOM];
};

static inline void side_die(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(1);
}

/* p0 inside, p1 and p2 outside; the box's addresses on p0 and p1. */
static inline void side_net(void)
{
	if (unshare(CLONE_NEWNET | CLONE_NEWNS))
		side_die("unshare: needs root");
	if (system("mount --make-rprivate / 2>/dev/null; mkdir -p /run/nfold-eq-bpf && "
		   "mount -t bpf bpf /run/nfold-eq-bpf && ip link set lo up && "
		   "for p in p0 p1 p2; do ip link add $p type veth peer name "
		   "peer-$p && ip link set $p up && ip link set peer-$p up || "
		   "exit 1; done; ip addr add 10.0.0.1/24 dev p0 && "
		   "ip addr add 10.1.1.1/24 dev p1 && "
		   "ip -6 addr add 2001:db8::1/64 dev p0 nodad"))
		side_die("namespace");
}

/* By the third octet, and for IPv6 by the sixth byte: 10.0.0/24 and
 * 2001:db8::/48 by p0, 10.1.1 and 2001:db8:1 by p1, 10.1.2 and 2001:db8:2 by
 * p2; 10.1.3 and 2001:db8:3 never resolve. */
static inline enum route_result
side_route(void *ctx, int family, const struct nf_addr *daddr,
	   uint16_t *nexthop)
{
	const uint8_t *b = (const uint8_t *)daddr->a;
	uint8_t net = family == 4 ? b[2] : b[5];

	(void)ctx;
	if (family == 4 ? b[0] != 10 : b[0] != 0x20)
		return ROUTE_NONE;
	if (net >= SIDE_UNRESOLVED)
		return ROUTE_NONE;
	*nexthop = 1 + net;
	return net == SIDE_UNRESOLVED - 1 ? ROUTE_WAIT : ROUTE_OK;
}

static inline uint32_t side_route_port(void *ctx, uint16_t nexthop)
{
	(void)ctx;
	return nexthop == SIDE_UNRESOLVED ? 1 : nexthop - 1;
}

static inline struct flow_table *side_table(struct side *s, int family)
{
	const struct nfold_meta *m = s->maps->meta;
	struct flow_table_conf c = {
		.family = family,
		.slots = family == 4 ? s->maps->slots4 : s->maps->slots6,
		.tags = family == 4 ? s->maps->tags4 : s->maps->tags6,
		.slot_cnt = family == 4 ? m->slots4 : m->slots6,
		.nbuckets = family == 4 ? m->config.nbuckets4 :
					  m->config.nbuckets6,
		.seed = m->config.seed,
		.overflow_fd = family == 4 ? s->maps->overflow4_fd :
					     s->maps->overflow6_fd,
		.ctl = s->maps->ctl,
	};
	struct flow_table *t;

	if (flow_table_new(&t, &c))
		side_die("flow table");
	return t;
}

static inline void side_sockets(struct side *s)
{
	struct xio_port_conf ports[NFOLD_PORT_MAX] = { 0 };
	struct xio_conf conf = { .ports = ports, .frame_cnt = 256,
				 .xskmap_fd = s->maps->xskmap_fd };
	const struct instance_port *p = instance_ports(s->inst,
						       &conf.port_cnt);

	for (uint32_t i = 0; i < conf.port_cnt; i++) {
		ports[i].ifindex = p[i].ifindex;
		ports[i].queues = 1;
		memcpy(ports[i].name, p[i].name, sizeof(ports[i].name));
	}
	if (xio_new(&s->xio, &conf))
		side_die("AF_XDP sockets");
}

static inline void side_start(struct side *s, const struct chain *c, bool fold)
{
	struct engine_conf conf = { .chain = c, .fold = fold };
	struct instance_error ierr;
	struct conf_error err;

	memset(s, 0, sizeof(*s));
	if (instance_load(&s->inst, c, "/run/nfold-eq-bpf", &ierr))
		side_die(ierr.text);
	s->maps = instance_maps(s->inst);
	s->tables[0] = side_table(s, 4);
	s->tables[1] = side_table(s, 6);
	s->nfs = chain_nfs_new(c, &err);
	if (!s->nfs)
		side_die(err.message);
	if (!c->wire)
		for (uint32_t i = 0; i < c->port_cnt; i++)
			s->maps->nexthops[1 + i] = (union nfold_nexthop){
				.dmac = { 2, 0, 0, 0, 1, i }, .port = i + 1,
			};
	if (fold)
		side_sockets(s);
	conf.nfs = s->nfs;
	conf.maps = (struct engine_maps){
		.ctl = s->maps->ctl,
		.stats = &s->maps->stats[s->maps->stats_rows - 1],
		.ports = s->maps->ports,
		.nexthops = s->maps->nexthops,
		.flows4 = s->tables[0],
		.flows6 = s->tables[1],
		.edits = s->maps->edits,
		.edit_cnt = s->maps->edit_cnt,
		.tmpls = s->maps->tmpls,
	};
	conf.router = (struct engine_router){ .lookup = side_route,
					      .port = side_route_port };
	if (engine_new(&s->e, &conf))
		side_die("engine");
}

static inline void side_left_all(struct side *s)
{
	while (s->held_cnt)
		engine_left(s->e, s->held[--s->held_cnt]);
}

static inline void side_stop(struct side *s)
{
	side_left_all(s);
	engine_free(s->e);
	chain_nfs_free(s->nfs);
	flow_table_free(s->tables[0]);
	flow_table_free(s->tables[1]);
	xio_free(s->xio);
	instance_free(s->inst);
}

/* Router mode: by the source address. Wire mode: the other end. */
static inline uint32_t side_out_port(const struct side *s, uint32_t in,
				     int action, const uint8_t *bytes)
{
	if (action == XDP_TX)
		return in;
	if (!s->maps->meta->config.router)
		return !in;
	for (uint32_t i = 0; i < s->maps->meta->port_cnt; i++)
		if (!memcmp(s->maps->ports[i].mac, bytes + 6, 6))
			return i;
	return UINT32_MAX;
}

static inline void side_engine(struct side *s, uint8_t *bytes,
			       struct outcome *o)
{
	uint8_t buf[SIDE_ROOM + PKT_MAX];
	struct nfold_punt punt;
	struct engine_pkt p = { .data = buf + SIDE_ROOM, .len = o->len,
				.room = SIDE_ROOM, .punt = &punt };
	enum engine_verdict v;

	memcpy(&punt, bytes, sizeof(punt));
	memcpy(p.data, bytes + sizeof(punt), o->len);
	v = engine_packet(s->e, &p);
	o->verdict = v == ENGINE_TX ? OUT_SENT :
		     v == ENGINE_HOLD ? OUT_HELD : OUT_DROP;
	o->port = v == ENGINE_TX ? p.out : 0;
	o->len = p.len;
	memcpy(o->bytes, p.data, o->len);
	if (v == ENGINE_DROP)
		return;
	if (s->held_cnt == SIDE_HELD_MAX)
		side_left_all(s);
	s->held[s->held_cnt++] = p.flow;
}

/* A frame comes in by a port: what becomes of it. */
static inline void side_packet(struct side *s, uint32_t port,
			       const uint8_t *frame, uint32_t len,
			       struct outcome *o)
{
	uint8_t out[PKT_MAX + 256];
	struct xdp_md in = { .data_end = len,
			     .ingress_ifindex = s->maps->ports[port].ifindex };
	struct xdp_md after = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .data_size_in = len, .data_out = out,
		    .data_size_out = sizeof(out), .ctx_in = &in,
		    .ctx_size_in = sizeof(in), .ctx_out = &after,
		    .ctx_size_out = sizeof(after), .repeat = 1);

	memset(o, 0, sizeof(*o));
	if (bpf_prog_test_run_opts(
		    bpf_program__fd(s->inst->skel->progs.nfold_xdp), &opts))
		side_die("BPF_PROG_TEST_RUN");
	o->len = opts.data_size_out - after.data;
	if (after.data == sizeof(struct nfold_punt)) {
		side_engine(s, out, o);
		return;
	}
	s->by_kernel++;
	memcpy(o->bytes, out, o->len);
	if (opts.retval == XDP_PASS) {
		o->verdict = OUT_HOST;
	} else if (opts.retval == XDP_TX || opts.retval == XDP_REDIRECT) {
		o->verdict = OUT_SENT;
		o->port = side_out_port(s, port, opts.retval, o->bytes);
	}
}

#endif
