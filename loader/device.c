/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "device.h"

#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>

#include "netlink.h"

static int device_ioctl(int fd, const char *name, unsigned long what,
			struct ifreq *ifr)
{
	snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "%s", name);
	return ioctl(fd, what, ifr) ? -errno : 0;
}

static void device_driver(int fd, struct device *d)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq ifr = { .ifr_data = (void *)&info };

	if (!device_ioctl(fd, d->name, SIOCETHTOOL, &ifr))
		snprintf(d->driver, sizeof(d->driver), "%s", info.driver);
}

static uint32_t queues_by_channels(int fd, const char *name)
{
	struct ethtool_channels ch = { .cmd = ETHTOOL_GCHANNELS };
	struct ifreq ifr = { .ifr_data = (void *)&ch };

	if (device_ioctl(fd, name, SIOCETHTOOL, &ifr))
		return 0;
	return ch.rx_count + ch.combined_count;
}

/* /sys may be that of another network namespace, where the name means another
 * device or none: the ifindex tells. */
static bool sysfs_is_ours(const struct device *d)
{
	char path[64], text[16] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/net/%s/ifindex", d->name);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	return strtoul(text, NULL, 10) == d->ifindex;
}

static uint32_t queues_by_sysfs(const struct device *d)
{
	struct dirent *e;
	uint32_t cnt = 0;
	char path[64];
	DIR *dir;

	if (!sysfs_is_ours(d))
		return 0;
	snprintf(path, sizeof(path), "/sys/class/net/%s/queues", d->name);
	dir = opendir(path);
	if (!dir)
		return 0;
	while ((e = readdir(dir)))
		cnt += !strncmp(e->d_name, "rx-", 3);
	closedir(dir);
	return cnt;
}

static void device_queues(int fd, struct device *d)
{
	d->queues = queues_by_channels(fd, d->name);
	if (!d->queues)
		d->queues = queues_by_sysfs(d);
	if (!d->queues)
		d->queues = netlink_rx_queues(d->ifindex);
	if (!d->queues)
		d->queues = 1;
}

int device_probe(struct device *d, const char *name)
{
	struct ifreq ifr = { 0 };
	int fd, err;

	memset(d, 0, sizeof(*d));
	if (strlen(name) >= sizeof(d->name))
		return -ENODEV;
	strcpy(d->name, name);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	err = device_ioctl(fd, name, SIOCGIFINDEX, &ifr);
	if (err)
		goto out;
	d->ifindex = ifr.ifr_ifindex;
	err = device_ioctl(fd, name, SIOCGIFMTU, &ifr);
	if (err)
		goto out;
	d->mtu = ifr.ifr_mtu;
	err = device_ioctl(fd, name, SIOCGIFHWADDR, &ifr);
	if (err)
		goto out;
	d->loopback = ifr.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK;
	d->ethernet = d->loopback || ifr.ifr_hwaddr.sa_family == ARPHRD_ETHER;
	memcpy(d->mac, ifr.ifr_hwaddr.sa_data, sizeof(d->mac));
	err = device_ioctl(fd, name, SIOCGIFFLAGS, &ifr);
	if (err)
		goto out;
	d->up = ifr.ifr_flags & IFF_UP;
	device_driver(fd, d);
	device_queues(fd, d);
out:
	close(fd);
	return err;
}

bool device_is_up(const char *name)
{
	struct device d;

	return !device_probe(&d, name) && d.up;
}
