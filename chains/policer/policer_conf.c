/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The keys of `policer { ... }`; what they mean stands in README.md. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policer.h"

#define BURST_DEFAULT_NS (NF_SEC / 10)
/* Tokens a second; below, a long frame's time would not fit in 64 bits. */
#define RATE_MIN 8
#define RATE_MAX UINT64_C(1000000000000)

static const char *const known[] = { "rate", "burst", "per", NULL };

/* Units of a rate: how many tokens a second, and whether a token is a byte. */
static const struct {
	const char *unit;
	uint64_t num, den;
	bool bytes;
} units[] = {
	{ "pps", 1, 1, false },		{ "kpps", 1000, 1, false },
	{ "mpps", 1000000, 1, false },	{ "bit", 1, 8, true },
	{ "kbit", 1000, 8, true },	{ "mbit", 1000000, 8, true },
	{ "gbit", 1000000000, 8, true },
};

static int set_rate(struct policer *p, const struct conf_stmt *s,
		    struct conf_error *err)
{
	static const char usage[] = "rate NUMBER(pps|kpps|mpps|bit|kbit|mbit|gbit)";
	const struct conf_word *w = &s->words[1];
	uint64_t tokens;
	char *unit;
	double n;

	if (conf_need_words(s, 2, 2, usage, err))
		return -1;
	errno = 0;
	n = strtod(w->text, &unit);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(unit, units[i].unit))
			continue;
		if (errno || !(n > 0) || n * units[i].num / units[i].den <
					       (units[i].bytes ? RATE_MIN : 1) ||
		    n * units[i].num / units[i].den > RATE_MAX)
			return conf_fail(err, &w->loc, "at least 1pps or 64bit",
					 "rate %s is out of range", w->text);
		tokens = n * units[i].num / units[i].den;
		p->bucket.flags = units[i].bytes ? NFOLD_CELL_BYTES : 0;
		p->bucket.rate = ((double)(NF_SEC << NFOLD_BUCKET_SHIFT) *
				  65536) / tokens;
		return 0;
	}
	return conf_fail(err, &w->loc, "for example 10mbit or 1000pps",
			 "expected %s", usage);
}

static int set_per(struct policer *p, const struct conf_stmt *s,
		   struct conf_error *err)
{
	static const char *const choices[] = { "flow", "host", "prefix", NULL };
	uint64_t len4 = 32, len6 = 128;
	size_t per;

	if (conf_need_words(s, 2, 4, "per flow | host | prefix LEN4 [LEN6]",
			    err) ||
	    conf_choice(&s->words[1], choices, &per, err))
		return -1;
	p->per = per;
	if ((per == POLICER_PREFIX) != (s->word_cnt > 2))
		return conf_fail(err, &s->loc, "per prefix 24, or per prefix 24 64",
				 "only prefix takes lengths, and needs one");
	if (s->word_cnt > 2 &&
	    conf_uint(&s->words[2], 1, 32, &len4, err))
		return -1;
	if (per == POLICER_PREFIX)
		len6 = 64;
	if (s->word_cnt > 3 && conf_uint(&s->words[3], 1, 128, &len6, err))
		return -1;
	p->len4 = len4;
	p->len6 = len6;
	return 0;
}

static int set_stmt(struct policer *p, const struct conf_block *block,
		    const struct conf_stmt *s, uint64_t *burst,
		    struct conf_error *err)
{
	const char *key = s->words[0].text;

	if (conf_single(block, s, err))
		return -1;
	if (!strcmp(key, "rate"))
		return set_rate(p, s, err);
	if (!strcmp(key, "per"))
		return set_per(p, s, err);
	if (!strcmp(key, "burst")) {
		if (conf_need_words(s, 2, 2, "burst DURATION", err))
			return -1;
		return conf_duration(&s->words[1], burst, err);
	}
	return conf_unknown(s, known, err);
}

static int configure(struct policer *p, const struct conf_block *block,
		     struct conf_error *err)
{
	uint64_t burst = BURST_DEFAULT_NS, token;

	for (size_t i = 0; i < block->cnt; i++)
		if (set_stmt(p, block, &block->stmts[i], &burst, err))
			return -1;
	if (!p->bucket.rate)
		return conf_fail(err, &block->loc, "rate 10mbit; or rate 1000pps;",
				 "a policer needs a rate");
	/* Of bytes, the longest frame; of packets, one: or nothing conforms. */
	token = ((p->bucket.flags & NFOLD_CELL_BYTES ? 9216 : 1) *
		 p->bucket.rate) >> 16;
	p->bucket.limit = burst << NFOLD_BUCKET_SHIFT;
	if (p->buckets.keep_ns < burst)
		p->buckets.keep_ns = burst;
	if (p->bucket.limit < token)
		p->bucket.limit = token;
	return 0;
}

int policer_init(struct nf *nf, const struct conf_block *block,
		 struct conf_error *err)
{
	struct policer *p = calloc(1, sizeof(*p));

	if (!p)
		return conf_fail(err, &block->loc, NULL, "no memory for policer");
	p->len4 = 32;
	p->len6 = 128;
	p->buckets = (struct cell_map){ .nf = nf, .keep_ns = 10 * NF_SEC };
	if (configure(p, block, err)) {
		free(p);
		return -1;
	}
	nf->priv = p;
	return 0;
}
