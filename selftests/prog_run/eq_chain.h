/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Chains that are drawn, as text: of all NFs, and of the test's own (eq_nfs.h). */
#ifndef NFOLD_EQ_CHAIN_H
#define NFOLD_EQ_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "eq_packet.h"

static const char *const rules[] = {
	"tcp", "udp", "icmp or icmp6", "tcp dst port 8080", "dst port 80",
	"src net 10.0.0.0/24", "ip6", "host 10.1.1.2", "udp and src port 4001",
	"dst host 2001:db8:1::2", "not tcp",
#define KEY_RULES 11
	/* beyond the flow key: */
	"tcp[tcpflags] & tcp-fin != 0", "greater 120", "ip[8] > 60",
};

static int add_firewall(char *t, size_t size)
{
	int n = snprintf(t, size, "\tfirewall { default %s; per-packet slow;",
			 pick(3) ? "allow" : "deny");

	for (uint32_t i = pick(4); i; i--)
		n += snprintf(t + n, size - n, " %s \"%s\";",
			      pick(2) ? "allow" : "deny",
			      rules[pick(sizeof(rules) / sizeof(rules[0]))]);
	return n + snprintf(t + n, size - n, " }\n");
}

static const char *const patterns[] = {
	"tcp", "udp", "icmp or icmp6", "dst tcp port 8080", "dst port 80",
	"src net 10.0.0.0/24", "ip vers 6", "host 10.1.1.2",
	"src or dst port 4001 or 80", "dst host 2001:db8:1::2", "not tcp",
	"icmp type echo", "tcp ? src port > 4001 : udp", "true",
	"transp[2:2] & 0x50 == 0x50", "all", "unfrag",
	/* beyond the flow key: */
	"syn", "syn and not ack", "dst tcp port 80 and fin", "ip ttl > 60",
	"ip len > 120", "udp ? ip hl 5 : ip vers 4", "transp[8] & 1 == 1",
	"ether src 2:0:0:0:0:0 and gre",
};

static int add_ipfilter(char *t, size_t size)
{
	int n = snprintf(t, size, "\tipfilter { rule ");

	for (uint32_t i = pick(4); i; i--)
		n += snprintf(t + n, size - n, "\"%s %s\", ",
			      pick(2) ? "allow" : "deny",
			      patterns[pick(sizeof(patterns) /
					    sizeof(patterns[0]))]);
	return n + snprintf(t + n, size - n, "\"%s\"; }\n",
			    pick(3) ? "allow" : "deny all");
}

static int add_monitor(char *t, size_t size)
{
	int n = snprintf(t, size, "\tmonitor {");

	if (!pick(3))
		n += snprintf(t + n, size - n, " top-talkers%s;",
			      pick(2) ? "" : " packets 3");
	if (pick(2))
		n += snprintf(t + n, size - n, " hosts max %u;", 1 + pick(12));
	if (!pick(3))
		n += snprintf(t + n, size - n,
			      " export ipfix 192.0.2.1:4739 active 1s idle 1s;");
	for (uint32_t i = pick(4); i; i--)
		n += snprintf(t + n, size - n, " rule r%u \"%s\";", i,
			      rules[pick(KEY_RULES)]);
	return n + snprintf(t + n, size - n, " }\n");
}

static int add_policer(char *t, size_t size)
{
	static const char *const per[] = { "flow", "host", "prefix 24 48" };

	return snprintf(t, size,
			"\tpolicer { rate %u%s; burst %ums; per %s; }\n",
			20 + pick(1000), pick(2) ? "pps" : "kbit",
			1 + pick(100), per[pick(3)]);
}

static int add_sample(char *t, size_t size)
{
	return snprintf(t, size, "\tsample { one-in %u; }\n", 2 + pick(9));
}

static int add_dos(char *t, size_t size)
{
	return snprintf(t, size,
			"\tdos { syn-threshold %u; source-rate %u; window %ums; }\n",
			2 + pick(5), 5 + pick(200), 10 + pick(1000));
}

static int add_nat(char *t, size_t size)
{
	return snprintf(t, size,
			"\tnat { source 10.0.0.0/24; pool 198.51.100.10; ports %s; seed 7; }\n",
			pick(3) ? "1024-65535" : "2000-2005");
}

static int add_mark(char *t, size_t size)
{
	int n = snprintf(t, size, "\tmark {%s",
			 pick(2) ? " default dscp 0;" : "");

	for (uint32_t i = pick(3); i; i--)
		n += snprintf(t + n, size - n, " rule \"%s\" dscp %u;",
			      rules[pick(KEY_RULES)], pick(64));
	return n + snprintf(t + n, size - n, " }\n");
}

/* As the other end sends. */
static void tunnel_known(enum pkt_tunnel_kind kind, int family)
{
	struct pkt_tunnel *t;

	if (tunnel_cnt == TUNNELS)
		return;
	t = &tunnels[tunnel_cnt++];
	*t = pkt_tunnel_new(kind, family);
	t->vni = 5;
	inet_pton(family == 4 ? AF_INET : AF_INET6,
		  family == 4 ? "10.1.1.2" : "2001:db8:1::2", t->src);
	inet_pton(family == 4 ? AF_INET : AF_INET6,
		  family == 4 ? "10.1.1.77" : "2001:db8:1::77", t->dst);
}

/* Ends that the side's router knows, and that are not the host's. */
static int add_tunnel(char *t, size_t size)
{
	static const char *const kinds[] = {
		"ipip;", "gre;", "vxlan; vni 5; remote-mac 2:0:0:0:0:5;",
		"gue;",
	};
	static const char *const ends[] = {
		"local 10.1.1.77; remote 10.1.1.2;",
		"local 2001:db8:1::77; remote 2001:db8:1::2;",
	};
	uint32_t kind = pick(4), end = pick(2);
	int n = snprintf(t, size, "\ttunnel { kind %s %s%s", kinds[kind],
			 ends[end], pick(2) ? " dscp af11;" : "");

	tunnel_known(kind, end ? 6 : 4);

	if (pick(3))
		n += snprintf(t + n, size - n, " match \"%s\";",
			      rules[pick(KEY_RULES)]);
	return n + snprintf(t + n, size - n, " }\n");
}

#define AH_KEY "000102030405060708090a0b0c0d0e0f10111213"
#define AH_KEY256 AH_KEY "1415161718191a1b1c1d1e1f"

/* One association both ways: what left comes back sealed anew (eq_packet.h). */
static int add_ah(char *t, size_t size)
{
	static const char *const ends[] = {
		"10.1.1.77 10.1.1.2", "2001:db8:1::77 2001:db8:1::2",
	};
	static const char *const auths[] = {
		"spi 0x100; key " AH_KEY256 ";",
		"spi 0x101; auth hmac-sha1-96; key " AH_KEY ";",
	};
	const char *auth = auths[pick(2)];
	char mode[80] = "transport;";
	bool tunnel = pick(3);
	int n;

	if (tunnel)
		snprintf(mode, sizeof(mode), "tunnel %s;", ends[pick(2)]);
	n = snprintf(t, size, "\tah { encap { %s %s%s%s", auth, mode,
		     tunnel && pick(2) ? " dscp ef; ttl 3;" : "",
		     pick(8) ? "" : " sequence 4294967280;");

	if (pick(3))
		n += snprintf(t + n, size - n, " match \"%s\";",
			      rules[pick(KEY_RULES)]);
	n += snprintf(t + n, size - n, " } decap { %s %s%s", auth, mode,
		      pick(4) ? "" : " replay off;");
	if (!pick(4))
		n += snprintf(t + n, size - n, " match \"%s\";",
			      rules[pick(KEY_RULES)]);
	return n + snprintf(t + n, size - n, " } }\n");
}

/* Its backends come and go: eq_lb.h. */
static int add_lb(char *t, size_t size)
{
	static const char *const on_remove[] = { "drain", "rehash", "reset" };
	static const char *const options[] = {
		"", "", "tuple 3; ", "dsr ipip from 10.1.1.77; ",
		"dsr gue v4 from 10.1.1.77; ",
	};
	static const char *const options6[] = {
		"", "", "dsr gue from 2001:db8:1::77; ",
		"dsr ipip v6 from 2001:db8:1::77; ",
	};

	return snprintf(t, size,
			"\tlb { seed 9; table-size 251; service a { vip 10.1.9.9:80/tcp; vip 10.1.9.9:53/udp; health tcp; on-remove %s; %sbackend 10.1.1.2:8080; backend 10.1.2.2:8080 weight 2; backend 10.1.1.3:8080; }\n"
			"\t  service b { vip [2001:db8:9::9]:80/tcp; health tcp; on-remove %s; %sbackend [2001:db8:1::2]:8080; backend [2001:db8:1::3]:8080; } }\n",
			on_remove[pick(3)], options[pick(5)],
			on_remove[pick(3)], options6[pick(4)]);
}

static int add_ids(char *t, size_t size)
{
	static const char *const inspect[] = {
		"", " inspect first 200 bytes;", " inspect first 5 packets;",
	};

	return snprintf(t, size,
			"\tids { rules \"selftests/prog_run/%s.rules\";%s }\n",
			pick(3) ? "eq_ids" : "eq_ids_key", inspect[pick(3)]);
}

/* The last ones need router mode. */
static int (*const nfs[])(char *t, size_t size) = {
	add_monitor, add_firewall, add_ipfilter, add_policer, add_sample, add_dos,
	add_mark, add_ids, add_nat, add_lb, add_tunnel, add_ah,
};
#define NFS (sizeof(nfs) / sizeof(nfs[0]))
#define NFS_ROUTER 4

static int add_nf(char *t, size_t size, bool wire)
{
	static const char *const plain[] = { "scan", "patch", "guard", "settle",
					     "hop1", "hop2", "shift", "pop",
					     "trunk", "fickle", "turn", "knock",
					     "tally", "sway", "pace" };

	if (!pick(3))
		return snprintf(t, size, "\t%s;\n", plain[pick(15)]);
	return nfs[pick(wire ? NFS - NFS_ROUTER : NFS)](t, size);
}

static inline void chain_draw(char *t, size_t size)
{
	bool wire = !pick(4);
	int n;

	tunnel_cnt = 0;
	n = snprintf(t, size, "chain eq {\n\t%s\n\ttable-size %s;\n",
			 wire ? "on p0 inside, p1 outside; mode wire;" :
				"on p0 inside, p1 outside, p2 outside;",
			 pick(4) ? "1k" : "64");

	for (uint32_t i = 1 + pick(6); i; i--)
		n += add_nf(t + n, size - n, wire);
	snprintf(t + n, size - n, "}\n");
}

#endif
