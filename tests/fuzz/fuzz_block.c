/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fuzz target: the NFs' own blocks. `NAME { ... }` of any text is refused with
 * a place and a message, or makes an instance that can show what it is.
 */
#include <string.h>

#include "chains/conf.h"
#include "chains/nf.h"
#include "tests/fuzz/fuzz.h"

extern const struct nf_ops dos_ops, firewall_ops, ipfilter_ops, lb_ops,
	mark_ops, monitor_ops, nat_ops, policer_ops, tunnel_ops;

static const struct nf_ops *const block_nfs[] = {
	&dos_ops,     &firewall_ops, &ipfilter_ops, &lb_ops,	  &mark_ops,
	&monitor_ops, &nat_ops,	     &policer_ops,  &tunnel_ops,
};

static void block_claim(void *ctx, int family, const struct nf_addr *addr,
			enum nf_claim_kind kind)
{
	(void)ctx;
	(void)addr;
	FUZZ_CHECK(family == 4 || family == 6);
	FUZZ_CHECK(kind == NF_CLAIM_NAT || kind == NF_CLAIM_VIP);
}

static void block_show(struct nf *nf)
{
	json_t *o = nf->ops->show ? nf->ops->show(nf) : NULL;

	json_decref(o);
	o = nf->ops->dump ? nf->ops->dump(nf) : NULL;
	json_decref(o);
	if (nf->ops->claims)
		nf->ops->claims(nf, block_claim, NULL);
}

static void block_try(const struct nf_ops *ops, const struct conf_block *b)
{
	struct conf_error err = { .line = 0 };
	struct nf nf = { .ops = ops };

	if (ops->init && ops->init(&nf, b, &err)) {
		FUZZ_CHECK(*err.message);
		FUZZ_CHECK(!err.line || err.end_col > err.col);
		return;
	}
	block_show(&nf);
	if (ops->exit)
		ops->exit(&nf);
}

int FUZZ_ENTRY(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct conf_block *b = NULL;
	struct conf_error err;

	FUZZ_CHECK(text);
	if (strstr(text, "include") || conf_parse(&b, "fuzz", text, &err)) {
		free(text);
		return 0;
	}
	for (size_t i = 0; i < b->cnt; i++)
		for (size_t n = 0; n < sizeof(block_nfs) / sizeof(*block_nfs);
		     n++)
			if (b->stmts[i].block &&
			    !strcmp(b->stmts[i].words[0].text,
				    block_nfs[n]->name))
				block_try(block_nfs[n], b->stmts[i].block);
	conf_free(b);
	free(text);
	return 0;
}
