/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Probes of the kernel: each tries the thing itself, in a child process with a
 * network namespace of its own, where FEATURE_VETH and its peer exist.
 */
#ifndef NFOLD_CLI_FEATURE_H
#define NFOLD_CLI_FEATURE_H

#include <stdbool.h>

#define FEATURE_VETH "nfprobe0"
#define FEATURE_PEER "nfprobe1"

struct feature {
	const char *name;	/* snake_case */
	const char *summary;
	bool needed;		/* nfold does not work without it */
	int (*probe)(void);	/* 0 or negative errno */
};

extern const struct feature features[];	/* name NULL at the end */

#endif
