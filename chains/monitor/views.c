// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The monitor's tables for people, a page at a time: flows (sessions), the newest
 * first; hosts; rules. Hosts and rules are a snapshot that the first page takes.
 */
#include "views.h"

#include <arpa/inet.h>

#include "hosts.h"
#include "monitor.h"
#include "rules.h"

const char *const monitor_views[] = { "flows", "hosts", "rules", NULL };

static json_t *page_new(json_t *columns)
{
	return json_pack("{s:o, s:[]}", "columns", columns, "rows");
}

static void page_add(json_t *page, json_t *row)
{
	json_array_append_new(json_object_get(page, "rows"), row);
}

static bool page_full(const json_t *page)
{
	return json_array_size(json_object_get(page, "rows")) == NF_VIEW_ROWS;
}

static void page_next(json_t *page, uint64_t next)
{
	json_object_set_new(page, "next", json_integer(next));
}

static json_t *address_json(uint8_t family, const struct nf_addr *addr)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(family == 4 ? AF_INET : AF_INET6, addr, text, sizeof(text));
	return json_string(text);
}

/* --- flows --- */

static json_int_t unix_ms(const struct nf *nf, uint64_t ns)
{
	return nf_unix_ns(nf, ns) / 1000000;
}

static json_t *flow_row(struct nf *nf, struct monitor_session *s)
{
	const struct nf_count *out = &s->dir[MONITOR_ORIGINAL].count;
	const struct nf_count *back = &s->dir[MONITOR_REPLY].count;
	struct monitor_key k = monitor_session_key(s);
	struct nf_seen seen;
	uint64_t last;

	nf_session_seen(nf, s, &seen);
	last = seen.last_ns[0] > seen.last_ns[1] ? seen.last_ns[0] :
						   seen.last_ns[1];
	return json_pack("[i, o, i, o, i, I, I, I, I, I, I]", k.l4proto,
			 address_json(k.family, &k.saddr), ntohs(k.sport),
			 address_json(k.family, &k.daddr), ntohs(k.dport),
			 (json_int_t)out->packets, (json_int_t)out->bytes,
			 (json_int_t)back->packets, (json_int_t)back->bytes,
			 unix_ms(nf, s->first_ns), unix_ms(nf, last));
}

/* The newest session that is older than number from. The page before has left
 * the place, unless somebody else has read since. */
static struct monitor_session *flow_first(struct monitor *m, uint64_t from)
{
	struct monitor_session *s = m->open;

	if (from && m->page_from == from)
		return m->page;
	while (from && s && s->nr >= from)
		s = s->next;
	return s;
}

static json_t *flows_page(struct nf *nf, uint64_t from)
{
	struct monitor *m = nf->priv;
	struct monitor_session *s = flow_first(m, from);
	json_t *page;

	page = page_new(json_pack("[s, s, s, s, s, s, s, s, s, s, s]",
				  "protocol", "source", "source_port",
				  "destination", "destination_port",
				  "packets", "bytes", "reply_packets",
				  "reply_bytes", "start_ms", "last_ms"));
	for (; s && !page_full(page); s = s->next) {
		page_add(page, flow_row(nf, s));
		from = s->nr;
	}
	m->page = s;
	m->page_from = from;
	if (s)
		page_next(page, from);
	return page;
}

/* --- hosts --- */

static json_t *host_row(const struct host *host)
{
	struct nf_count sent = host->sent, received = host->received;

	count_add(&sent, &host->open_sent);
	count_add(&received, &host->open_received);
	return json_pack("[o, i, I, I, I, I]",
			 host->family ? address_json(host->family, &host->addr) :
					json_string("others"),
			 (int)host->refs, (json_int_t)sent.packets,
			 (json_int_t)sent.bytes, (json_int_t)received.packets,
			 (json_int_t)received.bytes);
}

/* By place in the table; from: the first. */
static void hosts_rows(json_t *page, const struct hosts *h, uint64_t from)
{
	uint64_t i = from;

	for (; i < hosts_end(h) && !page_full(page); i++)
		if (hosts_at(h, i))
			page_add(page, host_row(hosts_at(h, i)));
	if (page_full(page))
		page_next(page, i);
	else
		page_add(page, host_row(hosts_others(h)));
}

static json_t *hosts_page(struct nf *nf, uint64_t from)
{
	struct monitor *m = nf->priv;
	json_t *page;

	page = page_new(json_pack("[s, s, s, s, s, s]", "address", "flows",
				  "sent_packets", "sent_bytes",
				  "received_packets", "received_bytes"));
	if (!from)
		monitor_sum(m);
	if (m->hosts)
		hosts_rows(page, m->hosts, from);
	else
		json_object_set_new(page, "note",
				    json_string("hosts are not counted: the chain's monitor needs hosts;"));
	return page;
}

/* --- rules --- */

static json_t *rule_row(const struct rule *r)
{
	struct nf_count sum = r->closed;

	count_add(&sum, &r->open);
	return json_pack("[s, s, i, I, I]", r->name, r->expr, (int)r->flows,
			 (json_int_t)sum.packets, (json_int_t)sum.bytes);
}

static json_t *rules_page(struct nf *nf, uint64_t from)
{
	struct monitor *m = nf->priv;
	json_t *page;

	page = page_new(json_pack("[s, s, s, s, s]", "rule", "match", "flows",
				  "packets", "bytes"));
	monitor_sum(m);
	for (uint64_t i = from; i < m->rules->cnt; i++)
		page_add(page, rule_row(&m->rules->v[i]));
	if (!m->rules->cnt)
		json_object_set_new(page, "note",
				    json_string("there are no rules: rule web \"tcp port 80\"; in the chain's monitor makes one"));
	return page;
}

json_t *monitor_view(struct nf *nf, size_t view, uint64_t from)
{
	static json_t *(*const pages[])(struct nf *nf, uint64_t from) = {
		flows_page, hosts_page, rules_page,
	};

	return pages[view](nf, from);
}
