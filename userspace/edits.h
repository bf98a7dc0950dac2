/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The engine's edit records and templates (maps/edit.h): who has which, and
 * when one may be given away. A record is written when it is taken and never
 * changed; what is put back is free after a grace period in which XDP has let
 * go of it, and its templates, which records share, with the last of them.
 * Owned by the engine, in its thread.
 */
#ifndef NFOLD_EDITS_H
#define NFOLD_EDITS_H

#include "../chains/nf.h"
#include "../maps/parse.h"
#include "edit_plan.h"

struct edits;

/* Arrays are borrowed. Starts a thread (maps/grace.h): before seccomp. */
int edits_new(struct edits **out, struct nfold_edit *v, uint32_t cnt,
	      struct nfold_tmpl *tmpls, uint32_t tmpl_cnt);
void edits_free(struct edits *e);

/* The plan as act.edit: a word, or a record's index + 1; 0 if there is no
 * record or template left. Before the entry that refers to it is published. */
uint32_t edits_take(struct edits *e, const struct edit_plan *plan);
/* No entry refers to it any more. 0: nothing. */
void edits_put(struct edits *e, uint32_t ref);
/* Now and then: frees what a grace period has covered. Never blocks. */
void edits_reclaim(struct edits *e);
/* What ref stands for; *word is room for it if it is no record. */
const struct nfold_edit *edits_at(const struct edits *e, uint32_t ref,
				  struct nfold_edit *word);

/* The edit on a packet in user space: before the entry's rewrite, and after
 * it. What XDP does in bpf/edit.bpf.h; SACK options beside. The second moves
 * *data and *len within *room bytes in front. p: the packet as it came, of two
 * the inner one. */
enum nfold_reason edit_packet(const struct nfold_edit *e,
			      const struct nfold_act *act, uint8_t *data,
			      uint32_t len, const struct nfold_parse *p);
enum nfold_reason edit_frame(const struct nfold_edit *e,
			     const struct nfold_tmpl *tmpls, uint8_t **data,
			     uint32_t *len, uint32_t *room,
			     const struct nfold_parse *p);
const struct nfold_tmpl *edits_tmpls(const struct edits *e);

#endif
