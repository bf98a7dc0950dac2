/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pinning as a whole: everything goes to BPFFS/CHAIN~new/, which then takes the
 * place of BPFFS/CHAIN/. Readers see the old pins or the new ones, and a link
 * that is taken over is held by one of the two at every moment.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "instance_priv.h"
/* Needs the types above. */
#include "bpf/nfold.skel.h"

static int make_dirs(const char *path, struct instance_error *err)
{
	char p[PATH_MAX];

	snprintf(p, sizeof(p), "%s", path);
	for (char *s = p + 1; *s; s++) {
		if (*s != '/')
			continue;
		*s = '\0';
		if (mkdir(p, 0755) && errno != EEXIST)
			return instance_fail(err, -errno, "mkdir %s: %s", p,
					     strerror(errno));
		*s = '/';
	}
	if (mkdir(p, 0755) && errno != EEXIST)
		return instance_fail(err, -errno, "mkdir %s: %s", p,
				     strerror(errno));
	return 0;
}

static int pin_fd(struct instance *i, int fd, const char *chain,
		  const char *pin, struct instance_error *err)
{
	char path[PATH_MAX];
	int ret = pins_path(path, i->bpffs, chain, pin);

	if (!ret && bpf_obj_pin(fd, path))
		ret = -errno;
	if (ret)
		return instance_fail(err, ret, "pinning %s/%s/%s: %s", i->bpffs,
				     chain, pin, strerror(-ret));
	return 0;
}

static int pin_own(struct instance *i, const char *chain,
		   struct instance_error *err)
{
	int ret = 0;

	for (uint32_t n = 0; n < i->own_cnt && !ret; n++) {
		const struct bpf_map *m = instance_own_map(i, n);

		ret = pin_fd(i, bpf_map__fd(m), chain, bpf_map__name(m), err);
	}
	return ret;
}

static int pin_maps(struct instance *i, const char *chain,
		    struct instance_error *err)
{
	const struct {
		const char *pin;
		const struct bpf_map *map;
	} maps[] = {
		{ "flows4", i->skel->maps.flows4 },
		{ "flows6", i->skel->maps.flows6 },
		{ "tags4", i->skel->maps.tags4 },
		{ "tags6", i->skel->maps.tags6 },
		{ "overflow4", i->skel->maps.overflow4 },
		{ "overflow6", i->skel->maps.overflow6 },
		{ "nexthops", i->skel->maps.nexthops },
		{ "ports", i->skel->maps.ports },
		{ "stats", i->skel->maps.stats },
		{ "ctl", i->skel->maps.data_ctl },
		{ "hosts", i->skel->maps.hosts },
		{ "edits", i->skel->maps.edits },
		{ "tmpls", i->skel->maps.tmpls },
		{ "cells", i->skel->maps.cells },
		{ "steps", i->skel->maps.steps_map },
		{ "events", i->skel->maps.events },
		{ "meta", i->skel->maps.meta },
	};
	int ret;

	for (size_t n = 0; n < sizeof(maps) / sizeof(maps[0]); n++) {
		ret = pin_fd(i, bpf_map__fd(maps[n].map), chain, maps[n].pin,
			     err);
		if (ret)
			return ret;
	}
	return pin_own(i, chain, err);
}

/* Dots are not allowed in names of bpffs: a VLAN device's becomes "+". */
static void link_pin_name(char *to, size_t size, const char *port)
{
	snprintf(to, size, "link_%s", port);
	for (char *s = to; *s; s++)
		if (*s == '.')
			*s = '+';
}

static int pin_links(struct instance *i, const char *chain,
		     struct instance_error *err)
{
	char pin[32];
	int ret;

	for (uint32_t p = 0; p < i->port_cnt; p++) {
		link_pin_name(pin, sizeof(pin), i->ports[p].name);
		ret = pin_fd(i, i->link[p], chain, pin, err);
		if (ret)
			return ret;
	}
	return 0;
}

static int swap_dirs(struct instance *i, const char *new,
		     struct instance_error *err)
{
	char from[PATH_MAX], to[PATH_MAX];
	int ret;

	ret = pins_path(from, i->bpffs, new, NULL);
	if (!ret)
		ret = pins_path(to, i->bpffs, i->chain, NULL);
	if (!ret)
		ret = pins_unlink_all(i->bpffs, i->chain);
	if (!ret && rename(from, to))
		ret = -errno;
	if (ret)
		return instance_fail(err, ret, "%s/%s: %s", i->bpffs, i->chain,
				     strerror(-ret));
	return 0;
}

int instance_pin(struct instance *i, struct instance_error *err)
{
	int prog = instance_prog_fd(i);
	char path[PATH_MAX], new[CHAIN_NAME_MAX + 8];
	int ret;

	snprintf(new, sizeof(new), "%s~new", i->chain);
	if (pins_path(path, i->bpffs, new, NULL))
		return instance_fail(err, -ENAMETOOLONG, "%s: name too long",
				     i->bpffs);
	pins_unlink_all(i->bpffs, new);
	ret = make_dirs(path, err);
	if (!ret)
		ret = pin_fd(i, prog, new, "prog", err);
	if (!ret)
		ret = pin_maps(i, new, err);
	if (!ret)
		ret = pin_links(i, new, err);
	if (!ret)
		ret = swap_dirs(i, new, err);
	if (ret)
		pins_unlink_all(i->bpffs, new);
	i->pinned = !ret;
	return ret;
}

void instance_unpin(struct instance *i)
{
	if (i->pinned)
		pins_unlink_all(i->bpffs, i->chain);
	i->pinned = false;
}
