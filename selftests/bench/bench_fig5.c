// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* State functions on two threads (SpeedyBox, figure 5): one to three NFs, each
 * with one state function that reads the payload (words.h) and no header action,
 * so that all of a packet's may run at the same time (Table I). Three engines take
 * turns on the same packets of 64 flows: unfolded, one NF after the other; folded,
 * one thread; folded, the engine's thread and one worker. Without AF_XDP. One
 * packet is in hand at a time in all three.
 *
 * rate: packets over the time of all; latency: the median of single packets'
 * times, which have the clock's reading in them. By the wall's clock.
 *
 *	bench_fig5 [ROUNDS [PACKETS]]
 * in a network namespace of its own. Prints one JSON object a figure, and writes
 * build/fig5.dat.
 */
#include "bed.h"

#define NFS_MAX 3

static struct words words;

/* --- the NF --- */

static struct found {
	uint64_t hits, bytes;
} __attribute__((aligned(64))) found[NFS_MAX];	/* by place in the chain */

static enum nf_sf_result inspect(void *arg, struct nf_pkt *pkt)
{
	struct found *f = arg;
	uint32_t len;
	const uint8_t *payload = nf_pkt_payload(pkt, &len);

	f->hits += words_find(&words, payload, len);
	f->bytes += len;
	return NF_SF_NEXT;
}

static enum nf_verdict inspect_packet(struct nf *nf, struct nf_pkt *pkt)
{
	static const struct state_function sf = { .name = "inspect",
						  .payload = NF_READ,
						  .run = inspect };

	return nf_sf_run(nf, pkt, &sf, &found[nf->index]);
}

static int inspect_init(struct nf *nf, const struct conf_block *block,
			struct conf_error *err)
{
	(void)nf;
	(void)block;
	(void)err;
	return 0;
}

static const struct nf_ops inspect_ops = { .name = "inspect",
					   .init = inspect_init,
					   .packet = inspect_packet };

/* --- measuring --- */

/* What the NFs found in the same packets, and how many bytes. */
static void same_results(struct bed *b, int n, uint32_t size)
{
	struct found seen[MODES][NFS_MAX];

	for (enum mode m = 0; m < MODES; m++) {
		memset(found, 0, sizeof(found));
		for (uint32_t i = 0; i < BED_FLOWS; i++)
			send_one(b, m, size, i);
		memcpy(seen[m], found, sizeof(found));
		if (memcmp(seen[0], seen[m], sizeof(found)) ||
		    !seen[m][n - 1].hits)
			die("the NFs did not find the same");
	}
}

/* ns of one function on a payload of that size. */
static double work_ns(uint32_t size)
{
	double ns[ROUNDS_MAX] = { 0 };
	uint64_t hits = 0;

	for (int r = 0; r < rounds; r++) {
		double start = wall_ns();

		for (uint32_t i = 0; i < packets; i++)
			hits += words_find(&words,
					   frames[size][i % BED_FLOWS] + 42,
					   sizes[size]);
		ns[r] = (wall_ns() - start) / packets;
	}
	if (!hits)
		die("no word was found");
	return median(ns, rounds);
}

/* --- figures --- */

static void print_latency(int n, const double *ours, const double *theirs)
{
	static const double none[ROUNDS_MAX];
	char name[32];

	snprintf(name, sizeof(name), "fig5_latency_%d", n);
	print_ratio(name, rounds, none, ours, theirs);
}

/* The work of a function from which on two threads are faster than one (by the
 * least latencies of the rounds), between the sizes of which one lost and the next
 * won; 0: won from the first on, no figure: lost at all. */
static void print_even(int n, const double *work, const double *gain)
{
	double at = 0;
	size_t i = SIZES;

	while (i && gain[i - 1] >= 1)
		i--;
	if (i == SIZES) {
		fprintf(stderr, "bench_fig5: %d functions: two threads never won\n",
			n);
		return;
	}
	if (i)
		at = work[i - 1] + (work[i] - work[i - 1]) * (1 - gain[i - 1]) /
					   (gain[i] - gain[i - 1]);
	printf("{\"name\":\"fig5_even_%d\",\"value\":%.0f,\"unit\":\"ns\",\"ratio\":null,\"baseline\":null,\"spread\":0}\n",
	       n, at);
	fflush(stdout);
}

static void figure(int n, FILE *out, const double *work)
{
	static struct taken t;
	double gain[SIZES];
	char nfs[64] = "";
	struct bed b;

	for (int i = 0; i < n; i++)
		strcat(nfs, "monitor; ");
	bed_new(&b, nfs, &inspect_ops);
	for (uint32_t s = 0; s < SIZES; s++) {
		same_results(&b, n, s);
		measure(&b, s, &t);
		gain[s] = least(t.latency[ALONE], rounds) /
			  least(t.latency[TWO], rounds);
		fprintf(out, "%d %u %.0f", n, sizes[s], work[s]);
		for (enum mode m = 0; m < MODES; m++)
			fprintf(out, " %.0f %.0f",
				1e9 / least(t.ns[m], rounds),
				least(t.latency[m], rounds));
		fprintf(out, "\n");
		if (sizes[s] == SMALL)
			print_rate("fig5_small", n, t.ns[TWO], t.ns[UNFOLDED]);
	}
	print_rate("fig5_rate", n, t.ns[TWO], t.ns[UNFOLDED]);
	print_rate("fig5_alone", n, t.ns[ALONE], t.ns[UNFOLDED]);
	print_latency(n, t.latency[TWO], t.latency[UNFOLDED]);
	if (n > 1)
		print_even(n, work, gain);
	fprintf(out, "\n");
	bed_free(&b);
}

int main(int argc, char **argv)
{
	double work[SIZES];
	FILE *out;

	if (argc > 1)
		rounds = atoi(argv[1]);
	if (argc > 2)
		packets = atoi(argv[2]);
	if (rounds < 1 || rounds > ROUNDS_MAX || packets < BED_FLOWS ||
	    packets > PACKETS_MAX)
		die("ROUNDS is 1 to 1000, PACKETS 64 to 4096");
	rigs_begin();
	words_build(&words);
	make_frames();
	out = fopen("build/fig5.dat", "w");
	if (!out)
		die("build/fig5.dat");
	fprintf(out, "# NFs, payload bytes, ns of one function; packets a second and ns of latency, the best of the rounds: unfolded, folded on one thread, on two\n");
	for (uint32_t s = 0; s < SIZES; s++)
		work[s] = work_ns(s);
	for (int n = 1; n <= NFS_MAX; n++)
		figure(n, out, work);
	if (fclose(out))
		die("build/fig5.dat");
	rigs_end();
	return 0;
}
