// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Alerts: the chain's order whichever thread raises them, what stands in one,
 * and what becomes of too many.
 */
#include "tests/engine_box.h"

#define NFS 3

/* What each NF of the chain does. */
static struct teller {
	int each;		/* alerts a function raises */
	int walk;		/* and packet() itself, before it */
	uint16_t port_xor;	/* rewrites the source port, behind them */
	struct nf *nf;
} tellers[NFS];

static void tell(const struct teller *t, const struct nf_pkt *pkt,
		 const char *from, int n)
{
	nf_alert(t->nf, pkt, json_pack("{s:s, s:i}", "from", from, "n", n));
}

static enum nf_sf_result tell_run(void *arg, struct nf_pkt *pkt)
{
	const struct teller *t = arg;

	for (int n = 0; n < t->each; n++)
		tell(t, pkt, "function", n);
	return NF_SF_NEXT;
}

static enum nf_verdict tell_packet(struct nf *nf, struct nf_pkt *pkt)
{
	static const struct state_function sf = {
		.name = "tell", .payload = NF_READ, .run = tell_run,
	};
	const struct teller *t = nf->priv;
	struct header_action ha;
	enum nf_verdict v;

	for (int n = 0; n < t->walk; n++)
		tell(t, pkt, "walk", n);
	v = nf_sf_run(nf, pkt, &sf, nf->priv);
	if (!t->port_xor)
		return v;
	ha = ha_modify_port(NFOLD_FIELD_SPORT,
			    pkt->sport ^ htons(t->port_xor));
	nf_pkt_set_sport(pkt, ha.port);
	localmat_add_HA(nf, pkt->fid, &ha);
	return v;
}

static const struct nf_ops tell_ops = { .name = "tell",
					.packet = tell_packet };

static void start(bool fold, int each)
{
	memset(&box, 0, sizeof(box));
	memset(tellers, 0, sizeof(tellers));
	for (int i = 0; i < NFS; i++) {
		tellers[i] = (struct teller){ .each = each,
					      .nf = &box.nf[i] };
		box.nf[i].ops = &tell_ops;
		box.nf[i].priv = &tellers[i];
		box.nfs[i] = &box.nf[i];
	}
	strcpy(box.chain.ports[0].name, "lan0");
	strcpy(box.chain.ports[1].name, "wan0");
	box_start_nfs(fold, 64, 1);
}

/* New reference. */
static json_t *alerts(uint64_t since)
{
	json_t *answer = engine_alerts(box.e, since);
	json_t *list = json_incref(json_object_get(answer, "alerts"));

	json_decref(answer);
	return list;
}

static json_int_t answer_of(uint64_t since, const char *key)
{
	json_t *answer = engine_alerts(box.e, since);
	json_int_t n = json_integer_value(json_object_get(answer, key));

	json_decref(answer);
	return n;
}

static json_int_t number(const json_t *alert, const char *key)
{
	return json_integer_value(json_object_get(alert, key));
}

static const char *text(const json_t *alert, const char *key)
{
	return json_string_value(json_object_get(alert, key));
}

static struct pkt packet(void)
{
	struct pkt f = request(IPPROTO_UDP, 4000);

	f.fill = 1;
	return f;
}

/* The packet that comes back. */
static struct pkt back(void)
{
	struct pkt f = packet();

	memcpy(f.src, packet().dst, sizeof(f.src));
	memcpy(f.dst, packet().src, sizeof(f.dst));
	f.sport = 80;
	f.dport = 4000;
	return f;
}

static void in_order(uint64_t since, int each, bool reply)
{
	json_t *list = alerts(since), *o;
	size_t n;

	assert_int_equal(json_array_size(list), NFS * each);
	json_array_foreach(list, n, o) {
		int nf = n / each;

		assert_int_equal(number(o, "nf_index"),
				 reply ? NFS - 1 - nf : nf);
		assert_int_equal(number(json_object_get(o, "alert"), "n"),
				 n % each);
		assert_string_equal(text(o, "direction"),
				    reply ? "reply" : "original");
	}
	json_decref(list);
}

/* All three read, so that they run at the same time. */
static void the_chains_order_on_any_thread(void **state)
{
	struct pkt f = packet(), b = back();
	uint64_t since = 0;

	(void)state;
	start(true, 2);
	for (int n = 0; n < 400; n++) {
		const struct pkt *one = n % 2 ? &b : &f;

		assert_int_equal(pass(one, n % 2), ENGINE_TX);
		assert_int_equal(box.pkt.outcome,
				 n < 2 ? NFOLD_REASON_SLOW_WALK :
					 NFOLD_REASON_SLOW_ENTRY);
		in_order(since, 2, n % 2);
		since = answer_of(since, "next");
	}
	assert_int_equal(since, 400 * NFS * 2);
	assert_int_equal(counted(NFOLD_REASON_ALERTS_LOST), 0);
}

static void says_what_it_is_about(void **state)
{
	struct pkt f = packet();
	json_t *list, *o;

	(void)state;
	start(true, 1);
	tellers[0].port_xor = 0x0101;
	for (int n = 0; n < 2; n++) {
		assert_int_equal(pass(&f, 0), ENGINE_TX);
		list = alerts(n * NFS);
		o = json_array_get(list, 0);
		assert_int_equal(number(o, "sport"), 4000);
		assert_string_equal(text(o, "nf"), "tell");
		o = json_array_get(list, 1);
		assert_string_equal(text(o, "nf"), "tell#2");
		assert_int_equal(number(o, "sport"), 4000 ^ 0x0101);
		assert_int_equal(number(o, "dport"), 80);
		assert_string_equal(text(o, "src"), "10.0.0.2");
		assert_string_equal(text(o, "dst"), "198.51.100.80");
		assert_string_equal(text(o, "proto"), "udp");
		assert_string_equal(text(o, "in"), "lan0");
		assert_int_equal(number(o, "time_ns"), box.now);
		assert_int_equal(number(o, "len"), box.len);
		json_decref(list);
	}
}

static json_t *all_of_a_run(bool fold)
{
	struct pkt f = packet(), b = back();
	json_t *list;

	start(fold, 3);
	tellers[1].port_xor = 0x0404;
	for (int n = 0; n < 5; n++)
		pass(n % 3 == 2 ? &b : &f, n % 3 == 2);
	list = alerts(0);
	teardown(NULL);
	return list;
}

static void folded_as_unfolded(void **state)
{
	json_t *folded = all_of_a_run(true), *unfolded = all_of_a_run(false);

	(void)state;
	assert_int_equal(json_array_size(folded), 5 * NFS * 3);
	assert_true(json_equal(folded, unfolded));
	json_decref(folded);
	json_decref(unfolded);
	start(true, 1);
}

static void too_many_of_a_packet_are_counted(void **state)
{
	struct pkt f = packet();

	(void)state;
	start(true, 0);
	tellers[0].walk = 70;
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	assert_int_equal(answer_of(0, "raised"), 64);
	assert_int_equal(counted(NFOLD_REASON_ALERTS_LOST), 6);
}

static void a_full_log_keeps_the_last(void **state)
{
	struct pkt f = packet();
	json_t *list;

	(void)state;
	start(true, 20);
	for (int n = 0; n < 17; n++)
		assert_int_equal(pass(&f, 0), ENGINE_TX);
	assert_int_equal(counted(NFOLD_REASON_ALERTS_LOST), 0);
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	assert_int_equal(counted(NFOLD_REASON_ALERTS_LOST),
			 18 * 60 - 1024);
	assert_int_equal(answer_of(0, "missed"), 18 * 60 - 1024);
	assert_int_equal(answer_of(0, "next"), 18 * 60 - 1024 + 128);
	list = alerts(18 * 60 - 1);
	assert_int_equal(json_array_size(list), 1);
	json_decref(list);
	/* All were asked for: who overwrites them loses nothing. */
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	assert_int_equal(counted(NFOLD_REASON_ALERTS_LOST),
			 18 * 60 - 1024);
	assert_int_equal(answer_of(1 << 20, "next"), 19 * 60);
}

static enum nf_verdict bad_packet(struct nf *nf, struct nf_pkt *pkt)
{
	static const char bytes[2] = { (char)0xc3, (char)0x28 };
	char large[5000];

	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	nf_alert(nf, pkt, NULL);
	nf_alert(nf, pkt, json_array());
	nf_alert(nf, pkt, json_pack("{s:s%}", "payload", bytes,
				    sizeof(bytes)));
	nf_alert(nf, pkt, json_pack("{s:s}", "payload", large));
	return NF_FORWARD;
}

static void what_is_no_alert_is_counted(void **state)
{
	static const struct nf_ops ops = { .name = "bad",
					   .packet = bad_packet };
	struct pkt f = packet();

	(void)state;
	memset(&box, 0, sizeof(box));
	box.nf[0].ops = &ops;
	box.nfs[0] = &box.nf[0];
	box_start_nfs(true, 64, 0);
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	assert_int_equal(counted(NFOLD_REASON_ALERTS_LOST), 4);
	assert_int_equal(answer_of(0, "raised"), 0);
}

#define T(f) cmocka_unit_test_teardown(f, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_chains_order_on_any_thread),
		T(says_what_it_is_about),
		T(folded_as_unfolded),
		T(too_many_of_a_packet_are_counted),
		T(a_full_log_keeps_the_last),
		T(what_is_no_alert_is_counted),
	};

	return cmocka_run_group_tests_name("alert", tests, NULL, NULL);
}
