/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stream reassembly, case by case: order, repeats, flags, windows. What becomes
 * of overlaps is in test_ids_stream_policy.c, bounds are in ..._bounds.c.
 */
#include <errno.h>

#include "tests/ids_streams.h"

#define C 0			/* directions: client's, server's bytes */
#define S 1
#define CISN UINT32_C(1000)
#define SISN UINT32_C(70000)

static struct box *box_default(void)
{
	struct ids_stream_limits limits = ids_stream_limits_default();

	return box_new(&limits);
}

static struct box *box_open(void)
{
	struct box *b = box_default();

	assert_result(box_send(b, C, CISN, TH_SYN, ""), IDS_STREAM_NOTHING);
	assert_result(box_send(b, S, SISN, TH_SYN | TH_ACK, ""),
		      IDS_STREAM_NOTHING);
	return b;
}

/* Of the client, at an offset. */
static unsigned int text(struct box *b, uint32_t offset, const char *bytes)
{
	return box_send(b, C, CISN + 1 + offset, TH_ACK, bytes);
}

/* --- order --- */

static void in_order_bytes_come_from_the_packet(void **state)
{
	struct box *b = box_open();
	uint64_t memory;

	(void)state;
	assert_result(text(b, 0, "abc"), IDS_STREAM_DELIVERED);
	assert_true(b->direct);
	memory = b->stats->memory;
	assert_result(text(b, 3, "def"), IDS_STREAM_DELIVERED);
	assert_true(b->direct);
	assert_result(box_send(b, S, SISN + 1, TH_ACK, "xyz"),
		      IDS_STREAM_DELIVERED);
	assert_int_equal(b->stats->memory - memory, 4096); /* its history */
	assert_int_equal(b->stats->memory_peak, b->stats->memory);
	assert_int_equal(b->stats->steps, 0);
	box_expect(b, C, "abcdef");
	box_expect(b, S, "xyz");
	box_free(b);
}

static void the_packet_that_fills_the_gap_delivers(void **state)
{
	struct box *b = box_open();

	(void)state;
	assert_result(text(b, 6, "ghi"), IDS_STREAM_HELD);
	assert_result(text(b, 3, "def"), IDS_STREAM_HELD);
	assert_int_equal(b->out[C].calls, 0);
	assert_true(ids_stream_held(b->s) > 6);
	assert_result(text(b, 0, "abc"), IDS_STREAM_DELIVERED);
	box_expect(b, C, "abcdefghi");
	assert_int_equal(b->out[C].gaps, 0);
	assert_int_equal(ids_stream_held(b->s), 0);
	box_free(b);
}

static void a_signature_in_single_bytes_backwards_is_whole(void **state)
{
	struct box *b = box_open();
	char one[2] = "";

	(void)state;
	for (int i = 9; i > 0; i--) {
		one[0] = "signature!"[i];
		assert_result(text(b, i, one), IDS_STREAM_HELD);
	}
	assert_result(text(b, 0, "s"), IDS_STREAM_DELIVERED);
	box_expect(b, C, "signature!");
	box_free(b);
}

static void numbers_wrap_around(void **state)
{
	struct box *b = box_default();

	(void)state;
	box_send(b, C, UINT32_MAX - 2, TH_SYN, "");
	assert_result(box_send(b, C, 2, TH_ACK, "ef"), IDS_STREAM_HELD);
	assert_result(box_send(b, C, UINT32_MAX, TH_ACK, "bcd"),
		      IDS_STREAM_HELD);
	assert_result(box_send(b, C, UINT32_MAX - 1, TH_ACK, "a"),
		      IDS_STREAM_DELIVERED);
	assert_result(box_send(b, C, UINT32_MAX, TH_ACK, "bcdef"),
		      IDS_STREAM_OLD);
	assert_result(box_send(b, C, 4, TH_FIN | TH_ACK, ""), IDS_STREAM_END);
	box_expect(b, C, "abcdef");
	box_free(b);
}

struct last {
	uint64_t offset;
	uint32_t calls;
};

static void note_offset(void *ctx, int dir, const uint8_t *bytes, uint32_t len,
			uint64_t offset, bool gap)
{
	struct last *last = ctx;

	(void)dir, (void)bytes, (void)len;
	assert_false(gap);
	last->offset = offset;
	last->calls++;
}

/* 6 GiB: offsets have 64 bits, numbers go around once and a half. */
static void offsets_do_not_wrap(void **state)
{
	static uint8_t block[1 << 20];
	struct box *b = box_default();
	struct last last = { 0 };
	uint64_t offset = 0;

	(void)state;
	box_send(b, C, 7, TH_SYN, "");
	for (int i = 0; i < 6 << 10; i++) {
		assert_result(ids_stream_segment(b->s, C, 8 + offset, TH_ACK,
						 block, sizeof(block), b->now,
						 note_offset, &last),
			      IDS_STREAM_DELIVERED);
		assert_int_equal(last.offset, offset);
		offset += sizeof(block);
	}
	assert_int_equal(last.calls, 6 << 10);
	box_free(b);
}

/* --- repeats --- */

static void sent_again_is_not_delivered_again(void **state)
{
	struct box *b = box_open();

	(void)state;
	text(b, 0, "abcdef");
	assert_result(text(b, 0, "abcdef"), IDS_STREAM_OLD);
	assert_result(text(b, 2, "cd"), IDS_STREAM_OLD);
	assert_result(text(b, 4, "efgh"), IDS_STREAM_OLD | IDS_STREAM_DELIVERED);
	assert_result(text(b, 10, "kl"), IDS_STREAM_HELD);
	assert_result(text(b, 10, "kl"), IDS_STREAM_NOTHING);
	box_expect(b, C, "abcdefgh");
	box_free(b);
}

static void sent_again_with_other_bytes_is_told(void **state)
{
	struct box *b = box_open();

	(void)state;
	text(b, 0, "abcdef");
	assert_result(text(b, 1, "bXd"), IDS_STREAM_OLD | IDS_STREAM_DIFFERS);
	assert_result(text(b, 4, "eXgh"), IDS_STREAM_OLD | IDS_STREAM_DIFFERS |
		      IDS_STREAM_DELIVERED);
	assert_result(text(b, 10, "klm"), IDS_STREAM_HELD);
	assert_result(text(b, 9, "jkX"), IDS_STREAM_HELD | IDS_STREAM_DIFFERS);
	box_expect(b, C, "abcdefgh");
	assert_int_equal(b->stats->seen[__builtin_ctz(IDS_STREAM_DIFFERS)], 3);
	box_free(b);
}

/* Whoever would win: nothing of the other copy is kept. */
static void a_normalised_stream_has_one_copy(void **state)
{
	struct ids_stream_limits limits = ids_stream_limits_default();
	struct box *b;

	(void)state;
	limits.normalise = true;
	limits.policy = IDS_POLICY_LAST;
	b = box_new(&limits);
	box_send(b, C, CISN, TH_SYN, "");
	text(b, 3, "def");
	assert_result(text(b, 5, "XXX"), IDS_STREAM_DIFFERS);
	assert_result(text(b, 0, "abcd!"), IDS_STREAM_DIFFERS);
	assert_result(box_send(b, C, CISN + 4, TH_FIN | TH_ACK, "dX"),
		      IDS_STREAM_DIFFERS);
	assert_result(text(b, 0, "abcde"), IDS_STREAM_DELIVERED);
	assert_result(text(b, 5, "XXX"), IDS_STREAM_OLD | IDS_STREAM_DIFFERS);
	assert_result(text(b, 5, "fgh"), IDS_STREAM_OLD | IDS_STREAM_DELIVERED);
	box_expect(b, C, "abcdefgh");
	box_free(b);
}

static void what_history_lacks_is_not_compared(void **state)
{
	struct ids_stream_limits limits = ids_stream_limits_default();
	struct box *b;

	(void)state;
	limits.history = 4;
	b = box_new(&limits);
	box_send(b, C, CISN, TH_SYN, "");
	text(b, 0, "abcdef");
	assert_result(text(b, 2, "cdef"), IDS_STREAM_OLD);
	assert_result(text(b, 1, "bcdef"),
		      IDS_STREAM_OLD | IDS_STREAM_UNCOMPARED);
	assert_result(text(b, 0, "abXdef"), IDS_STREAM_OLD |
		      IDS_STREAM_UNCOMPARED | IDS_STREAM_DIFFERS);
	assert_result(text(b, 0, "XX"), IDS_STREAM_OLD | IDS_STREAM_UNCOMPARED);
	box_free(b);
	limits.history = 0;
	b = box_new(&limits);
	box_send(b, C, CISN, TH_SYN, "");
	text(b, 0, "abcdef");
	assert_result(text(b, 0, "abcdef"),
		      IDS_STREAM_OLD | IDS_STREAM_UNCOMPARED);
	box_free(b);
}

static void keepalives_are_known(void **state)
{
	struct box *b = box_open();

	(void)state;
	text(b, 0, "abc");
	assert_result(text(b, 2, ""), IDS_STREAM_NOTHING);
	assert_result(text(b, 2, "c"), IDS_STREAM_OLD | IDS_STREAM_KEEPALIVE);
	assert_result(text(b, 2, "\1"), IDS_STREAM_OLD | IDS_STREAM_KEEPALIVE |
		      IDS_STREAM_DIFFERS);
	assert_result(text(b, 1, "b"), IDS_STREAM_OLD);
	assert_result(text(b, 3, "def"), IDS_STREAM_DELIVERED);
	box_expect(b, C, "abcdef");
	box_free(b);
}

/* Before any byte: one before the first is the SYN's own number. */
static void a_keepalive_of_an_idle_stream_delivers_nothing(void **state)
{
	struct box *b = box_open();

	(void)state;
	assert_result(box_send(b, C, CISN, TH_ACK, "\1"), IDS_STREAM_OLD |
		      IDS_STREAM_KEEPALIVE | IDS_STREAM_UNCOMPARED);
	text(b, 0, "abc");
	box_expect(b, C, "abc");
	box_free(b);
}

/* --- windows --- */

static void far_segments_are_ignored(void **state)
{
	struct ids_stream_limits limits = ids_stream_limits_default();
	struct box *b;

	(void)state;
	limits.window = 8;
	b = box_new(&limits);
	box_send(b, C, CISN, TH_SYN, "");
	assert_result(text(b, 8, "i"), IDS_STREAM_OUTSIDE);
	assert_result(text(b, 6, "ghi"), IDS_STREAM_OUTSIDE | IDS_STREAM_HELD);
	assert_result(text(b, 0, "abcdef"), IDS_STREAM_DELIVERED);
	box_expect(b, C, "abcdefgh");
	assert_result(text(b, 0x40000000, "x"), IDS_STREAM_OUTSIDE);
	assert_result(text(b, 0x80000000, "x"), IDS_STREAM_OUTSIDE);
	assert_result(box_send(b, C, CISN - 100, TH_ACK, "x"),
		      IDS_STREAM_OUTSIDE);
	box_free(b);
}

static void the_receivers_window_is_kept(void **state)
{
	struct box *b = box_open();

	(void)state;
	ids_stream_ack(b->s, S, TH_ACK, CISN + 1, 4);
	assert_result(text(b, 0, "abcdef"),
		      IDS_STREAM_DELIVERED | IDS_STREAM_OUTSIDE);
	box_expect(b, C, "abcd");
	ids_stream_ack(b->s, S, TH_ACK, CISN + 5, 0);
	/* a probe of a closed window: its host does not take the byte */
	assert_result(text(b, 4, "e"), IDS_STREAM_OUTSIDE);
	box_expect(b, C, "abcd");
	ids_stream_ack(b->s, S, TH_ACK, CISN + 5, 100);
	ids_stream_ack(b->s, S, TH_ACK, CISN + 1, 4); /* late: no smaller */
	assert_result(text(b, 4, "ef"), IDS_STREAM_DELIVERED);
	box_expect(b, C, "abcdef");
	box_free(b);
}

/* Window not told: the probe's byte is delivered, and the same byte follows. */
static void a_probe_without_a_known_window_is_in_order(void **state)
{
	struct box *b = box_open();

	(void)state;
	text(b, 0, "abc");
	assert_result(text(b, 3, "d"), IDS_STREAM_DELIVERED);
	assert_result(text(b, 3, "d"), IDS_STREAM_OLD | IDS_STREAM_KEEPALIVE);
	assert_result(text(b, 3, "def"), IDS_STREAM_OLD | IDS_STREAM_DELIVERED);
	box_expect(b, C, "abcdef");
	box_free(b);
}

/* --- SYN --- */

static void bytes_in_a_syn_are_the_first(void **state)
{
	struct box *b = box_default();

	(void)state;
	assert_result(box_send(b, C, CISN, TH_SYN, "abc"), IDS_STREAM_DELIVERED);
	assert_result(box_send(b, C, CISN, TH_SYN, "abc"), IDS_STREAM_OLD);
	assert_result(box_send(b, C, CISN, TH_SYN, "abX"),
		      IDS_STREAM_OLD | IDS_STREAM_DIFFERS);
	assert_result(text(b, 0, "abcdef"), IDS_STREAM_OLD |
		      IDS_STREAM_DELIVERED);
	box_expect(b, C, "abcdef");
	box_free(b);
}

static void bytes_in_a_syn_may_be_ignored(void **state)
{
	struct ids_stream_limits limits = ids_stream_limits_default();
	struct box *b;

	(void)state;
	limits.syn_data = false;
	b = box_new(&limits);
	assert_result(box_send(b, C, CISN, TH_SYN, "abc"), IDS_STREAM_SYN_DATA);
	assert_result(text(b, 0, "XYZ"), IDS_STREAM_DELIVERED);
	box_expect(b, C, "XYZ");
	box_free(b);
}

static void bytes_before_the_syn_are_ignored_or_begin(void **state)
{
	struct ids_stream_limits limits = ids_stream_limits_default();
	struct box *b;

	(void)state;
	limits.midstream = false;
	b = box_new(&limits);
	assert_result(text(b, 0, "abc"), IDS_STREAM_NO_SYN);
	assert_result(box_send(b, C, CISN, TH_SYN, ""), IDS_STREAM_NOTHING);
	assert_result(text(b, 0, "abc"), IDS_STREAM_DELIVERED);
	box_expect(b, C, "abc");
	box_free(b);
	limits.midstream = true;
	b = box_new(&limits);
	assert_result(text(b, 0, ""), IDS_STREAM_NOTHING); /* bare ACK */
	assert_result(text(b, 5, "abc"),
		      IDS_STREAM_MIDSTREAM | IDS_STREAM_DELIVERED);
	assert_result(text(b, 0, "xx"), IDS_STREAM_OLD | IDS_STREAM_UNCOMPARED);
	assert_result(box_send(b, C, CISN, TH_SYN, ""), IDS_STREAM_BAD_SYN);
	assert_result(text(b, 8, "def"), IDS_STREAM_DELIVERED);
	box_expect(b, C, "abcdef");
	box_free(b);
}

static void the_last_syn_before_the_first_byte_counts(void **state)
{
	struct box *b = box_default();

	(void)state;
	box_send(b, C, 5, TH_SYN, "");
	assert_result(box_send(b, C, CISN, TH_SYN, ""), IDS_STREAM_RESYN);
	assert_result(text(b, 0, "abc"), IDS_STREAM_DELIVERED);
	assert_result(box_send(b, C, CISN + 2, TH_SYN, "zz"),
		      IDS_STREAM_BAD_SYN);
	assert_result(text(b, 3, "def"), IDS_STREAM_DELIVERED);
	box_expect(b, C, "abcdef");
	box_free(b);
}

/* A SYN that never reaches the host, behind the one that does. */
static void the_answer_tells_which_syn_counts(void **state)
{
	struct box *b = box_default();

	(void)state;
	box_send(b, C, CISN, TH_SYN, "");
	assert_result(box_send(b, C, 5, TH_SYN, ""), IDS_STREAM_RESYN);
	box_send(b, S, SISN, TH_SYN | TH_ACK, "");
	ids_stream_ack(b->s, S, TH_SYN | TH_ACK, CISN + 1, 65535);
	assert_result(text(b, 0, "abc"), IDS_STREAM_DELIVERED);
	box_expect(b, C, "abc");
	box_free(b);
}

/* --- FIN, RST --- */

static void a_fin_ends_when_all_before_it_is_there(void **state)
{
	struct box *b = box_open();

	(void)state;
	assert_result(box_send(b, C, CISN + 4, TH_FIN | TH_ACK, "def"),
		      IDS_STREAM_HELD);
	assert_result(text(b, 0, "abc"), IDS_STREAM_DELIVERED | IDS_STREAM_END);
	box_expect(b, C, "abcdef");
	assert_result(box_send(b, C, CISN + 7, TH_FIN | TH_ACK, ""),
		      IDS_STREAM_NOTHING);
	assert_result(text(b, 6, "x"), IDS_STREAM_AFTER_FIN);
	assert_result(text(b, 3, "def"), IDS_STREAM_OLD);
	assert_result(box_send(b, S, SISN + 1, TH_ACK, "more"),
		      IDS_STREAM_DELIVERED);
	assert_result(box_send(b, S, SISN + 5, TH_FIN | TH_ACK, ""),
		      IDS_STREAM_END);
	box_free(b);
}

static void bytes_behind_a_fin_are_ignored(void **state)
{
	struct box *b = box_open();

	(void)state;
	assert_result(text(b, 5, "fgh"), IDS_STREAM_HELD);
	assert_result(text(b, 10, "klm"), IDS_STREAM_HELD);
	assert_result(box_send(b, C, CISN + 7, TH_FIN | TH_ACK, ""),
		      IDS_STREAM_AFTER_FIN);
	assert_int_equal(b->stats->pieces, 1);
	assert_result(text(b, 3, "deXXX"), IDS_STREAM_HELD |
		      IDS_STREAM_AFTER_FIN | IDS_STREAM_DIFFERS);
	assert_result(text(b, 0, "abc"), IDS_STREAM_DELIVERED | IDS_STREAM_END);
	box_expect(b, C, "abcdeX");
	assert_int_equal(b->stats->pieces, 0);
	box_free(b);
	b = box_open();
	text(b, 1, "bcd");
	assert_result(box_send(b, C, CISN + 2, TH_FIN | TH_ACK, ""),
		      IDS_STREAM_AFTER_FIN);
	assert_int_equal(b->stats->pieces, 0);
	assert_result(text(b, 0, "a"), IDS_STREAM_DELIVERED | IDS_STREAM_END);
	box_expect(b, C, "a");
	box_free(b);
}

static void only_the_first_fin_counts(void **state)
{
	struct box *b = box_open();

	(void)state;
	text(b, 0, "abc");
	assert_result(box_send(b, C, CISN + 2, TH_FIN | TH_ACK, ""),
		      IDS_STREAM_OUTSIDE);
	assert_result(box_send(b, C, CISN + 4 + (2 << 20), TH_FIN | TH_ACK, ""),
		      IDS_STREAM_OUTSIDE);
	assert_result(box_send(b, C, CISN + 7, TH_FIN | TH_ACK, ""),
		      IDS_STREAM_NOTHING);
	assert_result(box_send(b, C, CISN + 5, TH_FIN | TH_ACK, ""),
		      IDS_STREAM_OUTSIDE);
	assert_result(text(b, 3, "def"), IDS_STREAM_DELIVERED | IDS_STREAM_END);
	box_free(b);
}

/* Ptacek and Newsham (1998), 5.3: no host takes it. */
static void bytes_without_ack_are_ignored(void **state)
{
	struct box *b = box_open();

	(void)state;
	assert_result(box_send(b, C, CISN + 1, 0, "XXX"), IDS_STREAM_NO_ACK);
	assert_result(box_send(b, C, CISN + 1, TH_FIN | TH_PUSH, "XXX"),
		      IDS_STREAM_NO_ACK);
	assert_result(text(b, 0, "abc"), IDS_STREAM_DELIVERED);
	box_expect(b, C, "abc");
	box_free(b);
}

static void a_rst_is_judged_by_its_number(void **state)
{
	struct box *b = box_open();

	(void)state;
	text(b, 0, "abc");
	text(b, 5, "fgh");
	assert_result(box_send(b, C, CISN + 1, TH_RST, ""), IDS_STREAM_BAD_RST);
	assert_result(box_send(b, C, CISN + 5, TH_RST, ""), IDS_STREAM_BAD_RST);
	assert_result(box_send(b, C, 0, TH_RST, ""), IDS_STREAM_BAD_RST);
	assert_result(text(b, 3, "d"), IDS_STREAM_DELIVERED);
	assert_result(box_send(b, C, CISN + 5, TH_RST, "text"), IDS_STREAM_RST);
	assert_int_equal(b->stats->pieces, 0);
	assert_result(text(b, 4, "e"), IDS_STREAM_CLOSED);
	assert_result(box_send(b, S, SISN + 1, TH_ACK, "x"), IDS_STREAM_CLOSED);
	box_expect(b, C, "abcd");
	box_free(b);
}

static void a_rst_behind_a_fin_counts_it(void **state)
{
	struct box *b = box_open();

	(void)state;
	assert_result(box_send(b, C, CISN + 1, TH_FIN | TH_ACK, "abc"),
		      IDS_STREAM_DELIVERED | IDS_STREAM_END);
	assert_result(box_send(b, C, CISN + 4, TH_RST, ""), IDS_STREAM_BAD_RST);
	assert_result(box_send(b, C, CISN + 5, TH_RST, ""), IDS_STREAM_RST);
	box_free(b);
}

static void a_syn_is_refused_by_a_rst(void **state)
{
	struct box *b = box_default();

	(void)state;
	box_send(b, C, CISN, TH_SYN, "");
	assert_result(box_send(b, S, 0, TH_RST | TH_ACK, ""), IDS_STREAM_RST);
	box_free(b);
	b = box_default();
	box_send(b, C, CISN, TH_SYN, "abc");
	assert_result(box_send(b, S, 0, TH_RST | TH_ACK, ""),
		      IDS_STREAM_BAD_RST);
	box_free(b);
	b = box_default();		/* nothing is known of it */
	assert_result(box_send(b, C, CISN, TH_RST, ""), IDS_STREAM_BAD_RST);
	assert_result(text(b, 0, "abc"),
		      IDS_STREAM_MIDSTREAM | IDS_STREAM_DELIVERED);
	box_free(b);
}

static void a_syn_begins_a_stream_that_is_over_again(void **state)
{
	struct box *b = box_open();

	(void)state;
	text(b, 0, "abc");
	box_send(b, C, CISN + 4, TH_RST, "");
	assert_result(box_send(b, S, 9, TH_SYN | TH_ACK, ""),
		      IDS_STREAM_CLOSED);
	/* in its window: a host that missed the RST would go on with it */
	assert_result(box_send(b, C, CISN + 3, TH_SYN, ""), IDS_STREAM_BAD_SYN);
	assert_result(text(b, 3, "def"), IDS_STREAM_CLOSED);
	assert_result(box_send(b, C, CISN + 4 + (1 << 20), TH_SYN, ""),
		      IDS_STREAM_RESTART);
	box_clear(b);
	assert_result(box_send(b, C, CISN + 5 + (1 << 20), TH_ACK, "new"),
		      IDS_STREAM_DELIVERED);
	box_expect(b, C, "new");
	box_send(b, S, 9, TH_SYN | TH_ACK, "");
	box_send(b, C, CISN + 8 + (1 << 20), TH_FIN | TH_ACK, "");
	assert_result(box_send(b, C, 99, TH_SYN, ""), IDS_STREAM_BAD_SYN);
	box_send(b, S, 10, TH_FIN | TH_ACK, "");
	assert_result(box_send(b, C, CISN + 7 + (1 << 20), TH_SYN, ""),
		      IDS_STREAM_BAD_SYN);
	assert_result(box_send(b, C, CISN + 100, TH_SYN, "x"),
		      IDS_STREAM_BAD_SYN);
	assert_result(box_send(b, C, 1 << 30, TH_SYN, ""), IDS_STREAM_RESTART);
	box_free(b);
}

static void urgent_bytes_stay_in_their_place(void **state)
{
	struct box *b = box_open();

	(void)state;
	assert_result(box_send(b, C, CISN + 1, TH_ACK | TH_URG, "abc"),
		      IDS_STREAM_DELIVERED | IDS_STREAM_URGENT);
	box_expect(b, C, "abc");
	box_free(b);
}

/* --- words, limits --- */

static void results_have_words(void **state)
{
	(void)state;
	for (int i = 0; i < IDS_STREAM_BITS; i++) {
		const char *word = ids_stream_result_name(1u << i);

		assert_non_null(word);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(
				word, ids_stream_result_name(1u << j));
	}
	assert_int_equal(IDS_STREAM_NO_ACK, 1 << (IDS_STREAM_BITS - 1));
	assert_string_equal(ids_stream_result_name(IDS_STREAM_GAP), "gap");
	assert_string_equal(ids_stream_result_name(IDS_STREAM_END), "end");
	assert_null(ids_stream_result_name(0));
	assert_null(ids_stream_result_name(3));
	assert_null(ids_stream_result_name(1u << IDS_STREAM_BITS));
}

static void bad_limits_are_refused(void **state)
{
	struct ids_stream_limits limits = ids_stream_limits_default();

	(void)state;
	limits.policy = IDS_POLICY_CNT;
	assert_null(ids_streams_new(&limits));
	assert_int_equal(errno, EINVAL);
	limits = ids_stream_limits_default();
	limits.window = 0;
	assert_null(ids_streams_new(&limits));
	limits.window = (1 << 30) + 1;
	assert_null(ids_streams_new(&limits));
	ids_stream_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order_bytes_come_from_the_packet),
		cmocka_unit_test(the_packet_that_fills_the_gap_delivers),
		cmocka_unit_test(a_signature_in_single_bytes_backwards_is_whole),
		cmocka_unit_test(numbers_wrap_around),
		cmocka_unit_test(offsets_do_not_wrap),
		cmocka_unit_test(sent_again_is_not_delivered_again),
		cmocka_unit_test(sent_again_with_other_bytes_is_told),
		cmocka_unit_test(a_normalised_stream_has_one_copy),
		cmocka_unit_test(what_history_lacks_is_not_compared),
		cmocka_unit_test(keepalives_are_known),
		cmocka_unit_test(a_keepalive_of_an_idle_stream_delivers_nothing),
		cmocka_unit_test(far_segments_are_ignored),
		cmocka_unit_test(the_receivers_window_is_kept),
		cmocka_unit_test(a_probe_without_a_known_window_is_in_order),
		cmocka_unit_test(bytes_in_a_syn_are_the_first),
		cmocka_unit_test(bytes_in_a_syn_may_be_ignored),
		cmocka_unit_test(bytes_before_the_syn_are_ignored_or_begin),
		cmocka_unit_test(the_last_syn_before_the_first_byte_counts),
		cmocka_unit_test(the_answer_tells_which_syn_counts),
		cmocka_unit_test(a_fin_ends_when_all_before_it_is_there),
		cmocka_unit_test(bytes_behind_a_fin_are_ignored),
		cmocka_unit_test(only_the_first_fin_counts),
		cmocka_unit_test(bytes_without_ack_are_ignored),
		cmocka_unit_test(a_rst_is_judged_by_its_number),
		cmocka_unit_test(a_rst_behind_a_fin_counts_it),
		cmocka_unit_test(a_syn_is_refused_by_a_rst),
		cmocka_unit_test(a_syn_begins_a_stream_that_is_over_again),
		cmocka_unit_test(urgent_bytes_stay_in_their_place),
		cmocka_unit_test(results_have_words),
		cmocka_unit_test(bad_limits_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
