/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where the flow key stands in a packet, and what the rest is called.
 *
 * What holds for every packet that walks a chain (maps/parse.h): it is IPv4 or
 * IPv6, not a fragment, with whole IP header and ports; ICMP is echo. VLAN tags
 * and IPv6 extension headers are not in the views (firewall_view.c), IPv4
 * options are.
 */
#include <netinet/in.h>
#include <stddef.h>

#include "key_value.h"

#define L3 14			/* offset of the IP header */

struct byte {
	uint8_t v, key, taint;
	bool may_lack;		/* not in every packet: a load can fail */
	const char *what;
};

static struct byte known(uint8_t v)
{
	return (struct byte){ .v = v };
}

static const struct byte of_key = { .key = 0xff };

static struct byte varies(const char *what)
{
	return (struct byte){ .taint = 0xff, .what = what };
}

static struct byte beyond(const char *what)
{
	return (struct byte){ .taint = 0xff, .may_lack = true, .what = what };
}

static struct byte tcp_byte(uint32_t off)
{
	if (off < 4)
		return of_key;
	if (off < 8)
		return beyond("the TCP sequence number");
	if (off < 12)
		return beyond("the TCP acknowledgement number");
	if (off == 12)
		return beyond("the TCP header length");
	if (off == 13)
		return beyond("the TCP flags");
	if (off < 16)
		return beyond("the TCP window");
	if (off < 18)
		return beyond("the TCP checksum");
	return beyond("TCP options or payload");
}

static struct byte udp_byte(uint32_t off)
{
	if (off < 4)
		return of_key;
	if (off < 6)
		return beyond("the UDP length");
	if (off < 8)
		return beyond("the UDP checksum");
	return beyond("the payload");
}

static struct byte echo_byte(uint32_t off)
{
	if (off == 0 || off == 4 || off == 5)	/* type, identifier */
		return of_key;
	if (off == 1)
		return varies("the ICMP code");
	if (off < 4)
		return varies("the ICMP checksum");
	if (off < 8)
		return varies("the ICMP sequence number");
	return beyond("the ICMP payload");
}

static struct byte l4_byte(int family, uint8_t l4proto, uint32_t off)
{
	if (l4proto == IPPROTO_TCP)
		return tcp_byte(off);
	if (l4proto == IPPROTO_UDP)
		return udp_byte(off);
	if (l4proto == (family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		return echo_byte(off);
	return beyond("headers of a protocol whose ports are not in the flow key");
}

static struct byte ip4_byte(uint8_t l4proto, uint32_t off)
{
	if (off == 0)
		return (struct byte){ .v = 0x40, .taint = 0x0f,
				      .what = "the IP header length" };
	if (off == 1)
		return varies("the type of service");
	if (off < 4)
		return varies("the packet length");
	if (off < 6)
		return varies("the IP identification");
	if (off == 6)	/* reserved, DF; MF and offset are 0 */
		return (struct byte){ .taint = 0xc0,
				      .what = "the IP flags" };
	if (off == 7)
		return known(0);
	if (off == 8)
		return varies("the TTL");
	if (off == 9)
		return known(l4proto);
	if (off < 12)
		return varies("the IP checksum");
	if (off < 20)
		return of_key;
	return beyond("what follows the IP header, at a fixed place");
}

static struct byte ip6_byte(uint8_t l4proto, uint32_t off)
{
	if (off == 0)
		return (struct byte){ .v = 0x60, .taint = 0x0f,
				      .what = "the traffic class" };
	if (off == 1)
		return varies("the traffic class or flow label");
	if (off < 4)
		return varies("the flow label");
	if (off < 6)
		return varies("the packet length");
	if (off == 6)
		return known(l4proto);
	if (off == 7)
		return varies("the hop limit");
	if (off < 40)
		return of_key;
	return l4_byte(6, l4proto, off - 40);
}

static struct byte any_byte(int family, uint8_t l4proto, bool l4, uint32_t off)
{
	if (l4)
		return l4_byte(family, l4proto, off);
	if (off < 12)
		return varies("MAC addresses");
	if (off == 12)
		return known(family == 4 ? 0x08 : 0x86);
	if (off == 13)
		return known(family == 4 ? 0x00 : 0xdd);
	if (family == 4)
		return ip4_byte(l4proto, off - L3);
	return ip6_byte(l4proto, off - L3);
}

bool fw_load(int family, uint8_t l4proto, bool l4, uint32_t off,
	     uint32_t size, struct fw_val *out)
{
	*out = fw_const(0);
	if (off > INT32_MAX) {
		*out = fw_tainted("what the kernel knows of the packet");
		return false;
	}
	for (uint32_t i = 0; i < size; i++) {
		struct byte b = any_byte(family, l4proto, l4, off + i);

		out->v = out->v << 8 | b.v;
		out->key = out->key << 8 | b.key;
		out->taint = out->taint << 8 | b.taint;
		if (b.taint && !out->what)
			out->what = b.what;
		if (b.may_lack) {
			out->what = b.what;
			return false;
		}
	}
	return true;
}
