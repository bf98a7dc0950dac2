/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Heap sort. glibc's qsort() asks how much memory there is, a system call that
 * the engine has given up, and rules are read there too (nfold nf set).
 */
#ifndef NFOLD_IDS_SORT_H
#define NFOLD_IDS_SORT_H

#include <stdint.h>

/* < 0: a comes first. */
typedef int (*ids_compare_fn)(const void *ctx, uint32_t a, uint32_t b);
void ids_sort(uint32_t *v, uint32_t cnt, ids_compare_fn compare,
	      const void *ctx);

#endif
