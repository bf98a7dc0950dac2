/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses that a chain's NFs answer for (nf.h: claims): NAT pools and virtual
 * services. nfold adds those that the host lacks, so that the host answers ARP
 * and ND for them, marks them by IFA_PROTO, and removes just those.
 *
 * IPv4 addresses go to lo: with arp_ignore 0 the host answers for them on
 * every device, whichever side asks, and scope host keeps them from being
 * chosen as a source. IPv6 answers ND only for addresses of the very device
 * that is asked (RFC 4861 section 7.2.3 by the kernel's strict look-up), so they
 * go to each port, deprecated.
 *
 * In wire mode nobody answers: the box has no address there.
 */
#ifndef NFOLD_CLAIMS_H
#define NFOLD_CLAIMS_H

#include "../chains/chain.h"
#include "instance.h"
#include "netlink.h"

struct claim {
	int family;		/* 4 or 6 */
	struct nf_addr addr;
	enum nf_claim_kind kind; /* NAT wins over VIP */
};

struct claims {
	struct claim *v;
	uint32_t cnt;
	bool oom;
	struct netlink_addr *added; /* by claims_add() */
	uint32_t added_cnt;
};

/* Asks the chain's NFs. 0 or negative errno with err filled. */
int claims_collect(struct claims *c, const struct chain *chain,
		   struct instance_error *err);
void claims_free(struct claims *c);
const struct claim *claims_find(const struct claims *c, int family,
				const struct nf_addr *addr);
/* Refuses what can not work: a pool address that is the host's own, lo down. */
int claims_check(const struct claims *c, struct instance_error *err);
/* Adds what the host lacks; on failure removes what it added. */
int claims_add(struct claims *c, const struct instance_port *ports,
	       uint32_t port_cnt, struct instance_error *err);
/* Removes what claims_add() added just now: what an earlier daemon of the chain
 * had added stays. */
void claims_undo(struct claims *c);
/* Removes all of them that are marked as nfold's. */
void claims_del(const struct claims *c);

#endif
