// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is told of a packet, events and alerts: the same folded and unfolded, at
 * the same packet and in the same order; and that the comparison sees it if it
 * is not so.
 */
#include "sides.h"

static struct pkt syn(void)
{
	struct pkt k = pkt_new(4, IPPROTO_TCP);

	k.flags = NFOLD_TCP_SYN;
	return k;
}

/* The member of the event-th event of a side. */
static const char *event_of(struct oracle *o, size_t event, const char *key)
{
	static char text[64];
	json_t *log = engine_event_show(oracle_engine(o), 0);
	json_t *ev = json_array_get(json_object_get(log, "events"), event);
	const char *word = json_string_value(json_object_get(ev, key));

	snprintf(text, sizeof(text), "%s", word ? word : "");
	json_decref(log);
	return text;
}

static json_int_t began(struct oracle *o)
{
	json_t *log = engine_event_show(oracle_engine(o), 0);
	json_int_t n = json_integer_value(json_object_get(log, "began"));

	json_decref(log);
	return n;
}

/* A drop that began where the packet walked, where the engine applied the entry,
 * and in XDP, is called the same. */
static void an_event_says_what_was_done(void **state)
{
	struct sides s;
	struct pkt k = syn();

	(void)state;
	sides_new(&s, WIRE, "dos { syn-threshold 5; }", NULL);
	for (int i = 1; i < 9; i++) {
		sides_send(&s, 0, &k);
		assert_int_equal(s.told.events, i == 6);
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(began(s.o[i]), 1);
		assert_string_equal(event_of(s.o[i], 0, "nf"), "dos");
		assert_string_equal(event_of(s.o[i], 0, "action"), "drop");
		assert_string_equal(event_of(s.o[i], 0, "reason"), "syn-flood");
	}
	sides_free(&s);
}

/* --- an NF whose event is no drop --- */

struct late_session {
	struct nfold_cell *cell;
};

static const struct header_action remark = { .kind = HA_DSCP, .value = 46 };
static const struct header_action *late_update;

static enum nf_verdict late_packet(struct nf *nf, struct nf_pkt *pkt)
{
	static const struct state_function sf = {
		.name = "late", .tell = true, .kernel = NFOLD_FN_THRESHOLD,
	};
	struct late_session *s = nf_session(nf, pkt);

	if (!s->cell) {
		s->cell = nf_cell_new(nf);
		s->cell->limit = 3;
	}
	localmat_add_SF(nf, pkt->fid, &sf, s->cell);
	register_event(nf, pkt->fid, nf_fired, s->cell, late_update, NULL);
	if (!nf_state_run(nf, pkt, &sf, s->cell) || !late_update)
		return NF_FORWARD;
	nf_pkt_set_dscp(pkt, 46);
	localmat_add_HA(nf, pkt->fid, &remark);
	return NF_FORWARD;
}

static void late_expire(struct nf *nf, void *session, uint64_t now)
{
	struct late_session *s = session;

	(void)now;
	if (s->cell)
		nf_cell_free(nf, s->cell);
}

static void late_exit(struct nf *nf)
{
	(void)nf;
}

static const struct nf_ops late_ops = {
	.name = "late", .session_size = sizeof(struct late_session),
	.cells = 1, .edits = true, .packet = late_packet,
	.expire = late_expire, .exit = late_exit,
};

static int no_init(struct nf *nf, const struct conf_block *block,
		   struct conf_error *err)
{
	(void)nf;
	(void)block;
	(void)err;
	return 0;
}

static void what_is_no_drop_is_told_as_it_is(void **state)
{
	static const struct header_action *const updates[] = { NULL, &remark };
	static const char *const words[] = { "tell", "refold" };
	struct nf_ops late = late_ops;
	const struct nf_ops *ops[] = { &late, NULL };
	struct pkt k = syn();
	struct sides s;

	(void)state;
	late.init = no_init;
	for (int u = 0; u < 2; u++) {
		late_update = updates[u];
		sides_new(&s, WIRE, "monitor;", ops);
		for (int i = 1; i < 6; i++) {
			sides_send(&s, 0, &k);
			assert_int_equal(s.told.events, i == 4);
		}
		for (int i = 0; i < 2; i++)
			assert_string_equal(event_of(s.o[i], 0, "action"),
					    words[u]);
		sides_free(&s);
	}
}

/* A policer's bucket tells nobody in service; here its begins are compared. */
static void what_is_not_told_in_service_is_compared(void **state)
{
	struct pkt k = syn();
	struct sides s;
	uint32_t events = 0;

	(void)state;
	sides_new(&s, WIRE, "policer { rate 1kpps; burst 2ms; per flow; }",
		  NULL);
	for (int i = 0; i < 30; i++) {
		sides_send(&s, 0, &k);
		events += s.told.events;
		if (i % 10 == 9)
			sides_wait(&s, 10 * MS);
	}
	assert_int_equal(events, 3);
	sides_free(&s);
}

/* A cell that is tampered with shows at the packet at which it matters, though
 * the packets do not differ. */
static void an_event_that_differs_is_seen(void **state)
{
	struct nf_ops late = late_ops;
	const struct nf_ops *ops[] = { &late, NULL };
	const char *what = NULL;
	struct oracle_result r;
	struct pkt k = syn();
	uint8_t frame[PKT_MAX];
	struct sides s;
	uint32_t len;
	int n = 0;

	(void)state;
	late.init = no_init;
	late_update = NULL;
	sides_new(&s, WIRE, "monitor;", ops);
	sides_send(&s, 0, &k);
	oracle_maps(s.o[1])->cells[0].limit = 4;
	len = pkt_build(&k, frame);
	for (n = 2; n < 9 && !what; n++) {
		for (int i = 0; i < 2; i++)
			oracle_packet(s.o[i], 0, frame, len, &r);
		what = oracle_told_differ(s.o[0], s.o[1], &s.told);
	}
	assert_int_equal(n - 1, 4);
	assert_string_equal(what, "events");
	assert_int_equal(json_array_size(json_array_get(s.told.pair, 0)), 1);
	assert_int_equal(json_array_size(json_array_get(s.told.pair, 1)), 0);
	json_decref(s.told.pair);
	sides_free(&s);
}

/* --- alerts --- */

static bool alert_wrong;	/* one side says something else */

static enum nf_sf_result watch_run(void *arg, struct nf_pkt *pkt)
{
	struct nf *nf = arg;
	uint32_t len;
	const uint8_t *p = nf_pkt_payload(pkt, &len);
	static int calls;

	if (len && p[0] == 7)
		nf_alert(nf, pkt, json_pack("{s:i, s:i}", "byte", p[0], "call",
					    alert_wrong ? calls++ : 0));
	return NF_SF_NEXT;
}

static enum nf_verdict watch_packet(struct nf *nf, struct nf_pkt *pkt)
{
	static const struct state_function sf = {
		.name = "watch", .payload = NF_READ, .run = watch_run,
	};

	return nf_sf_run(nf, pkt, &sf, nf);
}

static const struct nf_ops watch_ops = {
	.name = "watch", .init = no_init, .exit = late_exit,
	.packet = watch_packet,
};

static void alerts_are_compared(void **state)
{
	const struct nf_ops *ops[] = { &watch_ops, &watch_ops, NULL };
	struct oracle_told told;
	struct oracle_result r;
	uint8_t frame[PKT_MAX];
	struct pkt k = syn();
	struct sides s;
	uint32_t len;

	(void)state;
	alert_wrong = false;
	k.payload = 30;
	sides_new(&s, WIRE, "monitor; monitor;", ops);
	for (int i = 0; i < 20; i++) {
		k.fill = i % 2 ? 7 : 1;
		sides_send(&s, 0, &k);
		assert_int_equal(s.told.alerts, i % 2 ? 2 : 0);
	}
	alert_wrong = true;
	len = pkt_build(&k, frame);
	for (int i = 0; i < 2; i++)
		oracle_packet(s.o[i], 0, frame, len, &r);
	assert_string_equal(oracle_told_differ(s.o[0], s.o[1], &told), "alerts");
	assert_int_equal(json_array_size(told.pair), 2);
	json_decref(told.pair);
	sides_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SIDES_TEST(an_event_says_what_was_done),
		SIDES_TEST(what_is_no_drop_is_told_as_it_is),
		SIDES_TEST(what_is_not_told_in_service_is_compared),
		SIDES_TEST(an_event_that_differs_is_seen),
		SIDES_TEST(alerts_are_compared),
	};

	return cmocka_run_group_tests_name("told", tests, sides_net, NULL);
}
