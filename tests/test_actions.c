// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The action algebra (docs/FOLD.md, N4 to N10): every sequence of up to three
 * actions, done one after the other by what NFs call (userspace/pkt*.c), and
 * folded to one action, make the same bytes of the same packet.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/action_frame.h"

static struct nf_tunnel ipip, gre6, vxlan, gue6, ah6;

static void tunnels(void)
{
	const struct nf_addr a4 = { { inet_addr("192.0.2.1") } };
	const struct nf_addr b4 = { { inet_addr("192.0.2.2") } };
	struct nf_addr a6, b6;

	inet_pton(AF_INET6, "2001:db8:a::1", a6.a);
	inet_pton(AF_INET6, "2001:db8:a::2", b6.a);
	ipip = (struct nf_tunnel){ .kind = NF_TUNNEL_IPIP, .family = 4,
				   .copy_dscp = true };
	gre6 = (struct nf_tunnel){ .kind = NF_TUNNEL_GRE, .family = 6,
				   .dscp = 10 };
	vxlan = (struct nf_tunnel){ .kind = NF_TUNNEL_VXLAN, .family = 4,
				    .port = htons(4789), .vni = 42,
				    .dmac = { 2, 1 }, .smac = { 2, 2 } };
	gue6 = (struct nf_tunnel){ .kind = NF_TUNNEL_GUE, .family = 6,
				   .copy_dscp = true, .port = htons(6080) };
	ah6 = (struct nf_tunnel){ .kind = NF_TUNNEL_AH, .family = 6,
				  .copy_dscp = true, .spi = 0x1234,
				  .icv_len = 16 };
	ipip.local = vxlan.local = a4;
	ipip.remote = vxlan.remote = b4;
	gre6.local = gue6.local = ah6.local = a6;
	gre6.remote = gue6.remote = ah6.remote = b6;
	ipip.ttl = gre6.ttl = vxlan.ttl = gue6.ttl = NF_TUNNEL_TTL;
	ah6.ttl = NF_TUNNEL_TTL;
}

/* --- the alphabet --- */

static const struct {
	const char *name;
	enum header_action_kind kind;
	enum nfold_field field;
	int n;
	const struct nf_tunnel *tunnel;
} letters[] = {
	{ .name = "forward", .kind = HA_FORWARD },
	{ .name = "drop", .kind = HA_DROP },
	{ .name = "modify daddr", .kind = HA_MODIFY, .field = NFOLD_FIELD_DADDR, .n = 1 },
	{ .name = "modify daddr again", .kind = HA_MODIFY, .field = NFOLD_FIELD_DADDR, .n = 2 },
	{ .name = "modify sport", .kind = HA_MODIFY, .field = NFOLD_FIELD_SPORT, .n = 3 },
	{ .name = "ttl 1", .kind = HA_TTL, .n = 1 },
	{ .name = "ttl 3", .kind = HA_TTL, .n = 3 },
	{ .name = "dscp af21", .kind = HA_DSCP, .n = 18 },
	{ .name = "dscp 0", .kind = HA_DSCP },
	{ .name = "seq", .kind = HA_SEQ, .n = 0x7ffffff0 },
	{ .name = "push 0x8100", .kind = HA_VLAN_PUSH, .n = 0x6065 },
	{ .name = "push 0x88a8", .kind = HA_VLAN_PUSH, .n = 0x0fff },
	{ .name = "pop", .kind = HA_VLAN_POP },
	{ .name = "encap ipip", .kind = HA_ENCAP, .tunnel = &ipip },
	{ .name = "encap gre6", .kind = HA_ENCAP, .tunnel = &gre6 },
	{ .name = "encap vxlan", .kind = HA_ENCAP, .tunnel = &vxlan },
	{ .name = "encap gue6", .kind = HA_ENCAP, .tunnel = &gue6 },
	{ .name = "encap ah6", .kind = HA_ENCAP, .tunnel = &ah6 },
	{ .name = "hop", .kind = HA_HOP },
	{ .name = "decap ipip", .kind = HA_DECAP, .tunnel = &ipip },
	{ .name = "decap gre6", .kind = HA_DECAP, .tunnel = &gre6 },
	{ .name = "decap vxlan", .kind = HA_DECAP, .tunnel = &vxlan },
	{ .name = "decap gue6", .kind = HA_DECAP, .tunnel = &gue6 },
	{ .name = "decap ah6", .kind = HA_DECAP, .tunnel = &ah6 },
};
#define LETTERS ((int)(sizeof(letters) / sizeof(letters[0])))

static bool has_ports(const struct nf_pkt *pkt)
{
	return pkt->l4proto == IPPROTO_TCP || pkt->l4proto == IPPROTO_UDP;
}

static struct header_action modify(const struct nf_pkt *pkt, int letter)
{
	enum nfold_field field = letters[letter].field;
	struct nf_addr a = { { htonl(0x0a010100 + letters[letter].n) } };

	if (pkt->family == 6)
		a = (struct nf_addr){ { htonl(0x20010db8), 0, 0,
					htonl(letters[letter].n) } };
	if (field == NFOLD_FIELD_DADDR)
		return ha_modify_addr(field, &a);
	if (!has_ports(pkt))
		return (struct header_action){ .kind = HA_FORWARD };
	return ha_modify_port(field, htons(5000 + letter));
}

/* As an NF would choose it, knowing the packet. */
static struct header_action action_of(const struct nf_pkt *pkt, int letter)
{
	int n = letters[letter].n;

	switch (letters[letter].kind) {
	case HA_FORWARD:
		break;
	case HA_DROP:
		return ha_drop(NFOLD_REASON_FIREWALL_DENY);
	case HA_MODIFY:
		return modify(pkt, letter);
	case HA_TTL:
		return ha_ttl(n);
	case HA_DSCP:
		return ha_dscp(n);
	case HA_SEQ:
		/* Of TCP below a tunnel's header an NF knows nothing. */
		if (pkt->l4proto == IPPROTO_TCP)
			return ha_seq(n, -5);
		break;
	case HA_VLAN_PUSH:
		return ha_vlan_push(htons(letter & 1 ? 0x88a8 : 0x8100),
				    htons(n));
	case HA_VLAN_POP:
		return ha_vlan_pop();
	case HA_ENCAP:
		return (struct header_action){
			.kind = HA_ENCAP, .tunnel = letters[letter].tunnel };
	case HA_DECAP:
		return ha_decap(letters[letter].tunnel);
	case HA_HOP:
		return (struct header_action){ .kind = HA_HOP };
	}
	return (struct header_action){ .kind = HA_FORWARD };
}

static bool act_real(struct nf_pkt *pkt, int letter, struct header_action *ha)
{
	*ha = action_of(pkt, letter);
	return action_do(pkt, ha);
}

/* --- one sequence on one packet --- */

static void frame_make(struct frame *f, const struct pkt *k)
{
	assert_true(frame_build(f, k));
}

/* Every header of the frame is right in itself: IPv4 checksums, lengths, and
 * the innermost L4 checksum. Returns how many IP headers there are. */
static int check_headers(const uint8_t *ip, const uint8_t *end)
{
	struct nfold_parse p = { .l3_off = 0 };
	uint8_t *at = (uint8_t *)ip;
	uint32_t len = end - ip, skip;
	struct nf_pkt in;

	if (ip[0] >> 4 == 4)
		assert_int_equal(nfold_parse_ip4(at, end, len, 0, 1, &p), 0);
	else
		assert_int_equal(nfold_parse_ip6(at, end, len, 0, 1, &p), 0);
	assert_int_equal(p.l3_len, len);
	if (p.l4proto == IPPROTO_GRE)
		return 1 + check_headers(ip + p.l4_off + 4, end);
	if (p.l4proto == IPPROTO_IPIP || p.l4proto == IPPROTO_IPV6)
		return 1 + check_headers(ip + p.l4_off, end);
	pkt_init(&in, at, len, &p);
	if (p.l4 == NFOLD_L4_UDP &&
	    (in.dport == vxlan.port || in.dport == gue6.port)) {
		skip = in.dport == vxlan.port ? 30 : 12;
		assert_int_equal(load16(ip + p.l4_off + 6), 0);
		assert_int_equal(ntohs(load16(ip + p.l4_off + 4)),
				 len - p.l4_off);
		assert_true(ntohs(in.sport) >= 49152 ||
			    (ntohs(in.sport) >= 5000 &&
			     ntohs(in.sport) < 5000 + LETTERS));
		return 1 + check_headers(ip + p.l4_off + skip, end);
	}
	assert_int_equal(pkt_csum_check(&in), PKT_CSUM_OK);
	return 1;
}

static long folded_cnt, refused_cnt, died_cnt;

static const struct egress router = { .verdict = NFOLD_VERDICT_FORWARD,
				      .nexthop = 7, .router = true };

static void describe(const int *l, int n, const struct pkt *k)
{
	printf("# IPv%d proto %d tags %d ttl %d:", k->family, k->proto, k->tags,
	       k->ttl);
	for (int i = 0; i < n; i++)
		printf(" %s;", letters[l[i]].name);
	printf("\n");
}

static void compare(const struct frame *a, const struct nf_pkt *pkt,
		    const int *l, int n, const struct pkt *k)
{
	if (a->len == pkt->len && !memcmp(a->data, pkt->data, pkt->len))
		return;
	describe(l, n, k);
	for (uint32_t i = 0; i < pkt->len && i < a->len; i++)
		if (a->data[i] != pkt->data[i])
			printf("# byte %u: folded %02x, sequential %02x\n", i,
			       a->data[i], pkt->data[i]);
	fail_msg("folded %u bytes, sequential %u, or other ones", a->len,
		 pkt->len);
}

enum outcome { FOLDED, IN_USER_SPACE, NO_SUCH_PACKET };

/* The frame through the sequence one by one, and through its fold. may_not: it
 * is not to be folded, but done in user space for each packet (N4). */
static enum outcome check_frame(struct frame *walked, const int *l, int n,
				const struct pkt *k, bool may_not)
{
	static struct frame entry;
	struct lmat_record recs[3] = { 0 };
	struct lmat m = { .records = recs };
	struct edit_plan plan;
	struct nfold_key6 key;
	struct gmat_entry g;
	struct nf_pkt pkt;
	bool dropped = false;

	frame_copy(&entry, walked);
	key = frame_key(walked);
	frame_pkt(walked, &pkt);
	pkt.router = true;
	for (int i = 0; i < n && !dropped; i++) {
		if (!act_real(&pkt, l[i], &recs[i].action))
			return NO_SUCH_PACKET;
		recs[i].nf = i;
		m.cnt++;
		dropped = recs[i].action.kind == HA_DROP;
	}
	if (consolidate(&g, &plan, &key, walked->parse.family, &m, &router)) {
		if (may_not)
			return IN_USER_SPACE;
		describe(l, n, k);
		fail_msg("it is not folded");
	}
	if (dropped) {
		assert_int_equal(g.act.verdict, NFOLD_VERDICT_DROP);
		assert_false(plan.used);
		return FOLDED;
	}
	if (may_not) {
		describe(l, n, k);
		fail_msg("it is folded");
	}
	assert_true(walked->parse.ttl > g.act.ttl_dec);
	assert_true(pkt_ttl_dec(&pkt));
	assert_true(frame_apply(&entry, &g, &plan));
	compare(&entry, &pkt, l, n, k);
	check_headers(pkt.data + pkt.l3_off, pkt.data + pkt.len);
	return FOLDED;
}

static void check_sequence(const int *l, int n, const struct pkt *k)
{
	static struct frame walked;
	enum outcome what;

	frame_make(&walked, k);
	what = check_frame(&walked, l, n, k, false);
	folded_cnt += what == FOLDED;
	refused_cnt += what == NO_SUCH_PACKET;
}

static struct pkt packet(int family, uint8_t proto, int tags)
{
	struct pkt k = pkt_new(family, proto);

	k.tags = tags;
	k.tci[0] = 0xe00a;
	k.tci[1] = 0x2014;
	k.tpid[0] = tags == 2 ? 0x88a8 : 0x8100;
	k.payload = 13;
	return k;
}

static void every_sequence_of_three_is_its_fold(void **state)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP,
					  IPPROTO_ICMP, 89 };
	int l[3];

	(void)state;
	for (int variant = 0; variant < 2 * 3 * 4; variant++) {
		struct pkt k = packet(variant % 2 ? 4 : 6, protos[variant / 6],
				      variant / 2 % 3);

		for (int n = 0; n < LETTERS * LETTERS * LETTERS; n++) {
			l[0] = n % LETTERS;
			l[1] = n / LETTERS % LETTERS;
			l[2] = n / LETTERS / LETTERS;
			check_sequence(l, 3, &k);
			if (n < LETTERS * LETTERS)
				check_sequence(l, 2, &k);
			if (n < LETTERS)
				check_sequence(l, 1, &k);
		}
	}
	printf("# %ld sequences folded and equal, %ld that no packet can have\n",
	       folded_cnt, refused_cnt);
	assert_true(folded_cnt > 100000);
}

/* --- the paper's five --- */

enum five { FORWARD, DROP, MODIFY, ENCAP, DECAP, FIVE };

/* Headers that encap puts on and decap takes off; the first is a VLAN tag. */
static const struct nf_tunnel *const headers[] = { NULL, &ipip, &gre6, &vxlan,
						   &gue6, &ah6 };
#define HEADERS ((int)(sizeof(headers) / sizeof(headers[0])))

/* The letter for an action as the i-th of a sequence. wire: a header of the wire
 * will be taken off, which is known by its addresses: modify is of DSCP. */
static int letter_of(enum five a, int i, const struct nf_tunnel *t, bool wire)
{
	static const enum header_action_kind kinds[FIVE] = {
		HA_FORWARD, HA_DROP, HA_MODIFY, HA_ENCAP, HA_DECAP };
	enum header_action_kind kind = kinds[a];
	int n = 0;

	if (a == MODIFY && wire)
		kind = HA_DSCP;
	if (a == ENCAP && !t)
		kind = HA_VLAN_PUSH;
	if (a == DECAP && !t)
		kind = HA_VLAN_POP;
	while (letters[n].kind != kind ||
	       ((a == ENCAP || a == DECAP) && letters[n].tunnel != t))
		n++;
	return a == MODIFY ? n + (wire ? i % 2 : i) : n;
}

/* Headers that a packet must come with, for the sequence to be possible. */
static int must_have(const enum five *a, int n)
{
	int depth = 0, need = 0;

	for (int i = 0; i < n && a[i] != DROP; i++) {
		depth += (a[i] == ENCAP) - (a[i] == DECAP);
		if (-depth > need)
			need = -depth;
	}
	return need;
}

/* A header around the frame, as the other end of the tunnel puts it; it is a
 * known one, if its kind can be. */
static void frame_wrap(struct frame *f, const struct nf_tunnel *t)
{
	struct nfold_tunnels known = { .cnt = 1, .ports = 2 };
	struct nf_tunnel far = *t;
	struct nf_pkt pkt;

	far.local = t->remote;
	far.remote = t->local;
	pkt_init(&pkt, f->data, f->len, &f->came);
	pkt.room = f->room;
	assert_true(nf_pkt_encap(&pkt, &far));
	f->data = pkt.data;
	f->len = pkt.len;
	f->room = pkt.room;
	assert_int_equal(nfold_parse(f->data, f->data + f->len, 1, &f->came),
			 NFOLD_REASON_NONE);
	f->parse = f->came;
	if (nf_tunnel_known(t, &known.v[0]))
		assert_true(nfold_parse_tunnels(f->data, f->data + f->len,
						&f->came, &known, &f->parse));
}

/* No packet has three tags, and nothing more than two headers of the chain. */
static bool is_possible(const enum five *a, int n, const struct nf_tunnel *t)
{
	int depth = 0, tags = must_have(a, n);

	if (!t && tags > NFOLD_TAG_MAX)
		return false;
	for (int i = 0; i < n && a[i] != DROP; i++) {
		depth += (a[i] == ENCAP) - (a[i] == DECAP);
		tags += (a[i] == ENCAP) - (a[i] == DECAP);
		if (depth > NFOLD_LAYER_MAX || (!t && tags > NFOLD_TAG_MAX))
			return false;
	}
	return true;
}

static enum outcome check_five(const enum five *a, int n,
			       const struct nf_tunnel *t, struct pkt k)
{
	static struct frame f;
	int need = must_have(a, n), l[3];

	for (int i = 0; i < n; i++)
		l[i] = letter_of(a[i], i, t, t && need);
	if (!t && need > NFOLD_TAG_MAX)
		need = NFOLD_TAG_MAX;
	k.tags = t ? 0 : need;
	frame_make(&f, &k);
	for (int i = 0; i < need && t; i++)
		frame_wrap(&f, t);
	/* N11: the first header, but for AH's. */
	return check_frame(&f, l, n, &k, t && need > (t != &ah6));
}

static void
every_ordered_pair_and_triple_of_the_five_actions_is_enumerated(void **state)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP,
					  IPPROTO_ICMP, 89 };
	long cnt[3] = { 0 };

	(void)state;
	for (int n = 1; n <= 3; n++)
		for (int v = 0; v < FIVE * FIVE * FIVE * HEADERS * 8; v++) {
			enum five a[3] = { v % FIVE, v / FIVE % FIVE,
					   v / FIVE / FIVE % FIVE };
			int rest = v / FIVE / FIVE / FIVE;
			const struct nf_tunnel *t = headers[rest % HEADERS];
			struct pkt k = packet(rest / HEADERS % 2 ? 4 : 6,
					      protos[rest / HEADERS / 2], 0);
			enum outcome what;

			if ((n < 3 && a[2]) || (n < 2 && a[1]))
				continue;
			what = check_five(a, n, t, k);
			assert_int_equal(what != NO_SUCH_PACKET,
					 is_possible(a, n, t));
			cnt[what]++;
		}
	printf("# %ld folded, %ld in user space, %ld of which there is no packet\n",
	       cnt[FOLDED], cnt[IN_USER_SPACE], cnt[NO_SUCH_PACKET]);
	assert_int_equal(cnt[FOLDED] + cnt[IN_USER_SPACE] + cnt[NO_SUCH_PACKET],
			 (5 + 25 + 125) * HEADERS * 8);
}

/* N7: the TTL at which a packet dies on the way is what the fold says. */
static void ttl_dies_where_the_fold_says(void **state)
{
	static const int hops[] = { 0, 5, 6, 5 };	/* forward, 1, 3, 1 */

	(void)state;
	for (int n = 0; n < 64; n++)
		for (int ttl = 1; ttl < 12; ttl++) {
			int l[3] = { hops[n % 4], hops[n / 4 % 4],
				     hops[n / 16] };
			struct lmat_record recs[3] = { 0 };
			struct lmat m = { .records = recs, .cnt = 3 };
			struct pkt k = packet(n % 2 ? 4 : 6, IPPROTO_UDP, 0);
			struct header_action ha;
			struct edit_plan plan;
			struct gmat_entry g;
			struct nfold_key6 key;
			static struct frame f;
			struct nf_pkt pkt;
			bool alive = true;

			k.ttl = ttl;
			frame_make(&f, &k);
			key = frame_key(&f);
			pkt_init(&pkt, f.data, f.len, &f.parse);
			for (int i = 0; i < 3; i++) {
				recs[i].action = (struct header_action){
					.kind = letters[l[i]].kind,
					.value = letters[l[i]].n };
				alive = alive && act_real(&pkt, l[i], &ha);
			}
			alive = alive && pkt_ttl_dec(&pkt);
			consolidate(&g, &plan, &key, k.family, &m, &router);
			assert_int_equal(alive, ttl > g.act.ttl_dec);
			died_cnt += !alive;
		}
	assert_true(died_cnt > 0);
}

static void add(struct lmat *m, struct header_action ha)
{
	m->records[m->cnt++] = (struct lmat_record){ .action = ha };
}

/* Folds what is in m for an IPv4 packet with one tag. */
static enum nfold_reason fold(struct lmat *m, struct edit_plan *plan)
{
	struct pkt k = packet(4, IPPROTO_UDP, 1);
	static struct frame f;
	struct nfold_key6 key;
	struct gmat_entry g;

	frame_make(&f, &k);
	key = frame_key(&f);
	return consolidate(&g, plan, &key, 4, m, &router);
}

static void same_header_cancels_others_do_not(void **state)
{
	struct lmat_record recs[4];
	struct lmat m = { .records = recs };
	struct nf_pkt pkt = { .sport = htons(50000) };
	struct nf_tunnel other = vxlan, twin = vxlan;
	struct edit_plan plan;

	(void)state;
	add(&m, ha_encap(&vxlan, &pkt));
	add(&m, ha_dscp(5));
	add(&m, ha_decap(&twin));
	assert_int_equal(fold(&m, &plan), NFOLD_REASON_NONE);
	assert_false(plan.used);
	other.vni++;
	recs[2].action = ha_decap(&other);
	assert_int_equal(fold(&m, &plan), NFOLD_REASON_ENCAP);
	m.cnt = 0;
	add(&m, ha_decap(&vxlan));
	assert_int_equal(fold(&m, &plan), NFOLD_REASON_ENCAP);
}

/* N9: the packet's PCP is gone, whatever the ids are. */
static void pop_and_push_do_not_cancel(void **state)
{
	struct lmat_record recs[4];
	struct lmat m = { .records = recs };
	struct edit_plan plan;

	(void)state;
	add(&m, ha_vlan_pop());
	add(&m, ha_vlan_push(htons(0x8100), htons(10)));
	assert_int_equal(fold(&m, &plan), NFOLD_REASON_NONE);
	assert_true(plan.used);
	assert_int_equal(plan.edit.strip, 1);
	assert_int_equal(plan.edit.push, 1);
	m.cnt = 0;
	add(&m, ha_vlan_push(htons(0x8100), htons(10)));
	add(&m, ha_vlan_pop());
	assert_int_equal(fold(&m, &plan), NFOLD_REASON_NONE);
	assert_false(plan.used);
}

static void too_deep_is_not_folded(void **state)
{
	struct lmat_record recs[4];
	struct lmat m = { .records = recs };
	struct nf_pkt pkt = { 0 };
	struct edit_plan plan;

	(void)state;
	for (int i = 0; i < 3; i++)
		add(&m, ha_encap(&ipip, &pkt));
	assert_int_equal(fold(&m, &plan), NFOLD_REASON_ENCAP);
	m.cnt = 0;
	for (int i = 0; i < 2; i++)
		add(&m, ha_vlan_push(htons(0x8100), htons(10)));
	assert_int_equal(fold(&m, &plan), NFOLD_REASON_ENCAP);
	m.cnt = 0;
	for (int i = 0; i < 2; i++)
		add(&m, ha_vlan_pop());
	assert_int_equal(fold(&m, &plan), NFOLD_REASON_ENCAP);
}

/* RFC 2018: the edges of SACK blocks are the other side's numbers. */
static void sack_blocks_are_shifted(void **state)
{
	for (int lead = 0; lead < 3; lead++) {
		struct pkt k = packet(4, IPPROTO_TCP, 0);
		static struct frame f;
		struct nf_pkt pkt;
		uint8_t *tcp;

		(void)state;
		k.payload = 20;
		frame_make(&f, &k);
		tcp = f.data + f.parse.l4_off;
		tcp[12] = 10 << 4;		/* the payload is options */
		memset(tcp + 20, 0, 20);
		memset(tcp + 20, 1, lead);
		tcp[20 + lead] = 5;
		tcp[21 + lead] = 10;
		store32(tcp + 22 + lead, htonl(0xfffffff0));
		store32(tcp + 26 + lead, htonl(1000));
		pkt_init(&pkt, f.data, f.len, &f.parse);
		pkt_csum_complete(&pkt);
		nf_pkt_shift_seq(&pkt, 0, 0x20);
		assert_int_equal(ntohl(load32(tcp + 22 + lead)), 0x10);
		assert_int_equal(ntohl(load32(tcp + 26 + lead)), 1032);
		assert_int_equal(pkt_csum_check(&pkt), PKT_CSUM_OK);
	}
}

/* --- a header from the wire --- */

static void wire_headers_are_taken_off(void **state)
{
	const struct nf_tunnel *all[] = { &ipip, &gre6, &vxlan, &gue6, &ah6 };

	(void)state;
	for (int i = 0; i < 10; i++) {
		struct nf_tunnel back = *all[i / 2], other;
		struct pkt k = packet(i % 2 ? 4 : 6, IPPROTO_UDP, i % 3);
		static struct frame f, plain;
		struct nf_pkt pkt, in;

		back.local = all[i / 2]->remote;
		back.remote = all[i / 2]->local;
		frame_make(&f, &k);
		plain = f;
		pkt_init(&pkt, f.data, f.len, &f.parse);
		pkt.room = ROOM;
		assert_true(nf_pkt_encap(&pkt, all[i / 2]));
		assert_int_equal(nfold_parse(pkt.data, pkt.data + pkt.len, 1,
					     &f.parse), NFOLD_REASON_NONE);
		pkt_init(&in, pkt.data, pkt.len, &f.parse);
		other = back;
		other.remote.a[0]++;
		assert_false(nf_pkt_decap(&in, &other));
		assert_true(nf_pkt_decap(&in, &back));
		assert_int_equal(in.len, plain.len);
		assert_memory_equal(in.data, plain.buf + ROOM, plain.len);
		assert_int_equal(in.l4_off, plain.parse.l4_off);
		assert_int_equal(in.dport, htons(k.dport));
		assert_false(nf_pkt_decap(&in, &back));
	}
}

/* RFC 6040, figure 4. */
static void ecn_survives_the_tunnel(void **state)
{
	static const int want[4][4] = {	/* inner, outer */
		{ 0, 0, 0, -1 }, { 1, 1, 1, 3 }, { 2, 1, 2, 3 }, { 3, 3, 3, 3 },
	};
	struct nf_tunnel back = ipip;

	(void)state;
	back.local = ipip.remote;
	back.remote = ipip.local;
	for (int i = 0; i < 16; i++) {
		struct pkt k = packet(6, IPPROTO_UDP, 0);
		static struct frame f;
		struct nf_pkt pkt;
		int result;

		frame_make(&f, &k);
		f.data[15] = (i / 4) << 4;
		pkt_init(&pkt, f.data, f.len, &f.parse);
		pkt.room = ROOM;
		assert_true(nf_pkt_encap(&pkt, &ipip));
		assert_int_equal(pkt.data[15] & 3, i / 4);
		store16(pkt.data + 24, csum_apply(load16(pkt.data + 24),
			csum_fold(csum_diff16(htons(pkt.data[15]),
					      htons(i % 4)))));
		pkt.data[15] = i % 4;
		assert_int_equal(nfold_parse(pkt.data, pkt.data + pkt.len, 1,
					     &f.parse), NFOLD_REASON_NONE);
		pkt_init(&pkt, pkt.data, pkt.len, &f.parse);
		result = nf_pkt_decap(&pkt, &back) ? pkt.data[15] >> 4 & 3 : -1;
		assert_int_equal(result, want[i / 4][i % 4]);
	}
}

static void without_room_nothing_is_put_on(void **state)
{
	struct pkt k = packet(4, IPPROTO_UDP, 0);
	static struct frame f;
	struct nf_pkt pkt;

	(void)state;
	frame_make(&f, &k);
	pkt_init(&pkt, f.data, f.len, &f.parse);
	pkt.room = 3;
	assert_false(nf_pkt_push_vlan(&pkt, htons(0x8100), 0));
	pkt.room = 19;
	assert_false(nf_pkt_encap(&pkt, &ipip));
	assert_ptr_equal(pkt.data, f.data);
	assert_int_equal(pkt.len, f.len);
	pkt.room = 20;
	assert_true(nf_pkt_encap(&pkt, &ipip));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sequence_of_three_is_its_fold),
		cmocka_unit_test(every_ordered_pair_and_triple_of_the_five_actions_is_enumerated),
		cmocka_unit_test(ttl_dies_where_the_fold_says),
		cmocka_unit_test(same_header_cancels_others_do_not),
		cmocka_unit_test(pop_and_push_do_not_cancel),
		cmocka_unit_test(too_deep_is_not_folded),
		cmocka_unit_test(sack_blocks_are_shifted),
		cmocka_unit_test(wire_headers_are_taken_off),
		cmocka_unit_test(ecn_survives_the_tunnel),
		cmocka_unit_test(without_room_nothing_is_put_on),
	};

	tunnels();
	return cmocka_run_group_tests_name("actions", tests, NULL, NULL);
}
