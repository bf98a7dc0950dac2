/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Does a rule match? All of its options are evaluated in order; where one can
 * match in several places that matter to those behind it, each is tried. What is
 * tried is counted, and ends at a limit. Allocates nothing.
 */
#ifndef NFOLD_IDS_MATCH_H
#define NFOLD_IDS_MATCH_H

#include "rules.h"

/* Steps of a rule and of all rules on a packet. A step is a place that is tried
 * or 256 bytes that are searched; a regular expression is 100. */
#define IDS_RULE_STEPS 10000
#define IDS_PACKET_STEPS 40000

/* What rules are matched against: a packet, or a piece of a stream. */
struct ids_view {
	const struct nf_pkt *pkt;
	const uint8_t *bytes;	/* payload */
	uint32_t len;
	uint32_t fresh;		/* bytes that have been matched before: a match
				 * in the payload must go beyond them */
	bool stream;		/* the bytes are a stream's */
	bool begins;		/* and begin where it does: offset and depth
				 * have a meaning */
	bool established;
	uint8_t proto;		/* one of enum ids_proto */
	uint8_t dir;		/* one of enum ids_dir_bit */
	uint16_t sport, dport;	/* host order */
	uint64_t *bits;		/* flowbits of the session */
	uint32_t steps;		/* left for this packet */
};

enum ids_matched {
	IDS_NO,
	IDS_YES,
	IDS_LIMIT,		/* given up */
};

/* One rule on the way through its options. */
struct match {
	const struct ids_rules *set;
	const struct ids_rule *rule;
	struct ids_view *view;
	uint32_t vars[IDS_VARS_MAX];
	uint32_t steps;		/* left */
	uint32_t reach;		/* end of what matched farthest */
	bool limit;
};

/* Protocol, direction, addresses and ports. */
bool ids_match_header(const struct ids_rules *set, const struct ids_rule *r,
		      const struct ids_view *v);
/* The options; the header has matched. */
enum ids_matched ids_match(const struct ids_rules *set,
			   const struct ids_rule *r, struct ids_view *v);

/* match_content.c, match_bytes.c, match_fields.c, match_session.c: one option.
 * cursor: where relative positions count from. */
uint32_t match_value(const struct match *m, const struct ids_value *v);
/* Where the content is from byte `from` of its window on; -1 nowhere. */
int64_t match_content(struct match *m, const struct ids_content *c,
		      uint32_t cursor, uint32_t from);
bool match_byte_test(struct match *m, const struct ids_byte_test *t,
		     uint32_t cursor);
bool match_byte_jump(struct match *m, const struct ids_byte_jump *j,
		     uint32_t *cursor);
bool match_byte_extract(struct match *m, const struct ids_byte_extract *x,
			uint32_t cursor);
bool match_isdataat(const struct match *m, const struct ids_isdataat *d,
		    uint32_t cursor);
bool match_field(const struct ids_view *v, const struct ids_field_test *t);
bool match_flags(const struct ids_view *v, const struct ids_bits_test *t);
bool match_fragbits(const struct ids_view *v, const struct ids_bits_test *t);
bool match_ipopts(const struct ids_view *v, uint8_t option);
bool match_sameip(const struct ids_view *v);
bool match_flow(const struct ids_view *v, uint8_t state);
bool match_flowbits(const struct ids_rules *set, const struct ids_view *v,
		    const struct ids_flowbits *f);
/* What a rule that has matched does to the session's flowbits. */
void ids_flowbits_do(const struct ids_rules *set, const struct ids_rule *r,
		     uint64_t *bits);

#endif
