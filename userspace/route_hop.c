/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Next hops: one 8-byte word each, kept in step with the kernel's neighbour
 * table. XDP reads the word, so it is stored whole; 0 makes XDP punt.
 *
 * The kernel sees none of the packets that the fast path sends, so it would
 * let an entry go stale and never look again: entries in use are probed
 * (RFC 4861 section 7.3.1 allows STALE to be used meanwhile).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "route_priv.h"

#define NUD_USABLE (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | \
		    NUD_PERMANENT | NUD_NOARP)

static void hop_store(struct route *r, const struct hop *h,
		      const uint8_t *mac)
{
	union nfold_nexthop word = { .word = 0 };

	if (mac) {
		memcpy(word.dmac, mac, sizeof(word.dmac));
		word.port = h->port + 1;
	}
	__atomic_store_n(&r->conf.nexthops[h->index].word, word.word,
			 __ATOMIC_RELEASE);
}

static void hop_probe(struct route *r, struct hop *h)
{
	h->probed_ns = r->now_ns;
	r->conf.probe(r->conf.ctx, h->key.ifindex, h->key.family,
		      &h->key.addr);
}

static void hop_up(struct route *r, struct hop *h, const uint8_t *mac)
{
	bool waited = h->state == HOP_WAIT;

	hop_store(r, h, mac);
	h->state = HOP_UP;
	if (waited)
		r->conf.resolved(r->conf.ctx, h->index, true);
}

static void hop_fail(struct route *r, struct hop *h)
{
	bool waited = h->state == HOP_WAIT;

	hop_store(r, h, NULL);
	h->state = HOP_FAILED;
	h->since_ns = r->now_ns;
	if (waited)
		r->conf.resolved(r->conf.ctx, h->index, false);
}

/* What the kernel knows now about the hop's neighbour. An entry that failed or
 * is incomplete says nothing new about a hop that is being waited for. */
void hop_neigh(struct route *r, struct hop *h, const struct neigh_info *n)
{
	static const uint8_t zero[6];

	h->nud = n->nud;
	if ((n->nud & NUD_USABLE) && n->has_mac &&
	    memcmp(n->mac, zero, sizeof(zero))) {
		hop_up(r, h, n->mac);
	} else if (h->state == HOP_UP) {
		hop_store(r, h, NULL);
		h->state = HOP_DOWN;
	}
}

static void hop_query(struct route *r, struct hop *h)
{
	struct neigh_info n;

	if (route_nl_get_neigh(r, &h->key, &n))
		n = (struct neigh_info){ .nud = NUD_NONE };
	hop_neigh(r, h, &n);
}

struct hop *hop_find(struct route *r, const struct route_key *key)
{
	struct hop *h;

	HASH_FIND(hh, r->hops, key, sizeof(*key), h);
	return h;
}

static bool hop_room(struct route *r)
{
	if (r->hop_cnt < NFOLD_NEXTHOP_MAX)
		return true;
	if (!r->full_logged)
		log_warn("all %d next hops are taken: traffic to further neighbours is dropped; route it over a gateway",
			 NFOLD_NEXTHOP_MAX - 1);
	r->full_logged = true;
	return false;
}

struct hop *hop_get(struct route *r, const struct route_key *key,
		    uint16_t port)
{
	struct hop *h = hop_find(r, key);

	if (h || !hop_room(r))
		return h;
	h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	h->key = *key;
	h->port = port;
	HASH_ADD(hh, r->hops, key, sizeof(h->key), h);
	if (!h->hh.tbl) {
		free(h);
		return NULL;
	}
	h->index = r->hop_cnt++;
	r->hop_port[h->index] = port;
	hop_store(r, h, NULL);
	hop_query(r, h);
	return h;
}

enum route_result hop_use(struct route *r, struct hop *h)
{
	if (h->state == HOP_FAILED && r->now_ns - h->since_ns < ROUTE_HOLD_NS)
		return ROUTE_FAILED;
	if (h->state == HOP_DOWN || h->state == HOP_FAILED) {
		h->state = HOP_WAIT;
		h->since_ns = r->now_ns;
		hop_probe(r, h);
	}
	return h->state == HOP_UP ? ROUTE_OK : ROUTE_WAIT;
}

/* Notifications were lost: ask for each. */
void hop_resync(struct route *r)
{
	struct hop *h, *tmp;

	HASH_ITER(hh, r->hops, h, tmp)
		hop_query(r, h);
}

static uint32_t hop_tick_wait(struct route *r, struct hop *h)
{
	if (!h->since_ns)
		h->since_ns = r->now_ns;
	if (r->now_ns - h->since_ns >= ROUTE_FAIL_NS) {
		hop_fail(r, h);
		return 0;
	}
	if (r->now_ns - h->probed_ns < ROUTE_PROBE_NS)
		return 0;
	hop_probe(r, h);
	return 1;
}

static uint32_t hop_tick_up(struct route *r, struct hop *h)
{
	if (h->nud != NUD_STALE ||
	    (h->probed_ns && r->now_ns - h->probed_ns < ROUTE_STALE_NS))
		return 0;
	hop_probe(r, h);
	return 1;
}

void hop_tick(struct route *r)
{
	uint32_t sent = 0;
	struct hop *h, *tmp;

	HASH_ITER(hh, r->hops, h, tmp) {
		if (h->state == HOP_WAIT)
			sent += hop_tick_wait(r, h);
		else if (h->state == HOP_UP && sent < ROUTE_PROBES_MAX)
			sent += hop_tick_up(r, h);
	}
}

void hop_free_all(struct route *r)
{
	struct hop *h, *tmp;

	HASH_ITER(hh, r->hops, h, tmp) {
		hop_store(r, h, NULL);
		HASH_DEL(r->hops, h);
		free(h);
	}
}
