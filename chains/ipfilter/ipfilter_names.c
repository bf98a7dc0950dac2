/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names in rules: the ones IPClassifier(n) lists and a few protocols and ports
 * beside them. Click also reads /etc/services and /etc/protocols; here names
 * are fixed, so that a rule means the same on every host.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "ipfilter_parse.h"

static const struct {
	const char *word;
	enum ipf_kind kind;
} type_words[] = {
	{ "ce", IPF_K_CE },	{ "dscp", IPF_K_DSCP },
	{ "ect", IPF_K_ECT },	{ "frag", IPF_K_FRAG },
	{ "hl", IPF_K_HL },	{ "host", IPF_K_HOST },
	{ "id", IPF_K_ID },	{ "len", IPF_K_LEN },
	{ "net", IPF_K_NET },	{ "opt", IPF_K_OPT },
	{ "port", IPF_K_PORT },	{ "proto", IPF_K_PROTO },
	{ "tos", IPF_K_TOS },	{ "ttl", IPF_K_TTL },
	{ "type", IPF_K_ICMP_TYPE }, { "unfrag", IPF_K_UNFRAG },
	{ "vers", IPF_K_VERS },	{ "win", IPF_K_WIN },
};

static const struct value {
	const char *word;
	enum ipf_kind kind;
	uint16_t value;
	uint8_t proto;		/* ICMP_TYPE: of which ICMP */
} values[] = {
	{ "icmp", IPF_K_PROTO, IPPROTO_ICMP, 0 },
	{ "igmp", IPF_K_PROTO, IPPROTO_IGMP, 0 },
	{ "ipip", IPF_K_PROTO, IPPROTO_IPIP, 0 },
	{ "tcp", IPF_K_PROTO, IPPROTO_TCP, 0 },
	{ "udp", IPF_K_PROTO, IPPROTO_UDP, 0 },
	{ "tcpudp", IPF_K_PROTO, IPF_PROTO_TCPUDP, 0 },
	{ "transp", IPF_K_PROTO, IPF_PROTO_TRANSP, 0 },
	{ "dccp", IPF_K_PROTO, IPPROTO_DCCP, 0 },
	{ "gre", IPF_K_PROTO, IPPROTO_GRE, 0 },
	{ "sctp", IPF_K_PROTO, IPPROTO_SCTP, 0 },
	{ "esp", IPF_K_PROTO, IPPROTO_ESP, 0 },
	{ "ah", IPF_K_PROTO, IPPROTO_AH, 0 },
	{ "ospf", IPF_K_PROTO, 89, 0 },
	{ "pim", IPF_K_PROTO, IPPROTO_PIM, 0 },
	{ "icmp6", IPF_K_PROTO, IPPROTO_ICMPV6, 0 },
	{ "ipv6-icmp", IPF_K_PROTO, IPPROTO_ICMPV6, 0 },

	{ "echo", IPF_K_PORT, 7, 0 },
	{ "discard", IPF_K_PORT, 9, 0 },
	{ "daytime", IPF_K_PORT, 13, 0 },
	{ "chargen", IPF_K_PORT, 19, 0 },
	{ "ftp-data", IPF_K_PORT, 20, 0 },
	{ "ftp", IPF_K_PORT, 21, 0 },
	{ "ssh", IPF_K_PORT, 22, 0 },
	{ "telnet", IPF_K_PORT, 23, 0 },
	{ "smtp", IPF_K_PORT, 25, 0 },
	{ "domain", IPF_K_PORT, 53, 0 },
	{ "dns", IPF_K_PORT, 53, 0 },
	{ "bootps", IPF_K_PORT, 67, 0 },
	{ "bootpc", IPF_K_PORT, 68, 0 },
	{ "tftp", IPF_K_PORT, 69, 0 },
	{ "finger", IPF_K_PORT, 79, 0 },
	{ "www", IPF_K_PORT, 80, 0 },
	{ "http", IPF_K_PORT, 80, 0 },
	{ "pop3", IPF_K_PORT, 110, 0 },
	{ "sunrpc", IPF_K_PORT, 111, 0 },
	{ "auth", IPF_K_PORT, 113, 0 },
	{ "nntp", IPF_K_PORT, 119, 0 },
	{ "ntp", IPF_K_PORT, 123, 0 },
	{ "netbios-ns", IPF_K_PORT, 137, 0 },
	{ "netbios-dgm", IPF_K_PORT, 138, 0 },
	{ "netbios-ssn", IPF_K_PORT, 139, 0 },
	{ "snmp", IPF_K_PORT, 161, 0 },
	{ "snmp-trap", IPF_K_PORT, 162, 0 },
	{ "irc", IPF_K_PORT, 194, 0 },
	{ "imap3", IPF_K_PORT, 220, 0 },
	{ "https", IPF_K_PORT, 443, 0 },
	{ "rip", IPF_K_PORT, 520, 0 },
	{ "route", IPF_K_PORT, 520, 0 },
	{ "imaps", IPF_K_PORT, 993, 0 },
	{ "pop3s", IPF_K_PORT, 995, 0 },
	{ "pptp", IPF_K_PORT, 1723, 0 },

	{ "fin", IPF_K_OPT, 0x01, 0 },
	{ "syn", IPF_K_OPT, 0x02, 0 },
	{ "rst", IPF_K_OPT, 0x04, 0 },
	{ "psh", IPF_K_OPT, 0x08, 0 },
	{ "ack", IPF_K_OPT, 0x10, 0 },
	{ "urg", IPF_K_OPT, 0x20, 0 },

	/* RFC 792, 950, 1256 */
	{ "echo-reply", IPF_K_ICMP_TYPE, 0, IPPROTO_ICMP },
	{ "unreachable", IPF_K_ICMP_TYPE, 3, IPPROTO_ICMP },
	{ "sourcequench", IPF_K_ICMP_TYPE, 4, IPPROTO_ICMP },
	{ "redirect", IPF_K_ICMP_TYPE, 5, IPPROTO_ICMP },
	{ "echo", IPF_K_ICMP_TYPE, 8, IPPROTO_ICMP },
	{ "routeradvert", IPF_K_ICMP_TYPE, 9, IPPROTO_ICMP },
	{ "routersolicit", IPF_K_ICMP_TYPE, 10, IPPROTO_ICMP },
	{ "timeexceeded", IPF_K_ICMP_TYPE, 11, IPPROTO_ICMP },
	{ "parameterproblem", IPF_K_ICMP_TYPE, 12, IPPROTO_ICMP },
	{ "timestamp", IPF_K_ICMP_TYPE, 13, IPPROTO_ICMP },
	{ "timestamp-reply", IPF_K_ICMP_TYPE, 14, IPPROTO_ICMP },
	{ "inforeq", IPF_K_ICMP_TYPE, 15, IPPROTO_ICMP },
	{ "inforeq-reply", IPF_K_ICMP_TYPE, 16, IPPROTO_ICMP },
	{ "maskreq", IPF_K_ICMP_TYPE, 17, IPPROTO_ICMP },
	{ "maskreq-reply", IPF_K_ICMP_TYPE, 18, IPPROTO_ICMP },
	/* RFC 4443; only with icmp6 before them */
	{ "echo", IPF_K_ICMP_TYPE, 128, IPPROTO_ICMPV6 },
	{ "echo-reply", IPF_K_ICMP_TYPE, 129, IPPROTO_ICMPV6 },
};

static const char *const syntax_words[] = {
	"src", "dst", "dest", "ip", "ether", "and", "or", "not", "true",
	"false", "mask", "allow", "deny", "drop",
};

#define CNT(a) (sizeof(a) / sizeof((a)[0]))

enum ipf_kind ipf_type_word(const char *word)
{
	for (size_t i = 0; i < CNT(type_words); i++)
		if (!strcmp(type_words[i].word, word))
			return type_words[i].kind;
	return IPF_K_NONE;
}

const char *ipf_kind_name(enum ipf_kind k)
{
	for (size_t i = 0; i < CNT(type_words); i++)
		if (type_words[i].kind == k)
			return type_words[i].word;
	return k == IPF_K_ETHER ? "ether host" : "[]";
}

/* Can a value of this kind stand in such a term, or be one by itself? */
static bool fits(const struct value *v, enum ipf_kind type, int proto)
{
	if (type != IPF_K_NONE && type != v->kind)
		return false;
	switch (v->kind) {
	case IPF_K_PORT:
		return proto == IPF_PROTO_UNKNOWN || proto == IPPROTO_TCP ||
		       proto == IPPROTO_UDP || proto == IPF_PROTO_TCPUDP;
	case IPF_K_OPT:
		return proto == IPF_PROTO_UNKNOWN || proto == IPPROTO_TCP ||
		       proto == IPF_PROTO_TCPUDP;
	case IPF_K_ICMP_TYPE:
		return proto == v->proto || (proto == IPF_PROTO_UNKNOWN &&
					     v->proto == IPPROTO_ICMP);
	default:
		return true;
	}
}

enum ipf_kind ipf_lookup(const char *word, enum ipf_kind type, int proto,
			 uint32_t *value)
{
	enum ipf_kind kind = IPF_K_NONE;
	int fitting = 0;

	for (size_t i = 0; i < CNT(values); i++) {
		if (strcmp(values[i].word, word))
			continue;
		if (fits(&values[i], type, proto)) {
			*value = values[i].value;
			kind = values[i].kind;
			fitting++;
		} else if (!fitting) {
			kind = IPF_K_BAD;
		}
	}
	return fitting > 1 ? IPF_K_BAD : kind;
}

void ipf_meanings(const char *word, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = 0;
	for (size_t i = 0; i < CNT(values) && n < size; i++) {
		const struct value *v = &values[i];
		const char *before = v->kind == IPF_K_OPT ? "tcp " :
				     v->kind != IPF_K_ICMP_TYPE ? "" :
				     v->proto == IPPROTO_ICMP ? "icmp " :
								"icmp6 ";

		if (!strcmp(v->word, word))
			n += snprintf(buf + n, size - n, "%s%s%s %s",
				      n ? ", " : "", before,
				      ipf_kind_name(v->kind), word);
	}
}

bool ipf_is_word(const char *word)
{
	for (size_t i = 0; i < CNT(syntax_words); i++)
		if (!strcmp(syntax_words[i], word))
			return true;
	return ipf_type_word(word) != IPF_K_NONE;
}

const char *ipf_nearest(const char *word)
{
	const char *all[CNT(type_words) + CNT(values) + CNT(syntax_words) + 1];
	size_t n = 0;

	for (size_t i = 0; i < CNT(syntax_words); i++)
		all[n++] = syntax_words[i];
	for (size_t i = 0; i < CNT(type_words); i++)
		all[n++] = type_words[i].word;
	for (size_t i = 0; i < CNT(values); i++)
		all[n++] = values[i].word;
	all[n] = NULL;
	return conf_nearest(word, all);
}
