/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <bpf/bpf.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../maps/port.h"
#include "xio_queue.h"

/* Frames a socket: half of them for its fill ring, most of the rest for its
 * transmission, and an eighth of that for what waits for next hops, so that
 * none of the three starves another. The total is bounded: the kernel pins all
 * of it. */
#define FRAMES_PER_QUEUE (2 * XIO_RING)
#define FRAMES_PER_QUEUE_MIN 512U
#define FRAMES_DEFAULT_MAX 65536U
#define XIO_FDS_MAX 8U
#define BUSY_TRIES 100		/* each 20 ms */

struct xio {
	struct xio_conf conf;
	struct xio_mem mem;
	struct xsk_umem *umem;
	struct xio_queue *queues;	/* of port 0, of port 1 ... */
	uint32_t queue_cnt;
	uint32_t first[NFOLD_PORT_MAX];	/* index of a port's queue 0 */
	uint32_t port_queues[NFOLD_PORT_MAX];
	uint32_t next;			/* queue whose turn it is */
	struct pollfd *fds;		/* queue_cnt + XIO_FDS_MAX */
};

static int xio_fail(const struct xio_conf *conf, int err, const char *what,
		    const char *port, uint32_t queue)
{
	const char *remedy = "";

	if (err == -EBUSY)
		remedy = ": another AF_XDP socket holds this queue, stop its owner";
	else if (err == -EPERM)
		remedy = ": needs CAP_NET_RAW, run nfoldd as root";
	else if (err == -ENOBUFS)
		remedy = ": raise the locked-memory limit (ulimit -l)";
	if (conf->err)
		snprintf(conf->err, conf->err_size, "%s queue %u: %s: %s%s",
			 port, queue, what, strerror(-err), remedy);
	return err;
}

/* --- opening --- */

static uint32_t xio_frame_cnt(const struct xio_conf *conf, uint32_t queue_cnt)
{
	uint32_t per = FRAMES_DEFAULT_MAX / queue_cnt;

	if (conf->frame_cnt)
		return conf->frame_cnt;
	if (per > FRAMES_PER_QUEUE)
		per = FRAMES_PER_QUEUE;
	if (per < FRAMES_PER_QUEUE_MIN)
		per = FRAMES_PER_QUEUE_MIN;
	return per * queue_cnt;
}

static int xio_open_umem(struct xio *x)
{
	struct umem *u = &x->mem.umem;
	struct xsk_umem_config uc = {
		.fill_size = XIO_RING,
		.comp_size = XIO_RING,
		.frame_size = UMEM_FRAME_SIZE,
	};

	return xsk_umem__create(&x->umem, u->area,
				(uint64_t)u->frame_cnt * UMEM_FRAME_SIZE,
				&x->queues[0].fill, &x->queues[0].comp, &uc);
}

static int xio_open_queue(struct xio *x, struct xio_queue *q, uint16_t flags)
{
	const struct xio_port_conf *p = &x->conf.ports[q->port];
	struct xsk_socket_config sc = {
		.rx_size = XIO_RING,
		.tx_size = XIO_RING,
		.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
		.bind_flags = flags,
	};
	__u32 key = q->port * NFOLD_QUEUE_MAX + q->queue;
	int err;

	err = xsk_socket__create_shared(&q->xsk, p->name, q->queue, x->umem,
					&q->rx, &q->tx, &q->fill, &q->comp,
					&sc);
	if (err) {
		q->xsk = NULL;
		return xio_fail(&x->conf, err, "AF_XDP socket", p->name,
				q->queue);
	}
	q->fd = xsk_socket__fd(q->xsk);
	if (x->conf.xskmap_fd < 0)
		return 0;
	if (bpf_map_update_elem(x->conf.xskmap_fd, &key, &q->fd, BPF_ANY))
		return xio_fail(&x->conf, -errno, "XSKMAP", p->name, q->queue);
	return 0;
}

static void xio_close_all(struct xio *x)
{
	uint32_t i;

	for (i = 0; i < x->queue_cnt; i++) {
		if (x->queues[i].xsk)
			xsk_socket__delete(x->queues[i].xsk);
		x->queues[i].xsk = NULL;
	}
	if (x->umem)
		xsk_umem__delete(x->umem);
	x->umem = NULL;
}

static int xio_open_all(struct xio *x, uint16_t flags)
{
	uint32_t i;
	int err;

	err = xio_open_umem(x);
	if (err) {
		x->umem = NULL;
		return xio_fail(&x->conf, err, "packet memory",
				x->conf.ports[0].name, 0);
	}
	for (i = 0; i < x->queue_cnt; i++) {
		err = xio_open_queue(x, &x->queues[i], flags);
		if (err) {
			xio_close_all(x);
			return err;
		}
	}
	return 0;
}

/* Sockets that share a UMEM share the mode of the first (kernel:
 * xp_assign_dev_shared), so one port without zero-copy puts all in copy mode.
 * XDP_USE_SG is refused by kernels before 6.6: without it packets of several
 * frames are dropped by the kernel and counted. */
static int xio_open_modes(struct xio *x)
{
	uint16_t copy = 0, sg = x->conf.frags ? XDP_USE_SG : 0;
	uint32_t i;
	int err;

	for (i = 0; i < x->conf.port_cnt; i++)
		if (x->conf.ports[i].generic)
			copy = XDP_COPY;
	err = xio_open_all(x, XDP_USE_NEED_WAKEUP | copy | sg);
	if (err && err != -EBUSY && !copy)
		err = xio_open_all(x, XDP_USE_NEED_WAKEUP | XDP_COPY | sg);
	if (err && err != -EBUSY && sg)
		err = xio_open_all(x, XDP_USE_NEED_WAKEUP | XDP_COPY);
	return err;
}

/* The kernel frees a queue some time after its last socket was closed, from a
 * work queue: the end of a predecessor is waited for. */
static int xio_open(struct xio *x)
{
	int i, err = -EBUSY;

	for (i = 0; i < BUSY_TRIES && err == -EBUSY; i++) {
		if (i)
			usleep(20000);
		err = xio_open_modes(x);
	}
	return err;
}

static int xio_check_conf(const struct xio_conf *conf, uint32_t *queue_cnt)
{
	const struct xio_port_conf *p = conf->ports;
	uint32_t i;

	if (!conf->port_cnt || conf->port_cnt > NFOLD_PORT_MAX)
		return -EINVAL;
	for (*queue_cnt = 0, i = 0; i < conf->port_cnt; i++, p++) {
		if (!p->queues || p->queues > NFOLD_QUEUE_MAX)
			return xio_fail(conf, -EINVAL, "number of queues",
					p->name, p->queues);
		if (if_nametoindex(p->name) != p->ifindex)
			return xio_fail(conf, -ENODEV, "device", p->name, 0);
		*queue_cnt += p->queues;
	}
	if (conf->frame_cnt && conf->frame_cnt < *queue_cnt * 2)
		return -EINVAL;
	return 0;
}

static void xio_name_queues(struct xio *x)
{
	uint32_t i, j, n = 0, target;

	target = x->mem.umem.frame_cnt / 2 / x->queue_cnt;
	if (target > XIO_RING)
		target = XIO_RING;
	for (i = 0; i < x->conf.port_cnt; i++) {
		x->first[i] = n;
		x->port_queues[i] = x->conf.ports[i].queues;
		for (j = 0; j < x->port_queues[i]; j++, n++)
			x->queues[n] = (struct xio_queue){
				.fd = -1, .port = i, .queue = j,
				.fill_target = target,
				.tx_limit = target - target / 8,
			};
	}
}

/* Kernels before 5.11 charge the UMEM to this limit; may be refused. */
static void xio_raise_memlock(void)
{
	struct rlimit r = { RLIM_INFINITY, RLIM_INFINITY };

	(void)!setrlimit(RLIMIT_MEMLOCK, &r);
}

int xio_new(struct xio **out, const struct xio_conf *conf)
{
	uint32_t queue_cnt, i;
	struct xio *x;
	int err;

	err = xio_check_conf(conf, &queue_cnt);
	if (err)
		return err;
	x = calloc(1, sizeof(*x));
	if (!x)
		return -ENOMEM;
	x->conf = *conf;
	x->queue_cnt = queue_cnt;
	err = -ENOMEM;
	x->queues = calloc(queue_cnt, sizeof(*x->queues));
	x->fds = calloc(queue_cnt + XIO_FDS_MAX, sizeof(*x->fds));
	if (!x->queues || !x->fds)
		goto err_free;
	err = umem_init(&x->mem.umem, xio_frame_cnt(conf, queue_cnt));
	if (err)
		goto err_free;
	if (conf->frags)
		err = jumbo_init(&x->mem.jumbo);
	if (err)
		goto err_umem;
	xio_name_queues(x);
	xio_raise_memlock();
	err = xio_open(x);
	if (err)
		goto err_jumbo;
	x->conf.ports = NULL;	/* the caller's: not kept */
	x->conf.err = NULL;
	for (i = 0; i < queue_cnt; i++)
		xio_queue_refill(&x->queues[i], &x->mem);
	*out = x;
	return 0;

err_jumbo:
	jumbo_destroy(&x->mem.jumbo);
err_umem:
	umem_destroy(&x->mem.umem);
err_free:
	free(x->queues);
	free(x->fds);
	free(x);
	return err;
}

void xio_free(struct xio *x)
{
	if (!x)
		return;
	xio_close_all(x);
	jumbo_destroy(&x->mem.jumbo);
	umem_destroy(&x->mem.umem);
	free(x->queues);
	free(x->fds);
	free(x);
}

/* --- packets --- */

int xio_wait(struct xio *x, struct pollfd *fds, uint32_t fd_cnt, int timeout_ms)
{
	uint32_t i, n = x->queue_cnt;
	int ret;

	if (fd_cnt > XIO_FDS_MAX)
		return -EINVAL;
	for (i = 0; i < n; i++)
		x->fds[i] = (struct pollfd){ .fd = x->queues[i].fd,
					     .events = POLLIN };
	for (i = 0; i < fd_cnt; i++)
		x->fds[n + i] = fds[i];
	ret = poll(x->fds, n + fd_cnt, timeout_ms);
	if (ret < 0 && errno != EINTR)
		return -errno;
	for (i = 0; i < fd_cnt; i++)
		fds[i].revents = ret > 0 ? x->fds[n + i].revents : 0;
	return ret < 0 ? 0 : ret;
}

uint32_t xio_rx(struct xio *x, struct xio_pkt *pkts, uint32_t max)
{
	uint32_t i, n = 0;

	for (i = 0; i < x->queue_cnt && !n; i++) {
		n = xio_queue_rx(&x->queues[x->next], &x->mem, pkts, max);
		x->next = x->next + 1 == x->queue_cnt ? 0 : x->next + 1;
	}
	return n;
}

/* By the queue it came in by: what was in order stays in order. */
static struct xio_queue *xio_out_queue(struct xio *x, const struct xio_pkt *pkt)
{
	return &x->queues[x->first[pkt->port] +
			  pkt->queue % x->port_queues[pkt->port]];
}

bool xio_tx(struct xio *x, const struct xio_pkt *pkt)
{
	if (pkt->port >= x->conf.port_cnt)
		return false;
	return xio_queue_tx(xio_out_queue(x, pkt), &x->mem, pkt);
}

void xio_drop(struct xio *x, const struct xio_pkt *pkt)
{
	if (!(pkt->frame & XIO_JUMBO))
		umem_move(&x->mem.umem, pkt->frame, UMEM_HELD, UMEM_FREE);
	else if (!jumbo_put(&x->mem.jumbo, pkt->frame & ~XIO_JUMBO))
		x->mem.umem.bad++;
}

void xio_flush(struct xio *x, void (*left)(void *ctx, uint32_t flow), void *ctx)
{
	uint32_t i, n = x->next;

	for (i = 0; i < x->queue_cnt; i++) {
		xio_queue_kick(&x->queues[i]);
		xio_queue_reap(&x->queues[i], &x->mem, left, ctx);
	}
	/* starts at another queue each time: frames may be short */
	for (i = 0; i < x->queue_cnt; i++) {
		xio_queue_refill(&x->queues[n], &x->mem);
		n = n + 1 == x->queue_cnt ? 0 : n + 1;
	}
}

/* --- accounts --- */

uint32_t xio_tx_outstanding(const struct xio *x)
{
	uint32_t i, n = 0;

	for (i = 0; i < x->queue_cnt; i++)
		n += x->queues[i].tx_out;
	return n;
}

void xio_stats(struct xio *x, struct xio_stats *s)
{
	struct xdp_statistics st;
	socklen_t len;
	uint32_t i;

	*s = (struct xio_stats){ 0 };
	for (i = 0; i < x->queue_cnt; i++) {
		s->rx_too_big += x->queues[i].too_big;
		len = sizeof(st);
		memset(&st, 0, sizeof(st));
		if (getsockopt(x->queues[i].fd, SOL_XDP, XDP_STATISTICS, &st,
			       &len))
			continue;
		s->rx_ring_full += st.rx_ring_full;
		s->rx_fill_empty += st.rx_fill_ring_empty_descs;
		s->rx_dropped += st.rx_dropped;
		s->rx_invalid += st.rx_invalid_descs;
		s->tx_invalid += st.tx_invalid_descs;
	}
}

void xio_frames(const struct xio *x, struct xio_frames *f)
{
	const struct umem *u = &x->mem.umem;

	f->total = u->frame_cnt;
	f->free = umem_count(u, UMEM_FREE);
	f->rx = umem_count(u, UMEM_RX);
	f->held = umem_count(u, UMEM_HELD);
	f->tx = umem_count(u, UMEM_TX);
	f->jumbo_held = x->mem.jumbo.area ? JUMBO_CNT - x->mem.jumbo.free_cnt : 0;
}

/* Two books: the owner of each frame, and the counts of each ring. */
int64_t xio_check(const struct xio *x)
{
	struct xio_frames f;
	int64_t rx = 0, tx = 0;
	uint32_t i;

	xio_frames(x, &f);
	for (i = 0; i < x->queue_cnt; i++) {
		rx += x->queues[i].rx_out;
		tx += x->queues[i].tx_out;
	}
	return llabs((int64_t)f.free - x->mem.umem.free_cnt) +
	       llabs((int64_t)f.rx - rx) + llabs((int64_t)f.tx - tx) +
	       llabs((int64_t)f.total - f.free - f.rx - f.held - f.tx) +
	       (int64_t)x->mem.umem.bad;
}
