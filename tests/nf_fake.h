/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A stand-in for the engine, for tests of single NFs: sessions in memory, what
 * was recorded in an array, packets that are fields (and bytes, if a test makes
 * some). It defines all that chains/nf.h promises NFs, so that the archive's
 * engine is not linked. Include it once, after cmocka.h.
 */
#ifndef NFOLD_TESTS_NF_FAKE_H
#define NFOLD_TESTS_NF_FAKE_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chains/conf.h"
#include "chains/nf.h"

#define FAKE_RECORDS 16

struct fake_record {
	bool is_sf;
	bool is_event;			/* ha: the update */
	struct header_action ha;
	const struct state_function *sf;
	void *arg;
	__u32 key;
};

/* What the last packet made the NF record. */
static struct {
	struct fake_record records[FAKE_RECORDS];
	int cnt;
	enum nfold_reason why_slow;	/* NONE: may be folded */
} fake;

static int fake_cells;			/* taken and not given back */
static int fake_cells_max = 1 << 20;
static void *fake_own[4];		/* own cells; NFs need not give them back */
static int fake_own_max = 4;
static uint64_t fake_now = 1000 * NF_SEC;

/* pkt->engine is the session's blob. */
void *nf_session(struct nf *nf, const struct nf_pkt *pkt)
{
	(void)nf;
	return pkt->engine;
}

nf_fid nf_extract_fid(const struct nf_pkt *pkt)
{
	return pkt->fid;
}

static struct fake_record *fake_append(void)
{
	assert_in_range(fake.cnt, 0, FAKE_RECORDS - 1);
	return &fake.records[fake.cnt++];
}

void localmat_add_HA(struct nf *nf, nf_fid fid, const struct header_action *ha)
{
	(void)nf;
	assert_int_not_equal(fid, 0);
	*fake_append() = (struct fake_record){ .ha = *ha };
}

void localmat_add_SF(struct nf *nf, nf_fid fid,
		     const struct state_function *sf, void *arg)
{
	(void)nf;
	assert_int_not_equal(fid, 0);
	*fake_append() = (struct fake_record){ .is_sf = true, .sf = sf,
					       .arg = arg };
}

enum nf_verdict nf_sf_run(struct nf *nf, struct nf_pkt *pkt,
			  const struct state_function *sf, void *arg)
{
	localmat_add_SF(nf, pkt->fid, sf, arg);
	return sf->run(arg, pkt) == NF_SF_DROP ? NF_DROP : NF_FORWARD;
}

void register_event(struct nf *nf, nf_fid fid, bool (*condition)(void *arg),
		    void *arg, const struct header_action *update,
		    void (*update_function)(void *arg))
{
	(void)nf;
	(void)update_function;
	assert_int_not_equal(fid, 0);
	assert_ptr_equal(condition, nf_fired);
	*fake_append() = (struct fake_record){ .is_event = true, .arg = arg };
	if (update)
		fake.records[fake.cnt - 1].ha = *update;
}

bool nf_fired(void *cell)
{
	return ((struct nfold_cell *)cell)->fired;
}

struct nfold_cell *nf_cell_new(struct nf *nf)
{
	(void)nf;
	if (fake_cells == fake_cells_max)
		return NULL;
	fake_cells++;
	return calloc(1, sizeof(struct nfold_cell));
}

void nf_cell_free(struct nf *nf, struct nfold_cell *cell)
{
	(void)nf;
	fake_cells--;
	free(cell);
}

void *nf_own_cell_new(struct nf *nf)
{
	for (int i = 0; i < fake_own_max; i++)
		if (!fake_own[i]) {
			fake_own[i] = calloc(1, nf->ops->own->cell_size);
			return fake_own[i];
		}
	return NULL;
}

void nf_own_cell_free(struct nf *nf, void *cell)
{
	(void)nf;
	for (int i = 0; i < 4; i++)
		if (fake_own[i] == cell)
			fake_own[i] = NULL;
	free(cell);
}

void localmat_add_own(struct nf *nf, nf_fid fid,
		      const struct state_function *sf, void *cell, __u32 key)
{
	localmat_add_SF(nf, fid, sf, cell);
	fake.records[fake.cnt - 1].key = key;
}

bool nf_own_run(struct nf *nf, const struct nf_pkt *pkt,
		const struct state_function *sf, void *cell, __u32 key)
{
	struct nfold_view v = { .now = nf->ops->own->timed ? fake_now : 0,
				.len = pkt->len, .tcp_flags = pkt->tcp_flags };

	(void)sf;
	return nfold_own_said(cell, nf->ops->own->run(cell, key, &v)) &
	       NFOLD_OWN_FIRES;
}

bool nf_state_run(struct nf *nf, const struct nf_pkt *pkt,
		  const struct state_function *sf, struct nfold_cell *cell)
{
	struct nfold_view v = { .now = fake_now, .len = pkt->len,
				.tcp_flags = pkt->tcp_flags };
	int fires = nfold_fn_run(sf->kernel, cell, &v);

	(void)nf;
	nfold_cell_fires(cell, fires);
	return fires;
}

static json_t *fake_alert;	/* the last one; freed by fake_run() */
static int fake_alerts;		/* ever */

void nf_alert(struct nf *nf, const struct nf_pkt *pkt, json_t *alert)
{
	(void)nf;
	(void)pkt;
	assert_true(json_is_object(alert));
	json_decref(fake_alert);
	fake_alert = alert;
	fake_alerts++;
}

void localmat_keep_slow(struct nf *nf, nf_fid fid, enum nfold_reason why)
{
	(void)nf;
	assert_int_not_equal(fid, 0);
	fake.why_slow = why;
}

/* What fake_seen says; by default nothing. */
static struct nf_seen fake_seen;

void nf_session_seen(struct nf *nf, void *session, struct nf_seen *seen)
{
	(void)nf;
	(void)session;
	*seen = fake_seen;
}

#define FAKE_EPOCH (UINT64_C(1700000000) * NF_SEC)

uint64_t nf_unix_ns(const struct nf *nf, uint64_t now)
{
	(void)nf;
	return FAKE_EPOCH + now;
}

/* The last datagram, how many there were, and what the next attempt gives. */
static struct {
	uint8_t bytes[2048];
	size_t len;
	int cnt;
	int err;
	void (*got)(const uint8_t *msg, size_t len);
} fake_export;

int nf_export(struct nf *nf, const void *msg, size_t len)
{
	int err = fake_export.err;

	assert_int_not_equal(nf->collector.family, 0);
	assert_in_range(len, 1, sizeof(fake_export.bytes));
	if (err == -ECONNREFUSED)
		fake_export.err = 0;
	if (err)
		return err;
	memcpy(fake_export.bytes, msg, len);
	fake_export.len = len;
	fake_export.cnt++;
	if (fake_export.got)
		fake_export.got(msg, len);
	return 0;
}

/* Sessions that nf_invalidate() knows: the test's choice. */
#define FAKE_WATCHED 64
static void *fake_watched[FAKE_WATCHED];
static int fake_watched_cnt;
static bool fake_hit[FAKE_WATCHED];	/* by the last nf_invalidate() */

uint32_t nf_invalidate(struct nf *nf, bool (*match)(const void *session,
						    void *arg), void *arg)
{
	uint32_t n = 0;

	(void)nf;
	for (int i = 0; i < fake_watched_cnt; i++) {
		fake_hit[i] = match(fake_watched[i], arg);
		n += fake_hit[i];
	}
	return n;
}

bool nf_pkt_encap(struct nf_pkt *pkt, const struct nf_tunnel *t)
{
	pkt->saddr = t->local;
	pkt->daddr = t->remote;
	pkt->family = t->family;
	pkt->sport = htons(49152);
	pkt->depth++;
	return true;
}

void nf_pkt_set_saddr(struct nf_pkt *pkt, const struct nf_addr *addr)
{
	pkt->saddr = *addr;
}

void nf_pkt_set_daddr(struct nf_pkt *pkt, const struct nf_addr *addr)
{
	pkt->daddr = *addr;
}

void nf_pkt_set_sport(struct nf_pkt *pkt, __be16 port)
{
	pkt->sport = port;
}

void nf_pkt_set_dport(struct nf_pkt *pkt, __be16 port)
{
	pkt->dport = port;
}

/* --- NFs from chain text --- */

/* text: what stands between the braces. NULL with *err filled: refused. */
static struct nf *fake_nf_try(const struct nf_ops *ops, const char *text,
			      struct conf_error *err)
{
	struct nf *nf = calloc(1, sizeof(*nf));
	struct conf_block *tree = NULL;
	char *whole = NULL;
	int failed = 1;

	nf->ops = ops;
	assert_true(asprintf(&whole, "%s { %s }", ops->name, text) > 0);
	if (!conf_parse(&tree, "test", whole, err)) {
		failed = ops->init(nf, tree->stmts[0].block, err);
		conf_free(tree);	/* an NF may not keep words of it */
	}
	free(whole);
	if (!failed)
		return nf;
	free(nf);
	return NULL;
}

static inline struct nf *fake_nf(const struct nf_ops *ops, const char *text)
{
	struct conf_error err = { 0 };
	struct nf *nf = fake_nf_try(ops, text, &err);

	if (!nf) {
		conf_error_print(stderr, &err);
		fail_msg("%s refused: %s", ops->name, err.message);
	}
	return nf;
}

/* The block must be refused, with `part` in message or hint. */
static inline void fake_refused(const struct nf_ops *ops, const char *text,
				const char *part)
{
	struct conf_error err = { 0 };
	struct nf *nf = fake_nf_try(ops, text, &err);

	if (nf)
		fail_msg("accepted: %s", text);
	if (!strstr(err.message, part) && !strstr(err.hint, part))
		fail_msg("%s: no '%s' in '%s' (%s)", text, part, err.message,
			 err.hint);
	assert_int_not_equal(err.line, 0);
}

/* Statements while it runs: as nf_ops.set(). */
static inline int fake_set(struct nf *nf, const char *text,
			   struct conf_error *err)
{
	const struct conf_file file = { "statements", text, strlen(text) };
	struct conf_block *tree = NULL;
	int ret = -1;

	memset(err, 0, sizeof(*err));
	if (!conf_parse_given(&tree, &file, 1, err)) {
		ret = nf->ops->set(nf, tree, err);
		conf_free(tree);
	}
	return ret;
}

static inline void fake_nf_free(struct nf *nf)
{
	nf->ops->exit(nf);
	free(nf);
	for (int i = 0; i < 4; i++) {	/* as they end with the engine */
		free(fake_own[i]);
		fake_own[i] = NULL;
	}
}

/* --- sessions and packets --- */

static inline void *fake_session(const struct nf *nf)
{
	return calloc(1, nf->ops->session_size);
}

static inline void fake_expire(struct nf *nf, void *session)
{
	if (nf->ops->expire)
		nf->ops->expire(nf, session, 0);
	free(session);
}

/* Run the packet; what it made the NF record is in `fake`. */
static inline enum nf_verdict fake_run(struct nf *nf, struct nf_pkt *pkt)
{
	memset(&fake, 0, sizeof(fake));
	json_decref(fake_alert);
	fake_alert = NULL;
	return nf->ops->packet(nf, pkt);
}

static inline struct nf_addr fake_addr(const char *text)
{
	struct nf_addr addr = { 0 };

	if (inet_pton(AF_INET, text, addr.a) != 1)
		assert_int_equal(inet_pton(AF_INET6, text, addr.a), 1);
	return addr;
}

/* First packet of a session from inside. Ports in host order. */
static inline struct nf_pkt fake_pkt(void *session, uint8_t l4proto,
				     const char *saddr, uint16_t sport,
				     const char *daddr, uint16_t dport)
{
	return (struct nf_pkt){
		.len = 60,
		.l3_off = 14,
		.in_l3_off = 14,
		.l4_off = strchr(saddr, ':') ? 54 : 34,
		.family = strchr(saddr, ':') ? 6 : 4,
		.l4proto = l4proto,
		.saddr = fake_addr(saddr),
		.daddr = fake_addr(daddr),
		.sport = htons(sport),
		.dport = htons(dport),
		.opening = true,
		.fid = 1,
		.engine = session,
	};
}

/* The answer to a packet as it left the NF. */
static inline struct nf_pkt fake_reply(const struct nf_pkt *out)
{
	struct nf_pkt pkt = *out;

	pkt.saddr = out->daddr;
	pkt.daddr = out->saddr;
	pkt.sport = out->dport;
	pkt.dport = out->sport;
	pkt.reply = !out->reply;
	pkt.outside = !out->outside;
	pkt.opening = false;
	pkt.fid = 2;
	return pkt;
}

static inline bool fake_addr_is(const struct nf_addr *addr, const char *text)
{
	struct nf_addr other = fake_addr(text);

	return !memcmp(addr, &other, sizeof(other));
}

/* Was this write the n-th thing recorded? Port in host order. */
static inline void fake_assert_port(int n, enum nfold_field field,
				    uint16_t port)
{
	assert_in_range(n, 0, fake.cnt - 1);
	assert_int_equal(fake.records[n].ha.kind, HA_MODIFY);
	assert_int_equal(fake.records[n].ha.field, field);
	assert_int_equal(ntohs(fake.records[n].ha.port), port);
}

static inline void fake_assert_addr(int n, enum nfold_field field,
				    const char *addr)
{
	assert_in_range(n, 0, fake.cnt - 1);
	assert_int_equal(fake.records[n].ha.kind, HA_MODIFY);
	assert_int_equal(fake.records[n].ha.field, field);
	assert_true(fake_addr_is(&fake.records[n].ha.addr, addr));
}

/* The packet was dropped for that reason, and that was recorded. */
static inline void fake_assert_drop(enum nf_verdict v,
				    const struct nf_pkt *pkt,
				    enum nfold_reason reason)
{
	assert_int_equal(v, NF_DROP);
	assert_int_equal(pkt->drop_reason, reason);
	assert_int_equal(fake.cnt, 1);
	assert_int_equal(fake.records[0].ha.kind, HA_DROP);
	assert_int_equal(fake.records[0].ha.reason, reason);
}

/* The packet was dropped for that reason, but the next may fare better: nothing
 * was recorded. */
static inline void fake_assert_drop_once(enum nf_verdict v,
					 const struct nf_pkt *pkt,
					 enum nfold_reason reason)
{
	assert_int_equal(v, NF_DROP);
	assert_int_equal(pkt->drop_reason, reason);
	assert_int_equal(fake.cnt, 0);
}

/* JSON text of show or dump, malloc-ed: for comparison. */
static inline char *fake_text(json_t *json)
{
	char *text = json_dumps(json, JSON_SORT_KEYS);

	assert_non_null(text);
	json_decref(json);
	return text;
}

/* Number at a path of keys and indexes: "pool/0/hosts". */
static inline json_int_t fake_number(json_t *json, const char *path)
{
	char copy[128], *save = NULL;
	const json_t *at = json;

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *k = strtok_r(copy, "/", &save); k;
	     k = strtok_r(NULL, "/", &save))
		at = json_is_array(at) ? json_array_get(at, atoi(k)) :
					 json_object_get(at, k);
	if (!json_is_integer(at))
		fail_msg("no number at %s", path);
	return json_integer_value(at);
}

#endif
