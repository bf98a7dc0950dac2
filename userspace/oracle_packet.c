/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A packet through an oracle: XDP, and the engine if XDP punts it. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "../maps/flow_key.h"
#include "../maps/punt.h"
#include "oracle_priv.h"

#define XDP_ROWS 0	/* index of oracle.seen */
#define ENGINE_ROW 1

static void stats_sum(const struct oracle *o, int which,
		      struct nfold_stats *sum)
{
	uint32_t engine = o->maps->stats_rows - 1;

	if (which == ENGINE_ROW) {
		*sum = o->maps->stats[engine];
		return;
	}
	memset(sum, 0, sizeof(*sum));
	for (uint32_t row = 0; row < engine; row++)
		for (int i = 0; i < NFOLD_REASON_CNT; i++)
			sum->packets[i] += o->maps->stats[row].packets[i];
}

/* The outcome that was counted since the last call; notes are none. */
static enum nfold_reason counted(struct oracle *o, int which)
{
	enum nfold_reason why = NFOLD_REASON_NONE;
	struct nfold_stats now;

	stats_sum(o, which, &now);
	for (int i = 0; i < NFOLD_REASON_CNT; i++)
		if (now.packets[i] != o->seen[which].packets[i] &&
		    reason_kind(i) != NFOLD_KIND_NOTE)
			why = i;
	o->seen[which] = now;
	return why;
}

/* Router mode: by the next hop's address. Wire mode: the other end. */
static uint32_t out_port(const struct oracle *o, uint32_t in, uint32_t action,
			 const uint8_t *bytes)
{
	const struct nfold_meta *m = o->maps->meta;

	if (action == XDP_TX)
		return in;
	if (!m->config.router)
		return o->maps->ports[in].wire_peer;
	for (uint32_t i = 0; i < m->port_cnt; i++)
		if (!memcmp(o->maps->nexthops[1 + i].dmac, bytes, 6))
			return i;
	return UINT32_MAX;
}

static void hold(struct oracle *o, uint32_t flow)
{
	if (o->held_cnt == ORACLE_HELD_CNT)
		oracle_left(o);
	o->held[o->held_cnt++] = flow;
}

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NF_SEC + ts.tv_nsec;
}

/* bytes: the metadata, and the packet of r->len bytes behind it. */
static int engine_side(struct oracle *o, uint8_t *bytes,
		       struct oracle_result *r)
{
	uint8_t frame[ORACLE_GROW + ORACLE_FRAME_MAX + ORACLE_GROW];
	struct nfold_punt punt;
	struct engine_pkt p = { .data = frame + ORACLE_GROW, .len = r->len,
				.room = ORACLE_GROW, .punt = &punt };
	enum engine_verdict v;
	uint64_t start;

	memcpy(&punt, bytes, sizeof(punt));
	memcpy(p.data, bytes + sizeof(punt), r->len);
	start = clock_ns();
	v = engine_packet(o->e, &p);
	r->engine_ns = clock_ns() - start;
	if (v == ENGINE_TX)
		engine_count(o->e, p.outcome);
	r->punted = punt.reason;
	r->reason = counted(o, ENGINE_ROW);
	r->walked = p.walked;
	r->drop_nf = p.drop_nf;
	r->len = p.len;
	if (v == ENGINE_DROP) {
		r->verdict = ORACLE_DROP;
		return 0;
	}
	hold(o, p.flow);
	if (r->len > sizeof(r->bytes))
		return -EMSGSIZE;
	r->verdict = v == ENGINE_TX ? ORACLE_SENT : ORACLE_HELD;
	r->port = v == ENGINE_TX ? p.out : 0;
	if (v == ENGINE_HOLD)
		r->reason = punt.reason;
	memcpy(r->bytes, p.data, r->len);
	return 0;
}

/* An entry's drop: its own reason, and who decided it. */
static void folded_drop(struct oracle *o, uint32_t port, const uint8_t *frame,
			uint32_t len, struct oracle_result *r)
{
	struct flow_entry e;

	if (r->reason != NFOLD_REASON_DROP_FOLDED ||
	    !oracle_entry(o, port, frame, len, &e))
		return;
	r->reason = e.act.reason;
	r->drop_nf = e.drop_nf;
}

static void xdp_side(struct oracle *o, uint32_t port, uint32_t action,
		     const uint8_t *bytes, struct oracle_result *r)
{
	memcpy(r->bytes, bytes, r->len);
	if (action == XDP_PASS) {
		r->verdict = ORACLE_HOST;
	} else if (action == XDP_TX || action == XDP_REDIRECT) {
		r->verdict = ORACLE_SENT;
		r->port = out_port(o, port, action, r->bytes);
	}
}

int oracle_packet(struct oracle *o, uint32_t port, const uint8_t *frame,
		  uint32_t len, struct oracle_result *r)
{
	/* Room in front, as a frame of AF_XDP has. */
	uint8_t area[ORACLE_GROW + sizeof(r->bytes)];
	uint8_t *out = area + ORACLE_GROW - sizeof(struct nfold_punt);
	struct xdp_md in = { .data_end = len,
			     .ingress_ifindex = o->maps->ports[port].ifindex };
	struct xdp_md after = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .data_size_in = len, .data_out = out,
		    .data_size_out = area + sizeof(area) - out, .ctx_in = &in,
		    .ctx_size_in = sizeof(in), .ctx_out = &after,
		    .ctx_size_out = sizeof(after), .repeat = 1);
	int ret;

	memset(r, 0, offsetof(struct oracle_result, bytes));
	if (o->conf.routes)
		o->conf.routes->in = port;
	ret = bpf_prog_test_run_opts(instance_prog_fd(o->inst), &opts);
	if (ret)
		return ret;
	r->xdp_ns = opts.duration;
	r->len = opts.data_size_out - after.data;
	if (r->len > sizeof(r->bytes))
		return -EMSGSIZE;
	if (o->events)
		ring_buffer__consume(o->events);
	r->reason = counted(o, XDP_ROWS);
	if (reason_kind(r->reason) == NFOLD_KIND_PUNT)
		return engine_side(o, out, r);
	xdp_side(o, port, opts.retval, out + after.data, r);
	folded_drop(o, port, frame, len, r);
	return 0;
}

bool oracle_entry(struct oracle *o, uint32_t port, const uint8_t *frame,
		  uint32_t len, struct flow_entry *entry)
{
	struct flow_parse parse;
	struct nfold_key6 key;
	struct flow_table *t;
	uint32_t slot;

	/* The parser takes writable bytes, but writes none. */
	if (flow_parse(&parse, (void *)frame, len, port,
		       &o->maps->meta->config.tunnels))
		return false;
	flow_key_from_parse(&key, parse.own);
	t = o->tables[parse.own->family == 6];
	slot = flow_table_find(t, &key);
	return slot != FLOW_SLOT_NONE && flow_table_read(t, slot, entry, NULL);
}
