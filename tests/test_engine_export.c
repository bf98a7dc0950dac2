// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the engine tells NFs of a session, and what they send to collectors: the
 * real monitor in the real engine. */
#include "tests/engine_box.h"

#include <errno.h>

#include "chains/conf.h"

extern const struct nf_ops monitor_ops;

static struct {
	uint8_t msg[2048];
	size_t len;
	uint32_t nf;
	int cnt;
	int err;
} sent;

static int collect(void *ctx, uint32_t nf, const void *msg, size_t len)
{
	assert_ptr_equal(ctx, &sent);
	assert_in_range(len, 16, sizeof(sent.msg));
	sent.nf = nf;
	sent.cnt++;
	if (sent.err)
		return sent.err;
	memcpy(sent.msg, msg, len);
	sent.len = len;
	return 0;
}

/* rewrite, then the monitor: it is NF 1. */
static int setup_monitor(void **state)
{
	static const char text[] =
		"monitor { export ipfix 192.0.2.1:4739 active 60s idle 10s; }";
	struct conf_block *tree;
	struct conf_error err;

	(void)state;
	memset(&box, 0, sizeof(box));
	memset(&nfs_state, 0, sizeof(nfs_state));
	memset(&sent, 0, sizeof(sent));
	assert_int_equal(conf_parse(&tree, "test", text, &err), 0);
	box.nf[0].ops = &rewrite_ops;
	box.nf[1].ops = &monitor_ops;
	box.nf[1].index = 1;
	assert_int_equal(monitor_ops.init(&box.nf[1], tree->stmts[0].block,
					  &err), 0);
	conf_free(tree);
	box.nfs[0] = &box.nf[0];
	box.nfs[1] = &box.nf[1];
	box.export = (struct engine_export){ .ctx = &sent, .send = collect };
	box_start_nfs(true, 64, 0);
	engine_unix(box.e, 1000 * NF_SEC + box.now);
	return 0;
}

static int teardown_monitor(void **state)
{
	engine_free(box.e);
	monitor_ops.exit(&box.nf[1]);
	box.e = NULL;
	for (int i = 0; i < 2; i++) {
		flow_table_free(box.tables[i]);
		free(box.slots[i]);
		free(box.tags[i]);
	}
	(void)state;
	return 0;
}

static uint64_t get(const uint8_t *at, size_t len)
{
	uint64_t n = 0;

	while (len--)
		n = n << 8 | *at++;
	return n;
}

/* The last record of a message of IPv4 flows with ports. */
static const uint8_t *last_record(void)
{
	return sent.msg + sent.len - 56;
}

static struct nfold_cells *entry_cells(void)
{
	struct flow_entry fe;

	for (uint32_t s = 0; s < flow_table_slots(box.tables[0]); s++)
		if (flow_table_read(box.tables[0], s, &fe, NULL))
			return flow_table_cells(box.tables[0], s);
	fail_msg("no entry");
	return NULL;
}

/* Packets that only XDP has seen, an idle time, and its record: with their number,
 * their last time, their flags. */
static void what_the_kernel_saw_is_exported(void **state)
{
	struct pkt f = request(IPPROTO_TCP, 4000);
	struct nfold_cells *c;
	uint64_t last;

	(void)state;
	f.flags = NFOLD_TCP_SYN;
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	c = entry_cells();
	idle(5 * NF_SEC);
	assert_int_equal(sent.cnt, 1);		/* the templates */
	assert_int_equal(sent.nf, 1);
	c->packets += 10;
	c->bytes += 1000;
	c->last_seen_ns = last = box.now;
	c->tcp_seen |= NFOLD_TCP_ACK;
	idle(9 * NF_SEC);
	assert_int_equal(sent.cnt, 1);
	idle(2 * NF_SEC);
	assert_int_equal(sent.cnt, 2);
	assert_int_equal(get(last_record() + 12, 1), IPPROTO_TCP);
	assert_int_equal(get(last_record() + 13, 1), 1);	/* idle */
	assert_int_equal(get(last_record() + 14, 2),
			 NFOLD_TCP_SYN | NFOLD_TCP_ACK);
	assert_int_equal(get(last_record() + 16, 8), 11);
	assert_int_equal(get(last_record() + 32, 8), 1000 + box.len);
	assert_int_equal(get(last_record() + 48, 8),
			 (1000 * NF_SEC + last) / 1000000);
	/* nothing since: the end of the session is no record */
	engine_flush(box.e, NULL, 0);
	idle(NF_SEC);
	assert_int_equal(sent.cnt, 2);
}

/* The engine's own expiry is told from an operator's flush. */
static void why_a_session_ended_is_told(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);

	(void)state;
	box.chain.timeouts.udp = 3 * NF_SEC;
	pass(&f, 0);
	idle(4 * NF_SEC);
	assert_int_equal(engine_sessions(box.e), 0);
	assert_int_equal(get(last_record() + 13, 1), 1);
	pass(&f, 0);
	entry_cells()->packets += 5;
	entry_cells()->bytes += 500;
	engine_flush(box.e, NULL, 0);
	idle(NF_SEC);
	assert_int_equal(get(last_record() + 13, 1), 4);
	assert_int_equal(get(last_record() + 16, 8), 6);
	assert_int_equal(get(sent.msg + 8, 4), 1);	/* sequence */
}

static json_int_t shown(const char *key)
{
	json_t *all = engine_nf_show(box.e, "monitor");
	json_int_t n = json_integer_value(json_object_get(
		json_object_get(json_object_get(all, "monitor"), "export"),
		key));

	json_decref(all);
	return n;
}

static void what_can_not_be_sent_is_lost_and_counted(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);

	(void)state;
	idle(NF_SEC);
	sent.err = -EAGAIN;
	pass(&f, 0);
	engine_flush(box.e, NULL, 0);
	idle(NF_SEC);
	assert_int_equal(shown("lost_records"), 1);
	sent.err = 0;
	pass(&f, 0);
	engine_flush(box.e, NULL, 0);
	idle(NF_SEC);
	assert_int_equal(get(sent.msg + 8, 4), 1);
	assert_int_equal(shown("records"), 1);
}

static void a_view_is_of_one_nf(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	json_t *page;

	(void)state;
	pass(&f, 0);
	entry_cells()->packets += 5;
	page = engine_nf_view(box.e, "monitor", "flows", 0);
	assert_non_null(page);
	/* protocol, source, port, destination, port, packets */
	assert_int_equal(json_integer_value(json_array_get(json_array_get(
				 json_object_get(page, "rows"), 0), 5)), 6);
	json_decref(page);
	assert_null(engine_nf_view(box.e, "monitor#2", "flows", 0));
	assert_null(engine_nf_view(box.e, "monitor", "flow", 0));
	assert_null(engine_nf_view(box.e, "rewrite", "flows", 0));
}

#define MONITOR(f) \
	cmocka_unit_test_setup_teardown(f, setup_monitor, teardown_monitor)

int main(void)
{
	const struct CMUnitTest tests[] = {
		MONITOR(what_the_kernel_saw_is_exported),
		MONITOR(why_a_session_ended_is_told),
		MONITOR(what_can_not_be_sent_is_lost_and_counted),
		MONITOR(a_view_is_of_one_nf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
