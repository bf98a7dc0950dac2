/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Attaching, all or nothing. Order, and why:
 *	new links, taken-over links, addresses, pins.
 * New links can fail, so they come first; a link that a dead daemon left is
 * switched by one update, so that its port is never without a program, and can
 * be switched back. Addresses come after links: nothing is attracted before a
 * program handles it; detaching goes the other way round. The pins are last,
 * because moving them into place is the step that can not be undone.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_link.h>

#include "instance_priv.h"
/* Needs the types above. */
#include "bpf/nfold.skel.h"

static int link_new(struct instance *i, uint32_t p, struct instance_error *err)
{
	const struct instance_port *port = &i->ports[p];
	LIBBPF_OPTS(bpf_link_create_opts, opts,
		    .flags = port->generic ? XDP_FLAGS_SKB_MODE :
					     XDP_FLAGS_DRV_MODE);

	i->link[p] = bpf_link_create(instance_prog_fd(i), port->ifindex,
				     BPF_XDP, &opts);
	if (i->link[p] >= 0)
		return 0;
	i->link[p] = -1;
	return instance_fail(err, -errno, "port %s: attaching in %s mode: %s",
			     port->name, port->generic ? "generic" : "native",
			     strerror(errno));
}

static int links_new(struct instance *i, struct instance_error *err)
{
	int ret;

	for (uint32_t p = 0; p < i->port_cnt; p++) {
		if (i->old_link[p] >= 0)
			continue;
		ret = link_new(i, p, err);
		if (ret)
			return ret;
	}
	return 0;
}

static int link_prog(int link)
{
	struct bpf_link_info info = { 0 };
	__u32 len = sizeof(info);
	int fd;

	if (bpf_obj_get_info_by_fd(link, &info, &len))
		return -errno;
	fd = bpf_prog_get_fd_by_id(info.prog_id);
	return fd < 0 ? -errno : fd;
}

/* old_prog[p]: to switch back; -1 not switched. */
static int links_take_over(struct instance *i, int *old_prog,
			   struct instance_error *err)
{
	int fd;

	for (uint32_t p = 0; p < i->port_cnt; p++) {
		if (i->old_link[p] < 0)
			continue;
		fd = link_prog(i->old_link[p]);
		if (fd < 0)
			return instance_fail(err, fd, "port %s: left-over link: %s",
					     i->ports[p].name, strerror(-fd));
		if (bpf_link_update(i->old_link[p], instance_prog_fd(i),
				    NULL)) {
			int ret = -errno;

			close(fd);
			return instance_fail(
				err, ret,
				"port %s: taking over the link that an earlier daemon left: %s. Detach it first: nfold detach %s",
				i->ports[p].name, strerror(-ret), i->chain);
		}
		old_prog[p] = fd;
		i->link[p] = i->old_link[p];
		i->old_link[p] = -1;
	}
	return 0;
}

static void links_undo(struct instance *i, int *old_prog)
{
	for (uint32_t p = 0; p < i->port_cnt; p++) {
		if (i->link[p] < 0)
			continue;
		if (old_prog[p] >= 0) {
			bpf_link_update(i->link[p], old_prog[p], NULL);
			i->old_link[p] = i->link[p];
		} else {
			close(i->link[p]);
		}
		i->link[p] = -1;
	}
}

int instance_attach(struct instance *i, struct instance_error *err)
{
	int old_prog[NFOLD_PORT_MAX], ret;

	for (int p = 0; p < NFOLD_PORT_MAX; p++)
		old_prog[p] = -1;
	ret = links_new(i, err);
	if (!ret)
		ret = links_take_over(i, old_prog, err);
	if (ret)
		goto undo_links;
	ret = claims_add(&i->claims, i->ports, i->port_cnt, err);
	if (ret)
		goto undo_links;
	ret = instance_pin(i, err);
	if (ret)
		goto undo_claims;
	i->attached = true;
	goto out;

undo_claims:
	claims_undo(&i->claims);
undo_links:
	links_undo(i, old_prog);
out:
	for (int p = 0; p < NFOLD_PORT_MAX; p++)
		if (old_prog[p] >= 0)
			close(old_prog[p]);
	return ret;
}

/* The addresses first: while a program is attached, packets for them still
 * meet it; were they there without it, the host would answer with resets. */
void instance_detach(struct instance *i)
{
	if (!i->attached)
		return;
	claims_del_unshared(&i->claims, i->bpffs, i->chain);
	instance_unpin(i);
	for (uint32_t p = 0; p < i->port_cnt; p++) {
		if (i->link[p] >= 0)
			close(i->link[p]);
		i->link[p] = -1;
	}
	i->attached = false;
}
