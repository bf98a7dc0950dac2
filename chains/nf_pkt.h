/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A packet as NFs see it, and what they may do to it. Part of nf.h.
 */
#ifndef NFOLD_NF_PKT_H
#define NFOLD_NF_PKT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/types.h>

#include "../maps/edit.h"
#include "../maps/flow.h"
#include "../maps/reason.h"
#include "nf_tunnel.h"

struct nf;

/* Flow id: names one direction of one flow while a packet of it is handled.
 * The paper's FID, without its collisions. 0 is none. */
typedef uint32_t nf_fid;

/* A header that nf_pkt_encap() has covered. */
struct nf_under {
	const struct nf_tunnel *tunnel;	/* what covers it */
	uint16_t l4_off;	/* from its IP header */
	uint8_t len;		/* bytes that cover it */
	uint8_t inside;		/* bytes behind its IP header: transport AH */
	uint8_t family;
	uint8_t l4proto;
	uint8_t tcp_flags;
	uint8_t icmp_type;
	struct nf_addr saddr;
	struct nf_addr daddr;
	__be16 sport;
	__be16 dport;
};

/* Bytes that a state function has written, by their distance from the frame's
 * end, which headers in front do not change. */
struct nf_written {
	uint32_t tail;		/* of the first byte */
	uint32_t len;
};
#define NF_WRITTEN_MAX 6	/* AH in AH, a payload and its checksum, ... */

/* A packet as an NF sees it: with the headers as they stand at its place in
 * the chain. Read the fields; change them only through nf_pkt_set_*(), which
 * keep the bytes, the checksums and the fields together.
 */
struct nf_pkt {
	uint8_t *data;		/* from the Ethernet header on */
	uint32_t len;		/* bytes, whole frame */
	uint16_t l3_off;
	uint16_t l4_off;
	uint16_t in_l3_off;	/* where its IP header was when it came in */
	uint8_t family;		/* 4 or 6 */
	uint8_t l4proto;	/* IPPROTO_* */
	uint8_t tcp_flags;	/* NFOLD_TCP_*, 0 if not TCP */
	uint8_t icmp_type;	/* of echo, else 0 */
	struct nf_addr saddr;
	struct nf_addr daddr;
	__be16 sport;		/* as in nfold_key4: also for ICMP echo */
	__be16 dport;
	uint32_t zone;		/* as in nfold_key4 */
	bool outside;		/* came in by an outside port */
	bool reply;		/* reply direction of its session */
	bool opening;		/* first packet of its session */
	uint64_t now;		/* ns */
	nf_fid fid;
	uint8_t drop_reason;	/* enum nfold_reason, see nf_drop() */
	bool reset;		/* see nf_reset() */
	bool may_write;		/* in a state function of class NF_WRITE */
	bool router;		/* the engine routes, and so decrements the TTL */
	bool hopped;		/* it has: nf_pkt_hop() */
	bool edited;		/* by what an address or port does not tell */
	uint8_t unwrapped;	/* tunnel headers from the wire taken off */
	bool known;		/* came in a known tunnel's header: its flow is
				 * that of the packet inside (nf_ops.tunnels) */
	uint32_t room;		/* bytes that are free below data */
	int32_t grown;		/* by how much len is more than it came in with */
	uint8_t depth;		/* headers put around it: under[depth - 1] is
				 * below the outermost */
	struct nf_under under[NFOLD_LAYER_MAX];
	uint8_t written_cnt;	/* above NF_WRITTEN_MAX: more than is known */
	struct nf_written written[NF_WRITTEN_MAX];
	void *engine;		/* the engine's; not for NFs */
};

/* Bytes of the frame as it came in by the port: what is counted. */
static inline uint32_t nf_pkt_in_len(const struct nf_pkt *pkt)
{
	return pkt->len - pkt->grown;
}

enum nf_verdict {
	NF_FORWARD,
	NF_DROP,
};

/* Name the reason of a drop: return nf_drop(pkt, NFOLD_REASON_...). A drop that
 * is also recorded (ha_drop) holds for the flow direction; one that is not,
 * for this packet alone. */
static inline enum nf_verdict nf_drop(struct nf_pkt *pkt,
				      enum nfold_reason reason)
{
	pkt->drop_reason = reason;
	return NF_DROP;
}

/* Drop this packet of a TCP connection, and answer its sender with a reset, as
 * if the packet's destination had sent it (RFC 9293 section 3.10.7.1): return
 * nf_reset(pkt, NFOLD_REASON_...). Not recorded: it is this packet's own. The
 * session is as one that was reset, and ends soon. Of other protocols the sender
 * is told that the port is unreachable (RFC 1122 section 3.2.2.1, RFC 4443
 * section 3.1), where the engine routes and so has an address to tell it from. */
static inline enum nf_verdict nf_reset(struct nf_pkt *pkt,
				       enum nfold_reason reason)
{
	pkt->reset = true;
	return nf_drop(pkt, reason);
}

/* --- changing a packet (userspace/pkt.c) --- */

void nf_pkt_set_saddr(struct nf_pkt *pkt, const struct nf_addr *addr);
void nf_pkt_set_daddr(struct nf_pkt *pkt, const struct nf_addr *addr);
/* ICMP echo: the identifier, on the side where it stands (flow.h). */
void nf_pkt_set_sport(struct nf_pkt *pkt, __be16 port);
void nf_pkt_set_dport(struct nf_pkt *pkt, __be16 port);
/* What a HA_MODIFY says. */
struct header_action;
void nf_pkt_set(struct nf_pkt *pkt, const struct header_action *ha);
/* What any header action says but a drop, by the calls below: false as they. */
bool nf_pkt_do(struct nf_pkt *pkt, const struct header_action *ha);

/* --- payload (userspace/pkt_payload.c) --- */

/* What follows the TCP, UDP or ICMP header, or the IP header of any other
 * protocol, up to the end of the IP packet. *len: bytes, may be 0. */
const uint8_t *nf_pkt_payload(const struct nf_pkt *pkt, uint32_t *len);
/* Replaces len bytes from payload byte off on; the L4 checksum follows. False,
 * and nothing is changed: beyond the payload, or not called from a state
 * function of class NF_WRITE. */
bool nf_pkt_write_payload(struct nf_pkt *pkt, uint32_t off,
			  const void *bytes, uint32_t len);

/* --- AH (RFC 4302; userspace/pkt_ah.c) --- */

/* The first AH header behind the outermost IP header: its offset in the frame,
 * *len its bytes; 0: it is cut short. 0: there is none. */
uint32_t nf_pkt_ah(const struct nf_pkt *pkt, uint32_t *len);
/* Its sequence number (host order) and the first len bytes of its integrity
 * value: the one thing of a header that a state function may write, if it is of
 * class NF_WRITE. False, and nothing is changed: another class, no AH, or no room
 * for len. */
bool nf_pkt_write_ah(struct nf_pkt *pkt, uint32_t seq, const void *icv,
		     uint32_t len);

/* Functions of the packet (userspace/pkt_edit.c). TTL or hop limit - k, as a
 * routing hop does: false and unchanged if the packet dies here; then
 * return nf_drop(pkt, NFOLD_REASON_TTL_EXCEEDED), unrecorded. */
bool nf_pkt_ttl_dec(struct nf_pkt *pkt, uint8_t k);
/* The router's own TTL - 1, of the innermost packet, here and not behind the
 * chain: before that packet's bytes are sealed. At most once; nothing in wire
 * mode. False: as nf_pkt_ttl_dec(). */
bool nf_pkt_hop(struct nf_pkt *pkt);
/* DSCP 0 to 63; ECN stays. */
void nf_pkt_set_dscp(struct nf_pkt *pkt, uint8_t dscp);
/* TCP: adds, modulo 2^32, to the sequence number, and to acknowledgement and
 * SACK blocks where the packet has them. Other protocols: nothing. */
void nf_pkt_shift_seq(struct nf_pkt *pkt, uint32_t seq_add, uint32_t ack_add);

/* Headers on and off: false if there is no room, if it would be one too many
 * (two tags, two tunnels), or if the header to be taken off is not there; the
 * packet is unchanged then: drop it (NO_ROOM, DECAP). The fields are those of
 * the header that is outermost afterwards.
 * VLAN: the outermost tag; tpid 0x8100 or 0x88a8, wire order, as tci. */
bool nf_pkt_push_vlan(struct nf_pkt *pkt, __be16 tpid, __be16 tci);
bool nf_pkt_pop_vlan(struct nf_pkt *pkt);
/* Tunnels (userspace/pkt_encap.c). The outer UDP source port is a hash of the
 * flow, 49152 to 65535 (RFC 7348 section 5): pkt->sport afterwards. decap takes
 * off what encap put on, or a header that came from the remote end; of transport
 * AH from the wire, a packet that is not understood without it has lost it. */
bool nf_pkt_encap(struct nf_pkt *pkt, const struct nf_tunnel *t);
bool nf_pkt_decap(struct nf_pkt *pkt, const struct nf_tunnel *t);

#endif
