// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "flow_hash.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sys/random.h>

#include "../maps/hash.h"

static __u64 seeds[NFOLD_KEY6_WORDS + 1];

static void seed_once(void)
{
	if (seeds[0])
		return;
	if (getrandom(seeds, sizeof(seeds), 0) != sizeof(seeds))
		abort();
	seeds[0] |= 1;
}

unsigned int flow_hash(const void *key, size_t len)
{
	uint32_t words[NFOLD_KEY6_WORDS];

	if (len != sizeof(words))
		abort();
	seed_once();
	memcpy(words, key, sizeof(words));
	return nfold_hash(words, NFOLD_KEY6_WORDS, seeds);
}
