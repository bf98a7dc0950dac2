// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "edit_plan.h"

#include <string.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>

#include "../maps/bytes.h"
#include "tmpl.h"

void edit_plan_begin(struct edit_plan *p, const struct nfold_key6 *key,
		     int family)
{
	memset(p, 0, sizeof(*p));
	p->family = family;
	p->tags = key->zone >> NFOLD_ZONE_TAGS_SHIFT & 3;
	p->wrapped = key->tunnel;
}

/* N9: a push goes on top; tag[0] is the outermost. */
static bool vlan_push(struct nfold_edit *e, uint8_t tags,
		      const struct header_action *ha)
{
	if (tags - e->strip + e->push >= NFOLD_TAG_MAX)
		return false;
	memmove(&e->tag[1], &e->tag[0],
		(NFOLD_TAG_MAX - 1) * sizeof(e->tag[0]));
	e->tag[0] = NFOLD_PAIR16(ha->tpid, ha->tci);
	e->push++;
	return true;
}

/* N9: a pop takes the last push back, or else a tag of the packet. */
static bool vlan_pop(struct nfold_edit *e, uint8_t tags)
{
	if (!e->push) {
		e->strip++;
		return e->strip <= tags;
	}
	e->push--;
	memmove(&e->tag[0], &e->tag[1],
		(NFOLD_TAG_MAX - 1) * sizeof(e->tag[0]));
	e->tag[NFOLD_TAG_MAX - 1] = 0;
	return true;
}

static bool encap(struct edit_plan *p, const struct header_action *ha)
{
	uint8_t n = p->layers;

	if (n == NFOLD_LAYER_MAX)
		return false;
	tmpl_make(&p->tmpl[n], ha->tunnel,
		  n ? p->tmpl[n - 1].family : p->family);
	p->edit.sport[n] = ha->port;
	p->tunnel[n] = ha->tunnel;
	p->one_by_one |= ha->tunnel->kind == NF_TUNNEL_AH_TRANSPORT;
	p->layers++;
	return true;
}

/* N11: once, the header that it came in. */
static bool unwrap(struct edit_plan *p, const struct nf_tunnel *tn)
{
	struct nfold_tunnel known;

	if (!p->wrapped || !nf_tunnel_known(tn, &known))
		return false;
	p->wrapped = false;
	p->edit.flags |= NFOLD_EDIT_UNWRAP;
	if (tn->family == 6)
		p->edit.flags |= NFOLD_EDIT_OUTER6;
	return true;
}

/* N8: what was done to the header between goes with it. */
static bool decap(struct edit_plan *p, const struct header_action *ha)
{
	uint8_t n = p->layers;

	if (!n)
		return unwrap(p, ha->tunnel);
	if (!tmpl_same(p->tunnel[n - 1], ha->tunnel))
		return false;
	p->edit.sport[n - 1] = 0;
	p->layers--;
	return true;
}

/* N8: of the outermost header, in the template. Its UDP checksum is 0. */
static bool modify_outer(struct nfold_tmpl *t, __be16 *sport,
			 const struct header_action *ha)
{
	if (ha->field == NFOLD_FIELD_SADDR || ha->field == NFOLD_FIELD_DADDR) {
		tmpl_set_addr(t, ha->field == NFOLD_FIELD_SADDR, &ha->addr);
		return true;
	}
	if (!t->udp_off)
		return false;
	if (ha->field == NFOLD_FIELD_SPORT)
		*sport = ha->port;
	else
		store16(t->bytes + t->udp_off + 2, ha->port);
	return true;
}

static bool ttl_outer(struct nfold_tmpl *t, uint8_t k)
{
	uint8_t *ttl = t->bytes + (t->family == 4 ? 8 : 7);

	if (*ttl <= k)
		return false;
	*ttl -= k;
	tmpl_csum(t);
	return true;
}

static bool add_outer(struct edit_plan *p, const struct header_action *ha)
{
	struct nfold_tmpl *t = &p->tmpl[p->layers - 1];

	switch (ha->kind) {
	case HA_MODIFY:
		return modify_outer(t, &p->edit.sport[p->layers - 1], ha);
	case HA_TTL:
		return ttl_outer(t, ha->value);
	case HA_DSCP:
		t->flags &= ~NFOLD_TMPL_COPY_DSCP;
		t->dscp = ha->value << 2;
		return true;
	case HA_FORWARD:
		return true;
	default:
		return false;
	}
}

/* N12: on the header that it came in, which is to be taken off: gone with it, but
 * for a hop, where the packet may die by a TTL that is not the flow's. */
static bool add_wrapped(const struct header_action *ha)
{
	return ha->kind != HA_TTL;
}

static bool add_inner(struct edit_plan *p, const struct header_action *ha)
{
	struct nfold_edit *e = &p->edit;

	switch (ha->kind) {
	case HA_DSCP:
		e->flags |= NFOLD_EDIT_DSCP;
		e->dscp = ha->value << 2;
		return true;
	case HA_SEQ:
		e->seq_add += ha->seq_add;
		e->ack_add += ha->ack_add;
		return true;
	default:
		return false;
	}
}

bool edit_plan_is_covered(const struct edit_plan *p)
{
	for (int i = 0; i < p->layers; i++)
		if (p->tunnel[i]->kind != NF_TUNNEL_AH_TRANSPORT)
			return true;
	return false;
}

bool edit_plan_add(struct edit_plan *p, const struct header_action *ha)
{
	switch (ha->kind) {
	case HA_VLAN_PUSH:
		return vlan_push(&p->edit, p->tags, ha);
	case HA_VLAN_POP:
		return vlan_pop(&p->edit, p->tags);
	case HA_ENCAP:
		return encap(p, ha);
	case HA_DECAP:
		return decap(p, ha);
	default:
		if (p->wrapped && !edit_plan_is_covered(p))
			return add_wrapped(ha);
		if (p->one_by_one)
			return true;
		return p->layers ? add_outer(p, ha) : add_inner(p, ha);
	}
}

void edit_plan_end(struct edit_plan *p)
{
	uint8_t outer = p->layers ? p->tmpl[p->layers - 1].family : p->family;
	struct nfold_edit *e = &p->edit;

	if (e->seq_add || e->ack_add)
		e->flags |= NFOLD_EDIT_SEQ;
	if (e->strip || e->push || p->layers ||
	    (e->flags & NFOLD_EDIT_UNWRAP))
		e->flags |= NFOLD_EDIT_FRAME;
	p->used = e->flags && !p->one_by_one;
	if (p->family == 6)
		e->flags |= NFOLD_EDIT_IP6;
	e->keep = p->tags - e->strip;
	e->ethertype = htons(outer == 4 ? ETH_P_IP : ETH_P_IPV6);
	for (int i = 0; i < p->layers; i++)
		e->grow += p->tmpl[i].len;
}
