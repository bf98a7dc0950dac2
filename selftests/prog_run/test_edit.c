// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Edit records in XDP: DSCP, TCP shifts, tags and tunnels make the bytes that
 * the builder, and an outer header written here field by field, make from
 * scratch; and what XDP must not do is punted with the packet unchanged.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "fixture.h"
#include "maps/edit_word.h"
#include "userspace/tmpl.h"

static struct fixture fx;
static struct nfold_edit *edits;
static struct nfold_tmpl *tmpls;
static uint8_t frame[PKT_MAX], want[PKT_MAX];
static struct fx_result r;

/* What the engine sets beside act.edit. */
static void set_edit(struct nfold_act *act, const struct nfold_edit *e)
{
	act->edit = 1;
	act->grow = e->grow;
	if (e->flags & (NFOLD_EDIT_DSCP | NFOLD_EDIT_SEQ))
		act->flags |= NFOLD_ACT_EDIT_PACKET;
}

/* Installs in -> out with edit record 1, or the word for it, and sends `in`. */
static void run_as(const struct pkt *in, const struct pkt *out, uint8_t flags,
		   uint32_t len, uint32_t word)
{
	struct fx_entry e = fx_fold(in, out, 0, 2);

	e.act.flags = flags;
	set_edit(&e.act, &edits[0]);
	if (word)
		e.act.edit = word;
	fx_clear(&fx);
	fx_install(&fx, &e);
	assert_int_equal(fx_run(&fx, 0, frame, len, &r), 0);
}

static void run(const struct pkt *in, const struct pkt *out, uint8_t flags,
		uint32_t len)
{
	run_as(in, out, flags, len, 0);
}

static void must_be(uint32_t len)
{
	assert_int_equal(r.why, NFOLD_REASON_FAST);
	assert_int_equal(r.counted, 1);
	assert_int_equal(r.len, len);
	assert_memory_equal(r.data, want, len);
}

/* The packet leaves by port 1, its addresses rewritten. */
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

static struct pkt tagged(int family, uint8_t proto, int tags)
{
	struct pkt k = pkt_new(family, proto);

	k.tags = tags;
	k.tci[0] = 0xa00a;
	k.tci[1] = 0x6014;
	k.tpid[0] = tags == 2 ? 0x88a8 : 0x8100;
	return k;
}

/* Sets the traffic class octet in built bytes, checksum anew. */
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

static void dscp_is_set_and_ecn_stays(void **state)
{
	(void)state;
	for (int i = 0; i < 2 * 256; i++) {
		struct pkt in = pkt_new(i & 1 ? 4 : 6, IPPROTO_UDP);
		struct pkt out = routed(&in);
		uint8_t tos = i / 2, dscp = (i * 7) & 0xfc;
		uint32_t len = pkt_build(&in, frame);

		pkt_build(&out, want);
		put_tos(frame + 14, tos);
		put_tos(want + 14, dscp | (tos & 3));
		edits[0] = (struct nfold_edit){
			.flags = NFOLD_EDIT_DSCP | (i & 1 ? 0 : NFOLD_EDIT_IP6),
			.dscp = dscp };
		run(&in, &out, 0, len);
		must_be(len);
	}
}

/* As the builder does, over what the test has put into the header. */
static void tcp_csum(const struct pkt *k, uint8_t *tcp, bool partial)
{
	uint32_t sum = pkt_pseudo(k, 20 + k->payload);

	put16(tcp + 16, 0);
	if (!partial)
		sum = ~pkt_sum(tcp, 20 + k->payload, sum);
	put16(tcp + 16, sum);
}

static void tcp_numbers_are_shifted(void **state)
{
	static const uint32_t nums[] = { 0, 1, 0xffffffff, 0x80000000,
					 0x12345678, 0xfffeffff };

	(void)state;
	for (int i = 0; i < 6 * 6 * 16; i++) {
		struct pkt in = pkt_new(i & 1 ? 4 : 6, IPPROTO_TCP), out;
		uint32_t seq = nums[i / 16 % 6], add = nums[i / 96];
		bool partial = i & 2, ack = i & 4, options = i & 8;
		uint32_t l4 = 14 + (i & 1 ? 20 : 40), len;

		in.flags = ack ? 0x10 : 0x02;
		out = routed(&in);
		len = pkt_build(&in, frame);
		pkt_build(&out, want);
		put32(frame + l4 + 4, seq);
		put32(frame + l4 + 8, ~seq);
		put32(want + l4 + 4, seq + add);
		put32(want + l4 + 8, ack ? ~seq - add : ~seq);
		for (int o = 0; options && o < 2; o++) {
			uint8_t *tcp = (o ? want : frame) + l4;

			tcp[12] = 8 << 4;
			put32(tcp + 20, 0x0101080a);
		}
		tcp_csum(&in, frame + l4, partial);
		tcp_csum(&out, want + l4, false);
		edits[0] = (struct nfold_edit){
			.flags = NFOLD_EDIT_SEQ | (i & 1 ? 0 : NFOLD_EDIT_IP6),
			.seq_add = add, .ack_add = -add };
		run(&in, &out, NFOLD_ACT_CSUM_PARTIAL, len);
		must_be(len);
	}
}

/* SACK, and whatever may be it, is for user space. */
static void odd_tcp_options_are_punted_unchanged(void **state)
{
	static const uint8_t odd[][4] = {
		{ 1, 1, 5, 10 }, { 5, 10, 0, 0 }, { 8, 10, 1, 1 },
		{ 2, 4, 5, 0xb4 },
	};

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct pkt in = pkt_new(4, IPPROTO_TCP), out = routed(&in);
		uint32_t len = pkt_build(&in, frame);

		frame[34 + 12] = 8 << 4;
		memcpy(frame + 34 + 20, odd[i], 4);
		tcp_csum(&in, frame + 34, false);
		edits[0] = (struct nfold_edit){ .flags = NFOLD_EDIT_SEQ,
						.seq_add = 1 };
		run(&in, &out, 0, len);
		assert_int_equal(r.why, NFOLD_REASON_SLOW_FLOW);
		assert_int_equal(r.action, XDP_REDIRECT);
		assert_memory_equal(r.data + sizeof(struct nfold_punt), frame,
				    len);
	}
}

/* Every number of tags on and off. */
static void tags_are_taken_off_and_put_on(void **state)
{
	(void)state;
	for (int tags = 0; tags <= 2; tags++)
		for (int strip = 0; strip <= tags; strip++)
			for (int push = 0; push + tags - strip <= 2; push++)
				for (int v = 0; v < 4; v++) {
			struct pkt in = tagged(v & 1 ? 4 : 6, IPPROTO_TCP, tags);
			struct pkt out = routed(&in);
			uint32_t len = pkt_build(&in, frame);
			struct nfold_edit e = {
				.flags = NFOLD_EDIT_FRAME |
					 (v & 1 ? 0 : NFOLD_EDIT_IP6),
				.strip = strip, .keep = tags - strip,
				.push = push,
				.ethertype = htons(v & 1 ? 0x0800 : 0x86dd) };

			out.tags = push + tags - strip;
			for (int i = 0; i < out.tags; i++) {
				int from = i - push + strip;

				out.tpid[i] = i < push ? 0x9100 + i :
					      in.tpid[from] ? in.tpid[from] :
							      0x8100;
				out.tci[i] = i < push ? 0x7000 + i :
							in.tci[from];
			}
			for (int i = 0; i < push; i++) {
				put16((uint8_t *)&e.tag[i], out.tpid[i]);
				put16((uint8_t *)&e.tag[i] + 2, out.tci[i]);
			}
			edits[0] = e;
			if (v & 2) {	/* wire mode: MAC addresses move */
				memcpy(out.dmac, in.dmac, 6);
				memcpy(out.smac, in.smac, 6);
			}
			run(&in, &out, v & 2 ? NFOLD_ACT_KEEP_L2 : 0, len);
			must_be(pkt_build(&out, want));
		}
}

/* --- tunnels --- */

static struct nf_tunnel tunnel(int kind, int family)
{
	struct nf_tunnel t = { .kind = kind, .family = family, .ttl = 64,
			       .port = htons(4789), .vni = 0x123456,
			       .dmac = { 2, 7 }, .smac = { 2, 8 } };

	inet_pton(family == 4 ? AF_INET : AF_INET6,
		  family == 4 ? "203.0.113.1" : "2001:db8:77::1", t.local.a);
	inet_pton(family == 4 ? AF_INET : AF_INET6,
		  family == 4 ? "203.0.113.2" : "2001:db8:77::2", t.remote.a);
	return t;
}

/* The headers of RFC 2784, 7348 and GUE after the outer IP; returns length. */
static uint32_t put_middle(uint8_t *p, int kind, int inner, uint32_t inner_len,
			   uint16_t sport)
{
	uint16_t type = inner == 4 ? 0x0800 : 0x86dd;
	uint32_t len = kind == NF_TUNNEL_GRE ? 4 : kind == NF_TUNNEL_GUE ? 12 :
		       kind == NF_TUNNEL_VXLAN ? 30 : 0;

	memset(p, 0, len);
	if (kind == NF_TUNNEL_GRE)
		put16(p + 2, type);
	if (kind < NF_TUNNEL_VXLAN)
		return len;
	put16(p, sport);
	put16(p + 2, 4789);
	put16(p + 4, len + inner_len);
	if (kind == NF_TUNNEL_GUE) {
		p[9] = inner == 4 ? 4 : 41;
		return len;
	}
	memcpy(p + 8, (uint8_t[]){ 8, 0, 0, 0, 0x12, 0x34, 0x56, 0, 2, 7, 0, 0,
				   0, 0, 2, 8 }, 16);
	put16(p + 28, type);
	return len;
}

/* Writes the outer headers at `to` for inner_len bytes of IP behind them; from
 * scratch. Returns their length. */
static uint32_t put_outer(uint8_t *to, const struct nf_tunnel *t, int inner,
			  uint32_t inner_len, uint8_t tos, uint16_t sport)
{
	uint32_t ip = t->family == 4 ? 20 : 40;
	uint32_t mid = put_middle(to + ip, t->kind, inner, inner_len, sport);
	uint8_t proto = t->kind == NF_TUNNEL_GRE ? 47 :
			t->kind != NF_TUNNEL_IPIP ? 17 : inner == 4 ? 4 : 41;

	memset(to, 0, ip);
	if (t->family == 6) {
		put16(to, 0x6000 | tos << 4);
		put16(to + 4, mid + inner_len);
		to[6] = proto;
		to[7] = 64;
		memcpy(to + 8, t->local.a, 16);
		memcpy(to + 24, t->remote.a, 16);
		return ip + mid;
	}
	to[0] = 0x45;
	to[1] = tos;
	put16(to + 2, ip + mid + inner_len);
	put16(to + 6, 0x4000);
	to[8] = 64;
	to[9] = proto;
	memcpy(to + 12, t->local.a, 4);
	memcpy(to + 16, t->remote.a, 4);
	put16(to + 10, ~pkt_sum(to, 20, 0));
	return ip + mid;
}

/* Puts the outer headers into the built frame, in front of IP. */
static uint32_t wrap(uint8_t *buf, uint32_t len, uint32_t pad, int tags,
		     const struct nf_tunnel *t, int inner, uint8_t tos)
{
	uint32_t l3 = 14 + 4 * tags, n;
	uint8_t head[80];

	n = put_outer(head, t, inner, len - l3 - pad, tos, 50000);
	memmove(buf + l3 + n, buf + l3, len - l3);
	memcpy(buf + l3, head, n);
	put16(buf + l3 - 2, t->family == 4 ? 0x0800 : 0x86dd);
	return len + n;
}

static void one_tunnel(int kind, int outer, int inner, int tags, uint8_t tos,
		       bool copy)
{
	struct nf_tunnel t = tunnel(kind, outer);
	struct pkt in = tagged(inner, IPPROTO_TCP, tags), out = routed(&in);
	uint8_t flags = tos & 8 ? NFOLD_ACT_KEEP_L2 : 0;
	uint32_t in_len, len, word;

	if (flags) {
		memcpy(out.dmac, in.dmac, 6);
		memcpy(out.smac, in.smac, 6);
	}
	in.pad = out.pad = tos & 1 ? 6 : 0;
	in.payload = out.payload = 20 + tos;
	t.copy_dscp = copy;
	t.dscp = 0x2a;
	tmpl_make(&tmpls[4], &t, inner);
	edits[0] = (struct nfold_edit){
		.flags = NFOLD_EDIT_FRAME | (inner == 6 ? NFOLD_EDIT_IP6 : 0),
		.keep = tags, .tmpl = { 5 }, .sport = { htons(50000) },
		.ethertype = htons(outer == 4 ? 0x0800 : 0x86dd),
		.grow = tmpls[4].len };
	in_len = pkt_build(&in, frame);
	put_tos(frame + 14 + 4 * tags, tos);
	len = pkt_build(&out, want);
	put_tos(want + 14 + 4 * tags, tos);
	len = wrap(want, len, out.pad, tags, &t, inner,
		   (copy ? tos & 0xfc : 0x2a << 2) | (tos & 3));
	run(&in, &out, flags, in_len);
	must_be(len);
	word = nfold_edit_word(&edits[0]);
	assert_int_equal(!word, tags > 0);
	if (!word)
		return;
	edits[0] = (struct nfold_edit){ .grow = tmpls[4].len };
	run_as(&in, &out, flags, in_len, word);
	must_be(len);
}

static void every_tunnel_is_as_built_from_scratch(void **state)
{
	(void)state;
	for (int kind = 0; kind < 4; kind++)
		for (int fam = 0; fam < 4; fam++)
			for (int tags = 0; tags <= 2; tags++)
				for (int tos = 0; tos < 256; tos += 37)
					one_tunnel(kind, fam & 1 ? 4 : 6,
						   fam & 2 ? 4 : 6, tags, tos,
						   tos & 4);
}

static void a_tunnel_in_a_tunnel_and_a_tag(void **state)
{
	(void)state;
	for (int i = 0; i < 16; i++) {
		struct nf_tunnel a = tunnel(i % 4, i & 4 ? 4 : 6);
		struct nf_tunnel b = tunnel(3 - i % 4, i & 8 ? 4 : 6);
		struct pkt in = tagged(i & 1 ? 4 : 6, IPPROTO_UDP, 1);
		struct pkt out = routed(&in);
		uint32_t len = pkt_build(&in, frame);
		struct nfold_edit e = {
			.flags = NFOLD_EDIT_FRAME |
				 (i & 1 ? 0 : NFOLD_EDIT_IP6),
			.strip = 1, .push = 1, .tmpl = { 1, 2 },
			.sport = { htons(50000), htons(50000) } };

		a.copy_dscp = b.copy_dscp = true;
		tmpl_make(&tmpls[0], &a, in.family);
		tmpl_make(&tmpls[1], &b, a.family);
		e.grow = tmpls[0].len + tmpls[1].len;
		e.ethertype = htons(b.family == 4 ? 0x0800 : 0x86dd);
		put16((uint8_t *)&e.tag[0], 0x88a8);
		put16((uint8_t *)&e.tag[0] + 2, 0x2fff);
		edits[0] = e;
		out.tpid[0] = 0x88a8;
		out.tci[0] = 0x2fff;
		run(&in, &out, 0, len);
		len = pkt_build(&out, want);
		len = wrap(want, len, 0, 1, &a, in.family, 0);
		len = wrap(want, len, 0, 1, &b, a.family, 0);
		must_be(len);
	}
}

/* The MTU counts the outer bytes, to the byte. */
static void too_big_with_its_header_is_punted_unchanged(void **state)
{
	(void)state;
	for (int more = 0; more < 2; more++) {
		struct nf_tunnel t = tunnel(NF_TUNNEL_VXLAN, 4);
		struct pkt in = pkt_new(4, IPPROTO_UDP), out = routed(&in);
		uint32_t len;

		in.payload = 1500 - 50 - 28 + more;
		tmpl_make(&tmpls[0], &t, 4);
		assert_int_equal(tmpls[0].len, 50);
		edits[0] = (struct nfold_edit){
			.flags = NFOLD_EDIT_FRAME | NFOLD_EDIT_DSCP,
			.dscp = 8, .tmpl = { 1 }, .grow = 50,
			.ethertype = htons(0x0800) };
		len = pkt_build(&in, frame);
		run(&in, &out, 0, len);
		assert_int_equal(r.why, more ? NFOLD_REASON_MTU :
					       NFOLD_REASON_FAST);
		if (more)
			assert_memory_equal(r.data + sizeof(struct nfold_punt),
					    frame, len);
	}
}

/* N7: TTL - k; what dies on the way is punted, before a drop too. */
static void hops_count_and_the_dying_are_punted(void **state)
{
	(void)state;
	for (int ttl = 1; ttl < 8; ttl++)
		for (int k = 1; k < 5; k++)
			for (int drop = 0; drop < 2; drop++) {
				struct pkt in = pkt_new(4, IPPROTO_UDP), out;
				uint32_t len;
				struct fx_entry e;

				in.ttl = ttl;
				out = routed(&in);
				out.ttl = ttl > k ? ttl - k : 0;
				e = fx_fold(&in, &out, 0, 2);
				e.act.ttl_dec = k;
				if (drop)
					e.act.verdict = NFOLD_VERDICT_DROP;
				fx_clear(&fx);
				fx_install(&fx, &e);
				len = pkt_build(&in, frame);
				pkt_build(&out, want);
				assert_int_equal(fx_run(&fx, 0, frame, len, &r),
						 0);
				if (ttl <= k)
					assert_int_equal(r.why,
							 NFOLD_REASON_TTL);
				else if (drop)
					assert_int_equal(
						r.why,
						NFOLD_REASON_DROP_FOLDED);
				else
					must_be(len);
			}
}

/* A packet of several buffers gets its headers in front of the first one. */
static void packets_in_fragments_too(void **state)
{
	static uint8_t big[16384], got[16384], made[16384];
	struct nf_tunnel t = tunnel(NF_TUNNEL_VXLAN, 6);
	struct fixture two;
	struct pkt in = tagged(4, IPPROTO_TCP, 1), out = routed(&in);
	struct xdp_md ctx = { .data_end = 3000 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = big, .data_out = got,
		    .data_size_out = sizeof(got), .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = 1);
	struct nfold_config *c;
	struct nfold_tmpl *tm;
	struct nfold_edit *ed;
	struct fx_entry e;
	uint32_t len;

	(void)state;
	fx_open(&two);
	bpf_program__set_flags(two.skel->progs.nfold_xdp, BPF_F_XDP_HAS_FRAGS);
	c = (struct nfold_config *)&two.skel->rodata->config;
	c->edits = 1;
	c->linear = 0;
	assert_int_equal(fx_load(&two), 0);
	two.ports[1].mtu = 9000;
	ctx.ingress_ifindex = two.ifindex[0];
	ed = fx_map(two.skel->maps.edits, sizeof(*ed));
	tm = fx_map(two.skel->maps.tmpls, sizeof(*tm));
	in.payload = out.payload = 8000;
	in.csum = PKT_CSUM_PARTIAL;
	tmpl_make(tm, &t, 4);
	ed[0] = (struct nfold_edit){
		.flags = NFOLD_EDIT_FRAME | NFOLD_EDIT_SEQ, .seq_add = 5,
		.strip = 1, .tmpl = { 1 }, .sport = { htons(50000) },
		.ethertype = htons(0x86dd), .grow = tm->len };
	e = fx_fold(&in, &out, 0, 2);
	e.act.flags = NFOLD_ACT_CSUM_PARTIAL;
	set_edit(&e.act, &ed[0]);
	fx_install(&two, &e);
	opts.data_size_in = pkt_build(&in, big);
	assert_int_equal(bpf_prog_test_run_opts(two.prog, &opts), 0);
	out.tags = 0;
	len = pkt_build(&out, made);
	put32(made + 34 + 4, get16(made + 34 + 4) << 16 |
				     (get16(made + 34 + 6) + 5));
	tcp_csum(&out, made + 34, false);
	len = wrap(made, len, 0, 0, &t, 4, 0);
	assert_int_equal(opts.retval, XDP_REDIRECT);
	assert_int_equal(opts.data_size_out, len);
	assert_memory_equal(got, made, len);
	munmap(ed, 4096);
	munmap(tm, NFOLD_TMPL_CNT * sizeof(*tm));
	fx_close(&two);
}

static int setup(void **state)
{
	(void)state;
	fx_open(&fx);
	((struct nfold_config *)&fx.skel->rodata->config)->edits = 1;
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
		cmocka_unit_test(dscp_is_set_and_ecn_stays),
		cmocka_unit_test(tcp_numbers_are_shifted),
		cmocka_unit_test(odd_tcp_options_are_punted_unchanged),
		cmocka_unit_test(tags_are_taken_off_and_put_on),
		cmocka_unit_test(every_tunnel_is_as_built_from_scratch),
		cmocka_unit_test(a_tunnel_in_a_tunnel_and_a_tag),
		cmocka_unit_test(too_big_with_its_header_is_punted_unchanged),
		cmocka_unit_test(packets_in_fragments_too),
		cmocka_unit_test(hops_count_and_the_dying_are_punted),
	};

	return cmocka_run_group_tests_name("edit", tests, setup, teardown);
}
