/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Inside of the router: next hops (route_hop.c), destinations (route.c) and
 * netlink (route_nl.c). One thread, the engine's.
 */
#ifndef NFOLD_ROUTE_PRIV_H
#define NFOLD_ROUTE_PRIV_H

#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "route.h"

#define ROUTE_SEC UINT64_C(1000000000)
#define ROUTE_DEST_MAX 4096		/* cached destinations */
#define ROUTE_DEST_AGE (60 * ROUTE_SEC)	/* then the kernel is asked again */
#define ROUTE_PROBE_NS ROUTE_SEC	/* between probes of an unresolved hop */
#define ROUTE_FAIL_NS (3 * ROUTE_SEC)	/* unresolved for so long: failed */
#define ROUTE_HOLD_NS ROUTE_SEC		/* failed: not tried again before */
#define ROUTE_STALE_NS (30 * ROUTE_SEC)	/* between probes of a stale hop */
#define ROUTE_PROBES_MAX 64		/* probes a tick */
#define NL_BUF 32768			/* bytes; the kernel's largest message */

/* An address and the link it is on; compared and hashed as bytes. */
struct route_key {
	struct nf_addr addr;
	uint32_t ifindex;		/* 0 for destinations */
	uint32_t family;		/* 4 or 6 */
};

/* DOWN: nobody asked since it went away. WAIT: somebody did; probes are sent.
 * UP: the word is usable. FAILED: it did not answer. */
enum hop_state { HOP_DOWN, HOP_WAIT, HOP_UP, HOP_FAILED };

/* A next hop: index into conf.nexthops. Flows hold indices, so that a hop is
 * never given back while the process lives. */
struct hop {
	struct route_key key;
	enum hop_state state;
	uint16_t index;
	uint16_t port;			/* port index */
	uint16_t nud;			/* NUD_*, the kernel's state */
	uint64_t since_ns;		/* in WAIT or FAILED; 0: next tick */
	uint64_t probed_ns;		/* 0: never */
	UT_hash_handle hh;
};

struct dest {
	struct route_key key;
	enum route_result result;	/* OK, HOST, NONE or NOT_A_PORT */
	struct hop *hop;		/* OK only */
	uint64_t since_ns;
	UT_hash_handle hh;
};

/* Last seen state of any link: most RTM_NEWLINK change nothing for routes. */
struct link_state {
	uint32_t ifindex;
	uint32_t flags;
	UT_hash_handle hh;
};

struct route {
	struct route_conf conf;
	struct mnl_socket *notify;	/* groups; read by route_read() */
	struct mnl_socket *query;	/* answers only: no notification is
					 * lost behind a synchronous query */
	uint32_t seq;
	uint64_t now_ns;		/* of the last tick */
	bool dirty;			/* changed() is due at the next tick */
	bool full_logged;
	struct hop *hops;		/* by key, in order of index */
	uint32_t hop_cnt;		/* the next index; [0] is not used */
	uint16_t hop_port[NFOLD_NEXTHOP_MAX]; /* port index, by hop's index */
	struct dest *dests;		/* least recently used first */
	struct link_state *links;
};

/* What the kernel answers to RTM_GETROUTE. */
struct route_answer {
	uint8_t type;			/* RTN_* */
	uint32_t oif;
	struct route_key via;		/* family 0: on link */
};

struct neigh_info {
	struct route_key key;
	uint16_t nud;
	bool has_mac;
	uint8_t mac[6];
};

/* route_nl.c. 0 or negative errno. */
int route_nl_open(struct route *r);
void route_nl_close(struct route *r);
/* 0 or negative errno. */
int route_nl_send(struct mnl_socket *nl, const struct nlmsghdr *nlh);
int route_nl_get_route(struct route *r, const struct route_key *dst,
		       struct route_answer *out);
/* -ENOENT: the kernel has no entry. */
int route_nl_get_neigh(struct route *r, const struct route_key *key,
		       struct neigh_info *out);

/* mnl_cb_t; data: struct neigh_info. */
int route_nl_neigh_parse(const struct nlmsghdr *nlh, void *data);

/* route_watch.c. Join before links: what changes between is then told. */
int route_watch_join(struct route *r);
/* The state that link notifications are compared with. */
int route_watch_links(struct route *r);
void route_watch_free(struct route *r);

/* route.c: for notifications. */
void route_drop_cache(struct route *r);

/* route_hop.c */
/* Finds or makes; NULL: no index or no memory left. */
struct hop *hop_get(struct route *r, const struct route_key *key,
		    uint16_t port);
struct hop *hop_find(struct route *r, const struct route_key *key);
/* What a packet that needs the hop now gets: OK, WAIT or FAILED. */
enum route_result hop_use(struct route *r, struct hop *h);
void hop_neigh(struct route *r, struct hop *h, const struct neigh_info *n);
void hop_resync(struct route *r);
void hop_tick(struct route *r);
void hop_free_all(struct route *r);

#endif
