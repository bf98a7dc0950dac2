/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Grace periods: when has every XDP program that might still hold a pointer to
 * an unpublished slot finished? membarrier(MEMBARRIER_CMD_GLOBAL) is the
 * kernel's synchronize_rcu(), so it answers for softirq XDP and for
 * BPF_PROG_TEST_RUN; it blocks for milliseconds, so a thread waits in it.
 * Owner and only caller: one writer of flow tables, from its own thread.
 */
#ifndef NFOLD_GRACE_H
#define NFOLD_GRACE_H

#include <stdbool.h>

enum grace_kind {
	GRACE_MEMBARRIER, /* a thread waits in membarrier() */
	GRACE_TIME, /* one second by the clock: no membarrier here */
	GRACE_MANUAL, /* grace_end() decides: tests */
};

struct grace;

/* GRACE_MEMBARRIER becomes GRACE_TIME where the kernel lacks it. Starts the
 * thread: call before seccomp, and in the process that will use it. */
int grace_new(struct grace **out, enum grace_kind kind);
void grace_free(struct grace *g);

/* Begins a period: what the caller stored before is unpublished for every
 * reader that begins after its end. Not while another is under way. */
void grace_begin(struct grace *g);
/* True unless a period is under way. Never blocks. */
bool grace_done(struct grace *g);
/* GRACE_MANUAL: ends the period that is under way, if any. */
void grace_end(struct grace *g);
enum grace_kind grace_kind(const struct grace *g);

#endif
