/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the ports are and which XDP mode each can have: asked by trying, before
 * the program is loaded, because the program is specialised by the answer.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <linux/if_link.h>

#include "device.h"
#include "instance_priv.h"
#include "xdp_probe.h"

static int port_facts(struct instance *i, struct device *d,
		      const struct chain_port *cp, struct instance_error *err)
{
	int ret = device_probe(d, cp->name);

	if (ret == -ENODEV)
		return instance_fail(
			err, ret,
			"port %s: no such network device in this network namespace. See: ip link",
			cp->name);
	if (ret)
		return instance_fail(err, ret, "port %s: %s", cp->name,
				     strerror(-ret));
	if (!d->ethernet)
		return instance_fail(
			err, -EINVAL,
			"port %s: not an Ethernet device (driver %s). Tunnels without Ethernet headers can not be ports",
			cp->name, d->driver[0] ? d->driver : "unknown");
	if (d->queues > NFOLD_QUEUE_MAX)
		return instance_fail(
			err, -E2BIG,
			"port %s: %u receive queues, at most %d are served. Reduce them: ethtool -L %s combined %d",
			cp->name, d->queues, NFOLD_QUEUE_MAX, cp->name,
			NFOLD_QUEUE_MAX);
	if (!d->up)
		instance_add_note(i, "port %s is down: ip link set %s up",
				  cp->name, cp->name);
	return 0;
}

static int port_refuse_taken(const char *port, const struct xdp_attached *a,
			     struct instance_error *err)
{
	return instance_fail(
		err, -EBUSY,
		"port %s: XDP program %s%s%s(id %u, %s mode), which is not nfold's, is attached. nfold does not replace it: remove it (ip link set dev %s %s off; a program held by a link: bpftool link detach), or use another port",
		port, a->name[0] ? "\"" : "", a->name,
		a->name[0] ? "\" " : "", a->prog_id,
		a->generic ? "generic" : "native", port,
		a->generic ? "xdpgeneric" : "xdp");
}

/* A link of this chain whose daemon is gone is taken over as it is: its mode
 * can not be changed without a moment in which nothing filters. */
static int port_take_over(struct instance *i, uint32_t p,
			  const struct xdp_attached *a,
			  enum chain_attach_mode want,
			  struct instance_error *err)
{
	struct instance_port *port = &i->ports[p];
	uint32_t pid = pins_engine_pid(i->bpffs, i->chain);

	if (pid)
		return instance_fail(
			err, -EBUSY,
			"chain %s is attached to %s already and served by process %u. Detach it first: nfold detach %s",
			i->chain, port->name, pid, i->chain);
	if ((want == CHAIN_NATIVE && a->generic) ||
	    (want == CHAIN_GENERIC && !a->generic))
		return instance_fail(
			err, -EBUSY,
			"port %s: chain %s was left there in %s mode by a daemon that is gone, and the mode of a link can not be changed. Detach it first: nfold detach %s",
			port->name, i->chain, a->generic ? "generic" : "native",
			i->chain);
	port->generic = a->generic;
	i->frags |= pins_frags(i->bpffs, i->chain);
	return 0;
}

/* Somebody there already: ours to take over (1), or a refusal. 0: free. */
static int port_taken(struct instance *i, uint32_t p,
		      enum chain_attach_mode want, struct instance_error *err)
{
	struct instance_port *port = &i->ports[p];
	char owner[CHAIN_NAME_MAX + 1];
	struct xdp_attached a;
	int fd, ret;

	ret = xdp_probe_attached(port->ifindex, &a);
	if (ret)
		return instance_fail(err, ret, "port %s: asking for its XDP program: %s",
				     port->name, strerror(-ret));
	if (!a.prog_id)
		return 0;
	fd = pins_find_link(i->bpffs, a.prog_id, port->ifindex, owner);
	if (fd < 0)
		return port_refuse_taken(port->name, &a, err);
	if (strcmp(owner, i->chain)) {
		close(fd);
		return instance_fail(
			err, -EBUSY,
			"port %s belongs to chain %s. Detach that first: nfold detach %s",
			port->name, owner, owner);
	}
	ret = port_take_over(i, p, &a, want, err);
	if (ret) {
		close(fd);
		return ret;
	}
	i->old_link[p] = fd;
	return 1;
}

static int port_probe_native(struct instance *i, struct instance_port *port)
{
	int ret = xdp_probe_device(port->ifindex, false, XDP_FLAGS_DRV_MODE);

	if (!ret || ret == -EPERM)
		return ret;
	if (!xdp_probe_device(port->ifindex, true, XDP_FLAGS_DRV_MODE)) {
		i->frags = true;
		return 0;
	}
	return ret;
}

static int port_mode(struct instance *i, const struct device *d,
		     struct instance_port *port, enum chain_attach_mode want,
		     struct instance_error *err)
{
	const char *driver = d->driver[0] ? d->driver :
			     d->loopback  ? "loopback" :
					    "unknown";
	int native = -EOPNOTSUPP, ret;

	if (want != CHAIN_GENERIC) {
		native = port_probe_native(i, port);
		if (!native)
			return 0;
	}
	if (native == -EPERM)
		return instance_fail(
			err, native,
			"port %s: not permitted to attach XDP programs: run as root, or with CAP_BPF and CAP_NET_ADMIN",
			port->name);
	if (want == CHAIN_NATIVE)
		return instance_fail(
			err, native,
			"port %s: driver %s refuses native XDP at MTU %u (%s). Write `attach generic;` or `attach auto;` in the chain, or use a device whose driver has native XDP",
			port->name, driver, port->mtu, strerror(-native));
	ret = xdp_probe_device(port->ifindex, false, XDP_FLAGS_SKB_MODE);
	if (ret)
		return instance_fail(
			err, ret, "port %s: driver %s: generic XDP is refused: %s",
			port->name, driver, strerror(-ret));
	port->generic = true;
	if (want == CHAIN_AUTO)
		instance_add_note(
			i, "port %s: driver %s has no native XDP: generic mode, which is several times slower",
			port->name, driver);
	return 0;
}

static int port_probe(struct instance *i, uint32_t p, const struct chain *c,
		      struct instance_error *err)
{
	const struct chain_port *cp = &c->ports[p];
	struct instance_port *port = &i->ports[p];
	struct device d;
	int ret;

	ret = port_facts(i, &d, cp, err);
	if (ret)
		return ret;
	memcpy(port->name, d.name, sizeof(port->name));
	port->ifindex = d.ifindex;
	port->mtu = d.mtu;
	port->queues = d.queues;
	memcpy(port->mac, d.mac, sizeof(port->mac));
	port->outside = cp->outside;
	ret = port_taken(i, p, c->mode, err);
	if (ret < 0)
		return ret;
	if (!ret)
		ret = port_mode(i, &d, port, c->mode, err);
	if (ret < 0)
		return ret;
	if (!strcmp(d.driver, "veth"))
		instance_add_note(
			i, "port %s is a veth: its peer receives redirected frames only with NAPI: an XDP program there, or ethtool -K PEER gro on",
			port->name);
	return 0;
}

int instance_probe_ports(struct instance *i, const struct chain *c,
			 struct instance_error *err)
{
	int ret;

	for (i->port_cnt = 0; i->port_cnt < c->port_cnt; i->port_cnt++) {
		ret = port_probe(i, i->port_cnt, c, err);
		if (ret)
			return ret;
	}
	for (uint32_t p = 0; p < i->port_cnt; p++)
		if (i->frags && i->ports[p].generic &&
		    !strcmp(i->ports[p].name, "lo"))
			return instance_fail(
				err, -EINVAL,
				"port lo: another port's MTU needs a program for multi-buffer packets, which must not be attached to lo. Lower that MTU to 1500");
	return 0;
}
