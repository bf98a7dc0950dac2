// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A tunnel's template put around packets beside a hand-written program that puts
 * the same header around them: VXLAN over IPv4, random flows, ns a packet, minus
 * the wrapper. Both are held against one another first, byte by byte. Prints
 * one JSON object a figure.
 *
 *	bench_encap [ROUNDS [PACKETS]]
 * in a network namespace of its own. PACKETS: of a program's turn in a round.
 */
#include "rig.h"
#include "selftests/bench/encap.skel.h"

#define GROWN (BENCH_LEN + BENCH_GROW)

static struct encap_bpf *hand;

static void run_once(int fd, uint32_t ifindex, const uint8_t *frame,
		     uint8_t *out)
{
	struct xdp_md ctx = { .data_end = BENCH_LEN,
			      .ingress_ifindex = ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .data_size_in = BENCH_LEN, .data_out = out,
		    .data_size_out = GROWN, .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = 1);

	if (bpf_prog_test_run_opts(fd, &opts) || opts.retval != XDP_REDIRECT ||
	    opts.data_size_out != GROWN)
		die("a program does not encapsulate");
}

/* The header that the chain puts on, without what is a packet's or a flow's. */
static void head_set(const uint8_t *sent)
{
	uint8_t *head = hand->bss->head;

	memcpy(head, sent, sizeof(hand->bss->head));
	memset(head + 16, 0, 2);	/* IPv4: length, checksum */
	memset(head + 24, 0, 2);
	memset(head + 34, 0, 2);	/* UDP: source port, length */
	memset(head + 38, 0, 2);
	put16(head + 24, ~pkt_sum(head + 14, 20, 0));
}

static void hand_install(uint32_t i, const uint8_t *sent)
{
	struct hash_key k = { .saddr = htonl(bench_saddr(i)),
			      .daddr = htonl(BENCH_DADDR),
			      .sport = htons(bench_sport(i)),
			      .dport = htons(BENCH_DPORT),
			      .proto = IPPROTO_UDP };
	struct encap_val v = { .port = 1 };

	memcpy(&v.sport, sent + 34, 2);
	if (bpf_map__update_elem(hand->maps.flows, &k, sizeof(k), &v,
				 sizeof(v), BPF_ANY))
		die("hash map full");
}

static int hand_fd(void)
{
	return bpf_program__fd(hand->progs.hand_encap);
}

static void hand_new(const struct rig *r, uint32_t flows)
{
	uint32_t port = 1, ifindex = oracle_maps(r->o)->ports[1].ifindex;

	hand = encap_bpf__open();
	if (!hand || bpf_map__set_max_entries(hand->maps.flows, flows) ||
	    encap_bpf__load(hand))
		die("hand-written program");
	if (bpf_map__update_elem(hand->maps.ports, &port, sizeof(port),
				 &ifindex, sizeof(ifindex), BPF_ANY))
		die("devmap");
}

static void same_bytes(const struct rig *r, uint32_t flows)
{
	uint8_t frame[PKT_MAX], ours[GROWN], theirs[GROWN];

	for (uint32_t i = 0; i < flows; i++) {
		flow_frame(frame, i);
		run_once(instance_prog_fd(oracle_instance(r->o)),
			 rig_ifindex(r), frame, ours);
		if (!i)
			head_set(ours);
		hand_install(i, ours);
		run_once(hand_fd(), rig_ifindex(r), frame, theirs);
		if (memcmp(ours, theirs, GROWN))
			die("the two programs make different packets");
	}
}

/* The wrapper's part, where a program grows the frame and the wrapper takes it
 * back: half of what both cost is the program's. */
static double base_grown(const struct rig *r, uint32_t packets)
{
	double grow = run_wrapped(rig_wrap->progs.wrap_grown,
				  bpf_program__fd(rig_wrap->progs.only_grow),
				  rig_ifindex(r), packets, XDP_PASS);

	return (base_run(r, packets) + grow) / 2;
}

static void figure(const char *name, uint32_t flows, int rounds,
		   uint32_t packets)
{
	static double base[ROUNDS_MAX], ours[ROUNDS_MAX], theirs[ROUNDS_MAX];
	const struct bpf_program *wrapper = rig_wrap->progs.wrap_grown;
	struct rig rig;

	rig_new(&rig, "tunnel { kind vxlan; local 192.0.2.1; remote 192.0.2.2; vni 42; remote-mac 02:00:00:00:00:02; }",
		NULL, 4 * flows);
	rig_learn(&rig, flows);
	hand_new(&rig, flows);
	same_bytes(&rig, flows);
	rig.fast = rig_fast(&rig);
	rig_wrap->bss->flow_cnt = flows;
	for (int r = -1; r < rounds; r++) {	/* round -1 warms up */
		int i = r < 0 ? 0 : r;

		base[i] = base_grown(&rig, packets);
		ours[i] = rig_run(&rig, wrapper, packets);
		theirs[i] = run_wrapped(wrapper, hand_fd(), rig_ifindex(&rig),
					packets, XDP_REDIRECT);
	}
	print_ratio(name, rounds, base, ours, theirs);
	encap_bpf__destroy(hand);
	rig_free(&rig);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 101;
	int packets = argc > 2 ? atoi(argv[2]) : 20000;

	if (rounds < 1 || rounds > ROUNDS_MAX || packets < 1)
		die("ROUNDS is 1 to 1000");
	rigs_begin();
	figure("encap_vs_hand", 4096, rounds, packets);
	figure("encap_vs_hand_1", 1, rounds, packets);
	rigs_end();
	return 0;
}
