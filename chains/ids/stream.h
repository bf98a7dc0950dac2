/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* TCP stream reassembly for inspection: segments of one connection go in, in
 * the order of their arrival, and each direction's bytes come out in sequence,
 * in the call of the packet that completes them, so that its verdict is known
 * before it leaves. Pure: no clock, no thread, no I/O. One pool belongs to one
 * thread.
 *
 * The caller has checked the packet: whole header, right checksum, a TTL that
 * reaches the host. Sequence numbers are in host order, `dir` is 0 or 1, times
 * are nanoseconds of any clock that does not go back.
 *
 * Not looked at: timestamps (PAWS, RFC 7323 section 5: a copy that the host
 * drops for its age shows as IDS_STREAM_DIFFERS when the other copy comes) and
 * the urgent pointer (urgent bytes are delivered in their place, as with
 * SO_OOBINLINE, RFC 6093; IDS_STREAM_URGENT tells of it).
 */
#ifndef NFOLD_IDS_STREAM_H
#define NFOLD_IDS_STREAM_H

#include <stdbool.h>
#include <stdint.h>

/* Whose copy of an overlapped byte counts while it waits for a gap to fill:
 * that of the host behind us. Names and orders are those of Novak and Sturges,
 * "Target-Based TCP Stream Reassembly" (2007), built on Shankar and Paxson,
 * "Active Mapping" (2003). A byte that was delivered is final with each. */
enum ids_stream_policy {
	IDS_POLICY_FIRST,
	IDS_POLICY_LAST,
	IDS_POLICY_BSD,
	IDS_POLICY_LINUX,
	IDS_POLICY_WINDOWS,
	IDS_POLICY_OLD_LINUX,
	IDS_POLICY_SOLARIS,
	IDS_POLICY_VISTA,
	IDS_POLICY_MACOS,
	IDS_POLICY_HPUX10,
	IDS_POLICY_HPUX11,
	IDS_POLICY_IRIX,
	IDS_POLICY_CNT,
};

/* "first", "old-linux", ...; NULL: not a policy. */
const char *ids_stream_policy_name(enum ids_stream_policy policy);
/* IDS_POLICY_CNT: no policy has that name. */
enum ids_stream_policy ids_stream_policy_parse(const char *name);

struct ids_stream_limits {
	enum ids_stream_policy policy;
	uint64_t memory;	/* bytes, of all: streams, histories, held bytes
				 * with their headers. A quarter is for the last
				 * alone */
	uint32_t flow_bytes;	/* held for one stream, headers included */
	uint32_t flow_pieces;	/* held for one stream */
	uint32_t window;	/* bytes, 1..2^30: how far from its place a
				 * segment may be if the receiver's window is not
				 * told through ids_stream_ack() */
	uint32_t history;	/* bytes a direction: delivered ones that are
				 * kept to compare retransmitted ones; 0: none */
	uint64_t timeout_ns;	/* a gap is waited for; 0: for ever */
	bool midstream;		/* bytes whose SYN was not seen begin a stream;
				 * else they are ignored */
	bool syn_data;		/* bytes in a SYN are taken (RFC 7413); else
				 * they are ignored and taken when sent again */
	bool normalise;		/* a segment that differs is ignored whole; for
				 * who drops it, so that there is one copy */
};

/* linux, 64 MiB, 256 KiB and 1024 pieces a stream, window 1 MiB, history 4 KiB,
 * 30 s, midstream, syn_data, not normalise. */
struct ids_stream_limits ids_stream_limits_default(void);

/* What a segment did, ORed. A bit's counter is ids_streams_stats.seen[]. */
enum ids_stream_result {
	IDS_STREAM_NOTHING = 0,
	IDS_STREAM_DELIVERED = 1 << 0,	/* bytes came out */
	IDS_STREAM_HELD = 1 << 1,	/* bytes wait for a gap to fill */
	/* Bytes of a part of the stream that is over: sent again. */
	IDS_STREAM_OLD = 1 << 2,
	/* Bytes unlike an earlier copy, delivered or held: evasion, or a host
	 * that is broken. Who drops such packets sets limits.normalise. */
	IDS_STREAM_DIFFERS = 1 << 3,
	/* Old bytes of which no copy is left: older than the history, or in a
	 * gap that was skipped, so that nobody has inspected them. */
	IDS_STREAM_UNCOMPARED = 1 << 4,
	/* One byte, one before the stream's place: a keep-alive (RFC 1122,
	 * 4.2.3.6), in which that byte may be garbage. With DIFFERS it is that,
	 * or an evasion byte by byte: nothing tells them apart. */
	IDS_STREAM_KEEPALIVE = 1 << 5,
	/* A gap was skipped, at a bound or timeout: the next bytes are
	 * delivered with gap set. */
	IDS_STREAM_GAP = 1 << 6,
	/* The stream's place has reached held bytes that were given up, at a
	 * bound or timeout: the host may have them, and nobody inspected them. */
	IDS_STREAM_LOST = 1 << 7,
	/* Ignored, in whole or part: outside of the window, or a FIN that is
	 * before delivered bytes or elsewhere than the first. */
	IDS_STREAM_OUTSIDE = 1 << 8,
	IDS_STREAM_AFTER_FIN = 1 << 9,	/* ignored: bytes behind the FIN */
	IDS_STREAM_NO_SYN = 1 << 10,	/* ignored: no SYN, not midstream */
	IDS_STREAM_MIDSTREAM = 1 << 11,	/* the direction begins without SYN */
	/* A second SYN with another number, before any byte: it counts. */
	IDS_STREAM_RESYN = 1 << 12,
	/* Ignored whole: a SYN inside the stream (RFC 5961, 4: challenged), or
	 * in the window of one that is over. */
	IDS_STREAM_BAD_SYN = 1 << 13,
	/* A SYN on a stream that is over: offsets begin at 0 again, what the
	 * caller keeps for the stream has to as well. */
	IDS_STREAM_RESTART = 1 << 14,
	IDS_STREAM_SYN_DATA = 1 << 15,	/* ignored: bytes in a SYN */
	/* All of the direction's bytes are delivered, and its FIN is reached. */
	IDS_STREAM_END = 1 << 16,
	/* RST at the very next number (RFC 5961, 3): the stream is over. */
	IDS_STREAM_RST = 1 << 17,
	IDS_STREAM_BAD_RST = 1 << 18,	/* ignored: RST at another number */
	IDS_STREAM_CLOSED = 1 << 19,	/* ignored: the stream was reset */
	IDS_STREAM_URGENT = 1 << 20,	/* URG is set */
	/* Ignored whole: no ACK, SYN or RST (RFC 9293, 3.10.7.4: dropped). */
	IDS_STREAM_NO_ACK = 1 << 21,
};

#define IDS_STREAM_BITS 22

/* Word for a bit (one bit set): "delivered", "after-fin"; NULL: not a bit. */
const char *ids_stream_result_name(enum ids_stream_result bit);

struct ids_streams_stats {
	uint64_t memory;	/* bytes in use; never above the limit */
	uint64_t memory_peak;
	uint64_t held;		/* of memory: what waits, with its headers */
	uint64_t streams;	/* in use */
	uint64_t pieces;	/* in use */
	uint64_t refused;	/* ids_stream_new() without room */
	uint64_t gap_bytes;	/* skipped; gaps: seen[] of IDS_STREAM_GAP */
	uint64_t given_up;	/* directions whose held bytes were */
	uint64_t given_up_bytes;
	uint64_t no_history;	/* deliveries without room for a history */
	uint64_t steps;		/* comparisons of numbers: the cost */
	uint64_t seen[IDS_STREAM_BITS];	/* segments, by bit of the result */
};

struct ids_streams;
struct ids_stream;

/* In-order bytes, valid until it returns. offset: of the first byte, from the
 * byte behind the SYN, or from the first seen; bytes of skipped gaps count.
 * gap: bytes before it are missing. It must not call ids_stream_*(). */
typedef void (*ids_stream_fn)(void *ctx, int dir, const uint8_t *bytes,
			      uint32_t len, uint64_t offset, bool gap);

/* NULL, errno ENOMEM; EINVAL: a limit is outside of its range. */
struct ids_streams *ids_streams_new(const struct ids_stream_limits *limits);
/* After all of its streams are freed. */
void ids_streams_free(struct ids_streams *pool);
const struct ids_streams_stats *
ids_streams_stats(const struct ids_streams *pool);
/* Gives up what waits for longer than the timeout. Call it now and then:
 * without it a stream's own next segment is what skips its gap. */
void ids_streams_expire(struct ids_streams *pool, uint64_t now);

/* A connection; the caller's until ids_stream_free(). If memory is at its bound
 * the longest waiting held bytes of others are given up for it. NULL: streams
 * and histories have their three quarters; counted. What then becomes of the
 * connection (inspected packet by packet, or refused) is the caller's choice. */
struct ids_stream *ids_stream_new(struct ids_streams *pool);
void ids_stream_free(struct ids_stream *s);	/* NULL: nothing */

/* A segment of direction dir. seq: as in its header (a SYN's own number);
 * flags: the header's byte; data[len]: payload, may be NULL if len is 0.
 * Ignored segments change nothing.
 *
 * In order and without held bytes there is no allocation but once, for the
 * direction's history, and bytes are delivered from data itself. A segment
 * costs a few searches of the tree at most, and a step for each held piece it
 * overlaps. If bytes that have to wait find no room, the stream's first gap is
 * skipped until they do (IDS_STREAM_GAP). */
enum ids_stream_result ids_stream_segment(struct ids_stream *s, int dir,
					  uint32_t seq, uint8_t flags,
					  const uint8_t *data, uint32_t len,
					  uint64_t now, ids_stream_fn deliver,
					  void *ctx);

/* Optional, after ids_stream_segment(): a segment of direction dir with flags
 * has acknowledged `ack` (only if ACK is set) and offers `window` bytes, scaled
 * (RFC 7323: a SYN's is not). Then bytes of the other direction that are beyond
 * its right edge are ignored, as its host does, and a SYN+ACK tells which of
 * several SYNs its host took. Call it for each segment of a stream, or none. */
void ids_stream_ack(struct ids_stream *s, int dir, uint8_t flags, uint32_t ack,
		    uint32_t window);

/* Bytes held for the stream, both directions, headers included. */
uint32_t ids_stream_held(const struct ids_stream *s);

#endif
