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
#include "rig.h"
#include "words.h"

#define NFS_MAX 3
#define FIG5_FLOWS 64
#define PACKETS_MAX 4096
#define SMALL 64
#define LARGE 1400

enum mode { UNFOLDED, ALONE, TWO, MODES };

static const uint32_t sizes[] = { SMALL, 128, 256, 512, 1024, LARGE };
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static int rounds = 31;
static uint32_t packets = 512;
static struct words words;
static uint8_t frames[SIZES][FIG5_FLOWS][LARGE + 64];
static uint32_t frame_len[SIZES];

static double wall_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

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

/* --- packets --- */

/* Text with a word of the list now and then. */
static void fill_payload(uint8_t *p, uint32_t len, uint32_t flow)
{
	for (uint32_t i = 0; i < len; i++)
		p[i] = ' ' + (flow * 31 + i * 7 + i / 13) % 90;
	if (flow % 8 == 0)
		memcpy(p + len / 2, words_list[flow / 8],
		       strlen(words_list[flow / 8]));
}

static void make_frames(void)
{
	uint8_t payload[LARGE], frame[PKT_MAX];

	for (uint32_t s = 0; s < SIZES; s++)
		for (uint32_t f = 0; f < FIG5_FLOWS; f++) {
			struct pkt k = pkt_new(4, IPPROTO_UDP);

			fill_payload(payload, sizes[s], f);
			k.data = payload;
			k.payload = sizes[s];
			k.sport = 1024 + f;
			k.csum = PKT_CSUM_FULL;
			frame_len[s] = pkt_build(&k, frame);
			memcpy(frames[s][f], frame, frame_len[s]);
		}
}

/* --- engines --- */

struct bed {
	struct chain_file *file;
	struct oracle *o[MODES];
	uint64_t now;
};

static void send_one(struct bed *b, enum mode mode, uint32_t size,
		     uint32_t flow)
{
	struct nfold_punt punt = { .magic = NFOLD_PUNT_MAGIC, .family = 4,
				   .reason = NFOLD_REASON_STATE_FUNCTION };
	struct engine_pkt p = { .data = frames[size][flow],
				.len = frame_len[size], .punt = &punt };
	struct engine *e = oracle_engine(b->o[mode]);

	if (engine_packet(e, &p) != ENGINE_TX ||
	    p.walked != (mode == UNFOLDED))
		die("a packet did not go its way");
	engine_left(e, p.flow);
}

static void learn(struct bed *b, enum mode mode)
{
	struct oracle_result r;

	for (uint32_t i = 0; i < 4 * FIG5_FLOWS; i++) {
		if (oracle_packet(b->o[mode], 0, frames[0][i % FIG5_FLOWS],
				  frame_len[0], &r) ||
		    r.verdict != ORACLE_SENT)
			die("a packet was not sent");
		oracle_left(b->o[mode]);
		oracle_tick(b->o[mode]);
	}
	if (mode != UNFOLDED && r.walked)
		die("a flow was not folded");
}

static void bed_new(struct bed *b, int n)
{
	char text[256] = "chain fig5 { on p0 inside, p1 outside; mode wire; table-size 1k; ";
	struct instance_error ierr;
	struct conf_error err;

	*b = (struct bed){ .now = 1000 * NF_SEC };
	for (int i = 0; i < n; i++)
		strcat(text, "monitor; ");
	if (chain_load(&b->file, "fig5.chain", strcat(text, "}"), &err))
		die(err.message);
	for (int i = 0; i < n; i++)
		b->file->chains[0].nfs[i].ops = &inspect_ops;
	for (enum mode m = 0; m < MODES; m++) {
		struct oracle_conf conf = { .chain = b->file->chains,
					    .fold = m != UNFOLDED,
					    .alone = m == ALONE,
					    .kernel_clock = true,
					    .socket = rig_socket };

		if (oracle_new(&b->o[m], &conf, &ierr))
			die(ierr.text);
		oracle_now(b->o[m], b->now);
		learn(b, m);
	}
}

static void bed_free(struct bed *b)
{
	for (enum mode m = 0; m < MODES; m++)
		oracle_free(b->o[m]);
	chain_file_free(b->file);
}

/* --- measuring --- */

struct taken {
	double ns[MODES][ROUNDS_MAX];		/* a packet, of all */
	double latency[MODES][ROUNDS_MAX];
};

static void turn(struct bed *b, enum mode mode, uint32_t size,
		 struct taken *t, int at)
{
	double start = wall_ns(), each[PACKETS_MAX];

	for (uint32_t i = 0; i < packets; i++)
		send_one(b, mode, size, i % FIG5_FLOWS);
	t->ns[mode][at] = (wall_ns() - start) / packets;
	for (uint32_t i = 0; i < packets; i++) {
		start = wall_ns();
		send_one(b, mode, size, i % FIG5_FLOWS);
		each[i] = wall_ns() - start;
	}
	qsort(each, packets, sizeof(*each), by_value);
	t->latency[mode][at] = each[packets / 2];
}

/* What the NFs found in the same packets, and how many bytes. */
static void same_results(struct bed *b, int n, uint32_t size)
{
	struct found seen[MODES][NFS_MAX];

	for (enum mode m = 0; m < MODES; m++) {
		memset(found, 0, sizeof(found));
		for (uint32_t i = 0; i < FIG5_FLOWS; i++)
			send_one(b, m, size, i);
		memcpy(seen[m], found, sizeof(found));
		if (memcmp(seen[0], seen[m], sizeof(found)) ||
		    !seen[m][n - 1].hits)
			die("the NFs did not find the same");
	}
}

static void measure(struct bed *b, uint32_t size, struct taken *t)
{
	for (int r = -1; r < rounds; r++)	/* round -1 warms up */
		for (int i = 0; i < MODES; i++)
			turn(b, (i + r + 1) % MODES, size, t, r < 0 ? 0 : r);
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
					   frames[size][i % FIG5_FLOWS] + 42,
					   sizes[size]);
		ns[r] = (wall_ns() - start) / packets;
	}
	if (!hits)
		die("no word was found");
	return median(ns, rounds);
}

/* --- figures --- */

/* theirs over ours (a rate's ratio is that of the times, turned over). */
static void print_rate(const char *what, int n, const double *ours,
		       const double *theirs)
{
	double ratio[ROUNDS_MAX] = { 0 };

	for (int r = 0; r < rounds; r++)
		ratio[r] = theirs[r] / ours[r];
	printf("{\"name\":\"fig5_%s_%d\",\"value\":%.0f,\"unit\":\"packets/s\",\"ratio\":%.3f,\"baseline\":%.0f,\"spread\":%.3f}\n",
	       what, n, 1e9 / median(ours, rounds), median(ratio, rounds),
	       1e9 / median(theirs, rounds), spread(ratio, rounds));
	fflush(stdout);
}

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
	struct bed b;

	bed_new(&b, n);
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
			print_rate("small", n, t.ns[TWO], t.ns[UNFOLDED]);
	}
	print_rate("rate", n, t.ns[TWO], t.ns[UNFOLDED]);
	print_rate("alone", n, t.ns[ALONE], t.ns[UNFOLDED]);
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
	if (rounds < 1 || rounds > ROUNDS_MAX || packets < FIG5_FLOWS ||
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
