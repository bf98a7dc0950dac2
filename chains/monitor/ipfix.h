/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* IPFIX messages (RFC 7011 section 3), built in place: template sets and data
 * sets in any order, then the header. Every field in network byte order. Knows
 * no flows and sends nothing. One thread.
 */
#ifndef NFOLD_MONITOR_IPFIX_H
#define NFOLD_MONITOR_IPFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a message: with IPv6 and UDP headers the least MTU that IPv6 allows,
 * so that no path fragments it (RFC 7011 section 10.3.3). */
#define IPFIX_MSG_MAX 1232

#define IPFIX_TEMPLATE_MIN 256	/* least template id */

/* An information element of IANA's registry, and its length in a record. */
struct ipfix_field {
	uint16_t element;
	uint16_t len;		/* bytes; variable lengths are not supported */
};

struct ipfix_template {
	uint16_t id;		/* from IPFIX_TEMPLATE_MIN on */
	uint16_t field_cnt;
	const struct ipfix_field *fields;
};

struct ipfix_msg {
	uint8_t bytes[IPFIX_MSG_MAX];
	size_t len;		/* with the header's room */
	size_t set;		/* offset of the set that is open; 0 none */
	uint16_t set_id;
	uint32_t records;	/* data records in it */
};

/* An empty message. */
void ipfix_begin(struct ipfix_msg *m);
bool ipfix_empty(const struct ipfix_msg *m);
/* A template record. False: no room, and nothing is changed. */
bool ipfix_put_template(struct ipfix_msg *m, const struct ipfix_template *t);
/* Bytes of a data record by a template. */
size_t ipfix_record_len(const struct ipfix_template *t);
/* Room for a data record, for the caller to fill. NULL: none is left. */
uint8_t *ipfix_put_record(struct ipfix_msg *m, const struct ipfix_template *t);
/* The header. seconds: since 1970. sequence: data records that the domain has
 * sent before this message, modulo 2^32. Returns the message's length. */
size_t ipfix_end(struct ipfix_msg *m, uint32_t seconds, uint32_t sequence,
		 uint32_t domain);

/* Writes the low len bytes of value; returns what follows them. */
uint8_t *ipfix_number(uint8_t *at, uint64_t value, size_t len);

#endif
