// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Options on the fields of headers. */
#include "rule_read.h"

#include <stdio.h>
#include <string.h>

#include <netinet/in.h>

/* What may stand before or between the numbers: how each field's option is
 * written in the manual. */
enum form {
	F_PLAIN = 0,
	F_NOT = 1,		/* !n */
	F_LESS = 2,		/* <n >n */
	F_LESS_EQ = 4,		/* <=n >=n =n */
	F_BETWEEN = 8,		/* a<>b: without a and b; dsize: with them */
	F_RANGE = 16,		/* a-b, -b, a- */
};

static const struct field {
	const char *name;
	uint8_t field;
	uint8_t protos;		/* of the rule's, one must be of these */
	unsigned int form;
	uint32_t max;
} fields[] = {
	{ "ttl", IDS_F_TTL, 15, F_LESS | F_LESS_EQ | F_RANGE, 255 },
	{ "tos", IDS_F_TOS, 15, F_NOT, 255 },
	{ "id", IDS_F_ID, 15, F_NOT, 65535 },
	{ "ip_proto", IDS_F_IP_PROTO, 15, F_NOT | F_LESS, 255 },
	{ "fragoffset", IDS_F_FRAGOFFSET, 15, F_NOT | F_LESS, 8191 },
	{ "seq", IDS_F_SEQ, IDS_PROTO_TCP, F_PLAIN, UINT32_MAX },
	{ "ack", IDS_F_ACK, IDS_PROTO_TCP, F_PLAIN, UINT32_MAX },
	{ "window", IDS_F_WINDOW, IDS_PROTO_TCP, F_NOT, 65535 },
	{ "itype", IDS_F_ITYPE, IDS_PROTO_ICMP, F_LESS | F_BETWEEN, 255 },
	{ "icode", IDS_F_ICODE, IDS_PROTO_ICMP, F_LESS | F_BETWEEN, 255 },
	{ "icmp_id", IDS_F_ICMP_ID, IDS_PROTO_ICMP, F_PLAIN, 65535 },
	{ "icmp_seq", IDS_F_ICMP_SEQ, IDS_PROTO_ICMP, F_PLAIN, 65535 },
	{ "dsize", IDS_F_DSIZE, 15, F_LESS | F_BETWEEN, 65535 },
};

/* IANA's keywords; /etc/protocols is not there for an engine. */
static const struct {
	const char *name;
	uint8_t number;
} protocols[] = {
	{ "icmp", 1 },	 { "igmp", 2 },	    { "ipencap", 4 }, { "tcp", 6 },
	{ "egp", 8 },	 { "udp", 17 },	    { "dccp", 33 },   { "ipv6", 41 },
	{ "rsvp", 46 },	 { "gre", 47 },	    { "esp", 50 },    { "ah", 51 },
	{ "ipv6-icmp", 58 }, { "icmpv6", 58 }, { "eigrp", 88 }, { "ospf", 89 },
	{ "pim", 103 },	 { "vrrp", 112 },   { "l2tp", 115 },  { "sctp", 132 },
	{ "udplite", 136 },
};

/* A number, or the name of a protocol. */
static int read_operand(struct rule_scan *v, const struct field *f,
			struct rule_word w, uint32_t *out)
{
	int64_t n;

	if (f->field == IDS_F_IP_PROTO && w.len && !rule_is_number(w)) {
		for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]);
		     i++)
			if (rule_is(w, protocols[i].name)) {
				*out = protocols[i].number;
				return 0;
			}
		return rule_fail_word(v, w, "a number is always known",
				      "'%.*s' is not a protocol", (int)w.len,
				      w.at);
	}
	if (rule_number(v, w, 0, f->max, f->name, &n))
		return -1;
	*out = n;
	return 0;
}

/* The operator in front; *w goes behind it. */
static uint8_t read_op(struct rule_word *w, unsigned int form)
{
	static const struct {
		const char *text;
		unsigned int form;
		uint8_t op;
	} ops[] = {
		{ "<=", F_LESS_EQ, IDS_LE }, { ">=", F_LESS_EQ, IDS_GE },
		{ "=", F_LESS_EQ, IDS_EQ },  { "<", F_LESS, IDS_LT },
		{ ">", F_LESS, IDS_GT },     { "!", F_NOT, IDS_NE },
	};

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		size_t n = strlen(ops[i].text);

		if (!(form & ops[i].form) || w->len < n ||
		    memcmp(w->at, ops[i].text, n))
			continue;
		w->at += n;
		w->len -= n;
		*w = rule_trim(*w);
		return ops[i].op;
	}
	return IDS_EQ;
}

/* Two numbers with `sep` between; open: one may be missing. */
static int read_two(struct rule_scan *v, const struct field *f,
		    struct rule_word w, const char *sep, bool open,
		    struct ids_field_test *t)
{
	struct rule_word lo = w, hi;

	lo.len = sep - w.at;
	hi.at = sep + (open ? 1 : 2);
	hi.len = w.at + w.len - hi.at;
	lo = rule_trim(lo);
	hi = rule_trim(hi);
	t->op = open || f->field == IDS_F_DSIZE ? IDS_RANGE : IDS_BETWEEN;
	t->lo = 0;
	t->hi = f->max;
	if (!lo.len && !hi.len)
		return rule_fail_word(v, w, NULL, "expected a number");
	if ((lo.len || !open) && read_operand(v, f, lo, &t->lo))
		return -1;
	if ((hi.len || !open) && read_operand(v, f, hi, &t->hi))
		return -1;
	if (t->lo > t->hi)
		return rule_fail_word(v, w, "the smaller number comes first",
				      "'%.*s' runs backwards", (int)w.len, w.at);
	return 0;
}

static int read_test(struct rule_scan *v, const struct field *f,
		     struct ids_field_test *t)
{
	struct rule_word w = rule_trim((struct rule_word){ v->at,
							   v->end - v->at });
	const char *sep = NULL;

	v->at = v->end;
	t->field = f->field;
	if (f->form & F_BETWEEN)
		sep = memmem(w.at, w.len, "<>", 2);
	if (sep)
		return read_two(v, f, w, sep, false, t);
	if (f->form & F_RANGE)
		sep = memchr(w.at, '-', w.len);
	if (sep)
		return read_two(v, f, w, sep, true, t);
	t->op = read_op(&w, f->form);
	return read_operand(v, f, w, &t->lo);
}

int rule_field(struct rule_read *r, struct rule_scan *v, struct rule_word name)
{
	struct ids_opt *opt = rule_opt_new(r, IDS_OPT_FIELD, name);
	const struct field *f = fields;

	if (!opt)
		return -1;
	while (!rule_is(name, f->name))
		f++;
	if (!(r->rule->protos & f->protos))
		return rule_fail_word(v, name, NULL,
				      "packets of this rule's protocol have no %s",
				      f->name);
	return read_test(v, f, &opt->field);
}

/* Letters to bits; up to the end of w. */
static int read_bits(struct rule_scan *v, struct rule_word w,
		     const char *letters, const uint8_t *bits, uint8_t *out)
{
	if (!w.len)
		return rule_fail_word(v, w, NULL, "expected letters of %s",
				      letters);
	for (size_t i = 0; i < w.len; i++) {
		const char *at = strchr(letters, w.at[i]);

		if (!at)
			return rule_fail(v, w.at + i, 1, NULL,
					 "'%c' is none of %s", w.at[i],
					 letters);
		*out |= bits[at - letters];
	}
	return 0;
}

/* + * ! before the letters, or behind them. */
static char read_how(struct rule_word *w)
{
	char how = 0;

	if (w->len && strchr("+*!", *w->at)) {
		how = *w->at++;
		w->len--;
	} else if (w->len && strchr("+*!", w->at[w->len - 1])) {
		how = w->at[--w->len];
	}
	*w = rule_trim(*w);
	return how;
}

/* flags:[!|*|+]LETTERS[,LETTERS that are not looked at]; 0: none. C and 1 are
 * CWR, E and 2 ECE (RFC 3168). */
int rule_flags(struct rule_read *r, struct rule_scan *v, struct rule_word name)
{
	static const char letters[] = "FSRPAUEC210";
	static const uint8_t bits[] = { 0x01, 0x02, 0x04, 0x08, 0x10, 0x20,
					0x40, 0x80, 0x40, 0x80, 0 };
	struct ids_opt *opt = rule_opt_new(r, IDS_OPT_FLAGS, name);
	struct rule_word w, ignore;

	if (!opt)
		return -1;
	if (r->rule->protos != IDS_PROTO_TCP)
		return rule_fail_word(v, name, NULL,
				      "packets of this rule's protocol have no flags");
	rule_take_item(v, &w);
	opt->bits.how = read_how(&w);
	if (read_bits(v, w, letters, bits, &opt->bits.bits))
		return -1;
	if (!rule_take_item(v, &ignore))
		return 0;
	return read_bits(v, ignore, letters, bits, &opt->bits.ignore);
}

int rule_fragbits(struct rule_read *r, struct rule_scan *v,
		  struct rule_word name)
{
	static const uint8_t bits[] = { 1, 2, 4 };
	struct ids_opt *opt = rule_opt_new(r, IDS_OPT_FRAGBITS, name);
	struct rule_word w;

	if (!opt)
		return -1;
	rule_take_item(v, &w);
	opt->bits.how = read_how(&w);
	return read_bits(v, w, "MDR", bits, &opt->bits.bits);
}

/* Numbers of RFC 791, 1108 and 1393's registry. */
int rule_ipopts(struct rule_read *r, struct rule_scan *v, struct rule_word name)
{
	static const char *const names[] = { "rr", "eol", "nop", "ts", "sec",
					     "esec", "lsrr", "lsrre", "ssrr",
					     "satid", "any", NULL };
	static const uint8_t numbers[] = { 7, 0, 1, 68, 130, 133, 131, 131, 137,
					   136, 255 };
	struct ids_opt *opt = rule_opt_new(r, IDS_OPT_IPOPTS, name);
	int n;

	if (!opt)
		return -1;
	n = rule_choice(v, rule_take_word(v, ""), names, "an IP option");
	if (n < 0)
		return -1;
	opt->ipopt = numbers[n];
	return 0;
}

int rule_sameip(struct rule_read *r, struct rule_scan *v, struct rule_word name)
{
	(void)v;
	return rule_opt_new(r, IDS_OPT_SAMEIP, name) ? 0 : -1;
}
