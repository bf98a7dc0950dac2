/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A chain's pinned maps, mapped read-only: no daemon and no network namespace
 * is needed to look at a chain.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "instance_priv.h"
#include "map_mmap.h"

/* Bytes of an mmap-able array: elements are padded to 8. */
size_t map_mmap_size(size_t value_size, size_t cnt)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t len = (value_size + 7) / 8 * 8 * cnt;

	return (len + page - 1) / page * page;
}

int map_mmap(void **out, int fd, bool write)
{
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info);
	void *p;

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return -errno;
	p = mmap(NULL, map_mmap_size(info.value_size, info.max_entries),
		 PROT_READ | (write ? PROT_WRITE : 0), MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	*out = p;
	return info.max_entries;
}

/* value: size that this build expects of an element, at least. */
static int pin_map(void **out, const char *bpffs, const char *chain,
		   const char *pin, size_t value, struct instance_error *err)
{
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info);
	char path[PATH_MAX];
	int fd, ret;

	ret = pins_path(path, bpffs, chain, pin);
	if (ret)
		return instance_fail(err, ret, "%s: name too long", bpffs);
	/* Not BPF_F_RDONLY: the kernel maps shared only what is open for
	 * writing (do_mmap clears VM_SHARED). The mapping is read-only. */
	fd = bpf_obj_get(path);
	if (fd < 0)
		return instance_fail(err, -errno, "%s: %s", path,
				     strerror(errno));
	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		ret = -errno;
	else if (info.value_size < value)
		ret = -EPROTO;
	else
		ret = map_mmap(out, fd, false);
	close(fd);		/* the mapping holds the map */
	if (ret == -EPROTO)
		return instance_fail(err, ret, "%s: elements of %u bytes, not %zu: pinned by another version of nfold",
				     path, info.value_size, value);
	if (ret < 0)
		return instance_fail(err, ret, "%s: %s", path, strerror(-ret));
	return ret;
}

static int pins_check_meta(const struct nfold_meta *m, const char *chain,
			   struct instance_error *err)
{
	if (m->magic != NFOLD_META_MAGIC)
		return instance_fail(err, -EPROTO, "chain %s: its pins are not nfold's",
				     chain);
	if (m->abi != NFOLD_ABI_VERSION)
		return instance_fail(
			err, -EPROTO,
			"chain %s: pinned by a version of nfold with map layout %u, this one has %u. Use that version, or detach it: nfold detach %s",
			chain, m->abi, NFOLD_ABI_VERSION, chain);
	return 0;
}

int pins_open(struct instance_maps *m, const char *bpffs, const char *chain,
	      struct instance_error *err)
{
	char path[PATH_MAX];
	int ret;
	const struct {
		const char *pin;
		void **to;
		size_t value;
	} maps[] = {
		{ "ctl", (void **)&m->ctl, sizeof(struct nfold_ctl) },
		{ "ports", (void **)&m->ports, sizeof(struct nfold_port) },
		{ "nexthops", (void **)&m->nexthops, 8 },
		{ "flows4", &m->slots4, sizeof(struct nfold_slot4) },
		{ "flows6", &m->slots6, sizeof(struct nfold_slot6) },
		{ "edits", (void **)&m->edits, sizeof(struct nfold_edit) },
		{ "tmpls", (void **)&m->tmpls, sizeof(struct nfold_tmpl) },
	};

	memset(m, 0, sizeof(*m));
	m->overflow4_fd = m->overflow6_fd = -1;
	m->xskmap_fd = m->hosts_fd = m->events_fd = -1;
	ret = !chain[0] || chain[0] == '.' || strchr(chain, '/') ||
	      pins_path(path, bpffs, chain, "meta");
	if (!ret && access(path, F_OK) && errno == EACCES)
		return instance_fail(err, -EACCES, "%s: %s", path,
				     strerror(EACCES));
	if (ret || access(path, F_OK))
		return instance_fail(
			err, -ENOENT,
			"no chain %s below %s. See: nfold chain list", chain,
			bpffs);
	ret = pin_map((void **)&m->meta, bpffs, chain, "meta",
		      sizeof(struct nfold_meta), err);
	if (ret < 0)
		return ret;
	ret = pins_check_meta(m->meta, chain, err);
	if (ret)
		goto err_close;
	ret = pin_map((void **)&m->stats, bpffs, chain, "stats",
		      sizeof(struct nfold_stats), err);
	if (ret < 0)
		goto err_close;
	m->stats_rows = ret;
	for (size_t n = 0; n < sizeof(maps) / sizeof(maps[0]); n++) {
		ret = pin_map(maps[n].to, bpffs, chain, maps[n].pin,
			      maps[n].value, err);
		if (ret < 0)
			goto err_close;
		if (maps[n].to == (void **)&m->edits)
			m->edit_cnt = ret;
	}
	return 0;

err_close:
	pins_close(m);
	return ret;
}

void instance_unmap(struct instance_maps *m)
{
	const struct nfold_meta *meta = m->meta;

	if (m->slots4)
		munmap(m->slots4, map_mmap_size(sizeof(struct nfold_slot4),
						meta->slots4));
	if (m->slots6)
		munmap(m->slots6, map_mmap_size(sizeof(struct nfold_slot6),
						meta->slots6));
	if (m->tags4)
		munmap(m->tags4, map_mmap_size(8, meta->config.nbuckets4));
	if (m->tags6)
		munmap(m->tags6, map_mmap_size(8, meta->config.nbuckets6));
	if (m->cells)
		munmap(m->cells, map_mmap_size(sizeof(struct nfold_cell),
					       meta->config.cells));
	if (m->steps)
		munmap(m->steps, map_mmap_size(sizeof(struct nfold_steps),
					       meta->config.steps));
	for (int n = 0; n < NFOLD_OWN_MAX; n++)
		if (m->own[n].cells)
			munmap(m->own[n].cells,
			       map_mmap_size(m->own[n].own->cell_size,
					     m->own[n].cnt));
	if (m->edits)
		munmap(m->edits, map_mmap_size(sizeof(struct nfold_edit),
					       m->edit_cnt));
	if (m->tmpls)
		munmap(m->tmpls, map_mmap_size(sizeof(struct nfold_tmpl),
					       NFOLD_TMPL_CNT));
	if (m->stats)
		munmap(m->stats, map_mmap_size(sizeof(struct nfold_stats),
					       m->stats_rows));
	if (m->ports)
		munmap(m->ports, map_mmap_size(sizeof(struct nfold_port),
					       NFOLD_PORT_MAX));
	if (m->nexthops)
		munmap(m->nexthops, map_mmap_size(8, NFOLD_NEXTHOP_MAX));
	if (m->meta)
		munmap(m->meta, map_mmap_size(sizeof(struct nfold_meta), 1));
}

void pins_close(struct instance_maps *m)
{
	if (m->ctl)
		munmap(m->ctl, map_mmap_size(sizeof(struct nfold_ctl), 1));
	instance_unmap(m);
	memset(m, 0, sizeof(*m));
}
