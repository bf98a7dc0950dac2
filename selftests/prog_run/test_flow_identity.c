// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is a flow, and when does its entry hold (holes H1, H11, H13, H14, H15 and
 * H17 of the paper, whose flows are 20 bits of a hash): keys that collide, the
 * reply direction, packets without ports, a full table, packets on the way
 * while an entry is installed, and changes under live entries.
 */
#include "maps/flow_slot.h"
#include "maps/hash.h"
#include "tunnels.h"

static struct sides s;

static const struct nf_ops *const own_ops_only[] = { &own_ops, NULL };

/* --- H1: keys that collide --- */

#define TRIED (1 << 19)
#define CROWD 40		/* keys that share both buckets */
#define TWINS 6			/* pairs with the same 32 bits of hash */
#define PLAIN 500
#define FLOWS (CROWD + 2 * TWINS + PLAIN)

/* The n-th key's packet. Mixed (the finalizer of splitmix64, S. Vigna): of keys in
 * a regular row either very many have the same hash or none. */
static struct pkt nth(int family, uint32_t n)
{
	struct pkt k = pkt_new(family, IPPROTO_UDP);
	uint64_t x = (n + 1) * 0x9e3779b97f4a7c15ULL;
	uint32_t last = family == 4 ? 2 : 14;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	x ^= x >> 31;
	k.sport = x >> 48;
	put16(k.src + last, x >> 32);
	put16(k.dst + last, x >> 16);
	k.payload = 4;
	return k;
}

struct hashed {
	uint32_t n, h1, h2;
};

static struct hashed hash_of(int family, uint32_t n)
{
	const __u64 *seed = (const __u64 *)oracle_maps(s.o[0])->meta->config.seed;
	struct hashed h = { .n = n };
	struct pkt k = nth(family, n);
	struct nfold_parse p = { 0 };
	uint8_t frame[PKT_MAX];
	const void *key = family == 4 ? (void *)&p.key4 : (void *)&p.key6;
	int words = family == 4 ? NFOLD_KEY4_WORDS : NFOLD_KEY6_WORDS;

	assert_int_equal(nfold_parse(frame, frame + pkt_build(&k, frame), 0,
				     &p), 0);
	h.h1 = nfold_hash1(key, words, seed);
	h.h2 = nfold_hash2(key, words, seed);
	return h;
}

static int by_hash(const void *a, const void *b)
{
	const struct hashed *x = a, *y = b;

	return x->h1 < y->h1 ? -1 : x->h1 > y->h1;
}

/* Keys of the same hash: found by sorting, about 32 pairs in 2^19. */
static int find_twins(const struct hashed *h, uint32_t *out)
{
	int cnt = 0;

	for (int i = 1; i < TRIED && cnt < 2 * TWINS; i++)
		if (h[i].h1 == h[i - 1].h1) {
			out[cnt++] = h[i - 1].n;
			out[cnt++] = h[i++].n;
		}
	return cnt;
}

/* Keys that have the first one's two buckets, from n on. */
static void find_crowd(int family, uint32_t buckets, uint32_t n, uint32_t *out)
{
	struct hashed first = hash_of(family, n);

	for (int cnt = 0; cnt < CROWD; n++) {
		struct hashed h = hash_of(family, n);

		if (nfold_bucket(h.h1, buckets) ==
			    nfold_bucket(first.h1, buckets) &&
		    nfold_bucket(h.h2, buckets) ==
			    nfold_bucket(first.h2, buckets))
			out[cnt++] = n;
	}
}

/* The flows' numbers into out; how many there are. */
static int find_keys(int family, uint32_t *out)
{
	const struct nfold_config *c = &oracle_maps(s.o[0])->meta->config;
	struct hashed *h = calloc(TRIED, sizeof(*h));
	int cnt;

	assert_non_null(h);
	for (int i = 0; i < TRIED; i++)
		h[i] = hash_of(family, i);
	qsort(h, TRIED, sizeof(*h), by_hash);
	cnt = find_twins(h, out);
	free(h);
	find_crowd(family, family == 4 ? c->nbuckets4 : c->nbuckets6, TRIED,
		   out + cnt);
	cnt += CROWD;
	for (int i = 0; i < PLAIN; i++)
		out[cnt++] = 0x4000000 + i;
	return cnt;
}

/* Live slots behind the last bucket. */
static int overflow_used(int family)
{
	const struct instance_maps *m = oracle_maps(s.o[0]);
	const struct nfold_slot4 *v4 = m->slots4;
	const struct nfold_slot6 *v6 = m->slots6;
	uint32_t from = NFOLD_BUCKET_SLOTS * (family == 4 ?
			m->meta->config.nbuckets4 : m->meta->config.nbuckets6);
	uint32_t to = family == 4 ? m->meta->slots4 : m->meta->slots6;
	int used = 0;

	for (uint32_t i = from; i < to; i++)
		used += !!(family == 4 ? v4[i].head.version :
					 v6[i].head.version);
	return used;
}

/* Packets of the i-th flow. */
static int turns(int i)
{
	return 4 + i % 5;
}

static int send_all(int family, const uint32_t *n, int flows)
{
	int fast = 0;

	for (int turn = 0; turn < 8; turn++)
		for (int i = 0; i < flows; i++) {
			struct pkt k = nth(family, n[i]);
			struct oracle_result res;

			if (turn >= turns(i))
				continue;
			res = sides_send(&s, 0, &k);
			assert_int_equal(res.verdict, ORACLE_SENT);
			assert_int_equal(sent_dport(&res), own_port(&k));
			fast += !res.punted;
		}
	return fast;
}

static void h1_colliding_keys_do_not_share_an_entry(void **state)
{
	(void)state;
	for (int family = 4; family <= 6; family += 2) {
		uint32_t n[FLOWS];
		int flows, fast, sent = 0;

		sides_new(&s, WIRE, "monitor;", own_ops_only);
		flows = find_keys(family, n);
		assert_int_equal(flows, FLOWS);	/* twins were found */
		fast = send_all(family, n, flows);
		assert_true(overflow_used(family) >=
			    CROWD - 2 * NFOLD_BUCKET_SLOTS);
		for (int i = 0; i < flows; i++) {
			struct pkt k = nth(family, n[i]);
			struct flow_entry e;

			assert_true(sides_entry(&s, 0, &k, &e));
			assert_int_equal(e.key.sport, htons(k.sport));
			assert_int_equal(e.set.dport, htons(own_port(&k)));
			sent += e.packets;
			assert_int_equal(e.packets, turns(i));
		}
		print_message("# IPv%d: %d flows, %d in overflow, %d of %d packets in XDP\n",
			      family, flows, overflow_used(family), fast, sent);
		assert_true(fast >= sent - 3 * flows);
		assert_int_equal(sides_sessions(&s), flows);
		sides_free(&s);
	}
}

/* --- H11: the reply direction --- */

static void h11_replies_have_an_entry_of_their_own_paired(void **state)
{
	(void)state;
	for (int family = 4; family <= 6; family += 2) {
		struct pkt k = pkt_new(family, IPPROTO_UDP);
		struct pkt back = own_answer(&k);
		const struct instance_maps *m;
		struct flow_entry e[2];
		struct nfold_act *act;

		sides_new(&s, WIRE, "monitor;", own_ops_only);
		m = oracle_maps(s.o[0]);
		for (int i = 0; i < 10; i++) {
			struct oracle_result res = sides_send(&s, 0, &k);

			assert_int_equal(sent_dport(&res), own_port(&k));
			if (i % 2)
				continue;
			res = sides_send(&s, 1, &back);
			assert_int_equal(res.port, 0);
			assert_int_equal(sent_dport(&res), k.sport);
			/* source port: put back */
			assert_int_equal(get16(res.bytes + res.len - k.payload -
					       8), k.dport);
		}
		assert_true(sides_entry(&s, 0, &k, &e[0]));
		assert_true(sides_entry(&s, 1, &back, &e[1]));
		assert_int_equal(e[0].packets, 10);
		assert_int_equal(e[1].packets, 5);
		assert_false(e[0].reply);
		assert_true(e[1].reply);
		assert_int_equal(e[0].session, e[1].session);
		for (int d = 0; d < 2; d++) {
			uint32_t at = e[d].peer - 1;

			assert_true(e[d].peer);
			act = family == 4 ?
				&((struct nfold_slot4 *)m->slots4)[at].act :
				&((struct nfold_slot6 *)m->slots6)[at].act;
			assert_memory_equal(act, &e[!d].act, sizeof(*act));
		}
		assert_int_equal(sides_sessions(&s), 1);
		/* They end together. */
		sides_wait(&s, 301 * NF_SEC);
		assert_false(sides_entry(&s, 0, &k, &e[0]));
		assert_false(sides_entry(&s, 1, &back, &e[1]));
		sides_free(&s);
	}
}

/* Opened from inside or by the tunnel: the answers come by the tunnel, or from
 * inside without one, and are the session's. */
static void h11_answers_in_a_tunnel_are_paired(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++) {
		int family = i & 1 ? 4 : 6, kind = i & 2 ? PKT_VXLAN : PKT_IPIP;
		uint32_t inside = i & 4 ? 1 : 0; /* the direction that leaves
						  * by the tunnel's side */
		struct pkt_tunnel t = pkt_tunnel_new(kind, 4);
		const struct pkt_tunnel *in[2] = { NULL, &t };
		struct pkt k = pkt_new(family, IPPROTO_UDP);
		struct pkt back = own_answer(&k);
		struct oracle_result res;
		struct flow_entry e[2];

		sides_new(&s, ROUTER,
			  kind == PKT_IPIP ? "monitor; " IPIP :
					     "monitor; " VXLAN(7),
			  own_ops_only);
		for (int n = 0; n < 10; n++) {
			res = tunnels_send(&s, inside, k, in[inside]);
			assert_int_equal(res.verdict, ORACLE_SENT);
			assert_int_equal(res.port, !inside);
			if (n % 2)
				continue;
			res = tunnels_send(&s, !inside, back, in[!inside]);
			assert_int_equal(res.verdict, ORACLE_SENT);
			assert_int_equal(res.port, inside);
			assert_int_equal(n < 4 ||
					 res.reason == NFOLD_REASON_FAST, 1);
		}
		assert_true(tunnels_entry(&s, inside, k, in[inside], &e[0]));
		assert_true(tunnels_entry(&s, !inside, back, in[!inside],
					  &e[1]));
		assert_int_equal(e[0].key.tunnel, inside);
		assert_int_equal(e[1].key.tunnel, !inside);
		assert_int_equal(e[0].session, e[1].session);
		assert_true(e[0].peer && e[1].peer);
		assert_int_equal(e[0].packets, 10);
		assert_int_equal(e[1].packets, 5);
		assert_false(e[0].reply);
		assert_true(e[1].reply);
		assert_int_equal(sides_sessions(&s), 1);
		sides_states_equal(&s);
		sides_free(&s);
		sides_begin(NULL);
	}
}

/* The same addresses and ports by two tunnels, and by none: three flows. Of the
 * second one the answers could not be told from the first one's, so it is
 * refused, and does not go on as a packet of that. What comes in by the other
 * tunnel is no answer either. */
static void h1_inner_flows_of_two_tunnels_are_different_flows(void **state)
{
	(void)state;
	for (int family = 4; family <= 6; family += 2) {
		struct pkt_tunnel t[2] = { pkt_tunnel_new(PKT_VXLAN, 4),
					   pkt_tunnel_new(PKT_VXLAN, 4) };
		struct pkt k = pkt_new(family, IPPROTO_UDP);
		struct pkt back = own_answer(&k);
		struct oracle_result res;
		struct flow_entry e[2];

		t[1].vni = 8;
		sides_new(&s, ROUTER, "monitor; " VXLAN(8) VXLAN(7),
			  own_ops_only);
		for (int n = 0; n < 4; n++) {
			res = tunnels_send(&s, 1, k, &t[0]);
			assert_int_equal(res.verdict, ORACLE_SENT);
		}
		assert_int_equal(res.reason, NFOLD_REASON_FAST);
		assert_true(tunnels_entry(&s, 1, k, &t[0], &e[0]));
		assert_false(tunnels_entry(&s, 1, k, &t[1], &e[1]));
		assert_false(tunnels_entry(&s, 1, k, NULL, &e[1]));
		/* The answer makes the first one a session that talks. */
		res = tunnels_send(&s, 0, back, NULL);
		assert_int_equal(res.verdict, ORACLE_SENT);
		for (int n = 0; n < 3; n++) {
			res = tunnels_send(&s, 1, k, n % 2 ? NULL : &t[1]);
			assert_int_equal(res.reason, NFOLD_REASON_CLASH);
		}
		/* Other ports: flows of their own by each way. */
		for (int n = 0; n < 12; n++) {
			k.sport = 100 + n % 3;
			res = tunnels_send(&s, 1, k,
					   n % 3 == 2 ? NULL : &t[n % 3]);
			assert_int_equal(res.verdict, ORACLE_SENT);
			if (n >= 6)
				assert_int_equal(res.reason,
						 NFOLD_REASON_FAST);
		}
		assert_int_equal(sides_sessions(&s), 4);
		sides_states_equal(&s);
		sides_free(&s);
	}
}

/* --- H13: packets without a five-tuple --- */

static const char *const deny = "firewall { default deny; "
				"allow \"udp dst port 53\"; } monitor;";

/* Dropped, whatever the firewall thinks of the flow that it may belong to. */
static void never_passes(struct pkt k, enum nfold_reason why)
{
	for (int i = 0; i < 2; i++) {
		struct oracle_result res;

		k.dport = i ? 53 : 54;
		res = sides_send(&s, 0, &k);
		assert_int_equal(res.verdict, ORACLE_DROP);
		assert_int_equal(res.reason, why);
	}
}

/* Folded like any other packet of its flow, and denied where the flow is. */
static void belongs_to_its_flow(struct pkt k)
{
	for (int i = 0; i < 8; i++) {
		struct oracle_result res;

		k.dport = 53 + i % 2;
		res = sides_send(&s, 0, &k);
		assert_int_equal(res.verdict, i % 2 ? ORACLE_DROP : ORACLE_SENT);
		if (i >= 4)
			assert_int_equal(res.punted, NFOLD_REASON_NONE);
		if (i % 2)
			assert_int_equal(res.reason, NFOLD_REASON_FIREWALL_DENY);
	}
}

static void h13_fragments_and_icmp_errors_pass_no_firewall(void **state)
{
	struct pkt k = pkt_new(4, IPPROTO_UDP);
	struct pkt k6 = pkt_new(6, IPPROTO_UDP), icmp;

	(void)state;
	sides_new(&s, WIRE, deny, NULL);
	sides_send(&s, 0, &k);	/* the flow is known, and allowed */
	sides_send(&s, 0, &k6);
	k.frag = 0x2000;			/* the first one */
	never_passes(k, NFOLD_REASON_FRAGMENT);
	k.frag = 185;				/* a later one */
	never_passes(k, NFOLD_REASON_FRAGMENT);
	k6.ext_cnt = 1;
	k6.ext[0] = IPPROTO_FRAGMENT;
	k6.frag = 1;
	never_passes(k6, NFOLD_REASON_FRAGMENT);
	icmp = pkt_new(4, IPPROTO_ICMP);
	icmp.icmp_type = 3;
	icmp.payload = 28;
	never_passes(icmp, NFOLD_REASON_ICMP_OTHER);
	icmp = pkt_new(6, IPPROTO_ICMP);
	icmp.icmp_type = 1;
	icmp.payload = 48;
	never_passes(icmp, NFOLD_REASON_ICMP_OTHER);
	assert_int_equal(sides_sessions(&s), 2);
	sides_free(&s);
}

static void h13_options_and_extension_headers_are_folded(void **state)
{
	static const uint8_t ext[] = { IPPROTO_HOPOPTS, IPPROTO_ROUTING,
				       IPPROTO_DSTOPTS };
	struct pkt k = pkt_new(4, IPPROTO_UDP);
	struct pkt k6 = pkt_new(6, IPPROTO_UDP);

	(void)state;
	sides_new(&s, WIRE, deny, NULL);
	for (k.options = 4; k.options <= 40; k.options += 12, k.sport++)
		belongs_to_its_flow(k);
	memcpy(k6.ext, ext, sizeof(ext));
	for (k6.ext_cnt = 1; k6.ext_cnt <= 3; k6.ext_cnt++, k6.sport++)
		belongs_to_its_flow(k6);
	/* One that no one knows: what is behind it is not known either. */
	k6.ext_cnt = 2;
	k6.ext[1] = 253;
	never_passes(k6, NFOLD_REASON_IPV6_EXT);
	sides_states_equal(&s);
	sides_free(&s);
}

/* --- H14: a full table --- */

static void fill(bool refuse, int *slow, int *refused)
{
	struct pkt k = pkt_new(4, IPPROTO_UDP), more = k;
	struct oracle_result res;
	int fast = 0;

	sides_new(&s, refuse ? "mode wire; table-size 64; on-full drop;" :
			       "mode wire; table-size 64; on-full slow;",
		  "monitor;", own_ops_only);
	for (int i = 0; i < 3; i++)
		sides_send(&s, 0, &k);
	for (int i = 0; i < 900; i++) {
		uint8_t frame[PKT_MAX];
		uint32_t len;

		more.sport = 1000 + i % 300;
		len = pkt_build(&more, frame);
		oracle_now(s.o[0], s.now += 1000);
		assert_int_equal(oracle_packet(s.o[0], 0, frame, len, &res), 0);
		oracle_left(s.o[0]);
		oracle_tick(s.o[0]);
		*slow += i >= 600 && res.punted && res.verdict == ORACLE_SENT;
		*refused += i >= 600 &&
			    res.reason == NFOLD_REASON_TABLE_FULL_DROP;
		if (res.verdict == ORACLE_SENT)
			assert_int_equal(sent_dport(&res), own_port(&more));
		/* The one that was there first is untouched. */
		len = pkt_build(&k, frame);
		assert_int_equal(oracle_packet(s.o[0], 0, frame, len, &res), 0);
		assert_int_equal(sent_dport(&res), own_port(&k));
		fast += !res.punted;
	}
	assert_int_equal(fast, 900);
	sides_free(&s);
}

static void h14_a_full_table_leaves_established_flows_alone(void **state)
{
	int slow = 0, refused = 0;

	(void)state;
	fill(false, &slow, &refused);
	print_message("# on-full slow: %d of 300 flows slow\n", slow);
	assert_true(slow > 0 && slow < 300);
	assert_int_equal(refused, 0);
	slow = 0;
	fill(true, &slow, &refused);
	print_message("# on-full drop: %d of 300 flows refused\n", refused);
	assert_true(refused > 0 && refused < 300);
	assert_int_equal(slow, 0);
}

/* --- H15: packets 2 to n while packet 1 is on its way --- */

/* held packets are in the slow path when the entry is there: the next one must
 * not overtake them in XDP, and the first one behind them must be in XDP. */
static void install_under_traffic(int held)
{
	struct pkt k = pkt_new(4, IPPROTO_UDP);
	struct oracle *o;
	struct flow_entry e;

	sides_new(&s, WIRE, "monitor;", own_ops_only);
	o = s.o[0];
	for (int i = 0; i <= held + 2; i++) {
		struct oracle_result res;
		uint8_t frame[PKT_MAX];

		if (i == held)
			oracle_left(o);	/* all that were sent so far */
		k.fill = i;
		oracle_now(o, s.now += 1000);
		assert_int_equal(oracle_packet(o, 0, frame,
					       pkt_build(&k, frame), &res), 0);
		assert_int_equal(res.verdict, ORACLE_SENT);
		assert_int_equal(sent_dport(&res), own_port(&k));
		assert_int_equal(res.bytes[42], (uint8_t)i);
		assert_int_equal(res.punted,
				 !i ? NFOLD_REASON_MISS :
				 i < held || (held == 1 && i == held) ?
				 NFOLD_REASON_PENDING : NFOLD_REASON_NONE);
		if (i == held && res.punted)
			oracle_left(o);
	}
	assert_true(sides_entry(&s, 0, &k, &e));
	assert_int_equal(e.packets, held + 3);
	assert_int_equal(oracle_maps(o)->stats[oracle_maps(o)->stats_rows - 1]
			 .packets[NFOLD_REASON_HANDOVER_FORCED], 0);
	sides_free(&s);
}

static void h15_no_packet_overtakes_the_first_ones(void **state)
{
	(void)state;
	for (int held = 1; held <= 6; held++)
		install_under_traffic(held);
}

/* --- H17: changes under live entries --- */

/* What the operator changes reaches each of the flows at its next packet, once;
 * after it they are folded again. */
static void changed(int flows, uint8_t why, int sessions_opened)
{
	struct pkt k = pkt_new(4, IPPROTO_UDP);

	for (int turn = 0; turn < 4; turn++)
		for (int i = 0; i < flows; i++) {
			struct oracle_result res;

			k.sport = 4000 + i;
			res = sides_send(&s, 0, &k);
			assert_int_equal(res.verdict, ORACLE_SENT);
			assert_int_equal(sent_dport(&res), own_port(&k));
			if (!turn)
				assert_int_equal(res.punted, why);
			if (turn == 3)
				assert_int_equal(res.punted, NFOLD_REASON_NONE);
		}
	assert_int_equal(own.opened, 2 * sessions_opened);
	assert_int_equal(sides_sessions(&s), flows);
}

static void h17_a_change_reaches_live_flows_at_their_next_packet(void **state)
{
	enum { N = 50 };

	(void)state;
	sides_new(&s, WIRE, "monitor;", own_ops_only);
	changed(N, NFOLD_REASON_MISS, N);
	/* A rule: sessions stay, entries do not. */
	own.add = 1000;
	for (int i = 0; i < 2; i++)
		engine_invalidate_all(oracle_engine(s.o[i]));
	changed(N, NFOLD_REASON_STALE, N);
	/* Flushed: sessions begin anew. */
	own.add = 2000;
	for (int i = 0; i < 2; i++)
		assert_int_equal(engine_flush(oracle_engine(s.o[i]), NULL, 0),
				 N);
	assert_int_equal(own.expired, 2 * N);
	changed(N, NFOLD_REASON_MISS, 2 * N);
	sides_free(&s);
}

static bool has_dport_54(const void *session, void *arg)
{
	(void)arg;
	return ((const struct own_session *)session)->dport == htons(54);
}

/* N29: an NF's own word (a backend's health, a timer) reaches the sessions that
 * it names and no others. */
static void h17_an_nf_invalidates_the_flows_it_names(void **state)
{
	struct pkt k = pkt_new(4, IPPROTO_UDP);

	(void)state;
	sides_new(&s, WIRE, "monitor;", own_ops_only);
	for (int i = 0; i < 40 * 5; i++) {
		struct oracle_result res;

		k.sport = 4000 + i % 40;
		k.dport = 53 + i % 2;
		res = sides_send(&s, 0, &k);
		if (i >= 40 * 3)
			assert_int_equal(res.punted, i / 40 == 4 && i % 2 ?
						     NFOLD_REASON_STALE :
						     NFOLD_REASON_NONE);
		for (int n = 0; n < 2 && i == 40 * 4 - 1; n++)
			assert_int_equal(nf_invalidate(own.nf[n], has_dport_54,
						       NULL), 20);
	}
	assert_int_equal(sides_sessions(&s), 40);
	sides_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SIDES_TEST(h1_colliding_keys_do_not_share_an_entry),
		SIDES_TEST(h11_answers_in_a_tunnel_are_paired),
		SIDES_TEST(h1_inner_flows_of_two_tunnels_are_different_flows),
		SIDES_TEST(h11_replies_have_an_entry_of_their_own_paired),
		SIDES_TEST(h13_fragments_and_icmp_errors_pass_no_firewall),
		SIDES_TEST(h13_options_and_extension_headers_are_folded),
		SIDES_TEST(h14_a_full_table_leaves_established_flows_alone),
		SIDES_TEST(h15_no_packet_overtakes_the_first_ones),
		SIDES_TEST(h17_a_change_reaches_live_flows_at_their_next_packet),
		SIDES_TEST(h17_an_nf_invalidates_the_flows_it_names),
	};

	return cmocka_run_group_tests_name("flow identity", tests, sides_net,
					   NULL);
}
