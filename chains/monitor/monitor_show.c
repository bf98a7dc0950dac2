/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The monitor's counts as JSON. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "monitor.h"

static const char *const dir_names[MONITOR_DIR_CNT] = {
	[MONITOR_ORIGINAL] = "original", [MONITOR_REPLY] = "reply",
};

static json_t *count_json(const struct nf_count *c)
{
	return json_pack("{s:I, s:I}", "packets", (json_int_t)c->packets,
			 "bytes", (json_int_t)c->bytes);
}

static json_t *totals_json(const struct monitor *m)
{
	json_t *o = json_object();

	for (int d = 0; d < MONITOR_DIR_CNT; d++) {
		struct nf_count sum = m->closed[d];

		for (struct monitor_session *s = m->open; s; s = s->next) {
			sum.packets += s->count[d].packets;
			sum.bytes += s->count[d].bytes;
		}
		json_object_set_new(o, dir_names[d], count_json(&sum));
	}
	return o;
}

json_t *monitor_show(struct nf *nf)
{
	const struct monitor *m = nf->priv;
	json_t *o = json_pack("{s:I, s:I, s:o}",
			      "sessions", (json_int_t)m->open_cnt,
			      "opened", (json_int_t)m->opened,
			      "total", totals_json(m));

	if (m->talkers.show)
		json_object_set_new(o, "top-talkers",
				    talkers_json(&m->talkers, m->talkers.show));
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

static json_t *session_json(const struct monitor_session *s)
{
	const struct monitor_key *k = &s->key;

	return json_pack("{s:i, s:o, s:o, s:o, s:o}",
			 "l4proto", k->l4proto,
			 "source", endpoint_json(k, &k->saddr, k->sport),
			 "destination", endpoint_json(k, &k->daddr, k->dport),
			 dir_names[MONITOR_ORIGINAL],
			 count_json(&s->count[MONITOR_ORIGINAL]),
			 dir_names[MONITOR_REPLY],
			 count_json(&s->count[MONITOR_REPLY]));
}

/* By key, then by counts: two zones may hold the same five-tuple. */
static int session_compare(const void *a, const void *b)
{
	const struct monitor_session *x = *(struct monitor_session *const *)a;
	const struct monitor_session *y = *(struct monitor_session *const *)b;
	int diff = memcmp(&x->key, &y->key, sizeof(x->key));

	return diff ? diff : memcmp(x->count, y->count, sizeof(x->count));
}

json_t *monitor_dump(struct nf *nf)
{
	const struct monitor *m = nf->priv;
	struct monitor_session **all = calloc(m->open_cnt + 1, sizeof(*all));
	json_t *list = json_array(), *o;
	size_t n = 0;

	if (!all) {
		json_decref(list);
		return NULL;
	}
	for (struct monitor_session *s = m->open; s; s = s->next)
		all[n++] = s;
	qsort(all, n, sizeof(*all), session_compare);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, session_json(all[i]));
	free(all);
	o = json_pack("{s:o, s:o}", "total", totals_json(m), "sessions", list);
	if (m->talkers.show)
		json_object_set_new(o, "top-talkers",
				    talkers_json(&m->talkers, UINT32_MAX));
	return o;
}
