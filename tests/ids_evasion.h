/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The classical evasions as packets: a connection whose host reads a text that
 * has the signature, sent so that a naive observer does not. After Ptacek and
 * Newsham, "Insertion, Evasion, and Denial of Service" (1998), and Novak and
 * Sturges (docs/ids.md, "Streams").
 *
 * Each case is a whole connection: handshake, what it is about, and the rest of
 * the text. Packets keep pointers into the struct evasion: it must not move.
 */
#ifndef TESTS_IDS_EVASION_H
#define TESTS_IDS_EVASION_H

#include <netinet/tcp.h>
#include <stdlib.h>

#include "chains/ids/stream.h"
#include "tests/pkt.h"

/* What the host reads, and what is to be found in it. */
#define EVASION_TEXT "GET /cgi-bin/phf?/etc/passwd HTTP/1.0\r\n\r\n"
#define EVASION_SIGNATURE "/etc/passwd"
#define EVASION_AT 17		/* the signature's offset */
#define EVASION_LEN (sizeof(EVASION_TEXT) - 1)
#define EVASION_SIG_LEN (sizeof(EVASION_SIGNATURE) - 1)
#define EVASION_TTL 1		/* of packets that never reach the host */
#define EVASION_MAX 128		/* packets */

enum evasion_kind {
	EVASION_NONE,		/* in one segment */
	EVASION_SPLIT,		/* in `parts` segments */
	EVASION_SPLIT_SIGNATURE, /* the signature in `parts` segments */
	EVASION_BACKWARDS,	/* in `parts` segments, the last one first */
	EVASION_SHUFFLED,	/* in `parts` segments, each second one first */
	EVASION_DUPLICATED,	/* each of `parts` segments twice */
	EVASION_OVERLAPPED,	/* each repeats bytes of the one before */
	EVASION_WRAPPED,	/* numbers go over 2^32 in the signature */
	/* Two copies wait for a gap, the same or another number of bytes. */
	EVASION_SAME_FIRST,	/* equal extents; the signature comes first */
	EVASION_SAME_LAST,	/* ...comes last */
	EVASION_BEFORE,		/* begins before the decoy, comes last */
	EVASION_LONGER,		/* begins with it, ends after, comes last */
	EVASION_AFTER,		/* begins and ends after it, comes last */
	EVASION_INSIDE,		/* begins after and ends before, comes last */
	/* A decoy that no host takes, in the signature's place, before it. */
	EVASION_BAD_CHECKSUM,
	EVASION_NO_ACK,
	EVASION_FAR,		/* nowhere near the window */
	EVASION_LOW_TTL,
	EVASION_LOW_TTL_HELD,	/* and both wait for a gap */
	EVASION_KEEPALIVES,	/* the same, byte by byte */
	/* The stream seems to be over, or another one, before the signature. */
	EVASION_RST_BAD_CHECKSUM,
	EVASION_RST_BAD_SEQ,	/* in the window */
	EVASION_RST_FAR,
	EVASION_RST_LOW_TTL,
	EVASION_FIN_LOW_TTL,
	EVASION_FIN_BAD_SEQ,
	EVASION_SYN_INSIDE,	/* with a new number, in mid-stream */
	EVASION_REBORN,		/* a RST and a SYN of low TTL, and it goes on */
	EVASION_SYN_TWICE,	/* the first one never reaches the host */
	EVASION_SYN_LATE,	/* the second one does not */
	EVASION_SYN_DATA,	/* the text's begin is in the SYN (RFC 7413) */
	EVASION_URGENT,		/* the host takes an urgent byte out */
	EVASION_KIND_CNT,
};

enum evasion_dir { EVASION_CLIENT, EVASION_SERVER };

struct evasion_pkt {
	struct pkt k;		/* for pkt_build() */
	enum evasion_dir dir;
	bool taken;		/* by the host, of itself */
};

struct evasion {
	struct evasion_pkt p[EVASION_MAX];
	uint32_t cnt;
	struct pkt base[2];	/* addresses and ports by direction */
	uint32_t seq, ack;	/* the first bytes' numbers: client's, server's */
	uint8_t text[EVASION_LEN + 1];
	uint8_t decoy[EVASION_LEN + 1];
	uint8_t urgent[EVASION_LEN + 1];
};

/* For messages. */
static inline const char *evasion_name(enum evasion_kind kind)
{
	static const char *const names[EVASION_KIND_CNT] = {
		"none", "split", "split signature", "backwards", "shuffled",
		"duplicated", "overlapped", "wrapped", "same, first",
		"same, last", "begins before", "longer", "begins after",
		"inside", "bad checksum", "no ack", "far", "low ttl",
		"low ttl, held", "keep-alives", "rst, bad checksum",
		"rst, bad seq", "rst, far", "rst, low ttl", "fin, low ttl",
		"fin, bad seq", "syn inside", "reborn", "syn twice",
		"syn late", "syn data", "urgent",
	};

	return names[kind];
}

/* Does a host of that policy read the signature? Of the overlaps that wait the
 * hosts make different texts. */
static inline bool evasion_hits(enum evasion_kind kind,
				enum ids_stream_policy policy)
{
	bool first = policy == IDS_POLICY_FIRST || policy == IDS_POLICY_VISTA;
	bool last = policy == IDS_POLICY_LAST;
	bool old = policy == IDS_POLICY_OLD_LINUX;
	bool end = policy == IDS_POLICY_SOLARIS || policy == IDS_POLICY_HPUX11;
	bool bsd = policy == IDS_POLICY_BSD || policy == IDS_POLICY_WINDOWS ||
		   policy == IDS_POLICY_MACOS;

	switch (kind) {
	case EVASION_SAME_FIRST:
		return !last && !old && !end;
	case EVASION_SAME_LAST:
		return last || old || end;
	case EVASION_BEFORE:
		return !first;
	case EVASION_LONGER:
		return !first && !bsd;
	case EVASION_AFTER:
		return last || end;
	case EVASION_INSIDE:
		return last;
	default:
		return true;
	}
}

/* Appends a segment of that direction: flags, the number of its first byte, its
 * bytes. It is the host's unless the caller says otherwise. */
static inline struct evasion_pkt *evasion_add(struct evasion *e,
					      enum evasion_dir dir,
					      uint8_t flags, uint32_t seq,
					      const uint8_t *data, uint32_t len)
{
	struct evasion_pkt *p = &e->p[e->cnt++];

	if (e->cnt > EVASION_MAX)
		abort();
	*p = (struct evasion_pkt){ .k = e->base[dir], .dir = dir,
				   .taken = true };
	p->k.flags = flags;
	p->k.seq = seq;
	p->k.ack = flags & TH_ACK ? dir ? e->seq : e->ack : 0;
	p->k.data = data;
	p->k.payload = len;
	return p;
}

/* The client's bytes [at, at + len) of the text or the decoy. */
static inline struct evasion_pkt *evasion_put(struct evasion *e,
					      const uint8_t *text, uint32_t at,
					      uint32_t len)
{
	return evasion_add(e, EVASION_CLIENT, TH_ACK | TH_PUSH, e->seq + at,
			   text + at, len);
}

static inline void evasion_text(struct evasion *e, uint32_t from, uint32_t to)
{
	if (from < to)
		evasion_put(e, e->text, from, to - from);
}

/* A packet that ends on its way, or at the host's door. */
static inline struct evasion_pkt *evasion_lose(struct evasion_pkt *p)
{
	p->taken = false;
	return p;
}

static inline struct evasion_pkt *evasion_ttl(struct evasion_pkt *p)
{
	p->k.ttl = EVASION_TTL;
	return evasion_lose(p);
}

static inline struct evasion_pkt *evasion_csum(struct evasion_pkt *p)
{
	p->k.csum = PKT_CSUM_BAD;
	return evasion_lose(p);
}

static inline void evasion_syn(struct evasion *e)
{
	evasion_add(e, EVASION_CLIENT, TH_SYN, e->seq - 1, NULL, 0);
}

static inline void evasion_accept(struct evasion *e)
{
	evasion_add(e, EVASION_SERVER, TH_SYN | TH_ACK, e->ack - 1, NULL, 0);
	evasion_add(e, EVASION_CLIENT, TH_ACK, e->seq, NULL, 0);
}

/* --- the text in parts --- */

static inline uint32_t evasion_cut(uint32_t from, uint32_t len, uint32_t parts,
				   uint32_t i)
{
	return from + len * i / parts;
}

/* Part i of [from, from + len), with `more` bytes of the part before. */
static inline void evasion_part(struct evasion *e, uint32_t from, uint32_t len,
				uint32_t parts, uint32_t i, uint32_t more)
{
	uint32_t at = evasion_cut(from, len, parts, i);

	more = more < at - from ? more : at - from;
	evasion_text(e, at - more, evasion_cut(from, len, parts, i + 1));
}

static inline void evasion_parts(struct evasion *e, enum evasion_kind kind,
				 uint32_t parts)
{
	uint32_t half = parts / 2;

	for (uint32_t i = 0; i < parts; i++) {
		uint32_t n = kind == EVASION_BACKWARDS ? parts - 1 - i : i;

		if (kind == EVASION_SHUFFLED) /* each second one first */
			n = i < half ? 2 * i + 1 : 2 * (i - half);
		evasion_part(e, 0, EVASION_LEN, parts, n,
			     kind == EVASION_OVERLAPPED ? 5 : 0);
		if (kind == EVASION_DUPLICATED)
			evasion_part(e, 0, EVASION_LEN, parts, n, 0);
	}
}

static inline void evasion_signature(struct evasion *e, uint32_t parts)
{
	uint32_t end = EVASION_AT + EVASION_SIG_LEN;

	evasion_text(e, 0, EVASION_AT);
	for (uint32_t i = 0; i < parts; i++)
		evasion_part(e, EVASION_AT, EVASION_SIG_LEN, parts, i, 0);
	evasion_text(e, end, EVASION_LEN);
}

/* --- two copies that wait --- */

static inline void evasion_overlap(struct evasion *e, enum evasion_kind kind)
{
	uint32_t at = EVASION_AT, len = EVASION_SIG_LEN;

	switch (kind) {
	case EVASION_SAME_FIRST:
		evasion_put(e, e->text, at, len);
		evasion_put(e, e->decoy, at, len);
		break;
	case EVASION_SAME_LAST:
		evasion_put(e, e->decoy, at, len);
		evasion_put(e, e->text, at, len);
		break;
	case EVASION_BEFORE:
		evasion_put(e, e->decoy, at, len);
		evasion_put(e, e->text, at - 2, len + 2);
		break;
	case EVASION_LONGER:
		evasion_put(e, e->decoy, at, len);
		evasion_put(e, e->text, at, len + 2);
		break;
	case EVASION_AFTER:
		evasion_put(e, e->decoy, at - 2, len);
		evasion_put(e, e->text, at, len);
		break;
	default:
		evasion_put(e, e->decoy, at - 2, len + 4);
		evasion_put(e, e->text, at, len);
		break;
	}
	/* the rest, then the gap before */
	evasion_text(e, at + len + 4, EVASION_LEN);
	evasion_text(e, at + len, at + len + 4);
	evasion_text(e, 0, at);
}

/* --- decoys --- */

static inline void evasion_decoy(struct evasion *e, enum evasion_kind kind)
{
	uint32_t at = EVASION_AT, len = EVASION_SIG_LEN;
	struct evasion_pkt *p;

	if (kind != EVASION_LOW_TTL_HELD)
		evasion_text(e, 0, at);
	for (uint32_t i = 0; kind == EVASION_KEEPALIVES && i < len; i++) {
		evasion_ttl(evasion_put(e, e->decoy, at + i, 1));
		evasion_put(e, e->text, at + i, 1);
	}
	if (kind == EVASION_KEEPALIVES) {
		evasion_text(e, at + len, EVASION_LEN);
		return;
	}
	p = evasion_lose(evasion_put(e, e->decoy, at, len));
	if (kind == EVASION_BAD_CHECKSUM)
		evasion_csum(p);
	else if (kind == EVASION_NO_ACK)
		p->k.flags = TH_PUSH;
	else if (kind == EVASION_FAR)
		p->k.seq += 1 << 30;
	else
		evasion_ttl(p);
	evasion_text(e, at, EVASION_LEN);
	if (kind == EVASION_LOW_TTL_HELD)
		evasion_text(e, 0, at);
}

/* A control segment amidst the text, that the host does not take. */
static inline void evasion_control(struct evasion *e, enum evasion_kind kind)
{
	uint32_t at = EVASION_AT + 3, seq = e->seq + at;
	struct evasion_pkt *p;

	evasion_text(e, 0, at);
	p = evasion_lose(evasion_add(e, EVASION_CLIENT, TH_RST, seq, NULL, 0));
	switch (kind) {
	case EVASION_RST_BAD_CHECKSUM:
		evasion_csum(p);
		break;
	case EVASION_RST_BAD_SEQ:
		p->k.seq += 5;
		break;
	case EVASION_RST_FAR:
		p->k.seq += 1 << 30;
		break;
	case EVASION_RST_LOW_TTL:
		evasion_ttl(p);
		break;
	case EVASION_FIN_LOW_TTL:
		p->k.flags = TH_FIN | TH_ACK;
		evasion_ttl(p);
		break;
	case EVASION_FIN_BAD_SEQ:
		p->k.flags = TH_FIN | TH_ACK;
		p->k.seq -= 5;
		break;
	case EVASION_REBORN:
		evasion_ttl(p);
		evasion_ttl(evasion_add(e, EVASION_CLIENT, TH_SYN, seq - 1,
					NULL, 0));
		break;
	default:
		p->k.flags = TH_SYN;
		p->k.seq += 1 << 20;
		break;
	}
	evasion_text(e, at, EVASION_LEN);
}

/* --- the beginning --- */

static inline void evasion_begin(struct evasion *e, enum evasion_kind kind)
{
	uint32_t in_syn = EVASION_AT + 4;
	struct evasion_pkt *p;

	if (kind == EVASION_SYN_DATA) {
		evasion_add(e, EVASION_CLIENT, TH_SYN, e->seq - 1, e->text,
			    in_syn);
		evasion_accept(e);
		e->p[e->cnt - 2].k.ack += in_syn;
		e->p[e->cnt - 1].k.seq += in_syn;
		evasion_text(e, in_syn, EVASION_LEN);
		return;
	}
	if (kind == EVASION_SYN_LATE)
		evasion_syn(e);
	p = evasion_add(e, EVASION_CLIENT, TH_SYN, e->seq + (1 << 29), NULL, 0);
	evasion_ttl(p);
	if (kind == EVASION_SYN_TWICE)
		evasion_syn(e);
	evasion_accept(e);
	evasion_text(e, 0, EVASION_LEN);
}

/* A byte that is not of the text, marked urgent (its pointer is one behind it,
 * RFC 6093, section 3), in the midst of the signature. */
static inline void evasion_mark(struct evasion *e)
{
	uint32_t at = EVASION_AT + 4;
	struct evasion_pkt *p;

	memcpy(e->urgent, e->text, at);
	e->urgent[at] = '#';
	memcpy(e->urgent + at + 1, e->text + at, EVASION_LEN - at);
	p = evasion_put(e, e->urgent, 0, EVASION_LEN + 1);
	p->k.flags |= TH_URG;
	p->k.urgent = at + 1;
}

static inline void evasion_init(struct evasion *e, int family, uint32_t isn)
{
	struct pkt *c = &e->base[EVASION_CLIENT], *s = &e->base[EVASION_SERVER];

	memset(e, 0, sizeof(*e));
	*c = pkt_new(family, IPPROTO_TCP);
	c->dport = 80;
	*s = *c;
	memcpy(s->src, c->dst, sizeof(s->src));
	memcpy(s->dst, c->src, sizeof(s->dst));
	s->sport = c->dport;
	s->dport = c->sport;
	memcpy(e->text, EVASION_TEXT, EVASION_LEN);
	memset(e->decoy, 'x', EVASION_LEN);
	e->seq = isn + 1;
	e->ack = 5001;
}

/* The client's number with which a byte of the signature has number 0, and no
 * part begins there: pkt_build() has no number 0. */
static inline uint32_t evasion_wrap(uint32_t parts)
{
	uint32_t at = EVASION_AT, i = 0;

	while (i <= parts) {
		at += evasion_cut(0, EVASION_LEN, parts, i) == at;
		i++;
	}
	return -(at + 1);
}

/* The connection. family: 4 or 6; parts: 2..EVASION_LEN / 2, of the kinds that
 * have them (SPLIT_SIGNATURE: ..EVASION_SIG_LEN). isn: the client's; no segment
 * may begin at number 0. */
static inline void evasion_build(struct evasion *e, enum evasion_kind kind,
				 int family, uint32_t parts, uint32_t isn)
{
	if (kind == EVASION_WRAPPED)
		isn = evasion_wrap(parts);
	evasion_init(e, family, isn);
	if (kind >= EVASION_SYN_TWICE && kind <= EVASION_SYN_DATA) {
		evasion_begin(e, kind);
		return;
	}
	evasion_syn(e);
	evasion_accept(e);
	if (kind == EVASION_NONE)
		evasion_text(e, 0, EVASION_LEN);
	else if (kind == EVASION_SPLIT_SIGNATURE)
		evasion_signature(e, parts);
	else if (kind <= EVASION_WRAPPED)
		evasion_parts(e, kind, parts);
	else if (kind <= EVASION_INSIDE)
		evasion_overlap(e, kind);
	else if (kind <= EVASION_KEEPALIVES)
		evasion_decoy(e, kind);
	else if (kind == EVASION_URGENT)
		evasion_mark(e);
	else
		evasion_control(e, kind);
}

#endif
