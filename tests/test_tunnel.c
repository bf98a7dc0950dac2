// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* tunnel: what is put in and taken out, what is recorded, what is refused. The
 * headers' bytes are tests/test_actions.c's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "chains/conf.h"
#include "tests/pkt.h"
#define PKT_CSUM_PARTIAL PKT_SUM_PARTIAL
#define PKT_CSUM_BAD PKT_SUM_BAD
#define pkt_csum pkt_sum_kind
#include "userspace/engine_priv.h"

#define ROOM 128

extern const struct nf_ops tunnel_ops;

static struct engine engine;
static struct flow flow;
static uint8_t buf[ROOM + PKT_MAX];

static struct nf *make(const char *text, struct conf_error *err)
{
	struct nf *nf = calloc(1, sizeof(*nf));
	struct conf_block *tree;
	int failed;

	nf->engine = &engine;
	assert_int_equal(conf_parse(&tree, "test", text, err), 0);
	failed = tunnel_ops.init(nf, tree->stmts[0].block, err);
	conf_free(tree);
	if (!failed)
		return nf;
	free(nf);
	return NULL;
}

static struct nf *tunnel(const char *text)
{
	struct conf_error err = { 0 };
	struct nf *nf = make(text, &err);

	if (!nf)
		fail_msg("refused: %s", err.message);
	return nf;
}

static void end(struct nf *nf)
{
	tunnel_ops.exit(nf);
	free(nf);
	lmat_free(&flow.lmat);
}

/* The packet, in front of the NF, which records. */
static struct nf_pkt packet(const struct pkt *k, bool outside)
{
	uint32_t len = pkt_build(k, buf + ROOM);
	struct nfold_parse p;
	struct nf_pkt pkt;

	assert_int_equal(nfold_parse(buf + ROOM, buf + ROOM + len, outside, &p),
			 NFOLD_REASON_NONE);
	pkt_init(&pkt, buf + ROOM, len, &p);
	pkt.room = ROOM;
	pkt.outside = outside;
	pkt.fid = flow.id = 1;
	lmat_clear(&flow.lmat);
	engine.recording = &flow;
	return pkt;
}

static const char vxlan[] =
	"tunnel { kind vxlan; local 192.0.2.1; remote 192.0.2.2; vni 7;"
	" remote-mac 02:00:00:00:00:09; match \"dst net 192.0.2.0/24 or ip6\"; }";
static const char vxlan_back[] =
	"tunnel { kind vxlan; local 192.0.2.2; remote 192.0.2.1; vni 7;"
	" remote-mac 02:00:00:00:00:08; }";

static void what_matches_goes_in_and_is_recorded(void **state)
{
	struct nf *nf = tunnel(vxlan);
	struct pkt k = pkt_new(6, IPPROTO_TCP);
	struct nf_pkt pkt = packet(&k, false);

	(void)state;
	assert_int_equal(tunnel_ops.packet(nf, &pkt), NF_FORWARD);
	assert_int_equal(pkt.family, 4);
	assert_int_equal(pkt.daddr.a[0], inet_addr("192.0.2.2"));
	assert_int_equal(pkt.dport, htons(4789));
	assert_int_equal(flow.lmat.cnt, 1);
	assert_int_equal(flow.lmat.records[0].action.kind, HA_ENCAP);
	assert_int_equal(flow.lmat.records[0].action.port, pkt.sport);
	k = pkt_new(4, IPPROTO_TCP);
	inet_pton(AF_INET, "198.51.100.1", k.dst);
	pkt = packet(&k, false);
	assert_int_equal(tunnel_ops.packet(nf, &pkt), NF_FORWARD);
	assert_int_equal(pkt.depth, 0);
	assert_int_equal(flow.lmat.cnt, 0);
	end(nf);
}

static void each_flow_has_its_own_source_port(void **state)
{
	struct nf *nf = tunnel(vxlan);
	struct pkt k = pkt_new(6, IPPROTO_TCP);
	bool seen[65536] = { false };
	int different = 0;

	(void)state;
	for (int i = 0; i < 200; i++) {
		struct nf_pkt pkt;
		__be16 first;

		k.sport = 1000 + i;
		pkt = packet(&k, false);
		tunnel_ops.packet(nf, &pkt);
		first = pkt.sport;
		pkt = packet(&k, false);
		tunnel_ops.packet(nf, &pkt);
		assert_int_equal(pkt.sport, first);
		assert_true(ntohs(first) >= 49152);
		different += !seen[first];
		seen[first] = true;
	}
	assert_true(different > 180);
	end(nf);
}

static void the_other_end_takes_it_out(void **state)
{
	struct nf *nf = tunnel(vxlan), *back = tunnel(vxlan_back);
	struct pkt k = pkt_new(6, IPPROTO_UDP), other = pkt_new(4, IPPROTO_UDP);
	static uint8_t plain[PKT_MAX];
	struct nfold_parse p;
	struct nf_pkt pkt = packet(&k, false), in;

	(void)state;
	memcpy(plain, pkt.data, pkt.len);
	tunnel_ops.packet(nf, &pkt);
	assert_int_equal(nfold_parse(pkt.data, pkt.data + pkt.len, 1, &p), 0);
	pkt_init(&in, pkt.data, pkt.len, &p);
	in.outside = true;
	in.fid = 1;
	lmat_clear(&flow.lmat);
	assert_int_equal(tunnel_ops.packet(back, &in), NF_FORWARD);
	assert_memory_equal(in.data, plain, in.len);
	assert_true(in.unwrapped);
	assert_int_equal(flow.lmat.records[0].action.kind, HA_DECAP);
	/* What is not from the other end passes by. */
	in = packet(&other, true);
	assert_int_equal(tunnel_ops.packet(back, &in), NF_FORWARD);
	assert_int_equal(flow.lmat.cnt, 0);
	end(nf);
	end(back);
}

/* Another VNI, and every length to which a tunnelled packet can be cut. */
static void what_is_no_header_is_dropped(void **state)
{
	struct nf *nf = tunnel(vxlan), *back = tunnel(vxlan_back);
	struct pkt k = pkt_new(4, IPPROTO_UDP);
	struct nf_pkt pkt, in;
	struct nfold_parse p;

	(void)state;
	for (uint32_t cut = 0; cut < 60; cut++) {
		pkt = packet(&k, false);
		tunnel_ops.packet(nf, &pkt);
		if (!cut)
			pkt.data[pkt.l4_off + 12]++;
		put16(pkt.data + 14 + 2, pkt.len - 14 - cut);
		put16(pkt.data + 14 + 10, 0);
		put16(pkt.data + 14 + 10, ~pkt_sum(pkt.data + 14, 20, 0));
		put16(pkt.data + pkt.l4_off + 4, pkt.len - pkt.l4_off - cut);
		if (nfold_parse(pkt.data, pkt.data + pkt.len - cut, 1, &p))
			continue;
		pkt_init(&in, pkt.data, pkt.len - cut, &p);
		in.outside = true;
		in.fid = 1;
		lmat_clear(&flow.lmat);
		assert_int_equal(tunnel_ops.packet(back, &in), NF_DROP);
		assert_int_equal(in.drop_reason, NFOLD_REASON_DECAP);
		assert_int_equal(flow.lmat.cnt, 0);
	}
	end(nf);
	end(back);
}

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

static void mistakes_are_named(void **state)
{
	(void)state;
	refused("tunnel { local 192.0.2.1; remote 192.0.2.2; }", "kind");
	refused("tunnel { kind ipip; remote 192.0.2.2; }", "local");
	refused("tunnel { kind ipip; local 192.0.2.1; remote 2001:db8::1; }",
		"families");
	refused("tunnel { kind ipip; local 192.0.2.1; remote 192.0.2.2; vni 1; }",
		"ipip has no vni");
	refused("tunnel { kind gre; local 192.0.2.1; remote 192.0.2.2; port 1; }",
		"gre has no port");
	refused("tunnel { kind vxlan; local 192.0.2.1; remote 192.0.2.2; vni 1; }",
		"remote-mac");
	refused("tunnel { kind vxlan; local 192.0.2.1; remote 192.0.2.2; vni 16777216; }",
		"too large");
	refused("tunnel { kind l2tp; }", "ipip");
	refused("tunnel { kind vxlan; remote-mac 02:00; }", "MAC");
	refused("tunnel { kind ipip; kind gre; }", "twice");
	refused("tunnel { match \"ip[8] > 3\"; }", "TTL");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_matches_goes_in_and_is_recorded),
		cmocka_unit_test(each_flow_has_its_own_source_port),
		cmocka_unit_test(the_other_end_takes_it_out),
		cmocka_unit_test(what_is_no_header_is_dropped),
		cmocka_unit_test(mistakes_are_named),
	};

	return cmocka_run_group_tests_name("tunnel", tests, NULL, NULL);
}
