/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The program of a chain whose NFs have state functions of their own: the object
 * bpf/nfold_own.bpf.c joined with theirs by libbpf's static linker. Only the
 * loader, before it opens the object.
 */
#ifndef NFOLD_OWN_JOIN_H
#define NFOLD_OWN_JOIN_H

#include <stddef.h>

#include "../chains/own.h"

struct instance_error;

/* own: NULL or cnt entries of the chain's plan. *out: the joined object, malloc-ed.
 * 0, or negative errno with err filled: which NF's object, what is wrong with it. */
int own_join(void **out, size_t *size, const struct own_cells *own, int cnt,
	     struct instance_error *err);
/* own_check.c: is the NF's object what the loader can join? 0, or negative errno
 * with err filled. */
int own_check(const struct own_cells *own, struct instance_error *err);

/* What NFOLD_OWN() names: its last letter becomes the function's number. */
#define OWN_FUNCTION "nfold_own_X"
#define OWN_CELLS "own_X"

#endif
