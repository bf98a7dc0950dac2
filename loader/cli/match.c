/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "match.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <pcap/pcap.h>

#include "cli.h"
#include "view.h"

struct flow_match {
	struct bpf_program prog;
};

static char *join_words(int argc, char **argv)
{
	size_t len = 1;
	char *text;

	for (int n = 0; n < argc; n++)
		len += strlen(argv[n]) + 1;
	text = calloc(1, len);
	for (int n = 0; text && n < argc; n++) {
		if (n)
			strcat(text, " ");
		strcat(text, argv[n]);
	}
	return text;
}

struct flow_match *flow_match_new(int argc, char **argv)
{
	struct flow_match *m = calloc(1, sizeof(*m));
	char *text = join_words(argc, argv);
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);

	if (!m || !text || !p) {
		cli_error("out of memory");
	} else if (pcap_compile(p, &m->prog, text, 1, PCAP_NETMASK_UNKNOWN)) {
		cli_error("match \"%s\": %s. Expressions are tcpdump's: see pcap-filter(7)",
			  text, pcap_geterr(p));
	} else {
		pcap_close(p);
		free(text);
		return m;
	}
	if (p)
		pcap_close(p);
	free(text);
	free(m);
	return NULL;
}

void flow_match_free(struct flow_match *m)
{
	if (!m)
		return;
	pcap_freecode(&m->prog);
	free(m);
}

/* --- the packet --- */

struct packet {
	uint8_t data[128];
	size_t len;
};

static void put(struct packet *p, const void *bytes, size_t len)
{
	memcpy(p->data + p->len, bytes, len);
	p->len += len;
}

static void put16(struct packet *p, uint16_t host)
{
	uint16_t net = htons(host);

	put(p, &net, sizeof(net));
}

static void put_ether(struct packet *p, uint32_t zone, uint16_t type)
{
	uint32_t tags = (zone >> NFOLD_ZONE_TAGS_SHIFT) & 3;

	p->len = 2 * ETHER_ADDR_LEN;
	if (tags == 2) {
		put16(p, 0x88a8);
		put16(p, (zone >> NFOLD_ZONE_OUTER_SHIFT) & 0xfff);
		put16(p, ETHERTYPE_VLAN);
		put16(p, zone & 0xfff);
	} else if (tags == 1) {
		put16(p, ETHERTYPE_VLAN);
		put16(p, (zone >> NFOLD_ZONE_OUTER_SHIFT) & 0xfff);
	}
	put16(p, type);
}

static void put_ip(struct packet *p, const struct view_flow *f, size_t l4_len)
{
	const struct nfold_key6 *k = &f->e.key;
	struct iphdr v4 = {
		.version = 4, .ihl = 5, .ttl = 64, .protocol = k->l4proto,
		.tot_len = htons(sizeof(v4) + l4_len),
		.saddr = k->saddr[0], .daddr = k->daddr[0],
	};
	struct ip6_hdr v6 = { 0 };

	if (f->family == 4) {
		put(p, &v4, sizeof(v4));
		return;
	}
	v6.ip6_vfc = 0x60;
	v6.ip6_plen = htons(l4_len);
	v6.ip6_nxt = k->l4proto;
	v6.ip6_hlim = 64;
	memcpy(&v6.ip6_src, k->saddr, 16);
	memcpy(&v6.ip6_dst, k->daddr, 16);
	put(p, &v6, sizeof(v6));
}

/* Room for the longest header: TCP's 20 bytes; flow.h has ICMP's layout. */
static void put_l4(struct packet *p, const struct view_flow *f)
{
	const struct nfold_key6 *k = &f->e.key;
	uint8_t h[20] = { 0 };
	uint16_t type;

	switch (k->l4proto) {
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		type = ntohs(k->dport);
		if (type == 8 || type == 128) {
			memcpy(h + 4, &k->sport, 2);
		} else {
			type = ntohs(k->sport);
			memcpy(h + 4, &k->dport, 2);
		}
		h[0] = type;
		break;
	default:
		memcpy(h, &k->sport, 2);
		memcpy(h + 2, &k->dport, 2);
		h[5] = k->l4proto == IPPROTO_UDP ? sizeof(h) : 0;
		if (k->l4proto == IPPROTO_TCP) {
			h[12] = 0x50;
			h[13] = f->e.tcp_seen;
		}
	}
	put(p, h, sizeof(h));
}

bool flow_match(const struct flow_match *m, const struct view_flow *f)
{
	struct packet p = { 0 };
	struct pcap_pkthdr h = { 0 };

	if (!m)
		return true;
	put_ether(&p, f->e.key.zone,
		  f->family == 4 ? ETHERTYPE_IP : ETHERTYPE_IPV6);
	put_ip(&p, f, 20);
	put_l4(&p, f);
	h.caplen = h.len = p.len;
	return pcap_offline_filter(&m->prog, &h, p.data);
}
