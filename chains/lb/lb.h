/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Load balancer, inside the folder: services, their virtual addresses and
 * backends. lb.c is the NF; one thread.
 */
#ifndef NFOLD_LB_H
#define NFOLD_LB_H

#include <stdbool.h>
#include <stdint.h>

#include <uthash.h>

#include "../conf.h"
#include "../nf.h"
#include "../siphash.h"
#include "maglev.h"

#define LB_SERVICE_MAX 256
#define LB_VIP_MAX 1024		/* of all services */
#define LB_NAME_MAX 64		/* "[IPv6]:port", and service names */
#define LB_WEIGHT_MAX 65535

struct lb_endpoint {		/* hashed and compared whole: zero it first */
	struct nf_addr addr;
	__be16 port;
	uint8_t family;		/* 4 or 6 */
	uint8_t l4proto;	/* IPPROTO_TCP or _UDP; 0 of a backend */
};

struct lb_backend {
	struct lb_endpoint at;
	char name[LB_NAME_MAX];	/* canonical text of `at` */
	uint32_t weight;
	uint32_t slots;		/* of the table */
	uint64_t sessions;	/* open now */
	uint64_t opened;	/* ever */
};

struct lb_vip {
	struct lb_endpoint at;
	struct lb_service *service;
	UT_hash_handle hh;
};

struct lb_service {
	char name[LB_NAME_MAX];
	struct lb_backend *backends;
	uint32_t backend_cnt;
	uint8_t family;		/* of vips and backends; 0: none read yet */
	uint16_t *table;	/* lb.table_size entries */
	uint64_t refused;	/* packets dropped for want of a backend */
};

struct lb {
	struct lb_service *services;	/* LB_SERVICE_MAX of them */
	uint32_t service_cnt;
	struct lb_vip *vips;	/* by endpoint, in file order */
	uint32_t table_size;
	struct siphash_key key;	/* of selection and of the hash table */
};

/* The blob of a session. Pointers are into lb, which outlives sessions; save()
 * drops them. */
struct lb_session {
	const struct lb_vip *vip;	/* NULL: not balanced */
	struct lb_backend *backend;
	struct lb_endpoint vip_at;	/* copies, for save() */
	struct lb_endpoint backend_at;
	uint32_t saved;			/* in a saved record: 1 balanced */
	uint32_t pad;
};

/* lb_conf.c: fills lb from the block and builds the tables. 0, or -1 with err
 * filled. */
int lb_configure(struct lb *lb, const struct conf_block *block,
		 struct conf_error *err);

/* lb_service.c: one service statement, without its table. */
int lb_configure_service(struct lb *lb, const struct conf_stmt *s,
			 struct conf_error *err);
/* "192.0.2.1:80" or "[2001:db8::1]:80". */
void lb_endpoint_print(const struct lb_endpoint *at, char out[LB_NAME_MAX]);

/* lb_vip.c */
struct lb_vip *lb_vip_find(struct lb *lb, const struct lb_endpoint *at);
/* 0, -EEXIST or -ENOMEM. */
int lb_vip_add(struct lb *lb, const struct lb_endpoint *at,
	       struct lb_service *service);
void lb_vip_free_all(struct lb *lb);

/* lb_show.c */
json_t *lb_show(struct nf *nf);
json_t *lb_dump(struct nf *nf);

#endif
