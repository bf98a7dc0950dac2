/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "loop.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <bpf/libbpf.h>

#include "../loader/control.h"
#include "log.h"
#include "loop_priv.h"

#define ROUTE_TICK_NS (NF_SEC / 10)
#define ROUNDS_MAX 16		/* batches between two looks at the rest */
#define MSEC_NS UINT64_C(1000000)
#define SPIN_NS (5 * MSEC_NS)

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NF_SEC + ts.tv_nsec;
}

static void loop_now(struct loop *l)
{
	l->now_ns = clock_ns(CLOCK_MONOTONIC);
	engine_now(l->engine, l->now_ns);
}

/* Somebody may set the host's clock. */
static void loop_unix(struct loop *l)
{
	loop_now(l);
	engine_unix(l->engine, clock_ns(CLOCK_REALTIME));
}

/* --- packets --- */

static void packet_left(void *ctx, uint32_t flow)
{
	engine_left(((struct loop *)ctx)->engine, flow);
}

static void packet_drop(struct loop *l, const struct xio_pkt *pkt)
{
	xio_drop(l->xio, pkt);
	if (pkt->flow)
		engine_left(l->engine, pkt->flow);
}

static void packet_send(struct loop *l, struct xio_pkt *pkt,
			const struct engine_pkt *p)
{
	pkt->data = p->data;
	pkt->len = p->len;
	pkt->flow = p->flow;
	pkt->port = p->out;
	if (xio_tx(l->xio, pkt)) {
		engine_count(l->engine, p->outcome);
		return;
	}
	engine_count(l->engine, NFOLD_REASON_TX_FULL);
	packet_drop(l, pkt);
}

static void packet_hold(struct loop *l, struct xio_pkt *pkt,
			const struct engine_pkt *p)
{
	struct held one = {
		.pkt = *pkt,
		.punt = *p->punt,
		.until_ns = l->now_ns + HOLD_NS,
		.nexthop = p->nexthop,
		.outcome = p->outcome,
	};

	one.pkt.data = p->data;
	one.pkt.len = p->len;
	one.pkt.flow = p->flow;
	if (hold_add(&l->hold, &one))
		return;
	engine_count(l->engine, NFOLD_REASON_NEIGH_QUEUE);
	packet_drop(l, &one.pkt);
}

static void packet_done(struct loop *l, struct xio_pkt *pkt,
			const struct engine_pkt *p, enum engine_verdict v)
{
	if (v == ENGINE_TX) {
		packet_send(l, pkt, p);
	} else if (v == ENGINE_HOLD) {
		packet_hold(l, pkt, p);
	} else {
		pkt->flow = p->flow;
		packet_drop(l, pkt);
	}
}

/* The metadata is copied out: the engine may grow the packet downwards. */
static void packet_in(struct loop *l, struct xio_pkt *pkt)
{
	struct nfold_punt punt;
	struct engine_pkt p = { .data = pkt->data, .len = pkt->len,
				.room = pkt->room, .punt = &punt };

	memcpy(&punt, pkt->data - sizeof(punt), sizeof(punt));
	if (punt.magic != NFOLD_PUNT_MAGIC || punt.port != pkt->port ||
	    punt.reason >= NFOLD_REASON_CNT) {
		engine_count(l->engine, NFOLD_REASON_NO_META);
		xio_drop(l->xio, pkt);
		return;
	}
	packet_done(l, pkt, &p, engine_packet(l->engine, &p));
}

/* Its next hop is known now, or never. */
static void packet_held(void *ctx, struct held *one)
{
	struct loop *l = ctx;
	struct engine_pkt p = { .data = one->pkt.data, .len = one->pkt.len,
				.punt = &one->punt, .nexthop = one->nexthop,
				.flow = one->pkt.flow,
				.outcome = one->outcome };

	if (one->state == HOLD_OK && engine_resume(l->engine, &p) == ENGINE_TX) {
		packet_send(l, &one->pkt, &p);
		return;
	}
	engine_count(l->engine, NFOLD_REASON_NEIGH_FAILED);
	packet_drop(l, &one->pkt);
}

static void loop_packets(struct loop *l)
{
	struct xio_pkt pkts[XIO_BATCH];
	uint32_t i, n, round;

	for (round = 0; round < ROUNDS_MAX; round++) {
		n = xio_rx(l->xio, pkts, XIO_BATCH);
		if (!n) {
			engine_drained(l->engine);
			break;
		}
		if (round)
			loop_now(l);
		l->busy_ns = l->now_ns;
		for (i = 0; i < n; i++)
			packet_in(l, &pkts[i]);
		xio_flush(l->xio, packet_left, l);
	}
}

/* --- routes --- */

void loop_resolved(void *ctx, uint16_t nexthop, bool ok)
{
	hold_resolved(&((struct loop *)ctx)->hold, nexthop, ok);
}

void loop_changed(void *ctx)
{
	engine_invalidate_all(((struct loop *)ctx)->engine);
}

/* --- each second --- */

static void stats_add(struct loop *l, enum nfold_reason reason, uint64_t more)
{
	const struct instance_maps *m = instance_maps(l->conf->instance);
	__u64 *c = &m->stats[m->stats_rows - 1].packets[reason];

	if (more)
		__atomic_store_n(c, *c + more, __ATOMIC_RELAXED);
}

/* What the kernel lost between XDP and the engine. In copy mode a packet that
 * finds the fill ring empty counts as dropped as well; a packet that is dropped
 * while the fill ring was never empty was too long for a frame. */
static void loop_losses(struct loop *l)
{
	struct xio_stats s, *seen = &l->seen;
	uint64_t dropped;

	xio_stats(l->xio, &s);
	dropped = s.rx_dropped - seen->rx_dropped;
	stats_add(l, NFOLD_REASON_RING_FULL,
		  s.rx_ring_full - seen->rx_ring_full);
	stats_add(l, s.rx_fill_empty > seen->rx_fill_empty ?
			     NFOLD_REASON_FILL_EMPTY : NFOLD_REASON_TOO_BIG,
		  dropped);
	stats_add(l, NFOLD_REASON_TOO_BIG, s.rx_too_big - seen->rx_too_big);
	stats_add(l, NFOLD_REASON_TX_INVALID, s.tx_invalid - seen->tx_invalid);
	*seen = s;
}

static void loop_periodic(struct loop *l)
{
	if (l->route && l->now_ns >= l->route_ns) {
		l->route_ns = l->now_ns + ROUTE_TICK_NS;
		route_tick(l->route, l->now_ns);
	}
	flow_table_reclaim(l->flows4);
	flow_table_reclaim(l->flows6);
	if (l->now_ns >= l->second_ns) {
		l->second_ns = l->now_ns + NF_SEC;
		loop_losses(l);
		loop_unix(l);
	}
}

/* --- the loop --- */

/* Whole milliseconds that may be slept. None while a hand-over is under way, so
 * that it ends soon; but one that waits for a neighbour, or for a port that is
 * down, is not waited for by spinning. */
static int loop_timeout(const struct loop *l, uint64_t tick_ns)
{
	uint64_t ns = tick_ns < ROUTE_TICK_NS ? tick_ns : ROUTE_TICK_NS;

	if (l->stop_ns && ns > MSEC_NS)
		ns = MSEC_NS;
	if (ns < MSEC_NS && l->now_ns - l->busy_ns > SPIN_NS)
		ns = MSEC_NS;
	return ns / MSEC_NS;
}

void loop_work(struct loop *l)
{
	struct pollfd fds[] = {
		{ .fd = l->conf->control_fd, .events = POLLIN },
		{ .fd = l->route ? route_fd(l->route) : -1, .events = POLLIN },
		{ .fd = l->events ? ring_buffer__epoll_fd(l->events) : -1,
		  .events = POLLIN },
	};
	uint64_t tick_ns = engine_tick(l->engine);

	if (xio_wait(l->xio, fds, sizeof(fds) / sizeof(fds[0]),
		     loop_timeout(l, tick_ns)) < 0)
		l->gone = true;
	loop_now(l);
	if (fds[1].revents)
		route_read(l->route);
	if (l->events)
		ring_buffer__consume(l->events);
	hold_run(&l->hold, l->now_ns, packet_held, l);
	loop_packets(l);
	xio_flush(l->xio, packet_left, l);
	loop_periodic(l);
	loop_targets(l);
	if (fds[0].revents)
		loop_control(l);
}

/* Stopping: until nothing is on its way, but not for long. */
static bool loop_stopped(const struct loop *l)
{
	struct xio_frames f;

	if (l->gone)
		return true;
	if (!l->stop_ns)
		return false;
	if (l->now_ns >= l->stop_ns)
		return true;
	xio_frames(l->xio, &f);
	return !f.tx && !f.held && l->stop_ns - l->now_ns < 150 * MSEC_NS;
}

int loop_run(const struct loop_conf *conf)
{
	static struct loop l;	/* the hold queue is large */
	int64_t lost;

	l = (struct loop){ .conf = conf };
	if (loop_setup(&l))
		return 1;
	loop_unix(&l);
	loop_tell(&l, "ready", NULL);
	while (!loop_stopped(&l))
		loop_work(&l);
	loop_losses(&l);
	chain_nfs_free(l.nfs);
	lost = xio_check(l.xio);
	if (lost)
		log_err("%lld packet frames are not accounted for",
			(long long)lost);
	return lost != 0;
}
