// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "icmp_error.h"

#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "../maps/csum.h"
#include "../maps/csum_full.h"

#define IP4_ERROR_MAX 576	/* of the whole error: RFC 1812, 4.3.2.3 */
#define IP6_ERROR_MAX 1280	/* RFC 4443 section 2.4 (c) */
#define DF 0x4000

bool icmp_error_may(enum icmp_error what, const uint8_t *data,
		    const struct nfold_parse *p)
{
	if ((p->flags & NFOLD_PARSE_GROUP) || (data[0] & 1))
		return false;
	return what != ICMP_ERROR_TOO_BIG || p->family == 6 ||
	       (load16(data + p->l3_off + 6) & htons(DF));
}

/* Type and code, of either family. */
static const struct {
	uint8_t type4, code4, type6, code6;
} numbers[] = {
	[ICMP_ERROR_TOO_BIG] = { 3, 4, 2, 0 },
	[ICMP_ERROR_TTL] = { 11, 0, 3, 0 },
	[ICMP_ERROR_PORT] = { 3, 3, 1, 4 },
};

static void swap_macs(uint8_t *data)
{
	uint8_t mac[6];

	memcpy(mac, data, 6);
	memcpy(data, data + 6, 6);
	memcpy(data + 6, mac, 6);
}

/* ip: room for the new headers, the old packet behind them. quote: bytes of
 * it. */
static void put4(enum icmp_error what, uint8_t *ip, const struct nf_addr *from,
		 uint32_t mtu, uint32_t quote)
{
	uint8_t *icmp = ip + 20;
	__be32 to = load32(icmp + 8 + 12);

	memset(ip, 0, 28);
	ip[0] = 0x45;
	ip[1] = 0xc0;		/* internetwork control: RFC 1812, 4.3.2.5 */
	store16(ip + 2, htons(28 + quote));
	ip[8] = 64;
	ip[9] = IPPROTO_ICMP;
	store32(ip + 12, from->a[0]);
	store32(ip + 16, to);
	store16(ip + 10, ~csum_fold(nfold_csum_bytes(ip, 20)));
	icmp[0] = numbers[what].type4;
	icmp[1] = numbers[what].code4;
	store16(icmp + 6, htons(mtu));
	store16(icmp + 2, ~csum_fold(nfold_csum_bytes(icmp, 8 + quote)));
}

static void put6(enum icmp_error what, uint8_t *ip, const struct nf_addr *from,
		 uint32_t mtu, uint32_t quote)
{
	uint8_t *icmp = ip + 40, to[16];
	uint64_t sum;

	memcpy(to, icmp + 8 + 8, 16);
	memset(ip, 0, 48);
	ip[0] = 0x60;
	store16(ip + 4, htons(8 + quote));
	ip[6] = IPPROTO_ICMPV6;
	ip[7] = 64;
	memcpy(ip + 8, from->a, 16);
	memcpy(ip + 24, to, 16);
	icmp[0] = numbers[what].type6;
	icmp[1] = numbers[what].code6;
	store32(icmp + 4, htonl(mtu));
	sum = nfold_csum_pseudo(ip, 6, IPPROTO_ICMPV6, 8 + quote);
	store16(icmp + 2,
		~csum_fold(sum + nfold_csum_bytes(icmp, 8 + quote)));
}

bool icmp_error_make(enum icmp_error what, uint8_t **data, uint32_t *len,
		     uint32_t *room, const struct nfold_parse *p,
		     const struct nf_addr *from, uint32_t mtu)
{
	uint32_t head = p->family == 4 ? 28 : 48;
	uint32_t max = p->family == 4 ? IP4_ERROR_MAX : IP6_ERROR_MAX;
	uint32_t quote = p->l3_len < max - head ? p->l3_len : max - head;

	if (*room < head)
		return false;
	memmove(*data - head, *data, p->l3_off);
	*data -= head;
	*room -= head;
	*len = p->l3_off + head + quote;
	swap_macs(*data);
	if (p->family == 4)
		put4(what, *data + p->l3_off, from, mtu, quote);
	else
		put6(what, *data + p->l3_off, from, mtu, quote);
	return true;
}
