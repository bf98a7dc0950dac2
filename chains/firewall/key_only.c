/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Is the result of a classic BPF program a function of the flow key?
 *
 * The program is walked once, in order: jumps of classic BPF go forward only,
 * so that everything that leads to an instruction has been seen before it. The
 * state in front of an instruction is the join of all ways to it, in abstract
 * values (key_value.h). Family and protocol are known, which closes the ways
 * that other families and protocols take.
 *
 * The answer is no as soon as something that may differ between packets of one
 * flow decides anything: which way a jump goes, whether a load or a division
 * ends the program, where a load reads, or the value returned. Otherwise two
 * packets of one flow take the same way to the same result: every decision on
 * the way was made from the key. Joins are of ways that the key chose between,
 * so what differs between them is a function of the key, too.
 */
#include <netinet/in.h>
#include <stdlib.h>

#include "firewall.h"
#include "key_value.h"

struct state {
	bool reached;
	struct fw_val a, x, m[BPF_MEMWORDS];
};

struct walk {
	const struct bpf_insn *insns;
	uint32_t cnt;
	int family;
	uint8_t l4proto;
	struct state *at;	/* in front of each instruction */
	const char *what;	/* why not */
};

static bool refuse(struct walk *w, const char *what)
{
	w->what = what ? what : "the packet itself";
	return false;
}

static void state_join(struct state *to, const struct state *from)
{
	if (!to->reached) {
		*to = *from;
		return;
	}
	to->a = fw_join(&to->a, &from->a);
	to->x = fw_join(&to->x, &from->x);
	for (int i = 0; i < BPF_MEMWORDS; i++)
		to->m[i] = fw_join(&to->m[i], &from->m[i]);
}

static bool go(struct walk *w, const struct state *s, uint64_t target)
{
	if (target >= w->cnt)
		return refuse(w, "a loop over headers");
	state_join(&w->at[target], s);
	return true;
}

static uint32_t load_size(uint32_t code)
{
	switch (BPF_SIZE(code)) {
	case BPF_W:
		return 4;
	case BPF_H:
		return 2;
	}
	return 1;
}

static bool load_at(struct walk *w, struct fw_val *out, bool l4, uint32_t off,
		    uint32_t code)
{
	if (fw_load(w->family, w->l4proto, l4, off, load_size(code), out))
		return true;
	return refuse(w, out->what);
}

/* X holds a constant, or the length of the IPv4 header: then [x + 14 + n] is
 * byte n of what follows it. */
static bool load_indirect(struct walk *w, struct state *s,
			  const struct bpf_insn *in)
{
	uint64_t at = (uint64_t)s->x.l4_off + in->k;

	if (s->x.l4 && at >= 14 && at < INT32_MAX)
		return load_at(w, &s->a, true, at - 14, in->code);
	if (fw_is_const(&s->x))
		return load_at(w, &s->a, false, s->x.v + in->k, in->code);
	return refuse(w, s->x.taint ? s->x.what : "an address-dependent place");
}

static bool step_load(struct walk *w, struct state *s,
		      const struct bpf_insn *in, struct fw_val *to)
{
	switch (BPF_MODE(in->code)) {
	case BPF_IMM:
		*to = fw_const(in->k);
		return true;
	case BPF_MEM:
		if (in->k >= BPF_MEMWORDS)
			return refuse(w, NULL);
		*to = s->m[in->k];
		return true;
	case BPF_LEN:
		*to = fw_tainted("the packet length");
		return true;
	case BPF_ABS:
		return load_at(w, to, false, in->k, in->code);
	case BPF_IND:
		return load_indirect(w, s, in);
	case BPF_MSH:
		*to = fw_tainted("the IP header length");
		to->l4 = w->family == 4 && in->k == 14;
		return in->k == 14 || refuse(w, "a header length");
	}
	return refuse(w, NULL);
}

static bool step_store(struct walk *w, struct state *s,
		       const struct bpf_insn *in, const struct fw_val *from)
{
	if (in->k >= BPF_MEMWORDS)
		return refuse(w, NULL);
	s->m[in->k] = *from;
	return true;
}

static bool step_alu(struct walk *w, struct state *s,
		     const struct bpf_insn *in)
{
	uint32_t op = BPF_OP(in->code);
	struct fw_val k = fw_const(in->k);
	const struct fw_val *b = BPF_SRC(in->code) == BPF_X ? &s->x : &k;

	if (op == BPF_NEG)
		b = &k;
	if ((op == BPF_DIV || op == BPF_MOD) && b->taint)
		return refuse(w, b->what);
	s->a = fw_alu(op, &s->a, b);
	return true;
}

static bool step_jump(struct walk *w, const struct state *s, uint32_t pc)
{
	const struct bpf_insn *in = &w->insns[pc];
	struct fw_val k = fw_const(in->k);
	const struct fw_val *b = BPF_SRC(in->code) == BPF_X ? &s->x : &k;
	enum fw_truth t;

	if (BPF_OP(in->code) == BPF_JA)	/* backwards is beyond the end */
		return go(w, s, (uint64_t)pc + 1 + in->k);
	t = fw_test(BPF_OP(in->code), &s->a, b);
	if (t == FW_TAINTED)
		return refuse(w, s->a.taint ? s->a.what : b->what);
	if (t & FW_TRUE && !go(w, s, pc + 1 + in->jt))
		return false;
	return !(t & FW_FALSE) || go(w, s, pc + 1 + in->jf);
}

static bool step_return(struct walk *w, const struct state *s,
			const struct bpf_insn *in)
{
	if (BPF_RVAL(in->code) == BPF_A && s->a.taint && !s->a.v)
		return refuse(w, s->a.what);
	return BPF_RVAL(in->code) != BPF_X || refuse(w, NULL);
}

static bool step(struct walk *w, uint32_t pc)
{
	const struct bpf_insn *in = &w->insns[pc];
	struct state s = w->at[pc];
	bool ok = true;

	switch (BPF_CLASS(in->code)) {
	case BPF_LD:
		ok = step_load(w, &s, in, &s.a);
		break;
	case BPF_LDX:
		ok = step_load(w, &s, in, &s.x);
		break;
	case BPF_ST:
		ok = step_store(w, &s, in, &s.a);
		break;
	case BPF_STX:
		ok = step_store(w, &s, in, &s.x);
		break;
	case BPF_ALU:
		ok = step_alu(w, &s, in);
		break;
	case BPF_JMP:
		return step_jump(w, &s, pc);
	case BPF_RET:
		return step_return(w, &s, in);
	case BPF_MISC:
		if (BPF_MISCOP(in->code) == BPF_TAX)
			s.x = s.a;
		else
			s.a = s.x;
		break;
	}
	return ok && go(w, &s, pc + 1);
}

bool firewall_key_only(const struct bpf_program *prog, int family,
		       uint8_t l4proto, const char **what)
{
	struct walk w = {
		.insns = prog->bf_insns,
		.cnt = prog->bf_len,
		.family = family,
		.l4proto = l4proto,
		.at = calloc(prog->bf_len + 1, sizeof(*w.at)),
	};
	bool ok = w.at && w.cnt ? true : refuse(&w, "too much: no memory");

	if (ok)
		w.at[0].reached = true;	/* A, X and M begin as 0 */
	for (uint32_t pc = 0; ok && pc < w.cnt; pc++)
		if (w.at[pc].reached)
			ok = step(&w, pc);
	free(w.at);
	if (!ok && what)
		*what = w.what;
	return ok;
}

bool firewall_key_only_all(const struct bpf_program *prog, const char **what)
{
	static const struct {
		int family;
		uint8_t l4proto;
	} with_ports[] = {
		{ 4, IPPROTO_TCP }, { 4, IPPROTO_UDP }, { 4, IPPROTO_ICMP },
		{ 6, IPPROTO_TCP }, { 6, IPPROTO_UDP }, { 6, IPPROTO_ICMPV6 },
	};

	for (size_t i = 0; i < sizeof(with_ports) / sizeof(*with_ports); i++)
		if (!firewall_key_only(prog, with_ports[i].family,
				       with_ports[i].l4proto, what))
			return false;
	return true;
}
