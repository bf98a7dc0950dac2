/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* uthash with a hash that senders can not aim at: keys come from the wire.
 * Seeds are drawn once per process.
 */
#ifndef NFOLD_FLOW_HASH_H
#define NFOLD_FLOW_HASH_H

#include <stddef.h>

unsigned int flow_hash(const void *key, size_t len);

#define HASH_FUNCTION(keyptr, keylen, hashv) \
	((hashv) = flow_hash(keyptr, keylen))
#include <uthash.h>

#endif
