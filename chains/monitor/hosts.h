/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counters of hosts: what each address has sent and received. A bounded table,
 * allocated at once. A host is in it from the first packet of a direction that
 * it is an end of; when no open direction has it, it stays until its room is
 * needed. At the bound the host that has been without one for longest makes
 * room, and what it counted goes to `others`; when there is none such, the new
 * host is counted in `others` for this direction. So nothing is lost: the sum
 * over all hosts and others is what was counted. One thread.
 */
#ifndef NFOLD_MONITOR_HOSTS_H
#define NFOLD_MONITOR_HOSTS_H

#include "../nf.h"

#define HOSTS_DEFAULT 65536
#define HOSTS_MAX (1 << 20)

struct host {
	struct nf_addr addr;
	uint8_t family;		/* 0: free */
	uint32_t refs;		/* ends of open directions */
	struct nf_count sent, received;	/* of what is over */
	struct nf_count open_sent, open_received; /* snapshot, hosts_open() */
	uint32_t chain;		/* next in its bucket, or free: index + 1 */
	struct host *prev, *next; /* in the list of those without refs */
};

struct hosts;

/* NULL: no memory, or no random bytes. max: 1 to HOSTS_MAX. */
struct hosts *hosts_new(uint32_t max);
void hosts_free(struct hosts *h);

/* Takes a reference. Never NULL: others, at the bound. */
struct host *hosts_get(struct hosts *h, uint8_t family,
		       const struct nf_addr *addr);
void hosts_put(struct hosts *h, struct host *host);

/* The snapshot of what is open: forget it; add a direction's to it. */
void hosts_open_clear(struct hosts *h);
void hosts_open_add(struct host *from, struct host *to,
		    const struct nf_count *c);

/* Index below hosts_end(); NULL: free there. */
const struct host *hosts_at(const struct hosts *h, uint32_t index);
uint32_t hosts_end(const struct hosts *h);
const struct host *hosts_others(const struct hosts *h);
/* How many are known, the bound, and how often one made room (new
 * reference). */
json_t *hosts_show(const struct hosts *h);
/* All by address, and others, with the snapshot. */
json_t *hosts_dump(const struct hosts *h);

#endif
