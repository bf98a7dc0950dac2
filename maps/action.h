/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The folded action in normal form: strip, set, push, checksums, verdict.
 * Constant for a flow direction: computed once by userspace/consolidate.c,
 * applied per packet by maps/act.h, in XDP and in user space alike.
 */
#ifndef NFOLD_ACTION_H
#define NFOLD_ACTION_H

#include <linux/types.h>

enum nfold_verdict {
	NFOLD_VERDICT_DROP = 0,	/* a zeroed action drops */
	NFOLD_VERDICT_FORWARD = 1,	/* by act.nexthop */
	NFOLD_VERDICT_HOST = 2,	/* to the host's stack, unchanged */
	NFOLD_VERDICT_SLOW = 3,	/* punt each packet: act.reason says why */
};

/* Final values: equal to the key's where no NF wrote. */
struct nfold_set4 {
	__be32 saddr;
	__be32 daddr;
	__be16 sport;
	__be16 dport;
};

struct nfold_set6 {
	__be32 saddr[4];
	__be32 daddr[4];
	__be16 sport;
	__be16 dport;
};

#define NFOLD_ACT_KEEP_L2 0x01	/* wire mode: leave MAC addresses */
#define NFOLD_ACT_CSUM_PARTIAL 0x02	/* sender leaves L4 checksums to its
					 * device: see maps/csum.h */
#define NFOLD_ACT_NO_REWRITE 0x04	/* set equals the key: addresses and
					 * ports need no store */
#define NFOLD_ACT_EDIT_PACKET 0x08	/* the edit sets DSCP, combines ECN or
					 * shifts sequence numbers: before the
					 * rewrite */

/* Deltas are ones' complement sums of (~old + new) over the 16-bit words that
 * change, folded to 16 bits, in memory order (RFC 1624 eqn. 3):
 *	checksum' = ~fold(~checksum + delta)
 */
struct nfold_act {
	__u16 l3_delta;		/* IPv4 header; includes TTL - ttl_dec */
	__u16 l4_delta;		/* TCP, UDP, ICMP, ICMPv6; 0: nothing changes */
	__u16 nexthop;		/* index into nexthops; FORWARD only */
	__u8 verdict;		/* enum nfold_verdict */
	__u8 ttl_dec;		/* hops of the chain and the router's own: a
				 * packet whose TTL is not above dies on
				 * the way; of DROP: hops before the drop */
	__u8 flags;		/* NFOLD_ACT_* */
	__u8 grow;		/* bytes that the edit puts around IP */
	__u8 reason;		/* enum nfold_reason of DROP and SLOW */
	__u8 chain;		/* chain within the instance */
	__u32 edit;		/* index + 1 of the edit record, or the
				 * word that does without one (edit.h);
				 * 0 none */
	__u32 generation;	/* valid while equal to ctl.generation */
	__u32 steps;		/* index + 1 of the steps record; 0 none */
};

_Static_assert(sizeof(struct nfold_set4) == 12, "set4 is map ABI");
_Static_assert(sizeof(struct nfold_set6) == 36, "set6 is map ABI");
_Static_assert(sizeof(struct nfold_act) == 24, "act is map ABI");

#endif
