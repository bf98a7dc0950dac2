/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* IPPROTO_*: from the kernel's headers for BPF, from the C library's for user
 * space, where the two can not be included together.
 */
#ifndef NFOLD_IPPROTO_H
#define NFOLD_IPPROTO_H

#ifdef __bpf__
#include <linux/in.h>
#include <linux/in6.h>
#else
#include <netinet/in.h>
#endif

#endif
