/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tunnel, inside the folder. tunnel.c is the NF; one thread. */
#ifndef NFOLD_TUNNEL_H
#define NFOLD_TUNNEL_H

#include "../key_match.h"

struct tunnel {
	struct nf_tunnel header;
	char *expr;		/* NULL: everything */
	struct bpf_program match;
	uint64_t in_sessions;	/* whose first packet was put in, taken out */
	uint64_t out_sessions;
};

extern const char *const tunnel_kinds[];	/* by enum nf_tunnel_kind */

/* tunnel_conf.c: 0, or -1 with err filled. */
int tunnel_configure(struct tunnel *t, const struct conf_block *block,
		     struct conf_error *err);

#endif
