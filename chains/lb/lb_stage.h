/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Services as they are to be, while statements are done on them (lb_set.c).
 * Inside the folder.
 */
#ifndef NFOLD_LB_STAGE_H
#define NFOLD_LB_STAGE_H

#include "lb.h"

struct lb_member {
	struct lb_backend *b;
	uint32_t weight;
	bool drained;
	bool fresh; /* ours, until it is taken over */
};

/* A service as it is to be. */
struct lb_stage {
	struct lb_service *svc;
	struct lb_member *members;
	uint32_t cnt, room;
	struct lb_backend **list; /* the members' */
	struct lb_backend **gone;
	uint16_t *table;
};

struct lb_stages {
	struct lb *lb;
	struct lb_stage s[LB_SERVICE_MAX];
	uint32_t cnt;
};

/* 0; -1: no memory. */
int lb_member_add(struct lb_stage *st, struct lb_member m);
/* NULL: none has this address. */
struct lb_member *lb_member_find(struct lb_stage *st,
				 const struct lb_endpoint *at);
/* The backend, the service's stage that a word names; NULL with err. */
struct lb_member *lb_member_named(struct lb_stage *st,
				  const struct conf_word *w,
				  struct conf_error *err);
struct lb_stage *lb_stage_of(struct lb_stages *all, const struct conf_word *w,
			     struct conf_error *err);
void lb_stage_free(struct lb_stage *st);
/* lb_stmt.c: one statement; -1 with err. */
int lb_stage_stmt(struct lb_stages *all, const struct conf_stmt *s,
		  struct conf_error *err);

#endif
