/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Grace periods by membarrier(), by time, or by hand. */
#include "grace.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/membarrier.h>

#define GRACE_TIME_NS 1000000000ULL

/* busy goes false -> true by the writer and true -> false by whoever ends the
 * period. It changes under the lock, so what the writer unpublished before
 * grace_begin() happens before the thread's membarrier(), and the membarrier()
 * before whatever the writer does after grace_done() has said true.
 */
struct grace {
	enum grace_kind kind; /* atomic: the thread may degrade it */
	bool busy;
	bool stop;
	uint64_t begun_ns; /* GRACE_TIME: CLOCK_MONOTONIC */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_t thread;
	bool has_thread;
};

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static int membarrier(int cmd)
{
	return syscall(__NR_membarrier, cmd, 0, 0);
}

/* Called with the lock held, which it drops while it waits. A kernel that
 * refuses (nohz_full, seccomp) turns this and all later periods into time.
 */
static void grace_wait(struct grace *g)
{
	int err;

	pthread_mutex_unlock(&g->lock);
	err = membarrier(MEMBARRIER_CMD_GLOBAL);
	pthread_mutex_lock(&g->lock);
	if (err) {
		g->begun_ns = clock_ns();
		__atomic_store_n(&g->kind, GRACE_TIME, __ATOMIC_RELAXED);
		return;
	}
	__atomic_store_n(&g->busy, false, __ATOMIC_RELEASE);
}

static void *grace_run(void *arg)
{
	struct grace *g = arg;

	pthread_mutex_lock(&g->lock);
	while (!g->stop && g->kind == GRACE_MEMBARRIER) {
		if (g->busy)
			grace_wait(g);
		else
			pthread_cond_wait(&g->wake, &g->lock);
	}
	pthread_mutex_unlock(&g->lock);
	return NULL;
}

/* Small stack, and every signal left to the engine's own thread. */
static int grace_start(struct grace *g)
{
	pthread_attr_t attr;
	sigset_t all, old;
	int err;

	err = pthread_attr_init(&attr);
	if (err)
		return -err;
	pthread_attr_setstacksize(&attr, PTHREAD_STACK_MIN + 65536);
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	err = pthread_create(&g->thread, &attr, grace_run, g);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	g->has_thread = !err;
	return -err;
}

int grace_new(struct grace **out, enum grace_kind kind)
{
	struct grace *g = calloc(1, sizeof(*g));
	int cmds, err;

	if (!g)
		return -ENOMEM;
	g->kind = kind;
	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->wake, NULL);
	if (kind == GRACE_MEMBARRIER) {
		cmds = membarrier(MEMBARRIER_CMD_QUERY);
		if (cmds < 0 || !(cmds & MEMBARRIER_CMD_GLOBAL))
			g->kind = GRACE_TIME;
	}
	if (g->kind == GRACE_MEMBARRIER) {
		err = grace_start(g);
		if (err) {
			grace_free(g);
			return err;
		}
	}
	*out = g;
	return 0;
}

void grace_free(struct grace *g)
{
	if (!g)
		return;
	if (g->has_thread) {
		pthread_mutex_lock(&g->lock);
		g->stop = true;
		pthread_cond_signal(&g->wake);
		pthread_mutex_unlock(&g->lock);
		pthread_join(g->thread, NULL);
	}
	pthread_cond_destroy(&g->wake);
	pthread_mutex_destroy(&g->lock);
	free(g);
}

void grace_begin(struct grace *g)
{
	pthread_mutex_lock(&g->lock);
	if (g->kind == GRACE_TIME)
		g->begun_ns = clock_ns();
	__atomic_store_n(&g->busy, true, __ATOMIC_RELAXED);
	pthread_cond_signal(&g->wake);
	pthread_mutex_unlock(&g->lock);
}

static void grace_check_time(struct grace *g)
{
	pthread_mutex_lock(&g->lock);
	if (g->busy && clock_ns() - g->begun_ns >= GRACE_TIME_NS)
		__atomic_store_n(&g->busy, false, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&g->lock);
}

bool grace_done(struct grace *g)
{
	if (!__atomic_load_n(&g->busy, __ATOMIC_ACQUIRE))
		return true;
	if (grace_kind(g) == GRACE_TIME)
		grace_check_time(g);
	return !__atomic_load_n(&g->busy, __ATOMIC_ACQUIRE);
}

void grace_end(struct grace *g)
{
	if (grace_kind(g) == GRACE_MANUAL)
		__atomic_store_n(&g->busy, false, __ATOMIC_RELEASE);
}

enum grace_kind grace_kind(const struct grace *g)
{
	return __atomic_load_n(&g->kind, __ATOMIC_RELAXED);
}
