/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "xio_queue.h"

#define KICKS_MAX 256U		/* sendto() calls per kick: the kernel takes at
				 * most 32 descriptors in one */

/* --- receive --- */

static const struct xdp_desc *rx_desc(struct xio_queue *q, uint32_t idx)
{
	return xsk_ring_cons__rx_desc(&q->rx, idx);
}

/* A frame number and bytes that lie inside of that frame? The kernel says so;
 * checked, as everything behind it trusts it. */
static bool rx_desc_ok(const struct umem *u, const struct xdp_desc *d)
{
	uint32_t frame = umem_frame(d->addr);
	uint32_t off = d->addr % UMEM_FRAME_SIZE;

	return frame < u->frame_cnt && d->len <= UMEM_FRAME_SIZE - off;
}

static void rx_release(struct xio_queue *q, struct xio_mem *m, uint32_t idx,
		       uint32_t cnt)
{
	uint32_t i;

	for (i = 0; i < cnt; i++)
		umem_move(&m->umem, umem_frame(rx_desc(q, idx + i)->addr),
			  UMEM_RX, UMEM_FREE);
	q->rx_out -= cnt;
}

/* Descriptors of the packet that starts at idx; 0: its end is not there. */
static uint32_t rx_span(struct xio_queue *q, uint32_t idx, uint32_t avail)
{
	uint32_t i;

	for (i = 0; i < avail; i++)
		if (!(rx_desc(q, idx + i)->options & XDP_PKT_CONTD))
			return i + 1;
	return 0;
}

static bool rx_single(struct xio_queue *q, struct xio_mem *m, uint32_t idx,
		      struct xio_pkt *pkt)
{
	const struct xdp_desc *d = rx_desc(q, idx);
	uint32_t frame = umem_frame(d->addr);

	if (!rx_desc_ok(&m->umem, d)) {
		m->umem.bad++;
		q->rx_out--;
		return false;
	}
	q->rx_out--;
	if (!umem_move(&m->umem, frame, UMEM_RX, UMEM_HELD))
		return false;
	pkt->data = umem_data(&m->umem, d->addr);
	pkt->len = d->len;
	pkt->room = d->addr % UMEM_FRAME_SIZE;
	pkt->frame = frame;
	return true;
}

static bool rx_gather(struct xio_queue *q, struct xio_mem *m, uint32_t idx,
		      uint32_t cnt, uint8_t *to, uint32_t *len)
{
	const struct xdp_desc *d = rx_desc(q, idx);
	uint32_t i;

	/* the bytes below the first piece hold the metadata */
	if (d->addr % UMEM_FRAME_SIZE < JUMBO_HEADROOM)
		return false;
	memcpy(to - JUMBO_HEADROOM,
	       umem_data(&m->umem, d->addr) - JUMBO_HEADROOM, JUMBO_HEADROOM);
	for (*len = 0, i = 0; i < cnt; i++, *len += d->len) {
		d = rx_desc(q, idx + i);
		if (!rx_desc_ok(&m->umem, d) || *len + d->len > JUMBO_MAX)
			return false;
		memcpy(to + *len, umem_data(&m->umem, d->addr), d->len);
	}
	return true;
}

static bool rx_jumbo(struct xio_queue *q, struct xio_mem *m, uint32_t idx,
		     uint32_t cnt, struct xio_pkt *pkt)
{
	int n = jumbo_take(&m->jumbo);
	bool ok = false;

	if (n >= 0) {
		pkt->data = jumbo_data(&m->jumbo, n);
		pkt->frame = XIO_JUMBO | n;
		pkt->room = JUMBO_HEADROOM;
		ok = rx_gather(q, m, idx, cnt, pkt->data, &pkt->len);
		if (!ok)
			jumbo_put(&m->jumbo, n);
	}
	if (!ok)
		q->too_big++;
	rx_release(q, m, idx, cnt);
	return ok;
}

/* Takes the packet at idx: how many descriptors that used; 0: come back when
 * the rest is there. *got: *pkt is filled. */
static uint32_t rx_packet(struct xio_queue *q, struct xio_mem *m, uint32_t idx,
			  uint32_t avail, struct xio_pkt *pkt, bool *got)
{
	uint32_t span = rx_span(q, idx, avail);

	*got = false;
	if (!span && avail < XIO_BATCH)
		return 0;
	if (!span || q->skipping) {
		q->too_big += !q->skipping;
		q->skipping = !span;
		rx_release(q, m, idx, span ? span : avail);
		return span ? span : avail;
	}
	pkt->port = q->port;
	pkt->queue = q->queue;
	pkt->flow = 0;
	*got = span == 1 ? rx_single(q, m, idx, pkt) :
			   rx_jumbo(q, m, idx, span, pkt);
	return span;
}

uint32_t xio_queue_rx(struct xio_queue *q, struct xio_mem *m,
		      struct xio_pkt *pkts, uint32_t max)
{
	uint32_t idx = 0, avail, used = 0, n = 0, span;
	bool got;

	/* peek alone looks at the kernel's index only when it has used up all
	 * it knew, which may be the middle of a packet */
	q->rx.cached_prod = __atomic_load_n(q->rx.producer, __ATOMIC_ACQUIRE);
	avail = xsk_ring_cons__peek(&q->rx, XIO_BATCH, &idx);
	while (used < avail && n < max) {
		span = rx_packet(q, m, idx + used, avail - used, &pkts[n], &got);
		if (!span)
			break;
		used += span;
		n += got;
	}
	if (used < avail)
		xsk_ring_cons__cancel(&q->rx, avail - used);
	if (used)
		xsk_ring_cons__release(&q->rx, used);
	return n;
}

/* --- transmit --- */

static uint32_t tx_unsent(struct xio_queue *q)
{
	return q->tx.size - xsk_prod_nb_free(&q->tx, q->tx.size);
}

/* Copy mode: the call itself sends. EAGAIN: budget used up, or the device is
 * busy; EBUSY: the device dropped one, which completes. ENOBUFS, ENETDOWN,
 * ENXIO: not now; what is in the ring stays there. */
void xio_queue_kick(struct xio_queue *q)
{
	uint32_t tries;

	for (tries = 0; tries < KICKS_MAX && tx_unsent(q); tries++) {
		if (!xsk_ring_prod__needs_wakeup(&q->tx))
			return;
		if (sendto(q->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) >= 0)
			return;
		if (errno != EAGAIN && errno != EBUSY && errno != EINTR)
			return;
	}
}

static bool tx_reserve(struct xio_queue *q, uint32_t cnt, uint32_t *idx)
{
	if (q->tx_out + cnt > q->tx_limit)
		return false;
	if (xsk_ring_prod__reserve(&q->tx, cnt, idx) == cnt)
		return true;
	xio_queue_kick(q);
	return xsk_ring_prod__reserve(&q->tx, cnt, idx) == cnt;
}

static void tx_submit(struct xio_queue *q, uint32_t cnt)
{
	xsk_ring_prod__submit(&q->tx, cnt);
	q->tx_out += cnt;
}

static bool tx_single(struct xio_queue *q, struct xio_mem *m,
		      const struct xio_pkt *pkt)
{
	struct xdp_desc *d;
	uint32_t idx;

	if (!tx_reserve(q, 1, &idx))
		return false;
	d = xsk_ring_prod__tx_desc(&q->tx, idx);
	d->addr = pkt->data - m->umem.area;
	d->len = pkt->len;
	d->options = 0;
	m->umem.flow[pkt->frame] = pkt->flow;
	umem_move(&m->umem, pkt->frame, UMEM_HELD, UMEM_TX);
	tx_submit(q, 1);
	return true;
}

/* The flow is put on the last frame: frames of a socket complete in order. */
static bool tx_jumbo(struct xio_queue *q, struct xio_mem *m,
		     const struct xio_pkt *pkt)
{
	uint32_t cnt = (pkt->len + UMEM_FRAME_SIZE - 1) / UMEM_FRAME_SIZE;
	uint32_t i, idx, frame = 0, done = 0;
	struct xdp_desc *d;

	if (m->umem.free_cnt < cnt || !tx_reserve(q, cnt, &idx))
		return false;
	for (i = 0; i < cnt; i++, done += d->len) {
		frame = umem_take(&m->umem, UMEM_TX);
		d = xsk_ring_prod__tx_desc(&q->tx, idx + i);
		d->addr = (uint64_t)frame * UMEM_FRAME_SIZE;
		d->len = pkt->len - done < UMEM_FRAME_SIZE ?
				 pkt->len - done : UMEM_FRAME_SIZE;
		d->options = i + 1 < cnt ? XDP_PKT_CONTD : 0;
		memcpy(umem_data(&m->umem, d->addr), pkt->data + done, d->len);
	}
	m->umem.flow[frame] = pkt->flow;
	jumbo_put(&m->jumbo, pkt->frame & ~XIO_JUMBO);
	tx_submit(q, cnt);
	return true;
}

bool xio_queue_tx(struct xio_queue *q, struct xio_mem *m,
		  const struct xio_pkt *pkt)
{
	return pkt->frame & XIO_JUMBO ? tx_jumbo(q, m, pkt) :
					tx_single(q, m, pkt);
}

/* --- give back and take back --- */

void xio_queue_reap(struct xio_queue *q, struct xio_mem *m,
		    void (*left)(void *ctx, uint32_t flow), void *ctx)
{
	uint32_t i, cnt, frame, flow, idx = 0;

	if (!q->tx_out)
		return;
	while ((cnt = xsk_ring_cons__peek(&q->comp, XIO_RING, &idx))) {
		for (i = 0; i < cnt; i++) {
			frame = umem_frame(*xsk_ring_cons__comp_addr(&q->comp,
								     idx + i));
			if (!umem_move(&m->umem, frame, UMEM_TX, UMEM_FREE))
				continue;
			flow = m->umem.flow[frame];
			if (flow && left)
				left(ctx, flow);
		}
		xsk_ring_cons__release(&q->comp, cnt);
		q->tx_out -= cnt;
	}
}

void xio_queue_refill(struct xio_queue *q, struct xio_mem *m)
{
	uint32_t cnt = q->fill_target - q->rx_out, room, i, idx;

	if (q->rx_out >= q->fill_target)
		return;
	if (cnt > m->umem.free_cnt)
		cnt = m->umem.free_cnt;
	room = xsk_prod_nb_free(&q->fill, cnt);
	if (cnt > room)
		cnt = room;
	if (cnt && xsk_ring_prod__reserve(&q->fill, cnt, &idx) == cnt) {
		for (i = 0; i < cnt; i++)
			*xsk_ring_prod__fill_addr(&q->fill, idx + i) =
				(uint64_t)umem_take(&m->umem, UMEM_RX) *
				UMEM_FRAME_SIZE;
		xsk_ring_prod__submit(&q->fill, cnt);
		q->rx_out += cnt;
	}
	if (xsk_ring_prod__needs_wakeup(&q->fill))
		recvfrom(q->fd, NULL, 0, MSG_DONTWAIT, NULL, NULL);
}
