/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One AF_XDP socket serves every entry of every oracle's XSKMAP: under
 * BPF_PROG_TEST_RUN the map is looked up but nothing is delivered. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <xdp/xsk.h>

#include "oracle.h"

#define FRAMES 64	/* the rings' least sizes want some */
#define FRAME_SIZE 4096

struct oracle_socket {
	void *area;
	struct xsk_umem *umem;
	struct xsk_socket *xsk;
	struct xsk_ring_prod fill, tx;
	struct xsk_ring_cons comp, rx;
};

static int umem_new(struct oracle_socket *s)
{
	const struct xsk_umem_config conf = {
		.fill_size = FRAMES,
		.comp_size = FRAMES,
		.frame_size = FRAME_SIZE,
	};

	s->area = mmap(NULL, FRAMES * FRAME_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s->area == MAP_FAILED) {
		s->area = NULL;
		return -errno;
	}
	return xsk_umem__create(&s->umem, s->area, FRAMES * FRAME_SIZE,
				&s->fill, &s->comp, &conf);
}

int oracle_socket_new(struct oracle_socket **out, const char *device)
{
	const struct xsk_socket_config conf = {
		.rx_size = FRAMES,
		.tx_size = FRAMES,
		.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
		.bind_flags = XDP_COPY,
	};
	struct oracle_socket *s = calloc(1, sizeof(*s));
	int ret;

	if (!s)
		return -ENOMEM;
	ret = umem_new(s);
	if (!ret)
		ret = xsk_socket__create(&s->xsk, device, 0, s->umem, &s->rx,
					 &s->tx, &conf);
	if (ret) {
		oracle_socket_free(s);
		return ret;
	}
	*out = s;
	return 0;
}

void oracle_socket_free(struct oracle_socket *s)
{
	if (!s)
		return;
	if (s->xsk)
		xsk_socket__delete(s->xsk);
	if (s->umem)
		xsk_umem__delete(s->umem);
	if (s->area)
		munmap(s->area, FRAMES * FRAME_SIZE);
	free(s);
}

int oracle_socket_fd(const struct oracle_socket *s)
{
	return xsk_socket__fd(s->xsk);
}
