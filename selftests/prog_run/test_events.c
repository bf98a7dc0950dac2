// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Kernel tier: events on state functions, in the real program. The packet that
 * meets a condition gets the new action, on whichever CPU; what stands before
 * the event's NF has counted it, what stands behind has not; and a side that
 * folds nothing agrees on every packet.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <pthread.h>
#include <arpa/inet.h>

#include <cmocka.h>

#include "loader/instance.h"
#include "loader/private_net.h"
#include "tests/pkt.h"
#include "userspace/oracle.h"

static struct oracle_socket *xsk;
static uint64_t now = 1000 * NF_SEC;

struct rig {
	struct chain_file *file;
	struct oracle *o[2];	/* folded, unfolded */
};

/* ops: for the NFs of the text, NULL at the end; NULL: as the text says. */
static void rig_new(struct rig *r, const char *nfs,
		    const struct nf_ops *const *ops)
{
	struct instance_error ierr;
	struct conf_error err;
	char text[1024];

	snprintf(text, sizeof(text),
		 "chain ev { on p0 inside, p1 outside; mode wire; table-size 1k; %s }",
		 nfs);
	if (chain_load(&r->file, "test.chain", text, &err))
		fail_msg("%s", err.message);
	for (uint32_t i = 0; ops && ops[i]; i++)
		r->file->chains[0].nfs[i].ops = ops[i];
	for (int i = 0; i < 2; i++) {
		struct oracle_conf conf = { .chain = r->file->chains,
					    .fold = !i, .socket = xsk };

		if (oracle_new(&r->o[i], &conf, &ierr))
			fail_msg("%s", ierr.text);
		oracle_now(r->o[i], now);
	}
}

static void rig_free(struct rig *r)
{
	oracle_free(r->o[0]);
	oracle_free(r->o[1]);
	chain_file_free(r->file);
}

static struct pkt pkt_of(uint16_t sport, uint8_t flags)
{
	return (struct pkt){ .family = 4, .proto = IPPROTO_TCP, .ttl = 64,
			     .src = { 10, 0, 0, 2 }, .dst = { 10, 0, 1, 2 },
			     .sport = sport, .dport = 80, .flags = flags,
			     .csum = PKT_CSUM_FULL, .payload = 20 };
}

static uint32_t frame_of(uint8_t *frame, uint16_t sport, uint8_t flags)
{
	struct pkt f = pkt_of(sport, flags);

	return pkt_build(&f, frame);
}

/* Through both sides, which must agree: the folded side's. */
static struct oracle_result send_pkt(struct rig *r, const struct pkt *f)
{
	struct oracle_result res[2];
	uint8_t frame[PKT_MAX];
	uint32_t len = pkt_build(f, frame), at;
	struct oracle_told told;
	const char *what;

	now += 1000;
	for (int i = 0; i < 2; i++) {
		oracle_now(r->o[i], now);
		assert_int_equal(oracle_packet(r->o[i], 0, frame, len,
					       &res[i]), 0);
		oracle_left(r->o[i]);
		oracle_tick(r->o[i]);
	}
	what = oracle_differ(&res[0], &res[1], &at);
	if (!what)
		what = oracle_told_differ(r->o[0], r->o[1], &told);
	if (what)
		fail_msg("folded and unfolded differ: %s at %u", what, at);
	return res[0];
}

static struct oracle_result send_tcp(struct rig *r, uint16_t sport,
				     uint8_t flags)
{
	struct pkt f = pkt_of(sport, flags);

	return send_pkt(r, &f);
}

static void states_equal(struct rig *r)
{
	json_t *diff = oracle_states_differ(r->o[0], r->o[1]);

	if (diff)
		fail_msg("states: %s", json_dumps(diff, JSON_COMPACT));
}

static json_int_t packets_of(struct rig *r, const char *nf)
{
	json_t *all = engine_nf_show(oracle_engine(r->o[0]), NULL);
	json_int_t n = json_integer_value(json_object_get(
		json_object_get(json_object_get(json_object_get(all, nf),
						"total"), "original"),
		"packets"));

	json_decref(all);
	return n;
}

/* --- H8: the packet that fires the event --- */

static void h8_the_101st_syn_is_dropped(void **state)
{
	struct rig r;

	(void)state;
	rig_new(&r, "monitor; dos { syn-threshold 100; } monitor;", NULL);
	for (int i = 1; i <= 150; i++) {
		struct oracle_result res = send_tcp(&r, 4000, NFOLD_TCP_SYN);

		assert_int_equal(res.verdict,
				 i <= 100 ? ORACLE_SENT : ORACLE_DROP);
		if (i > 2)
			assert_int_equal(res.punted, NFOLD_REASON_NONE);
		if (i > 100)
			assert_int_equal(res.reason, NFOLD_REASON_SYN_FLOOD);
	}
	/* H4: the monitor before the drop has counted, the one behind not. */
	assert_int_equal(packets_of(&r, "monitor"), 150);
	assert_int_equal(packets_of(&r, "monitor#2"), 100);
	states_equal(&r);
	rig_free(&r);
}

/* --- H12: an aggregate's event --- */

static void h12_a_source_is_dropped_in_all_its_flows(void **state)
{
	struct rig r;
	int sent = 0;

	(void)state;
	rig_new(&r, "dos { source-rate 50; window 1s; }", NULL);
	now = (now / NF_SEC + 1) * NF_SEC;
	for (int i = 0; i < 200; i++)
		sent += send_tcp(&r, 4000 + i % 10, NFOLD_TCP_ACK).verdict ==
			ORACLE_SENT;
	assert_int_equal(sent, 50);
	/* And opens again with the next window: from drop to forward. */
	now = (now / NF_SEC + 1) * NF_SEC;
	sent = 0;
	for (int i = 0; i < 200; i++)
		sent += send_tcp(&r, 4000 + i % 10, NFOLD_TCP_ACK).verdict ==
			ORACLE_SENT;
	assert_int_equal(sent, 50);
	states_equal(&r);
	rig_free(&r);
}

/* --- H16: several CPUs --- */

#define RACE_LIMIT 5000
#define RACE_EACH 4000

struct racer {
	int prog, cpu;
	uint32_t ifindex;
	uint8_t frame[PKT_MAX];
	uint32_t len;
};

static void *race(void *arg)
{
	struct racer *r = arg;
	struct xdp_md ctx = { .data_end = r->len,
			      .ingress_ifindex = r->ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = r->frame,
		    .data_size_in = r->len, .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = RACE_EACH);
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(r->cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	return (void *)(long)bpf_prog_test_run_opts(r->prog, &opts);
}

static uint64_t stat_of(const struct instance_maps *m, enum nfold_reason why)
{
	uint64_t n = 0;

	for (uint32_t row = 0; row < m->stats_rows; row++)
		n += m->stats[row].packets[why];
	return n;
}

static int told(void *ctx, void *data, size_t size)
{
	const struct nfold_event *ev = data;

	assert_int_equal(size, sizeof(*ev));
	assert_int_equal(ev->reason, NFOLD_REASON_SYN_FLOOD);
	++*(int *)ctx;
	return 0;
}

static void h16_the_threshold_is_exact_on_two_cpus(void **state)
{
	const struct instance_maps *m;
	struct ring_buffer *ring;
	struct racer racer[2];
	pthread_t t[2];
	struct rig r;
	uint64_t sent;
	int events = 0;
	char nfs[64];

	(void)state;
	snprintf(nfs, sizeof(nfs), "dos { syn-threshold %d; }", RACE_LIMIT);
	rig_new(&r, nfs, NULL);
	m = oracle_maps(r.o[0]);
	for (int i = 0; i < 3; i++)
		send_tcp(&r, 4000, NFOLD_TCP_SYN);
	sent = stat_of(m, NFOLD_REASON_FAST);
	for (int i = 0; i < 2; i++) {
		racer[i] = (struct racer){ .prog = instance_prog_fd(oracle_instance(r.o[0])),
					   .cpu = i,
					   .ifindex = m->ports[0].ifindex };
		racer[i].len = frame_of(racer[i].frame, 4000, NFOLD_TCP_SYN);
		pthread_create(&t[i], NULL, race, &racer[i]);
	}
	for (int i = 0; i < 2; i++) {
		void *err;

		pthread_join(t[i], &err);
		assert_null(err);
	}
	assert_int_equal(stat_of(m, NFOLD_REASON_FAST) - sent, RACE_LIMIT - 3);
	assert_int_equal(stat_of(m, NFOLD_REASON_SYN_FLOOD),
			 2 * RACE_EACH - (RACE_LIMIT - 3));
	ring = ring_buffer__new(m->events_fd, told, &events, NULL);
	assert_non_null(ring);
	ring_buffer__consume(ring);
	ring_buffer__free(ring);
	assert_int_equal(events, 1);
	rig_free(&r);
}

/* --- events whose new action is not a drop: folded anew --- */

struct turn_session {
	struct nfold_cell *cell;
	uint32_t walks;
	bool turned;
};

static const struct state_function turn_sf = {
	.name = "turn", .tell = true, .kernel = NFOLD_FN_THRESHOLD,
};

static int turn_init(struct nf *nf, const struct conf_block *block,
		     struct conf_error *err)
{
	(void)block;
	(void)err;
	nf->priv = calloc(1, sizeof(uint64_t));
	return 0;
}

static void turn_exit(struct nf *nf)
{
	free(nf->priv);
}

/* The destination port is 1000 + index, from packet 10 + 5 * index on 2000 +
 * index. */
static enum nf_verdict turn_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct turn_session *s = nf_session(nf, pkt);
	struct header_action ha;
	uint16_t port;

	if (pkt->reply)
		return NF_FORWARD;
	if (!s->cell) {
		s->cell = nf_cell_new(nf);
		s->cell->limit = 9 + 5 * nf->index;
	}
	ha = ha_modify_port(NFOLD_FIELD_DPORT, htons(2000 + nf->index));
	localmat_add_SF(nf, pkt->fid, &turn_sf, s->cell);
	if (!s->turned)
		register_event(nf, pkt->fid, nf_fired, s->cell, &ha, NULL);
	s->turned |= nf_state_run(nf, pkt, &turn_sf, s->cell);
	port = htons((s->turned ? 2000 : 1000) + nf->index);
	nf_pkt_set_dport(pkt, port);
	ha = ha_modify_port(NFOLD_FIELD_DPORT, port);
	localmat_add_HA(nf, pkt->fid, &ha);
	return NF_FORWARD;
}

/* Closed for the first packets, then open: from a recorded drop to forward. */
static enum nf_verdict knock_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct turn_session *s = nf_session(nf, pkt);
	struct header_action ha = { .kind = HA_FORWARD };

	if (!s->cell) {
		s->cell = nf_cell_new(nf);
		s->cell->limit = 7;
	}
	localmat_add_SF(nf, pkt->fid, &turn_sf, s->cell);
	if (!s->turned)
		register_event(nf, pkt->fid, nf_fired, s->cell, &ha, NULL);
	s->turned |= nf_state_run(nf, pkt, &turn_sf, s->cell);
	if (s->turned)
		return NF_FORWARD;
	ha = ha_drop(NFOLD_REASON_FIREWALL_DENY);
	localmat_add_HA(nf, pkt->fid, &ha);
	return nf_drop(pkt, NFOLD_REASON_FIREWALL_DENY);
}

static void turn_expire(struct nf *nf, void *session, uint64_t when)
{
	struct turn_session *s = session;

	(void)when;
	*(uint64_t *)nf->priv += s->cell ? s->cell->word : 0;
	if (s->cell)
		nf_cell_free(nf, s->cell);
}

static const struct nf_ops turn_ops = {
	.name = "turn", .session_size = sizeof(struct turn_session),
	.cells = 1, .init = turn_init, .exit = turn_exit,
	.packet = turn_packet, .expire = turn_expire,
};
static const struct nf_ops knock_ops = {
	.name = "knock", .session_size = sizeof(struct turn_session),
	.cells = 1, .init = turn_init, .exit = turn_exit,
	.packet = knock_packet, .expire = turn_expire,
};
extern const struct nf_ops monitor_ops;

static uint16_t dport_of(const struct oracle_result *res)
{
	return res->bytes[36] << 8 | res->bytes[37];
}

static void an_event_that_modifies_folds_its_suffix_anew(void **state)
{
	const struct nf_ops *ops[] = { &monitor_ops, &turn_ops, &monitor_ops,
				       NULL };
	struct rig r;
	int in_kernel = 0;

	(void)state;
	rig_new(&r, "monitor; monitor; monitor;", ops);
	for (int i = 1; i <= 40; i++) {
		struct oracle_result res = send_tcp(&r, 4000, NFOLD_TCP_ACK);

		assert_int_equal(res.verdict, ORACLE_SENT);
		assert_int_equal(dport_of(&res), i <= 14 ? 1001 : 2001);
		if (i == 15)
			assert_int_equal(res.punted,
					 NFOLD_REASON_EVENT_FIRED);
		in_kernel += !res.punted;
	}
	print_message("# %d of 40 in the kernel\n", in_kernel);
	assert_true(in_kernel >= 34);
	assert_int_equal(packets_of(&r, "monitor"), 40);
	assert_int_equal(packets_of(&r, "monitor#2"), 40);
	states_equal(&r);
	rig_free(&r);
}

/* An event inside an event: the second NF's fires in the suffix that the first
 * one's made. */
static void events_fire_inside_events(void **state)
{
	const struct nf_ops *ops[] = { &turn_ops, &monitor_ops, &turn_ops,
				       &monitor_ops, NULL };
	struct rig r;

	(void)state;
	rig_new(&r, "monitor; monitor; monitor; monitor;", ops);
	for (int i = 1; i <= 60; i++) {
		struct oracle_result res = send_tcp(&r, 4000, NFOLD_TCP_ACK);

		assert_int_equal(dport_of(&res), i <= 19 ? 1002 : 2002);
	}
	assert_int_equal(packets_of(&r, "monitor"), 60);
	assert_int_equal(packets_of(&r, "monitor#2"), 60);
	states_equal(&r);
	rig_free(&r);
}

/* --- the NF is told --- */

static int updates;

static void updated(void *cell)
{
	assert_true(nf_fired(cell));
	updates++;
}

/* Forwards; its event has no new action. */
static enum nf_verdict watch_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct turn_session *s = nf_session(nf, pkt);

	if (!s->cell) {
		s->cell = nf_cell_new(nf);
		s->cell->limit = *(uint64_t *)nf->priv;
	}
	localmat_add_SF(nf, pkt->fid, &turn_sf, s->cell);
	register_event(nf, pkt->fid, nf_fired, s->cell, NULL, updated);
	nf_state_run(nf, pkt, &turn_sf, s->cell);
	return NF_FORWARD;
}

static int watch_init(struct nf *nf, const struct conf_block *block,
		      struct conf_error *err)
{
	turn_init(nf, block, err);
	*(uint64_t *)nf->priv = 9;
	return 0;
}

static void watch_expire(struct nf *nf, void *session, uint64_t when)
{
	struct turn_session *s = session;

	(void)when;
	if (s->cell)
		nf_cell_free(nf, s->cell);
}

/* Once on the side that walks, once on the side that folds, where XDP tells. */
static void an_nf_is_told_that_its_event_began(void **state)
{
	static const struct nf_ops watch_ops = {
		.name = "watch", .session_size = sizeof(struct turn_session),
		.cells = 1, .init = watch_init, .exit = turn_exit,
		.packet = watch_packet, .expire = watch_expire,
	};
	const struct nf_ops *ops[] = { &watch_ops, NULL };
	struct rig r;

	(void)state;
	rig_new(&r, "monitor;", ops);
	updates = 0;
	for (int i = 1; i <= 30; i++) {
		send_tcp(&r, 4000, NFOLD_TCP_ACK);
		assert_int_equal(updates, i <= 9 ? 0 : 2);
	}
	rig_free(&r);
}

/* Two counts of one NF, behind an event: each has a cell of its own. */

struct twice {
	struct nf_count a, b;
};

static enum nf_verdict twice_packet(struct nf *nf, struct nf_pkt *pkt)
{
	static const struct state_function count = { .name = "count",
						     .count = true };
	struct twice *t = nf->priv;

	t->a.packets++;
	t->b.packets += 1;
	localmat_add_SF(nf, pkt->fid, &count, &t->a);
	localmat_add_SF(nf, pkt->fid, &count, &t->b);
	return NF_FORWARD;
}

static int twice_init(struct nf *nf, const struct conf_block *block,
		      struct conf_error *err)
{
	(void)block;
	(void)err;
	nf->priv = calloc(1, sizeof(struct twice));
	return 0;
}

static json_t *twice_dump(struct nf *nf)
{
	const struct twice *t = nf->priv;

	return json_pack("[I, I]", (json_int_t)t->a.packets,
			 (json_int_t)t->b.packets);
}

static const struct nf_ops twice_ops = {
	.name = "twice", .counts = 2, .init = twice_init, .exit = turn_exit,
	.packet = twice_packet, .dump = twice_dump,
};

static void counts_behind_an_event_are_each_their_own(void **state)
{
	const struct nf_ops *ops[] = { &turn_ops, &twice_ops, NULL };
	struct rig r;

	(void)state;
	rig_new(&r, "monitor; monitor;", ops);
	for (int i = 1; i <= 30; i++)
		send_tcp(&r, 4000, NFOLD_TCP_ACK);
	states_equal(&r);
	rig_free(&r);
}

static void an_event_opens_what_was_dropped(void **state)
{
	const struct nf_ops *ops[] = { &monitor_ops, &knock_ops, &monitor_ops,
				       NULL };
	struct rig r;

	(void)state;
	rig_new(&r, "monitor; monitor; monitor;", ops);
	for (int i = 1; i <= 30; i++)
		assert_int_equal(send_tcp(&r, 4000, NFOLD_TCP_ACK).verdict,
				 i <= 7 ? ORACLE_DROP : ORACLE_SENT);
	assert_int_equal(packets_of(&r, "monitor"), 30);
	assert_int_equal(packets_of(&r, "monitor#2"), 23);
	states_equal(&r);
	rig_free(&r);
}

/* --- an event on a packet that dies --- */

static const struct state_function draw_sf = {
	.name = "draw", .tell = true, .kernel = NFOLD_FN_SAMPLE,
};

/* The fourth packet turns it: from then on the destination port is 2000. */
static enum nf_verdict draw_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct header_action ha = ha_modify_port(NFOLD_FIELD_DPORT,
						 htons(2000));
	struct turn_session *s = nf_session(nf, pkt);

	if (!s->cell) {
		s->cell = nf_cell_new(nf);
		s->cell->limit = 4;
	}
	localmat_add_SF(nf, pkt->fid, &draw_sf, s->cell);
	if (!s->turned)
		register_event(nf, pkt->fid, nf_fired, s->cell, &ha, NULL);
	s->turned |= nf_state_run(nf, pkt, &draw_sf, s->cell);
	if (!s->turned)
		return NF_FORWARD;
	nf_pkt_set_dport(pkt, htons(2000));
	localmat_add_HA(nf, pkt->fid, &ha);
	return NF_FORWARD;
}

static enum nf_verdict hop_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct header_action ha = ha_ttl(1);

	if (!nf_pkt_ttl_dec(pkt, 1))
		return nf_drop(pkt, NFOLD_REASON_TTL_EXCEEDED);
	localmat_add_HA(nf, pkt->fid, &ha);
	return NF_FORWARD;
}

static const struct nf_ops draw_ops = {
	.name = "draw", .session_size = sizeof(struct turn_session),
	.cells = 1, .init = turn_init, .exit = turn_exit,
	.packet = draw_packet, .expire = turn_expire,
};
static const struct nf_ops hop_ops = { .name = "hop", .packet = hop_packet };

/* Nothing is recorded of it, and its condition does not hold for the next. */
static void an_event_on_a_packet_that_dies(void **state)
{
	const struct nf_ops *ops[] = { &monitor_ops, &draw_ops, &hop_ops,
				       &monitor_ops, NULL };
	struct pkt f = pkt_of(4000, NFOLD_TCP_ACK);
	struct rig r;

	(void)state;
	rig_new(&r, "monitor; monitor; monitor; monitor;", ops);
	for (int i = 1; i <= 20; i++) {
		struct oracle_result res;

		f.ttl = i == 4 ? 1 : 64;
		res = send_pkt(&r, &f);
		if (i == 4)
			assert_int_equal(res.reason,
					 NFOLD_REASON_TTL_EXCEEDED);
		else
			assert_int_equal(dport_of(&res), i < 4 ? 80 : 2000);
	}
	assert_int_equal(packets_of(&r, "monitor"), 20);
	assert_int_equal(packets_of(&r, "monitor#2"), 19);
	states_equal(&r);
	rig_free(&r);
}

int main(void)
{
	static const struct private_port ports[] = {
		{ .name = "p0" }, { .name = "p1" },
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(h8_the_101st_syn_is_dropped),
		cmocka_unit_test(h12_a_source_is_dropped_in_all_its_flows),
		cmocka_unit_test(h16_the_threshold_is_exact_on_two_cpus),
		cmocka_unit_test(an_event_that_modifies_folds_its_suffix_anew),
		cmocka_unit_test(events_fire_inside_events),
		cmocka_unit_test(an_nf_is_told_that_its_event_began),
		cmocka_unit_test(counts_behind_an_event_are_each_their_own),
		cmocka_unit_test(an_event_opens_what_was_dropped),
		cmocka_unit_test(an_event_on_a_packet_that_dies),
	};
	struct instance_error err;

	if (private_net_enter(ports, 2, &err) || oracle_socket_new(&xsk, "p0")) {
		printf("Bail out! %s\n", err.text);
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
