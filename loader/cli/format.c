/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format_priv.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

const char *format_proto(uint8_t l4proto, char buf[8])
{
	switch (l4proto) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_ICMPV6:
		return "icmp6";
	}
	snprintf(buf, 8, "%u", l4proto);
	return buf;
}

void format_addr(char *buf, size_t size, int family, const __be32 *addr)
{
	if (!inet_ntop(family == 4 ? AF_INET : AF_INET6, addr, buf, size))
		snprintf(buf, size, "?");
}

static void format_endpoint(char *buf, size_t size, int family,
			    const __be32 *addr, uint16_t port)
{
	char text[INET6_ADDRSTRLEN];

	format_addr(text, sizeof(text), family, addr);
	snprintf(buf, size, family == 4 ? "%s:%u" : "[%s]:%u", text, port);
}

static void format_tuple(char *buf, size_t size, const struct format_tuple *t)
{
	uint16_t sport = ntohs(t->sport), dport = ntohs(t->dport);
	char from[64], to[64];
	bool request;

	if (t->l4proto == IPPROTO_TCP || t->l4proto == IPPROTO_UDP) {
		format_endpoint(from, sizeof(from), t->family, t->saddr, sport);
		format_endpoint(to, sizeof(to), t->family, t->daddr, dport);
		snprintf(buf, size, "%s > %s", from, to);
		return;
	}
	format_addr(from, sizeof(from), t->family, t->saddr);
	format_addr(to, sizeof(to), t->family, t->daddr);
	if (!tuple_is_echo(t)) {
		snprintf(buf, size, "%s > %s", from, to);
		return;
	}
	request = tuple_is_request(t);
	snprintf(buf, size, "%s > %s %s %u", from, to,
		 request ? "echo-request" : "echo-reply",
		 request ? sport : dport);
}

void format_key(char *buf, size_t size, int family,
		const struct nfold_key6 *key)
{
	const struct format_tuple t = tuple_of_key(family, key);

	format_tuple(buf, size, &t);
}

void format_set(char *buf, size_t size, const struct view_flow *f)
{
	const struct format_tuple t = tuple_of_set(f);

	format_tuple(buf, size, &t);
}

const char *const format_fields[NFOLD_FIELD_CNT] = {
	[NFOLD_FIELD_SADDR] = "saddr",
	[NFOLD_FIELD_DADDR] = "daddr",
	[NFOLD_FIELD_SPORT] = "sport",
	[NFOLD_FIELD_DPORT] = "dport",
};

void format_writers(char *buf, size_t size, const struct view_flow *f)
{
	size_t len = 0;
	uint32_t done = 0;

	buf[0] = '\0';
	for (int n = 0; n < NFOLD_FIELD_CNT; n++) {
		const char *nf = view_nf(f->view, f->e.writer[n]);
		const char *comma = "";

		if (!nf || (done & (1U << n)))
			continue;
		len += snprintf(buf + len, size - len, "%s", len ? ", " : "");
		for (int k = n; k < NFOLD_FIELD_CNT && len < size; k++) {
			if (f->e.writer[k] != f->e.writer[n])
				continue;
			done |= 1U << k;
			len += snprintf(buf + len, size - len, "%s%s", comma,
					format_fields[k]);
			comma = ",";
		}
		if (len < size)
			len += snprintf(buf + len, size - len, " by %s", nf);
		if (len >= size)
			return;
	}
}

const char *format_reason(uint8_t reason)
{
	return reason < NFOLD_REASON_CNT ? reason_word(reason) : "unknown";
}

const char *format_reason_text(uint8_t reason)
{
	return reason < NFOLD_REASON_CNT ? reason_text(reason) :
					   "not known to this version";
}

static bool flow_stale(const struct view_flow *f)
{
	return f->e.act.generation != f->view->maps.ctl->generation;
}

const char *format_class(const struct view_flow *f)
{
	const struct nfold_act *a = &f->e.act;

	if (a->verdict != NFOLD_VERDICT_SLOW)
		return "kernel";
	return a->reason == NFOLD_REASON_STATE_FUNCTION ? "payload" : "slow";
}

void format_state(char *buf, size_t size, const struct view_flow *f)
{
	const struct nfold_act *a = &f->e.act;

	if (flow_stale(f))
		snprintf(buf, size, "stale");
	else if (a->verdict == NFOLD_VERDICT_SLOW)
		snprintf(buf, size, "%s:%s", format_class(f),
			 format_reason(a->reason));
	else if (f->e.pending)
		snprintf(buf, size, "pending");
	else if (a->verdict == NFOLD_VERDICT_DROP)
		snprintf(buf, size, "drop:%s", format_reason(a->reason));
	else
		snprintf(buf, size, "%s",
			 a->verdict == NFOLD_VERDICT_HOST ? "host" : "fast");
}

const char *format_tcp(const struct view_flow *f)
{
	uint32_t a = f->e.tcp_seen, b = f->peer_tcp_seen;

	if (f->e.key.l4proto != IPPROTO_TCP)
		return NULL;
	if ((a | b) & NFOLD_TCP_RST)
		return "reset";
	if (a & b & NFOLD_TCP_FIN)
		return "closed";
	if ((a | b) & NFOLD_TCP_FIN)
		return "half-closed";
	if (a & b & NFOLD_TCP_ACK)
		return "established";
	if (a & b & NFOLD_TCP_SYN)
		return "syn-received";
	return (a | b) & NFOLD_TCP_SYN ? "syn-sent" : "unknown";
}

void format_duration(char *buf, size_t size, uint64_t ns)
{
	uint64_t s = ns / NF_SEC;

	if (s < 60)
		snprintf(buf, size, "%llu.%llus", (unsigned long long)s,
			 (unsigned long long)(ns % NF_SEC / (NF_SEC / 10)));
	else if (s < 3600)
		snprintf(buf, size, "%llum%02llus", (unsigned long long)s / 60,
			 (unsigned long long)s % 60);
	else
		snprintf(buf, size, "%lluh%02llum",
			 (unsigned long long)s / 3600,
			 (unsigned long long)s / 60 % 60);
}

const char *format_port(const struct view *v, uint32_t port)
{
	return port < v->maps.meta->port_cnt && port < NFOLD_PORT_MAX ?
		       v->maps.ports[port].name :
		       "?";
}

void format_zone(char *buf, size_t size, const struct view *v, uint32_t zone)
{
	uint32_t tags = (zone >> NFOLD_ZONE_TAGS_SHIFT) & 3;
	uint32_t outer = (zone >> NFOLD_ZONE_OUTER_SHIFT) & 0xfff;
	const char *port = format_port(v, NFOLD_ZONE_PORT(zone));

	if (tags == 2)
		snprintf(buf, size, "port %s vlan %u.%u", port, outer,
			 zone & 0xfff);
	else if (tags == 1)
		snprintf(buf, size, "port %s vlan %u", port, outer);
	else
		snprintf(buf, size, "port %s", port);
}
