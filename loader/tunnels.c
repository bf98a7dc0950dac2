// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tunnels.h"

#include <errno.h>
#include <string.h>

#include "instance_priv.h"

static void on_tunnel(void *ctx, const struct nf_tunnel *tn)
{
	struct nfold_tunnels *all = ctx;
	struct nfold_tunnel t;

	if (!nf_tunnel_known(tn, &t) || all->cnt == NFOLD_TUNNEL_MAX)
		return;
	for (uint32_t i = 0; i < all->cnt; i++)
		if (!memcmp(&all->v[i], &t, sizeof(t)))
			return;
	all->v[all->cnt++] = t;
}

static bool chain_has_tunnels(const struct chain *c)
{
	for (uint32_t n = 0; n < c->nf_cnt; n++)
		if (c->nfs[n].ops->tunnels)
			return true;
	return false;
}

int tunnels_collect(struct nfold_tunnels *t, const struct chain *c,
		    struct instance_error *err)
{
	struct conf_error ce = { 0 };
	struct nf **nfs;

	memset(t, 0, sizeof(*t));
	if (!chain_has_tunnels(c))
		return 0;
	nfs = chain_nfs_new(c, &ce);
	if (!nfs)
		return instance_fail(err, -EINVAL, "chain %s: %s", c->name,
				     ce.message);
	for (uint32_t n = 0; nfs[n]; n++)
		if (nfs[n]->ops->tunnels)
			nfs[n]->ops->tunnels(nfs[n], on_tunnel, t);
	chain_nfs_free(nfs);
	for (uint32_t p = 0; p < c->port_cnt; p++)
		t->ports |= (uint32_t)c->ports[p].outside << p;
	return 0;
}
