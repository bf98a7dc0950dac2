/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* nfoldd's privileged process: attaches, pins, starts and watches engines,
 * answers the control socket and resolves neighbours. It reads no packet.
 */
#ifndef NFOLD_PARENT_H
#define NFOLD_PARENT_H

#include <stdbool.h>

struct parent_conf {
	const char *socket;	/* path of the control socket */
	const char *bpffs;	/* directory of the pins */
	bool no_fold;		/* for all chains */
	bool detach_on_exit;
	char *const *files;	/* chain files to attach at start; NULL at the
				 * end */
};

/* Until SIGTERM or SIGINT. Returns the exit code. */
int parent_run(const struct parent_conf *conf);

#endif
