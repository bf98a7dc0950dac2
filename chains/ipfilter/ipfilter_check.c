/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a term to a test: what the term leaves out comes from its value, then from
 * the term before it (`src port 80 or 81`); what does not fit is refused.
 */
#include <netinet/in.h>
#include <string.h>

#include "ipfilter_parse.h"

/* A number by itself is about what the term before was about. */
static int type_from_prev(struct ipf_parser *p, struct ipf_term *t)
{
	const struct ipf_term *prev = &p->prev;

	if (!ipf_is_field(prev->type) && prev->type != IPF_K_PROTO &&
	    prev->type != IPF_K_PORT)
		return ipf_fail_term(p, t, "as in port 80, ip ttl 5",
				     "a number of what?");
	t->type = prev->type;
	t->off = prev->off;
	t->len = prev->len;
	if (ipf_is_field(prev->type))
		t->proto = prev->proto;
	return 0;
}

static int fill_type(struct ipf_parser *p, struct ipf_term *t)
{
	switch (t->data) {
	case IPF_K_INT:
		return type_from_prev(p, t);
	case IPF_K_NONE:
		if (t->proto == IPF_PROTO_UNKNOWN)
			return ipf_fail_term(p, t, "as in src host 10.0.0.1",
					     "this is not a whole test");
		t->type = IPF_K_PROTO;
		return 0;
	default:
		t->type = t->data;
		return 0;
	}
}

static bool has_side(enum ipf_kind type)
{
	return type == IPF_K_HOST || type == IPF_K_NET ||
	       type == IPF_K_ETHER || type == IPF_K_PORT;
}

/* Only what was written without a type takes over sides and protocols. */
static int fill(struct ipf_parser *p, struct ipf_term *t)
{
	if (t->type == IPF_K_NONE) {
		if (fill_type(p, t))
			return -1;
		if (has_side(t->type) && !t->side)
			t->side = p->prev.side;
		if (t->type == IPF_K_PORT && t->proto == IPF_PROTO_UNKNOWN)
			t->proto = p->prev.proto;
		if (t->type == IPF_K_ICMP_TYPE &&
		    t->proto == IPF_PROTO_UNKNOWN)
			t->proto = IPPROTO_ICMP;
	}
	if (!t->header)
		t->header = t->data == IPF_K_ETHER ? 'e' : 'i';
	if (t->header == 'e' && t->type == IPF_K_HOST)
		t->type = IPF_K_ETHER;
	if (t->header == 'e' && t->type != IPF_K_ETHER)
		return ipf_fail_term(p, t, "as in ether host 02:00:00:00:00:01",
				     "'ether' goes with hosts only");
	if (has_side(t->type) && !t->side)
		t->side = IPF_EITHER;
	return 0;
}

static int check_host(struct ipf_parser *p, struct ipf_term *t,
		      struct ipf_test *out)
{
	if (t->data != t->type)
		return ipf_fail_term(p, t, t->type == IPF_K_NET ?
				     "as in net 10.0.0.0/8" :
				     "as in host 10.0.0.1, net 10.0.0.0/8",
				     "an address of this sort is missing");
	if (t->op != IPF_EQ)
		return ipf_fail_term(p, t, "== or !=", "addresses have no order");
	out->what = IPF_HOST;
	out->host = t->addr;
	if (t->mask_data == IPF_K_HOST && t->amask.family == t->addr.family)
		out->host.mask = t->amask.addr;
	else if (t->mask_data == IPF_K_INT && t->addr.family == 4)
		out->host.mask.a[0] = htonl(t->mask);
	else if (t->mask_data)
		return ipf_fail_term(p, t, NULL,
				     "the mask is not of the address's family");
	ipf_addr_clip(&out->host);
	return 0;
}

static int check_ether(struct ipf_parser *p, struct ipf_term *t,
		       struct ipf_test *out)
{
	if (t->data != IPF_K_ETHER)
		return ipf_fail_term(p, t, "as in ether host 02:00:00:00:00:01",
				     "an Ethernet address is missing");
	if (t->op != IPF_EQ)
		return ipf_fail_term(p, t, "== or !=", "addresses have no order");
	if (t->mask_data && t->mask_data != IPF_K_ETHER)
		return ipf_fail_term(p, t, NULL, "the mask is no Ethernet address");
	out->what = IPF_ETHER;
	memset(out->mac.mask, 0xff, 6);
	if (t->mask_data)
		memcpy(out->mac.mask, t->mac_mask, 6);
	for (int i = 0; i < 6; i++)
		out->mac.addr[i] = t->mac[i] & out->mac.mask[i];
	return 0;
}

static int check_proto(struct ipf_parser *p, struct ipf_term *t,
		       struct ipf_test *out)
{
	if (t->data != IPF_K_INT && t->data != IPF_K_PROTO &&
	    t->data != IPF_K_NONE)
		return ipf_fail_term(p, t, "as in ip proto tcp, ip proto 47",
				     "a protocol is missing");
	if (t->data == IPF_K_NONE)
		t->value = t->proto;
	else if (t->proto != IPF_PROTO_UNKNOWN &&
		 t->proto != (int)t->value)
		return ipf_fail_term(p, t, NULL, "two protocols in one term");
	if (t->data == IPF_K_NONE && t->proto == IPF_PROTO_UNKNOWN)
		return ipf_fail_term(p, t, "as in ip proto tcp",
				     "a protocol is missing");
	t->proto = t->op == IPF_EQ && !t->negated && !t->mask_data ?
		   (int)t->value : IPF_PROTO_UNKNOWN;
	out->what = IPF_PROTO;
	out->proto = IPF_PROTO_UNKNOWN;
	out->value = t->value;
	if (t->data == IPF_K_INT || t->value < IPF_PROTO_TCPUDP)
		return ipf_check_number(p, t, 0xff, out);
	if (t->op != IPF_EQ || t->mask_data)
		return ipf_fail_term(p, t, "== or !=",
				     "this is no single protocol");
	return 0;
}

static int check_port(struct ipf_parser *p, struct ipf_term *t,
		      struct ipf_test *out)
{
	if (t->data != IPF_K_INT && t->data != IPF_K_PORT)
		return ipf_fail_term(p, t, "as in dst port 80, tcp port ssh",
				     "a port is missing");
	if (t->proto == IPF_PROTO_UNKNOWN)
		t->proto = IPF_PROTO_TCPUDP;
	if (t->proto != IPPROTO_TCP && t->proto != IPPROTO_UDP &&
	    t->proto != IPF_PROTO_TCPUDP && t->proto != IPPROTO_DCCP)
		return ipf_fail_term(p, t, "tcp or udp",
				     "this protocol has no ports");
	out->what = IPF_PORT;
	out->proto = t->proto;
	return ipf_check_number(p, t, 0xffff, out);
}

int ipf_check(struct ipf_parser *p, struct ipf_term *t, struct ipf_test *out)
{
	if (fill(p, t))
		return -1;
	*out = (struct ipf_test){
		.proto = t->proto, .side = t->side, .op = t->op,
		.negated = t->negated,
	};
	switch (t->type) {
	case IPF_K_HOST:
	case IPF_K_NET:
		return check_host(p, t, out);
	case IPF_K_ETHER:
		return check_ether(p, t, out);
	case IPF_K_PROTO:
		return check_proto(p, t, out);
	case IPF_K_PORT:
		return check_port(p, t, out);
	case IPF_K_OPT:
		return ipf_check_opt(p, t, out);
	case IPF_K_FRAG:
	case IPF_K_UNFRAG:
	case IPF_K_ECT:
	case IPF_K_CE:
		return ipf_check_bare(p, t, out);
	default:
		return ipf_check_field(p, t, out);
	}
}
