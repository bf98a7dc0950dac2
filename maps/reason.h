/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Why a packet went where it went: one enum for every drop, every punt and
 * every other outcome, in counters, commands, logs and documents.
 *
 * Each packet that enters XDP is counted under exactly one XDP outcome
 * (FAST, HOST, DROP or PUNT). Each punted packet that reaches user space is
 * counted there under exactly one SLOW outcome or one DROP. So
 *	received = fast + host + drops in XDP + punts, and
 *	punts = slow outcomes + drops in user space + ring losses + held.
 */
#ifndef NFOLD_REASON_H
#define NFOLD_REASON_H

enum nfold_reason_kind {
	NFOLD_KIND_FAST,	/* XDP forwarded it */
	NFOLD_KIND_HOST,	/* XDP gave it to the host's own stack */
	NFOLD_KIND_PUNT,	/* XDP gave it to user space: why not fast */
	NFOLD_KIND_SLOW,	/* user space forwarded it */
	NFOLD_KIND_DROP,	/* dropped, by XDP or by user space */
	NFOLD_KIND_NOTE,	/* counted beside an outcome, not one itself */
};

/* X(identifier, word, kind, text) */
#define NFOLD_REASONS(X)                                                      \
	X(NONE, "none", NOTE, "no reason recorded")                           \
	/* XDP outcomes */                                                    \
	X(FAST, "fast", FAST, "folded action applied in XDP")                 \
	X(WIRE, "wire", FAST, "non-IP frame carried across in wire mode")     \
	X(HOST, "host", HOST, "for the host itself, or ARP and ND")           \
	X(ONMISS_PASS, "on-miss-pass", HOST, "no engine, on-miss is pass")    \
	/* punts: why not fast */                                             \
	X(MISS, "miss", PUNT, "no entry: first packet of a flow")             \
	X(STALE, "stale", PUNT, "entry invalidated or of an old generation")  \
	X(BUSY, "busy", PUNT, "entry was being written")                      \
	X(PENDING, "pending", PUNT, "hand-over: slow path still holds packets") \
	X(NEIGH, "neigh", PUNT, "next hop has no link-layer address yet")     \
	X(TTL, "ttl", PUNT, "TTL or hop limit too small to forward")          \
	X(MTU, "mtu", PUNT, "larger than the MTU of the outgoing port")       \
	X(REOPEN, "reopen", PUNT, "SYN on a connection that has closed")      \
	X(EVENT_FIRED, "event-fired", PUNT, "an event fired: to be folded anew") \
	X(SLOW_FLOW, "slow-flow", PUNT, "the flow's class is not kernel")     \
	/* user space forwarded */                                            \
	X(SLOW_WALK, "slow-walk", SLOW, "walked the chain in user space")     \
	X(SLOW_ENTRY, "slow-entry", SLOW, "entry applied in user space")      \
	/* drops: malformed */                                                \
	X(TRUNCATED, "truncated", DROP, "a header runs past the end")         \
	X(BAD_HEADER, "bad-header", DROP, "a length or version field is wrong") \
	X(BAD_IP_CSUM, "bad-ip-checksum", DROP, "IPv4 header checksum wrong") \
	X(BAD_L4_CSUM, "bad-l4-checksum", DROP, "TCP, UDP or ICMP checksum wrong") \
	X(ETHERTYPE, "ethertype", DROP, "ether type that is not handled")     \
	X(VLAN_DEPTH, "vlan-depth", DROP, "more than two VLAN tags")          \
	X(FRAGMENT, "fragment", DROP, "IP fragment")                          \
	X(IPV6_EXT, "ipv6-ext", DROP, "IPv6 extension headers: too many, or unknown") \
	X(ICMP_OTHER, "icmp-other", DROP, "ICMP that is neither echo nor host's") \
	X(MARTIAN, "martian", DROP, "source or destination never valid here") \
	X(WRONG_MAC, "wrong-mac", DROP, "not addressed to this port")         \
	/* drops: decided */                                                  \
	X(DROP_FOLDED, "drop-folded", DROP, "folded action is drop, in XDP")  \
	X(FIREWALL_DENY, "firewall-deny", DROP, "firewall rule or default")   \
	X(NAT_EXHAUSTED, "nat-exhausted", DROP, "NAT pool has no port left")  \
	X(NAT_NO_BINDING, "nat-no-binding", DROP, "to the NAT pool, no binding") \
	X(NAT_PROTO, "nat-proto", DROP, "protocol that NAPT cannot translate") \
	X(LB_NO_BACKEND, "lb-no-backend", DROP, "virtual service has no backend") \
	X(LB_ALL_DOWN, "lb-all-down", DROP, "no backend of the service is healthy") \
	X(LB_RESET, "lb-reset", DROP, "its backend was removed: client told by a reset") \
	X(DECAP, "decap", DROP, "to be taken off: a header that is not there") \
	X(NO_ROOM, "no-room", DROP, "no room in front for another header") \
	X(NF_DROP, "nf-drop", DROP, "an NF dropped it, giving no reason")     \
	X(SYN_FLOOD, "syn-flood", DROP, "more SYNs than the threshold")       \
	X(RATE_EXCEEDED, "rate-exceeded", DROP, "source above its packet rate") \
	X(POLICED, "policed", DROP, "above the policer's rate")               \
	X(IDS_DROP, "ids-drop", DROP, "a rule of the intrusion detection drops it") \
	X(IDS_REJECT, "ids-reject", DROP, "one rejects it; its sender is told") \
	X(AH_SPI, "ah-spi", DROP, "AH for us of no known association")         \
	X(AH_REPLAY, "ah-replay", DROP, "AH sequence number seen before, or too old") \
	X(AH_ICV, "ah-icv", DROP, "AH integrity value is wrong")              \
	X(AH_OVERFLOW, "ah-overflow", DROP, "AH association has no sequence number left") \
	X(AH_POLICY, "ah-policy", DROP, "outside the AH association that its addresses ask for") \
	X(TTL_EXCEEDED, "ttl-exceeded", DROP, "TTL or hop limit reached zero") \
	X(TOO_BIG, "too-big", DROP, "larger than the outgoing MTU")           \
	X(NO_ROUTE, "no-route", DROP, "the kernel has no route to it")        \
	X(NOT_A_PORT, "not-a-port", DROP, "route leaves by a device not in the chain") \
	X(NEIGH_FAILED, "neigh-failed", DROP, "next hop did not answer")      \
	X(NEIGH_QUEUE, "neigh-queue", DROP, "too many packets wait for next hops") \
	X(TABLE_FULL_DROP, "table-full-drop", DROP, "no slot and on-full is drop") \
	X(CLASH, "clash", DROP, "replies could not be told from another session's") \
	X(HOST_FIRST, "host-first", DROP, "first packet of a flow that is the host's: the next ones pass") \
	/* drops: lost */                                                     \
	X(NO_ENGINE, "no-engine", DROP, "no engine to punt to, on-miss is drop") \
	X(NO_META, "no-meta", DROP, "driver leaves no room for metadata")     \
	X(NO_QUEUE, "no-queue", DROP, "receive queue has no socket")          \
	X(RING_FULL, "ring-full", DROP, "AF_XDP receive ring full")           \
	X(FILL_EMPTY, "fill-empty", DROP, "AF_XDP fill ring empty")           \
	X(TX_FULL, "tx-full", DROP, "AF_XDP transmit ring full")              \
	X(TX_INVALID, "tx-invalid", DROP, "kernel refused a descriptor")      \
	/* notes: why a flow is not fast, and hand-over */                    \
	X(NO_FOLD, "no-fold", NOTE, "folding is switched off")                \
	X(TABLE_FULL, "table-full", NOTE, "no slot: the flow stays slow")     \
	X(PER_PACKET_MATCH, "per-packet-match", NOTE, "a rule looks beyond the flow key") \
	X(STATE_FUNCTION, "state-function", NOTE, "class payload: state functions see each packet in user space") \
	X(EVENT, "event", NOTE, "an event has no kernel form")                \
	X(CELLS_FULL, "cells-full", NOTE, "no cell left for a state function") \
	X(STEPS_FULL, "steps-full", NOTE, "more state functions than an entry runs") \
	X(EVENTS_LOST, "events-lost", NOTE, "events that nobody was told: ring full") \
	X(ALERTS_LOST, "alerts-lost", NOTE, "alerts that nobody was told: too many, or not JSON") \
	X(RECORD_MISMATCH, "record-mismatch", NOTE, "an NF recorded something else than it did") \
	X(ENCAP, "encap", NOTE, "decap of a tunnel, or headers too deep, is not folded") \
	X(HANDOVER_FORCED, "handover-forced", NOTE, "entry took over after the bound")

enum nfold_reason {
#define X(id, word, kind, text) NFOLD_REASON_##id,
	NFOLD_REASONS(X)
#undef X
	NFOLD_REASON_CNT,
};

#define NFOLD_REASON_MAX 128	/* counters in a stats row: ABI */
#ifndef __bpf__
/* maps/reason.c; for any value below NFOLD_REASON_CNT. Static strings. */
const char *reason_word(enum nfold_reason reason);
const char *reason_text(enum nfold_reason reason);
enum nfold_reason_kind reason_kind(enum nfold_reason reason);
#endif

_Static_assert(NFOLD_REASON_CNT <= NFOLD_REASON_MAX, "stats row is map ABI");

#endif
