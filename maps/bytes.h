/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Loads and stores of packet fields, which are aligned to 2 bytes at best.
 * Values stay in the packet's byte order.
 *
 * In BPF: plain accesses, which the verifier allows where the machine does
 * (x86-64, arm64); clang would break a memcpy() of unknown alignment into
 * single bytes. In user space: memcpy(), which the compiler turns into one
 * access and which is defined for any alignment.
 */
#ifndef NFOLD_BYTES_H
#define NFOLD_BYTES_H

#include <linux/types.h>

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#ifdef __bpf__
typedef __u16 __attribute__((__may_alias__)) nfold_raw16;
typedef __u32 __attribute__((__may_alias__)) nfold_raw32;
typedef __u64 __attribute__((__may_alias__)) nfold_raw64;
#define NFOLD_LOAD(type, p) (*(const type *)(p))
#define NFOLD_STORE(type, p, v) (*(type *)(p) = (v))
#else
typedef __u16 nfold_raw16;
typedef __u32 nfold_raw32;
typedef __u64 nfold_raw64;
#define NFOLD_LOAD(type, p)                                    \
	({                                                     \
		type _v;                                       \
		__builtin_memcpy(&_v, (p), sizeof(_v));        \
		_v;                                            \
	})
#define NFOLD_STORE(type, p, v)                                \
	do {                                                   \
		type _v = (v);                                 \
		__builtin_memcpy((p), &_v, sizeof(_v));        \
	} while (0)
#endif

static __always_inline __u16 load16(const void *p)
{
	return NFOLD_LOAD(nfold_raw16, p);
}

static __always_inline __u32 load32(const void *p)
{
	return NFOLD_LOAD(nfold_raw32, p);
}

static __always_inline __u64 load64(const void *p)
{
	return NFOLD_LOAD(nfold_raw64, p);
}

static __always_inline void store16(void *p, __u16 v)
{
	NFOLD_STORE(nfold_raw16, p, v);
}

static __always_inline void store32(void *p, __u32 v)
{
	NFOLD_STORE(nfold_raw32, p, v);
}

static __always_inline void store64(void *p, __u64 v)
{
	NFOLD_STORE(nfold_raw64, p, v);
}

/* PAIR: two consecutive fields as one word, both in memory order. BE: constant
 * and variable byte swaps without a system header, so that BPF and user space
 * share them.
 */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NFOLD_BE16(x) ((__u16)__builtin_bswap16(x))
#define NFOLD_BE32(x) ((__u32)__builtin_bswap32(x))
#define NFOLD_PAIR16(a, b) ((__u32)(a) | (__u32)(b) << 16)
#define NFOLD_PAIR32(a, b) ((__u64)(a) | (__u64)(b) << 32)
#else
#define NFOLD_PAIR16(a, b) ((__u32)(a) << 16 | (__u32)(b))
#define NFOLD_PAIR32(a, b) ((__u64)(a) << 32 | (__u64)(b))
#define NFOLD_BE16(x) ((__u16)(x))
#define NFOLD_BE32(x) ((__u32)(x))
#endif

#endif
