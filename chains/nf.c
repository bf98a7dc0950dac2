/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The NFs this build knows. */
#include <string.h>
#include <sys/random.h>

#include "nf.h"

extern const struct nf_ops dos_ops, firewall_ops, ipfilter_ops, lb_ops,
	monitor_ops, nat_ops, policer_ops;

const struct nf_ops *const nf_table[] = {
	&dos_ops,
	&firewall_ops,
	&ipfilter_ops,
	&lb_ops,
	&monitor_ops,
	&nat_ops,
	&policer_ops,
	NULL,
};

const struct nf_ops *nf_find(const char *name)
{
	for (size_t i = 0; nf_table[i]; i++)
		if (!strcmp(nf_table[i]->name, name))
			return nf_table[i];
	return NULL;
}

static bool random_fixed;

void nf_random_fixed(void)
{
	random_fixed = true;
}

int nf_random(void *buf, size_t len)
{
	if (!random_fixed)
		return getrandom(buf, len, 0) == (ssize_t)len ? 0 : -1;
	memset(buf, 0x4e, len);
	return 0;
}
