/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Arithmetic and comparison on abstract values. Sound by construction: a bit is
 * known or key only if no tainted bit can reach it.
 */
#include <stddef.h>

#include <pcap.h>

#include "key_value.h"

static struct fw_val fw_normal(struct fw_val r)
{
	r.key &= ~r.taint;
	r.v &= ~(r.key | r.taint);
	return r;
}

static const char *either_what(const struct fw_val *a, const struct fw_val *b)
{
	return a->taint ? a->what : b->what;
}

/* All bits mixed: as bad as the worst of both. */
static struct fw_val fw_mix(const struct fw_val *a, const struct fw_val *b)
{
	if (a->taint || b->taint)
		return fw_tainted(either_what(a, b));
	return (struct fw_val){ .key = UINT32_MAX };
}

static struct fw_val fw_and(const struct fw_val *a, const struct fw_val *b)
{
	uint32_t zero = ~(a->v | a->key | a->taint) |
			~(b->v | b->key | b->taint);

	return fw_normal((struct fw_val){
		.v = a->v & b->v,
		.key = (a->key | b->key) & ~zero,
		.taint = (a->taint | b->taint) & ~zero,
		.what = either_what(a, b),
	});
}

static struct fw_val fw_or(const struct fw_val *a, const struct fw_val *b)
{
	uint32_t one = a->v | b->v;

	return fw_normal((struct fw_val){
		.v = one,
		.key = (a->key | b->key) & ~one,
		.taint = (a->taint | b->taint) & ~one,
		.what = either_what(a, b),
	});
}

static struct fw_val fw_xor(const struct fw_val *a, const struct fw_val *b)
{
	return fw_normal((struct fw_val){
		.v = a->v ^ b->v,
		.key = a->key | b->key,
		.taint = a->taint | b->taint,
		.what = either_what(a, b),
	});
}

static struct fw_val fw_shift(bool left, const struct fw_val *a, uint32_t n)
{
	struct fw_val r = *a;

	r.l4 = false;
	if (n > 31)
		return fw_const(0);
	r.v = left ? r.v << n : r.v >> n;
	r.key = left ? r.key << n : r.key >> n;
	r.taint = left ? r.taint << n : r.taint >> n;
	return r;
}

/* As in libpcap's interpreter; division by a known zero is the caller's. */
static uint32_t alu_const(uint32_t op, uint32_t a, uint32_t b)
{
	switch (op) {
	case BPF_ADD:
		return a + b;
	case BPF_SUB:
		return a - b;
	case BPF_MUL:
		return a * b;
	case BPF_DIV:
		return b ? a / b : 0;
	case BPF_MOD:
		return b ? a % b : 0;
	case BPF_NEG:
		return 0 - a;
	}
	return 0;
}

/* A place behind the IPv4 header, moved on by a constant. */
static struct fw_val fw_move(const struct fw_val *place, uint32_t by)
{
	struct fw_val r = *place;

	r.l4_off += by;
	return r;
}

struct fw_val fw_alu(uint32_t op, const struct fw_val *a,
		     const struct fw_val *b)
{
	if (op == BPF_ADD && a->l4 && fw_is_const(b))
		return fw_move(a, b->v);
	if (op == BPF_ADD && b->l4 && fw_is_const(a))
		return fw_move(b, a->v);
	switch (op) {
	case BPF_AND:
		return fw_and(a, b);
	case BPF_OR:
		return fw_or(a, b);
	case BPF_XOR:
		return fw_xor(a, b);
	case BPF_LSH:
	case BPF_RSH:
		if (fw_is_const(b))
			return fw_shift(op == BPF_LSH, a, b->v);
		return fw_mix(a, b);
	case BPF_ADD:
	case BPF_SUB:
	case BPF_MUL:
	case BPF_DIV:
	case BPF_MOD:
	case BPF_NEG:
		if (fw_is_const(a) && fw_is_const(b))
			return fw_const(alu_const(op, a->v, b->v));
		return fw_mix(a, b);
	}
	return fw_tainted("something this build does not know");
}

static enum fw_truth test_bits(const struct fw_val *a, const struct fw_val *b)
{
	struct fw_val r = fw_and(a, b);

	if (r.v)
		return FW_TRUE;
	if (fw_is_const(&r))
		return FW_FALSE;
	return r.taint ? FW_TAINTED : FW_EITHER;
}

/* a > b, or a >= b if equal. */
static enum fw_truth test_order(const struct fw_val *a, const struct fw_val *b,
				bool equal)
{
	uint64_t a_max = a->v | a->key | a->taint;
	uint64_t b_max = b->v | b->key | b->taint;

	if ((uint64_t)a->v + equal > b_max)
		return FW_TRUE;
	if (a_max + equal <= b->v)
		return FW_FALSE;
	return a->taint || b->taint ? FW_TAINTED : FW_EITHER;
}

static enum fw_truth test_equal(const struct fw_val *a, const struct fw_val *b)
{
	uint32_t known = ~(a->key | a->taint | b->key | b->taint);

	if ((a->v ^ b->v) & known)
		return FW_FALSE;
	if (known == UINT32_MAX)
		return FW_TRUE;
	return a->taint || b->taint ? FW_TAINTED : FW_EITHER;
}

enum fw_truth fw_test(uint32_t op, const struct fw_val *a,
		      const struct fw_val *b)
{
	switch (op) {
	case BPF_JEQ:
		return test_equal(a, b);
	case BPF_JGT:
		return test_order(a, b, false);
	case BPF_JGE:
		return test_order(a, b, true);
	case BPF_JSET:
		return test_bits(a, b);
	}
	return FW_TAINTED;
}

struct fw_val fw_join(const struct fw_val *a, const struct fw_val *b)
{
	if (a->l4 && b->l4 && a->l4_off == b->l4_off)
		return *a;
	return fw_normal((struct fw_val){
		.v = a->v,
		.key = a->key | b->key | (a->v ^ b->v),
		.taint = a->taint | b->taint,
		.what = either_what(a, b),
	});
}
