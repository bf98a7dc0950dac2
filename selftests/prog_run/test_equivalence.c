// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The spine: random chains of the NFs and random packets, through a side that
 * folds (the real program and the engine behind it) and one that does not.
 * Every packet has the same verdict, port and bytes; at the end every NF has
 * the same state. NFOLD_SEED repeats a run, NFOLD_CHAINS and NFOLD_PACKETS make
 * it longer, NFOLD_CHAIN runs one chain of it, NFOLD_REPLAY a finding.
 *
 * What fails is kept in build/fuzz-findings. Found and mended, it moves to
 * selftests/prog_run/regress, which is replayed first.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "eq_case.h"

#define FINDINGS "build/fuzz-findings"
#define REGRESS "selftests/prog_run/regress"

static uint64_t seed;

/* A network of its own is entered once a process. True: fn says so. */
static pid_t start_child(bool (*fn)(void *arg), void *arg)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		bool ok;

		nf_random_fixed();
		box_net();
		ok = fn(arg);
		fflush(stdout);
		_exit(!ok);
	}
	return pid;
}

static bool child_ok(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && !status;
}

/* --- findings are replayed --- */

static bool replay(void *arg)
{
	const char *dir = arg;
	struct eq_case c;
	uint32_t at;

	if (!case_read(&c, dir)) {
		printf("# %s: no chain or no capture\n", dir);
		return false;
	}
	at = case_run(&c, true);
	if (at != UINT32_MAX)
		printf("# %s: differs at frame %u of %u\n", dir, at, c.cnt);
	case_free(&c);
	return at == UINT32_MAX;
}

static void what_was_found_does_not_come_back(void **state)
{
	char path[PATH_MAX];
	struct dirent *e;
	int cnt = 0;
	DIR *d = opendir(REGRESS);

	(void)state;
	while (d && (e = readdir(d))) {
		if (*e->d_name == '.')
			continue;
		snprintf(path, sizeof(path), REGRESS "/%s", e->d_name);
		assert_true(child_ok(start_child(replay, path)));
		cnt++;
	}
	if (d)
		closedir(d);
	printf("# %d findings replayed\n", cnt);
}

/* --- control: what is wrong is found, shrunk, and kept --- */

#define WRONG "chain eq {\n\ton p0 inside, p1 outside;\n\tmonitor;\n\twrong;\n}\n"

static bool find_wrong(void *arg)
{
	struct eq_case c = { .text = WRONG }, again;
	struct eq_tally tally = { .packets = 0 };
	bool ok;

	draw_start(seed, 0);
	printf("# of an NF that is wrong on purpose:\n");
	if (case_go(&c, 2000, &tally))
		return false;
	case_keep(&c, arg);
	ok = case_read(&again, arg) && again.cnt == c.cnt &&
	     case_run(&again, false) == c.cnt - 1;
	/* Two are enough: one is folded, one is too long. */
	ok = ok && c.cnt <= 8;
	case_free(&c);
	case_free(&again);
	return ok;
}

static void a_wrong_nf_is_found_and_kept(void **state)
{
	char dir[] = "/tmp/nfold-wrong.XXXXXX";
	bool ok;

	(void)state;
	assert_non_null(mkdtemp(dir));
	ok = child_ok(start_child(find_wrong, dir));
	dir_empty(dir);
	rmdir(dir);
	assert_true(ok);
}

/* --- random chains --- */

struct job {
	uint64_t first, step, chains, packets;
	struct eq_tally *tally;	/* shared by all jobs */
};

static void tally_add(struct eq_tally *all, const struct eq_tally *t)
{
	const uint64_t *from = (const uint64_t *)t;
	uint64_t *to = (uint64_t *)all;

	for (size_t i = 0; i < sizeof(*t) / sizeof(*to); i++)
		__atomic_fetch_add(&to[i], from[i], __ATOMIC_RELAXED);
}

static void tally_tell(const struct eq_tally *t)
{
	printf("# the kernel alone decided %.0f %% of %llu packets on the folded side\n",
	       100.0 * t->by_kernel / t->packets,
	       (unsigned long long)t->packets);
	printf("# of %llu that came in a tunnel's header and left it sent %llu\n",
	       (unsigned long long)t->tunnelled,
	       (unsigned long long)t->tunnelled_fast);
	for (int i = 0; i < NFOLD_REASON_CNT; i++)
		if (t->reason[i] || (i && t->punted[i]))
			printf("# %-20s %9llu, punted for it %9llu\n",
			       reason_word(i),
			       (unsigned long long)t->reason[i],
			       (unsigned long long)(i ? t->punted[i] : 0));
}

/* What 200 chains can not miss if the streams do what they are for. */
static void tally_must_have(const struct eq_tally *t)
{
	static const enum nfold_reason drops[] = {
		NFOLD_REASON_SYN_FLOOD, NFOLD_REASON_RATE_EXCEEDED,
		NFOLD_REASON_POLICED, NFOLD_REASON_FIREWALL_DENY,
		NFOLD_REASON_LB_ALL_DOWN,
	};
	static const enum nfold_reason punts[] = {
		NFOLD_REASON_REOPEN, NFOLD_REASON_STALE,
		NFOLD_REASON_NEIGH, NFOLD_REASON_EVENT_FIRED,
	};

	for (size_t i = 0; i < sizeof(drops) / sizeof(*drops); i++)
		assert_true(t->reason[drops[i]]);
	for (size_t i = 0; i < sizeof(punts) / sizeof(*punts); i++)
		assert_true(t->punted[punts[i]]);
	assert_true(t->by_kernel > t->packets / 5);
	assert_true(t->tunnelled_fast > t->tunnelled / 20);
}

static bool run_chain(const struct job *j, uint64_t chain)
{
	struct eq_case c = { .cnt = 0 };
	struct eq_tally tally = { .packets = 0 };
	char dir[PATH_MAX];
	bool ok;

	draw_start(seed, chain);
	chain_draw(c.text, sizeof(c.text));
	ok = case_go(&c, j->packets, &tally);
	tally_add(j->tally, &tally);
	if (!ok) {
		printf("# again: NFOLD_SEED=%llu NFOLD_CHAIN=%llu NFOLD_PACKETS=%llu build/selftests/prog_run/test_equivalence\n",
		       (unsigned long long)seed, (unsigned long long)chain,
		       (unsigned long long)j->packets);
		mkdir(FINDINGS, 0777);
		snprintf(dir, sizeof(dir), FINDINGS "/%llu-%llu",
			 (unsigned long long)seed, (unsigned long long)chain);
		case_keep(&c, dir);
	}
	case_free(&c);
	return ok;
}

static bool run_job(void *arg)
{
	const struct job *j = arg;
	bool ok = true;

	for (uint64_t i = j->first; i < j->chains; i += j->step)
		ok = run_chain(j, i) && ok;
	return ok;
}

static bool run_jobs(struct job all, int cnt)
{
	pid_t pid[64];
	bool ok = true;

	for (int i = 0; i < cnt; i++) {
		struct job j = all;

		j.first += i;
		j.step = cnt;
		pid[i] = start_child(run_job, &j);
	}
	for (int i = 0; i < cnt; i++)
		ok = child_ok(pid[i]) && ok;
	return ok;
}

static int job_cnt(void)
{
	uint64_t n = env("NFOLD_JOBS", sysconf(_SC_NPROCESSORS_ONLN));

	return n < 1 ? 1 : n > 64 ? 64 : n;
}

static void random_chains_folded_equal_unfolded(void **state)
{
	struct job j = {
		.chains = env("NFOLD_CHAINS", 200),
		.packets = env("NFOLD_PACKETS", 2000),
		.tally = mmap(NULL, sizeof(struct eq_tally),
			      PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0),
	};
	bool one = getenv("NFOLD_CHAIN");

	(void)state;
	assert_true(j.tally != MAP_FAILED);
	if (one) {
		j.first = env("NFOLD_CHAIN", 0);
		j.chains = j.first + 1;
	}
	assert_true(run_jobs(j, one ? 1 : job_cnt()));
	printf("# seed %llu: %llu chains x %llu frames\n",
	       (unsigned long long)seed,
	       (unsigned long long)(j.chains - j.first),
	       (unsigned long long)j.packets);
	tally_tell(j.tally);
	if (j.chains - j.first >= 100 && j.packets >= 1000)
		tally_must_have(j.tally);
	munmap(j.tally, sizeof(*j.tally));
}

static void a_finding_is_replayed(void **state)
{
	(void)state;
	assert_true(child_ok(start_child(replay, getenv("NFOLD_REPLAY"))));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_found_does_not_come_back),
		cmocka_unit_test(a_wrong_nf_is_found_and_kept),
		cmocka_unit_test(random_chains_folded_equal_unfolded),
	};
	const struct CMUnitTest one[] = {
		cmocka_unit_test(a_finding_is_replayed),
	};

	seed = env("NFOLD_SEED", time(NULL));
	printf("# NFOLD_SEED=%llu\n", (unsigned long long)seed);
	if (getenv("NFOLD_REPLAY"))
		return cmocka_run_group_tests(one, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
