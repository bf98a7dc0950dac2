/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Random numbers of the equivalence test: the same seed and chain draw the same. */
#ifndef NFOLD_EQ_DRAW_H
#define NFOLD_EQ_DRAW_H

#include <stdint.h>
#include <stdlib.h>

static uint64_t rng;

static uint32_t pick(uint32_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (rng >> 16) % n;
}

static inline void draw_start(uint64_t seed, uint64_t chain)
{
	rng = seed * 1000003 + chain + 1;
	for (int warm = 0; warm < 16; warm++)
		pick(2);
}

static inline uint64_t env(const char *name, uint64_t otherwise)
{
	const char *v = getenv(name);

	return v ? strtoull(v, NULL, 0) : otherwise;
}

#endif
