/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "private_net.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "instance_priv.h"
#include "netlink.h"

static bool name_taken(const struct private_port *ports, uint32_t cnt,
		       const char *name)
{
	for (uint32_t i = 0; i < cnt; i++)
		if (!strcmp(ports[i].name, name))
			return true;
	return false;
}

/* A name for the n-th port's peer that no port has. */
static void peer_name(const struct private_port *ports, uint32_t cnt,
		      uint32_t n, char name[IFNAMSIZ])
{
	do
		snprintf(name, IFNAMSIZ, "peer%u", n);
	while (name_taken(ports, cnt, name) && (n += cnt));
}

static struct ifreq request(const struct private_port *p)
{
	struct ifreq ifr = { 0 };

	memcpy(ifr.ifr_name, p->name, sizeof(p->name));
	return ifr;
}

/* MAC and MTU while it is down, then up. */
static int port_set(int fd, const struct private_port *p)
{
	static const uint8_t none[6];
	struct ifreq ifr = request(p);

	if (memcmp(p->mac, none, sizeof(none))) {
		ifr.ifr_hwaddr.sa_family = ARPHRD_ETHER;
		memcpy(ifr.ifr_hwaddr.sa_data, p->mac, sizeof(p->mac));
		if (ioctl(fd, SIOCSIFHWADDR, &ifr))
			return -errno;
	}
	ifr = request(p);
	ifr.ifr_mtu = p->mtu;
	if (p->mtu && ioctl(fd, SIOCSIFMTU, &ifr))
		return -errno;
	ifr = request(p);
	if (ioctl(fd, SIOCGIFFLAGS, &ifr))
		return -errno;
	ifr.ifr_flags |= IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &ifr) ? -errno : 0;
}

static int port_add(int fd, const struct private_port *ports, uint32_t cnt,
		    uint32_t n)
{
	char peer[IFNAMSIZ];
	int ret;

	if (!strcmp(ports[n].name, "lo"))
		return 0;
	peer_name(ports, cnt, n, peer);
	ret = netlink_veth_add(ports[n].name, peer);
	return ret ? ret : port_set(fd, &ports[n]);
}

int private_net_enter(const struct private_port *ports, uint32_t cnt,
		      struct instance_error *err)
{
	static const struct private_port lo = { .name = "lo" };
	int fd, ret;

	if (unshare(CLONE_NEWNET))
		return instance_fail(
			err, -errno,
			"a network namespace of its own: %s: run as root",
			strerror(errno));
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return instance_fail(err, -errno, "socket: %s",
				     strerror(errno));
	ret = port_set(fd, &lo);
	if (ret)
		instance_fail(err, ret, "lo: %s", strerror(-ret));
	for (uint32_t n = 0; n < cnt && !ret; n++) {
		ret = port_add(fd, ports, cnt, n);
		if (ret)
			instance_fail(err, ret, "stand-in for port %s: %s",
				      ports[n].name, strerror(-ret));
	}
	close(fd);
	return ret;
}
