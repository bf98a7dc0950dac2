// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Numbers in the payload. */
#include <ctype.h>

#include "match.h"

static int digit(uint8_t c)
{
	if (isdigit(c))
		return c - '0';
	return isxdigit(c) ? (c | 0x20) - 'a' + 10 : 16;
}

/* Text of at most n bytes, as strtoul() reads it. Bytes that it took; 0: it is
 * no number. */
static uint32_t read_text(const uint8_t *bytes, uint32_t n, int base,
			  uint64_t *out)
{
	uint32_t i = 0, first;

	while (i < n && isspace(bytes[i]))
		i++;
	if (base == 16 && i + 2 < n && bytes[i] == '0' &&
	    (bytes[i + 1] | 0x20) == 'x' && digit(bytes[i + 2]) < 16)
		i += 2;
	first = i;
	*out = 0;
	for (; i < n && digit(bytes[i]) < base; i++)
		*out = *out * base + digit(bytes[i]);
	return i > first ? i : 0;
}

static uint64_t read_binary(const uint8_t *bytes, uint32_t n, bool little)
{
	uint64_t x = 0;

	for (uint32_t i = 0; i < n; i++)
		x = x << 8 | bytes[little ? n - 1 - i : i];
	return x;
}

/* The number, and where it ends; false: it is not in the payload. */
static bool read_number(const struct match *m, const struct ids_number *at,
			uint32_t cursor, uint64_t *out, uint32_t *end)
{
	const struct ids_view *v = m->view;
	int64_t start = at->relative ? cursor : 0;
	uint32_t took = at->cnt;

	if (at->offset.var)
		start += match_value(m, &at->offset);
	else
		start += at->offset.n;
	if (start < 0 || start + at->cnt > v->len)
		return false;
	if (at->base)
		took = read_text(v->bytes + start, at->cnt, at->base, out);
	else
		*out = read_binary(v->bytes + start, at->cnt, at->little);
	if (!took)
		return false;
	if (at->mask)
		*out = (*out & at->mask) >> __builtin_ctz(at->mask);
	*end = start + took;
	return true;
}

static void reached(struct match *m, uint32_t end)
{
	if (end > m->reach)
		m->reach = end;
}

bool match_byte_test(struct match *m, const struct ids_byte_test *t,
		     uint32_t cursor)
{
	uint64_t value = match_value(m, &t->value), x;
	uint32_t end;
	bool is = false;

	if (!read_number(m, &t->at, cursor, &x, &end))
		return false;
	reached(m, end);
	switch (t->op) {
	case IDS_LT:
		is = x < value;
		break;
	case IDS_GT:
		is = x > value;
		break;
	case IDS_LE:
		is = x <= value;
		break;
	case IDS_GE:
		is = x >= value;
		break;
	case IDS_EQ:
		is = x == value;
		break;
	case IDS_AND:
		is = x & value;
		break;
	case IDS_XOR:
		is = x ^ value;
		break;
	}
	return is != t->negated;
}

static uint64_t scale(uint64_t x, uint32_t multiplier, uint8_t align)
{
	x *= multiplier;
	return align ? (x + align - 1) / align * align : x;
}

/* To the payload's end at most: there a relative option finds nothing. */
bool match_byte_jump(struct match *m, const struct ids_byte_jump *j,
		     uint32_t *cursor)
{
	uint64_t x;
	int64_t to;
	uint32_t end;

	if (!read_number(m, &j->at, *cursor, &x, &end))
		return false;
	x = scale(x, j->multiplier, j->align);
	if (x > m->view->len)
		return false;
	to = j->from == 'b' ? 0 : j->from == 'e' ? m->view->len : end;
	to += x;
	if (j->post_offset.var)
		to += match_value(m, &j->post_offset);
	else
		to += j->post_offset.n;
	if (to < 0 || to > m->view->len)
		return false;
	reached(m, end);
	*cursor = to;
	return true;
}

bool match_byte_extract(struct match *m, const struct ids_byte_extract *x,
			uint32_t cursor)
{
	uint64_t n;
	uint32_t end;

	if (!read_number(m, &x->at, cursor, &n, &end))
		return false;
	reached(m, end);
	n = scale(n, x->multiplier, x->align);
	m->vars[x->var] = n > UINT32_MAX ? UINT32_MAX : n;
	return true;
}

bool match_isdataat(const struct match *m, const struct ids_isdataat *d,
		    uint32_t cursor)
{
	uint64_t at = (uint64_t)(d->relative ? cursor : 0) +
		      match_value(m, &d->n);

	return (at < m->view->len) != d->negated;
}
