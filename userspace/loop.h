/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An engine's process: opens what it needs, gives up its rights, and carries
 * packets between AF_XDP and the chain engine until it is told to stop.
 * Runs in a child of nfoldd's parent; one thread, but for the flow tables'.
 */
#ifndef NFOLD_LOOP_H
#define NFOLD_LOOP_H

#include <stdbool.h>

#include "../chains/chain.h"
#include "../loader/instance.h"

struct loop_conf {
	const struct chain *chain;
	const struct instance *instance; /* loaded; its maps are used */
	int control_fd;			/* to the parent: loader/control.h */
	bool fold;
};

/* Only ever called in the child. Closes every other descriptor, says "ready" or
 * "failed" over the control socket, and returns the exit code; the caller
 * calls _exit(), as the instance's descriptors are closed by then. */
int loop_run(const struct loop_conf *conf);

#endif
