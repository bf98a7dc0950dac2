/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who of a service's backends gets a new session. */
#include <errno.h>
#include <stdlib.h>

#include "lb.h"

int lb_table_fill(uint16_t *table, uint32_t size,
		  struct lb_backend *const *backends, uint32_t cnt)
{
	struct maglev_member *members = calloc(cnt + 1, sizeof(*members));
	int err = -ENOMEM;

	if (!members)
		return err;
	for (uint32_t i = 0; i < cnt; i++) {
		const struct lb_backend *b = backends[i];

		members[i].name = b->name;
		members[i].weight = lb_backend_ready(b) ? b->weight : 0;
	}
	err = maglev_fill(table, size, members, cnt);
	free(members);
	return err;
}

void lb_table_ready(struct lb_service *svc)
{
	svc->ready = 0;
	for (uint32_t i = 0; i < svc->backend_cnt; i++)
		svc->ready += lb_backend_ready(svc->backends[i]);
}

void lb_table_slots(const struct lb *lb, struct lb_service *svc)
{
	for (uint32_t i = 0; i < svc->backend_cnt; i++)
		svc->backends[i]->slots = 0;
	for (uint32_t i = 0; i < lb->table_size; i++)
		if (svc->table[i] != MAGLEV_NONE)
			svc->backends[svc->table[i]]->slots++;
}

int lb_table_build(const struct lb *lb, struct lb_service *svc)
{
	int err = lb_table_fill(svc->table, lb->table_size, svc->backends,
				svc->backend_cnt);

	if (err)
		return err;
	svc->dirty = false;
	lb_table_ready(svc);
	lb_table_slots(lb, svc);
	return 0;
}

/* Any of them, while the table does not know them. */
static struct lb_backend *choose_any(const struct lb_service *svc,
				     uint64_t hash)
{
	for (uint32_t i = 0; i < svc->backend_cnt; i++) {
		uint32_t at = (hash + i) % svc->backend_cnt;

		if (lb_backend_ready(svc->backends[at]))
			return svc->backends[at];
	}
	return NULL;
}

/* Slots of those who went down since the table was built are passed over. */
struct lb_backend *lb_table_choose(const struct lb *lb,
				   const struct lb_service *svc, uint64_t hash)
{
	uint32_t at = hash % lb->table_size;

	if (!svc->ready)
		return NULL;
	for (uint32_t i = 0; i < lb->table_size; i++) {
		uint16_t m = svc->table[at];

		if (m == MAGLEV_NONE)
			break;
		if (lb_backend_ready(svc->backends[m]))
			return svc->backends[m];
		at = at + 1 < lb->table_size ? at + 1 : 0;
	}
	return choose_any(svc, hash);
}
