/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A five-tuple in what is told of a packet. */
#ifndef NFOLD_TUPLE_H
#define NFOLD_TUPLE_H

#include <jansson.h>
#include <linux/types.h>

/* Adds "proto" (a word, or the number as text), "src", "sport", "dst", "dport".
 * src, dst: 4 or 16 bytes, wire order, as the ports. */
void tuple_add(json_t *o, int family, __u8 l4proto, const void *src,
	       __be16 sport, const void *dst, __be16 dport);

#endif
