/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A few threads that take part in a round of jobs and then wait for the next.
 * Owned and called by one thread, the engine's, which takes jobs like the
 * others: a round ends, whether or not a worker is awake in time.
 */
#ifndef NFOLD_WORKERS_H
#define NFOLD_WORKERS_H

struct workers;

/* Starts cnt threads, with all signals blocked. 0 or negative errno. Call it in
 * the process that will use them (threads do not survive fork), before its
 * system call filter. */
int workers_new(struct workers **out, unsigned int cnt);
void workers_free(struct workers *w);

/* Calls fn(ctx, 0) to fn(ctx, cnt - 1), each once, in any order and at the same
 * time as far as there are threads; returns when all have returned. What the
 * caller wrote before is seen by the jobs, what they wrote by the caller. */
void workers_run(struct workers *w, void (*fn)(void *ctx, unsigned int job),
		 void *ctx, unsigned int cnt);

#endif
