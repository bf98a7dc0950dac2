/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "feature.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/membarrier.h>
#include <xdp/xsk.h>

#include "../instance.h"
#include "../netlink.h"
#include "../xdp_probe.h"
#include "cli.h"

static int probe_native(void)
{
	return xdp_probe_device(if_nametoindex(FEATURE_VETH), false,
				XDP_FLAGS_DRV_MODE);
}

static int probe_generic(void)
{
	return xdp_probe_device(if_nametoindex("lo"), false,
				XDP_FLAGS_SKB_MODE);
}

static int set_mtu(const char *name, int mtu)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { .ifr_mtu = mtu };
	int err = 0;

	if (fd < 0)
		return -errno;
	strcpy(ifr.ifr_name, name);
	if (ioctl(fd, SIOCSIFMTU, &ifr))
		err = -errno;
	close(fd);
	return err;
}

/* veth looks at its peer's MTU. */
static int probe_frags(void)
{
	int err = set_mtu(FEATURE_PEER, 9000);

	if (!err)
		err = xdp_probe_device(if_nametoindex(FEATURE_VETH), true,
				       XDP_FLAGS_DRV_MODE);
	set_mtu(FEATURE_PEER, 1500);
	return err;
}

static int probe_link_update(void)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_DRV_MODE);
	int first = xdp_probe_prog(false), second = xdp_probe_prog(false);
	int link, err = 0;

	if (first < 0 || second < 0)
		return first < 0 ? first : second;
	link = bpf_link_create(first, if_nametoindex(FEATURE_VETH), BPF_XDP,
			       &opts);
	if (link < 0 || bpf_link_update(link, second, NULL))
		err = -errno;
	if (link >= 0)
		close(link);
	close(first);
	close(second);
	return err;
}

static int probe_mmap_array(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "nfold_probe", 4, 128, 32,
				&opts);
	__u64 value[16] = { 0 }, *slots;
	__u32 key = 1;
	int err = 0;

	if (fd < 0)
		return -errno;
	slots = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (slots == MAP_FAILED) {
		err = -errno;
	} else {
		slots[16] = 42;
		if (bpf_map_lookup_elem(fd, &key, value))
			err = -errno;
		else if (value[0] != 42)
			err = -EIO;
		munmap(slots, 4096);
	}
	close(fd);
	return err;
}

static int probe_map(enum bpf_map_type type)
{
	int fd = bpf_map_create(type, "nfold_probe", 4, 4, 16, NULL);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int probe_devmap(void)
{
	return probe_map(BPF_MAP_TYPE_DEVMAP);
}

static int probe_xskmap(void)
{
	return probe_map(BPF_MAP_TYPE_XSKMAP);
}

/* A copy-mode socket with a UMEM, bound to a queue of a veth. */
static int probe_af_xdp(void)
{
	const size_t size = 64 * XSK_UMEM__DEFAULT_FRAME_SIZE;
	struct xsk_socket_config conf = {
		.rx_size = 32, .tx_size = 32,
		.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
		.bind_flags = XDP_COPY,
	};
	struct xsk_ring_prod fill, tx;
	struct xsk_ring_cons comp, rx;
	struct xsk_socket *xsk;
	struct xsk_umem *umem;
	void *area;
	int err;

	area = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED)
		return -errno;
	err = xsk_umem__create(&umem, area, size, &fill, &comp, NULL);
	if (err)
		return err;
	err = xsk_socket__create(&xsk, FEATURE_VETH, 0, umem, &rx, &tx, &conf);
	if (!err)
		xsk_socket__delete(xsk);
	xsk_umem__delete(umem);
	munmap(area, size);
	return err;
}

static int run_once(int prog, __u32 flags)
{
	struct xdp_md ctx = { .data_end = 64,
			      .ingress_ifindex = if_nametoindex("lo") };
	__u8 packet[64] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet,
		    .data_size_in = sizeof(packet), .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = 1, .flags = flags);

	if (prog < 0)
		return prog;
	if (bpf_prog_test_run_opts(prog, &opts))
		return -errno;
	return flags || opts.retval == XDP_PASS ? 0 : -EIO;
}

static int probe_test_run(void)
{
	int prog = xdp_probe_prog(false), err = run_once(prog, 0);

	if (prog >= 0)
		close(prog);
	return err;
}

#ifndef BPF_F_TEST_XDP_LIVE_FRAMES
#define BPF_F_TEST_XDP_LIVE_FRAMES (1U << 1)
#endif

static int probe_live_frames(void)
{
	int prog = xdp_probe_prog(false);
	int err = run_once(prog, BPF_F_TEST_XDP_LIVE_FRAMES);

	if (prog >= 0)
		close(prog);
	return err;
}

/* Returns XDP_PASS only if room for metadata was given. */
static int probe_metadata(void)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2,
		  .imm = -16 },
		{ .code = BPF_JMP | BPF_CALL,
		  .imm = BPF_FUNC_xdp_adjust_meta },
		{ .code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = BPF_REG_0,
		  .off = 2, .imm = 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0,
		  .imm = XDP_DROP },
		{ .code = BPF_JMP | BPF_EXIT },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0,
		  .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int prog = bpf_prog_load(BPF_PROG_TYPE_XDP, "nfold_probe", "GPL", insns,
				 sizeof(insns) / sizeof(insns[0]), NULL);
	int err = prog < 0 ? -errno : run_once(prog, 0);

	if (prog >= 0)
		close(prog);
	return err;
}

static int probe_membarrier(void)
{
	return syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) ? -errno :
								      0;
}

/* An address marked as nfold's must come back marked. */
static int probe_addr_proto(void)
{
	struct netlink_addr a = { .family = 4,
				  .ifindex = if_nametoindex("lo") };
	struct netlink_addr *all = NULL;
	uint32_t cnt = 0;
	int err;

	a.addr.a[0] = htonl(0xc0000201);	/* 192.0.2.1 */
	err = netlink_addr_add(&a);
	if (!err)
		err = netlink_addrs(&all, &cnt);
	if (err)
		return err;
	err = -ENOSYS;
	for (uint32_t n = 0; n < cnt; n++)
		if (all[n].ours && all[n].addr.a[0] == a.addr.a[0])
			err = 0;
	free(all);
	return err;
}

/* By pinning: -b may name any place. */
static int probe_bpffs(void)
{
	char path[4096], *slash;
	int prog, err = 0;

	snprintf(path, sizeof(path), "%s", cli_options.bpffs);
	while (access(path, F_OK) && (slash = strrchr(path, '/')) &&
	       slash != path)
		*slash = '\0';
	if (strlen(path) + 32 > sizeof(path))
		return -ENAMETOOLONG;
	snprintf(path + strlen(path), 32, "/nfold~probe%d", getpid());
	prog = xdp_probe_prog(false);
	if (prog < 0)
		return prog;
	if (bpf_obj_pin(prog, path))
		err = -errno;
	else
		unlink(path);
	close(prog);
	return err;
}

const struct feature features[] = {
	{ "xdp_native", "native XDP (tried on a veth)", false, probe_native },
	{ "xdp_generic", "generic XDP, on any device", true, probe_generic },
	{ "xdp_frags", "native XDP of packets in several buffers (MTU 9000)",
	  false, probe_frags },
	{ "bpf_link_update", "a link's program is replaced without a gap", true,
	  probe_link_update },
	{ "mmap_array", "arrays written by plain stores", true,
	  probe_mmap_array },
	{ "devmap", "redirect to other ports", true, probe_devmap },
	{ "xskmap", "redirect to AF_XDP sockets", true, probe_xskmap },
	{ "af_xdp", "AF_XDP sockets (copy mode, tried on a veth)", true,
	  probe_af_xdp },
	{ "xdp_metadata", "metadata in front of punted packets", true,
	  probe_metadata },
	{ "membarrier", "grace periods end as soon as possible", false,
	  probe_membarrier },
	{ "addr_proto", "addresses that nfold adds are marked", true,
	  probe_addr_proto },
	{ "bpffs", "pins below the directory of option -b", true,
	  probe_bpffs },
	{ "test_run", "programs run on made-up packets", false,
	  probe_test_run },
	{ "live_frames", "the kernel as packet generator", false,
	  probe_live_frames },
	{ 0 },
};
