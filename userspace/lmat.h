/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Local MAT: what each NF recorded for one direction of a flow, in the order
 * in which the NFs ran (SpeedyBox, section IV). One per flow direction, owned
 * by it; filled while the direction's packet walks the chain.
 */
#ifndef NFOLD_LMAT_H
#define NFOLD_LMAT_H

#include "../chains/nf.h"

enum lmat_kind { LMAT_ACTION, LMAT_FUNCTION, LMAT_EVENT };

struct lmat_record {
	uint8_t nf;		/* index of the NF in the chain */
	uint8_t kind;		/* enum lmat_kind */
	struct header_action action;	/* EVENT: the update */
	bool update;		/* EVENT: there is one */
	const struct state_function *function;
	void *arg;		/* FUNCTION; EVENT: the cell */
	uint32_t key;		/* FUNCTION of the NF's own: nf_own_run() */
	void (*update_function)(void *arg);	/* EVENT */
	bool own_cell;		/* FUNCTION count behind an event: has a cell of
				 * its own (steps.c) */
	bool settled;		/* payload function: not to be called again */
};

struct lmat {
	struct lmat_record *records;
	uint16_t cnt;
	uint16_t cap;
	uint8_t why_slow;	/* enum nfold_reason; NONE: may be folded */
	uint8_t slow_nf;	/* index + 1 of the NF that said so; 0 none */
};

void lmat_clear(struct lmat *m);	/* keeps the memory */
void lmat_free(struct lmat *m);
/* Adds to the nf_count of every count function without a cell of its own what
 * the entry counted. end: only records before this one. */
void lmat_add_counts(struct lmat *m, uint16_t end, uint64_t packets,
		     uint64_t bytes);

/* Does to the packet what the header actions of the records from `from` to
 * before `end` say. */
void lmat_apply(const struct lmat *m, uint16_t from, uint16_t end,
		struct nf_pkt *pkt);

/* --- kernel tier --- */

/* A record of a folded direction that has a step of its entry: the n-th of them
 * has the n-th. */
static inline bool lmat_is_step(const struct lmat_record *r)
{
	return r->kind == LMAT_FUNCTION && (r->function->kernel || r->own_cell);
}

/* --- payload tier: state functions without a kernel form --- */

static inline bool lmat_is_payload(const struct lmat_record *r)
{
	return r->kind == LMAT_FUNCTION && !r->function->count &&
	       !r->function->kernel;
}

/* One that still has to be called for each packet. */
static inline bool lmat_is_live(const struct lmat_record *r)
{
	return lmat_is_payload(r) && !r->settled;
}

/* Any such: the direction's class is payload. */
bool lmat_has_live(const struct lmat *m);
/* Payload functions of the records from `from` to before `end`, of one NF, have
 * run for the packet in hand: nf_sf_run() takes their results instead of calling
 * them once more. False, and none has: no memory, or too many. */
bool lmat_ran(struct lmat *ran, const struct lmat *m, uint16_t from,
	      uint16_t end);
/* Calls the function, folded or not: the one place where that is done. */
enum nf_sf_result lmat_run(const struct state_function *sf, void *arg,
			   struct nf_pkt *pkt);

#endif
