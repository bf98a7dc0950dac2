/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* NFs that stand in for the product's where a test is about the language: same
 * names, any block is fine; `refuse ...;` in a block is refused at its place,
 * and instances are counted. Include it once in a test: it takes the place of
 * chains/nf.c, so that the test links no NF.
 */
#ifndef NFOLD_CHAIN_STUB_H
#define NFOLD_CHAIN_STUB_H

#include <stdlib.h>
#include <string.h>

#include "chains/chain.h"

static int stub_instances;	/* initialised and not yet left */

static int stub_init(struct nf *nf, const struct conf_block *block,
		     struct conf_error *err)
{
	const struct conf_stmt *s = conf_find(block, "refuse");

	if (conf_find(block, "refuse-silently"))
		return -1;
	if (s)
		return conf_fail(err, &s->words[s->word_cnt - 1].loc,
				 "take it out", "the stub refuses");
	nf->priv = malloc(1);
	stub_instances++;
	return 0;
}

static void stub_exit(struct nf *nf)
{
	free(nf->priv);
	stub_instances--;
}

static void stub_claims(struct nf *nf, nf_claim_fn fn, void *ctx)
{
	(void)nf;
	(void)fn;
	(void)ctx;
}

#define STUB(word, claim) \
	&(const struct nf_ops){ .name = word, .init = stub_init, \
				.exit = stub_exit, .claims = claim }

const struct nf_ops *const nf_table[] = {
	STUB("firewall", NULL),
	STUB("ipfilter", NULL),
	STUB("lb", stub_claims),
	STUB("monitor", NULL),
	STUB("nat", stub_claims),
	NULL,
};

const struct nf_ops *nf_find(const char *name)
{
	for (size_t i = 0; nf_table[i]; i++)
		if (!strcmp(nf_table[i]->name, name))
			return nf_table[i];
	return NULL;
}

#endif
