/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Known tunnels: the headers that the chain's NFs take off what comes in by an
 * outside port. Part of the instance's constants (ctl.h): written by the loader
 * before load, read by XDP and by the engine, and changed by nobody. What comes
 * in under such a header is a flow by the packet inside (parse_tunnel.h).
 */
#ifndef NFOLD_TUNNEL_TABLE_H
#define NFOLD_TUNNEL_TABLE_H

#include <linux/types.h>

#define NFOLD_TUNNEL_MAX 32	/* of an instance; those beyond are not known,
				 * and their packets are flows by the outer
				 * header */

enum nfold_tunnel_kind {
	NFOLD_TUNNEL_IPIP,	/* RFC 2003, RFC 2473, RFC 4213 */
	NFOLD_TUNNEL_GRE,	/* RFC 2784 */
	NFOLD_TUNNEL_VXLAN,	/* RFC 7348 */
	NFOLD_TUNNEL_GUE,	/* draft-ietf-intarea-gue */
};

struct nfold_tunnel {
	__be32 remote[4];	/* outer source; IPv4 in [0], the others 0 */
	__be32 local[4];	/* outer destination */
	__u32 vni;		/* VXLAN; host order */
	__be16 port;		/* VXLAN, GUE: UDP destination; else 0 */
	__u8 family;		/* 4 or 6: of the outer header */
	__u8 kind;		/* enum nfold_tunnel_kind */
};

struct nfold_tunnels {
	__u32 cnt;
	__u32 ports;		/* bit i: what comes in by port i is looked at */
	struct nfold_tunnel v[NFOLD_TUNNEL_MAX];
};

_Static_assert(sizeof(struct nfold_tunnel) == 40, "tunnel is ABI");

#endif
