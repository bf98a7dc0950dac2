// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* ah: the algorithms by their RFCs' vectors, whole packets by scapy's
 * (ah_vectors.h), which fields the integrity value covers, sequence numbers and
 * the window, what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "chains/ah/ah.h"
#include "tests/ah_vectors.h"
#include "tests/pkt.h"
#define PKT_CSUM_PARTIAL PKT_SUM_PARTIAL
#define PKT_CSUM_BAD PKT_SUM_BAD
#define pkt_csum pkt_sum_kind
#include "userspace/engine_priv.h"

#define ROOM 128
#define SIZE 70000		/* any length that a header can say */

extern const struct nf_ops ah_ops;

static struct engine engine;
static struct flow flow;
static uint8_t buf[ROOM + SIZE];

static struct nf *make(const char *text, struct conf_error *err)
{
	struct nf *nf = calloc(1, sizeof(*nf));
	struct conf_block *tree;
	int failed;

	nf->engine = &engine;
	assert_int_equal(conf_parse(&tree, "test", text, err), 0);
	failed = ah_ops.init(nf, tree->stmts[0].block, err);
	conf_free(tree);
	if (!failed)
		return nf;
	free(nf);
	return NULL;
}

#define KEY32 "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
#define KEY20 "0x0102030405060708090a0b0c0d0e0f1011121314"
#define TO4 "tunnel 192.0.2.1 192.0.2.2; "
#define FROM4 "tunnel 192.0.2.2 192.0.2.1; "

/* block: encap or decap; local: its end is 192.0.2.1 or 2001:db8:a::1. */
static struct nf *ah(const char *block, int family, const char *auth,
		     bool local, const char *more)
{
	bool sha1 = !strcmp(auth, "hmac-sha1-96");
	struct conf_error err = { 0 };
	char text[500];
	struct nf *nf;

	snprintf(text, sizeof(text),
		 "ah { %s { spi 0x1234; auth %s; key %s; tunnel %s%d %s%d; %s } }",
		 block, auth, sha1 ? KEY20 : KEY32,
		 family == 4 ? "192.0.2." : "2001:db8:a::", local ? 1 : 2,
		 family == 4 ? "192.0.2." : "2001:db8:a::", local ? 2 : 1,
		 more);
	nf = make(text, &err);
	if (!nf)
		fail_msg("%s refused: %s", text, err.message);
	return nf;
}

static struct ah *state_of(struct nf *nf)
{
	return nf->priv;
}

static void end(struct nf *nf)
{
	ah_ops.exit(nf);
	free(nf);
	lmat_free(&flow.lmat);
}

/* The frame at buf + ROOM, in front of the NF, which records. False: no parser
 * would let it so far. */
static bool in_front(struct nf_pkt *pkt, uint32_t len, bool outside)
{
	struct nfold_parse p;

	if (nfold_parse(buf + ROOM, buf + ROOM + len, outside, &p))
		return false;
	pkt_init(pkt, buf + ROOM, len, &p);
	pkt->room = ROOM;
	pkt->router = true;
	pkt->outside = outside;
	pkt->fid = flow.id = 1;
	lmat_clear(&flow.lmat);
	engine.recording = &flow;
	return true;
}

static uint32_t frame(const uint8_t *ip, uint32_t len)
{
	static const uint8_t eth[12] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 };

	memcpy(buf + ROOM, eth, 12);
	put16(buf + ROOM + 12, ip[0] >> 4 == 4 ? 0x0800 : 0x86dd);
	memcpy(buf + ROOM + 14, ip, len);
	return 14 + len;
}

static struct nf_pkt of_bytes(const uint8_t *ip, uint32_t len, bool outside)
{
	struct nf_pkt pkt;

	assert_true(in_front(&pkt, frame(ip, len), outside));
	return pkt;
}

/* Its IPv4 header's checksum, as it should be. */
static void fix_csum(uint8_t *ip)
{
	if (ip[0] >> 4 != 4)
		return;
	put16(ip + 10, 0);
	put16(ip + 10, ~pkt_sum(ip, (ip[0] & 0x0f) * 4, 0));
}

/* --- the algorithms --- */

static void hmac_is(const char *digest, const char *key, int times,
		    const char *data, int repeat, const char *want)
{
	struct ah_auth auth = { "test", digest, strlen(key) * times,
				strlen(want) / 2 };
	uint8_t k[64], icv[EVP_MAX_MD_SIZE];
	struct ah_sa sa = { .auth = &auth };
	char text[2 * EVP_MAX_MD_SIZE + 1] = "";

	for (int i = 0; i < auth.key_len; i++)
		k[i] = key[i % strlen(key)];
	sa.mac = ah_mac_new(&auth, k);
	assert_non_null(sa.mac);
	for (int again = 0; again < 3; again++) {
		assert_true(ah_mac_begin(&sa));
		for (int i = 0; i < repeat; i++)
			assert_true(ah_mac_add(&sa, data, strlen(data)));
		assert_true(ah_mac_end(&sa, icv));
		for (int i = 0; i < auth.icv_len; i++)
			snprintf(text + 2 * i, 3, "%02x", icv[i]);
		assert_string_equal(text, want);
	}
	EVP_MAC_CTX_free(sa.mac);
}

/* RFC 4868 section 2.7.2.1, RFC 4231 section 4, RFC 2202 section 3. The context
 * gives the same again, without the key. */
static void algorithms_are_those_of_the_rfcs(void **state)
{
	(void)state;
	hmac_is("SHA256", "\x0b", 32, "Hi There", 1,
		"198a607eb44bfbc69903a0f1cf2bbdc5"
		"ba0aa3f3d9ae3c1c7a3b1696a0b68cf7");
	hmac_is("SHA256", "Jefe", 8, "what do ya want for nothing?", 1,
		"167f928588c5cc2eef8e3093caa0e87c"
		"9ff566a14794aa61648d81621a2a40c6");
	hmac_is("SHA256", "\xaa", 32, "\xdd", 50,
		"cdcb1220d1ecccea91e53aba3092f962"
		"e549fe6ce9ed7fdc43191fbde45c30b0");
	hmac_is("SHA256", "\x0b", 20, "Hi There", 1,
		"b0344c61d8db38535ca8afceaf0bf12b"
		"881dc200c9833da726e9376c2e32cff7");
	hmac_is("SHA256", "\xaa", 20, "\xdd", 50,
		"773ea91e36800e46854db8ebd09181a7"
		"2959098b3ef8c122d9635514ced565fe");
	hmac_is("SHA1", "\x0b", 20, "Hi There", 1,
		"b617318655057264e28bc0b6fb378c8ef146be00");
	hmac_is("SHA1", "\xaa", 20, "\xdd", 50,
		"125d7342b9ac11cd91a39af48aa17b4f63f175d3");
}

/* --- packets that scapy has sealed --- */

static const uint8_t *inner_of(int v, uint32_t *len)
{
	bool four = ah_vectors[v].inner == 4;

	*len = four ? sizeof(ah_inner4) : sizeof(ah_inner6);
	return four ? ah_inner4 : ah_inner6;
}

static void vectors_are_taken_out(void **state)
{
	(void)state;
	for (int v = 0; v < AH_VECTORS; v++) {
		struct nf *nf = ah("decap", ah_vectors[v].outer,
				   ah_vectors[v].auth, false, "");
		struct nf_pkt pkt = of_bytes(ah_vectors[v].bytes,
					     ah_vectors[v].len, true);
		const uint8_t *inner;
		uint32_t len;

		if (ah_ops.packet(nf, &pkt))
			fail_msg("vector %d: %s", v + 1,
				 reason_word(pkt.drop_reason));
		inner = inner_of(v, &len);
		assert_true(pkt.unwrapped);
		assert_int_equal(pkt.len, 14 + len);
		assert_memory_equal(pkt.data + 14, inner, len);
		assert_int_equal(state_of(nf)->in[0].highest,
				 ah_vectors[v].seq);
		assert_int_equal(flow.lmat.cnt, 2);
		assert_int_equal(flow.lmat.records[1].action.kind, HA_DECAP);
		/* Once more. */
		pkt = of_bytes(ah_vectors[v].bytes, ah_vectors[v].len, true);
		assert_int_equal(ah_ops.packet(nf, &pkt), NF_DROP);
		assert_int_equal(pkt.drop_reason, NFOLD_REASON_AH_REPLAY);
		end(nf);
	}
}

/* The packet as it was before the router's hop. */
static void inner_before_hop(int v, struct nf_pkt *pkt)
{
	uint32_t len;
	const uint8_t *inner = inner_of(v, &len);
	uint8_t copy[200];

	memcpy(copy, inner, len);
	copy[copy[0] >> 4 == 4 ? 8 : 7]++;
	fix_csum(copy);
	*pkt = of_bytes(copy, len, false);
}

static void vectors_are_what_we_seal(void **state)
{
	int cnt = 0;

	(void)state;
	for (int v = 0; v < AH_VECTORS; v++) {
		char sequence[40];
		struct nf_pkt pkt;
		struct nf *nf;

		if (!ah_vectors[v].ours)
			continue;
		snprintf(sequence, sizeof(sequence), "sequence %u;",
			 ah_vectors[v].seq);
		nf = ah("encap", ah_vectors[v].outer, ah_vectors[v].auth, true,
			sequence);
		inner_before_hop(v, &pkt);
		assert_int_equal(ah_ops.packet(nf, &pkt), NF_FORWARD);
		assert_int_equal(pkt.len, 14 + ah_vectors[v].len);
		assert_memory_equal(pkt.data + 14, ah_vectors[v].bytes,
				    ah_vectors[v].len);
		assert_int_equal(flow.lmat.cnt, 3);
		assert_int_equal(flow.lmat.records[0].action.kind, HA_HOP);
		assert_int_equal(flow.lmat.records[1].action.kind, HA_ENCAP);
		assert_string_equal(flow.lmat.records[2].function->name,
				    "ah-seal");
		end(nf);
		cnt++;
	}
	assert_int_equal(cnt, 8);
}

/* --- transport mode --- */

static struct nf *transport(const char *block, const char *auth,
			    const char *more)
{
	bool sha1 = !strcmp(auth, "hmac-sha1-96");
	struct conf_error err = { 0 };
	char text[300];
	struct nf *nf;

	snprintf(text, sizeof(text),
		 "ah { %s { spi 0x1234; auth %s; key %s; transport; %s } }",
		 block, auth, sha1 ? KEY20 : KEY32, more);
	nf = make(text, &err);
	if (!nf)
		fail_msg("%s refused: %s", text, err.message);
	return nf;
}

static void transport_is_sealed_and_taken_out(void **state)
{
	(void)state;
	for (int v = 0; v < AH_TRANSPORTS; v++) {
		const uint8_t *plain = ah_transports[v].plain;
		struct nf *to = transport("decap", ah_transports[v].auth, "");
		struct nf *from;
		uint8_t copy[200];
		char sequence[40];
		struct nf_pkt pkt;

		snprintf(sequence, sizeof(sequence), "sequence %u;",
			 ah_transports[v].seq);
		from = transport("encap", ah_transports[v].auth, sequence);
		memcpy(copy, plain, ah_transports[v].plain_len);
		copy[copy[0] >> 4 == 4 ? 8 : 7]++;
		fix_csum(copy);
		pkt = of_bytes(copy, ah_transports[v].plain_len, false);
		assert_int_equal(ah_ops.packet(from, &pkt), NF_FORWARD);
		assert_int_equal(pkt.len, 14 + ah_transports[v].len);
		assert_memory_equal(pkt.data + 14, ah_transports[v].bytes,
				    ah_transports[v].len);
		assert_int_equal(pkt.l4proto, IPPROTO_AH);
		assert_int_equal(pkt.l4_off, nf_pkt_ah(&pkt, &(uint32_t){ 0 }));
		assert_int_equal(pkt.sport | pkt.dport, 0);
		/* What the chain has put on it takes off. */
		assert_true(nf_pkt_decap(&pkt, &state_of(from)->out[0].header));
		assert_int_equal(pkt.len, 14 + ah_transports[v].plain_len);
		assert_memory_equal(pkt.data + 14, plain,
				    ah_transports[v].plain_len);
		assert_int_equal(pkt.dport, htons(80));
		pkt = of_bytes(ah_transports[v].bytes, ah_transports[v].len,
			       true);
		assert_int_equal(ah_ops.packet(to, &pkt), NF_FORWARD);
		assert_true(pkt.unwrapped);
		assert_int_equal(pkt.len, 14 + ah_transports[v].plain_len);
		assert_memory_equal(pkt.data + 14, plain,
				    ah_transports[v].plain_len);
		assert_int_equal(pkt.dport, htons(80));
		end(to);
		end(from);
	}
}

/* Of hosts behind the box, AH of their own: it has no association here. */
static void transport_asks_of_all_ah(void **state)
{
	struct nf *nf = transport("decap", "hmac-sha256-128", "");
	struct nf_pkt pkt;
	uint8_t copy[200];

	(void)state;
	memcpy(copy, ah_transports[0].bytes, ah_transports[0].len);
	copy[20 + 7]++;
	pkt = of_bytes(copy, ah_transports[0].len, true);
	assert_int_equal(ah_ops.packet(nf, &pkt), NF_DROP);
	assert_int_equal(pkt.drop_reason, NFOLD_REASON_AH_SPI);
	end(nf);
}

/* An atomic fragment (RFC 6946) has its AH inside. */
static void transport_of_a_fragment_is_refused(void **state)
{
	struct nf *nf = transport("encap", "hmac-sha256-128", "");
	struct pkt k = pkt_new(6, IPPROTO_UDP);
	struct nf_pkt pkt;

	(void)state;
	k.ext_cnt = 1;
	k.ext[0] = IPPROTO_FRAGMENT;
	assert_true(in_front(&pkt, pkt_build(&k, buf + ROOM), false));
	assert_int_equal(ah_ops.packet(nf, &pkt), NF_DROP);
	assert_int_equal(pkt.drop_reason, NFOLD_REASON_NO_ROOM);
	end(nf);
}

/* --- what is covered --- */

/* Bits of the outer header that routers may change (RFC 4302 section 3.3.3.1). */
static bool is_mutable(int family, uint32_t bit)
{
	uint32_t byte = bit / 8;

	if (family == 4)
		return byte == 1 || byte == 6 || byte == 7 || byte == 8 ||
		       byte == 10 || byte == 11;
	return byte == 7 || (bit >= 4 && bit < 32);
}

/* The value of the packet as it stands, AH where it was. */
static void value(struct nf *nf, const struct nf_pkt *was, uint32_t off,
		  uint32_t len, uint8_t icv[AH_ICV_MAX])
{
	const struct ah_sa *sa = &state_of(nf)->in[0];

	assert_int_equal(ah_icv(sa, was, off, len,
				ntohl(load32(was->data + off + 8)), icv),
			 NFOLD_REASON_NONE);
}

static void mutable_field_does_not_matter(struct nf *nf, const uint8_t *ip,
					  uint32_t size)
{
	struct nf_pkt pkt = of_bytes(ip, size, true);
	uint8_t want[AH_ICV_MAX], got[AH_ICV_MAX];
	uint32_t len, off = nf_pkt_ah(&pkt, &len);

	value(nf, &pkt, off, len, want);
	for (uint32_t bit = 0; bit < 320; bit++) {
		if (!is_mutable(pkt.family, bit))
			continue;
		pkt.data[14 + bit / 8] ^= 0x80 >> bit % 8;
		value(nf, &pkt, off, len, got);
		assert_memory_equal(got, want,
				    state_of(nf)->in[0].auth->icv_len);
		pkt.data[14 + bit / 8] ^= 0x80 >> bit % 8;
	}
}

/* The packet with one bit turned, through parser and NF: taken out? */
static bool comes_out(struct nf *nf, const uint8_t *ip, uint32_t size,
		      uint32_t bit)
{
	uint8_t copy[300];
	struct nf_pkt pkt;

	memcpy(copy, ip, size);
	copy[bit / 8] ^= 0x80 >> bit % 8;
	if (bit / 8 != 10 && bit / 8 != 11)
		fix_csum(copy);
	return in_front(&pkt, frame(copy, size), true) &&
	       ah_ops.packet(nf, &pkt) == NF_FORWARD && pkt.unwrapped;
}

/* Every bit of four packets: those of mutable fields do not matter, all others
 * do. A mutable bit may still stop a packet: as a fragment, by its checksum, or
 * with TTL 0. */
static void every_immutable_bit_matters(void **state)
{
	int kept = 0;

	(void)state;
	for (int v = 0; v < 4; v++) {
		int family = ah_vectors[v].outer;
		uint32_t size = ah_vectors[v].len;
		struct nf *nf = ah("decap", family, ah_vectors[v].auth, false,
				   "replay off;");

		mutable_field_does_not_matter(nf, ah_vectors[v].bytes, size);
		for (uint32_t bit = 0; bit < size * 8; bit++) {
			bool out = comes_out(nf, ah_vectors[v].bytes, size, bit);
			bool may = bit < (family == 4 ? 160 : 320) &&
				   is_mutable(family, bit);

			if (out && !may)
				fail_msg("vector %d: bit %u", v + 1, bit);
			kept += out;
		}
		end(nf);
	}
	for (int v = 0; v < 4; v += 2) {
		struct nf *nf = transport("decap", ah_transports[v].auth,
					  "replay off;");
		int family = ah_transports[v].bytes[0] >> 4;

		for (uint32_t bit = 0; bit < ah_transports[v].len * 8; bit++)
			if (comes_out(nf, ah_transports[v].bytes,
				      ah_transports[v].len, bit) &&
			    !(bit < (family == 4 ? 160 : 320) &&
			      is_mutable(family, bit)))
				fail_msg("transport %d: bit %u", v + 1, bit);
		end(nf);
	}
	/* IPv4: TOS, two flags, TTL; IPv6: class, label, hop limit. */
	assert_true(kept >= 2 * (8 + 2 + 7) + 2 * (28 + 7));
}

/* Options: what is zeroed, and what is not, in the vectors that have any. */
static void options_are_masked_one_by_one(void **state)
{
	/* vector, byte of the packet, does it matter? */
	static const struct {
		int v;
		uint32_t byte;
		bool matters;
	} cases[] = {
		{ 9, 20 + 2, false },	/* record route: pointer, a slot */
		{ 9, 20 + 4, false },
		{ 10, 20 + 3, true },	/* router alert: its value */
		{ 10, 24 + 4, false },	/* record route behind it */
		{ 11, 20 + 2, false },	/* timestamp */
		{ 11, 20 + 8, false },
		{ 12, 20 + 2, true },	/* security */
		{ 12, 20 + 10, true },
		{ 13, 40 + 5, true },	/* IPv6 router alert */
		{ 14, 40 + 4, false },	/* may change on the way */
		{ 14, 40 + 2, true },	/* its type */
		{ 15, 40 + 4, true },	/* may not */
		{ 15, 48 + 4, false },	/* destination option that may */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int v = cases[i].v - 1;
		struct nf *nf = ah("decap", ah_vectors[v].outer,
				   ah_vectors[v].auth, false, "replay off;");

		if (comes_out(nf, ah_vectors[v].bytes, ah_vectors[v].len,
			      cases[i].byte * 8 + 7) == cases[i].matters)
			fail_msg("vector %d, byte %u", v + 1, cases[i].byte);
		end(nf);
	}
}

/* --- sequence numbers --- */

static enum nf_verdict seal(struct nf *nf, struct nf_pkt *pkt)
{
	struct pkt k = pkt_new(4, IPPROTO_UDP);
	uint32_t len = pkt_build(&k, buf + ROOM);

	assert_true(in_front(pkt, len, false));
	return ah_ops.packet(nf, pkt);
}

static uint32_t seq_of(const struct nf_pkt *pkt)
{
	uint32_t len;

	return ntohl(load32(pkt->data + nf_pkt_ah(pkt, &len) + 8));
}

static void numbers_begin_at_1_and_go_up(void **state)
{
	struct nf *nf = ah("encap", 4, "hmac-sha256-128", true, "");
	struct nf_pkt pkt;

	(void)state;
	for (uint32_t n = 1; n < 300; n++) {
		assert_int_equal(seal(nf, &pkt), NF_FORWARD);
		assert_int_equal(seq_of(&pkt), n);
	}
	assert_int_equal(state_of(nf)->out[0].packets, 299);
	end(nf);
}

static void after_the_last_number_nothing_is_sent(void **state)
{
	struct nf *nf = ah("encap", 4, "hmac-sha256-128", true,
			   "sequence 4294967294;");
	struct nf_pkt pkt;

	(void)state;
	assert_int_equal(seal(nf, &pkt), NF_FORWARD);
	assert_int_equal(seal(nf, &pkt), NF_FORWARD);
	assert_int_equal(seq_of(&pkt), UINT32_MAX);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(seal(nf, &pkt), NF_DROP);
		assert_int_equal(pkt.drop_reason, NFOLD_REASON_AH_OVERFLOW);
	}
	assert_int_equal(state_of(nf)->out[0].drops, 3);
	assert_int_equal(state_of(nf)->out[0].packets, 2);
	end(nf);
}

/* Against a set of all numbers that were seen. */
static void window_is_64_wide(void **state)
{
	static bool seen[1000];
	struct ah_sa sa = { .replay = true };
	uint32_t highest = 0, rng = 1, taken = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint32_t seq, base = i / 20;
		bool want;

		rng = rng * 1103515245 + 12345;
		seq = (base + (rng >> 16) % 90) % 1000;
		if (seq > highest)
			want = true;
		else
			want = seq && highest - seq < 64 && !seen[seq];
		assert_int_equal(ah_window_has(&sa, seq), want);
		if (!want || rng >> 30 == 0)
			continue;	/* its value is wrong */
		ah_window_set(&sa, seq);
		seen[seq] = true;
		highest = seq > highest ? seq : highest;
		assert_int_equal(sa.highest, highest);
		taken++;
	}
	assert_true(taken > 900);
}

static void window_at_its_edges(void **state)
{
	struct ah_sa sa = { .replay = true };

	(void)state;
	assert_false(ah_window_has(&sa, 0));
	ah_window_set(&sa, 1);
	assert_false(ah_window_has(&sa, 1));
	ah_window_set(&sa, 64);
	assert_false(ah_window_has(&sa, 1));
	assert_true(ah_window_has(&sa, 2));
	ah_window_set(&sa, 66);
	assert_false(ah_window_has(&sa, 2));
	assert_true(ah_window_has(&sa, 3));
	assert_false(ah_window_has(&sa, 64));
	ah_window_set(&sa, 66 + 63);
	assert_false(ah_window_has(&sa, 66));
	assert_true(ah_window_has(&sa, 67));
	ah_window_set(&sa, UINT32_MAX);
	assert_false(ah_window_has(&sa, UINT32_MAX));
	assert_true(ah_window_has(&sa, UINT32_MAX - 63));
	assert_false(ah_window_has(&sa, UINT32_MAX - 64));
}

/* The window does not move for a packet whose value is wrong. */
static void wrong_value_moves_no_window(void **state)
{
	struct nf *nf = ah("decap", 4, "hmac-sha256-128", false, "");
	uint8_t copy[300];
	struct nf_pkt pkt;

	(void)state;
	memcpy(copy, ah_vectors[0].bytes, ah_vectors[0].len);
	put16(copy + 20 + 8, 0x7000);	/* sequence number */
	pkt = of_bytes(copy, ah_vectors[0].len, true);
	assert_int_equal(ah_ops.packet(nf, &pkt), NF_DROP);
	assert_int_equal(pkt.drop_reason, NFOLD_REASON_AH_ICV);
	assert_int_equal(state_of(nf)->in[0].highest, 0);
	assert_int_equal(state_of(nf)->in[0].drops, 1);
	pkt = of_bytes(ah_vectors[0].bytes, ah_vectors[0].len, true);
	assert_int_equal(ah_ops.packet(nf, &pkt), NF_FORWARD);
	end(nf);
}

/* --- associations --- */

static void unknown_association_is_dropped(void **state)
{
	struct nf *nf = ah("decap", 4, "hmac-sha256-128", false, "");
	uint8_t copy[300];
	struct nf_pkt pkt;

	(void)state;
	memcpy(copy, ah_vectors[0].bytes, ah_vectors[0].len);
	copy[20 + 7]++;
	pkt = of_bytes(copy, ah_vectors[0].len, true);
	assert_int_equal(ah_ops.packet(nf, &pkt), NF_DROP);
	assert_int_equal(pkt.drop_reason, NFOLD_REASON_AH_SPI);
	/* From somebody else. */
	memcpy(copy, ah_vectors[0].bytes, ah_vectors[0].len);
	copy[15] = 9;
	fix_csum(copy);
	pkt = of_bytes(copy, ah_vectors[0].len, true);
	assert_int_equal(ah_ops.packet(nf, &pkt), NF_DROP);
	assert_int_equal(pkt.drop_reason, NFOLD_REASON_AH_SPI);
	assert_int_equal(state_of(nf)->unknown, 2);
	/* To somebody else: not ours. */
	memcpy(copy, ah_vectors[0].bytes, ah_vectors[0].len);
	copy[19] = 9;
	fix_csum(copy);
	pkt = of_bytes(copy, ah_vectors[0].len, true);
	assert_int_equal(ah_ops.packet(nf, &pkt), NF_FORWARD);
	assert_false(pkt.unwrapped);
	end(nf);
}

/* At every length to which it can be cut, and with every length that AH can say
 * of itself. */
static void what_is_cut_short_is_dropped(void **state)
{
	(void)state;
	for (int v = 0; v < 4; v++) {
		struct nf *nf = ah("decap", ah_vectors[v].outer,
				   ah_vectors[v].auth, false, "replay off;");
		uint32_t head = ah_vectors[v].outer == 4 ? 20 : 40;
		uint32_t size = ah_vectors[v].len;
		uint8_t copy[300];
		struct nf_pkt pkt;

		for (uint32_t n = head; n < size; n++) {
			memcpy(copy, ah_vectors[v].bytes, n);
			put16(copy + (head == 20 ? 2 : 4), head == 20 ? n : n - 40);
			fix_csum(copy);
			if (in_front(&pkt, frame(copy, n), true))
				assert_false(ah_ops.packet(nf, &pkt) ==
						     NF_FORWARD &&
					     pkt.unwrapped);
		}
		for (int n = 0; n < 256; n++) {
			memcpy(copy, ah_vectors[v].bytes, size);
			copy[head + 1] = n;
			if (n != ah_vectors[v].bytes[head + 1] &&
			    in_front(&pkt, frame(copy, size), true))
				assert_false(ah_ops.packet(nf, &pkt) ==
						     NF_FORWARD &&
					     pkt.unwrapped);
		}
		end(nf);
	}
}

static void plain_packets_do_not_come_where_ah_is_asked_for(void **state)
{
	struct nf *nf = ah("decap", 4, "hmac-sha256-128", false,
			   "match \"dst net 10.9.0.0/24\";");
	struct nf *other = ah("decap", 4, "hmac-sha256-128", false,
			      "match \"dst net 10.8.0.0/24\";");
	struct nf_pkt pkt = of_bytes(ah_inner4, sizeof(ah_inner4), true);

	(void)state;
	assert_int_equal(ah_ops.packet(nf, &pkt), NF_DROP);
	assert_int_equal(pkt.drop_reason, NFOLD_REASON_AH_POLICY);
	assert_int_equal(flow.lmat.records[0].action.kind, HA_DROP);
	pkt = of_bytes(ah_inner4, sizeof(ah_inner4), true);
	assert_int_equal(ah_ops.packet(other, &pkt), NF_FORWARD);
	/* What comes out of AH must match as well. */
	pkt = of_bytes(ah_vectors[0].bytes, ah_vectors[0].len, true);
	assert_int_equal(ah_ops.packet(other, &pkt), NF_DROP);
	assert_int_equal(pkt.drop_reason, NFOLD_REASON_AH_POLICY);
	assert_int_equal(state_of(other)->in[0].strays, 1);
	pkt = of_bytes(ah_vectors[0].bytes, ah_vectors[0].len, true);
	assert_int_equal(ah_ops.packet(nf, &pkt), NF_FORWARD);
	end(nf);
	end(other);
}

static void what_does_not_match_goes_by(void **state)
{
	struct nf *nf = ah("encap", 4, "hmac-sha256-128", true,
			   "match \"dst net 10.8.0.0/24\";");
	struct nf_pkt pkt;

	(void)state;
	inner_before_hop(0, &pkt);
	assert_int_equal(ah_ops.packet(nf, &pkt), NF_FORWARD);
	assert_int_equal(pkt.depth, 0);
	assert_int_equal(flow.lmat.cnt, 0);
	end(nf);
}

static void dying_packets_are_not_sealed(void **state)
{
	struct nf *nf = ah("encap", 4, "hmac-sha256-128", true, "");
	struct pkt k = pkt_new(4, IPPROTO_UDP);
	struct nf_pkt pkt;

	(void)state;
	k.ttl = 1;
	assert_true(in_front(&pkt, pkt_build(&k, buf + ROOM), false));
	assert_int_equal(ah_ops.packet(nf, &pkt), NF_DROP);
	assert_int_equal(pkt.drop_reason, NFOLD_REASON_TTL_EXCEEDED);
	assert_int_equal(state_of(nf)->out[0].next, 1);
	end(nf);
}

/* --- only a function of class write writes, and only there --- */

static void only_a_writer_writes_ah(void **state)
{
	struct nf_pkt pkt = of_bytes(ah_vectors[0].bytes, ah_vectors[0].len,
				     true);
	uint8_t icv[40] = { 0xaa };
	static uint8_t was[300];

	(void)state;
	memcpy(was, pkt.data, pkt.len);
	assert_false(nf_pkt_write_ah(&pkt, 7, icv, 16));
	pkt.may_write = true;
	assert_false(nf_pkt_write_ah(&pkt, 7, icv, 17));
	assert_memory_equal(was, pkt.data, pkt.len);
	assert_true(nf_pkt_write_ah(&pkt, 7, icv, 16));
	assert_int_equal(seq_of(&pkt), 7);
	assert_memory_equal(was, pkt.data, 14 + 20 + 8);
	assert_memory_equal(pkt.data + 14 + 20 + 12, icv, 16);
	assert_memory_equal(was + 14 + 48, pkt.data + 14 + 48, pkt.len - 62);
	assert_int_equal(pkt.written_cnt, 1);
	assert_int_equal(pkt.written[0].len, 20);
	pkt = of_bytes(ah_inner4, sizeof(ah_inner4), true);
	pkt.may_write = true;
	assert_false(nf_pkt_write_ah(&pkt, 7, icv, 16));
}

/* --- mistakes --- */

static void refused(const char *text, const char *part)
{
	struct conf_error err = { 0 };
	struct nf *nf = make(text, &err);

	if (nf)
		fail_msg("accepted: %s", text);
	if (!strstr(err.message, part) && !strstr(err.hint, part))
		fail_msg("no '%s' in '%s' (%s)", part, err.message, err.hint);
	assert_int_not_equal(err.line, 0);
}

#define E "ah { encap { "
#define D "ah { decap { "
#define GOOD "spi 0x100; key " KEY32 "; " TO4

static void mistakes_are_named(void **state)
{
	(void)state;
	refused("ah { }", "encap");
	refused("ah { encap; }", "encap { ... }");
	refused("ah { seal { } }", "encap");
	refused(E "key " KEY32 "; " TO4 "} }", "spi");
	refused(E "spi 0x100; " TO4 "} }", "key");
	refused(E "spi 0x100; key " KEY32 "; } }", "tunnel");
	refused(E "spi 255; key " KEY32 "; " TO4 "} }", "reserved");
	refused(E "spi 0; key " KEY32 "; " TO4 "} }", "reserved");
	refused(E "spi 0x100000000; key " KEY32 "; " TO4 "} }", "32 bits");
	refused(E "spi many; key " KEY32 "; " TO4 "} }", "no SPI");
	refused(E "spi 0x100; key 0x0102; " TO4 "} }",
		"hmac-sha256-128 needs 64 hex digits");
	refused(E "spi 0x100; auth hmac-sha1-96; key " KEY32 "; " TO4 "} }",
		"40 hex digits");
	refused(E "spi 0x100; key " KEY20 "zz; " TO4 "} }", "hexadecimal");
	refused(E "spi 0x100; auth hmac-md5-96; key " KEY20 "; " TO4 "} }",
		"hmac-sha256-128");
	refused(E "spi 0x100; key " KEY32 "; tunnel 192.0.2.1 2001:db8::1; } }",
		"families");
	refused(E "spi 0x100; key " KEY32 "; tunnel 192.0.2.1; } }",
		"tunnel LOCAL REMOTE");
	refused(E "spi 0x100; key " KEY32 "; transport 1; } }", "transport");
	refused(E GOOD "transport; } }", "transport has no tunnel");
	refused(E "spi 0x100; key " KEY32 "; transport; ttl 9; } }",
		"transport has no ttl");
	refused(E GOOD "spi 0x101; } }", "twice");
	refused(E GOOD "replay off; } }", "replay");
	refused(D GOOD "sequence 1; } }", "sequence");
	refused(E GOOD "sequence 0; } }", "too small");
	refused(D GOOD "replay maybe; } }", "off");
	refused(E GOOD "match \"ip[8] > 3\"; } }", "TTL");
	refused(D GOOD "} decap { " GOOD "} }", "SPI 0x100 is given twice");
	refused(E GOOD "} encap { " GOOD "} }", "SPI 0x100 is given twice");
}

static void same_spi_for_two_receivers_is_no_mistake(void **state)
{
	struct conf_error err = { 0 };
	struct nf *nf = make(E GOOD "} encap { spi 0x100; key " KEY32
			     "; tunnel 192.0.2.1 192.0.2.3; } decap { " GOOD
			     "} }", &err);

	(void)state;
	if (!nf)
		fail_msg("refused: %s", err.message);
	assert_int_equal(state_of(nf)->out_cnt, 2);
	assert_int_equal(state_of(nf)->in_cnt, 1);
	end(nf);
}

/* What anybody may see has no key in it. */
static void keys_are_not_shown(void **state)
{
	struct nf *nf = ah("encap", 4, "hmac-sha256-128", true, "");
	json_t *o = ah_ops.show(nf);
	char *text = json_dumps(o, 0);

	(void)state;
	assert_non_null(strstr(text, "\"spi\": 4660"));
	assert_null(strstr(text, "0102030405"));
	free(text);
	json_decref(o);
	end(nf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(algorithms_are_those_of_the_rfcs),
		cmocka_unit_test(vectors_are_taken_out),
		cmocka_unit_test(vectors_are_what_we_seal),
		cmocka_unit_test(transport_is_sealed_and_taken_out),
		cmocka_unit_test(transport_asks_of_all_ah),
		cmocka_unit_test(transport_of_a_fragment_is_refused),
		cmocka_unit_test(every_immutable_bit_matters),
		cmocka_unit_test(options_are_masked_one_by_one),
		cmocka_unit_test(numbers_begin_at_1_and_go_up),
		cmocka_unit_test(after_the_last_number_nothing_is_sent),
		cmocka_unit_test(window_is_64_wide),
		cmocka_unit_test(window_at_its_edges),
		cmocka_unit_test(wrong_value_moves_no_window),
		cmocka_unit_test(unknown_association_is_dropped),
		cmocka_unit_test(what_is_cut_short_is_dropped),
		cmocka_unit_test(plain_packets_do_not_come_where_ah_is_asked_for),
		cmocka_unit_test(what_does_not_match_goes_by),
		cmocka_unit_test(dying_packets_are_not_sealed),
		cmocka_unit_test(only_a_writer_writes_ah),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(same_spi_for_two_receivers_is_no_mistake),
		cmocka_unit_test(keys_are_not_shown),
	};

	return cmocka_run_group_tests_name("ah", tests, NULL, NULL);
}
