/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The parser's IP stages: IPv4 with options (RFC 791), IPv6 with extension
 * headers (RFC 8200). Included by parse.h only.
 */
#ifndef NFOLD_PARSE_L3_H
#define NFOLD_PARSE_L3_H

#include "csum.h"
#include "ipproto.h"
#include "parse_l4.h"

#define NFOLD_EXT_MAX 6		/* IPv6 extension headers of a packet */

/* For both IP stages: data_end is the end of what can be read, frame_len the bytes
 * of the whole frame, which is more when parts of it lie outside (fragments of
 * an XDP buffer). All headers must lie inside.
 */

/* Bytes of the header by its IHL. In BPF read anew each time: the verifier
 * (6.1 to 6.18, clang 19) follows every number of options by itself through all
 * that comes after, unless it is made to forget it. */
static __always_inline __u32 nfold_ip4_hlen(const __u8 *ip)
{
	return (*(const volatile __u8 *)ip & 0x0f) * 4;
}

/* Adds up the header; at most 36 bits. Options are at most ten words; their
 * offsets are constant from the header's start, each with its own bounds check.
 */
static __always_inline enum nfold_reason
nfold_check_ip4_csum(const __u8 *ip, const void *data_end)
{
	__u64 sum = (__u64)load32(ip) + load32(ip + 4) + load32(ip + 8) +
		    load32(ip + 12) + load32(ip + 16);
	__u32 hlen = nfold_ip4_hlen(ip);

	if (__builtin_expect(hlen > 20, 0)) {
#pragma GCC unroll 10
		for (__u32 off = 20; off < 60; off += 4) {
			if (off >= hlen)
				break;
			if (ip + off + 4 > (const __u8 *)data_end)
				return NFOLD_REASON_TRUNCATED;
			sum += load32(ip + off);
		}
	}
	sum = (sum & 0xffff) + ((sum >> 16) & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff ? NFOLD_REASON_NONE : NFOLD_REASON_BAD_IP_CSUM;
}

/* Addresses that no packet on a wire has (RFC 1122 section 3.2.1.3). Sets the
 * group flag. Source 0 to a group is a host that has no address yet (DHCP,
 * IGMP).
 */
static __always_inline enum nfold_reason
nfold_check_addrs4(struct nfold_parse *p)
{
	const struct nfold_key4 *key = &p->key4;
	__u8 src = *(const __u8 *)&key->saddr, dst = *(const __u8 *)&key->daddr;

	if ((dst & 0xf0) == 0xe0 || key->daddr == 0xffffffff) {
		p->flags |= NFOLD_PARSE_GROUP;
		if (!key->saddr)
			return NFOLD_REASON_NONE;
	}
	if (src == 0 || src == 127 || (src & 0xf0) == 0xe0 ||
	    key->saddr == 0xffffffff)
		return NFOLD_REASON_MARTIAN;
	if (dst == 0 || dst == 127 || key->saddr == key->daddr)
		return NFOLD_REASON_MARTIAN;
	return NFOLD_REASON_NONE;
}

/* judge: a constant; 0 leaves the addresses to the caller (nfold_check_addrs4),
 * who need not look at those of a key that has an entry: they were judged when
 * its first packet opened the session. */
static __always_inline enum nfold_reason
nfold_parse_ip4(const __u8 *ip, const void *data_end, __u32 frame_len,
		__u32 zone, int judge, struct nfold_parse *p)
{
	struct nfold_key4 *key = &p->key4;
	enum nfold_reason why;
	__u32 hlen;

	if (ip + 20 > (const __u8 *)data_end)
		return NFOLD_REASON_TRUNCATED;
	hlen = nfold_ip4_hlen(ip);
	p->l3_len = NFOLD_BE16(load16(ip + 2));
	if (ip[0] >> 4 != 4 || hlen < 20 || p->l3_len < hlen)
		return NFOLD_REASON_BAD_HEADER;
	if (p->l3_off + p->l3_len > frame_len)
		return NFOLD_REASON_TRUNCATED;
	why = nfold_check_ip4_csum(ip, data_end);
	if (why)
		return why;
	hlen = nfold_ip4_hlen(ip);

	p->family = 4;
	p->l4_off = p->l3_off + hlen;
	p->l4proto = ip[9];
	p->ttl = ip[8];
	key->saddr = load32(ip + 12);
	key->daddr = load32(ip + 16);
	key->sport = 0;
	key->dport = 0;
	key->zone = zone;
	key->l4proto = p->l4proto;
	key->echo = 0;
	key->tunnel = 0;
	key->pad = 0;
	if (judge) {
		why = nfold_check_addrs4(p);
		if (why)
			return why;
	}
	if (load16(ip + 6) & NFOLD_BE16(0x3fff))
		return NFOLD_REASON_FRAGMENT;
	return nfold_parse_l4(ip + hlen, data_end, p->l3_len - hlen,
			      IPPROTO_ICMP, p, &key->sport, &key->dport,
			      &key->echo);
}

/* ::/64 holds the addresses that no packet on a wire has: unspecified,
 * loopback and v4-mapped (RFC 4291 section 2.5, RFC 4942 section 2.2). */
static __always_inline int nfold_is_special6(const __be32 *a)
{
	return !(a[0] | a[1]) &&
	       ((!a[2] && (!a[3] || a[3] == NFOLD_BE32(1))) ||
		a[2] == NFOLD_BE32(0xffff));
}

static __always_inline enum nfold_reason
nfold_check_addrs6(struct nfold_parse *p)
{
	const __be32 *s = p->key6.saddr, *d = p->key6.daddr;
	const __u32 group = NFOLD_BE32(0xff000000);

	if ((d[0] & group) == group) {
		p->flags |= NFOLD_PARSE_GROUP;
		/* No address yet: duplicate address detection, MLD. */
		if (!(s[0] | s[1] | s[2] | s[3]))
			return NFOLD_REASON_NONE;
	}
	if ((s[0] & group) == group || nfold_is_special6(s) ||
	    nfold_is_special6(d))
		return NFOLD_REASON_MARTIAN;
	if (!((s[0] ^ d[0]) | (s[1] ^ d[1]) | (s[2] ^ d[2]) | (s[3] ^ d[3])))
		return NFOLD_REASON_MARTIAN;
	return NFOLD_REASON_NONE;
}

/* Length of the extension header at ext, by its protocol number; 0: not an
 * extension header; -reason. A routing header with segments left is refused:
 * the destination address is not the last one, and the L4 checksum covers the
 * last (RFC 8200 section 8.1).
 */
static __always_inline int nfold_ext_len(__u8 proto, const __u8 *ext, int first)
{
	switch (proto) {
	case IPPROTO_HOPOPTS:
		if (!first)
			return -NFOLD_REASON_IPV6_EXT;
		return (ext[1] + 1) * 8;
	case IPPROTO_ROUTING:
		if (ext[3])
			return -NFOLD_REASON_IPV6_EXT;
		return (ext[1] + 1) * 8;
	case IPPROTO_DSTOPTS:
		return (ext[1] + 1) * 8;
	case IPPROTO_FRAGMENT:
		/* Atomic: RFC 6946. */
		if (load16(ext + 2) & NFOLD_BE16(0xfff9))
			return -NFOLD_REASON_FRAGMENT;
		return 8;
	}
	return 0;
}

/* AH is none, as in IPv4: a packet with it is of another flow than one without,
 * since whoever checks AH must not be passed by an entry of the latter. */
static __always_inline int nfold_is_ext(__u8 proto)
{
	return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING ||
	       proto == IPPROTO_DSTOPTS || proto == IPPROTO_FRAGMENT;
}

/* Extension headers by IANA's registry that we can not step over: mobility,
 * HIP, Shim6, experiments. */
static __always_inline int nfold_is_unknown_ext(__u8 proto)
{
	return proto == 135 || proto == 139 || proto == 140 || proto == 253 ||
	       proto == 254;
}

/* Steps over the extension headers: p->l4proto moves on, *l4 is the offset of
 * what is behind them from the IPv6 header. */
static __always_inline enum nfold_reason
nfold_skip_ext(const __u8 *ip, const void *data_end, struct nfold_parse *p,
	       __u32 *l4)
{
	__u32 off = 40;
	__u8 proto = p->l4proto;
	int i, len;

	for (i = 0; i < NFOLD_EXT_MAX; i++) {
		const __u8 *ext = nfold_at(ip, off);

		if (!nfold_is_ext(proto))
			break;
		if (off + 8 > p->l3_len || ext + 8 > (const __u8 *)data_end)
			return NFOLD_REASON_TRUNCATED;
		len = nfold_ext_len(proto, ext, i == 0);
		if (len <= 0)
			return -len;
		off += len;
		proto = ext[0];
	}
	if (nfold_is_ext(proto) || nfold_is_unknown_ext(proto))
		return NFOLD_REASON_IPV6_EXT;
	if (off > p->l3_len)
		return NFOLD_REASON_TRUNCATED;
	p->l4proto = proto;
	*l4 = off;
	return NFOLD_REASON_NONE;
}

static __always_inline enum nfold_reason
nfold_parse_ip6(const __u8 *ip, const void *data_end, __u32 frame_len,
		__u32 zone, int judge, struct nfold_parse *p)
{
	struct nfold_key6 *key = &p->key6;
	enum nfold_reason why;
	__u32 l3_len, l4 = 40;

	if (ip + 40 > (const __u8 *)data_end)
		return NFOLD_REASON_TRUNCATED;
	if (ip[0] >> 4 != 6)
		return NFOLD_REASON_BAD_HEADER;
	l3_len = 40 + NFOLD_BE16(load16(ip + 4));
	if (p->l3_off + l3_len > frame_len || l3_len > 0xffff)
		return NFOLD_REASON_TRUNCATED;

	p->l3_len = l3_len;
	p->family = 6;
	p->l4_off = p->l3_off + 40;
	p->l4proto = ip[6];
	p->ttl = ip[7];
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		key->saddr[i] = load32(ip + 8 + 4 * i);
		key->daddr[i] = load32(ip + 24 + 4 * i);
	}
	key->sport = 0;
	key->dport = 0;
	key->zone = zone;
	key->l4proto = 0;
	key->echo = 0;
	key->tunnel = 0;
	key->pad = 0;
	if (judge) {
		why = nfold_check_addrs6(p);
		if (why)
			return why;
	}
	why = nfold_skip_ext(ip, data_end, p, &l4);
	if (why)
		return why;
	key->l4proto = p->l4proto;
	p->l4_off += l4 - 40;
	return nfold_parse_l4(nfold_at(ip, l4), data_end, l3_len - l4,
			      IPPROTO_ICMPV6, p, &key->sport, &key->dport,
			      &key->echo);
}

#endif
