/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Map "hosts": which destinations are the host's own. Kept in step with the
 * host's addresses: the parent polls the watch and calls refresh.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "instance_priv.h"

/* IPv4 as v4-mapped IPv6 (RFC 4291 section 2.5.5.2). */
static void host_key(struct nfold_host_key *k, int family,
		     const struct nf_addr *addr)
{
	memset(k, 0, sizeof(*k));
	if (family == 4) {
		k->addr[2] = htobe32(0xffff);
		k->addr[3] = addr->a[0];
	} else {
		memcpy(k->addr, addr->a, sizeof(k->addr));
	}
}

struct host_list {
	struct nfold_host_key *v;
	uint32_t cnt;
};

static bool host_list_has(const struct host_list *l,
			  const struct nfold_host_key *k)
{
	for (uint32_t n = 0; n < l->cnt; n++)
		if (!memcmp(&l->v[n], k, sizeof(*k)))
			return true;
	return false;
}

static int host_set(struct host_list *l, int fd, int family,
		    const struct nf_addr *addr, uint32_t value)
{
	struct nfold_host_key *k = &l->v[l->cnt++];

	host_key(k, family, addr);
	return bpf_map_update_elem(fd, k, &value, 0) ? -errno : 0;
}

static int hosts_set(struct instance *i, struct host_list *l,
		     const struct netlink_addr *own, uint32_t cnt)
{
	int fd = i->maps.hosts_fd, ret = 0;

	for (uint32_t n = 0; n < cnt && !ret; n++)
		if (!claims_find(&i->claims, own[n].family, &own[n].addr))
			ret = host_set(l, fd, own[n].family, &own[n].addr,
				       NFOLD_HOST_ALL);
	for (uint32_t n = 0; n < i->claims.cnt && !ret; n++)
		if (i->claims.v[n].kind == NF_CLAIM_VIP)
			ret = host_set(l, fd, i->claims.v[n].family,
				       &i->claims.v[n].addr, NFOLD_HOST_ICMP);
	return ret;
}

/* The successor is asked for before a key is deleted. */
static void hosts_drop_others(int fd, const struct host_list *keep)
{
	struct nfold_host_key key, next;
	bool more = !bpf_map_get_next_key(fd, NULL, &next);

	while (more) {
		key = next;
		more = !bpf_map_get_next_key(fd, &key, &next);
		if (!host_list_has(keep, &key))
			bpf_map_delete_elem(fd, &key);
	}
}

static bool is_link_local(const struct netlink_addr *a)
{
	return a->family == 6 &&
	       (be32toh(a->addr.a[0]) & 0xffc00000) == 0xfe800000;
}

/* Each port's first own address of a family: what error messages come from.
 * Word by word, beside a reader: a message from a half-changed IPv6 address is
 * lost, no more. */
static void port_addrs(struct instance *i, const struct netlink_addr *own,
		       uint32_t cnt)
{
	for (uint32_t p = 0; p < i->port_cnt; p++) {
		struct nfold_port *port = &i->maps.ports[p];
		struct nf_addr a[2] = { 0 };

		for (uint32_t n = cnt; n--;)
			if (own[n].ifindex == port->ifindex && !own[n].ours &&
			    !is_link_local(&own[n]))
				a[own[n].family == 6] = own[n].addr;
		port->addr4 = a[0].a[0];
		memcpy(port->addr6, a[1].a, sizeof(port->addr6));
	}
}

int instance_hosts_refresh(struct instance *i)
{
	struct netlink_addr *own = NULL;
	struct host_list list = { 0 };
	uint32_t cnt = 0;
	int ret;

	ret = netlink_addrs(&own, &cnt);
	if (ret)
		return ret;
	list.v = calloc(cnt + i->claims.cnt + 1, sizeof(*list.v));
	ret = list.v ? hosts_set(i, &list, own, cnt) : -ENOMEM;
	/* Stale keys go also when the map is full: they make room. */
	if (list.v)
		hosts_drop_others(i->maps.hosts_fd, &list);
	if (ret == -E2BIG) {
		list.cnt = 0;
		ret = hosts_set(i, &list, own, cnt);
	}
	port_addrs(i, own, cnt);
	free(list.v);
	free(own);
	return ret;
}

int instance_addr_watch(void)
{
	const struct sockaddr_nl addr = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
	};
	int fd, err;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    NETLINK_ROUTE);
	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&addr, sizeof(addr))) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* What changed is not read: refresh compares with the kernel's list anyway, so
 * that a lost notification (ENOBUFS) is as good as one that came. */
bool instance_addr_changed(int fd)
{
	bool changed = false;
	char buf[8192];
	ssize_t n;

	for (;;) {
		n = recv(fd, buf, sizeof(buf), MSG_TRUNC);
		if (n > 0 || (n < 0 && errno == ENOBUFS))
			changed = true;
		else if (n == 0 || errno != EINTR)
			return changed;
	}
}
