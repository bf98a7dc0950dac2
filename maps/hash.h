/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The flow table's hash, for both sides: multilinear hashing with secret random
 * 64-bit seeds, strongly universal on 32-bit words (Lemire and Kaser, "Strongly
 * universal string hashing is fast", 2014): for keys chosen without knowing the
 * seeds, two collide with probability 2^-32, so nobody can aim at a bucket.
 * Needs no wide multiply, which BPF does not have; the products are
 * independent of each other.
 */
#ifndef NFOLD_HASH_H
#define NFOLD_HASH_H

#include <linux/types.h>

#include "ctl.h"
#include "flow.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

/* A key's fields, some of them 16 bits wide, seen as words. */
typedef __u32 __attribute__((__may_alias__)) nfold_word;

/* Multilinear hashing keeps an arithmetic progression of keys (the ports of one
 * client, the addresses of a subnet) a progression, and about one seed in a
 * hundred lays it on few buckets: a tenth of such flows then overflowed. A
 * bijection, so that the universality stays, which is not linear. The constant
 * is from MurmurHash3's finalizer (A. Appleby). */
static __always_inline __u32 nfold_hash_mix(__u32 hash)
{
	hash ^= hash >> 16;
	return hash * 0x85ebca6bU;
}

/* words: a power-of-two free constant, unrolled. seed: words + 1 values. */
static __always_inline __u32 nfold_hash(const nfold_word *key, int words,
					const volatile __u64 *seed)
{
	__u64 sum = seed[0];

#pragma GCC unroll 16
	for (int i = 0; i < words; i++)
		sum += seed[i + 1] * key[i];
	return nfold_hash_mix(sum >> 32);
}

/* First hash: the first bucket and the tag. Second hash: the second bucket. */
static __always_inline __u32 nfold_hash1(const void *key, int words,
					 const volatile __u64 *seed)
{
	return nfold_hash(key, words, seed);
}

static __always_inline __u32 nfold_hash2(const void *key, int words,
					 const volatile __u64 *seed)
{
	return nfold_hash(key, words, seed + NFOLD_KEY6_WORDS + 1);
}

/* Bucket of a hash among n (Lemire's range reduction: n need not be a power of
 * two). Uses the high bits; the low ones are the tag. */
static __always_inline __u32 nfold_bucket(__u32 hash, __u32 n)
{
	return ((__u64)hash * n) >> 32;
}

#endif
