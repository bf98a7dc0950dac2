/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the table's stress test writes and its XDP reader expects: every 32-bit
 * word of an entry's set and act follows from the key's number and a counter
 * that sits in the first word of act. So a mixture of two states of an entry,
 * or of two entries, shows.
 */
#ifndef NFOLD_TABLE_STRESS_H
#define NFOLD_TABLE_STRESS_H

#include <linux/types.h>

#include "maps/flow.h"

#define STRESS_KEYS 192 /* more than the buckets hold */
#define STRESS_HOT 4
#define STRESS_BUCKETS 32
#define STRESS_OVERFLOW 128 /* slots */

struct stress_count {
	__u64 hit;
	__u64 miss;
	__u64 busy; /* met an entry being written */
	__u64 overflow; /* hits in the overflow area */
	__u64 torn; /* contents that do not belong together */
	__u64 reused; /* slot given to another key while held */
};

/* Half of the picks among a few hot keys, where reader and writer meet. */
static __always_inline __u32 stress_pick(__u32 random)
{
	return (random >> 8) % (random & 1 ? STRESS_HOT : STRESS_KEYS);
}

static __always_inline __u32 stress_word(__u32 n, __u32 counter, __u32 i)
{
	return (counter + i * 0x9e3779b9U) ^ (n * 0x85ebca6bU);
}

/* i-th word of act; the last one's upper half is padding. */
static __always_inline __u32 stress_act_word(__u32 n, __u32 counter, __u32 i)
{
	__u32 word = stress_word(n, counter, i);

	return i == 5 ? word & 0xffff : word;
}

static __always_inline struct nfold_key4 stress_key4(__u32 n)
{
	struct nfold_key4 key = {0};

	key.saddr = 0x0a000000 + n;
	key.daddr = 0xc0a80001;
	key.sport = n;
	key.zone = NFOLD_ZONE(1, 0, 0, 0);
	key.l4proto = 17;
	return key;
}

static __always_inline struct nfold_key6 stress_key6(__u32 n)
{
	struct nfold_key6 key = {0};

	key.saddr[0] = 0x20010db8;
	key.saddr[3] = n;
	key.daddr[3] = 1;
	key.sport = n;
	key.zone = NFOLD_ZONE(1, 0, 0, 0);
	key.l4proto = 17;
	return key;
}

#endif
