// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "origin.h"

#include <string.h>

#include <arpa/inet.h>

#include "../maps/act.h"
#include "edits.h"
#include "pkt.h"

#define TCP_HEADER_MAX 60
#define ORIGIN_ROOM 160		/* two templates and two tags */

_Static_assert(ORIGIN_ROOM >= NFOLD_LAYER_MAX * NFOLD_TMPL_MAX +
				      NFOLD_TAG_MAX * NFOLD_VLAN_LEN,
	       "an edit may need more room");

void origin_save(struct origin *o, const struct nf_pkt *pkt,
		 const struct nfold_parse *parse)
{
	o->data = pkt->data;
	o->len = pkt->len;
	o->room = pkt->room;
	o->kept = pkt->len < ORIGIN_MAX ? pkt->len : ORIGIN_MAX;
	o->whole = pkt->len <= ORIGIN_MAX ||
		   parse->l4_off + TCP_HEADER_MAX <= ORIGIN_MAX;
	o->parse = parse;
	memcpy(o->bytes, pkt->data, o->kept);
}

static void apply(uint8_t *data, uint32_t len, const struct nfold_parse *p,
		  const struct gmat_entry *g, const struct nfold_act *act)
{
	struct nfold_set4 set4 = {
		.saddr = g->set.saddr[0], .daddr = g->set.daddr[0],
		.sport = g->set.sport, .dport = g->set.dport,
	};

	if (p->family == 4)
		nfold_apply4(data, data + len, p, &set4, act);
	else
		nfold_apply6(data, data + len, p, &g->set, act);
}

/* What state functions wrote is not the header actions' to give. */
static bool forgive(uint8_t *data, uint32_t len, const struct nf_pkt *pkt)
{
	for (int i = 0; i < pkt->written_cnt && i < NF_WRITTEN_MAX; i++) {
		const struct nf_written *w = &pkt->written[i];
		uint32_t from = pkt->len - w->tail, to = from + w->len;

		for (; from < to && from < len; from++)
			data[from] = pkt->data[from];
	}
	return pkt->written_cnt <= NF_WRITTEN_MAX;
}

static bool is_same(const struct origin *o, uint8_t *data, uint32_t len,
		    const struct nf_pkt *pkt)
{
	return pkt->len - len == o->len - o->kept && forgive(data, len, pkt) &&
	       !memcmp(data, pkt->data, len);
}

bool origin_gives_steps(const struct origin *o, const struct lmat *m,
			const struct nfold_parse *came,
			const struct nf_pkt *pkt)
{
	uint8_t copy[ORIGIN_ROOM + ORIGIN_MAX], *data = copy + ORIGIN_ROOM;
	struct nf_pkt c;

	if (!o->whole)
		return false;
	memcpy(data, o->bytes, o->kept);
	pkt_init(&c, data, o->kept, came);
	c.known = pkt->known;
	c.room = ORIGIN_ROOM;
	c.router = pkt->router;
	lmat_apply(m, 0, m->cnt, &c);
	return is_same(o, c.data, c.len, pkt);
}

bool origin_gives(const struct origin *o, const struct gmat_entry *g,
		  const struct edit_plan *plan, bool router,
		  const struct nf_pkt *pkt)
{
	uint8_t copy[ORIGIN_ROOM + ORIGIN_MAX], *data = copy + ORIGIN_ROOM;
	uint32_t len = o->kept, room = ORIGIN_ROOM;
	struct nfold_edit edit = plan->edit;
	struct nfold_act act = g->act;

	if (!o->whole)
		return false;
	memcpy(data, o->bytes, len);
	if (router) {
		act.ttl_dec--;
		act.l3_delta = csum_fold((uint64_t)act.l3_delta +
					 htons(0x0100));
	}
	for (int i = 0; i < plan->layers; i++)
		edit.tmpl[i] = i + 1;
	if (plan->used)
		edit_packet(&edit, &act, data, len, o->parse);
	apply(data, len, o->parse, g, &act);
	if (plan->used && edit_frame(&edit, plan->tmpl, &data, &len, &room,
				     o->parse))
		return false;
	return is_same(o, data, len, pkt);
}

bool origin_restore(const struct origin *o, uint8_t **data, uint32_t *len,
		    uint32_t *room)
{
	if (!o->whole)
		return false;
	memcpy(o->data, o->bytes, o->kept);
	*data = o->data;
	*len = o->len;
	*room = o->room;
	return true;
}
