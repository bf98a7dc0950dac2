/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Frames for tests, built from scratch with checksums of their own: none of the
 * product's code computes what the tests compare it with.
 */
#ifndef NFOLD_TESTS_FRAME_H
#define NFOLD_TESTS_FRAME_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#define FRAME_MAX 2048

enum frame_csum {
	FRAME_CSUM_GOOD,
	FRAME_CSUM_BAD,
	FRAME_CSUM_PARTIAL,	/* pseudo-header's sum only */
	FRAME_CSUM_NONE,	/* 0: UDP */
};

struct frame {
	uint8_t smac[6], dmac[6];
	uint8_t tags;		/* VLAN tags, 0..2 */
	uint16_t vid[2];	/* outer, inner (or the only one in [0]) */
	uint8_t family;		/* 4, 6 */
	uint32_t saddr[4];	/* wire order; IPv4 in [0] */
	uint32_t daddr[4];
	uint8_t l4proto;
	uint16_t sport, dport;	/* host order; echo: sport is the identifier */
	uint8_t icmp_type;	/* echo */
	uint8_t tcp_flags;
	uint8_t ttl;
	uint8_t options;	/* IPv4: 32-bit words of NOPs; IPv6: of these,
				 * destination options headers of 8 bytes */
	uint16_t payload;	/* bytes after the L4 header */
	uint8_t fill;		/* first payload byte; the rest follows from it */
	enum frame_csum csum;
};

static inline void frame_put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

/* RFC 1071, big end first. */
static inline uint32_t frame_sum(const uint8_t *p, uint32_t len, uint32_t sum)
{
	for (uint32_t i = 0; i < len; i++)
		sum += i & 1 ? p[i] : p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static inline uint32_t frame_pseudo(const struct frame *f, uint32_t l4_len)
{
	uint32_t bytes = f->family == 4 ? 4 : 16;
	uint32_t sum = frame_sum((const uint8_t *)f->saddr, bytes, 0);

	sum = frame_sum((const uint8_t *)f->daddr, bytes, sum);
	return frame_sum(NULL, 0, sum + l4_len + f->l4proto);
}

static inline uint32_t frame_l4_header(const struct frame *f)
{
	switch (f->l4proto) {
	case IPPROTO_TCP:
		return 20;
	case IPPROTO_UDP:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 8;
	}
	return 0;
}

static inline void frame_l4_csum(const struct frame *f, uint8_t *l4,
				 uint32_t len, uint8_t *at)
{
	uint32_t pseudo = f->l4proto == IPPROTO_ICMP ? 0 :
						       frame_pseudo(f, len);
	uint16_t csum = ~frame_sum(l4, len, pseudo);

	if (f->l4proto == IPPROTO_UDP && !csum)
		csum = 0xffff;
	if (f->csum == FRAME_CSUM_BAD)
		csum ^= 0x0101;
	if (f->csum == FRAME_CSUM_PARTIAL)
		csum = pseudo;
	if (f->csum == FRAME_CSUM_NONE)
		csum = 0;
	frame_put16(at, csum);
}

static inline void frame_l4(const struct frame *f, uint8_t *l4, uint32_t len)
{
	switch (f->l4proto) {
	case IPPROTO_TCP:
		frame_put16(l4, f->sport);
		frame_put16(l4 + 2, f->dport);
		l4[12] = 0x50;
		l4[13] = f->tcp_flags;
		frame_put16(l4 + 14, 1000);
		frame_l4_csum(f, l4, len, l4 + 16);
		break;
	case IPPROTO_UDP:
		frame_put16(l4, f->sport);
		frame_put16(l4 + 2, f->dport);
		frame_put16(l4 + 4, len);
		frame_l4_csum(f, l4, len, l4 + 6);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		l4[0] = f->icmp_type;
		frame_put16(l4 + 4, f->sport);
		frame_put16(l4 + 6, 1);
		frame_l4_csum(f, l4, len, l4 + 2);
		break;
	}
}

/* Ethernet and tags; offset of what follows. */
static inline uint32_t frame_l2(const struct frame *f, uint8_t *buf)
{
	uint32_t off = 12;

	memcpy(buf, f->dmac, 6);
	memcpy(buf + 6, f->smac, 6);
	for (int i = 0; i < f->tags; i++, off += 4) {
		frame_put16(buf + off, f->tags == 2 && !i ? 0x88a8 : 0x8100);
		frame_put16(buf + off + 2, 0x2000 | f->vid[i]);
	}
	frame_put16(buf + off, f->family == 4 ? 0x0800 : 0x86dd);
	return off + 2;
}

/* Writes the frame to buf (FRAME_MAX bytes); its length. */
static inline uint32_t frame_build(const struct frame *f, uint8_t *buf)
{
	uint32_t l3 = frame_l2(f, buf);
	uint32_t hlen = f->family == 4 ? 20 + 4U * f->options :
					 40 + 8U * f->options;
	uint32_t l4 = l3 + hlen;
	uint32_t len = frame_l4_header(f) + f->payload;
	uint8_t *ip = buf + l3;

	memset(ip, 0, hlen + len);
	for (uint32_t i = 0; i < f->payload; i++)
		buf[l4 + frame_l4_header(f) + i] = f->fill + 7 * i;
	if (f->family == 4) {
		ip[0] = 0x40 | hlen / 4;
		frame_put16(ip + 2, hlen + len);
		ip[5] = f->fill;	/* identification: any */
		ip[8] = f->ttl;
		ip[9] = f->l4proto;
		memcpy(ip + 12, f->saddr, 4);
		memcpy(ip + 16, f->daddr, 4);
		memset(ip + 20, 1, 4 * f->options);
		frame_put16(ip + 10, ~frame_sum(ip, hlen, 0));
	} else {
		ip[0] = 0x60;
		frame_put16(ip + 4, 8 * f->options + len);
		ip[6] = f->options ? IPPROTO_DSTOPTS : f->l4proto;
		ip[7] = f->ttl;
		memcpy(ip + 8, f->saddr, 16);
		memcpy(ip + 24, f->daddr, 16);
		for (int i = 0; i < f->options; i++) {
			uint8_t *ext = ip + 40 + 8 * i;

			ext[0] = i + 1 < f->options ? IPPROTO_DSTOPTS :
						      f->l4proto;
			ext[2] = 1;	/* PadN */
			ext[3] = 4;
		}
	}
	frame_l4(f, buf + l4, len);
	return l4 + len;
}

#endif
