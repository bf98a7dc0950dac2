/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An oracle's inside: oracle.c (life and time), oracle_packet.c (packets). */
#ifndef NFOLD_ORACLE_PRIV_H
#define NFOLD_ORACLE_PRIV_H

#include "oracle.h"

#define ORACLE_HELD_CNT 8

struct oracle {
	struct oracle_conf conf;
	struct instance *inst;
	const struct instance_maps *maps;
	struct flow_table *tables[2];	/* IPv4, IPv6 */
	struct nf **nfs;
	struct engine *e;
	uint64_t now;
	uint64_t tick_ns;	/* of the last tick */
	uint32_t held[ORACLE_HELD_CNT];	/* given out and not left */
	uint32_t held_cnt;
	struct ring_buffer *events;	/* NULL: the program tells none */
	uint64_t events_seen, alerts_seen; /* by oracle_told_differ() */
	struct nfold_stats seen[2];	/* XDP's sums and the engine's row when
					 * last looked at */
};

#endif
