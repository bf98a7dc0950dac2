/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "log.h"
#include "loop_priv.h"
#include "sandbox.h"

#define WORKERS 1	/* for payload state functions, beside this thread */

static int setup_fail(struct loop *l, int err, const char *what,
		      const char *detail)
{
	char text[768];

	snprintf(text, sizeof(text), "chain %s: engine: %s: %s",
		 l->conf->chain->name, what,
		 detail && *detail ? detail : strerror(-err));
	loop_tell(l, "failed", text);
	return err;
}

/* Standard input and the parent's descriptors are not the engine's. */
static void setup_fds(struct loop *l)
{
	const struct instance_maps *m = instance_maps(l->conf->instance);
	int keep[] = { l->conf->control_fd, m->overflow4_fd, m->overflow6_fd,
		       m->events_fd, m->xskmap_fd };
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		close(null);
	}
	sandbox_close_fds(keep, sizeof(keep) / sizeof(keep[0]));
	fcntl(l->conf->control_fd, F_SETFL, O_NONBLOCK);
}

static int setup_nfs(struct loop *l)
{
	struct conf_error err = { 0 };

	l->nfs = chain_nfs_new(l->conf->chain, &err);
	return l->nfs ? 0 : setup_fail(l, -EINVAL, "NFs", err.message);
}

static int setup_table(struct loop *l, struct flow_table **out, int family)
{
	const struct instance_maps *m = instance_maps(l->conf->instance);
	const struct nfold_config *c = &m->meta->config;
	struct flow_table_conf conf = {
		.family = family,
		.slots = family == 4 ? m->slots4 : m->slots6,
		.tags = family == 4 ? m->tags4 : m->tags6,
		.slot_cnt = family == 4 ? m->meta->slots4 : m->meta->slots6,
		.nbuckets = family == 4 ? c->nbuckets4 : c->nbuckets6,
		.seed = c->seed,
		.overflow_fd = family == 4 ? m->overflow4_fd : m->overflow6_fd,
		.ctl = m->ctl,
	};
	int err = flow_table_new(out, &conf);

	return err ? setup_fail(l, err, "flow table", NULL) : 0;
}

static int setup_route(struct loop *l)
{
	const struct instance_maps *m = instance_maps(l->conf->instance);
	struct route_conf conf = {
		.ports = l->ports,
		.port_cnt = l->port_cnt,
		.nexthops = m->nexthops,
		.probe = loop_probe,
		.changed = loop_changed,
		.resolved = loop_resolved,
		.ctx = l,
	};
	int err;

	if (l->conf->chain->wire)
		return 0;
	err = route_new(&l->route, &conf);
	return err ? setup_fail(l, err, "routes", NULL) : 0;
}

static int setup_exports(struct loop *l)
{
	char text[256] = "";
	int err = exports_open(&l->exports, l->nfs, text, sizeof(text));

	return err ? setup_fail(l, err, "export", text) : 0;
}

static int setup_engine(struct loop *l)
{
	const struct instance_maps *m = instance_maps(l->conf->instance);
	struct engine_conf conf = {
		.chain = l->conf->chain,
		.nfs = l->nfs,
		.maps = {
			.ctl = m->ctl,
			.stats = &m->stats[m->stats_rows - 1],
			.ports = m->ports,
			.nexthops = m->nexthops,
			.flows4 = l->flows4,
			.flows6 = l->flows6,
			.cells = m->cells,
			.cell_cnt = m->meta->config.cells,
			.count_cell_cnt = m->meta->config.count_cells,
			.steps = m->steps,
			.steps_cnt = m->meta->config.steps,
			.edits = m->edits,
			.edit_cnt = m->meta->config.edits ? m->edit_cnt : 0,
			.tmpls = m->tmpls,
			.tunnels = &m->meta->config.tunnels,
		},
		.router = { .ctx = l->route, .lookup = route_lookup,
			    .port = route_port },
		.export = { .ctx = &l->exports, .send = exports_send },
		.fold = l->conf->fold,
		.workers = WORKERS,
	};
	int err;

	memcpy(conf.maps.own, m->own, sizeof(conf.maps.own));
	err = engine_new(&l->engine, &conf);
	return err ? setup_fail(l, err, "engine", NULL) : 0;
}

static int setup_xio(struct loop *l)
{
	const struct instance_port *ports =
		instance_ports(l->conf->instance, &l->port_cnt);
	struct xio_port_conf pc[NFOLD_PORT_MAX];
	char text[256] = "";
	struct xio_conf conf = {
		.ports = pc,
		.port_cnt = l->port_cnt,
		.xskmap_fd = instance_maps(l->conf->instance)->xskmap_fd,
		.frags = instance_frags(l->conf->instance),
		.err = text,
		.err_size = sizeof(text),
	};
	uint32_t i;
	int err;

	for (i = 0; i < l->port_cnt; i++) {
		pc[i] = (struct xio_port_conf){
			.ifindex = ports[i].ifindex,
			.queues = ports[i].queues,
			.generic = ports[i].generic,
		};
		memcpy(pc[i].name, ports[i].name, sizeof(pc[i].name));
		/* generic mode hands on linear packets of any length */
		conf.frags |= ports[i].generic;
	}
	err = xio_new(&l->xio, &conf);
	if (err)
		return setup_fail(l, err, "packet I/O", text);
	close(conf.xskmap_fd);
	return 0;
}

static int event_told(void *ctx, void *data, size_t size)
{
	struct loop *l = ctx;

	if (size >= sizeof(struct nfold_event))
		engine_event(l->engine, data);
	return 0;
}

/* Mapped and read without a system call from then on. */
static int setup_events(struct loop *l)
{
	const struct instance_maps *m = instance_maps(l->conf->instance);

	if (!m->steps)
		return 0;
	l->events = ring_buffer__new(m->events_fd, event_told, l, NULL);
	return l->events ? 0 : setup_fail(l, -errno, "ring of events", NULL);
}

/* jansson seeds its hash from a file on first use. */
static int setup_sandbox(struct loop *l)
{
	const char *what = "";
	int err;

	json_object_seed(0);
	err = sandbox_enter(SANDBOX_ENGINE, 0, &what);
	return err ? setup_fail(l, err, "giving up rights", what) : 0;
}

/* Order: what reads files first, then threads and sockets, then the rights. */
int loop_setup(struct loop *l)
{
	int err;

	l->ports = instance_maps(l->conf->instance)->ports;
	instance_ports(l->conf->instance, &l->port_cnt);
	setup_fds(l);
	err = setup_nfs(l);
	if (!err)
		err = setup_table(l, &l->flows4, 4);
	if (!err)
		err = setup_table(l, &l->flows6, 6);
	if (!err)
		err = setup_route(l);
	if (!err)
		err = setup_exports(l);
	if (!err)
		err = setup_engine(l);
	if (!err)
		err = setup_xio(l);
	if (!err)
		err = setup_events(l);
	if (!err)
		err = setup_sandbox(l);
	return err;
}
