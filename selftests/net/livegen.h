/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What livegen's programs are told. */
#ifndef NFOLD_LIVEGEN_H
#define NFOLD_LIVEGEN_H

#include <linux/types.h>

#define LIVEGEN_LEN 60		/* bytes of a frame */
#define LIVEGEN_SPORT 2000	/* of flow 0, host order; then upwards */

struct livegen_conf {
	__u8 dmac[6];
	__u8 smac[6];
	__be32 saddr;
	__be32 daddr;
	__be16 dport;
	__u16 ip_check;
	__u16 udp_sum;		/* folded sum of all but the source port */
	__u16 pad;
	__u32 flows;		/* power of two */
};

#endif
