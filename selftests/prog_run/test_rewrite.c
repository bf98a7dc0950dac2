/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every rewrite: what XDP sends equals, byte for byte, the packet that the
 * builder makes from scratch with the new values.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <time.h>

#include "fixture.h"

static struct fixture fx;

/* What an entry of the chain makes of a packet that leaves by port 1. */
static struct pkt rewritten(const struct pkt *in)
{
	struct pkt out = *in;

	memcpy(out.dmac, (uint8_t[]){ 2, 1, 1, 1, 1, 2 }, 6);
	memcpy(out.smac, (uint8_t[]){ 2, 0, 0, 0, 0, 2 }, 6);
	inet_pton(in->family == 4 ? AF_INET : AF_INET6,
		  in->family == 4 ? "198.51.100.1" : "2001:db8:ffff::1",
		  out.src);
	inet_pton(in->family == 4 ? AF_INET : AF_INET6,
		  in->family == 4 ? "10.9.8.7" : "2001:db8:9::10", out.dst);
	out.ttl = in->ttl - 1;
	out.sport = 61001;
	if (in->proto == IPPROTO_TCP || in->proto == IPPROTO_UDP)
		out.dport = 8080;
	return out;
}

static uint8_t frame[PKT_MAX], want[PKT_MAX];
static struct fx_result r;

static void expect(const struct pkt *in, const struct pkt *out, uint16_t flags)
{
	struct fx_entry e = fx_fold(in, out, 0, 2);
	uint32_t len = pkt_build(in, frame), want_len;
	struct pkt full = *out;
	struct nfold_cells *cells;

	e.act.flags = flags;
	if (full.csum == PKT_CSUM_PARTIAL)
		full.csum = PKT_CSUM_FULL;
	want_len = pkt_build(&full, want);
	fx_clear(&fx);
	cells = fx_install(&fx, &e);
	assert_int_equal(fx_run(&fx, 0, frame, len, &r), 0);
	assert_int_equal(r.why, NFOLD_REASON_FAST);
	assert_int_equal(r.counted, 1);
	assert_int_equal(r.action, XDP_REDIRECT);
	assert_int_equal(r.len, want_len);
	assert_memory_equal(r.data, want, want_len);
	assert_int_equal(cells->packets, 1);
	assert_int_equal(cells->bytes, len);
	assert_int_equal(cells->last_seen_ns, FX_NOW);
}

static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP };

static struct pkt variant(int family, uint8_t proto, int tags, int reply)
{
	struct pkt in = pkt_new(family, proto);

	in.tags = tags;
	in.tci[0] = tags == 1 ? 0x6064 : 0x0065;
	in.tci[1] = 0x0fff;
	if (tags == 2)
		in.tpid[0] = 0x88a8;
	if (reply)
		in.icmp_type = family == 4 ? 0 : 129;
	return in;
}

static void all_ipv4(void **state)
{
	(void)state;
	for (int proto = 0; proto < 3; proto++)
		for (int tags = 0; tags <= 2; tags++)
			for (int options = 0; options <= 40; options += 4)
				for (int reply = 0; reply < 2; reply++) {
					struct pkt in = variant(4, protos[proto],
								tags, reply);
					struct pkt out;

					in.options = options;
					in.pad = options ? 0 : 6;
					in.payload = 22 + options % 3;
					out = rewritten(&in);
					expect(&in, &out, 0);
				}
}

static void all_ipv6(void **state)
{
	static const uint8_t ext[][6] = {
		{}, { 0 }, { 60 }, { 43 }, { 44 },
		{ 0, 60, 43, 44, 60, 60 }, { 60, 60, 60, 60, 60, 60 },
	};
	static const int cnt[] = { 0, 1, 1, 1, 1, 6, 6 };

	(void)state;
	for (int proto = 0; proto < 3; proto++)
		for (int tags = 0; tags <= 2; tags++)
			for (int i = 0; i < 7; i++)
				for (int reply = 0; reply < 2; reply++) {
					struct pkt in = variant(6, protos[proto],
								tags, reply);
					struct pkt out;

					memcpy(in.ext, ext[i], 6);
					in.ext_cnt = cnt[i];
					in.payload = 21 + i;
					out = rewritten(&in);
					expect(&in, &out, 0);
				}
}

static void udp_zero(void **state)
{
	(void)state;
	for (int family = 4; family <= 6; family += 2) {
		struct pkt in = pkt_new(family, IPPROTO_UDP), out;

		in.csum = PKT_CSUM_NONE;
		out = rewritten(&in);
		expect(&in, &out, 0);
	}
}

/* A payload word is moved through all values: the new checksum passes through
 * 0, which must be sent as 0xffff, and the old one too. */
static void udp_ffff(void **state)
{
	struct pkt in = pkt_new(4, IPPROTO_UDP), out;
	int old_ffff = 0, new_ffff = 0;

	(void)state;
	in.payload = 0;
	for (uint32_t i = 0; i < 65536; i++) {
		in.sport = i;
		out = rewritten(&in);
		out.sport = i ^ 0x5555;
		pkt_build(&in, frame);
		pkt_build(&out, want);
		if (get16(frame + 40) != 0xffff && get16(want + 40) != 0xffff)
			continue;
		old_ffff += get16(frame + 40) == 0xffff;
		new_ffff += get16(want + 40) == 0xffff;
		expect(&in, &out, 0);
	}
	assert_true(old_ffff > 0 && new_ffff > 0);
}

static void partial(void **state)
{
	static const uint16_t sizes[] = { 0, 1, 2, 3, 55, 56, 57, 63, 64, 65,
					  127, 128, 129, 500, 1400, 1432 };

	(void)state;
	for (int family = 4; family <= 6; family += 2)
		for (int proto = 0; proto < 2; proto++)
			for (size_t i = 0; i < 16; i++) {
				struct pkt in = pkt_new(family, protos[proto]);
				struct pkt out;

				in.payload = sizes[i];
				in.csum = PKT_CSUM_PARTIAL;
				in.pad = i % 2 ? 0 : 10;
				out = rewritten(&in);
				expect(&in, &out, NFOLD_ACT_CSUM_PARTIAL);
				in.csum = out.csum = PKT_CSUM_FULL;
				expect(&in, &out, NFOLD_ACT_CSUM_PARTIAL);
			}
}

/* The flag says "the sender does that": without it the delta is applied. */
static void partial_unflagged(void **state)
{
	struct pkt in = pkt_new(4, IPPROTO_UDP), out;
	struct fx_entry e;
	uint32_t len;

	(void)state;
	in.csum = PKT_CSUM_PARTIAL;
	out = rewritten(&in);
	e = fx_fold(&in, &out, 0, 2);
	fx_clear(&fx);
	fx_install(&fx, &e);
	len = pkt_build(&in, frame);
	assert_int_equal(fx_run(&fx, 0, frame, len, &r), 0);
	out.csum = PKT_CSUM_FULL;
	pkt_build(&out, want);
	assert_memory_not_equal(r.data, want, len);
}

static void partial_generic(void **state)
{
	struct pkt in = pkt_new(4, IPPROTO_TCP), out;
	struct fx_entry e;
	uint32_t len;

	(void)state;
	for (int family = 4; family <= 6; family += 2) {
		in = pkt_new(family, IPPROTO_TCP);
		in.csum = PKT_CSUM_PARTIAL;
		in.payload = 700;
		out = rewritten(&in);
		e = fx_fold(&in, &out, 0, 2);
		e.act.flags = NFOLD_ACT_CSUM_PARTIAL;
		fx_clear(&fx);
		fx_install(&fx, &e);
		fx.ports[0].flags = NFOLD_PORT_GENERIC;
		len = pkt_build(&in, frame);
		assert_int_equal(fx_run(&fx, 0, frame, len, &r), 0);
		fx.ports[0].flags = 0;
		assert_int_equal(r.why, NFOLD_REASON_FAST);
		pkt_build(&out, want);
		assert_memory_equal(r.data, want, len);
	}
}

static void keep_l2(void **state)
{
	struct pkt in = pkt_new(4, IPPROTO_TCP), out = in;

	(void)state;
	expect(&in, &out, NFOLD_ACT_KEEP_L2 | NFOLD_ACT_NO_REWRITE);
	in = pkt_new(6, IPPROTO_UDP);
	out = in;
	expect(&in, &out, NFOLD_ACT_KEEP_L2 | NFOLD_ACT_NO_REWRITE);
	in.csum = out.csum = PKT_CSUM_PARTIAL;
	expect(&in, &out, NFOLD_ACT_KEEP_L2 | NFOLD_ACT_NO_REWRITE |
				  NFOLD_ACT_CSUM_PARTIAL);
}

static void other_protocol(void **state)
{
	(void)state;
	for (int family = 4; family <= 6; family += 2) {
		struct pkt in = pkt_new(family, 47), out;

		in.sport = in.dport = 0;
		out = rewritten(&in);
		out.sport = 0;
		expect(&in, &out, 0);
	}
}

static void random_rewrites(void **state)
{
	unsigned int seed = getenv("SEED") ? atoi(getenv("SEED")) : time(NULL);

	(void)state;
	print_message("# SEED=%u\n", seed);
	srandom(seed);
	for (int i = 0; i < 3000; i++) {
		struct pkt in = variant(random() % 2 ? 4 : 6,
					protos[random() % 3], random() % 3,
					random() % 2);
		struct pkt out;

		if (in.family == 4)
			in.options = random() % 11 * 4;
		for (int b = 4; b < 16; b++)
			in.src[b] = in.family == 6 ? random() : 0;
		in.sport = random();
		in.dport = random();
		in.payload = random() % 1300;
		in.fill = random();
		in.ttl = 2 + random() % 250;
		out = rewritten(&in);
		out.sport = random();
		out.dst[3] = random() | 1;
		expect(&in, &out, random() % 2 ? NFOLD_ACT_CSUM_PARTIAL : 0);
	}
}

static int setup(void **state)
{
	struct nfold_config *c;

	(void)state;
	fx_open(&fx);
	c = (struct nfold_config *)&fx.skel->rodata->config;
	c->generic = 1;
	return fx_load(&fx);
}

static int teardown(void **state)
{
	(void)state;
	fx_close(&fx);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "IPv4: TCP, UDP, echo; 0-2 tags; options: rewritten as built from scratch",
		  all_ipv4, NULL, NULL, NULL },
		{ "IPv6: TCP, UDP, echo; 0-2 tags; extension headers: as built from scratch",
		  all_ipv6, NULL, NULL, NULL },
		{ "UDP checksum 0 stays 0 in both families",
		  udp_zero, NULL, NULL, NULL },
		{ "a computed UDP checksum of 0 is sent as 0xffff, and 0xffff is read as 0",
		  udp_ffff, NULL, NULL, NULL },
		{ "checksums left to the device are completed, whole ones get the delta",
		  partial, NULL, NULL, NULL },
		{ "without the flag a partial checksum is not completed",
		  partial_unflagged, NULL, NULL, NULL },
		{ "in generic mode a partial checksum stays partial, for the new addresses",
		  partial_generic, NULL, NULL, NULL },
		{ "wire mode: MACs, addresses and TTL stay; a partial checksum is completed",
		  keep_l2, NULL, NULL, NULL },
		{ "a protocol without ports has its addresses rewritten",
		  other_protocol, NULL, NULL, NULL },
		{ "3000 random packets and rewrites are as built from scratch",
		  random_rewrites, NULL, NULL, NULL },
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
