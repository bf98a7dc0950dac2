/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* monitor: hosts and rules add up to what was counted, also at the bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/nf_fake.h"

extern const struct nf_ops monitor_ops;

static struct nf_pkt packet(void *session, const char *from, const char *to,
			    bool reply, uint32_t len)
{
	struct nf_pkt pkt = fake_pkt(session, IPPROTO_UDP, from, 1000, to, 53);

	pkt.len = len;
	return reply ? fake_reply(&pkt) : pkt;
}

static void send_one(struct nf *nf, void *s, const char *from, const char *to,
		     bool reply, uint32_t len)
{
	struct nf_pkt pkt = packet(s, from, to, reply, len);

	assert_int_equal(fake_run(nf, &pkt), NF_FORWARD);
}

/* Number in the host's row of the dump, -1: no such host. */
static json_int_t host(struct nf *nf, const char *address, const char *path)
{
	json_t *dump = monitor_ops.dump(nf), *row;
	json_int_t n = -1;
	size_t i;

	json_array_foreach(json_object_get(dump, "hosts"), i, row)
		if (!strcmp(json_string_value(json_object_get(row, "address")),
			    address))
			n = fake_number(row, path);
	json_decref(dump);
	return n;
}

static json_int_t shown(struct nf *nf, const char *path)
{
	json_t *show = monitor_ops.show(nf);
	json_int_t n = fake_number(show, path);

	json_decref(show);
	return n;
}

static void a_host_has_sent_and_received(void **state)
{
	struct nf *nf = fake_nf(&monitor_ops, "hosts;");
	void *s = fake_session(nf), *six = fake_session(nf);

	(void)state;
	send_one(nf, s, "10.0.0.1", "192.0.2.1", false, 100);
	send_one(nf, s, "10.0.0.1", "192.0.2.1", true, 1500);
	send_one(nf, six, "2001:db8::1", "2001:db8::2", false, 80);
	assert_int_equal(host(nf, "10.0.0.1", "sent/bytes"), 100);
	assert_int_equal(host(nf, "10.0.0.1", "received/bytes"), 1500);
	assert_int_equal(host(nf, "192.0.2.1", "sent/packets"), 1);
	assert_int_equal(host(nf, "192.0.2.1", "received/packets"), 1);
	assert_int_equal(host(nf, "10.0.0.1", "flows"), 2);
	assert_int_equal(host(nf, "2001:db8::2", "received/bytes"), 80);
	assert_int_equal(shown(nf, "hosts/known"), 4);
	fake_expire(nf, s);
	assert_int_equal(host(nf, "10.0.0.1", "received/bytes"), 1500);
	assert_int_equal(host(nf, "10.0.0.1", "flows"), 0);
	fake_expire(nf, six);
	fake_nf_free(nf);
}

static void the_longest_quiet_host_makes_room(void **state)
{
	struct nf *nf = fake_nf(&monitor_ops, "hosts max 3;");
	void *s = fake_session(nf), *t = fake_session(nf);

	(void)state;
	send_one(nf, s, "10.0.0.1", "192.0.2.1", false, 100);
	fake_expire(nf, s);
	send_one(nf, t, "10.0.0.2", "192.0.2.1", false, 70);
	/* 192.0.2.1 is busy again; 10.0.0.1 is not */
	s = fake_session(nf);
	send_one(nf, s, "10.0.0.3", "192.0.2.1", false, 60);
	assert_int_equal(host(nf, "10.0.0.1", "sent/bytes"), -1);
	assert_int_equal(host(nf, "others", "sent/bytes"), 100);
	assert_int_equal(host(nf, "10.0.0.3", "sent/bytes"), 60);
	assert_int_equal(host(nf, "192.0.2.1", "received/bytes"), 230);
	assert_int_equal(shown(nf, "hosts/made_room"), 1);
	fake_expire(nf, s);
	fake_expire(nf, t);
	fake_nf_free(nf);
}

static void without_a_quiet_host_others_count(void **state)
{
	struct nf *nf = fake_nf(&monitor_ops, "hosts max 2;");
	void *s = fake_session(nf), *t = fake_session(nf);

	(void)state;
	send_one(nf, s, "10.0.0.1", "192.0.2.1", false, 100);
	send_one(nf, t, "10.0.0.2", "192.0.2.1", false, 70);
	assert_int_equal(host(nf, "10.0.0.2", "sent/bytes"), -1);
	assert_int_equal(host(nf, "others", "sent/bytes"), 70);
	assert_int_equal(host(nf, "others", "flows"), 1);
	assert_int_equal(host(nf, "192.0.2.1", "received/bytes"), 170);
	fake_expire(nf, t);
	assert_int_equal(host(nf, "others", "sent/bytes"), 70);
	assert_int_equal(host(nf, "others", "flows"), 0);
	fake_expire(nf, s);
	fake_nf_free(nf);
}

static void rules_count_each_direction_that_matches(void **state)
{
	struct nf *nf = fake_nf(&monitor_ops,
				"rule dns \"udp port 53\";"
				"rule out \"src net 10.0.0.0/8\";"
				"rule none \"tcp\"; rule all \"ip or ip6\";");
	void *s = fake_session(nf);

	(void)state;
	send_one(nf, s, "10.0.0.1", "192.0.2.1", false, 100);
	send_one(nf, s, "10.0.0.1", "192.0.2.1", true, 1500);
	for (int over = 0; over < 2; over++) {
		assert_int_equal(shown(nf, "rules/0/packets"), 2);
		assert_int_equal(shown(nf, "rules/0/bytes"), 1600);
		assert_int_equal(shown(nf, "rules/1/bytes"), 100);
		assert_int_equal(shown(nf, "rules/2/packets"), 0);
		assert_int_equal(shown(nf, "rules/3/packets"), 2);
		assert_int_equal(shown(nf, "rules/0/flows"), over ? 0 : 2);
		if (!over)
			fake_expire(nf, s);
	}
	fake_nf_free(nf);
}

/* A balancer sends the session to another backend. */
static void another_five_tuple_is_another_host(void **state)
{
	struct nf *nf = fake_nf(&monitor_ops,
				"hosts; rule b1 \"host 192.0.2.1\";"
				"rule b2 \"host 192.0.2.2\";");
	void *s = fake_session(nf);

	(void)state;
	send_one(nf, s, "10.0.0.1", "192.0.2.1", false, 100);
	((struct nf_count *)fake.records[0].arg)->bytes += 1000;
	send_one(nf, s, "10.0.0.1", "192.0.2.2", false, 70);
	assert_int_equal(host(nf, "192.0.2.1", "received/bytes"), 1100);
	assert_int_equal(host(nf, "192.0.2.2", "received/bytes"), 70);
	assert_int_equal(host(nf, "10.0.0.1", "sent/bytes"), 1170);
	assert_int_equal(host(nf, "192.0.2.1", "flows"), 0);
	assert_int_equal(shown(nf, "rules/0/bytes"), 1100);
	assert_int_equal(shown(nf, "rules/1/bytes"), 70);
	fake_expire(nf, s);
	assert_int_equal(shown(nf, "total/original/bytes"), 1170);
	assert_int_equal(host(nf, "192.0.2.2", "received/bytes"), 70);
	fake_nf_free(nf);
}

static void a_restored_session_is_its_hosts_and_rules(void **state)
{
	static const char conf[] = "hosts; rule dns \"udp port 53\";";
	struct nf *old = fake_nf(&monitor_ops, conf);
	struct nf *new = fake_nf(&monitor_ops, conf);
	void *s = fake_session(old), *t = fake_session(new);
	void *blob = fake_session(old);

	(void)state;
	send_one(old, s, "10.0.0.1", "192.0.2.1", false, 100);
	monitor_ops.save(old, s, blob);
	fake_expire(old, s);
	fake_nf_free(old);
	assert_int_equal(monitor_ops.restore(new, t, blob), 0);
	send_one(new, t, "10.0.0.1", "192.0.2.1", false, 50);
	assert_int_equal(host(new, "10.0.0.1", "sent/bytes"), 150);
	assert_int_equal(shown(new, "rules/0/bytes"), 150);
	fake_expire(new, t);
	free(blob);
	fake_nf_free(new);
}

static json_int_t sum(struct nf *nf, const char *list, const char *path)
{
	json_t *dump = monitor_ops.dump(nf), *row;
	json_int_t n = 0;
	size_t i;

	json_array_foreach(json_object_get(dump, list), i, row)
		n += fake_number(row, path);
	json_decref(dump);
	return n;
}

/* Sessions of 30 random hosts of 200 in a table of 20: whoever makes room,
 * everything that was counted is somebody's. */
static void nothing_is_lost_at_the_bound(void **state)
{
	struct nf *nf = fake_nf(&monitor_ops, "hosts max 20; rule r \"udp\";");
	unsigned int seed = 0x686f;
	json_int_t packets = 0, bytes = 0;
	void *s[30] = { 0 };
	char to[30][16];

	(void)state;
	if (getenv("NFOLD_SEED"))
		seed = strtoul(getenv("NFOLD_SEED"), NULL, 0);
	print_message("# NFOLD_SEED=%u\n", seed);
	for (int n = 0; n < 20000; n++) {
		int i = rand_r(&seed) % 30;
		uint32_t len = 60 + rand_r(&seed) % 1440;

		if (s[i] && rand_r(&seed) % 4 == 0) {
			fake_expire(nf, s[i]);
			s[i] = NULL;
			continue;
		}
		if (!s[i]) {
			s[i] = fake_session(nf);
			snprintf(to[i], sizeof(to[i]), "192.0.2.%d",
				 rand_r(&seed) % 200);
		}
		send_one(nf, s[i], "10.0.0.1", to[i], rand_r(&seed) % 2, len);
		packets++;
		bytes += len;
	}
	for (int half = 0; half < 2; half++) {
		assert_int_equal(sum(nf, "hosts", "sent/packets"), packets);
		assert_int_equal(sum(nf, "hosts", "received/bytes"), bytes);
		assert_int_equal(sum(nf, "rules", "bytes"), bytes);
		assert_in_range(shown(nf, "hosts/known"), 1, 20);
		for (int i = 0; i < 30 && !half; i++)
			if (s[i])
				fake_expire(nf, s[i]);
	}
	assert_int_equal(sum(nf, "hosts", "flows"), 0);
	assert_true(shown(nf, "hosts/made_room") > 100);
	fake_nf_free(nf);
}

/* --- tables --- */

/* Column of a row, by its name. */
static const json_t *cell(json_t *page, size_t row, const char *column)
{
	const json_t *name;
	size_t i;

	json_array_foreach(json_object_get(page, "columns"), i, name)
		if (!strcmp(json_string_value(name), column))
			return json_array_get(
				json_array_get(json_object_get(page, "rows"),
					       row), i);
	fail_msg("no column %s", column);
	return NULL;
}

static size_t view_of(const char *name)
{
	for (size_t i = 0; monitor_ops.views[i]; i++)
		if (!strcmp(monitor_ops.views[i], name))
			return i;
	fail_msg("no view %s", name);
	return 0;
}

static void a_flow_has_a_row(void **state)
{
	struct nf *nf = fake_nf(&monitor_ops, "");
	void *s = fake_session(nf);
	struct nf_pkt pkt = packet(s, "10.0.0.1", "192.0.2.1", false, 100);
	json_t *page;

	(void)state;
	pkt.now = 5 * NF_SEC;
	assert_int_equal(fake_run(nf, &pkt), NF_FORWARD);
	send_one(nf, s, "10.0.0.1", "192.0.2.1", true, 1500);
	fake_seen = (struct nf_seen){ .last_ns = { 7 * NF_SEC, 9 * NF_SEC } };
	page = monitor_ops.view(nf, view_of("flows"), 0);
	assert_null(json_object_get(page, "next"));
	assert_int_equal(json_integer_value(cell(page, 0, "protocol")), 17);
	assert_string_equal(json_string_value(cell(page, 0, "source")),
			    "10.0.0.1");
	assert_int_equal(json_integer_value(cell(page, 0, "source_port")), 1000);
	assert_int_equal(json_integer_value(cell(page, 0, "bytes")), 100);
	assert_int_equal(json_integer_value(cell(page, 0, "reply_bytes")), 1500);
	assert_int_equal(json_integer_value(cell(page, 0, "start_ms")),
			 (FAKE_EPOCH + 5 * NF_SEC) / 1000000);
	assert_int_equal(json_integer_value(cell(page, 0, "last_ms")),
			 (FAKE_EPOCH + 9 * NF_SEC) / 1000000);
	json_decref(page);
	fake_seen = (struct nf_seen){ 0 };
	fake_expire(nf, s);
	fake_nf_free(nf);
}

/* Pages while sessions end, those on the border too, others begin, and somebody
 * else reads: each that was there all the time is listed once. */
static void pages_list_each_session_once(void **state)
{
	enum { N = 3000 };
	struct nf *nf = fake_nf(&monitor_ops, "");
	size_t flows = view_of("flows"), pages = 0;
	static void *s[N + 1000];
	static int listed[N + 1000];
	uint64_t from = 0;
	json_t *page;

	(void)state;
	for (int i = 0; i < N; i++) {
		struct nf_pkt pkt;

		s[i] = fake_session(nf);
		pkt = packet(s[i], "10.0.0.1", "192.0.2.1", false, 60);
		pkt.sport = htons(i);
		assert_int_equal(fake_run(nf, &pkt), NF_FORWARD);
	}
	do {
		page = monitor_ops.view(nf, flows, from);
		for (size_t r = 0;
		     r < json_array_size(json_object_get(page, "rows")); r++)
			listed[json_integer_value(cell(page, r,
						       "source_port"))]++;
		from = json_integer_value(json_object_get(page, "next"));
		json_decref(page);
		/* the newest is first: 2999 to 1976; then the border moves */
		if (!pages++) {
			for (int i = 1900; i < 2000; i++) {
				fake_expire(nf, s[i]);
				s[i] = NULL;
			}
			s[N] = fake_session(nf);
			send_one(nf, s[N], "10.0.0.1", "192.0.2.1", false, 60);
		} else {
			json_decref(monitor_ops.view(nf, flows, 0));
		}
	} while (from);
	assert_int_equal(pages, 3);
	for (int i = 0; i < N; i++)
		assert_int_equal(listed[i], i < 1900 || i >= 1976);
	for (int i = 0; i <= N; i++)
		if (s[i])
			fake_expire(nf, s[i]);
	fake_nf_free(nf);
}

static void all_hosts_are_in_the_pages(void **state)
{
	struct nf *nf = fake_nf(&monitor_ops, "hosts;");
	size_t hosts = view_of("hosts"), rows = 0;
	json_int_t received = 0;
	uint64_t from = 0;
	void *s[2500];

	(void)state;
	for (int i = 0; i < 2500; i++) {
		char to[32];

		s[i] = fake_session(nf);
		snprintf(to, sizeof(to), "192.0.%d.%d", i / 250, i % 250);
		send_one(nf, s[i], "10.0.0.1", to, false, 60);
	}
	do {
		json_t *page = monitor_ops.view(nf, hosts, from);
		size_t n = json_array_size(json_object_get(page, "rows"));

		assert_in_range(n, 1, NF_VIEW_ROWS);
		for (size_t r = 0; r < n; r++)
			received += json_integer_value(
				cell(page, r, "received_bytes"));
		rows += n;
		from = json_integer_value(json_object_get(page, "next"));
		json_decref(page);
	} while (from);
	assert_int_equal(rows, 2500 + 1 + 1);	/* the source, others */
	assert_int_equal(received, 2500 * 60);
	for (int i = 0; i < 2500; i++)
		fake_expire(nf, s[i]);
	fake_nf_free(nf);
}

static void a_view_says_what_is_not_counted(void **state)
{
	struct nf *nf = fake_nf(&monitor_ops, "");
	json_t *page;

	(void)state;
	for (int i = 0; i < 2; i++) {
		page = monitor_ops.view(nf, view_of(i ? "hosts" : "rules"), 0);
		assert_non_null(json_object_get(page, "note"));
		assert_int_equal(json_array_size(json_object_get(page, "rows")),
				 0);
		json_decref(page);
	}
	fake_nf_free(nf);
}

static void bad_keys_are_refused(void **state)
{
	char many[65 * 32] = "";

	(void)state;
	fake_refused(&monitor_ops, "hosts 5;", "max");
	fake_refused(&monitor_ops, "hosts max 0;", "0");
	fake_refused(&monitor_ops, "hosts; hosts;", "twice");
	fake_refused(&monitor_ops, "hosts { }", "");
	fake_refused(&monitor_ops, "rule web;", "EXPRESSION");
	fake_refused(&monitor_ops, "rule web \"tcp prot 80\";", "tcp prot");
	fake_refused(&monitor_ops, "rule syn \"tcp[tcpflags] == 2\";", "differs");
	fake_refused(&monitor_ops, "rule a \"tcp\"; rule a \"udp\";", "two rules");
	fake_refused(&monitor_ops, "rule \"\" \"udp\";", "name");
	fake_refused(&monitor_ops, "host;", "hosts");
	for (int i = 0; i < 65; i++)
		sprintf(many + strlen(many), "rule r%d \"udp port %d\";", i,
			i + 1);
	fake_refused(&monitor_ops, many, "64");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_has_sent_and_received),
		cmocka_unit_test(the_longest_quiet_host_makes_room),
		cmocka_unit_test(without_a_quiet_host_others_count),
		cmocka_unit_test(rules_count_each_direction_that_matches),
		cmocka_unit_test(another_five_tuple_is_another_host),
		cmocka_unit_test(a_restored_session_is_its_hosts_and_rules),
		cmocka_unit_test(nothing_is_lost_at_the_bound),
		cmocka_unit_test(a_flow_has_a_row),
		cmocka_unit_test(pages_list_each_session_once),
		cmocka_unit_test(all_hosts_are_in_the_pages),
		cmocka_unit_test(a_view_says_what_is_not_counted),
		cmocka_unit_test(bad_keys_are_refused),
	};

	return cmocka_run_group_tests_name("monitor views", tests, NULL, NULL);
}
