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
#define LB_GONE_MAX 16384	/* backends removed live, of a service */

struct lb_endpoint {		/* hashed and compared whole: zero it first */
	struct nf_addr addr;
	__be16 port;
	uint8_t family;		/* 4 or 6 */
	uint8_t l4proto;	/* IPPROTO_TCP or _UDP; 0 of a backend */
};

/* What becomes of the sessions of a backend that is removed. */
enum lb_on_remove { LB_DRAIN, LB_REHASH, LB_RESET };

/* Lives as long as the NF, also when it is removed: sessions, and what they have
 * recorded of its tunnel, lead to it. */
struct lb_backend {
	struct lb_endpoint at;
	char name[LB_NAME_MAX];	/* canonical text of `at` */
	uint32_t id;		/* unique in the NF: its target's */
	uint32_t weight;
	uint32_t slots;		/* of the table */
	bool drained;		/* no new sessions: the operator's word */
	bool down;		/* the health checks' */
	bool gone;		/* removed: in service.gone */
	uint8_t parting;	/* enum lb_on_remove, if gone */
	uint64_t sessions;	/* open now */
	uint64_t opened;	/* ever, by moves too */
	uint64_t moved;		/* sessions that were moved away from it */
	uint64_t reset;		/* that were reset */
	struct nf_tunnel tunnel; /* direct return: to it */
};

struct lb_vip {
	struct lb_endpoint at;
	struct lb_service *service;
	UT_hash_handle hh;
};

struct lb_service {
	char name[LB_NAME_MAX];
	struct lb_backend **backends;
	struct lb_backend **gone;
	uint32_t backend_cnt;
	uint32_t gone_cnt;
	uint32_t ready;		/* backends that take new sessions */
	uint8_t family;		/* of vips; 0: none read yet */
	uint8_t backend_family;	/* the same, unless dsr */
	uint8_t tuple;		/* fields that select: 5 or 3 */
	uint8_t on_remove;	/* enum lb_on_remove */
	bool dsr;		/* tunnel, without its remote end, is set */
	bool checked;		/* check is set */
	bool dirty;		/* the table is not of who is ready now */
	bool late;		/* sessions are to be invalidated again; those
				 * that exist stay as they are until then, folded
				 * or not */
	struct nf_tunnel tunnel;
	struct nf_check check;
	uint16_t *table;	/* lb.table_size indexes into backends */
	uint64_t refused;	/* packets dropped for want of a backend */
};

struct lb {
	struct lb_service *services;	/* LB_SERVICE_MAX of them */
	uint32_t service_cnt;
	struct lb_vip *vips;	/* by endpoint, in file order */
	uint32_t table_size;
	uint32_t next_id;	/* of a backend */
	uint32_t target_cnt;	/* backends of services with checks */
	struct siphash_key key;	/* of selection and of the hash table */
};

/* The blob of a session. Pointers are into lb, which outlives sessions; save()
 * drops them. */
struct lb_session {
	const struct lb_vip *vip;	/* NULL: not balanced */
	struct lb_backend *backend;
	struct lb_service *refused;	/* dropped: had no backend then */
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
/* An endpoint of *family, which the first one decides. */
int lb_endpoint_read(const struct lb_service *svc, uint8_t *family,
		     const struct conf_word *w, struct lb_endpoint *at,
		     struct conf_error *err);

/* lb_backend.c */
/* `ADDRESS:PORT [weight N]`, from word `first` of a statement on. */
int lb_backend_read(struct lb_service *svc, const struct conf_stmt *s,
		    size_t first, struct lb_endpoint *at, uint32_t *weight,
		    struct conf_error *err);
/* With an id and a tunnel of its own; in no list yet. NULL: no memory. */
struct lb_backend *lb_backend_new(struct lb *lb, const struct lb_service *svc,
				  const struct lb_endpoint *at,
				  uint32_t weight);
/* Of those that are not gone; NULL: none. */
struct lb_backend *lb_backend_find(const struct lb_service *svc,
				   const struct lb_endpoint *at);
struct lb_backend *lb_backend_find_gone(const struct lb_service *svc,
					const struct lb_endpoint *at);
/* Takes new sessions. */
static inline bool lb_backend_ready(const struct lb_backend *b)
{
	return b->weight && !b->drained && !b->down && !b->gone;
}

/* Its sessions are to go elsewhere, if there is somewhere. */
static inline bool lb_backend_left(const struct lb_backend *b)
{
	return b->down || (b->gone && b->parting != LB_DRAIN);
}

/* lb_table.c: a table of the backends that are ready, and their slots. 0 or
 * -ENOMEM. */
int lb_table_fill(uint16_t *table, uint32_t size,
		  struct lb_backend *const *backends, uint32_t cnt);
/* The service's, and what hangs on it. */
int lb_table_build(const struct lb *lb, struct lb_service *svc);
void lb_table_ready(struct lb_service *svc);	/* counts svc->ready */
void lb_table_slots(const struct lb *lb, struct lb_service *svc); /* theirs */
/* By hash of the session; NULL: nobody is ready. */
struct lb_backend *lb_table_choose(const struct lb *lb,
				   const struct lb_service *svc,
				   uint64_t hash);

/* lb_option.c: what a service block holds beside vips and backends. */
int lb_set_option(struct lb_service *svc, const struct conf_stmt *s,
		  struct conf_error *err);
extern const char *const lb_on_remove_words[];	/* by enum lb_on_remove */

/* lb_health.c */
int lb_set_health(struct lb_service *svc, const struct conf_stmt *s,
		  struct conf_error *err);
void lb_targets(struct nf *nf, nf_target_fn fn, void *ctx);
void lb_health(struct nf *nf, uint32_t id, bool up, uint64_t now);
void lb_tick(struct nf *nf, uint64_t now);

/* lb_set.c: statements while it runs. */
int lb_set(struct nf *nf, const struct conf_block *block,
	   struct conf_error *err);
/* Who is ready has changed: invalidates the sessions that must walk the chain
 * for it. */
void lb_changed(struct nf *nf, struct lb_service *svc);

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
