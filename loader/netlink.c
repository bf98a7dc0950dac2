/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "netlink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

/* Sends a request and hands every answer to cb. 0 or negative errno. */
static int netlink_talk(struct nlmsghdr *nlh, mnl_cb_t cb, void *ctx)
{
	char buf[32768];	/* MNL_SOCKET_BUFFER_SIZE of a large page */
	struct mnl_socket *nl;
	ssize_t n;
	int err = 0;

	nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!nl)
		return -errno;
	nlh->nlmsg_seq = (uint32_t)time(NULL);
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0) {
		err = -errno;
		goto out;
	}
	for (;;) {
		n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (n < 0) {
			err = -errno;
			break;
		}
		n = mnl_cb_run(buf, n, nlh->nlmsg_seq,
			       mnl_socket_get_portid(nl), cb, ctx);
		if (n < 0)
			err = -errno;
		if (n <= 0)
			break;
	}
out:
	mnl_socket_close(nl);
	return err;
}

struct addr_list {
	struct netlink_addr *v;
	uint32_t cnt, cap;
};

static int addr_list_add(struct addr_list *l, const struct netlink_addr *a)
{
	struct netlink_addr *v;

	if (l->cnt == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 32;
		v = realloc(l->v, l->cap * sizeof(*v));
		if (!v)
			return -ENOMEM;
		l->v = v;
	}
	l->v[l->cnt++] = *a;
	return 0;
}

/* Point-to-point links carry the peer in IFA_ADDRESS and the host's own
 * address in IFA_LOCAL; IPv6 has IFA_ADDRESS alone on others. */
static int on_addr(const struct nlmsghdr *nlh, void *ctx)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	struct netlink_addr a = { .ifindex = ifa->ifa_index };
	const void *address = NULL, *local = NULL;
	const struct nlattr *at;
	size_t len;

	if (nlh->nlmsg_type != RTM_NEWADDR ||
	    (ifa->ifa_family != AF_INET && ifa->ifa_family != AF_INET6))
		return MNL_CB_OK;
	a.family = ifa->ifa_family == AF_INET ? 4 : 6;
	len = a.family == 4 ? 4 : 16;
	mnl_attr_for_each(at, nlh, sizeof(*ifa)) {
		switch (mnl_attr_get_type(at)) {
		case IFA_ADDRESS:
			address = mnl_attr_get_payload(at);
			break;
		case IFA_LOCAL:
			local = mnl_attr_get_payload(at);
			break;
		case IFA_PROTO:
			a.ours = mnl_attr_get_u8(at) == NETLINK_ADDR_PROTO;
			break;
		}
	}
	if (!local)
		local = address;
	if (!local)
		return MNL_CB_OK;
	memcpy(&a.addr, local, len);
	if (addr_list_add(ctx, &a)) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	return MNL_CB_OK;
}

int netlink_addrs(struct netlink_addr **out, uint32_t *cnt)
{
	char buf[256];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct addr_list list = { 0 };
	struct ifaddrmsg *ifa;
	int err;

	nlh->nlmsg_type = RTM_GETADDR;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	ifa->ifa_family = AF_UNSPEC;
	err = netlink_talk(nlh, on_addr, &list);
	if (err) {
		free(list.v);
		return err;
	}
	*out = list.v;
	*cnt = list.cnt;
	return 0;
}

static int addr_change(const struct netlink_addr *a, uint16_t type,
		       uint16_t flags)
{
	/* Deprecated, valid for ever: never chosen as a source (IPv6). */
	const struct ifa_cacheinfo life = { .ifa_prefered = 0,
					    .ifa_valid = UINT32_MAX };
	char buf[512];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	size_t len = a->family == 4 ? 4 : 16;
	struct ifaddrmsg *ifa;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	ifa->ifa_family = a->family == 4 ? AF_INET : AF_INET6;
	ifa->ifa_prefixlen = len * 8;
	ifa->ifa_index = a->ifindex;
	/* Scope host: never chosen as a source for others (IPv4). */
	ifa->ifa_scope = a->family == 4 ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
	mnl_attr_put(nlh, IFA_LOCAL, len, &a->addr);
	mnl_attr_put(nlh, IFA_ADDRESS, len, &a->addr);
	if (type == RTM_NEWADDR) {
		mnl_attr_put_u8(nlh, IFA_PROTO, NETLINK_ADDR_PROTO);
		if (a->family == 6) {
			mnl_attr_put_u32(nlh, IFA_FLAGS, IFA_F_NODAD);
			mnl_attr_put(nlh, IFA_CACHEINFO, sizeof(life), &life);
		}
	}
	return netlink_talk(nlh, NULL, NULL);
}

int netlink_addr_add(const struct netlink_addr *a)
{
	return addr_change(a, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
}

int netlink_addr_del(const struct netlink_addr *a)
{
	return addr_change(a, RTM_DELADDR, 0);
}

static int on_link(const struct nlmsghdr *nlh, void *ctx)
{
	const struct nlattr *at;

	mnl_attr_for_each(at, nlh, sizeof(struct ifinfomsg))
		if (mnl_attr_get_type(at) == IFLA_NUM_RX_QUEUES)
			*(uint32_t *)ctx = mnl_attr_get_u32(at);
	return MNL_CB_OK;
}

uint32_t netlink_rx_queues(uint32_t ifindex)
{
	char buf[256];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;
	uint32_t queues = 0;

	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_index = ifindex;
	netlink_talk(nlh, on_link, &queues);
	return queues;
}

int netlink_veth_add(const char *name, const char *peer)
{
	char buf[512];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nlattr *info, *data, *other;

	nlh->nlmsg_type = RTM_NEWLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE |
			   NLM_F_EXCL;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	other = mnl_attr_nest_start(nlh, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, peer);
	mnl_attr_nest_end(nlh, other);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	return netlink_talk(nlh, NULL, NULL);
}
