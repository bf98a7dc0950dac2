// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Random Local MATs by batches against one record after the other (docs/FOLD.md,
 * N39).
 */
#include "tests/batch_bed.h"

/* --- random Local MATs: any number of workers is as good as none --- */

/* One record after the other, on the packet itself: what the chain does. */
static uint16_t step_by_step(struct bed *bed)
{
	for (uint16_t i = 0; i < bed->m.cnt; i++) {
		struct lmat_record *r = &bed->records[i];
		struct nf_addr a = r->action.addr;
		enum nf_sf_result result;

		if (r->kind == LMAT_FUNCTION) {
			bed->pkt.may_write = r->function->payload == NF_WRITE;
			result = r->function->run(r->arg, &bed->pkt);
			if (result == NF_SF_DROP)
				return i + 1;
		} else if (r->action.field == NFOLD_FIELD_SADDR) {
			nf_pkt_set_saddr(&bed->pkt, &a);
		} else if (r->action.field == NFOLD_FIELD_DADDR) {
			nf_pkt_set_daddr(&bed->pkt, &a);
		} else if (r->action.field == NFOLD_FIELD_SPORT) {
			nf_pkt_set_sport(&bed->pkt, r->action.port);
		} else {
			nf_pkt_set_dport(&bed->pkt, r->action.port);
		}
	}
	return 0;
}

static void random_action(struct bed *bed, uint8_t nf)
{
	struct nf_addr a = { { pick(UINT32_MAX) } };
	enum nfold_field field = pick(4);

	if (field < NFOLD_FIELD_SPORT)
		add_action(bed, nf, ha_modify_addr(field, &a));
	else
		add_action(bed, nf, ha_modify_port(field, pick(65536)));
}

static void random_probe(struct bed *bed, uint8_t nf, struct probe *p)
{
	*p = (struct probe){ .payload = pick(3), .may_drop = !pick(5),
			     .pattern = pick(256),
			     .settle = pick(4) ? 0 : 1 + pick(10) };
	add_probe(bed, nf, p);
}

static struct pkt random_pkt(void)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP,
					  IPPROTO_ICMP, 47 };
	struct pkt k = request(pick(4) ? pick(60) : pick(1400), pick(256));

	k.proto = protos[pick(4)];
	k.icmp_type = pick(2) ? 8 : 0;
	k.pad = pick(2) ? 0 : pick(20);
	if (k.proto == IPPROTO_UDP && !pick(4))
		k.csum = PKT_CSUM_NONE;
	return k;
}

enum { SIDES = 4 };		/* step by step; 0, 1 and 3 workers */
static struct bed sides[SIDES];

static void copy_lmat(struct bed *to, const struct bed *from,
		      struct probe *theirs, const struct probe *ours)
{
	memcpy(to->records, from->records, sizeof(to->records));
	to->m.cnt = from->m.cnt;
	for (uint16_t i = 0; i < to->m.cnt; i++)
		if (to->records[i].kind == LMAT_FUNCTION)
			to->records[i].arg = theirs +
				((struct probe *)from->records[i].arg - ours);
}

static void check_packet(struct probe probes[SIDES][RECORDS])
{
	struct pkt k = random_pkt();
	uint16_t dropped = 0;

	for (int s = 0; s < SIDES; s++) {
		struct batch_result r = { 0 };

		bed_packet(&sides[s], &k);
		if (!s) {
			dropped = step_by_step(&sides[s]);
			continue;
		}
		if (bed_run(&sides[s], &r))
			batch_finish(&sides[s].m, &r, &sides[s].pkt);
		assert_int_equal(r.stopped, dropped);
		assert_memory_equal(probes[s], probes[0], sizeof(probes[0]));
		if (!dropped)
			assert_memory_equal(sides[s].bytes, sides[0].bytes,
					    sides[0].pkt.len);
	}
}

static void test_random(void **state)
{
	const char *env = getenv("NFOLD_CHAINS");
	int chains = env ? atoi(env) : 300;
	struct probe probes[SIDES][RECORDS];

	(void)state;
	for (int s = 0; s < SIDES; s++)
		bed_init(&sides[s], s == 3 ? 3 : s > 1);
	for (int c = 0; c < chains; c++) {
		int records = 1 + pick(RECORDS);
		uint8_t nf = 0;

		sides[0].m.cnt = 0;
		memset(probes, 0, sizeof(probes));
		for (int i = 0; i < records; i++, nf += pick(2))
			if (pick(3))
				random_probe(&sides[0], nf, &probes[0][i]);
			else
				random_action(&sides[0], nf);
		for (int s = 1; s < SIDES; s++) {
			memcpy(probes[s], probes[0], sizeof(probes[0]));
			copy_lmat(&sides[s], &sides[0], probes[s], probes[0]);
		}
		for (int n = 0; n < 30; n++)
			check_packet(probes);
	}
	for (int s = 0; s < SIDES; s++)
		bed_free(&sides[s]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "N39 any number of workers equals one step after the other",
		  test_random, NULL, NULL, NULL },
	};

	seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
