/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A TCP segment through its stream (stream.h): what it makes of the stream, as
 * windows to match rules in, each with the bytes before it that rules may look
 * back at.
 */
#ifndef NFOLD_IDS_REASSEMBLE_H
#define NFOLD_IDS_REASSEMBLE_H

#include "stream.h"
#include "tail.h"

struct ids;
struct ids_dir;
struct nf_pkt;

#define IDS_WINDOWS_MAX 4	/* pieces between gaps, of one segment; what is
				 * more is matched as if there were no gap */

struct ids_window {
	const uint8_t *bytes;	/* the NF's, until the next segment */
	uint32_t len;
	uint32_t fresh;		/* bytes that were matched before */
	bool begins;		/* at the stream's begin */
};

struct ids_windows {
	struct ids_window w[IDS_WINDOWS_MAX];
	unsigned int cnt;
	bool search;		/* patterns are to be searched for in them */
	uint32_t result;	/* enum ids_stream_result, bits */
};

/* The streams of an NF. */
struct ids_reassembly {
	struct ids_stream_limits limits;
	struct ids_streams *pool;
	struct ids_tails tails;
	uint8_t *work;		/* of windows */
	uint64_t bad_csum;	/* segments that their host ignores */
};

/* 0, or -1: no memory. limits have been set. */
int ids_reassembly_init(struct ids_reassembly *r);
void ids_reassembly_free(struct ids_reassembly *r);

/* found is called for each pattern that ends in new bytes, and for those known
 * of the bytes before. False: there is no stream, it is refused: match packet by
 * packet. */
bool ids_reassemble(struct ids *ids, struct ids_dir *d, const struct nf_pkt *pkt,
		    const uint8_t *payload, uint32_t len,
		    struct ids_windows *out, ids_found_fn found, void *ctx);
/* The TCP checksum is right. */
bool ids_checksum_good(const struct nf_pkt *pkt);
/* A direction, a session is not reassembled any more. */
struct ids_session;
void ids_reassemble_end(struct ids *ids, struct ids_session *s, int dir);
void ids_reassemble_end_all(struct ids *ids, struct ids_session *s);

#endif
