/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tests of numbers, made of terms: fields, TCP flags, and the terms that are
 * words for bits of TOS.
 */
#include <netinet/in.h>

#include "ipfilter_parse.h"

int ipf_fail_term(struct ipf_parser *p, const struct ipf_term *t,
		  const char *hint, const char *message)
{
	return ipf_fail(p, t->first, p->pos, hint, "%s", message);
}

/* As Click does, x < n is !(x > n - 1) and x >= n is x > n - 1: with `src or
 * dst` these are not the same as each side compared by itself. */
static void normalise(struct ipf_test *out)
{
	if (out->op != IPF_LT)
		return;
	out->negated = !out->negated;
	out->op = IPF_GT;
	if (out->value--)
		return;
	out->op = IPF_EQ;	/* >= 0: true */
	out->value = out->mask = 0;
}

/* Value and mask of a number of at most max; as Click does, bits of the value
 * outside the mask are ignored by == and !=. */
int ipf_check_number(struct ipf_parser *p, struct ipf_term *t, uint32_t max,
		     struct ipf_test *out)
{
	if (t->mask_data && t->mask_data != IPF_K_INT)
		return ipf_fail_term(p, t, NULL, "the mask is no number");
	out->mask = t->mask_data ? t->mask : max;
	if (out->mask & ~max)
		return ipf_fail(p, t->first, p->pos, NULL,
				"the mask is beyond 0x%x", max);
	if (t->op == IPF_EQ && t->value > max)
		return ipf_fail(p, t->first, p->pos, NULL,
				"%u is too large: 0 to %u", t->value, max);
	out->value = t->op == IPF_EQ ? t->value & out->mask : t->value;
	normalise(out);
	return 0;
}

/* Flags: all that are named are set. */
int ipf_check_opt(struct ipf_parser *p, struct ipf_term *t,
		  struct ipf_test *out)
{
	if (t->data != IPF_K_INT && t->data != IPF_K_OPT)
		return ipf_fail_term(p, t, "as in tcp opt syn",
				     "a TCP flag is missing");
	if (t->proto == IPF_PROTO_UNKNOWN)
		t->proto = IPPROTO_TCP;
	if (t->proto != IPPROTO_TCP)
		return ipf_fail_term(p, t, NULL, "only TCP has these flags");
	if (t->op != IPF_EQ || t->negated || t->mask_data)
		return ipf_fail_term(p, t, "as in not syn",
				     "flags take no operator and no mask");
	if (t->value > 0xff)
		return ipf_fail_term(p, t, NULL, "flags are 0 to 255");
	*out = (struct ipf_test){
		.what = IPF_FIELD, .proto = IPPROTO_TCP,
		.field = IPF_F_TRANSP, .off = 13, .len = 1,
		.value = t->value, .mask = t->value,
	};
	return 0;
}

int ipf_check_field(struct ipf_parser *p, struct ipf_term *t,
		    struct ipf_test *out)
{
	static const struct {
		uint8_t field, off, len, bits;
	} of[] = {
		[IPF_K_ICMP_TYPE] = { IPF_F_TRANSP, 0, 1, 8 },
		[IPF_K_WIN] = { IPF_F_TRANSP, 14, 2, 16 },
		[IPF_K_VERS] = { IPF_F_VERS, 0, 0, 4 },
		[IPF_K_HL] = { IPF_F_HL, 0, 0, 4 },
		[IPF_K_ID] = { IPF_F_ID, 0, 0, 16 },
		[IPF_K_TOS] = { IPF_F_TOS, 0, 0, 8 },
		[IPF_K_DSCP] = { IPF_F_DSCP, 0, 0, 6 },
		[IPF_K_TTL] = { IPF_F_TTL, 0, 0, 8 },
		[IPF_K_LEN] = { IPF_F_LEN, 0, 0, 16 },
	};
	bool raw = t->type == IPF_K_RAW;
	uint32_t bits = raw ? 8 * t->len : of[t->type].bits;

	if (t->data != IPF_K_INT && t->data != t->type)
		return ipf_fail_term(p, t, "a number", "a value is missing");
	out->what = IPF_FIELD;
	out->field = !raw ? of[t->type].field :
		     t->proto == IPF_PROTO_UNKNOWN ? IPF_F_IP : IPF_F_TRANSP;
	out->off = raw ? t->off : of[t->type].off;
	out->len = raw ? t->len : of[t->type].len;
	return ipf_check_number(p, t, UINT32_MAX >> (32 - bits), out);
}

/* frag, unfrag; ect, ce: bits of TOS (RFC 3168, section 5). */
int ipf_check_bare(struct ipf_parser *p, struct ipf_term *t,
		   struct ipf_test *out)
{
	if (t->type == IPF_K_ECT && t->data == IPF_K_INT) {
		out->what = IPF_FIELD;
		out->field = IPF_F_TOS;
		return ipf_check_number(p, t, 3, out);
	}
	if (t->data != IPF_K_NONE || t->mask_data)
		return ipf_fail_term(p, t, NULL, "this test takes no value");
	out->what = t->type == IPF_K_FRAG || t->type == IPF_K_UNFRAG ?
		    IPF_FRAG : IPF_FIELD;
	out->field = IPF_F_TOS;
	out->mask = 3;
	out->value = t->type == IPF_K_CE ? 3 : 0;
	out->negated = t->type == IPF_K_UNFRAG || t->type == IPF_K_ECT;
	return 0;
}
