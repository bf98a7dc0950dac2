/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The NFs this build knows. */
#include <string.h>

#include "nf.h"

extern const struct nf_ops ah_ops, dos_ops, firewall_ops, ids_ops, ipfilter_ops,
	lb_ops, mark_ops, monitor_ops, nat_ops, policer_ops, sample_ops, tunnel_ops;

const struct nf_ops *const nf_table[] = {
	&ah_ops,
	&dos_ops,
	&firewall_ops,
	&ids_ops,
	&ipfilter_ops,
	&lb_ops,
	&mark_ops,
	&monitor_ops,
	&nat_ops,
	&policer_ops,
	&sample_ops,
	&tunnel_ops,
	NULL,
};

const struct nf_ops *nf_find(const char *name)
{
	for (size_t i = 0; nf_table[i]; i++)
		if (!strcmp(nf_table[i]->name, name))
			return nf_table[i];
	return NULL;
}
