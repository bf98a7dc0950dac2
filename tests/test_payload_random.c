// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Random chains with state functions of both tiers through the engine, folded
 * against unfolded (docs/FOLD.md, N39 and N43).
 */
#include <stdio.h>
#include <time.h>

#include "tests/payload_chain.h"

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
static uint32_t peer_cnt, payload_cnt, both_cnt, settled_cnt;

static void random_chain(char *text)
{
	static const char letters[] = "cirwirwIRWsxxgdccbtuuk";
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
			op->limit = 1 + pick(op->what == 'b' ? 3 : 30);
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
		both_cnt += found && fe.act.steps &&
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
	printf("# NFOLD_SEED=%llu: %llu chains, entries of class payload %u, of both tiers %u, kernel %u\n",
	       (unsigned long long)seed, (unsigned long long)chains,
	       payload_cnt, both_cnt, settled_cnt);
	assert_true(payload_cnt > chains && settled_cnt > chains / 4);
	assert_true(both_cnt > chains);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "N39 N43 random chains: folded equals unfolded",
		  random_chains_folded_equal_unfolded, NULL, NULL, NULL },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
