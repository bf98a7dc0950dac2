/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The other end of an ah of the equivalence test's chains (eq_chain.h). It has no
 * options to mask: pkt.h makes none that change on the way.
 */
#ifndef NFOLD_EQ_AH_H
#define NFOLD_EQ_AH_H

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "chains/nf.h"
#include "maps/parse.h"
#include "tests/pkt.h"

#define FAR_MAX 10240		/* bytes of an IP packet */

/* Offset of the frame's AH, *l3_off of its IP header and *l3_len its bytes; 0:
 * it has none that is whole. */
static inline uint32_t far_ah(uint8_t *data, uint32_t len, uint32_t *l3_off,
			      uint32_t *l3_len)
{
	struct nf_pkt pkt = { .data = data, .len = len };
	struct nfold_parse p;
	uint32_t size, off;

	if (nfold_parse(data, data + len, 1, &p))
		return 0;
	*l3_off = pkt.l3_off = p.l3_off;
	*l3_len = p.l3_len;
	pkt.family = p.family;
	off = nf_pkt_ah(&pkt, &size);
	return size ? off : 0;
}

static inline bool far_knows(uint8_t *data, uint32_t len)
{
	uint32_t l3_off, l3_len;

	return far_ah(data, len, &l3_off, &l3_len);
}

static inline void far_mask(uint8_t *ip)
{
	if (ip[0] >> 4 == 6) {
		put32(ip, 6U << 28);
		ip[7] = 0;
		return;
	}
	ip[1] = ip[8] = 0;
	put16(ip + 6, 0);
	put16(ip + 10, 0);
}

/* The frame's AH, if it has one, is right for the addresses that it has now. The
 * key is 0, 1, 2 and so on; the algorithm goes by the SPI's last bit. */
static inline void far_seal(uint8_t *data, uint32_t len)
{
	uint32_t l3_off, l3_len, off = far_ah(data, len, &l3_off, &l3_len);
	uint8_t key[32], copy[FAR_MAX], icv[EVP_MAX_MD_SIZE];
	bool sha1;

	if (!off || l3_len > FAR_MAX)
		return;
	sha1 = data[off + 7] & 1;
	for (int i = 0; i < 32; i++)
		key[i] = i;
	memcpy(copy, data + l3_off, l3_len);
	far_mask(copy);
	memset(copy + off - l3_off + NF_AH_ICV, 0, sha1 ? 12 : 16);
	if (HMAC(sha1 ? EVP_sha1() : EVP_sha256(), key, sha1 ? 20 : 32, copy,
		 l3_len, icv, NULL))
		memcpy(data + off + NF_AH_ICV, icv, sha1 ? 12 : 16);
}

#endif
