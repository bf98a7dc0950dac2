// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "ipfix_export.h"

#include <arpa/inet.h>
#include <errno.h>

#define LOOKS 4096		/* sessions a tick: a million in 25 s */
#define MSEC_NS UINT64_C(1000000)
#define TCP_CLOSED (NFOLD_TCP_FIN | NFOLD_TCP_RST)

static struct ipfix_export *export_of(const struct nf *nf)
{
	return ((struct monitor *)nf->priv)->export;
}

/* --- messages --- */

static void message_lost(struct ipfix_export *x)
{
	x->lost_messages++;
	x->lost_records += x->msg.records;
	x->template_ns = 0;	/* they may have been in it */
}

/* The sequence number goes on with records that were not sent either: so the
 * collector sees that they are missing (RFC 7011 section 3.1). */
static void message_send(struct nf *nf, uint64_t now)
{
	struct ipfix_export *x = export_of(nf);
	size_t len;
	int err;

	if (ipfix_empty(&x->msg))
		return;
	len = ipfix_end(&x->msg, nf_unix_ns(nf, now) / NF_SEC, x->sequence,
			x->domain);
	err = nf_export(nf, x->msg.bytes, len);
	if (err == -ECONNREFUSED) {
		x->refused++;
		err = nf_export(nf, x->msg.bytes, len);
	}
	x->sequence += x->msg.records;
	if (err) {
		message_lost(x);
	} else {
		x->messages++;
		x->records += x->msg.records;
		x->since_template++;
	}
	ipfix_begin(&x->msg);
}

/* UDP may lose them, and collectors come later (RFC 7011 section 8.4). */
static bool templates_due(const struct ipfix_export *x, uint64_t now)
{
	return !x->template_ns || now - x->template_ns >= x->refresh_ns ||
	       x->since_template >= x->refresh_msgs;
}

/* An empty message begins with them when they are due: they all fit. */
static void message_templates(struct ipfix_export *x, uint64_t now)
{
	if (!ipfix_empty(&x->msg) || !templates_due(x, now))
		return;
	for (int i = 0; i < IPFIX_FLOW_TEMPLATES; i++)
		ipfix_put_template(&x->msg, &ipfix_flow_templates[i]);
	x->template_ns = now;
	x->since_template = 0;
	x->templates++;
}

static void record_send(struct nf *nf, const struct ipfix_flow *f, uint64_t now)
{
	struct ipfix_export *x = export_of(nf);

	message_templates(x, now);
	if (ipfix_put_flow(&x->msg, f))
		return;
	message_send(nf, now);
	message_templates(x, now);
	ipfix_put_flow(&x->msg, f);
}

/* --- records --- */

/* None, too, as long as the engine has taken back more than has come since: a
 * packet that XDP counted and that was dropped before it got here. */
static struct nf_count untold(const struct monitor_half *h)
{
	struct nf_count c = count_since(&h->count, &h->told);

	if ((int64_t)c.packets > 0 &&
	    (int64_t)(c.bytes - c.packets * h->l2_len) > 0)
		return c;
	return (struct nf_count){ 0 };
}

/* Of packets that only the kernel has seen it is known that they came after the
 * last look. */
static uint64_t start_of(const struct monitor_session *s, int d, uint64_t end)
{
	uint64_t start = s->dir[d].start_ns;

	if (!start)
		start = s->look_ns;
	return start && start < end ? start : end;
}

void ipfix_export_half(struct nf *nf, struct monitor_session *s, int d,
		       const struct nf_seen *seen, uint64_t now,
		       enum ipfix_reason reason)
{
	struct monitor_half *h = &s->dir[d];
	uint64_t end = seen->last_ns[d] ? seen->last_ns[d] : now;
	struct ipfix_flow f = {
		.key = &h->key,
		.count = untold(h),
		.l2_len = h->l2_len,
		.tcp_flags = seen->tcp_flags[d],
		.reason = reason,
		.start_ms = nf_unix_ns(nf, start_of(s, d, end)) / MSEC_NS,
		.end_ms = nf_unix_ns(nf, end) / MSEC_NS,
	};

	if (!f.count.packets)
		return;
	record_send(nf, &f, now);
	h->told = h->count;
	h->start_ns = 0;
}

/* TCP: both sides have sent FIN, or one has sent RST. */
static bool tcp_closed(const struct nf_seen *seen)
{
	uint8_t both = seen->tcp_flags[0] & seen->tcp_flags[1];
	uint8_t either = seen->tcp_flags[0] | seen->tcp_flags[1];

	return both & NFOLD_TCP_FIN || either & NFOLD_TCP_RST;
}

void ipfix_export_end(struct nf *nf, struct monitor_session *s, uint64_t now)
{
	enum ipfix_reason reason = IPFIX_FORCED;
	struct nf_seen seen;

	nf_session_seen(nf, s, &seen);
	if (tcp_closed(&seen))
		reason = IPFIX_ENDED;
	else if (seen.idle)
		reason = IPFIX_IDLE;
	for (int d = 0; d < MONITOR_DIR_CNT; d++)
		ipfix_export_half(nf, s, d, &seen, now, reason);
}

static void look_half(struct nf *nf, struct monitor_session *s, int d,
		      const struct nf_seen *seen, uint64_t now)
{
	const struct ipfix_export *x = export_of(nf);
	struct monitor_half *h = &s->dir[d];
	uint64_t last = seen->last_ns[d];

	if (!untold(h).packets)
		return;
	h->start_ns = start_of(s, d, last ? last : now);
	if (now - last >= x->idle_ns)
		ipfix_export_half(nf, s, d, seen, now,
				  tcp_closed(seen) ? IPFIX_ENDED : IPFIX_IDLE);
	else if (now - h->start_ns >= x->active_ns)
		ipfix_export_half(nf, s, d, seen, now, IPFIX_ACTIVE);
}

static void look(struct nf *nf, struct monitor_session *s, uint64_t now)
{
	struct nf_seen seen;

	nf_session_seen(nf, s, &seen);
	for (int d = 0; d < MONITOR_DIR_CNT; d++)
		look_half(nf, s, d, &seen, now);
	s->look_ns = now;
}

void ipfix_export_tick(struct nf *nf, uint64_t now)
{
	struct monitor *m = nf->priv;
	struct ipfix_export *x = m->export;
	uint64_t n = m->open_cnt < LOOKS ? m->open_cnt : LOOKS;

	x->now = now;
	message_templates(x, now);
	while (n--) {
		struct monitor_session *s = x->look ? x->look : m->open;

		x->look = s->next;
		look(nf, s, now);
	}
	message_send(nf, now);
}

void ipfix_export_stop(struct nf *nf)
{
	struct monitor *m = nf->priv;
	uint64_t now = m->export->now;

	for (struct monitor_session *s = m->open; s; s = s->next)
		ipfix_export_end(nf, s, now);
	message_send(nf, now);
}

json_t *ipfix_export_show(const struct nf *nf)
{
	const struct nf_collector *c = &nf->collector;
	const struct ipfix_export *x = export_of(nf);
	char text[INET6_ADDRSTRLEN];

	inet_ntop(c->family == 4 ? AF_INET : AF_INET6, &c->addr, text,
		  sizeof(text));
	return json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
			 "collector",
			 json_sprintf(c->family == 4 ? "%s:%u" : "[%s]:%u",
				      text, c->port),
			 "domain", (json_int_t)x->domain,
			 "messages", (json_int_t)x->messages,
			 "records", (json_int_t)x->records,
			 "templates", (json_int_t)x->templates,
			 "lost_messages", (json_int_t)x->lost_messages,
			 "lost_records", (json_int_t)x->lost_records,
			 "refused", (json_int_t)x->refused);
}
