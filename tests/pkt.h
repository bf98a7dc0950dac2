/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Packets for the tests: a description, and a builder that makes the bytes and
 * every checksum from scratch, big-endian word by word, sharing no code with
 * the product. What a rewrite should give is the same description with the
 * new values, built anew.
 */
#ifndef PKT_H
#define PKT_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define PKT_MAX 10240

enum pkt_csum {
	PKT_CSUM_FULL,
	PKT_CSUM_NONE,		/* UDP: field 0 */
	PKT_CSUM_PARTIAL,	/* pseudo header's sum, not inverted */
	PKT_CSUM_BAD,
};

struct pkt {
	uint8_t dmac[6], smac[6];
	int tags;		/* 0..3 */
	uint16_t tci[3];	/* outermost first */
	uint16_t tpid[3];	/* 0: 0x8100 */
	uint16_t ethertype;	/* 0: by family */
	int family;		/* 4, 6 */
	uint8_t options;	/* IPv4: bytes of options, multiple of 4 */
	uint8_t ext[8];		/* IPv6: extension headers, 0xff ends; 0 is
				 * hop-by-hop */
	int ext_cnt;
	uint8_t src[16], dst[16]; /* IPv4 in the first four */
	uint8_t ttl, proto;
	uint16_t frag;		/* IPv4: flags and offset field */
	uint16_t sport, dport;	/* host order; echo: identifier as sport */
	uint8_t flags;		/* TCP */
	uint32_t seq, ack;	/* TCP; seq 0: 1 */
	uint8_t icmp_type, icmp_code;
	uint16_t urgent;	/* TCP: urgent pointer */
	uint32_t payload;	/* bytes */
	const uint8_t *data;	/* they; NULL: fill */
	uint8_t fill;		/* payload's first byte; counts up */
	enum pkt_csum csum;
	uint32_t pad;		/* bytes behind the IP packet */
};

static inline void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static inline uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

/* RFC 1071, the plain way. */
static inline uint32_t pkt_sum(const uint8_t *p, uint32_t len, uint32_t sum)
{
	for (uint32_t i = 0; i < len; i++)
		sum += i & 1 ? p[i] : p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static inline uint32_t pkt_pseudo(const struct pkt *k, uint32_t len)
{
	uint32_t n = k->family == 4 ? 4 : 16, sum;

	sum = pkt_sum(k->src, n, 0);
	sum = pkt_sum(k->dst, n, sum);
	sum += len + k->proto;
	return pkt_sum(NULL, 0, sum);
}

static inline void pkt_set_csum(const struct pkt *k, uint8_t *l4, uint32_t len,
				uint32_t field, bool pseudo)
{
	uint32_t start = pseudo ? pkt_pseudo(k, len) : 0, sum;

	put16(l4 + field, 0);
	sum = ~pkt_sum(l4, len, start) & 0xffff;
	if (k->csum == PKT_CSUM_PARTIAL && pseudo)
		sum = start;
	else if (k->proto == IPPROTO_UDP)
		sum = k->csum == PKT_CSUM_NONE ? 0 : sum ? sum : 0xffff;
	if (k->csum == PKT_CSUM_BAD)
		sum ^= 0x0101;
	put16(l4 + field, sum);
}

static inline uint32_t pkt_l4_len(const struct pkt *k)
{
	if (k->proto == IPPROTO_TCP)
		return 20;
	if (k->proto == IPPROTO_UDP || k->proto == IPPROTO_ICMP ||
	    k->proto == IPPROTO_ICMPV6)
		return 8;
	return 0;
}

static inline uint32_t pkt_put_l4(const struct pkt *k, uint8_t *l4)
{
	uint32_t head = pkt_l4_len(k), len = head + k->payload;

	memset(l4, 0, head);
	for (uint32_t i = 0; i < k->payload; i++)
		l4[head + i] = k->data ? k->data[i] : k->fill + i;
	switch (k->proto) {
	case IPPROTO_TCP:
		put16(l4, k->sport);
		put16(l4 + 2, k->dport);
		put32(l4 + 4, k->seq ? k->seq : 1);
		put32(l4 + 8, k->ack);
		l4[12] = 5 << 4;
		l4[13] = k->flags;
		put16(l4 + 14, 1000);
		put16(l4 + 18, k->urgent);
		pkt_set_csum(k, l4, len, 16, true);
		break;
	case IPPROTO_UDP:
		put16(l4, k->sport);
		put16(l4 + 2, k->dport);
		put16(l4 + 4, len);
		pkt_set_csum(k, l4, len, 6, true);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		l4[0] = k->icmp_type;
		l4[1] = k->icmp_code;
		put16(l4 + 4, k->sport);
		put16(l4 + 6, 7);
		pkt_set_csum(k, l4, len, 2, k->proto == IPPROTO_ICMPV6);
		break;
	}
	return len;
}

static inline uint32_t pkt_put_ip4(const struct pkt *k, uint8_t *ip)
{
	uint32_t head = 20 + k->options, len;

	memset(ip, 0, 20);
	memset(ip + 20, 1, k->options); /* NOP */
	len = head + pkt_put_l4(k, ip + head);
	ip[0] = 4 << 4 | head / 4;
	put16(ip + 2, len);
	put16(ip + 4, 0x1234);
	put16(ip + 6, k->frag);
	ip[8] = k->ttl;
	ip[9] = k->proto;
	memcpy(ip + 12, k->src, 4);
	memcpy(ip + 16, k->dst, 4);
	put16(ip + 10, ~pkt_sum(ip, head, 0));
	return len;
}

/* Each extension header is 8 bytes, AH 16. */
static inline uint32_t pkt_put_ext(const struct pkt *k, uint8_t *pos)
{
	uint32_t len = 0, n;

	for (int i = 0; i < k->ext_cnt; i++) {
		n = k->ext[i] == IPPROTO_AH ? 16 : 8;
		memset(pos + len, 0, n);
		pos[len] = i + 1 < k->ext_cnt ? k->ext[i + 1] : k->proto;
		if (k->ext[i] == IPPROTO_AH)
			pos[len + 1] = 2;
		if (k->ext[i] == IPPROTO_HOPOPTS ||
		    k->ext[i] == IPPROTO_DSTOPTS) {
			pos[len + 2] = 1; /* PadN */
			pos[len + 3] = 4;
		}
		if (k->ext[i] == IPPROTO_FRAGMENT)
			put16(pos + len + 2, k->frag);
		len += n;
	}
	return len;
}

static inline uint32_t pkt_put_ip6(const struct pkt *k, uint8_t *ip)
{
	uint32_t len;

	memset(ip, 0, 40);
	ip[0] = 6 << 4;
	len = pkt_put_ext(k, ip + 40);
	len += pkt_put_l4(k, ip + 40 + len);
	put16(ip + 4, len);
	ip[6] = k->ext_cnt ? k->ext[0] : k->proto;
	ip[7] = k->ttl;
	memcpy(ip + 8, k->src, 16);
	memcpy(ip + 24, k->dst, 16);
	return 40 + len;
}

/* Bytes of the frame in buf[PKT_MAX]; the length. */
static inline uint32_t pkt_build(const struct pkt *k, uint8_t *buf)
{
	uint32_t pos = 12, type = k->family == 4 ? 0x0800 : 0x86dd;

	memcpy(buf, k->dmac, 6);
	memcpy(buf + 6, k->smac, 6);
	for (int i = 0; i < k->tags; i++) {
		put16(buf + pos, k->tpid[i] ? k->tpid[i] : 0x8100);
		put16(buf + pos + 2, k->tci[i]);
		pos += 4;
	}
	put16(buf + pos, k->ethertype ? k->ethertype : type);
	pos += 2;
	pos += k->family == 4 ? pkt_put_ip4(k, buf + pos) :
				pkt_put_ip6(k, buf + pos);
	memset(buf + pos, 0, k->pad);
	return pos + k->pad;
}

/* An ordinary packet to start from. */
static inline struct pkt pkt_new(int family, uint8_t proto)
{
	struct pkt k = {
		.dmac = { 2, 0, 0, 0, 0, 1 },
		.smac = { 2, 0, 0, 0, 0, 99 },
		.family = family,
		.ttl = 64,
		.proto = proto,
		.sport = 40000,
		.dport = 53,
		.payload = 22,
		.flags = 0x10,
		.icmp_type = family == 4 ? 8 : 128,
		.fill = 'a',
	};

	if (proto == IPPROTO_ICMP && family == 6)
		k.proto = IPPROTO_ICMPV6;
	inet_pton(family == 4 ? AF_INET : AF_INET6,
		  family == 4 ? "10.0.0.7" : "2001:db8::7", k.src);
	inet_pton(family == 4 ? AF_INET : AF_INET6,
		  family == 4 ? "192.0.2.80" : "2001:db8:1::80", k.dst);
	return k;
}

#endif
