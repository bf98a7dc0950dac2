/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Makes the kernel resolve a neighbour (ARP, ND), for engines that may not ask
 * it themselves. Owned by the parent.
 */
#ifndef NFOLD_PROBE_H
#define NFOLD_PROBE_H

#include <stdint.h>

struct probe;

int probe_new(struct probe **out);	/* 0 or negative errno */
void probe_free(struct probe *p);
/* addr: text. -EINVAL: no address of that family; -EBUSY: too many, try again
 * later; else the kernel's answer is not waited for. */
int probe_send(struct probe *p, uint32_t ifindex, int family, const char *addr);

#endif
