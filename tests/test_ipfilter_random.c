/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ipfilter against oracles, on random rules and packets: libpcap for what rules
 * mean, where tcpdump's language has it too; and the flow key for what may be
 * folded: if one packet's decision is folded, all packets that the parser gives
 * the same key are decided the same. NFOLD_SEED repeats a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>
#include <pcap.h>

#include "tests/nf_fake.h"
#include "tests/nf_frame.h"

extern const struct nf_ops ipfilter_ops;

static uint64_t seed, rng;

static uint32_t pick(uint32_t n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (rng >> 16) % n;
}

/* --- packets --- */

static const uint16_t ports[] = { 0, 8, 22, 79, 80, 81, 1023, 1024, 65535 };
static const uint16_t ids[] = { 0, 8, 128, 129, 7 };

#define PICK(a) ((a)[pick(sizeof(a) / sizeof((a)[0]))])

static void random_key(struct pkt *k)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_TCP,
					  IPPROTO_UDP, IPPROTO_ICMP, 47 };
	int family = pick(3) ? 4 : 6;
	uint8_t proto = PICK(protos);

	if (family == 6 && proto == IPPROTO_ICMP)
		proto = IPPROTO_ICMPV6;
	*k = frame_world(family, proto, pick(3), PICK(ports), pick(3),
			 PICK(ports));
	if (proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6)
		k->sport = PICK(ids);
	if (!pick(4))
		memcpy(k->src, k->dst, 5);
	k->src[family == 4 ? 3 : 15] |= 4;
}

/* What packets of one flow may differ in. */
static void random_rest(struct pkt *k)
{
	static const uint8_t ttls[] = { 1, 63, 64, 255 };
	static const uint8_t flags[] = { 2, 0x12, 0x10, 0x11, 4, 0x3f };

	k->ttl = PICK(ttls);
	k->flags = PICK(flags);
	k->payload = pick(3) ? pick(8) : pick(200);
	k->fill = pick(256);
	k->options = k->family == 4 && !pick(3) ? 8 : 0;
	k->smac[5] = pick(3);
	k->tags = !pick(4);
	k->pad = !pick(3) ? 20 : 0;
	k->icmp_type = k->family == 4 ? 8 * pick(2) : 128 + pick(2);
	k->ext_cnt = k->family == 6 && !pick(3);
	memset(k->ext, IPPROTO_DSTOPTS, sizeof(k->ext));
}

/* Fields that pkt.h leaves alone; the IP checksum is wrong then, but nobody
 * looks any more. */
static void poke(struct nf_pkt *pkt)
{
	uint8_t *ip = pkt->data + pkt->l3_off, *l4 = pkt->data + pkt->l4_off;

	if (pkt->family == 4) {
		ip[1] = pick(2) ? pick(256) : 0;
		ip[4] = pick(256);
		ip[6] = pick(2) << 6;
	} else {
		ip[0] |= pick(16);
		ip[1] = pick(256);
	}
	if (pkt->l4proto == IPPROTO_TCP)
		l4[14] = pick(8);
}

/* --- rules, as Click and tcpdump write them --- */

struct pair {
	const char *click, *pcap;
};

/* With IPv4 packets only: tcpdump's ip[] and tcp[]. */
static const struct pair shared4[] = {
	{ "ip ttl > 63", "ip[8] > 63" },
	{ "ip ttl <= 64", "ip[8] <= 64" },
	{ "ip ttl & 3 == 3", "ip[8] & 3 == 3" },
	{ "ip tos & 0xf0 != 0", "ip[1] & 0xf0 != 0" },
	{ "ip dscp < 32", "ip[1] >> 2 < 32" },
	{ "ip ect", "ip[1] & 3 != 0" },
	{ "ip ce", "ip[1] & 3 == 3" },
	{ "ip id >= 0x8000", "ip[4:2] >= 0x8000" },
	{ "ip hl 5", "ip[0] & 15 == 5" },
	{ "ip hl != 5", "ip[0] & 15 != 5" },
	{ "ip len > 60", "ip[2:2] > 60" },
	{ "ip frag", "ip[6:2] & 0x3fff != 0" },
	{ "syn", "tcp[13] & 2 != 0" },
	{ "syn ack", "tcp[13] & 18 = 18" },
	{ "tcp opt 5", "tcp[13] & 5 = 5" },
	{ "tcp win >= 1000", "tcp[14:2] >= 1000" },
	{ "ip[16:4] > 0x0a010001", "ip[16:4] > 0x0a010001" },
	{ "tcp[0:2] & 0x50 == 0x50", "tcp[0:2] & 0x50 = 0x50" },
	{ "udp[2] != 0", "udp[2] != 0" },
	{ "icmp type echo", "icmp[0] = 8" },
	{ "icmp type != 8", "icmp[0] != 8" },
	{ "src tcp port < 1024", "tcp[0:2] < 1024" },
	{ "dst udp port >= 80", "udp[2:2] >= 80" },
	{ "port > 1023", "((tcp[0:2] > 1023 or tcp[2:2] > 1023) or (udp[0:2] > 1023 or udp[2:2] > 1023))" },
	{ "port < 81", "((tcp[0:2] < 81 and tcp[2:2] < 81) or (udp[0:2] < 81 and udp[2:2] < 81))" },
	{ "src and dst port > 79", "((tcp[0:2] > 79 and tcp[2:2] > 79) or (udp[0:2] > 79 and udp[2:2] > 79))" },
	{ "tcp port != 80", "(tcp and not tcp port 80)" },
};

/* With both families. */
static const struct pair shared[] = {
	{ "src host 10.0.0.5", "src host 10.0.0.5" },
	{ "dst 10.1.0.1", "dst host 10.1.0.1" },
	{ "host 10.0.0.4", "(ip host 10.0.0.4)" },
	{ "src and dst net 10.0.0.0/8", "src and dst net 10.0.0.0/8" },
	{ "host != 10.0.0.4", "not (ip host 10.0.0.4)" },
	{ "src or dst 10.1.0.0/16", "(ip net 10.1.0.0/16)" },
	{ "src net 10.0.0.0 mask 255.255.0.0", "src net 10.0.0.0/16" },
	{ "src host 2001:db8::5", "src host 2001:db8::5" },
	{ "dst net 2001:db8:1::/48", "dst net 2001:db8:1::/48" },
	{ "tcp", "tcp" }, { "udp", "udp" }, { "icmp", "icmp" },
	{ "icmp6", "icmp6" }, { "gre", "(ip proto 47 or ip6 proto 47)" },
	{ "ip proto != tcp", "not tcp" },
	{ "tcpudp", "(tcp or udp)" },
	{ "port 80", "port 80" }, { "src port 80 or 81", "src portrange 80-81" },
	{ "dst tcp port www", "tcp dst port 80" },
	{ "udp port 1024", "udp port 1024" },
	{ "ip vers 4", "ip" }, { "ip vers != 4", "ip6" },
	{ "ether src 2:0:0:0:0:1", "ether src 2:0:0:0:0:1" },
	{ "dst 2:0:0:0:0:1", "ether dst 2:0:0:0:0:1" },
	{ "true", "len >= 0" },
};

static const struct pair *leaf(bool only4)
{
	return only4 && pick(2) ? &PICK(shared4) : &PICK(shared);
}

/* Both texts of a random expression. */
static void expression(int depth, bool only4, char *click, char *pcap,
		       size_t size)
{
	char c[3][1900], p[3][1900];
	uint32_t form = depth ? pick(8) : 0;
	const struct pair *l;

	if (form < 2) {
		l = leaf(only4);
		snprintf(click, size, "%s", l->click);
		snprintf(pcap, size, "(%s)", l->pcap);
		return;
	}
	for (int i = 0; i < 3; i++)
		expression(depth - 1, only4, c[i], p[i], sizeof(c[i]));
	if (form == 2) {
		snprintf(click, size, "%s (%s)", pick(2) ? "not" : "!", c[0]);
		snprintf(pcap, size, "not (%s)", p[0]);
	} else if (form == 3) {
		snprintf(click, size, "((%s) ? %s : %s)", c[0], c[1], c[2]);
		snprintf(pcap, size, "((%s and %s) or (not %s and %s))", p[0],
			 p[1], p[0], p[2]);
	} else if (form < 6) {
		snprintf(click, size, "(%s) %s (%s)", c[0],
			 pick(3) ? "and" : pick(2) ? "&&" : "", c[1]);
		snprintf(pcap, size, "(%s and %s)", p[0], p[1]);
	} else {
		snprintf(click, size, "(%s %s %s)", c[0],
			 pick(2) ? "or" : "||", c[1]);
		snprintf(pcap, size, "(%s or %s)", p[0], p[1]);
	}
}

static struct nf *filter_of(const char *rules)
{
	struct nf *nf = fake_nf(&ipfilter_ops, rules);

	assert_non_null(nf);
	return nf;
}

/* Without libpcap's optimiser: that of 1.10.3 makes `(ip net 10.1.0.0/16 and icmp)
 * or (not ip net 10.1.0.0/16 and not icmp)` true for UDP to 10.1.0.1. Some empty
 * expressions are refused. */
static bool pcap_of(const char *text, struct bpf_program *prog)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);
	int err = pcap_compile(p, prog, text, 0, PCAP_NETMASK_UNKNOWN);

	if (err && !strstr(pcap_geterr(p), "reject"))
		fail_msg("%s: %s", text, pcap_geterr(p));
	pcap_close(p);
	return !err;
}

/* pcap's programs know no VLAN tags and IPv6 extension headers. */
static void compare_one(struct nf *nf, const struct bpf_program *prog,
			bool only4, const char *click)
{
	void *s = fake_session(nf);
	struct frame fr;
	struct pkt k;
	bool want, is;

	do
		random_key(&k);
	while (only4 && k.family != 4);
	random_rest(&k);
	k.tags = 0;
	k.ext_cnt = 0;
	frame_make(&fr, &k, s);
	poke(&fr.pkt);
	want = bpf_filter(prog->bf_insns, fr.buf, fr.len, fr.len) != 0;
	is = fake_run(nf, &fr.pkt) == NF_FORWARD;
	if (want != is)
		fail_msg("NFOLD_SEED=%llu: %s: tcpdump %d, ipfilter %d",
			 (unsigned long long)seed, click, want, is);
	fake_expire(nf, s);
}

static void rules_mean_what_tcpdump_s_mean(void **state)
{
	static char click[8000], pcap[8000], rule[8100];
	uint32_t compared = 0, matched = 0;

	(void)state;
	for (int round = 0; round < 600; round++) {
		bool only4 = pick(3);
		struct bpf_program prog;
		struct nf *nf;
		json_t *show;

		expression(pick(4), only4, click, pcap, sizeof(click));
		if (strlen(click) > 4000 || !pcap_of(pcap, &prog))
			continue;
		snprintf(rule, sizeof(rule), "rule \"allow %s\";", click);
		nf = filter_of(rule);
		for (int i = 0; i < 100; i++)
			compare_one(nf, &prog, only4, click);
		compared += 100;
		show = ipfilter_ops.show(nf);
		matched += fake_number(show, "rules/0/flows");
		json_decref(show);
		pcap_freecode(&prog);
		fake_nf_free(nf);
	}
	printf("# %u packets compared, %u matched\n", compared, matched);
	assert_true(compared > 40000);
	assert_true(matched > compared / 10 && matched < compared * 9 / 10);
}

/* --- the key --- */

#define CROWD 300

struct member {
	struct nfold_key4 key4;
	struct nfold_key6 key6;
	int family;
	bool allow, folded;
};

static bool same_key(const struct member *a, const struct member *b)
{
	return a->family == b->family &&
	       !memcmp(&a->key4, &b->key4, sizeof(a->key4)) &&
	       !memcmp(&a->key6, &b->key6, sizeof(a->key6));
}

static void member_make(struct member *m, struct nf *nf)
{
	void *s = fake_session(nf);
	struct frame fr;
	struct pkt k;

	random_key(&k);
	random_rest(&k);
	frame_make(&fr, &k, s);
	poke(&fr.pkt);
	*m = (struct member){ .family = k.family };
	if (k.family == 4)
		m->key4 = fr.parse.key4;
	else
		m->key6 = fr.parse.key6;
	m->allow = fake_run(nf, &fr.pkt) == NF_FORWARD;
	m->folded = !fake.why_slow;
	if (m->folded)
		assert_int_equal(fake.cnt, !m->allow);
	else
		assert_int_equal(fake.cnt, 0);
	fake_expire(nf, s);
}

static void random_rules(char *text, size_t size, bool only_key)
{
	static char click[8000], pcap[8000];
	int n = snprintf(text, size, "rule ");

	for (uint32_t i = 1 + pick(4); i; i--) {
		do
			expression(pick(3), !only_key, click, pcap,
				   sizeof(click));
		while (strlen(click) > 1000 ||
		       (only_key && (strstr(click, "ether") ||
				     strstr(click, "2:0:"))));
		n += snprintf(text + n, size - n, "\"%s %s\"%s",
			      pick(2) ? "allow" : "deny", click,
			      i > 1 ? ", " : ";");
	}
}

/* Pairs of packets with the same key, one of them folded. */
static uint32_t check_crowd(const struct member *m, const char *text)
{
	uint32_t pairs = 0;

	for (int i = 0; i < CROWD; i++)
		for (int j = 0; j < CROWD; j++) {
			if (i == j || !m[i].folded || !same_key(&m[i], &m[j]))
				continue;
			if (m[i].allow != m[j].allow)
				fail_msg("NFOLD_SEED=%llu: folded wrongly: %s",
					 (unsigned long long)seed, text);
			pairs++;
		}
	return pairs;
}

static uint32_t slow_cnt(const struct member *m)
{
	uint32_t n = 0;

	for (int i = 0; i < CROWD; i++)
		n += !m[i].folded;
	return n;
}

static void what_is_folded_holds_for_the_key(void **state)
{
	static struct member crowd[CROWD];
	static char text[8000];
	uint32_t pairs = 0, slow = 0, all = 0;

	(void)state;
	for (int round = 0; round < 400; round++) {
		bool only_key = !pick(4);
		struct nf *nf;

		random_rules(text, sizeof(text), only_key);
		nf = filter_of(text);
		for (int i = 0; i < CROWD; i++)
			member_make(&crowd[i], nf);
		pairs += check_crowd(crowd, text);
		if (only_key)
			assert_int_equal(slow_cnt(crowd), 0);
		slow += slow_cnt(crowd);
		all += CROWD;
		fake_nf_free(nf);
	}
	printf("# %u pairs of one key, %u of %u packets slow\n", pairs, slow,
	       all);
	assert_true(pairs > 1000);
	assert_true(slow > all / 20 && slow < all / 2);
}

static int start(void **state)
{
	(void)state;
	rng = seed * 1000003 + 1;
	for (int i = 0; i < 16; i++)
		pick(2);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(rules_mean_what_tcpdump_s_mean, start),
		cmocka_unit_test_setup(what_is_folded_holds_for_the_key, start),
	};

	seed = getenv("NFOLD_SEED") ? strtoull(getenv("NFOLD_SEED"), NULL, 0) :
				      (uint64_t)time(NULL);
	printf("# NFOLD_SEED=%llu\n", (unsigned long long)seed);
	return cmocka_run_group_tests_name("ipfilter, random", tests, NULL,
					   NULL);
}
