// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Fields of headers, as they stand at the NF's place in the chain. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "../../maps/bytes.h"
#include "match.h"

/* An L4 field; false: the packet has none. */
static bool l4_field(const struct ids_view *v, uint8_t field, uint32_t *out)
{
	const uint8_t *l4 = v->pkt->data + v->pkt->l4_off;
	bool tcp = field == IDS_F_SEQ || field == IDS_F_ACK ||
		   field == IDS_F_WINDOW;

	if (v->proto != (tcp ? IDS_PROTO_TCP : IDS_PROTO_ICMP))
		return false;
	switch (field) {
	case IDS_F_SEQ:
		*out = ntohl(load32(l4 + 4));
		return true;
	case IDS_F_ACK:
		*out = ntohl(load32(l4 + 8));
		return true;
	case IDS_F_WINDOW:
		*out = ntohs(load16(l4 + 14));
		return true;
	case IDS_F_ITYPE:
		*out = l4[0];
		return true;
	case IDS_F_ICODE:
		*out = l4[1];
		return true;
	case IDS_F_ICMP_ID:
		*out = ntohs(load16(l4 + 4));
		return true;
	}
	*out = ntohs(load16(l4 + 6));
	return true;
}

/* False: the packet has none, as IPv6 has no identification. */
static bool ip_field(const struct ids_view *v, uint8_t field, uint32_t *out)
{
	const uint8_t *ip = v->pkt->data + v->pkt->l3_off;
	bool ip4 = v->pkt->family == 4;

	switch (field) {
	case IDS_F_TTL:
		*out = ip[ip4 ? 8 : 7];
		return true;
	case IDS_F_TOS:
		*out = ip4 ? ip[1] : (ip[0] & 15) << 4 | ip[1] >> 4;
		return true;
	case IDS_F_ID:
		*out = ntohs(load16(ip + 4));
		return ip4;
	case IDS_F_FRAGOFFSET:
		*out = ntohs(load16(ip + 6)) & 0x1fff;
		return ip4;
	case IDS_F_IP_PROTO:
		*out = v->pkt->l4proto;
		return true;
	case IDS_F_DSIZE:
		*out = v->len;
		return !v->stream;
	}
	return l4_field(v, field, out);
}

bool match_field(const struct ids_view *v, const struct ids_field_test *t)
{
	uint32_t x;

	if (!ip_field(v, t->field, &x))
		return false;
	switch (t->op) {
	case IDS_EQ:
		return x == t->lo;
	case IDS_NE:
		return x != t->lo;
	case IDS_LT:
		return x < t->lo;
	case IDS_GT:
		return x > t->lo;
	case IDS_LE:
		return x <= t->lo;
	case IDS_GE:
		return x >= t->lo;
	case IDS_BETWEEN:
		return x > t->lo && x < t->hi;
	}
	return x >= t->lo && x <= t->hi;
}

static bool match_bits(uint8_t bits, const struct ids_bits_test *t)
{
	switch (t->how) {
	case '+':
		return (bits & t->bits) == t->bits;
	case '*':
		return bits & t->bits;
	case '!':
		return !(bits & t->bits);
	}
	return bits == t->bits;
}

bool match_flags(const struct ids_view *v, const struct ids_bits_test *t)
{
	if (v->proto != IDS_PROTO_TCP)
		return false;
	return match_bits(v->pkt->data[v->pkt->l4_off + 13] & ~t->ignore, t);
}

bool match_fragbits(const struct ids_view *v, const struct ids_bits_test *t)
{
	return v->pkt->family == 4 &&
	       match_bits(v->pkt->data[v->pkt->l3_off + 6] >> 5, t);
}

bool match_ipopts(const struct ids_view *v, uint8_t option)
{
	const uint8_t *ip = v->pkt->data + v->pkt->l3_off;
	uint32_t len = (ip[0] & 15) * 4;

	if (v->pkt->family != 4)
		return false;
	for (uint32_t i = 20; i < len;) {
		if (option == 255 || ip[i] == option)
			return true;
		if (!ip[i])
			return false;
		if (ip[i] == 1)
			i++;
		else if (i + 1 < len && ip[i + 1] >= 2)
			i += ip[i + 1];
		else
			return false;
	}
	return false;
}

bool match_sameip(const struct ids_view *v)
{
	return !memcmp(&v->pkt->saddr, &v->pkt->daddr, sizeof(v->pkt->saddr));
}
