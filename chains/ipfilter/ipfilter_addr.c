/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers and addresses as rules write them. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipfilter.h"

/* 80, 0x50, 0120, 0b1010000 */
bool ipf_read_uint(const char *s, uint32_t *out)
{
	int base = 10;
	uint64_t n;
	char *end;

	if (s[0] == '0' && tolower((unsigned char)s[1]) == 'x')
		base = 16;
	else if (s[0] == '0' && tolower((unsigned char)s[1]) == 'b')
		base = 2;
	else if (s[0] == '0' && s[1])
		base = 8;
	if (base == 16 || base == 2)
		s += 2;
	if (!isxdigit((unsigned char)*s) || strlen(s) > 32)
		return false;
	n = strtoull(s, &end, base);
	if (*end || end == s || n > UINT32_MAX)
		return false;
	*out = n;
	return true;
}

/* Six groups of one or two digits, : or - between them. */
bool ipf_read_mac(const char *s, uint8_t out[6])
{
	char sep = 0;

	for (int i = 0; i < 6; i++) {
		int n = 0, v = 0;

		for (; n < 2 && isxdigit((unsigned char)*s); n++, s++)
			v = v * 16 + (isdigit((unsigned char)*s) ? *s - '0' :
				      tolower((unsigned char)*s) - 'a' + 10);
		out[i] = v;
		if (!n || (i == 5 && *s))
			return false;
		if (i < 5 && *s != ':' && *s != '-')
			return false;
		if (i < 5 && sep && *s != sep)
			return false;
		sep = *s++;
	}
	return true;
}

static uint32_t bits_mask(int bits)
{
	return bits >= 32 ? UINT32_MAX :
	       bits <= 0 ? 0 : ~(UINT32_MAX >> bits);
}

static void set_bits(struct ipf_addr *a, int bits)
{
	memset(&a->mask, 0, sizeof(a->mask));
	for (int i = 0; i < (a->family == 4 ? 1 : 4); i++)
		a->mask.a[i] = htonl(bits_mask(bits - 32 * i));
}

void ipf_addr_clip(struct ipf_addr *a)
{
	for (int i = 0; i < 4; i++)
		a->addr.a[i] &= a->mask.a[i];
}

bool ipf_read_host(const char *s, struct ipf_addr *out)
{
	struct ipf_addr a = { 0 };

	if (inet_pton(AF_INET, s, a.addr.a) == 1)
		a.family = 4;
	else if (inet_pton(AF_INET6, s, a.addr.a) == 1)
		a.family = 6;
	else
		return false;
	set_bits(&a, 128);
	*out = a;
	return true;
}

/* 10.0/16: Click lets the octets go that the mask does not cover. */
static bool read_short(const char *s, struct ipf_addr *out, int *octets)
{
	unsigned int v[4] = { 0 };
	char end;

	*octets = sscanf(s, "%3u.%3u.%3u%c", v, v + 1, v + 2, &end);
	if (*octets < 1 || *octets > 3 || strspn(s, "0123456789.") != strlen(s))
		return false;
	for (int i = 0; i < 3; i++)
		if (v[i] > 255)
			return false;
	if (s[strlen(s) - 1] == '.')
		return false;
	*out = (struct ipf_addr){ .family = 4 };
	out->addr.a[0] = htonl(v[0] << 24 | v[1] << 16 | v[2] << 8);
	return true;
}

/* BITS, or a mask of the address's family. */
static bool read_mask(const char *s, struct ipf_addr *a)
{
	size_t digits = strspn(s, "0123456789");
	struct ipf_addr m;

	if (digits && !s[digits] && digits <= 3 &&
	    atoi(s) <= (a->family == 4 ? 32 : 128)) {
		set_bits(a, atoi(s));
		return true;
	}
	if (!ipf_read_host(s, &m) || m.family != a->family)
		return false;
	a->mask = m.addr;
	return true;
}

bool ipf_read_net(const char *s, struct ipf_addr *out, struct ipf_addr *host)
{
	const char *slash = strrchr(s, '/');
	char text[IPF_WORD_MAX];
	struct ipf_addr a;
	int octets = 4;

	if (!slash || slash - s >= IPF_WORD_MAX)
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)(slash - s), s);
	if (!ipf_read_host(text, &a) && !read_short(text, &a, &octets))
		return false;
	if (!read_mask(slash + 1, &a))
		return false;
	if (octets < 4 && ntohl(a.mask.a[0]) & ~bits_mask(8 * octets))
		return false;
	if (host)
		*host = a;
	ipf_addr_clip(&a);
	*out = a;
	return true;
}
