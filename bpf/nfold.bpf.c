/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The fast path: parse, look up, act, count; punt what it can not decide.
 * Specialised by the constants in `config`. Attached to every port of an
 * instance; knows no NF's name. The map protocol is in docs/MAPS.md.
 */
#include <stddef.h>

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "bpf/act.bpf.h"
#include "bpf/bypass.bpf.h"
#include "bpf/lookup.bpf.h"
#include "bpf/outcome.bpf.h"
#include "bpf/packet.bpf.h"
#include "bpf/tunnel.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* NFOLD_PORT_MAX: the device is no port of ours. */
static __always_inline __u32 find_port(struct xdp_md *ctx)
{
	__u32 ifindex = ctx->ingress_ifindex;

#pragma GCC unroll 16
	for (__u32 i = 0; i < NFOLD_PORT_MAX; i++) {
		if (i >= config.port_cnt)
			break;
		if (config.ifindex[i] == ifindex)
			return i;
	}
	return NFOLD_PORT_MAX;
}

/* Router mode: is the frame for us, or for many? Needs 14 readable bytes. */
static __always_inline enum nfold_reason check_mac(struct packet *pkt)
{
	const __u8 *dmac = pkt->data;
	__u32 port = pkt->port;
	struct nfold_port *in;

	if (dmac[0] & 1) {
		pkt->group = 1;
		return NFOLD_REASON_NONE;
	}
	in = bpf_map_lookup_elem(&ports, &port);
	if (!in || load32(dmac) != load32(in->mac) ||
	    load16(dmac + 4) != load16(in->mac + 4))
		return NFOLD_REASON_WRONG_MAC;
	return NFOLD_REASON_NONE;
}


static __always_inline enum nfold_reason miss(const struct packet *pkt)
{
	if (config.router && is_for_host(&pkt->p))
		return NFOLD_REASON_HOST;
	return NFOLD_REASON_MISS;
}

/* What the parser does not refuse and what is not for many. inner: a constant, 1
 * if it came in by a known tunnel. */
static __always_inline enum nfold_reason decide4(struct xdp_md *ctx,
						 struct packet *pkt, int inner)
{
	struct nfold_set4 set;
	enum nfold_reason why;
	struct hit hit = {};

	why = lookup4(&pkt->p.key4, &set, &hit);
	if (why == NFOLD_REASON_MISS)
		return why;
	pkt->slot = hit.slot;
	if (why)
		return why;
	return act(ctx, pkt, &hit, &set, 4, inner);
}

static __always_inline enum nfold_reason decide6(struct xdp_md *ctx,
						 struct packet *pkt, int inner)
{
	struct nfold_set6 set;
	enum nfold_reason why;
	struct hit hit = {};

	why = lookup6(&pkt->p.key6, &set, &hit);
	if (why == NFOLD_REASON_MISS)
		return why;
	pkt->slot = hit.slot;
	if (why)
		return why;
	return act(ctx, pkt, &hit, &set, 6, inner);
}

/* What the link layer said, from the two words that a global function can be
 * handed: the zone tells port and tags. */
static __always_inline void begin_ip(struct xdp_md *ctx, struct packet *pkt,
				     __u32 zone, __u32 group)
{
	__u32 tags = (zone >> NFOLD_ZONE_TAGS_SHIFT) & 3;

	pkt->data = (void *)(long)ctx->data;
	pkt->data_end = (void *)(long)ctx->data_end;
	/* Subtracting packet pointers needs CAP_PERFMON at load; the helper
	 * costs 8 ns. */
	if (config.linear)
		pkt->len = pkt->data_end - pkt->data;
	else
		pkt->len = bpf_xdp_get_buff_len(ctx);
	pkt->port = NFOLD_ZONE_PORT(zone) & (NFOLD_PORT_MAX - 1);
	pkt->zone = zone;
	pkt->out = pkt->port;
	pkt->slot = 0;
	pkt->ran = 0;
	pkt->group = group;
	pkt->counted = NULL;
	pkt->p.tags = tags;
	pkt->p.l3_off = NFOLD_ETH_LEN + NFOLD_VLAN_LEN * tags;
}

static __always_inline enum nfold_reason parse4(struct packet *pkt, int judge)
{
	pkt->p.ethertype = NFOLD_TYPE_IP4;
	return nfold_parse_ip4(pkt->data + pkt->p.l3_off, pkt->data_end,
			       pkt->len, pkt->zone, judge, &pkt->p);
}

static __always_inline enum nfold_reason parse6(struct packet *pkt, int judge)
{
	pkt->p.ethertype = NFOLD_TYPE_IP6;
	return nfold_parse_ip6(pkt->data + pkt->p.l3_off, pkt->data_end,
			       pkt->len, pkt->zone, judge, &pkt->p);
}

/* What is refused, or is for many: parsed anew, in a function of its own, so
 * that the common path need not keep for it what the parser knew at each place
 * where it may refuse. */
__noinline int odd_ipv4(struct xdp_md *ctx, __u32 zone, __u32 group)
{
	struct packet pkt = {};
	enum nfold_reason why;

	begin_ip(ctx, &pkt, zone, group);
	why = parse4(&pkt, 1);
	return outcome_plain(&pkt, why ? refuse(&pkt, why) : bypass(&pkt));
}

__noinline int odd_ipv6(struct xdp_md *ctx, __u32 zone, __u32 group)
{
	struct packet pkt = {};
	enum nfold_reason why;

	begin_ip(ctx, &pkt, zone, group);
	why = parse6(&pkt, 1);
	return outcome_plain(&pkt, why ? refuse(&pkt, why) : bypass(&pkt));
}

/* One global function a family: the verifier walks each once, by itself, and
 * the 512 bytes of stack hold the frames of one family only. group: 1 if the
 * frame is for many. */
__noinline int ipv4(struct xdp_md *ctx, __u32 zone, __u32 group)
{
	struct packet pkt = {};
	enum nfold_reason why;

	begin_ip(ctx, &pkt, zone, group);
	if (parse4(&pkt, 0) || is_group(&pkt))
		return odd_ipv4(ctx, zone, group);
	why = decide4(ctx, &pkt, 0);
	if (why == NFOLD_REASON_MISS &&
	    (nfold_check_addrs4(&pkt.p) || is_group(&pkt)))
		return odd_ipv4(ctx, zone, group);
	if (why == NFOLD_REASON_MISS)
		why = miss(&pkt);
	return outcome(ctx, &pkt, why);
}

__noinline int ipv6(struct xdp_md *ctx, __u32 zone, __u32 group)
{
	struct packet pkt = {};
	enum nfold_reason why;

	begin_ip(ctx, &pkt, zone, group);
	if (parse6(&pkt, 0) || is_group(&pkt))
		return odd_ipv6(ctx, zone, group);
	why = decide6(ctx, &pkt, 0);
	if (why == NFOLD_REASON_MISS &&
	    (nfold_check_addrs6(&pkt.p) || is_group(&pkt)))
		return odd_ipv6(ctx, zone, group);
	if (why == NFOLD_REASON_MISS)
		why = miss(&pkt);
	return outcome(ctx, &pkt, why);
}

/* The packet in a known tunnel's: found as tunnel_find() has it. Its key, its
 * lengths and its TTL are those of the inner one; of the outer one only the
 * frame is left, until an edit record takes it off. */
static __always_inline void begin_inner(struct xdp_md *ctx, struct packet *pkt,
					__u32 zone, __u32 found)
{
	begin_ip(ctx, pkt, zone, 0);
	pkt->p.l3_off = INNER_OFF(found);
}

/* NOT_INNER: no packet that could be a flow; then it is one by its outer header,
 * and the chain says what becomes of it. */
#define NOT_INNER (-1)

__noinline int inner_ipv4(struct xdp_md *ctx, __u32 zone, __u32 found)
{
	struct packet pkt = {};
	enum nfold_reason why;

	if (!config.tunnels.cnt)
		return NOT_INNER;
	begin_inner(ctx, &pkt, zone, found);
	pkt.p.ethertype = NFOLD_TYPE_IP4;
	if (nfold_parse_ip4(pkt.data + pkt.p.l3_off, pkt.data_end,
			    INNER_END(found), zone, 0, &pkt.p))
		return NOT_INNER;
	pkt.p.key4.tunnel = INNER_TUNNEL(found);
	why = decide4(ctx, &pkt, 1);
	/* One that may not be is never in the table: the engine judges. */
	if (why == NFOLD_REASON_MISS && (nfold_check_addrs4(&pkt.p) ||
					 (pkt.p.flags & NFOLD_PARSE_GROUP)))
		return NOT_INNER;
	return outcome(ctx, &pkt, why);
}

__noinline int inner_ipv6(struct xdp_md *ctx, __u32 zone, __u32 found)
{
	struct packet pkt = {};
	enum nfold_reason why;

	if (!config.tunnels.cnt)
		return NOT_INNER;
	begin_inner(ctx, &pkt, zone, found);
	pkt.p.ethertype = NFOLD_TYPE_IP6;
	if (nfold_parse_ip6(pkt.data + pkt.p.l3_off, pkt.data_end,
			    INNER_END(found), zone, 0, &pkt.p))
		return NOT_INNER;
	pkt.p.key6.tunnel = INNER_TUNNEL(found);
	why = decide6(ctx, &pkt, 1);
	if (why == NFOLD_REASON_MISS && (nfold_check_addrs6(&pkt.p) ||
					 (pkt.p.flags & NFOLD_PARSE_GROUP)))
		return NOT_INNER;
	return outcome(ctx, &pkt, why);
}

/* Instead of ipv4() and ipv6(), in chains with known tunnels. Inlined: 6.1 counts
 * 32 bytes of stack for each call, and has none to spare. */
static __always_inline int maybe_inner(struct xdp_md *ctx, __u32 zone,
				       __u32 is_ip6)
{
	int action = NOT_INNER;
	__u32 found;

	found = tunnel_find(ctx, zone, is_ip6);
	if (found)
		action = INNER_IP6(found) ? inner_ipv6(ctx, zone, found) :
					    inner_ipv4(ctx, zone, found);
	if (action != NOT_INNER)
		return action;
	return is_ip6 ? ipv6(ctx, zone, 0) : ipv4(ctx, zone, 0);
}

static __always_inline enum nfold_reason link_layer(struct xdp_md *ctx,
						    struct packet *pkt)
{
	enum nfold_reason why;

	pkt->data = (void *)(long)ctx->data;
	pkt->data_end = (void *)(long)ctx->data_end;
	pkt->group = 0;
	if (pkt->data + NFOLD_ETH_LEN > pkt->data_end)
		return NFOLD_REASON_TRUNCATED;
	if (config.router) {
		why = check_mac(pkt);
		if (why)
			return why;
	}
	return nfold_parse_l2(pkt->data, pkt->data_end, pkt->port, &pkt->p,
			      &pkt->zone);
}

/* tunnels: a constant; 1: some of what comes in may be in a known tunnel. */
static __always_inline int enter(struct xdp_md *ctx, int tunnels)
{
	struct packet pkt = { .port = find_port(ctx) };
	enum nfold_reason why;

	if (pkt.port == NFOLD_PORT_MAX)
		return outcome_plain(&pkt, NFOLD_REASON_HOST);
	why = link_layer(ctx, &pkt);
	if (why)
		return outcome_plain(&pkt, refuse(&pkt, why));
	if (tunnels && !pkt.group &&
	    (config.tunnels.ports >> (pkt.port & 31) & 1))
		return maybe_inner(ctx, pkt.zone,
				   pkt.p.ethertype == NFOLD_TYPE_IP6);
	if (pkt.p.ethertype == NFOLD_TYPE_IP4)
		return ipv4(ctx, pkt.zone, pkt.group);
	return ipv6(ctx, pkt.zone, pkt.group);
}

/* One of the two is loaded, by config.tunnels: a program apart, so that chains
 * without tunnels have the same code as if there were none. */
SEC("xdp")
int nfold_xdp(struct xdp_md *ctx)
{
	return enter(ctx, 0);
}

SEC("?xdp")
int nfold_xdp_tunnels(struct xdp_md *ctx)
{
	return enter(ctx, 1);
}
