/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a verifier log says about an NF's own function. */
#ifndef NFOLD_OWN_REFUSED_H
#define NFOLD_OWN_REFUSED_H

struct own_refused {
	int number;		/* of the function in the chain; -1 unknown */
	char reason[256];	/* the verifier's; "" none */
	char source[160];	/* line of C; "" the object has no line info */
	char where[96];		/* FILE:LINE; "" on kernels before 6.9 */
};

/* log: of a load that failed, terminated, level 1. */
void own_refused_read(const char *log, struct own_refused *r);

#endif
