// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "ipfix.h"

#define VERSION 10
#define HEADER_LEN 16
#define SET_HEADER_LEN 4
#define SET_TEMPLATES 2		/* RFC 7011 section 3.3.2 */

uint8_t *ipfix_number(uint8_t *at, uint64_t value, size_t len)
{
	for (size_t i = len; i--; value >>= 8)
		at[i] = value;
	return at + len;
}

void ipfix_begin(struct ipfix_msg *m)
{
	m->len = HEADER_LEN;
	m->set = 0;
	m->records = 0;
}

bool ipfix_empty(const struct ipfix_msg *m)
{
	return m->len == HEADER_LEN;
}

/* Room for len bytes in a set of this id, in the one that is open if it can. */
static uint8_t *room(struct ipfix_msg *m, uint16_t set_id, size_t len)
{
	bool open = m->set && m->set_id == set_id;
	uint8_t *at;

	if (m->len + (open ? 0 : SET_HEADER_LEN) + len > IPFIX_MSG_MAX)
		return NULL;
	if (!open) {
		m->set = m->len;
		m->set_id = set_id;
		ipfix_number(m->bytes + m->set, set_id, 2);
		m->len += SET_HEADER_LEN;
	}
	at = m->bytes + m->len;
	m->len += len;
	ipfix_number(m->bytes + m->set + 2, m->len - m->set, 2);
	return at;
}

bool ipfix_put_template(struct ipfix_msg *m, const struct ipfix_template *t)
{
	uint8_t *at = room(m, SET_TEMPLATES, 4 + 4 * t->field_cnt);

	if (!at)
		return false;
	at = ipfix_number(at, t->id, 2);
	at = ipfix_number(at, t->field_cnt, 2);
	for (uint16_t i = 0; i < t->field_cnt; i++) {
		at = ipfix_number(at, t->fields[i].element, 2);
		at = ipfix_number(at, t->fields[i].len, 2);
	}
	return true;
}

size_t ipfix_record_len(const struct ipfix_template *t)
{
	size_t len = 0;

	for (uint16_t i = 0; i < t->field_cnt; i++)
		len += t->fields[i].len;
	return len;
}

uint8_t *ipfix_put_record(struct ipfix_msg *m, const struct ipfix_template *t)
{
	uint8_t *at = room(m, t->id, ipfix_record_len(t));

	if (at)
		m->records++;
	return at;
}

size_t ipfix_end(struct ipfix_msg *m, uint32_t seconds, uint32_t sequence,
		 uint32_t domain)
{
	uint8_t *at = m->bytes;

	at = ipfix_number(at, VERSION, 2);
	at = ipfix_number(at, m->len, 2);
	at = ipfix_number(at, seconds, 4);
	at = ipfix_number(at, sequence, 4);
	ipfix_number(at, domain, 4);
	return m->len;
}
