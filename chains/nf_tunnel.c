/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nf_tunnel.h"

#include <string.h>

static const uint8_t kinds[] = {
	[NF_TUNNEL_IPIP] = NFOLD_TUNNEL_IPIP,
	[NF_TUNNEL_GRE] = NFOLD_TUNNEL_GRE,
	[NF_TUNNEL_VXLAN] = NFOLD_TUNNEL_VXLAN,
	[NF_TUNNEL_GUE] = NFOLD_TUNNEL_GUE,
};

bool nf_tunnel_known(const struct nf_tunnel *tn, struct nfold_tunnel *t)
{
	if (tn->kind >= sizeof(kinds))
		return false;
	memset(t, 0, sizeof(*t));
	memcpy(t->remote, tn->remote.a, sizeof(t->remote));
	memcpy(t->local, tn->local.a, sizeof(t->local));
	t->family = tn->family;
	t->kind = kinds[tn->kind];
	if (tn->kind == NF_TUNNEL_VXLAN)
		t->vni = tn->vni;
	if (tn->kind == NF_TUNNEL_VXLAN || tn->kind == NF_TUNNEL_GUE)
		t->port = tn->port;
	return true;
}
