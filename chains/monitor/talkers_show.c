/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The top talkers as JSON, with how wrong they can be. */
#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "talkers.h"

struct candidate {
	const struct talker *who;
	uint64_t estimate;
};

static uint64_t load(const __u64 *n)
{
	return __atomic_load_n(n, __ATOMIC_RELAXED);
}

static uint64_t estimate_of(const struct talkers_cell *c, uint32_t key)
{
	uint64_t least = UINT64_MAX;

	for (int row = 0; row < TALKERS_ROWS; row++) {
		uint64_t n = load(&c->count[row][talkers_column(c, row, key)]);

		if (n < least)
			least = n;
	}
	return least;
}

/* Each row has all that was counted. */
static uint64_t total_of(const struct talkers_cell *c)
{
	uint64_t sum = 0;

	for (int i = 0; i < TALKERS_COLS; i++)
		sum += load(&c->count[0][i]);
	return sum;
}

static int by_estimate(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->estimate != y->estimate)
		return x->estimate < y->estimate ? 1 : -1;
	return memcmp(&x->who->id, &y->who->id, sizeof(x->who->id));
}

/* Those that are the largest of a column. Malloc-ed; NULL: none. */
static struct candidate *candidates(const struct talkers *t, size_t *cnt)
{
	size_t all = HASH_COUNT(t->all);
	struct candidate *v = calloc(all + 1, sizeof(*v));
	struct talker *who, *tmp;

	*cnt = 0;
	if (!v || !t->cell)
		return v;
	HASH_ITER(hh, t->all, who, tmp) {
		uint32_t col = talkers_column(t->cell, 0, who->key);
		const struct talkers_slot *slot = &t->cell->slot[col];

		if (!load(&slot->estimate) || slot->key != who->key)
			continue;
		v[*cnt].who = who;
		v[(*cnt)++].estimate = estimate_of(t->cell, who->key);
	}
	qsort(v, *cnt, sizeof(*v), by_estimate);
	return v;
}

static json_t *candidate_json(const struct candidate *c, const char *unit,
			      uint64_t error)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(c->who->id.family == 4 ? AF_INET : AF_INET6,
		  &c->who->id.addr, text, sizeof(text));
	return json_pack("{s:s, s:I, s:I}", "source", text, unit,
			 (json_int_t)c->estimate, "at_least",
			 (json_int_t)(c->estimate > error ?
					      c->estimate - error : 0));
}

json_t *talkers_json(const struct talkers *t, uint32_t cnt)
{
	const char *unit = t->packets ? "packets" : "bytes";
	const double epsilon = M_E / TALKERS_COLS, delta = exp(-TALKERS_ROWS);
	uint64_t total = t->cell ? total_of(t->cell) : 0;
	uint64_t error = ceil(epsilon * total);
	json_t *top = json_array();
	struct candidate *v;
	size_t n;

	v = candidates(t, &n);
	for (size_t i = 0; v && i < n && i < cnt; i++)
		json_array_append_new(top, candidate_json(&v[i], unit, error));
	free(v);
	return json_pack("{s:s, s:I, s:f, s:f, s:I, s:o}", "unit", unit,
			 "total", (json_int_t)total, "epsilon", epsilon,
			 "delta", delta, "error", (json_int_t)error, "top",
			 top);
}
