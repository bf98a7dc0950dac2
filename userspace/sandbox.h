/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How an engine gives up its rights: it parses packets from strangers, so it
 * keeps nothing but the descriptors it has. Called by the engine's process
 * when everything is open and all its threads run.
 */
#ifndef NFOLD_SANDBOX_H
#define NFOLD_SANDBOX_H

#include <stddef.h>

/* Closes every descriptor above 2 but those of keep (-1: skipped). */
void sandbox_close_fds(const int *keep, size_t cnt);

/* Empty root, user and group nobody, no capability, no new privileges, no core
 * dump, no new descriptor or process, and a system call filter that kills.
 * Takes root; there is no way back. 0, or negative errno with *what naming the
 * step that failed: then the process must end.
 */
int sandbox_enter(const char **what);

#endif
