/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Routes: the kernel is asked once per destination, and again after anything
 * that may change its answer. It is asked as for a packet of the host's own
 * (no input device), so that the answer depends neither on net.ipv4.ip_forward
 * nor on rp_filter; rules that match on "iif" do not apply.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "route_priv.h"

static void dest_free(struct route *r, struct dest *d)
{
	HASH_DEL(r->dests, d);
	free(d);
}

void route_drop_cache(struct route *r)
{
	struct dest *d, *tmp;

	HASH_ITER(hh, r->dests, d, tmp)
		dest_free(r, d);
	r->dirty = true;
}

static int port_of_link(const struct route *r, uint32_t ifindex)
{
	for (uint32_t i = 0; i < r->conf.port_cnt; i++)
		if (r->conf.ports[i].ifindex == ifindex)
			return i;
	return -1;
}

static enum route_result dest_unicast(struct route *r, struct dest *d,
				      const struct route_answer *a)
{
	struct route_key key = a->via.family ? a->via : d->key;
	int port = port_of_link(r, a->oif);

	if (port < 0)
		return ROUTE_NOT_A_PORT;
	key.ifindex = a->oif;
	d->hop = hop_get(r, &key, port);
	return d->hop ? ROUTE_OK : ROUTE_NONE;
}

/* blackhole, unreachable and prohibit are answered as errors; a broadcast
 * address of a link is the host's to receive. */
static enum route_result dest_ask(struct route *r, struct dest *d)
{
	struct route_answer a;

	if (route_nl_get_route(r, &d->key, &a))
		return ROUTE_NONE;
	switch (a.type) {
	case RTN_UNICAST:
		return dest_unicast(r, d, &a);
	case RTN_LOCAL:
	case RTN_BROADCAST:
	case RTN_ANYCAST:
		return ROUTE_HOST;
	default:
		return ROUTE_NONE;
	}
}

static struct dest *dest_add(struct route *r, const struct route_key *key)
{
	struct dest *d;

	if (HASH_COUNT(r->dests) >= ROUTE_DEST_MAX)
		dest_free(r, r->dests);	/* least recently used */
	d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	d->key = *key;
	HASH_ADD(hh, r->dests, key, sizeof(d->key), d);
	if (!d->hh.tbl) {
		free(d);
		return NULL;
	}
	return d;
}

/* Moves it to the end of the order of use; NULL: no memory. */
static struct dest *dest_touch(struct route *r, struct dest *d)
{
	HASH_DEL(r->dests, d);
	HASH_ADD(hh, r->dests, key, sizeof(d->key), d);
	if (d->hh.tbl)
		return d;
	free(d);
	return NULL;
}

static struct dest *dest_get(struct route *r, const struct route_key *key)
{
	struct dest *d;

	HASH_FIND(hh, r->dests, key, sizeof(*key), d);
	if (d && r->now_ns - d->since_ns < ROUTE_DEST_AGE)
		return dest_touch(r, d);
	if (!d)
		d = dest_add(r, key);
	if (!d)
		return NULL;
	d->since_ns = r->now_ns;
	d->result = dest_ask(r, d);
	return d;
}

enum route_result route_lookup(void *route, int family,
			       const struct nf_addr *daddr, uint16_t *nexthop)
{
	struct route_key key = { .addr = *daddr, .family = family };
	struct route *r = route;
	struct dest *d = dest_get(r, &key);

	if (!d)
		return ROUTE_NONE;
	if (d->result != ROUTE_OK)
		return d->result;
	*nexthop = d->hop->index;
	return hop_use(r, d->hop);
}

uint32_t route_port(void *route, uint16_t nexthop)
{
	const struct route *r = route;

	return r->hop_port[nexthop % NFOLD_NEXTHOP_MAX];
}

void route_tick(struct route *r, uint64_t now_ns)
{
	r->now_ns = now_ns;
	hop_tick(r);
	if (!r->dirty)
		return;
	r->dirty = false;
	r->conf.changed(r->conf.ctx);
}

int route_new(struct route **out, const struct route_conf *conf)
{
	struct route *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	r->conf = *conf;
	r->hop_cnt = 1;
	err = route_nl_open(r);
	if (err)
		goto err_free;
	err = route_watch_links(r);
	if (err)
		goto err_close;
	*out = r;
	return 0;

err_close:
	route_watch_free(r);
	route_nl_close(r);
err_free:
	free(r);
	return err;
}

void route_free(struct route *r)
{
	if (!r)
		return;
	route_drop_cache(r);
	hop_free_all(r);
	route_watch_free(r);
	route_nl_close(r);
	free(r);
}
