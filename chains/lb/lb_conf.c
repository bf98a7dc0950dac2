/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The keys of `lb { ... }`; what they mean stands in README.md. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lb.h"

static const char *const known[] = { "service", "table-size", "seed", NULL };

static int set_table_size(struct lb *lb, const struct conf_stmt *s,
			  struct conf_error *err)
{
	char hint[64];
	uint64_t size;

	if (conf_need_words(s, 2, 2, "table-size PRIME", err) ||
	    conf_uint(&s->words[1], 2, MAGLEV_SIZE_MAX, &size, err))
		return -1;
	lb->table_size = size;
	if (maglev_is_prime(size))
		return 0;
	snprintf(hint, sizeof(hint), "the next prime is %u",
		 maglev_next_prime(size));
	return conf_fail(err, &s->words[1].loc, hint,
			 "table-size must be a prime, %s is not",
			 s->words[1].text);
}

static int set_seed(struct lb *lb, const struct conf_stmt *s,
		    struct conf_error *err)
{
	uint64_t seed;

	/* The hash of vips read so far hangs on the key. */
	if (lb->vips)
		return conf_fail(err, &s->loc, "put it first",
				 "seed must stand before the services");
	if (conf_need_words(s, 2, 2, "seed NUMBER", err) ||
	    conf_uint(&s->words[1], 0, UINT64_MAX, &seed, err))
		return -1;
	lb->key = (struct siphash_key){ { seed, 0 } };
	return 0;
}

static int set_stmt(struct lb *lb, const struct conf_block *block,
		    const struct conf_stmt *s, struct conf_error *err)
{
	const char *key = s->words[0].text;

	if (!strcmp(key, "service"))
		return lb_configure_service(lb, s, err);
	if (conf_single(block, s, err))
		return -1;
	if (!strcmp(key, "table-size"))
		return set_table_size(lb, s, err);
	if (!strcmp(key, "seed"))
		return set_seed(lb, s, err);
	return conf_unknown(s, known, err);
}

static int build_tables(struct lb *lb, const struct conf_block *block,
			struct conf_error *err)
{
	for (uint32_t i = 0; i < lb->service_cnt; i++) {
		struct lb_service *svc = &lb->services[i];

		if (svc->backend_cnt > lb->table_size)
			return conf_fail(err, &block->loc,
					 "make table-size at least 100 times the number of backends",
					 "service %s has more backends than its table has slots",
					 svc->name);
		svc->table = calloc(lb->table_size, sizeof(*svc->table));
		if (!svc->table || lb_table_build(lb, svc))
			return conf_fail(err, &block->loc,
					 "lower table-size",
					 "no memory for service %s",
					 svc->name);
	}
	return 0;
}

int lb_configure(struct lb *lb, const struct conf_block *block,
		 struct conf_error *err)
{
	lb->table_size = MAGLEV_SIZE_DEFAULT;
	if (nf_random(&lb->key, sizeof(lb->key)))
		return conf_fail(err, &block->loc, NULL, "getrandom: %s",
				 strerror(errno));
	for (size_t i = 0; i < block->cnt; i++)
		if (set_stmt(lb, block, &block->stmts[i], err))
			return -1;
	if (!lb->service_cnt)
		return conf_fail(err, &block->loc,
				 "add: service NAME { vip ...; backend ...; }",
				 "lb has no service");
	return build_tables(lb, block, err);
}
