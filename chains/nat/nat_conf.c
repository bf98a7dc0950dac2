/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The keys of `nat { ... }`; what they mean stands in README.md. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nat.h"

static const char *const known[] = {
	"source", "pool", "ports", "parity", "seed", NULL,
};

static int add_source(struct nat *nat, const struct conf_word *w,
		      struct conf_error *err)
{
	struct nat_prefix *p = &nat->sources[nat->source_cnt];
	struct nf_addr addr;
	unsigned int len;
	int family;

	if (conf_prefix(w, &family, &addr, &len, err))
		return -1;
	if (family != 4)
		return conf_fail(err, &w->loc,
				 "leave it out: IPv6 flows pass unchanged",
				 "nat translates IPv4 only, %s is IPv6",
				 w->text);
	if (nat->source_cnt == NAT_PREFIX_MAX)
		return conf_fail(err, &w->loc, "use wider prefixes",
				 "more than %d source prefixes",
				 NAT_PREFIX_MAX);
	p->mask = len ? htonl(UINT32_MAX << (32 - len)) : 0;
	p->addr = addr.a[0] & p->mask;
	nat->source_cnt++;
	return 0;
}

static int add_pool_addr(struct nat *nat, __be32 addr,
			 const struct conf_word *w, struct conf_error *err)
{
	char text[INET_ADDRSTRLEN];
	struct nat_ext *pool;

	inet_ntop(AF_INET, &addr, text, sizeof(text));
	if (nat_pool_has(nat, addr, NULL))
		return conf_fail(err, &w->loc, "name each address once",
				 "%s is in the pool already", text);
	pool = realloc(nat->pool, (nat->pool_cnt + 1) * sizeof(*pool));
	if (!pool)
		return conf_fail(err, &w->loc, NULL, "no memory for the pool");
	nat->pool = pool;
	memset(&pool[nat->pool_cnt], 0, sizeof(*pool));
	pool[nat->pool_cnt++].addr = addr;
	return 0;
}

/* Addresses that can not be a host's source address. */
static bool addr_is_unusable(uint32_t addr)
{
	return addr >> 24 == 0 || addr >> 24 == 127 || addr >> 28 >= 14;
}

static int add_pool(struct nat *nat, const struct conf_word *w,
		    struct conf_error *err)
{
	struct nf_addr first, last;
	uint32_t from, to;
	int family;

	if (conf_range(w, &family, &first, &last, err))
		return -1;
	if (family != 4)
		return conf_fail(err, &w->loc, "write IPv4 addresses",
				 "nat translates IPv4 only, %s is IPv6",
				 w->text);
	from = ntohl(first.a[0]);
	to = ntohl(last.a[0]);
	if (to - from >= NAT_POOL_MAX - nat->pool_cnt)
		return conf_fail(err, &w->loc, "shorten the range",
				 "the pool has more than %d addresses",
				 NAT_POOL_MAX);
	if (addr_is_unusable(from) || addr_is_unusable(to))
		return conf_fail(err, &w->loc, "write unicast addresses",
				 "%s can not be a source address", w->text);
	for (uint32_t i = 0; i <= to - from; i++)
		if (add_pool_addr(nat, htonl(from + i), w, err))
			return -1;
	return 0;
}

static int set_ports(struct nat *nat, const struct conf_stmt *s,
		     struct conf_error *err)
{
	if (conf_need_words(s, 2, 2, "ports FIRST-LAST", err))
		return -1;
	return conf_port_range(&s->words[1], &nat->first, &nat->last, err);
}

static int set_parity(struct nat *nat, const struct conf_stmt *s,
		      struct conf_error *err)
{
	if (conf_need_words(s, 2, 2, "parity on|off", err))
		return -1;
	nat->parity = !strcmp(s->words[1].text, "on");
	if (!nat->parity && strcmp(s->words[1].text, "off"))
		return conf_fail(err, &s->words[1].loc, "write on or off",
				 "parity is on or off, not %s",
				 s->words[1].text);
	return 0;
}

static int set_seed(struct nat *nat, const struct conf_stmt *s,
		    struct conf_error *err)
{
	uint64_t seed;

	if (conf_need_words(s, 2, 2, "seed NUMBER", err) ||
	    conf_uint(&s->words[1], 0, UINT64_MAX, &seed, err))
		return -1;
	nat->key = (struct siphash_key){ { seed, 0 } };
	return 0;
}

static int each_word(struct nat *nat, const struct conf_stmt *s,
		     const char *usage,
		     int (*add)(struct nat *, const struct conf_word *,
				struct conf_error *),
		     struct conf_error *err)
{
	if (conf_need_words(s, 2, SIZE_MAX, usage, err))
		return -1;
	for (size_t i = 1; i < s->word_cnt; i++)
		if (add(nat, &s->words[i], err))
			return -1;
	return 0;
}

static int set_stmt(struct nat *nat, const struct conf_stmt *s,
		    struct conf_error *err)
{
	const char *key = s->words[0].text;

	if (s->block)
		return conf_fail(err, &s->block->loc, "end it with ;",
				 "%s takes no block", key);
	if (!strcmp(key, "source"))
		return each_word(nat, s, "source PREFIX", add_source, err);
	if (!strcmp(key, "pool"))
		return each_word(nat, s, "pool ADDRESS[-ADDRESS]", add_pool,
				 err);
	if (!strcmp(key, "ports"))
		return set_ports(nat, s, err);
	if (!strcmp(key, "parity"))
		return set_parity(nat, s, err);
	if (!strcmp(key, "seed"))
		return set_seed(nat, s, err);
	return conf_unknown(s, known, err);
}

/* ports, parity and seed hold one value: a second statement is a mistake. */
static int check_once(const struct conf_block *block, const struct conf_stmt *s,
		      struct conf_error *err)
{
	const char *key = s->words[0].text;

	if (!strcmp(key, "source") || !strcmp(key, "pool") ||
	    conf_find(block, key) == s)
		return 0;
	return conf_fail(err, &s->loc, "remove one of them",
			 "%s is given twice", key);
}

int nat_configure(struct nat *nat, const struct conf_block *block,
		  struct conf_error *err)
{
	nat->first = 1024;
	nat->last = 65535;
	nat->parity = true;
	if (nf_random(&nat->key, sizeof(nat->key)))
		return conf_fail(err, &block->loc, NULL, "getrandom: %s",
				 strerror(errno));
	for (size_t i = 0; i < block->cnt; i++)
		if (check_once(block, &block->stmts[i], err) ||
		    set_stmt(nat, &block->stmts[i], err))
			return -1;
	if (!nat->source_cnt)
		return conf_fail(err, &block->loc, "add: source 10.0.0.0/8;",
				 "nat needs a source prefix to translate");
	if (!nat->pool_cnt)
		return conf_fail(err, &block->loc, "add: pool 192.0.2.1;",
				 "nat needs a pool of external addresses");
	return 0;
}
