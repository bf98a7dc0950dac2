// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Captures as input: merging, time, and every kind of bad record. The files are
 * written byte by byte here, so that what libpcap would never write is there
 * too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "loader/cli/capture.h"
#include "loader/cli/cli.h"
#include "userspace/oracle.h"

#define MAGIC_US 0xa1b2c3d4
#define MAGIC_NS 0xa1b23c4d
#define ETHERNET 1
#define COOKED 113
#define S UINT64_C(1000000000)

static char path[2][32];
static FILE *f;

static void put32(uint32_t v)
{
	fwrite(&v, sizeof(v), 1, f);
}

static void begin(int n, uint32_t magic, uint32_t link)
{
	static const uint16_t version[2] = { 2, 4 };

	f = fopen(path[n], "wb");
	assert_non_null(f);
	put32(magic);
	fwrite(version, sizeof(version), 1, f);
	put32(0);
	put32(0);
	put32(262144);
	put32(link);
}

/* A frame whose bytes are fill. */
static void record(uint32_t s, uint32_t frac, uint32_t caplen, uint32_t len,
		   uint8_t fill)
{
	uint8_t *frame = malloc(caplen + 1);

	memset(frame, fill, caplen);
	put32(s);
	put32(frac);
	put32(caplen);
	put32(len);
	fwrite(frame, 1, caplen, f);
	free(frame);
}

static struct captures *opened(int cnt)
{
	static struct capture_input in[2];
	struct captures *c = NULL;

	for (int i = 0; i < cnt; i++)
		in[i] = (struct capture_input){ path[i], i };
	assert_int_equal(captures_open(&c, in, cnt), CLI_OK);
	return c;
}

static void next_is(struct captures *c, uint64_t ns, uint32_t port,
		    uint64_t rec, uint8_t fill)
{
	struct capture_packet p;

	assert_true(captures_next(c, &p));
	assert_int_equal(p.ns, ns);
	assert_int_equal(p.port, port);
	assert_int_equal(p.record, rec);
	assert_int_equal(p.data[p.len - 1], fill);
}

static void ends(struct captures *c)
{
	struct capture_packet p;

	assert_false(captures_next(c, &p));
	captures_close(c);
}

static int refused(int n)
{
	const struct capture_input in = { path[n], 0 };
	struct captures *c;

	return captures_open(&c, &in, 1);
}

static int setup(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		strcpy(path[i], "/tmp/nfold-capture-XXXXXX");
		close(mkstemp(path[i]));
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path[0]);
	unlink(path[1]);
	return 0;
}

static void captures_are_merged_by_time(void **state)
{
	struct captures *c;

	(void)state;
	begin(0, MAGIC_US, ETHERNET);
	record(1, 5, 60, 60, 1);
	record(3, 0, 60, 60, 2);
	fclose(f);
	begin(1, MAGIC_NS, ETHERNET);
	record(1, 4999, 60, 60, 3);
	record(1, 5000, 60, 60, 4);
	record(2, 7, 60, 60, 5);
	fclose(f);
	c = opened(2);
	next_is(c, S + 4999, 1, 1, 3);
	next_is(c, S + 5000, 0, 1, 1);	/* equal times: the first named */
	next_is(c, S + 5000, 1, 2, 4);
	next_is(c, 2 * S + 7, 1, 3, 5);
	next_is(c, 3 * S, 0, 2, 2);
	ends(c);
}

static void time_does_not_go_back(void **state)
{
	struct captures *c;

	(void)state;
	begin(0, MAGIC_NS, ETHERNET);
	record(5, 0, 60, 60, 1);
	record(4, 0, 60, 60, 2);
	record(6, 0, 60, 60, 3);
	fclose(f);
	c = opened(1);
	next_is(c, 5 * S, 0, 1, 1);
	next_is(c, 5 * S, 0, 2, 2);
	next_is(c, 6 * S, 0, 3, 3);
	assert_int_equal(captures_counts(c)->late, 1);
	ends(c);
}

static void what_can_not_be_run_is_skipped_and_counted(void **state)
{
	struct captures *c;

	(void)state;
	begin(0, MAGIC_US, ETHERNET);
	record(1, 0, 96, 1500, 1);	/* cut by the snaplen */
	record(2, 0, 13, 13, 2);
	record(3, 0, 0, 0, 3);
	record(4, 0, ORACLE_FRAME_MAX + 1, ORACLE_FRAME_MAX + 1, 4);
	record(5, 0, ORACLE_FRAME_MAX, ORACLE_FRAME_MAX, 5);
	record(6, 0, 14, 14, 6);
	fclose(f);
	c = opened(1);
	next_is(c, 5 * S, 0, 5, 5);
	next_is(c, 6 * S, 0, 6, 6);
	assert_int_equal(captures_counts(c)->cut, 1);
	assert_int_equal(captures_counts(c)->too_short, 2);
	assert_int_equal(captures_counts(c)->too_long, 1);
	assert_int_equal(captures_counts(c)->broken, 0);
	ends(c);
}

static void a_file_may_end_within_a_record(void **state)
{
	struct captures *c;

	(void)state;
	begin(0, MAGIC_US, ETHERNET);
	record(1, 0, 60, 60, 1);
	record(2, 0, 60, 60, 2);
	fclose(f);
	assert_int_equal(truncate(path[0], 24 + 76 + 30), 0);
	c = opened(1);
	next_is(c, S, 0, 1, 1);
	ends(c);
	c = opened(1);
	while (captures_next(c, &(struct capture_packet){ 0 }))
		;
	assert_int_equal(captures_counts(c)->broken, 1);
	captures_close(c);
}

static void a_garbage_length_ends_the_file(void **state)
{
	struct captures *c;

	(void)state;
	begin(0, MAGIC_US, ETHERNET);
	record(1, 0, 60, 60, 1);
	for (int i = 0; i < 200; i++)
		put32(0xfefefefe);
	fclose(f);
	c = opened(1);
	next_is(c, S, 0, 1, 1);
	assert_false(captures_next(c, &(struct capture_packet){ 0 }));
	assert_int_equal(captures_counts(c)->broken, 1);
	captures_close(c);
}

static void a_header_alone_is_an_empty_capture(void **state)
{
	(void)state;
	begin(0, MAGIC_US, ETHERNET);
	fclose(f);
	ends(opened(1));
}

static void what_is_no_ethernet_capture_is_refused(void **state)
{
	(void)state;
	assert_int_equal(refused(0), CLI_REFUSED);	/* 0 bytes */
	begin(0, MAGIC_US, COOKED);
	fclose(f);
	assert_int_equal(refused(0), CLI_REFUSED);
	begin(0, 0x12345678, ETHERNET);
	fclose(f);
	assert_int_equal(refused(0), CLI_REFUSED);
	unlink(path[0]);
	assert_int_equal(refused(0), CLI_NOT_FOUND);
}

/* Random bytes behind a good header: never a crash, never an endless loop. */
static void garbage_is_survived(void **state)
{
	uint64_t seed = getenv("NFOLD_SEED") ?
				strtoull(getenv("NFOLD_SEED"), NULL, 0) :
				(uint64_t)getpid();

	(void)state;
	printf("# NFOLD_SEED=%llu\n", (unsigned long long)seed);
	srandom(seed);
	for (int round = 0; round < 200; round++) {
		struct capture_packet p;
		struct captures *c;

		begin(0, random() & 1 ? MAGIC_US : MAGIC_NS, ETHERNET);
		record(1, 0, 60, 60, 1);
		for (int i = random() % 64; i; i--)
			put32(random() & 3 ? random() % 128 : random() * 2);
		fclose(f);
		c = opened(1);
		for (uint64_t last = 0; captures_next(c, &p); last = p.ns) {
			assert_true(p.ns >= last);
			assert_true(p.len <= ORACLE_FRAME_MAX);
		}
		captures_close(c);
	}
}

static void the_ports_address_is_what_most_frames_are_for(void **state)
{
	static const uint8_t none[6];
	uint8_t mac[6];

	(void)state;
	begin(0, MAGIC_US, ETHERNET);
	record(1, 0, 60, 60, 0xff);	/* broadcast */
	record(1, 0, 60, 60, 0xff);
	record(1, 0, 60, 60, 0xff);
	record(1, 0, 60, 60, 2);
	record(1, 0, 60, 60, 4);
	record(1, 0, 60, 60, 4);
	fclose(f);
	assert_int_equal(capture_port_mac(path[0], mac), CLI_OK);
	assert_memory_equal(mac, ((uint8_t[]){ 4, 4, 4, 4, 4, 4 }), 6);
	begin(0, MAGIC_US, ETHERNET);
	record(1, 0, 60, 60, 0xff);
	fclose(f);
	assert_int_equal(capture_port_mac(path[0], mac), CLI_OK);
	assert_memory_equal(mac, none, 6);
}

static void what_is_written_reads_back(void **state)
{
	static const char *const names[] = { "a0", "b.1" };
	char dir[] = "/tmp/nfold-capture-dir-XXXXXX", file[64];
	struct capture_out *o;
	struct captures *c;
	struct capture_input in = { file, 1 };
	uint8_t frame[60];

	(void)state;
	memset(frame, 7, sizeof(frame));
	assert_non_null(mkdtemp(dir));
	assert_int_equal(capture_out_open(&o, dir, names, 2), CLI_OK);
	capture_out_packet(o, 1, 1700000000 * S + 123456789, frame, 60);
	capture_out_packet(o, 2, 1, frame, 60);	/* no such port */
	assert_int_equal(capture_out_close(o), CLI_OK);
	assert_int_equal(capture_out_open(&o, dir, names, 2), CLI_REFUSED);
	snprintf(file, sizeof(file), "%s/b.1.pcap", dir);
	assert_int_equal(captures_open(&c, &in, 1), CLI_OK);
	next_is(c, 1700000000 * S + 123456789, 1, 1, 7);
	ends(c);
	unlink(file);
	snprintf(file, sizeof(file), "%s/a0.pcap", dir);
	assert_int_equal(captures_open(&c, &in, 1), CLI_OK);
	ends(c);
	unlink(file);
	rmdir(dir);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(captures_are_merged_by_time),
		TEST(time_does_not_go_back),
		TEST(what_can_not_be_run_is_skipped_and_counted),
		TEST(a_file_may_end_within_a_record),
		TEST(a_garbage_length_ends_the_file),
		TEST(a_header_alone_is_an_empty_capture),
		TEST(what_is_no_ethernet_capture_is_refused),
		TEST(garbage_is_survived),
		TEST(the_ports_address_is_what_most_frames_are_for),
		TEST(what_is_written_reads_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
