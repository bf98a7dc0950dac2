/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Mappings: (protocol, internal address and port) to (external address and
 * port), one for all sessions of an endpoint whatever they talk to (RFC 4787
 * REQ-1), counted, gone with the last session. Hash tables are keyed by a
 * secret: internal hosts choose their own ports.
 */
#include <arpa/inet.h>
#include <stdlib.h>

#include "nat.h"

/* uthash takes the hash from here; every function that uses it has `nat`. */
#undef HASH_FUNCTION
#define HASH_FUNCTION(ptr, len, hashv) \
	((hashv) = (unsigned int)siphash((ptr), (len), &nat->key))

static struct nat_host *host_find(struct nat *nat, __be32 addr)
{
	struct nat_host *host;

	HASH_FIND(hh, nat->hosts, &addr, sizeof(addr), host);
	return host;
}

static struct nat_host *host_new(struct nat *nat, __be32 addr, uint32_t ext)
{
	struct nat_host *host = calloc(1, sizeof(*host));

	if (!host)
		return NULL;
	host->addr = addr;
	host->ext = ext;
	nat->pool[ext].hosts++;
	HASH_ADD(hh, nat->hosts, addr, sizeof(host->addr), host);
	return host;
}

/* A host without mappings has no external address any more. */
static void host_put(struct nat *nat, struct nat_host *host)
{
	if (host->mappings)
		return;
	nat->pool[host->ext].hosts--;
	HASH_DELETE(hh, nat->hosts, host);
	free(host);
}

/* Of the addresses with a port left for this endpoint, the one with the fewest
 * hosts; -1: none. */
static int ext_choose(const struct nat *nat, const struct nat_endpoint *in)
{
	int best = -1;

	for (uint32_t i = 0; i < nat->pool_cnt; i++) {
		if (best >= 0 && nat->pool[i].hosts >= nat->pool[best].hosts)
			continue;
		if (nat_port_left(nat, i, in->proto, ntohs(in->port)))
			best = i;
	}
	return best;
}

static struct nat_host *host_get(struct nat *nat, const struct nat_endpoint *in)
{
	struct nat_host *host = host_find(nat, in->addr);
	int ext;

	if (host)
		return host;
	ext = ext_choose(nat, in);
	return ext < 0 ? NULL : host_new(nat, in->addr, ext);
}

static struct nat_map *map_find(struct nat *nat, const struct nat_endpoint *in)
{
	struct nat_map *map;

	HASH_FIND(hh, nat->maps, in, sizeof(*in), map);
	return map;
}

/* Takes over the port, which is marked as taken, and counts on the host. */
static struct nat_map *map_new(struct nat *nat, struct nat_host *host,
			       const struct nat_endpoint *in, uint16_t port)
{
	struct nat_map *map = calloc(1, sizeof(*map));

	if (!map) {
		nat_port_release(nat, host->ext, in->proto, port);
		return NULL;
	}
	map->in = *in;
	map->host = host;
	map->port = htons(port);
	map->sessions = 1;
	host->mappings++;
	HASH_ADD(hh, nat->maps, in, sizeof(map->in), map);
	return map;
}

struct nat_map *nat_map_get(struct nat *nat, const struct nat_endpoint *in)
{
	struct nat_map *map = map_find(nat, in);
	struct nat_host *host;
	int port;

	if (map) {
		map->sessions++;
		return map;
	}
	host = host_get(nat, in);
	if (!host)
		return NULL;
	port = nat_port_take(nat, host->ext, in->proto, ntohs(in->port));
	if (port >= 0)
		map = map_new(nat, host, in, port);
	host_put(nat, host);
	return map;
}

struct nat_map *nat_map_restore(struct nat *nat, const struct nat_endpoint *in,
				__be32 ext_addr, __be16 ext_port)
{
	struct nat_map *map = map_find(nat, in);
	struct nat_host *host = host_find(nat, in->addr);
	uint32_t ext;

	if (!nat_pool_has(nat, ext_addr, &ext) || (host && host->ext != ext))
		return NULL;
	if (map) {
		if (map->port != ext_port)
			return NULL;
		map->sessions++;
		return map;
	}
	if (!nat_port_claim(nat, ext, in->proto, ntohs(ext_port)))
		return NULL;
	if (!host)
		host = host_new(nat, in->addr, ext);
	if (!host) {
		nat_port_release(nat, ext, in->proto, ntohs(ext_port));
		return NULL;
	}
	map = map_new(nat, host, in, ntohs(ext_port));
	host_put(nat, host);
	return map;
}

static void map_free(struct nat *nat, struct nat_map *map)
{
	struct nat_host *host = map->host;

	nat_port_release(nat, host->ext, map->in.proto, ntohs(map->port));
	HASH_DELETE(hh, nat->maps, map);
	free(map);
	host->mappings--;
	host_put(nat, host);
}

void nat_map_put(struct nat *nat, struct nat_map *map)
{
	if (--map->sessions == 0)
		map_free(nat, map);
}

void nat_map_free_all(struct nat *nat)
{
	struct nat_map *map, *next;

	HASH_ITER(hh, nat->maps, map, next)
		map_free(nat, map);
}

__be32 nat_map_addr(const struct nat *nat, const struct nat_map *map)
{
	return nat->pool[map->host->ext].addr;
}
