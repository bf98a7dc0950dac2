/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The packet in hand: what the stages know of it and leave to the last one.
 * Stages return an enum nfold_reason, which decides its fate (outcome.bpf.h);
 * NONE is "go on".
 */
#ifndef NFOLD_PACKET_BPF_H
#define NFOLD_PACKET_BPF_H

#include "bpf/maps.bpf.h"
#include "maps/parse.h"

struct packet {
	__u8 *data;
	__u8 *data_end;
	__u32 len;		/* bytes, with what lies in fragments */
	__u32 port;		/* ingress */
	__u32 zone;
	__u32 out;		/* egress port, for FAST and WIRE */
	__u32 slot;		/* index + 1 of the entry met; 0 none */
	__u32 ran;		/* as in nfold_punt */
	__u32 group;		/* 1: the frame is for many (router mode) */
	struct nfold_cells *counted; /* hand-over count raised here, or NULL */
	struct nfold_parse p;
};

static __always_inline int is_punt(enum nfold_reason why)
{
	return why >= NFOLD_REASON_MISS && why <= NFOLD_REASON_SLOW_FLOW;
}

#endif
