/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* monitor: packets and bytes per session and direction, per host, per rule and in
 * total. A sum is what closed sessions left behind plus the cells of the open
 * ones, so that there is no second count to keep in step with what the kernel
 * counts.
 */
#include <string.h>

#include "hosts.h"
#include "ipfix_export.h"
#include "monitor.h"
#include "rules.h"
#include "views.h"

static void count(struct nf_count *c, const struct nf_pkt *pkt)
{
	c->packets++;
	c->bytes += nf_pkt_in_len(pkt);
}

static const struct state_function count_sf = {
	.name = "count",
	.payload = NF_IGNORE,
	.count = true,
};

static void link_session(struct monitor *m, struct monitor_session *s)
{
	s->next = m->open;
	s->prev = &m->open;
	if (s->next)
		s->next->prev = &s->next;
	m->open = s;
	m->open_cnt++;
	s->nr = ++m->opened;
}

static void unlink_session(struct monitor *m, struct monitor_session *s)
{
	if (m->page == s)
		m->page = s->next;
	if (m->export && m->export->look == s)
		m->export->look = s->next;
	*s->prev = s->next;
	if (s->next)
		s->next->prev = s->prev;
	s->prev = NULL;
	s->next = NULL;
	m->open_cnt--;
}

static void key_of(const struct nf_pkt *pkt, struct monitor_key *key)
{
	memset(key, 0, sizeof(*key));
	key->family = pkt->family;
	key->l4proto = pkt->l4proto;
	key->icmp_type = pkt->icmp_type;
	key->saddr = pkt->saddr;
	key->daddr = pkt->daddr;
	key->sport = pkt->sport;
	key->dport = pkt->dport;
}

/* What was counted under the direction's five-tuple is its hosts' and rules'. */
static void half_end(struct monitor *m, struct monitor_half *h)
{
	struct nf_count c = count_since(&h->count, &h->base);

	if (!h->key.family)
		return;
	rules_close(m->rules, h->rules, &c);
	h->base = h->count;
	if (!h->from)
		return;
	count_add(&h->from->sent, &c);
	count_add(&h->to->received, &c);
	hosts_put(m->hosts, h->from);
	hosts_put(m->hosts, h->to);
}

static void half_open(struct monitor *m, struct monitor_half *h)
{
	const struct monitor_key *k = &h->key;

	h->rules = rules_open(m->rules, k);
	if (!m->hosts)
		return;
	h->from = hosts_get(m->hosts, k->family, &k->saddr);
	h->to = hosts_get(m->hosts, k->family, &k->daddr);
}

/* The first packet; or another NF has given the session another five-tuple in
 * its midst: a balancer whose backend has failed. The engine has told what was
 * counted before. */
static void half_turn(struct nf *nf, struct monitor_session *s,
		      const struct nf_pkt *pkt, const struct monitor_key *key)
{
	struct monitor_half *h = &s->dir[pkt->reply];
	struct nf_seen seen = { .last_ns = { pkt->now, pkt->now } };
	struct monitor *m = nf->priv;

	if (m->export)
		ipfix_export_half(nf, s, pkt->reply, &seen, pkt->now,
				  IPFIX_FORCED);
	half_end(m, h);
	h->key = *key;
	h->l2_len = pkt->in_l3_off;
	half_open(m, h);
}

static enum nf_verdict monitor_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct monitor_session *s = nf_session(nf, pkt);
	struct monitor_half *h = &s->dir[pkt->reply];
	struct monitor_key key;

	if (!s->prev) {
		s->first_ns = pkt->now;
		link_session(nf->priv, s);
	}
	key_of(pkt, &key);
	if (memcmp(&key, &h->key, sizeof(key)))
		half_turn(nf, s, pkt, &key);
	if (!h->start_ns)
		h->start_ns = pkt->now;
	count(&h->count, pkt);
	localmat_add_SF(nf, nf_extract_fid(pkt), &count_sf, &h->count);
	talkers_packet(nf, &((struct monitor *)nf->priv)->talkers, &h->talker,
		       pkt);
	return NF_FORWARD;
}

static void monitor_expire(struct nf *nf, void *session, uint64_t now)
{
	struct monitor_session *s = session;
	struct monitor *m = nf->priv;

	if (!s->prev)
		return;
	if (m->export)
		ipfix_export_end(nf, s, now);
	for (int d = 0; d < MONITOR_DIR_CNT; d++) {
		half_end(m, &s->dir[d]);
		count_add(&m->closed[d], &s->dir[d].count);
		talkers_end(&m->talkers, s->dir[d].talker);
	}
	unlink_session(m, s);
}

static void monitor_tick(struct nf *nf, uint64_t now)
{
	if (((struct monitor *)nf->priv)->export)
		ipfix_export_tick(nf, now);
}

/* A session that the monitor never saw has family 0 in both directions. */
static void monitor_save(struct nf *nf, const void *session, void *blob)
{
	struct monitor_session s = *(const struct monitor_session *)session;

	(void)nf;
	s.next = NULL;
	s.prev = NULL;
	for (int d = 0; d < MONITOR_DIR_CNT; d++) {
		s.dir[d].rules = 0;
		s.dir[d].from = NULL;
		s.dir[d].to = NULL;
		s.dir[d].talker = NULL;
	}
	memcpy(blob, &s, sizeof(s));
}

static int monitor_restore(struct nf *nf, void *session, const void *blob)
{
	struct monitor_session *s = session;

	memcpy(s, blob, sizeof(*s));
	for (int d = 0; d < MONITOR_DIR_CNT; d++) {
		if (!s->dir[d].key.family)
			continue;
		half_open(nf->priv, &s->dir[d]);
		if (!s->prev)
			link_session(nf->priv, s);
	}
	return 0;
}

const struct nf_ops monitor_ops = {
	.name = "monitor",
	.summary = "packets and bytes per session and in total",
	.session_size = sizeof(struct monitor_session),
	.counts = 1,
	.own = &talkers_own,
	.init = monitor_init,
	.exit = monitor_exit,
	.packet = monitor_packet,
	.expire = monitor_expire,
	.tick = monitor_tick,
	.save = monitor_save,
	.restore = monitor_restore,
	.show = monitor_show,
	.dump = monitor_dump,
	.views = monitor_views,
	.view = monitor_view,
};
