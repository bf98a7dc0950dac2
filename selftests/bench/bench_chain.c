// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a chain's length costs in the kernel (SpeedyBox, figure 8), and what
 * events and state functions do: chains as the engine folds them, random flows,
 * ns a packet. The chains of a figure take turns in each round. Prints one JSON
 * object a figure.
 *
 *	bench_chain [ROUNDS [PACKETS [FLOWS]]]
 * in a network namespace of its own. PACKETS: of a chain's turn in a round.
 * FLOWS: a power of two.
 */
#include "rig.h"

#define CHAINS 3	/* of a figure, at most */
#define COPIES 3	/* of a chain: where its flows lie differs */

static int rounds = 101;
static uint32_t packets = 20000, flows = 1024;

/* --- chains --- */

/* n load balancers, each to the next one's address, the last to the backend:
 * each records two modifies. */
static const char *lbs(int n)
{
	static char text[16384];
	size_t len = 0;

	for (int i = 0; i < n; i++) {
		char vip[32], backend[32] = "10.99.0.1:8080";

		snprintf(vip, sizeof(vip), "10.98.0.%d:%d", i, 8000 + i);
		if (i + 1 < n)
			snprintf(backend, sizeof(backend), "10.98.0.%d:%d",
				 i + 1, 8001 + i);
		len += snprintf(text + len, sizeof(text) - len,
				"lb { table-size 251; service s { vip %s/udp; backend %s; } }\n",
				i ? vip : "198.51.100.80:80", backend);
	}
	return text;
}

/* The first NF, then as many of another. */
static const char *chain_of(const char *first, int n, const char *more)
{
	static char text[16384];
	size_t len = snprintf(text, sizeof(text), "%s\n", first);

	for (int i = 0; i < n; i++)
		len += snprintf(text + len, sizeof(text) - len, "%s\n", more);
	return text;
}

#define DOS "dos { syn-threshold 100; }"

/* dos without its event: a threshold function that nothing follows from. */
static enum nf_verdict threshold_packet(struct nf *nf, struct nf_pkt *pkt)
{
	static const struct state_function sf = {
		.name = "threshold", .tell = true,
		.kernel = NFOLD_FN_THRESHOLD,
	};
	struct nfold_cell **cell = nf_session(nf, pkt);

	if (pkt->reply)
		return NF_FORWARD;
	if (!*cell) {
		*cell = nf_cell_new(nf);
		if (!*cell)
			return nf_drop(pkt, NFOLD_REASON_CELLS_FULL);
		(*cell)->limit = 100;
		(*cell)->flags = NFOLD_CELL_SYN;
	}
	localmat_add_SF(nf, nf_extract_fid(pkt), &sf, *cell);
	nf_state_run(nf, pkt, &sf, *cell);
	return NF_FORWARD;
}

static void threshold_expire(struct nf *nf, void *session, uint64_t now)
{
	struct nfold_cell **cell = session;

	(void)now;
	if (*cell)
		nf_cell_free(nf, *cell);
}

static int threshold_init(struct nf *nf, const struct conf_block *block,
			  struct conf_error *err)
{
	(void)nf;
	(void)block;
	(void)err;
	return 0;
}

static const struct nf_ops threshold_ops = {
	.name = "threshold", .session_size = sizeof(struct nfold_cell *),
	.cells = 1, .init = threshold_init, .packet = threshold_packet,
	.expire = threshold_expire,
};

/* --- figures --- */

struct turns {
	struct rig rig[CHAINS][COPIES];
	int cnt;
	double base[ROUNDS_MAX], ns[CHAINS][ROUNDS_MAX];
};

static struct turns t;

static void add(const char *nfs, const struct nf_ops *ops)
{
	for (int i = 0; i < COPIES; i++) {
		rig_new(&t.rig[t.cnt][i], nfs, ops, 16 * flows);
		rig_learn(&t.rig[t.cnt][i], flows);
	}
	t.cnt++;
}

/* The chains in turning order, their copies one after the other. */
static void run_round(int at)
{
	t.base[at] = base_run(&t.rig[0][0], packets);
	for (int c = 0; c < t.cnt; c++)
		t.ns[c][at] = 0;
	for (int i = 0; i < COPIES * t.cnt; i++) {
		int c = (i + at) % t.cnt;

		t.ns[c][at] += rig_run(&t.rig[c][i / t.cnt],
				       rig_wrap->progs.wrap, packets) / COPIES;
	}
}

static void run(void)
{
	for (int r = -1; r < rounds; r++)	/* round -1 warms up */
		run_round(r < 0 ? 0 : r);
}

static void done(void)
{
	while (t.cnt--)
		for (int i = 0; i < COPIES; i++)
			rig_free(&t.rig[t.cnt][i]);
	t.cnt = 0;
}

/* Both fold to the same action, or the figure would say nothing. */
static void same_action(void)
{
	struct flow_entry e[2];
	uint8_t frame[PKT_MAX];

	flow_frame(frame, 0);
	for (int i = 0; i < 2; i++)
		if (!oracle_entry(t.rig[i][0].o, 0, frame, BENCH_LEN, &e[i]))
			die("no entry");
	if (memcmp(&e[0].set, &e[1].set, sizeof(e[0].set)) ||
	    e[0].set.dport != htons(8080))
		die("nine NFs do not fold to what one does");
}

static void figure_length(void)
{
	add(lbs(1), NULL);
	add(lbs(9), NULL);
	same_action();
	run();
	print_ratio("fig8_9_vs_1", rounds, t.base, t.ns[1], t.ns[0]);
	done();
}

static void figure_event(void)
{
	add("monitor;", NULL);
	add("monitor;", &threshold_ops);
	add(DOS, NULL);
	run();
	print_cost("event_cost_ns", rounds, 1, t.base, t.ns[2], t.ns[1]);
	print_cost("state_function_ns", rounds, 1, t.base, t.ns[1], t.ns[0]);
	done();
}

/* Of each further one. */
static void figure_growth(const char *name, const char *more)
{
	add(chain_of(DOS, 1, more), NULL);
	add(chain_of(DOS, 8, more), NULL);
	run();
	print_cost(name, rounds, 7, t.base, t.ns[1], t.ns[0]);
	done();
}

int main(int argc, char **argv)
{
	if (argc > 1)
		rounds = atoi(argv[1]);
	if (argc > 2)
		packets = atoi(argv[2]);
	if (argc > 3)
		flows = atoi(argv[3]);
	if (rounds < 1 || rounds > ROUNDS_MAX || !packets || !flows ||
	    flows & (flows - 1))
		die("ROUNDS is 1 to 1000, FLOWS a power of two");
	rigs_begin();
	rig_wrap->bss->flow_cnt = flows;
	figure_length();
	figure_event();
	figure_growth("fig8_per_counter_ns", "monitor;");
	figure_growth("fig8_per_function_ns", DOS);
	rigs_end();
	return 0;
}
