/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A packet's headers as they came in, kept while it walks the chain: to hold
 * what was folded against what was done, byte by byte, and to put the packet
 * back for an error message about it. On the walker's stack.
 */
#ifndef NFOLD_ORIGIN_H
#define NFOLD_ORIGIN_H

#include "consolidate.h"

#define ORIGIN_MAX 256		/* bytes kept */

struct origin {
	uint8_t *data;
	uint32_t len;		/* of the frame */
	uint32_t room;
	uint32_t kept;
	bool whole;		/* all headers are in what is kept */
	const struct nfold_parse *parse;
	uint8_t bytes[ORIGIN_MAX];
};

void origin_save(struct origin *o, const struct nf_pkt *pkt,
		 const struct nfold_parse *parse);
/* Does the folded action make of the original what the NFs made of it, but for
 * the router's own TTL - 1, MAC addresses and what state functions wrote?
 * router: that TTL - 1 is still to come. */
bool origin_gives(const struct origin *o, const struct gmat_entry *g,
		  const struct edit_plan *plan, bool router,
		  const struct nf_pkt *pkt);
/* Do the recorded header actions, done one by one (gmat_entry.one_by_one)?
 * came: the packet as it came in, of two headers the outer one. */
bool origin_gives_steps(const struct origin *o, const struct lmat *m,
			const struct nfold_parse *came,
			const struct nf_pkt *pkt);
/* Puts the frame back as it came. False: not all of it is known. */
bool origin_restore(const struct origin *o, uint8_t **data, uint32_t *len,
		    uint32_t *room);

#endif
