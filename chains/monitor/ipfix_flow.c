// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "ipfix_flow.h"

#include <arpa/inet.h>
#include <string.h>

/* IANA, IPFIX Information Elements. */
enum element {
	OCTET_DELTA_COUNT = 1,
	PACKET_DELTA_COUNT = 2,
	PROTOCOL_IDENTIFIER = 4,
	TCP_CONTROL_BITS = 6,
	SOURCE_TRANSPORT_PORT = 7,
	SOURCE_IPV4_ADDRESS = 8,
	DESTINATION_TRANSPORT_PORT = 11,
	DESTINATION_IPV4_ADDRESS = 12,
	SOURCE_IPV6_ADDRESS = 27,
	DESTINATION_IPV6_ADDRESS = 28,
	ICMP_TYPE_CODE_IPV4 = 32,
	FLOW_END_REASON = 136,
	ICMP_TYPE_CODE_IPV6 = 139,
	FLOW_START_MILLISECONDS = 152,
	FLOW_END_MILLISECONDS = 153,
	LAYER2_OCTET_DELTA_COUNT = 352,
};

#define ADDRESSES4 { SOURCE_IPV4_ADDRESS, 4 }, { DESTINATION_IPV4_ADDRESS, 4 }
#define ADDRESSES6 { SOURCE_IPV6_ADDRESS, 16 }, { DESTINATION_IPV6_ADDRESS, 16 }
#define PORTS { SOURCE_TRANSPORT_PORT, 2 }, { DESTINATION_TRANSPORT_PORT, 2 }
#define REST                                                               \
	{ PROTOCOL_IDENTIFIER, 1 }, { FLOW_END_REASON, 1 },                \
		{ TCP_CONTROL_BITS, 2 }, { PACKET_DELTA_COUNT, 8 },        \
		{ OCTET_DELTA_COUNT, 8 }, { LAYER2_OCTET_DELTA_COUNT, 8 }, \
		{ FLOW_START_MILLISECONDS, 8 }, { FLOW_END_MILLISECONDS, 8 }

static const struct ipfix_field flow4[] = { ADDRESSES4, PORTS, REST };
static const struct ipfix_field flow6[] = { ADDRESSES6, PORTS, REST };
static const struct ipfix_field echo4[] = { ADDRESSES4,
					    { ICMP_TYPE_CODE_IPV4, 2 }, REST };
static const struct ipfix_field echo6[] = { ADDRESSES6,
					    { ICMP_TYPE_CODE_IPV6, 2 }, REST };

#define TEMPLATE(n, f) { IPFIX_TEMPLATE_MIN + (n), sizeof(f) / sizeof(f[0]), f }

const struct ipfix_template ipfix_flow_templates[IPFIX_FLOW_TEMPLATES] = {
	TEMPLATE(0, flow4), TEMPLATE(1, flow6), TEMPLATE(2, echo4),
	TEMPLATE(3, echo6),
};

/* Of the elements that are numbers. */
static uint64_t number(const struct ipfix_flow *f, enum element element)
{
	const struct nf_count *c = &f->count;

	switch (element) {
	case OCTET_DELTA_COUNT:
		return c->bytes - c->packets * f->l2_len;
	case PACKET_DELTA_COUNT:
		return c->packets;
	case LAYER2_OCTET_DELTA_COUNT:
		return c->bytes;
	case PROTOCOL_IDENTIFIER:
		return f->key->l4proto;
	case TCP_CONTROL_BITS:
		return f->tcp_flags;
	case SOURCE_TRANSPORT_PORT:
		return ntohs(f->key->sport);
	case DESTINATION_TRANSPORT_PORT:
		return ntohs(f->key->dport);
	case ICMP_TYPE_CODE_IPV4:
	case ICMP_TYPE_CODE_IPV6:
		return f->key->icmp_type << 8;	/* the code of echo is 0 */
	case FLOW_END_REASON:
		return f->reason;
	case FLOW_START_MILLISECONDS:
		return f->start_ms;
	case FLOW_END_MILLISECONDS:
		return f->end_ms;
	default:
		return 0;
	}
}

static uint8_t *put(uint8_t *at, const struct ipfix_flow *f,
		    const struct ipfix_field *field)
{
	switch (field->element) {
	case SOURCE_IPV4_ADDRESS:
	case SOURCE_IPV6_ADDRESS:
		memcpy(at, &f->key->saddr, field->len);
		return at + field->len;
	case DESTINATION_IPV4_ADDRESS:
	case DESTINATION_IPV6_ADDRESS:
		memcpy(at, &f->key->daddr, field->len);
		return at + field->len;
	}
	return ipfix_number(at, number(f, field->element), field->len);
}

bool ipfix_put_flow(struct ipfix_msg *m, const struct ipfix_flow *f)
{
	const struct monitor_key *k = f->key;
	bool echo = k->l4proto == IPPROTO_ICMP || k->l4proto == IPPROTO_ICMPV6;
	const struct ipfix_template *t =
		&ipfix_flow_templates[2 * echo + (k->family == 6)];
	uint8_t *at = ipfix_put_record(m, t);

	for (uint16_t i = 0; at && i < t->field_cnt; i++)
		at = put(at, f, &t->fields[i]);
	return at;
}
