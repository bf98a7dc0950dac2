/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A packet made up from a flow's key, as it comes in, before any NF: for
 * tcpdump expressions over flows and for nfold explain. What is not in the key
 * has made-up values: TTL 64, 20 bytes above IP; checksums are right. MAC
 * addresses are zero.
 */
#ifndef NFOLD_CLI_MADE_PACKET_H
#define NFOLD_CLI_MADE_PACKET_H

#include <stdint.h>

#include "../../maps/flow.h"

struct made_packet {
	uint8_t data[128];
	uint32_t len;
};

/* key: IPv4 in [0]; its zone tells the VLAN tags. */
void made_packet(struct made_packet *p, int family,
		 const struct nfold_key6 *key, uint8_t tcp_flags);

#endif
