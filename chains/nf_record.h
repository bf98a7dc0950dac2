/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SpeedyBox's four calls by which an NF records what it does to a flow direction
 * (paper, section IV, figure 2), and what stands beside them. Part of nf.h.
 */
#ifndef NFOLD_NF_RECORD_H
#define NFOLD_NF_RECORD_H

#include <jansson.h>

#include "../maps/state.h"
#include "nf_pkt.h"

/* --- SpeedyBox's four calls (figure 2; userspace/lmat.c) --- */

enum header_action_kind {
	HA_FORWARD,		/* the default: need not be recorded */
	HA_DROP,
	HA_MODIFY,
	HA_ENCAP,
	HA_DECAP,		/* of what this chain did not put on: folded if
				 * it is a known tunnel's (nf_ops.tunnels) */
	HA_VLAN_PUSH,
	HA_VLAN_POP,
	HA_TTL,
	HA_DSCP,
	HA_SEQ,
	HA_HOP,			/* nf_pkt_hop() */
};

struct header_action {
	enum header_action_kind kind;
	enum nfold_field field;	/* HA_MODIFY */
	struct nf_addr addr;	/* HA_MODIFY of an address: the new value */
	__be16 port;		/* HA_MODIFY of a port: the new value; HA_ENCAP:
				 * outer source port */
	uint8_t reason;		/* HA_DROP: enum nfold_reason */
	uint8_t value;		/* HA_TTL: k; HA_DSCP: 0-63 */
	__be16 tpid, tci;	/* HA_VLAN_PUSH */
	uint32_t seq_add, ack_add; /* HA_SEQ */
	const struct nf_tunnel *tunnel;	/* HA_ENCAP, HA_DECAP */
};

enum nf_payload { NF_IGNORE, NF_READ, NF_WRITE };	/* paper, IV-A2 */

/* A cell that packets are counted in: state lives once, here. */
struct nf_count {
	uint64_t packets;
	uint64_t bytes;		/* whole frames, as they came in by the port */
};

/* What a state function answers for a packet. */
enum nf_sf_result {
	NF_SF_NEXT,	/* go on */
	NF_SF_DROP,	/* drop this packet alone: nf_sf_drop() */
	NF_SF_SETTLED,	/* go on; no later packet of the direction matters */
};

/* A state function. Two forms run in the kernel:
 * - count: the engine adds to the nf_count at arg what the kernel counted,
 *   before expire() and show();
 * - kernel: one of maps/state.h over the cell at arg; packet() calls the same
 *   by nf_state_run().
 *
 *   NFOLD_FN_OWN: the NF's own function (struct nf_own) over a cell of its own.
 *
 * Any other has a payload class and a run() (docs/FOLD.md, N30 to N39): the
 * flow direction is punted, reason STATE_FUNCTION, and the engine calls run()
 * for each packet, with the packet as it stands at the NF's place. packet()
 * calls the same run(), through nf_sf_run(). run() keeps to the NF's own state
 * and calls none of the localmat_ functions. Classes: NF_READ reads payload;
 * NF_WRITE changes it, by nf_pkt_write_payload(), or an AH header's sequence
 * number and integrity value, by nf_pkt_write_ah(), and nothing else; NF_IGNORE
 * sees neither payload, nor the L4 checksum, nor those two of AH. Other headers
 * may be read in all three and changed in none. Functions of both tiers may
 * stand in one direction (N43).
 *
 * NF_SF_SETTLED is the NF's to remember, in its own state: a run() that has
 * settled and is called again changes nothing and answers NF_SF_SETTLED again.
 * When all of a direction's state functions have settled, the kernel takes it
 * over.
 */
struct state_function {
	const char *name;
	enum nf_payload payload;
	bool count;		/* run is not called for folded packets */
	bool tell;		/* kernel: `nfold event` tells when it fires */
	uint8_t kernel;		/* enum nfold_fn */
	bool may_drop;		/* run may answer NF_SF_DROP */
	enum nf_sf_result (*run)(void *arg, struct nf_pkt *pkt);
};

static inline enum nf_sf_result nf_sf_drop(struct nf_pkt *pkt,
					   enum nfold_reason reason)
{
	pkt->drop_reason = reason;
	return NF_SF_DROP;
}

/* As nf_reset(). */
static inline enum nf_sf_result nf_sf_reset(struct nf_pkt *pkt,
					    enum nfold_reason reason)
{
	pkt->reset = true;
	return nf_sf_drop(pkt, reason);
}

/* Flow id of a packet. */
nf_fid nf_extract_fid(const struct nf_pkt *pkt);
/* Append a header action / a state function to the NF's record of the flow
 * direction. Order is kept. No-ops when nothing is being recorded.
 * arg: for count, a struct nf_count that lives as long as the session. */
void localmat_add_HA(struct nf *nf, nf_fid fid, const struct header_action *ha);
void localmat_add_SF(struct nf *nf, nf_fid fid,
		     const struct state_function *sf, void *arg);
/* From packet(): runs a payload state function on the packet, and records it.
 * NF_DROP: packet() returns that at once. arg lives as long as the session. */
enum nf_verdict nf_sf_run(struct nf *nf, struct nf_pkt *pkt,
			  const struct state_function *sf, void *arg);
/* Event on a condition over the NF's state.
 * Kernel tier: condition nf_fired, arg the cell of the state function that the
 * NF has just added. The packet that meets the condition gets the new action: if
 * update is a drop, in XDP; if it is another action, in user space, where the
 * direction is folded anew from this NF on; if it is NULL, none, it is told.
 * update_function (may be NULL) is called, with the cell, in the engine's thread
 * when the condition has begun to hold: if XDP met it, soon after, and only of a
 * function that is told.
 * Any other condition keeps the flow slow, reason EVENT: each packet walks the
 * chain and the NF's own code acts on its state at once. */
void register_event(struct nf *nf, nf_fid fid,
		    bool (*condition)(void *arg), void *arg,
		    const struct header_action *update,
		    void (*update_function)(void *arg));

/* Condition of an event of the kernel tier: the function over the cell fires. */
bool nf_fired(void *cell);

/* Beside the four: a cell for a state function of the kernel tier, zeroed. The
 * NF sets its parameters before the first nf_state_run() or localmat_add_SF(),
 * and gives it back when no session of its own uses it (in expire(): by then no
 * entry does). NULL: none left; what the NF then does to its flows must not be
 * folded (localmat_keep_slow, CELLS_FULL). */
struct nfold_cell *nf_cell_new(struct nf *nf);
void nf_cell_free(struct nf *nf, struct nfold_cell *cell);
/* Runs the function of the kernel tier for this packet, unless XDP has done so
 * before it gave the packet up: true if it fires. */
bool nf_state_run(struct nf *nf, const struct nf_pkt *pkt,
		  const struct state_function *sf, struct nfold_cell *cell);
/* An event from outside (health, operator, timer): the entries of the sessions
 * for which match says so are invalidated; their next packets walk the chain.
 * Returns how many sessions. match: of the NF's blob. */
uint32_t nf_invalidate(struct nf *nf, bool (*match)(const void *session,
						    void *arg), void *arg);

/* Beside the four: an alert for people, of this packet: {"time_ns", "nf",
 * "nf_index", "in" (port), "proto", "src", "sport", "dst", "dport", "direction",
 * "len", "alert": what the NF says}, with the headers as they stand at its place;
 * `nfold monitor alert` prints them. alert: a JSON object of the NF's, whose
 * reference is taken over (text in it is UTF-8: json_stringn() refuses other
 * bytes). From packet() and, on whatever thread, from run() of a state function;
 * a packet's alerts are in the order in which it meets the NFs, and of one NF as
 * raised. Bounded: what is too much, too large (4 KiB of text), NULL or no object
 * is counted under ALERTS_LOST. The same packets raise the same alerts folded and
 * unfolded: nfold verify compares them. */
void nf_alert(struct nf *nf, const struct nf_pkt *pkt, json_t *alert);

/* The same for cells of the NF's own (struct nf_own): nf_ops.own->cell_size
 * bytes, zeroed, 8-aligned, beginning with a struct nfold_cell, which the calls
 * above take for state functions of kernel NFOLD_FN_OWN. NULL: none left, or the
 * chain's NF takes none. */
void *nf_own_cell_new(struct nf *nf);
void nf_own_cell_free(struct nf *nf, void *cell);
/* localmat_add_SF() and nf_state_run() of an own function with a key: a word of
 * the NF's about this flow direction, which XDP hands to the function. Without
 * it is 0. */
void localmat_add_own(struct nf *nf, nf_fid fid,
		      const struct state_function *sf, void *cell, __u32 key);
bool nf_own_run(struct nf *nf, const struct nf_pkt *pkt,
		const struct state_function *sf, void *cell, __u32 key);

/* Beside the four: this direction must not be folded, and why. */
void localmat_keep_slow(struct nf *nf, nf_fid fid, enum nfold_reason why);

static inline struct header_action ha_modify_addr(enum nfold_field field,
						  const struct nf_addr *addr)
{
	return (struct header_action){ .kind = HA_MODIFY, .field = field,
				       .addr = *addr };
}

static inline struct header_action ha_modify_port(enum nfold_field field,
						  __be16 port)
{
	return (struct header_action){ .kind = HA_MODIFY, .field = field,
				       .port = port };
}

static inline struct header_action ha_drop(enum nfold_reason reason)
{
	return (struct header_action){ .kind = HA_DROP, .reason = reason };
}

static inline struct header_action ha_ttl(uint8_t k)
{
	return (struct header_action){ .kind = HA_TTL, .value = k };
}

/* pkt: behind nf_pkt_hop(). */
static inline struct header_action ha_hop(const struct nf_pkt *pkt)
{
	return (struct header_action){ .kind = pkt->router ? HA_HOP :
							     HA_FORWARD };
}

static inline struct header_action ha_dscp(uint8_t dscp)
{
	return (struct header_action){ .kind = HA_DSCP, .value = dscp };
}

static inline struct header_action ha_seq(uint32_t seq_add, uint32_t ack_add)
{
	return (struct header_action){ .kind = HA_SEQ, .seq_add = seq_add,
				       .ack_add = ack_add };
}

static inline struct header_action ha_vlan_push(__be16 tpid, __be16 tci)
{
	return (struct header_action){ .kind = HA_VLAN_PUSH, .tpid = tpid,
				       .tci = tci };
}

static inline struct header_action ha_vlan_pop(void)
{
	return (struct header_action){ .kind = HA_VLAN_POP };
}

/* pkt: behind nf_pkt_encap(). */
static inline struct header_action ha_encap(const struct nf_tunnel *t,
					    const struct nf_pkt *pkt)
{
	return (struct header_action){ .kind = HA_ENCAP, .tunnel = t,
				       .port = pkt->sport };
}

static inline struct header_action ha_decap(const struct nf_tunnel *t)
{
	return (struct header_action){ .kind = HA_DECAP, .tunnel = t };
}

#endif
