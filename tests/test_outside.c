/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The engine and what comes from outside: health and statements in the log of
 * events; resets; sessions of which one direction only is seen.
 */
#include "tests/engine_box.h"

#include "chains/conf.h"

/* --- an NF that forwards, resets or tunnels --- */

static struct {
	bool reset, tunnel;
	bool up;
	uint32_t told;
} doing;

static struct nf_tunnel ipip = { .kind = NF_TUNNEL_IPIP, .family = 4,
				 .ttl = 64 };

static enum nf_verdict do_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct header_action ha;

	if (doing.reset)
		return nf_reset(pkt, NFOLD_REASON_LB_RESET);
	if (!doing.tunnel)
		return NF_FORWARD;
	if (!nf_pkt_encap(pkt, &ipip))
		return nf_drop(pkt, NFOLD_REASON_NO_ROOM);
	ha = ha_encap(&ipip, pkt);
	localmat_add_HA(nf, pkt->fid, &ha);
	return NF_FORWARD;
}

static void do_targets(struct nf *nf, nf_target_fn fn, void *ctx)
{
	struct nf_target t = { .id = 7, .name = "web 10.0.0.7:80",
			       .up = doing.up };

	(void)nf;
	fn(ctx, &t);
}

static bool all(const void *session, void *arg)
{
	(void)session;
	(void)arg;
	return true;
}

static void do_health(struct nf *nf, uint32_t id, bool up, uint64_t now)
{
	assert_int_equal(id, 7);
	assert_int_equal(now, box.now);
	doing.up = up;
	doing.told++;
	nf_invalidate(nf, all, NULL);
}

static int do_set(struct nf *nf, const struct conf_block *block,
		  struct conf_error *err)
{
	(void)err;
	return block->cnt ? (nf_invalidate(nf, all, NULL), 0) : -1;
}

static const struct nf_ops do_ops = {
	.name = "do", .packet = do_packet, .targets = do_targets,
	.health = do_health, .set = do_set,
};

static int setup_do(void **state)
{
	setup(state);
	memset(&doing, 0, sizeof(doing));
	doing.up = true;
	box.nf[0].ops = &do_ops;
	ipip.local.a[0] = inet_addr("10.1.0.1");
	ipip.remote.a[0] = inet_addr("10.1.0.7");
	return 0;
}

/* --- resets --- */

static void expect_reset(const struct pkt *f, uint32_t seq, uint32_t ack,
			 uint8_t flags)
{
	static uint8_t want[PKT_MAX];
	struct pkt r = *f;
	uint32_t len, l4;

	memcpy(r.dmac, f->smac, 6);
	memcpy(r.smac, f->dmac, 6);
	memcpy(r.src, f->dst, 16);
	memcpy(r.dst, f->src, 16);
	r.sport = f->dport;
	r.dport = f->sport;
	r.payload = 0;
	r.options = 0;
	r.ext_cnt = 0;
	r.ttl = 64;
	r.frag = 0x4000;
	r.flags = flags;
	r.seq = seq;
	r.ack = ack;
	len = pkt_build(&r, want);
	l4 = len - 20;
	if (!seq)
		put32(want + l4 + 4, 0);
	if (f->family == 4) {		/* identification 0 */
		put16(want + l4 - 20 + 4, 0);
		put16(want + l4 - 20 + 10, 0);
		put16(want + l4 - 20 + 10, ~pkt_sum(want + l4 - 20, 20, 0));
	}
	put16(want + l4 + 14, 0);	/* no window */
	put16(want + l4 + 16, 0);
	pkt_set_csum(&r, want + l4, 20, 16, true);
	assert_int_equal(box.pkt.len, len);
	assert_memory_equal(box.pkt.data, want, len);
	assert_int_equal(box.pkt.out, 0);
	assert_int_equal(box.pkt.flow, 0);
	assert_int_equal(box.pkt.outcome, NFOLD_REASON_LB_RESET);
}

static struct pkt tcp(int family, uint8_t flags, uint32_t payload)
{
	struct pkt f = pkt_new(family, IPPROTO_TCP);

	f.ttl = 9;
	f.sport = 4000;
	f.dport = 80;
	f.flags = flags;
	f.payload = payload;
	f.seq = 1000;
	f.ack = flags & TCP_ACK ? 77777 : 0;
	return f;
}

static void a_reset_is_the_one_of_rfc_9293(void **state)
{
	struct pkt f;

	(void)state;
	doing.reset = true;
	for (int family = 4; family <= 6; family += 2)
		for (int tags = 0; tags < 2; tags++) {
			f = tcp(family, TCP_ACK, 33);
			f.tags = tags;
			f.tci[0] = 77;
			assert_int_equal(put(&f, 0, NFOLD_REASON_MISS, 0),
					 ENGINE_TX);
			expect_reset(&f, 77777, 0, TCP_RST);
			f = tcp(family, TCP_SYN, 5);
			assert_int_equal(put(&f, 0, NFOLD_REASON_MISS, 0),
					 ENGINE_TX);
			expect_reset(&f, 0, 1006, TCP_RST | TCP_ACK);
			f = tcp(family, 0, 7);
			put(&f, 0, NFOLD_REASON_MISS, 0);
			expect_reset(&f, 0, 1007, TCP_RST | TCP_ACK);
		}
	/* IPv4 options and extension headers are not sent back */
	f = tcp(4, TCP_ACK, 33);
	f.options = 8;
	assert_int_equal(put(&f, 0, NFOLD_REASON_MISS, 0), ENGINE_TX);
	expect_reset(&f, 77777, 0, TCP_RST);
	f = tcp(6, TCP_ACK, 33);
	f.ext_cnt = 1;
	f.ext[0] = 0;
	assert_int_equal(put(&f, 0, NFOLD_REASON_MISS, 0), ENGINE_TX);
	expect_reset(&f, 77777, 0, TCP_RST);
	assert_int_equal(engine_sessions(box.e), 0);
}

static void a_reset_is_not_answered_and_udp_is_dropped(void **state)
{
	struct pkt f = tcp(4, TCP_RST, 0);

	(void)state;
	doing.reset = true;
	assert_int_equal(put(&f, 0, NFOLD_REASON_MISS, 0), ENGINE_DROP);
	f = request(IPPROTO_UDP, 4000);
	assert_int_equal(put(&f, 0, NFOLD_REASON_MISS, 0), ENGINE_DROP);
	assert_int_equal(counted(NFOLD_REASON_LB_RESET), 2);
}

static void a_session_that_was_reset_ends_soon(void **state)
{
	struct pkt f = request(IPPROTO_TCP, 4000), back;

	(void)state;
	f.flags = TCP_SYN;
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	back = answer(IPPROTO_TCP, 4000);
	set_addr(back.src, "198.51.100.80");
	back.sport = 80;
	back.flags = TCP_SYN | TCP_ACK;
	assert_int_equal(pass(&back, 1), ENGINE_TX);
	f.flags = TCP_ACK;
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	assert_int_equal(engine_sessions(box.e), 1);
	engine_health(box.e, 0, 7, false, "test");
	doing.reset = true;
	f.ack = 5;
	assert_int_equal(put(&f, 0, NFOLD_REASON_MISS, 0), ENGINE_TX);
	expect_reset(&f, 5, 0, TCP_RST);
	assert_int_equal(engine_sessions(box.e), 1);
	/* a new connection from the same port is not held up by it */
	doing.reset = false;
	f.flags = TCP_SYN;
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	assert_int_equal(engine_sessions(box.e), 1);
	doing.reset = true;
	f.flags = TCP_ACK;
	engine_health(box.e, 0, 7, false, "test");
	assert_int_equal(put(&f, 0, NFOLD_REASON_MISS, 0), ENGINE_TX);
	idle(250 * NF_SEC);
	assert_int_equal(engine_sessions(box.e), 0);
}

/* --- one direction --- */

static void one_way(uint8_t flags)
{
	struct pkt f = request(IPPROTO_TCP, 4000);

	f.flags = flags;
	assert_int_equal(pass(&f, 0), ENGINE_TX);
}

static void one_direction_tells_when_a_session_is_over(void **state)
{
	(void)state;
	doing.tunnel = true;
	one_way(TCP_SYN);
	one_way(TCP_ACK);
	idle(300 * NF_SEC);
	assert_int_equal(engine_sessions(box.e), 1);
	one_way(TCP_FIN);
	idle(230 * NF_SEC);
	assert_int_equal(engine_sessions(box.e), 1);
	idle(20 * NF_SEC);
	assert_int_equal(engine_sessions(box.e), 0);
	/* an ACK alone is nobody's established connection */
	one_way(TCP_ACK);
	idle(250 * NF_SEC);
	assert_int_equal(engine_sessions(box.e), 0);
	/* nor is a SYN */
	one_way(TCP_SYN);
	idle(250 * NF_SEC);
	assert_int_equal(engine_sessions(box.e), 0);
}

static void a_syn_after_its_fin_opens_a_session_anew(void **state)
{
	struct nfold_cells cells;
	struct flow_entry fe;

	(void)state;
	doing.tunnel = true;
	one_way(TCP_SYN);
	one_way(TCP_ACK);
	one_way(TCP_ACK);
	assert_true(only_entry(&fe, &cells));
	assert_int_equal(cells.packets, 3);
	one_way(TCP_SYN);	/* seen again: the same */
	assert_true(only_entry(&fe, &cells));
	assert_int_equal(cells.packets, 4);
	one_way(TCP_FIN);
	one_way(TCP_SYN);
	assert_true(only_entry(&fe, &cells));
	assert_int_equal(cells.packets, 1);
}

/* --- the log --- */

static const char *text_at(const json_t *list, size_t i, const char *key)
{
	return json_string_value(json_object_get(json_array_get(list, i), key));
}

static json_int_t number_at(const json_t *list, size_t i, const char *key)
{
	return json_integer_value(json_object_get(json_array_get(list, i),
						  key));
}

static void what_comes_from_outside_is_logged(void **state)
{
	const struct conf_file file = { "statements", "x;", 2 };
	struct pkt f = request(IPPROTO_UDP, 4000);
	struct conf_error err;
	struct conf_block *b;
	json_t *show, *log;

	(void)state;
	pass(&f, 0);
	f.sport++;
	pass(&f, 0);
	engine_health(box.e, 0, 7, false, "status 503");
	assert_int_equal(doing.told, 1);
	/* nobody's, an NF without health, no NF */
	engine_health(box.e, 0, 8, false, "x");
	engine_health(box.e, 1, 7, false, "x");
	engine_health(box.e, 99, 7, false, "x");
	assert_int_equal(doing.told, 1);
	engine_flush(box.e, NULL, 0);
	engine_health(box.e, 0, 7, true, "connected");
	assert_int_equal(conf_parse_given(&b, &file, 1, &err), 0);
	assert_int_equal(engine_nf_set(box.e, "do", b, &err), 0);
	conf_free(b);
	show = engine_event_show(box.e, 0);
	log = json_object_get(show, "events");
	assert_int_equal(json_array_size(log), 3);
	assert_string_equal(text_at(log, 0, "action"), "health");
	assert_string_equal(text_at(log, 0, "nf"), "do");
	assert_string_equal(text_at(log, 0, "text"),
			    "web 10.0.0.7:80 is down: status 503");
	assert_int_equal(number_at(log, 0, "sessions"), 2);
	assert_string_equal(text_at(log, 1, "text"),
			    "web 10.0.0.7:80 is up: connected");
	assert_int_equal(number_at(log, 1, "sessions"), 0);
	assert_string_equal(text_at(log, 2, "action"), "set");
	json_decref(show);
}

static void targets_are_listed_among_events(void **state)
{
	json_t *list;

	(void)state;
	doing.up = false;
	list = engine_event_list(box.e);
	assert_int_equal(json_array_size(list), 1);
	assert_string_equal(text_at(list, 0, "function"), "health");
	assert_int_equal(number_at(list, 0, "targets"), 1);
	assert_int_equal(number_at(list, 0, "down"), 1);
	json_decref(list);
}

#undef TEST
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_do, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_reset_is_the_one_of_rfc_9293),
		TEST(a_reset_is_not_answered_and_udp_is_dropped),
		TEST(a_session_that_was_reset_ends_soon),
		TEST(one_direction_tells_when_a_session_is_over),
		TEST(a_syn_after_its_fin_opens_a_session_anew),
		TEST(what_comes_from_outside_is_logged),
		TEST(targets_are_listed_among_events),
	};

	return cmocka_run_group_tests_name("outside", tests, NULL, NULL);
}
