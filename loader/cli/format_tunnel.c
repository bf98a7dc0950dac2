// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The known tunnel that a flow's packets come in by (maps/tunnel.h), as text and
 * as JSON.
 */
#include <stdio.h>

#include <arpa/inet.h>

#include "format.h"

static const char *const kinds[] = {
	[NFOLD_TUNNEL_IPIP] = "ipip",
	[NFOLD_TUNNEL_GRE] = "gre",
	[NFOLD_TUNNEL_VXLAN] = "vxlan",
	[NFOLD_TUNNEL_GUE] = "gue",
};

static const struct nfold_tunnel *tunnel_of(const struct view_flow *f)
{
	const struct nfold_tunnels *known =
		&f->view->maps.meta->config.tunnels;
	uint8_t i = f->e.key.tunnel;

	if (!i || i > known->cnt || i > NFOLD_TUNNEL_MAX ||
	    known->v[i - 1].kind >= sizeof(kinds) / sizeof(kinds[0]))
		return NULL;
	return &known->v[i - 1];
}

static void ends(const struct nfold_tunnel *t, char remote[INET6_ADDRSTRLEN],
		 char local[INET6_ADDRSTRLEN])
{
	int af = t->family == 4 ? AF_INET : AF_INET6;

	inet_ntop(af, t->remote, remote, INET6_ADDRSTRLEN);
	inet_ntop(af, t->local, local, INET6_ADDRSTRLEN);
}

void format_tunnel(char *buf, size_t size, const struct view_flow *f)
{
	const struct nfold_tunnel *t = tunnel_of(f);
	char remote[INET6_ADDRSTRLEN], local[INET6_ADDRSTRLEN];
	int n;

	*buf = '\0';
	if (!t)
		return;
	ends(t, remote, local);
	n = snprintf(buf, size, "%s %s > %s", kinds[t->kind], remote, local);
	if (t->kind == NFOLD_TUNNEL_VXLAN && n > 0 && (size_t)n < size)
		snprintf(buf + n, size - n, " vni %u", t->vni);
}

json_t *format_tunnel_json(const struct view_flow *f)
{
	const struct nfold_tunnel *t = tunnel_of(f);
	char remote[INET6_ADDRSTRLEN], local[INET6_ADDRSTRLEN];

	if (!t)
		return json_null();
	ends(t, remote, local);
	return json_pack("{s:s, s:s, s:s, s:o}", "kind", kinds[t->kind],
			 "remote", remote, "local", local, "vni",
			 t->kind == NFOLD_TUNNEL_VXLAN ?
				 json_integer(t->vni) : json_null());
}
