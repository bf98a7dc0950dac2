/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Instances of a chain's NFs. */
#include <stdlib.h>
#include <string.h>

#include "chain_priv.h"

static struct nf *nf_new(const struct chain_nf *cn, uint8_t index,
			 struct conf_error *err)
{
	struct nf *nf = calloc(1, sizeof(*nf));

	if (!nf) {
		conf_fail(err, &cn->loc, NULL, "out of memory");
		return NULL;
	}
	nf->ops = cn->ops;
	nf->index = index;
	memset(err, 0, sizeof(*err));
	if (!nf->ops->init || !nf->ops->init(nf, cn->block, err))
		return nf;
	if (!*err->message)
		conf_fail(err, &cn->loc, NULL, "'%s' refuses its block",
			  nf->ops->name);
	free(nf);
	return NULL;
}

struct nf **chain_nfs_new(const struct chain *c, struct conf_error *err)
{
	struct nf **nfs = calloc(c->nf_cnt + 1, sizeof(*nfs));

	if (!nfs) {
		conf_fail(err, &c->loc, NULL, "out of memory");
		return NULL;
	}
	for (uint32_t i = 0; i < c->nf_cnt; i++) {
		nfs[i] = nf_new(&c->nfs[i], i, err);
		if (!nfs[i]) {
			chain_nfs_free(nfs);
			return NULL;
		}
	}
	return nfs;
}

void chain_nfs_free(struct nf **nfs)
{
	if (!nfs)
		return;
	for (struct nf **p = nfs; *p; p++) {
		if ((*p)->ops->exit)
			(*p)->ops->exit(*p);
		free(*p);
	}
	free(nfs);
}

int chain_nfs_check(const struct chain *c, struct conf_error *err)
{
	struct nf **nfs = chain_nfs_new(c, err);

	if (!nfs)
		return -1;
	chain_nfs_free(nfs);
	return 0;
}
