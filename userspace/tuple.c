// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tuple.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static json_t *proto_json(__u8 l4proto)
{
	switch (l4proto) {
	case IPPROTO_TCP:
		return json_string("tcp");
	case IPPROTO_UDP:
		return json_string("udp");
	case IPPROTO_ICMP:
		return json_string("icmp");
	case IPPROTO_ICMPV6:
		return json_string("icmpv6");
	}
	return json_sprintf("%u", l4proto);
}

static json_t *addr_json(int family, const void *addr)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(family == 4 ? AF_INET : AF_INET6, addr, text, sizeof(text));
	return json_string(text);
}

void tuple_add(json_t *o, int family, __u8 l4proto, const void *src,
	       __be16 sport, const void *dst, __be16 dport)
{
	json_object_set_new(o, "proto", proto_json(l4proto));
	json_object_set_new(o, "src", addr_json(family, src));
	json_object_set_new(o, "sport", json_integer(ntohs(sport)));
	json_object_set_new(o, "dst", addr_json(family, dst));
	json_object_set_new(o, "dport", json_integer(ntohs(dport)));
}
