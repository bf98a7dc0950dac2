/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Words of tcpdump expressions. pcap_compile() looks up whatever it does not
 * know as a host, network, port or protocol name, over the network if need be,
 * and has no switch against it. So only numbers, addresses and the language's
 * own words get that far; all other words are refused.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "firewall.h"

#define WORD_MAX 64

/* pcap-filter(7), without what reads names or link layers that are not
 * Ethernet. */
static const char *const language[] = {
	"src", "dst", "host", "net", "mask", "port", "portrange", "proto",
	"protochain", "ether", "ip", "ip6", "arp", "rarp", "tcp", "udp",
	"icmp", "icmp6", "igmp", "igrp", "pim", "vrrp", "carp", "sctp", "ah",
	"esp", "less", "greater", "len", "length", "broadcast", "multicast",
	"and", "or", "not", "mpls", "pppoed", "pppoes", "geneve",
	"icmptype", "icmpcode", "icmp-echoreply", "icmp-unreach",
	"icmp-sourcequench", "icmp-redirect", "icmp-echo",
	"icmp-routeradvert", "icmp-routersolicit", "icmp-timxceed",
	"icmp-paramprob", "icmp-tstamp", "icmp-tstampreply", "icmp-ireq",
	"icmp-ireqreply", "icmp-maskreq", "icmp-maskreply",
	"icmp6type", "icmp6code", "icmp6-destinationrunreach",
	"icmp6-packettoobig", "icmp6-timeexceeded", "icmp6-parameterproblem",
	"icmp6-echo", "icmp6-echoreply", "icmp6-multicastlistenerquery",
	"icmp6-multicastlistenerreportv1", "icmp6-multicastlistenerdone",
	"icmp6-routersolicit", "icmp6-routeradvert", "icmp6-neighborsolicit",
	"icmp6-neighboradvert", "icmp6-redirect", "icmp6-routerrenum",
	"icmp6-nodeinformationquery", "icmp6-nodeinformationresponse",
	"icmp6-ineighbordiscoverysolicit", "icmp6-ineighbordiscoveryadvert",
	"icmp6-multicastlistenerreportv2", "icmp6-homeagentdiscoveryrequest",
	"icmp6-homeagentdiscoveryreply", "icmp6-mobileprefixsolicit",
	"icmp6-mobileprefixadvert", "icmp6-certpathsolicit",
	"icmp6-certpathadvert", "icmp6-multicastrouteradvert",
	"icmp6-multicastroutersolicit", "icmp6-multicastrouterterm",
	"tcpflags", "tcp-fin", "tcp-syn", "tcp-rst", "tcp-push", "tcp-ack",
	"tcp-urg", "tcp-ece", "tcp-cwr", NULL,
};

static bool in_language(const char *word)
{
	for (int i = 0; language[i]; i++)
		if (!strcmp(language[i], word))
			return true;
	return false;
}

static size_t digits(const char *s)
{
	return strspn(s, "0123456789");
}

/* 80, 0x50 */
static bool is_number(const char *s)
{
	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X'))
		return s[2] && !s[2 + strspn(s + 2, "0123456789abcdefABCDEF")];
	return s[0] && !s[digits(s)];
}

/* 80-90 */
static bool is_range(const char *s)
{
	size_t n = digits(s);

	return n && s[n] == '-' && is_number(s + n + 1);
}

/* 10, 10.0, 10.0.0, 10.0.0.1 */
static bool is_dotted(const char *s)
{
	for (int parts = 1; parts <= 4; parts++) {
		size_t n = digits(s);

		if (!n)
			return false;
		s += n;
		if (!*s)
			return true;
		if (*s++ != '.')
			return false;
	}
	return false;
}

static bool is_mac(const char *s)
{
	unsigned int b[6];
	int end = 0;

	return strspn(s, "0123456789abcdefABCDEF:") == strlen(s) &&
	       sscanf(s, "%2x:%2x:%2x:%2x:%2x:%2x%n", b, b + 1, b + 2, b + 3,
		      b + 4, b + 5, &end) == 6 && !s[end];
}

static bool is_value(const char *s)
{
	struct in6_addr a;

	return is_number(s) || is_dotted(s) || is_mac(s) ||
	       inet_pton(AF_INET6, s, &a) == 1;
}

/* tcp[0:2], icmp[icmptype:1], tcp[(...):4]: each side on its own. */
static bool is_offset(const char *s)
{
	const char *colon = strchr(s, ':');
	char left[WORD_MAX];

	if (!colon || !is_number(colon + 1))
		return false;
	snprintf(left, sizeof(left), "%.*s", (int)(colon - s), s);
	return !left[0] || is_number(left) || in_language(left);
}

static int explain(const char *word, char *message, size_t size)
{
	if (!strcmp(word, "vlan"))
		snprintf(message, size,
			 "it looks at VLAN tags, and rules see packets without them");
	else if (!strcmp(word, "gateway") || !strcmp(word, "inbound") ||
		 !strcmp(word, "outbound") || !strcmp(word, "ifindex"))
		snprintf(message, size, "\"%s\" is not supported", word);
	else
		snprintf(message, size,
			 "\"%s\" is a name, and names are not looked up: write numbers",
			 word);
	return -1;
}

/* before: the word in front; escaped: \tcp, which is a protocol only behind
 * proto and else a host or port. */
static bool is_allowed(const char *word, bool escaped, const char *before)
{
	bool proto = !strcmp(before, "proto") || !strcmp(before, "protochain");

	if (escaped)
		return proto && in_language(word);
	if (is_range(word))
		return !strcmp(before, "portrange");
	return is_value(word) || in_language(word) || is_offset(word);
}

int firewall_check_words(const char *expr, char *message, size_t size)
{
	char word[WORD_MAX], before[WORD_MAX] = "";
	bool escaped = false;

	for (const char *p = expr; *p;) {
		size_t n = 0;

		while (isalnum((unsigned char)p[n]) ||
		       (p[n] && strchr("_.:", p[n])) || (n && p[n] == '-'))
			n++;
		if (!n) {
			escaped = *p == '\\';
			if (!escaped && !isspace((unsigned char)*p))
				before[0] = 0;
			p++;
			continue;
		}
		snprintf(word, sizeof(word), "%.*s", (int)n, p);
		if (n >= sizeof(word) || !is_allowed(word, escaped, before))
			return explain(word, message, size);
		strcpy(before, word);
		escaped = false;
		p += n;
	}
	return 0;
}
