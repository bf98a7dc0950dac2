/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "xdp_probe.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_link.h>

int xdp_probe_prog(bool frags)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0,
		  .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .expected_attach_type = BPF_XDP,
		    .prog_flags = frags ? BPF_F_XDP_HAS_FRAGS : 0);
	int fd;

	fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "nfold_probe", "GPL", insns,
			   sizeof(insns) / sizeof(insns[0]), &opts);
	return fd < 0 ? -errno : fd;
}

int xdp_probe_device(uint32_t ifindex, bool frags, uint32_t flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags);
	int prog, link, err = 0;

	prog = xdp_probe_prog(frags);
	if (prog < 0)
		return prog;
	link = bpf_link_create(prog, ifindex, BPF_XDP, &opts);
	if (link < 0)
		err = -errno;
	else
		close(link);
	close(prog);
	return err;
}

static void prog_name(uint32_t id, char name[16])
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);

	name[0] = '\0';
	if (fd < 0)
		return;
	if (!bpf_obj_get_info_by_fd(fd, &info, &len))
		memcpy(name, info.name, 16);
	name[15] = '\0';
	close(fd);
}

int xdp_probe_attached(uint32_t ifindex, struct xdp_attached *a)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, q);
	int err;

	memset(a, 0, sizeof(*a));
	err = bpf_xdp_query(ifindex, 0, &q);
	if (err)
		return err;
	a->prog_id = q.drv_prog_id ? q.drv_prog_id :
		     q.skb_prog_id ? q.skb_prog_id :
		     q.hw_prog_id  ? q.hw_prog_id :
				     q.prog_id;
	a->generic = !q.drv_prog_id && !q.hw_prog_id && q.skb_prog_id;
	if (a->prog_id)
		prog_name(a->prog_id, a->name);
	return 0;
}
