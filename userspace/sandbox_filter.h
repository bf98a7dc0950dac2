/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The system calls an engine or a prober may make, each with its reason. Anything else
 * kills the process.
 */
#ifndef NFOLD_SANDBOX_FILTER_H
#define NFOLD_SANDBOX_FILTER_H

#include "sandbox.h"

/* For all threads of the process, for ever. 0 or negative errno. */
int sandbox_filter(enum sandbox_kind kind);

#endif
