/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Monitor, inside the folder: its cells. One thread. */
#ifndef NFOLD_MONITOR_H
#define NFOLD_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include "../conf.h"
#include "../nf.h"
#include "talkers.h"

enum monitor_dir { MONITOR_ORIGINAL, MONITOR_REPLY, MONITOR_DIR_CNT };

/* The original direction's five-tuple as it stands at the monitor's place. */
struct monitor_key {
	struct nf_addr saddr, daddr;
	__be16 sport, dport;
	uint8_t family, l4proto;
	uint16_t pad;
};

/* The blob of a session. The engine adds what the kernel counted to count[];
 * the list runs through the blobs, which do not move while they live. */
struct monitor_session {
	struct nf_count count[MONITOR_DIR_CNT];
	struct monitor_key key;
	struct monitor_session *next, **prev;	/* prev NULL: not in the list */
	struct talker *talker[MONITOR_DIR_CNT];	/* sources; NULL: none yet */
};

struct monitor {
	struct monitor_session *open;
	uint64_t open_cnt;
	uint64_t opened;	/* sessions ever seen */
	struct nf_count closed[MONITOR_DIR_CNT]; /* of sessions that are over */
	struct talkers talkers;
};

/* monitor_show.c */
json_t *monitor_show(struct nf *nf);
json_t *monitor_dump(struct nf *nf);

#endif
