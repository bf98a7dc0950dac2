/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* NFs with payload state functions for chain files of a test: mix_nf.h's, under
 * a name each. eq_nfs.h has them in its table.
 */
#ifndef NFOLD_PROG_RUN_PAYLOAD_NFS_H
#define NFOLD_PROG_RUN_PAYLOAD_NFS_H

#include <stdlib.h>

#include "tests/mix_nf.h"

extern const struct nf_ops ah_ops, dos_ops, firewall_ops, ids_ops, ipfilter_ops, lb_ops,
	mark_ops, monitor_ops, nat_ops, policer_ops, sample_ops, tunnel_ops;

static inline int payload_nf_init(struct nf *nf, const struct conf_block *block,
				  struct conf_error *err)
{
	static const struct {
		const char *name, *letters;
	} nfs[] = {
		{ "scan", "cr" },	/* reads */
		{ "patch", "wc" },	/* writes */
		{ "guard", "cRic" },	/* may drop */
		{ "settle", "sc" },	/* reads until it has seen enough */
	};
	struct mix *m = calloc(1, sizeof(*m));

	(void)block;
	(void)err;
	for (size_t i = 0; i < sizeof(nfs) / sizeof(nfs[0]); i++)
		if (!strcmp(nfs[i].name, nf->ops->name))
			for (const char *c = nfs[i].letters; *c; c++)
				m->ops[m->cnt++] = (struct mix_op){
					.what = *c, .pattern = 0xee,
					.settle = *c == 's' ? 3 : 0,
				};
	nf->priv = m;
	return 0;
}

static inline void payload_nf_exit(struct nf *nf)
{
	free(nf->priv);
}

/* Of sessions that are over. */
static inline json_t *payload_nf_dump(struct nf *nf)
{
	const struct mix *m = nf->priv;
	json_t *all = json_array();

	for (int i = 0; i < m->cnt; i++) {
		const struct mix_total *t = &m->totals[i];

		json_array_append_new(all, json_pack(
			"[I, I, I, I, I]", (json_int_t)t->calls,
			(json_int_t)t->hits, (json_int_t)t->digest,
			(json_int_t)t->packets, (json_int_t)t->bytes));
	}
	return json_pack("{s:o}", "totals", all);
}

#define PAYLOAD_NF(n)                                                   \
	{ .name = n, .session_size = sizeof(struct mix_session),        \
	  .init = payload_nf_init, .exit = payload_nf_exit,             \
	  .packet = mix_packet, .expire = mix_expire, .dump = payload_nf_dump }

static const struct nf_ops scan_ops = PAYLOAD_NF("scan");
static const struct nf_ops patch_ops = PAYLOAD_NF("patch");
static const struct nf_ops guard_ops = PAYLOAD_NF("guard");
static const struct nf_ops settle_ops = PAYLOAD_NF("settle");

#endif
