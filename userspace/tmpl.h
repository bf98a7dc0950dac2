/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a tunnel as an NF names it to a template's bytes (maps/edit.h). Pure. */
#ifndef NFOLD_TMPL_H
#define NFOLD_TMPL_H

#include "../chains/nf_tunnel.h"
#include "../maps/edit.h"

/* inner_family: 4 or 6, of what it goes around. All of *t is written. Of transport
 * AH it is AH alone, and no template: to be compared only. */
void tmpl_make(struct nfold_tmpl *t, const struct nf_tunnel *tn,
	       uint8_t inner_family);
/* Do both write the same header? */
bool tmpl_same(const struct nf_tunnel *a, const struct nf_tunnel *b);
/* IPv4: the header checksum anew, after the bytes were changed. */
void tmpl_csum(struct nfold_tmpl *t);
/* Outer addresses, in the template's bytes. */
void tmpl_set_addr(struct nfold_tmpl *t, bool source,
		   const struct nf_addr *addr);

#endif
