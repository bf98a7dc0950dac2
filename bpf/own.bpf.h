/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An NF's own state function, for XDP. chains/NAME/NAME.bpf.c is two lines:
 * #include its function, which user space compiles too, and
 *	NFOLD_OWN(struct name_cell, name_fn)
 * with
 *	static __always_inline int name_fn(struct name_cell *c, __u32 key,
 *					   const struct nfold_view *v);
 * struct name_cell begins with a struct nfold_cell and has a size that is a
 * multiple of 8. docs/NF-AUTHORS.md tells the rest.
 *
 * The loader makes X the function's number in the chain, so that objects of
 * several NFs can be joined, and checks map_extra, the layout version; it sets
 * that back to 0 and max_entries to what the chain takes.
 */
#ifndef NFOLD_OWN_BPF_H
#define NFOLD_OWN_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "maps/ctl.h"
#include "maps/state.h"

#define NFOLD_OWN(cell_type, fn) \
	_Static_assert(sizeof(cell_type) % 8 == 0, "cells are packed in user space"); \
	struct { \
		__uint(type, BPF_MAP_TYPE_ARRAY); \
		__uint(map_flags, BPF_F_MMAPABLE); \
		__uint(map_extra, NFOLD_ABI_VERSION); \
		__uint(max_entries, 1); \
		__type(key, __u32); \
		__type(value, cell_type); \
	} own_X SEC(".maps"); \
	__noinline int nfold_own_X(__u32 cell, __u32 key, \
				   const struct nfold_view *v) \
	{ \
		cell_type *c = bpf_map_lookup_elem(&own_X, &cell); \
		if (!c || !v) \
			return 0; \
		return nfold_own_said((struct nfold_cell *)c, fn(c, key, v)); \
	}

#endif
