/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Virtual addresses by endpoint. */
#include <errno.h>
#include <stdlib.h>

#include "lb.h"

/* uthash takes the hash from here; every function that uses it has `lb`. */
#undef HASH_FUNCTION
#define HASH_FUNCTION(ptr, len, hashv) \
	((hashv) = (unsigned int)siphash((ptr), (len), &lb->key))

struct lb_vip *lb_vip_find(struct lb *lb, const struct lb_endpoint *at)
{
	struct lb_vip *vip;

	HASH_FIND(hh, lb->vips, at, sizeof(*at), vip);
	return vip;
}

int lb_vip_add(struct lb *lb, const struct lb_endpoint *at,
	       struct lb_service *service)
{
	struct lb_vip *vip;

	if (lb_vip_find(lb, at))
		return -EEXIST;
	vip = calloc(1, sizeof(*vip));
	if (!vip)
		return -ENOMEM;
	vip->at = *at;
	vip->service = service;
	HASH_ADD(hh, lb->vips, at, sizeof(vip->at), vip);
	return 0;
}

void lb_vip_free_all(struct lb *lb)
{
	struct lb_vip *vip, *next;

	HASH_ITER(hh, lb->vips, vip, next) {
		HASH_DELETE(hh, lb->vips, vip);
		free(vip);
	}
}
