/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An instance's maps: sizes and constants before load, contents before attach.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "instance_priv.h"
#include "map_mmap.h"
#include "state_size.h"
#include "tunnels.h"
/* Needs the types above. */
#include "bpf/nfold.skel.h"

/* The arrays of flow slots, a tag index an element a bucket; the overflow map holds one key for each slot of
 * the overflow area. */
static int size_table(int family, struct bpf_map *slots,
		      struct bpf_map *tags, struct bpf_map *overflow, uint32_t flows,
		      uint32_t *nbuckets)
{
	uint32_t slot_cnt, over;
	int ret;

	flow_table_size(family, flows, nbuckets, &slot_cnt);
	over = slot_cnt - *nbuckets * NFOLD_BUCKET_SLOTS;
	ret = bpf_map__set_max_entries(slots, slot_cnt);
	if (!ret)
		ret = bpf_map__set_max_entries(tags, *nbuckets);
	if (!ret)
		ret = bpf_map__set_max_entries(overflow, over ? over : 1);
	return ret;
}

static int random_seeds(__u64 *seed)
{
	size_t len = NFOLD_HASH_SEEDS * sizeof(*seed);

	return getrandom(seed, len, 0) == (ssize_t)len ? 0 : -EIO;
}

/* None, if no NF has a state function of the kernel tier: then the program has no
 * code for them. */
static int size_state(struct instance *i, const struct chain *c,
		      struct nfold_config *config)
{
	struct state_size size;
	int ret;

	state_size(c, &size);
	if (!size.steps)
		return 0;
	if (size.wanted > size.cells)
		instance_add_note(i, "cells of state functions: %u, %llu MiB, of the %llu that table-size %u may take: flows beyond stay slow, cells-full",
				  size.cells,
				  (unsigned long long)(STATE_CELL_MEMORY >> 20),
				  (unsigned long long)size.wanted,
				  c->table_size);
	config->cells = size.cells;
	config->count_cells = size.count_cells;
	config->steps = size.steps;
	config->own_time = c->own_time;
	ret = bpf_map__set_max_entries(i->skel->maps.cells, config->cells);
	if (!ret)
		ret = bpf_map__set_max_entries(i->skel->maps.steps_map,
					       config->steps);
	if (!ret)
		ret = instance_own_size(i);
	return ret;
}

static bool nf_edits(const struct chain_nf *nf)
{
	return nf->ops->edits ||
	       (nf->ops->edits_of && nf->ops->edits_of(nf->block));
}

/* Is there an NF that edits more than addresses, ports and TTL? */
static bool chain_edits(const struct chain *c)
{
	for (uint32_t n = 0; n < c->nf_cnt; n++)
		if (nf_edits(&c->nfs[n]))
			return true;
	return false;
}

static void config_ports(const struct instance *i, struct nfold_config *c)
{
	c->port_cnt = i->port_cnt;
	for (uint32_t p = 0; p < i->port_cnt; p++) {
		c->ifindex[p] = i->ports[p].ifindex;
		c->generic |= i->ports[p].generic;
	}
}

int instance_configure(struct instance *i, const struct chain *c,
		       struct instance_error *err)
{
	struct nfold_config *config = (void *)&i->skel->rodata->config;
	int cpus = libbpf_num_possible_cpus();
	int ret;

	if (cpus < 1)
		return instance_fail(err, -EIO, "number of CPUs is unknown");
	memset(config, 0, sizeof(*config));
	ret = random_seeds(config->seed);
	if (!ret)
		ret = size_table(4, i->skel->maps.flows4,
				 i->skel->maps.tags4, i->skel->maps.overflow4, c->table_size,
				 &config->nbuckets4);
	if (!ret)
		ret = size_table(6, i->skel->maps.flows6,
				 i->skel->maps.tags6, i->skel->maps.overflow6, c->table_size,
				 &config->nbuckets6);
	if (!ret)
		ret = size_state(i, c, config);
	if (!ret)
		ret = bpf_map__set_max_entries(i->skel->maps.stats, cpus + 1);
	if (!ret && chain_edits(c))
		ret = bpf_map__set_max_entries(i->skel->maps.edits,
					       2 * c->table_size);
	if (ret)
		return instance_fail(err, ret, "sizing the maps: %s",
				     strerror(-ret));
	ret = tunnels_collect(&config->tunnels, c, err);
	if (ret)
		return ret;
	config_ports(i, config);
	config->router = !c->wire;
	config->linear = !i->frags;
	config->edits = chain_edits(c);
	config->onmiss_pass = c->onmiss_pass;
	config->unhandled_pass = c->unhandled_pass;
#ifdef __aarch64__
	config->weak_memory = 1;
#endif
	return 0;
}

static int map_one(void **to, const struct bpf_map *map,
		   struct instance_error *err)
{
	int ret = map_mmap(to, bpf_map__fd(map), true);

	if (ret < 0)
		return instance_fail(err, ret, "mapping map %s: %s",
				     bpf_map__name(map), strerror(-ret));
	return ret;
}

static int map_state(struct instance *i, struct instance_error *err)
{
	int ret = map_one((void **)&i->maps.cells, i->skel->maps.cells, err);

	if (ret >= 0)
		ret = map_one((void **)&i->maps.steps, i->skel->maps.steps_map,
			      err);
	return ret < 0 ? ret : instance_own_mmap(i, err);
}

int instance_map_all(struct instance *i, struct instance_error *err)
{
	struct instance_maps *m = &i->maps;
	const struct {
		const struct bpf_map *map;
		void **to;
	} maps[] = {
		/* meta first: instance_unmap() reads sizes there */
		{ i->skel->maps.meta, (void **)&m->meta },
		{ i->skel->maps.ports, (void **)&m->ports },
		{ i->skel->maps.nexthops, (void **)&m->nexthops },
		{ i->skel->maps.stats, (void **)&m->stats },
		{ i->skel->maps.flows4, &m->slots4 },
		{ i->skel->maps.flows6, &m->slots6 },
		{ i->skel->maps.tags4, (void **)&m->tags4 },
		{ i->skel->maps.tags6, (void **)&m->tags6 },
		{ i->skel->maps.edits, (void **)&m->edits },
		{ i->skel->maps.tmpls, (void **)&m->tmpls },
	};
	int ret;

	for (size_t n = 0; n < sizeof(maps) / sizeof(maps[0]); n++) {
		ret = map_one(maps[n].to, maps[n].map, err);
		if (ret < 0)
			return ret;
		if (maps[n].to == (void **)&m->stats)
			m->stats_rows = ret;
		else if (maps[n].to == (void **)&m->edits)
			m->edit_cnt = ret;
		else if (maps[n].to == &m->slots4)
			m->meta->slots4 = ret;
		else if (maps[n].to == &m->slots6)
			m->meta->slots6 = ret;
	}
	if (i->skel->rodata->config.steps) {
		ret = map_state(i, err);
		if (ret)
			return ret;
	}
	m->ctl = &i->skel->data_ctl->ctl;
	m->events_fd = bpf_map__fd(i->skel->maps.events);
	m->overflow4_fd = bpf_map__fd(i->skel->maps.overflow4);
	m->overflow6_fd = bpf_map__fd(i->skel->maps.overflow6);
	m->xskmap_fd = bpf_map__fd(i->skel->maps.xsks);
	m->hosts_fd = bpf_map__fd(i->skel->maps.hosts);
	return 0;
}

void instance_unmap_all(struct instance *i)
{
	if (i->maps.meta)
		instance_unmap(&i->maps);
	memset(&i->maps, 0, sizeof(i->maps));
}

/* Wire mode: next hop 1 + i leaves by port i, addresses unchanged. */
static void fill_ports(struct instance *i)
{
	for (uint32_t p = 0; p < i->port_cnt; p++) {
		struct nfold_port *port = &i->maps.ports[p];

		port->ifindex = i->ports[p].ifindex;
		port->mtu = i->ports[p].mtu;
		port->queues = i->ports[p].queues;
		port->wire_peer = i->wire && i->port_cnt == 2 ? 1 - p : p;
		port->flags = NFOLD_PORT_UP;
		if (i->ports[p].generic)
			port->flags |= NFOLD_PORT_GENERIC;
		if (i->ports[p].outside)
			port->flags |= NFOLD_PORT_OUTSIDE;
		memcpy(port->mac, i->ports[p].mac, sizeof(port->mac));
		memcpy(port->name, i->ports[p].name, sizeof(port->name));
		if (i->wire)
			i->maps.nexthops[1 + p].port = p + 1;
	}
}

static int fill_devmap(struct instance *i, struct instance_error *err)
{
	int fd = bpf_map__fd(i->skel->maps.tx_ports);

	for (uint32_t p = 0; p < i->port_cnt; p++)
		if (bpf_map_update_elem(fd, &p, &i->ports[p].ifindex, 0))
			return instance_fail(err, -errno, "port %s: devmap: %s",
					     i->ports[p].name, strerror(errno));
	return 0;
}

static int fill_meta(struct instance *i, const struct chain *c,
		     struct instance_error *err)
{
	struct nfold_meta *m = i->maps.meta;
	char *text = chain_print(c);
	size_t len = text ? strlen(text) : 0;
	struct timespec ts;

	if (!text)
		return instance_fail(err, -ENOMEM, "out of memory");
	if (len < sizeof(m->text))
		strcpy(m->text, text);
	free(text);
	if (len >= sizeof(m->text))
		return instance_fail(
			err, -E2BIG,
			"chain %s: %zu bytes in canonical form, more than %zu. Split it, or write prefixes instead of lists",
			c->name, len, sizeof(m->text) - 1);
	clock_gettime(CLOCK_REALTIME, &ts);
	m->attached_ns = (__u64)ts.tv_sec * NF_SEC + ts.tv_nsec;
	m->abi = NFOLD_ABI_VERSION;
	m->port_cnt = i->port_cnt;
	m->frags = i->frags;
	memcpy(m->chain, c->name, sizeof(m->chain));
	for (m->nf_cnt = 0; m->nf_cnt < c->nf_cnt; m->nf_cnt++)
		strncpy(m->nf[m->nf_cnt], c->nfs[m->nf_cnt].ops->name,
			sizeof(m->nf[0]) - 1);
	memcpy(&m->config, (void *)&i->skel->rodata->config, sizeof(m->config));
	m->magic = NFOLD_META_MAGIC;
	return 0;
}

int instance_fill(struct instance *i, const struct chain *c,
		  struct instance_error *err)
{
	int ret;

	fill_ports(i);
	ret = fill_devmap(i, err);
	if (ret)
		return ret;
	ret = fill_meta(i, c, err);
	if (ret)
		return ret;
	ret = instance_hosts_refresh(i);
	if (ret)
		return instance_fail(err, ret, "the host's addresses: %s",
				     strerror(-ret));
	i->maps.ctl->generation = 1;
	return 0;
}
