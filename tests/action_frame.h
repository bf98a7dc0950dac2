/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A frame, and the two ways of doing actions to it: one after the other, as NFs
 * do it, and folded, as XDP and the engine apply it. Of test_actions.c and
 * fuzz/fuzz_fold.c.
 */
#ifndef NFOLD_TESTS_ACTION_FRAME_H
#define NFOLD_TESTS_ACTION_FRAME_H

#include <stdbool.h>

/* Its enum pkt_csum is another than the engine's. */
#define pkt_csum build_csum
#define PKT_CSUM_PARTIAL BUILD_CSUM_PARTIAL
#define PKT_CSUM_BAD BUILD_CSUM_BAD
#include "tests/pkt_tunnel.h"
#undef pkt_csum
#undef PKT_CSUM_PARTIAL
#undef PKT_CSUM_BAD

#include "maps/act.h"
#include "maps/parse_tunnel.h"
#include "userspace/consolidate.h"
#include "userspace/edits.h"
#include "userspace/pkt.h"

#define ROOM 256		/* in front of a frame */

struct frame {
	uint8_t buf[ROOM + 600];
	uint8_t *data;
	uint32_t len, room;
	struct nfold_parse came, parse; /* of two headers outer, inner */
};

/* False: it does not parse, as a known tunnel's (in; NULL: no tunnel's). */
static inline bool frame_build_in(struct frame *f, const struct pkt *k,
				  const struct pkt_tunnel *in,
				  const struct nfold_tunnels *known)
{
	f->data = f->buf + ROOM;
	f->room = ROOM;
	f->len = pkt_build(k, f->data);
	if (in)
		f->len = pkt_wrap(in, f->data, f->len, 14 + 4 * k->tags);
	if (nfold_parse(f->data, f->data + f->len, 1, &f->came))
		return false;
	f->parse = f->came;
	return !in || nfold_parse_tunnels(f->data, f->data + f->len, &f->came,
					  known, &f->parse);
}

static inline bool frame_build(struct frame *f, const struct pkt *k)
{
	return frame_build_in(f, k, NULL, NULL);
}

static inline void frame_copy(struct frame *to, const struct frame *from)
{
	*to = *from;
	to->data = to->buf + (from->data - from->buf);
}

static inline struct nfold_key6 frame_key(const struct frame *f)
{
	const struct nfold_parse *p = &f->parse;

	if (p->family == 6)
		return p->key6;
	return (struct nfold_key6){
		.saddr = { p->key4.saddr }, .daddr = { p->key4.daddr },
		.sport = p->key4.sport, .dport = p->key4.dport,
		.zone = p->key4.zone, .l4proto = p->key4.l4proto,
		.tunnel = p->key4.tunnel,
	};
}

/* The packet of the frame, in its bytes. */
static inline void frame_pkt(const struct frame *f, struct nf_pkt *pkt)
{
	pkt_init(pkt, f->data, f->len, &f->came);
	pkt->known = frame_key(f).tunnel;
	pkt->room = f->room;
}

/* An action as an NF does and records it; a drop does nothing here. False: the
 * packet can not have it; an NF would drop it. */
static inline bool action_do(struct nf_pkt *pkt, struct header_action *ha)
{
	if (!nf_pkt_do(pkt, ha))
		return false;
	if (ha->kind == HA_ENCAP)
		*ha = ha_encap(ha->tunnel, pkt);
	else if (ha->kind == HA_HOP)
		*ha = ha_hop(pkt);
	return true;
}

/* The entry. False: there is no room for its headers. */
static inline bool frame_apply(struct frame *f, const struct gmat_entry *g,
			       const struct edit_plan *plan)
{
	struct nfold_set4 set4 = { g->set.saddr[0], g->set.daddr[0],
				   g->set.sport, g->set.dport };
	struct nfold_edit e = plan->edit;

	for (int i = 0; i < plan->layers; i++)
		e.tmpl[i] = i + 1;
	if (plan->used)
		edit_packet(&e, &g->act, f->data, f->len, &f->parse);
	if (f->parse.family == 4)
		nfold_apply4(f->data, f->data + f->len, &f->parse, &set4,
			     &g->act);
	else
		nfold_apply6(f->data, f->data + f->len, &f->parse, &g->set,
			     &g->act);
	return !plan->used ||
	       !edit_frame(&e, plan->tmpl, &f->data, &f->len, &f->room,
			   &f->parse);
}

#endif
