// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* SpeedyBox's experiments on equivalence (section VII-C): a folded and an unfolded
 * side get the same packets, through the real program.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "loader/private_net.h"
#include "switch_lb.h"
#include "tests/pkt.h"
#include "userspace/oracle.h"

#define INSIDE 0
#define OUTSIDE 1

static struct oracle_socket *xsk;
static uint64_t now = 1000 * NF_SEC;
static uint64_t rng;

struct rig {
	struct chain_file *file;
	struct oracle *o[2];	/* folded, unfolded */
	struct oracle_route route[2];
	struct oracle_routes routes;
};

static uint32_t draw(uint32_t below)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (rng >> 20) % below;
}

static void begin_random(void)
{
	const char *seed = getenv("NFOLD_SEED");

	rng = seed ? strtoull(seed, NULL, 0) | 1 : (uint64_t)time(NULL) | 1;
	print_message("# NFOLD_SEED=%llu\n", (unsigned long long)rng);
}

static void set_route(struct oracle_route *r, const char *net, uint32_t len,
		      uint32_t port)
{
	*r = (struct oracle_route){ .family = 4, .len = len, .port = port };
	inet_pton(AF_INET, net, &r->net);
}

/* text: NULL: the file's. lb: what the chain's is replaced by; NULL: nothing. */
static void rig_new(struct rig *r, const char *file, const char *text,
		    const struct nf_ops *lb)
{
	struct instance_error ierr;
	struct conf_error err;
	struct chain *c;

	*r = (struct rig){ .routes = { .v = r->route, .cnt = 2,
				       .port_cnt = 2 } };
	set_route(&r->route[0], "0.0.0.0", 0, OUTSIDE);
	set_route(&r->route[1], "10.0.0.0", 16, INSIDE);
	if (chain_load(&r->file, file, text, &err))
		fail_msg("%s", err.message);
	c = r->file->chains;
	for (uint32_t i = 0; i < c->nf_cnt; i++)
		if (lb && c->nfs[i].ops == &lb_ops)
			c->nfs[i].ops = lb;
	for (int i = 0; i < 2; i++) {
		struct oracle_conf conf = { .chain = c, .fold = !i,
					    .socket = xsk,
					    .routes = &r->routes };

		nf_random_fixed();
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

/* Events and alerts. */
static void told_the_same(struct rig *r)
{
	struct oracle_told told = { 0 };
	const char *what = oracle_told_differ(r->o[0], r->o[1], &told);

	if (what)
		fail_msg("%s differ: %s", what,
			 json_dumps(told.pair, JSON_COMPACT));
}

/* Through both sides, which must agree, also in what they tell: the folded
 * side's. */
static struct oracle_result pass(struct rig *r, uint32_t port, struct pkt *k)
{
	static struct oracle_result res[2];
	uint8_t frame[PKT_MAX];
	const char *what;
	uint32_t len, at;

	memcpy(k->dmac, oracle_maps(r->o[0])->ports[port].mac, 6);
	len = pkt_build(k, frame);
	now += 1000;
	for (int i = 0; i < 2; i++) {
		oracle_now(r->o[i], now);
		assert_int_equal(oracle_packet(r->o[i], port, frame, len,
					       &res[i]), 0);
		oracle_left(r->o[i]);
		oracle_tick(r->o[i]);
	}
	what = oracle_differ(&res[0], &res[1], &at);
	if (what)
		fail_msg("folded and unfolded differ: %s at %u", what, at);
	told_the_same(r);
	return res[0];
}

static void states_equal(struct rig *r)
{
	json_t *diff = oracle_states_differ(r->o[0], r->o[1]);

	if (diff)
		fail_msg("states: %s", json_dumps(diff, JSON_COMPACT));
}

static struct pkt client_packet(uint16_t host, uint16_t sport)
{
	struct pkt k = pkt_new(4, IPPROTO_TCP);

	memcpy(k.src, (uint8_t[]){ 10, 0, host >> 8, host }, 4);
	memcpy(k.dst, (uint8_t[]){ 198, 51, 100, 80 }, 4);
	k.sport = sport;
	k.dport = 80;
	return k;
}

/* The packet, built anew with what it should have become, is what left. */
static void left_as(struct rig *r, const struct oracle_result *res,
		    struct pkt want)
{
	uint8_t frame[PKT_MAX];

	assert_int_equal(res->verdict, ORACLE_SENT);
	memcpy(want.dmac, (uint8_t[]){ 2, 0, 0, 0, 1, res->port }, 6);
	memcpy(want.smac, oracle_maps(r->o[0])->ports[res->port].mac, 6);
	want.ttl--;
	assert_int_equal(res->len, pkt_build(&want, frame));
	assert_memory_equal(res->bytes, frame, res->len);
}

/* --- VII-C1: Snort's three actions --- */

#define SETS 3
#define SET_FLOWS 20
#define SET_PACKETS 12		/* of data */

/* What a flow's suspicious packet says, and the rule of chains/speedybox.rules
 * that decides it; sid 0: let pass, although another rule is in it. */
static const struct {
	const char *text, *action;
	int sid;
} sets[SETS] = {
	{ "GET /healthz /etc/passwd HTTP/1.1\r\n\r\n", "pass", 0 },
	{ "GET /etc/passwd HTTP/1.1\r\n\r\n", "alert", 1000004 },
	{ "POST /login HTTP/1.1\r\n\r\n", "log", 1000014 },
};

static void open_connection(struct rig *r, struct pkt *k, struct pkt *a)
{
	*a = *k;
	memcpy(a->src, k->dst, 4);
	memcpy(a->dst, k->src, 4);
	a->sport = k->dport;
	a->dport = k->sport;
	k->payload = a->payload = 0;
	k->flags = 0x02;
	k->seq = 1000;
	pass(r, INSIDE, k);
	a->flags = 0x12;
	a->seq = 5000;
	a->ack = 1001;
	pass(r, OUTSIDE, a);
	k->flags = 0x10;
	k->seq = 1001;
	k->ack = 5001;
	pass(r, INSIDE, k);
}

/* A connection whose packet `at` is the suspicious one. */
static void suspicious_flow(struct rig *r, uint32_t n, const char *text)
{
	struct pkt k = client_packet(2 + n, 4000 + n), a;
	uint32_t at = draw(SET_PACKETS);

	open_connection(r, &k, &a);
	k.flags = 0x18;
	for (uint32_t i = 0; i < SET_PACKETS; i++) {
		struct oracle_result res;

		k.data = i == at ? (const uint8_t *)text : NULL;
		k.payload = i == at ? strlen(text) : 10 + draw(300);
		res = pass(r, INSIDE, &k);
		assert_int_equal(res.verdict, ORACLE_SENT);
		k.seq += k.payload;
	}
}

/* Of the folded side, all of them. */
static uint32_t alerts_of(struct rig *r, const char *action, int sid)
{
	uint64_t next = 0;
	uint32_t cnt = 0;
	size_t i, got;

	do {
		json_t *log = engine_alerts(oracle_engine(r->o[0]), next), *one;
		json_t *list = json_object_get(log, "alerts");

		got = json_array_size(list);
		json_array_foreach(list, i, one) {
			json_t *a = json_object_get(one, "alert");

			cnt += !strcmp(json_string_value(
					json_object_get(a, "action")),
				       action) &&
			       json_integer_value(json_object_get(a, "sid")) ==
				       sid;
		}
		next = json_integer_value(json_object_get(log, "next"));
		json_decref(log);
	} while (got);
	return cnt;
}

static void snorts_three_actions_have_equal_logs(void **state)
{
	json_t *log;
	struct rig r;

	(void)state;
	begin_random();
	rig_new(&r, "chains/speedybox-2.chain", NULL, NULL);
	for (uint32_t i = 0; i < SETS * SET_FLOWS; i++)
		suspicious_flow(&r, i, sets[i % SETS].text);
	for (int i = 0; i < SETS; i++)
		if (sets[i].sid)
			assert_int_equal(alerts_of(&r, sets[i].action,
						   sets[i].sid), SET_FLOWS);
	log = engine_alerts(oracle_engine(r.o[1]), 0);
	assert_int_equal(json_integer_value(json_object_get(log, "raised")),
			 2 * SET_FLOWS);
	json_decref(log);
	states_equal(&r);
	rig_free(&r);
}

/* --- VII-C2: Maglev's event, exactly at packet 6 of 10 --- */

static uint32_t after_five(__be16 sport)
{
	(void)sport;
	return 5;
}

static void maglevs_event_is_at_packet_6_of_10(void **state)
{
	const uint8_t ip_1[] = { 10, 1, 1, 2 }, ip_2[] = { 10, 1, 1, 3 };
	struct rig r;

	(void)state;
	switch_after = after_five;
	memset(&switch_to, 0, sizeof(switch_to));
	memcpy(&switch_to, ip_2, 4);
	rig_new(&r, "maglev.chain",
		"chain maglev { on cli0 inside, srv0 outside; lb { service s {"
		" vip 198.51.100.80:80/tcp; backend 10.1.1.2:8080; } } }", switch_lb_ops());
	for (int i = 1; i <= 10; i++) {
		struct pkt k = client_packet(2, 4000), want;
		struct oracle_result res;

		k.seq = 1000 + i;
		k.payload = 10 * i;
		res = pass(&r, INSIDE, &k);
		want = k;
		memcpy(want.dst, i <= 5 ? ip_1 : ip_2, 4);
		want.dport = 8080;
		left_as(&r, &res, want);
		/* Folded: 1 walks, 2 finds its entry pending; so do 7 and 8. */
		if (i == 6)
			assert_int_equal(res.punted, NFOLD_REASON_EVENT_FIRED);
		else if (i > 2 && i != 7 && i != 8)
			assert_int_equal(res.punted, NFOLD_REASON_NONE);
	}
	states_equal(&r);
	rig_free(&r);
}

struct named {
	char name[64];
	uint32_t id;
};

static void find_target(void *ctx, const struct nf_target *t)
{
	struct named *n = ctx;

	if (strstr(t->name, n->name))
		n->id = t->id;
}

/* The health checks' word, on both sides. */
static void backend_fails(struct rig *r, const uint8_t *addr)
{
	struct named n = { .id = 0 };

	inet_ntop(AF_INET, addr, n.name, sizeof(n.name));
	strcat(n.name, ":8080");
	for (int i = 0; i < 2; i++) {
		struct engine *e = oracle_engine(r->o[i]);

		n.id = 0;
		assert_true(engine_targets(e, 0, find_target, &n));
		assert_int_not_equal(n.id, 0);
		engine_health(e, 0, n.id, false, "test");
	}
}

/* The product's own event: the backend fails between packets 5 and 6. */
static void a_backend_that_fails_loses_its_flow_at_packet_6_of_10(void **state)
{
	static const uint8_t backends[2][4] = { { 10, 1, 1, 2 },
						{ 10, 1, 1, 3 } };
	const uint8_t *ip_1 = NULL, *ip_2 = NULL;
	struct rig r;

	(void)state;
	rig_new(&r, "maglev.chain",
		"chain maglev { on cli0 inside, srv0 outside; lb { service s {"
		" vip 198.51.100.80:80/tcp; backend 10.1.1.2:8080;"
		" backend 10.1.1.3:8080; health tcp; } } }", NULL);
	for (int i = 1; i <= 10; i++) {
		struct pkt k = client_packet(2, 4000), want;
		struct oracle_result res;

		if (i == 6)
			backend_fails(&r, ip_1);
		k.seq = 1000 + i;
		res = pass(&r, INSIDE, &k);
		if (i == 1) {
			ip_1 = backends[!!memcmp(res.bytes + 30, backends[0],
						 4)];
			ip_2 = backends[ip_1 == backends[0]];
		}
		want = k;
		memcpy(want.dst, i <= 5 ? ip_1 : ip_2, 4);
		want.dport = 8080;
		left_as(&r, &res, want);
		if (i == 5 || i == 10)
			assert_int_equal(res.punted, NFOLD_REASON_NONE);
	}
	states_equal(&r);
	rig_free(&r);
}

/* --- VII-C3: chain 1, events on 20 % of the flows in mid-stream --- */

#define FLOWS 100
#define FLOW_PACKETS 40		/* of each direction */

struct flow {
	uint32_t sent, answered;
	uint32_t after;		/* packets; 0: no event */
	uint8_t first[4];	/* backend */
	struct pkt answer;	/* to what left last */
	bool switched;
};

static struct flow flows[FLOWS];
static uint32_t by_kernel;	/* packets of them */

/* NAT keeps a free source port, and no two clients have the same. */
static uint32_t in_mid_stream(__be16 sport)
{
	return flows[ntohs(sport) - 4000].after;
}

static void send_next(struct rig *r, uint32_t i)
{
	struct flow *f = &flows[i];
	struct pkt k = client_packet(2 + i, 4000 + i), want = k;
	struct oracle_result res;

	k.flags = f->sent ? 0x10 : 0x02;
	k.seq = 1000 + f->sent++;
	k.payload = draw(200);
	res = pass(r, INSIDE, &k);
	by_kernel += !res.punted;
	assert_int_equal(res.verdict, ORACLE_SENT);
	assert_int_equal(res.port, OUTSIDE);
	want = k;
	memcpy(want.src, res.bytes + 26, 4);	/* NAT's, of two */
	want.dport = 8080;
	if (f->sent == 1)
		memcpy(f->first, res.bytes + 30, 4);
	f->switched = f->after && f->sent > f->after;
	memcpy(want.dst, f->switched ? (void *)&switch_to : f->first, 4);
	left_as(r, &res, want);
	f->answer = want;
	memcpy(f->answer.src, want.dst, 4);
	memcpy(f->answer.dst, want.src, 4);
	f->answer.sport = want.dport;
	f->answer.dport = want.sport;
}

/* From the backend that the last packet went to; the client sees the vip. */
static void answer_next(struct rig *r, uint32_t i)
{
	struct flow *f = &flows[i];
	struct pkt k = f->answer, want;
	struct oracle_result res;

	k.flags = f->answered++ ? 0x10 : 0x12;
	k.payload = draw(1000);
	res = pass(r, OUTSIDE, &k);
	want = client_packet(2 + i, 4000 + i);
	k.ttl = want.ttl;
	memcpy(k.dst, want.src, 4);
	memcpy(k.src, want.dst, 4);
	k.dport = want.sport;
	k.sport = want.dport;
	left_as(r, &res, k);
}

static json_int_t monitor_total(struct rig *r, int side, const char *way)
{
	json_t *all = engine_nf_show(oracle_engine(r->o[side]), NULL);
	json_int_t n = json_integer_value(json_object_get(
		json_object_get(json_object_get(json_object_get(all, "monitor"),
						"total"), way),
		"packets"));

	json_decref(all);
	return n;
}

static void chain_1_with_events_on_a_fifth_of_the_flows(void **state)
{
	uint32_t sent = 0, answered = 0, switched = 0, away = 0;
	struct rig r;

	(void)state;
	begin_random();
	memset(flows, 0, sizeof(flows));
	for (uint32_t i = 0; i < FLOWS; i += 5)
		flows[i].after = 5 + draw(FLOW_PACKETS - 10);
	switch_after = in_mid_stream;
	memset(&switch_to, 0, sizeof(switch_to));
	memcpy(&switch_to, (uint8_t[]){ 10, 1, 1, 9 }, 4);
	rig_new(&r, "chains/speedybox-1.chain", NULL, switch_lb_ops());
	while (sent < FLOWS * FLOW_PACKETS) {
		uint32_t i = draw(FLOWS);

		if (flows[i].sent < FLOW_PACKETS && (draw(2) || !flows[i].sent)) {
			send_next(&r, i);
			sent++;
		} else if (flows[i].sent && flows[i].answered < FLOW_PACKETS) {
			answer_next(&r, i);
			answered++;
		}
	}
	for (uint32_t i = 0; i < FLOWS; i++) {
		switched += flows[i].switched;
		away += !!memcmp(flows[i].first, flows[0].first, 4);
	}
	assert_int_equal(switched, FLOWS / 5);
	assert_true(away);	/* several backends took part */
	/* Of a flow three are not, and four more where the event was. */
	assert_in_range(by_kernel, sent - 3 * FLOWS - 4 * switched, sent);
	for (int side = 0; side < 2; side++) {
		assert_int_equal(monitor_total(&r, side, "original"), sent);
		assert_int_equal(monitor_total(&r, side, "reply"), answered);
	}
	states_equal(&r);
	rig_free(&r);
}

int main(void)
{
	static const struct private_port ports[] = {
		{ .name = "cli0" }, { .name = "srv0" },
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(snorts_three_actions_have_equal_logs),
		cmocka_unit_test(maglevs_event_is_at_packet_6_of_10),
		cmocka_unit_test(a_backend_that_fails_loses_its_flow_at_packet_6_of_10),
		cmocka_unit_test(chain_1_with_events_on_a_fifth_of_the_flows),
	};
	struct instance_error err;

	if (private_net_enter(ports, 2, &err) ||
	    oracle_socket_new(&xsk, "cli0")) {
		printf("Bail out! %s\n", err.text);
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
