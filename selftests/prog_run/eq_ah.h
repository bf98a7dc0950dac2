/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The other end of an ah of the equivalence test's chains (eq_chain.h). */
#ifndef NFOLD_EQ_AH_H
#define NFOLD_EQ_AH_H

#include "chains/ah/ah.h"
#include "maps/parse.h"
#include "tests/pkt.h"

/* Its key is 0, 1, 2 and so on; the algorithm goes by the SPI's last bit. */
static const struct ah_sa *far_sa(uint32_t bit)
{
	static struct ah_sa sas[2];
	uint8_t key[AH_KEY_MAX];

	for (int i = 0; i < AH_KEY_MAX; i++)
		key[i] = i;
	sas[bit].auth = &ah_auths[bit];
	if (!sas[bit].mac)
		sas[bit].mac = ah_mac_new(&ah_auths[bit], key);
	return &sas[bit];
}

/* Has it AH? */
static inline bool far_knows(uint8_t *data, uint32_t len)
{
	struct nf_pkt pkt = { .data = data, .len = len };
	struct nfold_parse p;
	uint32_t size;

	if (nfold_parse(data, data + len, 1, &p))
		return false;
	pkt.l3_off = p.l3_off;
	pkt.family = p.family;
	return nf_pkt_ah(&pkt, &size);
}

/* The frame's AH, if it has one, is right for the addresses that it has now. */
static inline void far_seal(uint8_t *data, uint32_t len)
{
	struct nf_pkt pkt = { .data = data, .len = len };
	const struct ah_sa *sa;
	uint8_t icv[AH_ICV_MAX];
	struct nfold_parse p;
	uint32_t size, off;

	if (nfold_parse(data, data + len, 1, &p))
		return;
	pkt.l3_off = p.l3_off;
	pkt.family = p.family;
	off = nf_pkt_ah(&pkt, &size);
	if (!size)
		return;
	sa = far_sa(data[off + 7] & 1);
	if (!ah_icv(sa, &pkt, off, size,
		    (uint32_t)get16(data + off + 8) << 16 |
			    get16(data + off + 10), icv))
		memcpy(data + off + NF_AH_ICV, icv, sa->auth->icv_len);
}

#endif
