// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* State function batches: SpeedyBox's Table I, snapshots, barriers, headers as
 * they stand at each place; and random Local MATs against doing one record after
 * the other. Numbers are those of docs/FOLD.md and REFERENCE's holes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "maps/parse.h"
#include "tests/payload_nf.h"
#include "tests/pkt.h"
#include "userspace/batch.h"

#define MSEC 1000000L
#define RECORDS 16

/* userspace/pkt.h and tests/pkt.h both have an enum pkt_csum. */
void pkt_init(struct nf_pkt *pkt, uint8_t *data, uint32_t len,
	      const struct nfold_parse *p);

static uint64_t rng;

static uint32_t pick(uint32_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (rng >> 16) % n;
}

/* --- a Local MAT and a packet --- */

struct bed {
	struct lmat_record records[RECORDS];
	struct lmat m;
	struct batch_runner *x;
	uint8_t bytes[PKT_MAX];
	struct nf_pkt pkt;
};

static void bed_init(struct bed *bed, unsigned int workers)
{
	memset(bed, 0, sizeof(*bed));
	bed->m.records = bed->records;
	bed->m.cap = RECORDS;
	assert_int_equal(batch_runner_new(&bed->x, workers), 0);
}

static void bed_free(struct bed *bed)
{
	batch_runner_free(bed->x);
}

static void add_function(struct bed *bed, uint8_t nf,
			 const struct state_function *sf, void *arg)
{
	bed->records[bed->m.cnt++] = (struct lmat_record){
		.nf = nf, .kind = LMAT_FUNCTION, .function = sf, .arg = arg,
	};
}

static void add_probe(struct bed *bed, uint8_t nf, struct probe *p)
{
	add_function(bed, nf, probe_function(p), p);
}

static void add_action(struct bed *bed, uint8_t nf, struct header_action ha)
{
	bed->records[bed->m.cnt++] = (struct lmat_record){
		.nf = nf, .kind = LMAT_ACTION, .action = ha,
	};
}

static struct nf_addr addr4(const char *text)
{
	struct nf_addr a = { { 0 } };

	inet_pton(AF_INET, text, a.a);
	return a;
}

static void add_daddr(struct bed *bed, uint8_t nf, const char *text)
{
	struct nf_addr a = addr4(text);

	add_action(bed, nf, ha_modify_addr(NFOLD_FIELD_DADDR, &a));
}

static struct pkt request(uint32_t payload, uint8_t fill)
{
	return (struct pkt){
		.family = 4, .proto = IPPROTO_TCP, .ttl = 64,
		.src = { 10, 0, 0, 2 }, .dst = { 198, 51, 100, 80 },
		.sport = 4000, .dport = 80, .payload = payload, .fill = fill,
	};
}

static void bed_packet(struct bed *bed, const struct pkt *k)
{
	uint32_t len = pkt_build(k, bed->bytes);
	struct nfold_parse p;

	assert_int_equal(nfold_parse(bed->bytes, bed->bytes + len, 0, &p),
			 NFOLD_REASON_NONE);
	pkt_init(&bed->pkt, bed->bytes, len, &p);
}

static bool bed_run(struct bed *bed, struct batch_result *r)
{
	return batch_run(bed->x, &bed->m, &bed->pkt, r);
}

/* --- Table I: do two batches run at the same time? --- */

static struct {
	int arrived;		/* atomic */
	long patience_ns;
	bool met[2];		/* it saw the other inside */
} meeting;

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* Waits inside for the other to come in. */
static enum nf_sf_result meet(void *arg, struct nf_pkt *pkt)
{
	bool *met = arg;
	uint64_t end = clock_ns() + meeting.patience_ns;

	(void)pkt;
	__atomic_add_fetch(&meeting.arrived, 1, __ATOMIC_SEQ_CST);
	do {
		*met = __atomic_load_n(&meeting.arrived, __ATOMIC_SEQ_CST) == 2;
	} while (!*met && clock_ns() < end);
	return NF_SF_NEXT;
}

static const struct state_function meet_sf[3] = {
	{ .name = "ignore", .payload = NF_IGNORE, .run = meet },
	{ .name = "read", .payload = NF_READ, .run = meet },
	{ .name = "write", .payload = NF_WRITE, .run = meet },
};

struct cell {
	enum nf_payload first, second;
	bool parallel;
};

/* Parallel: each meets the other. Else the first waits in vain, the second
 * comes in when it has gone. */
static void check_cell(const struct cell *c, unsigned int workers,
		       bool parallel)
{
	struct pkt k = request(20, 0);
	struct batch_result r;
	struct bed bed;

	bed_init(&bed, workers);
	memset(&meeting, 0, sizeof(meeting));
	meeting.patience_ns = parallel ? 20000 * MSEC : 40 * MSEC;
	add_function(&bed, 0, &meet_sf[c->first], &meeting.met[0]);
	add_function(&bed, 1, &meet_sf[c->second], &meeting.met[1]);
	bed_packet(&bed, &k);
	assert_true(bed_run(&bed, &r));
	assert_int_equal(meeting.arrived, 2);
	assert_int_equal(meeting.met[0], parallel);
	assert_true(meeting.met[1]);
	bed_free(&bed);
}

static void test_cell(void **state)
{
	const struct cell *c = *state;

	check_cell(c, 1, c->parallel);
	check_cell(c, 3, c->parallel);
	check_cell(c, 0, false);
}

/* --- groups --- */

static const struct {
	const char *batches;	/* W R I; lower case: may drop */
	const char *groups;	/* sizes */
} plans[] = {
	{ "", "" },
	{ "RRRR", "4" },
	{ "RWI", "3" },
	{ "WIR", "21" },	/* W and R are no neighbours, and no pair */
	{ "WIW", "21" },
	{ "IRIWII", "6" },
	{ "WRWR", "121" },
	{ "rR", "11" },
	{ "Rr", "2" },
	{ "IwI", "21" },
	{ "iii", "111" },
	{ "RRRRRRRRR", "81" },
};

static void test_groups(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof(plans) / sizeof(plans[0]); n++) {
		struct batch group[BATCH_GROUP_MAX];
		struct probe probes[RECORDS] = { 0 };
		char groups[RECORDS] = "";
		struct bed bed;
		uint16_t at = 0;
		unsigned int cnt, len = 0;

		bed_init(&bed, 0);
		for (const char *c = plans[n].batches; *c; c++) {
			struct probe *p = &probes[bed.m.cnt];

			p->payload = strchr("iI", *c) ? NF_IGNORE :
				     strchr("rR", *c) ? NF_READ : NF_WRITE;
			p->may_drop = *c >= 'a';
			add_probe(&bed, bed.m.cnt, p);
		}
		while ((cnt = batch_group(&bed.m, &at, group, BATCH_GROUP_MAX)))
			groups[len++] = '0' + cnt;
		assert_string_equal(groups, plans[n].groups);
		bed_free(&bed);
	}
}

static void test_batch_class(void **state)
{
	struct probe read = { .payload = NF_READ };
	struct probe write = { .payload = NF_WRITE };
	struct probe drop = { .payload = NF_IGNORE, .may_drop = true };
	static const struct state_function count = { .name = "count",
						     .count = true };
	struct nf_count cell = { 0 };
	struct batch b;
	struct bed bed;
	uint16_t at = 0;

	(void)state;
	bed_init(&bed, 0);
	add_function(&bed, 0, &count, &cell);
	add_probe(&bed, 0, &read);
	add_probe(&bed, 0, &read);
	add_probe(&bed, 0, &write);
	add_daddr(&bed, 0, "10.1.0.9");
	add_probe(&bed, 0, &drop);
	add_probe(&bed, 1, &read);
	assert_true(batch_next(&bed.m, &at, &b));
	assert_int_equal(b.payload, NF_WRITE);
	assert_true(b.may_drop);
	assert_int_equal(b.from, 1);
	assert_int_equal(b.to, 5);
	assert_true(batch_next(&bed.m, &at, &b));
	assert_int_equal(b.payload, NF_READ);
	assert_false(b.may_drop);
	assert_false(batch_next(&bed.m, &at, &b));
	/* N38: what has settled no longer makes the batch a writer. */
	bed.records[3].settled = bed.records[5].settled = true;
	at = 0;
	assert_true(batch_next(&bed.m, &at, &b));
	assert_int_equal(b.payload, NF_READ);
	assert_false(b.may_drop);
	assert_int_equal(b.to, 2);
	bed_free(&bed);
}

/* --- order within a batch --- */

static struct {
	char text[32];
} order;

static enum nf_sf_result say(void *arg, struct nf_pkt *pkt)
{
	size_t n = strlen(order.text);

	(void)pkt;
	order.text[n] = *(const char *)arg;
	return NF_SF_NEXT;
}

static void test_order(void **state)
{
	static const struct state_function sf = { .name = "say",
						  .payload = NF_READ,
						  .run = say };
	struct pkt k = request(20, 0);
	struct batch_result r;
	struct bed bed;

	(void)state;
	bed_init(&bed, 1);
	memset(&order, 0, sizeof(order));
	for (const char *c = "abcdefgh"; *c; c++)
		add_function(&bed, 0, &sf, (void *)c);
	bed_packet(&bed, &k);
	assert_true(bed_run(&bed, &r));
	assert_string_equal(order.text, "abcdefgh");
	bed_free(&bed);
}

/* --- what a batch sees --- */

/* The writer is inside, has written, and only then the reader looks. */
struct pre_image {
	int written;		/* atomic */
	bool ok;
	uint8_t seen;
};

static enum nf_sf_result late_read(void *arg, struct nf_pkt *pkt)
{
	struct pre_image *pi = arg;
	uint64_t end = clock_ns() + 20000 * MSEC;
	uint32_t len;

	while (!__atomic_load_n(&pi->written, __ATOMIC_SEQ_CST) &&
	       clock_ns() < end)
		;
	pi->seen = nf_pkt_payload(pkt, &len)[0];
	return NF_SF_NEXT;
}

static enum nf_sf_result early_write(void *arg, struct nf_pkt *pkt)
{
	struct pre_image *pi = arg;

	pi->ok = nf_pkt_write_payload(pkt, 0, "\xee", 1);
	__atomic_store_n(&pi->written, 1, __ATOMIC_SEQ_CST);
	return NF_SF_NEXT;
}

static void test_pre_image(void **state)
{
	static const struct state_function reader = {
		.name = "late", .payload = NF_READ, .run = late_read,
	}, writer = {
		.name = "early", .payload = NF_WRITE, .run = early_write,
	};
	struct pre_image pi = { 0 };
	struct pkt k = request(20, 0x41);
	struct batch_result r;
	struct bed bed;
	uint32_t len;

	(void)state;
	bed_init(&bed, 1);
	add_function(&bed, 0, &reader, &pi);
	add_function(&bed, 1, &writer, &pi);
	bed_packet(&bed, &k);
	assert_true(bed_run(&bed, &r));
	assert_true(pi.ok);
	assert_int_equal(pi.seen, 0x41);
	assert_int_equal(nf_pkt_payload(&bed.pkt, &len)[0], 0xee);
	assert_int_equal(len, 20);
	bed_free(&bed);
}

static void check_barrier(unsigned int workers)
{
	struct probe before = { .payload = NF_READ };
	struct probe dropper = { .payload = NF_READ, .may_drop = true,
				 .pattern = 0x50 };
	struct probe after[2] = { { .payload = NF_READ },
				  { .payload = NF_IGNORE } };
	struct pkt k = request(20, 0);
	struct batch_result r;
	struct bed bed;

	bed_init(&bed, workers);
	add_probe(&bed, 0, &before);
	add_probe(&bed, 1, &dropper);
	add_probe(&bed, 2, &after[0]);
	add_probe(&bed, 3, &after[1]);
	for (int n = 0; n < 6; n++) {
		k.fill = n % 2 ? 0x48 : 0;	/* bytes count up: 0x50 is in */
		bed_packet(&bed, &k);
		assert_int_equal(bed_run(&bed, &r), n % 2 == 0);
		assert_int_equal(r.dropped, n % 2 ? 2 : 0);
		if (n % 2)
			assert_int_equal(bed.pkt.drop_reason,
					 NFOLD_REASON_FIREWALL_DENY);
	}
	assert_int_equal(before.calls, 6);
	assert_int_equal(dropper.calls, 6);
	assert_int_equal(after[0].calls, 3);
	assert_int_equal(after[1].calls, 3);
	bed_free(&bed);
}

static void test_barrier(void **state)
{
	(void)state;
	for (unsigned int workers = 0; workers < 3; workers++)
		check_barrier(workers);
}

/* NAT, reader, LB, reader, and one that ignores the payload behind it all. */
static void check_places(unsigned int workers, enum nf_payload middle)
{
	struct probe first = { .payload = NF_READ };
	struct probe second = { .payload = middle };
	struct probe third = { .payload = NF_IGNORE };
	struct nf_addr nat = addr4("203.0.113.7"), lb = addr4("10.1.0.9");
	struct nf_addr client = addr4("10.0.0.2"), vip = addr4("198.51.100.80");
	struct pkt k = request(20, 0);
	struct batch_result r;
	struct bed bed;

	bed_init(&bed, workers);
	add_probe(&bed, 0, &first);
	add_action(&bed, 1, ha_modify_addr(NFOLD_FIELD_SADDR, &nat));
	add_action(&bed, 1, ha_modify_port(NFOLD_FIELD_SPORT, htons(1024)));
	add_probe(&bed, 2, &second);
	add_action(&bed, 3, ha_modify_addr(NFOLD_FIELD_DADDR, &lb));
	add_probe(&bed, 3, &third);
	bed_packet(&bed, &k);
	assert_true(bed_run(&bed, &r));
	assert_memory_equal(&first.saddr, &client, sizeof(client));
	assert_int_equal(first.sport, htons(4000));
	assert_memory_equal(&second.saddr, &nat, sizeof(nat));
	assert_memory_equal(&second.daddr, &vip, sizeof(vip));
	assert_int_equal(second.sport, htons(1024));
	assert_memory_equal(&third.saddr, &nat, sizeof(nat));
	assert_memory_equal(&third.daddr, &lb, sizeof(lb));
	/* The packet itself: as it came in, but behind a writer. */
	assert_int_equal(r.moved, middle == NF_WRITE);
	assert_memory_equal(&bed.pkt.saddr, r.moved ? &nat : &client,
			    sizeof(nat));
	batch_finish(&bed.m, &r, &bed.pkt);
	assert_memory_equal(&bed.pkt.saddr, &nat, sizeof(nat));
	assert_memory_equal(&bed.pkt.daddr, &lb, sizeof(lb));
	bed_free(&bed);
}

static void test_places(void **state)
{
	(void)state;
	for (unsigned int workers = 0; workers < 3; workers++) {
		check_places(workers, NF_READ);
		check_places(workers, NF_IGNORE);
		check_places(workers, NF_WRITE);
	}
}

/* --- payload --- */

static void check_l4_csum(const struct pkt *k, const struct nf_pkt *pkt)
{
	uint32_t field = k->proto == IPPROTO_TCP ? 16 :
			 k->proto == IPPROTO_UDP ? 6 : 2;
	uint32_t len = pkt->len - k->pad - pkt->l4_off;
	uint8_t copy[PKT_MAX];

	memcpy(copy, pkt->data, pkt->len);
	if (k->csum == PKT_CSUM_NONE) {
		assert_int_equal(get16(copy + pkt->l4_off + field), 0);
		return;
	}
	pkt_set_csum(k, copy + pkt->l4_off, len, field,
		     k->proto != IPPROTO_ICMP);
	assert_memory_equal(copy, pkt->data, pkt->len);
}

static void check_write(struct pkt *k)
{
	uint8_t bytes[5] = { 0xff, 0x00, 0x12, 0xff, 0xff };
	struct bed bed = { 0 };

	for (uint32_t off = 0; off < 20; off++)
		for (uint32_t n = 0; n <= sizeof(bytes); n++) {
			bool fits = off + n <= k->payload;
			const uint8_t *p;
			uint32_t len;

			bed_packet(&bed, k);
			bed.pkt.may_write = true;
			assert_int_equal(nf_pkt_write_payload(&bed.pkt, off,
							      bytes, n), fits);
			p = nf_pkt_payload(&bed.pkt, &len);
			assert_int_equal(len, k->payload);
			if (fits)
				assert_memory_equal(p + off, bytes, n);
			check_l4_csum(k, &bed.pkt);
		}
	bed_packet(&bed, k);
	assert_false(nf_pkt_write_payload(&bed.pkt, 0, bytes, 1));
	bed.pkt.may_write = true;
	assert_false(nf_pkt_write_payload(&bed.pkt, UINT32_MAX, bytes, 2));
}

static void test_write_payload(void **state)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP,
					  IPPROTO_ICMP };
	struct pkt k;

	(void)state;
	for (size_t i = 0; i < sizeof(protos); i++)
		for (uint32_t payload = 0; payload < 20; payload++) {
			k = request(payload, 0xf8);
			k.proto = protos[i];
			k.icmp_type = 8;
			check_write(&k);
		}
	k = request(17, 1);
	k.proto = IPPROTO_UDP;
	k.csum = PKT_CSUM_NONE;
	check_write(&k);
	k = request(17, 1);
	k.pad = 9;		/* behind the IP packet: no payload */
	check_write(&k);
}

static enum nf_sf_result forbidden(void *arg, struct nf_pkt *pkt)
{
	*(bool *)arg = nf_pkt_write_payload(pkt, 0, "x", 1);
	return NF_SF_NEXT;
}

static void test_reader_may_not_write(void **state)
{
	static const struct state_function sf = { .name = "liar",
						  .payload = NF_READ,
						  .run = forbidden };
	struct pkt k = request(20, 0);
	bool written = true;
	uint8_t was[PKT_MAX];
	struct batch_result r;
	struct bed bed;

	(void)state;
	bed_init(&bed, 0);
	add_function(&bed, 0, &sf, &written);
	bed_packet(&bed, &k);
	memcpy(was, bed.bytes, bed.pkt.len);
	assert_true(bed_run(&bed, &r));
	assert_false(written);
	assert_memory_equal(was, bed.bytes, bed.pkt.len);
	bed_free(&bed);
}

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
		assert_int_equal(r.dropped, dropped);
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

#define CELL(a, b, yes)                                                      \
	{ "S17 N32 Table I: " #a " then " #b ": " yes, test_cell, NULL, NULL, \
	  &(struct cell){ NF_##a, NF_##b, *yes == 'p' } }

int main(void)
{
	const struct CMUnitTest tests[] = {
		CELL(WRITE, WRITE, "one after the other"),
		CELL(WRITE, READ, "one after the other"),
		CELL(WRITE, IGNORE, "parallel"),
		CELL(READ, WRITE, "parallel"),
		CELL(READ, READ, "parallel"),
		CELL(READ, IGNORE, "parallel"),
		CELL(IGNORE, WRITE, "parallel"),
		CELL(IGNORE, READ, "parallel"),
		CELL(IGNORE, IGNORE, "parallel"),
		{ "N31 a batch has the highest class of its functions",
		  test_batch_class, NULL, NULL, NULL },
		{ "S15 N31 functions of a batch run in the order recorded",
		  test_order, NULL, NULL, NULL },
		{ "N33 a group is a run in which every pair is allowed",
		  test_groups, NULL, NULL, NULL },
		{ "H6 N34 a reader beside a writer reads the pre-image",
		  test_pre_image, NULL, NULL, NULL },
		{ "H7 N35 batches behind one that drops do not run",
		  test_barrier, NULL, NULL, NULL },
		{ "H5 N36 headers are as they stand at the NF's place",
		  test_places, NULL, NULL, NULL },
		{ "payload is written in bounds, the checksum follows",
		  test_write_payload, NULL, NULL, NULL },
		{ "N30 only a writer writes", test_reader_may_not_write, NULL,
		  NULL, NULL },
		{ "N39 any number of workers equals one step after the other",
		  test_random, NULL, NULL, NULL },
	};
	const char *env = getenv("NFOLD_SEED");
	uint64_t seed = env ? strtoull(env, NULL, 0) : (uint64_t)time(NULL);

	printf("# NFOLD_SEED=%llu\n", (unsigned long long)seed);
	rng = seed * 1000003 + 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
