/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the kernel tells the router unasked. Neighbours change one next hop;
 * anything that may change a route drops the cache of destinations.
 */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "route_priv.h"

#define NL_RCVBUF (4 << 20)		/* bytes */
#ifndef IFF_LOWER_UP
#define IFF_LOWER_UP 0x10000
#endif
#define LINK_FLAGS (IFF_UP | IFF_RUNNING | IFF_LOWER_UP)

static const int groups[] = {
	RTNLGRP_LINK, RTNLGRP_NEIGH, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
	RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_RULE,
	RTNLGRP_IPV6_RULE, RTNLGRP_NEXTHOP,
};

static void neigh_notified(struct route *r, const struct nlmsghdr *nlh)
{
	struct neigh_info n;
	struct hop *h;

	if (route_nl_neigh_parse(nlh, &n))
		return;
	h = hop_find(r, &n.key);
	if (h)
		hop_neigh(r, h, &n);
}

/* Whether the link's state differs from what was seen last. */
static bool link_changed(struct route *r, uint32_t ifindex, uint32_t flags)
{
	struct link_state *l;
	bool changed;

	HASH_FIND(hh, r->links, &ifindex, sizeof(ifindex), l);
	if (!l) {
		l = calloc(1, sizeof(*l));
		if (!l)
			return true;
		l->ifindex = ifindex;
		HASH_ADD(hh, r->links, ifindex, sizeof(l->ifindex), l);
		if (!l->hh.tbl) {
			free(l);
			return true;
		}
		l->flags = ~flags;
	}
	changed = l->flags != flags;
	l->flags = flags;
	return changed;
}

static void link_gone(struct route *r, uint32_t ifindex)
{
	struct link_state *l;

	HASH_FIND(hh, r->links, &ifindex, sizeof(ifindex), l);
	if (!l)
		return;
	HASH_DEL(r->links, l);
	free(l);
}

/* The kernel deletes IPv4 routes of a link that goes down without a word. */
static void link_notified(struct route *r, const struct nlmsghdr *nlh)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_len < MNL_NLMSG_HDRLEN + sizeof(*ifi))
		return;
	if (nlh->nlmsg_type == RTM_DELLINK)
		link_gone(r, ifi->ifi_index);
	else if (!link_changed(r, ifi->ifi_index, ifi->ifi_flags & LINK_FLAGS))
		return;
	route_drop_cache(r);
}

static int notified(const struct nlmsghdr *nlh, void *data)
{
	struct route *r = data;

	switch (nlh->nlmsg_type) {
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		neigh_notified(r, nlh);
		break;
	case RTM_NEWLINK:
	case RTM_DELLINK:
		link_notified(r, nlh);
		break;
	default:	/* routes, rules, addresses, next-hop objects */
		route_drop_cache(r);
	}
	return MNL_CB_OK;
}

void route_read(struct route *r)
{
	char buf[NL_BUF] __attribute__((aligned(8)));

	for (;;) {
		ssize_t n = mnl_socket_recvfrom(r->notify, buf, sizeof(buf));

		if (n > 0) {
			mnl_cb_run(buf, n, 0, 0, notified, r);
		} else if (n < 0 && errno == ENOBUFS) {
			route_drop_cache(r);
			hop_resync(r);
		} else if (n == 0 || errno != EINTR) {
			return;
		}
	}
}

int route_fd(const struct route *r)
{
	return mnl_socket_get_fd(r->notify);
}

/* --- opening --- */

static int links_seen(const struct nlmsghdr *nlh, void *data)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type == RTM_NEWLINK)
		link_changed(data, ifi->ifi_index, ifi->ifi_flags & LINK_FLAGS);
	return MNL_CB_OK;
}

/* The state that link notifications are compared with. */
int route_watch_links(struct route *r)
{
	char buf[NL_BUF] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct rtgenmsg *gen;
	ssize_t n;
	int ret;

	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = ++r->seq;
	gen = mnl_nlmsg_put_extra_header(nlh, sizeof(*gen));
	gen->rtgen_family = AF_UNSPEC;
	ret = route_nl_send(r->query, nlh);
	if (ret)
		return ret;
	do {
		n = mnl_socket_recvfrom(r->query, buf, sizeof(buf));
		if (n < 0)
			return -errno;
		ret = mnl_cb_run(buf, n, r->seq, 0, links_seen, r);
	} while (ret > MNL_CB_STOP);
	return ret < 0 ? -errno : 0;
}

int route_watch_join(struct route *r)
{
	struct mnl_socket *s = r->notify;
	int buf = NL_RCVBUF;

	setsockopt(mnl_socket_get_fd(s), SOL_SOCKET, SO_RCVBUFFORCE, &buf,
		   sizeof(buf));
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		int group = groups[i];

		if (mnl_socket_setsockopt(s, NETLINK_ADD_MEMBERSHIP, &group,
					  sizeof(group)) < 0)
			return -errno;
	}
	return 0;
}

void route_watch_free(struct route *r)
{
	struct link_state *l, *tmp;

	HASH_ITER(hh, r->links, l, tmp) {
		HASH_DEL(r->links, l);
		free(l);
	}
}
