/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* State function batches (SpeedyBox, section V-C): what one NF recorded for a
 * flow direction, called in that order for each packet. Batches of neighbouring
 * NFs run at the same time where Table I allows it. The rules, N30 to N39, are
 * in docs/FOLD.md. Called by the engine's thread, for one packet at a time.
 */
#ifndef NFOLD_BATCH_H
#define NFOLD_BATCH_H

#include "lmat.h"

#define BATCH_GROUP_MAX 8	/* batches that run at the same time */

/* Part of a Local MAT: records `from` to `to`, the first and the last of one
 * NF's state functions that are still called and follow each other; or one
 * function of the kernel tier (N43). */
struct batch {
	uint16_t from;
	uint16_t to;
	uint8_t nf;		/* index */
	uint8_t payload;	/* enum nf_payload: the highest of its functions' */
	bool may_drop;		/* any of them may; of the kernel tier: the
				 * packet may go no further */
	bool kernel;
	uint8_t step;		/* kernel: its index */
};

/* A place in the Local MAT: what comes next. */
struct batch_at {
	uint16_t record;
	uint8_t step;
};

/* The functions of the kernel tier. run is called on the caller's thread; false:
 * the packet goes no further. */
struct batch_steps {
	const struct nfold_steps *steps;	/* of the records; NULL: none */
	bool (*run)(void *ctx, unsigned int step);
	void *ctx;
};

/* First batch at or behind *at, which moves behind it. False: none. steps may
 * be NULL. */
bool batch_next(const struct lmat *m, const struct nfold_steps *steps,
		struct batch_at *at, struct batch *b);
/* The batches at or behind *at that run at the same time, at most max (1 to
 * BATCH_GROUP_MAX); *at moves behind them. Returns how many; 0: none is left. */
unsigned int batch_group(const struct lmat *m, const struct nfold_steps *steps,
			 struct batch_at *at, struct batch group[],
			 unsigned int max);

struct batch_result {
	uint16_t place;		/* header actions of the records before it are
				 * done to the packet */
	bool moved;		/* and there was one */
	bool settled;		/* a function has settled */
	uint16_t stopped;	/* record of the function behind which it goes
				 * no further, + 1 */
};

/* Runs batches; owns its threads and its room for snapshots. */
struct batch_runner;

/* workers: threads beside the caller's; 0: all runs in the caller's. 0 or
 * negative errno. Before fork or a system call filter: see workers.h. */
int batch_runner_new(struct batch_runner **out, unsigned int workers);
void batch_runner_free(struct batch_runner *x);

/* Runs the direction's batches on a packet, whose headers are as it came in.
 * They stay so, but for a batch that writes behind a header action: such a
 * packet is given the rest of them by batch_finish(). False: it goes no further,
 * by a function, with pkt->drop_reason, or by a step; of batch_finish: there is
 * no room for them. steps: NULL: none. */
bool batch_run(struct batch_runner *x, struct lmat *m, struct nf_pkt *pkt,
	       const struct batch_steps *steps, struct batch_result *result);
bool batch_finish(const struct lmat *m, const struct batch_result *result,
		  struct nf_pkt *pkt);

#endif
