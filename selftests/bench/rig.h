/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Chains as they are folded by the engine, behind the wrapper that makes packets
 * of random flows (wrap.bpf.c): each an oracle whose flows have walked the chain
 * and were handed over to XDP. Ports p0 and p1 of a namespace of our own.
 */
#ifndef NFOLD_BENCH_RIG_H
#define NFOLD_BENCH_RIG_H

#include <errno.h>
#include <netinet/in.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "flows.h"
#include "loader/private_net.h"
#include "maps/csum.h"
#include "measure.h"
#include "selftests/bench/wrap.skel.h"
#include "tests/pkt.h"
#include "userspace/oracle.h"

struct rig {
	struct chain_file *file;
	struct oracle *o;
	struct oracle_routes routes;
	uint64_t fast;		/* packets that XDP has forwarded so far */
};

static struct oracle_socket *rig_socket;
static struct wrap_bpf *rig_wrap;
static const uint8_t rig_mac[6] = { 2, 0, 0, 0, 0, 0x50 };
static uint8_t rig_frame[BENCH_LEN];	/* what the wrapper begins with */

/* A packet of flow i, as the wrapper makes it but for the UDP checksum, which
 * the engine verifies. */
static inline void flow_frame(uint8_t *frame, uint32_t i)
{
	struct pkt k = { .family = 4, .proto = IPPROTO_UDP, .ttl = BENCH_TTL,
			 .sport = bench_sport(i), .dport = BENCH_DPORT,
			 .payload = BENCH_LEN - 42, .csum = PKT_CSUM_FULL };

	memcpy(k.dmac, rig_mac, sizeof(k.dmac));
	memcpy(k.src, &(uint32_t){ htonl(bench_saddr(i)) }, 4);
	memcpy(k.dst, &(uint32_t){ htonl(BENCH_DADDR) }, 4);
	if (pkt_build(&k, frame) != BENCH_LEN)
		die("frame's length");
}

/* IPv4 header's sum but for checksum and source address. */
static inline uint16_t frame_base(const uint8_t *ip)
{
	uint64_t sum = 0;

	for (int i = 0; i < 20; i += 2)
		if (i != 10 && i != 12 && i != 14)
			sum += ip[i] | ip[i + 1] << 8;
	return csum_fold(sum);
}

/* Once, before any rig: ports of the namespace, in by the first. */
static inline void rigs_begin_ports(const char *in, const char *out)
{
	struct private_port ports[2] = { 0 };
	struct instance_error err;

	snprintf(ports[0].name, sizeof(ports[0].name), "%s", in);
	snprintf(ports[1].name, sizeof(ports[1].name), "%s", out);
	memcpy(ports[0].mac, rig_mac, sizeof(rig_mac));
	if (private_net_enter(ports, 2, &err))
		die(err.text);
	if (oracle_socket_new(&rig_socket, in))
		die("AF_XDP socket");
	rig_wrap = wrap_bpf__open_and_load();
	if (!rig_wrap)
		die("wrapper");
	flow_frame(rig_frame, 0);
	memcpy(rig_wrap->bss->dmac, rig_mac, sizeof(rig_mac));
	rig_wrap->bss->base_check = frame_base(rig_frame + 14);
	rig_wrap->bss->rng = 88172645463325252ULL;
}

static inline void rigs_begin(void)
{
	rigs_begin_ports("p0", "p1");
}

static inline void rigs_end(void)
{
	wrap_bpf__destroy(rig_wrap);
	oracle_socket_free(rig_socket);
}

static inline uint64_t rig_fast(const struct rig *r)
{
	const struct instance_maps *m = oracle_maps(r->o);
	uint64_t n = 0;

	for (uint32_t row = 0; row + 1 < m->stats_rows; row++)
		n += m->stats[row].packets[NFOLD_REASON_FAST];
	return n;
}

/* nfs: a chain's NFs as text. ops: NULL, or of the first NF instead of what the
 * text says. table: flow directions, 1024 at least. */
static inline void rig_new(struct rig *r, const char *nfs,
			   const struct nf_ops *ops, uint32_t table)
{
	struct oracle_conf conf = { .fold = true, .kernel_clock = true,
				    .socket = rig_socket,
				    .routes = &r->routes };
	static char text[16384];
	struct instance_error ierr;
	struct conf_error err;

	*r = (struct rig){ .routes = { .port_cnt = 2 } };
	snprintf(text, sizeof(text),
		 "chain bench { on p0 inside, p1 outside; table-size %u; %s }",
		 table < 1024 ? 1024 : table, nfs);
	if (chain_load(&r->file, "build/bench.chain", text, &err))
		die(err.message);
	if (ops)
		r->file->chains[0].nfs[0].ops = ops;
	conf.chain = r->file->chains;
	if (oracle_new(&r->o, &conf, &ierr))
		die(ierr.text);
	oracle_now(r->o, 1000 * NF_SEC);
}

static inline void rig_free(struct rig *r)
{
	oracle_free(r->o);
	chain_file_free(r->file);
}

/* The first packet walks the chain, the second finds the entry pending. */
static inline void rig_learn(struct rig *r, uint32_t flows)
{
	uint8_t frame[PKT_MAX];
	struct oracle_result res;

	for (uint32_t i = 0; i < 3 * flows; i++) {
		flow_frame(frame, i % flows);
		if (oracle_packet(r->o, 0, frame, BENCH_LEN, &res) ||
		    res.verdict != ORACLE_SENT)
			die("a packet was not sent");
		oracle_left(r->o);
		if (i >= 2 * flows && res.punted)
			die("a flow was not handed over");
	}
	r->fast = rig_fast(r);
}

/* ns a packet of a program behind a wrapper. */
static inline double run_wrapped(const struct bpf_program *wrapper,
				 int target_fd, uint32_t ifindex,
				 uint32_t repeat, uint32_t expect)
{
	struct xdp_md ctx = { .data_end = BENCH_LEN,
			      .ingress_ifindex = ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = rig_frame,
		    .data_size_in = sizeof(rig_frame), .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = repeat);
	uint32_t zero = 0;
	double start;

	if (bpf_map__update_elem(rig_wrap->maps.target, &zero, sizeof(zero),
				 &target_fd, sizeof(target_fd), BPF_ANY))
		die("prog array");
	start = cpu_ns();
	if (bpf_prog_test_run_opts(bpf_program__fd(wrapper), &opts))
		die("BPF_PROG_TEST_RUN");
	if (opts.retval != expect)
		die("a program did not do what it should");
	return (cpu_ns() - start) / repeat;
}

static inline uint32_t rig_ifindex(const struct rig *r)
{
	return oracle_maps(r->o)->ports[0].ifindex;
}

/* ns a packet of the chain, all of them forwarded by XDP. */
static inline double rig_run(struct rig *r, const struct bpf_program *wrapper,
			     uint32_t repeat)
{
	double ns = run_wrapped(wrapper,
				instance_prog_fd(oracle_instance(r->o)),
				rig_ifindex(r), repeat, XDP_REDIRECT);

	r->fast += repeat;
	if (rig_fast(r) != r->fast)
		die("packets were not forwarded by XDP");
	return ns;
}

/* ns a packet of the wrapper and a program that only returns. */
static inline double base_run(const struct rig *r, uint32_t repeat)
{
	return run_wrapped(rig_wrap->progs.wrap,
			   bpf_program__fd(rig_wrap->progs.only_return),
			   rig_ifindex(r), repeat, XDP_PASS);
}

#endif
