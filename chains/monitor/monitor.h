/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Monitor, inside the folder: its sessions and what sums them up. One thread. */
#ifndef NFOLD_MONITOR_H
#define NFOLD_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include "../conf.h"
#include "../nf.h"
#include "talkers.h"

struct host;
struct ipfix_export;
struct hosts;
struct rules;

/* As nf_pkt.reply. */
enum monitor_dir { MONITOR_ORIGINAL, MONITOR_REPLY, MONITOR_DIR_CNT };

/* A direction's five-tuple as it stands at the monitor's place. Every byte is
 * compared: start from a zeroed one. */
struct monitor_key {
	struct nf_addr saddr, daddr;
	__be16 sport, dport;
	uint8_t family, l4proto;	/* family 0: no packet yet */
	uint8_t icmp_type;	/* of echo, else 0 */
	uint8_t pad;
};

/* One direction of a session. The engine adds to count what the kernel counted;
 * hosts and rules get count - base when its five-tuple changes or ends. */
struct monitor_half {
	struct nf_count count;
	struct nf_count base;	/* of count, under an earlier five-tuple */
	struct nf_count told;	/* of count, in IPFIX records */
	uint64_t start_ns;	/* first packet that is not; 0: not known */
	struct monitor_key key;
	uint16_t l2_len;	/* bytes of a frame before its IP header */
	uint64_t rules;		/* bit n: rule n matches */
	struct host *from, *to;	/* NULL: hosts are not counted */
	struct talker *talker;	/* its source; NULL: none yet */
};

/* The blob of a session. The list runs through the blobs, which do not move
 * while they live, the newest first. */
struct monitor_session {
	struct monitor_half dir[MONITOR_DIR_CNT];
	uint64_t nr;		/* from 1, by opening */
	uint64_t first_ns;	/* first packet */
	uint64_t look_ns;	/* the exporter looked at it; 0 never */
	struct monitor_session *next, **prev;	/* prev NULL: not in the list */
};

struct monitor {
	struct monitor_session *open;
	uint64_t open_cnt;
	uint64_t opened;	/* sessions ever seen */
	struct nf_count closed[MONITOR_DIR_CNT]; /* of sessions that are over */
	struct monitor_session *page;	/* views.c: where the next page begins */
	uint64_t page_from;
	struct hosts *hosts;	/* NULL: not counted */
	struct rules *rules;
	struct talkers talkers;
	struct ipfix_export *export;	/* NULL: nothing is exported */
};

static inline void count_add(struct nf_count *to, const struct nf_count *c)
{
	to->packets += c->packets;
	to->bytes += c->bytes;
}

static inline struct nf_count count_since(const struct nf_count *now,
					  const struct nf_count *then)
{
	return (struct nf_count){ .packets = now->packets - then->packets,
				  .bytes = now->bytes - then->bytes };
}

/* monitor_conf.c */
int monitor_init(struct nf *nf, const struct conf_block *block,
		 struct conf_error *err);
void monitor_exit(struct nf *nf);

/* monitor_show.c */
json_t *monitor_show(struct nf *nf);
json_t *monitor_dump(struct nf *nf);
json_t *count_json(const struct nf_count *c);
/* Takes the snapshots of what is open, for hosts and rules. */
void monitor_sum(struct monitor *m);
/* Five-tuple of the session in its original direction. */
struct monitor_key monitor_session_key(const struct monitor_session *s);

#endif
