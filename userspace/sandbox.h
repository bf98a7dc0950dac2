/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How nfoldd's children give up their rights. An engine parses packets from
 * strangers, so it keeps nothing but the descriptors it has; a prober reads
 * answers from strangers, and opens connections. Called by the process when
 * everything is open and all its threads run.
 */
#ifndef NFOLD_SANDBOX_H
#define NFOLD_SANDBOX_H

#include <stddef.h>

enum sandbox_kind { SANDBOX_ENGINE, SANDBOX_PROBER };

/* Closes every descriptor above 2 but those of keep (-1: skipped). */
void sandbox_close_fds(const int *keep, size_t cnt);

/* Empty root, user and group nobody, no capability, no new privileges, no core
 * dump, no new process, no file, and a system call filter that kills. files:
 * descriptors it may have at once; 0: no more than are open (or 256). Takes
 * root; there is no way back. 0, or negative errno with *what naming the step
 * that failed: then the process must end.
 */
int sandbox_enter(enum sandbox_kind kind, unsigned int files,
		  const char **what);

#endif
