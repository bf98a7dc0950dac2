/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* "Too big" to the sender of a packet that does not fit the way out: IPv4
 * destination unreachable, fragmentation needed (RFC 792, RFC 1191 section 4)
 * or ICMPv6 packet too big (RFC 4443 section 3.2). Pure.
 */
#ifndef NFOLD_ICMP_ERROR_H
#define NFOLD_ICMP_ERROR_H

#include "../chains/nf.h"
#include "../maps/parse.h"

/* Bytes that it may put in front of a packet's IP header. */
#define ICMP_ERROR_ROOM 48

/* May the sender be told: IPv6, or IPv4 with DF set; not from or to what no
 * answer may go to (RFC 1122 section 3.2.2, RFC 4443 section 2.4). */
bool icmp_error_may(const uint8_t *data, const struct nfold_parse *p);

/* Turns the frame at *data, as it came in, into the error, to go back where it
 * came from: source `from`, MAC addresses swapped. mtu: of IP, in bytes, as the
 * sender must see it. False: no room; the frame is unchanged. */
bool icmp_error_too_big(uint8_t **data, uint32_t *len, uint32_t *room,
			const struct nfold_parse *p, const struct nf_addr *from,
			uint32_t mtu);

#endif
