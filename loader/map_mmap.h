/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* mmap-able BPF arrays: sizes and mappings, for instances and for readers of
 * pins.
 */
#ifndef NFOLD_MAP_MMAP_H
#define NFOLD_MAP_MMAP_H

#include <stdbool.h>
#include <stddef.h>

struct instance_maps;

/* Bytes of the mapping of an array: elements are padded to 8. */
size_t map_mmap_size(size_t value_size, size_t cnt);
/* Maps all of a map. Its number of elements, or negative errno. */
int map_mmap(void **out, int fd, bool write);
/* Unmaps all but ctl, which is libbpf's in an instance. */
void instance_unmap(struct instance_maps *m);

#endif
