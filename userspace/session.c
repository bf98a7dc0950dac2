// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sessions and their two flows. Ids are indexes + 1 into growing tables, so
 * that a packet in flight can name its flow without a pointer to it. */
#include <stdlib.h>
#include <string.h>

#include "engine_priv.h"

static uint32_t id_alloc(struct id_table *t, void *object)
{
	if (t->free_cnt) {
		uint32_t id = t->free_ids[--t->free_cnt];

		t->v[id - 1] = object;
		t->used++;
		return id;
	}
	if (t->cnt == t->cap) {
		uint32_t cap = t->cap ? 2 * t->cap : 1024;
		void **v = realloc(t->v, cap * sizeof(*v));
		uint32_t *ids;

		if (!v)
			return 0;
		t->v = v;
		ids = realloc(t->free_ids, cap * sizeof(*ids));
		if (!ids)
			return 0;
		t->free_ids = ids;
		t->cap = cap;
	}
	t->v[t->cnt++] = object;
	t->used++;
	return t->cnt;
}

static void id_free(struct id_table *t, uint32_t id)
{
	t->v[id - 1] = NULL;
	t->free_ids[t->free_cnt++] = id;
	t->used--;
}

struct flow *flow_by_id(struct engine *e, uint32_t id)
{
	return id && id <= e->flow_ids.cnt ? e->flow_ids.v[id - 1] : NULL;
}

struct session *session_by_id(struct engine *e, uint32_t id)
{
	return id && id <= e->session_ids.cnt ? e->session_ids.v[id - 1] : NULL;
}

struct flow *flow_find(struct engine *e, int family,
		       const struct nfold_key6 *key)
{
	struct flow *f;

	HASH_FIND(hh, e->flows[family == 6], key, sizeof(*key), f);
	return f;
}

static struct flow *flow_new(struct engine *e, struct session *s, int family,
			     const struct nfold_key6 *key, bool reply)
{
	struct flow *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->id = id_alloc(&e->flow_ids, f);
	if (!f->id) {
		free(f);
		return NULL;
	}
	f->key = *key;
	f->family = family;
	f->reply = reply;
	f->slot = FLOW_SLOT_NONE;
	f->session = s;
	HASH_ADD(hh, e->flows[family == 6], key, sizeof(f->key), f);
	s->dir[reply] = f;
	return f;
}

static void flow_free(struct engine *e, struct flow *f)
{
	id_free(&e->flow_ids, f->id);
	lmat_free(&f->lmat);
	free(f);
}

void flow_held_put(struct engine *e, struct flow *f)
{
	f->held--;
	if (f->dead && !f->held)
		flow_free(e, f);
}

/* Unpublishes first and reads the counters then: what XDP still handled is in
 * them. */
static void flow_expire(struct engine *e, struct flow *f)
{
	gmat_pending_clear(f);
	if (f->slot != FLOW_SLOT_NONE)
		flow_table_expire(engine_table(e, f->family), f->slot);
	flow_sync(e, f);
	steps_end(e, f);
	f->slot = FLOW_SLOT_NONE;
	gmat_edit_put(e, &f->edit);
}

/* Takes the direction out of sight; its memory stays while packets of it are
 * held. */
static void flow_end(struct engine *e, struct flow *f)
{
	HASH_DEL(e->flows[f->family == 6], f);
	f->session = NULL;
	f->dead = true;
	if (!f->held)
		flow_free(e, f);
}

struct session *session_open(struct engine *e, int family,
			     const struct nfold_key6 *key, bool outside)
{
	struct session *s;

	if (e->session_ids.used >= e->session_max)
		return NULL;
	s = calloc(1, sizeof(*s) + e->blob_size);
	if (!s)
		return NULL;
	s->id = id_alloc(&e->session_ids, s);
	if (!s->id)
		goto err_free;
	s->outside = outside;
	s->last_ns = e->now;
	if (!flow_new(e, s, family, key, false))
		goto err_id;
	return s;

err_id:
	id_free(&e->session_ids, s->id);
err_free:
	free(s);
	return NULL;
}

bool session_expect(struct engine *e, struct session *s,
		    const struct nfold_key6 *key)
{
	int family = s->dir[0]->family;
	struct flow *known = flow_find(e, family, key);

	if (known && known->session != s && !known->seen && !known->reply) {
		session_end(e, known->session);
		known = NULL;
	}
	if (known)
		return known->session == s && known->reply;
	if (s->dir[1]) {
		flow_expire(e, s->dir[1]);
		flow_end(e, s->dir[1]);
		s->dir[1] = NULL;
	}
	return flow_new(e, s, family, key, true);
}

void session_end(struct engine *e, struct session *s)
{
	for (int i = 0; i < 2; i++)
		if (s->dir[i])
			flow_expire(e, s->dir[i]);
	for (struct nf **nf = e->conf.nfs; *nf; nf++)
		if ((*nf)->ops->expire)
			(*nf)->ops->expire(*nf, s->blobs + (*nf)->session_off,
					   e->now);
	for (int i = 0; i < 2; i++)
		if (s->dir[i])
			flow_end(e, s->dir[i]);
	id_free(&e->session_ids, s->id);
	free(s);
}

static struct nfold_cells *cells_of(struct engine *e, struct flow *f)
{
	if (f->slot == FLOW_SLOT_NONE)
		return NULL;
	return flow_table_cells(engine_table(e, f->family), f->slot);
}

static void sync_seen(struct flow *f, const struct nfold_cells *c)
{
	uint64_t last = __atomic_load_n(&c->last_seen_ns, __ATOMIC_RELAXED);

	if (last > f->last_ns)
		f->last_ns = last;
	f->tcp_seen |= __atomic_load_n(&c->tcp_seen, __ATOMIC_RELAXED) &
		       NFOLD_TCP_OCTET;
}

void flow_sync(struct engine *e, struct flow *f)
{
	struct nfold_cells *c = cells_of(e, f);
	uint64_t packets, bytes;

	if (!c)
		return;
	sync_seen(f, c);
	packets = __atomic_load_n(&c->packets, __ATOMIC_RELAXED);
	bytes = __atomic_load_n(&c->bytes, __ATOMIC_RELAXED);
	steps_sync(f);
	lmat_add_counts(&f->lmat, UINT16_MAX, packets - f->told_packets,
			bytes - f->told_bytes);
	f->told_packets = packets;
	f->told_bytes = bytes;
}

uint32_t flow_tcp_seen(struct engine *e, struct flow *f)
{
	struct nfold_cells *c = cells_of(e, f);

	return f->tcp_seen |
	       (c ? __atomic_load_n(&c->tcp_seen, __ATOMIC_RELAXED) &
			    NFOLD_TCP_OCTET : 0);
}

uint64_t session_last_seen(struct engine *e, struct session *s)
{
	uint64_t last = s->last_ns;

	for (int i = 0; i < 2; i++) {
		struct nfold_cells *c = s->dir[i] ? cells_of(e, s->dir[i]) :
						    NULL;
		uint64_t t = c ? __atomic_load_n(&c->last_seen_ns,
						 __ATOMIC_RELAXED) : 0;

		if (t > last)
			last = t;
	}
	return last;
}

void nf_session_seen(struct nf *nf, void *blob, struct nf_seen *seen)
{
	struct session *s = (void *)((char *)blob - nf->session_off -
				     offsetof(struct session, blobs));

	*seen = (struct nf_seen){ .idle = s->idle };
	for (int i = 0; i < 2; i++) {
		if (!s->dir[i])
			continue;
		flow_sync(nf->engine, s->dir[i]);
		seen->last_ns[i] = s->dir[i]->last_ns;
		seen->tcp_flags[i] = s->dir[i]->tcp_seen;
	}
}
