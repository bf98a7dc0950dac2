/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One lock guards who takes which job. Waiting spins first, for a packet's jobs
 * are shorter than a wake-up: a worker on `round`, the caller on `left`. */
#include "workers.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#define STACK_SIZE (256 * 1024)	/* NFs' state functions run on it */
#define SPINS 1000		/* about 10 us */

struct workers {
	pthread_mutex_t lock;
	pthread_cond_t wake;	/* a round has begun, or stop */
	pthread_cond_t done;	/* left is 0 */
	void (*fn)(void *ctx, unsigned int job);
	void *ctx;
	unsigned int next;	/* job to take */
	unsigned int cnt;
	unsigned int left;	/* jobs not done; atomic: read in the spin */
	unsigned int round;	/* atomic: read in the spin */
	bool stop;
	unsigned int thread_cnt;
	pthread_t threads[];
};

static void pause_cpu(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* With the lock held, which it drops while a job runs. */
static void take_jobs(struct workers *w)
{
	while (w->next < w->cnt) {
		unsigned int job = w->next++;

		pthread_mutex_unlock(&w->lock);
		w->fn(w->ctx, job);
		pthread_mutex_lock(&w->lock);
		if (!__atomic_sub_fetch(&w->left, 1, __ATOMIC_RELEASE))
			pthread_cond_signal(&w->done);
	}
}

static void spin_while_round(struct workers *w, unsigned int round)
{
	for (int i = 0; i < SPINS; i++) {
		if (__atomic_load_n(&w->round, __ATOMIC_RELAXED) != round)
			return;
		pause_cpu();
	}
}

static void *worker(void *arg)
{
	struct workers *w = arg;
	unsigned int round;

	pthread_mutex_lock(&w->lock);
	while (!w->stop) {
		take_jobs(w);
		round = w->round;
		pthread_mutex_unlock(&w->lock);
		spin_while_round(w, round);
		pthread_mutex_lock(&w->lock);
		while (!w->stop && w->round == round)
			pthread_cond_wait(&w->wake, &w->lock);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static int start_threads(struct workers *w, unsigned int cnt)
{
	pthread_attr_t attr;
	sigset_t all, old;
	int err = pthread_attr_init(&attr);

	if (err)
		return -err;
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	while (!err && w->thread_cnt < cnt) {
		err = pthread_create(&w->threads[w->thread_cnt], &attr, worker,
				     w);
		w->thread_cnt += !err;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return -err;
}

int workers_new(struct workers **out, unsigned int cnt)
{
	struct workers *w = calloc(1, sizeof(*w) + cnt * sizeof(w->threads[0]));
	int err;

	if (!w)
		return -ENOMEM;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	pthread_cond_init(&w->done, NULL);
	err = start_threads(w, cnt);
	if (err) {
		workers_free(w);
		return err;
	}
	*out = w;
	return 0;
}

void workers_free(struct workers *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	__atomic_add_fetch(&w->round, 1, __ATOMIC_RELAXED);
	pthread_cond_broadcast(&w->wake);
	pthread_mutex_unlock(&w->lock);
	for (unsigned int i = 0; i < w->thread_cnt; i++)
		pthread_join(w->threads[i], NULL);
	pthread_cond_destroy(&w->done);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

static void wait_left(struct workers *w)
{
	for (int i = 0; i < SPINS; i++) {
		if (!__atomic_load_n(&w->left, __ATOMIC_ACQUIRE))
			return;
		pause_cpu();
	}
	pthread_mutex_lock(&w->lock);
	while (w->left)
		pthread_cond_wait(&w->done, &w->lock);
	pthread_mutex_unlock(&w->lock);
}

void workers_run(struct workers *w, void (*fn)(void *ctx, unsigned int job),
		 void *ctx, unsigned int cnt)
{
	pthread_mutex_lock(&w->lock);
	w->fn = fn;
	w->ctx = ctx;
	w->next = 0;
	w->cnt = cnt;
	__atomic_store_n(&w->left, cnt, __ATOMIC_RELAXED);
	__atomic_add_fetch(&w->round, 1, __ATOMIC_RELAXED);
	pthread_cond_broadcast(&w->wake);
	take_jobs(w);
	pthread_mutex_unlock(&w->lock);
	wait_left(w);
}
