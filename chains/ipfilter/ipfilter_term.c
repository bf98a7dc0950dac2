/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Terms: QUALIFIERS [ [POS:LEN] ] [& MASK] [OP] VALUE, of which much may be left
 * out. In this order Click reads them, so in this order they are read here.
 */
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "ipfilter_parse.h"

static int set_type(struct ipf_parser *p, struct ipf_term *t,
		    enum ipf_kind type)
{
	if (t->type)
		return ipf_fail(p, t->first, p->pos + 1, NULL,
				"'%s' and '%s' in one term",
				ipf_kind_name(t->type), ipf_kind_name(type));
	t->type = type;
	return 0;
}

static int set_proto(struct ipf_parser *p, struct ipf_term *t, int proto)
{
	if (t->proto != IPF_PROTO_UNKNOWN && t->proto != proto)
		return ipf_fail(p, t->first, p->pos + 1,
				"join them with or; with and they match nothing",
				"two protocols in one term");
	t->proto = proto;
	return 0;
}

static int set_side(struct ipf_parser *p, struct ipf_term *t,
		    enum ipf_side side)
{
	if (t->side)
		return ipf_fail(p, t->first, p->pos + 1,
				"src or dst, src and dst",
				"'src' or 'dst' twice in one term");
	t->side = side;
	return 0;
}

static bool at_dst(const struct ipf_parser *p, uint32_t i)
{
	return ipf_at(p, i, "dst") || ipf_at(p, i, "dest");
}

/* src, or `src or dst`, `src and dst`. */
static int take_src(struct ipf_parser *p, struct ipf_term *t)
{
	enum ipf_side side = IPF_SRC;

	if (at_dst(p, p->pos + 2) && p->pos + 3 < p->cnt) {
		if (ipf_at(p, p->pos + 1, "and") ||
		    ipf_at(p, p->pos + 1, "&&"))
			side = IPF_BOTH;
		else if (ipf_at(p, p->pos + 1, "or") ||
			 ipf_at(p, p->pos + 1, "||"))
			side = IPF_EITHER;
	}
	if (side != IPF_SRC)
		p->pos += 2;
	return set_side(p, t, side);
}

/* `type` brings its protocol, but for `icmp6 type`. */
static int take_type(struct ipf_parser *p, struct ipf_term *t,
		     enum ipf_kind type)
{
	if (set_type(p, t, type))
		return -1;
	if (type == IPF_K_ICMP_TYPE && t->proto != IPPROTO_ICMPV6)
		return set_proto(p, t, IPPROTO_ICMP);
	return type == IPF_K_WIN ? set_proto(p, t, IPPROTO_TCP) : 0;
}

/* 1: a qualifier, not consumed; 0: none, or -1. */
static int take_qualifier(struct ipf_parser *p, struct ipf_term *t)
{
	char buf[IPF_WORD_MAX];
	const char *w = ipf_word(p, p->pos, buf);
	enum ipf_kind type = ipf_type_word(w), named;
	uint32_t value;

	if (type)
		return take_type(p, t, type) ? -1 : 1;
	named = ipf_lookup(w, IPF_K_NONE, IPF_PROTO_UNKNOWN, &value);
	if (named == IPF_K_PROTO)
		return set_proto(p, t, value) ? -1 : 1;
	if (!strcmp(w, "src"))
		return take_src(p, t) ? -1 : 1;
	if (at_dst(p, p->pos))
		return set_side(p, t, IPF_DST) ? -1 : 1;
	if (!strcmp(w, "not") || !strcmp(w, "!")) {
		t->not = !t->not;
		return 1;
	}
	if ((strcmp(w, "ip") && strcmp(w, "ether")) || t->header)
		return 0;
	t->header = *w;
	return 1;
}

static int take_qualifiers(struct ipf_parser *p, struct ipf_term *t)
{
	int got = 1;

	while (p->pos < p->cnt && got == 1) {
		got = take_qualifier(p, t);
		p->pos += got == 1;
	}
	return got < 0 ? -1 : 0;
}

static bool take_op(struct ipf_parser *p, struct ipf_term *t)
{
	static const struct {
		const char *word;
		enum ipf_op op;
		bool negated;
	} ops[] = {
		{ "=", IPF_EQ, false },	 { "==", IPF_EQ, false },
		{ "!=", IPF_EQ, true },	 { ">", IPF_GT, false },
		{ "<", IPF_LT, false },	 { "<=", IPF_GT, true },
		{ ">=", IPF_LT, true },
	};

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (ipf_at(p, p->pos, ops[i].word)) {
			t->op = ops[i].op;
			t->negated = ops[i].negated;
			p->pos++;
			return true;
		}
	return false;
}

static int fail_unknown(struct ipf_parser *p)
{
	char buf[IPF_WORD_MAX], hint[128] = "";
	const char *w = ipf_word(p, p->pos, buf), *near = ipf_nearest(w);

	if (!strcmp(w, "allow") || !strcmp(w, "deny") || !strcmp(w, "drop"))
		snprintf(hint, sizeof(hint),
			 "a comma between two rules, outside the strings");
	else if (!strcmp(w, "all") || !strcmp(w, "any") || !strcmp(w, "-"))
		snprintf(hint, sizeof(hint), "'true' matches every packet");
	else if (near)
		snprintf(hint, sizeof(hint), "did you mean '%s'?", near);
	else if (!strcmp(w, ","))
		snprintf(hint, sizeof(hint),
			 "one rule in a string: \"allow tcp\", \"deny all\"");
	else
		snprintf(hint, sizeof(hint),
			 "address NAME ADDRESS; gives names to addresses, ports are numbers");
	return ipf_fail(p, p->pos, p->pos + 1, hint, "'%s' means nothing here",
			w);
}

/* A word that nothing can be made of, where a value may stand. */
static bool at_unknown(const struct ipf_parser *p)
{
	char buf[IPF_WORD_MAX];
	const char *w = ipf_word(p, p->pos, buf);
	uint32_t value;

	return (isalnum((unsigned char)*w) || *w == '_') && !ipf_is_word(w) &&
	       !ipf_lookup(w, IPF_K_NONE, IPF_PROTO_UNKNOWN, &value);
}

/* Behind an Ethernet address a name is one too, if it has one. */
static int take_value(struct ipf_parser *p, struct ipf_term *t, bool has_op)
{
	if (p->prev.data == IPF_K_ETHER && !t->header) {
		t->header = 'e';
		if (ipf_take_data(p, t, false))
			return -1;
		if (t->data == IPF_K_ETHER)
			return 0;
		t->header = 0;
		if (t->data)
			return 0;
	}
	return ipf_take_data(p, t, has_op);
}

static int read_term(struct ipf_parser *p, struct ipf_term *t)
{
	if (take_qualifiers(p, t))
		return -1;
	if (p->pos != t->first)
		p->prev = (struct ipf_term){ .proto = IPF_PROTO_UNKNOWN };
	if (ipf_at(p, p->pos, "[") && p->pos != t->first && !t->type &&
	    ipf_take_brackets(p, t))
		return -1;
	if (ipf_at(p, p->pos, "&") && ipf_take_mask(p, t))
		return -1;
	if (take_value(p, t, take_op(p, t)))
		return -1;
	if (p->pos == t->first || (!t->data && at_unknown(p)))
		return fail_unknown(p);
	return 0;
}

/* true, false */
static bool take_constant(struct ipf_parser *p, uint16_t *node)
{
	bool no = ipf_at(p, p->pos, "false");

	if (!no && !ipf_at(p, p->pos, "true"))
		return false;
	p->pos++;
	*node = ipf_node(p, IPF_TEST, 0, 0, 0);
	p->tree->nodes[*node].test = (struct ipf_test){
		.what = IPF_TRUE, .proto = IPF_PROTO_UNKNOWN,
	};
	if (no)
		*node = ipf_node(p, IPF_NOT, *node, 0, 0);
	return true;
}

static bool at_end_of_term(const struct ipf_parser *p)
{
	return p->pos == p->cnt || ipf_at(p, p->pos, ")") ||
	       ipf_at(p, p->pos, "||") || ipf_at(p, p->pos, "or") ||
	       ipf_at(p, p->pos, "?") || ipf_at(p, p->pos, ":");
}

int ipf_term(struct ipf_parser *p, uint16_t *node)
{
	struct ipf_term t = { .proto = IPF_PROTO_UNKNOWN, .first = p->pos };
	struct ipf_test test;

	if (at_end_of_term(p))
		return 0;
	if (take_constant(p, node))
		return 1;
	if (read_term(p, &t) || ipf_check(p, &t, &test))
		return -1;
	p->prev = t;
	*node = ipf_node(p, IPF_TEST, 0, 0, 0);
	p->tree->nodes[*node].test = test;
	if (t.not)
		*node = ipf_node(p, IPF_NOT, *node, 0, 0);
	return 1;
}
