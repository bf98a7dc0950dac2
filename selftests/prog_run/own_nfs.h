/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* NFs of the tests with state functions of their own:
 *	tally	two cells an NF (aggregates), drops
 *	sway	tally's function, a cell a direction; remarks from its event on
 *	pace	another function, timed, a cell a session, tells
 *	outside	one that the verifier refuses
 */
#ifndef NFOLD_OWN_NFS_H
#define NFOLD_OWN_NFS_H

#include <arpa/inet.h>
#include <stdlib.h>

#include "chains/conf.h"
#include "chains/nf.h"
#include "outside_fn.h"
#include "pace_fn.h"
#include "tally_fn.h"
#include "selftests/prog_run/outside.own.h"
#include "selftests/prog_run/pace.own.h"
#include "selftests/prog_run/tally.own.h"

/* --- tally --- */

static int tally_run(void *cell, __u32 key, const struct nfold_view *v)
{
	return tally_fn(cell, key, v);
}

static uint32_t tally_cells(const struct conf_block *block, uint32_t sessions)
{
	(void)block;
	return 2 * sessions + 2;
}

static const struct nf_own tally_own = {
	.object = tally_object, .cell_size = sizeof(struct tally_cell),
	.run = tally_run, .cells = tally_cells, .events = true,
};

static const struct state_function tally_sf = {
	.name = "tally", .tell = true, .kernel = NFOLD_FN_OWN,
};

static uint64_t tally_limit = 30;

struct tally {
	struct tally_cell *cell[2];	/* by parity of the ports' sum */
};

static int tally_init(struct nf *nf, const struct conf_block *block,
		      struct conf_error *err)
{
	(void)block;
	(void)err;
	nf->priv = calloc(1, sizeof(struct tally));
	return nf->priv ? 0 : -1;
}

static void tally_exit(struct nf *nf)
{
	free(nf->priv);
}

static struct tally_cell *tally_find(struct nf *nf, const struct nf_pkt *pkt)
{
	struct tally *t = nf->priv;
	int odd = (ntohs(pkt->sport) + ntohs(pkt->dport)) & 1;

	if (t->cell[odd])
		return t->cell[odd];
	t->cell[odd] = nf_own_cell_new(nf);
	if (t->cell[odd])
		t->cell[odd]->cell.limit = tally_limit;
	return t->cell[odd];
}

/* The key tells the directions apart. */
static enum nf_verdict tally_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct header_action drop = ha_drop(NFOLD_REASON_RATE_EXCEEDED);
	struct tally_cell *c = tally_find(nf, pkt);
	uint32_t key = pkt->reply ? 512 : 0;

	if (!c) {
		localmat_keep_slow(nf, pkt->fid, NFOLD_REASON_CELLS_FULL);
		return NF_FORWARD;
	}
	localmat_add_own(nf, pkt->fid, &tally_sf, c, key);
	register_event(nf, pkt->fid, nf_fired, c, &drop, NULL);
	if (nf_own_run(nf, pkt, &tally_sf, c, key))
		return nf_drop(pkt, NFOLD_REASON_RATE_EXCEEDED);
	return NF_FORWARD;
}

static json_t *tally_dump(struct nf *nf)
{
	struct tally *t = nf->priv;
	json_t *list = json_array();

	for (int odd = 0; odd < 2; odd++) {
		const struct tally_cell *c = t->cell[odd];

		for (int i = 0; c && i < TALLY_CLASSES; i++)
			json_array_append_new(list, json_integer(c->cnt[i]));
		if (c)
			json_array_append_new(list, json_pack("[I, I]",
				(json_int_t)c->bytes,
				(json_int_t)c->cell.fires));
	}
	return json_pack("{s:o}", "cells", list);
}

/* --- sway --- */

/* By direction: one that turns does not turn the other. */
struct sway_session {
	struct sway_direction {
		struct tally_cell *cell;
		bool turned;
	} dir[2];
};

static enum nf_verdict sway_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct sway_session *session = nf_session(nf, pkt);
	struct sway_direction *s = &session->dir[pkt->reply];
	struct header_action remark = ha_dscp(46);

	if (!s->cell) {
		s->cell = nf_own_cell_new(nf);
		if (!s->cell) {
			localmat_keep_slow(nf, pkt->fid,
					   NFOLD_REASON_CELLS_FULL);
			return NF_FORWARD;
		}
		s->cell->cell.limit = 2 + nf->index;
	}
	localmat_add_SF(nf, pkt->fid, &tally_sf, s->cell);
	if (!s->turned)
		register_event(nf, pkt->fid, nf_fired, s->cell, &remark, NULL);
	s->turned |= nf_state_run(nf, pkt, &tally_sf, &s->cell->cell);
	if (!s->turned)
		return NF_FORWARD;
	nf_pkt_set_dscp(pkt, 46);
	localmat_add_HA(nf, pkt->fid, &remark);
	return NF_FORWARD;
}

static void sway_expire(struct nf *nf, void *session, uint64_t now)
{
	struct sway_session *s = session;

	(void)now;
	for (int i = 0; i < 2; i++)
		if (s->dir[i].cell)
			nf_own_cell_free(nf, s->dir[i].cell);
}

/* --- pace --- */

static int pace_run(void *cell, __u32 key, const struct nfold_view *v)
{
	return pace_fn(cell, key, v);
}

static uint32_t pace_cells(const struct conf_block *block, uint32_t sessions)
{
	(void)block;
	return sessions;
}

static const struct nf_own pace_own = {
	.object = pace_object, .cell_size = sizeof(struct pace_cell),
	.timed = true, .events = true, .run = pace_run,
	.cells = pace_cells,
};

static const struct state_function pace_sf = {
	.name = "pace", .tell = true, .kernel = NFOLD_FN_OWN,
};

struct pace {
	uint64_t fires, rst, keys;	/* of sessions that are over */
};

struct pace_session {
	struct pace_cell *cell;
};

static int pace_init(struct nf *nf, const struct conf_block *block,
		     struct conf_error *err)
{
	(void)block;
	(void)err;
	nf->priv = calloc(1, sizeof(struct pace));
	return nf->priv ? 0 : -1;
}

static enum nf_verdict pace_packet(struct nf *nf, struct nf_pkt *pkt)
{
	struct pace_session *s = nf_session(nf, pkt);
	uint32_t key = pkt->reply ? 1000 : 1;

	if (!s->cell) {
		s->cell = nf_own_cell_new(nf);
		if (!s->cell) {
			localmat_keep_slow(nf, pkt->fid,
					   NFOLD_REASON_CELLS_FULL);
			return NF_FORWARD;
		}
		s->cell->cell.limit = NF_SEC / 1000;
	}
	localmat_add_own(nf, pkt->fid, &pace_sf, s->cell, key);
	register_event(nf, pkt->fid, nf_fired, s->cell, NULL, NULL);
	nf_own_run(nf, pkt, &pace_sf, s->cell, key);
	return NF_FORWARD;
}

static void pace_expire(struct nf *nf, void *session, uint64_t now)
{
	struct pace_session *s = session;
	struct pace *p = nf->priv;

	(void)now;
	if (!s->cell)
		return;
	p->fires += s->cell->cell.fires;
	p->rst += s->cell->rst;
	p->keys += s->cell->keys;
	nf_own_cell_free(nf, s->cell);
}

static json_t *pace_dump(struct nf *nf)
{
	const struct pace *p = nf->priv;

	return json_pack("{s:I, s:I, s:I}", "fires", (json_int_t)p->fires,
			 "rst", (json_int_t)p->rst, "keys",
			 (json_int_t)p->keys);
}

/* --- outside --- */

static int outside_run(void *cell, __u32 key, const struct nfold_view *v)
{
	return outside_fn(cell, key, v);
}

static const struct nf_own outside_own = {
	.object = outside_object,
	.cell_size = sizeof(struct outside_cell),
	.run = outside_run, .cells = pace_cells,
};

static enum nf_verdict outside_packet(struct nf *nf, struct nf_pkt *pkt)
{
	(void)nf;
	(void)pkt;
	return NF_FORWARD;
}

static const struct nf_ops tally_ops = {
	.name = "tally", .init = tally_init, .exit = tally_exit,
	.packet = tally_packet, .dump = tally_dump, .own = &tally_own,
};
static const struct nf_ops sway_ops = {
	.name = "sway", .session_size = sizeof(struct sway_session),
	.packet = sway_packet, .expire = sway_expire, .own = &tally_own,
	.edits = true,
};
static const struct nf_ops pace_ops = {
	.name = "pace", .session_size = sizeof(struct pace_session),
	.init = pace_init, .exit = tally_exit, .packet = pace_packet,
	.expire = pace_expire, .dump = pace_dump, .own = &pace_own,
};
static const struct nf_ops outside_ops = {
	.name = "outside", .packet = outside_packet, .own = &outside_own,
};

#endif
