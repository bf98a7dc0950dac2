// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Chains of one to nine filters (SpeedyBox, figure 8), folded and unfolded: random
 * flows, ns a packet, in turns. bench_chain has what nine NFs cost beside one,
 * more exactly.
 *
 *	bench_fig8 [ROUNDS [PACKETS [FLOWS]]]
 * in a network namespace of its own. FLOWS: a power of two. Prints one JSON object
 * a figure, and writes build/fig8.dat.
 */
#include "rig.h"
#include "unfolded.h"

#define LONGEST 9

static int rounds = 31;
static uint32_t packets = 20000, flows = 1024;

struct taken {
	double base[ROUNDS_MAX], ours[ROUNDS_MAX], unfolded[ROUNDS_MAX];
};

static void measure(struct rig *r, struct oracle *unfolded, struct taken *t)
{
	for (int i = -1; i < rounds; i++) {	/* round -1 warms up */
		int at = i < 0 ? 0 : i;

		t->base[at] = base_run(r, packets);
		t->ours[at] = rig_run(r, rig_wrap->progs.wrap, packets);
		t->unfolded[at] = unfolded_run(unfolded, packets, flows) +
				  t->base[at];
	}
}

static void figure(int n, FILE *out)
{
	static struct taken t;
	char text[512] = "", name[32];
	struct oracle *o;
	struct rig r;

	for (int i = 0; i < n; i++)
		strcat(text, "ipfilter { rule \"allow all\"; } ");
	rig_new(&r, text, NULL, 2 * flows);
	rig_learn(&r, flows);
	o = unfolded_new(&r);
	measure(&r, o, &t);
	snprintf(name, sizeof(name), "fig8_unfolded_%d", n);
	print_saved(name, rounds, t.base, t.ours, t.unfolded);
	fprintf(out, "%d %.1f %.1f\n", n,
		least(t.ours, rounds) - least(t.base, rounds),
		least(t.unfolded, rounds) - least(t.base, rounds));
	oracle_free(o);
	rig_free(&r);
}

int main(int argc, char **argv)
{
	FILE *out;

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
	out = fopen("build/fig8.dat", "w");
	if (!out)
		die("build/fig8.dat");
	fprintf(out, "# filters; the least of the rounds, ns a packet: folded, unfolded\n");
	for (int n = 1; n <= LONGEST; n += 2)
		figure(n, out);
	if (fclose(out))
		die("build/fig8.dat");
	rigs_end();
	return 0;
}
