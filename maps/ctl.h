/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Control page: the words that XDP reads on each packet and the engine writes.
 * Map ".data.ctl" of the skeleton, mmap-ed; pinned as "ctl".
 */
#ifndef NFOLD_CTL_H
#define NFOLD_CTL_H

#include <linux/types.h>

#include "tunnel.h"

#define NFOLD_ABI_VERSION 5

struct nfold_ctl {
	__u64 now_ns;		/* engine's CLOCK_MONOTONIC, once a batch; the
				 * only clock of the fast path */
	__u32 generation;	/* entries of another generation are stale */
	__u32 overflow_cnt;	/* keys in the overflow maps: 0 skips them */
	__u64 heartbeat;	/* loops of the engine, for `nfold stat` */
	__u64 pad[5];
};

/* Constants of an instance: in .rodata, set before load. The verifier removes
 * what they switch off.
 */
#define NFOLD_KEY4_WORDS 5
#define NFOLD_KEY6_WORDS 11
#define NFOLD_HASH_SEEDS (2 * (NFOLD_KEY6_WORDS + 1))

struct nfold_config {
	__u64 seed[NFOLD_HASH_SEEDS]; /* secret, random per table; hash.h */
	__u32 nbuckets4;	/* buckets, not slots; any number > 0 */
	__u32 nbuckets6;
	__u32 port_cnt;
	__u32 ifindex[16];	/* of port i: how XDP finds its port index */
	__u32 router;		/* 1 router mode, 0 wire mode */
	__u32 onmiss_pass;	/* 1: without an engine packets go to the host */
	__u32 unhandled_pass;	/* 1: what is not understood is forwarded (wire
				 * mode) or passed to the host (router mode) */
	__u32 weak_memory;	/* 1: arm64: loads need barriers, see lookup */
	__u32 generic;		/* 1: some port is attached in generic mode */
	__u32 steps;		/* records in "steps_map"; 0: no state functions */
	__u32 cells;		/* in "cells" */
	__u32 count_cells;	/* of them, the last, for counts behind events */
	__u32 own_time;		/* 1: ctl.now_ns is the state functions' clock
				 * (tests, replay) */
	__u32 linear;		/* 1: attached without xdp.frags: a frame is all
				 * in its linear part (saves a helper call) */
	__u32 edits;		/* 1: entries may refer to edit records */
	struct nfold_tunnels tunnels; /* none: no code for them */
};

/* Map "meta", one element, mmap-ed: what a reader of the pins needs to show an
 * instance when no daemon runs. Written once, before attach.
 */
#define NFOLD_META_MAGIC 0x6e666f6cU	/* "nfol" */
#define NFOLD_NF_MAX 32
#define NFOLD_CHAIN_TEXT_MAX 65000

struct nfold_meta {
	__u32 magic;
	__u32 abi;		/* NFOLD_ABI_VERSION */
	__u32 nf_cnt;
	__u32 port_cnt;
	__u32 slots4;		/* whole array, overflow area included */
	__u32 slots6;
	__u32 engine_pid;	/* 0 none; stale when the process is gone */
	__u32 frags;		/* 1: loaded for packets in several buffers */
	__u64 attached_ns;	/* CLOCK_REALTIME */
	char chain[32];		/* name */
	char nf[NFOLD_NF_MAX][32]; /* in chain order: "nat", "lb", ... */
	struct nfold_config config;
	char text[NFOLD_CHAIN_TEXT_MAX]; /* canonical chain file, terminated */
};

_Static_assert(sizeof(struct nfold_ctl) == 64, "ctl is map ABI");

#endif
