// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Packets that are made to look to us as they do not to their host: what is told
 * of them, and which are dropped where evasion is not tolerated (docs/ids.md).
 */
#include <netinet/in.h>

#include "ids.h"

#define DROPPED                                                           \
	(IDS_STREAM_DIFFERS | IDS_STREAM_UNCOMPARED | IDS_STREAM_OUTSIDE | \
	 IDS_STREAM_AFTER_FIN | IDS_STREAM_BAD_SYN | IDS_STREAM_BAD_RST | \
	 IDS_STREAM_CLOSED | IDS_STREAM_NO_ACK)

bool ids_evasion_drops(const struct ids *ids, uint32_t result)
{
	return ids->drop_on_evasion && (result & DROPPED);
}

static uint8_t ttl_of(const struct nf_pkt *pkt)
{
	return pkt->data[pkt->l3_off + (pkt->family == 4 ? 8 : 7)];
}

/* A host ignores what has a wrong checksum. What has a TTL too small for it never
 * gets there: such a packet would show us bytes that it does not have, so it is
 * dropped. */
enum ids_taken ids_take(struct ids *ids, const struct nf_pkt *pkt)
{
	if (ids->min_ttl && ttl_of(pkt) < ids->min_ttl)
		return IDS_REFUSE;
	if (pkt->l4proto != IPPROTO_TCP || ids_checksum_good(pkt))
		return IDS_TAKE;
	ids->reassembly.bad_csum++;
	return ids->drop_on_evasion ? IDS_REFUSE : IDS_IGNORE;
}
