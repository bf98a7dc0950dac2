/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Detaching a chain that no daemon serves. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "instance_priv.h"

/* The addresses that the chain's NFs claim, read from its canonical text. */
static void claims_of_text(struct claims *claims, const char *text)
{
	struct instance_error ignored;
	struct conf_error ce;
	struct chain_file *f;

	memset(claims, 0, sizeof(*claims));
	if (chain_load(&f, "pinned chain", text, &ce))
		return;
	if (f->cnt && claims_collect(claims, &f->chains[0], &ignored))
		memset(claims, 0, sizeof(*claims));
	chain_file_free(f);
}

/* Addresses that another pinned chain claims as well stay. */
static void claims_drop_shared(struct claims *c, const struct claims *other)
{
	uint32_t kept = 0;

	for (uint32_t n = 0; n < c->cnt; n++)
		if (!claims_find(other, c->v[n].family, &c->v[n].addr))
			c->v[kept++] = c->v[n];
	c->cnt = kept;
}

static void chain_claims(struct claims *c, const char *bpffs,
			 const char *chain)
{
	struct instance_error ignored;
	struct instance_maps m;

	memset(c, 0, sizeof(*c));
	if (pins_open(&m, bpffs, chain, &ignored))
		return;
	claims_of_text(c, m.meta->text);
	pins_close(&m);
}

void claims_del_unshared(struct claims *c, const char *bpffs,
			 const char *chain)
{
	char **names = pins_list(bpffs);
	struct claims other;

	for (size_t n = 0; names && names[n]; n++) {
		if (strcmp(names[n], chain)) {
			chain_claims(&other, bpffs, names[n]);
			claims_drop_shared(c, &other);
			claims_free(&other);
		}
		free(names[n]);
	}
	free(names);
	claims_del(c);
}

int pins_remove(const char *bpffs, const char *chain,
		struct instance_error *err)
{
	struct instance_maps m;
	struct claims claims;
	int ret;

	ret = pins_open(&m, bpffs, chain, err);
	if (ret == -ENOENT)
		return ret;
	if (!ret)
		pins_close(&m);
	chain_claims(&claims, bpffs, chain);
	claims_del_unshared(&claims, bpffs, chain);
	claims_free(&claims);
	ret = pins_unlink_all(bpffs, chain);
	if (ret)
		return instance_fail(err, ret, "%s/%s: %s", bpffs, chain,
				     strerror(-ret));
	return 0;
}
