/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The keys of `dos { ... }`; what they mean stands in README.md. */
#include <stdlib.h>
#include <string.h>

#include "dos.h"

#define WINDOW_MIN (NF_SEC / 1000)
#define WINDOW_MAX (3600 * NF_SEC)

static const char *const known[] = { "syn-threshold", "source-rate", "window",
				     NULL };

static int set_limit(struct nfold_cell *c, const struct conf_stmt *s,
		     const char *usage, struct conf_error *err)
{
	uint64_t n;

	if (conf_need_words(s, 2, 2, usage, err) ||
	    conf_uint(&s->words[1], 1, 1 << 30, &n, err))
		return -1;
	c->limit = n;
	return 0;
}

static int set_window(struct dos *d, const struct conf_stmt *s,
		      struct conf_error *err)
{
	uint64_t ns;

	if (conf_need_words(s, 2, 2, "window DURATION", err) ||
	    conf_duration(&s->words[1], &ns, err))
		return -1;
	d->rate.rate = ns;
	if (ns >= WINDOW_MIN && ns <= WINDOW_MAX)
		return 0;
	return conf_fail(err, &s->words[1].loc, "from 1ms to 1h",
			 "window %s is out of range", s->words[1].text);
}

static int set_stmt(struct dos *d, const struct conf_block *block,
		    const struct conf_stmt *s, struct conf_error *err)
{
	const char *key = s->words[0].text;

	if (conf_single(block, s, err))
		return -1;
	if (!strcmp(key, "syn-threshold"))
		return set_limit(&d->syn, s, "syn-threshold NUMBER", err);
	if (!strcmp(key, "source-rate"))
		return set_limit(&d->rate, s, "source-rate NUMBER", err);
	if (!strcmp(key, "window"))
		return set_window(d, s, err);
	return conf_unknown(s, known, err);
}

static int configure(struct dos *d, const struct conf_block *block,
		     struct conf_error *err)
{
	for (size_t i = 0; i < block->cnt; i++)
		if (set_stmt(d, block, &block->stmts[i], err))
			return -1;
	if (d->syn.limit || d->rate.limit)
		return 0;
	return conf_fail(err, &block->loc,
			 "syn-threshold 100; or source-rate 10000;",
			 "dos needs a threshold");
}

int dos_init(struct nf *nf, const struct conf_block *block,
	     struct conf_error *err)
{
	struct dos *d = calloc(1, sizeof(*d));

	if (!d)
		return conf_fail(err, &block->loc, NULL, "no memory for dos");
	d->syn.flags = NFOLD_CELL_SYN;
	d->rate.rate = NF_SEC;
	d->sources = (struct cell_map){ .nf = nf };
	if (configure(d, block, err)) {
		free(d);
		return -1;
	}
	d->sources.keep_ns = d->rate.rate > 10 * NF_SEC ? d->rate.rate :
							  10 * NF_SEC;
	nf->priv = d;
	return 0;
}
