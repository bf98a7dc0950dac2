// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* IDS and Monitor (SpeedyBox, figures 6 and 7): `ids` with 18 rules of one content
 * each, which reads every payload, then `monitor`. Three engines take turns (bed.h):
 * what folding saves of the cost of a packet on one thread, what two threads save of
 * its latency, and which part of that is parallel execution's. And, besides the
 * paper, what is saved once ids has seen enough and the flow is in the kernel.
 *
 *	bench_fig6 [ROUNDS [PACKETS]]
 * in a network namespace of its own. Prints one JSON object a figure. Leaves
 * build/bed.rules.
 */
#include "bed.h"
#include "unfolded.h"

#define RULES "build/bed.rules"
#define RULE_CNT 18
#define FIG6_FLOWS 1024

static const double none[ROUNDS_MAX];

/* One of them is about the payload of one flow in 64. */
static void write_rules(void)
{
	FILE *out = fopen(RULES, "w");

	for (int i = 0; out && i < RULE_CNT; i++)
		fprintf(out, "alert udp any any -> any any (msg:\"%d\"; content:\"%s\"; nocase; sid:%d;)\n",
			i, i ? &"in no payload at all"[i] : words_list[0],
			i + 1);
	if (!out || fclose(out))
		die(RULES);
}

/* Of one thread's cost, and of the latency with two; parallel: beside one. */
static void figure(struct bed *b, uint32_t s)
{
	static struct taken t;
	char name[64];

	measure(b, s, &t);
	snprintf(name, sizeof(name), "fig6_saved_%u", sizes[s]);
	print_saved(name, rounds, none, t.ns[ALONE], t.ns[UNFOLDED]);
	snprintf(name, sizeof(name), "fig7_saved_%u", sizes[s]);
	print_saved(name, rounds, none, t.latency[TWO], t.latency[UNFOLDED]);
	snprintf(name, sizeof(name), "fig7_parallel_%u", sizes[s]);
	print_saved(name, rounds, none, t.latency[TWO], t.latency[ALONE]);
}

/* Each flow's packets until XDP has it. */
static void settle(struct rig *r)
{
	uint8_t frame[PKT_MAX];
	struct oracle_result res;

	for (uint32_t i = 0; i < 6 * FIG6_FLOWS; i++) {
		flow_frame(frame, i % FIG6_FLOWS);
		if (oracle_packet(r->o, 0, frame, BENCH_LEN, &res) ||
		    res.verdict != ORACLE_SENT)
			die("a packet was not sent");
		oracle_left(r->o);
		if (i % FIG6_FLOWS == 0)
			oracle_tick(r->o);
	}
	if (res.punted)
		die("a flow did not settle");
	r->fast = rig_fast(r);
}

/* In the kernel beside user space, where ids remembers that it has seen enough. */
static void figure_settled(void)
{
	static struct taken t;
	static double base[ROUNDS_MAX];
	struct oracle *o;
	struct rig r;

	rig_new(&r, "ids { rules \"bed.rules\"; inspect first 1 packets; } monitor;",
		NULL, 2 * FIG6_FLOWS);
	settle(&r);
	o = unfolded_new(&r);
	for (int i = -1; i < rounds; i++) {	/* round -1 warms up */
		int at = i < 0 ? 0 : i;

		base[at] = base_run(&r, 20000);
		t.ns[ALONE][at] = rig_run(&r, rig_wrap->progs.wrap, 20000);
		t.ns[UNFOLDED][at] = unfolded_run(o, 20000, FIG6_FLOWS) +
				     base[at];
	}
	print_saved("fig6_settled", rounds, base, t.ns[ALONE],
		    t.ns[UNFOLDED]);
	oracle_free(o);
	rig_free(&r);
}

int main(int argc, char **argv)
{
	struct bed b;

	if (argc > 1)
		rounds = atoi(argv[1]);
	if (argc > 2)
		packets = atoi(argv[2]);
	if (rounds < 1 || rounds > ROUNDS_MAX || packets < BED_FLOWS ||
	    packets > PACKETS_MAX)
		die("ROUNDS is 1 to 1000, PACKETS 64 to 4096");
	write_rules();
	rigs_begin();
	rig_wrap->bss->flow_cnt = FIG6_FLOWS;
	make_frames();
	bed_new(&b, "ids { rules \"bed.rules\"; } monitor;", NULL);
	figure(&b, 0);
	figure(&b, SIZES - 1);
	bed_free(&b);
	figure_settled();
	rigs_end();
	return 0;
}
