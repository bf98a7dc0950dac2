/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The way's parts, for way*.c alone. A verdict of a part is the packet's. */
#ifndef NFOLD_WAY_PRIV_H
#define NFOLD_WAY_PRIV_H

#include "../maps/flow_key.h"
#include "engine_priv.h"
#include "icmp_error.h"

/* way.c: dropped, and counted. */
enum engine_verdict way_drop(struct engine *e, enum nfold_reason reason);
/* Entry good for this packet, without a walk? */
bool way_folded(const struct engine *e, const struct flow *f);

/* way_walk.c: the whole chain, recorded if need be. */
enum engine_verdict way_walk(struct engine *e, struct flow *f,
			     struct engine_pkt *p,
			     const struct nfold_parse *parse,
			     struct nf_pkt *pkt);
/* From the NF on whose event fired last in e->ran. o: as it came. r: what has
 * been done to the packet (batch.h); NULL: nothing. */
enum engine_verdict way_refold(struct engine *e, struct flow *f,
			       struct engine_pkt *p, struct nf_pkt *pkt,
			       struct origin *o, const struct batch_result *r);

/* way_apply.c: the entry, without the NFs. */
enum engine_verdict way_apply(struct engine *e, struct flow *f,
			      struct engine_pkt *p,
			      const struct nfold_parse *parse,
			      struct nf_pkt *pkt);
/* Class payload: the state functions of both tiers first. */
enum engine_verdict way_apply_payload(struct engine *e, struct flow *f,
				      struct engine_pkt *p,
				      const struct nfold_parse *parse,
				      struct nf_pkt *pkt);

/* way_leave.c: where it goes; NONE, or why nowhere. */
enum nfold_reason way_route(struct engine *e, const struct nf_pkt *pkt,
			    struct egress *eg);
/* The port a next hop leaves by; UINT32_MAX while it is unresolved. */
uint32_t way_nexthop_port(struct engine *e, uint16_t nexthop,
			  union nfold_nexthop *nh);
/* Last step of a packet whose headers are done but for MAC addresses. */
enum engine_verdict way_emit(struct engine *e, struct engine_pkt *p,
			     uint16_t nexthop);
bool way_too_big(struct engine *e, uint32_t l3_len, uint16_t nexthop);
/* The packet as it came becomes the message to its sender, from the port's
 * address, or is dropped. Counted under why either way. */
enum engine_verdict way_refuse(struct engine *e, struct engine_pkt *p,
			       enum icmp_error what, enum nfold_reason why,
			       uint32_t mtu);
/* Too long by `grow`, which the chain would put around it, or without that. */
enum engine_verdict way_refuse_big(struct engine *e, struct engine_pkt *p,
				   uint16_t nexthop, uint32_t grow);
/* Its TTL ends here; o: as it came, NULL if it is so still. Counted, and its
 * sender told, by engine_packet(): the message is not the flow's packet. */
enum engine_verdict way_dies(struct engine *e, struct engine_pkt *p,
			     const struct origin *o);
/* The same for a TCP packet whose sender is to be reset. */
enum engine_verdict way_resets(struct engine *e, struct engine_pkt *p,
			       const struct origin *o, enum nfold_reason why);
/* Turns the packet, as it came, into the reset. Counted under why either way. */
enum engine_verdict way_reset(struct engine *e, struct engine_pkt *p,
			      enum nfold_reason why);
/* Last steps of a packet that was not folded, in the order of way_apply(). */
enum engine_verdict way_leave(struct engine *e, struct engine_pkt *p,
			      struct nf_pkt *pkt, const struct origin *o,
			      const struct egress *eg);

#endif
