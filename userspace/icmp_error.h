/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the sender of a packet is told that can not go on. Pure. */
#ifndef NFOLD_ICMP_ERROR_H
#define NFOLD_ICMP_ERROR_H

#include "../chains/nf.h"
#include "../maps/parse.h"

enum icmp_error {
	/* Does not fit the way out: IPv4 fragmentation needed (RFC 792, RFC
	 * 1191 section 4), ICMPv6 packet too big (RFC 4443 section 3.2). */
	ICMP_ERROR_TOO_BIG,
	/* Time exceeded in transit (RFC 1812 section 4.3.3.4, RFC 4443 section
	 * 3.3). */
	ICMP_ERROR_TTL,
	/* Refused: port unreachable (RFC 1122 section 3.2.2.1, RFC 4443 section
	 * 3.1). */
	ICMP_ERROR_PORT,
};

/* Bytes that it may put in front of a packet's IP header. */
#define ICMP_ERROR_ROOM 48

/* May the sender be told; too big: IPv6, or IPv4 with DF set; of nothing that
 * was sent to many (RFC 1812 section 4.3.2.7, RFC 4443 section 2.4). ICMP errors
 * and fragments, of which none may be told either, are no flows. */
bool icmp_error_may(enum icmp_error what, const uint8_t *data,
		    const struct nfold_parse *p);

/* Turns the frame at *data, as it came in, into the error, to go back where it
 * came from: source `from`, MAC addresses swapped. mtu: of IP, in bytes, as the
 * sender must see it; for the others 0. False: no room; the frame is unchanged. */
bool icmp_error_make(enum icmp_error what, uint8_t **data, uint32_t *len,
		     uint32_t *room, const struct nfold_parse *p,
		     const struct nf_addr *from, uint32_t mtu);

#endif
