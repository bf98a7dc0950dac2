/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* User side of one flow table (IPv4 or IPv6): install, replace, invalidate,
 * expire, walk. Plain stores into the mmap-ed array; the only system calls are
 * those on the overflow map, for the few keys that find no slot in a bucket.
 * One writer thread; any number of concurrent readers (XDP on every CPU, and
 * processes that map the pin read-only). See docs/MAPS.md for the protocol.
 */
#ifndef NFOLD_FLOW_TABLE_H
#define NFOLD_FLOW_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl.h"
#include "flow.h"

struct flow_table;

#define FLOW_SLOT_NONE UINT32_MAX

/* A flow table's entry, independent of family: what the engine hands in.
 * key and set hold IPv4 addresses in [0], the rest 0.
 */
struct flow_entry {
	struct nfold_key6 key;
	struct nfold_set6 set;
	struct nfold_act act;
	uint32_t peer;		/* as in nfold_cells */
	uint32_t session;
	uint8_t writer[4];
	uint8_t reply;
	uint8_t drop_nf;
	uint64_t packets;	/* initial counts: what the slow path handled */
	uint64_t bytes;
	uint64_t now_ns;
	uint32_t tcp_seen;
	bool pending;		/* install in state hand-over pending */
};

struct flow_table_conf {
	int family;		/* 4 or 6 */
	void *slots;		/* mmap of the whole array; borrowed */
	__u8 *tags;		/* mmap of the tag index; borrowed; NULL for a
				 * reader */
	uint32_t slot_cnt;	/* with the overflow area */
	uint32_t nbuckets;	/* as in nfold_config */
	const __u64 *seed;	/* NFOLD_HASH_SEEDS words; borrowed */
	int overflow_fd;	/* hash map: key -> __u32 slot index; borrowed;
				 * -1: no overflow (tests) */
	struct nfold_ctl *ctl;	/* overflow_cnt is kept here; borrowed; NULL
				 * without an overflow map */
	bool reader;		/* another process writes: only find, read and
				 * slots may be called */
	bool manual_grace;	/* no thread: flow_table_grace_end() (tests) */
};

/* Sizes for `flows` directions within 256 bytes each, overflow area included:
 * at 80 % fill of the buckets for IPv6, and for IPv4 at the 75 % which its
 * smaller slots allow, and which keeps flows out of the overflow area.
 */
void flow_table_size(int family, uint32_t flows, uint32_t *nbuckets,
		     uint32_t *slot_cnt);

/* 0 or negative errno; *out untouched on failure. Never writes to the slots:
 * entries that are there already are taken over. A writer starts a thread
 * (grace.h): call it in the process that will use the table, before seccomp.
 */
int flow_table_new(struct flow_table **out, const struct flow_table_conf *conf);
void flow_table_free(struct flow_table *t);

/* The key will probably be installed soon: fetches its slot's cache lines while
 * the caller does something else (walks the chain). A hint, never needed. */
void flow_table_prefetch(const struct flow_table *t,
			 const struct nfold_key6 *key);
/* The four verbs. install: slot index, or FLOW_SLOT_NONE when full (nothing
 * changed). The key must not be installed already.
 */
uint32_t flow_table_install(struct flow_table *t, const struct flow_entry *e);
/* Rewrites set, act, writer, peer, drop_nf of a live slot in place; counters
 * and TCP flags stay. With e->pending the slot is hand-over pending again. */
void flow_table_replace(struct flow_table *t, uint32_t slot,
			const struct flow_entry *e);
/* One store: links a live slot to the other direction's (0: to none). */
void flow_table_set_peer(struct flow_table *t, uint32_t slot,
			 uint32_t peer_slot_plus_1);
void flow_table_invalidate(struct flow_table *t, uint32_t slot);
/* Unpublishes; the slot is reused only after a grace period. */
void flow_table_expire(struct flow_table *t, uint32_t slot);

/* Grace: call now and then. Slots expired before the last completed grace
 * period become free. Never blocks: a helper thread waits (membarrier). */
void flow_table_reclaim(struct flow_table *t);
/* What grace periods rest on: "membarrier", "time" (1 s) or "manual". */
const char *flow_table_grace(const struct flow_table *t);
/* manual_grace: the period that flow_table_reclaim() began is over. */
void flow_table_grace_end(struct flow_table *t);

/* Hand-over (DESIGN section 4). left: `n` counted packets of the slot have left
 * the slow path. ready: true if no packet is in the slow path and the entry
 * was switched to live. force: switch anyway. */
void flow_table_left(struct flow_table *t, uint32_t slot, uint32_t n);
bool flow_table_ready(struct flow_table *t, uint32_t slot);
void flow_table_force(struct flow_table *t, uint32_t slot);

uint32_t flow_table_find(const struct flow_table *t,
			 const struct nfold_key6 *key);
struct nfold_cells *flow_table_cells(struct flow_table *t, uint32_t slot);
/* Copies a live slot out as a whole; false if free or being written. Safe for
 * readers in other processes. cells may be NULL. */
bool flow_table_read(const struct flow_table *t, uint32_t slot,
		     struct flow_entry *e, struct nfold_cells *cells);
uint32_t flow_table_slots(const struct flow_table *t);
uint32_t flow_table_live(const struct flow_table *t);

#endif
