/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cell_map.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static void mask(struct nf_addr *a, unsigned int len)
{
	uint8_t *b = (uint8_t *)a->a;

	for (unsigned int i = 0; i < sizeof(*a); i++, len -= len < 8 ? len : 8)
		if (len < 8)
			b[i] &= 0xff00 >> len;
}

static struct cell_ref *ref_new(struct cell_map *m, const struct cell_key *key)
{
	struct cell_ref *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->key = *key;
	r->refs = 1;
	r->cell = nf_cell_new(m->nf);
	if (r->cell)
		return r;
	free(r);
	return NULL;
}

struct cell_ref *cell_map_get(struct cell_map *m, int family,
			      const struct nf_addr *addr, unsigned int len,
			      bool reply, bool *made)
{
	struct cell_key key = { .addr = *addr, .family = family,
				.reply = reply };
	struct cell_ref *r;

	mask(&key.addr, len);
	HASH_FIND(hh, m->all, &key, sizeof(key), r);
	*made = !r;
	if (r) {
		r->refs++;
		return r;
	}
	r = ref_new(m, &key);
	if (r)
		HASH_ADD(hh, m->all, key, sizeof(r->key), r);
	return r;
}

struct cell_ref *cell_map_own(struct cell_map *m)
{
	return ref_new(m, &(struct cell_key){ 0 });
}

static void ref_free(struct cell_map *m, struct cell_ref *r)
{
	m->fires += r->cell->fires;
	nf_cell_free(m->nf, r->cell);
	free(r);
}

void cell_map_put(struct cell_map *m, struct cell_ref *r, uint64_t now)
{
	if (--r->refs)
		return;
	r->idle_ns = now;
	if (!r->key.family)
		ref_free(m, r);
}

static void free_unused(struct cell_map *m, struct cell_ref *r)
{
	HASH_DEL(m->all, r);
	ref_free(m, r);
}

void cell_map_age(struct cell_map *m, uint64_t now)
{
	struct cell_ref *r, *next;

	HASH_ITER(hh, m->all, r, next)
		if (!r->refs && now - r->idle_ns >= m->keep_ns)
			free_unused(m, r);
}

void cell_map_free(struct cell_map *m)
{
	struct cell_ref *r, *next;

	HASH_ITER(hh, m->all, r, next) {
		HASH_DEL(m->all, r);
		free(r);
	}
}

static int by_key(const struct cell_ref *a, const struct cell_ref *b)
{
	return memcmp(&a->key, &b->key, sizeof(a->key));
}

json_t *cell_map_dump(struct cell_map *m)
{
	json_t *list = json_array();
	char text[INET6_ADDRSTRLEN];
	struct cell_ref *r, *next;

	HASH_SRT(hh, m->all, by_key);
	HASH_ITER(hh, m->all, r, next) {
		inet_ntop(r->key.family == 4 ? AF_INET : AF_INET6,
			  r->key.addr.a, text, sizeof(text));
		json_array_append_new(
			list,
			json_pack("{s:s, s:b, s:I, s:I, s:i}", "address", text,
				  "reply", r->key.reply, "word",
				  (json_int_t)r->cell->word, "fires",
				  (json_int_t)r->cell->fires, "sessions",
				  (int)r->refs));
	}
	return list;
}
