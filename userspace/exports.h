/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The UDP sockets by which NFs send to their collectors (struct nf.collector).
 * Opened and connected while the engine has its rights: under its system call
 * filter it can name no address, so a connected socket leads to its collector
 * and nowhere else. Owned by the loop; one thread.
 */
#ifndef NFOLD_EXPORTS_H
#define NFOLD_EXPORTS_H

#include <stddef.h>

#include "../chains/nf.h"
#include "../maps/ctl.h"

struct exports {
	int fd[NFOLD_NF_MAX];	/* by NF; -1 none */
};

/* nfs: NULL at the end. 0, or negative errno with text: which NF, what, and what
 * to do; opened sockets stay until the process ends. */
int exports_open(struct exports *x, struct nf **nfs, char *text, size_t size);
/* As nf_export(). ctx: struct exports. */
int exports_send(void *ctx, uint32_t nf, const void *msg, size_t len);

#endif
