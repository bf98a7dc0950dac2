// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* ah in a chain, through the engine: its directions out are of class payload, and
 * folded is as unfolded, byte by byte and in what the NFs have seen. Numbers are
 * those of docs/FOLD.md.
 */
#include "tests/engine_box.h"

#include <stdio.h>

#include "chains/conf.h"
#include "tests/mix_nf.h"

extern const struct nf_ops ah_ops;

#define KEY32 "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
#define PACKETS 60

static struct mix mixes[BOX_NFS];
static bool is_ah[BOX_NFS];

static const char *const blocks[] = {
	/* A: a network of its own; B: all, over IPv6, with the other algorithm,
	 * and a DSCP; C: what the other end of A sends; D: transport */
	"ah { encap { spi 0x100; key " KEY32
	"; tunnel 198.51.100.1 198.51.100.2; match \"dst net 198.51.100.0/24\"; } }",
	"ah { encap { spi 0x200; auth hmac-sha1-96; key 0102030405060708090a0b0c0d0e0f1011121314"
	"; tunnel 2001:db8::1 2001:db8::2; dscp af11; ttl 9; } }",
	"ah { decap { spi 0x100; key " KEY32
	"; tunnel 198.51.100.2 198.51.100.1; } }",
	"ah { encap { spi 0x300; key " KEY32 "; transport; } }",
};

static void ah_make(int n, char which)
{
	struct conf_error err = { 0 };
	struct conf_block *tree;

	assert_int_equal(conf_parse(&tree, "test", blocks[which - 'A'], &err), 0);
	box.nf[n].ops = &ah_ops;
	if (ah_ops.init(&box.nf[n], tree->stmts[0].block, &err))
		fail_msg("%s", err.message);
	conf_free(tree);
	is_ah[n] = true;
}

/* A chain from letters: A to D an ah, else as mix_nf.h has them; a space begins
 * the next NF. */
static void start(const char *letters, bool fold)
{
	int n = 0;

	memset(&box, 0, sizeof(box));
	memset(mixes, 0, sizeof(mixes));
	memset(is_ah, 0, sizeof(is_ah));
	for (const char *c = letters; *c; c++) {
		if (*c == ' ') {
			n++;
		} else if (*c >= 'A' && *c <= 'D') {
			ah_make(n, *c);
		} else {
			struct mix *m = &mixes[n];

			m->ops[m->cnt++] = (struct mix_op){
				.what = *c, .pattern = 0xee,
				.addr_xor = 0x0100, .port_xor = 0x0400,
				.drop_of = 3,
			};
		}
	}
	for (int i = 0; i <= n; i++) {
		if (!is_ah[i])
			box.nf[i].ops = &mix_ops;
		if (!is_ah[i])
			box.nf[i].priv = &mixes[i];
		box.nfs[i] = &box.nf[i];
	}
	box_start_nfs(fold, 64, 1);
	for (int i = 0; i <= n; i++)
		box.nf[i].engine = box.e;
}

static void stop(void)
{
	teardown(NULL);
	for (int i = 0; i < BOX_NFS; i++)
		if (is_ah[i])
			ah_ops.exit(&box.nf[i]);
	memset(is_ah, 0, sizeof(is_ah));
}

static struct pkt draw(int n)
{
	struct pkt f = request(n % 3 ? IPPROTO_UDP : IPPROTO_TCP, 4000 + n % 2);

	f.payload = 20 + n * 7 % 40;
	f.fill = n;
	f.ttl = n % 11 == 10 ? 1 : n % 13 == 12 ? 2 : 64;
	if (n % 17 == 16)
		f.payload = 1440;	/* too big with its header */
	f.flags = n % 3 ? 0 : TCP_ACK;
	return f;
}

/* What came of a packet. */
struct result {
	enum engine_verdict verdict;
	uint32_t len;
	uint8_t bytes[PKT_MAX + BOX_ROOM];
};

static struct result results[PACKETS];

static void put_result(struct result *r, enum engine_verdict v)
{
	memset(r, 0, sizeof(*r));
	r->verdict = v;
	if (v != ENGINE_TX)
		return;
	r->len = box.pkt.len;
	memcpy(r->bytes, box.pkt.data, box.pkt.len);
}

/* Sums of what functions saw and counted, and the associations. */
static char *state_text(void)
{
	json_t *all = json_array();
	char *text;

	engine_flush(box.e, NULL, 0);
	for (int i = 0; box.nfs[i]; i++) {
		if (is_ah[i])
			json_array_append_new(all, ah_ops.show(&box.nf[i]));
		for (int op = 0; op < mixes[i].cnt; op++) {
			const struct mix_total *t = &mixes[i].totals[op];

			json_array_append_new(all, json_pack(
				"[I, I, I, I, I]", (json_int_t)t->calls,
				(json_int_t)t->hits, (json_int_t)t->digest,
				(json_int_t)t->packets, (json_int_t)t->bytes));
		}
	}
	text = json_dumps(all, JSON_INDENT(1));
	json_decref(all);
	return text;
}

static uint32_t by_entry;

static char *run(const char *letters, bool fold)
{
	char *text;

	start(letters, fold);
	for (int n = 0; n < PACKETS; n++) {
		struct pkt f = draw(n);
		enum engine_verdict v = pass(&f, 0);
		struct result r;

		put_result(&r, v);
		by_entry += fold && v == ENGINE_TX &&
			    box.pkt.outcome == NFOLD_REASON_SLOW_ENTRY;
		if (!fold)
			results[n] = r;
		else if (memcmp(&r, &results[n], sizeof(r)))
			fail_msg("chain '%s', packet %d: verdict %d, was %d; %u bytes, were %u",
				 letters, n, r.verdict, results[n].verdict,
				 r.len, results[n].len);
	}
	text = state_text();
	stop();
	return text;
}

static const char *const chains[] = {
	"A",	 "B",	    "A B",     "c A c",	   "x A",    "A x",
	"d A d", "r A i",   "i A r",   "w A",	   "A w",    "w A w",
	"A r c", "R A c",   "A R c",   "c I A I c", "A g",   "g A",
	"A A",	 "x c A r B i", "B d i", "r B r c", "i i A i i", "A d B w c",
	"A x r", "C A",
	"D",	 "c D i",   "x D r",	   "d D d",    "w D w",  "A D r",
	"D A r", "D D",	    "D B i",	   "R D c",    "c D g",  "i D x i",
};

static void folded_is_as_unfolded(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
		char *was = run(chains[i], false), *is = run(chains[i], true);

		if (strcmp(was, is))
			fail_msg("chain '%s': unfolded %s, folded %s",
				 chains[i], was, is);
		free(was);
		free(is);
	}
	printf("# %u packets by an entry\n", by_entry);
	assert_true(by_entry > 800);
}

static void class_is_payload_and_actions_are_done_one_by_one(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	struct flow_entry fe;

	(void)state;
	start("c A i", true);
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	assert_int_equal(box.pkt.outcome, NFOLD_REASON_SLOW_WALK);
	assert_true(only_entry(&fe, NULL));
	assert_int_equal(fe.act.verdict, NFOLD_VERDICT_SLOW);
	assert_int_equal(fe.act.reason, NFOLD_REASON_STATE_FUNCTION);
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	assert_int_equal(box.pkt.outcome, NFOLD_REASON_SLOW_ENTRY);
	/* The inner TTL is the router's, the outer one is as it was written. */
	assert_int_equal(box.pkt.data[14 + 8], 64);
	assert_int_equal(box.pkt.data[14 + 20 + 28 + 8], 63);
	stop();
}

static void transport_is_payload(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	struct flow_entry fe;

	(void)state;
	start("c D i", true);
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	assert_true(only_entry(&fe, NULL));
	assert_int_equal(fe.act.reason, NFOLD_REASON_STATE_FUNCTION);
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	assert_int_equal(box.pkt.outcome, NFOLD_REASON_SLOW_ENTRY);
	assert_int_equal(box.pkt.len, 14 + 20 + 28 + 8 + 20);
	assert_int_equal(box.pkt.data[14 + 8], 63);
	assert_int_equal(box.pkt.data[14 + 9], IPPROTO_AH);
	stop();
}

/* The header, and nobody who needs the packet for more. */
static enum nf_verdict bare_packet(struct nf *nf, struct nf_pkt *pkt)
{
	static const struct nf_tunnel t = { .kind = NF_TUNNEL_AH_TRANSPORT,
					    .spi = 256, .icv_len = 16 };
	struct header_action ha;

	if (!nf_pkt_encap(pkt, &t))
		return nf_drop(pkt, NFOLD_REASON_NO_ROOM);
	ha = ha_encap(&t, pkt);
	localmat_add_HA(nf, pkt->fid, &ha);
	return NF_FORWARD;
}

static void transport_alone_is_slow(void **state)
{
	static const struct nf_ops bare_ops = { .name = "bare",
						.packet = bare_packet };
	struct pkt f = request(IPPROTO_UDP, 4000);
	struct flow_entry fe;

	(void)state;
	for (int settles = 0; settles < 2; settles++) {
		memset(&box, 0, sizeof(box));
		memset(mixes, 0, sizeof(mixes));
		box.nf[0].ops = &bare_ops;
		box.nfs[0] = &box.nf[0];
		if (settles) {
			mixes[1].ops[mixes[1].cnt++] = (struct mix_op){
				.what = 's', .settle = 3 };
			box.nf[1].ops = &mix_ops;
			box.nf[1].priv = &mixes[1];
			box.nfs[1] = &box.nf[1];
		}
		box_start_nfs(true, 64, 1);
		for (int n = 0; n < 6; n++) {
			assert_int_equal(pass(&f, 0), ENGINE_TX);
			assert_int_equal(box.pkt.len, 14 + 20 + 28 + 28);
			assert_int_equal(box.pkt.data[14 + 9], IPPROTO_AH);
		}
		assert_true(only_entry(&fe, NULL));
		assert_int_equal(fe.act.verdict, NFOLD_VERDICT_SLOW);
		assert_int_equal(fe.act.reason,
				 settles ? NFOLD_REASON_STATE_FUNCTION :
					   NFOLD_REASON_ENCAP);
		teardown(NULL);
	}
}

/* A writer in front of an action that changes the packet's bytes, too. */
static void writers_do_not_make_a_flow_slow(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	struct flow_entry fe;

	(void)state;
	start("w d w", true);
	assert_int_equal(pass(&f, 0), ENGINE_TX);
	assert_true(only_entry(&fe, NULL));
	assert_int_equal(fe.act.reason, NFOLD_REASON_STATE_FUNCTION);
	assert_int_equal(counted(NFOLD_REASON_RECORD_MISMATCH), 0);
	stop();
}

/* A packet that dies at ah has been seen by the NF before, not by the one
 * behind; it costs no number. */
static void hop_is_where_ah_is(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);

	(void)state;
	start("r A i", true);
	for (int n = 0; n < 3; n++) {
		f.ttl = n == 1 ? 1 : 64;
		assert_int_equal(pass(&f, 0), n == 1 ? ENGINE_DROP : ENGINE_TX);
	}
	assert_int_equal(counted(NFOLD_REASON_TTL_EXCEEDED), 1);
	assert_int_equal(box.pkt.data[14 + 20 + 11], 2);
	engine_flush(box.e, NULL, 0);
	assert_int_equal(mixes[0].totals[0].calls, 3);
	assert_int_equal(mixes[2].totals[0].calls, 2);
	stop();
}

/* What left comes in by the outside port of the other end. */
static void what_was_sealed_is_taken_out(void **state)
{
	struct pkt f = request(IPPROTO_UDP, 4000);
	uint8_t sent[3][PKT_MAX + BOX_ROOM];
	uint32_t len[3];
	struct flow_entry fe;

	(void)state;
	start("A", true);
	for (int n = 0; n < 3; n++) {
		assert_int_equal(pass(&f, 0), ENGINE_TX);
		len[n] = box.pkt.len;
		memcpy(sent[n], box.pkt.data, len[n]);
	}
	stop();
	start("C c", true);
	for (int n = 0; n < 4; n++) {
		int i = n < 3 ? n : 1;

		memcpy(box.buf, sent[i], len[i]);
		memset(box.buf, 0, 12);
		box.buf[5] = 2;
		box.punt = (struct nfold_punt){ .magic = NFOLD_PUNT_MAGIC,
						.reason = NFOLD_REASON_MISS,
						.port = 1 };
		box.pkt = (struct engine_pkt){ .data = box.buf, .len = len[i],
					       .room = BOX_ROOM,
					       .punt = &box.punt };
		assert_int_equal(engine_packet(box.e, &box.pkt),
				 n < 3 ? ENGINE_TX : ENGINE_DROP);
		if (n < 3)
			assert_int_equal(box.pkt.len, 14 + 20 + 8 + 20);
	}
	assert_int_equal(counted(NFOLD_REASON_AH_REPLAY), 1);
	assert_true(only_entry(&fe, NULL));
	assert_int_equal(fe.act.reason, NFOLD_REASON_ENCAP);
	assert_int_equal(fe.key.l4proto, IPPROTO_AH);
	stop();
}

#define CASE(name, f) { name, f, NULL, NULL, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE("N13 class payload: the inner TTL is sealed, the outer one stays",
		     class_is_payload_and_actions_are_done_one_by_one),
		CASE("N14 folded is as unfolded, whatever stands around it",
		     folded_is_as_unfolded),
		CASE("N14 transport mode is done one by one",
		     transport_is_payload),
		CASE("N14 without a function in user space it is slow",
		     transport_alone_is_slow),
		CASE("N14 what a writer wrote is no mismatch",
		     writers_do_not_make_a_flow_slow),
		CASE("N13 a packet dies where ah stands",
		     hop_is_where_ah_is),
		CASE("what was sealed is taken out at the other end",
		     what_was_sealed_is_taken_out),
	};

	return cmocka_run_group_tests_name("ah in a chain", tests, NULL, NULL);
}
