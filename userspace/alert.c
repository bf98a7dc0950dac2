// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Alerts: what NFs have to say of a packet to people. Raised by nf_alert(), on
 * the engine's thread or on a worker; what a packet raised is put into the log
 * when the packet is done, in the order in which the packet met the NFs. The log
 * keeps the last ALERT_LOG_MAX. What does not fit is counted as alerts-lost.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "engine_priv.h"
#include "tuple.h"

#define ALERT_LOG_MAX 1024
#define ALERT_PACKET_MAX 64	/* of one packet */
#define ALERT_TEXT_MAX 4096	/* bytes of one, as text */
#define ALERT_ANSWER_MAX 128	/* at once: below CONTROL_MSG_MAX bytes */

struct raised {
	json_t *alert;
	uint8_t place;		/* of the NF, as the packet meets them */
};

struct alert_log {
	json_t *last[ALERT_LOG_MAX];
	uint64_t cnt;		/* ever */
	uint64_t told;		/* all before this one were asked for */
	pthread_mutex_t lock;	/* of what follows: the packet in hand */
	struct raised raised[ALERT_PACKET_MAX];
	uint32_t raised_cnt;
	uint32_t lost;
};

int alert_init(struct engine *e)
{
	e->alerts = calloc(1, sizeof(*e->alerts));
	if (!e->alerts)
		return -ENOMEM;
	pthread_mutex_init(&e->alerts->lock, NULL);
	return 0;
}

void alert_fini(struct engine *e)
{
	struct alert_log *log = e->alerts;

	if (!log)
		return;
	for (uint32_t i = 0; i < ALERT_LOG_MAX; i++)
		json_decref(log->last[i]);
	for (uint32_t i = 0; i < log->raised_cnt; i++)
		json_decref(log->raised[i].alert);
	pthread_mutex_destroy(&log->lock);
	free(log);
}

/* --- raising --- */

/* Time, NF and five-tuple, as they stand at the NF's place. NULL: no memory, or
 * too large. */
static json_t *alert_json(const struct engine *e, const struct nf *nf,
			  const struct nf_pkt *pkt, json_t *said)
{
	char label[64];
	json_t *o;

	engine_nf_label(e, nf->index, label, sizeof(label));
	o = json_pack("{s:I, s:s, s:i, s:s, s:s, s:i, s:O}", "time_ns",
		      (json_int_t)pkt->now, "nf", label, "nf_index", nf->index,
		      "in", e->chain->ports[NFOLD_ZONE_PORT(pkt->zone)].name,
		      "direction", pkt->reply ? "reply" : "original", "len",
		      (int)nf_pkt_in_len(pkt), "alert", said);
	if (o)
		tuple_add(o, pkt->family, pkt->l4proto, pkt->saddr.a,
			  pkt->sport, pkt->daddr.a, pkt->dport);
	if (o && json_dumpb(o, NULL, 0, JSON_COMPACT) <= ALERT_TEXT_MAX)
		return o;
	json_decref(o);
	return NULL;
}

static uint8_t place_of(const struct engine *e, const struct nf *nf,
			const struct nf_pkt *pkt)
{
	return flow_is_backwards(pkt->engine) ?
		       e->chain->nf_cnt - 1 - nf->index : nf->index;
}

void nf_alert(struct nf *nf, const struct nf_pkt *pkt, json_t *alert)
{
	struct engine *e = nf->engine;
	struct alert_log *log = e->alerts;
	json_t *o = json_is_object(alert) ? alert_json(e, nf, pkt, alert) :
					    NULL;

	json_decref(alert);
	pthread_mutex_lock(&log->lock);
	if (o && log->raised_cnt < ALERT_PACKET_MAX) {
		log->raised[log->raised_cnt++] = (struct raised){
			.alert = o, .place = place_of(e, nf, pkt) };
	} else {
		log->lost++;
		json_decref(o);
	}
	pthread_mutex_unlock(&log->lock);
}

/* --- the log --- */

static void log_add(struct engine *e, json_t *alert)
{
	struct alert_log *log = e->alerts;
	json_t **at = &log->last[log->cnt % ALERT_LOG_MAX];

	if (*at && log->cnt - log->told >= ALERT_LOG_MAX)
		engine_count(e, NFOLD_REASON_ALERTS_LOST);
	json_decref(*at);
	*at = alert;
	log->cnt++;
}

/* Those of one NF stay in the order in which it raised them. */
static void sort(struct raised *v, uint32_t cnt)
{
	for (uint32_t i = 1; i < cnt; i++) {
		struct raised r = v[i];
		uint32_t at = i;

		for (; at && v[at - 1].place > r.place; at--)
			v[at] = v[at - 1];
		v[at] = r;
	}
}

bool alert_raised(const struct engine *e)
{
	return e->alerts->raised_cnt || e->alerts->lost;
}

/* No worker runs: a packet's functions have returned. */
void alert_packet_done(struct engine *e)
{
	struct alert_log *log = e->alerts;

	sort(log->raised, log->raised_cnt);
	for (uint32_t i = 0; i < log->raised_cnt; i++)
		log_add(e, log->raised[i].alert);
	for (; log->lost; log->lost--)
		engine_count(e, NFOLD_REASON_ALERTS_LOST);
	log->raised_cnt = 0;
}

json_t *engine_alerts(struct engine *e, uint64_t since)
{
	struct alert_log *log = e->alerts;
	uint64_t kept = log->cnt > ALERT_LOG_MAX ? log->cnt - ALERT_LOG_MAX : 0;
	uint64_t at = since < kept ? kept : since > log->cnt ? log->cnt : since;
	uint64_t end = log->cnt - at > ALERT_ANSWER_MAX ?
			       at + ALERT_ANSWER_MAX : log->cnt;
	json_t *list = json_array();
	uint64_t missed = since < kept ? kept - since : 0;

	for (; at < end; at++)
		json_array_append(list, log->last[at % ALERT_LOG_MAX]);
	if (end > log->told)
		log->told = end;
	return json_pack("{s:I, s:I, s:I, s:o}", "raised", (json_int_t)log->cnt,
			 "next", (json_int_t)end, "missed", (json_int_t)missed,
			 "alerts", list);
}
