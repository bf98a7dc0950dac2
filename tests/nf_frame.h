/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Real frames for tests of single NFs: built by pkt.h, parsed by the product's
 * parser, handed over as the engine would. Include it after nf_fake.h.
 */
#ifndef NFOLD_TESTS_NF_FRAME_H
#define NFOLD_TESTS_NF_FRAME_H

#include "maps/parse.h"
#include "tests/pkt.h"

struct frame {
	uint8_t buf[PKT_MAX];
	uint32_t len;
	struct nfold_parse parse;
	struct nf_pkt pkt;
};

/* The first packet of `session`, from port 0. It must parse. */
static inline struct nf_pkt *frame_make(struct frame *fr, const struct pkt *k,
					void *session)
{
	struct nfold_parse *p = &fr->parse;

	memset(p, 0, sizeof(*p));
	fr->len = pkt_build(k, fr->buf);
	assert_int_equal(nfold_parse(fr->buf, fr->buf + fr->len, 0, p),
			 NFOLD_REASON_NONE);
	fr->pkt = (struct nf_pkt){
		.data = fr->buf, .len = fr->len, .l3_off = p->l3_off,
		.l4_off = p->l4_off, .family = p->family,
		.l4proto = p->l4proto, .tcp_flags = p->tcp_flags,
		.opening = true, .fid = 1, .engine = session,
	};
	if (p->family == 4) {
		fr->pkt.saddr.a[0] = p->key4.saddr;
		fr->pkt.daddr.a[0] = p->key4.daddr;
		fr->pkt.sport = p->key4.sport;
		fr->pkt.dport = p->key4.dport;
	} else {
		memcpy(&fr->pkt.saddr, p->key6.saddr, sizeof(fr->pkt.saddr));
		memcpy(&fr->pkt.daddr, p->key6.daddr, sizeof(fr->pkt.daddr));
		fr->pkt.sport = p->key6.sport;
		fr->pkt.dport = p->key6.dport;
	}
	if (p->l4 == NFOLD_L4_ECHO_REQUEST || p->l4 == NFOLD_L4_ECHO_REPLY)
		fr->pkt.icmp_type = p->icmp_type;
	return &fr->pkt;
}

/* A packet of the test's small world: 10.0.0.x to 10.1.0.x, 2001:db8::x to
 * 2001:db8:1::x, by the last bytes. */
static inline struct pkt frame_world(int family, uint8_t proto, uint8_t src,
				     uint16_t sport, uint8_t dst,
				     uint16_t dport)
{
	struct pkt k = {
		.family = family, .proto = proto, .ttl = 64, .payload = 20,
		.sport = sport, .dport = dport, .icmp_type = family == 4 ? 8 : 128,
		.dmac = { 2, 0, 0, 0, 0, 1 }, .smac = { 2, 0, 0, 0, 0, 2 },
	};

	if (family == 4) {
		memcpy(k.src, (uint8_t[]){ 10, 0, 0, src }, 4);
		memcpy(k.dst, (uint8_t[]){ 10, 1, 0, dst }, 4);
		return k;
	}
	memcpy(k.src, (uint8_t[]){ 0x20, 1, 0x0d, 0xb8 }, 4);
	memcpy(k.dst, (uint8_t[]){ 0x20, 1, 0x0d, 0xb8, 0, 1 }, 6);
	k.src[15] = src;
	k.dst[15] = dst;
	return k;
}

#endif
