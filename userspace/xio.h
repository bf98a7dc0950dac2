/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* AF_XDP I/O of an instance: one UMEM, one socket for each queue of each port,
 * all sharing the UMEM, so that a frame received on one port is sent on
 * another without a copy. Created with privileges; used without. One thread.
 *
 * Frame life: free -> fill ring -> RX ring -> held by the engine -> TX ring ->
 * completion ring -> free. Always: free + fill + rx + held + tx + completion
 * == total; xio_check() says which is lost.
 */
#ifndef NFOLD_XIO_H
#define NFOLD_XIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XIO_BATCH 64

struct xio;

struct xio_port_conf {
	uint32_t ifindex;
	char name[16];
	uint32_t queues;
	bool generic;		/* attached in generic mode: copy mode */
};

struct xio_conf {
	const struct xio_port_conf *ports;
	uint32_t port_cnt;
	int xskmap_fd;		/* index port * NFOLD_QUEUE_MAX + queue */
	uint32_t frame_cnt;	/* 0: default by number of queues */
	bool frags;		/* MTU needs several buffers: XDP_USE_SG */
	char *err;		/* filled when xio_new() fails; may be NULL */
	size_t err_size;
};

/* A received or to-be-sent packet: contiguous, writable, with its metadata in
 * the bytes below data. */
struct xio_pkt {
	uint8_t *data;
	uint32_t len;
	uint32_t room;		/* in: bytes of the buffer below data */
	uint32_t port;		/* in: received on; for xio_tx: send on */
	uint32_t queue;
	uint32_t flow;		/* the caller's: handed back on completion */
	uint64_t frame;		/* xio's */
};

struct xio_stats {		/* sums over all sockets since start */
	uint64_t rx_ring_full;
	uint64_t rx_fill_empty;
	uint64_t rx_dropped;	/* other reasons */
	uint64_t rx_invalid;
	uint64_t tx_invalid;
	uint64_t rx_too_big;	/* dropped by xio: does not fit a buffer */
};

/* Where the frames are; sums up to total. */
struct xio_frames {
	uint32_t total;
	uint32_t free;
	uint32_t rx;		/* fill ring, kernel, RX ring */
	uint32_t held;		/* the caller's */
	uint32_t tx;		/* TX ring, kernel, completion ring */
	uint32_t jumbo_held;	/* buffers of long packets, beside the frames */
};

int xio_new(struct xio **out, const struct xio_conf *conf);
void xio_free(struct xio *x);

/* Waits up to timeout_ms (0: polls) for a packet on any socket, or for `fds`
 * (extra descriptors, as for poll(2)) to become ready. */
struct pollfd;
int xio_wait(struct xio *x, struct pollfd *fds, uint32_t fd_cnt,
	     int timeout_ms);
/* Up to XIO_BATCH packets of one socket after the other in turn. The caller
 * owns them until xio_tx() or xio_drop(). */
uint32_t xio_rx(struct xio *x, struct xio_pkt *pkts, uint32_t max);
/* Queues a packet; false: ring full, the caller still owns it. */
bool xio_tx(struct xio *x, const struct xio_pkt *pkt);
void xio_drop(struct xio *x, const struct xio_pkt *pkt);
/* Kicks the transmit rings, reaps completions (calls left(ctx, flow) for each
 * frame with flow != 0) and refills. Never waits. */
void xio_flush(struct xio *x, void (*left)(void *ctx, uint32_t flow),
	       void *ctx);
/* Frames queued for transmission and not completed yet. */
uint32_t xio_tx_outstanding(const struct xio *x);

/* Reads the kernel's socket statistics (getsockopt). */
void xio_stats(struct xio *x, struct xio_stats *s);
void xio_frames(const struct xio *x, struct xio_frames *f);
/* 0, or the number of frames that are nowhere, or in two places. Walks all
 * frames: for tests and for the end. */
int64_t xio_check(const struct xio *x);

#endif
