/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Trees on packets. Each value comes with whether it is the same for all packets
 * of the flow: Kleene's three-valued logic over "known true", "known false" and
 * "it depends", with the value for this packet carried along. What is known is
 * so; what is not may still be the same (`syn or not syn`).
 */
#include <netinet/in.h>
#include <string.h>

#include "ipfilter.h"

static struct ipf_value known(bool is)
{
	return (struct ipf_value){ is, true };
}

static struct ipf_value v_not(struct ipf_value a)
{
	return (struct ipf_value){ !a.is, a.known };
}

static struct ipf_value v_and(struct ipf_value a, struct ipf_value b)
{
	return (struct ipf_value){
		.is = a.is && b.is,
		.known = (a.known && b.known) || (a.known && !a.is) ||
			 (b.known && !b.is),
	};
}

static struct ipf_value v_or(struct ipf_value a, struct ipf_value b)
{
	return v_not(v_and(v_not(a), v_not(b)));
}

/* a ? b : c */
static struct ipf_value v_if(struct ipf_value a, struct ipf_value b,
			     struct ipf_value c)
{
	struct ipf_value r = a.is ? b : c;

	if (!a.known)
		r.known = b.known && c.known && b.is == c.is;
	return r;
}

static struct ipf_value both_sides(const struct ipf_test *t,
				   struct ipf_value src, struct ipf_value dst)
{
	struct ipf_value r = t->side == IPF_SRC ? src :
			     t->side == IPF_DST ? dst :
			     t->side == IPF_BOTH ? v_and(src, dst) :
						   v_or(src, dst);

	return t->negated ? v_not(r) : r;
}

static bool proto_is(int want, uint8_t l4proto)
{
	if (want == IPF_PROTO_UNKNOWN || want == IPF_PROTO_TRANSP)
		return true;
	if (want == IPF_PROTO_TCPUDP)
		return l4proto == IPPROTO_TCP || l4proto == IPPROTO_UDP;
	return want == l4proto;
}

static bool compare(const struct ipf_test *t, uint32_t v)
{
	v &= t->mask;
	return t->op == IPF_GT ? v > t->value : v == t->value;
}

static struct ipf_value compare_read(const struct ipf_test *t,
				     const struct ipf_read *r)
{
	if (!r->there)
		return (struct ipf_value){ false, r->there_known };
	return (struct ipf_value){
		.is = compare(t, r->v),
		.known = r->there_known && !(t->mask & ~r->key),
	};
}

static bool host_is(const struct ipf_addr *want, const struct nf_pkt *pkt,
		    const struct nf_addr *addr)
{
	bool same = want->family == pkt->family;

	for (int i = 0; i < 4; i++)
		same &= (addr->a[i] & want->mask.a[i]) == want->addr.a[i];
	return same;
}

static bool mac_is(const struct ipf_mac *want, const uint8_t *mac)
{
	bool same = true;

	for (int i = 0; i < 6; i++)
		same &= (mac[i] & want->mask[i]) == want->addr[i];
	return same;
}

static struct ipf_value eval_host(const struct ipf_test *t,
				  const struct nf_pkt *pkt)
{
	return both_sides(t, known(host_is(&t->host, pkt, &pkt->saddr)),
			  known(host_is(&t->host, pkt, &pkt->daddr)));
}

static struct ipf_value eval_ether(const struct ipf_test *t,
				   const struct nf_pkt *pkt)
{
	struct ipf_value dst = { mac_is(&t->mac, pkt->data), false };
	struct ipf_value src = { mac_is(&t->mac, pkt->data + 6), false };

	return both_sides(t, src, dst);
}

/* The ports stand in the packet as in the fields of nf_pkt. */
static struct ipf_value eval_port(const struct ipf_test *t,
				  const struct nf_pkt *pkt)
{
	struct ipf_read src = ipf_read_transp(pkt, 0, 2);
	struct ipf_read dst = ipf_read_transp(pkt, 2, 2);

	if (!src.there || !dst.there)
		return (struct ipf_value){ false, false };
	return both_sides(t, compare_read(t, &src), compare_read(t, &dst));
}

static struct ipf_value eval_field(const struct ipf_test *t,
				   const struct nf_pkt *pkt)
{
	struct ipf_read r = ipf_read_field(t, pkt);
	struct ipf_value v = compare_read(t, &r);

	return r.there && t->negated ? v_not(v) : v;
}

static struct ipf_value eval_proto(const struct ipf_test *t,
				   const struct nf_pkt *pkt)
{
	bool is = t->value >= IPF_PROTO_TCPUDP && t->op == IPF_EQ ?
		  proto_is(t->value, pkt->l4proto) : compare(t, pkt->l4proto);

	return known(is != t->negated);
}

/* Fragments are no flows and do not get here, nor do IPv6's, but for those that
 * are whole (RFC 6946). So it is known. */
static struct ipf_value eval_frag(const struct ipf_test *t,
				  const struct nf_pkt *pkt)
{
	const uint8_t *ip = pkt->data + pkt->l3_off;
	bool is = pkt->family == 4 && ((ip[6] & 0x3f) || ip[7]);

	return known(is != t->negated);
}

static struct ipf_value eval_test(const struct ipf_test *t,
				  const struct nf_pkt *pkt)
{
	if (!proto_is(t->proto, pkt->l4proto))
		return known(false);
	switch (t->what) {
	case IPF_HOST:
		return eval_host(t, pkt);
	case IPF_ETHER:
		return eval_ether(t, pkt);
	case IPF_PROTO:
		return eval_proto(t, pkt);
	case IPF_FRAG:
		return eval_frag(t, pkt);
	case IPF_PORT:
		return eval_port(t, pkt);
	case IPF_FIELD:
		return eval_field(t, pkt);
	default:
		return known(true);
	}
}

static struct ipf_value eval(const struct ipf_tree *tree, uint32_t i,
			     const struct nf_pkt *pkt)
{
	const struct ipf_node *n = &tree->nodes[i];
	struct ipf_value a;

	if (n->kind == IPF_TEST)
		return eval_test(&n->test, pkt);
	a = eval(tree, n->a, pkt);
	if (n->kind == IPF_NOT)
		return v_not(a);
	if (n->kind == IPF_IF)
		return v_if(a, eval(tree, n->b, pkt), eval(tree, n->c, pkt));
	if (a.known && a.is == (n->kind == IPF_OR))
		return a;	/* b changes nothing */
	return n->kind == IPF_AND ? v_and(a, eval(tree, n->b, pkt)) :
				    v_or(a, eval(tree, n->b, pkt));
}

struct ipf_value ipf_eval(const struct ipf_tree *tree,
			  const struct nf_pkt *pkt)
{
	return eval(tree, tree->root, pkt);
}
