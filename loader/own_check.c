/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is looked at in an NF's object before it is joined, so that a wrong one
 * is named and told what is wrong with it.
 */
#include <elf.h>
#include <errno.h>
#include <string.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "instance_priv.h"
#include "load_log.h"
#include "own_join.h"

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OWN_DATA ELFDATA2LSB
#define OWN_ORDER "little"
#else
#define OWN_DATA ELFDATA2MSB
#define OWN_ORDER "big"
#endif

static int check_elf(const struct own_cells *o, const void *bytes, size_t size,
		     struct instance_error *err)
{
	const Elf64_Ehdr *h = bytes;

	if (!bytes || !size)
		return instance_fail(
			err, -ENOENT,
			"NF %s: the object of its own function is missing in this build. Build nfold anew: make",
			o->nf);
	if (size < sizeof(*h) || memcmp(h->e_ident, ELFMAG, SELFMAG) ||
	    h->e_ident[EI_CLASS] != ELFCLASS64)
		return instance_fail(err, -ENOEXEC,
				     "NF %s: the object of its own function is no BPF object. Build it with clang -target bpf",
				     o->nf);
	if (h->e_ident[EI_DATA] != OWN_DATA)
		return instance_fail(
			err, -ENOEXEC,
			"NF %s: the object of its own function is for machines of the other byte order; this kernel is %s-endian. Build it with clang -target bpf on this machine",
			o->nf, OWN_ORDER);
	return 0;
}

static int check_function(const struct own_cells *o,
			  const struct bpf_object *obj,
			  struct instance_error *err)
{
	const struct btf *btf = bpf_object__btf(obj);
	struct bpf_program *p;

	bpf_object__for_each_program(p, obj)
		if (strcmp(bpf_program__section_name(p), ".text"))
			return instance_fail(
				err, -EINVAL,
				"NF %s: its object holds a program, '%s' in section %s: only its own function can be joined. Take it out",
				o->nf, bpf_program__name(p),
				bpf_program__section_name(p));
	if (btf && btf__find_by_name_kind(btf, OWN_FUNCTION, BTF_KIND_FUNC) > 0)
		return 0;
	return instance_fail(
		err, -ENOENT,
		"NF %s: its object has no own function (with BTF). Build its .bpf.c with NFOLD_OWN() in it, and clang -g",
		o->nf);
}

static int check_cells(const struct own_cells *o, const struct bpf_map *m,
		       struct instance_error *err)
{
	if (bpf_map__map_extra(m) != NFOLD_ABI_VERSION)
		return instance_fail(
			err, -EPROTO,
			"NF %s: its object was built for map layout %llu, this nfold has %d. Build it anew with this nfold's headers",
			o->nf, (unsigned long long)bpf_map__map_extra(m),
			NFOLD_ABI_VERSION);
	if (bpf_map__type(m) != BPF_MAP_TYPE_ARRAY ||
	    bpf_map__map_flags(m) != BPF_F_MMAPABLE)
		return instance_fail(
			err, -EINVAL,
			"NF %s: map %s is not an mmap-able array. Define it by NFOLD_OWN()",
			o->nf, OWN_CELLS);
	if (bpf_map__value_size(m) != o->own->cell_size ||
	    o->own->cell_size % 8 ||
	    o->own->cell_size < sizeof(struct nfold_cell))
		return instance_fail(
			err, -EPROTO,
			"NF %s: a cell has %u bytes in its object, and %zu in user space: not the same structure that begins with a struct nfold_cell, in a multiple of 8 bytes. Build both from one header",
			o->nf, bpf_map__value_size(m), o->own->cell_size);
	return 0;
}

static int check_maps(const struct own_cells *o, const struct bpf_object *obj,
		      struct instance_error *err)
{
	const struct bpf_map *m, *cells = NULL;

	bpf_object__for_each_map(m, obj) {
		const char *name = bpf_map__name(m);

		if (!strcmp(name, OWN_CELLS)) {
			cells = m;
			continue;
		}
		if (bpf_map__is_internal(m) && strstr(name, ".rodata"))
			continue;
		return instance_fail(
			err, -EINVAL,
			"NF %s: map '%s' of its object is not allowed: what an own function keeps is in its cells, which user space sees too. Put it there",
			o->nf, name);
	}
	if (!cells)
		return instance_fail(err, -ENOENT,
				     "NF %s: its object has no cells. Build its .bpf.c with NFOLD_OWN() in it",
				     o->nf);
	return check_cells(o, cells, err);
}

int own_check(const struct own_cells *own, struct instance_error *err)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "own");
	struct bpf_object *obj;
	const void *bytes;
	size_t size = 0;
	int ret;

	bytes = own->own->object ? own->own->object(&size) : NULL;
	ret = check_elf(own, bytes, size, err);
	if (ret)
		return ret;
	load_log_begin();
	obj = bpf_object__open_mem(bytes, size, &opts);
	ret = obj ? 0 : -errno;
	load_log_end();
	if (ret)
		return instance_fail(err, ret,
				     "NF %s: the object of its own function can not be read: %s. Build it anew: make",
				     own->nf, strerror(-ret));
	ret = check_function(own, obj, err);
	if (!ret)
		ret = check_maps(own, obj, err);
	bpf_object__close(obj);
	return ret;
}
