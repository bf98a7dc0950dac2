/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The numbers are those of docs/FOLD.md. */
#include "batch.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "jumbo.h"
#include "workers.h"

#define SNAPSHOT (JUMBO_HEADROOM + JUMBO_MAX)

struct job {
	struct lmat *m;
	struct batch b;
	struct nf_pkt view;	/* the packet at the batch's place */
	bool settled;
	uint16_t dropped;	/* record of the function that dropped it, + 1 */
};

struct batch_runner {
	struct workers *workers; /* NULL: none */
	uint8_t *snapshots;	/* BATCH_GROUP_MAX of SNAPSHOT bytes; pages are
				 * touched on first use only */
	unsigned int job_cnt;
	struct job jobs[BATCH_GROUP_MAX];
};

/* --- plan --- */

/* N43: the n-th step, as a batch that ignores the payload. */
static struct batch step_batch(const struct lmat *m, uint16_t i,
			       const struct nfold_steps *steps, uint8_t n)
{
	return (struct batch){ .from = i, .to = i, .nf = m->records[i].nf,
			       .payload = NF_IGNORE, .kernel = true, .step = n,
			       .may_drop = steps->step[n].on_fire };
}

bool batch_next(const struct lmat *m, const struct nfold_steps *steps,
		struct batch_at *at, struct batch *b)
{
	uint16_t i = at->record;

	while (i < m->cnt && !lmat_is_live(&m->records[i]) &&
	       !(steps && lmat_is_step(&m->records[i])))
		i++;
	if (i == m->cnt)
		return false;
	if (!lmat_is_live(&m->records[i])) {
		*b = step_batch(m, i, steps, at->step++);
		at->record = i + 1;
		return true;
	}
	*b = (struct batch){ .from = i, .nf = m->records[i].nf };
	for (; i < m->cnt && m->records[i].nf == b->nf; i++) {
		const struct lmat_record *r = &m->records[i];

		if (steps && lmat_is_step(r))
			break;
		if (!lmat_is_live(r))
			continue;
		b->to = i;
		b->may_drop |= r->function->may_drop;
		if (r->function->payload > b->payload)	/* N31 */
			b->payload = r->function->payload;
	}
	at->record = i;
	return true;
}

/* N32: Table I, first batch and second. */
static bool parallel(const struct batch *first, const struct batch *second)
{
	return first->payload != NF_WRITE || second->payload == NF_IGNORE;
}

/* N33, N35, N39: it may run beside each of those that are in the group. */
static bool joins(const struct batch group[], unsigned int cnt,
		  const struct batch *b)
{
	for (unsigned int i = 0; i < cnt; i++)
		if (group[i].may_drop || group[i].nf == b->nf ||
		    !parallel(&group[i], b))
			return false;
	return true;
}

unsigned int batch_group(const struct lmat *m, const struct nfold_steps *steps,
			 struct batch_at *at, struct batch group[],
			 unsigned int max)
{
	struct batch_at next = *at;
	unsigned int cnt = 0;
	struct batch b;

	while (cnt < max && batch_next(m, steps, &next, &b) &&
	       joins(group, cnt, &b)) {
		group[cnt++] = b;
		*at = next;
	}
	return cnt;
}

/* --- headers --- */

static bool is_action(const struct lmat_record *r)
{
	return r->kind == LMAT_ACTION && r->action.kind != HA_FORWARD &&
	       r->action.kind != HA_DROP;
}

/* A header action, as the NF did it. False: there is no room for it. */
static bool redo_action(struct nf_pkt *pkt, const struct lmat_record *r)
{
	return !is_action(r) || nf_pkt_do(pkt, &r->action);
}

static bool redo(struct nf_pkt *pkt, const struct lmat *m, uint16_t from,
		 uint16_t to)
{
	bool done = true;

	for (uint16_t i = from; i < to; i++)
		done = redo_action(pkt, &m->records[i]) && done;
	return done;
}

static bool any_action(const struct lmat *m, uint16_t from, uint16_t to)
{
	for (uint16_t i = from; i < to; i++)
		if (is_action(&m->records[i]))
			return true;
	return false;
}

/* --- one packet --- */

/* A batch, in order (N31), up to a drop. */
static void run_job(void *ctx, unsigned int n)
{
	struct job *job = &((struct batch_runner *)ctx)->jobs[n];

	for (uint16_t i = job->b.from; i <= job->b.to; i++) {
		struct lmat_record *r = &job->m->records[i];
		enum nf_sf_result result;

		redo_action(&job->view, r);
		if (!lmat_is_live(r))
			continue;
		result = lmat_run(r->function, r->arg, &job->view);
		if (result == NF_SF_DROP) {
			job->dropped = i + 1;
			return;
		}
		r->settled = result == NF_SF_SETTLED;
		job->settled |= r->settled;
	}
}

/* N34: the packet before anything of this group has run, in bytes of its own,
 * with the headers of the batch's place. */
static void snapshot(struct batch_runner *x, unsigned int n,
		     const struct nf_pkt *pkt, uint16_t place)
{
	struct job *job = &x->jobs[n];

	assert(pkt->len <= JUMBO_MAX);
	job->view.data = x->snapshots + n * (size_t)SNAPSHOT + JUMBO_HEADROOM;
	if (job->view.room > JUMBO_HEADROOM)
		job->view.room = JUMBO_HEADROOM;
	memcpy(job->view.data, pkt->data, pkt->len);
	redo(&job->view, job->m, place, job->b.from);
}

/* N34, N36: the writer has the packet itself, at its place; a batch that sees
 * what the packet is has its bytes, if nobody writes; the rest snapshots. */
static void place_group(struct batch_runner *x, const struct nf_pkt *pkt,
			const struct batch group[], struct lmat *m,
			struct batch_result *result)
{
	struct job *writer = NULL;

	for (unsigned int n = 0; n < x->job_cnt; n++) {
		x->jobs[n] = (struct job){ .m = m, .b = group[n],
					   .view = *pkt };
		if (group[n].payload == NF_WRITE)
			writer = &x->jobs[n];
	}
	for (unsigned int n = 0; n < x->job_cnt; n++)
		if (&x->jobs[n] != writer && !group[n].kernel &&
		    (writer || any_action(m, result->place, group[n].to)))
			snapshot(x, n, pkt, result->place);
	if (!writer)
		return;
	redo(&writer->view, m, result->place, writer->b.from);
	result->moved |= any_action(m, result->place, writer->b.to);
	result->place = writer->b.to;
}

static void run_group(struct batch_runner *x)
{
	unsigned int payload = 0;

	for (unsigned int n = 0; n < x->job_cnt; n++)
		payload += !x->jobs[n].b.kernel;
	if (x->workers && payload > 1) {
		workers_run(x->workers, run_job, x, x->job_cnt);
		return;
	}
	for (unsigned int n = 0; n < x->job_cnt; n++)
		run_job(x, n);
}

/* False: the packet goes no further than this batch. */
static bool passes(const struct job *job, struct nf_pkt *pkt,
		   const struct batch_steps *steps)
{
	if (job->b.kernel)
		return steps->run(steps->ctx, job->b.step);
	if (job->dropped) {
		pkt->drop_reason = job->view.drop_reason;
		pkt->reset = job->view.reset;
	}
	return !job->dropped;
}

/* What the group's batches left behind, in the chain's order; steps run here,
 * on the caller's thread. */
static bool collect(struct batch_runner *x, struct nf_pkt *pkt,
		    const struct batch_steps *steps,
		    struct batch_result *result)
{
	bool go_on = true;

	for (unsigned int n = 0; n < x->job_cnt; n++) {
		const struct job *job = &x->jobs[n];

		result->settled |= job->settled;
		if (job->b.payload == NF_WRITE)
			*pkt = job->view;
		if (!go_on || passes(job, pkt, steps))
			continue;
		result->stopped = job->dropped ? job->dropped : job->b.to + 1;
		go_on = false;
	}
	return go_on;
}

bool batch_run(struct batch_runner *x, struct lmat *m, struct nf_pkt *pkt,
	       const struct batch_steps *steps, struct batch_result *result)
{
	const struct nfold_steps *s = steps ? steps->steps : NULL;
	unsigned int max = x->workers ? BATCH_GROUP_MAX : 1;
	struct batch group[BATCH_GROUP_MAX];
	struct batch_at at = { 0 };

	*result = (struct batch_result){ 0 };
	while ((x->job_cnt = batch_group(m, s, &at, group, max))) {
		place_group(x, pkt, group, m, result);
		run_group(x);
		if (!collect(x, pkt, steps, result))
			return false;
	}
	return true;
}

bool batch_finish(const struct lmat *m, const struct batch_result *result,
		  struct nf_pkt *pkt)
{
	return redo(pkt, m, result->place, m->cnt);
}

/* --- life --- */

int batch_runner_new(struct batch_runner **out, unsigned int workers)
{
	struct batch_runner *x = calloc(1, sizeof(*x));
	int err = 0;

	if (!x)
		return -ENOMEM;
	x->snapshots = mmap(NULL, BATCH_GROUP_MAX * (size_t)SNAPSHOT,
			    PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (x->snapshots == MAP_FAILED) {
		x->snapshots = NULL;
		err = -ENOMEM;
	}
	if (!err && workers)
		err = workers_new(&x->workers, workers);
	if (err) {
		batch_runner_free(x);
		return err;
	}
	*out = x;
	return 0;
}

void batch_runner_free(struct batch_runner *x)
{
	if (!x)
		return;
	workers_free(x->workers);
	if (x->snapshots)
		munmap(x->snapshots, BATCH_GROUP_MAX * (size_t)SNAPSHOT);
	free(x);
}
