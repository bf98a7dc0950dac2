/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Construction of a flow table's user side, over an array that may hold the
 * entries of an earlier writer. The verbs are in flow_verbs.c.
 */
#include "flow_table.h"

#include <errno.h>
#include <stdlib.h>

#include "flow_table_priv.h"

/* docs/MAPS.md has the share of flows that find both buckets full. */
static void size_at(uint32_t flows, uint32_t percent, uint32_t overflow,
		    uint32_t *nbuckets, uint32_t *slot_cnt)
{
	uint64_t per_bucket = percent * NFOLD_BUCKET_SLOTS;
	uint64_t buckets =
		((uint64_t)flows * 100 + per_bucket - 1) / per_bucket;
	uint64_t most;

	if (overflow < 64)
		overflow = 64;
	most = (UINT32_MAX - 1 - overflow) / NFOLD_BUCKET_SLOTS;
	if (!buckets)
		buckets = 1;
	if (buckets > most)
		buckets = most;
	*nbuckets = buckets;
	*slot_cnt = buckets * NFOLD_BUCKET_SLOTS + overflow;
}

void flow_table_size(int family, uint32_t flows, uint32_t *nbuckets,
		     uint32_t *slot_cnt)
{
	if (family == 4)
		size_at(flows, 75, flows / 64, nbuckets, slot_cnt);
	else
		size_at(flows, 80, flows / 48, nbuckets, slot_cnt);
}

static int conf_check(const struct flow_table_conf *c)
{
	if ((c->family != 4 && c->family != 6) || !c->slots || !c->seed)
		return -EINVAL;
	if ((uintptr_t)c->slots % sizeof(uint64_t) || !c->nbuckets)
		return -EINVAL;
	if (!c->tags && !c->reader)
		return -EINVAL;
	if (c->slot_cnt == UINT32_MAX ||
	    (uint64_t)c->nbuckets * NFOLD_BUCKET_SLOTS > c->slot_cnt)
		return -EINVAL;
	if (c->overflow_fd >= 0 && !c->ctl && !c->reader)
		return -EINVAL;
	return 0;
}

/* Entries of an earlier writer stay live, with their tags, which it may have
 * died before it stored; a slot it left half-written is free.
 * Slots are taken from the free stack's top: lowest index first. */
static void table_adopt(struct flow_table *t)
{
	uint32_t base = t->bucket_slots;

	for (uint32_t slot = t->conf.slot_cnt; slot-- > 0;) {
		union slot_head head = slot_head(slot_at(t, slot));
		bool live = version_live(head.h.version);

		if ((head.h.version & ~1U) > t->version)
			t->version = head.h.version & ~1U;
		t->state[slot] = live ? SLOT_LIVE : SLOT_FREE;
		t->live += live;
		if (slot < base)
			tag_set(t, slot, live ? nfold_tag(head.h.hash) :
						NFOLD_TAG_NONE);
		else if (live)
			flow_overflow_link(&t->overflow, head.h.hash,
					   slot - base);
		else
			t->overflow.free[t->overflow.free_cnt++] = slot - base;
	}
}

static int table_init_writer(struct flow_table *t)
{
	const struct flow_table_conf *c = &t->conf;
	int err;

	t->state = calloc(c->slot_cnt, sizeof(*t->state));
	t->ring = calloc(c->slot_cnt, sizeof(*t->ring));
	if (!t->state || !t->ring)
		return -ENOMEM;
	err = flow_overflow_init(&t->overflow, c->slot_cnt - t->bucket_slots);
	if (err)
		return err;
	err = grace_new(&t->grace,
			c->manual_grace ? GRACE_MANUAL : GRACE_MEMBARRIER);
	if (err)
		return err;
	table_adopt(t);
	return 0;
}

int flow_table_new(struct flow_table **out, const struct flow_table_conf *conf)
{
	struct flow_table *t;
	int err;

	err = conf_check(conf);
	if (err)
		return err;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->conf = *conf;
	t->bucket_slots = conf->nbuckets * NFOLD_BUCKET_SLOTS;
	t->slot_size = conf->family == 4 ? sizeof(struct nfold_slot4)
					 : sizeof(struct nfold_slot6);
	t->line_words = t->slot_size / 8 - SLOT_CELLS_WORDS;
	err = conf->reader ? 0 : table_init_writer(t);
	if (err) {
		flow_table_free(t);
		return err;
	}
	*out = t;
	return 0;
}

void flow_table_free(struct flow_table *t)
{
	if (!t)
		return;
	grace_free(t->grace);
	flow_overflow_fini(&t->overflow);
	free(t->ring);
	free(t->state);
	free(t);
}

uint32_t flow_table_slots(const struct flow_table *t)
{
	return t->conf.slot_cnt;
}

uint32_t flow_table_live(const struct flow_table *t)
{
	return t->live;
}
