// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The oracle itself: what it says of each packet, its time, and that the
 * comparison which nfold verify rests on catches what is wrong - an entry that
 * is tampered with behind the engine's back, a state that drifts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "loader/private_net.h"
#include "tests/pkt.h"
#include "userspace/oracle.h"

#define MS (NF_SEC / 1000)

static struct oracle_socket *sock;
static struct chain_file *file;
static struct oracle_routes routes;
static struct oracle *folded, *unfolded;
static uint64_t now;

static void start(const char *text)
{
	struct oracle_conf conf = { .socket = sock, .routes = &routes };
	struct instance_error err;
	struct conf_error cerr;

	assert_int_equal(chain_load(&file, "test.chain", text, &cerr), 0);
	routes = (struct oracle_routes){ .port_cnt = 2 };
	conf.chain = file->chains;
	conf.fold = true;
	assert_int_equal(oracle_new(&folded, &conf, &err), 0);
	conf.fold = false;
	assert_int_equal(oracle_new(&unfolded, &conf, &err), 0);
	now = NF_SEC;
}

static int stop(void **state)
{
	(void)state;
	oracle_free(folded);
	oracle_free(unfolded);
	chain_file_free(file);
	folded = unfolded = NULL;
	file = NULL;
	return 0;
}

#define CHAIN(nfs) \
	"chain t { on p0 inside, p1 outside; timeout udp 10s; " nfs " }"

/* The packet through a side, some ms after the one before. */
static struct oracle_result pass(struct oracle *o, const struct pkt *k)
{
	struct oracle_result r;
	uint8_t frame[PKT_MAX];
	struct pkt copy = *k;
	uint32_t len;

	memcpy(copy.dmac, oracle_maps(o)->ports[0].mac, 6);
	len = pkt_build(&copy, frame);
	oracle_advance(o, now);
	assert_int_equal(oracle_packet(o, 0, frame, len, &r), 0);
	oracle_left(o);
	return r;
}

static struct flow_entry entry_of(struct oracle *o, const struct pkt *k)
{
	uint8_t frame[PKT_MAX];
	struct flow_entry e;

	assert_true(oracle_entry(o, 0, frame, pkt_build(k, frame), &e));
	return e;
}

static void says_who_handled_a_packet(void **state)
{
	struct pkt k = pkt_new(4, IPPROTO_UDP);
	struct oracle_result r;

	(void)state;
	start(CHAIN("monitor;"));
	r = pass(folded, &k);
	assert_int_equal(r.verdict, ORACLE_SENT);
	assert_int_equal(r.port, 1);
	assert_int_equal(r.punted, NFOLD_REASON_MISS);
	assert_int_equal(r.reason, NFOLD_REASON_SLOW_WALK);
	assert_true(r.walked);
	now += 5 * MS;
	r = pass(folded, &k);
	assert_int_equal(r.verdict, ORACLE_SENT);
	assert_int_equal(r.port, 1);
	assert_int_equal(r.punted, NFOLD_REASON_NONE);
	assert_int_equal(r.reason, NFOLD_REASON_FAST);
	assert_false(r.walked);
	now += 5 * MS;
	r = pass(unfolded, &k);
	r = pass(unfolded, &k);
	assert_int_equal(r.reason, NFOLD_REASON_SLOW_WALK);
	assert_true(r.walked);
}

static void names_the_nf_that_dropped(void **state)
{
	struct pkt k = pkt_new(4, IPPROTO_UDP);
	struct oracle_result r;

	(void)state;
	start(CHAIN("monitor; firewall { default deny; }"));
	for (int i = 0; i < 2; i++, now += 5 * MS) {
		r = pass(folded, &k);
		assert_int_equal(r.verdict, ORACLE_DROP);
		assert_int_equal(r.reason, NFOLD_REASON_FIREWALL_DENY);
		assert_int_equal(r.drop_nf, 2);
		assert_int_equal(r.punted, i ? NFOLD_REASON_NONE :
					       NFOLD_REASON_MISS);
	}
	r = pass(unfolded, &k);
	assert_int_equal(r.drop_nf, 2);
	k.ttl = 1;
	k.dport++;
	k.src[0] = 127;
	r = pass(folded, &k);
	assert_int_equal(r.reason, NFOLD_REASON_MARTIAN);
	assert_int_equal(r.drop_nf, 0);
}

static void sessions_expire_as_time_moves_on(void **state)
{
	struct pkt k = pkt_new(4, IPPROTO_UDP);

	(void)state;
	start(CHAIN("monitor;"));
	pass(folded, &k);
	now += 5 * MS;
	pass(folded, &k);
	oracle_advance(folded, now += 9 * NF_SEC);
	assert_int_equal(engine_sessions(oracle_engine(folded)), 1);
	oracle_advance(folded, now += 2 * NF_SEC);
	assert_int_equal(engine_sessions(oracle_engine(folded)), 0);
	/* A long silence costs some thousand steps, not one for each ms. */
	pass(folded, &k);
	oracle_advance(folded, now += 365 * 86400 * NF_SEC);
	assert_int_equal(engine_sessions(oracle_engine(folded)), 0);
}

/* --- controls: the comparison must see what is wrong --- */

static void equal_sides_do_not_differ(void **state)
{
	struct pkt k = pkt_new(4, IPPROTO_TCP);
	uint32_t at;

	(void)state;
	start(CHAIN("nat { source 10.0.0.0/24; pool 198.51.100.10; seed 7; } monitor;"));
	for (int i = 0; i < 20; i++, now += 5 * MS) {
		struct oracle_result a, b;

		k.sport = 4000 + i % 4;
		a = pass(folded, &k);
		b = pass(unfolded, &k);
		assert_null(oracle_differ(&a, &b, &at));
	}
	assert_null(oracle_states_differ(folded, unfolded));
}

/* --- what is known of a flow, of every kind of record --- */

static void must_explain(const json_t *nf, const char *name, const char *list,
			 const char *action, const char *key, const char *what)
{
	const json_t *o = json_array_get(json_object_get(nf, list), 0);
	const json_t *v = json_object_get(o, key);

	assert_string_equal(json_string_value(json_object_get(nf, "nf")), name);
	assert_string_equal(json_string_value(json_object_get(o, "action")),
			    action);
	if (json_is_string(v))
		assert_string_equal(json_string_value(v), what);
	else
		assert_int_equal(json_integer_value(v), atoi(what));
}

static void every_kind_of_record_is_explained(void **state)
{
	struct pkt k = pkt_new(4, IPPROTO_TCP);
	uint8_t frame[PKT_MAX];
	json_t *x, *nfs;

	(void)state;
	start(CHAIN("mark { rule \"tcp\" dscp af21; } "
		    "dos { syn-threshold 5; } policer { rate 1000pps; } "
		    "tunnel { kind ipip; local 192.0.2.9; remote 192.0.2.10; }"));
	pass(folded, &k);
	x = engine_explain(oracle_engine(folded), frame, pkt_build(&k, frame),
			   0);
	nfs = json_object_get(x, "nfs");
	must_explain(json_array_get(nfs, 0), "mark", "actions", "dscp",
		     "value", "18");
	must_explain(json_array_get(nfs, 1), "dos", "events", "drop",
		     "reason", "syn-flood");
	must_explain(json_array_get(nfs, 2), "policer", "events", "drop",
		     "reason", "policed");
	must_explain(json_array_get(nfs, 3), "tunnel", "actions", "encap",
		     "action", "encap");
	json_decref(x);
}

/* Writes over the only IPv4 entry's action, as a fault would. */
static struct nfold_slot4 *only_slot(struct oracle *o)
{
	const struct instance_maps *m = oracle_maps(o);
	struct nfold_slot4 *slots = m->slots4;

	for (uint32_t i = 0; i < m->meta->slots4; i++)
		if (slots[i].head.version)
			return &slots[i];
	fail_msg("no entry");
	return NULL;
}

static const char *differ_after(void (*tamper)(struct nfold_slot4 *),
				uint32_t *at)
{
	struct pkt k = pkt_new(4, IPPROTO_UDP);
	struct oracle_result a, b;

	for (int i = 0; i < 2; i++, now += 5 * MS) {
		a = pass(folded, &k);
		b = pass(unfolded, &k);
		assert_null(oracle_differ(&a, &b, at));
	}
	assert_int_equal(a.reason, NFOLD_REASON_FAST);
	tamper(only_slot(folded));
	a = pass(folded, &k);
	b = pass(unfolded, &k);
	return oracle_differ(&a, &b, at);
}

static void flip_dport(struct nfold_slot4 *s)
{
	s->act.flags &= ~NFOLD_ACT_NO_REWRITE;
	s->set.dport ^= htons(1);
}

static void make_drop(struct nfold_slot4 *s)
{
	s->act.verdict = NFOLD_VERDICT_DROP;
}

static void send_back(struct nfold_slot4 *s)
{
	s->act.nexthop = 1;
}

static void a_tampered_entry_is_caught(void **state)
{
	uint32_t at;

	(void)state;
	start(CHAIN("monitor;"));
	assert_string_equal(differ_after(flip_dport, &at), "bytes");
	/* Low byte of UDP's destination port. */
	assert_int_equal(at, 14 + 20 + 3);
}

static void a_tampered_verdict_is_caught(void **state)
{
	uint32_t at;

	(void)state;
	start(CHAIN("monitor;"));
	assert_string_equal(differ_after(make_drop, &at), "verdict");
}

static void a_tampered_next_hop_is_caught(void **state)
{
	uint32_t at;

	(void)state;
	start(CHAIN("monitor;"));
	assert_string_equal(differ_after(send_back, &at), "port");
}

static void a_drifted_state_is_caught(void **state)
{
	struct pkt k = pkt_new(4, IPPROTO_UDP);
	json_t *diff;

	(void)state;
	start(CHAIN("monitor;"));
	pass(folded, &k);
	pass(unfolded, &k);
	assert_null(oracle_states_differ(folded, unfolded));
	only_slot(folded)->cells.packets++;
	diff = oracle_states_differ(folded, unfolded);
	assert_non_null(json_object_get(diff, "monitor"));
	json_decref(diff);
}

static void an_entry_is_found_by_its_frame(void **state)
{
	struct pkt k = pkt_new(6, IPPROTO_TCP);
	struct flow_entry e;
	uint8_t frame[PKT_MAX];

	(void)state;
	start(CHAIN("monitor;"));
	assert_false(oracle_entry(folded, 0, frame, pkt_build(&k, frame), &e));
	pass(folded, &k);
	e = entry_of(folded, &k);
	assert_int_equal(e.act.verdict, NFOLD_VERDICT_FORWARD);
	assert_memory_equal(e.key.saddr, k.src, 16);
}

static int net_setup(void **state)
{
	static const struct private_port ports[] = {
		{ .name = "p0", .mac = { 2, 0, 0, 0, 0, 7 } },
		{ .name = "p1", .mtu = 1400 },
	};
	struct instance_error err;

	(void)state;
	if (private_net_enter(ports, 2, &err)) {
		printf("# %s\n", err.text);
		return -1;
	}
	return oracle_socket_new(&sock, "p0");
}

static int net_teardown(void **state)
{
	(void)state;
	oracle_socket_free(sock);
	return 0;
}

static void ports_are_as_asked(void **state)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 7 };

	(void)state;
	start(CHAIN("monitor;"));
	assert_memory_equal(oracle_maps(folded)->ports[0].mac, mac, 6);
	assert_int_equal(oracle_maps(folded)->ports[0].mtu, 1500);
	assert_int_equal(oracle_maps(folded)->ports[1].mtu, 1400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(ports_are_as_asked, stop),
		cmocka_unit_test_teardown(says_who_handled_a_packet, stop),
		cmocka_unit_test_teardown(names_the_nf_that_dropped, stop),
		cmocka_unit_test_teardown(sessions_expire_as_time_moves_on,
					  stop),
		cmocka_unit_test_teardown(an_entry_is_found_by_its_frame, stop),
		cmocka_unit_test_teardown(equal_sides_do_not_differ, stop),
		cmocka_unit_test_teardown(every_kind_of_record_is_explained,
					  stop),
		cmocka_unit_test_teardown(a_tampered_entry_is_caught, stop),
		cmocka_unit_test_teardown(a_tampered_verdict_is_caught, stop),
		cmocka_unit_test_teardown(a_tampered_next_hop_is_caught, stop),
		cmocka_unit_test_teardown(a_drifted_state_is_caught, stop),
	};

	return cmocka_run_group_tests(tests, net_setup, net_teardown);
}
