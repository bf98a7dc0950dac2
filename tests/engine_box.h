/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The engine without a kernel: packets from memory, tables in memory, a router
 * and NFs of the test's own, time in the test's hands. Included by the engine's
 * tests, each of which uses a part.
 */
#ifndef NFOLD_TESTS_ENGINE_BOX_H
#define NFOLD_TESTS_ENGINE_BOX_H

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

static inline void ran(char letter)
{
	size_t n = strlen(nfs_state.order);

	if (n + 1 < sizeof(nfs_state.order))
		nfs_state.order[n] = letter;
}

/* To and from 10.1.0.9:8080 instead of 198.51.100.80:80. */
static inline enum nf_verdict rewrite_packet(struct nf *nf, struct nf_pkt *pkt)
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

static inline void rewrite_expire(struct nf *nf, void *session, uint64_t now)
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

static inline enum nf_verdict count_packet(struct nf *nf, struct nf_pkt *pkt)
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

static inline enum nf_verdict gate_packet(struct nf *nf, struct nf_pkt *pkt)
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

#define BOX_NFS 8
#define BOX_EDITS 4
#define BOX_CELLS 512
#define BOX_STEPS 128
#define BOX_ROOM 256		/* in front of a packet */

static struct box {
	struct nfold_ctl ctl;
	struct nfold_stats stats;
	struct nfold_port ports[NFOLD_PORT_MAX];
	union nfold_nexthop nexthops[8];
	struct nfold_edit edits[BOX_EDITS];
	struct own_cells own[NFOLD_OWN_MAX];	/* the caller's */
	struct nfold_tmpl tmpls[NFOLD_TMPL_CNT];
	struct nfold_cell cells[BOX_CELLS];
	struct nfold_steps steps[BOX_STEPS];
	struct flow_table *tables[2];
	void *slots[2];
	__u8 *tags[2];
	__u64 seed[NFOLD_HASH_SEEDS];
	struct chain chain;
	struct nf nf[BOX_NFS];
	struct nf *nfs[BOX_NFS + 1];
	struct engine *e;
	uint64_t now;
	uint8_t room[BOX_ROOM];	/* of buf */
	uint8_t buf[PKT_MAX];
	uint32_t len;
	struct engine_pkt pkt;
	struct nfold_punt punt;
	enum route_result route;
	struct engine_export export;
} box;

static inline enum route_result route_lookup_fake(void *ctx, int family,
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

static inline uint32_t route_port_fake(void *ctx, uint16_t nexthop)
{
	(void)ctx;
	return nexthop == 1 ? 0 : 1;
}

static inline struct flow_table *table_make(int family, uint32_t flows,
					    void **slots, __u8 **tags)
{
	struct flow_table_conf c = { .family = family, .overflow_fd = -1,
				     .seed = box.seed, .ctl = &box.ctl,
				     .manual_grace = true };
	struct flow_table *t;

	flow_table_size(family, flows, &c.nbuckets, &c.slot_cnt);
	c.slot_cnt = c.nbuckets * NFOLD_BUCKET_SLOTS;
	*slots = aligned_alloc(64, c.slot_cnt * 192UL);
	memset(*slots, 0, c.slot_cnt * 192UL);
	*tags = calloc(c.nbuckets, NFOLD_BUCKET_SLOTS);
	c.slots = *slots;
	c.tags = *tags;
	assert_int_equal(flow_table_new(&t, &c), 0);
	return t;
}

static inline void advance(uint64_t ns)
{
	box.now += ns;
	engine_now(box.e, box.now);
}

/* With the NFs that the caller has put into box.nf and box.nfs. */
static inline void box_start_nfs(bool fold, uint32_t flows,
				 unsigned int workers)
{
	struct engine_conf conf = { .fold = fold, .workers = workers };

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
	while (box.nfs[box.chain.nf_cnt])
		box.chain.nf_cnt++;
	box.chain.table_size = flows;
	box.chain.timeouts = (struct chain_timeouts){
		.udp = 300 * NF_SEC, .icmp = 60 * NF_SEC,
		.other = 600 * NF_SEC, .tcp_established = 7440 * NF_SEC,
		.tcp_transitory = 240 * NF_SEC,
	};
	box.tables[0] = table_make(4, flows, &box.slots[0], &box.tags[0]);
	box.tables[1] = table_make(6, flows, &box.slots[1], &box.tags[1]);
	conf.chain = &box.chain;
	conf.nfs = box.nfs;
	conf.maps = (struct engine_maps){
		.ctl = &box.ctl, .stats = &box.stats, .ports = box.ports,
		.nexthops = box.nexthops, .flows4 = box.tables[0],
		.flows6 = box.tables[1], .edits = box.edits,
		.edit_cnt = BOX_EDITS, .tmpls = box.tmpls,
		.cells = box.cells, .cell_cnt = BOX_CELLS,
		.count_cell_cnt = BOX_STEPS,
		.steps = box.steps, .steps_cnt = BOX_STEPS,
	};
	memcpy(conf.maps.own, box.own, sizeof(box.own));
	conf.router = (struct engine_router){ .lookup = route_lookup_fake,
					      .port = route_port_fake };
	conf.export = box.export;
	assert_int_equal(engine_new(&box.e, &conf), 0);
	advance(NF_SEC);
}

static inline void box_start(bool fold, uint32_t flows)
{
	static const struct nf_ops *const ops[] = { &rewrite_ops, &count_ops,
						    &gate_ops };

	for (int i = 0; i < 3; i++) {
		box.nf[i].ops = ops[i];
		box.nfs[i] = &box.nf[i];
	}
	box_start_nfs(fold, flows, 0);
}

static inline int setup(void **state)
{
	(void)state;
	memset(&box, 0, sizeof(box));
	memset(&nfs_state, 0, sizeof(nfs_state));
	memset(&total, 0, sizeof(total));
	box_start(true, 64);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	engine_free(box.e);
	for (int i = 0; i < 2; i++) {
		flow_table_free(box.tables[i]);
		free(box.slots[i]);
		free(box.tags[i]);
	}
	return 0;
}

/* --- packets --- */

static inline struct pkt request(uint8_t l4proto, uint16_t sport)
{
	return (struct pkt){
		.family = 4, .proto = l4proto, .ttl = 64, .payload = 20,
		.src = { 10, 0, 0, 2 }, .dst = { 198, 51, 100, 80 },
		.sport = sport, .dport = 80,
	};
}

static inline void set_addr(uint8_t *to, const char *text)
{
	inet_pton(AF_INET, text, to);
}

static inline struct pkt answer(uint8_t l4proto, uint16_t dport)
{
	struct pkt f = request(l4proto, 8080);

	set_addr(f.src, "10.1.0.9");
	set_addr(f.dst, "10.0.0.2");
	f.dport = dport;
	return f;
}

static inline enum engine_verdict put(const struct pkt *f, uint32_t port,
			       enum nfold_reason reason, uint32_t slot)
{
	box.len = pkt_build(f, box.buf);
	box.punt = (struct nfold_punt){
		.magic = NFOLD_PUNT_MAGIC, .reason = reason, .port = port,
		.slot = slot, .counted = reason == NFOLD_REASON_PENDING,
	};
	box.pkt = (struct engine_pkt){ .data = box.buf, .len = box.len,
				       .room = BOX_ROOM, .punt = &box.punt };
	return engine_packet(box.e, &box.pkt);
}

/* As XDP would: counts the packet in a pending entry and says so. */
static inline enum engine_verdict punted(const struct pkt *f, uint32_t port)
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

static inline enum engine_verdict pass(const struct pkt *f, uint32_t port)
{
	enum engine_verdict v = put(f, port, NFOLD_REASON_MISS, 0);

	if (v == ENGINE_TX)
		engine_left(box.e, box.pkt.flow);
	return v;
}

static inline uint64_t counted(enum nfold_reason reason)
{
	return box.stats.packets[reason];
}

/* The only live entry of the IPv4 table. */
static inline bool only_entry(struct flow_entry *fe, struct nfold_cells *cells)
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

static inline void idle(uint64_t ns)
{
	for (uint64_t end = box.now + ns; box.now < end;) {
		advance(ns / 64 > MS ? ns / 64 : MS);
		engine_drained(box.e);
		engine_tick(box.e);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
