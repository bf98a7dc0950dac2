/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* lb while it runs: statements, health, who moves and who stays, direct return.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chains/lb/lb.h"
#include "tests/nf_fake.h"

extern const struct nf_ops lb_ops;

#define VIP "198.51.100.80"
#define A "10.1.1.1:80"
#define B "10.1.1.2:80"
#define C "10.1.1.3:80"
#define SERVICE(rest) "seed 1; table-size 1009; service web { vip " VIP \
	":80/tcp " VIP ":81/udp; backend " A "; backend " B "; backend " C \
	"; " rest " }"
#define SESSIONS 60

/* Sessions of one test: nf_invalidate() sees them. */
static struct nf_pkt sent[SESSIONS];

static struct lb_session *session(int i)
{
	return fake_watched[i];
}

static enum nf_verdict send_one(struct nf *nf, int i, uint8_t l4proto)
{
	bool opening = !session(i)->vip;

	sent[i] = fake_pkt(fake_watched[i], l4proto, "10.0.0.1", 2000 + i,
			   VIP, l4proto == IPPROTO_TCP ? 80 : 81);
	sent[i].opening = opening;
	sent[i].family = 4;
	return fake_run(nf, &sent[i]);
}

static struct nf *begin(const char *text)
{
	struct nf *nf = fake_nf(&lb_ops, text);

	fake_watched_cnt = SESSIONS;
	for (int i = 0; i < SESSIONS; i++)
		fake_watched[i] = fake_session(nf);
	return nf;
}

static void open_all(struct nf *nf, uint8_t l4proto)
{
	for (int i = 0; i < SESSIONS; i++)
		assert_int_equal(send_one(nf, i, l4proto), NF_FORWARD);
}

static void renew(struct nf *nf, int i)
{
	fake_expire(nf, fake_watched[i]);
	fake_watched[i] = fake_session(nf);
}

static void end(struct nf *nf)
{
	for (int i = 0; i < SESSIONS; i++)
		fake_expire(nf, fake_watched[i]);
	fake_watched_cnt = 0;
	fake_nf_free(nf);
}

static void set(struct nf *nf, const char *text)
{
	struct conf_error err;

	memset(fake_hit, 0, sizeof(fake_hit));
	if (fake_set(nf, text, &err)) {
		conf_error_print(stderr, &err);
		fail();
	}
}

static struct lb_service *service(struct nf *nf)
{
	return ((struct lb *)nf->priv)->services;
}

static struct lb_backend *backend(struct nf *nf, const char *name)
{
	struct lb_service *svc = service(nf);

	for (uint32_t i = 0; i < svc->backend_cnt; i++)
		if (!strcmp(svc->backends[i]->name, name))
			return svc->backends[i];
	for (uint32_t i = 0; i < svc->gone_cnt; i++)
		if (!strcmp(svc->gone[i]->name, name))
			return svc->gone[i];
	return NULL;
}

static bool is_at(int i, const char *name)
{
	return !strcmp(session(i)->backend->name, name);
}

static int count_at(const char *name)
{
	int n = 0;

	for (int i = 0; i < SESSIONS; i++)
		n += is_at(i, name);
	return n;
}

static void where(const struct lb_backend *out[SESSIONS])
{
	for (int i = 0; i < SESSIONS; i++)
		out[i] = session(i)->backend;
}

/* Those who were at `left` are elsewhere now, all others where they were, and
 * only the former were invalidated. */
static void only_moved_from(const char *left,
			    const struct lb_backend *was[SESSIONS])
{
	int moved = 0;

	for (int i = 0; i < SESSIONS; i++) {
		bool leaves = !strcmp(was[i]->name, left);

		assert_int_equal(fake_hit[i], leaves);
		assert_int_equal(session(i)->backend != was[i], leaves);
		moved += leaves;
	}
	assert_true(moved > 0);
}

/* --- statements --- */

static void a_drained_backend_keeps_what_it_has_and_gets_nothing(void **state)
{
	struct nf *nf = begin(SERVICE(""));
	const struct lb_backend *was[SESSIONS], *a = backend(nf, A);
	uint64_t opened;

	(void)state;
	open_all(nf, IPPROTO_TCP);
	where(was);
	opened = a->opened;
	assert_true(opened > 0);
	set(nf, "drain web " A ";");
	assert_int_equal(a->slots, 0);
	for (int i = 0; i < SESSIONS; i++)
		assert_false(fake_hit[i]);
	open_all(nf, IPPROTO_TCP);
	for (int i = 0; i < SESSIONS; i++)
		assert_ptr_equal(session(i)->backend, was[i]);
	end(nf);
	nf = begin(SERVICE(""));
	set(nf, "drain web " A ";");
	open_all(nf, IPPROTO_TCP);
	assert_int_equal(count_at(A), 0);
	set(nf, "undrain web " A ";");
	assert_in_range(backend(nf, A)->slots, 336, 337);
	end(nf);
}

static void weights_are_changed_for_new_sessions(void **state)
{
	struct nf *nf = begin(SERVICE(""));
	const struct lb_backend *was[SESSIONS];

	(void)state;
	open_all(nf, IPPROTO_TCP);
	where(was);
	set(nf, "weight web " A " 8; weight web " B " 0;");
	assert_in_range(backend(nf, A)->slots, 895, 898);
	assert_int_equal(backend(nf, B)->slots, 0);
	open_all(nf, IPPROTO_TCP);
	for (int i = 0; i < SESSIONS; i++)
		assert_ptr_equal(session(i)->backend, was[i]);
	end(nf);
}

static void an_added_backend_gets_its_share_of_what_is_new(void **state)
{
	struct nf *nf = begin(SERVICE(""));
	const struct lb_backend *was[SESSIONS];

	(void)state;
	open_all(nf, IPPROTO_TCP);
	where(was);
	set(nf, "add web 10.1.1.4:80 weight 3;");
	assert_in_range(backend(nf, "10.1.1.4:80")->slots, 504, 505);
	open_all(nf, IPPROTO_TCP);
	for (int i = 0; i < SESSIONS; i++)
		assert_ptr_equal(session(i)->backend, was[i]);
	end(nf);
}

static void statements_are_done_whole_or_not_at_all(void **state)
{
	static const char *const bad[][2] = {
		{ "drain web " A "; drane web " B ";", "drain" },
		{ "drain web " A "; drain web 10.1.1.9:80;", "one of them" },
		{ "drain web " A "; drain wep " B ";", "web" },
		{ "drain web " A "; drain web;", "drain SERVICE" },
		{ "drain web " A "; drain web " B " 3;", "drain SERVICE" },
		{ "drain web " A "; drain web nonsense;", "" },
		{ "drain web " A "; drain web [2001:db8::1]:80;", "IPv4" },
		{ "drain web " A "; weight web " B ";", "weight SERVICE" },
		{ "drain web " A "; weight web " B " 65536;", "" },
		{ "drain web " A "; weight web " B " x;", "" },
		{ "drain web " A "; add web " B ";", "already" },
		{ "drain web " A "; add web 10.1.1.4:80/tcp;", "leave out" },
		{ "drain web " A "; add web 10.1.1.4:80 weigh 3;", "weight N" },
		{ "drain web " A "; add web 10.1.1.4:0;", "65535" },
		{ "remove web " A "; remove web " B "; remove web " C ";",
		  "last backend" },
		{ "remove web " A "; drain web " A ";", "no backend" },
		{ "drain web " A " { }", "" },
		{ "drain web " A "; weight web " A " 3", "';'" },
	};
	struct nf *nf = begin(SERVICE(""));
	char *before = fake_text(lb_ops.show(nf)), *after;
	struct conf_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(fake_set(nf, bad[i][0], &err), -1);
		if (!strstr(err.message, bad[i][1]) &&
		    !strstr(err.hint, bad[i][1]))
			fail_msg("%s: no '%s' in '%s' (%s)", bad[i][0],
				 bad[i][1], err.message, err.hint);
		assert_int_equal(err.line, 1);
		assert_string_equal(err.file, "statements");
		after = fake_text(lb_ops.show(nf));
		assert_string_equal(before, after);
		free(after);
	}
	free(before);
	end(nf);
}

static void many_statements_take_effect_together(void **state)
{
	struct nf *nf = begin(SERVICE(""));

	(void)state;
	set(nf, "add web 10.1.1.4:80; remove web 10.1.1.4:80; remove web " A
		"; add web " A " weight 2; drain web " B "; undrain web " B
		"; weight web " C " 0; add web 10.1.1.5:80;");
	assert_null(backend(nf, "10.1.1.4:80"));
	assert_int_equal(service(nf)->backend_cnt, 4);
	assert_int_equal(service(nf)->gone_cnt, 0);
	assert_in_range(backend(nf, A)->slots, 504, 505);
	assert_in_range(backend(nf, B)->slots, 252, 253);
	assert_int_equal(backend(nf, C)->slots, 0);
	end(nf);
}

/* --- on-remove --- */

static void removed_with_drain_sessions_stay(void **state)
{
	struct nf *nf = begin(SERVICE("on-remove drain;"));
	const struct lb_backend *was[SESSIONS];
	int at;

	(void)state;
	open_all(nf, IPPROTO_TCP);
	where(was);
	at = count_at(A);
	set(nf, "remove web " A ";");
	open_all(nf, IPPROTO_TCP);
	for (int i = 0; i < SESSIONS; i++) {
		assert_false(fake_hit[i]);
		assert_ptr_equal(session(i)->backend, was[i]);
	}
	assert_true(at > 0);
	/* it comes back with what it still has */
	set(nf, "add web " A ";");
	assert_int_equal(backend(nf, A)->sessions, at);
	assert_int_equal(service(nf)->gone_cnt, 0);
	end(nf);
}

static void removed_with_rehash_its_sessions_move(void **state)
{
	struct nf *nf = begin(SERVICE("on-remove rehash;"));
	const struct lb_backend *was[SESSIONS];
	int at;

	(void)state;
	open_all(nf, IPPROTO_TCP);
	where(was);
	at = count_at(A);
	set(nf, "remove web " A ";");
	open_all(nf, IPPROTO_TCP);
	only_moved_from(A, was);
	assert_int_equal(backend(nf, A)->sessions, 0);
	assert_int_equal(backend(nf, A)->moved, at);
	end(nf);
}

static void removed_with_reset_tcp_is_reset_and_udp_moves(void **state)
{
	struct nf *nf = begin(SERVICE("on-remove reset;"));
	const struct lb_backend *was[SESSIONS];
	int resets = 0;

	(void)state;
	open_all(nf, IPPROTO_TCP);
	where(was);
	set(nf, "remove web " A ";");
	for (int i = 0; i < SESSIONS; i++) {
		bool hit = was[i] == backend(nf, A);
		enum nf_verdict v = send_one(nf, i, IPPROTO_TCP);

		assert_int_equal(fake_hit[i], hit);
		assert_int_equal(sent[i].reset, hit);
		assert_ptr_equal(session(i)->backend, was[i]);
		if (hit)
			fake_assert_drop_once(v, &sent[i],
					      NFOLD_REASON_LB_RESET);
		resets += hit;
	}
	assert_int_equal(backend(nf, A)->reset, resets);
	end(nf);
	nf = begin(SERVICE("on-remove reset;"));
	open_all(nf, IPPROTO_UDP);
	where(was);
	set(nf, "remove web " A ";");
	open_all(nf, IPPROTO_UDP);
	only_moved_from(A, was);
	end(nf);
}

/* --- health --- */

static void note_target(void *ctx, const struct nf_target *t)
{
	struct nf_target *all = ctx;
	int i = 0;

	while (all[i].id)
		i++;
	all[i] = *t;
}

static void each_backend_is_a_target(void **state)
{
	struct nf_target t[8] = { 0 };
	struct nf *nf = fake_nf(&lb_ops, SERVICE(
		"health http /ok?x status 204 host www.example.org "
		"interval 2s timeout 300ms rise 4 fall 5 hold 6s port 8081;")
		"service plain { vip " VIP ":82/tcp; backend 10.1.1.8:80; }");

	(void)state;
	nf->ops->targets(nf, note_target, t);
	assert_int_equal(t[3].id, 0);
	assert_int_not_equal(t[0].id, t[1].id);
	assert_string_equal(t[1].name, "web " B);
	assert_int_equal(t[1].family, 4);
	assert_true(fake_addr_is(&t[1].addr, "10.1.1.2"));
	assert_int_equal(t[1].port, 8081);
	assert_true(t[1].up);
	assert_int_equal(t[1].check.kind, NF_CHECK_HTTP);
	assert_string_equal(t[1].check.path, "/ok?x");
	assert_string_equal(t[1].check.host, "www.example.org");
	assert_int_equal(t[1].check.status_first, 204);
	assert_int_equal(t[1].check.status_last, 204);
	assert_int_equal(t[1].check.interval, 2 * NF_SEC);
	assert_int_equal(t[1].check.timeout, 3 * NF_SEC / 10);
	assert_int_equal(t[1].check.rise, 4);
	assert_int_equal(t[1].check.fall, 5);
	assert_int_equal(t[1].check.hold, 6 * NF_SEC);
	fake_nf_free(nf);
}

static void health(struct nf *nf, const char *name, bool up)
{
	memset(fake_hit, 0, sizeof(fake_hit));
	nf->ops->health(nf, backend(nf, name)->id, up, fake_now);
}

static void a_failed_backend_loses_its_own_sessions_only(void **state)
{
	struct nf *nf = begin(SERVICE("health tcp;"));
	const struct lb_backend *was[SESSIONS];

	(void)state;
	open_all(nf, IPPROTO_TCP);
	where(was);
	health(nf, A, false);
	open_all(nf, IPPROTO_TCP);	/* before the table is built anew */
	only_moved_from(A, was);
	nf->ops->tick(nf, fake_now);
	assert_int_equal(backend(nf, A)->slots, 0);
	/* back: its slots, for what is new */
	where(was);
	health(nf, A, true);
	nf->ops->tick(nf, fake_now);
	assert_in_range(backend(nf, A)->slots, 336, 337);
	open_all(nf, IPPROTO_TCP);
	for (int i = 0; i < SESSIONS; i++) {
		assert_false(fake_hit[i]);
		assert_ptr_equal(session(i)->backend, was[i]);
	}
	end(nf);
}

/* Sessions that exist are where they were until the tick, for folded ones do not
 * walk before; a new one is not sent to who is down. */
static void several_that_fail_between_two_ticks(void **state)
{
	struct nf *nf = begin(SERVICE("health tcp;"));
	const struct lb_backend *was[SESSIONS];

	(void)state;
	open_all(nf, IPPROTO_TCP);
	renew(nf, 0);
	where(was);
	health(nf, A, false);
	health(nf, B, false);
	open_all(nf, IPPROTO_TCP);
	assert_true(is_at(0, C));
	for (int i = 1; i < SESSIONS; i++) {
		assert_false(fake_hit[i]);
		assert_ptr_equal(session(i)->backend, was[i]);
	}
	nf->ops->tick(nf, fake_now);
	for (int i = 1; i < SESSIONS; i++)
		assert_int_equal(fake_hit[i], was[i] != backend(nf, C));
	open_all(nf, IPPROTO_TCP);
	assert_int_equal(count_at(C), SESSIONS);
	renew(nf, 0);
	health(nf, C, false);
	health(nf, A, true);
	/* the table knows neither that C is down nor that A is up */
	open_all(nf, IPPROTO_TCP);
	assert_true(is_at(0, A));
	assert_int_equal(count_at(C), SESSIONS - 1);
	nf->ops->tick(nf, fake_now);
	assert_int_equal(backend(nf, A)->slots, 1009);
	open_all(nf, IPPROTO_TCP);
	assert_int_equal(count_at(A), SESSIONS);
	end(nf);
}

/* Who was refused is so until his drop, if it was folded, is invalidated. */
static void the_refused_wait_for_the_tick(void **state)
{
	struct nf *nf = begin(SERVICE("health tcp;"));
	enum nf_verdict v;

	(void)state;
	health(nf, A, false);
	health(nf, B, false);
	health(nf, C, false);
	nf->ops->tick(nf, fake_now);
	v = send_one(nf, 0, IPPROTO_TCP);
	fake_assert_drop(v, &sent[0], NFOLD_REASON_LB_ALL_DOWN);
	health(nf, A, true);
	health(nf, A, false);
	health(nf, B, true);
	v = send_one(nf, 0, IPPROTO_TCP);
	fake_assert_drop(v, &sent[0], NFOLD_REASON_LB_ALL_DOWN);
	assert_false(fake_hit[0]);
	assert_int_equal(send_one(nf, 1, IPPROTO_TCP), NF_FORWARD);
	nf->ops->tick(nf, fake_now);
	assert_true(fake_hit[0]);
	assert_int_equal(send_one(nf, 0, IPPROTO_TCP), NF_FORWARD);
	assert_true(is_at(0, B));
	end(nf);
}

static void with_all_down_old_ones_stay_and_new_ones_are_refused(void **state)
{
	struct nf *nf = begin(SERVICE("health tcp;"));
	const struct lb_backend *was[SESSIONS];
	const int old = SESSIONS / 2;
	enum nf_verdict v;

	(void)state;
	for (int i = 0; i < old; i++)
		assert_int_equal(send_one(nf, i, IPPROTO_TCP), NF_FORWARD);
	where(was);
	health(nf, A, false);
	health(nf, B, false);
	health(nf, C, false);
	nf->ops->tick(nf, fake_now);
	for (int i = 0; i < old; i++) {
		assert_int_equal(send_one(nf, i, IPPROTO_TCP), NF_FORWARD);
		assert_ptr_equal(session(i)->backend, was[i]);
	}
	for (int i = old; i < SESSIONS; i++) {
		v = send_one(nf, i, IPPROTO_TCP);
		fake_assert_drop(v, &sent[i], NFOLD_REASON_LB_ALL_DOWN);
	}
	/* one is up again: all walk the chain and go there, but its own */
	health(nf, B, true);
	for (int i = 0; i < SESSIONS; i++)
		assert_int_equal(fake_hit[i],
				 i >= old || was[i] != backend(nf, B));
	open_all(nf, IPPROTO_TCP);
	assert_int_equal(count_at(B), SESSIONS);
	end(nf);
}

static void the_operators_will_has_a_reason_of_its_own(void **state)
{
	struct nf *nf = begin(SERVICE("health tcp;"));
	enum nf_verdict v;

	(void)state;
	set(nf, "drain web " A "; drain web " B "; weight web " C " 0;");
	v = send_one(nf, 0, IPPROTO_TCP);
	fake_assert_drop(v, &sent[0], NFOLD_REASON_LB_NO_BACKEND);
	set(nf, "undrain web " A ";");
	assert_true(fake_hit[0]);
	assert_false(fake_hit[1]);
	assert_int_equal(send_one(nf, 0, IPPROTO_TCP), NF_FORWARD);
	end(nf);
}

static void what_is_no_target_any_more_is_not_heard(void **state)
{
	struct nf *nf = begin(SERVICE("health tcp;"));
	uint32_t id = backend(nf, A)->id;

	(void)state;
	set(nf, "remove web " A ";");
	nf->ops->health(nf, id, false, fake_now);
	nf->ops->health(nf, 12345, false, fake_now);
	assert_false(backend(nf, A)->down);
	assert_false(service(nf)->dirty);
	end(nf);
}

/* --- the table is of who is a member, whatever came before --- */

static void table_names(struct nf *nf, const char *out[1009])
{
	for (int i = 0; i < 1009; i++)
		out[i] = service(nf)->backends[service(nf)->table[i]]->name;
}

static void the_table_is_of_its_members_in_any_order_of_events(void **state)
{
	static const char *const ways[] = {
		"add web 10.1.1.4:80 weight 2; remove web " A ";",
		"remove web " A "; add web 10.1.1.5:80; drain web " B
		"; add web 10.1.1.4:80; remove web 10.1.1.5:80; "
		"undrain web " B "; weight web 10.1.1.4:80 2;",
		"remove web " C "; add web 10.1.1.4:80; remove web " B
		"; add web " C "; weight web 10.1.1.4:80 2; add web " B
		"; remove web " A ";",
	};
	const char *names[2][1009];

	(void)state;
	for (int k = 0; k < 3; k++) {
		struct nf *nf = begin(SERVICE("health tcp;"));

		if (k) {
			health(nf, B, false);
			nf->ops->tick(nf, fake_now);
		}
		set(nf, ways[k]);
		if (k)
			health(nf, B, true);
		nf->ops->tick(nf, fake_now);
		table_names(nf, names[!!k]);
		for (int i = 0; k && i < 1009; i++)
			assert_string_equal(names[0][i], names[1][i]);
		if (!k)		/* names are the NF's */
			for (int i = 0; i < 1009; i++)
				names[0][i] = !strcmp(names[0][i], B) ? B :
					      !strcmp(names[0][i], C) ? C :
								"10.1.1.4:80";
		end(nf);
	}
}

/* --- selection, direct return --- */

static void three_fields_select_whatever_the_clients_port(void **state)
{
	struct nf *nf = begin(SERVICE("tuple 3;"));
	int other = 0;

	(void)state;
	open_all(nf, IPPROTO_UDP);
	for (int i = 1; i < SESSIONS; i++)
		assert_ptr_equal(session(i)->backend, session(0)->backend);
	end(nf);
	/* another client, another backend: not always the same */
	nf = begin(SERVICE("tuple 3;"));
	for (int i = 0; i < SESSIONS; i++) {
		char client[32];

		snprintf(client, sizeof(client), "10.0.1.%d", i);
		sent[i] = fake_pkt(fake_watched[i], IPPROTO_UDP, client, 2000,
				   VIP, i % 2 ? 81 : 80);
		sent[i].l4proto = i % 2 ? IPPROTO_UDP : IPPROTO_TCP;
		assert_int_equal(fake_run(nf, &sent[i]), NF_FORWARD);
		other += session(i)->backend != session(0)->backend;
	}
	assert_in_range(other, 20, SESSIONS - 1);
	end(nf);
}

#define DSR(dsr) "seed 1; service web { vip " VIP ":80/tcp; " dsr

static void direct_return_puts_the_packet_in_a_tunnel(void **state)
{
	static const struct {
		const char *text;
		enum nf_tunnel_kind kind;
		int family;
		uint16_t port;
		const char *remote, *local;
	} cases[] = {
		{ DSR("dsr ipip from 10.1.0.1; backend 10.1.1.2:80; }"),
		  NF_TUNNEL_IPIP, 4, 0, "10.1.1.2", "10.1.0.1" },
		{ DSR("backend 10.1.1.2:80; dsr gue v4 from 10.1.0.1; }"),
		  NF_TUNNEL_GUE, 4, 6080, "10.1.1.2", "10.1.0.1" },
		{ DSR("dsr gue v6 from 2001:db8::1 port 7000; "
		      "backend [2001:db8::2]:80; }"),
		  NF_TUNNEL_GUE, 6, 7000, "2001:db8::2", "2001:db8::1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct nf *nf = fake_nf(&lb_ops, cases[i].text);
		void *s = fake_session(nf);
		struct nf_pkt pkt = fake_pkt(s, IPPROTO_TCP, "10.0.0.1", 1,
					     VIP, 80);
		const struct nf_tunnel *t;

		assert_int_equal(fake_run(nf, &pkt), NF_FORWARD);
		assert_int_equal(fake.cnt, 1);
		assert_int_equal(fake.records[0].ha.kind, HA_ENCAP);
		t = fake.records[0].ha.tunnel;
		assert_int_equal(t->kind, cases[i].kind);
		assert_int_equal(t->family, cases[i].family);
		assert_int_equal(ntohs(t->port), cases[i].port);
		assert_true(fake_addr_is(&t->remote, cases[i].remote));
		assert_true(fake_addr_is(&t->local, cases[i].local));
		assert_int_equal(pkt.depth, 1);
		fake_expire(nf, s);
		fake_nf_free(nf);
	}
}

static bool edits(const char *text)
{
	struct conf_block *tree;
	struct conf_error err;
	bool ret;

	assert_int_equal(conf_parse(&tree, "t", text, &err), 0);
	ret = lb_ops.edits_of(tree);
	conf_free(tree);
	return ret;
}

static void only_direct_return_needs_code_for_tunnels(void **state)
{
	(void)state;
	assert_false(lb_ops.edits);
	assert_false(edits(SERVICE("tuple 3;")));
	assert_true(edits(SERVICE("") DSR("dsr ipip from 1.2.3.4; }")));
}

#define TEST(t) cmocka_unit_test(t)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_drained_backend_keeps_what_it_has_and_gets_nothing),
		TEST(weights_are_changed_for_new_sessions),
		TEST(an_added_backend_gets_its_share_of_what_is_new),
		TEST(statements_are_done_whole_or_not_at_all),
		TEST(many_statements_take_effect_together),
		TEST(removed_with_drain_sessions_stay),
		TEST(removed_with_rehash_its_sessions_move),
		TEST(removed_with_reset_tcp_is_reset_and_udp_moves),
		TEST(each_backend_is_a_target),
		TEST(a_failed_backend_loses_its_own_sessions_only),
		TEST(several_that_fail_between_two_ticks),
		TEST(the_refused_wait_for_the_tick),
		TEST(with_all_down_old_ones_stay_and_new_ones_are_refused),
		TEST(the_operators_will_has_a_reason_of_its_own),
		TEST(what_is_no_target_any_more_is_not_heard),
		TEST(the_table_is_of_its_members_in_any_order_of_events),
		TEST(three_fields_select_whatever_the_clients_port),
		TEST(direct_return_puts_the_packet_in_a_tunnel),
		TEST(only_direct_return_needs_code_for_tunnels),
	};

	return cmocka_run_group_tests_name("lb set", tests, NULL, NULL);
}
