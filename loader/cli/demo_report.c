/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the demo prints at its end, from the pins as any reader sees them, and
 * the claims that it checks.
 */
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "demo.h"
#include "format.h"
#include "view.h"

void demo_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	fflush(stdout);
}

static const uint8_t kind_of[NFOLD_REASON_MAX] = {
#define X(id, word, kind, text) [NFOLD_REASON_##id] = NFOLD_KIND_##kind,
	NFOLD_REASONS(X)
#undef X
};

struct paths {
	uint64_t by_reason[NFOLD_REASON_MAX];
	uint64_t by_kind[NFOLD_KIND_NOTE + 1];
};

static void paths_read(const struct view *v, struct paths *p)
{
	memset(p, 0, sizeof(*p));
	for (uint32_t row = 0; row < v->maps.stats_rows; row++)
		for (int r = 0; r < NFOLD_REASON_CNT; r++) {
			uint64_t n = v->maps.stats[row].packets[r];

			p->by_reason[r] += n;
			p->by_kind[kind_of[r]] += n;
		}
}

/* --- flows --- */

static void print_flow(const struct view_flow *f)
{
	char key[FORMAT_TUPLE_MAX], set[FORMAT_TUPLE_MAX], writers[192];
	char proto[8];

	format_key(key, sizeof(key), f->family, &f->e.key);
	format_set(set, sizeof(set), f);
	format_writers(writers, sizeof(writers), f);
	printf("  %-5s %s\n     -> %s\n        %s; %llu packets\n",
	       format_proto(f->e.key.l4proto, proto), key, set,
	       writers[0] ? writers : "nothing rewritten",
	       (unsigned long long)f->cells.packets);
}

/* The session that begins at this slot, both directions. */
static bool print_session(const struct view *v, int family, uint32_t slot,
			  uint8_t l4proto)
{
	struct view_flow f;

	if (!view_flow_read(v, family, slot, &f) || f.e.reply ||
	    f.e.key.l4proto != l4proto ||
	    f.e.act.verdict != NFOLD_VERDICT_FORWARD)
		return false;
	print_flow(&f);
	if (f.e.peer && view_flow_read(v, family, f.e.peer - 1, &f))
		print_flow(&f);
	return true;
}

/* One session of each protocol. */
static void print_flows(const struct view *v, int family)
{
	const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP,
				   family == 4 ? IPPROTO_ICMP :
						 IPPROTO_ICMPV6 };
	uint32_t slots = flow_table_slots(v->table[family == 6]);

	for (size_t i = 0; i < sizeof(protos); i++)
		for (uint32_t s = 0; s < slots; s++)
			if (print_session(v, family, s, protos[i]))
				break;
}

/* --- paths --- */

static void print_paths(const struct paths *p)
{
	static const struct {
		enum nfold_reason_kind kind;
		const char *text;
	} rows[] = {
		{ NFOLD_KIND_FAST, "fast: one look-up in XDP" },
		{ NFOLD_KIND_SLOW, "slow: user space" },
		{ NFOLD_KIND_HOST, "host: ARP, ND, the box's own" },
		{ NFOLD_KIND_DROP, "dropped" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		printf("  %-30s %10llu\n", rows[i].text,
		       (unsigned long long)p->by_kind[rows[i].kind]);
	for (int r = 0; r < NFOLD_REASON_CNT; r++)
		if (p->by_reason[r] && (kind_of[r] == NFOLD_KIND_DROP ||
					kind_of[r] == NFOLD_KIND_PUNT))
			printf("    %s %-20s %10llu  %s\n",
			       kind_of[r] == NFOLD_KIND_DROP ? "dropped" :
							       "punted ",
			       format_reason(r),
			       (unsigned long long)p->by_reason[r],
			       format_reason_text(r));
}

/* Drops other than what the demo's forbidden connection provokes. */
static uint64_t unexpected(const struct paths *p)
{
	return p->by_kind[NFOLD_KIND_DROP] -
	       p->by_reason[NFOLD_REASON_FIREWALL_DENY] -
	       p->by_reason[NFOLD_REASON_DROP_FOLDED];
}

/* --- claims --- */

static int claim(bool holds, const char *text)
{
	printf("  %s %s\n", holds ? "ok    " : "FAILED", text);
	return !holds;
}

static int claims(const struct demo *d, const struct paths *p)
{
	uint64_t forwarded = p->by_kind[NFOLD_KIND_FAST] +
			     p->by_kind[NFOLD_KIND_SLOW];
	int bad = 0;

	for (int i = 0; i < 2; i++) {
		bad += claim(d->http[i].ok == DEMO_HTTP,
			     i ? "every HTTP request over IPv6 was answered 200" :
				 "every HTTP request over IPv4 was answered 200");
		bad += claim(d->http[i].server[0] && d->http[i].server[1],
			     i ? "both servers had a share over IPv6" :
				 "both servers had a share over IPv4");
		bad += claim(d->pings[i] == 20,
			     i ? "every ping over IPv6 was answered" :
				 "every ping over IPv4 was answered");
	}
	bad += claim(d->tcp.ok && d->tcp.mbit_s > 1, "TCP flowed");
	bad += claim(d->udp.ok && d->udp.mbit_s > 1, "UDP flowed");
	bad += claim(d->denied && p->by_reason[NFOLD_REASON_FIREWALL_DENY],
		     "what no firewall rule allows did not pass, and is counted");
	bad += claim(p->by_kind[NFOLD_KIND_FAST] * 100 > forwarded * 99,
		     "more than 99 % of the packets took the fast path");
	bad += claim(!unexpected(p), "nothing was dropped that should not be");
	return bad;
}

static int report_view(const struct demo *d, const struct view *v)
{
	struct paths p;

	paths_read(v, &p);
	printf("\nThe chain\n%.*s\n", NFOLD_CHAIN_TEXT_MAX,
	       v->maps.meta->text);
	printf("\nShares of the servers, HTTP connections\n");
	for (int i = 0; i < 2; i++)
		printf("  IPv%d: server 1 %u, server 2 %u\n", i ? 6 : 4,
		       d->http[i].server[0], d->http[i].server[1]);
	printf("\nSome flows: as they come in, as they leave, and who wrote what\n");
	print_flows(v, 4);
	print_flows(v, 6);
	printf("\nPackets by path\n");
	print_paths(&p);
	printf("\nClaims\n");
	return claims(d, &p);
}

int demo_report(struct demo *d)
{
	struct view v;
	int bad;

	if (view_open(&v, "edge"))
		return 1;
	bad = report_view(d, &v);
	view_close(&v);
	return bad;
}

static double cost_all(const struct demo_cost *c)
{
	return (double)(c->xdp_ns + c->engine_ns) / c->xdp_runs;
}

static void print_cost(const char *name, const struct demo_cost *c)
{
	printf("  %-10s %8.0f ns  %8.0f ns  %8.0f ns  (%llu packets fast, %llu slow)\n",
	       name, (double)c->xdp_ns / c->xdp_runs,
	       (double)c->engine_ns / c->xdp_runs, cost_all(c),
	       (unsigned long long)c->fast, (unsigned long long)c->slow);
}

void demo_report_cost(const struct demo *d)
{
	const struct demo_cost *f = &d->folded, *u = &d->unfolded;

	printf("\nTime per packet, UDP of 200 bytes\n");
	if (!f->xdp_runs || !u->xdp_runs || !u->slow) {
		printf("  not known: this kernel keeps no run-time statistics\n");
		return;
	}
	printf("              XDP program     engine        all\n");
	print_cost("folded", f);
	print_cost("unfolded", u);
	printf("  %.1f times as much unfolded.\n",
	       cost_all(u) / cost_all(f));
	printf("  Measured while iperf3 ran: run time of the XDP program as the kernel's statistics count it\n"
	       "  (their own cost included), and CPU time of the engine's process less what it uses when idle,\n"
	       "  both per packet received. What the kernel spends on receiving and sending outside of both\n"
	       "  is not in it.\n");
}
