// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Header actions consolidated (SpeedyBox, figure 4) and the early drop (table
 * III): one to three NFs as nfold folds them, beside the same chain unfolded in
 * user space and beside a hand-written chain of XDP programs that tail-call one
 * another (tail.bpf.c). Random flows, ns a packet, all in turns. Prints one JSON
 * object a figure: ratio is the part that is saved.
 *
 *	bench_fig4 [ROUNDS [PACKETS [FLOWS]]]
 * in a network namespace of its own. FLOWS: a power of two.
 */
#include "rig.h"
#include "selftests/bench/tail.skel.h"
#include "unfolded.h"

#define NFS_MAX 3

enum kind { FILTERS, BALANCERS, KINDS };

static int rounds = 51;
static uint32_t packets = 20000, flows = 1024;

/* --- the chains, as text: what NF i of n does to every flow --- */

static size_t filter_text(char *buf, size_t size, bool drop)
{
	return snprintf(buf, size, "ipfilter { rule \"%s all\"; }\n",
			drop ? "deny" : "allow");
}

static uint16_t vip_port(int i)
{
	return i ? 8000 + i : BENCH_DPORT;
}

static uint32_t vip(int i)
{
	return i ? 0x0a620000U + i : BENCH_DADDR;	/* 10.98.0.i */
}

static size_t balancer_text(char *buf, size_t size, int i)
{
	uint32_t from = htonl(vip(i)), to = htonl(vip(i + 1));
	char vip_text[INET_ADDRSTRLEN], backend[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &from, vip_text, sizeof(vip_text));
	inet_ntop(AF_INET, &to, backend, sizeof(backend));
	return snprintf(buf, size,
			"lb { table-size 251; service s { vip %s:%d/udp; backend %s:%d; } }\n",
			vip_text, vip_port(i), backend, vip_port(i + 1));
}

static const char *chain_text(enum kind kind, int n, bool drop)
{
	static char text[4096];
	size_t len = 0;

	for (int i = 0; i < n; i++)
		len += kind == FILTERS ?
			       filter_text(text + len, sizeof(text) - len,
					   drop && i == n - 1) :
			       balancer_text(text + len, sizeof(text) - len, i);
	return text;
}

/* --- the hand-written chain --- */

static struct tail_bpf *tail;
static const char *const nf_maps[NFS_MAX] = { "flows_0", "flows_1", "flows_2" };
static const char *const nf_progs[NFS_MAX] = { "nf_0", "nf_1", "nf_2" };

static int nf_fd(int i)
{
	return bpf_program__fd(
		bpf_object__find_program_by_name(tail->obj, nf_progs[i]));
}

static struct bpf_map *nf_map(int i)
{
	return bpf_object__find_map_by_name(tail->obj, nf_maps[i]);
}

static void tail_new(const struct rig *r)
{
	uint32_t port = 1, ifindex = oracle_maps(r->o)->ports[1].ifindex;

	tail = tail_bpf__open();
	for (int i = 0; tail && i < NFS_MAX; i++)
		bpf_map__set_max_entries(nf_map(i), flows);
	if (!tail || tail_bpf__load(tail))
		die("hand-written chain");
	for (uint32_t i = 0; i < NFS_MAX; i++) {
		int fd = nf_fd(i);

		if (bpf_map__update_elem(tail->maps.nfs, &i, sizeof(i), &fd,
					 sizeof(fd), BPF_ANY))
			die("prog array");
	}
	if (bpf_map__update_elem(tail->maps.ports, &port, sizeof(port),
				 &ifindex, sizeof(ifindex), BPF_ANY))
		die("devmap");
}

/* Ones' complement difference of the destinations. */
static uint16_t delta_of(int i)
{
	uint32_t from = htonl(vip(i)), to = htonl(vip(i + 1));

	return csum_fold(csum_diff32(from, to));
}

static void nf_install(const struct rig *r, enum kind kind, int i, int n,
		       bool drop, uint32_t flow)
{
	bool last = i == n - 1, modify = kind == BALANCERS;
	struct hash_key k = { .saddr = htonl(bench_saddr(flow)),
			      .daddr = htonl(modify ? vip(i) : BENCH_DADDR),
			      .sport = htons(bench_sport(flow)),
			      .dport = htons(modify ? vip_port(i) :
						      BENCH_DPORT),
			      .proto = IPPROTO_UDP };
	struct tail_val v = {
		.act = drop && last ? TAIL_DROP :
		       modify	    ? TAIL_MODIFY :
				      TAIL_FORWARD,
		.next = last ? 0 : i + 1,
		.set = { .saddr = k.saddr, .sport = k.sport, .port = 1,
			 .daddr = htonl(vip(i + 1)),
			 .dport = htons(vip_port(i + 1)),
			 .l3_delta = delta_of(i),
			 .l4_delta = csum_fold(
				 (uint64_t)delta_of(i) +
				 csum_diff16(htons(vip_port(i)),
					     htons(vip_port(i + 1)))) } };

	memcpy(v.set.dmac, (uint8_t[]){ 2, 0, 0, 0, 1, 1 }, 6);
	memcpy(v.set.smac, oracle_maps(r->o)->ports[1].mac, 6);
	if (bpf_map__update_elem(nf_map(i), &k, sizeof(k), &v, sizeof(v),
				 BPF_ANY))
		die("hash map full");
}

static void tail_fill(const struct rig *r, enum kind kind, int n, bool drop)
{
	tail_new(r);
	for (int i = 0; i < n; i++)
		for (uint32_t f = 0; f < flows; f++)
			nf_install(r, kind, i, n, drop, f);
}

/* --- both make the same packets --- */

static uint32_t run_once(int fd, uint32_t ifindex, const uint8_t *frame,
			 uint8_t *out)
{
	struct xdp_md ctx = { .data_end = BENCH_LEN,
			      .ingress_ifindex = ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .data_size_in = BENCH_LEN, .data_out = out,
		    .data_size_out = BENCH_LEN, .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = 1);

	if (bpf_prog_test_run_opts(fd, &opts) ||
	    opts.data_size_out != BENCH_LEN)
		die("BPF_PROG_TEST_RUN");
	return opts.retval;
}

static void same_packets(const struct rig *r, bool drop)
{
	uint32_t expect = drop ? XDP_DROP : XDP_REDIRECT;
	uint8_t frame[PKT_MAX], a[BENCH_LEN], b[BENCH_LEN];

	for (uint32_t i = 0; i < flows; i++) {
		flow_frame(frame, i);
		if (run_once(instance_prog_fd(oracle_instance(r->o)),
			     rig_ifindex(r), frame, a) != expect ||
		    run_once(nf_fd(0), rig_ifindex(r), frame, b) != expect)
			die("a chain does not do what it should");
		if (!drop && memcmp(a, b, BENCH_LEN))
			die("the chains make different packets");
	}
}

/* --- figures --- */

static void learn(struct rig *r, bool drop)
{
	uint8_t frame[PKT_MAX];
	struct oracle_result res;

	if (!drop) {
		rig_learn(r, flows);
		return;
	}
	for (uint32_t i = 0; i < 2 * flows; i++) {
		flow_frame(frame, i % flows);
		if (oracle_packet(r->o, 0, frame, BENCH_LEN, &res) ||
		    res.verdict != ORACLE_DROP)
			die("a packet was not dropped");
		if (i >= flows && res.punted)
			die("a drop was not folded");
	}
}

static double *taken(int what)
{
	static double ns[4][ROUNDS_MAX];

	return ns[what];
}

enum { BASE, OURS, TAIL, UNFOLDED };

static void measure(struct rig *r, struct oracle *unfolded, bool drop)
{
	uint32_t expect = drop ? XDP_DROP : XDP_REDIRECT;

	for (int i = -1; i < rounds; i++) {	/* round -1 warms up */
		int at = i < 0 ? 0 : i;

		taken(BASE)[at] = base_run(r, packets);
		taken(OURS)[at] =
			run_wrapped(rig_wrap->progs.wrap,
				    instance_prog_fd(oracle_instance(r->o)),
				    rig_ifindex(r), packets, expect);
		taken(TAIL)[at] = run_wrapped(rig_wrap->progs.wrap, nf_fd(0),
					      rig_ifindex(r), packets, expect);
		taken(UNFOLDED)[at] = unfolded_run(unfolded, packets, flows) +
				      taken(BASE)[at];
	}
}

/* ours: NULL, or the figure's name against the hand-written chain; unfolded:
 * NULL, or against the chain in user space. */
static void figure(enum kind kind, int n, bool drop, const char *ours,
		   const char *unfolded)
{
	struct oracle *o;
	struct rig r;

	rig_new(&r, chain_text(kind, n, drop), NULL, 2 * flows);
	learn(&r, drop);
	tail_fill(&r, kind, n, drop);
	same_packets(&r, drop);
	o = unfolded_new(&r);
	measure(&r, o, drop);
	print_saved(ours, rounds, taken(BASE), taken(OURS), taken(TAIL));
	if (unfolded)
		print_saved(unfolded, rounds, taken(BASE), taken(OURS),
			    taken(UNFOLDED));
	oracle_free(o);
	tail_bpf__destroy(tail);
	rig_free(&r);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		rounds = atoi(argv[1]);
	if (argc > 2)
		packets = atoi(argv[2]);
	if (argc > 3)
		flows = atoi(argv[3]);
	if (rounds < 1 || rounds > ROUNDS_MAX || packets < 1024 || !flows ||
	    flows & (flows - 1))
		die("ROUNDS is 1 to 1000, PACKETS 1024 at least, FLOWS a power of two");
	rigs_begin();
	rig_wrap->bss->flow_cnt = flows;
	figure(FILTERS, 1, false, "fig4_one", "fig4_unfolded_one");
	figure(FILTERS, 2, false, "fig4_saved_2", "fig4_unfolded_2");
	figure(FILTERS, 3, false, "fig4_saved_3", "fig4_unfolded_3");
	figure(BALANCERS, 1, false, "fig4_modify_one", NULL);
	figure(BALANCERS, 2, false, "fig4_modify_2", NULL);
	figure(BALANCERS, 3, false, "fig4_modify_3", NULL);
	figure(FILTERS, 3, true, "tab3_saved", "tab3_unfolded");
	rigs_end();
	return 0;
}
