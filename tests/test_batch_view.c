// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a state function sees of a packet and may do to it: snapshots, barriers,
 * headers as they stand at each place, payload. Numbers are those of docs/FOLD.md
 * and REFERENCE's holes.
 */
#include "tests/batch_bed.h"

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
		assert_int_equal(r.stopped, n % 2 ? 2 : 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "H6 N34 a reader beside a writer reads the pre-image",
		  test_pre_image, NULL, NULL, NULL },
		{ "H7 N35 batches behind one that drops do not run",
		  test_barrier, NULL, NULL, NULL },
		{ "H5 N36 headers are as they stand at the NF's place",
		  test_places, NULL, NULL, NULL },
		{ "payload is written in bounds, the checksum follows",
		  test_write_payload, NULL, NULL, NULL },
		{ "N30 only a writer writes",
		  test_reader_may_not_write, NULL, NULL, NULL },
	};

	seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
