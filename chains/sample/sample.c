/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* sample: tells of one packet in so many, by a state function of the kernel tier
 * and an event that has no new action. One cell of the NF counts for all flows.
 */
#include <stdlib.h>
#include <string.h>

#include "../conf.h"
#include "../nf.h"

#define ONE_IN_MAX (1 << 30)

struct sample {
	uint32_t one_in;
	struct nfold_cell *cell;	/* from the first packet on */
};

static const struct state_function sample_sf = {
	.name = "sample",
	.payload = NF_IGNORE,
	.tell = true,
	.kernel = NFOLD_FN_SAMPLE,
};

static enum nf_verdict sample_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct sample *s = nf->priv;
	nf_fid fid = nf_extract_fid(pkt);

	if (!s->cell) {
		s->cell = nf_cell_new(nf);
		if (s->cell)
			s->cell->limit = s->one_in;
	}
	if (!s->cell) {
		localmat_keep_slow(nf, fid, NFOLD_REASON_CELLS_FULL);
		return NF_FORWARD;
	}
	localmat_add_SF(nf, fid, &sample_sf, s->cell);
	register_event(nf, fid, nf_fired, s->cell, NULL, NULL);
	nf_state_run(nf, pkt, &sample_sf, s->cell);
	return NF_FORWARD;
}

/* --- keys and state --- */

/* One in one would begin once and never end: an event is told when it begins. */
static int set_one_in(struct sample *s, const struct conf_stmt *stmt,
		      struct conf_error *err)
{
	uint64_t n;

	if (conf_need_words(stmt, 2, 2, "one-in NUMBER", err) ||
	    conf_uint(&stmt->words[1], 2, ONE_IN_MAX, &n, err))
		return -1;
	s->one_in = n;
	return 0;
}

static int configure(struct sample *s, const struct conf_block *block,
		     struct conf_error *err)
{
	static const char *const known[] = { "one-in", NULL };

	for (size_t i = 0; i < block->cnt; i++) {
		const struct conf_stmt *stmt = &block->stmts[i];

		if (strcmp(stmt->words[0].text, "one-in"))
			return conf_unknown(stmt, known, err);
		if (conf_single(block, stmt, err) || set_one_in(s, stmt, err))
			return -1;
	}
	if (s->one_in)
		return 0;
	return conf_fail(err, &block->loc, "one-in 1000;",
			 "sample needs to know how many");
}

static int sample_init(struct nf *nf, const struct conf_block *block,
		       struct conf_error *err)
{
	struct sample *s = calloc(1, sizeof(*s));

	if (!s)
		return conf_fail(err, &block->loc, NULL, "no memory for sample");
	if (configure(s, block, err)) {
		free(s);
		return -1;
	}
	nf->priv = s;
	return 0;
}

static void sample_exit(struct nf *nf)
{
	free(nf->priv);
}

static json_t *sample_show(struct nf *nf)
{
	const struct sample *s = nf->priv;

	return json_pack("{s:I, s:I, s:I}", "one_in", (json_int_t)s->one_in,
			 "packets", s->cell ? (json_int_t)s->cell->word : 0,
			 "sampled", s->cell ? (json_int_t)s->cell->fires : 0);
}

const struct nf_ops sample_ops = {
	.name = "sample",
	.summary = "tells of one packet in so many",
	.cells = 1,
	.init = sample_init,
	.exit = sample_exit,
	.packet = sample_packet,
	.show = sample_show,
};
