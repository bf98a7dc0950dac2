/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* monitor's top talkers: who sends most, at the monitor's place in the chain, in
 * either direction. The counts are in one cell of the monitor's own
 * (talkers_fn.h); here are the names that belong to its keys. One thread.
 */
#ifndef NFOLD_MONITOR_TALKERS_H
#define NFOLD_MONITOR_TALKERS_H

#include <uthash.h>

#include "../conf.h"
#include "../nf.h"
#include "../siphash.h"
#include "talkers_fn.h"

#define TALKERS_DEFAULT 10
#define TALKERS_MAX 1000
/* Names kept of sources without a session; half of them can be in slots. */
#define TALKERS_IDLE_MAX (2 * TALKERS_COLS)

struct talker_id {
	struct nf_addr addr;
	uint32_t family;	/* 4 or 6 */
};

struct talker {
	struct talker_id id;
	uint32_t key;
	uint32_t open;		/* directions of sessions */
	UT_hash_handle hh;
};

struct talkers {
	uint32_t show;		/* how many are shown; 0: off */
	bool packets;		/* they are counted, not bytes */
	struct siphash_key secret;
	struct talkers_cell *cell;	/* NULL: no packet yet */
	struct talker *all;	/* uthash head */
	uint32_t idle;		/* of them, without a session */
};

extern const struct nf_own talkers_own;

/* `top-talkers ...;`, in the monitor's block. */
int talkers_set(struct talkers *t, const struct conf_stmt *s,
		struct conf_error *err);
/* Counts the packet and records that. mine: of the session's direction, NULL
 * before its first packet. */
void talkers_packet(struct nf *nf, struct talkers *t, struct talker **mine,
		    const struct nf_pkt *pkt);
/* The direction is over. */
void talkers_end(struct talkers *t, struct talker *mine);
void talkers_free(struct talkers *t);
/* The largest, cnt at most, with the bounds of their error: new reference. */
json_t *talkers_json(const struct talkers *t, uint32_t cnt);

#endif
