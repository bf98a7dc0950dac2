/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The parser's second look, for both sides: does the outer header belong to a
 * known tunnel (tunnel.h), and where does the packet inside begin? What is
 * constant must be as the other end writes it; options, keys, checksums and
 * versions that our own headers do not have are not understood, and what is not
 * understood has no packet inside.
 */
#ifndef NFOLD_PARSE_TUNNEL_H
#define NFOLD_PARSE_TUNNEL_H

#include "parse.h"
#include "tunnel.h"

/* The inner IP header is looked for in the frame's first bytes only: more than
 * any outer header without a chain of extension headers. With these and its own
 * ones an offset stays below NFOLD_OFF_MASK. */
#define NFOLD_INNER_MAX 255

/* Four bytes of GRE: no checksum, key, sequence number, or version but 0. */
#define NFOLD_GRE_LEN 4
/* UDP, and of GUE variant 0 without extensions, or of VXLAN with the frame's
 * Ethernet header behind it. */
#define NFOLD_GUE_LEN 12
#define NFOLD_VXLAN_LEN 30

static __always_inline __u8 nfold_inner_type(__be16 type)
{
	return type == NFOLD_TYPE_IP4 ? 4 : type == NFOLD_TYPE_IP6 ? 6 : 0;
}

static __always_inline __u8 nfold_inner_proto(__u8 proto)
{
	return proto == IPPROTO_IPIP ? 4 : proto == IPPROTO_IPV6 ? 6 : 0;
}

/* VXLAN: the I flag says that the VNI is one, the other bits say nothing. GUE:
 * variant, C bit and header length, in one byte, are 0, and so are the flags. No
 * packet is both. */
static __always_inline int
nfold_udp_header(const __u8 *l4, const void *data_end, __u32 avail,
		 struct nfold_tunnel *t, __u8 *family)
{
	if (avail < NFOLD_GUE_LEN || l4 + NFOLD_GUE_LEN > (const __u8 *)data_end)
		return -1;
	t->port = load16(l4 + 2);
	if (!(l4[8] | load16(l4 + 10))) {
		t->kind = NFOLD_TUNNEL_GUE;
		*family = nfold_inner_proto(l4[9]);
		return NFOLD_GUE_LEN;
	}
	if (!(l4[8] & 0x08) || avail < NFOLD_VXLAN_LEN ||
	    l4 + NFOLD_VXLAN_LEN > (const __u8 *)data_end)
		return -1;
	t->kind = NFOLD_TUNNEL_VXLAN;
	t->vni = NFOLD_BE32(load32(l4 + 12)) >> 8;
	*family = nfold_inner_type(load16(l4 + 28));
	return NFOLD_VXLAN_LEN;
}

/* What stands behind the outer IP header, avail bytes of it in the packet: the
 * length of a tunnel's header, with kind, port and VNI in *t, and in *family
 * what is inside; negative: no such header. */
static __always_inline int
nfold_tunnel_header(const __u8 *l4, const void *data_end, __u32 avail,
		    __u8 proto, struct nfold_tunnel *t, __u8 *family)
{
	int len;

	t->kind = NFOLD_TUNNEL_IPIP;
	t->port = 0;
	t->vni = 0;
	if (proto == IPPROTO_UDP) {
		len = nfold_udp_header(l4, data_end, avail, t, family);
	} else if (proto == IPPROTO_GRE) {
		if (avail < NFOLD_GRE_LEN ||
		    l4 + NFOLD_GRE_LEN > (const __u8 *)data_end || load16(l4))
			return -1;
		t->kind = NFOLD_TUNNEL_GRE;
		*family = nfold_inner_type(load16(l4 + 2));
		len = NFOLD_GRE_LEN;
	} else {
		*family = nfold_inner_proto(proto);
		len = 0;
	}
	return *family ? len : -1;
}

/* The outer addresses, in *t. family: a constant; the header is readable. */
static __always_inline void nfold_tunnel_ends(const __u8 *ip, __u8 family,
					      struct nfold_tunnel *t)
{
	__u32 src = family == 4 ? 12 : 8, dst = family == 4 ? 16 : 24;

	t->family = family;
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		t->remote[i] = !i || family == 6 ? load32(ip + src + 4 * i) : 0;
		t->local[i] = !i || family == 6 ? load32(ip + dst + 4 * i) : 0;
	}
}

/* 0: they are the same, in their first words: of 8 bytes the ends, of 10 all.
 * Without a branch: the verifier follows each. */
static __always_inline __u32 nfold_tunnel_differ(const struct nfold_tunnel *a,
						 const struct nfold_tunnel *b,
						 int words)
{
	const __u8 *x = (const __u8 *)a, *y = (const __u8 *)b;
	__u32 differ = 0;

#pragma GCC unroll 10
	for (int i = 0; i < words; i++)
		differ |= load32(x + 4 * i) ^ load32(y + 4 * i);
	return differ;
}

static __always_inline __u8 nfold_ecn(const __u8 *ip, int is_ip6)
{
	return (is_ip6 ? ip[1] >> 4 : ip[1]) & 3;
}

/* RFC 6040 section 4.2: congestion was met on the way, and the packet inside
 * can not carry the word on: it is to be dropped, so it is no flow's. */
static __always_inline int nfold_ecn_lost(__u8 inner, __u8 outer)
{
	return outer == 3 && !inner;
}

#ifndef __bpf__
/* User space. out: the packet as it came, parsed; it ends at data_end. True: a
 * tunnel's header stands there, which *t tells, and *in is the packet inside,
 * with offsets from the same first byte. */
static inline int nfold_parse_inner(__u8 *data, const void *data_end,
				    const struct nfold_parse *out, __u32 zone,
				    struct nfold_tunnel *t,
				    struct nfold_parse *in)
{
	__u32 l3_end = out->l3_off + out->l3_len;
	__u8 *ip = data + out->l3_off;
	enum nfold_reason why;
	__u8 family = 0;
	int len;

	nfold_tunnel_ends(ip, out->family, t);
	len = nfold_tunnel_header(data + out->l4_off, data_end,
				  l3_end - out->l4_off, out->l4proto, t,
				  &family);
	if (len < 0 || out->l4_off + (__u32)len > NFOLD_INNER_MAX ||
	    out->l4_off + (__u32)len + 20 > l3_end)
		return 0;
	__builtin_memset(in, 0, sizeof(*in));
	in->l3_off = out->l4_off + len;
	in->tags = out->tags;
	in->ethertype = family == 4 ? NFOLD_TYPE_IP4 : NFOLD_TYPE_IP6;
	if (nfold_ecn_lost(nfold_ecn(data + in->l3_off, family == 6),
			   nfold_ecn(ip, out->family == 6)))
		return 0;
	ip = data + in->l3_off;
	why = family == 4 ?
		      nfold_parse_ip4(ip, data_end, l3_end, zone, 1, in) :
		      nfold_parse_ip6(ip, data_end, l3_end, zone, 1, in);
	return !why && !(in->flags & NFOLD_PARSE_GROUP);
}

/* By one of those that are known (NULL: none)? Then the key in *in says which. */
static inline int nfold_parse_tunnels(__u8 *data, const void *data_end,
				      const struct nfold_parse *out,
				      const struct nfold_tunnels *known,
				      struct nfold_parse *in)
{
	__u32 zone = out->family == 4 ? out->key4.zone : out->key6.zone;
	struct nfold_tunnel t;
	__u32 i = 0;

	if (!known || !(known->ports >> NFOLD_ZONE_PORT(zone) & 1) ||
	    !nfold_parse_inner(data, data_end, out, zone, &t, in))
		return 0;
	while (i < known->cnt && nfold_tunnel_differ(&known->v[i], &t, 10))
		i++;
	if (i == known->cnt)
		return 0;
	if (in->family == 4)
		in->key4.tunnel = i + 1;
	else
		in->key6.tunnel = i + 1;
	return 1;
}
#endif

#endif
