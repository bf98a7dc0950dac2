/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fuzz target: a packet and header actions, both from bytes. Done one after the
 * other by what NFs call (userspace/pkt*.c), and folded to one action which is
 * applied as the engine does it, they make the same bytes; a fold that would
 * not is refused (docs/FOLD.md, N2 to N12).
 *
 * Bytes: 8 of the packet (fold_packet(), fold_wrap()), then 6 of each action
 * (fold_next()).
 */
#include <string.h>

#include "tests/action_frame.h"
#include "tests/fuzz/fuzz.h"

#define FOLD_ACTIONS 12
#define FOLD_TUNNELS 5

static struct nf_tunnel fold_tunnels[FOLD_TUNNELS];
static struct nf_tunnel fold_in;	/* that the packet came in */

static void fold_tunnel(struct nf_tunnel *t, enum nf_tunnel_kind kind,
			int family, uint16_t port)
{
	*t = (struct nf_tunnel){
		.kind = kind, .family = family, .port = htons(port),
		.ttl = NF_TUNNEL_TTL, .copy_dscp = family == 4, .dscp = 10,
		.vni = 42, .dmac = { 2, 1 }, .smac = { 2, 2 },
	};
	inet_pton(family == 4 ? AF_INET : AF_INET6,
		  family == 4 ? "192.0.2.1" : "2001:db8:a::1", t->local.a);
	inet_pton(family == 4 ? AF_INET : AF_INET6,
		  family == 4 ? "192.0.2.2" : "2001:db8:a::2", t->remote.a);
	if (t->copy_dscp)
		t->dscp = 0;
	if (kind != NF_TUNNEL_VXLAN) {
		t->vni = 0;
		memset(t->dmac, 0, 6);
		memset(t->smac, 0, 6);
	}
}

static void fold_tunnels_make(void)
{
	fold_tunnel(&fold_tunnels[0], NF_TUNNEL_IPIP, 4, 0);
	fold_tunnel(&fold_tunnels[1], NF_TUNNEL_IPIP, 6, 0);
	fold_tunnel(&fold_tunnels[2], NF_TUNNEL_GRE, 6, 0);
	fold_tunnel(&fold_tunnels[3], NF_TUNNEL_VXLAN, 4, 4789);
	fold_tunnel(&fold_tunnels[4], NF_TUNNEL_GUE, 6, 6080);
}

static struct pkt fold_packet(const uint8_t b[8])
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP,
					  IPPROTO_ICMP, 89 };
	static const uint8_t flags[] = { 2, 0x12, 0x10, 4 };
	struct pkt k = pkt_new(b[0] & 1 ? 4 : 6, protos[b[0] >> 1 & 3]);

	k.tags = (b[0] >> 3 & 3) % 3;
	k.tpid[0] = b[0] & 0x20 ? 0x88a8 : 0x8100;
	k.tci[0] = b[1] << 8 | b[2];
	k.tci[1] = b[2] << 8 | b[1];
	k.ttl = b[3];
	k.payload = b[4];
	k.fill = b[5];
	k.sport = b[6] << 8 | b[7];
	k.flags = flags[b[0] >> 6];
	if (k.proto == IPPROTO_UDP && b[7] & 1)
		k.csum = PKT_CSUM_NONE;
	return k;
}

/* One packet in two comes in a tunnel's header. False: this one does not. */
static bool fold_wrap(struct pkt_tunnel *in, uint8_t b)
{
	const struct nf_tunnel *t = &fold_tunnels[(b >> 4 & 7) % FOLD_TUNNELS];

	memset(&fold_in, 0, sizeof(fold_in));
	if (!(b & 0x80))
		return false;
	*in = (struct pkt_tunnel){ .kind = (enum pkt_tunnel_kind)t->kind,
				   .family = t->family, .vni = t->vni,
				   .ttl = 2 + (b & 7), .tos = b & 0x43,
				   .port = ntohs(t->port), .sport = 50000 };
	fold_in = *t;
	fold_in.local = t->remote;
	fold_in.remote = t->local;
	memcpy(in->src, t->local.a, 16);
	memcpy(in->dst, t->remote.a, 16);
	return true;
}

/* False: no flow, or (ECN) not one that its tunnel can give away. */
static bool fold_frame_make(struct frame *f, const struct pkt *k, uint8_t b)
{
	struct nfold_tunnels known = { .cnt = 1, .ports = 2 };
	struct pkt_tunnel in;

	if (!fold_wrap(&in, b))
		return frame_build(f, k);
	FUZZ_CHECK(nf_tunnel_known(&fold_in, &known.v[0]));
	return frame_build_in(f, k, &in, &known);
}

/* --- actions from bytes --- */

static bool fold_has_port(const struct nf_pkt *pkt, enum nfold_field field)
{
	return field == NFOLD_FIELD_SADDR || field == NFOLD_FIELD_DADDR ||
	       pkt->l4proto == IPPROTO_TCP || pkt->l4proto == IPPROTO_UDP;
}

static struct header_action fold_modify(const struct nf_pkt *pkt,
					const uint8_t b[6])
{
	enum nfold_field field = b[1] % NFOLD_FIELD_CNT;
	struct nf_addr a = { { 0 } };

	if (!fold_has_port(pkt, field))
		return (struct header_action){ .kind = HA_FORWARD };
	if (field == NFOLD_FIELD_SPORT || field == NFOLD_FIELD_DPORT)
		return ha_modify_port(field, htons(b[2] << 8 | b[3]));
	memcpy(a.a, b + 2, 4);
	if (pkt->family == 6)
		memcpy(&a.a[3], b + 1, 4);
	return ha_modify_addr(field, &a);
}

/* As an NF would choose it, knowing the packet. */
static struct header_action fold_next(const struct nf_pkt *pkt,
				      const uint8_t b[6])
{
	uint32_t add = (uint32_t)b[1] << 24 | b[2] << 16 | b[3] << 8 | b[4];

	switch (b[0] % 10) {
	case 0:
		return ha_drop(NFOLD_REASON_FIREWALL_DENY);
	case 1:
		return ha_ttl(b[1] % 8 + 1);
	case 2:
		return ha_dscp(b[1] & 63);
	case 3:
		if (pkt->l4proto == IPPROTO_TCP)
			return ha_seq(add, add >> (b[5] & 31));
		break;
	case 4:
		return ha_vlan_push(htons(b[1] & 1 ? 0x88a8 : 0x8100),
				    htons(b[2] << 8 | b[3]));
	case 5:
		return ha_vlan_pop();
	case 6:
		return (struct header_action){ .kind = HA_ENCAP,
			.tunnel = &fold_tunnels[b[1] % FOLD_TUNNELS] };
	case 7:
		if (b[1] & 0x80 && fold_in.family)
			return ha_decap(&fold_in);
		return ha_decap(&fold_tunnels[b[1] % FOLD_TUNNELS]);
	case 8:
	case 9:
		return fold_modify(pkt, b);
	}
	return (struct header_action){ .kind = HA_FORWARD };
}

/* --- folded --- */

static void fold_compare(struct frame *entry, struct nf_pkt *pkt,
			 const struct pkt *k, const struct lmat *m,
			 bool dropped)
{
	static const struct egress router = { .verdict = NFOLD_VERDICT_FORWARD,
					      .nexthop = 7, .router = true };
	struct nfold_key6 key = frame_key(entry);
	struct edit_plan plan;
	struct gmat_entry g;
	bool alive;

	if (consolidate(&g, &plan, &key, k->family, m, &router))
		return;			/* it stays slow */
	FUZZ_CHECK(dropped == (g.act.verdict == NFOLD_VERDICT_DROP));
	if (dropped)
		return;
	alive = pkt_ttl_dec(pkt);
	FUZZ_CHECK(alive == (entry->parse.ttl > g.act.ttl_dec));
	if (!alive)
		return;
	FUZZ_CHECK(frame_apply(entry, &g, &plan));
	FUZZ_CHECK(entry->len == pkt->len);
	FUZZ_CHECK(!memcmp(entry->data, pkt->data, pkt->len));
}

int FUZZ_ENTRY(const uint8_t *data, size_t size)
{
	static struct frame walked, entry;
	struct lmat_record recs[FOLD_ACTIONS] = { 0 };
	struct lmat m = { .records = recs };
	struct nf_pkt pkt;
	bool dropped = false;
	struct pkt k;

	if (size < 8)
		return 0;
	fold_tunnels_make();
	k = fold_packet(data);
	if (!fold_frame_make(&walked, &k, data[5]))
		return 0;
	frame_copy(&entry, &walked);
	frame_pkt(&walked, &pkt);
	for (size_t at = 8; at + 6 <= size && m.cnt < FOLD_ACTIONS && !dropped;
	     at += 6) {
		struct lmat_record *r = &recs[m.cnt];

		r->nf = m.cnt;
		r->action = fold_next(&pkt, data + at);
		dropped = r->action.kind == HA_DROP;
		if (!action_do(&pkt, &r->action))
			return 0;
		m.cnt++;
	}
	fold_compare(&entry, &pkt, &k, &m, dropped);
	return 0;
}
