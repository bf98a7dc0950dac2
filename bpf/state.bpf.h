/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stage: the kernel tier's state functions of an entry, in chain order, and the
 * events on them (SpeedyBox section V-C1): the packet that meets a condition
 * gets the new action.
 */
#ifndef NFOLD_STATE_BPF_H
#define NFOLD_STATE_BPF_H

#include "bpf/count.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/packet.bpf.h"
#include "maps/event.h"
#include "maps/punt.h"
#include "maps/state.h"

/* What the steps say, in the one word that a global function returns. */
#define STEPS_SAY(fire, reason, ran) \
	((__u32)(fire) | (__u32)(reason) << 8 | (__u32)(ran) << 16)
#define STEPS_FIRE(said) ((said) & 0xff)
#define STEPS_REASON(said) ((said) >> 8 & 0xff)
#define STEPS_RAN(said) ((said) >> 16)

/* Number + 1 of an own function. Only the second program, which chains with
 * own functions get (bpf/nfold_own.bpf.c), knows of them. */
#ifdef NFOLD_WITH_OWN
#define STEP_OWN(s) \
	((s)->fn < NFOLD_FN_OWN ? 0U : (__u32)(s)->fn - NFOLD_FN_OWN + 1)
#else
#define STEP_OWN(s) 0U
#endif

/* Only functions that look at the time, and events that are told, read a clock:
 * bpf_ktime_get_ns() takes 25 ns. */
static __always_inline __u64 state_now(void)
{
	return config.own_time ? ctl.now_ns : bpf_ktime_get_ns();
}

static __always_inline void event_tell(const struct nfold_step *s, __u32 len,
				       __u32 slot, __u32 family)
{
	struct nfold_event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e) {
		count(NFOLD_REASON_EVENTS_LOST);
		return;
	}
	e->time_ns = state_now();
	e->cell = s->cell;
	e->slot = slot;
	e->family = family;
	e->nf = s->nf;
	e->on_fire = s->on_fire;
	e->reason = s->reason;
	e->own = STEP_OWN(s);
	e->pad = 0;
	e->len = len;
	bpf_ringbuf_submit(e, 0);
}

/* 1: the step's condition holds. The first that needs it reads the packet's
 * time. */
static __always_inline int step_run(const struct nfold_step *s,
				    struct nfold_view *v, __u32 slot,
				    __u32 family)
{
	__u32 index = s->cell;
	struct nfold_cell *c = bpf_map_lookup_elem(&cells, &index);
	struct nfold_view here;
	int fires;

	if (!c)
		return 0;
	if (!v->now && nfold_fn_timed(s->fn, c))
		v->now = state_now();
	here = *v;
	if (s->flags & NFOLD_STEP_COVERED)
		here.tcp_flags = 0;
	fires = nfold_fn_run(s->fn, c, &here);
	if (nfold_cell_fires(c, fires) && (s->flags & NFOLD_STEP_TELL))
		event_tell(s, v->len, slot, family);
	return fires;
}

#ifdef NFOLD_WITH_OWN
#include "bpf/state_own.bpf.h"
#else
/* A global function, so that it is verified once and costs the common path no
 * register. about: TCP flags, and the family above them. */
__noinline int steps_run(__u32 index, __u32 slot, __u32 len, __u32 about)
{
	struct nfold_steps *steps = bpf_map_lookup_elem(&steps_map, &index);
	struct nfold_view v = { .len = len,
				.tcp_flags = about & NFOLD_TCP_OCTET };
	struct nfold_step s;

	if (!steps)
		return 0;
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < NFOLD_STEP_MAX; i++) {
		if (i >= steps->cnt)
			break;
		s = steps->step[i];
		if (step_run(&s, &v, slot, about >> 8) && s.on_fire)
			return STEPS_SAY(s.on_fire, s.reason, i + 1);
	}
	return 0;
}
#endif

/* NONE: go on. Else the packet's outcome: dropped, or to user space to be
 * folded anew. */
static __always_inline enum nfold_reason
state_run(struct packet *pkt, const struct nfold_act *act, __u8 family)
{
	__u32 said;

	if (!config.steps || !act->steps)
		return NFOLD_REASON_NONE;
	said = steps_run(act->steps - 1, pkt->slot, pkt->len,
			 pkt->p.tcp_flags | (__u32)family << 8);
	if (STEPS_FIRE(said) == NFOLD_FIRE_DROP)
		return STEPS_REASON(said);
	if (STEPS_FIRE(said) == NFOLD_FIRE_REFOLD) {
		pkt->ran = act->steps << NFOLD_RAN_SHIFT | STEPS_RAN(said);
		return NFOLD_REASON_EVENT_FIRED;
	}
	return NFOLD_REASON_NONE;
}

#endif
