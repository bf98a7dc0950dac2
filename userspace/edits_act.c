// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* An edit record applied to a packet in user space. */
#include <string.h>

#include "../maps/edit_act.h"
#include "edits.h"

static void seq(const struct nfold_edit *e, const struct nfold_act *act,
		uint8_t *data, uint8_t *end, const struct nfold_parse *p)
{
	uint8_t *l4 = data + p->l4_off, *csum = l4 + NFOLD_TCP_CSUM;
	int partial = (act->flags & NFOLD_ACT_CSUM_PARTIAL) &&
		      nfold_csum_is_partial(data, end, p);
	uint64_t delta;

	nfold_edit_seq(l4, end, e->seq_add, e->ack_add, partial);
	if (!(l4[13] & NFOLD_TCP_ACK))
		return;
	delta = nfold_sack_shift(l4, (l4[12] >> 4) * 4, e->ack_add);
	if (!partial)
		store16(csum, csum_apply(load16(csum), csum_fold(delta)));
}

enum nfold_reason edit_packet(const struct nfold_edit *e,
			      const struct nfold_act *act, uint8_t *data,
			      uint32_t len, const struct nfold_parse *p)
{
	if (e->flags & NFOLD_EDIT_UNWRAP)
		nfold_edit_ecn(data + nfold_edit_l3_off(e),
			       e->flags & NFOLD_EDIT_OUTER6, data + p->l3_off,
			       p->family == 6, data + len);
	if (e->flags & NFOLD_EDIT_SEQ)
		seq(e, act, data, data + len, p);
	if (e->flags & NFOLD_EDIT_DSCP)
		return nfold_edit_dscp(data + p->l3_off, data + len,
				       p->family == 6, e->dscp);
	return NFOLD_REASON_NONE;
}

static void layer(const struct nfold_edit *e, int i,
		  const struct nfold_tmpl *t, uint8_t *ip, uint8_t *end,
		  uint32_t l3_len, uint8_t *tos)
{
	memcpy(ip, t->bytes, t->len);
	*tos = nfold_tmpl_tos(t, *tos);
	nfold_tmpl_ip(ip, end, t, l3_len, *tos);
	if (t->udp_off)
		nfold_tmpl_udp(ip + t->udp_off, end, e->sport[i],
			       l3_len - t->udp_off);
}

enum nfold_reason edit_frame(const struct nfold_edit *e,
			     const struct nfold_tmpl *tmpls, uint8_t **data,
			     uint32_t *len, uint32_t *room,
			     const struct nfold_parse *p)
{
	uint8_t *ip = *data + p->l3_off, *end = *data + *len;
	uint8_t tos = nfold_tos(ip, e->flags & NFOLD_EDIT_IP6);
	int cover = p->l3_off - nfold_edit_l3_off(e);
	int by = NFOLD_VLAN_LEN * (e->push - e->strip) + e->grow - cover;
	uint32_t l3_len = p->l3_len;
	enum nfold_reason why;
	struct nfold_l2 l2;

	if (!(e->flags & NFOLD_EDIT_FRAME))
		return NFOLD_REASON_NONE;
	if (by > (int)*room)
		return NFOLD_REASON_NO_ROOM;
	why = nfold_l2_save(*data, end, &l2);
	if (why)
		return why;
	*data -= by;
	*len += by;
	*room -= by;
	why = nfold_l2_write(*data, end, e, &l2);
	for (int i = 0; i < NFOLD_LAYER_MAX && e->tmpl[i] && !why; i++) {
		const struct nfold_tmpl *t = &tmpls[e->tmpl[i] - 1];

		ip -= t->len;
		l3_len += t->len;
		layer(e, i, t, ip, end, l3_len, &tos);
	}
	return why;
}
