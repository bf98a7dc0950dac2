/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* DoS prevention, inside the folder. One thread. */
#ifndef NFOLD_DOS_H
#define NFOLD_DOS_H

#include "../cell_map.h"
#include "../conf.h"

struct dos {
	struct cell_map sources;
	struct nfold_cell syn;		/* parameters; limit 0: off */
	struct nfold_cell rate;
};

/* The blob of a session. */
struct dos_session {
	struct cell_ref *syn;
	struct cell_ref *source;
};

/* dos_conf.c */
int dos_init(struct nf *nf, const struct conf_block *block,
	     struct conf_error *err);

#endif
