// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Header actions that are functions of the packet and not constants of its flow
 * (holes H9 and H10 of the paper): TTL, DSCP, sequence numbers, in XDP as in
 * the unfolded chain and as computed here; and where a packet's TTL ends.
 */
#include <time.h>

#include "sides.h"

static struct sides s;

/* --- NFs --- */

#define SEQ_ADD 0x7ffffff0U
#define ACK_ADD (-77U)
#define DSCP 18

static enum nf_verdict hop_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct header_action ha = ha_ttl(1);

	if (!nf_pkt_ttl_dec(pkt, 1))
		return nf_drop(pkt, NFOLD_REASON_TTL_EXCEEDED);
	localmat_add_HA(nf, pkt->fid, &ha);
	return NF_FORWARD;
}

static enum nf_verdict shift_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct header_action ha = ha_seq(SEQ_ADD, ACK_ADD);

	nf_pkt_shift_seq(pkt, SEQ_ADD, ACK_ADD);
	localmat_add_HA(nf, pkt->fid, &ha);
	ha = ha_dscp(DSCP);
	nf_pkt_set_dscp(pkt, DSCP);
	localmat_add_HA(nf, pkt->fid, &ha);
	return NF_FORWARD;
}

static const struct nf_ops hop_ops = { .name = "hop", .packet = hop_packet };
static const struct nf_ops shift_ops = { .name = "shift", .edits = true,
					 .packet = shift_packet };
static const struct nf_ops silent_ops = { .name = "shift",
					  .packet = shift_packet };

/* --- H9 --- */

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

struct fields {
	uint8_t tos;		/* DSCP and ECN */
	uint8_t ttl, flags;
	uint32_t seq, ack;
};

static uint32_t build(uint8_t *frame, int family, const struct fields *f)
{
	struct pkt k = pkt_new(family, IPPROTO_TCP);
	uint32_t len, l4 = 14 + (family == 4 ? 20 : 40);

	k.ttl = f->ttl;
	k.flags = f->flags;
	len = pkt_build(&k, frame);
	if (family == 4) {
		frame[15] = f->tos;
		put16(frame + 24, 0);
		put16(frame + 24, ~pkt_sum(frame + 14, 20, 0));
	} else {
		frame[14] = 6 << 4 | f->tos >> 4;
		frame[15] = f->tos << 4;
	}
	put32(frame + l4 + 4, f->seq);
	put32(frame + l4 + 8, f->ack);
	pkt_set_csum(&k, frame + l4, len - l4, 16, true);
	return len;
}

static void h9_functions_of_the_packet_are_folded(void **state)
{
	static const struct nf_ops *const ops[] = { &hop_ops, &shift_ops,
						    &hop_ops, &shift_ops,
						    NULL };
	const char *env = getenv("NFOLD_SEED");
	unsigned int seed = env ? (unsigned int)atol(env) :
				  (unsigned int)time(NULL);
	int fast = 0;

	(void)state;
	print_message("# NFOLD_SEED=%u\n", seed);
	srandom(seed);
	sides_new(&s, WIRE, "monitor; monitor; monitor; monitor;",
		  ops);
	for (int i = 0; i < 2000; i++) {
		int family = i % 2 ? 6 : 4;
		struct fields f = {
			.tos = random(), .ttl = 3 + random() % 253,
			.flags = random() % 4 ? NFOLD_TCP_ACK : 0x08,
			.seq = random() * 2654435761U,
			.ack = random() * 2654435761U,
		}, want = f;
		uint8_t frame[PKT_MAX], out[PKT_MAX];
		struct oracle_result res;
		uint32_t len = build(frame, family, &f);

		res = sides_frame(&s, 0, frame, len);
		want.ttl -= 2;
		want.tos = DSCP << 2 | (f.tos & 3);
		want.seq += 2 * SEQ_ADD;
		if (f.flags & NFOLD_TCP_ACK)
			want.ack += 2 * ACK_ADD;
		build(out, family, &want);
		assert_int_equal(res.verdict, ORACLE_SENT);
		assert_int_equal(get32(res.bytes + 14 + (family == 4 ? 24 : 44)),
				 want.seq);
		assert_int_equal(res.len, len);
		assert_memory_equal(res.bytes, out, len);
		fast += !res.punted;
	}
	print_message("# %d of 2000 in XDP\n", fast);
	assert_true(fast > 1990);
	sides_free(&s);
}

/* The program has no code for edits unless an NF says that it makes some. */
static void h9_an_nf_that_does_not_say_it_edits_is_slow(void **state)
{
	static const struct nf_ops *const ops[] = { &silent_ops, NULL };
	struct pkt k = pkt_new(4, IPPROTO_TCP);

	(void)state;
	sides_new(&s, WIRE, "monitor;", ops);
	for (int i = 0; i < 20; i++) {
		struct oracle_result res = sides_send(&s, 0, &k);

		assert_int_equal(res.verdict, ORACLE_SENT);
		assert_int_equal(res.bytes[15], DSCP << 2);
		assert_true(res.walked);
	}
	sides_free(&s);
}

/* --- H10 --- */

#define HOPS 3

/* Packets that each of the four monitors must have seen: the NFs before the
 * hop at which one dies have, those behind have not. */
static json_int_t seen[HOPS + 1];

static void send_ttl(int family, uint8_t ttl)
{
	struct pkt k = pkt_new(family, IPPROTO_UDP);
	struct oracle_result res;

	k.ttl = ttl;
	res = sides_send(&s, 0, &k);
	assert_int_equal(res.verdict, ttl > HOPS ? ORACLE_SENT : ORACLE_DROP);
	if (ttl <= HOPS) {
		assert_int_equal(res.reason, NFOLD_REASON_TTL_EXCEEDED);
		/* NF 1 is a monitor, NF 2 the first hop. */
		assert_int_equal(res.drop_nf, 2 * ttl);
	}
	for (int i = 0; i <= HOPS && i < ttl; i++)
		seen[i]++;
}

/* RFC 1812 section 5.3.1: TTL n dies at the n-th hop. */
static void h10_a_packet_dies_at_its_hop_of_a_chain_of_three(void **state)
{
	static const struct nf_ops *const ops[] = {
		&monitor_ops, &hop_ops, &monitor_ops, &hop_ops,
		&monitor_ops, &hop_ops, &monitor_ops, NULL };
	static const char *const names[] = { "monitor", "monitor#2",
					     "monitor#3", "monitor#4" };

	(void)state;
	sides_new(&s, WIRE,
		  "monitor; monitor; monitor; monitor; monitor; monitor; "
		  "monitor;", ops);
	for (int n = 0; n < 40; n++)
		for (int family = 4; family <= 6; family += 2)
			/* first on a new flow, then on a folded one */
			send_ttl(family, n < 2 ? 2 : 1 + n % 6);
	for (int i = 0; i <= HOPS; i++)
		assert_int_equal(sides_counted(&s, names[i]), seen[i]);
	assert_true(seen[0] > seen[1] && seen[1] > seen[2] &&
		    seen[2] > seen[3] && seen[3]);
	sides_states_equal(&s);
	sides_free(&s);
}

/* The box as a router: the sender of each packet that dies is told, by the
 * address of the port that it came in by; the others lose the router's hop too.
 * The sides agree on the bytes. */
static void h10_the_sender_is_told_by_the_right_address(void **state)
{
	static const struct nf_ops *const ops[] = {
		&monitor_ops, &hop_ops, &hop_ops, &monitor_ops, NULL };
	const struct nfold_port *in;
	int told = 0;

	(void)state;
	sides_new(&s, ROUTER, "monitor; monitor; monitor; monitor;", ops);
	in = oracle_maps(s.o[0])->ports;
	for (int i = 0; i < 2; i++) {
		struct nfold_port *port = oracle_maps(s.o[i])->ports;

		port->addr4 = inet_addr("10.0.0.1");
		inet_pton(AF_INET6, "2001:db8::1", port->addr6);
	}
	for (int n = 0; n < 40; n++) {
		struct pkt k = pkt_new(n % 2 ? 6 : 4, IPPROTO_UDP);
		struct oracle_result res;

		k.ttl = 1 + (n / 2 + 3) % 6;
		memcpy(k.dmac, in->mac, 6);
		res = sides_send(&s, 0, &k);
		assert_int_equal(res.verdict, ORACLE_SENT);
		assert_int_equal(res.port, k.ttl > 3);
		if (k.ttl > 3) {
			assert_int_equal(res.bytes[n % 2 ? 21 : 22], k.ttl - 3);
			continue;
		}
		told++;
		assert_int_equal(res.reason, NFOLD_REASON_TTL_EXCEEDED);
		assert_memory_equal(res.bytes, k.smac, 6);
		if (n % 2)
			assert_memory_equal(res.bytes + 22, in->addr6, 16);
		else
			assert_memory_equal(res.bytes + 26, &in->addr4, 4);
		assert_int_equal(res.bytes[n % 2 ? 54 : 34], n % 2 ? 3 : 11);
	}
	assert_true(told > 15);
	sides_states_equal(&s);
	sides_free(&s);
}

/* What dies at a hop before the NF that denies its folded flow is not what that
 * NF's record says: its sender is told. */
static void h10_a_death_is_not_the_denial_behind_it(void **state)
{
	static const struct nf_ops *const ops[] = { &hop_ops, NULL };
	struct pkt k = pkt_new(4, IPPROTO_UDP);

	(void)state;
	sides_new(&s, ROUTER, "monitor; firewall { default deny; }", ops);
	for (int i = 0; i < 2; i++)
		oracle_maps(s.o[i])->ports[0].addr4 = inet_addr("10.0.0.1");
	memcpy(k.dmac, oracle_maps(s.o[0])->ports[0].mac, 6);
	for (int i = 0; i < 12; i++) {
		struct oracle_result res;

		k.ttl = i % 4 == 3 ? 1 : 64;
		res = sides_send(&s, 0, &k);
		assert_int_equal(res.verdict, k.ttl == 1 ? ORACLE_SENT :
							   ORACLE_DROP);
		assert_int_equal(res.reason, k.ttl == 1 ?
					     NFOLD_REASON_TTL_EXCEEDED :
					     NFOLD_REASON_FIREWALL_DENY);
		/* A death leaves the entry as it is. */
		if (i && k.ttl != 1)
			assert_int_equal(res.punted, NFOLD_REASON_NONE);
	}
	sides_free(&s);
}

/* Forwards until it is told to deny. */
static bool gate_denies;

static enum nf_verdict gate_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct header_action drop = ha_drop(NFOLD_REASON_FIREWALL_DENY);

	if (!gate_denies)
		return NF_FORWARD;
	localmat_add_HA(nf, pkt->fid, &drop);
	return nf_drop(pkt, NFOLD_REASON_FIREWALL_DENY);
}

/* A flow that has been forwarded and is denied now is recorded once on the side
 * that does not fold: a packet that dies at the hop before is not taken for what
 * the record ends with. */
static void h10_a_death_is_not_the_denial_of_before(void **state)
{
	static const struct nf_ops gate = { .name = "gate",
					    .packet = gate_packet };
	static const struct nf_ops *const ops[] = { &hop_ops, &gate, NULL };
	struct pkt k = pkt_new(4, IPPROTO_UDP);
	struct oracle_result res;

	(void)state;
	gate_denies = false;
	sides_new(&s, ROUTER, "monitor; monitor;", ops);
	for (int i = 0; i < 2; i++)
		oracle_maps(s.o[i])->ports[0].addr4 = inet_addr("10.0.0.1");
	memcpy(k.dmac, oracle_maps(s.o[0])->ports[0].mac, 6);
	assert_int_equal(sides_send(&s, 0, &k).verdict, ORACLE_SENT);
	gate_denies = true;
	for (int i = 0; i < 2; i++)
		engine_invalidate_all(oracle_engine(s.o[i]));
	for (int i = 0; i < 6; i++) {
		k.ttl = i % 2 ? 1 : 64;
		res = sides_send(&s, 0, &k);
		assert_int_equal(res.verdict, i % 2 ? ORACLE_SENT :
						      ORACLE_DROP);
		assert_int_equal(res.reason, i % 2 ?
					     NFOLD_REASON_TTL_EXCEEDED :
					     NFOLD_REASON_FIREWALL_DENY);
	}
	sides_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SIDES_TEST(h9_functions_of_the_packet_are_folded),
		SIDES_TEST(h9_an_nf_that_does_not_say_it_edits_is_slow),
		SIDES_TEST(h10_a_packet_dies_at_its_hop_of_a_chain_of_three),
		SIDES_TEST(h10_the_sender_is_told_by_the_right_address),
		SIDES_TEST(h10_a_death_is_not_the_denial_behind_it),
		SIDES_TEST(h10_a_death_is_not_the_denial_of_before),
	};

	return cmocka_run_group_tests_name("functions of the packet", tests,
					   sides_net, NULL);
}
