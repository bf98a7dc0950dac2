// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is known of the session: flow, flowbits. */
#include <string.h>

#include "match.h"

bool match_flow(const struct ids_view *v, uint8_t state)
{
	if ((state & IDS_FLOW_ESTABLISHED) && !v->established)
		return false;
	if ((state & IDS_FLOW_NOT_ESTABLISHED) && v->established)
		return false;
	if ((state & IDS_FLOW_NO_STREAM) && v->stream)
		return false;
	return !(state & IDS_FLOW_ONLY_STREAM) || v->stream;
}

static bool bit_is(const uint64_t *bits, uint16_t bit)
{
	return bits[bit / 64] >> (bit % 64) & 1;
}

/* One of them, or each of them. */
static bool group_is(const uint64_t *group, const uint64_t *bits, bool any)
{
	for (int i = 0; i < IDS_BITS_MAX / 64; i++) {
		uint64_t both = group[i] & bits[i];

		if (any && both)
			return true;
		if (!any && both != group[i])
			return false;
	}
	return !any;
}

static bool names_are(const struct ids_flowbits *f, const uint64_t *bits)
{
	for (uint16_t i = 0; i < f->cnt; i++)
		if (bit_is(bits, f->bits[i]) == f->any)
			return f->any;
	return !f->any;
}

bool match_flowbits(const struct ids_rules *set, const struct ids_view *v,
		    const struct ids_flowbits *f)
{
	bool is = f->group ? group_is(set->group_bits[f->group - 1], v->bits,
				      f->any) : names_are(f, v->bits);

	return is == (f->op == IDS_BIT_ISSET);
}

static void bit_set(uint64_t *bits, uint16_t bit, bool on)
{
	uint64_t mask = UINT64_C(1) << (bit % 64);

	bits[bit / 64] = on ? bits[bit / 64] | mask : bits[bit / 64] & ~mask;
}

static void clear(const struct ids_rules *set, uint8_t group, uint64_t *bits)
{
	for (int i = 0; i < IDS_BITS_MAX / 64; i++)
		bits[i] &= group ? ~set->group_bits[group - 1][i] : 0;
}

void ids_flowbits_do(const struct ids_rules *set, const struct ids_rule *r,
		     uint64_t *bits)
{
	for (uint16_t n = 0; n < r->set_cnt; n++) {
		const struct ids_flowbits *f = &r->sets[n];

		if (f->op == IDS_BIT_RESET || f->op == IDS_BIT_SETX)
			clear(set, f->group, bits);
		for (uint16_t i = 0; i < f->cnt; i++)
			bit_set(bits, f->bits[i],
				f->op == IDS_BIT_TOGGLE ?
				!bit_is(bits, f->bits[i]) :
				f->op != IDS_BIT_UNSET);
	}
}
