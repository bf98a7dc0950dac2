/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The paper's section 3.4: each member has a permutation of all slots, made of
 * two hashes of its name,
 *	offset = h1(name) mod M, skip = h2(name) mod (M - 1) + 1,
 *	permutation[j] = (offset + j * skip) mod M;
 * members take turns, each taking the first slot of its permutation that is
 * still free, until the table is full.
 *
 * Weights: a member takes its turn in weight / (largest weight) of the rounds,
 * spread evenly, by an accumulator. With equal weights that is the paper's
 * algorithm. Turns go in the order of names, so that the order in which members
 * are given does not matter.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../siphash.h"
#include "maglev.h"

struct turn {
	const char *name;
	uint32_t index;		/* in the caller's order */
	uint32_t weight;
	uint32_t skip;
	uint32_t next;		/* slot it would like next */
	uint64_t credit;	/* below the largest weight between rounds */
};

/* Keys of h1 and h2: fixed, so that all machines agree. */
static const struct siphash_key key_offset = { { 0x6e666f6c64, 1 } };
static const struct siphash_key key_skip = { { 0x6e666f6c64, 2 } };

static int turn_compare(const void *a, const void *b)
{
	return strcmp(((const struct turn *)a)->name,
		      ((const struct turn *)b)->name);
}

static uint32_t turns_init(struct turn *turns, uint32_t size,
			   const struct maglev_member *members, uint32_t cnt)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < cnt; i++) {
		const char *name = members[i].name;
		size_t len = strlen(name);

		if (!members[i].weight)
			continue;
		turns[n++] = (struct turn){
			.name = name,
			.index = i,
			.weight = members[i].weight,
			.next = siphash(name, len, &key_offset) % size,
			.skip = siphash(name, len, &key_skip) % (size - 1) + 1,
		};
	}
	qsort(turns, n, sizeof(*turns), turn_compare);
	return n;
}

/* Ends: size is prime, so the permutation meets every slot. */
static void take_slot(struct turn *t, uint16_t *table, uint32_t size)
{
	while (table[t->next] != MAGLEV_NONE)
		t->next = (t->next + t->skip) % size;
	table[t->next] = t->index;
}

static void take_turns(struct turn *turns, uint32_t n, uint16_t *table,
		       uint32_t size)
{
	uint32_t left = size, most = 0;

	for (uint32_t i = 0; i < n; i++)
		if (turns[i].weight > most)
			most = turns[i].weight;
	for (uint32_t i = 0; left; i = (i + 1) % n) {
		turns[i].credit += turns[i].weight;
		if (turns[i].credit < most)
			continue;
		turns[i].credit -= most;
		take_slot(&turns[i], table, size);
		left--;
	}
}

int maglev_fill(uint16_t *table, uint32_t size,
		const struct maglev_member *members, uint32_t cnt)
{
	struct turn *turns = calloc(cnt + 1, sizeof(*turns));
	uint32_t n;

	if (!turns)
		return -ENOMEM;
	for (uint32_t i = 0; i < size; i++)
		table[i] = MAGLEV_NONE;
	n = turns_init(turns, size, members, cnt);
	if (n)
		take_turns(turns, n, table, size);
	free(turns);
	return 0;
}

bool maglev_is_prime(uint32_t n)
{
	if (n < 4)
		return n >= 2;
	if (n % 2 == 0)
		return false;
	for (uint32_t d = 3; d <= n / d; d += 2)
		if (n % d == 0)
			return false;
	return true;
}

uint32_t maglev_next_prime(uint32_t n)
{
	while (!maglev_is_prime(n))
		n++;
	return n;
}
