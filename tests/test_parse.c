/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The parser and the action in user space: what they make of good packets, and
 * that no packet makes them read or write outside it. Each packet is parsed
 * from a malloc-ed copy of its exact size, so that ASan sees a byte too far.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <setjmp.h>
#include <time.h>
#include <cmocka.h>

#include "maps/act.h"
#include "maps/parse.h"
#include "tests/pkt.h"

static uint8_t frame[PKT_MAX];

/* Parses, and applies an action when the parser took it. */
static enum nfold_reason parse_exact(const uint8_t *bytes, uint32_t len,
				     struct nfold_parse *p)
{
	struct nfold_act act = { .ttl_dec = 1, .l3_delta = 5, .l4_delta = 9,
				 .flags = NFOLD_ACT_CSUM_PARTIAL };
	struct nfold_set4 set4 = { 1, 2, 3, 4 };
	struct nfold_set6 set6 = { { 1 }, { 2 }, 3, 4 };
	uint8_t *copy = malloc(len ? len : 1);
	enum nfold_reason why;

	memcpy(copy, bytes, len);
	why = nfold_parse(copy, copy + len, 3, p);
	if (!why && p->family == 4)
		assert_int_equal(nfold_apply4(copy, copy + len, p, &set4, &act),
				 NFOLD_REASON_NONE);
	if (!why && p->family == 6)
		assert_int_equal(nfold_apply6(copy, copy + len, p, &set6, &act),
				 NFOLD_REASON_NONE);
	free(copy);
	return why;
}

static void fields(void **state)
{
	static const uint8_t protos[] = { 6, 17, 1 };
	struct nfold_parse p;

	(void)state;
	for (int i = 0; i < 2 * 3 * 3 * 2; i++) {
		struct pkt in = pkt_new(i % 2 ? 4 : 6, protos[i / 2 % 3]);
		uint32_t l3, len;

		in.tags = i / 6 % 3;
		in.tci[0] = 0xf064;
		in.tci[1] = 0x0123;
		in.options = i / 18 ? 40 : 0;
		in.ext_cnt = i / 18;
		in.ext[0] = IPPROTO_DSTOPTS;
		len = pkt_build(&in, frame);
		l3 = 14 + 4 * in.tags;
		assert_int_equal(parse_exact(frame, len, &p), 0);
		assert_int_equal(p.family, in.family);
		assert_int_equal(p.tags, in.tags);
		assert_int_equal(p.l3_off, l3);
		assert_int_equal(p.l3_len, len - l3);
		assert_int_equal(p.l4_off, len - in.payload - pkt_l4_len(&in));
		assert_int_equal(p.l4proto, in.proto);
		assert_int_equal(p.ttl, 64);
		assert_int_equal(p.tcp_flags, in.proto == 6 ? 0x10 : 0);
		if (in.family == 4) {
			assert_memory_equal(&p.key4.saddr, in.src, 4);
			assert_memory_equal(&p.key4.daddr, in.dst, 4);
			assert_int_equal(ntohs(p.key4.sport), in.sport);
			assert_int_equal(ntohs(p.key4.dport),
					 in.proto == 1 ? 8 : in.dport);
			assert_int_equal(p.key4.zone,
				NFOLD_ZONE(3, in.tags, in.tags ? 0x064 : 0,
					   in.tags == 2 ? 0x123 : 0));
			assert_int_equal(p.key4.l4proto, in.proto);
		} else {
			assert_memory_equal(p.key6.saddr, in.src, 16);
			assert_memory_equal(p.key6.daddr, in.dst, 16);
			assert_int_equal(ntohs(p.key6.sport), in.sport);
			assert_int_equal(p.key6.l4proto, in.proto);
		}
	}
}

/* A reply's ports are the request's, swapped. */
static void echo_swaps(void **state)
{
	struct pkt in = pkt_new(4, IPPROTO_ICMP);
	struct nfold_parse p;

	(void)state;
	in.icmp_type = 0;
	assert_int_equal(parse_exact(frame, pkt_build(&in, frame), &p), 0);
	assert_int_equal(p.l4, NFOLD_L4_ECHO_REPLY);
	assert_int_equal(ntohs(p.key4.sport), 0);
	assert_int_equal(ntohs(p.key4.dport), in.sport);
	in = pkt_new(6, IPPROTO_ICMP);
	in.icmp_type = 129;
	assert_int_equal(parse_exact(frame, pkt_build(&in, frame), &p), 0);
	assert_int_equal(ntohs(p.key6.sport), 129);
	assert_int_equal(ntohs(p.key6.dport), in.sport);
}

/* Identifier 0 of a request and the request's type as identifier of a reply
 * give equal ports. */
static void echo_keys_differ(void **state)
{
	struct nfold_parse request, reply;

	(void)state;
	for (int family = 4; family <= 6; family += 2) {
		struct pkt in = pkt_new(family, IPPROTO_ICMP);

		in.icmp_type = family == 4 ? 8 : 128;
		in.sport = family == 4 ? 0 : 129;
		assert_int_equal(parse_exact(frame, pkt_build(&in, frame),
					     &request), 0);
		in.icmp_type = family == 4 ? 0 : 129;
		in.sport = family == 4 ? 8 : 128;
		assert_int_equal(parse_exact(frame, pkt_build(&in, frame),
					     &reply), 0);
		assert_int_equal(family == 4 ? request.key4.sport : request.key6.sport,
				 family == 4 ? reply.key4.sport : reply.key6.sport);
		assert_memory_not_equal(&request.key6, &reply.key6,
					family == 4 ? sizeof(request.key4) :
						      sizeof(request.key6));
	}
}

static void truncation(void **state)
{
	static const uint8_t protos[] = { 6, 17, 1 };
	struct nfold_parse p;

	(void)state;
	for (int i = 0; i < 2 * 3 * 3 * 2; i++) {
		struct pkt in = pkt_new(i % 2 ? 4 : 6, protos[i / 2 % 3]);
		uint32_t full;

		in.tags = i / 6 % 3;
		in.options = i / 18 ? 40 : 0;
		in.ext_cnt = i / 18 * 6;
		memset(in.ext, IPPROTO_DSTOPTS, sizeof(in.ext));
		full = pkt_build(&in, frame);
		for (uint32_t len = 0; len < full; len++)
			assert_int_equal(parse_exact(frame, len, &p),
					 NFOLD_REASON_TRUNCATED);
		assert_int_equal(parse_exact(frame, full, &p), 0);
	}
}

static void group_flag(void **state)
{
	struct pkt in = pkt_new(4, IPPROTO_UDP);
	struct nfold_parse p;

	(void)state;
	in.dst[0] = 224;
	assert_int_equal(parse_exact(frame, pkt_build(&in, frame), &p), 0);
	assert_true(p.flags & NFOLD_PARSE_GROUP);
	in.dst[0] = 225;
	in.frag = 0x2000;
	assert_int_equal(parse_exact(frame, pkt_build(&in, frame), &p),
			 NFOLD_REASON_FRAGMENT);
	assert_true(p.flags & NFOLD_PARSE_GROUP);
}

/* In both families; behind extension headers, too. */
static void ah_is_another_flow(void **state)
{
	struct pkt in = pkt_new(6, IPPROTO_TCP);
	struct nfold_parse p;

	(void)state;
	for (int n = 1; n <= 2; n++) {
		in.ext_cnt = n;
		in.ext[0] = IPPROTO_DSTOPTS;
		in.ext[n - 1] = IPPROTO_AH;
		assert_int_equal(parse_exact(frame, pkt_build(&in, frame), &p),
				 0);
		assert_int_equal(p.key6.l4proto, IPPROTO_AH);
		assert_int_equal(p.key6.sport | p.key6.dport, 0);
		assert_int_equal(p.l4, NFOLD_L4_NONE);
		assert_int_equal(p.l4_off, p.l3_off + 40 + 8 * (n - 1));
	}
	in = pkt_new(4, IPPROTO_AH);
	assert_int_equal(parse_exact(frame, pkt_build(&in, frame), &p), 0);
	assert_int_equal(p.key4.l4proto, IPPROTO_AH);
	assert_int_equal(p.key4.sport | p.key4.dport, 0);
}

static void mutate(struct pkt *in, uint32_t *len)
{
	*in = pkt_new(random() % 2 ? 4 : 6, random());
	in->tags = random() % 4;
	in->options = random() % 11 * 4;
	in->ext_cnt = random() % 8;
	for (int j = 0; j < 8; j++)
		in->ext[j] = (uint8_t[]){ 0, 43, 44, 51, 60 }[random() % 5];
	in->payload = random() % 100;
	*len = pkt_build(in, frame);
	for (int n = random() % 6; n > 0; n--)
		frame[12 + random() % (*len - 12)] = random();
	if (random() % 8 == 0)
		for (uint32_t j = 14; j < *len; j++)
			frame[j] = random();
	if (random() % 4 == 0)
		*len = random() % (*len + 1);
}

static void garbage(void **state)
{
	unsigned int seed = getenv("SEED") ? atoi(getenv("SEED")) : time(NULL);
	uint32_t len, taken = 0;
	struct nfold_parse p;
	struct pkt in;

	(void)state;
	print_message("# SEED=%u\n", seed);
	srandom(seed);
	for (int i = 0; i < 300000; i++) {
		mutate(&in, &len);
		if (parse_exact(frame, len, &p))
			continue;
		taken++;
		assert_true(p.l3_off + p.l3_len <= len);
		assert_true(p.l4_off <= p.l3_off + p.l3_len);
	}
	assert_true(taken > 1000);
}

/* User space completes what the sender left to its device. */
static void completes(void **state)
{
	uint8_t want[PKT_MAX];

	(void)state;
	for (int family = 4; family <= 6; family += 2)
		for (uint32_t payload = 0; payload < 70; payload++) {
			struct pkt in = pkt_new(family, payload % 2 ? 6 : 17);
			struct nfold_act act = { .flags = NFOLD_ACT_CSUM_PARTIAL };
			struct nfold_parse p;
			struct nfold_set4 s4;
			struct nfold_set6 s6;
			uint32_t len;

			in.payload = payload;
			in.csum = PKT_CSUM_PARTIAL;
			len = pkt_build(&in, frame);
			in.csum = PKT_CSUM_FULL;
			pkt_build(&in, want);
			assert_int_equal(nfold_parse(frame, frame + len, 0, &p),
					 0);
			s4 = (struct nfold_set4){ p.key4.saddr, p.key4.daddr,
						  p.key4.sport, p.key4.dport };
			memcpy(s6.saddr, p.key6.saddr, 16);
			memcpy(s6.daddr, p.key6.daddr, 16);
			s6.sport = p.key6.sport;
			s6.dport = p.key6.dport;
			if (family == 4)
				nfold_apply4(frame, frame + len, &p, &s4, &act);
			else
				nfold_apply6(frame, frame + len, &p, &s6, &act);
			assert_memory_equal(frame, want, len);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "offsets, lengths and keys of both families", fields, NULL,
		  NULL, NULL },
		{ "an echo reply's ports are the request's, swapped",
		  echo_swaps, NULL, NULL, NULL },
		{ "a request and a reply never have one key",
		  echo_keys_differ, NULL, NULL, NULL },
		{ "a packet cut anywhere is truncated", truncation, NULL, NULL,
		  NULL },
		{ "multicast is flagged beside any result", group_flag, NULL,
		  NULL, NULL },
		{ "N14 a packet with AH is of another flow, in IPv6 too",
		  ah_is_another_flow, NULL, NULL, NULL },
		{ "300000 mangled packets stay inside their bounds", garbage,
		  NULL, NULL, NULL },
		{ "checksums left to the device are completed", completes, NULL,
		  NULL, NULL },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
