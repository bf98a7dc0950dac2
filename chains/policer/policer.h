/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Policer, inside the folder. One thread. */
#ifndef NFOLD_POLICER_H
#define NFOLD_POLICER_H

#include "../cell_map.h"
#include "../conf.h"

enum policer_per { POLICER_FLOW, POLICER_HOST, POLICER_PREFIX };

struct policer {
	struct cell_map buckets;
	struct nfold_cell bucket;	/* parameters of each */
	enum policer_per per;
	uint8_t len4, len6;		/* bits of a prefix */
};

/* The blob of a session: original, reply. */
struct policer_session {
	struct cell_ref *ref[2];
};

/* policer_conf.c */
int policer_init(struct nf *nf, const struct conf_block *block,
		 struct conf_error *err);

#endif
