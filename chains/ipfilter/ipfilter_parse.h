/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Between the files that read a rule's text: words, names, terms. */
#ifndef NFOLD_IPFILTER_PARSE_H
#define NFOLD_IPFILTER_PARSE_H

#include "ipfilter.h"

/* What a word names, and what a term is about. */
enum ipf_kind {
	IPF_K_NONE,
	IPF_K_BAD,		/* a name that does not fit here */
	IPF_K_INT,
	/* with names or text of their own */
	IPF_K_HOST,
	IPF_K_NET,
	IPF_K_ETHER,
	IPF_K_PROTO,
	IPF_K_PORT,
	IPF_K_OPT,		/* TCP flags */
	/* fields: see ipf_field_of() */
	IPF_K_ICMP_TYPE,
	IPF_K_WIN,
	IPF_K_VERS,
	IPF_K_HL,
	IPF_K_ID,
	IPF_K_TOS,
	IPF_K_DSCP,
	IPF_K_TTL,
	IPF_K_LEN,
	IPF_K_RAW,		/* ip[...], tcp[...] */
	/* without a value, or with one that may be left out */
	IPF_K_FRAG,
	IPF_K_UNFRAG,
	IPF_K_ECT,
	IPF_K_CE,
};

static inline bool ipf_is_field(enum ipf_kind k)
{
	return k >= IPF_K_ICMP_TYPE && k <= IPF_K_RAW;
}

struct ipf_word {
	uint16_t at, len;	/* bytes of the text */
};

/* One term, as far as it was read: QUALIFIERS [OP] VALUE. */
struct ipf_term {
	enum ipf_kind type;
	enum ipf_kind data;
	enum ipf_side side;
	int proto;
	char header;		/* 'i', 'e', 0: not said */
	bool not;		/* `not` among the qualifiers */
	enum ipf_op op;
	bool negated;
	enum ipf_kind mask_data; /* INT, HOST, ETHER, NONE */
	uint32_t value, mask;
	struct ipf_addr addr, amask;
	uint8_t mac[6], mac_mask[6];
	uint16_t off;		/* RAW */
	uint8_t len;
	uint32_t first;		/* its first word */
};

struct ipf_parser {
	const struct ipfilter *f;
	const char *text;
	struct ipf_word *words;
	uint32_t cnt;
	uint32_t pos;		/* next word */
	struct ipf_tree *tree;
	struct ipf_term prev;	/* the last term: what the next may leave out */
	int depth;
	struct ipf_error *err;
};

/* ipfilter_words.c */
/* Text to words. -1 with err. */
int ipf_split(struct ipf_parser *p);
bool ipf_at(const struct ipf_parser *p, uint32_t i, const char *word);
/* The word as a string, in buf. A longer one is cut: then it is nothing. */
const char *ipf_word(const struct ipf_parser *p, uint32_t i,
		     char buf[IPF_WORD_MAX]);
/* Words [first, end) are wrong: fills p->err, returns -1. At the end of the
 * text: points behind it. */
int ipf_fail(struct ipf_parser *p, uint32_t first, uint32_t end,
	     const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* ipfilter_names.c */
/* Words that say what a term is about; NONE: not one of them. */
enum ipf_kind ipf_type_word(const char *word);
const char *ipf_kind_name(enum ipf_kind k);
/* PROTO, PORT, OPT or ICMP_TYPE with *value; NONE: no name; BAD: a name, but of
 * nothing, or of several things, that can stand in such a term. */
enum ipf_kind ipf_lookup(const char *word, enum ipf_kind type, int proto,
			 uint32_t *value);
/* A word of the language that is no such name. */
bool ipf_is_word(const char *word);
/* Nearest word of the language, or NULL. */
const char *ipf_nearest(const char *word);
/* What a name that was BAD can be: "port echo, icmp type echo". */
void ipf_meanings(const char *word, char *buf, size_t size);

/* ipfilter_term.c: reads one term. *node: its place in the tree. 1, 0: no term
 * stands here, or -1 with err. */
int ipf_term(struct ipf_parser *p, uint16_t *node);

/* ipfilter_data.c: parts of a term; -1 with err. */
int ipf_take_brackets(struct ipf_parser *p, struct ipf_term *t);
int ipf_take_mask(struct ipf_parser *p, struct ipf_term *t);
int ipf_take_data(struct ipf_parser *p, struct ipf_term *t, bool has_op);

/* ipfilter_check.c: makes a test of a term, filling in what it leaves out. */
int ipf_check(struct ipf_parser *p, struct ipf_term *t, struct ipf_test *out);

/* ipfilter_number.c: all of them 0, or -1 with err. */
int ipf_fail_term(struct ipf_parser *p, const struct ipf_term *t,
		  const char *hint, const char *message);
/* max: all bits that the number has. */
int ipf_check_number(struct ipf_parser *p, struct ipf_term *t, uint32_t max,
		     struct ipf_test *out);
int ipf_check_opt(struct ipf_parser *p, struct ipf_term *t,
		  struct ipf_test *out);
int ipf_check_field(struct ipf_parser *p, struct ipf_term *t,
		    struct ipf_test *out);
int ipf_check_bare(struct ipf_parser *p, struct ipf_term *t,
		   struct ipf_test *out);

/* ipfilter_address.c */
int ipf_add_name(struct ipfilter *f, const struct conf_stmt *s,
		 struct conf_error *err);

/* ipfilter_parse.c: a new node; there is always room. */
uint16_t ipf_node(struct ipf_parser *p, enum ipf_node_kind kind, uint16_t a,
		  uint16_t b, uint16_t c);

#endif
