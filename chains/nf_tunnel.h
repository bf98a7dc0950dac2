/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A tunnel header as an NF names it: one that is put around packets, or taken
 * off. Owned by the NF; lives, unchanged, as long as the chain.
 */
#ifndef NFOLD_NF_TUNNEL_H
#define NFOLD_NF_TUNNEL_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/types.h>

#include "../maps/tunnel.h"

/* Addresses: IPv4 in [0], the other words 0. Wire order. */
struct nf_addr {
	__be32 a[4];
};

enum nf_tunnel_kind {
	NF_TUNNEL_IPIP,		/* RFC 2003, RFC 2473, RFC 4213 */
	NF_TUNNEL_GRE,		/* RFC 2784: no checksum, no key */
	NF_TUNNEL_VXLAN,	/* RFC 7348 */
	NF_TUNNEL_GUE,		/* draft-ietf-intarea-gue, variant 0, no flags */
	NF_TUNNEL_AH,		/* RFC 4302, tunnel mode */
	NF_TUNNEL_AH_TRANSPORT,	/* transport mode: behind the packet's own IP
				 * header, of either family; no ends */
};

struct nf_tunnel {
	enum nf_tunnel_kind kind;
	uint8_t family;		/* 4 or 6: of the outer header */
	uint8_t ttl;		/* or hop limit, of the outer header */
	bool copy_dscp;		/* outer DSCP is the inner one, else dscp */
	uint8_t dscp;		/* 0-63 */
	struct nf_addr local;	/* source of what is put on */
	struct nf_addr remote;
	__be16 port;		/* VXLAN, GUE: UDP destination */
	uint32_t vni;		/* VXLAN: 24 bits, host order */
	uint8_t dmac[6];	/* VXLAN: the inner Ethernet header's */
	uint8_t smac[6];
	uint32_t spi;		/* AH: host order */
	uint8_t icv_len;	/* AH: bytes of the integrity value, 4n */
};

#define NF_TUNNEL_TTL 64	/* the usual one */

/* AH: bytes before the integrity value (RFC 4302 section 2), and of the header,
 * which is padded to whole 8 bytes in IPv6 (section 2.6). */
#define NF_AH_ICV 12

static inline uint8_t nf_ah_len(int family, uint8_t icv_len)
{
	uint8_t len = NF_AH_ICV + icv_len;

	return family == 6 ? (len + 7) & ~7 : len;
}

/* The header as it comes from the remote end, in the words of the parser. False:
 * one that the parser does not know. */
bool nf_tunnel_known(const struct nf_tunnel *tn, struct nfold_tunnel *t);

#endif
