// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "lmat.h"

#include <stdlib.h>

#include "engine_priv.h"

/* Where the NF's record goes: the direction that is being recorded, if it is
 * the one named. NULL: nothing is recorded. */
static struct lmat *recording(struct nf *nf, nf_fid fid)
{
	struct engine *e = nf->engine;

	if (!e->recording || fid != e->recording->id)
		return NULL;
	return &e->recording->lmat;
}

static bool add(struct lmat *m, const struct lmat_record *r)
{
	struct lmat_record *grown;

	if (m->cnt == m->cap) {
		uint16_t cap = m->cap ? 2 * m->cap : 8;

		if (cap <= m->cap)	/* an NF that records without end */
			return false;
		grown = realloc(m->records, cap * sizeof(*grown));
		if (!grown)
			return false;
		m->records = grown;
		m->cap = cap;
	}
	m->records[m->cnt++] = *r;
	return true;
}

static void append(struct nf *nf, nf_fid fid, struct lmat_record r)
{
	struct lmat *m = recording(nf, fid);

	r.nf = nf->index;
	if (m && !add(m, &r))
		m->why_slow = NFOLD_REASON_TABLE_FULL;
}

nf_fid nf_extract_fid(const struct nf_pkt *pkt)
{
	return pkt->fid;
}

void localmat_add_HA(struct nf *nf, nf_fid fid, const struct header_action *ha)
{
	append(nf, fid, (struct lmat_record){ .kind = LMAT_ACTION,
					      .action = *ha });
}

void localmat_add_SF(struct nf *nf, nf_fid fid,
		     const struct state_function *sf, void *arg)
{
	localmat_add_own(nf, fid, sf, arg, 0);
}

void localmat_add_own(struct nf *nf, nf_fid fid,
		      const struct state_function *sf, void *arg, __u32 key)
{
	append(nf, fid, (struct lmat_record){ .kind = LMAT_FUNCTION,
					      .function = sf, .arg = arg,
					      .key = key });
	if (!sf->count && !sf->kernel && !sf->run)
		localmat_keep_slow(nf, fid, NFOLD_REASON_RECORD_MISMATCH);
}

enum nf_sf_result lmat_run(const struct state_function *sf, void *arg,
			   struct nf_pkt *pkt)
{
	enum nf_sf_result result;

	pkt->may_write = sf->payload == NF_WRITE;
	result = sf->run(arg, pkt);
	pkt->may_write = false;
	return result;
}

bool lmat_ran(struct lmat *ran, const struct lmat *m, uint16_t from,
	      uint16_t end)
{
	bool ok = true;

	ran->cnt = 0;
	for (uint16_t i = from; i < end; i++)
		if (lmat_is_payload(&m->records[i]))
			ok = add(ran, &m->records[i]) && ok;
	if (!ok)
		ran->cnt = 0;
	return ok;
}

/* Its record there, if it has run: taken out. */
static bool has_run(struct lmat *ran, const struct nf *nf,
		    const struct state_function *sf, const void *arg,
		    enum nf_sf_result *result)
{
	for (uint16_t i = 0; i < ran->cnt; i++) {
		struct lmat_record *r = &ran->records[i];

		if (r->nf != nf->index || r->function != sf || r->arg != arg)
			continue;
		*result = r->settled ? NF_SF_SETTLED : NF_SF_NEXT;
		*r = ran->records[--ran->cnt];
		return true;
	}
	return false;
}

enum nf_verdict nf_sf_run(struct nf *nf, struct nf_pkt *pkt,
			  const struct state_function *sf, void *arg)
{
	struct engine *e = nf->engine;
	enum nf_sf_result result;

	if (!has_run(&e->sf_ran, nf, sf, arg, &result))
		result = lmat_run(sf, arg, pkt);

	append(nf, pkt->fid, (struct lmat_record){
				     .kind = LMAT_FUNCTION, .function = sf,
				     .arg = arg,
				     .settled = result == NF_SF_SETTLED });
	return result == NF_SF_DROP ? NF_DROP : NF_FORWARD;
}

bool nf_fired(void *cell)
{
	return ((const struct nfold_cell *)cell)->fired;
}

void register_event(struct nf *nf, nf_fid fid, bool (*condition)(void *arg),
		    void *arg, const struct header_action *update,
		    void (*update_function)(void *arg))
{
	static const struct header_action none = { .kind = HA_FORWARD };

	append(nf, fid, (struct lmat_record){
		.kind = LMAT_EVENT, .action = update ? *update : none,
		.update = update, .arg = arg,
		.update_function = update_function });
	if (condition != nf_fired)
		localmat_keep_slow(nf, fid, NFOLD_REASON_EVENT);
}

void localmat_keep_slow(struct nf *nf, nf_fid fid, enum nfold_reason why)
{
	struct lmat *m = recording(nf, fid);

	if (!m || m->why_slow)
		return;
	m->why_slow = why;
	m->slow_nf = nf->index + 1;
}

void *nf_session(struct nf *nf, const struct nf_pkt *pkt)
{
	struct flow *f = pkt->engine;

	return f->session->blobs + nf->session_off;
}

void lmat_apply(const struct lmat *m, uint16_t from, uint16_t end,
		struct nf_pkt *pkt)
{
	for (uint16_t i = from; i < m->cnt && i < end; i++) {
		const struct header_action *ha = &m->records[i].action;

		if (m->records[i].kind == LMAT_ACTION)
			nf_pkt_do(pkt, ha);
	}
}

void lmat_clear(struct lmat *m)
{
	m->cnt = 0;
	m->why_slow = NFOLD_REASON_NONE;
	m->slow_nf = 0;
}

void lmat_free(struct lmat *m)
{
	free(m->records);
	*m = (struct lmat){ 0 };
}

bool lmat_has_live(const struct lmat *m)
{
	for (uint16_t i = 0; i < m->cnt; i++)
		if (lmat_is_live(&m->records[i]))
			return true;
	return false;
}

void lmat_add_counts(struct lmat *m, uint16_t end, uint64_t packets,
		     uint64_t bytes)
{
	for (uint16_t i = 0; i < m->cnt && i < end; i++) {
		struct lmat_record *r = &m->records[i];
		struct nf_count *count = r->arg;

		if (r->kind != LMAT_FUNCTION || !r->function->count ||
		    r->own_cell)
			continue;
		count->packets += packets;
		count->bytes += bytes;
	}
}
