/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A case is a chain and frames with times; running it gives each frame to two
 * sides, one that folds and one that does not, and compares. What an operator
 * does in between is a frame too, of an Ethertype for local experiments (IEEE
 * 802, 0x88b5), so that a case is captures and a chain file, nothing else.
 */
#ifndef NFOLD_EQ_RUN_H
#define NFOLD_EQ_RUN_H

#include "eq_box.h"
#include "eq_lb.h"
#include "eq_nfs.h"
#include "tests/pkt.h"

#define EDIT_TYPE 0x88b5
#define EDIT_LEN 17
/* Bits of a frame's byte 11, the source address's last: */
#define STAYS 1		/* what came before has not yet left the folded side */
#define ONE_TICK 2	/* one tick for all the time since then */

enum edit {
	EDIT_ROUTES = 'i',	/* as they were, but all is folded anew */
	EDIT_FLUSH = 'f',	/* a: session */
	EDIT_FLUSH_ALL = 'F',
	EDIT_ROUTE = 'r',	/* a: net, b: port, or BOX_PORTS */
	EDIT_HOP = 'h',		/* a: port, b: down */
	EDIT_HOP_MAC = 'm',	/* a: port, b: byte of its address */
	EDIT_MIND = 'k',	/* a: kind, b: mind; eq_nfs.h */
	EDIT_LB = 'l',		/* a: backend, b: what becomes of it; eq_lb.h */
};

struct eq_frame {
	uint64_t ns;
	uint32_t port, len;
	uint8_t *bytes;
};

struct eq_case {
	char text[4096];	/* chain file */
	struct eq_frame *frames;
	uint32_t cnt, room;
};

struct eq_sides {
	struct chain_file *file;
	struct oracle *s[2];	/* folded, unfolded */
	uint64_t events;	/* compared */
	json_t *told;		/* that differ; NULL */
};

static const char *const eq_names[] = { "folded", "unfolded" };

static inline struct eq_frame *case_add(struct eq_case *c, uint64_t ns,
					uint32_t port, const uint8_t *bytes,
					uint32_t len)
{
	struct eq_frame *f;

	if (c->cnt == c->room) {
		c->room = c->room ? 2 * c->room : 256;
		c->frames = realloc(c->frames, c->room * sizeof(*c->frames));
	}
	f = &c->frames[c->cnt++];
	*f = (struct eq_frame){ .ns = ns, .port = port, .len = len,
				.bytes = malloc(len) };
	memcpy(f->bytes, bytes, len);
	return f;
}

static inline void case_free(struct eq_case *c)
{
	for (uint32_t i = 0; i < c->cnt; i++)
		free(c->frames[i].bytes);
	free(c->frames);
	memset(c, 0, sizeof(*c));
}

static inline void sides_free(struct eq_sides *q)
{
	oracle_free(q->s[0]);
	oracle_free(q->s[1]);
	chain_file_free(q->file);
	json_decref(q->told);
	memset(q, 0, sizeof(*q));
}

/* False, with the cause printed. */
static inline bool sides_new(struct eq_sides *q, const char *text)
{
	struct instance_error err;
	struct conf_error cerr;

	memset(q, 0, sizeof(*q));
	if (chain_load(&q->file, "case.chain", text, &cerr)) {
		conf_error_print(stdout, &cerr);
		return false;
	}
	box_reset(q->file->chains->port_cnt);
	for (int i = 0; i < 2; i++) {
		q->s[i] = box_side(q->file->chains, !i, &err);
		if (!q->s[i]) {
			printf("# %s side: %s\n", eq_names[i], err.text);
			sides_free(q);
			return false;
		}
	}
	return true;
}

/* --- the operator --- */

static void set_hop(struct eq_sides *q, uint32_t port, uint8_t byte)
{
	union nfold_nexthop hop = { .dmac = { 2, 0, 0, byte, 1, port },
				    .port = port + 1 };

	if (q->file->chains->wire)
		return;
	if (box.down[port])
		hop.word = 0;
	for (int i = 0; i < 2; i++)
		oracle_maps(q->s[i])->nexthops[1 + port].word = hop.word;
}

static void edit_each(struct oracle *o, uint8_t what, uint32_t a)
{
	struct engine *e = oracle_engine(o);

	if (what == EDIT_ROUTES || what == EDIT_ROUTE)
		engine_invalidate_all(e);
	if (what == EDIT_FLUSH)
		engine_flush(e, &a, 1);
	if (what == EDIT_FLUSH_ALL)
		engine_flush(e, NULL, 0);
}

static void edit(struct eq_sides *q, const uint8_t *words)
{
	uint8_t what = words[0], a = words[1], b = words[2];

	if (what == EDIT_ROUTE && a < BOX_NETS)
		box.port[a] = b < box.port_cnt ? b : BOX_PORTS;
	if (what == EDIT_HOP && a < box.port_cnt) {
		box.down[a] = b;
		set_hop(q, a, 0);
	}
	if (what == EDIT_HOP_MAC && a < box.port_cnt)
		set_hop(q, a, b);
	if (what == EDIT_MIND)
		fickle_turn(a, b);
	for (int i = 0; i < 2; i++) {
		edit_each(q->s[i], what, a);
		if (what == EDIT_LB)
			lb_turn(q->s[i], q->file->chains->nf_cnt, a, b);
	}
}

static inline bool is_edit(const struct eq_frame *f)
{
	return f->len == EDIT_LEN && get16(f->bytes + 12) == EDIT_TYPE;
}

/* --- a frame --- */

static void pass_time(struct oracle *o, const struct eq_frame *f, bool folded)
{
	if (!folded || !(f->bytes[11] & STAYS))
		oracle_left(o);
	if (!(f->bytes[11] & ONE_TICK)) {
		oracle_advance(o, f->ns);
		return;
	}
	oracle_now(o, f->ns);
	oracle_tick(o);
}

/* Explaining a flow changes nothing, whatever was recorded. */
static void explain_now_and_then(struct oracle *o, const struct eq_frame *f)
{
	if (f->ns % 16 == 0)
		json_decref(engine_explain(oracle_engine(o), f->bytes, f->len,
					   f->port));
}

/* NULL, or what differs of what began and was raised. */
static const char *told_differ(struct eq_sides *q)
{
	struct oracle_told told;
	const char *what = oracle_told_differ(q->s[0], q->s[1], &told);

	q->events += told.events;
	json_decref(q->told);
	q->told = told.pair;
	return what;
}

/* NULL, or what differs, and from which byte on. Of an edit no outcome. */
static inline const char *sides_frame(struct eq_sides *q,
				      const struct eq_frame *f,
				      struct oracle_result r[2], uint32_t *at)
{
	const char *what;

	*at = 0;
	pass_time(q->s[0], f, true);
	pass_time(q->s[1], f, false);
	memset(&r[0], 0, offsetof(struct oracle_result, bytes));
	if (is_edit(f)) {
		edit(q, f->bytes + 14);
		return NULL;
	}
	for (int i = 0; i < 2; i++)
		if (oracle_packet(q->s[i], f->port, f->bytes, f->len, &r[i]))
			return i ? "the unfolded side's run" :
				   "the folded side's run";
	explain_now_and_then(q->s[0], f);
	what = oracle_differ(&r[0], &r[1], at);
	return what ? what : told_differ(q);
}

/* At the end, and with all sessions over. NULL, or both states. */
static inline json_t *sides_states(struct eq_sides *q)
{
	json_t *diff = oracle_states_differ(q->s[0], q->s[1]);

	if (diff)
		return diff;
	for (int i = 0; i < 2; i++)
		engine_flush(oracle_engine(q->s[i]), NULL, 0);
	return oracle_states_differ(q->s[0], q->s[1]);
}

/* --- telling --- */

static void tell_bytes(const char *name, const uint8_t *b, uint32_t len)
{
	printf("# %-8s %u bytes:", name, len);
	for (uint32_t i = 0; i < len && i < 80; i++)
		printf("%s%02x", i % 16 ? "" : " ", b[i]);
	printf("\n");
}

static inline void tell_difference(const struct eq_frame *f,
				   const struct oracle_result r[2],
				   const char *what, uint32_t at)
{
	printf("# %s differs, at byte %u; in by p%u\n", what, at, f->port);
	tell_bytes("sent", f->bytes, f->len);
	for (int i = 0; i < 2; i++) {
		printf("# %s: verdict %d reason %s punted %s port %u\n",
		       eq_names[i], r[i].verdict, reason_word(r[i].reason),
		       reason_word(r[i].punted), r[i].port);
		if (r[i].verdict != ORACLE_DROP)
			tell_bytes(eq_names[i], r[i].bytes, r[i].len);
	}
}

static inline void tell_json(const char *what, json_t *diff)
{
	char *text = json_dumps(diff, JSON_COMPACT | JSON_SORT_KEYS);

	printf("# %s, [folded, unfolded]: %s\n", what, text);
	free(text);
}

static inline void tell_states(json_t *diff)
{
	tell_json("states differ at the end", diff);
}

/* --- a whole case --- */

/* The index of the frame at which it fails; the number of frames: its states
 * differ at the end; UINT32_MAX: it does not fail. */
static inline uint32_t case_run(const struct eq_case *c, bool tell)
{
	static struct oracle_result r[2];
	const char *what = NULL;
	struct eq_sides q;
	uint32_t i, at;
	json_t *diff = NULL;

	if (!sides_new(&q, c->text))
		return 0;
	for (i = 0; i < c->cnt && !what; i++)
		what = sides_frame(&q, &c->frames[i], r, &at);
	if (what && tell)
		tell_difference(&c->frames[i - 1], r, what, at);
	if (tell && q.told)
		tell_json("told", q.told);
	if (!what)
		diff = sides_states(&q);
	if (diff && tell)
		tell_states(diff);
	sides_free(&q);
	if (what)
		return i - 1;
	json_decref(diff);
	return diff ? c->cnt : UINT32_MAX;
}

#endif
