/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the benches measure and how they say it: samples of programs that take
 * turns, their median and least, one JSON object a figure. Included by each
 * bench, which uses a part.
 */
#ifndef NFOLD_BENCH_MEASURE_H
#define NFOLD_BENCH_MEASURE_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS_MAX 1000

__attribute__((noreturn)) static inline void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, what);
	exit(1);
}

/* Of this thread alone, in the kernel too: what a neighbour takes away is not
 * in it. BPF_PROG_TEST_RUN's own figure is in whole ns. */
static inline double cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

static inline int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static inline double median(const double *v, int n)
{
	double s[ROUNDS_MAX];

	memcpy(s, v, n * sizeof(*v));
	qsort(s, n, sizeof(*s), by_value);
	return n % 2 ? s[n / 2] : (s[n / 2 - 1] + s[n / 2]) / 2;
}

static inline double least(const double *v, int n)
{
	double min = v[0];

	for (int i = 1; i < n; i++)
		min = v[i] < min ? v[i] : min;
	return min;
}

static inline double spread(const double *v, int n)
{
	double max = v[0];

	for (int i = 1; i < n; i++)
		max = v[i] > max ? v[i] : max;
	return (max - least(v, n)) / median(v, n);
}

/* ours over theirs, round by round, both minus base. */
static inline void print_ratio(const char *name, int rounds,
			       const double *base, const double *ours,
			       const double *theirs)
{
	double o[ROUNDS_MAX], t[ROUNDS_MAX], ratio[ROUNDS_MAX], lo, lt;

	for (int r = 0; r < rounds; r++) {
		o[r] = ours[r] - base[r];
		t[r] = theirs[r] - base[r];
		ratio[r] = o[r] / t[r];
	}
	lo = least(ours, rounds) - least(base, rounds);
	lt = least(theirs, rounds) - least(base, rounds);
	printf("{\"name\":\"%s\",\"value\":%.1f,\"unit\":\"ns/packet\",\"ratio\":%.3f,\"baseline\":%.1f,\"spread\":%.3f,\"least\":%.1f,\"least_baseline\":%.1f,\"least_ratio\":%.3f}\n",
	       name, median(o, rounds), median(ratio, rounds),
	       median(t, rounds), spread(ratio, rounds), lo, lt, lo / lt);
	fflush(stdout);
}

/* The part of theirs that ours saves, round by round. Its spread is from the
 * least to the most, as a part too: near 0 no ratio of them says anything. */
static inline void print_saved(const char *name, int rounds,
			       const double *base, const double *ours,
			       const double *theirs)
{
	double saved[ROUNDS_MAX], o[ROUNDS_MAX], t[ROUNDS_MAX], lo, lt;

	for (int r = 0; r < rounds; r++) {
		o[r] = ours[r] - base[r];
		t[r] = theirs[r] - base[r];
		saved[r] = 1 - o[r] / t[r];
	}
	lo = least(ours, rounds) - least(base, rounds);
	lt = least(theirs, rounds) - least(base, rounds);
	printf("{\"name\":\"%s\",\"value\":%.1f,\"unit\":\"ns/packet\",\"ratio\":%.3f,\"baseline\":%.1f,\"spread\":%.3f,\"least\":%.1f,\"least_baseline\":%.1f,\"least_ratio\":%.3f}\n",
	       name, median(o, rounds), median(saved, rounds),
	       median(t, rounds),
	       spread(saved, rounds) * median(saved, rounds), lo, lt,
	       1 - lo / lt);
	fflush(stdout);
}

/* ours minus theirs, round by round, over cnt: ns each. Beside it the baseline,
 * ns a packet. The spread is that of the middle half, in ns. */
static inline void print_cost(const char *name, int rounds, int cnt,
			      const double *base, const double *ours,
			      const double *theirs)
{
	double cost[ROUNDS_MAX], t[ROUNDS_MAX];

	for (int r = 0; r < rounds; r++) {
		cost[r] = (ours[r] - theirs[r]) / cnt;
		t[r] = theirs[r] - base[r];
	}
	qsort(cost, rounds, sizeof(*cost), by_value);
	printf("{\"name\":\"%s\",\"value\":%.2f,\"unit\":\"ns\",\"ratio\":null,\"baseline\":%.1f,\"spread\":%.3f,\"least\":%.2f}\n",
	       name, median(cost, rounds), median(t, rounds),
	       cost[rounds * 3 / 4] - cost[rounds / 4],
	       (least(ours, rounds) - least(theirs, rounds)) / cnt);
	fflush(stdout);
}

#endif
