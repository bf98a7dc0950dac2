/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "damp.h"

#define STABLE 10	/* hold times up: it does not flap */
#define DOUBLED 64

void damp_init(struct damp *d, const struct nf_check *c, bool up,
	       uint64_t now)
{
	*d = (struct damp){ .up = up, .hold = c->hold,
			    .since = up ? 0 : now };
}

static void fall(struct damp *d, const struct nf_check *c, uint64_t now)
{
	if (d->since && now - d->since < STABLE * d->hold)
		d->hold = d->hold < DOUBLED / 2 * c->hold ? 2 * d->hold :
							    DOUBLED * c->hold;
	else
		d->hold = c->hold;
}

bool damp_result(struct damp *d, const struct nf_check *c, bool ok,
		 uint64_t now)
{
	if (ok == d->up) {
		d->run = 0;
		return false;
	}
	if (d->run < UINT8_MAX)
		d->run++;
	if (d->run < (d->up ? c->fall : c->rise))
		return false;
	if (!d->up && now - d->since < d->hold)
		return false;
	if (d->up)
		fall(d, c, now);
	d->up = !d->up;
	d->run = 0;
	d->since = now;
	return true;
}
