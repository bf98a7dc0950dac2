/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* monitor: counts are exact, whoever counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/nf_fake.h"

extern const struct nf_ops monitor_ops;

static struct nf_pkt packet(void *session, int id, bool reply, uint32_t len)
{
	struct nf_pkt pkt = fake_pkt(session, IPPROTO_UDP, "10.0.0.1",
				     1000 + id, "192.0.2.1", 53);

	pkt.len = len;
	return reply ? fake_reply(&pkt) : pkt;
}

static json_int_t total(struct nf *nf, const char *path)
{
	json_t *show = monitor_ops.show(nf);
	json_int_t n = fake_number(show, path);

	json_decref(show);
	return n;
}

static void each_direction_counts_packets_and_bytes(void **state)
{
	struct nf *nf = fake_nf(&monitor_ops, "");
	void *s = fake_session(nf);
	struct nf_pkt pkt = packet(s, 0, false, 100);

	(void)state;
	assert_int_equal(fake_run(nf, &pkt), NF_FORWARD);
	pkt = packet(s, 0, false, 60);
	assert_int_equal(fake_run(nf, &pkt), NF_FORWARD);
	pkt = packet(s, 0, true, 1500);
	assert_int_equal(fake_run(nf, &pkt), NF_FORWARD);
	assert_int_equal(total(nf, "total/original/packets"), 2);
	assert_int_equal(total(nf, "total/original/bytes"), 160);
	assert_int_equal(total(nf, "total/reply/packets"), 1);
	assert_int_equal(total(nf, "total/reply/bytes"), 1500);
	assert_int_equal(total(nf, "sessions"), 1);
	fake_expire(nf, s);
	assert_int_equal(total(nf, "total/original/bytes"), 160);
	assert_int_equal(total(nf, "sessions"), 0);
	assert_int_equal(total(nf, "opened"), 1);
	fake_nf_free(nf);
}

static void a_count_function_is_recorded_with_the_cell_of_the_direction(
	void **state)
{
	struct nf *nf = fake_nf(&monitor_ops, "");
	void *s = fake_session(nf);
	struct nf_count *cells[2];

	(void)state;
	for (int reply = 0; reply < 2; reply++) {
		struct nf_pkt pkt = packet(s, 0, reply, 100);

		assert_int_equal(fake_run(nf, &pkt), NF_FORWARD);
		assert_int_equal(fake.cnt, 1);
		assert_true(fake.records[0].is_sf);
		assert_true(fake.records[0].sf->count);
		assert_int_equal(fake.records[0].sf->payload, NF_IGNORE);
		cells[reply] = fake.records[0].arg;
		assert_int_equal(cells[reply]->packets, 1);
	}
	assert_ptr_not_equal(cells[0], cells[1]);
	/* what the engine adds for folded packets is in the totals at once */
	cells[1]->packets += 1000000;
	cells[1]->bytes += 64000000;
	assert_int_equal(total(nf, "total/reply/packets"), 1000001);
	fake_expire(nf, s);
	assert_int_equal(total(nf, "total/reply/bytes"), 64000100);
	fake_nf_free(nf);
}

/* Random packets of random sessions, some counted as if by the kernel, sessions
 * ending in between: the totals are the sum. */
static void totals_are_the_sum_of_everything_ever_counted(void **state)
{
	struct nf *nf = fake_nf(&monitor_ops, "");
	struct nf_count want[2] = { 0 };
	unsigned int seed = 0x6d6f, open = 0;
	void *s[64] = { 0 };

	(void)state;
	if (getenv("SEED"))
		seed = strtoul(getenv("SEED"), NULL, 0);
	print_message("# seed %u\n", seed);
	for (int n = 0; n < 20000; n++) {
		int i = rand_r(&seed) % 64, reply = rand_r(&seed) % 2;
		struct nf_pkt pkt;

		if (s[i] && rand_r(&seed) % 10 == 0) {
			fake_expire(nf, s[i]);
			s[i] = NULL;
			open--;
			continue;
		}
		if (!s[i]) {
			s[i] = fake_session(nf);
			open++;
		}
		pkt = packet(s[i], i, reply, 60 + rand_r(&seed) % 1440);
		assert_int_equal(fake_run(nf, &pkt), NF_FORWARD);
		want[reply].packets++;
		want[reply].bytes += pkt.len;
		if (rand_r(&seed) % 4 == 0) {
			struct nf_count *cell = fake.records[0].arg;

			cell->packets += 7;
			cell->bytes += 7 * 60;
			want[reply].packets += 7;
			want[reply].bytes += 7 * 60;
		}
	}
	assert_int_equal(total(nf, "sessions"), open);
	for (int half = 0; half < 2; half++) {
		assert_int_equal(total(nf, "total/original/packets"),
				 want[0].packets);
		assert_int_equal(total(nf, "total/original/bytes"),
				 want[0].bytes);
		assert_int_equal(total(nf, "total/reply/packets"),
				 want[1].packets);
		assert_int_equal(total(nf, "total/reply/bytes"),
				 want[1].bytes);
		for (int i = 0; i < 64 && !half; i++)
			if (s[i])
				fake_expire(nf, s[i]);
	}
	assert_int_equal(total(nf, "sessions"), 0);
	fake_nf_free(nf);
}

static char *dump_after(const int *order, int cnt)
{
	struct nf *nf = fake_nf(&monitor_ops, "");
	void *s[8];
	char *text;

	for (int i = 0; i < cnt; i++) {
		struct nf_pkt pkt;

		s[i] = fake_session(nf);
		pkt = packet(s[i], order[i], false, 100 + order[i]);
		assert_int_equal(fake_run(nf, &pkt), NF_FORWARD);
	}
	text = fake_text(monitor_ops.dump(nf));
	for (int i = 0; i < cnt; i++)
		fake_expire(nf, s[i]);
	fake_nf_free(nf);
	return text;
}

static void dump_does_not_depend_on_the_order_of_arrival(void **state)
{
	static const int one[] = { 1, 2, 3, 4, 5 }, two[] = { 4, 1, 5, 3, 2 };
	char *a = dump_after(one, 5), *b = dump_after(two, 5);

	(void)state;
	assert_string_equal(a, b);
	assert_non_null(strstr(a, "\"source\": \"10.0.0.1:1001\""));
	assert_non_null(strstr(a, "\"destination\": \"192.0.2.1:53\""));
	free(a);
	free(b);
}

static void saved_counts_go_on_in_a_new_engine(void **state)
{
	struct nf *old = fake_nf(&monitor_ops, "");
	struct nf *new = fake_nf(&monitor_ops, "");
	void *s = fake_session(old), *t = fake_session(new);
	void *blob = fake_session(old), *unseen = fake_session(old);
	struct nf_pkt pkt = packet(s, 0, false, 100);

	(void)state;
	assert_int_equal(fake_run(old, &pkt), NF_FORWARD);
	monitor_ops.save(old, s, blob);
	assert_int_equal(monitor_ops.restore(new, t, blob), 0);
	pkt = packet(t, 0, false, 50);
	assert_int_equal(fake_run(new, &pkt), NF_FORWARD);
	assert_int_equal(total(new, "total/original/bytes"), 150);
	assert_int_equal(total(new, "sessions"), 1);
	fake_expire(new, t);
	t = fake_session(new);
	monitor_ops.save(old, unseen, blob);
	assert_int_equal(monitor_ops.restore(new, t, blob), 0);
	assert_int_equal(total(new, "sessions"), 0);
	fake_expire(new, t);
	fake_expire(old, s);
	fake_expire(old, unseen);
	free(blob);
	fake_nf_free(old);
	fake_nf_free(new);
}

static void unknown_keys_are_refused(void **state)
{
	(void)state;
	fake_refused(&monitor_ops, "sorts 1;", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_direction_counts_packets_and_bytes),
		cmocka_unit_test(a_count_function_is_recorded_with_the_cell_of_the_direction),
		cmocka_unit_test(totals_are_the_sum_of_everything_ever_counted),
		cmocka_unit_test(dump_does_not_depend_on_the_order_of_arrival),
		cmocka_unit_test(saved_counts_go_on_in_a_new_engine),
		cmocka_unit_test(unknown_keys_are_refused),
	};

	return cmocka_run_group_tests_name("monitor", tests, NULL, NULL);
}
