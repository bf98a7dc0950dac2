/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The router's netlink: its two sockets, messages, and questions. rtnetlink answers a GET before send() returns, so that
 * nothing here ever waits. Needs no capability; after the sandbox only send()
 * and recvmsg() on these two descriptors are used.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "route_priv.h"

static uint32_t family_of(int af)
{
	return af == AF_INET ? 4 : af == AF_INET6 ? 6 : 0;
}

static size_t addr_len(uint32_t family)
{
	return family == 4 ? 4 : 16;
}

/* false: not an address of that family. */
static bool attr_addr(const struct nlattr *a, uint32_t family,
		      struct route_key *key)
{
	if (!family || mnl_attr_get_payload_len(a) < addr_len(family))
		return false;
	memset(&key->addr, 0, sizeof(key->addr));
	memcpy(&key->addr, mnl_attr_get_payload(a), addr_len(family));
	key->family = family;
	return true;
}

/* --- messages --- */

/* RTA_VIA: a gateway of another family (RFC 8950). */
static void via_parse(const struct nlattr *a, struct route_answer *out)
{
	const struct rtvia *via = mnl_attr_get_payload(a);
	uint16_t len = mnl_attr_get_payload_len(a);
	uint32_t family;

	if (len < sizeof(*via))
		return;
	family = family_of(via->rtvia_family);
	if (!family || len < sizeof(*via) + addr_len(family))
		return;
	memcpy(&out->via.addr, via->rtvia_addr, addr_len(family));
	out->via.family = family;
}

static int route_parse(const struct nlmsghdr *nlh, void *data)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct route_answer *out = data;
	const struct nlattr *a;

	if (nlh->nlmsg_type != RTM_NEWROUTE ||
	    nlh->nlmsg_len < MNL_NLMSG_HDRLEN + sizeof(*rtm))
		return -EBADMSG;
	out->type = rtm->rtm_type;
	mnl_attr_for_each(a, nlh, sizeof(*rtm)) {
		uint16_t type = mnl_attr_get_type(a);

		if (type == RTA_OIF && mnl_attr_get_payload_len(a) >= 4)
			out->oif = mnl_attr_get_u32(a);
		else if (type == RTA_GATEWAY)
			attr_addr(a, family_of(rtm->rtm_family), &out->via);
		else if (type == RTA_VIA)
			via_parse(a, out);
	}
	return 0;
}

int route_nl_neigh_parse(const struct nlmsghdr *nlh, void *data)
{
	const struct ndmsg *ndm = mnl_nlmsg_get_payload(nlh);
	struct neigh_info *out = data;
	const struct nlattr *a;
	bool has_dst = false;

	*out = (struct neigh_info){ .nud = NUD_NONE };
	if (nlh->nlmsg_len < MNL_NLMSG_HDRLEN + sizeof(*ndm) ||
	    (ndm->ndm_flags & NTF_PROXY))
		return -EBADMSG;
	mnl_attr_for_each(a, nlh, sizeof(*ndm)) {
		uint16_t type = mnl_attr_get_type(a);

		if (type == NDA_DST) {
			has_dst = attr_addr(a, family_of(ndm->ndm_family),
					    &out->key);
		} else if (type == NDA_LLADDR &&
			   mnl_attr_get_payload_len(a) == sizeof(out->mac)) {
			memcpy(out->mac, mnl_attr_get_payload(a),
			       sizeof(out->mac));
			out->has_mac = true;
		}
	}
	if (nlh->nlmsg_type != RTM_DELNEIGH)
		out->nud = ndm->ndm_state;
	out->key.ifindex = ndm->ndm_ifindex;
	return has_dst ? 0 : -EBADMSG;
}

/* --- questions --- */

static int answer_read(struct route *r, void *buf, mnl_cb_t cb, void *data)
{
	ssize_t n = mnl_socket_recvfrom(r->query, buf, NL_BUF);
	const struct nlmsghdr *nlh = buf;
	const struct nlmsgerr *e;
	int len = n;

	if (n < 0)
		return -errno;
	if (!mnl_nlmsg_ok(nlh, len))
		return -EBADMSG;
	if (nlh->nlmsg_seq != r->seq)
		return 1;
	if (nlh->nlmsg_type != NLMSG_ERROR)
		return cb(nlh, data);
	e = mnl_nlmsg_get_payload(nlh);
	return e->error ? e->error : -ENOENT;
}

/* To the kernel, which is who a netlink socket leads to: the sandbox lets nobody
 * name an address, as mnl_socket_sendto() does. */
int route_nl_send(struct mnl_socket *nl, const struct nlmsghdr *nlh)
{
	return send(mnl_socket_get_fd(nl), nlh, nlh->nlmsg_len, 0) < 0 ?
		       -errno : 0;
}

/* Answers to earlier questions are passed over. */
static int ask(struct route *r, struct nlmsghdr *nlh, mnl_cb_t cb, void *data)
{
	char buf[NL_BUF] __attribute__((aligned(8)));
	int ret;

	nlh->nlmsg_seq = ++r->seq;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	ret = route_nl_send(r->query, nlh);
	if (ret)
		return ret;
	do {
		ret = answer_read(r, buf, cb, data);
	} while (ret == 1 || ret == -EINTR);
	return ret;
}

int route_nl_get_route(struct route *r, const struct route_key *dst,
		       struct route_answer *out)
{
	char buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct rtmsg *rtm;

	nlh->nlmsg_type = RTM_GETROUTE;
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	rtm->rtm_family = dst->family == 4 ? AF_INET : AF_INET6;
	rtm->rtm_dst_len = addr_len(dst->family) * 8;
	mnl_attr_put(nlh, RTA_DST, addr_len(dst->family), &dst->addr);
	memset(out, 0, sizeof(*out));
	return ask(r, nlh, route_parse, out);
}

int route_nl_get_neigh(struct route *r, const struct route_key *key,
		       struct neigh_info *out)
{
	char buf[256] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ndmsg *ndm;

	nlh->nlmsg_type = RTM_GETNEIGH;
	ndm = mnl_nlmsg_put_extra_header(nlh, sizeof(*ndm));
	ndm->ndm_family = key->family == 4 ? AF_INET : AF_INET6;
	ndm->ndm_ifindex = key->ifindex;
	mnl_attr_put(nlh, NDA_DST, addr_len(key->family), &key->addr);
	return ask(r, nlh, route_nl_neigh_parse, out);
}

/* --- sockets --- */

static int sock_open(struct mnl_socket **out)
{
	struct mnl_socket *s;
	int err;

	s = mnl_socket_open2(NETLINK_ROUTE, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (!s)
		return -errno;
	if (mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0) {
		err = -errno;
		mnl_socket_close(s);
		return err;
	}
	*out = s;
	return 0;
}

int route_nl_open(struct route *r)
{
	int err = sock_open(&r->notify);

	if (err)
		return err;
	err = route_watch_join(r);
	if (err)
		goto err_close_notify;
	err = sock_open(&r->query);
	if (err)
		goto err_close_notify;
	return 0;

err_close_notify:
	mnl_socket_close(r->notify);
	return err;
}

void route_nl_close(struct route *r)
{
	mnl_socket_close(r->query);
	mnl_socket_close(r->notify);
}
