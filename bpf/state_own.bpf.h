/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stage: the same for chains with NFs that have state functions of their own. The
 * weak ones here are what is left where a chain has fewer; an NF's object
 * (bpf/own.bpf.h), whose X the loader has made a digit, brings the strong one,
 * and the linker takes that (loader/own_join.c).
 *
 * What is on the stack here an own function can not have (512 bytes for all that
 * are called from each other): so the four functions have a frame beside it.
 */
#ifndef NFOLD_STATE_OWN_BPF_H
#define NFOLD_STATE_OWN_BPF_H

#include "maps/state.h"

#define OWN_WEAK(n) \
	__weak __noinline int nfold_own_##n(__u32 cell, __u32 key, \
					    const struct nfold_view *v) \
	{ \
		return v && cell + key ? 0 : 0; \
	}

OWN_WEAK(0)
OWN_WEAK(1)
OWN_WEAK(2)
OWN_WEAK(3)
OWN_WEAK(4)
OWN_WEAK(5)
OWN_WEAK(6)
OWN_WEAK(7)
_Static_assert(NFOLD_OWN_MAX == 8, "one weak function and one case for each");

/* own: number + 1. NFOLD_OWN_*. */
static __always_inline int own_call(__u32 own, __u32 cell, __u32 key,
				    const struct nfold_view *v)
{
	switch (own) {
	case 1: return nfold_own_0(cell, key, v);
	case 2: return nfold_own_1(cell, key, v);
	case 3: return nfold_own_2(cell, key, v);
	case 4: return nfold_own_3(cell, key, v);
	case 5: return nfold_own_4(cell, key, v);
	case 6: return nfold_own_5(cell, key, v);
	case 7: return nfold_own_6(cell, key, v);
	case 8: return nfold_own_7(cell, key, v);
	}
	return 0;
}

static __noinline int step_tell(const struct nfold_step *s, __u32 len,
				__u32 slot, __u32 family)
{
	event_tell(s, len, slot, family);
	return 0;
}

static __noinline int step_four(const struct nfold_step *s,
				struct nfold_view *v, __u64 *now)
{
	__u32 index = s->cell;
	struct nfold_cell *c = bpf_map_lookup_elem(&cells, &index);

	if (!c)
		return 0;
	if (!*now && nfold_fn_timed(s->fn, c))
		*now = state_now();
	v->now = *now;
	return nfold_own_said(c, nfold_fn_run(s->fn, c, v));
}

static __always_inline int step_own(const struct nfold_step *s,
				    struct nfold_view *v, __u64 *now)
{
	if (s->flags & NFOLD_STEP_TIMED) {
		if (!*now)
			*now = state_now();
		v->now = *now;
	}
	return own_call(STEP_OWN(s), s->cell, s->key, v);
}

/* As in bpf/state.bpf.h. */
__noinline int steps_run(__u32 index, __u32 slot, __u32 len, __u32 about)
{
	struct nfold_steps *steps = bpf_map_lookup_elem(&steps_map, &index);
	struct nfold_view v = { .len = len };
	__u64 now = 0;

	if (!steps)
		return 0;
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < NFOLD_STEP_MAX; i++) {
		const struct nfold_step *s = &steps->step[i];
		int said;

		if (i >= steps->cnt)
			break;
		v.tcp_flags = s->flags & NFOLD_STEP_COVERED ?
				      0 : about & NFOLD_TCP_OCTET;
		v.now = 0;
		said = STEP_OWN(s) ? step_own(s, &v, &now) :
				     step_four(s, &v, &now);
		if ((said & NFOLD_OWN_BEGINS) && (s->flags & NFOLD_STEP_TELL))
			step_tell(s, v.len, slot, about >> 8);
		if ((said & NFOLD_OWN_FIRES) && s->on_fire)
			return STEPS_SAY(s->on_fire, s->reason, i + 1);
	}
	return 0;
}

#endif
