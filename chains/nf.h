/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The NF interface: what a network function is, and SpeedyBox's four calls by
 * which it records what it does (paper, section IV, figure 2).
 *
 * An NF is a sequential program. packet() does the real work on the real
 * packet, for either direction, whether or not anything is recorded, so that
 * the same NF runs folded and unfolded (--no-fold) with equal results. The
 * engine calls all of it from one thread, but for state functions with a
 * payload class, which may run on a worker's: one packet at a time, and never
 * two of one NF at once. NFs read no clock (now is an argument), own no thread,
 * take no lock and never see a BPF map.
 */
#ifndef NFOLD_NF_H
#define NFOLD_NF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <linux/types.h>

#include "../maps/edit.h"
#include "../maps/flow.h"
#include "../maps/reason.h"
#include "../maps/state.h"
#include "nf_tunnel.h"

#define NF_SEC UINT64_C(1000000000)	/* times are in ns, monotonic */

struct conf_block;
struct conf_error;
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

/* --- state of a session --- */

/* The NF's blob of this packet's session: nf_ops.session_size bytes, zeroed
 * when the session opens, the same for both directions, owned by the engine,
 * freed after expire(). */
void *nf_session(struct nf *nf, const struct nf_pkt *pkt);

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

/* What the engine has seen of a session, by direction: original, reply. */
struct nf_seen {
	uint64_t last_ns[2];	/* last packet, whoever handled it; 0 none */
	uint8_t tcp_flags[2];	/* NFOLD_TCP_*, of all packets so far */
	bool idle;		/* from expire(): nothing has come for the
				 * chain's timeout */
};

/* Brings what count functions have counted in the session up to date, and tells
 * what was seen. session: the NF's blob, also in expire(). Not from packet(). */
void nf_session_seen(struct nf *nf, void *session, struct nf_seen *seen);
/* Unix time of a time of the engine's, both in ns. */
uint64_t nf_unix_ns(const struct nf *nf, uint64_t now);

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

/* --- addresses an NF answers for --- */

enum nf_claim_kind {
	NF_CLAIM_NAT,		/* everything to it is punted */
	NF_CLAIM_VIP,		/* all but ICMP is punted */
};

/* Called by an NF's claims() for each address. The parent sees to it that the
 * host answers ARP and ND for them. */
typedef void (*nf_claim_fn)(void *ctx, int family, const struct nf_addr *addr,
			    enum nf_claim_kind kind);

/* --- a state function of an NF's own, in the kernel tier --- */

/* One C function in a header of the NF's folder, compiled into run() and, by
 * NFOLD_OWN() (bpf/own.bpf.h), into the NF's object, which is joined with the
 * program of chains that use it. Whoever handles the packet runs it on the same
 * cell; what it returns is the condition of an event. It keeps to the cell, the
 * key and the view, and changes what other CPUs change by atomic additions or
 * compare-and-swap only. */
struct nf_own {
	/* The object's bytes, for the kernel's byte order; NULL: not built in. */
	const void *(*object)(size_t *size);
	size_t cell_size;	/* bytes, a multiple of 8 */
	bool events;		/* the NF registers some on it: counts behind
				 * them need cells */
	bool timed;		/* reads nfold_view.now, else 0: a clock costs
				 * XDP 25 ns */
	int (*run)(void *cell, __u32 key, const struct nfold_view *v);
	/* Cells that an NF with this block takes at most, in a chain of so many
	 * sessions; 0: it does not use the function. */
	uint32_t (*cells)(const struct conf_block *block, uint32_t sessions);
};


/* --- what an NF tells a collector (userspace/exports.c) --- */

/* Where an NF's datagrams go: set in init(), in struct nf. The engine opens a UDP
 * socket and connects it before it gives up its rights; afterwards it can send
 * nowhere else. */
struct nf_collector {
	uint8_t family;		/* 4 or 6; 0: there is none */
	uint16_t port;		/* host order */
	struct nf_addr addr;
};

/* Sends one datagram, without waiting. 0, or negative errno: it was not sent.
 * -EAGAIN: no room; -ECONNREFUSED: the collector's host has refused an earlier
 * one, and the next call sends; -ENOTCONN: offline (nfold verify, replay). */
int nf_export(struct nf *nf, const void *msg, size_t len);

/* --- health of what an NF sends packets to --- */

enum nf_check_kind {
	NF_CHECK_TCP,		/* a connection is accepted */
	NF_CHECK_HTTP,		/* GET of a path has one of these statuses */
};

#define NF_TARGET_MAX 2048	/* of an NF */
#define NF_TARGET_NAME_MAX 136
#define NF_CHECK_PATH_MAX 128
#define NF_CHECK_HOST_MAX 64

/* How a target is checked. Times in ns. */
struct nf_check {
	uint8_t kind;			/* enum nf_check_kind */
	uint8_t rise, fall;		/* checks in a row that it takes */
	uint16_t status_first, status_last;
	uint16_t port;			/* host order, for the NF: target.port
					 * is what is checked */
	uint64_t interval;		/* from a check's begin to the next's */
	uint64_t timeout;		/* of a check; not above interval */
	uint64_t hold;			/* least time down: userspace/damp.h */
	char path[NF_CHECK_PATH_MAX];	/* printable ASCII, begins with a / */
	char host[NF_CHECK_HOST_MAX];	/* "": the address */
};

/* What the prober is to check (userspace/prober.h), by real connections from
 * the network namespace that nfoldd runs in. */
struct nf_target {
	uint32_t id;			/* the NF's, never used again for another */
	uint8_t family;			/* 4 or 6 */
	bool up;			/* as the NF takes it to be */
	uint16_t port;			/* host order */
	struct nf_addr addr;
	char name[NF_TARGET_NAME_MAX];	/* for events: "web 10.1.1.2:80" */
	struct nf_check check;
};

typedef void (*nf_target_fn)(void *ctx, const struct nf_target *t);

/* Called by an NF's tunnels() for each header that it takes off what comes in by
 * an outside port: from its remote end to its local one. Packets under such a
 * header are flows by the packet inside, each with its own session. Of a
 * header that it does not take off such an NF looks at nothing but whether it is
 * its own. */
typedef void (*nf_tunnel_fn)(void *ctx, const struct nf_tunnel *t);

/* --- an NF --- */

struct nf_ops {
	const char *name;	/* keyword in chain files: "nat" */
	const char *summary;	/* one line, for nfold nf list */
	size_t session_size;	/* bytes of nf_session(); 0 none */
	uint8_t cells;		/* cells a session takes at most; 0: the NF has
				 * no state function of the kernel tier */
	uint8_t counts;		/* count functions a direction records at most:
				 * behind another NF's event each has a cell of
				 * its own; one that finds none keeps the flow
				 * slow, CELLS_FULL */
	const struct nf_own *own; /* own function of the kernel tier, or NULL */
	bool edits;		/* records DSCP, sequence numbers, tags or
				 * tunnels: the program needs code for them;
				 * or edits_of, below */

	/* Compile the block into nf->priv. 0, or -1 with err filled. Opens no
	 * descriptor that it keeps; called with privileges, before any packet. */
	int (*init)(struct nf *nf, const struct conf_block *block,
		    struct conf_error *err);
	void (*exit)(struct nf *nf);
	enum nf_verdict (*packet)(struct nf *nf, struct nf_pkt *pkt);
	/* The session is over: release what its blob holds. May be NULL. */
	void (*expire)(struct nf *nf, void *session, uint64_t now);
	/* Every 100 ms or so. May be NULL. */
	void (*tick)(struct nf *nf, uint64_t now);
	/* Session blob as a fixed-size portable record of session_size bytes
	 * and back (0, or -1 when it can not be taken over). May be NULL. */
	void (*save)(struct nf *nf, const void *session, void *blob);
	int (*restore)(struct nf *nf, void *session, const void *blob);
	/* Runtime state as a JSON object (new reference). May be NULL. */
	json_t *(*show)(struct nf *nf);
	/* State that must be equal folded and unfolded, for the tests and
	 * later `nfold verify`; same as show() if NULL. */
	json_t *(*dump)(struct nf *nf);
	void (*claims)(struct nf *nf, nf_claim_fn fn, void *ctx);
	/* Tables for people, a page at a time: `nfold nf show NAME view VIEW`.
	 * views: their names, NULL at the end; view: index. from: 0, or what
	 * the page before gave as "next". A page (new reference) is
	 * {"columns":[NAME...],"rows":[[...]...][,"next":N][,"note":TEXT]}, at
	 * most NF_VIEW_ROWS rows of numbers and strings; the last has no next.
	 * May be NULL. */
	const char *const *views;
	json_t *(*view)(struct nf *nf, size_t view, uint64_t from);
	/* Statements in the NF's own language that change it while it runs
	 * (nfold nf set): all of them, or, with -1 and err filled, none. In the
	 * engine's thread between two packets, without rights: files that they
	 * name have come along (conf_file_text()). The block is gone afterwards.
	 * Flows that are to walk the chain again: nf_invalidate(). May be NULL. */
	int (*set)(struct nf *nf, const struct conf_block *block,
		   struct conf_error *err);
	/* Calls fn for each target whose health the NF wants to know: when the
	 * engine starts and after each set(). May be NULL, with health. */
	void (*targets)(struct nf *nf, nf_target_fn fn, void *ctx);
	/* A target has gone down or come up again. id: may be one that is no
	 * target any more. */
	void (*health)(struct nf *nf, uint32_t id, bool up, uint64_t now);
	/* edits, for an NF that needs them with some blocks only. */
	bool (*edits_of)(const struct conf_block *block);
	void (*tunnels)(struct nf *nf, nf_tunnel_fn fn, void *ctx);
};

#define NF_VIEW_ROWS 1024

struct nf {
	const struct nf_ops *ops;
	void *priv;		/* the NF's */
	uint8_t index;		/* place in the chain, from 0 */
	struct nf_collector collector;	/* init() may fill it */
	uint32_t session_off;	/* the engine's: of its blob in a session */
	void *engine;		/* the engine's */
};

/* Secret bytes for an NF's hashes and random choices, drawn in init(): from the
 * kernel. 0, or -1 with errno. After nf_random_fixed() every draw of the process
 * gives the same bytes, so that instances that run side by side offline choose
 * alike, and alike at each run. */
int nf_random(void *buf, size_t len);
void nf_random_fixed(void);

/* All NFs this build knows, in alphabetical order, NULL at the end. */
extern const struct nf_ops *const nf_table[];
const struct nf_ops *nf_find(const char *name);

#endif
