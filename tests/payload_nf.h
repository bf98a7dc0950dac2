/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A payload state function for tests, which does what its cell says: it looks
 * at all that its class may see, keeps a digest of that, writes, drops, settles.
 * Two runs that leave equal cells have shown it the same packets.
 */
#ifndef NFOLD_TESTS_PAYLOAD_NF_H
#define NFOLD_TESTS_PAYLOAD_NF_H

#include <netinet/in.h>
#include <string.h>

#include "chains/nf.h"

struct probe {
	/* what it is to do */
	uint8_t payload;	/* enum nf_payload */
	bool may_drop;
	uint8_t pattern;	/* byte; counted, and dropped for if may_drop */
	uint32_t settle;	/* packets; 0 never */
	/* what it has seen */
	uint32_t calls;
	uint32_t hits;
	uint64_t digest;
	struct nf_addr saddr, daddr; /* of the last packet */
	__be16 sport, dport;
};

static inline uint64_t digest(uint64_t h, const void *bytes, uint32_t len)
{
	const uint8_t *p = bytes;

	for (uint32_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3ULL;
	return h;
}

/* Fields and bytes of the headers, but for the L4 checksum. */
static inline uint64_t probe_headers(uint64_t h, const struct nf_pkt *pkt)
{
	uint32_t ports = pkt->l4proto == IPPROTO_TCP ||
					 pkt->l4proto == IPPROTO_UDP ? 4 : 0;

	h = digest(h, &pkt->saddr, sizeof(pkt->saddr));
	h = digest(h, &pkt->daddr, sizeof(pkt->daddr));
	h = digest(h, &pkt->sport, sizeof(pkt->sport));
	h = digest(h, &pkt->dport, sizeof(pkt->dport));
	h = digest(h, &pkt->reply, sizeof(pkt->reply));
	h = digest(h, &pkt->tcp_flags, sizeof(pkt->tcp_flags));
	return digest(h, pkt->data, pkt->l4_off + ports);
}

static inline uint32_t probe_hits(const struct nf_pkt *pkt, uint8_t pattern)
{
	uint32_t len, hits = 0;
	const uint8_t *p = nf_pkt_payload(pkt, &len);

	for (uint32_t i = 0; i < len; i++)
		hits += p[i] == pattern;
	return hits;
}

static inline void probe_write(struct probe *p, struct nf_pkt *pkt)
{
	uint8_t bytes[3] = { p->digest >> 8, p->digest >> 16, p->pattern };
	uint32_t len;

	nf_pkt_payload(pkt, &len);
	if (len >= sizeof(bytes))
		nf_pkt_write_payload(pkt, p->calls % (len - 2), bytes,
				     sizeof(bytes));
}

static inline enum nf_sf_result probe_run(void *arg, struct nf_pkt *pkt)
{
	struct probe *p = arg;
	uint32_t hits = 0;

	if (p->settle && p->calls >= p->settle)
		return NF_SF_SETTLED;
	p->calls++;
	p->saddr = pkt->saddr;
	p->daddr = pkt->daddr;
	p->sport = pkt->sport;
	p->dport = pkt->dport;
	p->digest = probe_headers(p->digest, pkt);
	if (p->payload != NF_IGNORE) {
		hits = probe_hits(pkt, p->pattern);
		p->digest = digest(p->digest, pkt->data, pkt->len);
	}
	p->hits += hits;
	if (p->payload == NF_WRITE)
		probe_write(p, pkt);
	if (p->may_drop && (p->payload == NF_IGNORE ? p->calls % 5 == 4 : hits))
		return nf_sf_drop(pkt, NFOLD_REASON_FIREWALL_DENY);
	return p->settle && p->calls == p->settle ? NF_SF_SETTLED :
						    NF_SF_NEXT;
}

/* [class][may drop] */
static const struct state_function probe_sf[3][2] = {
	{ { .name = "ignore", .payload = NF_IGNORE, .run = probe_run },
	  { .name = "ignore", .payload = NF_IGNORE, .run = probe_run,
	    .may_drop = true } },
	{ { .name = "read", .payload = NF_READ, .run = probe_run },
	  { .name = "read", .payload = NF_READ, .run = probe_run,
	    .may_drop = true } },
	{ { .name = "write", .payload = NF_WRITE, .run = probe_run },
	  { .name = "write", .payload = NF_WRITE, .run = probe_run,
	    .may_drop = true } },
};

static inline const struct state_function *probe_function(const struct probe *p)
{
	return &probe_sf[p->payload][p->may_drop];
}

#endif
