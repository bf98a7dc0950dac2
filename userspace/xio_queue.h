/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One AF_XDP socket: the four rings of one receive queue of one port, and the
 * frames that are in them. Owned by struct xio; the engine's thread alone.
 */
#ifndef NFOLD_XIO_QUEUE_H
#define NFOLD_XIO_QUEUE_H

#include <xdp/xsk.h>

#include "jumbo.h"
#include "umem.h"
#include "xio.h"

#define XIO_RING 4096U		/* descriptors of each ring; a power of two */

/* Kernel 6.6 and later; not in the headers of Debian 12. */
#ifndef XDP_USE_SG
#define XDP_USE_SG (1 << 4)
#endif
#ifndef XDP_PKT_CONTD
#define XDP_PKT_CONTD (1 << 0)
#endif

struct xio_queue {
	struct xsk_socket *xsk;
	int fd;			/* the socket's; owned by xsk */
	uint32_t port;		/* index in the instance */
	uint32_t queue;
	struct xsk_ring_cons rx;
	struct xsk_ring_prod tx;
	struct xsk_ring_prod fill;
	struct xsk_ring_cons comp;
	uint32_t fill_target;	/* frames to keep in fill and RX ring */
	uint32_t rx_out;	/* frames there now */
	uint32_t tx_limit;	/* a port that is down must not take all frames */
	uint32_t tx_out;	/* frames in TX and completion ring */
	bool skipping;		/* inside a packet that is too long */
	uint64_t too_big;	/* packets dropped for their length, or for
				 * want of a jumbo buffer */
};

/* The memory that queues of an instance share. */
struct xio_mem {
	struct umem umem;
	struct jumbo jumbo;
};

/* xio_pkt.frame: a frame number, or a jumbo buffer's with this bit. */
#define XIO_JUMBO (UINT64_C(1) << 63)

uint32_t xio_queue_rx(struct xio_queue *q, struct xio_mem *m,
		      struct xio_pkt *pkts, uint32_t max);
/* False: no room, nothing changed. */
bool xio_queue_tx(struct xio_queue *q, struct xio_mem *m,
		  const struct xio_pkt *pkt);
/* Makes the kernel send what is in the TX ring. Bounded. */
void xio_queue_kick(struct xio_queue *q);
void xio_queue_reap(struct xio_queue *q, struct xio_mem *m,
		    void (*left)(void *ctx, uint32_t flow), void *ctx);
void xio_queue_refill(struct xio_queue *q, struct xio_mem *m);

#endif
