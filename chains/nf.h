/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The NF interface: what a network function is (here), what it may do to a packet
 * (nf_pkt.h), and the calls by which it records that (nf_record.h).
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

#include "nf_pkt.h"
#include "nf_record.h"

#define NF_SEC UINT64_C(1000000000)	/* times are in ns, monotonic */

struct conf_block;
struct conf_error;
struct nf;

/* --- state of a session --- */

/* The NF's blob of this packet's session: nf_ops.session_size bytes, zeroed
 * when the session opens, the same for both directions, owned by the engine,
 * freed after expire(). */
void *nf_session(struct nf *nf, const struct nf_pkt *pkt);

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
