/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* monitor: packets and bytes per session and direction, and in total. A total
 * is what closed sessions left behind plus the cells of the open ones, so that
 * there is no second count to keep in step with what the kernel counts.
 */
#include <stdlib.h>
#include <string.h>

#include "monitor.h"

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
	m->opened++;
}

static void unlink_session(struct monitor *m, struct monitor_session *s)
{
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
	key->saddr = pkt->reply ? pkt->daddr : pkt->saddr;
	key->daddr = pkt->reply ? pkt->saddr : pkt->daddr;
	key->sport = pkt->reply ? pkt->dport : pkt->sport;
	key->dport = pkt->reply ? pkt->sport : pkt->dport;
}

static enum nf_verdict monitor_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct monitor_session *s = nf_session(nf, pkt);
	enum monitor_dir dir = pkt->reply ? MONITOR_REPLY : MONITOR_ORIGINAL;
	struct nf_count *cell = &s->count[dir];
	struct monitor *m = nf->priv;

	if (!s->prev) {
		key_of(pkt, &s->key);
		link_session(m, s);
	}
	count(cell, pkt);
	localmat_add_SF(nf, nf_extract_fid(pkt), &count_sf, cell);
	talkers_packet(nf, &m->talkers, &s->talker[dir], pkt);
	return NF_FORWARD;
}

static void monitor_expire(struct nf *nf, void *session, uint64_t now)
{
	struct monitor_session *s = session;
	struct monitor *m = nf->priv;

	(void)now;
	if (!s->prev)
		return;
	for (int d = 0; d < MONITOR_DIR_CNT; d++) {
		m->closed[d].packets += s->count[d].packets;
		m->closed[d].bytes += s->count[d].bytes;
		talkers_end(&m->talkers, s->talker[d]);
	}
	unlink_session(m, s);
}

/* A session that the monitor never saw has family 0. */
static void monitor_save(struct nf *nf, const void *session, void *blob)
{
	struct monitor_session s = *(const struct monitor_session *)session;

	(void)nf;
	s.next = NULL;
	s.prev = NULL;
	memset(s.talker, 0, sizeof(s.talker));
	memcpy(blob, &s, sizeof(s));
}

static int monitor_restore(struct nf *nf, void *session, const void *blob)
{
	struct monitor_session *s = session;

	memcpy(s, blob, sizeof(*s));
	s->next = NULL;
	s->prev = NULL;
	memset(s->talker, 0, sizeof(s->talker));
	if (s->key.family)
		link_session(nf->priv, s);
	return 0;
}

static int set_stmt(struct monitor *m, const struct conf_block *block,
		    const struct conf_stmt *s, struct conf_error *err)
{
	static const char *const known[] = { "top-talkers", NULL };

	if (strcmp(s->words[0].text, "top-talkers"))
		return conf_unknown(s, known, err);
	return conf_single(block, s, err) ? -1 :
					    talkers_set(&m->talkers, s, err);
}

static int monitor_init(struct nf *nf, const struct conf_block *block,
			struct conf_error *err)
{
	struct monitor *m = calloc(1, sizeof(*m));

	if (!m)
		return conf_fail(err, &block->loc, NULL,
				 "no memory for monitor");
	for (size_t i = 0; i < block->cnt; i++)
		if (set_stmt(m, block, &block->stmts[i], err)) {
			free(m);
			return -1;
		}
	nf->priv = m;
	return 0;
}

static void monitor_exit(struct nf *nf)
{
	talkers_free(&((struct monitor *)nf->priv)->talkers);
	free(nf->priv);
	nf->priv = NULL;
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
	.save = monitor_save,
	.restore = monitor_restore,
	.show = monitor_show,
	.dump = monitor_dump,
};
