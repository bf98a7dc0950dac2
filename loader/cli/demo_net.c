/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The demo's topology, by ip(8) and ethtool(8):
 *
 *	cli 10.0.0.2 --- cli0 [box] srv0 --- 10.1.1.2 s1
 *	  2001:db8::2             [   ] srv1 --- 10.1.2.2 s2
 *
 * with IPv6 2001:db8:1:1::/64 and 2001:db8:1:2::/64 at the servers. The box's
 * kernel does not forward: what arrives came through nfold.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "demo.h"

static const char *const spaces[] = { "box", "cli", "s1", "s2" };
#define SPACE_CNT (sizeof(spaces) / sizeof(spaces[0]))

static const struct {
	const char *ns, *port;
	const char *box4, *box6, *peer4, *peer6;	/* without length */
} links[] = {
	{ "cli", "cli0", "10.0.0.1", "2001:db8::1", "10.0.0.2",
	  "2001:db8::2" },
	{ "s1", "srv0", "10.1.1.1", "2001:db8:1:1::1", "10.1.1.2",
	  "2001:db8:1:1::2" },
	{ "s2", "srv1", "10.1.2.1", "2001:db8:1:2::1", "10.1.2.2",
	  "2001:db8:1:2::2" },
};
#define LINK_CNT (sizeof(links) / sizeof(links[0]))

static int space_add(struct demo *d, const char *ns)
{
	int err = demo_run(d, "ip netns add %s-%s", d->name, ns);

	if (!err)
		err = demo_run_in(d, ns, "ip link set lo up");
	if (!err)
		err = demo_run_in(
			d, ns,
			"sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0 net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.accept_ra=0 net.ipv6.conf.default.router_solicitations=0");
	return err;
}

/* Redirect into a veth needs NAPI on its peer: GRO on there. XDP cannot take
 * segments that the sender's device is to cut: TSO off. ethtool answers with an
 * error where a feature is fixed already, which is as well. */
static int link_add(struct demo *d, size_t i)
{
	const char *ns = links[i].ns, *port = links[i].port;
	int err;

	err = demo_run(d,
		       "ip link add %s netns %s-box type veth peer name net0 netns %s-%s",
		       port, d->name, d->name, ns);
	if (err)
		return err;
	demo_run_in(d, ns, "ethtool -K net0 gro on tso off gso off");
	demo_run_in(d, "box", "ethtool -K %s gro off tso off gso off", port);
	err = demo_run_in(d, ns, "ip link set net0 up");
	if (!err)
		err = demo_run_in(d, "box", "ip link set %s up", port);
	return err;
}

static int link_addrs(struct demo *d, size_t i)
{
	const char *ns = links[i].ns, *port = links[i].port;
	int err;

	err = demo_run_in(d, "box", "ip addr add %s/24 dev %s", links[i].box4,
			  port);
	if (!err)
		err = demo_run_in(d, "box", "ip addr add %s/64 dev %s nodad",
				  links[i].box6, port);
	if (!err)
		err = demo_run_in(d, ns, "ip addr add %s/24 dev net0",
				  links[i].peer4);
	if (!err)
		err = demo_run_in(d, ns, "ip addr add %s/64 dev net0 nodad",
				  links[i].peer6);
	if (!err)
		err = demo_run_in(d, ns, "ip route add default via %s",
				  links[i].box4);
	if (!err)
		err = demo_run_in(d, ns, "ip -6 route add default via %s",
				  links[i].box6);
	return err;
}

static int dir_make(struct demo *d)
{
	if (mkdir(d->dir, 0755) || mkdir(d->bpffs, 0700)) {
		cli_error("demo: %s: %s", d->dir, strerror(errno));
		return -errno;
	}
	if (mount("bpf", d->bpffs, "bpf", 0, NULL)) {
		cli_error("demo: mounting a bpffs: %s", strerror(errno));
		return -errno;
	}
	d->mounted = true;
	return 0;
}

int demo_net_up(struct demo *d)
{
	int err = dir_make(d);

	if (err)
		return err;
	for (size_t i = 0; i < SPACE_CNT; i++) {
		err = space_add(d, spaces[i]);
		if (err)
			goto failed;
	}
	for (size_t i = 0; i < LINK_CNT; i++) {
		err = link_add(d, i);
		if (!err)
			err = link_addrs(d, i);
		if (err)
			goto failed;
	}
	return 0;

failed:
	if (err == -EPROTO)
		cli_error("demo: making the network namespaces failed: %s",
			  d->out);
	return err;
}

static void remove_all(struct demo *d, const char *name)
{
	for (size_t i = 0; i < SPACE_CNT; i++) {
		char path[128];

		snprintf(path, sizeof(path), "/run/netns/%s-%s", name,
			 spaces[i]);
		if (!access(path, F_OK))
			demo_run(d, "ip netns del %s-%s", name, spaces[i]);
	}
	demo_run(d, "rm -rf --one-file-system /run/%s", name);
}

void demo_net_down(struct demo *d)
{
	if (d->mounted)
		umount2(d->bpffs, MNT_DETACH);
	d->mounted = false;
	remove_all(d, d->name);
}

/* Their processes died with them. */
void demo_net_sweep(struct demo *d)
{
	static const char prefix[] = "nfold-demo-";
	struct dirent *e;
	DIR *dir = opendir("/run");

	while (dir && (e = readdir(dir))) {
		char path[300];
		int pid;

		if (strncmp(e->d_name, prefix, sizeof(prefix) - 1))
			continue;
		pid = atoi(e->d_name + sizeof(prefix) - 1);
		if (pid <= 0 || !kill(pid, 0) || errno != ESRCH)
			continue;
		snprintf(path, sizeof(path), "/run/%s/bpf", e->d_name);
		umount2(path, MNT_DETACH);
		remove_all(d, e->d_name);
	}
	if (dir)
		closedir(dir);
}
