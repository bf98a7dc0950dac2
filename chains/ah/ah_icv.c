// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the integrity value covers (RFC 4302 section 3.3.3.1, appendix A): the
 * IP packet with the fields that change on the way taken as 0, and the value
 * itself too.
 */
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "../../maps/bytes.h"
#include "ah.h"

#define IP4_MAX 60
#define IP6_LEN 40
#define EXT_MAX 2048		/* bytes of an extension header */
#define AH_MAX (NF_AH_ICV + AH_ICV_MAX + 7)
#define OPT_NOCHANGE 0x20	/* of IPv6 options, unset: RFC 8200, 4.2 */

/* Appendix A1: the options that stay as they are; all others are zeroed. */
static bool is_immutable_option(uint8_t type)
{
	return type == 130 || type == 133 || type == 134 || type == 148 ||
	       type == 149;
}

/* A source route that is not at its end: the value is of the packet as it
 * arrives there (section 3.3.3.1.1.2). */
static void final_destination(uint8_t *ip, const uint8_t *opt, uint8_t len)
{
	bool route = opt[0] == 131 || opt[0] == 137;

	if (route && len >= 7 && opt[2] <= len)
		memcpy(ip + 16, opt + len - 4, 4);
}

/* False: an option runs past the end. */
static bool mask_options(uint8_t *ip, uint32_t hlen)
{
	for (uint32_t off = 20, len; off < hlen && ip[off]; off += len) {
		len = ip[off] == 1 ? 1 : off + 1 < hlen ? ip[off + 1] : 0;
		if (len < 1 + (ip[off] != 1) || off + len > hlen)
			return false;
		final_destination(ip, ip + off, len);
		if (ip[off] != 1 && !is_immutable_option(ip[off]))
			memset(ip + off, 0, len);
	}
	return true;
}

static enum nfold_reason add_ip4(const struct ah_sa *sa, const uint8_t *ip)
{
	uint32_t hlen = (ip[0] & 0x0f) * 4;
	uint8_t copy[IP4_MAX];

	memcpy(copy, ip, hlen);
	copy[1] = 0;		/* DSCP, ECN */
	store16(copy + 6, 0);	/* flags, fragment offset */
	copy[8] = 0;		/* TTL */
	store16(copy + 10, 0);	/* checksum */
	if (!mask_options(copy, hlen))
		return NFOLD_REASON_BAD_HEADER;
	return ah_mac_add(sa, copy, hlen) ? NFOLD_REASON_NONE :
					    NFOLD_REASON_AH_ICV;
}

/* Hop-by-hop and destination options: data that may change is zeroed, type and
 * length are not (section 3.3.3.1.2.2). */
static bool mask_options6(uint8_t *ext, uint32_t len)
{
	for (uint32_t off = 2, size; off < len; off += size) {
		size = !ext[off] ? 1 : off + 1 < len ? ext[off + 1] + 2U : len;
		if (off + size > len)
			return false;
		if (ext[off] & OPT_NOCHANGE)
			memset(ext + off + 2, 0, size - 2);
	}
	return true;
}

/* A routing header has no segment left: the parser sees to that. AH is of whole
 * packets, before they are fragments (section 3.3.4). */
static enum nfold_reason add_ext(const struct ah_sa *sa, uint8_t proto,
				 const uint8_t *ext, uint32_t len)
{
	uint8_t copy[EXT_MAX];

	if (proto == IPPROTO_FRAGMENT)
		return NFOLD_REASON_FRAGMENT;
	memcpy(copy, ext, len);
	if (proto != IPPROTO_ROUTING && !mask_options6(copy, len))
		return NFOLD_REASON_BAD_HEADER;
	return ah_mac_add(sa, copy, len) ? NFOLD_REASON_NONE :
					   NFOLD_REASON_AH_ICV;
}

/* Up to AH, which nf_pkt_ah() has found behind whole headers. */
static enum nfold_reason add_ip6(const struct ah_sa *sa, const uint8_t *ip,
				 uint32_t ah_off)
{
	uint8_t copy[IP6_LEN], proto = ip[6];
	enum nfold_reason why = NFOLD_REASON_NONE;
	uint32_t len;

	memcpy(copy, ip, IP6_LEN);
	copy[0] = 0x60;		/* DSCP, ECN, flow label */
	copy[1] = copy[2] = copy[3] = 0;
	copy[7] = 0;		/* hop limit */
	if (!ah_mac_add(sa, copy, IP6_LEN))
		return NFOLD_REASON_AH_ICV;
	for (uint32_t off = IP6_LEN; off < ah_off && !why; off += len) {
		len = proto == IPPROTO_FRAGMENT ? 8 : (ip[off + 1] + 1) * 8;
		why = add_ext(sa, proto, ip + off, len);
		proto = ip[off];
	}
	return why;
}

static bool add_rest(const struct ah_sa *sa, const uint8_t *ah, uint32_t len,
		     uint32_t seq, const uint8_t *end)
{
	uint8_t copy[AH_MAX];

	memcpy(copy, ah, len);
	store32(copy + 8, htonl(seq));
	memset(copy + NF_AH_ICV, 0, sa->auth->icv_len);
	return ah_mac_add(sa, copy, len) &&
	       ah_mac_add(sa, ah + len, end - (ah + len));
}

enum nfold_reason ah_icv(const struct ah_sa *sa, const struct nf_pkt *pkt,
			 uint32_t off, uint32_t len, uint32_t seq,
			 uint8_t icv[AH_ICV_MAX])
{
	const uint8_t *ip = pkt->data + pkt->l3_off;
	const uint8_t *end = ip + (pkt->family == 4 ?
				   ntohs(load16(ip + 2)) :
				   IP6_LEN + ntohs(load16(ip + 4)));
	enum nfold_reason why;

	if (len < NF_AH_ICV + (uint32_t)sa->auth->icv_len ||
	    len > NF_AH_ICV + sa->auth->icv_len + 7U || !ah_mac_begin(sa))
		return NFOLD_REASON_AH_ICV;
	why = pkt->family == 4 ? add_ip4(sa, ip) :
				 add_ip6(sa, ip, off - pkt->l3_off);
	if (why)
		return why;
	return add_rest(sa, pkt->data + off, len, seq, end) &&
			       ah_mac_end(sa, icv) ?
		       NFOLD_REASON_NONE : NFOLD_REASON_AH_ICV;
}
