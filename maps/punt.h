/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Metadata in front of each punted packet: written by XDP with
 * bpf_xdp_adjust_meta(), read by the engine from the AF_XDP frame, directly
 * below the packet's first byte. It never leaves the box.
 */
#ifndef NFOLD_PUNT_H
#define NFOLD_PUNT_H

#include <linux/types.h>

#define NFOLD_PUNT_MAGIC 0x4e46
#define NFOLD_RAN_SHIFT 4
#define NFOLD_RAN_MASK 0xf

struct nfold_punt {
	__u16 magic;		/* NFOLD_PUNT_MAGIC */
	__u8 reason;		/* enum nfold_reason, kind PUNT */
	__u8 port;		/* ingress port index */
	__u32 slot;		/* slot index + 1 that was met; 0 none */
	__u8 family;		/* 4, 6; 0 not parsed */
	__u8 counted;		/* 1: handover count was raised for it */
	__u16 queue;		/* ingress receive queue */
	__u32 ran;		/* EVENT_FIRED: act.steps << NFOLD_RAN_SHIFT | how
				 * many of them ran; else 0 */
};

_Static_assert(sizeof(struct nfold_punt) == 16, "punt is ABI, multiple of 4");

#endif
