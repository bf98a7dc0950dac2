/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `nfold nf show [CHAIN] NAME view VIEW [csv]`: tables that NFs give a page at a
 * time (nf_ops.view), printed as they come.
 */
#ifndef NFOLD_CLI_NF_VIEW_H
#define NFOLD_CLI_NF_VIEW_H

#include <stdbool.h>

/* nf: the name of an NF of this build, "#2" behind it for a chain's second one.
 * chain: NULL: all that have it. Exit code. */
int nf_view(const char *chain, const char *nf, const char *view, bool csv);

#endif
