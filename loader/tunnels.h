/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The known tunnels of a chain (maps/tunnel.h): what its NFs say they take off
 * what comes in by an outside port. Before load; keeps nothing.
 */
#ifndef NFOLD_TUNNELS_H
#define NFOLD_TUNNELS_H

#include "../chains/chain.h"
#include "instance.h"

/* 0 with *t filled, without doubles; or negative errno with err filled. */
int tunnels_collect(struct nfold_tunnels *t, const struct chain *c,
		    struct instance_error *err);

#endif
