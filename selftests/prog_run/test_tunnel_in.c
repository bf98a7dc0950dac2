// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Packets that come in by known tunnels, in XDP (docs/FOLD.md, N11): the entry
 * of the packet inside takes the header off, and what leaves is byte for byte
 * what the builder makes from scratch; what is not understood, or is another
 * tunnel's, does not meet that entry.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "fixture.h"
#include "tests/pkt_tunnel.h"
#include "userspace/tmpl.h"

#define LOST 0x100		/* ECN: to be dropped */

static struct fixture fx;
static struct nfold_edit *edits;
static struct nfold_tmpl *tmpls;
static uint8_t frame[PKT_MAX], want[PKT_MAX];
static struct fx_result r;

/* Index + 1 in the table: each kind over each family, then those with another
 * VNI or port. */
static uint8_t known(int kind, int family)
{
	return 1 + 2 * kind + (family == 6);
}

static void put_known(struct nfold_tunnel *to, const struct pkt_tunnel *t)
{
	uint32_t n = t->family == 4 ? 4 : 16;

	memcpy(to->remote, t->src, n);
	memcpy(to->local, t->dst, n);
	to->family = t->family;
	to->kind = t->kind;
	if (t->kind >= PKT_VXLAN)
		to->port = htons(t->port);
	if (t->kind == PKT_VXLAN)
		to->vni = t->vni;
}

static void table(struct nfold_config *c)
{
	struct pkt_tunnel other = pkt_tunnel_new(PKT_VXLAN, 4);

	for (int kind = 0; kind < 4; kind++)
		for (int family = 4; family <= 6; family += 2) {
			struct pkt_tunnel t = pkt_tunnel_new(kind, family);

			put_known(&c->tunnels.v[c->tunnels.cnt++], &t);
		}
	other.vni = 8;
	put_known(&c->tunnels.v[c->tunnels.cnt++], &other);
	c->tunnels.ports = 1;
	c->edits = 1;
}

static struct pkt tagged(int family, uint8_t proto, int tags)
{
	struct pkt k = pkt_new(family, proto);

	k.tags = tags;
	k.tci[0] = 0xa00a;
	k.tci[1] = 0x6014;
	k.tpid[0] = tags == 2 ? 0x88a8 : 0x8100;
	return k;
}

/* The inner packet leaves by port 1, rewritten. */
static struct pkt routed(const struct pkt *in)
{
	struct pkt out = *in;

	memcpy(out.dmac, (uint8_t[]){ 2, 1, 1, 1, 1, 2 }, 6);
	memcpy(out.smac, (uint8_t[]){ 2, 0, 0, 0, 0, 2 }, 6);
	out.src[3] ^= 0x55;
	out.ttl--;
	if (in->proto == IPPROTO_TCP || in->proto == IPPROTO_UDP)
		out.sport ^= 0x0f0f;
	return out;
}

static void put_tos(uint8_t *ip, uint8_t tos)
{
	if (ip[0] >> 4 == 6) {
		ip[0] = 0x60 | tos >> 4;
		ip[1] = (ip[1] & 0x0f) | tos << 4;
		return;
	}
	ip[1] = tos;
	put16(ip + 10, 0);
	put16(ip + 10, ~pkt_sum(ip, (ip[0] & 15) * 4, 0));
}

/* RFC 6040, figure 4, written out: row inner, column outer. */
static int ecn(uint8_t inner, uint8_t outer)
{
	static const int figure[4][4] = {
		{ 0, 0, 0, LOST },	/* not-ECT */
		{ 1, 1, 1, 3 },		/* ECT(1) */
		{ 2, 1, 2, 3 },		/* ECT(0) */
		{ 3, 3, 3, 3 },		/* CE */
	};

	return figure[inner][outer];
}

static struct nfold_edit unwrap(const struct pkt *in,
				const struct pkt_tunnel *t)
{
	return (struct nfold_edit){
		.flags = NFOLD_EDIT_FRAME | NFOLD_EDIT_UNWRAP |
			 (in->family == 6 ? NFOLD_EDIT_IP6 : 0) |
			 (t->family == 6 ? NFOLD_EDIT_OUTER6 : 0),
		.keep = in->tags,
		.ethertype = htons(in->family == 4 ? 0x0800 : 0x86dd),
	};
}

/* The entry of the inner flow by the tunnel, with edit record 1. */
static struct nfold_cells *install(const struct pkt *in, const struct pkt *out,
				   uint8_t tunnel, uint16_t flags)
{
	struct fx_entry e = fx_fold(in, out, 0, 2);

	e.key.tunnel = tunnel;
	e.act.edit = 1;
	e.act.flags = flags | NFOLD_ACT_EDIT_PACKET;
	e.act.grow = edits[0].grow;
	return fx_install(&fx, &e);
}

static void give(uint32_t len)
{
	assert_int_equal(fx_run(&fx, 0, frame, len, &r), 0);
	assert_int_equal(r.counted, 1);
}

static void must_be(uint32_t len)
{
	assert_int_equal(r.why, NFOLD_REASON_FAST);
	assert_int_equal(r.len, len);
	assert_memory_equal(r.data, want, len);
}

/* To user space as it came. */
static void must_be_punted(enum nfold_reason why, uint32_t len)
{
	assert_int_equal(r.why, why);
	assert_int_equal(r.action, XDP_REDIRECT);
	assert_int_equal(r.len, len + sizeof(struct nfold_punt));
	assert_memory_equal(r.data + sizeof(struct nfold_punt), frame, len);
}

static uint32_t build(const struct pkt *in, const struct pkt_tunnel *t,
		      uint8_t tos)
{
	uint32_t l3 = 14 + 4 * in->tags, len = pkt_build(in, frame);

	put_tos(frame + l3, tos);
	return pkt_wrap(t, frame, len, l3);
}

static void one_header(struct pkt_tunnel *t, struct pkt *in, uint8_t tos)
{
	int combined = ecn(tos & 3, t->tos & 3);
	struct pkt out = routed(in);
	struct nfold_cells *cells;
	uint32_t len;

	edits[0] = unwrap(in, t);
	fx_clear(&fx);
	cells = install(in, &out, known(t->kind, t->family), 0);
	len = build(in, t, tos);
	give(len);
	if (combined == LOST) {
		must_be_punted(NFOLD_REASON_MISS, len);
		return;
	}
	assert_int_equal(cells->packets, 1);
	assert_int_equal(cells->bytes, len);
	len = pkt_build(&out, want);
	put_tos(want + 14 + 4 * in->tags, (tos & 0xfc) | combined);
	must_be(len);
}

/* Every kind, both families outside and inside, tags, every pair of ECN, outer
 * options, outer checksum, and bytes behind the inner packet. */
static void every_known_header_is_taken_off(void **state)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP,
					  IPPROTO_ICMP, 89 };

	(void)state;
	for (int i = 0; i < 4 * 4 * 3 * 16 * 4; i++) {
		struct pkt_tunnel t = pkt_tunnel_new(i % 4, i & 4 ? 4 : 6);
		int tags = i / 16 % 3, tos = i / 48 % 16, odd = i / 768;
		struct pkt in = tagged(i & 8 ? 4 : 6, protos[odd], tags);

		if (in.family == 6 && in.proto == IPPROTO_ICMP) {
			in.proto = IPPROTO_ICMPV6;
			in.icmp_type = 128;
		}
		in.payload = 10 + i % 50;
		t.tos = 0xb8 | (tos & 3);
		t.more = odd == 1 ? 8 : odd == 2 ? 40 : 0;
		t.csum = odd & 1;
		t.ttl = 1;
		in.pad = odd == 3 ? 7 : 0;
		one_header(&t, &in, 0x48 | tos >> 2);
	}
}

/* All that an edit does beside, on the inner packet; its checksum left to the
 * sender's device. */
static void edits_are_the_inner_packets(void **state)
{
	(void)state;
	for (int i = 0; i < 32; i++) {
		struct pkt_tunnel t = pkt_tunnel_new(i % 4, i & 4 ? 4 : 6);
		struct pkt in = tagged(i & 8 ? 4 : 6, IPPROTO_TCP, 1);
		struct nf_tunnel into = { .kind = NF_TUNNEL_GRE, .family = 4,
					  .ttl = 64, .copy_dscp = true };
		struct pkt_tunnel next = { .kind = PKT_GRE, .family = 4,
					   .ttl = 64, .frag = 0x4000 };
		struct pkt out;
		uint32_t len, l3 = 14;

		memcpy(into.local.a, (uint8_t[]){ 10, 7, 7, 1 }, 4);
		memcpy(into.remote.a, (uint8_t[]){ 10, 7, 7, 2 }, 4);
		memcpy(next.src, into.local.a, 4);
		memcpy(next.dst, into.remote.a, 4);
		in.csum = i & 16 ? PKT_CSUM_PARTIAL : PKT_CSUM_FULL;
		in.flags = 0x10;
		in.ack = 1000;
		out = routed(&in);
		out.csum = PKT_CSUM_FULL;
		out.tags = 0;
		out.seq = 6;
		out.ack = 1007;
		tmpl_make(&tmpls[0], &into, in.family);
		edits[0] = unwrap(&in, &t);
		edits[0].flags |= NFOLD_EDIT_DSCP | NFOLD_EDIT_SEQ;
		edits[0].dscp = 0x28;
		edits[0].seq_add = 5;
		edits[0].ack_add = 7;
		edits[0].strip = 1;
		edits[0].keep = 0;
		edits[0].tmpl[0] = 1;
		edits[0].grow = tmpls[0].len;
		edits[0].ethertype = htons(0x0800);
		fx_clear(&fx);
		install(&in, &out, known(t.kind, t.family),
			NFOLD_ACT_CSUM_PARTIAL);
		t.tos = 3;
		len = build(&in, &t, 0x81);
		give(len);
		len = pkt_build(&out, want);
		put_tos(want + l3, 0x2b);
		next.tos = 0x2b;
		len = pkt_wrap(&next, want, len, l3);
		must_be(len);
	}
}

/* The same inner flow by two tunnels and by none is three flows. */
static void the_tunnel_is_part_of_the_key(void **state)
{
	(void)state;
	for (int family = 4; family <= 6; family += 2) {
		struct pkt in = pkt_new(family, IPPROTO_UDP), out = routed(&in);
		struct pkt_tunnel t[2] = { pkt_tunnel_new(PKT_VXLAN, 4),
					   pkt_tunnel_new(PKT_VXLAN, 4) };
		struct nfold_cells *cells[3];
		uint32_t len;

		t[1].vni = 8;
		edits[0] = unwrap(&in, &t[0]);
		fx_clear(&fx);
		for (int i = 0; i < 3; i++) {
			struct fx_entry e = fx_fold(&in, &out, 0, 2);

			e.key.tunnel = (int[]){ 0, known(PKT_VXLAN, 4), 9 }[i];
			e.act.edit = i > 0;
			e.act.flags = i > 0 ? NFOLD_ACT_EDIT_PACKET : 0;
			cells[i] = fx_put(&fx, fx_slot(&fx, &e, i), &e);
		}
		for (int i = 0; i < 3; i++) {
			len = i ? build(&in, &t[i - 1], 0) :
				  pkt_build(&in, frame);
			for (int n = 0; n <= i; n++)
				give(len);
			len = pkt_build(&out, want);
			must_be(len);
		}
		for (int i = 0; i < 3; i++)
			assert_int_equal(cells[i]->packets, i + 1);
	}
}

/* What stands inside has an entry, but the header is not the tunnel's as the
 * other end writes it: to user space, by the outer header. */
static void what_is_not_understood_meets_no_inner_entry(void **state)
{
	static const struct {
		int kind, family;
		struct pkt_tunnel wrong; /* XOR-ed in */
		enum nfold_reason why;
	} cases[] = {
		{ PKT_IPIP, 4, { .type = 4 }, NFOLD_REASON_FAST },
		{ PKT_IPIP, 4, { .type = 41 }, NFOLD_REASON_MISS },
		{ PKT_IPIP, 4, { .type = 97 }, NFOLD_REASON_MISS },
		{ PKT_IPIP, 4, { .src[3] = 1 << 5 }, NFOLD_REASON_MISS },
		{ PKT_IPIP, 4, { .dst[3] = 1 << 5 }, NFOLD_REASON_MISS },
		{ PKT_IPIP, 6, { .src[15] = 1 << 5 }, NFOLD_REASON_MISS },
		{ PKT_IPIP, 6, { .dst[0] = 1 }, NFOLD_REASON_MISS },
		{ PKT_IPIP, 4, { .frag = 0x2000 }, NFOLD_REASON_FRAGMENT },
		{ PKT_GRE, 4, { .gre = 0x8000 }, NFOLD_REASON_MISS },
		{ PKT_GRE, 4, { .gre = 0x4000 }, NFOLD_REASON_MISS },
		{ PKT_GRE, 4, { .gre = 0x2000 }, NFOLD_REASON_MISS },
		{ PKT_GRE, 6, { .gre = 0x1000 }, NFOLD_REASON_MISS },
		{ PKT_GRE, 6, { .gre = 1 }, NFOLD_REASON_MISS },
		{ PKT_GRE, 4, { .type = 0x0806 }, NFOLD_REASON_MISS },
		{ PKT_GRE, 4, { .type = 0x6558 }, NFOLD_REASON_MISS },
		{ PKT_VXLAN, 4, { .vni = 1 << 20 }, NFOLD_REASON_MISS },
		{ PKT_VXLAN, 6, { .vni = 1 }, NFOLD_REASON_MISS },
		{ PKT_VXLAN, 4, { .vxlan_flags = 0x08 }, NFOLD_REASON_MISS },
		{ PKT_VXLAN, 4, { .vxlan_flags = 0x04 }, NFOLD_REASON_FAST },
		{ PKT_VXLAN, 4, { .port = 2 }, NFOLD_REASON_MISS },
		{ PKT_VXLAN, 4, { .type = 0x0806 }, NFOLD_REASON_MISS },
		{ PKT_VXLAN, 4, { .type = 0x8100 }, NFOLD_REASON_MISS },
		{ PKT_VXLAN, 4, { .sport = 1 }, NFOLD_REASON_FAST },
		{ PKT_VXLAN, 4, { .ttl = 1 }, NFOLD_REASON_FAST },
		{ PKT_GUE, 4, { .gue = { 0x20 } }, NFOLD_REASON_MISS },
		{ PKT_GUE, 4, { .gue = { 0x40 } }, NFOLD_REASON_MISS },
		{ PKT_GUE, 6, { .gue = { 0x01 } }, NFOLD_REASON_MISS },
		{ PKT_GUE, 4, { .gue = { 0, 0x80 } }, NFOLD_REASON_MISS },
		{ PKT_GUE, 4, { .type = 6 }, NFOLD_REASON_MISS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pkt_tunnel t = pkt_tunnel_new(cases[i].kind,
						     cases[i].family);
		struct pkt in = pkt_new(4, IPPROTO_UDP), out = routed(&in);
		uint8_t tunnel = known(t.kind, t.family);
		uint8_t *to = (uint8_t *)&t;
		uint32_t len;

		for (size_t n = offsetof(struct pkt_tunnel, src);
		     n < sizeof(t); n++)
			to[n] ^= ((const uint8_t *)&cases[i].wrong)[n];
		edits[0] = unwrap(&in, &t);
		fx_clear(&fx);
		install(&in, &out, tunnel, 0);
		len = build(&in, &t, 0);
		give(len);
		if (r.why != cases[i].why)
			fail_msg("case %zu: %s", i, reason_word(r.why));
		if (r.why == NFOLD_REASON_MISS)
			must_be_punted(NFOLD_REASON_MISS, len);
	}
}

/* Cut anywhere, with outer lengths that say so: never fast, never read beyond
 * the end. */
static void what_is_cut_short_meets_no_inner_entry(void **state)
{
	(void)state;
	for (int i = 0; i < 16; i++) {
		struct pkt_tunnel t = pkt_tunnel_new(i % 4, i & 4 ? 4 : 6);
		struct pkt in = pkt_new(i & 8 ? 4 : 6, IPPROTO_UDP);
		struct pkt out = routed(&in);
		uint32_t whole, n = t.family == 4 ? 20 : 40;
		uint8_t *ip = frame + 14;

		in.payload = out.payload = 0;
		edits[0] = unwrap(&in, &t);
		fx_clear(&fx);
		install(&in, &out, known(t.kind, t.family), 0);
		whole = build(&in, &t, 0);
		for (uint32_t len = whole - 1; len >= 14 + n; len--) {
			put16(ip + (t.family == 4 ? 2 : 4),
			      len - 14 - (t.family == 4 ? 0 : 40));
			if (t.family == 4) {
				put16(ip + 10, 0);
				put16(ip + 10, ~pkt_sum(ip, 20, 0));
			}
			if (t.kind >= PKT_VXLAN)
				put16(ip + n + 4, len - 14 - n);
			give(len);
			if (r.why != NFOLD_REASON_MISS &&
			    r.why != NFOLD_REASON_TRUNCATED &&
			    r.why != NFOLD_REASON_BAD_HEADER)
				fail_msg("%d cut to %u of %u: %s", i, len,
					 whole, reason_word(r.why));
		}
	}
}

/* What may be no flow by itself is none inside; what is, is. */
static void the_inner_packet_is_judged(void **state)
{
	(void)state;
	for (int kind = 0; kind < 4; kind++)
		for (int i = 0; i < 8; i++) {
			struct pkt_tunnel t = pkt_tunnel_new(kind, 4);
			struct pkt in = pkt_new(i == 5 || i == 6 ? 6 : 4,
						IPPROTO_UDP);
			struct pkt out;
			bool good = i == 4 || i == 5;
			uint32_t len, l3;

			if (i == 0)
				in.frag = 0x2000;
			if (i == 1)
				in.frag = 3;
			if (i == 4)
				in.options = 12;
			if (i == 5) {
				in.ext_cnt = 2;
				in.ext[0] = in.ext[1] = IPPROTO_DSTOPTS;
			}
			if (i == 6) {
				in.ext_cnt = 7;
				memset(in.ext, IPPROTO_DSTOPTS, 7);
			}
			out = routed(&in);
			edits[0] = unwrap(&in, &t);
			fx_clear(&fx);
			install(&in, &out, known(kind, 4), 0);
			len = build(&in, &t, 0);
			l3 = len - (pkt_build(&in, want) - 14);
			if (i == 2)
				frame[l3 + 10] ^= 1;	/* checksum */
			if (i == 3)
				frame[l3] ^= 0x20;	/* version */
			if (i == 7)
				put16(frame + l3 + 2, 2000);	/* length */
			give(len);
			if (good)
				must_be(pkt_build(&out, want));
			else
				must_be_punted(NFOLD_REASON_MISS, len);
		}
}

/* A tunnel in a tunnel: the key is that of the second outer header. */
static void only_the_first_header_is_looked_through(void **state)
{
	struct pkt_tunnel a = pkt_tunnel_new(PKT_IPIP, 4);
	struct pkt_tunnel b = pkt_tunnel_new(PKT_GRE, 4);
	struct pkt in = pkt_new(4, IPPROTO_UDP), out = routed(&in);
	struct pkt mid = { .family = 4, .proto = IPPROTO_GRE, .ttl = 64 };
	struct fx_entry e;
	uint32_t len;

	(void)state;
	memcpy(mid.src, b.src, 4);
	memcpy(mid.dst, b.dst, 4);
	edits[0] = unwrap(&in, &a);
	fx_clear(&fx);
	install(&in, &out, known(PKT_IPIP, 4), 0);
	len = build(&in, &b, 0);
	len = pkt_wrap(&a, frame, len, 14);
	give(len);
	must_be_punted(NFOLD_REASON_MISS, len);
	e = fx_fold(&mid, &mid, 0, 2);
	e.key.tunnel = known(PKT_IPIP, 4);
	e.act.verdict = NFOLD_VERDICT_DROP;
	fx_install(&fx, &e);
	give(len);
	assert_int_equal(r.why, NFOLD_REASON_DROP_FOLDED);
}

/* By a port that is not looked at the key is the outer header's. */
static void other_ports_are_not_looked_at(void **state)
{
	struct pkt_tunnel t = pkt_tunnel_new(PKT_GRE, 4);
	struct pkt in = pkt_new(4, IPPROTO_UDP), out = routed(&in);
	struct fx_entry e = fx_fold(&in, &out, 1, 2);
	uint32_t len;

	(void)state;
	e.key.tunnel = known(PKT_GRE, 4);
	e.act.edit = 1;
	edits[0] = unwrap(&in, &t);
	memcpy(in.dmac, (uint8_t[]){ 2, 0, 0, 0, 0, 2 }, 6);
	fx_clear(&fx);
	fx_install(&fx, &e);
	len = build(&in, &t, 0);
	assert_int_equal(fx_run(&fx, 1, frame, len, &r), 0);
	/* A punt: no socket on that port. */
	assert_int_equal(r.why, NFOLD_REASON_NO_ENGINE);
}

/* TTL and MTU are the inner packet's. */
static void ttl_and_mtu_are_the_inner_packets(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct pkt_tunnel t = pkt_tunnel_new(PKT_VXLAN, 6);
		struct pkt in = pkt_new(4, IPPROTO_UDP), out;
		uint32_t len;

		in.ttl = i == 1 ? 1 : 2;
		in.payload = 1500 - 28 + (i == 3);
		t.ttl = 1;
		out = routed(&in);
		edits[0] = unwrap(&in, &t);
		fx_clear(&fx);
		install(&in, &out, known(PKT_VXLAN, 6), 0);
		len = build(&in, &t, 0);
		give(len);
		if (i == 1)
			must_be_punted(NFOLD_REASON_TTL, len);
		else if (i == 3)
			must_be_punted(NFOLD_REASON_MTU, len);
		else
			must_be(pkt_build(&out, want));
	}
}

static void packets_in_fragments_too(void **state)
{
	static uint8_t big[16384], got[16384], made[16384];
	struct pkt_tunnel t = pkt_tunnel_new(PKT_VXLAN, 6);
	struct pkt in = pkt_new(4, IPPROTO_TCP), out = routed(&in);
	struct xdp_md ctx = { .data_end = 3000 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = big, .data_out = got,
		    .data_size_out = sizeof(got), .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = 1);
	struct nfold_config *c;
	struct nfold_edit *ed;
	struct fixture two;
	struct fx_entry e;
	uint32_t len;

	(void)state;
	fx_open(&two);
	bpf_program__set_flags(two.skel->progs.nfold_xdp_tunnels,
			       BPF_F_XDP_HAS_FRAGS);
	c = (struct nfold_config *)&two.skel->rodata->config;
	table(c);
	c->linear = 0;
	assert_int_equal(fx_load(&two), 0);
	two.ports[1].mtu = 9000;
	ctx.ingress_ifindex = two.ifindex[0];
	ed = fx_map(two.skel->maps.edits, sizeof(*ed));
	in.payload = out.payload = 8000;
	in.csum = PKT_CSUM_PARTIAL;
	ed[0] = unwrap(&in, &t);
	e = fx_fold(&in, &out, 0, 2);
	e.key.tunnel = known(PKT_VXLAN, 6);
	e.act.edit = 1;
	e.act.flags = NFOLD_ACT_CSUM_PARTIAL | NFOLD_ACT_EDIT_PACKET;
	fx_install(&two, &e);
	len = pkt_build(&in, big);
	opts.data_size_in = pkt_wrap(&t, big, len, 14);
	assert_int_equal(bpf_prog_test_run_opts(two.prog, &opts), 0);
	len = pkt_build(&out, made);
	assert_int_equal(opts.retval, XDP_REDIRECT);
	assert_int_equal(opts.data_size_out, len);
	assert_memory_equal(got, made, len);
	munmap(ed, 4096);
	fx_close(&two);
}

static int setup(void **state)
{
	(void)state;
	fx_open(&fx);
	table((struct nfold_config *)&fx.skel->rodata->config);
	if (fx_load(&fx))
		return -1;
	fx_socket(&fx);
	edits = fx_map(fx.skel->maps.edits, sizeof(*edits));
	tmpls = fx_map(fx.skel->maps.tmpls, sizeof(*tmpls));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	munmap(edits, 4096);
	munmap(tmpls, NFOLD_TMPL_CNT * sizeof(*tmpls));
	fx_close(&fx);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_known_header_is_taken_off),
		cmocka_unit_test(edits_are_the_inner_packets),
		cmocka_unit_test(the_tunnel_is_part_of_the_key),
		cmocka_unit_test(what_is_not_understood_meets_no_inner_entry),
		cmocka_unit_test(what_is_cut_short_meets_no_inner_entry),
		cmocka_unit_test(the_inner_packet_is_judged),
		cmocka_unit_test(only_the_first_header_is_looked_through),
		cmocka_unit_test(other_ports_are_not_looked_at),
		cmocka_unit_test(ttl_and_mtu_are_the_inner_packets),
		cmocka_unit_test(packets_in_fragments_too),
	};

	return cmocka_run_group_tests_name("tunnel_in", tests, setup, teardown);
}
