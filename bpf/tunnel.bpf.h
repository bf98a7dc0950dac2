/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stage, of chains that take off tunnel headers from the wire: is the outer
 * header a known tunnel's, and where is the packet inside? A global function,
 * verified once and by itself; what it says goes on in inner_ipv4() and
 * inner_ipv6() (nfold.bpf.c). Other chains have none of it.
 */
#ifndef NFOLD_TUNNEL_BPF_H
#define NFOLD_TUNNEL_BPF_H

#include "bpf/packet.bpf.h"
#include "maps/parse_tunnel.h"

/* What was found, in the one word that a global function returns; 0: no known
 * tunnel. off: of the inner IP header; end: of the outer packet; tunnel: index
 * + 1. */
#define INNER(off, is_ip6, tunnel, end) \
	((__u32)(off) | (__u32)(is_ip6) << 8 | (__u32)(tunnel) << 9 | \
	 (__u32)(end) << 15)
#define INNER_OFF(found) ((found) & NFOLD_INNER_MAX)
#define INNER_IP6(found) ((found) >> 8 & 1)
#define INNER_TUNNEL(found) ((found) >> 9 & 0x3f)
#define INNER_END(found) ((found) >> 15)

_Static_assert(NFOLD_TUNNEL_MAX < 0x3f && NFOLD_INNER_MAX == 0xff,
	       "the word's fields");

/* The i-th; NULL: there is none. What it points to is not volatile any more, and
 * clang would believe it to be the zeroes of the object file. */
static __always_inline const struct nfold_tunnel *tunnel_at(__u32 i)
{
	const struct nfold_tunnel *t;

	if (i >= config.tunnels.cnt || i >= NFOLD_TUNNEL_MAX)
		return NULL;
	t = (const struct nfold_tunnel *)&config.tunnels.v[i];
	asm volatile("" : "+r"(t));
	return t;
}

/* Index + 1 of the one with these words (nfold_tunnel_differ()); 0 none. */
static __always_inline __u32 tunnel_index(const struct nfold_tunnel *seen,
					  int words)
{
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < NFOLD_TUNNEL_MAX; i++) {
		const struct nfold_tunnel *t = tunnel_at(i);

		if (!t)
			break;
		if (!nfold_tunnel_differ(t, seen, words))
			return i + 1;
	}
	return 0;
}

/* p: the packet as it came, parsed; the outer header is readable. */
static __always_inline __u32 tunnel_open(const __u8 *data, const __u8 *data_end,
					 const struct nfold_parse *p,
					 struct nfold_tunnel *t, __u8 outer_ecn)
{
	__u32 end = p->l3_off + p->l3_len, off, tunnel;
	const __u8 *inner;
	__u8 family = 0;
	int len;

	len = nfold_tunnel_header(nfold_at(data, p->l4_off), data_end,
				  end - p->l4_off, p->l4proto, t, &family);
	off = p->l4_off + len;
	if (len < 0 || off > NFOLD_INNER_MAX || off + 20 > end)
		return 0;
	inner = nfold_at(data, off);
	if (inner + 2 > data_end ||
	    nfold_ecn_lost(nfold_ecn(inner, family == 6), outer_ecn))
		return 0;
	tunnel = tunnel_index(t, 10);
	return tunnel ? INNER(off, family == 6, tunnel, end) : 0;
}

/* is_ip6: a constant. */
static __always_inline __u32 tunnel_seek(struct xdp_md *ctx, __u32 zone,
					 int is_ip6)
{
	const __u8 *data = (void *)(long)ctx->data;
	const __u8 *data_end = (void *)(long)ctx->data_end;
	struct nfold_parse p = {};
	struct nfold_tunnel t;
	enum nfold_reason why;
	const __u8 *ip;
	__u32 len;

	p.l3_off = NFOLD_ETH_LEN +
		   NFOLD_VLAN_LEN * ((zone >> NFOLD_ZONE_TAGS_SHIFT) & 3);
	ip = data + p.l3_off;
	if (ip + (is_ip6 ? 40 : 20) > data_end)
		return 0;
	/* First the ends, so that others' packets are not parsed twice. */
	nfold_tunnel_ends(ip, is_ip6 ? 6 : 4, &t);
	if (!tunnel_index(&t, 8))
		return 0;
	len = config.linear ? data_end - data : bpf_xdp_get_buff_len(ctx);
	why = is_ip6 ? nfold_parse_ip6(ip, data_end, len, zone, 0, &p) :
		       nfold_parse_ip4(ip, data_end, len, zone, 0, &p);
	if (why)
		return 0;
	return tunnel_open(data, data_end, &p, &t, nfold_ecn(ip, is_ip6));
}

/* Of a packet that came in by a port where tunnels are looked for. */
__noinline int tunnel_find(struct xdp_md *ctx, __u32 zone, __u32 is_ip6)
{
	if (!config.tunnels.cnt)
		return 0;
	return is_ip6 ? tunnel_seek(ctx, zone, 1) : tunnel_seek(ctx, zone, 0);
}

#endif
