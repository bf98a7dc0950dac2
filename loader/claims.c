/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "claims.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "instance_priv.h"

const struct claim *claims_find(const struct claims *c, int family,
				const struct nf_addr *addr)
{
	for (uint32_t i = 0; i < c->cnt; i++)
		if (c->v[i].family == family &&
		    !memcmp(&c->v[i].addr, addr, sizeof(*addr)))
			return &c->v[i];
	return NULL;
}

static void on_claim(void *ctx, int family, const struct nf_addr *addr,
		     enum nf_claim_kind kind)
{
	struct claims *c = ctx;
	struct claim *v;

	v = (struct claim *)claims_find(c, family, addr);
	if (v) {
		if (kind == NF_CLAIM_NAT)
			v->kind = kind;
		return;
	}
	v = realloc(c->v, (c->cnt + 1) * sizeof(*v));
	if (!v) {
		c->oom = true;
		return;
	}
	c->v = v;
	c->v[c->cnt++] = (struct claim){ family, *addr, kind };
}

int claims_collect(struct claims *c, const struct chain *chain,
		   struct instance_error *err)
{
	struct conf_error ce = { 0 };
	struct nf **nfs;

	memset(c, 0, sizeof(*c));
	if (chain->wire)
		return 0;
	nfs = chain_nfs_new(chain, &ce);
	if (!nfs)
		return instance_fail(err, -EINVAL, "chain %s: %s", chain->name,
				     ce.message);
	for (uint32_t i = 0; nfs[i]; i++)
		if (nfs[i]->ops->claims)
			nfs[i]->ops->claims(nfs[i], on_claim, c);
	chain_nfs_free(nfs);
	if (c->oom) {
		claims_free(c);
		return instance_fail(err, -ENOMEM, "out of memory");
	}
	return 0;
}

void claims_free(struct claims *c)
{
	free(c->v);
	free(c->added);
	memset(c, 0, sizeof(*c));
}

static const char *addr_text(int family, const struct nf_addr *addr,
			     char text[INET6_ADDRSTRLEN])
{
	return inet_ntop(family == 4 ? AF_INET : AF_INET6, addr, text,
			 INET6_ADDRSTRLEN);
}

static int claim_refuse_own(const struct claim *c,
			    const struct netlink_addr *own,
			    struct instance_error *err)
{
	char text[INET6_ADDRSTRLEN], dev[IF_NAMESIZE] = "?";

	if_indextoname(own->ifindex, dev);
	return instance_fail(
		err, -EADDRINUSE,
		"NAT pool address %s is the host's own (on %s): its own traffic could not be told from translated traffic. Use an address that the host does not have, or remove this one: ip addr del %s dev %s",
		addr_text(c->family, &c->addr, text), dev,
		addr_text(own->family, &own->addr, text), dev);
}

int claims_check(const struct claims *c, struct instance_error *err)
{
	struct netlink_addr *own = NULL;
	const struct claim *hit;
	uint32_t cnt = 0;
	int ret;

	if (!c->cnt)
		return 0;
	if (!device_is_up("lo"))
		return instance_fail(
			err, -ENETDOWN,
			"lo is down: addresses of NAT pools and virtual services are put there, and a device that is down answers no ARP. Bring it up: ip link set lo up");
	ret = netlink_addrs(&own, &cnt);
	if (ret)
		return instance_fail(err, ret, "reading the host's addresses: %s",
				     strerror(-ret));
	for (uint32_t i = 0; i < cnt && !ret; i++) {
		hit = claims_find(c, own[i].family, &own[i].addr);
		if (hit && hit->kind == NF_CLAIM_NAT && !own[i].ours)
			ret = claim_refuse_own(hit, &own[i], err);
	}
	free(own);
	return ret;
}

/* A virtual service's address that the host has on some device anyway is
 * answered for already: IPv4 for all devices, IPv6 for that one. */
static bool claim_present(const struct claim *c, uint32_t ifindex,
			  const struct netlink_addr *own, uint32_t cnt)
{
	for (uint32_t i = 0; i < cnt; i++)
		if (own[i].family == c->family &&
		    !memcmp(&own[i].addr, &c->addr, sizeof(c->addr)) &&
		    (c->family == 4 || own[i].ifindex == ifindex))
			return true;
	return false;
}

static int claim_add(struct claims *all, const struct claim *c,
		     uint32_t ifindex, struct instance_error *err)
{
	const struct netlink_addr a = { .family = c->family, .addr = c->addr,
					.ifindex = ifindex };
	char text[INET6_ADDRSTRLEN], dev[IF_NAMESIZE] = "?";
	int ret;

	ret = netlink_addr_add(&a);
	if (!ret)
		all->added[all->added_cnt++] = a;
	if (!ret || ret == -EEXIST)
		return 0;
	if_indextoname(ifindex, dev);
	return instance_fail(err, ret, "adding address %s to %s: %s%s",
			     addr_text(c->family, &c->addr, text), dev,
			     strerror(-ret),
			     c->family == 6 && ret == -EACCES ?
				     " (IPv6 is off there: sysctl net.ipv6.conf.all.disable_ipv6=0)" :
				     "");
}

static int claim_add_all(struct claims *c, const struct claim *claim,
			 const struct netlink_addr *own, uint32_t own_cnt,
			 const uint32_t *devices, uint32_t cnt,
			 struct instance_error *err)
{
	int ret = 0;

	for (uint32_t d = 0; d < cnt && !ret; d++)
		if (!claim_present(claim, devices[d], own, own_cnt))
			ret = claim_add(c, claim, devices[d], err);
	return ret;
}

int claims_add(struct claims *c, const struct instance_port *ports,
	       uint32_t port_cnt, struct instance_error *err)
{
	uint32_t cnt = 0, lo = if_nametoindex("lo"), devices[NFOLD_PORT_MAX];
	struct netlink_addr *own = NULL;
	int ret;

	if (!c->cnt)
		return 0;
	for (uint32_t p = 0; p < port_cnt; p++)
		devices[p] = ports[p].ifindex;
	free(c->added);
	c->added_cnt = 0;
	c->added = calloc((size_t)c->cnt * (port_cnt + 1), sizeof(*c->added));
	ret = c->added ? netlink_addrs(&own, &cnt) : -ENOMEM;
	if (ret)
		return instance_fail(err, ret, "reading the host's addresses: %s",
				     strerror(-ret));
	for (uint32_t i = 0; i < c->cnt && !ret; i++) {
		bool v4 = c->v[i].family == 4;

		ret = claim_add_all(c, &c->v[i], own, cnt, v4 ? &lo : devices,
				    v4 ? 1 : port_cnt, err);
	}
	free(own);
	if (ret)
		claims_undo(c);
	return ret;
}

void claims_undo(struct claims *c)
{
	while (c->added_cnt)
		netlink_addr_del(&c->added[--c->added_cnt]);
}

void claims_del(const struct claims *c)
{
	struct netlink_addr *own = NULL;
	uint32_t cnt = 0;

	if (!c->cnt || netlink_addrs(&own, &cnt))
		return;
	for (uint32_t i = 0; i < cnt; i++)
		if (own[i].ours &&
		    claims_find(c, own[i].family, &own[i].addr))
			netlink_addr_del(&own[i]);
	free(own);
}
