// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* TCP's ends (holes H2 and H3 of the paper, which deletes a flow at its first
 * FIN or RST): closing and reset connections stay the session that they are
 * and go on in XDP, until the transitory time has passed.
 */
#include "sides.h"

#define TRANSITORY 240	/* s: the chain's default, RFC 5382 REQ-5 */

#define SYN NFOLD_TCP_SYN
#define ACK NFOLD_TCP_ACK
#define FIN (NFOLD_TCP_FIN | NFOLD_TCP_ACK)
#define RST NFOLD_TCP_RST

static struct sides s;

static struct oracle_result tcp(int family, bool back, uint8_t flags,
				uint32_t payload)
{
	struct pkt k = pkt_new(family, IPPROTO_TCP), b;
	struct oracle_result res;

	b = own_answer(&k);
	if (back)
		k = b;
	k.flags = flags;
	k.payload = payload;
	res = sides_send(&s, back, &k);
	assert_int_equal(res.verdict, ORACLE_SENT);
	assert_int_equal(res.port, !back);
	return res;
}

/* In XDP, by the entry that was there: nothing fell back. */
static void fast(int family, bool back, uint8_t flags, uint32_t payload)
{
	assert_int_equal(tcp(family, back, flags, payload).punted,
			 NFOLD_REASON_NONE);
}

static void begin(int family)
{
	static const struct nf_ops *const ops[] = { &monitor_ops, &own_ops,
						    NULL };

	memset(&own, 0, sizeof(own));
	sides_new(&s, WIRE, "monitor; monitor;", ops);
	tcp(family, false, SYN, 0);
	tcp(family, true, SYN | ACK, 0);
	tcp(family, false, ACK, 0);
	sides_wait(&s, 5 * MS);
	fast(family, false, ACK, 100);
	fast(family, true, ACK, 100);
}

/* opened, expired: of both sides together. */
static void one_session_until_transitory_time_is_over(void)
{
	sides_wait(&s, (TRANSITORY - 5) * NF_SEC);
	assert_int_equal(sides_sessions(&s), 1);
	assert_int_equal(own.opened, 2);
	assert_int_equal(own.expired, 0);
	sides_wait(&s, 15 * NF_SEC);
	assert_int_equal(sides_sessions(&s), 0);
	assert_int_equal(own.expired, 2);
}

static void no_entry_is_left(int family)
{
	struct pkt k = pkt_new(family, IPPROTO_TCP), back = own_answer(&k);
	struct flow_entry e;

	assert_false(sides_entry(&s, 0, &k, &e));
	assert_false(sides_entry(&s, 1, &back, &e));
}

static void h2_a_closing_connection_stays_one_session(void **state)
{
	(void)state;
	for (int family = 4; family <= 6; family += 2) {
		begin(family);
		fast(family, false, FIN, 50);	/* FIN with payload */
		fast(family, false, FIN, 50);	/* and again */
		fast(family, true, ACK, 0);
		for (int i = 0; i < 5; i++) {	/* half closed, for long */
			sides_wait(&s, 1000 * NF_SEC);
			fast(family, true, ACK, 1000);
			fast(family, false, ACK, 0);
		}
		assert_int_equal(sides_sessions(&s), 1);
		fast(family, true, FIN, 7);
		fast(family, true, FIN, 7);
		fast(family, false, ACK, 0);	/* the last one */
		fast(family, false, ACK, 0);
		assert_int_equal(sides_counted(&s, "monitor"), 3 + 2 + 3 + 10 + 4);
		sides_states_equal(&s);
		one_session_until_transitory_time_is_over();
		no_entry_is_left(family);
		sides_free(&s);
	}
}

static void h3_a_forged_reset_ends_nothing_at_once(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		int family = i / 2 ? 6 : 4;
		bool back = i % 2;

		begin(family);
		fast(family, back, RST, 0);
		/* The two ends know better and go on. */
		for (int n = 0; n < 8; n++) {
			sides_wait(&s, 100 * NF_SEC);
			fast(family, !back, ACK, 100);
			fast(family, back, ACK, 100);
		}
		assert_int_equal(sides_counted(&s, "monitor"), 3 + 2 + 1 + 16);
		sides_states_equal(&s);
		one_session_until_transitory_time_is_over();
		no_entry_is_left(family);
		sides_free(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SIDES_TEST(h2_a_closing_connection_stays_one_session),
		SIDES_TEST(h3_a_forged_reset_ends_nothing_at_once),
	};

	return cmocka_run_group_tests_name("connection", tests, sides_net,
					   NULL);
}
