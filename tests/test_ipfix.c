/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* monitor's IPFIX: messages byte for byte, and when there are which. What a
 * collector makes of them is selftests/net/ipfix.sh.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chains/monitor/ipfix.h"
#include "tests/nf_fake.h"

extern const struct nf_ops monitor_ops;

static uint64_t get(const uint8_t *at, size_t len)
{
	uint64_t n = 0;

	while (len--)
		n = n << 8 | *at++;
	return n;
}

/* --- messages --- */

/* The template and the three records of RFC 7011, appendices A.2.1 and A.3. */
static void sets_are_those_of_the_rfc(void **state)
{
	static const uint8_t want[] = {
		/* header: version, length, time, sequence, domain */
		0x00, 0x0a, 0x00, 0x6c, 0x52, 0x30, 0xcd, 0x00,
		0x00, 0x00, 0x00, 0x07, 0x00, 0x00, 0x00, 0x2a,
		/* template set */
		0x00, 0x02, 0x00, 0x1c, 0x01, 0x00, 0x00, 0x05,
		0x00, 0x08, 0x00, 0x04, 0x00, 0x0c, 0x00, 0x04,
		0x00, 0x0f, 0x00, 0x04, 0x00, 0x02, 0x00, 0x04,
		0x00, 0x01, 0x00, 0x04,
		/* data set */
		0x01, 0x00, 0x00, 0x40,
		192, 0, 2, 12, 192, 0, 2, 254, 192, 0, 2, 1,
		0x00, 0x00, 0x13, 0x91, 0x00, 0x51, 0x8c, 0x81,
		192, 0, 2, 27, 192, 0, 2, 23, 192, 0, 2, 2,
		0x00, 0x00, 0x02, 0xec, 0x00, 0x05, 0xef, 0x46,
		192, 0, 2, 56, 192, 0, 2, 65, 192, 0, 2, 3,
		0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x19, 0x86,
	};
	static const struct ipfix_field fields[] = { { 8, 4 }, { 12, 4 },
						     { 15, 4 }, { 2, 4 },
						     { 1, 4 } };
	static const struct ipfix_template t = { 256, 5, fields };
	static const uint32_t records[3][5] = {
		{ 0xc000020c, 0xc00002fe, 0xc0000201, 5009, 5344385 },
		{ 0xc000021b, 0xc0000217, 0xc0000202, 748, 388934 },
		{ 0xc0000238, 0xc0000241, 0xc0000203, 5, 6534 },
	};
	struct ipfix_msg m;

	(void)state;
	ipfix_begin(&m);
	assert_true(ipfix_empty(&m));
	assert_true(ipfix_put_template(&m, &t));
	for (int i = 0; i < 3; i++) {
		uint8_t *at = ipfix_put_record(&m, &t);

		for (int f = 0; f < 5; f++)
			at = ipfix_number(at, records[i][f], 4);
	}
	assert_int_equal(m.records, 3);
	assert_int_equal(ipfix_end(&m, 0x5230cd00, 7, 42), sizeof(want));
	assert_memory_equal(m.bytes, want, sizeof(want));
}

static void a_full_message_stays_whole(void **state)
{
	static const struct ipfix_field fields[] = { { 8, 4 }, { 12, 4 } };
	static const struct ipfix_template t = { 300, 2, fields };
	struct ipfix_msg m;
	size_t len;

	(void)state;
	ipfix_begin(&m);
	while (ipfix_put_record(&m, &t))
		;
	/* 16 of header, 4 of set, 8 a record */
	assert_int_equal(m.records, (IPFIX_MSG_MAX - 20) / 8);
	len = m.len;
	assert_false(ipfix_put_template(&m, &t));
	assert_int_equal(m.len, len);
	assert_int_equal(get(m.bytes + 18, 2), len - 16);
}

/* --- the exporter, and a collector that remembers --- */

static struct {
	uint32_t templates;	/* template records */
	uint32_t records;
	uint32_t sequence;	/* of the last message */
	uint32_t first_sequence;
	uint32_t in_last;	/* records */
	uint16_t len[65536];	/* of a record, by template id */
	uint8_t last[64 + 64];	/* the last record */
	uint16_t last_id;
	uint64_t packets, octets, layer2;
	uint8_t reason;
	uint64_t start_ms, end_ms;
	uint32_t seconds;
} got;

/* What stands before protocolIdentifier in the monitor's templates. */
static size_t key_len(uint16_t id)
{
	static const size_t len[] = { 12, 36, 10, 34 };

	return len[id - 256];
}

static void got_record(uint16_t id, const uint8_t *at)
{
	const uint8_t *rest = at + key_len(id);

	got.records++;
	got.in_last++;
	got.last_id = id;
	memcpy(got.last, at, got.len[id]);
	got.reason = rest[1];
	got.packets += get(rest + 4, 8);
	got.octets += get(rest + 12, 8);
	got.layer2 += get(rest + 20, 8);
	got.start_ms = get(rest + 28, 8);
	got.end_ms = get(rest + 36, 8);
}

static void got_templates(const uint8_t *at, const uint8_t *end)
{
	while (at < end) {
		uint16_t id = get(at, 2), cnt = get(at + 2, 2);

		got.len[id] = 0;
		for (int f = 0; f < cnt; f++)
			got.len[id] += get(at + 4 + 4 * f + 2, 2);
		at += 4 + 4 * cnt;
		got.templates++;
	}
	assert_ptr_equal(at, end);
}

static void got_message(const uint8_t *msg, size_t len)
{
	const uint8_t *at = msg + 16;

	assert_int_equal(get(msg, 2), 10);
	assert_int_equal(get(msg + 2, 2), len);
	assert_in_range(len, 16, IPFIX_MSG_MAX);
	got.seconds = get(msg + 4, 4);
	got.sequence = get(msg + 8, 4);
	got.in_last = 0;
	while (at < msg + len) {
		uint16_t id = get(at, 2), set = get(at + 2, 2);
		const uint8_t *end = at + set;

		assert_in_range(set, 5, msg + len - at);
		at += 4;
		if (id == 2) {
			got_templates(at, end);
			at = end;
		}
		for (; at < end; at += got.len[id]) {
			assert_int_not_equal(got.len[id], 0);
			got_record(id, at);
		}
		assert_ptr_equal(at, end);
	}
}

static int setup(void **state)
{
	(void)state;
	memset(&got, 0, sizeof(got));
	memset(&fake_export, 0, sizeof(fake_export));
	memset(&fake_seen, 0, sizeof(fake_seen));
	fake_export.got = got_message;
	return 0;
}

static struct nf *monitor(const char *options)
{
	char text[128];

	snprintf(text, sizeof(text), "export ipfix 192.0.2.1:4739 %s;", options);
	return fake_nf(&monitor_ops, text);
}

static void send_at(struct nf *nf, void *s, bool reply, uint64_t now,
		    uint32_t len)
{
	struct nf_pkt pkt = fake_pkt(s, IPPROTO_UDP, "10.0.0.1", 1000,
				     "192.0.2.7", 53);

	if (reply)
		pkt = fake_reply(&pkt);
	pkt.len = len;
	pkt.now = now;
	fake_seen.last_ns[reply] = now;
	assert_int_equal(fake_run(nf, &pkt), NF_FORWARD);
}

static void over(struct nf *nf, void *s, uint64_t now)
{
	monitor_ops.expire(nf, s, now);
	free(s);
}

static json_int_t shown(struct nf *nf, const char *path)
{
	json_t *show = monitor_ops.show(nf);
	json_int_t n = fake_number(show, path);

	json_decref(show);
	return n;
}

static void a_direction_that_ends_is_a_record(void **state)
{
	struct nf *nf = monitor("domain 77");
	void *s = fake_session(nf);

	(void)state;
	send_at(nf, s, false, 100 * NF_SEC, 60);
	send_at(nf, s, false, 101 * NF_SEC, 1000);
	send_at(nf, s, true, 102 * NF_SEC, 500);
	fake_seen.idle = true;
	over(nf, s, 110 * NF_SEC);
	assert_int_equal(fake_export.cnt, 0);
	monitor_ops.tick(nf, 110 * NF_SEC);
	assert_int_equal(fake_export.cnt, 1);
	assert_int_equal(get(fake_export.bytes + 12, 4), 77);
	assert_int_equal(got.seconds, FAKE_EPOCH / NF_SEC + 110);
	assert_int_equal(got.templates, 4);
	assert_int_equal(got.records, 2);
	assert_int_equal(got.packets, 3);
	assert_int_equal(got.layer2, 1560);
	assert_int_equal(got.octets, 1560 - 3 * 14);
	/* the last is the reply's */
	assert_int_equal(got.last_id, 256);
	assert_int_equal(get(got.last, 4), 0xc0000207);
	assert_int_equal(get(got.last + 4, 4), 0x0a000001);
	assert_int_equal(get(got.last + 8, 2), 53);
	assert_int_equal(get(got.last + 10, 2), 1000);
	assert_int_equal(got.last[12], IPPROTO_UDP);
	assert_int_equal(got.reason, 1);
	assert_int_equal(got.start_ms, FAKE_EPOCH / 1000000 + 102000);
	assert_int_equal(got.end_ms, FAKE_EPOCH / 1000000 + 102000);
	fake_nf_free(nf);
}

static void other_families_and_echo_have_templates(void **state)
{
	struct nf *nf = monitor("");
	struct nf_pkt pkt;
	void *s = fake_session(nf);

	(void)state;
	pkt = fake_pkt(s, IPPROTO_ICMPV6, "2001:db8::1", 5, "2001:db8::2", 0);
	pkt.icmp_type = 128;
	assert_int_equal(fake_run(nf, &pkt), NF_FORWARD);
	over(nf, s, NF_SEC);
	monitor_ops.tick(nf, NF_SEC);
	assert_int_equal(got.last_id, 259);
	assert_int_equal(get(got.last, 4), 0x20010db8);
	assert_int_equal(got.last[31], 2);
	assert_int_equal(get(got.last + 32, 2), 128 << 8);
	s = fake_session(nf);
	pkt = fake_pkt(s, IPPROTO_TCP, "2001:db8::1", 5, "2001:db8::2", 80);
	fake_seen.tcp_flags[0] = 0x12;
	assert_int_equal(fake_run(nf, &pkt), NF_FORWARD);
	over(nf, s, NF_SEC);
	monitor_ops.tick(nf, 2 * NF_SEC);
	assert_int_equal(got.last_id, 257);
	assert_int_equal(get(got.last + 34, 2), 80);
	assert_int_equal(get(got.last + 38, 2), 0x12);
	assert_int_equal(got.reason, 4);
	fake_nf_free(nf);
}

static void idle_and_active_directions_are_records(void **state)
{
	struct nf *nf = monitor("active 60s idle 10s");
	void *s = fake_session(nf);
	struct nf_count *cell;

	(void)state;
	send_at(nf, s, false, 100 * NF_SEC, 60);
	cell = fake.records[0].arg;
	monitor_ops.tick(nf, 109 * NF_SEC);
	assert_int_equal(got.records, 0);
	monitor_ops.tick(nf, 110 * NF_SEC);
	assert_int_equal(got.records, 1);
	assert_int_equal(got.reason, 1);
	/* nothing new, no record */
	monitor_ops.tick(nf, 200 * NF_SEC);
	assert_int_equal(got.records, 1);
	/* the kernel counts: it began after the last look */
	for (uint64_t t = 201; t < 260; t++) {
		cell->packets++;
		cell->bytes += 100;
		fake_seen.last_ns[0] = t * NF_SEC;
		monitor_ops.tick(nf, t * NF_SEC);
	}
	assert_int_equal(got.records, 1);
	cell->packets++;
	cell->bytes += 100;
	fake_seen.last_ns[0] = 260 * NF_SEC;
	monitor_ops.tick(nf, 260 * NF_SEC);
	assert_int_equal(got.records, 2);
	assert_int_equal(got.reason, 2);
	assert_int_equal(got.packets, 1 + 60);
	assert_int_equal(got.start_ms, FAKE_EPOCH / 1000000 + 200000);
	assert_int_equal(got.end_ms, FAKE_EPOCH / 1000000 + 260000);
	/* a reset ends it */
	cell->packets++;
	cell->bytes += 60;
	fake_seen.tcp_flags[1] = NFOLD_TCP_RST;
	monitor_ops.tick(nf, 270 * NF_SEC);
	assert_int_equal(got.records, 3);
	assert_int_equal(got.reason, 3);
	over(nf, s, 300 * NF_SEC);
	monitor_ops.tick(nf, 300 * NF_SEC);
	assert_int_equal(got.records, 3);
	fake_nf_free(nf);
}

/* The engine takes a packet back that was told already. */
static void what_is_taken_back_is_no_record(void **state)
{
	struct nf *nf = monitor("idle 1s");
	void *s = fake_session(nf);
	struct nf_count *cell;

	(void)state;
	send_at(nf, s, false, NF_SEC, 100);
	cell = fake.records[0].arg;
	cell->packets++;
	cell->bytes += 1500;
	monitor_ops.tick(nf, 3 * NF_SEC);
	assert_int_equal(got.packets, 2);
	cell->packets--;
	cell->bytes -= 1500;
	monitor_ops.tick(nf, 5 * NF_SEC);
	cell->packets += 2;
	cell->bytes += 200;
	monitor_ops.tick(nf, 7 * NF_SEC);
	assert_int_equal(got.records, 1);
	cell->packets += 2;
	cell->bytes += 3000;
	over(nf, s, 9 * NF_SEC);
	monitor_ops.tick(nf, 9 * NF_SEC);
	assert_int_equal(got.packets, 5);
	assert_int_equal(got.layer2, 3300);
	fake_nf_free(nf);
}

static void one_session(struct nf *nf, uint64_t now)
{
	void *s = fake_session(nf);

	send_at(nf, s, false, now, 60);
	over(nf, s, now);
}

static void templates_come_again(void **state)
{
	struct nf *nf = monitor("template-refresh 100s template-messages 5");

	(void)state;
	monitor_ops.tick(nf, 1000 * NF_SEC);
	assert_int_equal(got.templates, 4);	/* before any data */
	monitor_ops.tick(nf, 1099 * NF_SEC);
	assert_int_equal(got.templates, 4);
	monitor_ops.tick(nf, 1100 * NF_SEC);
	assert_int_equal(got.templates, 8);
	assert_int_equal(shown(nf, "export/templates"), 2);
	for (int i = 1; i <= 4; i++) {
		one_session(nf, (1100 + i) * NF_SEC);
		monitor_ops.tick(nf, (1100 + i) * NF_SEC);
		assert_int_equal(got.templates, 8);
	}
	one_session(nf, 1105 * NF_SEC);
	monitor_ops.tick(nf, 1105 * NF_SEC);
	assert_int_equal(got.templates, 12);
	/* no data, no message */
	assert_int_equal(fake_export.cnt, 7);
	monitor_ops.tick(nf, 1106 * NF_SEC);
	assert_int_equal(fake_export.cnt, 7);
	fake_nf_free(nf);
}

static void the_sequence_counts_records_also_lost_ones(void **state)
{
	struct nf *nf = monitor("");

	(void)state;
	for (int i = 0; i < 100; i++)
		one_session(nf, NF_SEC);
	monitor_ops.tick(nf, NF_SEC);
	assert_int_equal(got.records, 100);
	assert_int_equal(got.sequence + got.in_last, 100);
	fake_export.err = -EAGAIN;
	for (int i = 0; i < 7; i++)
		one_session(nf, NF_SEC);
	monitor_ops.tick(nf, 2 * NF_SEC);
	assert_int_equal(shown(nf, "export/lost_records"), 7);
	assert_int_equal(shown(nf, "export/lost_messages"), 1);
	fake_export.err = 0;
	got.templates = 0;
	one_session(nf, NF_SEC);
	monitor_ops.tick(nf, 3 * NF_SEC);
	assert_int_equal(got.sequence, 107);
	assert_int_equal(got.in_last, 1);
	assert_int_equal(got.templates, 4);	/* they may have been lost */
	assert_int_equal(shown(nf, "export/records"), 101);
	fake_nf_free(nf);
}

static void a_refusal_is_counted_and_the_message_sent(void **state)
{
	struct nf *nf = monitor("");

	(void)state;
	one_session(nf, NF_SEC);
	fake_export.err = -ECONNREFUSED;
	monitor_ops.tick(nf, NF_SEC);
	assert_int_equal(got.records, 1);
	assert_int_equal(shown(nf, "export/refused"), 1);
	assert_int_equal(shown(nf, "export/lost_records"), 0);
	fake_nf_free(nf);
}

/* No tick looks at more than it may, and every session has its turn, also when
 * the one that was next ends. */
static void all_sessions_have_their_turn(void **state)
{
	enum { N = 10000 };
	struct nf *nf = monitor("active 60s idle 10s");
	static void *s[N];
	uint32_t before;

	(void)state;
	for (int i = 0; i < N; i++) {
		s[i] = fake_session(nf);
		send_at(nf, s[i], false, 100 * NF_SEC, 60);
	}
	monitor_ops.tick(nf, 200 * NF_SEC);
	assert_int_equal(got.records, 4096);
	/* the newest is first: 5903 is next */
	over(nf, s[5903], 200 * NF_SEC);
	s[5903] = NULL;
	before = got.records;
	monitor_ops.tick(nf, 200 * NF_SEC);
	assert_in_range(got.records - before, 4096, 4097);
	monitor_ops.tick(nf, 200 * NF_SEC);
	assert_int_equal(got.records, N);
	assert_int_equal(got.packets, N);
	for (int i = 0; i < N; i++)
		if (s[i])
			over(nf, s[i], 200 * NF_SEC);
	fake_nf_free(nf);
	assert_int_equal(got.records, N);
}

static void another_five_tuple_is_another_record(void **state)
{
	struct nf *nf = monitor("");
	void *s = fake_session(nf);
	struct nf_pkt pkt;

	(void)state;
	send_at(nf, s, false, NF_SEC, 60);
	pkt = fake_pkt(s, IPPROTO_UDP, "10.0.0.1", 1000, "192.0.2.8", 53);
	pkt.now = 2 * NF_SEC;
	assert_int_equal(fake_run(nf, &pkt), NF_FORWARD);
	monitor_ops.tick(nf, 3 * NF_SEC);
	assert_int_equal(got.records, 1);
	assert_int_equal(got.packets, 1);
	assert_int_equal(get(got.last + 4, 4), 0xc0000207);
	over(nf, s, 3 * NF_SEC);
	monitor_ops.tick(nf, 3 * NF_SEC);
	assert_int_equal(got.records, 2);
	assert_int_equal(get(got.last + 4, 4), 0xc0000208);
	assert_int_equal(got.packets, 2);
	fake_nf_free(nf);
}

static void stopping_tells_what_is_open(void **state)
{
	struct nf *nf = monitor("");
	void *s = fake_session(nf);

	(void)state;
	send_at(nf, s, false, NF_SEC, 60);
	monitor_ops.tick(nf, 2 * NF_SEC);
	assert_int_equal(got.records, 0);
	fake_nf_free(nf);
	assert_int_equal(got.records, 1);
	assert_int_equal(got.reason, 4);
	free(s);
}

/* Random packets, ends and ticks, with the kernel counting: what the collector
 * has got is what was counted. */
static void records_add_up(void **state)
{
	struct nf *nf = monitor("active 5s idle 2s template-messages 3");
	unsigned int seed = 0x6970;
	uint64_t packets = 0, bytes = 0, now = NF_SEC;
	void *s[64] = { 0 };

	(void)state;
	if (getenv("NFOLD_SEED"))
		seed = strtoul(getenv("NFOLD_SEED"), NULL, 0);
	print_message("# NFOLD_SEED=%u\n", seed);
	for (int n = 0; n < 50000; n++) {
		int i = rand_r(&seed) % 64;
		uint32_t len = 60 + rand_r(&seed) % 1440;

		now += rand_r(&seed) % (NF_SEC / 100);
		if (rand_r(&seed) % 10 == 0)
			monitor_ops.tick(nf, now);
		if (s[i] && rand_r(&seed) % 10 == 0) {
			over(nf, s[i], now);
			s[i] = NULL;
			continue;
		}
		if (!s[i])
			s[i] = fake_session(nf);
		send_at(nf, s[i], rand_r(&seed) % 2, now, len);
		packets++;
		bytes += len;
		if (rand_r(&seed) % 4 == 0) {
			struct nf_count *cell = fake.records[0].arg;

			cell->packets += 7;
			cell->bytes += 7 * 60;
			packets += 7;
			bytes += 7 * 60;
		}
	}
	for (int i = 0; i < 64; i++)
		if (s[i])
			over(nf, s[i], now);
	monitor_ops.tick(nf, now);
	assert_int_equal(got.packets, packets);
	assert_int_equal(got.layer2, bytes);
	assert_int_equal(got.octets, bytes - packets * 14);
	assert_int_equal(got.sequence + got.in_last, got.records);
	fake_nf_free(nf);
}

static void bad_exports_are_refused(void **state)
{
	(void)state;
	fake_refused(&monitor_ops, "export;", "export ipfix");
	fake_refused(&monitor_ops, "export netflow 192.0.2.1:4739;", "ipfix");
	fake_refused(&monitor_ops, "export ipfix 192.0.2.1;", "port");
	fake_refused(&monitor_ops, "export ipfix 192.0.2.1:4739/tcp;", "UDP");
	fake_refused(&monitor_ops, "export ipfix 192.0.2.1:4739 active;", "value");
	fake_refused(&monitor_ops, "export ipfix 192.0.2.1:4739 actve 5s;",
		     "active");
	fake_refused(&monitor_ops, "export ipfix 192.0.2.1:4739 idle 10ms;",
		     "short");
	fake_refused(&monitor_ops, "export ipfix 192.0.2.1:4739 domain 0;", "0");
	fake_refused(&monitor_ops,
		     "export ipfix 192.0.2.1:4739; export ipfix 192.0.2.2:4739;",
		     "twice");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_are_those_of_the_rfc),
		cmocka_unit_test(a_full_message_stays_whole),
		cmocka_unit_test_setup(a_direction_that_ends_is_a_record, setup),
		cmocka_unit_test_setup(other_families_and_echo_have_templates, setup),
		cmocka_unit_test_setup(idle_and_active_directions_are_records, setup),
		cmocka_unit_test_setup(what_is_taken_back_is_no_record, setup),
		cmocka_unit_test_setup(templates_come_again, setup),
		cmocka_unit_test_setup(the_sequence_counts_records_also_lost_ones, setup),
		cmocka_unit_test_setup(a_refusal_is_counted_and_the_message_sent, setup),
		cmocka_unit_test_setup(all_sessions_have_their_turn, setup),
		cmocka_unit_test_setup(another_five_tuple_is_another_record, setup),
		cmocka_unit_test_setup(stopping_tells_what_is_open, setup),
		cmocka_unit_test_setup(records_add_up, setup),
		cmocka_unit_test(bad_exports_are_refused),
	};

	return cmocka_run_group_tests_name("ipfix", tests, NULL, NULL);
}
