/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One complete nfold in memory: the specialised XDP program under
 * BPF_PROG_TEST_RUN and an engine behind it, folding or not. Nothing is
 * attached or pinned and nothing is sent; the ports need only exist, so a
 * namespace of the process's own does (loader/private_net.h). Needs root. Two
 * of them, one that folds and one that does not, are what nfold verify and the
 * equivalence test compare. One thread; time is the caller's.
 */
#ifndef NFOLD_ORACLE_H
#define NFOLD_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#include "../chains/chain.h"
#include "../loader/instance.h"
#include "../maps/flow_table.h"
#include "engine.h"
#include "oracle_route.h"

/* Longest frame that a BPF_PROG_TEST_RUN takes in one buffer: a page of 4096
 * without headroom and tailroom; and what it may grow by. */
#define ORACLE_FRAME_MAX 3520
#define ORACLE_FRAME_MIN 14	/* an Ethernet header: the kernel's floor */
#define ORACLE_GROW 256

struct oracle;
struct oracle_socket;

enum oracle_verdict {
	ORACLE_DROP,
	ORACLE_SENT,
	ORACLE_HOST,		/* given to the host's own stack */
	ORACLE_HELD,		/* waits for a next hop */
};

/* What became of a frame. */
struct oracle_result {
	enum oracle_verdict verdict;
	uint8_t reason;		/* enum nfold_reason of its final outcome; of a
				 * drop, whoever decided it */
	uint8_t punted;		/* why XDP gave it to the engine; NONE: XDP
				 * decided alone */
	bool walked;		/* it met the NFs themselves */
	uint8_t drop_nf;	/* NF index + 1 that decided a drop; 0 none */
	uint32_t port;		/* SENT: port index it leaves by */
	uint32_t xdp_ns;	/* in XDP, as the kernel tells */
	uint32_t engine_ns;	/* in engine_packet(), if it was punted */
	uint32_t len;
	uint8_t bytes[ORACLE_FRAME_MAX + ORACLE_GROW];
};

struct oracle_conf {
	const struct chain *chain;	/* borrowed */
	bool fold;
	bool alone;		/* payload functions run in the caller's thread
				 * only, as unfolded */
	bool kernel_clock;	/* state functions in XDP read the kernel's
				 * clock, as attached: for benchmarks */
	const struct oracle_socket *socket; /* borrowed, may be shared */
	/* Router mode: one of the two. Next hop 1 + i is behind port i, with
	 * MAC address 02:00:00:00:01:i. */
	struct oracle_routes *routes;	/* borrowed */
	struct engine_router router;	/* when routes is NULL */
};

/* An AF_XDP socket, so that punts find one; no packet ever goes through it.
 * device: a port. 0 or negative errno. */
int oracle_socket_new(struct oracle_socket **out, const char *device);
void oracle_socket_free(struct oracle_socket *s);
int oracle_socket_fd(const struct oracle_socket *s);

/* 0 or negative errno with err filled. */
int oracle_new(struct oracle **out, const struct oracle_conf *conf,
	       struct instance_error *err);
void oracle_free(struct oracle *o);

/* Sets the time, ns; it must not go back. Does nothing else: the tests. */
void oracle_now(struct oracle *o, uint64_t now_ns);
/* What the engine does once a loop: hand-over, expiry, NFs' ticks, reclaiming
 * of slots. At the time set last. */
void oracle_tick(struct oracle *o);
/* Time goes on to now_ns as it would in a running engine, with the ticks in
 * between: every ms of the last two seconds, in 2,000 steps what was before. */
void oracle_advance(struct oracle *o, uint64_t now_ns);

/* A frame comes in by a port, ORACLE_FRAME_MIN to ORACLE_FRAME_MAX bytes. 0, or
 * negative errno of BPF_PROG_TEST_RUN; -EMSGSIZE: it grew by more than
 * ORACLE_GROW. */
int oracle_packet(struct oracle *o, uint32_t port, const uint8_t *frame,
		  uint32_t len, struct oracle_result *r);
/* What oracle_packet() gave out has left the slow path. Hand-over waits for it:
 * at the latest when eight have not. */
void oracle_left(struct oracle *o);
/* The entry that a frame coming in by a port meets; false: none. */
bool oracle_entry(struct oracle *o, uint32_t port, const uint8_t *frame,
		  uint32_t len, struct flow_entry *entry);

struct engine *oracle_engine(struct oracle *o);
const struct instance_maps *oracle_maps(const struct oracle *o);
const struct instance *oracle_instance(const struct oracle *o);

/* --- comparing two (userspace/oracle_diff.c) --- */

/* NULL: the same; else what differs: "verdict", "port", "length" or "bytes",
 * with *at the first differing byte. Drops are equal whatever their reason. */
const char *oracle_differ(const struct oracle_result *a,
			  const struct oracle_result *b, uint32_t *at);
/* What both sides told since the last call, or since they began. */
struct oracle_told {
	uint32_t events, alerts;	/* how many of a's were compared */
	json_t *pair;			/* [a's, b's] if they differ, else NULL;
					 * new reference */
};

/* Events that began (time, NF, cell, how often the condition was met, the reason
 * of a drop) and alerts, in order. NULL if they are the same; else "events" or
 * "alerts". Called for each packet, it compares at which packet as well. */
const char *oracle_told_differ(struct oracle *a, struct oracle *b,
			       struct oracle_told *told);
/* State of every NF and the number of sessions: NULL if equal, else an object
 * (new reference) with what differs: {NF: [a's, b's]}. */
json_t *oracle_states_differ(struct oracle *a, struct oracle *b);

#endif
