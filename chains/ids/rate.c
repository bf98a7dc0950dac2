// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "rate.h"

#include <stdlib.h>
#include <string.h>

#define WAYS 4

struct rate_id {
	struct nf_addr addr;
	uint32_t sid, gid;
	uint8_t family;
	uint8_t filter;		/* detection_filter's */
	uint8_t pad[6];
};

struct ids_rate_cell {
	struct rate_id id;	/* sid 0: free */
	uint64_t start;		/* ns: of the time that is counted in */
	uint32_t count;
};

int ids_rates_init(struct ids_rates *rates)
{
	rates->cells = calloc(IDS_RATES_MAX, sizeof(*rates->cells));
	if (!rates->cells)
		return -1;
	return nf_random(&rates->key, sizeof(rates->key));
}

void ids_rates_free(struct ids_rates *rates)
{
	free(rates->cells);
	rates->cells = NULL;
}

static struct ids_rate_cell *cell_get(struct ids_rates *rates,
				      const struct rate_id *id, uint64_t now)
{
	uint64_t hash = siphash(id, sizeof(*id), &rates->key);
	struct ids_rate_cell *c, *old;

	c = &rates->cells[hash % (IDS_RATES_MAX / WAYS) * WAYS];
	old = c;
	for (int i = 0; i < WAYS; i++, c++) {
		if (!memcmp(&c->id, id, sizeof(*id)))
			return c;
		if (old->id.sid && (!c->id.sid || c->start < old->start))
			old = c;
	}
	rates->forgotten += old->id.sid != 0;
	*old = (struct ids_rate_cell){ .id = *id, .start = now };
	return old;
}

bool ids_rate_hears(struct ids_rates *rates, const struct ids_rule *rule,
		    const struct ids_rate *rate, const struct nf_pkt *pkt)
{
	struct rate_id id;
	struct ids_rate_cell *c;

	memset(&id, 0, sizeof(id));
	id.addr = rate->by_dst ? pkt->daddr : pkt->saddr;
	id.sid = rule->sid;
	id.gid = rule->gid;
	id.family = pkt->family;
	id.filter = rate->type == IDS_RATE_FILTER;
	c = cell_get(rates, &id, pkt->now);
	if (pkt->now - c->start >= rate->ns) {
		c->start = pkt->now;
		c->count = 0;
	}
	if (c->count < UINT32_MAX)
		c->count++;
	switch (rate->type) {
	case IDS_RATE_LIMIT:
		return c->count <= rate->count;
	case IDS_RATE_BOTH:
		return c->count == rate->count;
	case IDS_RATE_FILTER:
		return c->count > rate->count;
	}
	if (c->count < rate->count)
		return false;
	c->count = 0;
	return true;
}
