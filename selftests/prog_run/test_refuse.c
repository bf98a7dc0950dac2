/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is no flow: malformed packets, other protocols, the host's own traffic,
 * in router and in wire mode. Nothing of it may reach an entry, and each packet
 * moves exactly one counter.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <time.h>
#include <cmocka.h>

#include "fixture.h"

static struct fixture router, wire, loose, *const modes[] = { &router, &wire };
static uint8_t frame[PKT_MAX];
static struct fx_result r;

static void expect(struct fixture *fx, const struct pkt *in,
		   enum nfold_reason why, uint32_t action)
{
	uint32_t len = pkt_build(in, frame);

	assert_int_equal(fx_run(fx, 0, frame, len, &r), 0);
	if (r.why != why || r.action != action)
		print_message("# IPv%d proto %u type %#x: action %u reason %d, "
			      "not %u %d\n", in->family, in->proto,
			      in->ethertype, r.action, r.why, action, why);
	assert_int_equal(r.counted, 1);
	assert_int_equal(r.why, why);
	assert_int_equal(r.action, action);
}

/* Dropped alike in both modes, `unhandled pass` or not. */
static void expect_drop(const struct pkt *in, enum nfold_reason why)
{
	expect(&router, in, why, XDP_DROP);
	expect(&wire, in, why, XDP_DROP);
	expect(&loose, in, why, XDP_DROP);
}

/* For many: to the host in router mode; on a wire a flow like any other. */
static void expect_group(const struct pkt *in)
{
	expect(&router, in, NFOLD_REASON_HOST, XDP_PASS);
	expect(&wire, in, NFOLD_REASON_NO_ENGINE, XDP_DROP);
	expect(&loose, in, NFOLD_REASON_HOST, XDP_PASS);
}

/* To the host in router mode, across in wire mode. */
static void expect_pass(const struct pkt *in)
{
	expect(&router, in, NFOLD_REASON_HOST, XDP_PASS);
	expect(&wire, in, NFOLD_REASON_WIRE, XDP_REDIRECT);
	expect(&loose, in, NFOLD_REASON_HOST, XDP_PASS);
}

static void set_addr(struct pkt *k, uint8_t *where, const char *text)
{
	inet_pton(k->family == 4 ? AF_INET : AF_INET6, text, where);
}

static void truncation(void **state)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP };

	(void)state;
	for (int i = 0; i < 3 * 2 * 3 * 2; i++) {
		struct pkt in = pkt_new(i % 2 ? 4 : 6, protos[i / 2 % 3]);
		struct fx_entry e;
		uint32_t full;

		in.tags = i / 6 % 3;
		in.options = i / 18 ? 12 : 0;
		in.ext_cnt = i / 18;
		in.ext[0] = IPPROTO_DSTOPTS;
		in.payload = 30;
		full = pkt_build(&in, frame);
		e = fx_fold(&in, &in, 0, 2);
		for (int m = 0; m < 2; m++) {
			fx_clear(modes[m]);
			fx_install(modes[m], &e);
			for (uint32_t len = 0; len <= 128; len++) {
				int err = fx_run(modes[m], 0, frame, len, &r);

				/* The kernel refuses to run what has no
				 * Ethernet header. */
				if (len < 14) {
					assert_int_equal(err, -EINVAL);
					continue;
				}
				assert_int_equal(err, 0);
				assert_int_equal(r.counted, 1);
				assert_int_equal(r.why, len < full ?
					NFOLD_REASON_TRUNCATED :
					NFOLD_REASON_FAST);
			}
			fx_clear(modes[m]);
		}
	}
}

static void ethertypes(void **state)
{
	struct pkt in = pkt_new(4, IPPROTO_UDP);

	(void)state;
	for (uint32_t type = 1; type < 65536; type++) {
		in.ethertype = type;
		if (type == 0x0800 || type == 0x86dd || type == 0x8100 ||
		    type == 0x88a8)
			continue;
		if (type == 0x0806) {
			expect_pass(&in);
			continue;
		}
		expect(&router, &in, NFOLD_REASON_ETHERTYPE, XDP_DROP);
		expect(&wire, &in, NFOLD_REASON_ETHERTYPE, XDP_DROP);
		if (type % 997 == 0)
			expect(&loose, &in, NFOLD_REASON_HOST, XDP_PASS);
	}
	in.ethertype = 0x86dd;	/* says 6, is 4 */
	expect_drop(&in, NFOLD_REASON_BAD_HEADER);
	in.ethertype = 0;
	in.tags = 3;
	expect(&router, &in, NFOLD_REASON_VLAN_DEPTH, XDP_DROP);
	expect(&wire, &in, NFOLD_REASON_VLAN_DEPTH, XDP_DROP);
	in.tags = 2;
	in.ethertype = 0x0806;
	expect_pass(&in);
}

static bool is_ext(uint8_t proto)
{
	return proto == 0 || proto == 43 || proto == 44 || proto == 51 ||
	       proto == 60;
}

static bool is_odd_ext(uint8_t proto)
{
	return proto == 135 || proto == 139 || proto == 140 || proto == 253 ||
	       proto == 254;
}

static void protocols(void **state)
{
	(void)state;
	for (int family = 4; family <= 6; family += 2)
		for (int proto = 0; proto < 256; proto++) {
			struct pkt in = pkt_new(family, proto);

			in.proto = proto;
			in.payload = 40;
			in.fill = 0;
			for (int m = 0; m < 2; m++) {
				uint32_t len = pkt_build(&in, frame);

				fx_run(modes[m], 0, frame, len, &r);
				assert_int_equal(r.counted, 1);
				if (family == 6 && is_odd_ext(proto))
					assert_int_equal(r.why,
						NFOLD_REASON_IPV6_EXT);
				else if (family == 4 || !is_ext(proto))
					assert_int_equal(r.why,
						NFOLD_REASON_NO_ENGINE);
				else
					assert_int_equal(r.action, XDP_DROP);
			}
		}
}

static void headers(void **state)
{
	struct pkt in = pkt_new(4, IPPROTO_UDP);
	uint32_t len = pkt_build(&in, frame);

	(void)state;
	static const struct {
		uint8_t at, value;
		enum nfold_reason why;
	} bad[] = {
		{ 14, 0x44, NFOLD_REASON_BAD_HEADER },	/* ihl 4 */
		{ 14, 0x40, NFOLD_REASON_BAD_HEADER },
		{ 14, 0x55, NFOLD_REASON_BAD_HEADER },	/* version 5 */
		{ 17, 19, NFOLD_REASON_BAD_HEADER },	/* total < header */
		{ 16, 0xff, NFOLD_REASON_TRUNCATED },
		{ 17, 255, NFOLD_REASON_TRUNCATED },
		{ 24, 0, NFOLD_REASON_BAD_IP_CSUM },
		{ 38, 0xff, NFOLD_REASON_BAD_HEADER },	/* UDP length */
		{ 39, 7, NFOLD_REASON_BAD_HEADER },
		{ 39, 31, NFOLD_REASON_BAD_HEADER },
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		for (int m = 0; m < 2; m++) {
			len = pkt_build(&in, frame);
			frame[bad[i].at] = bad[i].value;
			fx_run(modes[m], 0, frame, len, &r);
			assert_int_equal(r.why, bad[i].why);
			assert_int_equal(r.action, XDP_DROP);
		}
	in = pkt_new(4, IPPROTO_TCP);
	for (int doff = 0; doff < 16; doff++) {
		len = pkt_build(&in, frame);
		frame[14 + 20 + 12] = doff << 4;
		fx_run(&wire, 0, frame, len, &r);
		assert_int_equal(r.why, doff < 5 ? NFOLD_REASON_BAD_HEADER :
				 doff * 4 > 42 ? NFOLD_REASON_TRUNCATED :
						 NFOLD_REASON_NO_ENGINE);
	}
}

/* Each bit of the IPv4 header that a checksum covers, with options too. */
static void ip_csum_bits(void **state)
{
	struct pkt in = pkt_new(4, IPPROTO_UDP);

	(void)state;
	for (in.options = 0; in.options <= 40; in.options += 20)
		for (uint32_t bit = 8 * 4; bit < 8 * (20u + in.options); bit++) {
			uint32_t len = pkt_build(&in, frame);

			frame[14 + bit / 8] ^= 1 << bit % 8;
			fx_run(&wire, 0, frame, len, &r);
			assert_int_equal(r.why, NFOLD_REASON_BAD_IP_CSUM);
		}
}

static void fragments(void **state)
{
	struct pkt in = pkt_new(4, IPPROTO_UDP);

	(void)state;
	in.frag = 0x2000;
	expect_drop(&in, NFOLD_REASON_FRAGMENT);
	in.frag = 0x0001;
	expect_drop(&in, NFOLD_REASON_FRAGMENT);
	in.frag = 0x3fff;
	expect_drop(&in, NFOLD_REASON_FRAGMENT);
	in.frag = 0x4000;	/* DF */
	expect(&wire, &in, NFOLD_REASON_NO_ENGINE, XDP_DROP);
	in = pkt_new(6, IPPROTO_UDP);
	in.ext[0] = IPPROTO_FRAGMENT;
	in.ext_cnt = 1;
	expect(&wire, &in, NFOLD_REASON_NO_ENGINE, XDP_DROP); /* atomic */
	in.frag = 1;
	expect_drop(&in, NFOLD_REASON_FRAGMENT);
	in.frag = 8;
	expect_drop(&in, NFOLD_REASON_FRAGMENT);
}

static void extensions(void **state)
{
	struct pkt in = pkt_new(6, IPPROTO_UDP);

	(void)state;
	memset(in.ext, IPPROTO_DSTOPTS, sizeof(in.ext));
	in.ext_cnt = 6;
	expect(&wire, &in, NFOLD_REASON_NO_ENGINE, XDP_DROP);
	in.ext_cnt = 7;
	expect_drop(&in, NFOLD_REASON_IPV6_EXT);
	in.ext_cnt = 2;
	in.ext[1] = IPPROTO_HOPOPTS;	/* may only be the first */
	expect_drop(&in, NFOLD_REASON_IPV6_EXT);
	in.ext[1] = 135;
	expect_drop(&in, NFOLD_REASON_IPV6_EXT);
}

static void martians(void **state)
{
	static const char *const src4[] = { "0.0.0.0", "0.1.2.3", "127.0.0.1",
		"224.0.0.1", "239.255.255.255", "255.255.255.255", "192.0.2.80" };
	static const char *const dst4[] = { "0.0.0.0", "127.1.1.1", "0.9.9.9" };
	static const char *const src6[] = { "::", "::1", "ff02::1",
		"::ffff:10.0.0.1", "2001:db8:1::80" };
	static const char *const dst6[] = { "::", "::1", "::ffff:10.0.0.1" };
	struct pkt in;

	(void)state;
	for (int i = 0; i < 7; i++) {
		in = pkt_new(4, IPPROTO_UDP);
		set_addr(&in, in.src, src4[i]);
		expect_drop(&in, NFOLD_REASON_MARTIAN);
	}
	for (int i = 0; i < 3; i++) {
		in = pkt_new(4, IPPROTO_UDP);
		set_addr(&in, in.dst, dst4[i]);
		expect_drop(&in, NFOLD_REASON_MARTIAN);
	}
	for (int i = 0; i < 5; i++) {
		in = pkt_new(6, IPPROTO_UDP);
		set_addr(&in, in.src, src6[i]);
		expect_drop(&in, NFOLD_REASON_MARTIAN);
	}
	for (int i = 0; i < 3; i++) {
		in = pkt_new(6, IPPROTO_UDP);
		set_addr(&in, in.dst, dst6[i]);
		expect_drop(&in, NFOLD_REASON_MARTIAN);
	}
}

static void groups(void **state)
{
	struct pkt in = pkt_new(4, IPPROTO_UDP);

	(void)state;
	set_addr(&in, in.dst, "224.0.0.251");
	expect_group(&in);
	set_addr(&in, in.dst, "255.255.255.255");
	set_addr(&in, in.src, "0.0.0.0");	/* DHCP */
	expect_group(&in);
	in = pkt_new(6, IPPROTO_ICMP);
	in.icmp_type = 143;			/* MLD report, no address yet */
	set_addr(&in, in.dst, "ff02::16");
	set_addr(&in, in.src, "::");
	expect_pass(&in);
	/* Unicast in a broadcast frame is never routed (RFC 1812, 5.3.4). */
	in = pkt_new(4, IPPROTO_UDP);
	memset(in.dmac, 0xff, 6);
	expect(&router, &in, NFOLD_REASON_HOST, XDP_PASS);
	expect(&wire, &in, NFOLD_REASON_NO_ENGINE, XDP_DROP);
}

static void neighbour_discovery(void **state)
{
	struct pkt in = pkt_new(6, IPPROTO_ICMP);

	(void)state;
	for (int type = 0; type < 256; type++) {
		in.icmp_type = type;
		if ((type >= 130 && type <= 137) || type == 143) {
			expect_pass(&in);
			continue;
		}
		if (type == 128 || type == 129)
			continue;
		expect(&router, &in, NFOLD_REASON_ICMP_OTHER, XDP_DROP);
		expect(&wire, &in, NFOLD_REASON_ICMP_OTHER, XDP_DROP);
	}
	in = pkt_new(4, IPPROTO_ICMP);
	for (int type = 0; type < 256; type++) {
		in.icmp_type = type;
		if (type != 0 && type != 8)
			expect(&wire, &in, NFOLD_REASON_ICMP_OTHER, XDP_DROP);
	}
}

static void host_addresses(void **state)
{
	int fd = bpf_map__fd(router.skel->maps.hosts);

	(void)state;
	for (int family = 4; family <= 6; family += 2) {
		struct pkt tcp = pkt_new(family, IPPROTO_TCP), frag, icmp, echo;
		struct nfold_host_key key = {};
		uint32_t value = NFOLD_HOST_ALL;

		echo = icmp = pkt_new(family, IPPROTO_ICMP);
		icmp.icmp_type = family == 4 ? 3 : 1;
		frag = pkt_new(family, IPPROTO_UDP);
		frag.frag = family == 4 ? 0x2000 : 1;
		frag.ext[0] = IPPROTO_FRAGMENT;
		frag.ext_cnt = 1;
		if (family == 4) {
			key.addr[2] = htonl(0xffff);
			memcpy(&key.addr[3], tcp.dst, 4);
		} else {
			memcpy(key.addr, tcp.dst, 16);
		}
		bpf_map_update_elem(fd, &key, &value, 0);
		expect(&router, &tcp, NFOLD_REASON_HOST, XDP_PASS);
		expect(&router, &icmp, NFOLD_REASON_HOST, XDP_PASS);
		expect(&router, &echo, NFOLD_REASON_HOST, XDP_PASS);
		expect(&router, &frag, NFOLD_REASON_HOST, XDP_PASS);
		expect(&wire, &tcp, NFOLD_REASON_NO_ENGINE, XDP_DROP);
		value = NFOLD_HOST_ICMP;
		bpf_map_update_elem(fd, &key, &value, 0);
		expect(&router, &tcp, NFOLD_REASON_NO_ENGINE, XDP_DROP);
		expect(&router, &icmp, NFOLD_REASON_HOST, XDP_PASS);
		expect(&router, &echo, NFOLD_REASON_HOST, XDP_PASS);
		expect(&router, &frag, NFOLD_REASON_FRAGMENT, XDP_DROP);
		bpf_map_delete_elem(fd, &key);
		expect(&router, &echo, NFOLD_REASON_NO_ENGINE, XDP_DROP);
	}
}

static void wrong_mac(void **state)
{
	struct pkt in = pkt_new(4, IPPROTO_UDP);

	(void)state;
	for (int byte = 0; byte < 6; byte++) {
		in = pkt_new(4, IPPROTO_UDP);
		in.dmac[byte] ^= 0x10;
		expect(&router, &in, NFOLD_REASON_WRONG_MAC, XDP_DROP);
		expect(&wire, &in, NFOLD_REASON_NO_ENGINE, XDP_DROP);
	}
}

/* Wire mode: an entry with a next hop that has a port and no address. */
static void wire_forward(void **state)
{
	struct pkt in = pkt_new(6, IPPROTO_UDP);
	struct fx_entry e = fx_fold(&in, &in, 0, 2);

	(void)state;
	e.act.flags = NFOLD_ACT_KEEP_L2 | NFOLD_ACT_NO_REWRITE;
	fx_clear(&wire);
	fx_install(&wire, &e);
	memset(wire.nexthops[2].dmac, 0, 6);
	expect(&wire, &in, NFOLD_REASON_FAST, XDP_REDIRECT);
	assert_memory_equal(r.data, frame, r.len);
	fx_clear(&wire);
}

/* Mutations of good packets, and noise. One outcome each; and since nothing is
 * installed, nothing is forwarded but link control. */
static void garbage(void **state)
{
	unsigned int seed = getenv("SEED") ? atoi(getenv("SEED")) : time(NULL);

	(void)state;
	print_message("# SEED=%u\n", seed);
	srandom(seed);
	for (int i = 0; i < 30000; i++) {
		struct pkt in = pkt_new(random() % 2 ? 4 : 6, random());
		struct fixture *fx = modes[random() % 2];
		uint32_t len;

		in.tags = random() % 4;
		in.options = random() % 11 * 4;
		in.ext_cnt = random() % 8;
		for (int j = 0; j < 8; j++)
			in.ext[j] = (uint8_t[]){ 0, 43, 44, 51, 60 }[random() % 5];
		in.payload = random() % 100;
		len = pkt_build(&in, frame);
		for (int n = random() % 6; n > 0; n--)
			frame[12 + random() % (len - 12)] = random();
		if (random() % 8 == 0)
			for (uint32_t j = 14; j < len; j++)
				frame[j] = random();
		if (random() % 4 == 0)
			len = 14 + random() % (len - 13);
		assert_int_equal(fx_run(fx, 0, frame, len, &r), 0);
		assert_int_equal(r.counted, 1);
		assert_int_not_equal(r.why, NFOLD_REASON_FAST);
		assert_int_not_equal(r.why, NFOLD_REASON_NONE);
	}
}

static int setup(void **state)
{
	(void)state;
	fx_open(&router);
	fx_open(&wire);
	fx_open(&loose);
	((struct nfold_config *)&wire.skel->rodata->config)->router = 0;
	((struct nfold_config *)&loose.skel->rodata->config)->unhandled_pass = 1;
	return fx_load(&router) || fx_load(&wire) || fx_load(&loose);
}

static int teardown(void **state)
{
	(void)state;
	fx_close(&router);
	fx_close(&wire);
	fx_close(&loose);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "a packet cut at any length from 0 to 128 is truncated, never fast",
		  truncation, NULL, NULL, NULL },
		{ "every ether type", ethertypes, NULL, NULL, NULL },
		{ "every IP protocol number", protocols, NULL, NULL, NULL },
		{ "wrong lengths and versions are refused", headers, NULL, NULL,
		  NULL },
		{ "each flipped bit of an IPv4 header, options too, is seen",
		  ip_csum_bits, NULL, NULL, NULL },
		{ "fragments are refused, atomic ones are not", fragments, NULL,
		  NULL, NULL },
		{ "six extension headers are walked, a seventh or an unknown is not",
		  extensions, NULL, NULL, NULL },
		{ "martian addresses are dropped", martians, NULL, NULL, NULL },
		{ "multicast and broadcast: to the host, or a flow of the wire", groups, NULL,
		  NULL, NULL },
		{ "neighbour discovery passes, other ICMP does not",
		  neighbour_discovery, NULL, NULL, NULL },
		{ "the host's addresses are served by the host", host_addresses,
		  NULL, NULL, NULL },
		{ "frames for another station are dropped in router mode",
		  wrong_mac, NULL, NULL, NULL },
		{ "wire mode forwards without a link-layer address", wire_forward,
		  NULL, NULL, NULL },
		{ "30000 mangled packets have one outcome each and never pass",
		  garbage, NULL, NULL, NULL },
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
