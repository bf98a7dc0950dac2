// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tcp_reset.h"

#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "../maps/csum.h"
#include "../maps/csum_full.h"
#include "../maps/flow.h"

#define TCP_LEN 20
#define TTL 64

struct numbers {
	uint32_t seq, ack;	/* host order */
	uint8_t flags;
};

/* Takes up sequence numbers: payload, SYN and FIN. */
static uint32_t segment_len(const uint8_t *l4, const struct nfold_parse *p)
{
	uint32_t head = p->l4_off - p->l3_off + (l4[12] >> 4) * 4;
	uint32_t len = p->l3_len > head ? p->l3_len - head : 0;

	return len + !!(p->tcp_flags & NFOLD_TCP_SYN) +
	       !!(p->tcp_flags & NFOLD_TCP_FIN);
}

static struct numbers numbers_for(const uint8_t *l4,
				  const struct nfold_parse *p)
{
	if (p->tcp_flags & NFOLD_TCP_ACK)
		return (struct numbers){ .seq = ntohl(load32(l4 + 8)),
					 .flags = NFOLD_TCP_RST };
	return (struct numbers){
		.ack = ntohl(load32(l4 + 4)) + segment_len(l4, p),
		.flags = NFOLD_TCP_RST | NFOLD_TCP_ACK,
	};
}

static void swap(uint8_t *a, uint8_t *b, uint32_t len)
{
	while (len--) {
		uint8_t was = *a;

		*a++ = *b;
		*b++ = was;
	}
}

static void put4(uint8_t *ip)
{
	swap(ip + 12, ip + 16, 4);
	ip[0] = 0x45;
	ip[1] = 0;
	store16(ip + 2, htons(20 + TCP_LEN));
	store32(ip + 4, htonl(0x4000));	/* identification 0, DF */
	ip[8] = TTL;
	ip[9] = IPPROTO_TCP;
	store16(ip + 10, 0);
	store16(ip + 10, ~csum_fold(nfold_csum_bytes(ip, 20)));
}

static void put6(uint8_t *ip)
{
	swap(ip + 8, ip + 24, 16);
	store32(ip, htonl(0x60000000));
	store16(ip + 4, htons(TCP_LEN));
	ip[6] = IPPROTO_TCP;
	ip[7] = TTL;
}

static void put_tcp(uint8_t *ip, uint8_t *tcp, const struct numbers *n,
		    uint32_t ports, int family)
{
	uint64_t sum;

	memset(tcp, 0, TCP_LEN);
	store32(tcp, ports);
	swap(tcp, tcp + 2, 2);
	store32(tcp + 4, htonl(n->seq));
	store32(tcp + 8, htonl(n->ack));
	tcp[12] = TCP_LEN / 4 << 4;
	tcp[13] = n->flags;
	sum = nfold_csum_pseudo(ip, family, IPPROTO_TCP, TCP_LEN);
	store16(tcp + 16,
		~csum_fold(sum + nfold_csum_bytes(tcp, TCP_LEN)));
}

bool tcp_reset_make(uint8_t *data, uint32_t *len, const struct nfold_parse *p)
{
	uint8_t *ip = data + p->l3_off;
	uint32_t ip_len = p->family == 4 ? 20 : 40;
	struct numbers n;
	uint32_t ports;

	if (p->l4proto != IPPROTO_TCP || (p->tcp_flags & NFOLD_TCP_RST) ||
	    (p->flags & NFOLD_PARSE_GROUP) || (data[0] & 1))
		return false;
	n = numbers_for(data + p->l4_off, p);
	ports = load32(data + p->l4_off);
	swap(data, data + 6, 6);
	if (p->family == 4)
		put4(ip);
	else
		put6(ip);
	put_tcp(ip, ip + ip_len, &n, ports, p->family);
	*len = p->l3_off + ip_len + TCP_LEN;
	return true;
}
