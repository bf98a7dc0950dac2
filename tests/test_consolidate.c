// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Consolidation against doing it step by step: every sequence of up to three
 * header actions out of a small alphabet, on both families and all protocols.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>

#include "maps/csum.h"
#include "userspace/consolidate.h"

static struct nf_addr addr(uint32_t v)
{
	return (struct nf_addr){ .a = { htonl(v), htonl(v + 1), htonl(v + 2),
					htonl(v + 3) } };
}

static struct nf_addr addr4(uint32_t v)
{
	return (struct nf_addr){ .a = { htonl(v) } };
}

static struct nfold_key6 key_of(int family, uint8_t l4proto)
{
	struct nf_addr s = family == 6 ? addr(0x20010db8) : addr4(0x0a000002);
	struct nf_addr d = family == 6 ? addr(0x20010dc8) : addr4(0xc6336450);
	struct nfold_key6 k = {
		.sport = htons(4000), .dport = htons(80), .l4proto = l4proto,
	};

	memcpy(k.saddr, s.a, sizeof(k.saddr));
	memcpy(k.daddr, d.a, sizeof(k.daddr));
	return k;
}

static const struct egress router = { .verdict = NFOLD_VERDICT_FORWARD,
				      .nexthop = 7, .router = true };
static const struct egress wire = { .verdict = NFOLD_VERDICT_FORWARD,
				    .nexthop = 1, .router = false };

/* The alphabet: two values for each field, forward, drop. */
enum { LETTERS = 10 };

static struct header_action letter(int n, int family)
{
	struct nf_addr a = family == 6 ? addr(0x30000000 + n) :
					 addr4(0x30000000 + n);

	if (n < 4)
		return ha_modify_addr(n / 2, &a);
	if (n < 8)
		return ha_modify_port(n / 2, htons(5000 + n));
	if (n == 8)
		return (struct header_action){ .kind = HA_FORWARD };
	return ha_drop(NFOLD_REASON_FIREWALL_DENY);
}

/* One action done to the header's values, as an NF would. */
static void step(struct nfold_set6 *set, uint8_t *writer, bool *dropped,
		 const struct header_action *ha, uint8_t nf)
{
	if (ha->kind == HA_DROP)
		*dropped = true;
	if (ha->kind != HA_MODIFY)
		return;
	switch (ha->field) {
	case NFOLD_FIELD_SADDR:
		memcpy(set->saddr, ha->addr.a, sizeof(set->saddr));
		break;
	case NFOLD_FIELD_DADDR:
		memcpy(set->daddr, ha->addr.a, sizeof(set->daddr));
		break;
	case NFOLD_FIELD_SPORT:
		set->sport = ha->port;
		break;
	default:
		set->dport = ha->port;
	}
	writer[ha->field] = nf + 1;
}

/* Checksum of the values, from scratch: what the delta must lead to. */
static uint16_t sum_of(const uint32_t *saddr, const uint32_t *daddr,
		       uint16_t sport, uint16_t dport, bool addrs, bool ports)
{
	uint64_t sum = 0x1234;

	for (int i = 0; addrs && i < 4; i++)
		sum += (uint64_t)saddr[i] + daddr[i];
	if (ports)
		sum += sport + dport;
	return ~csum_fold(sum);
}

static void check_deltas(const struct gmat_entry *g,
			 const struct nfold_key6 *k, int family)
{
	bool pseudo = k->l4proto != IPPROTO_ICMP;
	uint16_t before = sum_of(k->saddr, k->daddr, k->sport, k->dport,
				 pseudo, true);
	uint16_t after = sum_of(g->set.saddr, g->set.daddr, g->set.sport,
				g->set.dport, pseudo, true);

	assert_int_equal(csum_apply(before, g->act.l4_delta), after);
	if (family == 6)
		return;
	before = sum_of(k->saddr, k->daddr, 0, 0, true, false);
	after = sum_of(g->set.saddr, g->set.daddr, 0, 0, true, false);
	if (g->act.ttl_dec)
		after = csum_apply(after, CSUM_TTL_DEC);
	assert_int_equal(csum_apply(before, g->act.l3_delta), after);
}

static void check_sequence(const int *letters, int n, int family,
			   uint8_t l4proto, const struct egress *eg)
{
	struct nfold_key6 key = key_of(family, l4proto);
	struct lmat_record recs[3];
	struct lmat m = { .records = recs };
	struct nfold_set6 set = { .sport = key.sport, .dport = key.dport };
	uint8_t writer[NFOLD_FIELD_CNT] = { 0 };
	struct edit_plan plan;
	struct gmat_entry g;
	bool dropped = false;

	memcpy(set.saddr, key.saddr, sizeof(set.saddr));
	memcpy(set.daddr, key.daddr, sizeof(set.daddr));
	for (int i = 0; i < n && !dropped; i++) {
		struct header_action ha = letter(letters[i], family);

		recs[m.cnt++] = (struct lmat_record){ .nf = i,
						      .kind = LMAT_ACTION,
						      .action = ha };
		step(&set, writer, &dropped, &ha, i);
	}
	assert_int_equal(consolidate(&g, &plan, &key, family, &m, eg),
			 NFOLD_REASON_NONE);
	assert_int_equal(g.act.verdict, dropped ? NFOLD_VERDICT_DROP :
						  NFOLD_VERDICT_FORWARD);
	assert_memory_equal(&g.set, &set, sizeof(set));
	assert_memory_equal(g.writer, writer, sizeof(writer));
	assert_int_equal(g.act.ttl_dec, !dropped && eg->router);
	check_deltas(&g, &key, family);
}

static void all_sequences_equal_their_steps(void **state)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP,
					  IPPROTO_ICMP, IPPROTO_ICMPV6, 47 };
	int l[3];

	(void)state;
	for (int family = 4; family <= 6; family += 2)
		for (size_t p = 0; p < sizeof(protos); p++)
			for (int n = 0; n < LETTERS * LETTERS * LETTERS; n++) {
				l[0] = n % LETTERS;
				l[1] = n / LETTERS % LETTERS;
				l[2] = n / LETTERS / LETTERS;
				for (int len = 0; len <= 3; len++) {
					check_sequence(l, len, family,
						       protos[p], &router);
					check_sequence(l, len, family,
						       protos[p], &wire);
				}
			}
}

static void unchanged_flow_has_no_delta(void **state)
{
	struct nfold_key6 key = key_of(4, IPPROTO_TCP);
	struct lmat m = { 0 };
	struct edit_plan plan;
	struct gmat_entry g;

	(void)state;
	consolidate(&g, &plan, &key, 4, &m, &wire);
	assert_int_equal(g.act.l3_delta, 0);
	assert_int_equal(g.act.l4_delta, 0);
	assert_true(g.act.flags & NFOLD_ACT_NO_REWRITE);
	assert_true(g.act.flags & NFOLD_ACT_KEEP_L2);
}

static void drop_names_the_nf_and_the_reason(void **state)
{
	struct nfold_key6 key = key_of(4, IPPROTO_TCP);
	struct lmat_record recs[2] = {
		{ .nf = 2, .kind = LMAT_FUNCTION },
		{ .nf = 3, .kind = LMAT_ACTION,
		  .action = ha_drop(NFOLD_REASON_FIREWALL_DENY) },
	};
	struct lmat m = { .records = recs, .cnt = 2 };
	struct edit_plan plan;
	struct gmat_entry g;

	(void)state;
	consolidate(&g, &plan, &key, 4, &m, &router);
	assert_int_equal(g.act.verdict, NFOLD_VERDICT_DROP);
	assert_int_equal(g.act.reason, NFOLD_REASON_FIREWALL_DENY);
	assert_int_equal(g.drop_nf, 4);
}

static void a_slow_record_names_its_reason(void **state)
{
	struct nfold_key6 key = key_of(4, IPPROTO_TCP);
	struct lmat m = { .why_slow = NFOLD_REASON_PER_PACKET_MATCH };
	struct edit_plan plan;
	struct gmat_entry g;

	(void)state;
	assert_int_equal(consolidate(&g, &plan, &key, 4, &m, &router),
			 NFOLD_REASON_PER_PACKET_MATCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_sequences_equal_their_steps),
		cmocka_unit_test(unchanged_flow_has_no_delta),
		cmocka_unit_test(drop_names_the_nf_and_the_reason),
		cmocka_unit_test(a_slow_record_names_its_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
