/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Between an edit record and the word that stands for it (edit.h). User side.
 */
#ifndef NFOLD_EDIT_WORD_H
#define NFOLD_EDIT_WORD_H

#include "bytes.h"
#include "edit.h"

/* The record as a word for act.edit; 0: it says more than a word can. Its
 * templates are chosen. */
static inline __u32 nfold_edit_word(const struct nfold_edit *e)
{
	__u16 sport = NFOLD_BE16(e->sport[0]);

	if ((e->flags & ~NFOLD_EDIT_IP6) != NFOLD_EDIT_FRAME || e->strip ||
	    e->keep || e->push || !e->tmpl[0] || e->tmpl[1])
		return 0;
	if (!sport)
		sport = NFOLD_SPORT_MIN;
	if (sport < NFOLD_SPORT_MIN)
		return 0;
	return NFOLD_EDIT_WORD | (e->tmpl[0] - 1) |
	       (__u32)(sport - NFOLD_SPORT_MIN) << 8 |
	       (e->flags & NFOLD_EDIT_IP6 ? NFOLD_EDIT_WORD_IP6 : 0);
}

/* The record that the word stands for; t: its template. */
static inline struct nfold_edit nfold_edit_of_word(__u32 word,
						   const struct nfold_tmpl *t)
{
	__u16 sport = NFOLD_EDIT_WORD_SPORT(word);

	return (struct nfold_edit){
		.flags = NFOLD_EDIT_FRAME |
			 (word & NFOLD_EDIT_WORD_IP6 ? NFOLD_EDIT_IP6 : 0),
		.tmpl = { NFOLD_EDIT_WORD_TMPL(word) + 1 },
		.sport = { t->udp_off ? NFOLD_BE16(sport) : 0 },
		.ethertype = NFOLD_BE16(t->family == 4 ? 0x0800 : 0x86dd),
		.grow = t->len,
	};
}

#endif
