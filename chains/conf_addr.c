/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What words of chain files mean: addresses, prefixes, ranges, endpoints. */
#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "conf_priv.h"
#include "nf.h"

/* 4, 6, or 0: not an address. len bytes of s. */
static int addr_parse(const char *s, size_t len, struct nf_addr *addr)
{
	char buf[INET6_ADDRSTRLEN];

	if (len >= sizeof(buf))
		return 0;
	memcpy(buf, s, len);
	buf[len] = 0;
	memset(addr, 0, sizeof(*addr));
	if (inet_pton(AF_INET, buf, addr->a) == 1)
		return 4;
	return inet_pton(AF_INET6, buf, addr->a) == 1 ? 6 : 0;
}

static void addr_format(char *buf, size_t size, int family,
			const struct nf_addr *addr)
{
	if (!inet_ntop(family == 4 ? AF_INET : AF_INET6, addr->a, buf, size))
		buf[0] = 0;
}

/* A decimal number of at most 5 digits in all of s; -1: none, or larger than
 * max. */
static int small(const char *s, size_t len, int max)
{
	int n = 0;

	if (!len || len > 5)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)s[i]))
			return -1;
		n = n * 10 + s[i] - '0';
	}
	return n <= max ? n : -1;
}

int conf_addr(const struct conf_word *w, int *family, struct nf_addr *addr,
	      struct conf_error *err)
{
	struct nf_addr a;
	int f = addr_parse(w->text, strlen(w->text), &a);

	if (!f)
		return conf_fail(err, &w->loc, "as in 192.0.2.1 or 2001:db8::1",
				 "'%s' is not an address", w->text);
	*family = f;
	*addr = a;
	return 0;
}

/* Clears what is beyond len bits; true: something was set there. */
static bool addr_mask(struct nf_addr *addr, unsigned int len)
{
	bool had = false;

	for (unsigned int i = 0; i < 4; i++) {
		unsigned int bits = len > 32 * i ? len - 32 * i : 0;
		__be32 mask = bits >= 32 ? ~0U :
			      bits ? htonl(~0U << (32 - bits)) : 0;

		had |= addr->a[i] & ~mask;
		addr->a[i] &= mask;
	}
	return had;
}

int conf_prefix(const struct conf_word *w, int *family, struct nf_addr *addr,
		unsigned int *len, struct conf_error *err)
{
	const char *slash = strchr(w->text, '/');
	size_t n = slash ? (size_t)(slash - w->text) : strlen(w->text);
	char text[INET6_ADDRSTRLEN], hint[80];
	struct nf_addr a;
	int f = addr_parse(w->text, n, &a), max = f == 4 ? 32 : 128, bits;

	if (!f)
		return conf_fail(err, &w->loc, "as in 192.0.2.0/24 or 2001:db8::/32",
				 "'%s' is not a prefix", w->text);
	bits = slash ? small(slash + 1, strlen(slash + 1), max) : max;
	if (bits < 0)
		return conf_fail(err, &w->loc, NULL,
				 "'%s' is not a prefix: its length must be 0 to %d",
				 w->text, max);
	if (addr_mask(&a, bits)) {
		addr_format(text, sizeof(text), f, &a);
		snprintf(hint, sizeof(hint), "did you mean %s/%d?", text, bits);
		return conf_fail(err, &w->loc, hint,
				 "'%s' has bits set beyond its length", w->text);
	}
	*family = f;
	*addr = a;
	*len = bits;
	return 0;
}

int conf_range(const struct conf_word *w, int *family, struct nf_addr *first,
	       struct nf_addr *last, struct conf_error *err)
{
	static const char hint[] = "as in 192.0.2.1-192.0.2.9";
	const char *dash = strchr(w->text, '-');
	struct nf_addr a, b;
	int f, g;

	if (!dash) {
		if (conf_addr(w, family, first, err))
			return -1;
		*last = *first;
		return 0;
	}
	f = addr_parse(w->text, dash - w->text, &a);
	g = addr_parse(dash + 1, strlen(dash + 1), &b);
	if (!f || !g)
		return conf_fail(err, &w->loc, hint,
				 "'%s' is not a range of addresses", w->text);
	if (f != g)
		return conf_fail(err, &w->loc, hint,
				 "'%s' mixes IPv4 and IPv6", w->text);
	if (memcmp(&a, &b, sizeof(a)) > 0)
		return conf_fail(err, &w->loc, "the smaller address comes first",
				 "'%s' runs backwards", w->text);
	*family = f;
	*first = a;
	*last = b;
	return 0;
}

/* Splits ADDR:PORT or [ADDR]:PORT; NULL: it is not one. */
static const char *endpoint_addr(const char *s, int *family,
				 struct nf_addr *addr)
{
	const char *end;

	if (*s == '[') {
		end = strchr(s, ']');
		if (!end || end[1] != ':')
			return NULL;
		*family = addr_parse(s + 1, end - s - 1, addr);
		return *family == 6 ? end + 2 : NULL;
	}
	end = strchr(s, ':');
	if (!end)
		return NULL;
	*family = addr_parse(s, end - s, addr);
	return *family == 4 ? end + 1 : NULL;
}

/* /tcp, /udp, or nothing; -1: anything else. */
static int endpoint_proto(const char *s)
{
	if (!*s)
		return 0;
	if (!strcmp(s, "/tcp"))
		return IPPROTO_TCP;
	return strcmp(s, "/udp") ? -1 : IPPROTO_UDP;
}

int conf_endpoint(const struct conf_word *w, int *family, struct nf_addr *addr,
		  uint16_t *port, uint8_t *l4proto, struct conf_error *err)
{
	static const char hint[] = "as in 192.0.2.1:80, [2001:db8::1]:80 or 192.0.2.1:53/udp";
	struct nf_addr a;
	const char *p;
	int f, n, proto;

	p = endpoint_addr(w->text, &f, &a);
	if (!p)
		return conf_fail(err, &w->loc, hint,
				 "'%s' is not an address and port", w->text);
	n = small(p, strcspn(p, "/"), 65535);
	if (n < 1)
		return conf_fail(err, &w->loc, hint,
				 "'%s': the port must be 1 to 65535", w->text);
	proto = endpoint_proto(p + strcspn(p, "/"));
	if (proto < 0)
		return conf_fail(err, &w->loc, hint,
				 "'%s': the protocol must be tcp or udp", w->text);
	*family = f;
	*addr = a;
	*port = n;
	*l4proto = proto;
	return 0;
}

int conf_port_range(const struct conf_word *w, uint16_t *first, uint16_t *last,
		    struct conf_error *err)
{
	const char *dash = strchr(w->text, '-');
	size_t len = dash ? (size_t)(dash - w->text) : strlen(w->text);
	int a = small(w->text, len, 65535);
	int b = dash ? small(dash + 1, strlen(dash + 1), 65535) : a;

	if (a < 1 || b < 1)
		return conf_fail(err, &w->loc, "as in 1024-65535; ports are 1 to 65535",
				 "'%s' is not a range of ports", w->text);
	if (a > b)
		return conf_fail(err, &w->loc, "the smaller port comes first",
				 "'%s' runs backwards", w->text);
	*first = a;
	*last = b;
	return 0;
}
