// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The engine's life and its control; the way of a packet is in way.c. */
#include "engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine_priv.h"

#define NF_TICK_NS (NF_SEC / 10)
#define IDLE_NS (NF_SEC / 10)
#define LIVE_NS (NF_SEC / 1000)	/* how fine last_seen is while flows live */
#define BLOB_ALIGN 16

/* What NFs do afterwards, in exit(), they do without an engine. */
static void engine_fini(struct engine *e)
{
	for (struct nf **nf = e->conf.nfs; *nf; nf++)
		(*nf)->engine = NULL;
	state_fini(e);
	event_fini(e);
	alert_fini(e);
	lmat_free(&e->sf_ran);
	edits_free(e->edits);
	batch_runner_free(e->batches);
	free(e);
}

int engine_new(struct engine **out, const struct engine_conf *conf)
{
	struct engine *e = calloc(1, sizeof(*e));
	uint8_t index = 0;
	int err;

	if (!e)
		return -ENOMEM;
	e->conf = *conf;
	err = batch_runner_new(&e->batches, conf->workers);
	if (!err)
		err = state_init(e);
	if (!err)
		err = event_init(e);
	if (!err)
		err = alert_init(e);
	if (!err && conf->maps.edits)
		err = edits_new(&e->edits, conf->maps.edits,
				conf->maps.edit_cnt, conf->maps.tmpls,
				NFOLD_TMPL_CNT);
	if (err) {
		engine_fini(e);
		return err;
	}
	e->chain = conf->chain;
	e->session_max = chain_session_max(conf->chain);
	for (struct nf **nf = conf->nfs; *nf; nf++) {
		(*nf)->engine = e;
		(*nf)->index = index++;
		(*nf)->session_off = e->blob_size;
		e->blob_size += ((*nf)->ops->session_size + BLOB_ALIGN - 1) &
				~(size_t)(BLOB_ALIGN - 1);
	}
	*out = e;
	return 0;
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	engine_flush(e, NULL, 0);
	for (uint32_t id = 1; id <= e->flow_ids.cnt; id++) {
		struct flow *f = flow_by_id(e, id);

		/* The last one frees it. */
		for (uint32_t held = f ? f->held : 0; held; held--)
			flow_held_put(e, f);
	}
	free(e->flow_ids.v);
	free(e->flow_ids.free_ids);
	free(e->session_ids.v);
	free(e->session_ids.free_ids);
	engine_fini(e);
}

void engine_now(struct engine *e, uint64_t now_ns)
{
	struct nfold_ctl *ctl = e->conf.maps.ctl;

	e->now = now_ns;
	__atomic_store_n(&ctl->now_ns, now_ns, __ATOMIC_RELAXED);
	__atomic_store_n(&ctl->heartbeat, ctl->heartbeat + 1, __ATOMIC_RELAXED);
}

void engine_unix(struct engine *e, uint64_t unix_ns)
{
	e->epoch = unix_ns - e->now;
}

uint64_t nf_unix_ns(const struct nf *nf, uint64_t now)
{
	const struct engine *e = nf->engine;

	return e ? now + e->epoch : now;
}

int nf_export(struct nf *nf, const void *msg, size_t len)
{
	const struct engine *e = nf->engine;

	if (!e || !e->conf.export.send)
		return -ENOTCONN;
	return e->conf.export.send(e->conf.export.ctx, nf->index, msg, len);
}

void engine_count(struct engine *e, enum nfold_reason reason)
{
	uint64_t *c = (uint64_t *)&e->conf.maps.stats->packets[reason];

	__atomic_store_n(c, *c + 1, __ATOMIC_RELAXED);
}

void engine_drained(struct engine *e)
{
	for (struct flow *f = e->pending; f; f = f->pending_next)
		f->drained = true;
}

uint64_t engine_tick(struct engine *e)
{
	bool under_way = gmat_handover_tick(e);

	expiry_scan(e);
	if (e->edits)
		edits_reclaim(e->edits);
	if (e->now - e->nf_tick_ns >= NF_TICK_NS) {
		e->nf_tick_ns = e->now;
		for (struct nf **nf = e->conf.nfs; *nf; nf++)
			if ((*nf)->ops->tick)
				(*nf)->ops->tick(*nf, e->now);
	}
	if (under_way)
		return 0;
	return e->session_ids.used ? LIVE_NS : IDLE_NS;
}

void engine_invalidate_all(struct engine *e)
{
	struct nfold_ctl *ctl = e->conf.maps.ctl;
	uint32_t next = ctl->generation + 1;

	/* 0 marks entries that were invalidated one by one. */
	__atomic_store_n(&ctl->generation, next ? next : 1, __ATOMIC_RELEASE);
}

uint32_t engine_flush(struct engine *e, const uint32_t *sessions, size_t cnt)
{
	uint32_t ended = 0;
	size_t n = sessions ? cnt : e->session_ids.cnt;

	for (size_t i = 0; i < n; i++) {
		struct session *s =
			session_by_id(e, sessions ? sessions[i] : i + 1);

		if (!s)
			continue;
		session_end(e, s);
		ended++;
	}
	return ended;
}

uint32_t engine_sessions(const struct engine *e)
{
	return e->session_ids.used;
}

static void sync_all(struct engine *e)
{
	for (uint32_t id = 1; id <= e->flow_ids.cnt; id++) {
		struct flow *f = flow_by_id(e, id);

		if (f && !f->dead)
			flow_sync(e, f);
	}
}

void engine_nf_label(const struct engine *e, uint32_t index, char *buf,
		     size_t size)
{
	const struct nf_ops *ops = e->conf.nfs[index]->ops;
	int nth = 1;

	for (uint32_t i = 0; i < index; i++)
		nth += e->conf.nfs[i]->ops == ops;
	if (nth == 1)
		snprintf(buf, size, "%s", ops->name);
	else
		snprintf(buf, size, "%s#%d", ops->name, nth);
}

static json_t *nf_states(struct engine *e, const char *name, bool dump)
{
	json_t *all = json_object();

	sync_all(e);
	for (struct nf **nf = e->conf.nfs; *nf; nf++) {
		json_t *(*fn)(struct nf *) = (*nf)->ops->show;
		char label[64];

		engine_nf_label(e, (*nf)->index, label, sizeof(label));
		if (name && strcmp(name, label) &&
		    strcmp(name, (*nf)->ops->name))
			continue;
		if (dump && (*nf)->ops->dump)
			fn = (*nf)->ops->dump;
		json_object_set_new(all, label, fn ? fn(*nf) : json_object());
	}
	return all;
}

json_t *engine_nf_show(struct engine *e, const char *name)
{
	return nf_states(e, name, false);
}

json_t *engine_nf_dump(struct engine *e)
{
	return nf_states(e, NULL, true);
}

static int view_find(const struct nf_ops *ops, const char *name)
{
	for (int i = 0; ops->view && ops->views[i]; i++)
		if (!strcmp(ops->views[i], name))
			return i;
	return -1;
}

json_t *engine_nf_view(struct engine *e, const char *name, const char *view,
		       uint64_t from)
{
	for (struct nf **nf = e->conf.nfs; *nf; nf++) {
		int i = view_find((*nf)->ops, view);
		char label[64];

		engine_nf_label(e, (*nf)->index, label, sizeof(label));
		if (strcmp(name, label) || i < 0)
			continue;
		if (!from)
			sync_all(e);
		return (*nf)->ops->view(*nf, i, from);
	}
	return NULL;
}
