/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* External ports: which one an internal endpoint gets.
 *
 * 1. The port it has itself, if that is in range and free (RFC 4787, 4.2.1:
 *    port preservation; never overloading, REQ-3).
 * 2. Else, from a random start (RFC 6056), the next free one of the same half
 *    (RFC 4787 REQ-3a: 0-1023 or above) and parity (REQ-4).
 * 3. Else the same half, any parity: parity is "where possible".
 * 4. A low port whose half is full or not in range takes a high one. A high
 *    port gets a low one only if the range has nothing else: servers take low
 *    ports for privileged.
 * ICMP identifiers have neither halves nor parity.
 *
 * A search looks at 1024 words of 64 ports at most, so that the last port of
 * an address costs about as much as the first.
 */
#include <arpa/inet.h>

#include "nat.h"

#define PARITY_ANY UINT64_MAX
#define PARITY_EVEN UINT64_C(0x5555555555555555)

struct span {
	uint32_t first, last;	/* inclusive; empty if first > last */
};

static struct span half_span(const struct nat *nat, enum nat_half half)
{
	struct span s = { nat->first, nat->last };

	if (half == NAT_LOW && s.last > 1023)
		s.last = 1023;
	if (half == NAT_HIGH && s.first < 1024)
		s.first = 1024;
	return s;
}

uint32_t nat_half_size(const struct nat *nat, enum nat_half half)
{
	struct span s = half_span(nat, half);

	return s.first > s.last ? 0 : s.last - s.first + 1;
}

static enum nat_half port_half(uint16_t port)
{
	return port < 1024 ? NAT_LOW : NAT_HIGH;
}

/* May an endpoint with port `wish` have a port of that half at all? */
static bool half_fits(const struct nat *nat, enum nat_proto proto,
		      uint16_t wish, enum nat_half half)
{
	if (proto == NAT_ICMP || half == NAT_HIGH || wish < 1024)
		return true;
	return nat_half_size(nat, NAT_HIGH) == 0;
}

static bool half_left(const struct nat *nat, const struct nat_ext *ext,
		      enum nat_proto proto, enum nat_half half)
{
	return ext->used[proto][half] < nat_half_size(nat, half);
}

bool nat_port_left(const struct nat *nat, uint32_t index, enum nat_proto proto,
		   uint16_t wish)
{
	const struct nat_ext *ext = &nat->pool[index];

	for (int half = 0; half < NAT_HALF_CNT; half++)
		if (half_fits(nat, proto, wish, half) &&
		    half_left(nat, ext, proto, half))
			return true;
	return false;
}

bool nat_pool_has(const struct nat *nat, __be32 addr, uint32_t *index)
{
	for (uint32_t i = 0; i < nat->pool_cnt; i++) {
		if (nat->pool[i].addr != addr)
			continue;
		if (index)
			*index = i;
		return true;
	}
	return false;
}

bool nat_port_claim(struct nat *nat, uint32_t index, enum nat_proto proto,
		    uint16_t port)
{
	struct nat_ext *ext = &nat->pool[index];
	uint64_t bit = UINT64_C(1) << (port % 64);

	if (port < nat->first || port > nat->last ||
	    ext->taken[proto][port / 64] & bit)
		return false;
	ext->taken[proto][port / 64] |= bit;
	ext->used[proto][port_half(port)]++;
	return true;
}

void nat_port_release(struct nat *nat, uint32_t index, enum nat_proto proto,
		      uint16_t port)
{
	struct nat_ext *ext = &nat->pool[index];

	ext->taken[proto][port / 64] &= ~(UINT64_C(1) << (port % 64));
	ext->used[proto][port_half(port)]--;
}

static uint64_t draw(struct nat *nat)
{
	uint64_t n = nat->draws++;

	return siphash(&n, sizeof(n), &nat->key);
}

/* Bits of word w that lie in [from, to]. */
static uint64_t span_mask(uint32_t w, uint32_t from, uint32_t to)
{
	uint64_t mask = UINT64_MAX;

	if (from > w * 64)
		mask &= UINT64_MAX << (from - w * 64);
	if (to < w * 64 + 63)
		mask &= UINT64_MAX >> (w * 64 + 63 - to);
	return mask;
}

/* First free port in [from, to], from <= to, with a bit in `parity`; or -1. */
static int find_free(const uint64_t *taken, uint32_t from, uint32_t to,
		     uint64_t parity)
{
	for (uint32_t w = from / 64; w <= to / 64; w++) {
		uint64_t free = ~taken[w] & parity & span_mask(w, from, to);

		if (free)
			return w * 64 + __builtin_ctzll(free);
	}
	return -1;
}

static int search(struct nat *nat, const struct nat_ext *ext,
		  enum nat_proto proto, struct span s, uint64_t parity)
{
	uint32_t start = s.first + draw(nat) % (s.last - s.first + 1);
	int port = find_free(ext->taken[proto], start, s.last, parity);

	if (port < 0 && start > s.first)
		port = find_free(ext->taken[proto], s.first, start - 1, parity);
	return port;
}

static int search_half(struct nat *nat, const struct nat_ext *ext,
		       enum nat_proto proto, uint16_t wish, enum nat_half half)
{
	struct span s = half_span(nat, half);
	uint64_t parity = wish & 1 ? ~PARITY_EVEN : PARITY_EVEN;
	int port = -1;

	if (!half_fits(nat, proto, wish, half) ||
	    !half_left(nat, ext, proto, half))
		return -1;
	if (nat->parity && proto != NAT_ICMP)
		port = search(nat, ext, proto, s, parity);
	if (port < 0)
		port = search(nat, ext, proto, s, PARITY_ANY);
	return port;
}

int nat_port_take(struct nat *nat, uint32_t index, enum nat_proto proto,
		  uint16_t wish)
{
	struct nat_ext *ext = &nat->pool[index];
	enum nat_half half = port_half(wish);
	int port;

	if (nat_port_claim(nat, index, proto, wish))
		return wish;
	port = search_half(nat, ext, proto, wish, half);
	if (port < 0)
		port = search_half(nat, ext, proto, wish, !half);
	if (port >= 0)
		nat_port_claim(nat, index, proto, port);
	return port;
}
