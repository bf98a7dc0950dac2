/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Looking into a flow table: by the engine, which writes it, and by processes
 * that only map it.
 */
#include "flow_table.h"

#include "flow_line.h"
#include "flow_table_priv.h"

static bool slot_has_key(const struct flow_table *t, uint32_t slot,
			 const struct flow_hash *h)
{
	const slot_word *s = slot_at(t, slot);
	union slot_head head;
	union slot_line line;

	if (t->state && t->state[slot] != SLOT_LIVE)
		return false;
	head = slot_head(s);
	if (head.h.hash != h->first || !slot_copy(s, &line, t->line_words))
		return false;
	return !memcmp(line.word + 1, h->word,
		       t->conf.family == 4 ? KEY4_BYTES : KEY6_BYTES);
}

static uint32_t overflow_find(const struct flow_table *t,
			      const struct flow_hash *h)
{
	const struct flow_overflow *o = &t->overflow;
	uint32_t slot;

	if (t->conf.reader) {
		for (slot = t->bucket_slots; slot < t->conf.slot_cnt; slot++) {
			if (slot_has_key(t, slot, h))
				return slot;
		}
		return FLOW_SLOT_NONE;
	}
	for (uint32_t i = o->head[h->first & o->mask]; i; i = o->next[i - 1]) {
		if (slot_has_key(t, t->bucket_slots + i - 1, h))
			return t->bucket_slots + i - 1;
	}
	return FLOW_SLOT_NONE;
}

uint32_t flow_table_find(const struct flow_table *t,
			 const struct nfold_key6 *key)
{
	struct flow_hash h;

	flow_hash_key(t, key, &h);
	for (uint32_t i = 0; i < 2 * NFOLD_BUCKET_SLOTS; i++) {
		uint32_t bucket = h.bucket[i / NFOLD_BUCKET_SLOTS];
		uint32_t slot = bucket * NFOLD_BUCKET_SLOTS +
				i % NFOLD_BUCKET_SLOTS;

		if (slot_has_key(t, slot, &h))
			return slot;
	}
	return overflow_find(t, &h);
}

static void line_get(const struct flow_table *t, const union slot_line *line,
		     struct flow_entry *e)
{
	const struct nfold_slot4 *s4 = &line->s4;

	if (t->conf.family == 6) {
		e->key = line->s6.key;
		e->set = line->s6.set;
		e->act = line->s6.act;
		return;
	}
	e->key.saddr[0] = s4->key.saddr;
	e->key.daddr[0] = s4->key.daddr;
	e->key.sport = s4->key.sport;
	e->key.dport = s4->key.dport;
	e->key.zone = s4->key.zone;
	e->key.l4proto = s4->key.l4proto;
	e->key.echo = s4->key.echo;
	e->key.tunnel = s4->key.tunnel;
	e->set.saddr[0] = s4->set.saddr;
	e->set.daddr[0] = s4->set.daddr;
	e->set.sport = s4->set.sport;
	e->set.dport = s4->set.dport;
	e->act = s4->act;
}

struct nfold_cells *flow_table_cells(struct flow_table *t, uint32_t slot)
{
	return (struct nfold_cells *)cells_at(t, slot);
}

bool flow_table_read(const struct flow_table *t, uint32_t slot,
		     struct flow_entry *e, struct nfold_cells *cells)
{
	const slot_word *s = slot_at(t, slot);
	struct nfold_cells c;
	union slot_line line;

	if (!slot_copy(s, &line, t->line_words))
		return false;
	slot_copy_cells(cells_at(t, slot), &c);
	if (slot_head(s).h.version != line.s4.head.version)
		return false;
	memset(e, 0, sizeof(*e));
	line_get(t, &line, e);
	e->peer = c.peer;
	e->session = c.session;
	memcpy(e->writer, c.writer, sizeof(e->writer));
	e->reply = c.reply;
	e->drop_nf = c.drop_nf;
	e->packets = c.packets;
	e->bytes = c.bytes;
	e->now_ns = c.last_seen_ns;
	e->tcp_seen = c.tcp_seen;
	e->pending = c.handover & NFOLD_HANDOVER_PENDING;
	if (cells)
		*cells = c;
	return true;
}
