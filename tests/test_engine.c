// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The engine without a kernel: packets from memory, tables in memory, a router
 * and NFs of the test's own, time in the test's hands.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/pkt.h"
#include "userspace/engine.h"

#define MS (NF_SEC / 1000)
#define TCP_SYN NFOLD_TCP_SYN
#define TCP_ACK NFOLD_TCP_ACK
#define TCP_FIN (NFOLD_TCP_FIN | NFOLD_TCP_ACK)
#define TCP_RST NFOLD_TCP_RST

/* --- NFs: one that rewrites the destination, one that counts, and traps --- */

static struct {
	char order[64];		/* letters in the order in which NFs ran */
	bool drop, drop_recorded, lie, keep_slow;
	int expired;
} nfs_state;

struct rewrite_session {
	uint32_t opened;
};

static void ran(char letter)
{
	size_t n = strlen(nfs_state.order);

	if (n + 1 < sizeof(nfs_state.order))
		nfs_state.order[n] = letter;
}

/* To and from 10.1.0.9:8080 instead of 198.51.100.80:80. */
static enum nf_verdict rewrite_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct nf_addr vip = { { inet_addr("198.51.100.80") } };
	struct nf_addr server = { { inet_addr("10.1.0.9") } };
	struct rewrite_session *s = nf_session(nf, pkt);
	enum nfold_field field = pkt->reply ? NFOLD_FIELD_SADDR :
					      NFOLD_FIELD_DADDR;
	const struct nf_addr *to = pkt->reply ? &vip : &server;
	uint16_t port = htons(pkt->reply ? 80 : 8080);
	struct header_action ha = ha_modify_addr(field, to);

	ran('r');
	s->opened += pkt->opening;
	if (!pkt->reply && pkt->daddr.a[0] != vip.a[0])
		return NF_FORWARD;
	if (pkt->reply) {
		nf_pkt_set_saddr(pkt, to);
		nf_pkt_set_sport(pkt, port);
	} else {
		nf_pkt_set_daddr(pkt, to);
		nf_pkt_set_dport(pkt, port);
	}
	localmat_add_HA(nf, pkt->fid, &ha);
	ha = ha_modify_port(field + 2, nfs_state.lie ? htons(1) : port);
	localmat_add_HA(nf, pkt->fid, &ha);
	return NF_FORWARD;
}

static void rewrite_expire(struct nf *nf, void *session, uint64_t now)
{
	(void)nf;
	(void)session;
	(void)now;
	nfs_state.expired++;
}

static const struct nf_ops rewrite_ops = {
	.name = "rewrite", .session_size = sizeof(struct rewrite_session),
	.packet = rewrite_packet, .expire = rewrite_expire,
};

static struct nf_count total;

static enum nf_verdict count_packet(struct nf *nf, struct nf_pkt *pkt)
{
	static const struct state_function sf = { .name = "count",
						  .count = true };

	ran('c');
	total.packets++;
	total.bytes += pkt->len;
	localmat_add_SF(nf, pkt->fid, &sf, &total);
	if (nfs_state.keep_slow)
		localmat_keep_slow(nf, pkt->fid,
				   NFOLD_REASON_PER_PACKET_MATCH);
	return NF_FORWARD;
}

static const struct nf_ops count_ops = { .name = "count",
					 .packet = count_packet };

static enum nf_verdict gate_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct header_action ha = ha_drop(NFOLD_REASON_FIREWALL_DENY);

	ran('g');
	if (!nfs_state.drop)
		return NF_FORWARD;
	if (nfs_state.drop_recorded)
		localmat_add_HA(nf, pkt->fid, &ha);
	return nf_drop(pkt, NFOLD_REASON_FIREWALL_DENY);
}

static const struct nf_ops gate_ops = { .name = "gate",
					.packet = gate_packet };

/* --- the box: port 0 inside, port 1 outside --- */

static struct box {
	struct nfold_ctl ctl;
	struct nfold_stats stats;
	struct nfold_port ports[NFOLD_PORT_MAX];
	union nfold_nexthop nexthops[8];
	struct flow_table *tables[2];
	void *slots[2];
	__u64 seed[NFOLD_HASH_SEEDS];
	struct chain chain;
	struct nf nf[3];
	struct nf *nfs[4];
	struct engine *e;
	uint64_t now;
	uint8_t buf[PKT_MAX];
	uint32_t len;
	struct engine_pkt pkt;
	struct nfold_punt punt;
	enum route_result route;
} box;

static enum route_result route_lookup_fake(void *ctx, int family,
					   const struct nf_addr *daddr,
					   uint16_t *nexthop)
{
	uint8_t first = daddr->a[0];
	bool inside = family == 4 && first == 10 &&
		      (daddr->a[0] >> 8 & 0xff) == 0;

	(void)ctx;
	*nexthop = inside ? 1 : 2;
	return box.route;
}

static uint32_t route_port_fake(void *ctx, uint16_t nexthop)
{
	(void)ctx;
	return nexthop == 1 ? 0 : 1;
}

static struct flow_table *table_make(int family, uint32_t flows, void **slots)
{
	struct flow_table_conf c = { .family = family, .overflow_fd = -1,
				     .seed = box.seed, .ctl = &box.ctl,
				     .manual_grace = true };
	struct flow_table *t;

	flow_table_size(family, flows, &c.nbuckets, &c.slot_cnt);
	c.slot_cnt = c.nbuckets * NFOLD_BUCKET_SLOTS;
	*slots = aligned_alloc(64, c.slot_cnt * 192UL);
	memset(*slots, 0, c.slot_cnt * 192UL);
	c.slots = *slots;
	assert_int_equal(flow_table_new(&t, &c), 0);
	return t;
}

static void advance(uint64_t ns)
{
	box.now += ns;
	engine_now(box.e, box.now);
}

static void box_start(bool fold, uint32_t flows)
{
	static const struct nf_ops *const ops[] = { &rewrite_ops, &count_ops,
						    &gate_ops };
	struct engine_conf conf = { .fold = fold };

	for (int i = 0; i < NFOLD_HASH_SEEDS; i++)
		box.seed[i] = 0x9e3779b97f4a7c15ULL * (i + 1);
	box.ctl.generation = 1;
	for (int i = 0; i < 2; i++) {
		box.ports[i].mtu = 1500;
		box.ports[i].mac[5] = i + 1;
		box.nexthops[1 + i].dmac[5] = 0x10 + i;
		box.nexthops[1 + i].port = i + 1;
	}
	box.ports[1].flags = NFOLD_PORT_OUTSIDE;
	for (int i = 0; i < 3; i++) {
		box.nf[i].ops = ops[i];
		box.nfs[i] = &box.nf[i];
	}
	box.chain.nf_cnt = 3;
	box.chain.table_size = flows;
	box.chain.timeouts = (struct chain_timeouts){
		.udp = 300 * NF_SEC, .icmp = 60 * NF_SEC,
		.other = 600 * NF_SEC, .tcp_established = 7440 * NF_SEC,
		.tcp_transitory = 240 * NF_SEC,
	};
	box.tables[0] = table_make(4, flows, &box.slots[0]);
	box.tables[1] = table_make(6, flows, &box.slots[1]);
	conf.chain = &box.chain;
	conf.nfs = box.nfs;
	conf.maps = (struct engine_maps){
		.ctl = &box.ctl, .stats = &box.stats, .ports = box.ports,
		.nexthops = box.nexthops, .flows4 = box.tables[0],
		.flows6 = box.tables[1],
	};
	conf.router = (struct engine_router){ .lookup = route_lookup_fake,
					      .port = route_port_fake };
	assert_int_equal(engine_new(&box.e, &conf), 0);
	advance(NF_SEC);
}

static int setup(void **state)
{
	(void)state;
	memset(&box, 0, sizeof(box));
	memset(&nfs_state, 0, sizeof(nfs_state));
	memset(&total, 0, sizeof(total));
	box_start(true, 64);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	engine_free(box.e);
	for (int i = 0; i < 2; i++) {
		flow_table_free(box.tables[i]);
		free(box.slots[i]);
	}
	return 0;
}

/* --- packets --- */

static struct pkt request(uint8_t l4proto, uint16_t sport)
{
	return (struct pkt){
		.family = 4, .proto = l4proto, .ttl = 64, .payload = 20,
		.src = { 10, 0, 0, 2 }, .dst = { 198, 51, 100, 80 },
		.sport = sport, .dport = 80,
	};
}

static void set_addr(uint8_t *to, const char *text)
{
	inet_pton(AF_INET, text, to);
}

static struct pkt answer(uint8_t l4proto, uint16_t dport)
{
	struct pkt f = request(l4proto, 8080);

	set_addr(f.src, "10.1.0.9");
	set_addr(f.dst, "10.0.0.2");
	f.dport = dport;
	return f;
}

static enum engine_verdict put(const struct pkt *f, uint32_t port,
			       enum nfold_reason reason, uint32_t slot)
{
	box.len = pkt_build(f, box.buf);
	box.punt = (struct nfold_punt){
		.magic = NFOLD_PUNT_MAGIC, .reason = reason, .port = port,
		.slot = slot, .counted = reason == NFOLD_REASON_PENDING,
	};
	box.pkt = (struct engine_pkt){ .data = box.buf, .len = box.len,
				       .punt = &box.punt };
	return engine_packet(box.e, &box.pkt);
}

/* As XDP would: counts the packet in a pending entry and says so. */
static enum engine_verdict punted(const struct pkt *f, uint32_t port)
{
	struct nfold_cells *c = NULL;
	uint32_t slot;

	for (slot = 0; slot < flow_table_slots(box.tables[0]); slot++) {
		struct flow_entry fe;

		if (flow_table_read(box.tables[0], slot, &fe, NULL) &&
		    !memcmp(fe.key.saddr, f->src, 4) &&
		    fe.key.sport == htons(f->sport) &&
		    fe.key.dport == htons(f->dport)) {
			c = flow_table_cells(box.tables[0], slot);
			break;
		}
	}
	if (!c || !(c->handover & NFOLD_HANDOVER_PENDING))
		return put(f, port, NFOLD_REASON_MISS, 0);
	c->handover++;
	return put(f, port, NFOLD_REASON_PENDING, slot + 1);
}

static enum engine_verdict pass(const struct pkt *f, uint32_t port)
{
	enum engine_verdict v = put(f, port, NFOLD_REASON_MISS, 0);

	if (v == ENGINE_TX)
		engine_left(box.e, box.pkt.flow);
	return v;
}

static uint64_t counted(enum nfold_reason reason)
{
	return box.stats.packets[reason];
}

/* The only live entry of the IPv4 table. */
static bool only_entry(struct flow_entry *fe, struct nfold_cells *cells)
{
	bool found = false;

	for (uint32_t s = 0; s < flow_table_slots(box.tables[0]); s++) {
		if (found && flow_table_read(box.tables[0], s, fe, cells))
			fail_msg("a second entry");
		if (!found)
			found = flow_table_read(box.tables[0], s, fe, cells);
	}
	return found;
}

static void idle(uint64_t ns)
{
	for (uint64_t end = box.now + ns; box.now < end;) {
		advance(ns / 64 > MS ? ns / 64 : MS);
		engine_drained(box.e);
		engine_tick(box.e);
	}
}

/* --- tests --- */

static void first_packet_walks_is_rewritten_and_is_folded(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000), want = f;
	uint8_t bytes[PKT_MAX];
	struct flow_entry fe;
	uint32_t len;

	(void)state;
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	set_addr(want.dst, "10.1.0.9");
	want.dport = 8080;
	want.ttl--;
	want.dmac[5] = 0x11;
	want.smac[5] = 2;
	len = pkt_build(&want, bytes);
	assert_int_equal(box.pkt.out, 1);
	assert_int_equal(box.len, len);
	assert_memory_equal(box.buf, bytes, len);
	assert_string_equal(nfs_state.order, "rcg");
	assert_true(only_entry(&fe, NULL));
	assert_int_equal(fe.set.daddr[0], inet_addr("10.1.0.9"));
	assert_int_equal(fe.writer[NFOLD_FIELD_DADDR], 1);
	assert_int_equal(fe.writer[NFOLD_FIELD_SADDR], 0);
	assert_int_equal(box.pkt.outcome, NFOLD_REASON_SLOW_WALK);
}

static void entry_does_in_user_space_what_the_walk_did(void **state)
{
	struct pkt f = request(IPPROTO_TCP, 4000);
	uint8_t walked[PKT_MAX];

	(void)state;
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	memcpy(walked, box.buf, box.len);
	assert_int_equal(punted(&f, 0), ENGINE_TX);
	assert_memory_equal(box.buf, walked, box.len);
	assert_int_equal(box.pkt.outcome, NFOLD_REASON_SLOW_ENTRY);
	assert_string_equal(nfs_state.order, "rcg");
	engine_left(box.e, box.pkt.flow);
}

static void answers_walk_backwards_and_are_put_back(void **state)
{
	struct pkt f = request(IPPROTO_TCP, 4000);
	struct pkt back = answer(IPPROTO_TCP, 4000), want = back;
	uint8_t bytes[PKT_MAX];

	(void)state;
	pass(&f, 0);
	memset(nfs_state.order, 0, sizeof(nfs_state.order));
	assert_int_equal(pass(&back, 1), ENGINE_TX);
	assert_string_equal(nfs_state.order, "gcr");
	set_addr(want.src, "198.51.100.80");
	want.sport = 80;
	want.ttl--;
	want.dmac[5] = 0x10;
	want.smac[5] = 1;
	pkt_build(&want, bytes);
	assert_memory_equal(box.buf, bytes, box.len);
	assert_int_equal(engine_sessions(box.e), 1);
}

static void hand_over_waits_for_packets_in_the_slow_path(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	uint32_t first, second;
	struct flow_entry fe;

	(void)state;
	pass(&f, 0);
	punted(&f, 0);
	first = box.pkt.flow;
	punted(&f, 0);
	second = box.pkt.flow;
	engine_left(box.e, first);
	assert_true(only_entry(&fe, NULL));
	assert_true(fe.pending);
	engine_left(box.e, second);
	assert_true(only_entry(&fe, NULL));
	assert_false(fe.pending);
	assert_int_equal(counted(NFOLD_REASON_HANDOVER_FORCED), 0);
}

static void quiet_flow_is_handed_over_after_the_bound(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	struct flow_entry fe;

	(void)state;
	pass(&f, 0);
	engine_drained(box.e);
	engine_tick(box.e);
	assert_true(only_entry(&fe, NULL));
	assert_true(fe.pending);
	advance(MS);
	engine_tick(box.e);
	assert_true(only_entry(&fe, NULL));
	assert_false(fe.pending);
	assert_int_equal(counted(NFOLD_REASON_HANDOVER_FORCED), 0);
}

static void hand_over_is_forced_and_counted_after_the_bound(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	struct flow_entry fe;

	(void)state;
	pass(&f, 0);
	punted(&f, 0);
	advance(MS);
	engine_tick(box.e);
	assert_true(only_entry(&fe, NULL));
	assert_false(fe.pending);
	assert_int_equal(counted(NFOLD_REASON_HANDOVER_FORCED), 1);
	engine_left(box.e, box.pkt.flow);
}

static void unresolved_next_hop_holds_and_delays_hand_over(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	union nfold_nexthop hop = box.nexthops[2];
	struct flow_entry fe;

	(void)state;
	box.nexthops[2].word = 0;
	box.route = ROUTE_WAIT;
	assert_int_equal(put(&f, 0, NFOLD_REASON_MISS, 0), ENGINE_HOLD);
	assert_int_equal(box.pkt.nexthop, 2);
	advance(5 * MS);
	engine_tick(box.e);
	assert_true(only_entry(&fe, NULL));
	assert_true(fe.pending);
	box.nexthops[2] = hop;
	assert_int_equal(engine_resume(box.e, &box.pkt), ENGINE_TX);
	assert_int_equal(box.buf[5], 0x11);
	engine_drained(box.e);
	engine_left(box.e, box.pkt.flow);
	assert_true(only_entry(&fe, NULL));
	assert_false(fe.pending);
}

static void ttl_that_ends_here_is_counted_by_the_nfs_and_dropped(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);

	(void)state;
	f.ttl = 1;
	assert_int_equal(pass(&f, 0), ENGINE_DROP);
	assert_int_equal(put(&f, 0, NFOLD_REASON_TTL, 0), ENGINE_DROP);
	assert_int_equal(counted(NFOLD_REASON_TTL_EXCEEDED), 2);
	json_decref(engine_nf_dump(box.e));
	assert_int_equal(total.packets, 2);
}

static void packet_beyond_the_mtu_is_dropped_under_its_reason(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);

	(void)state;
	f.payload = 1480;
	assert_int_equal(pass(&f, 0), ENGINE_DROP);
	assert_int_equal(put(&f, 0, NFOLD_REASON_MTU, 0), ENGINE_DROP);
	assert_int_equal(counted(NFOLD_REASON_TOO_BIG), 2);
}

static void recorded_drop_is_folded_and_counted_before_it(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	struct flow_entry fe;

	(void)state;
	nfs_state.drop = nfs_state.drop_recorded = true;
	assert_int_equal(pass(&f, 0), ENGINE_DROP);
	assert_true(only_entry(&fe, NULL));
	assert_int_equal(fe.act.verdict, NFOLD_VERDICT_DROP);
	assert_int_equal(fe.drop_nf, 3);
	assert_int_equal(pass(&f, 0), ENGINE_DROP);
	assert_string_equal(nfs_state.order, "rcg");
	json_decref(engine_nf_dump(box.e));
	assert_int_equal(total.packets, 2);
	assert_int_equal(counted(NFOLD_REASON_FIREWALL_DENY), 2);
}

static void unrecorded_drop_opens_no_session(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	struct flow_entry fe;

	(void)state;
	nfs_state.drop = true;
	assert_int_equal(pass(&f, 0), ENGINE_DROP);
	assert_false(only_entry(&fe, NULL));
	assert_int_equal(engine_sessions(box.e), 0);
	assert_int_equal(nfs_state.expired, 1);
}

static void nf_that_records_a_lie_makes_its_flow_slow_not_wrong(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	struct flow_entry fe;

	(void)state;
	nfs_state.lie = true;
	pass(&f, 0);
	assert_true(only_entry(&fe, NULL));
	assert_int_equal(fe.act.verdict, NFOLD_VERDICT_SLOW);
	assert_int_equal(fe.act.reason, NFOLD_REASON_RECORD_MISMATCH);
	assert_int_equal(put(&f, 0, NFOLD_REASON_SLOW_FLOW, 0), ENGINE_TX);
	engine_left(box.e, box.pkt.flow);
	assert_string_equal(nfs_state.order, "rcgrcg");
}

static void slow_flow_walks_each_time_and_counts_once(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	struct nfold_cells cells;
	struct flow_entry fe;

	(void)state;
	nfs_state.keep_slow = true;
	for (int i = 0; i < 5; i++)
		pass(&f, 0);
	assert_true(only_entry(&fe, &cells));
	assert_int_equal(fe.act.reason, NFOLD_REASON_PER_PACKET_MATCH);
	assert_int_equal(cells.packets, 5);
	json_decref(engine_nf_dump(box.e));
	assert_int_equal(total.packets, 5);
	assert_int_equal(counted(NFOLD_REASON_PER_PACKET_MATCH), 1);
}

static void kernel_counts_reach_the_nf(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	struct flow_entry fe;

	(void)state;
	pass(&f, 0);
	for (uint32_t s = 0; s < flow_table_slots(box.tables[0]); s++)
		if (flow_table_read(box.tables[0], s, &fe, NULL)) {
			flow_table_cells(box.tables[0], s)->packets += 10;
			flow_table_cells(box.tables[0], s)->bytes += 1000;
		}
	engine_flush(box.e, NULL, 0);
	assert_int_equal(total.packets, 11);
	assert_int_equal(total.bytes, 1000 + box.len);
}

static void changed_routes_fold_anew_and_keep_the_session(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);

	(void)state;
	pass(&f, 0);
	engine_invalidate_all(box.e);
	assert_int_equal(put(&f, 0, NFOLD_REASON_STALE, 0), ENGINE_TX);
	engine_left(box.e, box.pkt.flow);
	assert_string_equal(nfs_state.order, "rcgrcg");
	assert_int_equal(engine_sessions(box.e), 1);
	pass(&f, 0);
	assert_string_equal(nfs_state.order, "rcgrcg");
	json_decref(engine_nf_dump(box.e));
	assert_int_equal(total.packets, 3);
}

static void refused_routes_leave_no_session(void **state)
{
	static const struct {
		enum route_result route;
		enum nfold_reason reason;
	} cases[] = {
		{ ROUTE_NONE, NFOLD_REASON_NO_ROUTE },
		{ ROUTE_NOT_A_PORT, NFOLD_REASON_NOT_A_PORT },
		{ ROUTE_FAILED, NFOLD_REASON_NEIGH_FAILED },
	};
	struct pkt f = request(IPPROTO_UDP, 4000);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		box.route = cases[i].route;
		assert_int_equal(pass(&f, 0), ENGINE_DROP);
		assert_int_equal(counted(cases[i].reason), 1);
		assert_int_equal(engine_sessions(box.e), 0);
	}
}

static void wrong_l4_checksum_opens_no_session(void **state)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP,
					  IPPROTO_ICMP };

	(void)state;
	for (size_t i = 0; i < sizeof(protos); i++) {
		struct pkt f = request(protos[i], 4000);

		f.icmp_type = 8;
		f.csum = PKT_CSUM_BAD;
		assert_int_equal(pass(&f, 0), ENGINE_DROP);
		assert_int_equal(counted(NFOLD_REASON_BAD_L4_CSUM), i + 1);
		assert_int_equal(engine_sessions(box.e), 0);
	}
}

static void partial_checksum_leaves_complete(void **state)
{
	struct pkt f = request(IPPROTO_TCP, 4000);
	uint8_t good[PKT_MAX];
	struct flow_entry fe;

	(void)state;
	pass(&f, 0);
	memcpy(good, box.buf, box.len);
	engine_flush(box.e, NULL, 0);
	f.csum = PKT_CSUM_PARTIAL;
	pass(&f, 0);
	assert_memory_equal(box.buf, good, box.len);
	assert_true(only_entry(&fe, NULL));
	assert_true(fe.act.flags & NFOLD_ACT_CSUM_PARTIAL);
	pass(&f, 0);
	assert_memory_equal(box.buf, good, box.len);
	assert_int_equal(box.pkt.outcome, NFOLD_REASON_SLOW_ENTRY);
}

static void full_table_keeps_flows_slow_or_refuses_them(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 1);
	int slow = 0;

	(void)state;
	for (int i = 0; i < 120; i++, f.sport++)
		slow += pass(&f, 0) == ENGINE_TX;
	assert_int_equal(slow, 120);
	assert_true(counted(NFOLD_REASON_TABLE_FULL) > 0);
	box.chain.onfull_drop = true;
	for (int i = 0; i < 100; i++, f.sport++)
		pass(&f, 0);
	assert_true(counted(NFOLD_REASON_TABLE_FULL_DROP) > 0);
	f = request(IPPROTO_UDP, 1);
	assert_int_equal(pass(&f, 0), ENGINE_TX);
}

static void idle_udp_session_expires(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);

	(void)state;
	pass(&f, 0);
	idle(290 * NF_SEC);
	assert_int_equal(engine_sessions(box.e), 1);
	idle(20 * NF_SEC);
	assert_int_equal(engine_sessions(box.e), 0);
	assert_int_equal(nfs_state.expired, 1);
	assert_int_equal(flow_table_live(box.tables[0]), 0);
}

static void tcp(uint8_t flags, bool back)
{
	struct pkt f = back ? answer(IPPROTO_TCP, 4000) :
				request(IPPROTO_TCP, 4000);

	f.flags = flags;
	assert_int_equal(pass(&f, back), ENGINE_TX);
}

static void tcp_establish(void)
{
	tcp(TCP_SYN, false);
	tcp(TCP_SYN | TCP_ACK, true);
	tcp(TCP_ACK, false);
}

static void unanswered_syn_expires_in_the_transitory_time(void **state)
{
	(void)state;
	tcp(TCP_SYN, false);
	idle(250 * NF_SEC);
	assert_int_equal(engine_sessions(box.e), 0);
}

static void half_closed_connection_is_kept(void **state)
{
	(void)state;
	tcp_establish();
	tcp(TCP_FIN, false);
	idle(7000 * NF_SEC);
	assert_int_equal(engine_sessions(box.e), 1);
	tcp(TCP_FIN, true);
	idle(250 * NF_SEC);
	assert_int_equal(engine_sessions(box.e), 0);
}

static void reset_connection_lingers(void **state)
{
	(void)state;
	tcp_establish();
	tcp(TCP_RST, true);
	idle(200 * NF_SEC);
	assert_int_equal(engine_sessions(box.e), 1);
	idle(60 * NF_SEC);
	assert_int_equal(engine_sessions(box.e), 0);
}

static void syn_opens_a_closed_connection_anew(void **state)
{
	(void)state;
	tcp_establish();
	tcp(TCP_SYN, false);
	assert_int_equal(nfs_state.expired, 0);
	tcp(TCP_FIN, false);
	tcp(TCP_FIN, true);
	tcp(TCP_SYN, false);
	assert_int_equal(nfs_state.expired, 1);
	assert_int_equal(engine_sessions(box.e), 1);
}

static void session_whose_replies_clash_is_refused(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000), direct = f;

	(void)state;
	pass(&f, 0);
	set_addr(direct.dst, "10.1.0.9");
	direct.dport = 8080;
	assert_int_equal(pass(&direct, 0), ENGINE_DROP);
	assert_int_equal(counted(NFOLD_REASON_CLASH), 1);
	assert_int_equal(engine_sessions(box.e), 1);
}

/* From outside, to the tuple that answers to a later session will have. */
static void dropped_session_does_not_block_a_key(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	struct pkt forged = answer(IPPROTO_UDP, 4000);

	(void)state;
	nfs_state.drop = nfs_state.drop_recorded = true;
	assert_int_equal(pass(&forged, 1), ENGINE_DROP);
	assert_int_equal(engine_sessions(box.e), 1);
	nfs_state.drop = false;
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	assert_int_equal(engine_sessions(box.e), 1);
	assert_int_equal(pass(&forged, 1), ENGINE_TX);
}

static void unfolded_engine_installs_nothing(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	struct flow_entry fe;

	teardown(state);
	memset(&box, 0, sizeof(box));
	box_start(false, 64);
	pass(&f, 0);
	pass(&f, 0);
	assert_false(only_entry(&fe, NULL));
	assert_string_equal(nfs_state.order, "rcgrcg");
	assert_int_equal(total.packets, 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_packet_walks_is_rewritten_and_is_folded),
		TEST(entry_does_in_user_space_what_the_walk_did),
		TEST(answers_walk_backwards_and_are_put_back),
		TEST(hand_over_waits_for_packets_in_the_slow_path),
		TEST(quiet_flow_is_handed_over_after_the_bound),
		TEST(hand_over_is_forced_and_counted_after_the_bound),
		TEST(unresolved_next_hop_holds_and_delays_hand_over),
		TEST(ttl_that_ends_here_is_counted_by_the_nfs_and_dropped),
		TEST(packet_beyond_the_mtu_is_dropped_under_its_reason),
		TEST(recorded_drop_is_folded_and_counted_before_it),
		TEST(unrecorded_drop_opens_no_session),
		TEST(nf_that_records_a_lie_makes_its_flow_slow_not_wrong),
		TEST(slow_flow_walks_each_time_and_counts_once),
		TEST(kernel_counts_reach_the_nf),
		TEST(changed_routes_fold_anew_and_keep_the_session),
		TEST(refused_routes_leave_no_session),
		TEST(wrong_l4_checksum_opens_no_session),
		TEST(partial_checksum_leaves_complete),
		TEST(full_table_keeps_flows_slow_or_refuses_them),
		TEST(idle_udp_session_expires),
		TEST(unanswered_syn_expires_in_the_transitory_time),
		TEST(half_closed_connection_is_kept),
		TEST(reset_connection_lingers),
		TEST(syn_opens_a_closed_connection_anew),
		TEST(session_whose_replies_clash_is_refused),
		TEST(dropped_session_does_not_block_a_key),
		TEST(unfolded_engine_installs_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
