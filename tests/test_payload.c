// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Payload state functions through the engine: class payload, drops, counts,
 * settling, and random chains folded against unfolded. Numbers are those of
 * docs/FOLD.md and REFERENCE's holes.
 */
#include "tests/engine_box.h"

#include <stdio.h>
#include <time.h>

#include "tests/mix_nf.h"

static struct mix mixes[BOX_NFS];

/* --- a chain from letters, see mix_nf.h; a space begins the next NF --- */

static void add_op(struct mix *m, char what)
{
	m->ops[m->cnt++] = (struct mix_op){
		.what = what, .pattern = 0xee, .settle = what == 's' ? 3 : 0,
		.addr_xor = 0x0100, .port_xor = 0x0400, .drop_of = 1,
	};
}

static void parse_chain(const char *letters)
{
	int n = 0;

	memset(&box, 0, sizeof(box));
	memset(mixes, 0, sizeof(mixes));
	for (const char *c = letters; *c; c++)
		if (*c == ' ')
			n++;
		else
			add_op(&mixes[n], *c);
	for (int i = 0; i <= n; i++) {
		box.nf[i].ops = &mix_ops;
		box.nf[i].priv = &mixes[i];
		box.nfs[i] = &box.nf[i];
	}
}

static void start(const char *letters, bool fold)
{
	parse_chain(letters);
	box_start_nfs(fold, 64, 1);
}

/* Ends all sessions: what the functions saw is in the totals then. */
static const struct mix_total *total_of(int nf, int op)
{
	engine_flush(box.e, NULL, 0);
	return &mixes[nf].totals[op];
}

static struct pkt good(uint16_t sport)
{
	struct pkt f = request(IPPROTO_UDP, sport);

	f.fill = 1;
	return f;
}

/* Its payload holds the pattern. */
static struct pkt bad(uint16_t sport)
{
	struct pkt f = good(sport);

	f.fill = 0xe0;
	return f;
}

/* Forwarded; by the entry, or by a walk? */
static void passes(const struct pkt *f, enum nfold_reason outcome)
{
	assert_int_equal(pass(f, 0), ENGINE_TX);
	assert_int_equal(box.pkt.outcome, outcome);
}

#define WALK NFOLD_REASON_SLOW_WALK
#define ENTRY NFOLD_REASON_SLOW_ENTRY

static void class_payload_is_punted_and_applied(void **state)
{
	struct pkt f = good(4000);
	struct nfold_cells cells;
	uint8_t walked[PKT_MAX];
	struct flow_entry fe;

	(void)state;
	start("r x w c", true);
	passes(&f, WALK);
	assert_true(only_entry(&fe, NULL));
	assert_int_equal(fe.act.verdict, NFOLD_VERDICT_SLOW);
	assert_int_equal(fe.act.reason, NFOLD_REASON_STATE_FUNCTION);
	assert_false(fe.pending);
	assert_int_equal(fe.set.dport, htons(80 ^ 0x0400));
	assert_int_equal(counted(NFOLD_REASON_STATE_FUNCTION), 1);
	for (int n = 0; n < 4; n++)
		passes(&f, ENTRY);
	assert_true(only_entry(&fe, &cells));
	assert_int_equal(cells.packets, 5);
	memcpy(walked, box.buf, box.len);
	assert_int_equal(total_of(0, 0)->calls, 5);
	assert_int_equal(total_of(2, 0)->calls, 5);
	assert_int_equal(total_of(3, 0)->packets, 5);
}

static void h4_functions_before_a_folded_drop_run(void **state)
{
	struct pkt f = good(4000);
	struct flow_entry fe;

	(void)state;
	start("rc g r c", true);
	for (int n = 0; n < 5; n++)
		assert_int_equal(pass(&f, 0), ENGINE_DROP);
	assert_true(only_entry(&fe, NULL));
	assert_int_equal(fe.act.reason, NFOLD_REASON_STATE_FUNCTION);
	assert_int_equal(fe.drop_nf, 2);
	assert_int_equal(counted(NFOLD_REASON_NAT_EXHAUSTED), 5);
	assert_int_equal(total_of(0, 0)->calls, 5);
	assert_int_equal(total_of(0, 1)->packets, 5);
	assert_int_equal(total_of(2, 0)->calls, 0);
	assert_int_equal(total_of(3, 0)->packets, 0);
}

/* The mark is the packet's function, and a drop folds nothing of it: only a walk
 * shows it to the reader. */
static void h5_reader_sees_a_mark_before_a_folded_drop(void **state)
{
	struct pkt f = good(4000);
	uint64_t digest[2];

	(void)state;
	for (int fold = 0; fold < 2; fold++) {
		if (fold)
			teardown(NULL);
		start("d r g", fold);
		for (int n = 0; n < 5; n++)
			assert_int_equal(pass(&f, 0), ENGINE_DROP);
		digest[fold] = total_of(1, 0)->digest;
	}
	assert_int_equal(digest[0], digest[1]);
}

/* The probe that a packet of the flow has met last. */
static struct probe *h5_seen;

static enum nf_verdict h5_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct mix_session *s = nf_session(nf, pkt);

	h5_seen = &s->probe[pkt->reply][0];
	return mix_packet(nf, pkt);
}

static void h5_function_sees_the_headers_of_its_place(void **state)
{
	static struct nf_ops h5_ops;
	struct pkt f = good(4000), back = answer(IPPROTO_UDP, 4000);
	struct probe seen;

	(void)state;
	h5_ops = mix_ops;
	h5_ops.packet = h5_packet;
	parse_chain("w x r x");
	box.nf[2].ops = &h5_ops;
	box_start_nfs(true, 64, 1);
	passes(&f, WALK);
	memset(&h5_seen->saddr, 0, sizeof(h5_seen->saddr));
	passes(&f, ENTRY);
	seen = *h5_seen;
	assert_int_equal(seen.calls, 2);
	assert_int_equal(seen.saddr.a[0], inet_addr("10.0.1.2"));
	assert_int_equal(seen.daddr.a[0], inet_addr("198.51.101.80"));
	assert_int_equal(seen.sport, htons(4000 ^ 0x0400));
	assert_int_equal(seen.dport, htons(80 ^ 0x0400));
	/* Backwards: behind the last NF's rewrite, before the first's. */
	set_addr(back.src, "198.51.100.80");
	back.sport = 80;
	assert_int_equal(pass(&back, 1), ENGINE_TX);
	memset(&h5_seen->saddr, 0, sizeof(h5_seen->saddr));
	assert_int_equal(pass(&back, 1), ENGINE_TX);
	assert_int_equal(box.pkt.outcome, ENTRY);
	assert_int_equal(h5_seen->calls, 2);
	assert_int_equal(h5_seen->saddr.a[0], inet_addr("198.51.101.80"));
	assert_int_equal(h5_seen->daddr.a[0], inet_addr("10.0.1.2"));
	assert_int_equal(h5_seen->dport, htons(4000 ^ 0x0400));
}

/* The second of them has no other way to see what came in. */
static void h6_reader_beside_a_writer_reads_what_came_in(void **state)
{
	uint64_t want = 0;

	(void)state;
	for (int fold = 0; fold < 2; fold++) {
		struct pkt f = good(4000);

		start("r w i r", fold);
		for (int n = 0; n < 50; n++) {
			f.fill = n;
			assert_int_equal(pass(&f, 0), ENGINE_TX);
		}
		total_of(0, 0);
		want ^= mixes[0].totals[0].digest ^ mixes[1].totals[0].digest ^
			mixes[2].totals[0].digest ^ mixes[3].totals[0].digest;
		if (!fold) {
			teardown(NULL);
			memset(&box, 0, sizeof(box));
		}
	}
	assert_true(want == 0);
}

static void h7_packet_that_is_dropped_goes_no_further(void **state)
{
	struct pkt f = good(4000), g = bad(4000);
	struct nfold_cells cells;
	struct flow_entry fe;

	(void)state;
	start("c cRc rc i c", true);
	passes(&f, WALK);
	for (int n = 0; n < 3; n++) {
		assert_int_equal(pass(&g, 0), ENGINE_DROP);
		passes(&f, ENTRY);
	}
	assert_true(only_entry(&fe, &cells));
	assert_int_equal(cells.packets, 7);
	assert_int_equal(counted(NFOLD_REASON_FIREWALL_DENY), 3);
	assert_int_equal(total_of(0, 0)->packets, 7);
	assert_int_equal(total_of(1, 0)->packets, 7);
	assert_int_equal(total_of(1, 1)->calls, 7);
	assert_int_equal(total_of(1, 2)->packets, 4);
	assert_int_equal(total_of(2, 0)->calls, 4);
	assert_int_equal(total_of(2, 1)->packets, 4);
	assert_int_equal(total_of(3, 0)->calls, 4);
	assert_int_equal(total_of(4, 0)->packets, 4);
}

static void first_packet_that_is_dropped_opens_no_session(void **state)
{
	struct pkt g = bad(4000);

	(void)state;
	start("c R", true);
	assert_int_equal(pass(&g, 0), ENGINE_DROP);
	assert_int_equal(engine_sessions(box.e), 0);
	assert_int_equal(counted(NFOLD_REASON_FIREWALL_DENY), 1);
}

static void settled_flow_goes_to_the_kernel(void **state)
{
	struct pkt f = good(4000);
	struct flow_entry fe;

	(void)state;
	start("s x s c", true);
	for (int n = 0; n < 3; n++) {
		passes(&f, n ? ENTRY : WALK);
		assert_true(only_entry(&fe, NULL));
		assert_int_equal(fe.act.verdict, n == 2 ?
				 NFOLD_VERDICT_FORWARD : NFOLD_VERDICT_SLOW);
	}
	assert_true(fe.pending);	/* handed over as any install */
	engine_drained(box.e);
	advance(MS);
	engine_tick(box.e);
	assert_true(only_entry(&fe, NULL));
	assert_false(fe.pending);
	assert_int_equal(counted(NFOLD_REASON_HANDOVER_FORCED), 0);
	for (int n = 0; n < 4; n++)
		passes(&f, ENTRY);
	/* Folded anew: what has settled stays so. */
	engine_invalidate_all(box.e);
	passes(&f, WALK);
	assert_true(only_entry(&fe, NULL));
	assert_int_equal(fe.act.verdict, NFOLD_VERDICT_FORWARD);
	assert_int_equal(total_of(0, 0)->calls, 3);
	assert_int_equal(total_of(2, 0)->calls, 3);
	assert_int_equal(total_of(3, 0)->packets, 8);
}

static void one_that_has_not_settled_keeps_it(void **state)
{
	struct pkt f = good(4000);
	struct flow_entry fe;

	(void)state;
	start("s r", true);
	for (int n = 0; n < 8; n++)
		passes(&f, n ? ENTRY : WALK);
	assert_true(only_entry(&fe, NULL));
	assert_int_equal(fe.act.reason, NFOLD_REASON_STATE_FUNCTION);
	assert_int_equal(total_of(0, 0)->calls, 3);
	assert_int_equal(total_of(1, 0)->calls, 8);
}

static void undeclared_drop_is_a_drop_and_makes_the_flow_slow(void **state)
{
	struct pkt f = good(4000), g = bad(4000);
	struct flow_entry fe;

	(void)state;
	start("c l", true);
	passes(&f, WALK);
	passes(&f, ENTRY);
	assert_int_equal(pass(&g, 0), ENGINE_DROP);
	assert_int_equal(counted(NFOLD_REASON_NF_DROP), 1);
	assert_true(only_entry(&fe, NULL));
	assert_int_equal(fe.act.reason, NFOLD_REASON_RECORD_MISMATCH);
	passes(&f, WALK);
	assert_int_equal(pass(&g, 0), ENGINE_DROP);
	assert_int_equal(total_of(0, 0)->packets, 5);
}

static enum nf_verdict empty_packet(struct nf *nf, struct nf_pkt *pkt)
{
	static const struct state_function sf = { .name = "empty" };

	localmat_add_SF(nf, pkt->fid, &sf, NULL);
	return NF_FORWARD;
}

static void function_that_can_not_be_called_keeps_the_flow_slow(void **state)
{
	static const struct nf_ops empty_ops = { .name = "empty",
						 .packet = empty_packet };
	struct pkt f = good(4000);
	struct flow_entry fe;

	(void)state;
	parse_chain("c");
	box.nf[0].ops = &empty_ops;
	box_start_nfs(true, 64, 0);
	passes(&f, WALK);
	passes(&f, WALK);
	assert_true(only_entry(&fe, NULL));
	assert_int_equal(fe.act.reason, NFOLD_REASON_RECORD_MISMATCH);
}

static void ttl_and_mtu_are_judged_behind_the_functions(void **state)
{
	static const char *const chains[] = { "rc", "x wc" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct pkt f = good(4000), ttl = f, big = f;

		start(chains[i], true);
		ttl.ttl = 1;
		big.payload = 1480;
		passes(&f, WALK);
		assert_int_equal(pass(&ttl, 0), ENGINE_DROP);
		assert_int_equal(counted(NFOLD_REASON_TTL_EXCEEDED), 1);
		assert_int_equal(pass(&big, 0), ENGINE_DROP);
		assert_int_equal(counted(NFOLD_REASON_TOO_BIG), 1);
		assert_int_equal(total_of(i, 0)->calls, 3);
		assert_int_equal(total_of(i, 1)->packets, 3);
		teardown(NULL);
		memset(&box, 0, sizeof(box));
	}
	start("c", true);
}

/* --- random chains: folded equals unfolded --- */

#define PEERS 8
#define LOG_MAX 2000

static uint64_t rng;

static uint32_t pick(uint32_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (rng >> 16) % n;
}

/* What became of each packet of the unfolded run. */
struct outcome {
	enum engine_verdict v;
	uint32_t port, len;
	uint64_t digest;
};

static struct outcome outcomes[LOG_MAX];
static struct pkt peers[PEERS];
static uint32_t peer_cnt, payload_cnt, settled_cnt;

static void random_chain(char *text)
{
	static const char letters[] = "cirwirwIRWsxxgd";
	int n = 0;

	for (uint32_t nfs = 1 + pick(6); nfs; nfs--) {
		for (uint32_t ops = 1 + pick(pick(3) ? 2 : 4); ops; ops--)
			text[n++] = letters[pick(sizeof(letters) - 1)];
		text[n++] = nfs > 1 ? ' ' : '\0';
	}
}

static void random_params(void)
{
	for (int n = 0; n < BOX_NFS; n++)
		for (int i = 0; i < mixes[n].cnt; i++) {
			struct mix_op *op = &mixes[n].ops[i];

			op->pattern = pick(256);
			op->settle = op->what == 's' || !pick(4) ?
					     1 + pick(12) : 0;
			op->addr_xor = pick(0x10000);
			op->port_xor = pick(0x10000);
			op->drop_of = 2 + pick(9);
		}
}

static struct pkt random_request(void)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_TCP,
					  IPPROTO_UDP, IPPROTO_UDP,
					  IPPROTO_ICMP, 47 };
	struct pkt f = request(protos[pick(6)], 4000 + pick(3));

	f.src[3] = 2 + pick(2);
	f.icmp_type = 8;
	return f;
}

static struct pkt random_packet(uint32_t *port)
{
	static const uint8_t flags[] = { 2, 0x12, 0x10, 0x10, 0x18, 0x11, 4 };
	struct pkt f;

	*port = peer_cnt && pick(2);
	f = *port ? peers[pick(peer_cnt)] : random_request();
	f.flags = flags[pick(sizeof(flags))];
	f.ttl = pick(20) ? 64 : 1;
	f.payload = pick(10) ? pick(40) : pick(1600);
	f.fill = pick(256);
	f.csum = pick(8) ? PKT_CSUM_FULL : PKT_CSUM_PARTIAL;
	if (f.proto == IPPROTO_UDP && !pick(6))
		f.csum = PKT_CSUM_NONE;
	else if (f.proto != IPPROTO_TCP && f.proto != IPPROTO_UDP)
		f.csum = PKT_CSUM_FULL;
	return f;
}

/* What left by the outside will be answered. */
static void remember(const struct pkt *f)
{
	struct pkt *to = &peers[peer_cnt < PEERS ? peer_cnt++ : pick(PEERS)];
	const uint8_t *ip = box.buf + 14;

	*to = *f;
	memcpy(to->src, ip + 16, 4);
	memcpy(to->dst, ip + 12, 4);
	to->icmp_type = 0;
	if (f->proto == IPPROTO_TCP || f->proto == IPPROTO_UDP) {
		to->sport = get16(ip + 22);
		to->dport = get16(ip + 20);
	}
}

static void pass_time(void)
{
	uint32_t what = pick(150), id = 1 + pick(10);

	advance(pick(10) ? pick(MS) : 3 * MS);
	engine_drained(box.e);
	engine_tick(box.e);
	flow_table_reclaim(box.tables[0]);
	flow_table_grace_end(box.tables[0]);
	if (what == 1)
		engine_invalidate_all(box.e);
	if (what == 2)
		engine_flush(box.e, &id, 1);
}

static void one_packet(bool fold, struct outcome *was)
{
	struct outcome is = { 0 };
	uint32_t port;
	struct pkt f = random_packet(&port);

	is.v = pass(&f, port);
	if (is.v == ENGINE_TX) {
		is.port = box.pkt.out;
		is.len = box.len;
		is.digest = digest(0, box.buf, box.len);
		if (!port)
			remember(&f);
	}
	if (!fold)
		*was = is;
	assert_memory_equal(was, &is, sizeof(is));
}

/* How often the class payload was met, and left. */
static void look_at_classes(void)
{
	struct flow_entry fe;

	for (uint32_t s = 0; s < flow_table_slots(box.tables[0]); s++) {
		bool found = flow_table_read(box.tables[0], s, &fe, NULL);

		payload_cnt += found &&
			       fe.act.reason == NFOLD_REASON_STATE_FUNCTION;
		settled_cnt += found &&
			       fe.act.verdict == NFOLD_VERDICT_FORWARD;
	}
}

static void run_side(const char *text, uint64_t seed, bool fold,
		     uint32_t packets)
{
	peer_cnt = 0;
	rng = seed;
	parse_chain(text);
	random_params();
	box_start_nfs(fold, 64, pick(3));
	for (uint32_t n = 0; n < packets; n++) {
		pass_time();
		one_packet(fold, &outcomes[n]);
	}
	look_at_classes();
	engine_flush(box.e, NULL, 0);
}

/* Drops by the same reasons, and NFs in the same states. */
static void check_state(const struct mix *was, const struct nfold_stats *drops)
{
	for (int r = 0; r < NFOLD_REASON_CNT; r++)
		if (reason_kind(r) == NFOLD_KIND_DROP &&
		    drops->packets[r] != box.stats.packets[r])
			fail_msg("%s: %llu unfolded, %llu folded",
				 reason_word(r), drops->packets[r],
				 box.stats.packets[r]);
	for (int n = 0; n < BOX_NFS; n++)
		assert_memory_equal(was[n].totals, mixes[n].totals,
				    sizeof(was[n].totals));
}

static void random_chain_is_equal(uint64_t seed, uint32_t packets)
{
	struct mix was[BOX_NFS];
	struct nfold_stats drops;
	char text[64];

	rng = seed;
	for (int warm = 0; warm < 16; warm++)
		pick(2);
	random_chain(text);
	seed = rng;
	run_side(text, seed, false, packets);
	memcpy(was, mixes, sizeof(was));
	drops = box.stats;
	teardown(NULL);
	run_side(text, seed, true, packets);
	check_state(was, &drops);
	teardown(NULL);
}

static uint64_t env(const char *name, uint64_t otherwise)
{
	const char *v = getenv(name);

	return v ? strtoull(v, NULL, 0) : otherwise;
}

static void random_chains_folded_equal_unfolded(void **state)
{
	uint64_t seed = env("NFOLD_SEED", time(NULL));
	uint64_t chains = env("NFOLD_CHAINS", 200);
	uint64_t packets = env("NFOLD_PACKETS", 500);

	(void)state;
	if (packets > LOG_MAX)
		packets = LOG_MAX;
	for (uint64_t c = 0; c < chains; c++) {
		printf("# NFOLD_SEED=%llu, chain %llu\r",
		       (unsigned long long)seed, (unsigned long long)c);
		random_chain_is_equal(seed * 1000003 + c + 1, packets);
	}
	printf("# NFOLD_SEED=%llu: %llu chains, entries of class payload %u, kernel %u\n",
	       (unsigned long long)seed, (unsigned long long)chains,
	       payload_cnt, settled_cnt);
	assert_true(payload_cnt > chains && settled_cnt > chains / 4);
}

static int clean(void **state)
{
	return box.e ? teardown(state) : 0;
}

#define CASE(name, f) { name, f, NULL, clean, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE("class payload: XDP punts, the engine applies the entry",
		     class_payload_is_punted_and_applied),
		CASE("H4 N37 functions before a folded drop run, those behind do not",
		     h4_functions_before_a_folded_drop_run),
		CASE("H5 N36 a reader sees a mark before a folded drop",
		     h5_reader_sees_a_mark_before_a_folded_drop),
		CASE("H5 N36 a function sees the headers of its place, both ways",
		     h5_function_sees_the_headers_of_its_place),
		CASE("H6 N34 a reader beside a writer reads what came in",
		     h6_reader_beside_a_writer_reads_what_came_in),
		CASE("H7 N35 N37 a dropped packet goes no further, and is counted so far",
		     h7_packet_that_is_dropped_goes_no_further),
		CASE("N37 a first packet that is dropped opens no session",
		     first_packet_that_is_dropped_opens_no_session),
		CASE("N38 a settled flow goes to the kernel",
		     settled_flow_goes_to_the_kernel),
		CASE("N38 one function that has not settled keeps the flow",
		     one_that_has_not_settled_keeps_it),
		CASE("N37 an undeclared drop is a drop, and the flow is slow",
		     undeclared_drop_is_a_drop_and_makes_the_flow_slow),
		CASE("a function that can not be called keeps the flow slow",
		     function_that_can_not_be_called_keeps_the_flow_slow),
		CASE("TTL and MTU are judged behind the functions",
		     ttl_and_mtu_are_judged_behind_the_functions),
		{ "N39 random chains: folded equals unfolded",
		  random_chains_folded_equal_unfolded, NULL, NULL, NULL },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
