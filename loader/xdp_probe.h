/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Questions to the kernel about XDP on a device, answered by trying: a program
 * of two instructions is attached by a link and the link closed again. Asked
 * before the real program is loaded, which is specialised by the answers.
 */
#ifndef NFOLD_XDP_PROBE_H
#define NFOLD_XDP_PROBE_H

#include <stdbool.h>
#include <stdint.h>

/* An XDP program that passes everything. fd or negative errno. */
int xdp_probe_prog(bool frags);
/* Attach flags: XDP_FLAGS_DRV_MODE or XDP_FLAGS_SKB_MODE. 0 when the device
 * takes such a program, or negative errno. The device must have none. */
int xdp_probe_device(uint32_t ifindex, bool frags, uint32_t flags);

/* A program on the device, of whatever mode. */
struct xdp_attached {
	uint32_t prog_id;	/* 0 none */
	bool generic;
	char name[16];		/* "" unknown */
};
int xdp_probe_attached(uint32_t ifindex, struct xdp_attached *a);

#endif
