/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which expressions are functions of the flow key: a table, and the property
 * that the answer must have.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/nf_fake.h"
#include "chains/firewall/firewall.h"

static const char *const key_only[] = {
	"ip", "ip6", "tcp", "udp", "icmp", "icmp6", "not ip6", "arp",
	"host 10.0.0.1", "src host 10.0.0.1", "dst net 10.0.0.0/8",
	"net 10.0.0.0 mask 255.255.0.0", "src net 10.1", "ip host 10.0.0.1",
	"host 2001:db8::1", "dst net 2001:db8::/32", "ip6 host 2001:db8::1",
	"port 80", "tcp port 80", "udp dst port 53", "src port 1024",
	"tcp portrange 8000-8080", "tcp src portrange 1-1023",
	"portrange 80-90", "ip proto 6", "ip proto 47", "ip6 proto 17",
	"sctp", "esp",
	"tcp dst port 5201 or udp dst port 5201",
	"icmp and dst net 10.1.0.0/16", "icmp6 and dst net 2001:db8:1::/48",
	"tcp and (port 80 or port 443) and not src host 10.0.0.9",
	"src host 10.0.0.1 and dst host 10.1.0.1 and tcp dst port 22",
	"ip multicast", "ip6 multicast",
	"icmp[icmptype] == icmp-echo", "icmp[0] == 8", "icmp[4:2] == 77",
	"tcp[0:2] > 1024", "udp[2:2] & 1 == 0", "tcp[2:2] - tcp[0:2] == 1",
	"ip[9] == 6", "ip[12:4] == 0x0a000001", "ip[16] & 0xf0 == 0xe0",
	"ip6[8] == 0x20", "ip[0] >> 4 == 4", "ip[0] & 0xf0 == 0x40",
	"ip6[6] == 17", "ether proto 0x0800", "ether proto \\ip6",
	"ip[6:2] & 0x1fff == 0", "tcp[0:2] * 2 == 160",
	"(tcp[0:2] & 0xff) == 80", "ip[15] | ip[19] == 3",
	"src host 10.0.0.1 or src host 10.0.0.2 or src host 10.0.0.3",
	"tcp dst port 80 and ip[12:4] & 0xff != 0",
	/* these loop, but not for protocols that have ports in the key */
	"ip protochain 6", "ip6 protochain 6",
};

static const struct {
	const char *expr;
	const char *what;	/* part of what the message must name */
} per_packet[] = {
	{ "len > 100", "length" },
	{ "greater 100", "length" },
	{ "less 64", "length" },
	{ "ip[2:2] > 100", "length" },
	{ "ip6[4:2] > 100", "length" },
	{ "ip[8] < 5", "TTL" },
	{ "tcp and ip[8] == 255", "TTL" },
	{ "ip6[7] == 255", "hop limit" },
	{ "ip[1] & 0xfc == 0xb8", "type of service" },
	{ "ip6[0:2] & 0xff0 == 0", "traffic class" },
	{ "ip6[1] == 0", "traffic class" },
	{ "ip[4:2] == 7", "identification" },
	{ "ip[6] & 0x40 != 0", "IP flags" },
	{ "ip[6:2] & 0x4000 != 0", "IP flags" },
	{ "ip[10:2] == 0", "IP checksum" },
	{ "ip[0] & 0xf > 5", "header length" },
	{ "ip[0] == 0x45", "header length" },
	{ "ip[20:2] == 80", "follows the IP header" },
	{ "tcp[tcpflags] & tcp-syn != 0", "TCP flags" },
	{ "tcp[13] == 2", "TCP flags" },
	{ "tcp port 80 and tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn",
	  "TCP flags" },
	{ "tcp[4:4] == 0", "sequence" },
	{ "tcp[8:4] == 0", "acknowledgement" },
	{ "tcp[12] & 0xf0 > 0x50", "TCP header length" },
	{ "tcp[14:2] == 0", "window" },
	{ "tcp[16:2] == 0", "TCP checksum" },
	{ "tcp[20:4] == 0x47455420", "payload" },
	{ "tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420", "TCP header length" },
	{ "udp[4:2] > 100", "UDP length" },
	{ "udp[6:2] == 0", "UDP checksum" },
	{ "udp[8] == 1", "payload" },
	{ "icmp[icmpcode] == 0", "ICMP code" },
	{ "icmp[0:2] == 0x0800", "ICMP code" },
	{ "icmp[2:2] == 0", "ICMP checksum" },
	{ "icmp[6:2] == 1", "sequence" },
	{ "icmp[8] == 1", "payload" },
	{ "ether host 02:00:00:00:00:01", "MAC" },
	{ "ether src 02:00:00:00:00:01 and tcp", "MAC" },
	{ "ether broadcast", "MAC" },
	{ "ether multicast", "MAC" },
	{ "ether[0] & 1 = 0", "MAC" },
	{ "ip[12:4] == ip[16:4] + len", "length" },
	{ "tcp[0:2] == ip[4:2]", "identification" },
	{ "tcp[ip[8]] == 0", "TTL" },
	{ "len == len", "length" },
	{ "ip[9] ^ ip[8] == 6", "TTL" },
	{ "ip[9] | ip[8] == 6", "TTL" },
	{ "ip[9] + ip[8] == 6", "TTL" },
	{ "ip[9] << ip[8] == 6", "TTL" },
	{ "ip[9] / ip[8] == 6", "TTL" },
	{ "ip[9] % 5 == ip[1]", "type of service" },
	{ "udp port 53 or len > 1000", "length" },
	{ "ip[6:2] == 0", "IP flags" },
	{ "geneve", "payload" },
};

static struct bpf_program compile(const char *expr)
{
	struct bpf_program prog = { 0 };
	char message[256];

	if (firewall_compile(expr, &prog, message, sizeof(message)) &&
	    strcmp(message, "expression rejects all packets"))
		fail_msg("%s: %s", expr, message);
	return prog;
}

static void functions_of_the_key_are_known_as_such(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(key_only) / sizeof(*key_only); i++) {
		struct bpf_program prog = compile(key_only[i]);
		const char *what = NULL;

		if (!firewall_key_only_all(&prog, &what))
			fail_msg("%s: said to look at %s", key_only[i], what);
		pcap_freecode(&prog);
	}
}

static void what_looks_further_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(per_packet) / sizeof(*per_packet); i++) {
		struct bpf_program prog = compile(per_packet[i].expr);
		const char *what = NULL;

		if (firewall_key_only_all(&prog, &what))
			fail_msg("%s: said to be key-only", per_packet[i].expr);
		assert_non_null(what);
		if (!strstr(what, per_packet[i].what))
			fail_msg("%s: said to look at %s", per_packet[i].expr,
				 what);
		pcap_freecode(&prog);
	}
}

/* SCTP has ports, but the flow key does not have them. */
static void ports_of_other_protocols_are_not_in_the_key(void **state)
{
	struct bpf_program prog = compile("port 80");

	(void)state;
	assert_true(firewall_key_only(&prog, 4, IPPROTO_TCP, NULL));
	assert_true(firewall_key_only(&prog, 4, IPPROTO_GRE, NULL));
	assert_false(firewall_key_only(&prog, 4, IPPROTO_SCTP, NULL));
	assert_false(firewall_key_only(&prog, 6, IPPROTO_SCTP, NULL));
	pcap_freecode(&prog);
	prog = compile("ip protochain 6");
	assert_false(firewall_key_only(&prog, 4, IPPROTO_AH, NULL));
	pcap_freecode(&prog);
}

static void hand_made_programs_are_judged_right(void **state)
{
	/* A reads the TTL, but nothing depends on it */
	struct bpf_insn unused[] = {
		BPF_STMT(BPF_LD + BPF_B + BPF_ABS, 22),
		BPF_STMT(BPF_RET + BPF_K, 1),
	};
	struct bpf_insn returned[] = {
		BPF_STMT(BPF_LD + BPF_B + BPF_ABS, 22),
		BPF_STMT(BPF_RET + BPF_A, 0),
	};
	/* through memory and X */
	struct bpf_insn stored[] = {
		BPF_STMT(BPF_LD + BPF_B + BPF_ABS, 22),
		BPF_STMT(BPF_ST, 3),
		BPF_STMT(BPF_LD + BPF_IMM, 9),
		BPF_STMT(BPF_LDX + BPF_MEM, 3),
		BPF_JUMP(BPF_JMP + BPF_JGT + BPF_X, 0, 0, 1),
		BPF_STMT(BPF_RET + BPF_K, 1),
		BPF_STMT(BPF_RET + BPF_K, 0),
	};
	/* division by a byte that may be 0 ends the program */
	struct bpf_insn divided[] = {
		BPF_STMT(BPF_LD + BPF_B + BPF_ABS, 15),
		BPF_STMT(BPF_MISC + BPF_TAX, 0),
		BPF_STMT(BPF_LD + BPF_IMM, 9),
		BPF_STMT(BPF_ALU + BPF_DIV + BPF_X, 0),
		BPF_STMT(BPF_RET + BPF_K, 1),
	};
	/* a load that short packets do not survive */
	struct bpf_insn beyond[] = {
		BPF_STMT(BPF_LD + BPF_B + BPF_ABS, 1000),
		BPF_STMT(BPF_RET + BPF_K, 1),
	};
	/* what the kernel adds to a packet */
	struct bpf_insn extension[] = {
		BPF_STMT(BPF_LD + BPF_W + BPF_ABS, 0xfffff000),
		BPF_STMT(BPF_RET + BPF_K, 1),
	};
	struct bpf_insn loop[] = {
		BPF_STMT(BPF_LD + BPF_IMM, 1),
		BPF_STMT(BPF_JMP + BPF_JA, (bpf_u_int32)-2),
		BPF_STMT(BPF_RET + BPF_K, 1),
	};
	/* one way loads the TTL, the other the protocol; then both compare */
	struct bpf_insn joined[] = {
		BPF_STMT(BPF_LD + BPF_W + BPF_ABS, 26),
		BPF_JUMP(BPF_JMP + BPF_JGT + BPF_K, 7, 0, 2),
		BPF_STMT(BPF_LD + BPF_B + BPF_ABS, 22),
		BPF_STMT(BPF_JMP + BPF_JA, 1),
		BPF_STMT(BPF_LD + BPF_B + BPF_ABS, 23),
		BPF_JUMP(BPF_JMP + BPF_JEQ + BPF_K, 6, 0, 1),
		BPF_STMT(BPF_RET + BPF_K, 1),
		BPF_STMT(BPF_RET + BPF_K, 0),
	};
	struct bpf_insn joined_last[] = {
		BPF_STMT(BPF_LD + BPF_W + BPF_ABS, 26),
		BPF_JUMP(BPF_JMP + BPF_JGT + BPF_K, 7, 0, 2),
		BPF_STMT(BPF_LD + BPF_B + BPF_ABS, 23),
		BPF_STMT(BPF_JMP + BPF_JA, 1),
		BPF_STMT(BPF_LD + BPF_B + BPF_ABS, 22),
		BPF_JUMP(BPF_JMP + BPF_JEQ + BPF_K, 6, 0, 1),
		BPF_STMT(BPF_RET + BPF_K, 1),
		BPF_STMT(BPF_RET + BPF_K, 0),
	};
	struct {
		struct bpf_insn *insns;
		unsigned int cnt;
		bool ok;
	} cases[] = {
		{ unused, 2, true }, { returned, 2, false },
		{ stored, 7, false }, { divided, 5, false },
		{ beyond, 2, false }, { extension, 2, false },
		{ loop, 3, false }, { joined, 8, false },
		{ joined_last, 8, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bpf_program prog = { cases[i].cnt, cases[i].insns };

		if (firewall_key_only(&prog, 4, IPPROTO_TCP, NULL) !=
		    cases[i].ok)
			fail_msg("case %zu", i);
	}
}

/* --- the property --- */

static unsigned int seed;

static uint32_t rnd(uint32_t n)
{
	return (((uint32_t)rand_r(&seed) << 16) ^ rand_r(&seed)) % n;
}

static void rnd_bytes(uint8_t *p, size_t n)
{
	while (n--)
		*p++ = rnd(256);
}

/* Few values, so that expressions match now and then. */
static struct nf_pkt rnd_key(void)
{
	static const char *const addrs4[] = {
		"10.0.0.1", "10.0.0.2", "10.0.0.9", "10.1.0.1", "10.1.7.7",
		"192.0.2.1", "224.0.0.5", "239.1.2.3",
	};
	static const char *const addrs6[] = {
		"2001:db8::1", "2001:db8::2", "2001:db8:1::7", "2a00::1",
		"ff02::1",
	};
	static const uint16_t ports[] = {
		22, 53, 80, 81, 443, 1023, 1024, 1025, 5201, 8000, 8080, 77,
	};
	static const uint8_t protos[] = {
		IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP,
		IPPROTO_GRE, IPPROTO_SCTP, IPPROTO_ESP, 0,
	};
	bool six = rnd(2);
	uint8_t proto = protos[rnd(8)] ?: rnd(256);
	struct nf_pkt pkt;

	if (six && proto == IPPROTO_ICMP)
		proto = IPPROTO_ICMPV6;
	pkt = fake_pkt(NULL, proto, six ? addrs6[rnd(5)] : addrs4[rnd(8)],
		       ports[rnd(12)], six ? addrs6[rnd(5)] : addrs4[rnd(8)],
		       ports[rnd(12)]);
	if (proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6) {
		pkt.icmp_type = six ? 128 + rnd(2) : 8 * rnd(2);
		if (pkt.icmp_type == 8 || pkt.icmp_type == 128)
			pkt.dport = htons(pkt.icmp_type);
		else
			pkt.sport = htons(pkt.icmp_type);
	} else if (proto != IPPROTO_TCP && proto != IPPROTO_UDP) {
		pkt.sport = 0;
		pkt.dport = 0;
	}
	return pkt;
}

/* A packet of that key: everything else is random, but for what the parser
 * refuses (fragments, less than a whole IP header and ports). */
static uint32_t rnd_packet(struct nf_pkt *pkt, uint8_t *buf)
{
	bool six = pkt->family == 6;
	bool echo = pkt->l4proto == (six ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	bool request = pkt->icmp_type == 8 || pkt->icmp_type == 128;
	uint32_t ip_len = six ? 40 : 20 + 4 * (rnd(2) ? rnd(11) : 0);
	uint32_t least = pkt->l4proto == IPPROTO_TCP ? 20 :
			 echo || pkt->l4proto == IPPROTO_UDP ? 8 : 0;
	uint8_t *ip = buf + 14, *l4 = ip + ip_len;
	uint32_t len = 14 + ip_len + least + (rnd(2) ? rnd(1200) : rnd(40));

	rnd_bytes(buf, len);
	buf[12] = six ? 0x86 : 0x08;
	buf[13] = six ? 0xdd : 0x00;
	if (six) {
		ip[0] = 0x60 | (ip[0] & 0xf);
		ip[6] = pkt->l4proto;
		memcpy(ip + 8, &pkt->saddr, 16);
		memcpy(ip + 24, &pkt->daddr, 16);
	} else {
		ip[0] = 0x40 | ip_len / 4;
		ip[6] &= 0xc0;
		ip[7] = 0;
		ip[9] = pkt->l4proto;
		memcpy(ip + 12, &pkt->saddr, 4);
		memcpy(ip + 16, &pkt->daddr, 4);
	}
	if (echo) {
		l4[0] = pkt->icmp_type;
		memcpy(l4 + 4, request ? &pkt->sport : &pkt->dport, 2);
	} else if (least) {
		memcpy(l4, &pkt->sport, 2);
		memcpy(l4 + 2, &pkt->dport, 2);
	}
	pkt->data = buf;
	pkt->len = len;
	pkt->l3_off = 14;
	pkt->l4_off = 14 + ip_len;
	return len;
}

/* One expression: what the analysis calls key-only for the flow gives on every
 * packet of the flow what it gives on the key's own packet. Returns how many
 * flows were key-only. */
static int check_property(const char *expr, int flows, int *matches)
{
	struct bpf_program prog = compile(expr);
	uint8_t key[FW_KEY_LEN], buf[2048];
	int cnt = 0;

	for (int f = 0; f < flows && prog.bf_len; f++) {
		struct nf_pkt pkt = rnd_key();
		bool want;

		if (!firewall_key_only(&prog, pkt.family, pkt.l4proto, NULL))
			continue;
		cnt++;
		want = bpf_filter(prog.bf_insns, key,
				  firewall_key_view(&pkt, key), FW_KEY_LEN);
		*matches += want;
		for (int n = 0; n < 20; n++) {
			uint32_t len = rnd_packet(&pkt, buf);

			if (!!bpf_filter(prog.bf_insns, buf, len, len) == want)
				continue;
			fail_msg("%s: %d on the key, not on a packet of %u bytes, IPv%d, protocol %d",
				 expr, want, len, pkt.family, pkt.l4proto);
		}
	}
	pcap_freecode(&prog);
	return cnt;
}

static void key_only_rules_judge_all_packets_of_a_flow_alike(void **state)
{
	int flows = 0, matches = 0;

	(void)state;
	seed = getenv("SEED") ? strtoul(getenv("SEED"), NULL, 0) : 0x6677;
	print_message("# seed %u\n", seed);
	for (size_t i = 0; i < sizeof(key_only) / sizeof(*key_only); i++)
		flows += check_property(key_only[i], 300, &matches);
	/* per-packet somewhere, but perhaps not for every protocol */
	for (size_t i = 0; i < sizeof(per_packet) / sizeof(*per_packet); i++)
		flows += check_property(per_packet[i].expr, 100, &matches);
	print_message("# %d flows of 20 packets, %d matched\n", flows, matches);
	assert_in_range(flows, 15000, 100000);
	assert_in_range(matches, 1000, flows - 1000);
}

/* Random combinations of the table's expressions. */
static void combinations_of_rules_keep_the_property(void **state)
{
	const size_t keys = sizeof(key_only) / sizeof(*key_only);
	const size_t others = sizeof(per_packet) / sizeof(*per_packet);
	int flows = 0, matches = 0;

	(void)state;
	for (int i = 0; i < 400; i++) {
		char expr[1024];
		const char *part[3];

		for (int k = 0; k < 3; k++)
			part[k] = rnd(4) ? key_only[rnd(keys)] :
					   per_packet[rnd(others)].expr;
		if (strstr(part[0], "geneve") || strstr(part[1], "geneve") ||
		    strstr(part[2], "geneve"))
			continue;	/* shifts what follows it */
		snprintf(expr, sizeof(expr), "(%s) %s %s(%s) %s %s(%s)",
			 part[0], rnd(2) ? "and" : "or", rnd(3) ? "" : "not ",
			 part[1], rnd(2) ? "and" : "or", rnd(3) ? "" : "not ",
			 part[2]);
		flows += check_property(expr, 40, &matches);
	}
	print_message("# seed now %u: %d flows, %d matched\n", seed, flows,
		      matches);
	assert_in_range(matches, 100, flows - 100);
}

static void tags_and_extension_headers_are_out_of_the_view(void **state)
{
	static uint8_t scratch[FW_SCRATCH], buf[256], out[256];
	struct bpf_program prog = compile("ip6 and tcp dst port 80");
	struct nf_pkt pkt = fake_pkt(NULL, IPPROTO_TCP, "2001:db8::1", 5,
				     "2001:db8::2", 80);
	uint32_t len = rnd_packet(&pkt, buf);
	const uint8_t *view;

	(void)state;
	view = firewall_packet_view(&pkt, scratch, &len);
	assert_ptr_equal(view, buf);
	/* two tags in front, a hop-by-hop header of 8 bytes behind */
	len = pkt.len > 200 ? 200 : pkt.len;
	memcpy(out, buf, 12);
	memcpy(out + 12, "\x88\xa8\0\5\x81\0\0\6\x86\xdd", 10);
	memcpy(out + 22, buf + 14, 40);
	out[22 + 6] = 0;
	memcpy(out + 62, "\6\0\1\4\0\0\0\0", 8);
	memcpy(out + 70, buf + 54, len - 54);
	pkt.data = out;
	pkt.len = len + 16;
	pkt.l3_off = 22;
	pkt.l4_off = 70;
	view = firewall_packet_view(&pkt, scratch, &len);
	assert_int_equal(len, pkt.len - 16);
	assert_memory_equal(view, buf, len);
	assert_true(bpf_filter(prog.bf_insns, view, len, len));
	pcap_freecode(&prog);
}

static void names_are_never_looked_up(void **state)
{
	static const char *const names[] = {
		"host example.org", "src host www", "port http",
		"net loopback", "host 1and1.com", "host 8000-8080",
		"ip proto tcpmux", "host \\tcp", "tcp port domain or port 80",
		"ether host gw", "host dead", "host dead:beef",
		"portrange http-https", "host 10.0.0.", "host a.b.c.d",
		"host 10.0.0.1 or evil", "gateway 10.0.0.1", "vlan",
		"vlan 5 and tcp", "inbound", "host localhost",
	};
	static const char *const wrong[] = {
		"", "   ", "tcp port", "port 70000", "host 300.1.1.1", "(tcp",
		"tcp port 80)", "ip broadcast", "host 2001:db8::/129",
		"net 10.0.0.1/8", "tcp[0:3] == 1",
	};
	char message[256];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!firewall_check_words(names[i], message, sizeof(message)))
			fail_msg("%s passes", names[i]);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct bpf_program prog;

		if (!firewall_compile(wrong[i], &prog, message,
				      sizeof(message)))
			fail_msg("%s compiles", wrong[i]);
		assert_true(message[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_of_the_key_are_known_as_such),
		cmocka_unit_test(what_looks_further_is_named),
		cmocka_unit_test(ports_of_other_protocols_are_not_in_the_key),
		cmocka_unit_test(hand_made_programs_are_judged_right),
		cmocka_unit_test(key_only_rules_judge_all_packets_of_a_flow_alike),
		cmocka_unit_test(combinations_of_rules_keep_the_property),
		cmocka_unit_test(tags_and_extension_headers_are_out_of_the_view),
		cmocka_unit_test(names_are_never_looked_up),
	};

	return cmocka_run_group_tests_name("firewall_key", tests, NULL, NULL);
}
