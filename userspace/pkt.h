/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The engine's side of struct nf_pkt: from parser to packet, checksums over
 * the whole of it, and the last step of router mode. What NFs may call is in
 * chains/nf.h.
 */
#ifndef NFOLD_PKT_H
#define NFOLD_PKT_H

#include "../chains/nf.h"
#include "../maps/parse.h"
#include "../maps/port.h"

/* Fills the fields that come from the bytes; zone, reply, now and so on are
 * the engine's to set. data stays the caller's. */
void pkt_init(struct nf_pkt *pkt, uint8_t *data, uint32_t len,
	      const struct nfold_parse *p);

enum pkt_csum {
	PKT_CSUM_OK,		/* right, or none where none is allowed */
	PKT_CSUM_PARTIAL,	/* the pseudo-header's sum only (action.h) */
	PKT_CSUM_BAD,
};

/* Judges the L4 checksum over all bytes of the packet. */
enum pkt_csum pkt_csum_check(const struct nf_pkt *pkt);
/* Cheap: does the field hold the pseudo-header's sum and no more? */
bool pkt_csum_is_partial(const struct nf_pkt *pkt);
/* Computes and stores the L4 checksum from scratch. */
void pkt_csum_complete(struct nf_pkt *pkt);

/* Offset of the L4 checksum from the frame's first byte; 0: has none. */
uint32_t pkt_l4_csum_off(const struct nf_pkt *pkt);
/* Adds a delta (csum_diff16() and the like) to the L4 checksum, if there is
 * one. UDP's "none" stays none. */
void pkt_l4_csum_add(struct nf_pkt *pkt, uint64_t delta);

/* Router mode: TTL or hop limit - 1, of what was forwarded: below headers that
 * the chain put around it (RFC 2003 section 3.1), unless an NF has seen to it
 * (nf_pkt_hop()). False: it must not go on. */
bool pkt_ttl_dec(struct nf_pkt *pkt);
void pkt_set_macs(struct nf_pkt *pkt, const uint8_t *dmac, const uint8_t *smac);
/* A state function has written len bytes at offset off of the frame. */
void pkt_written(struct nf_pkt *pkt, uint32_t off, uint32_t len);
/* AH (tn: spi, icv_len) between IP and what follows, with sequence number and
 * integrity value 0 (userspace/pkt_transport.c); false, and nothing is changed:
 * there is no room, or the packet is an IPv6 fragment. And the first AH out: false
 * if there is none. Bytes only, not the packet's fields. */
bool pkt_ah_insert(struct nf_pkt *pkt, const struct nf_tunnel *tn);
bool pkt_ah_remove(struct nf_pkt *pkt);
/* IP's own length in bytes, as the MTU counts it. */
uint32_t pkt_l3_len(const struct nf_pkt *pkt);

#endif
