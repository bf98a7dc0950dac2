/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every verdict of an entry and every reason why it is not used, both families;
 * the places where an entry may lie; the metadata of a punt; on-miss.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "fixture.h"

static struct fixture fx;
static uint8_t frame[PKT_MAX];
static struct fx_result r;

/* One state of an entry (or none) and what must become of a TCP packet. */
struct verdict_case {
	const char *text;
	void (*change)(struct pkt *in, struct fx_entry *e);
	void (*touch)(struct nfold_head *head, struct nfold_cells *cells);
	uint32_t action;
	enum nfold_reason why;
	bool counts;		/* cells count it */
	bool no_entry;
};

static void drops(struct pkt *in, struct fx_entry *e)
{
	(void)in;
	e->act.verdict = NFOLD_VERDICT_DROP;
	e->act.reason = NFOLD_REASON_FIREWALL_DENY;
}

static void hosts(struct pkt *in, struct fx_entry *e)
{
	(void)in;
	e->act.verdict = NFOLD_VERDICT_HOST;
}

static void slow(struct pkt *in, struct fx_entry *e)
{
	(void)in;
	e->act.verdict = NFOLD_VERDICT_SLOW;
}

static void stale(struct pkt *in, struct fx_entry *e)
{
	(void)in;
	e->act.generation = 6;
}

static void same_port(struct pkt *in, struct fx_entry *e)
{
	(void)in;
	e->act.nexthop = 1;
}

static void no_hop(struct pkt *in, struct fx_entry *e)
{
	(void)in;
	e->act.nexthop = 9;
}

static void hop_beyond(struct pkt *in, struct fx_entry *e)
{
	(void)in;
	e->act.nexthop = 0xffff;
}

static void no_mac(struct pkt *in, struct fx_entry *e)
{
	(void)in;
	e->act.nexthop = 4;
}

static void last_ttl(struct pkt *in, struct fx_entry *e)
{
	(void)e;
	in->ttl = 1;
}

static void zero_ttl(struct pkt *in, struct fx_entry *e)
{
	(void)e;
	in->ttl = 0;
}

static void at_mtu(struct pkt *in, struct fx_entry *e)
{
	(void)e;
	in->payload = 1500 - 20 - (in->family == 4 ? 20 : 40);
}

static void above_mtu(struct pkt *in, struct fx_entry *e)
{
	at_mtu(in, e);
	in->payload++;
}

static void syn(struct pkt *in, struct fx_entry *e)
{
	(void)e;
	in->flags = 0x02;
}

static void syn_ack(struct pkt *in, struct fx_entry *e)
{
	(void)e;
	in->flags = 0x12;
}

static void odd(struct nfold_head *head, struct nfold_cells *cells)
{
	(void)cells;
	head->version = 3;
}

/* Another key's, with the same tag. */
static void odd_other(struct nfold_head *head, struct nfold_cells *cells)
{
	(void)cells;
	head->version = 3;
	head->hash ^= 1 << 31;
}

static void is_free(struct nfold_head *head, struct nfold_cells *cells)
{
	(void)cells;
	head->version = 0;
}

static void pending(struct nfold_head *head, struct nfold_cells *cells)
{
	(void)head;
	cells->handover = NFOLD_HANDOVER_PENDING | 2;
}

static void live(struct nfold_head *head, struct nfold_cells *cells)
{
	(void)head;
	cells->handover = 5;
}

static void saw_fin(struct nfold_head *head, struct nfold_cells *cells)
{
	(void)head;
	cells->tcp_seen = NFOLD_TCP_FIN | NFOLD_TCP_ACK;
}

static void saw_rst(struct nfold_head *head, struct nfold_cells *cells)
{
	(void)head;
	cells->tcp_seen = NFOLD_TCP_RST;
}

static void saw_syn(struct nfold_head *head, struct nfold_cells *cells)
{
	(void)head;
	cells->tcp_seen = NFOLD_TCP_SYN;
}

#define PUNT(why) XDP_REDIRECT, NFOLD_REASON_##why, false, false
#define FAST(action) XDP_##action, NFOLD_REASON_FAST, true, false

static const struct verdict_case cases[] = {
	{ "forward to another port", NULL, NULL, FAST(REDIRECT) },
	{ "forward out of the same port", same_port, NULL, FAST(TX) },
	{ "drop", drops, NULL, XDP_DROP, NFOLD_REASON_DROP_FOLDED, true, false },
	{ "host", hosts, NULL, XDP_PASS, NFOLD_REASON_HOST, true, false },
	{ "slow", slow, NULL, PUNT(SLOW_FLOW) },
	{ "no entry", NULL, NULL, XDP_REDIRECT, NFOLD_REASON_MISS, false, true },
	{ "free slot", NULL, is_free, PUNT(MISS) },
	{ "being written", NULL, odd, PUNT(BUSY) },
	{ "another being written", NULL, odd_other, PUNT(MISS) },
	{ "other generation", stale, NULL, PUNT(STALE) },
	{ "hand-over pending", NULL, pending, PUNT(PENDING) },
	{ "hand-over done, count left over", NULL, live, FAST(REDIRECT) },
	{ "no next hop", no_hop, NULL, PUNT(NEIGH) },
	{ "next hop beyond the array", hop_beyond, NULL, PUNT(NEIGH) },
	{ "next hop without address", no_mac, NULL, PUNT(NEIGH) },
	{ "TTL 1", last_ttl, NULL, PUNT(TTL) },
	{ "TTL 0", zero_ttl, NULL, PUNT(TTL) },
	{ "as large as the MTU", at_mtu, NULL, FAST(REDIRECT) },
	{ "larger than the MTU", above_mtu, NULL, PUNT(MTU) },
	{ "SYN after FIN", syn, saw_fin, PUNT(REOPEN) },
	{ "SYN after RST", syn, saw_rst, PUNT(REOPEN) },
	{ "SYN+ACK after FIN", syn_ack, saw_fin, FAST(REDIRECT) },
	{ "SYN again", syn, saw_syn, FAST(REDIRECT) },
	{ "ACK after FIN", NULL, saw_fin, FAST(REDIRECT) },
};

static void check_meta(int family, uint32_t slot, enum nfold_reason why,
		       uint32_t len)
{
	struct nfold_punt meta;

	assert_int_equal(r.meta, sizeof(meta));
	assert_int_equal(r.len, len + sizeof(meta));
	memcpy(&meta, r.data, sizeof(meta));
	assert_int_equal(meta.magic, NFOLD_PUNT_MAGIC);
	assert_int_equal(meta.reason, why);
	assert_int_equal(meta.port, 0);
	assert_int_equal(meta.slot, slot);
	assert_int_equal(meta.family, family);
	assert_int_equal(meta.counted, why == NFOLD_REASON_PENDING);
	assert_int_equal(meta.queue, 0);
	assert_int_equal(meta.ran, 0);
	/* The packet itself is punted as it came. */
	assert_memory_equal(r.data + sizeof(meta), frame, len);
}

static void run_case(const struct verdict_case *c, int family)
{
	struct pkt in = pkt_new(family, IPPROTO_TCP), out = in;
	struct nfold_cells *cells;
	uint32_t slot, len, met;
	struct fx_entry e;

	out.ttl--;
	e = fx_fold(&in, &out, 0, 2);
	if (c->change)
		c->change(&in, &e);
	fx_clear(&fx);
	slot = fx_slot(&fx, &e, 0);
	cells = c->no_entry ? NULL : fx_put(&fx, slot, &e);
	if (c->touch)
		c->touch(family == 4 ? &fx.flows4[slot].head :
				       &fx.flows6[slot].head, cells);
	len = pkt_build(&in, frame);
	assert_int_equal(fx_run(&fx, 0, frame, len, &r), 0);
	if (r.why != c->why || r.action != c->action)
		print_message("# %s: IPv%d: action %u, reason %d\n", c->text,
			      family, r.action, r.why);
	assert_int_equal(r.why, c->why);
	assert_int_equal(r.action, c->action);
	assert_int_equal(r.counted, 1);
	if (cells) {
		assert_int_equal(cells->packets, c->counts);
		assert_int_equal(cells->bytes, c->counts ? len : 0);
		assert_int_equal(cells->last_seen_ns, c->counts ? FX_NOW : 0);
	}
	met = c->why == NFOLD_REASON_MISS ? 0 : slot + 1;
	if (c->why >= NFOLD_REASON_MISS && c->why <= NFOLD_REASON_SLOW_FLOW)
		check_meta(family, met, c->why, len);
	else
		assert_int_equal(r.meta, 0);
	if (c->why == NFOLD_REASON_PENDING)
		assert_int_equal(cells->handover, NFOLD_HANDOVER_PENDING | 3);
}

static void verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int family = 4; family <= 6; family += 2)
			run_case(&cases[i], family);
}

static void tcp_flags(void **state)
{
	struct pkt in = pkt_new(4, IPPROTO_TCP), out = in;
	struct fx_entry e = fx_fold(&in, &out, 0, 2);
	struct nfold_cells *cells;

	(void)state;
	fx_clear(&fx);
	cells = fx_install(&fx, &e);
	in.flags = 0x02;
	fx_run(&fx, 0, frame, pkt_build(&in, frame), &r);
	assert_int_equal(cells->tcp_seen, NFOLD_TCP_SYN);
	in.flags = 0x18;
	fx_run(&fx, 0, frame, pkt_build(&in, frame), &r);
	assert_int_equal(cells->tcp_seen, NFOLD_TCP_SYN | NFOLD_TCP_ACK);
	in.flags = 0x11;
	fx_run(&fx, 0, frame, pkt_build(&in, frame), &r);
	assert_int_equal(cells->tcp_seen,
			 NFOLD_TCP_SYN | NFOLD_TCP_ACK | NFOLD_TCP_FIN);
	assert_int_equal(cells->packets, 3);
}

/* All sixteen places, then the overflow area; with all others taken by a slot of
 * another key that has the same tag, so that tags alone do not decide. */
static void places(void **state)
{
	(void)state;
	for (int family = 4; family <= 6; family += 2) {
		struct pkt in = pkt_new(family, IPPROTO_UDP), out = in;
		struct pkt other = in;
		struct fx_entry e = fx_fold(&in, &out, 0, 2), o;
		uint32_t len = pkt_build(&in, frame), slot;

		other.dport++;
		o = fx_fold(&other, &other, 0, 2);
		for (uint32_t nth = 0; nth < 16; nth++) {
			struct nfold_cells *cells;

			fx_clear(&fx);
			for (uint32_t i = 0; i < 16; i++) {
				slot = fx_slot(&fx, &e, i);
				fx_put(&fx, slot, &o);
				fx_tag(&fx, family, slot, fx_hash1(&fx, &e));
			}
			cells = fx_put(&fx, fx_slot(&fx, &e, nth), &e);
			assert_int_equal(fx_run(&fx, 0, frame, len, &r), 0);
			assert_int_equal(r.why, NFOLD_REASON_FAST);
			assert_int_equal(cells->packets, 1);
		}
	}
}

static void overflow(void **state)
{
	(void)state;
	for (int family = 4; family <= 6; family += 2) {
		int fd = bpf_map__fd(family == 4 ? fx.skel->maps.overflow4 :
						   fx.skel->maps.overflow6);
		struct pkt in = pkt_new(family, IPPROTO_UDP), out = in;
		struct fx_entry e = fx_fold(&in, &out, 0, 2);
		uint32_t len = pkt_build(&in, frame);
		uint32_t slot = FX_BUCKETS * NFOLD_BUCKET_SLOTS + 3;
		struct nfold_key4 key4 = fx_key4(&e);
		const void *key = family == 4 ? (void *)&key4 : (void *)&e.key;
		struct nfold_cells *cells;

		fx_clear(&fx);
		cells = fx_put(&fx, slot, &e);
		assert_int_equal(bpf_map_update_elem(fd, key, &slot, 0), 0);
		fx.ctl->overflow_cnt = 0;
		fx_run(&fx, 0, frame, len, &r);
		assert_int_equal(r.why, NFOLD_REASON_MISS);
		fx.ctl->overflow_cnt = 1;
		fx_run(&fx, 0, frame, len, &r);
		assert_int_equal(r.why, NFOLD_REASON_FAST);
		assert_int_equal(cells->packets, 1);
		/* A stale index beyond the array is a miss. */
		slot = 0xffffff;
		bpf_map_update_elem(fd, key, &slot, 0);
		fx_run(&fx, 0, frame, len, &r);
		assert_int_equal(r.why, NFOLD_REASON_MISS);
		bpf_map_delete_elem(fd, key);
		fx.ctl->overflow_cnt = 0;
	}
}

/* Zone: same five-tuple by another port, VLAN or number of tags. */
static void zones(void **state)
{
	struct pkt in = pkt_new(4, IPPROTO_UDP), out = in;
	struct fx_entry e;

	(void)state;
	in.tags = 1;
	in.tci[0] = 10;
	e = fx_fold(&in, &out, 0, 2);
	fx_clear(&fx);
	fx_install(&fx, &e);
	fx_run(&fx, 0, frame, pkt_build(&in, frame), &r);
	assert_int_equal(r.why, NFOLD_REASON_FAST);
	in.tci[0] = 0xe00a;	/* priority bits are not part of it */
	fx_run(&fx, 0, frame, pkt_build(&in, frame), &r);
	assert_int_equal(r.why, NFOLD_REASON_FAST);
	in.tci[0] = 11;
	fx_run(&fx, 0, frame, pkt_build(&in, frame), &r);
	assert_int_equal(r.why, NFOLD_REASON_MISS);
	in.tci[0] = 10;
	in.tags = 2;
	fx_run(&fx, 0, frame, pkt_build(&in, frame), &r);
	assert_int_equal(r.why, NFOLD_REASON_MISS);
	in.tags = 1;
	in.dmac[5] = 2;
	fx_run(&fx, 1, frame, pkt_build(&in, frame), &r);
	assert_int_equal(r.why, NFOLD_REASON_NO_ENGINE); /* a punt: no socket */
}

/* Without a socket: the on-miss word, no metadata left. */
static void no_engine(void **state)
{
	struct fixture two;
	struct pkt in = pkt_new(4, IPPROTO_TCP);
	uint32_t len = pkt_build(&in, frame);

	(void)state;
	for (int pass = 0; pass < 2; pass++) {
		fx_open(&two);
		((struct nfold_config *)&two.skel->rodata->config)->onmiss_pass =
			pass;
		assert_int_equal(fx_load(&two), 0);
		fx_run(&two, 0, frame, len, &r);
		assert_int_equal(r.counted, 1);
		assert_int_equal(r.why, pass ? NFOLD_REASON_ONMISS_PASS :
					       NFOLD_REASON_NO_ENGINE);
		assert_int_equal(r.action, pass ? XDP_PASS : XDP_DROP);
		if (pass) {
			assert_int_equal(r.meta, 0);
			assert_int_equal(r.len, len);
			assert_memory_equal(r.data, frame, len);
		}
		/* Queue 0 is not served. */
		two.ports[0].queues = 0;
		fx_clear(&two);
		fx_run(&two, 0, frame, len, &r);
		assert_int_equal(r.why, pass ? NFOLD_REASON_ONMISS_PASS :
					       NFOLD_REASON_NO_QUEUE);
		fx_close(&two);
	}
}

/* The engine has died: what it would have folded anew, or taken over, goes on by
 * the entry as it is; what an NF has taken back does not. */
static void engine_died(void **state)
{
	static const struct {
		uint32_t older, pending;
		enum nfold_reason why;
	} cases[] = {
		{ 0, 0, NFOLD_REASON_FAST },
		{ 1, 0, NFOLD_REASON_FAST },
		{ 0, NFOLD_HANDOVER_PENDING | 2, NFOLD_REASON_FAST },
		{ 1, NFOLD_HANDOVER_PENDING, NFOLD_REASON_FAST },
		{ 7, 0, NFOLD_REASON_NO_ENGINE },	/* invalidated: 0 */
	};
	struct pkt in = pkt_new(4, IPPROTO_TCP), out = in;
	uint32_t len = pkt_build(&in, frame);
	struct fixture two;

	(void)state;
	out.ttl--;
	fx_open(&two);
	assert_int_equal(fx_load(&two), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fx_entry e = fx_fold(&in, &out, 0, 2);
		struct nfold_cells *cells;

		e.act.generation -= cases[i].older;
		fx_clear(&two);
		cells = fx_install(&two, &e);
		cells->handover = cases[i].pending;
		fx_run(&two, 0, frame, len, &r);
		assert_int_equal(r.why, cases[i].why);
		assert_int_equal(cells->handover, cases[i].pending);
	}
	fx_close(&two);
}

static void unknown_port(void **state)
{
	struct pkt in = pkt_new(4, IPPROTO_TCP);

	(void)state;
	fx.ifindex[0] = if_nametoindex("fx0p");
	fx_run(&fx, 0, frame, pkt_build(&in, frame), &r);
	fx.ifindex[0] = if_nametoindex("fx0");
	assert_int_equal(r.action, XDP_PASS);
	assert_int_equal(r.why, NFOLD_REASON_HOST);
	assert_int_equal(r.counted, 1);
}

static void missing_device(void **state)
{
	struct pkt in = pkt_new(4, IPPROTO_TCP), out = in;
	struct fx_entry e = fx_fold(&in, &out, 0, 2);
	uint32_t port = 1;
	int fd = bpf_map__fd(fx.skel->maps.tx_ports);

	(void)state;
	fx_clear(&fx);
	fx_install(&fx, &e);
	bpf_map_delete_elem(fd, &port);
	fx_run(&fx, 0, frame, pkt_build(&in, frame), &r);
	bpf_map_update_elem(fd, &port, &fx.ifindex[1], 0);
	assert_int_equal(r.action, XDP_DROP);
	assert_int_equal(r.why, NFOLD_REASON_NOT_A_PORT);
	assert_int_equal(r.counted, 1);
}

static int setup(void **state)
{
	(void)state;
	fx_open(&fx);
	if (fx_load(&fx))
		return -1;
	fx_socket(&fx);
	memset(&fx.nexthops[4], 0, 8);
	fx.nexthops[4].port = 2;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fx_close(&fx);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "every verdict and every reason to punt, both families",
		  verdicts, NULL, NULL, NULL },
		{ "TCP flags seen add up in the entry", tcp_flags, NULL, NULL,
		  NULL },
		{ "an entry is found in each place of both buckets; equal tags "
		  "do not decide", places, NULL, NULL, NULL },
		{ "the overflow map leads to an entry only when it is in use",
		  overflow, NULL, NULL, NULL },
		{ "the same five-tuple in another zone is another flow", zones,
		  NULL, NULL, NULL },
		{ "without a socket on-miss decides and nothing is left behind",
		  no_engine, NULL, NULL, NULL },
		{ "without a socket an entry of older routes goes on, an "
		  "invalidated one does not", engine_died, NULL, NULL, NULL },
		{ "a packet of a device that is no port goes to the host",
		  unknown_port, NULL, NULL, NULL },
		{ "a port without a device is a counted drop", missing_device,
		  NULL, NULL, NULL },
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
