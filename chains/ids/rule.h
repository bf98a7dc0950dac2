/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A rule in Snort 2's language, as its text says it (the language: Snort Users
 * Manual 2.9, chapter 3). Made by the reader (rule_*.c), owned by its rule set
 * (rules.h), never changed after that; whoever matches keeps what changes.
 */
#ifndef NFOLD_IDS_RULE_H
#define NFOLD_IDS_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/types.h>

struct conf_source;
struct ids_pcre;

#define IDS_OPTS_MAX 64		/* options of a rule that are matched */
#define IDS_VARS_MAX 4		/* names that a rule's byte_extract makes */
#define IDS_CONTENT_MAX 2048	/* bytes of a content */
#define IDS_PCRE_MAX 4096	/* bytes of an expression's text */
#define IDS_BITS_MAX 512	/* names of flowbits in a rule set */
#define IDS_GROUPS_MAX 32	/* names of groups of flowbits */

/* In the order of evaluation: what passes is seen by none behind. */
enum ids_action {
	IDS_PASS,
	IDS_DROP,
	IDS_SDROP,		/* drop, and say nothing */
	IDS_REJECT,
	IDS_ALERT,
	IDS_LOG,
	IDS_ACTION_CNT,
};

/* A rule's protocols, and a packet's: bits. */
enum ids_proto {
	IDS_PROTO_TCP = 1,
	IDS_PROTO_UDP = 2,
	IDS_PROTO_ICMP = 4,	/* of either family */
	IDS_PROTO_OTHER = 8,
	IDS_PROTO_ALL = 15,	/* rules on ip */
};

/* Directions of a session: bits. */
enum ids_dir_bit {
	IDS_TO_SERVER = 1,
	IDS_TO_CLIENT = 2,
};

/* A number that stands in the rule, or one that byte_extract has read. */
struct ids_value {
	int32_t n;
	int8_t var;		/* 1 + index; 0: n counts */
};

enum ids_op {
	IDS_EQ,
	IDS_NE,
	IDS_LT,
	IDS_GT,
	IDS_LE,
	IDS_GE,
	IDS_BETWEEN,		/* lo < x < hi */
	IDS_RANGE,		/* lo <= x <= hi */
	IDS_AND,		/* x & lo, any bit */
	IDS_XOR,		/* x ^ lo is not 0 */
};

/* What numbers of a packet's headers are compared. */
enum ids_field {
	IDS_F_TTL,
	IDS_F_TOS,
	IDS_F_ID,
	IDS_F_IP_PROTO,
	IDS_F_FRAGOFFSET,
	IDS_F_SEQ,
	IDS_F_ACK,
	IDS_F_WINDOW,
	IDS_F_ITYPE,
	IDS_F_ICODE,
	IDS_F_ICMP_ID,
	IDS_F_ICMP_SEQ,
	IDS_F_DSIZE,
};

struct ids_field_test {
	uint8_t field;		/* enum ids_field */
	uint8_t op;		/* enum ids_op */
	uint32_t lo, hi;
};

/* Bits of a byte: TCP flags; fragment bits as R 4, D 2, M 1. */
struct ids_bits_test {
	uint8_t bits;
	uint8_t ignore;		/* flags only: not looked at */
	char how;		/* 0 exactly, + all of these, * any, ! none */
};

/* What a relative position counts from: where the last match ended. */
struct ids_content {
	const uint8_t *bytes;	/* lower case if nocase */
	uint16_t len;
	bool negated;
	bool nocase;
	bool relative;		/* distance and within, not offset and depth */
	bool has_depth;
	bool only_fast;		/* fast_pattern:only: not matched again */
	struct ids_value offset; /* or distance */
	struct ids_value depth;	/* or within */
};

struct ids_pcre_opt {
	struct ids_pcre *code;
	bool negated;
	bool relative;
	bool anchored;		/* matches at the first byte only */
};

/* A number in the payload. */
struct ids_number {
	uint8_t cnt;		/* bytes: 1 to 4, strings to 10 */
	uint8_t base;		/* of a string: 8, 10, 16; 0: binary */
	bool little;
	bool relative;
	uint32_t mask;		/* 0 none */
	struct ids_value offset;
};

struct ids_byte_test {
	struct ids_number at;
	uint8_t op;
	bool negated;
	struct ids_value value;
};

struct ids_byte_jump {
	struct ids_number at;
	uint32_t multiplier;
	uint8_t align;		/* 4; 0 none */
	char from;		/* 0 the number's end, b beginning, e end */
	struct ids_value post_offset;
};

struct ids_byte_extract {
	struct ids_number at;
	uint32_t multiplier;
	uint8_t align;		/* 2, 4; 0 none */
	uint8_t var;		/* index */
};

struct ids_isdataat {
	bool negated;
	bool relative;
	struct ids_value n;
};

enum ids_flow_state {
	IDS_FLOW_ESTABLISHED = 1,
	IDS_FLOW_NOT_ESTABLISHED = 2,
	IDS_FLOW_NO_STREAM = 4,
	IDS_FLOW_ONLY_STREAM = 8,
};

enum ids_bit_op {
	IDS_BIT_SET,
	IDS_BIT_SETX,		/* set these, unset the rest of the group */
	IDS_BIT_UNSET,
	IDS_BIT_TOGGLE,
	IDS_BIT_RESET,		/* all, or a group's */
	IDS_BIT_ISSET,
	IDS_BIT_ISNOTSET,
};

struct ids_flowbits {
	uint8_t op;		/* enum ids_bit_op */
	bool any;		/* ISSET, ISNOTSET: of one; else: of each */
	uint8_t group;		/* 1 + index; 0 none */
	uint16_t *bits;		/* indexes of names */
	uint16_t cnt;
};

enum ids_rate_type {
	IDS_RATE_LIMIT,		/* the first count in a time */
	IDS_RATE_THRESHOLD,	/* each count-th */
	IDS_RATE_BOTH,		/* the count-th in a time, once */
	IDS_RATE_FILTER,	/* detection_filter: those beyond count */
};

struct ids_rate {
	uint8_t type;		/* enum ids_rate_type */
	bool by_dst;
	uint32_t count;		/* 0: the rule has none of these */
	uint64_t ns;
};

enum ids_opt_kind {
	/* of headers and the session: */
	IDS_OPT_FIELD,
	IDS_OPT_FLAGS,
	IDS_OPT_FRAGBITS,
	IDS_OPT_IPOPTS,
	IDS_OPT_SAMEIP,
	IDS_OPT_FLOW,
	IDS_OPT_FLOWBITS,	/* isset, isnotset */
	/* of the payload, matched in the rule's order: */
	IDS_OPT_CONTENT,
	IDS_OPT_PCRE,
	IDS_OPT_BYTE_TEST,
	IDS_OPT_BYTE_JUMP,
	IDS_OPT_BYTE_EXTRACT,
	IDS_OPT_ISDATAAT,
};

struct ids_opt {
	uint8_t kind;		/* enum ids_opt_kind */
	bool again;		/* a later option depends on where it matched:
				 * its other places are tried too */
	union {
		struct ids_field_test field;
		struct ids_bits_test bits;
		uint8_t ipopt;	/* number of the option; 255 any */
		uint8_t flow;	/* enum ids_flow_state, bits */
		struct ids_flowbits flowbits;
		struct ids_content content;
		struct ids_pcre_opt pcre;
		struct ids_byte_test test;
		struct ids_byte_jump jump;
		struct ids_byte_extract extract;
		struct ids_isdataat isdataat;
	};
};

/* Set where a rule stands: sets of addresses and ports by index, rules.h. */
struct ids_end {
	uint16_t addrs;
	uint16_t ports;
};

struct ids_rule {
	uint32_t sid, rev, gid;
	uint32_t priority;	/* 1 is highest */
	uint8_t action;		/* enum ids_action */
	uint8_t protos;		/* enum ids_proto, bits */
	uint8_t dirs;		/* enum ids_dir_bit, bits */
	bool both_ways;		/* <> */
	bool noalert;
	bool key_only;		/* looks at nothing but the flow key: holds for
				 * all packets of a direction, or for none */
	bool of_payload;	/* some option looks at the payload */
	bool absolute;		/* some counts from the payload's begin */
	bool packet_only;	/* dsize or no_stream: not of a stream */
	bool stream_only;	/* only_stream */
	struct ids_end src, dst;
	uint16_t opt_cnt;
	uint16_t set_cnt;
	struct ids_opt *opts;	/* headers and session first */
	struct ids_flowbits *sets; /* done when all has matched */
	struct ids_rate filter;	/* detection_filter */
	struct ids_rate rate;	/* threshold */
	int32_t pattern;	/* must be found for it to match; -1 none */
	const struct ids_content *fast;	/* what the pattern is of; NULL none */
	uint16_t fast_off, fast_len;	/* the part of its bytes */
	const char *msg;	/* "" none */
	const char *classtype;	/* NULL none */
	const struct conf_source *file; /* until the set is finished */
	uint32_t line, col;	/* in it, from 1 */
};

#endif
