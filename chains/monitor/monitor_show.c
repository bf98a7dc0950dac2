/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The monitor's counts as JSON. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "hosts.h"
#include "ipfix_export.h"
#include "monitor.h"
#include "rules.h"

static const char *const dir_names[MONITOR_DIR_CNT] = {
	[MONITOR_ORIGINAL] = "original", [MONITOR_REPLY] = "reply",
};

json_t *count_json(const struct nf_count *c)
{
	return json_pack("{s:I, s:I}", "packets", (json_int_t)c->packets,
			 "bytes", (json_int_t)c->bytes);
}

static json_t *totals_json(const struct monitor *m)
{
	json_t *o = json_object();

	for (int d = 0; d < MONITOR_DIR_CNT; d++) {
		struct nf_count sum = m->closed[d];

		for (struct monitor_session *s = m->open; s; s = s->next)
			count_add(&sum, &s->dir[d].count);
		json_object_set_new(o, dir_names[d], count_json(&sum));
	}
	return o;
}

void monitor_sum(struct monitor *m)
{
	rules_open_clear(m->rules);
	if (m->hosts)
		hosts_open_clear(m->hosts);
	for (struct monitor_session *s = m->open; s; s = s->next)
		for (int d = 0; d < MONITOR_DIR_CNT; d++) {
			const struct monitor_half *h = &s->dir[d];
			struct nf_count c = count_since(&h->count, &h->base);

			rules_open_add(m->rules, h->rules, &c);
			if (h->from)
				hosts_open_add(h->from, h->to, &c);
		}
}

json_t *monitor_show(struct nf *nf)
{
	struct monitor *m = nf->priv;
	json_t *o;

	monitor_sum(m);
	o = json_pack("{s:I, s:I, s:o}", "sessions", (json_int_t)m->open_cnt,
		      "opened", (json_int_t)m->opened, "total",
		      totals_json(m));
	if (m->rules->cnt)
		json_object_set_new(o, "rules", rules_show(m->rules));
	if (m->hosts)
		json_object_set_new(o, "hosts", hosts_show(m->hosts));
	if (m->talkers.show)
		json_object_set_new(o, "top-talkers",
				    talkers_json(&m->talkers, m->talkers.show));
	if (m->export)
		json_object_set_new(o, "export", ipfix_export_show(nf));
	return o;
}

static json_t *endpoint_json(const struct monitor_key *k,
			     const struct nf_addr *addr, __be16 port)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(k->family == 4 ? AF_INET : AF_INET6, addr, text,
		  sizeof(text));
	return json_sprintf(k->family == 4 ? "%s:%u" : "[%s]:%u", text,
			    ntohs(port));
}

static void key_reverse(struct monitor_key *k)
{
	struct nf_addr addr = k->saddr;
	__be16 port = k->sport;

	k->saddr = k->daddr;
	k->daddr = addr;
	k->sport = k->dport;
	k->dport = port;
}

struct monitor_key monitor_session_key(const struct monitor_session *s)
{
	struct monitor_key key = s->dir[MONITOR_ORIGINAL].key;

	if (key.family)
		return key;
	key = s->dir[MONITOR_REPLY].key;
	key_reverse(&key);
	return key;
}

static json_t *session_json(const struct monitor_session *s)
{
	struct monitor_key k = monitor_session_key(s);

	return json_pack("{s:i, s:o, s:o, s:o, s:o}",
			 "l4proto", k.l4proto,
			 "source", endpoint_json(&k, &k.saddr, k.sport),
			 "destination", endpoint_json(&k, &k.daddr, k.dport),
			 dir_names[MONITOR_ORIGINAL],
			 count_json(&s->dir[MONITOR_ORIGINAL].count),
			 dir_names[MONITOR_REPLY],
			 count_json(&s->dir[MONITOR_REPLY].count));
}

/* By key, then by counts: two zones may hold the same five-tuple. */
static int session_compare(const void *a, const void *b)
{
	const struct monitor_session *x = *(struct monitor_session *const *)a;
	const struct monitor_session *y = *(struct monitor_session *const *)b;
	struct monitor_key k = monitor_session_key(x);
	struct monitor_key l = monitor_session_key(y);
	int diff = memcmp(&k, &l, sizeof(k));

	for (int d = 0; d < MONITOR_DIR_CNT && !diff; d++)
		diff = memcmp(&x->dir[d].count, &y->dir[d].count,
			      sizeof(x->dir[d].count));
	return diff;
}

static json_t *sessions_json(const struct monitor *m)
{
	struct monitor_session **all = calloc(m->open_cnt + 1, sizeof(*all));
	json_t *list = json_array();
	size_t n = 0;

	for (struct monitor_session *s = m->open; all && s; s = s->next)
		all[n++] = s;
	if (n)
		qsort(all, n, sizeof(*all), session_compare);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, session_json(all[i]));
	free(all);
	return list;
}

json_t *monitor_dump(struct nf *nf)
{
	struct monitor *m = nf->priv;

	monitor_sum(m);
	return json_pack("{s:o, s:o, s:o, s:o*, s:o*}", "total",
			 totals_json(m), "sessions", sessions_json(m), "rules",
			 rules_show(m->rules), "hosts",
			 m->hosts ? hosts_dump(m->hosts) : NULL, "top-talkers",
			 m->talkers.show ? talkers_json(&m->talkers,
							UINT32_MAX) :
					   NULL);
}
