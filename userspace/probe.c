/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <time.h>

#define PROBES_PER_S 500U
#define PROBES_BURST 100U
#define MSG_SIZE 256

struct probe {
	struct mnl_socket *nl;
	uint64_t tokens_ns;	/* time is money: a probe costs 1 s / rate */
	uint64_t last_ns;
};

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec;
}

int probe_new(struct probe **out)
{
	struct probe *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return -ENOMEM;
	p->nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!p->nl || mnl_socket_bind(p->nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		err = -errno;
		probe_free(p);
		return err;
	}
	*out = p;
	return 0;
}

void probe_free(struct probe *p)
{
	if (!p)
		return;
	if (p->nl)
		mnl_socket_close(p->nl);
	free(p);
}

static bool probe_allowed(struct probe *p)
{
	const uint64_t cost = UINT64_C(1000000000) / PROBES_PER_S;
	uint64_t now = clock_ns();

	p->tokens_ns += now - p->last_ns;
	p->last_ns = now;
	if (p->tokens_ns > cost * PROBES_BURST)
		p->tokens_ns = cost * PROBES_BURST;
	if (p->tokens_ns < cost)
		return false;
	p->tokens_ns -= cost;
	return true;
}

/* NTF_USE: as if the host itself had sent a packet to it. No NLM_F_ACK: what
 * came of it is seen in the neighbour's state. */
int probe_send(struct probe *p, uint32_t ifindex, int family, const char *addr)
{
	char buf[MSG_SIZE] __attribute__((aligned(8)));
	int af = family == 4 ? AF_INET : AF_INET6;
	struct in6_addr bin;
	struct nlmsghdr *nh;
	struct ndmsg *nd;

	if (inet_pton(af, addr, &bin) != 1)
		return -EINVAL;
	if (!probe_allowed(p))
		return -EBUSY;
	nh = mnl_nlmsg_put_header(buf);
	nh->nlmsg_type = RTM_NEWNEIGH;
	nh->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE;
	nd = mnl_nlmsg_put_extra_header(nh, sizeof(*nd));
	nd->ndm_family = af;
	nd->ndm_ifindex = ifindex;
	nd->ndm_state = NUD_NONE;
	nd->ndm_flags = NTF_USE;
	mnl_attr_put(nh, NDA_DST, family == 4 ? 4 : 16, &bin);
	if (mnl_socket_sendto(p->nl, nh, nh->nlmsg_len) < 0)
		return -errno;
	/* refusals come back unasked: thrown away */
	while (mnl_socket_recvfrom(p->nl, buf, sizeof(buf)) > 0)
		;
	return 0;
}
