/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An oracle's life and its time. */
#include "oracle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "oracle_priv.h"

#define TICK_NS (NF_SEC / 1000)
#define FINE_NS (2 * NF_SEC)	/* stepped by TICK_NS before each packet */
#define COARSE_STEPS 2000

static int fail(struct instance_error *err, int ret, const char *what)
{
	snprintf(err->text, sizeof(err->text), "%s: %s", what, strerror(-ret));
	return ret;
}

/* manual_grace: no reader runs while the engine does, all is one thread. */
static int table_new(struct oracle *o, int family)
{
	const struct nfold_meta *m = o->maps->meta;
	const bool v4 = family == 4;
	struct flow_table_conf c = {
		.family = family,
		.slots = v4 ? o->maps->slots4 : o->maps->slots6,
		.tags = v4 ? o->maps->tags4 : o->maps->tags6,
		.slot_cnt = v4 ? m->slots4 : m->slots6,
		.nbuckets = v4 ? m->config.nbuckets4 : m->config.nbuckets6,
		.seed = m->config.seed,
		.overflow_fd = v4 ? o->maps->overflow4_fd :
				    o->maps->overflow6_fd,
		.ctl = o->maps->ctl,
		.manual_grace = true,
	};

	return flow_table_new(&o->tables[!v4], &c);
}

/* Every queue of every port leads to the one socket. */
static int fill_xskmap(struct oracle *o)
{
	int fd = oracle_socket_fd(o->conf.socket);

	for (uint32_t p = 0; p < o->maps->meta->port_cnt; p++) {
		uint32_t index = p * NFOLD_QUEUE_MAX;

		if (bpf_map_update_elem(o->maps->xskmap_fd, &index, &fd, 0))
			return -errno;
	}
	return 0;
}

static void fill_nexthops(struct oracle *o)
{
	for (uint32_t p = 0; p < o->maps->meta->port_cnt; p++)
		o->maps->nexthops[1 + p] = (union nfold_nexthop){
			.dmac = { 2, 0, 0, 0, 1, p }, .port = p + 1,
		};
}

static int event_told(void *ctx, void *data, size_t size)
{
	struct oracle *o = ctx;

	if (size >= sizeof(struct nfold_event))
		engine_event(o->e, data);
	return 0;
}

static int start_events(struct oracle *o)
{
	if (!o->maps->steps)
		return 0;
	o->events = ring_buffer__new(o->maps->events_fd, event_told, o, NULL);
	return o->events ? 0 : -errno;
}

static int start_engine(struct oracle *o)
{
	struct engine_conf conf = {
		.chain = o->conf.chain,
		.nfs = o->nfs,
		.fold = o->conf.fold,
		.tell_all = !o->conf.kernel_clock, /* not while measuring */
		.workers = o->conf.fold && !o->conf.alone,
		.router = o->conf.routes ? oracle_router(o->conf.routes) :
					   o->conf.router,
		.maps = {
			.ctl = o->maps->ctl,
			.stats = &o->maps->stats[o->maps->stats_rows - 1],
			.ports = o->maps->ports,
			.nexthops = o->maps->nexthops,
			.flows4 = o->tables[0],
			.flows6 = o->tables[1],
			.edits = o->maps->edits,
			.edit_cnt = o->maps->meta->config.edits ?
				    o->maps->edit_cnt : 0,
			.tmpls = o->maps->tmpls,
			.tunnels = &o->maps->meta->config.tunnels,
			.cells = o->maps->cells,
			.cell_cnt = o->maps->meta->config.cells,
			.count_cell_cnt = o->maps->meta->config.count_cells,
			.steps = o->maps->steps,
			.steps_cnt = o->maps->meta->config.steps,
		},
	};

	memcpy(conf.maps.own, o->maps->own, sizeof(conf.maps.own));
	return engine_new(&o->e, &conf);
}

static int start(struct oracle *o, struct instance_error *err)
{
	const struct chain *c = o->conf.chain;
	struct chain timed = *c;	/* time is the caller's, in XDP too */
	struct conf_error cerr;
	int ret;

	timed.own_time = !o->conf.kernel_clock;
	ret = instance_load(&o->inst, &timed, "", err);
	if (ret)
		return ret;
	o->maps = instance_maps(o->inst);
	ret = table_new(o, 4);
	if (!ret)
		ret = table_new(o, 6);
	if (ret)
		return fail(err, ret, "flow table");
	o->nfs = chain_nfs_new(c, &cerr);
	if (!o->nfs) {
		snprintf(err->text, sizeof(err->text), "chain %s: %s", c->name,
			 cerr.message);
		return -EINVAL;
	}
	if (!c->wire)
		fill_nexthops(o);
	ret = fill_xskmap(o);
	if (ret)
		return fail(err, ret, "AF_XDP socket");
	ret = start_engine(o);
	if (ret)
		return fail(err, ret, "engine");
	ret = start_events(o);
	return ret ? fail(err, ret, "ring of events") : 0;
}

int oracle_new(struct oracle **out, const struct oracle_conf *conf,
	       struct instance_error *err)
{
	struct oracle *o = calloc(1, sizeof(*o));
	int ret;

	if (!o)
		return fail(err, -ENOMEM, "oracle");
	o->conf = *conf;
	ret = start(o, err);
	if (ret) {
		oracle_free(o);
		return ret;
	}
	*out = o;
	return 0;
}

void oracle_free(struct oracle *o)
{
	if (!o)
		return;
	if (o->e)
		oracle_left(o);
	ring_buffer__free(o->events);
	engine_free(o->e);
	chain_nfs_free(o->nfs);
	flow_table_free(o->tables[0]);
	flow_table_free(o->tables[1]);
	instance_free(o->inst);
	free(o);
}

void oracle_now(struct oracle *o, uint64_t now_ns)
{
	o->now = now_ns;
	engine_now(o->e, now_ns);
}

void oracle_tick(struct oracle *o)
{
	o->tick_ns = o->now;
	engine_drained(o->e);
	engine_tick(o->e);
	for (int i = 0; i < 2; i++) {
		flow_table_reclaim(o->tables[i]);
		flow_table_grace_end(o->tables[i]);
	}
}

static void tick_at(struct oracle *o, uint64_t now_ns)
{
	oracle_now(o, now_ns);
	oracle_tick(o);
}

void oracle_advance(struct oracle *o, uint64_t now_ns)
{
	uint64_t step;

	if (!o->now) {
		tick_at(o, now_ns);
		return;
	}
	if (now_ns - o->tick_ns > FINE_NS) {
		step = (now_ns - o->tick_ns - FINE_NS) / COARSE_STEPS;
		if (step < TICK_NS)
			step = TICK_NS;
		while (o->tick_ns + step <= now_ns - FINE_NS)
			tick_at(o, o->tick_ns + step);
	}
	while (o->tick_ns + TICK_NS <= now_ns)
		tick_at(o, o->tick_ns + TICK_NS);
	oracle_now(o, now_ns);
}

void oracle_left(struct oracle *o)
{
	while (o->held_cnt)
		engine_left(o->e, o->held[--o->held_cnt]);
}

struct engine *oracle_engine(struct oracle *o)
{
	return o->e;
}

const struct instance_maps *oracle_maps(const struct oracle *o)
{
	return o->maps;
}

const struct instance *oracle_instance(const struct oracle *o)
{
	return o->inst;
}
