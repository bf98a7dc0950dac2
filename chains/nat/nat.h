/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Source NAPT, inside the folder: pool of external addresses and ports, and
 * the endpoint-independent mappings. nat.c is the NF; one thread.
 */
#ifndef NFOLD_NAT_H
#define NFOLD_NAT_H

#include <stdbool.h>
#include <stdint.h>

#include <uthash.h>

#include "../conf.h"
#include "../nf.h"
#include "../siphash.h"

#define NAT_POOL_MAX 256	/* external addresses */
#define NAT_PREFIX_MAX 256	/* source prefixes */
#define NAT_PORT_WORDS (65536 / 64)

enum nat_proto { NAT_UDP, NAT_TCP, NAT_ICMP, NAT_PROTO_CNT };

/* Halves of the port range that RFC 4787 REQ-3 keeps apart. */
enum nat_half { NAT_LOW, NAT_HIGH, NAT_HALF_CNT };	/* 0-1023, the rest */

/* One external address: which of its ports are taken, per protocol. */
struct nat_ext {
	__be32 addr;
	uint32_t hosts;		/* internal hosts paired with it */
	uint32_t used[NAT_PROTO_CNT][NAT_HALF_CNT];
	uint64_t taken[NAT_PROTO_CNT][NAT_PORT_WORDS];	/* bit = port */
};

/* An internal host has one external address while it has mappings: paired
 * pooling, RFC 4787 REQ-2. */
struct nat_host {
	__be32 addr;
	uint32_t ext;		/* index into nat.pool */
	uint32_t mappings;	/* freed at 0 */
	UT_hash_handle hh;
};

struct nat_endpoint {		/* hashed whole: no padding left unset */
	__be32 addr;
	__be16 port;		/* ICMP: identifier */
	uint16_t proto;		/* enum nat_proto */
};

/* Endpoint-independent mapping, RFC 4787 REQ-1. */
struct nat_map {
	struct nat_endpoint in;
	struct nat_host *host;
	__be16 port;		/* external */
	uint32_t sessions;	/* freed at 0 */
	UT_hash_handle hh;
};

struct nat_prefix {
	__be32 addr;
	__be32 mask;
};

struct nat {
	struct nat_prefix sources[NAT_PREFIX_MAX];
	uint32_t source_cnt;
	struct nat_ext *pool;
	uint32_t pool_cnt;
	uint16_t first, last;	/* ports, host order, inclusive */
	bool parity;
	struct siphash_key key;	/* of the hash tables and of random ports */
	uint64_t draws;		/* random numbers drawn so far */
	struct nat_host *hosts;	/* by internal address */
	struct nat_map *maps;	/* by internal endpoint */
	uint64_t exhausted;	/* packets dropped for want of a port */
};

/* The blob of a session; save() keeps all but map. */
struct nat_session {
	struct nat_map *map;	/* one reference; NULL: not translated */
	struct nat_endpoint in;
	__be32 ext_addr;
	__be16 ext_port;
	uint16_t saved;		/* in a saved record: NAT_SAVED_* */
};

#define NAT_SAVED_NONE 0
#define NAT_SAVED_MAP 1

/* nat_conf.c: fills nat from the block. 0, or -1 with err filled. */
int nat_configure(struct nat *nat, const struct conf_block *block,
		  struct conf_error *err);

/* nat_pool.c. Ports in host order here. */
bool nat_pool_has(const struct nat *nat, __be32 addr, uint32_t *index);
/* A free port of that address, marked as taken; -1: none. */
int nat_port_take(struct nat *nat, uint32_t ext, enum nat_proto proto,
		  uint16_t wish);
/* That very port, if it is in range and free. */
bool nat_port_claim(struct nat *nat, uint32_t ext, enum nat_proto proto,
		    uint16_t port);
void nat_port_release(struct nat *nat, uint32_t ext, enum nat_proto proto,
		      uint16_t port);
/* May nat_port_take() succeed? */
bool nat_port_left(const struct nat *nat, uint32_t ext, enum nat_proto proto,
		   uint16_t wish);
/* Ports of the range in that half. */
uint32_t nat_half_size(const struct nat *nat, enum nat_half half);

/* nat_map.c. Both give a reference to the mapping of an internal endpoint. */
/* Makes one if there is none; NULL: exhausted, or no memory. */
struct nat_map *nat_map_get(struct nat *nat, const struct nat_endpoint *in);
/* As it was before a restart; NULL: that is not possible any more. */
struct nat_map *nat_map_restore(struct nat *nat, const struct nat_endpoint *in,
				__be32 ext_addr, __be16 ext_port);
void nat_map_put(struct nat *nat, struct nat_map *map);
void nat_map_free_all(struct nat *nat);
__be32 nat_map_addr(const struct nat *nat, const struct nat_map *map);

/* nat_show.c */
json_t *nat_show(struct nf *nf);
json_t *nat_dump(struct nf *nf);

#endif
