/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "flow_spec.h"

#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#define USAGE "'in PORT [vlan N] tcp|udp A:p > B:q' or 'in PORT [vlan N] icmp|icmp6 A > B [id N]', IPv6 as [A]:p"
#define WORD_MAX 16
#define VLAN_MAX 4094
#define ICMP_ECHO_REQUEST 8	/* RFC 792 */
#define ICMPV6_ECHO_REQUEST 128	/* RFC 4443 */

struct words {
	char buf[512];
	struct conf_word v[WORD_MAX + 1]; /* text NULL ends */
	uint32_t cnt, next;
};

static int refuse(const char *what, const char *why)
{
	return cli_usage("%s: %s. A flow is " USAGE, what, why);
}

static int split(struct words *w, char text[512], int argc, char **argv)
{
	size_t len = 0;

	text[0] = '\0';
	for (int i = 0; i < argc && len < 512; i++)
		len += snprintf(text + len, 512 - len, "%s%s", i ? " " : "",
				argv[i]);
	if (len >= 512)
		return cli_usage("a flow of more than 511 letters");
	strcpy(w->buf, text);
	for (char *p = strtok(w->buf, " \t"); p; p = strtok(NULL, " \t")) {
		if (w->cnt == WORD_MAX)
			return refuse(p, "too many words");
		w->v[w->cnt++].text = p;
	}
	return CLI_OK;
}

static const char *peek(const struct words *w)
{
	return w->next < w->cnt ? w->v[w->next].text : "";
}

static bool take_word(struct words *w, const char *keyword)
{
	if (strcmp(peek(w), keyword))
		return false;
	w->next++;
	return true;
}

static int number(struct words *w, const char *what, uint64_t max,
		  uint64_t *out)
{
	struct conf_error err;

	if (w->next == w->cnt)
		return refuse(what, "a number is missing");
	if (conf_uint(&w->v[w->next++], 0, max, out, &err))
		return refuse(what, err.message);
	return CLI_OK;
}

static int parse_zone(struct flow_spec *s, struct words *w,
		      const struct offline *o)
{
	uint64_t id[2] = { 0 };
	uint32_t tags = 0;
	int port;

	if (!take_word(w, "in") || !*peek(w))
		return refuse(s->text, "it does not begin with in PORT");
	port = offline_port(o, w->v[w->next++].text);
	if (port < 0)
		return CLI_USAGE;
	while (take_word(w, "vlan")) {
		if (tags == 2)
			return refuse("vlan", "at most two tags");
		if (number(w, "vlan", VLAN_MAX, &id[tags++]))
			return CLI_USAGE;
	}
	s->port = port;
	s->key.zone = NFOLD_ZONE(port, tags, id[0], id[1]);
	return CLI_OK;
}

static int parse_proto(struct flow_spec *s, struct words *w)
{
	static const struct {
		const char *word;
		uint8_t l4proto;
	} protos[] = {
		{ "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP },
		{ "icmp", IPPROTO_ICMP }, { "icmp6", IPPROTO_ICMPV6 },
	};

	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++)
		if (take_word(w, protos[i].word)) {
			s->key.l4proto = protos[i].l4proto;
			s->tcp_flags = s->key.l4proto == IPPROTO_TCP ?
					       NFOLD_TCP_SYN : 0;
			return CLI_OK;
		}
	return refuse(*peek(w) ? peek(w) : s->text, "not a protocol");
}

static bool is_echo(const struct flow_spec *s)
{
	return s->key.l4proto == IPPROTO_ICMP ||
	       s->key.l4proto == IPPROTO_ICMPV6;
}

static int parse_end(struct flow_spec *s, struct words *w, __be32 *addr,
		     __be16 *port)
{
	const struct conf_word *word = &w->v[w->next];
	struct conf_error err;
	struct nf_addr a;
	uint8_t l4proto = 0;
	uint16_t p = 0;
	int family, ret;

	if (w->next++ == w->cnt)
		return refuse(s->text, "an address is missing");
	ret = is_echo(s) ? conf_addr(word, &family, &a, &err) :
			   conf_endpoint(word, &family, &a, &p, &l4proto, &err);
	if (ret)
		return refuse(word->text, err.message);
	if (l4proto)
		return refuse(word->text, "the protocol stands before");
	if (s->family && family != s->family)
		return refuse(s->text, "two address families");
	s->family = family;
	memcpy(addr, a.a, sizeof(a.a));
	*port = htons(p);
	return CLI_OK;
}

static int parse_echo(struct flow_spec *s, struct words *w)
{
	bool v6 = s->key.l4proto == IPPROTO_ICMPV6;
	uint64_t id = 1;

	if (v6 != (s->family == 6))
		return refuse(s->text, "icmp is of IPv4, icmp6 of IPv6");
	if (take_word(w, "id") && number(w, "id", UINT16_MAX, &id))
		return CLI_USAGE;
	s->key.sport = htons(id);
	s->key.dport = htons(v6 ? ICMPV6_ECHO_REQUEST : ICMP_ECHO_REQUEST);
	return CLI_OK;
}

int flow_spec_parse(struct flow_spec *s, const struct offline *o, int argc,
		    char **argv)
{
	struct words w = { 0 };
	int ret;

	memset(s, 0, sizeof(*s));
	ret = split(&w, s->text, argc, argv);
	if (!ret)
		ret = parse_zone(s, &w, o);
	if (!ret)
		ret = parse_proto(s, &w);
	if (!ret)
		ret = parse_end(s, &w, s->key.saddr, &s->key.sport);
	if (!ret && !take_word(&w, ">"))
		ret = refuse(s->text, "\">\" is missing between the ends");
	if (!ret)
		ret = parse_end(s, &w, s->key.daddr, &s->key.dport);
	if (!ret && is_echo(s))
		ret = parse_echo(s, &w);
	if (!ret && w.next < w.cnt)
		ret = refuse(peek(&w), "one word too many");
	return ret;
}
